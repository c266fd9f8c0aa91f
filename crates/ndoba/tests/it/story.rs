//! The whole path on both engines: from two officers' signatures to a certificate, its status, a time-stamp and a log
//! that strangers verify. The judge is openssl, by the addresses that the certificates themselves carry.

mod log;
mod relying;
mod told;

use std::fs;

use crate::api::Call;
use crate::installation::{Engine, Installation, PUBLIC_URL, Subject};
use crate::program::said;

on_both_engines!(from_two_officers_to_what_strangers_verify);

const PERSON: Subject<'_> = Subject::Person("01001012345");
const MUNICIPALITY: Subject<'_> = Subject::Municipality("404123456");

fn from_two_officers_to_what_strangers_verify(engine: Engine) {
    let here = Installation::on(engine);
    // So that clients reach what the certificates name.
    here.configure("ndoba.toml", PUBLIC_URL, &format!("http://{}", here.public()));
    let receiver = told::Receiver::configured(&here);
    let serving = here.serve(None);

    appointed(&here);
    who_holds_both_roles_signs_once(&here);
    let [person, municipality] = [PERSON, MUNICIPALITY].map(|subject| {
        let id = applied(&here, subject);
        let serial = approved(&here, subject, &id);
        delivered(&here, subject, &serial);
        relying::checks_everything(&here, subject);
        serial
    });
    assert_ne!(person, municipality);
    a_body_is_found_by_its_code(&here, &municipality);

    relying::sees_the_revocation(&here, PERSON, &person);
    relying::sees_suspension_and_release(&here, MUNICIPALITY, &municipality);
    relying::gets_a_time_stamp(&here);
    let serving = receiver.was_told(&here, serving, [&person, &municipality]);
    log::is_verified_and_damage_is_named(&here);
    serving.stop();
}

