//! The agreement at the command line: made, compared, accepted before anything is signed (K-P08).

use std::fs;

use serde_json::Value;

use crate::api::Call;
use crate::installation::{Engine, Installation, Subject};
use crate::program;

on_both_engines!(an_agreement_is_accepted_before_anything_is_signed);

const OFFICER: [&str; 2] = ["--as", "officers/registration-officer.pem"];

fn an_agreement_is_accepted_before_anything_is_signed(engine: Engine) {
    let here = Installation::on(engine);
    let serving = here.serve(None);
    here.prepare(Subject::Person("01001012345"));
    let files = ["--file", "person.toml", "--csr", "person.csr"];
    let said = here.must(&[&["application", "new"], &files[..], &OFFICER].concat());
    let id = said.split_whitespace().last().unwrap();
    let submit = ["application", "submit", id, "--yes", OFFICER[0], OFFICER[1]];
    let refused = here.must_not(&submit);
    assert!(refused.contains("/agreement: ") && refused.contains("[agreement.missing] (P-13)"), "{refused}");

    let fetch = ["application", "agreement", id, "--out", "agreement.pdf", OFFICER[0], OFFICER[1]];
    let said = here.must(&fetch);
    let digest = here.openssl(&["dgst", "-sha256", "-r", "agreement.pdf"]);
    let digest = digest.split(' ').next().unwrap();
    assert_eq!(said.trim(), format!("agreement.pdf, SHA-256 {digest}"));
    // As a stranger reads it, in both languages.
    program::must(here.folder(), "pdftotext", &["agreement.pdf", "agreement.txt"]);
    let text = here.read_text("agreement.txt").split_whitespace().collect::<Vec<_>>().join(" ");
    for words in
        ["აბონენტი: ნინო ბერიძე, პირადი ნომერი 01001012345.", "Subscriber: ნინო ბერიძე", "valid for 365 days"]
    {
        assert!(text.contains(words), "{words}: {text}");
    }
    // The same application, the same octets.
    let before = here.read("agreement.pdf");
    here.must(&fetch);
    assert_eq!(here.read("agreement.pdf"), before);

    let agree = |file: &str, day: &str| {
        ["application", "agree", id, "--file", file, "--accepted", day, OFFICER[0], OFFICER[1]]
            .map(str::to_owned)
    };
    let words =
        |arguments: &[String]| arguments.iter().map(String::as_str).collect::<Vec<_>>().join("\u{1f}");
    let must_not =
        |arguments: [String; 9]| here.must_not(&words(&arguments).split('\u{1f}').collect::<Vec<_>>());
    fs::write(here.file("other.pdf"), [&before[..], b" "].concat()).unwrap();
    assert!(must_not(agree("other.pdf", "2026-01-15")).contains("[agreement.other]"));
    assert!(must_not(agree("agreement.pdf", "2999-01-01")).contains("[date.future]"));
    assert!(here.must_not(&submit).contains("agreement.missing"));
    here.must(&words(&agree("agreement.pdf", "2026-01-15")).split('\u{1f}').collect::<Vec<_>>());

    // Terms, time and who noted it are kept, and both officers sign the digest.
    let shown = here.ask(Call::get("registration-officer", &format!("/applications/{id}"))).json();
    let noted = &shown["agreement"];
    assert_eq!((&noted["sha256"], &noted["accepted"]), (&Value::from(digest), &Value::from("2026-01-15")));
    assert!(noted["terms"].is_string() && noted["noted"].is_string(), "{shown}");
    assert_eq!(noted["noted_by"], shown["opened_by"], "{shown}");
    here.must(&submit);
    let shown = here.ask(Call::get("registration-officer", &format!("/applications/{id}"))).json();
    let order = shown["order"].as_str().unwrap();
    let order = here.ask(Call::get("registration-officer", &format!("/orders/{order}"))).json();
    assert!(order["content"].as_str().unwrap().contains(digest), "{order}");
    assert!(here.approve(id).status.success());
    here.await_certificate(id);
    serving.stop();
}
