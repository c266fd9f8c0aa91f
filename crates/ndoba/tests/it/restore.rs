//! A database put back to an earlier copy: refused by every role, accepted by two security officers and nobody else,
//! and even then nothing is un-revoked and no number comes twice (design §3; requirements K-P14).

use std::collections::HashSet;
use std::fs;
use std::process::Output;
use std::thread::sleep;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::installation::{Engine, Installation};

const FIRST: &str = "officers/security-1.pem";
const SECOND: &str = "officers/security-2.pem";

#[test]
fn a_restored_copy_is_accepted_by_two_security_officers_only() {
    let here = Installation::on(Engine::Sqlite);
    here.deal_into_shards();
    let serving = here.serve(None);
    let [kept, revoked] = ["01001000101", "01001000102"].map(|number| here.issue(number));
    drop(serving);
    copy(&here, "", "backup");

    // What the copy does not know: a revocation, a certificate and its revocation, a third officer.
    let serving = here.serve(None);
    let unknown = here.issue("01001000103");
    for serial in [&revoked, &unknown] {
        assert!(here.revoke(serial).status.success());
        here.await_listed(serial);
    }
    here.download(&unknown, "unknown.pem");
    let shard = here.list_named_by("unknown.pem");
    let shard_number = crl_number(&here, &shard);
    assert!(here.crl_of(&shard).contains(&unknown), "shards are made first");
    here.must(&["officer", "new", "--config", "ndoba.toml", "--name", "late", "--out", "officers/late.pem"]);
    here.must(&[
        "officer",
        "grant",
        "--as",
        FIRST,
        "--second",
        SECOND,
        "--officer",
        "officers/late.pem",
        "--name",
        "late",
        "--personal-number",
        "01001000109",
        "--roles",
        "security-officer",
        "--yes",
        "--vetting",
        "HR 1",
    ]);
    // Three authorisations of responders, four officers, and this one.
    await_grant(&here, "8");
    let number = crl_number(&here, "signature");
    drop(serving);
    let status = here.run(&["db", "status", "--config", "ndoba.toml"]);
    assert!(status.status.success(), "{}", said(&status));
    let refused = here.run(&["db", "draft-restore", "--config", "ndoba.toml", "--out", "never.json"]);
    assert!(said(&refused).contains("nothing to accept"), "{}", said(&refused));
    copy(&here, "", "today");

    copy(&here, "backup", "");
    let refused = here.run(&["serve", "--config", "ndoba.toml"]);
    assert!(!refused.status.success() && said(&refused).contains("behind its witness"), "{}", said(&refused));
    let status = here.run(&["db", "status", "--config", "ndoba.toml"]);
    assert_eq!(status.status.code(), Some(1), "{}", said(&status));
    for behind in
        ["ca: the database is behind", "ocsp: the database is behind", "audit: the log has", "is online"]
    {
        assert!(said(&status).contains(behind), "{behind} in {}", said(&status));
    }

    here.must(&["db", "draft-restore", "--config", "ndoba.toml", "--out", "statement.json"]);
    for (name, officer) in
        [("1", FIRST), ("2", SECOND), ("approver", "officers/approver.pem"), ("late", "officers/late.pem")]
    {
        let out = format!("signature-{name}.json");
        here.must(&[
            "db",
            "sign-restore",
            "--statement",
            "statement.json",
            "--as",
            officer,
            "--out",
            &out,
            "--yes",
        ]);
    }
    for (signatures, why) in [
        (&["1"][..], "two security officers must sign"),
        (&["1", "1"], "of the same person"),
        (&["1", "approver"], "not a security officer"),
        // The grant that made this one a security officer is not in the copy.
        (&["1", "late"], "no officer has a key that signed"),
        (&["1", "2", "1"], "of the same person"),
    ] {
        let refused = accept(&here, signatures);
        assert!(
            !refused.status.success() && said(&refused).contains(why),
            "{signatures:?}: {}",
            said(&refused)
        );
    }
    // Nobody else's installation: there the statement says nothing.
    let other = Installation::empty();
    other.hold_ceremony(&[]);
    for file in ["statement.json", "signature-1.json", "signature-2.json"] {
        fs::copy(here.file(file), other.file(file)).unwrap();
    }
    let refused = accept(&other, &["1", "2"]);
    assert!(said(&refused).contains("for another installation"), "{}", said(&refused));
    // Nor for another state of this one.
    copy(&here, "today", "");
    let refused = accept(&here, &["1", "2"]);
    assert!(said(&refused).contains("not as the statement says"), "{}", said(&refused));
    copy(&here, "backup", "");

    let accepted = accept(&here, &["1", "2"]);
    assert!(accepted.status.success(), "{}", said(&accepted));
    assert!(said(&accepted).contains("2 revocations were taken"), "{}", said(&accepted));
    assert!(said(&accepted).contains("the last 1 documents of the register"), "{}", said(&accepted));
    let replayed = accept(&here, &["1", "2"]);
    assert!(said(&replayed).contains("not as the statement says"), "{}", said(&replayed));
    // Put back once more, it is behind once more, and the statement does not fit.
    copy(&here, "", "accepted");
    copy(&here, "backup", "");
    let replayed = accept(&here, &["1", "2"]);
    assert!(said(&replayed).contains("not as the statement says"), "{}", said(&replayed));
    copy(&here, "accepted", "");
    here.must(&["db", "status", "--config", "ndoba.toml"]);

    let serving = here.serve(None);
    let fresh = here.issue("01001000104");
    assert_eq!(HashSet::from([&kept, &revoked, &unknown, &fresh]).len(), 4, "a serial number twice");
    assert!(here.shown(&kept).contains("good"));
    for serial in [&revoked, &unknown] {
        assert!(here.shown(serial).contains("revoked"), "{}", here.shown(serial));
        assert!(here.ocsp(serial).contains(": revoked"), "{}", here.ocsp(serial));
    }
    assert!(here.ocsp(&kept).contains(": good"), "{}", here.ocsp(&kept));
    assert!(here.revoke(&fresh).status.success());
    here.await_listed(&fresh);
    let crl = here.crl();
    assert!(crl.contains(&revoked) && crl.contains(&unknown), "{crl}");
    let next = crl_number(&here, "signature");
    assert!(next > number, "{next} does not follow {number}");
    // Its shard goes on, too, with a certificate that the copy did not know.
    assert!(here.crl_of(&shard).contains(&unknown), "{}", here.crl_of(&shard));
    assert!(crl_number(&here, &shard) > shard_number, "{shard}");
    here.must(&["audit", "export", "--as", "officers/auditor.pem", "--out", "log.json"]);
    let log = fs::read_to_string(here.file("log.json")).unwrap();
    assert!(log.contains("restore-accepted") && log.contains("revocation-recovered"));
    let statements = here.signatures_hold()["statements"].as_u64().unwrap();
    assert_eq!(statements, 2, "the ceremony's session, and what was accepted");
    // Nobody else's signature holds here either: no security officer's, one's whose grant was lost.
    let others = ["signature-approver.json", "signature-late.json"];
    here.a_statements_signature_is_missed("restores", &others);
    let digest = fs::read_dir(here.file("restores")).unwrap().next().unwrap().unwrap().file_name();
    let about = format!("statement {}: the log says another thing", digest.into_string().unwrap());
    let accepted = |event: &Value| event["kind"] == "restore-accepted";
    here.another_log_is_found(accepted, |data| data["was"] = "ab".repeat(32).into(), &about);
    here.another_log_is_found(accepted, |data| data["officers"] = json!([data["officers"][0]]), &about);
    // Two revocations were accepted, and a third was taken up.
    let log = fs::read_to_string(here.file("log.jsonl")).unwrap();
    let line = log.lines().find(|line| line.contains("\"revocation-recovered\"")).unwrap();
    fs::write(here.file("log.jsonl"), format!("{log}{line}\n")).unwrap();
    assert!(here.other_program(1).contains("more was taken up than officers signed for"));
    drop(serving);
}

