//! Every token is in the journal, every journal's segment in the audit log, each once (K-T16).

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use super::{House, must, query};
use crate::http::{stamp, try_stamp};
use crate::installation::Installation;

/// The serial number in an answer, by openssl.
fn serial(folder: &Path, response: &[u8]) -> String {
    fs::write(folder.join("r.tsr"), response).unwrap();
    let told = must(folder, "openssl", &["ts", "-reply", "-in", "r.tsr", "-text"]);
    let line = told.lines().find_map(|line| line.strip_prefix("Serial number: ")).expect("a serial number");
    line.to_owned()
}

fn export(here: &Installation) -> String {
    here.must(&["audit", "export", "--as", "officers/auditor.pem", "--out", "log.jsonl"]);
    fs::read_to_string(here.file("log.jsonl")).unwrap()
}

#[test]
fn a_token_is_found_and_its_segment_is_in_the_log_after_a_graceful_stop() {
    let house = House::shared();
    let mut alone = house.alone();
    let folder = tempfile::tempdir().unwrap();
    let request = query(folder.path(), "accounted for", &["-sha384"]);
    let serial = serial(folder.path(), &stamp(house.here.public(), "/tsa/rsa", &request).body);

    let find = |arguments: &[&str]| {
        house.here.run(&[&["tsa", "find", "--config", "ndoba.toml"], arguments].concat())
    };
    let found = find(&["--serial", &serial, "--json"]);
    let line = String::from_utf8(found.stdout).unwrap();
    assert!(found.status.success() && line.contains("\"tsu\":\"rsa\"") && line.contains("SHA-384"), "{line}");
    let imprint = must(folder.path(), "openssl", &["dgst", "-sha384", "-r", "data"]);
    let by_imprint = find(&["--imprint", imprint.split(' ').next().unwrap(), "--json"]);
    assert_eq!(String::from_utf8(by_imprint.stdout).unwrap(), line);
    assert_eq!(find(&["--serial", "0102"]).status.code(), Some(1));

    // Stopped, started, stopped: what the first stop sealed is a leaf, once.
    alone.restart();
    alone.restart();
    let (here, start) = (&house.here, std::time::Instant::now());
    let verify = ["tsa", "verify-journal", "--config", "ndoba.toml", "--export", "log.jsonl"];
    loop {
        let log = export(here);
        let said = here.must(&verify);
        let sealed: Vec<_> = log.lines().filter(|line| line.contains("tsu-segment-sealed")).collect();
        let segments: BTreeSet<_> =
            sealed.iter().map(|line| line.split("\"segment\":").nth(1).unwrap().split(',').next()).collect();
        assert_eq!(sealed.len(), segments.len(), "a segment twice");
        // The log itself is time-stamped here, so that a few tokens are always on their way.
        if let Some(wait) = said.split(" are in the audit log, ").nth(1)
            && wait.split(' ').next().unwrap().parse::<u64>().unwrap() < 10
            && !sealed.is_empty()
        {
            break;
        }
        assert!(start.elapsed().as_secs() < 60, "{said}\n{}", here.log());
        std::thread::sleep(std::time::Duration::from_millis(200));
    }

    // A journal that says something else is found out, and so is one that lacks a segment.
    let copy = folder.path().join("journal");
    let first = copy.join("0000000000.jsonl");
    let judged = |change: &dyn Fn()| {
        let _ = fs::remove_dir_all(&copy);
        fs::create_dir(&copy).unwrap();
        for entry in fs::read_dir(here.file("journal")).unwrap() {
            let path = entry.unwrap().path();
            fs::copy(&path, copy.join(path.file_name().unwrap())).unwrap();
        }
        change();
        let journal = copy.display().to_string();
        let output = here.run(&["tsa", "verify-journal", "--journal", &journal, "--export", "log.jsonl"]);
        (
            output.status.success(),
            String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned(),
        )
    };
    assert!(judged(&|| {}).0);
    let (good, said) = judged(&|| {
        let text = fs::read_to_string(&first).unwrap();
        fs::write(&first, text.replacen("\"bound\":1", "\"bound\":2", 1)).unwrap();
    });
    assert!(!good && said.contains("does not verify"), "{said}");
    let (good, said) = judged(&|| {
        // All that follow go too, or the chain would already say so.
        for entry in fs::read_dir(&copy).unwrap() {
            let path = entry.unwrap().path();
            if path != first && path.extension().is_some_and(|ending| ending == "jsonl") {
                fs::remove_file(path).unwrap();
            }
        }
    });
    assert!(!good && said.contains("is in the log and not in the journal"), "{said}");
}

