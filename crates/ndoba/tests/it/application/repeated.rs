//! A call that is repeated is done once, whatever it is; a call about another version than was seen is not done.

use crate::api::Call;
use crate::http::Reply;
use crate::installation::{Engine, Installation, Subject};

on_both_engines!(every_change_is_made_once, a_change_of_another_version_is_refused);

const PERSON: Subject<'_> = Subject::Person("01001012345");
const OFFICER: [&str; 2] = ["--as", "officers/registration-officer.pem"];

fn receipts(here: &Installation) -> usize {
    here.sql("SELECT count(*) FROM idempotency").parse().unwrap()
}

fn send(here: &Installation, officer: &str, path: &str, header: &str, body: &str) -> Reply {
    let headers = &["Content-Type: application/json", header];
    here.ask(Call { officer: Some(officer), method: "POST", path, headers, body: body.as_bytes() })
}

/// How often the log says that a code was given.
fn given_events(here: &Installation) -> String {
    let event = if here.is_on_postgresql() { "convert_from(event, 'UTF8')" } else { "CAST(event AS TEXT)" };
    format!(
        "SELECT count(*) FROM audit_events WHERE {event} LIKE '%revocation-code-given%' OR {event} LIKE '%enrolment-opened%'"
    )
}

fn every_change_is_made_once(engine: Engine) {
    let here = Installation::on(engine);
    let serving = here.serve(None);
    // Every command that changes something sent a key: each left a receipt.
    let before = receipts(&here);
    here.prepare(PERSON);
    let id = here.open(PERSON);
    assert_eq!(receipts(&here), before + 3, "opened, agreed, attached");
    here.submit(&id);
    assert_eq!(receipts(&here), before + 5, "frozen and signed");
    here.must(&["application", "return", &id, "--remark", "x", "--as", "officers/approver.pem"]);
    here.must(&["application", "edit", &id, "--file", "person.toml", OFFICER[0], OFFICER[1]]);
    here.must(&["application", "withdraw", &id, OFFICER[0], OFFICER[1]]);
    assert_eq!(receipts(&here), before + 8);
    let serial = here.issue("01001012346");
    let before = receipts(&here);
    assert!(here.suspend(&serial).status.success());
    assert_eq!(receipts(&here), before + 2, "proposed and signed");
    here.must(&["certificate", "revocation-code", &serial, OFFICER[0], OFFICER[1]]);
    let invite =
        ["officer", "invite", "--name", "Tamar", "--roles", "auditor", "--as", "officers/security-1.pem"];
    here.must(&invite);
    assert_eq!(receipts(&here), before + 4);

    // Codes are shown once: the same request gives no other, and the one that was given stays.
    for (officer, path, body) in [
        ("registration-officer", format!("/certificates/{serial}/revocation-code"), "{}"),
        ("security-1", "/enrolments".to_owned(), r#"{"name":"Davit","roles":["auditor"],"office":"GE"}"#),
    ] {
        let key = "Idempotency-Key: one";
        let given = send(&here, officer, &path, key, body);
        assert_eq!(given.status, 201, "{given:?}");
        let before = here.sql(&given_events(&here));
        assert_eq!(send(&here, officer, &path, key, body).problem(), (409, "code.shown-once".to_owned()));
        assert_eq!(here.sql(&given_events(&here)), before);
        assert_eq!(send(&here, officer, &path, "Idempotency-Key: other", body).status, 201);
    }
    let other = r#"{"name":"Nana","roles":["auditor"],"office":"GE"}"#;
    let reused = send(&here, "security-1", "/enrolments", "Idempotency-Key: one", other);
    assert_eq!(reused.problem(), (422, "idempotency.key-reused".to_owned()));
    serving.stop();
}

fn a_change_of_another_version_is_refused(engine: Engine) {
    let here = Installation::on(engine);
    let serving = here.serve(None);
    here.prepare(PERSON);
    let id = here.open(PERSON);
    let version =
        here.ask(Call::get("registration-officer", &format!("/applications/{id}"))).json()["version"].clone();
    let version = version.as_u64().unwrap();
    let [before, now] = [version - 1, version].map(|version| format!("If-Match: \"{version}\""));
    let step = |officer, step: &str, header: &str, body| {
        send(&here, officer, &format!("/applications/{id}/{step}"), header, body)
    };
    let remark = r#"{"remark":"x"}"#;
    let acceptance = format!(r#"{{"sha256":"{}","accepted":"2026-01-15"}}"#, "0".repeat(64));
    for (officer, what, body) in [
        ("registration-officer", "agreement", acceptance.as_str()),
        ("registration-officer", "agreement/copy", r#"{"content":"eA=="}"#),
        ("registration-officer", "attachments", r#"{"type":"authority","content":"eA=="}"#),
        ("registration-officer", "order", "{}"),
        ("registration-officer", "withdraw", "{}"),
        ("registration-officer", "deliver", "{}"),
        ("registration-officer", "accept", remark),
        ("approver", "return", remark),
        ("approver", "reject", remark),
    ] {
        assert_eq!(step(officer, what, &before, body).problem(), (412, "version.other".to_owned()), "{what}");
        assert_eq!(
            step(officer, what, "If-Match: 7", body).problem(),
            (400, "header.if-match".to_owned()),
            "{what}"
        );
    }
    assert_eq!(step("registration-officer", "order", &now, "{}").status, 201);
    let seen = version.to_string();
    let withdraw = ["application", "withdraw", &id, "--if-version", &seen, OFFICER[0], OFFICER[1]];
    assert!(here.must_not(&withdraw).contains("version.other"));
    let next = (version + 1).to_string();
    here.must(&["application", "withdraw", &id, "--if-version", &next, OFFICER[0], OFFICER[1]]);
    serving.stop();
}