/// Waits until the CA has seen that document of the register.
fn await_grant(here: &Installation, seq: &str) {
    let start = Instant::now();
    let witness = || fs::read_to_string(here.file("witness/ca.json")).unwrap();
    while !witness().contains(&format!("\"grant\": {seq}")) {
        assert!(start.elapsed() < Duration::from_secs(30), "{}", witness());
        sleep(Duration::from_millis(50));
    }
}

/// Puts the database from one place into another: `""` is where the configuration has it.
fn copy(here: &Installation, from: &str, to: &str) {
    for ending in ["", "-wal", "-shm"] {
        let file = |place: &str| here.file(&format!("{place}ndoba.sqlite{ending}"));
        // What the copy does not have must not stay behind.
        let _ = fs::remove_file(file(to));
        if file(from).exists() {
            fs::copy(file(from), file(to)).unwrap();
        }
    }
}

fn accept(here: &Installation, signatures: &[&str]) -> Output {
    let files: Vec<_> = signatures.iter().map(|name| format!("signature-{name}.json")).collect();
    let mut arguments =
        vec!["db", "accept-restore", "--config", "ndoba.toml", "--statement", "statement.json"];
    arguments.extend(files.iter().flat_map(|file| ["--signature", file]));
    here.run(&arguments)
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr)
}

fn crl_number(here: &Installation, list: &str) -> u64 {
    let crl = here.crl_of(list);
    let (_, after) = crl.split_once("crl number").unwrap();
    after.lines().nth(1).unwrap().trim().parse().unwrap()
}
