//! Copies of an export that were tampered with, of every kind and at several places.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use ndoba_audit::Record;
use ndoba_types::canonical;
use serde_json::Value;

/// An export by its lines, and the newest checkpoint that the auditor holds.
pub(super) struct Log<'l> {
    lines: Vec<&'l [u8]>,
    /// The lines of records that the auditor's checkpoint covers.
    records: Vec<usize>,
    /// The lines of checkpoints up to the auditor's.
    checkpoints: Vec<usize>,
}

/// A damaged copy.
pub(super) struct Copy {
    pub(super) what: String,
    pub(super) export: Vec<u8>,
    /// The auditor's checkpoint, where the auditor has one.
    pub(super) seen: Option<Vec<u8>>,
    /// The one right name of the finding, where there is one.
    pub(super) name: Option<String>,
}

impl<'l> Log<'l> {
    pub(super) fn new(export: &'l str, seen: u64) -> Self {
        let lines: Vec<&[u8]> = export.lines().map(str::as_bytes).collect();
        let (mut checkpoints, mut records): (Vec<_>, Vec<_>) =
            (1..lines.len()).partition(|line| lines[*line].starts_with(b"{\"algorithm\":"));
        records.truncate(usize::try_from(seen).unwrap());
        let size = |line: usize| value(lines[line])["checkpoint"]["size"].as_u64().unwrap();
        // The last of that size is not always the one that is held, which has a time-stamp.
        let held = checkpoints.iter().position(|line| size(*line) == seen).unwrap();
        checkpoints.truncate(held + 1);
        assert!(records.len() > 20 && checkpoints.len() > 3);
        Self { lines, records, checkpoints }
    }

    fn held(&self) -> &'l [u8] {
        self.lines[*self.checkpoints.last().unwrap()]
    }

    fn copy(
        &self,
        what: impl Into<String>,
        name: Option<String>,
        change: impl FnOnce(&mut Vec<Vec<u8>>),
    ) -> Copy {
        let mut lines: Vec<Vec<u8>> = self.lines.iter().map(|line| line.to_vec()).collect();
        change(&mut lines);
        let mut export = lines.join(&b'\n');
        export.push(b'\n');
        Copy { what: what.into(), export, seen: Some(self.held().to_vec()), name }
    }
}

/// All of them.
pub(super) fn copies(log: &Log<'_>) -> Vec<Copy> {
    let mut copies = Vec::new();
    let sealed = log.records.len();
    for index in [0, 1, sealed / 3, sealed / 2, sealed - 2, sealed - 1] {
        copies.extend(of_a_record(log, index));
    }
    let checkpoints = log.checkpoints.len();
    for number in [0, checkpoints / 2, checkpoints - 1] {
        copies.extend(of_a_checkpoint(log, number));
    }
    copies.extend(cut(log));
    copies.extend(of_the_header(log));
    copies.extend(of_what_was_seen(log));
    copies
}

fn of_a_record(log: &Log<'_>, index: usize) -> Vec<Copy> {
    let line = log.records[index];
    let whole = log.lines[line];
    let here = || Some(format!("record {index}"));
    let copy = |what: &str, name, change: &dyn Fn(&mut Vec<Vec<u8>>)| {
        log.copy(format!("record {index} {what}"), name, change)
    };
    let put = |what: &str, name, octets: Vec<u8>| copy(what, name, &|lines| lines[line] = octets.clone());
    let with = |change: &dyn Fn(&mut Value)| {
        let mut record = value(whole);
        change(&mut record);
        canonical::encode(&record).unwrap()
    };
    let mut flipped = whole.to_vec();
    flipped[whole.len() / 2] ^= 1;
    // Where nothing of the chain shows it, the signed root does, and names the interval.
    let last_before_a_checkpoint = log.checkpoints.contains(&(line + 1));
    let hashed_again = if last_before_a_checkpoint { interval(log, index) } else { here() };
    vec![
        put("altered", here(), altered(whole)),
        put("altered and hashed again", hashed_again, again(whole, &altered(whole), None)),
        copy("altered, and all hashes behind it made again", interval(log, index), &|lines| {
            rewrite(lines, line);
        }),
        put("with another index", here(), with(&|record| record["index"] = 1_000_000.into())),
        put("with another hash", here(), with(&|record| record["hash"] = "ab".repeat(32).into())),
        put("without its prev", here(), with(&|record| drop(record.as_object_mut().unwrap().remove("prev")))),
        put("with a member more", here(), with(&|record| record["more"] = 1.into())),
        put("with white space", here(), [b" ", whole].concat()),
        put("cut in the middle", here(), whole[..whole.len() / 2].to_vec()),
        put("emptied", here(), Vec::new()),
        put("with a bit flipped", here(), flipped),
        put("replaced by another", here(), log.lines[log.records[(index + 7) % log.records.len()]].to_vec()),
        copy("deleted", here(), &|lines| drop(lines.remove(line))),
        copy("doubled", Some(format!("record {}", index + 1)), &|lines| lines.insert(line, whole.to_vec())),
        copy("swapped with the next line", None, &|lines| lines.swap(line, line + 1)),
        copy("moved to the end", here(), &|lines| {
            let moved = lines.remove(line);
            lines.push(moved);
        }),
    ]
}

