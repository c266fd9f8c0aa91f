//! Revocations that are late, that have a date, that are many (requirements C-100, C-101, C-106; K-R04).

use std::fs;

use ndoba_types::{Span, UtcTime};
use serde_json::Value;

use crate::installation::{Engine, Installation};
use crate::program::{self, eventually};

const OFFICER: [&str; 2] = ["--as", "officers/revocation-officer.pem"];
const ASKED: [&str; 4] = ["--channel", "letter", "--note", "a drill"];

on_both_engines!(late_dated_and_many);

fn late_dated_and_many(engine: Engine) {
    let here = Installation::on(engine);
    let serving = here.serve(None);
    a_late_one_is_seen_by_everybody(&here);
    one_with_a_date_waits_for_it(&here);
    many_are_shown_ordered_and_gone_on_with(&here);
    serving.stop();
}

fn a_late_one_is_seen_by_everybody(here: &Installation) {
    let serial = here.issue("01001000301");
    let part = || health(here, "revocation");
    eventually(|| part()["state"] == "ok", || part().to_string());

    // Received more than a day ago, and the officer does not sign: degraded would be too little.
    let received = now().minus(Span::hours(25)).to_string();
    let asked = ["certificate", "revoke", &serial, "--reason", "superseded", "--received-at", &received];
    let said = here.must_not(&[&asked[..], &ASKED, &OFFICER].concat());
    assert!(said.contains("the officer said no"), "{said}");
    eventually(|| part()["state"] == "failed", || part().to_string());
    let detail = part().to_string();
    assert!(
        detail.contains("legal.revocation_max") && detail.contains("waits for a revocation officer"),
        "{detail}"
    );
    let shown = here.shown(&serial);
    assert!(shown.contains("1 h 00 min late by law, 24 h 00 min late by the provider's aim"), "{shown}");

    // Between aim and limit it is degraded; the older one is signed again and done, so that this one is the oldest.
    let second = here.issue("01001000302");
    let received = now().minus(Span::hours(2)).to_string();
    let asked = ["certificate", "suspend", &second, "--received-at", &received];
    here.must_not(&[&asked[..], &ASKED, &OFFICER].concat());
    assert!(here.revoke(&serial).status.success());
    eventually(|| part()["state"] == "degraded", || part().to_string());
    assert!(part().to_string().contains("legal.revocation_slo"), "{}", part());
    assert_eq!(metric(here, "ndoba_revocation_open_requests"), 1.0);
    assert!(metric(here, "ndoba_revocation_oldest_request_seconds") > 7199.0);
    assert!(here.suspend(&second).status.success());
    eventually(|| part()["state"] == "ok", || part().to_string());

    // What is turned down owes nothing, late or not.
    let unfounded = here.issue("01001000308");
    let received = now().minus(Span::hours(3)).to_string();
    let asked = ["certificate", "suspend", &unfounded, "--received-at", &received];
    here.must_not(&[&asked[..], &ASKED, &OFFICER].concat());
    eventually(|| part()["state"] == "degraded", || part().to_string());
    let shown: Value = serde_json::from_str(&json(here, &unfounded)).unwrap();
    let order = shown["clocks"][0]["order"].as_str().unwrap();
    let declined =
        here.must(&[&["certificate", "decline", order, "--note", "a prank"][..], &OFFICER].concat());
    assert!(declined.contains("is withdrawn"), "{declined}");
    eventually(|| part()["state"] == "ok", || part().to_string());
    assert!(here.shown(&unfounded).contains("nothing is owed"), "{}", here.shown(&unfounded));

    // What is signed late counts against aim and limit, and the log has the limit once.
    let third = here.issue("01001000303");
    let received = now().minus(Span::hours(30)).to_string();
    let asked =
        ["certificate", "revoke", &third, "--reason", "superseded", "--received-at", &received, "--yes"];
    here.must(&[&asked[..], &ASKED, &OFFICER].concat());
    eventually(|| metric(here, "ndoba_revocation_over_limit_total") == 2.0, || here.log());
    eventually(|| metric(here, "ndoba_revocation_over_aim_total") == 1.0, || here.log());
    let count = "SELECT count(*) FROM revocation_requests WHERE overdue IS NOT NULL";
    assert_eq!(here.sql(count), "2");
    here.await_listed(&third);
    let shown = here.shown(&third);
    assert!(shown.contains("revoke, received") && shown.contains(": on CRL "), "{shown}");
    let logged = || here.export_log("late.jsonl").matches("\"revocation-overdue\"").count();
    eventually(|| logged() == 2, || format!("{} events", logged()));
}

