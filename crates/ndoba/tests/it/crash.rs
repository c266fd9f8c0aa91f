//! `kill -9` at every arrow of the ledger: no signature that the token returned lacks a row, and every order ends
//! with one certificate (design §5).

use std::collections::HashSet;
use std::fs;
use std::os::unix::process::ExitStatusExt as _;

use crate::installation::{Engine, Installation};

const ISSUING: [&str; 4] = ["before-intent", "after-intent", "after-sign", "after-issued"];
const PUBLISHING: [&str; 3] = ["after-crl-intent", "after-crl-sign", "after-crl-recorded"];
const SIGKILL: i32 = 9;

#[test]
fn killed_at_every_arrow_nothing_is_lost_or_doubled() {
    for engine in Engine::BOTH {
        eprintln!("on {engine:?}");
        at_every_arrow(&Installation::on(engine));
    }
}

fn at_every_arrow(here: &Installation) {
    let mut serials = HashSet::new();

    for (place, arrow) in ISSUING.into_iter().enumerate() {
        let mut serving = here.serve(Some(arrow));
        let application = here.apply(&format!("0100101234{place}"));
        // The process dies under it: whether the caller hears of it does not matter.
        here.run(&["application", "approve", &application, "--as", "officers/approver.pem", "--yes"]);
        assert_eq!(serving.await_end().signal(), Some(SIGKILL), "{arrow}");
        drop(serving);
        let serving = here.serve(None);
        let serial = here.await_certificate(&application);
        assert!(serials.insert(serial), "{arrow}: a serial number twice");
        drop(serving);
    }

    for (arrow, serial) in PUBLISHING.into_iter().zip(&serials) {
        let mut serving = here.serve(Some(arrow));
        here.revoke(serial);
        assert_eq!(serving.await_end().signal(), Some(SIGKILL), "{arrow}");
        drop(serving);
        let serving = here.serve(None);
        let shown = here.shown(serial);
        assert!(shown.contains("revoked"), "{arrow}: {shown}");
        here.await_listed(serial);
        drop(serving);
    }

    // P-384 keys are the CAs' and sign digests of 48 octets: certificates and CRLs, and nothing else.
    let witness = fs::read_to_string(here.file("witness.log")).unwrap();
    let signed =
        witness.lines().filter(|line| line.split(' ').nth(2).is_some_and(|input| input.len() == 96)).count();
    let accounts = here.must(&["ca", "reconcile", "--config", "ndoba.toml"]);
    let intents: usize = accounts
        .lines()
        .filter(|line| line.contains("/ca/1"))
        .map(|line| line.split_whitespace().nth(2).unwrap().parse::<usize>().unwrap())
        .sum();
    assert!(signed > ISSUING.len(), "the witness saw nothing:\n{witness}");
    assert!(signed <= intents, "{signed} signatures, {intents} intents:\n{accounts}");
}
