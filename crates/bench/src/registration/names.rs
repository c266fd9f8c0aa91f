//! Names by SQL, for an index that officers would fill for years.

use std::fmt::Write as _;

use crate::installation::Installation;

/// Rows per statement.
const STATEMENT: u32 = 500;

/// Syllables of Georgian surnames, as many as make the names differ.
const SYLLABLES: [&str; 10] = ["ბე", "რი", "მა", "ისუ", "რა", "ლო", "მი", "გე", "ლა", "შვი"];

/// The certificates that a search shows; one that is still being signed has a row, and is shown to nobody.
const ISSUED: &str = "certificates JOIN certificate_status USING (ca, serial) WHERE state = 'issued'";

/// Enters `count` names beside those that are there, for certificates that are there, each under many.
pub(super) fn fill(installation: &Installation, count: u32) -> anyhow::Result<()> {
    let certificates = installation.number(&format!("SELECT count(*) AS number FROM {ISSUED}"))?;
    anyhow::ensure!(certificates > 0, "the officers had no time to issue a certificate that could be found");
    // These rows need not outlive the machine. The CA may still be at work: what is read here is written upon at once.
    let mut script = format!(
        "{}
        CREATE TEMP TABLE numbered AS SELECT row_number() OVER () - 1 AS number, serial FROM {ISSUED};\n",
        if installation.postgres().is_some() {
            "BEGIN;"
        } else {
            "PRAGMA synchronous = OFF; BEGIN IMMEDIATE;"
        },
    );
    for begin in (0..count).step_by(STATEMENT as usize) {
        script += "INSERT INTO certificate_names (name, serial)
            SELECT column1, serial FROM (VALUES";
        for number in begin..count.min(begin + STATEMENT) {
            let comma = if number == begin { ' ' } else { ',' };
            // Writing to a String does not fail.
            let _ = write!(script, "{comma}('{}',{})", name(number), u64::from(number) % certificates);
        }
        script += ") AS entered JOIN numbered ON number = column2;\n";
    }
    installation.sql(&(script + "COMMIT; ANALYZE certificate_names;"))
}

/// The beginning of one of `count` names, by which a thousand begin.
pub(super) fn prefix(number: u32, count: u32) -> String {
    // Far from each other, so that no page of the index is found in memory because of the one before.
    let name = name(number.wrapping_mul(7919) % count);
    name.split(' ').next().unwrap_or_default().to_owned()
}

/// A name in small letters as the index has it: its digits as syllables, the last three of them the given name.
fn name(number: u32) -> String {
    let digit = |place: u32| SYLLABLES[(number / 10_u32.pow(place) % 10) as usize];
    let surname: String = (3..7).rev().map(digit).collect();
    let given: String = (0..3).map(digit).collect();
    format!("{surname}ძე {given}")
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn names_differ_and_are_found_by_their_beginning() {
        let names: BTreeSet<_> = (0..10_000).map(name).collect();
        assert!(names.len() > 9_900, "{}", names.len());
        let begins = prefix(3, 10_000);
        assert!(names.iter().filter(|name| name.starts_with(&begins)).count() >= 900);
    }
}
