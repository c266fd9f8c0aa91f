//! The agreement at the command line: made, compared, accepted before anything is signed (K-P08).

use std::fs;

use serde_json::Value;

use crate::api::Call;
use crate::installation::{Engine, Installation, Subject, today};
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

    let today = today();
    let agree = |file: &str, day: &str| {
        ["application", "agree", id, "--file", file, "--accepted", day, OFFICER[0], OFFICER[1]]
            .map(str::to_owned)
    };
    let words =
        |arguments: &[String]| arguments.iter().map(String::as_str).collect::<Vec<_>>().join("\u{1f}");
    let must_not =
        |arguments: [String; 9]| here.must_not(&words(&arguments).split('\u{1f}').collect::<Vec<_>>());
    fs::write(here.file("other.pdf"), [&before[..], b" "].concat()).unwrap();
    assert!(must_not(agree("other.pdf", &today)).contains("[agreement.other]"));
    assert!(must_not(agree("agreement.pdf", "2999-01-01")).contains("[date.future]"));
    assert!(must_not(agree("agreement.pdf", "2026-01-15")).contains("[date.before-agreement] (P-13)"));
    assert!(here.must_not(&submit).contains("agreement.missing"));
    here.must(&words(&agree("agreement.pdf", &today)).split('\u{1f}').collect::<Vec<_>>());

    // Terms, time and who noted it are kept, and both officers sign the digest.
    let shown = here.ask(Call::get("registration-officer", &format!("/applications/{id}"))).json();
    let noted = &shown["agreement"];
    assert_eq!((&noted["sha256"], &noted["accepted"]), (&Value::from(digest), &Value::from(today.as_str())));
    assert!(noted["terms"].is_string() && noted["noted"].is_string(), "{shown}");
    assert_eq!(noted["noted_by"], shown["opened_by"], "{shown}");
    let refused = here.must_not(&submit);
    assert!(
        refused.contains("/agreement/copy: ") && refused.contains("[agreement.copy-missing] (REG-6.3.4-08)")
    );

    // The signed copy: what it is counts, not its name; what comes back is what was attached.
    fs::write(here.file("signed.pdf"), [&before[..], b"% signed\n"].concat()).unwrap();
    fs::write(here.file("not.pdf"), "MZ").unwrap();
    fs::write(here.file("long.pdf"), [&b"%PDF-"[..], &vec![b' '; 2 * 1024 * 1024]].concat()).unwrap();
    let attach =
        |file: &str| ["application", "attach", id, "--file", file, OFFICER[0], OFFICER[1]].map(str::to_owned);
    let attach = |file: &str| attach(file).join("\u{1f}");
    for (file, code) in [("not.pdf", "[copy.type] (P-12)"), ("long.pdf", "[copy.too-long] (P-12)")] {
        let refused = here.must_not(&attach(file).split('\u{1f}').collect::<Vec<_>>());
        assert!(refused.contains(code), "{file}: {refused}");
    }
    here.must(&attach("signed.pdf").split('\u{1f}').collect::<Vec<_>>());
    here.must(&["application", "attached", id, "--out", "back.pdf", OFFICER[0], OFFICER[1]]);
    assert_eq!(here.read("back.pdf"), here.read("signed.pdf"));
    let copy = here.openssl(&["dgst", "-sha256", "-r", "signed.pdf"]);
    let copy = copy.split(' ').next().unwrap();
    copies_of_evidence_are_attached(&here, id);

    here.must(&submit);
    let said =
        here.must(&["application", "record", "01001012345", "--out", "record", OFFICER[0], OFFICER[1]]);
    // The record itself, the agreement, both copies: what went in comes out, and a stranger's program checks it.
    assert_eq!(said.trim(), "record: 1 applications, 4 files");
    assert_eq!(here.read(&format!("record/{id}/agreement.pdf")), before);
    assert_eq!(here.read(&format!("record/{id}/{copy}.pdf")), here.read("signed.pdf"));
    let card = here.openssl(&["dgst", "-sha256", "-r", "card.png"]);
    let card = card.split(' ').next().unwrap();
    assert_eq!(here.read(&format!("record/{id}/{card}.png")), here.read("card.png"));
    program::must(&here.file("record"), "sha256sum", &["--check", "--strict", "SHA256SUMS"]);
    let again = ["application", "record", "01001012345", "--out", "record", OFFICER[0], OFFICER[1]];
    assert!(here.must_not(&again).contains("record is not empty"));
    let record: Value = serde_json::from_str(&here.read_text("record/record.json")).unwrap();
    assert_eq!(record["cases"][0]["copies"].as_array().unwrap().len(), 2, "{record}");
    let evidence = record["cases"][0]["evidence"].as_array().unwrap();
    assert!(evidence.iter().any(|item| item["content"].as_str().unwrap().contains(copy)), "{record}");
    let shown = here.ask(Call::get("registration-officer", &format!("/applications/{id}"))).json();
    let order = shown["order"].as_str().unwrap();
    let order = here.ask(Call::get("registration-officer", &format!("/orders/{order}"))).json();
    assert!(order["content"].as_str().unwrap().contains(digest), "{order}");
    assert!(here.approve(id).status.success());
    let serial = here.await_certificate(id);
    let note = [
        "--channel",
        "letter",
        "--note",
        "her lawyer wrote",
        "--yes",
        "--as",
        "officers/revocation-officer.pem",
    ];
    here.must(&[&["certificate", "suspend", &serial][..], &note].concat());
    serving.stop();
    nothing_lies_in_clear_and_the_data_key_can_be_changed(&here, id);
}

