//! How long files are: short ones show where things are.

/// No file is longer; a good reason gets it split, not excused.
const HARD_STOP: usize = 600;

/// Half the files are shorter.
const MEDIAN: usize = 200;

pub(crate) struct Report {
    /// One line of figures.
    pub(crate) summary: String,
    /// Files that are too long, and the median when it is.
    pub(crate) offenders: Vec<String>,
}

/// Judges files by their lines, tests included.
pub(crate) fn report(mut lengths: Vec<(usize, String)>) -> Report {
    lengths.sort();
    let at = |percent: usize| lengths.get(lengths.len() * percent / 100).map_or(0, |(lines, _)| *lines);
    let (median, ninth) = (at(50), at(90));
    let longest = lengths.last().map_or(String::new(), |(lines, file)| format!("{lines} ({file})"));
    let mut offenders: Vec<String> = lengths
        .iter()
        .filter(|(lines, _)| *lines > HARD_STOP)
        .map(|(lines, file)| format!("crates/{file}: {lines} lines; split it before {HARD_STOP}"))
        .collect();
    if median > MEDIAN {
        offenders.push(format!("the median file has {median} lines; the budget is {MEDIAN}"));
    }
    Report {
        summary: format!(
            "{} files, lines: median {median}, 90th percentile {ninth}, longest {longest}",
            lengths.len()
        ),
        offenders,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_files_are_named() {
        let report = report(vec![(10, "a".into()), (601, "b".into()), (20, "c".into())]);
        assert_eq!(report.offenders.len(), 1);
        assert!(report.offenders[0].contains("crates/b: 601"));
        assert!(report.summary.contains("median 20"));
    }
}
