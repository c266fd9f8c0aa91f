//! The log in the hands of outsiders (K-P05): `ndoba audit verify`, and beside it a program that shares no code with us
//! and was written from `docs/reference/audit-log.md`. They must agree, on the log and on every damage done to it.

mod damage;

use std::fs;
use std::process::{Command, Output};

use ndoba_testkit::Judge;
use serde_json::Value;

use crate::http::get;
use crate::installation::{Engine, Installation};
use crate::program::{eventually, said, wait_for};
use damage::{Copy, Log};

#[test]
fn two_verifiers_agree_on_every_damage() {
    let here = Installation::on(Engine::Sqlite);
    let serving = here.serve(None);
    // A few checkpoints, and records between them.
    for number in ["01001000901", "01001000903", "01001000904", "01001000905"] {
        let serial = here.issue(number);
        assert!(here.revoke(&serial).status.success());
        here.await_checkpoint();
    }
    // A time after the checkpoint that an auditor keeps: an export goes on behind it.
    here.issue("01001000902");
    let whole = here.export_log("log.jsonl");
    serving.stop();

    let seen: Value = serde_json::from_slice(&here.read("seen.json")).unwrap();
    let size = seen["checkpoint"]["size"].as_u64().unwrap();
    let key = here.audit_key();
    let known = ["--seen", "seen.json", "--key", &key];
    let ours = ours(&here.run(&[&["audit", "verify", "log.jsonl"], &known[..]].concat()));
    let records: Vec<String> = (0..size).map(|index| index.to_string()).collect();
    let each = records.iter().flat_map(|index| ["--record", index]);
    let trusted = ["log.jsonl", "--tsa-root", "pki/root.pem"].into_iter().chain(known).chain(each);
    let trusted: Vec<&str> = trusted.collect();
    // Another authority's time-stamps are not believed.
    let foreign = ["log.jsonl", "--tsa-root", "pki/operations.pem"];
    let [verdict, foreign] = &here.independent(&[&trusted, &foreign])[..] else { panic!() };
    let verdict = verdict.as_ref().unwrap();
    assert_eq!(ours.as_ref(), Ok(&numbers(verdict)));
    assert_eq!((&verdict["complete"], &verdict["key_pinned"]), (&size.into(), &true.into()));
    assert!(verdict["stamped"].as_u64().unwrap() > 0, "{verdict}");
    // Each record alone, by a proof that needs nothing else of the log.
    assert_eq!(verdict["proofs"].as_array().unwrap().len(), records.len());
    assert!(foreign.as_ref().unwrap_err().starts_with("checkpoint "), "{foreign:?}");

    let copies = damage::copies(&Log::new(&whole, size));
    assert!(copies.len() >= 100, "{}", copies.len());
    judged_alike(&here, &key, &copies);
}

/// Both say the same of each damaged copy, and what is expected, where only one answer is right.
fn judged_alike(here: &Installation, key: &str, copies: &[Copy]) {
    let files: Vec<[String; 2]> =
        (0..copies.len()).map(|n| [format!("damaged-{n}.jsonl"), format!("seen-{n}.json")]).collect();
    let mut runs = Vec::new();
    for (copy, [file, seen]) in copies.iter().zip(&files) {
        fs::write(here.file(file), &copy.export).unwrap();
        let mut arguments = vec![&file[..]];
        if let Some(octets) = &copy.seen {
            fs::write(here.file(seen), octets).unwrap();
            arguments.extend(["--seen", seen, "--key", key]);
        }
        runs.push(arguments);
    }
    let theirs = here.independent(&runs.iter().map(Vec::as_slice).collect::<Vec<_>>());
    assert_eq!(theirs.len(), copies.len());
    for ((copy, run), theirs) in copies.iter().zip(&runs).zip(theirs) {
        let ours = ours(&here.run(&[&["audit", "verify"], &run[..]].concat()));
        assert_eq!(ours, theirs.as_ref().map(numbers).map_err(Clone::clone), "{}", copy.what);
        if let Some(name) = &copy.name {
            assert_eq!(ours.as_ref().err(), Some(name), "{}", copy.what);
        }
    }
}

/// Sealed, checkpoints, stamped, unsealed, complete.
type Numbers = [u64; 5];

/// What `ndoba audit verify` found: its numbers, or the name of the finding.
fn ours(output: &Output) -> Result<Numbers, String> {
    let text = said(output);
    if output.status.success() {
        // What follows is about keys and signatures.
        let of_the_log = text.lines().take(3).flat_map(str::split_whitespace);
        let mut numbers = of_the_log.filter_map(|word| word.parse().ok());
        return Ok([(); 5].map(|()| numbers.next().unwrap_or(0)));
    }
    let finding = text.strip_prefix("ndoba: ").unwrap_or_else(|| panic!("{text}"));
    Err(finding.split_once(':').unwrap_or_else(|| panic!("{text}")).0.to_owned())
}

fn numbers(verdict: &Value) -> Numbers {
    ["sealed", "checkpoints", "stamped", "unsealed", "complete"].map(|name| verdict[name].as_u64().unwrap())
}

impl Installation {
    /// What the independent program says, for each list of its arguments: a verdict, or the finding's name.
    fn independent(&self, runs: &[&[&str]]) -> Vec<Result<Value, String>> {
        let runs: String = runs.iter().map(|run| serde_json::to_string(run).unwrap() + "\n").collect();
        fs::write(self.file("runs"), runs).unwrap();
        let mut command = Command::new(Judge::python());
        command.arg(Judge::script("audit_logs.py")).stdin(fs::File::open(self.file("runs")).unwrap());
        let output = command.current_dir(self.folder()).output().unwrap();
        assert!(output.status.success(), "{}", said(&output));
        let lines = String::from_utf8(output.stdout).unwrap();
        let read = |line: &str| match serde_json::from_str::<(u8, String)>(line).unwrap() {
            (0, text) => Ok(serde_json::from_str(&text).unwrap()),
            (1, text) => Err(text.split_once(':').unwrap().0.to_owned()),
            (status, text) => panic!("{status}: {text}"),
        };
        lines.lines().map(read).collect()
    }

    /// SHA-256 of the audit key, by the ceremony's report.
    pub(crate) fn audit_key(&self) -> String {
        let report: Value = serde_json::from_slice(&self.read("ceremony/report.json")).unwrap();
        let keys = report["keys"].as_array().unwrap();
        let key = keys.iter().find(|key| key["label"] == "audit/seal/1").unwrap();
        key["fingerprint"].as_str().unwrap().to_owned()
    }

    /// Keeps a published, time-stamped checkpoint that covers what happened until now in `seen.json`; how many records it
    /// is over.
    pub(crate) fn await_checkpoint(&self) -> u64 {
        let now: u64 = self.sql("SELECT count(*) FROM audit_events").parse().unwrap();
        let size = wait_for(|| {
            let published = get(self.public(), "/audit/checkpoint").body;
            let checkpoint: Value = serde_json::from_slice(&published).map_err(|error| error.to_string())?;
            match checkpoint["checkpoint"]["size"].as_u64() {
                Some(size) if size >= now && checkpoint["token"].is_string() => {
                    fs::write(self.file("seen.json"), published).unwrap();
                    Ok(size)
                }
                _ => Err(format!("{checkpoint}\n{}", self.log())),
            }
        });
        let sealed = || self.sql("SELECT count(*) FROM audit_checkpoints").parse::<u64>().unwrap();
        eventually(|| sealed() > 3, || "there are few checkpoints".into());
        size
    }
}
