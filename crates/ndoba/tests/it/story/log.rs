//! An auditor with an export, a checkpoint that was published, and the ceremony's report (K-P05).

use std::fs;

use crate::installation::Installation;

/// The log verifies; of a copy that is altered, cut or reordered the first bad record is named.
pub(super) fn is_verified_and_damage_is_named(here: &Installation) {
    let key = here.audit_key();
    let seen = here.await_checkpoint();
    let whole = here.export_log("log.jsonl");
    let verified = here.must(&["audit", "verify", "log.jsonl", "--seen", "seen.json", "--key", &key]);
    assert!(verified.contains(&format!("complete at least up to record {seen}")), "{verified}");
    let stamped = verified.split(" checkpoints verified, ").nth(1).unwrap();
    assert!(!stamped.starts_with("0 "), "{verified}");
    for kind in ["grant-added", "certificate-issued", "certificate-revoked", "certificate-suspended"] {
        assert!(whole.contains(kind), "{kind} is not in the log");
    }
    // No personal data.
    for personal in ["ნინო", "ბერიძე", "01001012345", "თელავ", "example.ge"] {
        assert!(!whole.contains(personal), "{personal}");
    }

    let lines: Vec<&str> = whole.lines().collect();
    let records: Vec<usize> =
        (1..lines.len()).filter(|line| !lines[*line].starts_with("{\"algorithm\":")).collect();
    let sealed = usize::try_from(seen).unwrap();
    assert!(sealed > 20 && records.len() >= sealed, "{sealed} of {}", records.len());
    for index in [0, sealed / 2, sealed - 1] {
        let line = records[index];
        let altered = altered(lines[line]);
        assert_ne!(altered, lines[line]);
        let mut copy = lines.clone();
        copy[line] = &altered;
        refused(here, &copy, &format!("record {index}: "));

        // Whoever takes one out shows it at its place.
        let mut copy = lines.clone();
        copy.remove(line);
        refused(here, &copy, &format!("record {index}: "));
    }
    for index in [1, sealed / 2, sealed - 1] {
        let mut copy = lines.clone();
        copy.swap(records[index - 1], records[index]);
        refused(here, &copy, &format!("record {}: ", index - 1));
    }
    // Cut off in the middle, at a checkpoint: only who saw a later one can tell.
    let middle = (1..lines.len() / 2).rev().find(|line| lines[*line].starts_with("{\"algorithm\":"));
    let cut = &lines[..=middle.unwrap()];
    refused(here, cut, &format!("but a checkpoint over {seen} was seen before"));
    // Another key's log.
    let foreign = here.must_not(&["audit", "verify", "log.jsonl", "--key", &"ab".repeat(32)]);
    assert!(foreign.contains("checkpoint 0: "), "{foreign}");
}

fn refused(here: &Installation, lines: &[&str], because: &str) {
    fs::write(here.file("damaged.jsonl"), lines.join("\n") + "\n").unwrap();
    let said = here.must_not(&["audit", "verify", "damaged.jsonl", "--seen", "seen.json"]);
    assert!(said.contains(because), "{because}: {said}");
}

/// The record with the time of its event one digit later.
fn altered(line: &str) -> String {
    let at = line.find("\"at\":\"2").unwrap() + "\"at\":\"".len();
    let other = if line.as_bytes()[at + 3] == b'9' { "8" } else { "9" };
    format!("{}{other}{}", &line[..at + 3], &line[at + 4..])
}
