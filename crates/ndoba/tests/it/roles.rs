//! Every operation that the running server describes, as nobody, as a stranger, as every role that may not and as
//! every role that may (K-P01, K-P02, P-03). The table here is by hand: the product's own decides nothing in it.

use std::collections::BTreeSet;

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

/// Method, path below `/api/v1`, and who may.
const OPERATIONS: [(&str, &str, &str); 42] = [
    ("GET", "/applications", "RA"),
    ("GET", "/applications/{id}", "RA"),
    ("GET", "/applications/{id}/agreement.pdf", "RA"),
    ("GET", "/applications/{id}/agreement/copy", "RA"),
    ("GET", "/audit/export", "U"),
    ("GET", "/audit/signed", "U"),
    ("GET", "/certificates", "RAVU"),
    ("GET", "/certificates/{serial}", "RAVU"),
    ("GET", "/certificates/{serial}/certificate.der", "RAVU"),
    ("GET", "/certificates/{serial}/control-questions", "RAV"),
    ("GET", "/certificates/{serial}/certificate.p7c", "RAVU"),
    ("GET", "/certificates/{serial}/certificate.pem", "RAVU"),
    ("GET", "/enrolments", "SU"),
    ("GET", "/grants", "SU"),
    ("GET", "/officers", "SU"),
    ("GET", "/orders/{id}", "RAVU"),
    ("GET", "/profiles", "SRAVUOD"),
    ("GET", "/profiles/{name}/form", "SRAVUOD"),
    ("GET", "/requests", "VU"),
    ("GET", "/subjects/{identifier}/record", "RA"),
    ("GET", "/whoami", "SRAVUOD"),
    ("POST", "/applications", "R"),
    ("POST", "/applications/{id}/accept", "R"),
    ("POST", "/applications/{id}/agreement", "R"),
    ("POST", "/applications/{id}/agreement/copy", "R"),
    ("POST", "/applications/{id}/deliver", "R"),
    ("POST", "/applications/{id}/order", "R"),
    ("POST", "/applications/{id}/reject", "A"),
    ("POST", "/applications/{id}/return", "A"),
    ("POST", "/applications/{id}/withdraw", "R"),
    // Whether it is a revocation or a release is in the body.
    ("POST", "/certificates/{serial}/orders", "RAV"),
    ("POST", "/certificates/{serial}/renewal", "R"),
    ("POST", "/certificates/{serial}/revocation-code", "R"),
    ("POST", "/enrolments", "S"),
    ("POST", "/grants", "S"),
    ("POST", "/grants/draft", "S"),
    ("POST", "/orders/{id}/confirm", "V"),
    ("POST", "/orders/{id}/decline", "V"),
    ("POST", "/orders/{id}/signatures", "RAV"),
    ("POST", "/status-orders", "V"),
    ("POST", "/status-orders/draft", "V"),
    ("PUT", "/applications/{id}", "R"),
];

fn every_operation_as_nobody_as_the_wrong_role_and_as_the_right_one(engine: Engine) {
    let here = Installation::on(engine);
    let serving = here.serve(None);
    for (place, role) in ["operator", "administrator"].into_iter().enumerate() {
        here.appoint(role, role, &format!("0100100050{place}"));
    }
    here.must(&["officer", "new", "--config", "ndoba.toml", "--name", "x", "--out", "officers/stranger.pem"]);
    let application = here.apply("01001000501");
    let serial = here.issue("01001000502");

    assert_eq!(described(&here), OPERATIONS.iter().map(|(method, path, _)| (*method, *path)).collect());
    let events = |kind: &str| {
        here.sql(&format!("SELECT count(*) FROM audit_events WHERE {} LIKE '%{kind}%'", event(&here)))
    };
    let refused_before = events("action-refused");
    let targets = |(method, path, _): &(&'static str, &str, &str)| {
        let path = path.replace("{serial}", &serial).replace("{id}", &application);
        (*method, path.replace("{name}", "person-signature").replace("{identifier}", "01001000501"))
    };
    let targets: Vec<_> = OPERATIONS.iter().map(targets).collect();
    for target in &targets {
        let nobody = here.call(call(None, target)).unwrap_err();
        assert!(nobody.contains("certificate required"), "{target:?}: {nobody}");
    }
    for ((status, code), target) in walk(&here, "stranger", &targets).into_iter().zip(&targets) {
        assert_eq!((status, code.as_str()), (403, "auth.not-an-officer"), "{target:?}");
    }
    let mut wrong = 0;
    for (letter, officer) in OFFICERS {
        let answers = walk(&here, officer, &targets);
        for ((status, code), (method, path, may)) in answers.into_iter().zip(OPERATIONS) {
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
    let refused: usize = events("action-refused").parse().unwrap();
    assert_eq!(refused, refused_before.parse::<usize>().unwrap() + wrong);
    assert_eq!(events("login-refused"), OPERATIONS.len().to_string());
    assert!(here.application(&application).contains("submitted"), "{}", here.application(&application));
    assert!(here.shown(&serial).contains("good"));
    serving.stop();
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
            let known = OPERATIONS.iter().find(|(m, p, _)| m.to_lowercase() == *method && *p == below);
            let (method, path, _) = known.unwrap_or_else(|| panic!("{method} {path} is not in the table"));
            operations.insert((*method, *path));
        }
    }
    operations
}

/// The event's text, in SQL.
pub(crate) fn event(here: &Installation) -> &'static str {
    if here.is_on_postgresql() { "convert_from(event, 'UTF8')" } else { "CAST(event AS TEXT)" }
}
