//! A relying party and an application, who have the certificates and openssl.

use std::fs;

use super::ca;
use crate::http::{get, stamp};
use crate::installation::{Installation, Subject};
use crate::program::{self, said, wait_for};

/// Chain, OCSP, CRL and issuer, at the addresses in the certificate.
pub(super) fn checks_everything(here: &Installation, subject: Subject<'_>) {
    let (certificate, issuer) = (format!("{}.pem", subject.name()), format!("pki/{}.pem", ca(subject)));
    let chain = ["-CAfile", "pki/root.pem", "-untrusted", &issuer];
    let verify = ["verify", "-x509_strict", "-purpose", "any", "-policy_check"];
    assert!(here.openssl(&[&verify[..], &chain, &[&certificate]].concat()).contains(": OK"));

    // A development installation's: nobody takes it for real (P-44), and it claims nothing of the Union's (C-61).
    let text = here.openssl(&["x509", "-in", &certificate, "-noout", "-text"]);
    let names = text.lines().filter(|line| line.trim().starts_with("Issuer: "));
    assert!(names.clone().count() == 1 && names.clone().all(|name| name.contains("TEST")), "{text}");
    assert!(text.contains("Policy: 2.999.") && !text.contains("Policy: 0.4.0.194112."), "{text}");

    for hash in ["-sha1", "-sha256"] {
        let told = status(here, subject, &[hash]);
        assert!(told.contains("Response verify OK") && told.contains(": good"), "{told}");
        assert!(!told.contains("no nonce in response"), "the nonce comes back: {told}");
    }

    let crl = fetch(here, &extension(here, &certificate, "crlDistributionPoints", "URI:"));
    fs::write(here.file("fetched.crl"), crl).unwrap();
    let read = ["crl", "-inform", "DER", "-in", "fetched.crl", "-CAfile", &issuer];
    assert!(here.openssl(&[&read[..], &["-noout"]].concat()).contains("verify OK"));
    here.openssl(&[&read[..5], &["-outform", "PEM", "-out", "fetched.crl.pem"]].concat());
    let checked = ["-crl_check", "-CRLfile", "fetched.crl.pem"];
    assert!(here.openssl(&[&["verify"], &checked[..], &chain, &[&certificate]].concat()).contains(": OK"));

    let served = fetch(here, &extension(here, &certificate, "authorityInfoAccess", "CA Issuers - URI:"));
    here.openssl(&["x509", "-in", &issuer, "-outform", "DER", "-out", "issuer.der"]);
    assert_eq!(served, here.read("issuer.der"), "the issuer's own bytes");
}

/// Revoked: by OCSP at once, with the reason; on the next CRL.
pub(super) fn sees_the_revocation(here: &Installation, subject: Subject<'_>, serial: &str) {
    let revoked = here.revoke(serial);
    assert!(revoked.status.success(), "{}", said(&revoked));
    let told = await_status(here, subject, ": revoked");
    assert!(told.contains("Reason: keyCompromise"), "{told}");
    here.await_listed(serial);
    let crl = here.crl();
    let (_, entry) = crl.split_once(serial).unwrap();
    assert!(entry.lines().take(5).any(|line| line.contains("key compromise")), "{crl}");
    // For ever (C-95).
    let released = here.release(serial);
    assert!(!released.status.success(), "{}", said(&released));
    assert!(here.shown(serial).contains("revoked (keyCompromise)"), "{}", here.shown(serial));
}

/// On hold in both, and in neither after the release.
pub(super) fn sees_suspension_and_release(here: &Installation, subject: Subject<'_>, serial: &str) {
    let suspended = here.suspend(serial);
    assert!(suspended.status.success(), "{}", said(&suspended));
    let told = await_status(here, subject, ": revoked");
    assert!(told.contains("Reason: certificateHold"), "{told}");
    await_crl(here, ca(subject), |crl| crl.contains(serial) && crl.contains("certificate hold"));
    let released = here.release(serial);
    assert!(released.status.success(), "{}", said(&released));
    await_status(here, subject, ": good");
    await_crl(here, ca(subject), |crl| !crl.contains(serial));
}

/// `openssl ts -query`, HTTP, `openssl ts -verify`.
pub(super) fn gets_a_time_stamp(here: &Installation) {
    fs::write(here.file("document"), "a contract").unwrap();
    here.openssl(&["ts", "-query", "-data", "document", "-sha256", "-cert", "-out", "q.tsq"]);
    let reply = wait_for(|| {
        let reply = stamp(here.public(), "/tsa", &here.read("q.tsq"));
        // A rejection is shorter than any token: there is none before the clock has passed the last run's mark.
        if reply.body.len() > 400 { Ok(reply) } else { Err(here.log()) }
    });
    assert_eq!((reply.status, reply.header("content-type")), (200, Some("application/timestamp-reply")));
    fs::write(here.file("r.tsr"), &reply.body).unwrap();
    let verify = ["ts", "-verify", "-in", "r.tsr", "-CAfile", "pki/root.pem"];
    let untrusted = ["-untrusted", "pki/time-stamping.pem"];
    let of = |what: &[&str]| here.openssl(&[&verify[..], &untrusted, what].concat());
    assert!(of(&["-queryfile", "q.tsq"]).contains("Verification: OK"));
    assert!(of(&["-data", "document"]).contains("Verification: OK"));
    fs::write(here.file("document"), "another contract").unwrap();
    let other =
        program::run(here.folder(), "openssl", &[&verify[..], &untrusted, &["-data", "document"]].concat());
    assert!(!other.status.success(), "{}", said(&other));
}

/// What OCSP says of a subject's certificate, at the address that it carries.
fn status(here: &Installation, subject: Subject<'_>, options: &[&str]) -> String {
    let (certificate, issuer) = (format!("{}.pem", subject.name()), format!("pki/{}.pem", ca(subject)));
    let url = here.openssl(&["x509", "-in", &certificate, "-noout", "-ocsp_uri"]);
    let request = ["-issuer", &issuer, "-cert", &certificate, "-url", url.trim()];
    let trust = ["-CAfile", "pki/root.pem", "-verify_other", &issuer];
    here.openssl(&[&["ocsp"], options, &request, &trust].concat())
}

/// The promise is a second; the limit here is patience, since a machine may be slow.
fn await_status(here: &Installation, subject: Subject<'_>, words: &str) -> String {
    wait_for(|| {
        let told = status(here, subject, &[]);
        if told.contains(words) && told.contains("Response verify OK") { Ok(told) } else { Err(told) }
    })
}

fn await_crl(here: &Installation, ca: &str, holds: impl Fn(&str) -> bool) {
    wait_for(|| {
        let crl = here.crl_of(ca);
        if holds(&crl) { Ok(()) } else { Err(format!("{crl}\n{}", here.log())) }
    });
}

/// The address after `label` in an extension, as openssl prints it.
fn extension(here: &Installation, certificate: &str, name: &str, label: &str) -> String {
    let text = here.openssl(&["x509", "-noout", "-ext", name, "-in", certificate]);
    let address = text.lines().find_map(|line| line.trim().strip_prefix(label));
    address.unwrap_or_else(|| panic!("{text}")).to_owned()
}

fn fetch(here: &Installation, url: &str) -> Vec<u8> {
    let path = url.strip_prefix(&format!("http://{}", here.public())).unwrap_or_else(|| panic!("{url}"));
    let reply = get(here.public(), path);
    assert_eq!(reply.status, 200, "{url}");
    reply.body
}
