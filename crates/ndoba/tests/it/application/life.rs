//! What comes after the certificate: acceptance, renewal with the same key, another key.

use std::fs;

use crate::api::Call;
use crate::installation::{Engine, Installation};
use crate::program::said;

on_both_engines!(a_certificate_is_accepted_renewed_and_gets_another_key);

const NUMBER: &str = "01001012345";
const OFFICER: [&str; 2] = ["--as", "officers/registration-officer.pem"];

fn a_certificate_is_accepted_renewed_and_gets_another_key(engine: Engine) {
    let here = Installation::on(engine);
    let serving = here.serve(None);
    let application = here.apply(NUMBER);
    let accept =
        ["application", "accept", &application, "--remark", "signed receipt 5", OFFICER[0], OFFICER[1]];
    assert!(here.must_not(&accept).contains("application.state"), "accepted before it is there");
    assert!(here.approve(&application).status.success());
    let first = here.await_certificate(&application);
    assert!(here.must_not(&accept).contains("application.state"), "accepted before it is delivered");
    here.must(&["application", "deliver", &application, OFFICER[0], OFFICER[1]]);
    let accepted = here.must(&accept);
    assert!(accepted.contains(": accepted (signed receipt 5), certificate "), "{accepted}");
    assert_eq!(events(&here, "certificate-accepted"), "1");

    // The same key, proved anew; what is proved is never taken over.
    fs::write(here.file("nothing.toml"), "days = 30\n").unwrap();
    let unproved =
        here.must_not(&["application", "renew", &first, "--file", "nothing.toml", OFFICER[0], OFFICER[1]]);
    assert!(unproved.contains("/identity_proofing: must be given [field.missing]"), "{unproved}");
    let today = here.read_text("person.toml");
    let proofing = &today[today.find("[identity_proofing]").unwrap()..];
    fs::write(here.file("renewal.toml"), format!("days = 30\n{proofing}")).unwrap();
    let second = issued(&here, &first, &[]);
    assert_ne!(first, second);
    let key = |serial: &str| {
        here.download(serial, "one.pem");
        here.openssl(&["x509", "-in", "one.pem", "-noout", "-pubkey"])
    };
    assert_eq!(key(&first), key(&second));

    // Another subject is not renewed into this one.
    let other = here.must_not_renew(
        &first,
        &format!("days = 30\n[subject]\npersonal_number = \"01001099999\"\n{proofing}"),
    );
    assert!(other.contains("/subject: ") && other.contains("replaces.other-subject"), "{other}");

    // A revoked key is not certified again; a new one is.
    assert!(here.revoke(&first).status.success());
    let same =
        here.must_not(&["application", "renew", &first, "--file", "renewal.toml", OFFICER[0], OFFICER[1]]);
    assert!(same.contains("replaces.key"), "{same}");
    here.openssl(&["genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256", "-out", "new.key"]);
    here.openssl(&["req", "-new", "-key", "new.key", "-subj", "/CN=x", "-out", "new.csr"]);
    let third = issued(&here, &first, &["--csr", "new.csr"]);
    assert_ne!(key(&first), key(&third));
    serving.stop();
}

/// The serial number of the certificate that replaces this one. Both officers are told what it replaces.
fn issued(here: &Installation, serial: &str, more: &[&str]) -> String {
    let renew = ["application", "renew", serial, "--file", "renewal.toml", OFFICER[0], OFFICER[1]];
    let opened = here.must(&[&renew[..], more].concat());
    let id = opened.split_whitespace().last().unwrap();
    let shown = here.ask(Call::get("registration-officer", &format!("/applications/{id}"))).json();
    assert_eq!((&shown["replaces"], &shown["content"]["days"]), (&serial.into(), &30.into()), "{shown}");
    here.agree(id, &OFFICER);
    here.submit(id);
    let approved = here.approve(id);
    let words = said(&approved);
    assert!(
        approved.status.success() && words.contains("Replaces certificate") && words.contains(serial),
        "{words}"
    );
    here.await_certificate(id)
}

impl Installation {
    fn must_not_renew(&self, serial: &str, changes: &str) -> String {
        fs::write(self.file("other.toml"), changes).unwrap();
        self.must_not(&["application", "renew", serial, "--file", "other.toml", OFFICER[0], OFFICER[1]])
    }
}

fn events(here: &Installation, kind: &str) -> String {
    let event = if here.is_on_postgresql() { "convert_from(event, 'UTF8')" } else { "CAST(event AS TEXT)" };
    here.sql(&format!("SELECT count(*) FROM audit_events WHERE {event} LIKE '%\"{kind}\"%'"))
}
