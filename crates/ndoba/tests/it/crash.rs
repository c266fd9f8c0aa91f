//! `kill -9` at every arrow of the ledger, on both engines, judged by row: no signature that the token returned lacks
//! its row, and every order ends with one certificate, under a new serial number where the first may be lost (design §5).

mod batch;

use std::os::unix::process::ExitStatusExt as _;
use std::process::Command;

use crate::accounts::{self, LogOnPanic};
use crate::installation::{Engine, Installation, Serving};
use crate::program::eventually;
use crate::softhsm::Safekeeping;

on_both_engines!(an_order_outlives_any_number_of_kills);

const PUBLISHING: [&str; 3] = ["after-crl-intent", "after-crl-sign", "after-crl-recorded"];
const SIGKILL: i32 = 9;

/// The arrows of issuing, and whether a signature may be lost there: then its serial number is not used again.
const ISSUING: [(&str, bool); 4] =
    [("before-intent", false), ("after-intent", true), ("after-sign", true), ("after-issued", false)];

#[test]
fn killed_at_every_arrow_nothing_is_lost_or_doubled() {
    for engine in Engine::BOTH {
        eprintln!("on {engine:?}");
        at_every_arrow(&Installation::on(engine));
    }
}

fn at_every_arrow(here: &Installation) {
    let _log = LogOnPanic(here);
    let tokens = Safekeeping::of(here);
    let mut serials = Vec::new();
    let mut before = accounts::settled(here);

    for (place, (arrow, loses)) in ISSUING.into_iter().enumerate() {
        let serving = here.serve(Some(arrow));
        let application = here.apply(&format!("0100101234{place}"));
        // The process dies under it: whether the caller hears of it does not matter.
        here.run(&["application", "approve", &application, "--as", "officers/approver.pem", "--yes"]);
        await_kill(serving, arrow);
        tokens.mend();
        let serving = here.serve(None);
        serials.push(here.await_certificate(&application));
        let now = accounts::settled(here);
        drop(serving);
        assert_eq!(now.orders, before.orders + 1, "{arrow}");
        assert_eq!(now.lost_under_orders, before.lost_under_orders + u64::from(loses), "{arrow}: {now:?}");
        before = now;
    }

    for (arrow, serial) in PUBLISHING.into_iter().zip(&serials) {
        let serving = here.serve(Some(arrow));
        here.revoke(serial);
        await_kill(serving, arrow);
        tokens.mend();
        let serving = here.serve(None);
        let shown = here.shown(serial);
        assert!(shown.contains("revoked"), "{arrow}: {shown}");
        here.await_listed(serial);
        accounts::settled(here);
        drop(serving);
    }
    each_list_went_online_with_an_event(here);
}

/// Also the one that was recorded when the process was killed, and put online by the next.
fn each_list_went_online_with_an_event(here: &Installation) {
    let serving = here.serve(None);
    let text = crate::roles::event(here);
    let events = format!("(SELECT count(*) FROM audit_events WHERE {text} LIKE '%\"crl-published\"%')");
    let counted = || {
        here.sql(&format!(
            "SELECT {events}, (SELECT count(*) FROM crls WHERE published IS NOT NULL), \
             (SELECT count(*) FROM crls WHERE der IS NOT NULL)"
        ))
    };
    eventually(
        || {
            let counts = counted();
            let [events, published, signed] = counts.split('|').collect::<Vec<_>>()[..] else { return false };
            events != "0" && events == published && published == signed
        },
        || format!("{}\n{}", counted(), here.log()),
    );
    drop(serving);
}

/// Killed again and again under one order, it is carried out in the end: an order outlives crashes.
fn an_order_outlives_any_number_of_kills(engine: Engine) {
    const KILLS: u64 = 5;
    let here = Installation::on(engine);
    let _log = LogOnPanic(&here);
    let tokens = Safekeeping::of(&here);
    let serving = here.serve(Some("after-sign"));
    let application = here.apply("01001012399");
    here.run(&["application", "approve", &application, "--as", "officers/approver.pem", "--yes"]);
    await_kill(serving, "after-sign");
    for _ in 1..KILLS {
        tokens.mend();
        let serving = here.start("ndoba.toml", Some("after-sign"));
        await_kill(serving, "after-sign");
    }
    tokens.mend();
    let serving = here.serve(None);
    here.await_certificate(&application);
    let accounts = accounts::settled(&here);
    assert_eq!((accounts.orders, accounts.lost_under_orders), (1, KILLS), "{accounts:?}");
    here.signatures_hold();
    drop(serving);
}

/// A signature that is the same however often it is made is not given up: it is made again, and counted again.
#[test]
fn a_deterministic_signature_in_doubt_is_made_again() {
    let plan = Command::new(env!("CARGO_BIN_EXE_ndoba")).args(["ceremony", "plan"]).output().unwrap().stdout;
    let plan = String::from_utf8(plan).unwrap();
    let (head, signature_ca) = plan.split_once("name = \"signature\"").unwrap();
    let signature_ca = signature_ca.replacen("key = \"p384\"", "key = \"rsa3072\"", 1);
    let here = Installation::planned(&format!("{head}name = \"signature\"{signature_ca}"));
    let _log = LogOnPanic(&here);
    let tokens = Safekeeping::of(&here);

    let serving = here.serve(Some("after-sign"));
    let application = here.apply("01001012398");
    here.run(&["application", "approve", &application, "--as", "officers/approver.pem", "--yes"]);
    await_kill(serving, "after-sign");
    tokens.mend();
    let in_doubt = accounts::judge(&here)["in_doubt"].clone();
    let serving = here.serve(None);
    let serial = here.await_certificate(&application);
    assert_eq!(in_doubt, serde_json::json!([format!("signature:{serial}")]));
    let accounts = accounts::settled(&here);
    assert_eq!((accounts.orders, accounts.lost, accounts.repeated), (1, 0, 1), "{accounts:?}");
    drop(serving);
}

/// The process ends by its own SIGKILL at the arrow.
fn await_kill(mut serving: Serving, arrow: &str) {
    assert_eq!(serving.await_end().signal(), Some(SIGKILL), "{arrow}");
}
