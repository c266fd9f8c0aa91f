//! The rows of `docs/compliance` against the tree: complete, honest in form, naming tests and code that exist.

use std::collections::BTreeMap;
use std::path::Path;

use super::rows::{self, Row};
use super::source::Source;
use crate::failure::Outcome;
use crate::workspace::{files, read};

const FOLDER: &str = "docs/compliance";
/// The page with the counts: a change of coverage shows in review.
const COUNTS: &str = "docs/compliance/README.md";
const STATUSES: [&str; 3] = ["covered", "partly", "open"];

/// The checklist of the requirements (§7): area and how many rows.
const CHECKLIST: &[(&str, u32)] = &[("K-C", 29), ("K-R", 9), ("K-O", 14), ("K-T", 16), ("K-P", 14)];

/// What was found.
pub(crate) struct Compliance {
    pub(crate) complaints: Vec<String>,
    /// One line of counts.
    pub(crate) summary: String,
}

/// Checks every file of rows.
pub(crate) fn check(root: &Path, source: &Source) -> Outcome<Compliance> {
    let mut found = Vec::new();
    let mut ids: BTreeMap<String, String> = BTreeMap::new();
    let mut table = Vec::new();
    let mut total = [0_usize; 3];
    for file in files(&root.join(FOLDER), "toml", false)? {
        let name = file.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let rows = rows::parse(&format!("{FOLDER}/{name}"), &read(&file)?)?;
        let counts = STATUSES.map(|status| rows.iter().filter(|row| row.status == status).count());
        table.push(line(&name, counts));
        for (sum, count) in total.iter_mut().zip(counts) {
            *sum += count;
        }
        for row in rows {
            let at = format!("{FOLDER}/{name}:{}: {}", row.line, row.id);
            found.extend(faults(&row, source).into_iter().map(|why| format!("{at}: {why}")));
            if let Some(other) = ids.insert(row.id.clone(), at.clone()) {
                found.push(format!("{at}: the same id stands at {other}"));
            }
        }
    }
    for (area, count) in CHECKLIST {
        let wanted = (1..=*count).map(|number| format!("{area}{number:02}"));
        found
            .extend(wanted.filter(|id| !ids.contains_key(id)).map(|id| format!("{FOLDER}: {id} has no row")));
    }
    table.push(line("all", total));
    let page = read(&root.join(COUNTS))?;
    found.extend(
        table.iter().filter(|line| !page.contains(*line)).map(|line| format!("{COUNTS} lacks: {line}")),
    );
    let [covered, partly, open] = total;
    Ok(Compliance {
        complaints: found,
        summary: format!("{covered} rows covered, {partly} partly, {open} open"),
    })
}

fn line(name: &str, [covered, partly, open]: [usize; 3]) -> String {
    format!("| {name} | {covered} | {partly} | {open} |")
}

/// What is wrong with a row.
fn faults(row: &Row, source: &Source) -> Vec<String> {
    let Row { line: _, id, clause, text, status, code, tests, note } = row;
    let mut found = Vec::new();
    if id.is_empty() || clause.is_empty() || text.is_empty() {
        found.push("id, clause and text are needed".to_owned());
    }
    match status.as_str() {
        "covered" if tests.is_empty() => {
            found.push("what is covered names the test that proves it".to_owned())
        }
        "covered" => {}
        "partly" | "open" if note.is_empty() => found.push("a note says what is missing".to_owned()),
        "partly" | "open" => {}
        other => found.push(format!("the status is one of {}, not `{other}`", STATUSES.join(", "))),
    }
    found.extend(
        tests
            .iter()
            .filter(|test| !source.tests.contains(*test))
            .map(|test| format!("there is no test {test}")),
    );
    let known = |name: &&String| source.items.contains(*name) || source.modules.contains(*name);
    found.extend(code.iter().filter(|name| !known(name)).map(|name| format!("the code has no {name}")));
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_must_be_honest_in_form() {
        let mut source = Source::default();
        source.tests.insert("x::it_holds".into());
        source.modules.insert("ocsp".into());
        let good = Row {
            id: "K-X01".into(),
            clause: "RFC 0".into(),
            text: "holds".into(),
            status: "covered".into(),
            code: vec!["ocsp".into()],
            tests: vec!["x::it_holds".into()],
            ..Row::default()
        };
        assert_eq!(faults(&good, &source), Vec::<String>::new());
        let bad = [
            Row { tests: Vec::new(), ..good.clone() },
            Row { tests: vec!["x::it_flies".into()], ..good.clone() },
            Row { code: vec!["Nowhere".into()], ..good.clone() },
            Row { status: "open".into(), ..good.clone() },
            Row { status: "done".into(), ..good.clone() },
            Row { text: String::new(), ..good.clone() },
        ];
        for row in bad {
            assert_eq!(faults(&row, &source).len(), 1, "{row:?}");
        }
    }
}
