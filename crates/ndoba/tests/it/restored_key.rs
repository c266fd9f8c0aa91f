//! A CA's key comes back from a backup in another token: nothing is signed with it until two security officers accepted it there
//! (K-P03; EN 319 411-1 GEN-6.5.4-01).

use std::fs;
use std::path::Path;

use serde_json::Value;

use crate::ceremony::report;
use crate::installation::{Engine, Installation};
use crate::presence::TWO;

on_both_engines!(a_restored_key_waits_for_two);

fn a_restored_key_waits_for_two(engine: Engine) {
    let here = Installation::on(engine);
    let serving = here.serve(None);
    here.issue("01001000961");
    let seal = "CA key seal";
    assert!(here.health().contains(seal), "{}", here.health());
    serving.stop();

    // The tokens of the CAs, keys and all, are other devices now.
    here.another_serial_number("ndoba-root");
    let (old, new) = here.another_serial_number("ndoba-issuing");
    let serving = here.serve(None);
    let refusal = format!("signature/ca/1 turned up in the token {new}, where nobody put it");
    here.await_that("health says so", || here.health().contains(&refusal));
    let logged = |kind: &str| here.export_log("log.jsonl").matches(&format!("\"kind\":\"{kind}\"")).count();
    let (ordered, intended, issued) =
        (logged("order-queued"), logged("issuance-intended"), logged("certificate-issued"));
    let pending = here.apply("01001000962");
    let _approval = here.start_approval(&pending);
    here.await_that("the order waits", || logged("order-queued") > ordered);
    here.await_that("the log says so", || here.export_log("log.jsonl").contains("key-elsewhere"));

    // Nor do the commands use it, and one person changes nothing. Nothing was asked of the token.
    let accept = ["ceremony", "accept-key", "signature", "--config", "ndoba.toml"];
    here.presence_is_asked_for(&accept);
    let next = ["ceremony", "next-ca", "signature", "signature-2", "--config", "ndoba.toml"];
    let said = here.must_not(&[&next[..], &TWO].concat());
    assert!(said.contains("root/ca/1 turned up in the token"), "{said}");
    assert!(!here.must(&["keys", "list", "--config", "ndoba.toml"]).contains("signature-2"));
    assert!(here.health().contains(&refusal));
    assert_eq!(logged("issuance-intended"), intended);
    assert!(!here.export_log("log.jsonl").contains("accept-key"));

    // Two accept it for one CA; that one goes on without a restart, and what waited is done. The others' keys wait on.
    let said = here.must_with_two(&accept);
    assert!(said.contains(&format!("signature/ca/1 of signature may be used in the token {new}")), "{said}");
    here.await_that("what waited is issued", || logged("certificate-issued") > issued);
    here.issue("01001000963");
    here.await_that("health tells of the others", || {
        let health = here.health();
        !health.contains(&refusal) && health.contains("seal/ca/1 turned up")
    });
    let again = here.must_not(&[&accept[..], &TWO].concat());
    assert!(again.contains("may be used in the token"), "{again}");
    let log = here.export_log("log.jsonl");
    assert_eq!(here.presence_in_the_log(&log), ["ceremony", "next-ca", "accept-key"]);
    let placed: Vec<_> = log.lines().filter(|line| line.contains("key-placed")).collect();
    let of_signature = |token: &str| {
        placed.iter().filter(|line| line.contains("signature/ca/1") && line.contains(token)).count()
    };
    assert_eq!((of_signature(&old), of_signature(&new)), (1, 1), "{placed:?}");
    here.must(&["audit", "verify", "log.jsonl"]);
    serving.stop();
}

impl Installation {
    /// Writes another serial number into SoftHSM's file of a token, as the same length: what restoring its backup onto another
    /// device amounts to. The number before, and the one after.
    fn another_serial_number(&self, token: &str) -> (String, String) {
        let report = report::read(self);
        let hsm = |entry: &&Value| entry["token"] == token;
        let old = report::text(report::list(&report, "hsms").iter().find(hsm).unwrap(), "serial").to_owned();
        let first = if old.starts_with('a') { "b" } else { "a" };
        let new = format!("{first}{}", &old[1..]);
        let mut changed = 0;
        for folder in fs::read_dir(self.file("tokens")).unwrap() {
            let file = folder.unwrap().path().join("token.object");
            changed += replace(&file, old.as_bytes(), new.as_bytes());
        }
        assert_eq!(changed, 1, "{old}");
        (old, new)
    }
}

/// How often it was there.
fn replace(file: &Path, old: &[u8], new: &[u8]) -> usize {
    let mut bytes = fs::read(file).unwrap();
    let found: Vec<usize> = (0..bytes.len()).filter(|at| bytes[*at..].starts_with(old)).collect();
    for at in &found {
        bytes[*at..at + old.len()].copy_from_slice(new);
    }
    fs::write(file, bytes).unwrap();
    found.len()
}