/// What a copy is called leads nowhere; what was attached comes back.
fn copies_of_evidence_are_attached(here: &Installation, id: &str) {
    let card = [&b"\x89PNG\r\n\x1a\n"[..], b" an identity card"].concat();
    fs::write(here.file("card.png"), &card).unwrap();
    let attach = ["application", "attach", id, "--file", "card.png", "--of", "identity-document"];
    let named = |name: &str| here.must_not(&[&attach[..], &["--name", name], &OFFICER].concat());
    assert!(named("../card.png").contains("/name: ") && named("../card.png").contains("[attachment.name]"));
    let said = here.must(&[&attach[..], &OFFICER].concat());
    let digest = here.openssl(&["dgst", "-sha256", "-r", "card.png"]);
    let digest = digest.split(' ').next().unwrap();
    let line = format!("copy: identity-document (card.png), {} octets, SHA-256 {digest}", card.len());
    assert!(said.contains(&line), "{said}");
    let detach = ["application", "detach", id, "--sha256", digest, OFFICER[0], OFFICER[1]];
    here.must(&detach);
    assert!(here.must_not(&detach).contains("attachment.unknown"));
    here.must(&[&attach[..], &OFFICER].concat());
    let approver = ["--as", "officers/approver.pem"];
    let listed = here.must(&[&["application", "attachments", id, "--out", "copies"], &approver[..]].concat());
    assert_eq!(listed.trim(), line);
    assert_eq!(here.read("copies/1-identity-document.png"), card);
}

/// Evidence, contacts and files are sealed at rest; what order and certificate show is not (ADR 0020).
fn nothing_lies_in_clear_and_the_data_key_can_be_changed(here: &Installation, id: &str) {
    assert!(here.lies_in_clear("01001012345"), "the certificate shows it");
    let personal = [
        "n@example.ge",
        "12IA34567",
        "her lawyer wrote",
        "identity_proofing",
        "% signed\n",
        "an identity card",
    ];
    let all_sealed = || personal.iter().for_each(|words| assert!(!here.lies_in_clear(words), "{words}"));
    all_sealed();
    assert!(here.must(&["db", "status", "--config", "ndoba.toml"]).contains("sealed under data key 1\n"));

    let registration = |what: &str| here.must(&["registration", what, "--config", "ndoba.toml"]);
    assert_eq!(registration("data-key"), "registration/data/1 is there\ndata key 1 is there\n");
    let said = registration("rotate-data-key");
    assert!(
        said.starts_with("made data key 2\n") && said.contains("destroyed the data keys before 2"),
        "{said}"
    );
    assert!(registration("seal-records").starts_with("sealed 0 records under data key 2\n"));
    let status = here.must(&["db", "status", "--config", "ndoba.toml"]);
    assert!(status.contains("sealed under data key 2\n") && !status.contains("data key 1\n"), "{status}");
    assert_eq!(here.sql("SELECT number FROM data_keys"), "2");
    all_sealed();

    let serving = here.serve(None);
    here.must(&["application", "attached", id, "--out", "again.pdf", OFFICER[0], OFFICER[1]]);
    assert_eq!(here.read("again.pdf"), here.read("signed.pdf"));
    here.must(&["application", "record", "01001012345", "--out", "again", OFFICER[0], OFFICER[1]]);
    assert!(here.read_text("again/record.json").contains("her lawyer wrote"));
    serving.stop();
}