/// The CA that issues to a subject.
fn ca(subject: Subject<'_>) -> &'static str {
    match subject {
        Subject::Municipality(_) => "seal",
        Subject::Person(_) => "signature",
    }
}

/// By its nine digits, the certificate and the application behind it.
fn a_body_is_found_by_its_code(here: &Installation, serial: &str) {
    let Subject::Municipality(code) = MUNICIPALITY else { panic!("a body") };
    assert_eq!(code.len(), 9);
    let found = here.must(&["certificate", "search", code, "--as", "officers/revocation-officer.pem"]);
    assert!(found.starts_with(serial) && found.lines().count() == 1, "{found}");
    let officer = ["--as", "officers/registration-officer.pem"];
    let listed = here.must(&[&["application", "list", "--subject", code], &officer[..]].concat());
    assert!(listed.lines().count() == 1 && listed.contains("organisation-seal"), "{listed}");
}

/// Two security officers were pinned and granted the others their roles: the register says so.
fn appointed(here: &Installation) {
    let listed = here.must(&["officer", "list", "--as", "officers/auditor.pem"]);
    assert_eq!(listed.lines().count(), 6, "{listed}");
    assert_eq!(listed.lines().filter(|line| line.contains("security-officer")).count(), 2, "{listed}");
    for role in ["approver", "auditor", "registration-officer", "revocation-officer"] {
        let me = here.must(&["officer", "whoami", "--as", &format!("officers/{role}.pem")]);
        assert!(me.contains(role), "{me}");
    }
    // One security officer alone appoints nobody: the register refuses the document.
    here.must(&["officer", "new", "--config", "ndoba.toml", "--name", "x", "--out", "officers/x.pem"]);
    let alone = here.must_not(&[
        "officer",
        "grant",
        "--as",
        "officers/security-1.pem",
        "--second",
        "officers/security-1.pem",
        "--officer",
        "officers/x.pem",
        "--name",
        "x",
        "--personal-number",
        "01001000099",
        "--roles",
        "approver",
        "--yes",
    ]);
    assert!(alone.contains("person"), "{alone}");
}

/// An application with its CSR, after one whose errors name their fields.
fn applied(here: &Installation, subject: Subject<'_>) -> String {
    here.prepare(subject);
    let (file, field) = match subject {
        Subject::Municipality(_) => ("municipality.toml", "identification_code"),
        Subject::Person(_) => ("person.toml", "personal_number"),
    };
    let content = here.read_text(file);
    let (before, after) = content.split_once(&format!("\n{field} = \"")).unwrap();
    let wrong = format!("{before}\n{field} = \"12{after}");
    fs::write(here.file("wrong.toml"), wrong).unwrap();
    let csr = format!("{}.csr", subject.name());
    let officer = "officers/registration-officer.pem";
    let refused =
        here.must_not(&["application", "new", "--file", "wrong.toml", "--csr", &csr, "--as", officer]);
    assert!(refused.contains(&format!("/subject/{field}: ")), "{refused}");

    let id = here.open(subject);
    // Cut off between the order and the submitter's signature: submitted again, it goes on, and signs nothing twice.
    let made = here.ask(Call::post("registration-officer", &format!("/applications/{id}/order"), b"{}"));
    let order = format!("submitted, order {}", made.json()["order_id"].as_str().unwrap());
    let early = here.must_not(&["application", "approve", &id, "--as", "officers/approver.pem", "--yes"]);
    assert!(early.contains("the submitter has not signed the order yet"), "{early}");
    for _ in 0..2 {
        let submitted = here.must(&["application", "submit", &id, "--as", officer, "--yes"]);
        assert!(submitted.contains(&order), "{submitted}");
    }
    id
}

/// The submitter cannot approve; another officer sees in plain words what is signed, signs, and the CA issues.
fn approved(here: &Installation, subject: Subject<'_>, id: &str) -> String {
    let alone =
        here.must_not(&["application", "approve", id, "--as", "officers/registration-officer.pem", "--yes"]);
    assert!(alone.contains("order-signer-role"), "{alone}");
    let approval = here.approve(id);
    let words = said(&approval);
    assert!(approval.status.success() && words.contains("You sign as approver:"), "{words}");
    let shown = match subject {
        Subject::Municipality(code) => ["თელავის მუნიციპალიტეტი", code],
        Subject::Person(number) => ["ნინო", number],
    };
    assert!(shown.iter().all(|one| words.contains(one)), "{words}");
    let serial = here.await_certificate(id);
    assert!(words.contains(&format!("issued, serial {serial}")), "{words}");

    // Both officers' own signatures are kept, over the same bytes.
    let application = here.ask(Call::get("registration-officer", &format!("/applications/{id}"))).json();
    let order = application["order"].as_str().unwrap();
    let order = here.ask(Call::get("registration-officer", &format!("/orders/{order}"))).json();
    let signatures = order["signatures"].as_array().unwrap();
    assert_eq!(signatures.len(), 2, "{order}");
    assert_ne!(signatures[0]["officer"], signatures[1]["officer"], "{order}");
    fs::write(here.file("order"), order["content"].as_str().unwrap()).unwrap();
    let digest = here.openssl(&["dgst", "-sha256", "-r", "order"]);
    assert_eq!(digest.split(' ').next(), order["digest"].as_str(), "{order}");
    serial
}

/// One person may be submitter and approver, and never on the same order (P-03).
fn who_holds_both_roles_signs_once(here: &Installation) {
    here.appoint("both", "registration-officer,approver", "01001000077");
    here.prepare(PERSON);
    let officer = ["--as", "officers/both.pem"];
    let files = ["--file", "person.toml", "--csr", "person.csr"];
    let opened = here.must(&[&["application", "new"], &files[..], &officer].concat());
    let id = opened.split_whitespace().last().unwrap();
    here.agree(id, &officer);
    here.must(&[&["application", "submit", id, "--yes"], &officer[..]].concat());
    let refused = here.must_not(&[&["application", "approve", id, "--yes"], &officer[..]].concat());
    assert!(refused.contains("separation."), "{refused}");
    here.must(&[&["application", "withdraw", id], &officer[..]].concat());
}

/// The certificate in its three forms, which are one.
fn delivered(here: &Installation, subject: Subject<'_>, serial: &str) {
    let name = subject.name();
    let file = |ending: &str| format!("{name}.{ending}");
    for ending in ["pem", "der", "p7c"] {
        here.download(serial, &file(ending));
    }
    here.openssl(&["x509", "-in", &file("pem"), "-outform", "DER", "-out", "again.der"]);
    assert_eq!(here.read("again.der"), here.read(&file("der")));
    let shown = here.openssl(&["x509", "-in", &file("pem"), "-noout", "-serial"]);
    assert_eq!(shown.trim().to_lowercase(), format!("serial={}", serial.to_lowercase()));
    // The certificate, its issuer and the root.
    let chain = here.openssl(&["pkcs7", "-inform", "DER", "-in", &file("p7c"), "-print_certs"]);
    assert_eq!(chain.matches("BEGIN CERTIFICATE").count(), 3, "{chain}");
    assert!(chain.contains(here.read_text(&format!("pki/{}.pem", ca(subject))).trim()), "{chain}");
    // Of the key in the CSR, and of no other.
    let of = |arguments: &[&str]| here.openssl(arguments);
    assert_eq!(
        of(&["x509", "-in", &file("pem"), "-noout", "-pubkey"]),
        of(&["pkey", "-in", &file("key"), "-pubout"])
    );
}
