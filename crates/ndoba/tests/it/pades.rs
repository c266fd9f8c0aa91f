//! Documents that must stand for years: time-stamps on them and PAdES with our time-stamps and OCSP answers, made and
//! judged by pyHanko; the answers read by python-cryptography (K-O13, K-T13). And agreements that are signed so (P-13).

use std::fs;

use ndoba_testkit::Judge;
use serde_json::Value;

use crate::installation::{Engine, Installation, Subject};
use crate::program::{run, said, wait_for};

const NUMBER: &str = "01001000701";
const OFFICER: [&str; 2] = ["--as", "officers/registration-officer.pem"];

#[test]
fn pyhanko_finds_documents_valid_now_and_years_later() {
    let here = Installation::on(Engine::Sqlite);
    let serving = here.serve(None);
    let serial = here.issue(NUMBER);
    here.download(&serial, "signer.pem");
    fs::copy(here.file("person.key"), here.file("signer.key")).unwrap();
    let (python, script) = (Judge::python().display().to_string(), Judge::script("pades.py"));
    let (script, base) = (script.display().to_string(), format!("http://{}", here.public()));
    let folder = here.folder().display().to_string();
    let judge = || {
        let judged = run(here.folder(), &python, &[&script, &base, &folder, "signer.key", "signer.pem"]);
        if judged.status.success() { Ok(said(&judged)) } else { Err(said(&judged)) }
    };
    // A unit gives no token before its clock has passed the mark of the last run.
    let told = wait_for(judge);
    for line in ["cryptography reads every answer", "document time-stamp:", "signature, judged", "forged:"] {
        assert!(told.lines().any(|told| told.starts_with(line)), "{line:?}: {told}");
    }
    assert!(told.ends_with("valid, now and later\n"), "{told}");
    let id = an_agreement_is_signed_with_it(&here, &serial);
    assert!(here.revoke(&serial).status.success());
    let told = judge().unwrap_err();
    assert!(told.contains("REVOKED"), "{told}");
    assert_refused(&here, &id, "plain.pdf", "signature.certificate");
    drop(serving);
}

/// The subscriber signs the agreement for the next certificate with this one; the application.
fn an_agreement_is_signed_with_it(here: &Installation, serial: &str) -> String {
    let neighbour = here.issue("01001000702");
    here.download(&neighbour, "neighbour.pem");
    fs::copy(here.file("person.key"), here.file("neighbour.key")).unwrap();
    let made = "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout stranger.key -out stranger.pem -subj /CN=x";
    here.openssl(&made.split(' ').collect::<Vec<_>>());
    forge(here);
    here.prepare(Subject::Person(NUMBER));
    let [id, other] = [(); 2].map(|()| here.open(Subject::Person(NUMBER)));
    let (agreement, other) = (format!("{id}.pdf"), format!("{other}.pdf"));
    sign(
        here,
        &[
            [&agreement, "signer", "plain.pdf", "plain"],
            [&agreement, "signer", "visible.pdf", "visible"],
            [&agreement, "signer", "twice.pdf", "twice"],
            [&agreement, "signer", "one.p7s", "detached"],
            [&agreement, "signer", "edited.pdf", "edited"],
            [&agreement, "neighbour", "neighbour.pdf", "plain"],
            [&agreement, "stranger", "stranger.pdf", "plain"],
            [&agreement, "forged", "forged.pdf", "plain"],
            [&other, "signer", "other.pdf", "plain"],
            [&other, "signer", "other.p7s", "detached"],
        ],
    );
    let mut tampered = here.read("plain.pdf");
    let place = tampered.windows(12).position(|words| words == b"/MediaBox [0").unwrap();
    tampered[place + 11] = b'1';
    fs::write(here.file("tampered.pdf"), &tampered).unwrap();
    fs::write(here.file("longer.pdf"), [&here.read("plain.pdf")[..], b"\n"].concat()).unwrap();

    let valid = format!("\n  signature on the signed copy: valid, by the applicant, certificate {serial}");
    for (file, signatures) in [("plain.pdf", 1), ("visible.pdf", 1), ("twice.pdf", 2), ("one.p7s", 1)] {
        let said = here.must(&attach(&id, file));
        assert!(said.trim_end().ends_with(&valid.repeat(signatures)), "{file}: {said}");
    }
    // The API says the same.
    let shown = here.must(&[&["application", "show", &id, "--json"], &OFFICER[..]].concat());
    let shown: Value = serde_json::from_str(&shown).unwrap();
    let copy = &shown["agreement"]["copy"];
    assert_eq!(copy["media_type"], "application/pkcs7-signature", "{shown}");
    let signature = &copy["signatures"][0];
    assert_eq!(
        (&signature["outcome"], &signature["certificate"]),
        (&"valid".into(), &serial.into()),
        "{shown}"
    );

    for (file, code) in [
        ("tampered.pdf", "signature.broken"),
        ("longer.pdf", "signature.partial"),
        ("edited.pdf", "signature.changed"),
        ("other.pdf", "signature.other-document"),
        ("other.p7s", "signature.other-document"),
        ("neighbour.pdf", "signature.other-signer"),
        ("forged.pdf", "signature.certificate"),
    ] {
        assert_refused(here, &id, file, code);
    }
    // A stranger's is kept like a scan.
    let said = here.must(&attach(&id, "stranger.pdf"));
    assert!(said.contains("signed copy: not checked: no certificate of this provider"), "{said}");
    id
}

/// Somebody's own certificate that names our CA's key as its issuer's.
fn forge(here: &Installation) {
    let shown = here.openssl(&["x509", "-in", "pki/signature.pem", "-noout", "-ext", "subjectKeyIdentifier"]);
    let key = shown.split_whitespace().last().unwrap().replace(':', "");
    let extensions = format!(
        "[req]\ndistinguished_name=dn\nx509_extensions=of\n[dn]\n[of]\n2.5.29.35=DER:30168014{key}\n"
    );
    fs::write(here.file("forged.cnf"), extensions).unwrap();
    let made = "req -x509 -config forged.cnf -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout forged.key -out forged.pem -subj /CN=x";
    here.openssl(&made.split(' ').collect::<Vec<_>>());
}

/// Agreement, signer, file and how, for each.
fn sign(here: &Installation, what: &[[&str; 4]]) {
    let script = Judge::script("sign_agreement.py").display().to_string();
    let signed = run(here.folder(), Judge::python(), &[&[&*script], &what.concat()[..]].concat());
    assert!(signed.status.success(), "{}", said(&signed));
}

fn attach<'a>(id: &'a str, file: &'a str) -> Vec<&'a str> {
    [&["application", "attach", id, "--file", file], &OFFICER[..]].concat()
}

#[track_caller]
fn assert_refused(here: &Installation, id: &str, file: &str, code: &str) {
    let said = here.must_not(&attach(id, file));
    assert!(said.contains("/content: ") && said.contains(&format!("[{code}] (P-13)")), "{file}: {said}");
}
