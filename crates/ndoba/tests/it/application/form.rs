//! The form is told and kept before anything is opened, in two languages; the server says the same.

use std::fs;

use serde_json::Value;

use crate::api::Call;
use crate::installation::{Engine, Installation, Subject};

on_both_engines!(the_form_says_beforehand_what_the_server_says, nothing_of_the_record_may_lack);

const PERSON: Subject<'_> = Subject::Person("01001012345");
const OFFICER: [&str; 2] = ["--as", "officers/registration-officer.pem"];

fn the_form_says_beforehand_what_the_server_says(engine: Engine) {
    let here = Installation::on(engine);
    let serving = here.serve(None);
    here.prepare(PERSON);
    let with = |words: &[&str], file: &str, more: &[&str]| {
        [words, &["--file", file, "--csr", "person.csr"], &OFFICER, more]
            .concat()
            .iter()
            .map(|word| (*word).to_owned())
            .collect::<Vec<_>>()
    };
    let check = |file: &str, more: &[&str]| with(&["application", "check"], file, more);
    let must_not =
        |arguments: Vec<String>| here.must_not(&arguments.iter().map(String::as_str).collect::<Vec<_>>());
    let must = |arguments: Vec<String>| here.must(&arguments.iter().map(String::as_str).collect::<Vec<_>>());

    let fine = must(check("person.toml", &[]));
    assert!(fine.contains("keeps every rule of person-signature"), "{fine}");
    let told =
        here.must(&["application", "form", "person-signature", "--language", "ka", OFFICER[0], OFFICER[1]]);
    assert!(told.contains("/subject/personal_number: პირადი ნომერი, text, არასავალდებულო (P-11)"), "{told}");
    assert!(told.contains("passport (პასპორტი)"), "{told}");

    let wrong = here
        .read_text("person.toml")
        .replace("01001012345", "0100101234")
        .replace("n@example.ge", "nobody")
        .replace("identity-card", "library-card")
        .replace("publication_consent = false\n", "");
    fs::write(here.file("wrong.toml"), wrong).unwrap();
    let fields =
        ["/subject/personal_number", "/subject/email", "/identity_document/type", "/publication_consent"];
    let beforehand = must_not(check("wrong.toml", &[]));
    assert!(beforehand.contains("4 fields are refused"), "{beforehand}");
    let listed: Value = {
        let output =
            here.run(&check("wrong.toml", &["--json"]).iter().map(String::as_str).collect::<Vec<_>>());
        serde_json::from_slice(&output.stdout).unwrap()
    };
    let said = must_not(with(&["application", "new"], "wrong.toml", &[]));
    for (field, one) in fields.iter().zip(listed.as_array().unwrap()) {
        assert_eq!(one["field"], *field, "{listed}");
        // The very sentence, the code and the clause of the server.
        let clause = one["clause"].as_str().map(|clause| format!(" ({clause})")).unwrap_or_default();
        let line = format!(
            "{field}: {} [{}]{clause}",
            one["message"].as_str().unwrap(),
            one["code"].as_str().unwrap()
        );
        assert!(said.contains(&line), "{line}: {said}");
    }
    let georgian = must_not(check("wrong.toml", &["--language", "ka"]));
    assert!(georgian.contains("უნდა იყოს 11-ნიშნა პირადი ნომერი"), "{georgian}");

    // A request that is none, and a profile that is not there.
    fs::write(here.file("person.csr"), "no request").unwrap();
    let request = must_not(check("person.toml", &[]));
    assert!(request.contains("/csr: "), "{request}");
    let unknown = here.must_not(&["application", "form", "nothing", OFFICER[0], OFFICER[1]]);
    assert!(unknown.contains("profile.unknown"), "{unknown}");
    serving.stop();
}

/// K-P07 at the API of the built command: each item that REG-6.4.5-04 wants is asked for by name, and nothing is opened
/// without it.
fn nothing_of_the_record_may_lack(engine: Engine) {
    let here = Installation::on(engine);
    let serving = here.serve(None);
    here.prepare(PERSON);
    let csr = here.read_text("person.csr");
    let mut whole: Value =
        serde_json::to_value(here.read_text("person.toml").parse::<toml::Table>().unwrap()).unwrap();
    whole["csr"] = csr.into();
    for pointer in [
        "/profile",
        "/days",
        "/csr",
        "/publication_consent",
        "/subject",
        "/subject/type",
        "/subject/given_names",
        "/subject/surname",
        "/subject/personal_number",
        "/subject/email",
        "/identity_document",
        "/identity_document/type",
        "/identity_document/number",
        "/identity_document/issued_by",
        "/identity_document/validation",
        "/identity_document/copies_at",
        "/identity_proofing",
        "/identity_proofing/method",
        "/identity_proofing/date",
        "/identity_proofing/seen_by",
    ] {
        let mut without = whole.clone();
        let (parent, name) = pointer.rsplit_once('/').unwrap();
        without.pointer_mut(parent).unwrap().as_object_mut().unwrap().remove(name).unwrap();
        let reply =
            here.ask(Call::post("registration-officer", "/applications", without.to_string().as_bytes()));
        assert_eq!(reply.problem(), (422, "request.invalid".to_owned()), "{pointer}");
        let errors = reply.json()["errors"].clone();
        assert_eq!(errors.as_array().unwrap().len(), 1, "{errors}");
        assert_eq!(errors[0]["field"], pointer, "{errors}");
    }
    assert_eq!(here.sql("SELECT count(*) FROM applications"), "0");
    // And twice the same member is no application.
    let twice = whole.to_string().replacen("{", "{\"days\":1,", 1);
    let reply = here.ask(Call::post("registration-officer", "/applications", twice.as_bytes()));
    assert_eq!(reply.status, 422);
    let reply = here.ask(Call::post("registration-officer", "/applications", whole.to_string().as_bytes()));
    assert_eq!(reply.status, 201, "{reply:?}");
    serving.stop();
}