fn of_a_checkpoint(log: &Log<'_>, number: usize) -> Vec<Copy> {
    let line = log.checkpoints[number];
    let whole = log.lines[line];
    let here = || Some(format!("checkpoint {number}"));
    let copy = |what: &str, name, change: &dyn Fn(&mut Vec<Vec<u8>>)| {
        log.copy(format!("checkpoint {number} {what}"), name, change)
    };
    let with = |what: &str, name, change: &dyn Fn(&mut Value)| {
        let mut signed = value(whole);
        change(&mut signed);
        let octets = canonical::encode(&signed).unwrap();
        copy(what, name, &|lines| lines[line] = octets.clone())
    };
    let stamped = value(log.held())["token"].as_str().unwrap().to_owned();
    let token = BASE64_STANDARD.decode(&stamped).unwrap();
    let mut copies = vec![
        copy("removed", here(), &|lines| drop(lines.remove(line))),
        copy("doubled", Some(format!("checkpoint {}", number + 1)), &|lines| {
            lines.insert(line, whole.to_vec())
        }),
        copy("swapped with the next line", None, &|lines| lines.swap(line, line + 1)),
        with("with another root", here(), &|it| it["checkpoint"]["root"] = "ab".repeat(32).into()),
        with("with another size", here(), &|it| it["checkpoint"]["size"] = 1.into()),
        with("with another time", here(), &|it| it["checkpoint"]["at"] = "2026-01-01T00:00:00Z".into()),
        with("with a time spelt otherwise", here(), &|it| {
            it["checkpoint"]["at"] = "2026-01-01T00:00:00+00:00".into()
        }),
        with("with another number", here(), &|it| it["checkpoint"]["number"] = 77.into()),
        with("with another key", here(), &|it| it["key"] = "ab".repeat(32).into()),
        with("with another algorithm", here(), &|it| it["algorithm"] = "rsa-pss-sha256".into()),
        with("with an unknown algorithm", here(), &|it| it["algorithm"] = "none".into()),
        with("with no signature", here(), &|it| it["signature"] = "".into()),
        with("with octets for a time-stamp", here(), &|it| it["token"] = "AAAA".into()),
        // Not signed, and perhaps it never came: only that it is counted.
        with("without its time-stamp", None, &|it| drop(it.as_object_mut().unwrap().remove("token"))),
        with("with the time-stamp of the last", None, &|it| it["token"] = stamped.clone().into()),
    ];
    if number + 1 == log.checkpoints.len() {
        for at in [token.len() / 8, token.len() / 2, token.len() - 5] {
            let mut flipped = token.clone();
            flipped[at] ^= 1;
            let flipped = BASE64_STANDARD.encode(flipped);
            let what = format!("with a bit flipped at {at} of its time-stamp");
            copies.push(with(&what, None, &|it| it["token"] = flipped.clone().into()));
        }
    }
    copies
}

