//! Every operation that the running server describes, as nobody, as a stranger, as every role that may not and as
//! every role that may (K-P01, K-P02, P-03). The table is by hand: the product's own decides nothing in it.

use std::collections::BTreeSet;

use ndoba_testkit::{OPERATIONS, Operation};

use crate::api::Call;
use crate::installation::{Engine, Installation};
use crate::program;

on_both_engines!(every_operation_as_nobody_as_the_wrong_role_and_as_the_right_one);

/// Roles in the table's columns, with the officer who has it and nothing else.
const OFFICERS: [(char, &str); 7] = [
    ('S', "security-1"),
    ('R', "registration-officer"),
    ('A', "approver"),
    ('V', "revocation-officer"),
    ('U', "auditor"),
    ('O', "operator"),
    ('D', "administrator"),
];

fn every_operation_as_nobody_as_the_wrong_role_and_as_the_right_one(engine: Engine) {
    let here = Installation::on(engine);
    // As many strangers' logins as there are operations are looked at.
    here.limit("refused_logins = 1000");
    let serving = here.serve(None);
    for (place, role) in ["operator", "administrator"].into_iter().enumerate() {
        here.appoint(role, role, &format!("0100100050{place}"));
    }
    here.must(&["officer", "new", "--config", "ndoba.toml", "--name", "x", "--out", "officers/stranger.pem"]);
    here.appoint("dismissed", "registration-officer,approver", "01001000503");
    let dismissed = here.ask(Call::get("dismissed", "/whoami")).json()["officer"].clone();
    here.must(&["officer", "end", dismissed.as_str().unwrap(), "--as", "officers/security-1.pem", "--yes"]);
    let application = here.apply("01001000501");
    let serial = here.issue("01001000502");

    // It does not describe itself.
    let known =
        OPERATIONS.iter().map(|one| (one.method, one.path)).filter(|(_, path)| *path != "/openapi.json");
    assert_eq!(described(&here), known.collect());
    let events = |kind: &str| {
        here.sql(&format!("SELECT count(*) FROM audit_events WHERE {} LIKE '%{kind}%'", event(&here)))
    };
    let refused_before = events("\"code\":\"role\"");
    let targets = |Operation { method, path, .. }: &Operation| {
        let path = path.replace("{serial}", &serial).replace("{id}", &application);
        (*method, path.replace("{name}", "person-signature").replace("{identifier}", "01001000501"))
    };
    let targets: Vec<_> = OPERATIONS.iter().map(targets).collect();
    for target in &targets {
        let nobody = here.call(call(None, target)).unwrap_err();
        assert!(nobody.contains("certificate required"), "{target:?}: {nobody}");
    }
    for outsider in ["stranger", "dismissed"] {
        for ((status, code), target) in walk(&here, outsider, &targets).into_iter().zip(&targets) {
            assert_eq!((status, code.as_str()), (403, "auth.not-an-officer"), "{outsider} {target:?}");
        }
    }
    let mut wrong = 0;
    for (letter, officer) in OFFICERS {
        let answers = walk(&here, officer, &targets);
        for ((status, code), Operation { method, path, may, .. }) in answers.into_iter().zip(OPERATIONS) {
            let shown = format!("{officer} {method} {path}: {status} {code}");
            if may.contains(letter) {
                // Let in: what is refused now is the body or the resource, by its own code.
                assert!(matches!(status, 200 | 400 | 404 | 409 | 412 | 422 | 428), "{shown}");
                assert!(!code.starts_with("auth.") && code != "path.unknown", "{shown}");
            } else {
                assert_eq!((status, code.as_str()), (403, "auth.role"), "{shown}");
                wrong += 1;
            }
        }
    }
    // Each of those refusals is an event, and nothing else has changed.
    let refused: usize = events("\"code\":\"role\"").parse().unwrap();
    assert_eq!(refused, refused_before.parse::<usize>().unwrap() + wrong);
    assert!(here.application(&application).contains("submitted"), "{}", here.application(&application));
    assert!(here.shown(&serial).contains("good"));
    serving.stop();
    // Of the outsiders' the first of a minute is an event, and the rest a count.
    let texts = |kind: &str| {
        here.sql(&format!("SELECT {0} FROM audit_events WHERE {0} LIKE '%\"{kind}\"%'", event(&here)))
    };
    let counted = texts("refusals-counted");
    let counts = counted.lines().map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap());
    let counts = counts.filter(|event| event["data"]["operation"] == "login");
    // A text, as every number of 64 bits in the log.
    let count =
        |event: serde_json::Value| event["data"]["count"].to_string().trim_matches('"').parse::<u64>();
    let counted: u64 = counts.map(|event| count(event).unwrap()).sum();
    let singly = texts("login-refused").lines().count();
    assert!((2..20).contains(&singly), "{singly}");
    assert_eq!(singly as u64 + counted, 2 * OPERATIONS.len() as u64);
}

/// With a body that asks for what is not there, so that nothing happens to what is.
fn call<'a>(officer: Option<&'a str>, (method, path): &'a (&'static str, String)) -> Call<'a> {
    let headers = &["Content-Type: application/json"];
    Call { officer, method, path, headers, body: b"{\"not\": \"there\"}" }
}

/// Every operation by one officer over one connection: the status, and the code of the problem if it is one.
fn walk(here: &Installation, officer: &str, targets: &[(&'static str, String)]) -> Vec<(u16, String)> {
    let folder = tempfile::tempdir().unwrap();
    let mut arguments = Vec::new();
    for (place, target) in targets.iter().enumerate() {
        if place > 0 {
            arguments.push("--next".to_owned());
        }
        let answer = folder.path().join(place.to_string()).display().to_string();
        let written = ["--output".to_owned(), answer, "--write-out".to_owned(), "%{http_code}\n".to_owned()];
        arguments.extend(
            written.into_iter().chain(here.curl(&call(Some(officer), target), "{\"not\": \"there\"}")),
        );
    }
    let statuses = program::must(here.folder(), "curl", &arguments);
    let read = |(place, status): (usize, &str)| {
        let body = std::fs::read(folder.path().join(place.to_string())).unwrap_or_default();
        let problem: serde_json::Value = serde_json::from_slice(&body).unwrap_or_default();
        (status.parse().unwrap(), problem["code"].as_str().unwrap_or_default().to_owned())
    };
    let answers: Vec<_> = statuses.lines().enumerate().map(read).collect();
    assert_eq!(answers.len(), targets.len(), "{statuses}");
    answers
}

/// What the server's own description lists.
fn described(here: &Installation) -> BTreeSet<(&'static str, &'static str)> {
    let document = here.ask(Call::get("auditor", "/openapi.json")).json();
    let mut operations = BTreeSet::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        let below = path.strip_prefix("/api/v1").unwrap();
        for method in item.as_object().unwrap().keys() {
            let known =
                OPERATIONS.iter().find(|one| one.method.to_lowercase() == *method && one.path == below);
            let known = known.unwrap_or_else(|| panic!("{method} {path} is not in the table"));
            operations.insert((known.method, known.path));
        }
    }
    operations
}

/// The event's text, in SQL.
pub(crate) fn event(here: &Installation) -> &'static str {
    if here.is_on_postgresql() { "convert_from(event, 'UTF8')" } else { "CAST(event AS TEXT)" }
}