fn one_with_a_date_waits_for_it(here: &Installation) {
    let serial = here.issue("01001000304");
    let date = now().plus(Span::seconds(8)).floor_to_second();
    let text = date.to_string();
    let asked = ["certificate", "revoke", &serial, "--reason", "cessationOfOperation", "--effective", &text];
    let said = here.must(&[&asked[..], &ASKED, &OFFICER, &["--yes"]].concat());
    assert!(said.contains(&format!("is queued, and takes effect at {text}")), "{said}");
    // Nobody does anything more.
    let shown = || -> Value { serde_json::from_str(&json(here, &serial)).unwrap() };
    eventually(|| shown()["status"] == "revoked", || format!("{}\n{}", shown(), here.log()));
    let since: UtcTime = shown()["since"].as_str().unwrap().parse().unwrap();
    assert!(since >= date, "{since} is before {date}");
    assert_eq!(shown()["clocks"][0]["effective"], text.as_str());
    assert!(here.ocsp(&serial).contains(": revoked"), "{}", here.ocsp(&serial));
    here.await_listed(&serial);
    let past = here.must_not(&[&asked[..], &ASKED, &OFFICER, &["--yes"]].concat());
    assert!(past.contains("time.past"), "{past}");
    // The same to an officer who reads Georgian: what is wrong with a field, by its code.
    let past = here.must_not(&[&asked[..], &ASKED, &OFFICER, &["--yes", "--language", "ka"]].concat());
    assert!(past.contains("/effective: არ უნდა იყოს წარსულში [time.past] (C-101)"), "{past}");
}

fn many_are_shown_ordered_and_gone_on_with(here: &Installation) {
    let [first, second, third] =
        ["01001000305", "01001000306", "01001000307"].map(|number| here.issue(number));
    assert!(here.suspend(&second).status.success());
    let all = |by: &str, of: &str, more: &[&str]| {
        let what = ["certificate", "revoke-all", "--by", by, "--of", of, "--reason", "keyCompromise"];
        here.run(&[&what[..], &ASKED, &OFFICER, more].concat())
    };
    let said = |output: &std::process::Output| {
        assert!(output.status.success(), "{}\n{}", program::said(output), here.log());
        String::from_utf8_lossy(&output.stdout).into_owned()
    };
    // A key: the certificate of the last CSR.
    let key = here.openssl(&["pkey", "-in", "person.key", "-pubout", "-outform", "DER", "-out", "key.der"]);
    assert_eq!(key, "");
    let digest = here.openssl(&["dgst", "-sha256", "-r", "key.der"]);
    let digest = digest.split_whitespace().next().unwrap();
    let preview = said(&all("key-digest", digest, &["--preview"]));
    assert!(
        preview.starts_with("1 certificates to be revoked; 0 are already") && preview.contains(&third),
        "{preview}"
    );

    // Nothing is done unasked.
    let refused = all("profile", "person-signature", &[]);
    assert!(program::said(&refused).contains("nothing was revoked"), "{refused:?}");
    let preview = said(&all("profile", "person-signature", &["--preview"]));
    assert!(preview.starts_with("5 certificates to be revoked; 3 are already"), "{preview}");

    // A list with a number that nobody issued is not begun with.
    let list = format!("# seized cards\n{first} # the first\n\n{third}\n");
    fs::write(here.file("list.txt"), format!("{list}0badbad0\n")).unwrap();
    let wrong = all("list", "list.txt", &["--yes"]);
    assert!(program::said(&wrong).contains("list.txt, line 5: 0badbad0"), "{wrong:?}");
    assert!(here.shown(&first).contains(": good"));
    fs::write(here.file("list.txt"), list).unwrap();
    let done = said(&all("list", "list.txt", &["--yes"]));
    assert!(done.starts_with("2 revoked, 0 wait for the CA, 0 were refused"), "{done}");

    // Begun again, it goes on with what is left: the suspended one, and the one that was suspended before.
    let done = said(&all("profile", "person-signature", &["--yes"]));
    assert!(done.starts_with("3 revoked, "), "{done}");
    let done = said(&all("profile", "person-signature", &["--yes"]));
    assert!(done.starts_with("0 certificates to be revoked; 8 are already"), "{done}");
    for serial in [&first, &second, &third] {
        here.await_listed(serial);
        assert!(here.ocsp(serial).contains("keyCompromise"), "{}", here.ocsp(serial));
    }
}

fn now() -> UtcTime {
    let output = std::process::Command::new("date").args(["-u", "+%FT%TZ"]).output().unwrap();
    String::from_utf8(output.stdout).unwrap().trim().parse().unwrap()
}

fn json(here: &Installation, serial: &str) -> String {
    here.must(&["certificate", "show", serial, "--json", "--as", "officers/registration-officer.pem"])
}

/// A part of the health answer.
pub(crate) fn health(here: &Installation, part: &str) -> Value {
    let answer: Value = serde_json::from_str(&here.health()).unwrap_or_default();
    let checks = answer["checks"].as_array().cloned().unwrap_or_default();
    checks.into_iter().find(|check| check["name"] == part).unwrap_or_default()
}

/// A metric without labels; 0 before its first value.
pub(crate) fn metric(here: &Installation, name: &str) -> f64 {
    let url = format!("http://{}/metrics", here.operator());
    let text = program::said(&program::run(here.folder(), "curl", &["--silent", "--noproxy", "*", &url]));
    let value = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' ')?.trim().parse().ok());
    value.unwrap_or(0.0)
}