/// Cut off behind so many lines, before somebody who holds a checkpoint and before somebody who does not.
fn cut(log: &Log<'_>) -> Vec<Copy> {
    let end = *log.checkpoints.last().unwrap();
    let mut copies = Vec::new();
    for keep in [1, 2, 3, end / 3, end / 2, end - 1, end] {
        let records = log.records.iter().filter(|line| **line < keep).count();
        let name = if records < log.records.len() {
            format!("record {records}")
        } else {
            format!("checkpoint {}", log.checkpoints.len() - 1)
        };
        let cut = |name| log.copy(format!("cut behind {keep} lines"), name, |lines| lines.truncate(keep));
        copies.push(cut(Some(name)));
        copies.push(Copy { seen: None, ..cut(None) });
    }
    copies.push(log.copy("nothing is left", Some("header".into()), Vec::clear));
    copies
}

fn of_the_header(log: &Log<'_>) -> Vec<Copy> {
    let with = |what: &str, name: Option<&str>, change: &dyn Fn(&mut Value)| {
        let mut header = value(log.lines[0]);
        change(&mut header);
        let octets = canonical::encode(&header).unwrap();
        log.copy(format!("header with {what}"), name.map(Into::into), |lines| lines[0] = octets)
    };
    vec![
        log.copy("header removed", Some("header".into()), |lines| drop(lines.remove(0))),
        with("another format", Some("header"), &|header| header["format"] = "ndoba-audit-export/2".into()),
        with("another installation", Some("seen"), &|header| header["installation"] = "ab".repeat(16).into()),
        with("no key", Some("seen"), &|header| header["keys"] = Value::Array(Vec::new())),
        with("octets for a key", Some("seen"), &|header| header["keys"] = serde_json::json!(["AAAA"])),
        with("a member more", Some("header"), &|header| header["more"] = Value::Null),
    ]
}

fn of_what_was_seen(log: &Log<'_>) -> Vec<Copy> {
    let with = |what: &str, name: Option<&str>, change: &dyn Fn(&mut Value)| {
        let mut seen = value(log.held());
        change(&mut seen);
        let copy = log.copy(format!("seen with {what}"), name.map(Into::into), |_| {});
        Copy { seen: Some(canonical::encode(&seen).unwrap()), ..copy }
    };
    vec![
        with("another root", Some("seen"), &|seen| seen["checkpoint"]["root"] = "ab".repeat(32).into()),
        with("another key", Some("seen"), &|seen| seen["key"] = "ab".repeat(32).into()),
        with("octets for a time-stamp", Some("seen"), &|seen| seen["token"] = "AAAA".into()),
        with("no time-stamp", None, &|seen| drop(seen.as_object_mut().unwrap().remove("token"))),
    ]
}

fn value(line: &[u8]) -> Value {
    serde_json::from_slice(line).unwrap()
}

/// The record with another actor in its event.
fn altered(record: &[u8]) -> Vec<u8> {
    let mut record = value(record);
    record["event"]["actor"] = "role:nobody".into();
    canonical::encode(&record).unwrap()
}

/// What `changed` says, at the place of `record`, with a hash that follows from it; `prev` in the place of its own.
fn again(record: &[u8], changed: &[u8], prev: Option<ndoba_types::Sha256Digest>) -> Vec<u8> {
    let record = Record::from_bytes(record).unwrap();
    let event = canonical::encode(&value(changed)["event"]).unwrap();
    Record::new(record.index(), &event, prev.or(record.prev())).unwrap().to_bytes()
}

/// Alters the record in `line` and hashes it and all behind it again.
fn rewrite(lines: &mut [Vec<u8>], line: usize) {
    let mut prev = None;
    for (place, record) in lines.iter_mut().enumerate().skip(line) {
        if record.starts_with(b"{\"algorithm\":") {
            continue;
        }
        let changed = if place == line { altered(record) } else { record.clone() };
        *record = again(record, &changed, prev);
        prev = Some(Record::from_bytes(record).unwrap().hash());
    }
}

/// The name of the records between two checkpoints, of which `index` is one.
fn interval(log: &Log<'_>, index: usize) -> Option<String> {
    let sizes: Vec<u64> = log
        .checkpoints
        .iter()
        .map(|line| value(log.lines[*line])["checkpoint"]["size"].as_u64().unwrap())
        .collect();
    let end = *sizes.iter().find(|size| usize::try_from(**size).unwrap() > index).unwrap();
    let start = sizes.iter().copied().filter(|size| *size < end).max().unwrap_or(0);
    Some(format!("records {start} to {}", end - 1))
}