/// K-T07: serial numbers stay unique and genTime never goes back, over many at once, `kill -9` and a restart; and
/// what was granted is in the journal.
#[test]
fn killed_under_load_nothing_granted_is_lost_or_doubled() {
    const ROUNDS: usize = 3;
    let house = House::shared();
    let mut alone = house.alone();
    let folder = tempfile::tempdir().unwrap();
    let request = query(folder.path(), "under load", &["-sha256", "-no_nonce"]);
    let mut granted = BTreeSet::new();
    let mut latest = Vec::new();
    for round in 0..=ROUNDS {
        let answers: Vec<Vec<u8>> = std::thread::scope(|scope| {
            let workers: Vec<_> = (0..6)
                .map(|_| {
                    scope.spawn(|| {
                        let mut answers = Vec::new();
                        // Until the process dies under it; the last round ends by itself.
                        while answers.len() < 400 {
                            match try_stamp(house.here.public(), "/tsa", &request) {
                                Some(reply) if reply.status == 200 => answers.push(reply.body),
                                Some(_) => {}
                                None => break,
                            }
                        }
                        answers
                    })
                })
                .collect();
            if round < ROUNDS {
                std::thread::sleep(std::time::Duration::from_millis(400));
                alone.kill();
            }
            workers.into_iter().flat_map(|worker| worker.join().unwrap()).collect()
        });
        assert!(!answers.is_empty());
        let tokens: Vec<_> = answers.iter().filter_map(|answer| serial_and_time(answer)).collect();
        // Across the restart times go on: the earliest of this run is after the latest of the one before.
        let (first, last) = (tokens.iter().map(|t| &t.1).min(), tokens.iter().map(|t| &t.1).max());
        if let (Some(first), Some(before)) = (first, latest.last()) {
            assert!(first >= before, "{first} after {before}");
        }
        latest.extend(last.cloned());
        for (serial, _) in tokens {
            assert!(granted.insert(serial.clone()), "{serial} twice");
        }
    }
    let said = house.here.must(&[
        "tsa",
        "find",
        "--config",
        "ndoba.toml",
        "--imprint",
        &imprint(&request),
        "--json",
    ]);
    let journal: BTreeSet<_> =
        said.lines().map(|line| line.split("\"serial\":\"").nth(1).unwrap()[..40].to_owned()).collect();
    assert!(granted.len() > 100 && granted.is_subset(&journal), "{} granted", granted.len());
}

/// The serial number's digits, and genTime padded so that texts compare as times; nothing for a rejection.
pub(super) fn serial_and_time(answer: &[u8]) -> Option<(String, String)> {
    // Serial numbers are 20 octets that begin with 01, and genTime follows.
    let at = answer.windows(3).position(|window| window == [0x02, 20, 0x01])?;
    let serial = hex::encode(&answer[at + 2..at + 22]);
    let (tag, length) = (answer[at + 22], usize::from(answer[at + 23]));
    assert_eq!(tag, 0x18);
    let time = std::str::from_utf8(&answer[at + 24..at + 24 + length]).unwrap();
    let (whole, fraction) =
        time.trim_end_matches('Z').split_once('.').unwrap_or((time.trim_end_matches('Z'), ""));
    Some((serial, format!("{whole}.{fraction:0<3}")))
}

/// The SHA-256 imprint within a request.
pub(super) fn imprint(request: &[u8]) -> String {
    let at = request.windows(2).position(|window| window == [0x04, 32]).unwrap();
    hex::encode(&request[at + 2..at + 34])
}
