//! A whole installation on RSA: the ceremony by plan, and certificates, status and time-stamps that openssl and the
//! judges accept (requirements §2.8).

use std::fs;
use std::process::Command;

use ndoba_testkit::{Document, Judge};

use crate::http::stamp;
use crate::installation::{Engine, Installation, Subject};
use crate::program::{said, wait_for};

on_both_engines!(the_whole_path_on_rsa);

fn the_whole_path_on_rsa(engine: Engine) {
    let here = Installation::planned_on(engine, &plan());
    for (file, bits, algorithm) in [
        ("pki/root.pem", 4096, "sha512WithRSAEncryption"),
        ("pki/signature.pem", 3072, "sha512WithRSAEncryption"),
        ("pki/signature-ocsp.pem", 3072, "sha256WithRSAEncryption"),
        ("pki/tsu.pem", 3072, "ecdsa-with-SHA384"),
    ] {
        let shown = here.openssl(&["x509", "-in", file, "-noout", "-text"]);
        assert!(shown.contains(&format!("Public-Key: ({bits} bit)")), "{file}: {shown}");
        assert!(shown.contains(&format!("Signature Algorithm: {algorithm}")), "{file}: {shown}");
        // Down to the root, which stands for itself here.
        let above = if file.contains("-ocsp") { "pki/signature.pem" } else { "pki/time-stamping.pem" };
        let verify = ["verify", "-x509_strict", "-CAfile", "pki/root.pem", "-untrusted", above, file];
        here.openssl(&verify);
    }
    let report = super::ceremony::report::read(&here);
    super::ceremony::keys::are_as_strangers_read_them(&here, &report);
    super::ceremony::keys::command_agrees(&here, &report);

    let serving = here.serve(None);
    let person = Subject::Person("01001012345");
    here.prepare_with(person, &["RSA", "-pkeyopt", "rsa_keygen_bits:3072"]);
    let application = here.open(person);
    here.submit(&application);
    let approved = here.approve(&application);
    assert!(approved.status.success(), "{}", said(&approved));
    let serial = here.await_certificate(&application);
    for file in ["person.pem", "person.der"] {
        here.download(&serial, file);
    }
    let chain = ["-CAfile", "pki/root.pem", "-untrusted", "pki/signature.pem", "person.pem"];
    here.openssl(&[&["verify", "-x509_strict", "-policy_check"], &chain[..]].concat());
    Judge::shared().assert_clean(Document::Person, &here.read("person.der"));
    // An EC key in a certificate that RSA signed.
    here.issue("01001054321");

    let told = here.ocsp_of("signature", &serial, &["-sha256", "-respout", "answer.der"]);
    assert!(told.contains(": good") && told.contains("Response verify OK"), "{told}");
    Judge::shared().assert_clean(Document::OcspResponse, &here.read("answer.der"));
    let revoked = here.revoke(&serial);
    assert!(revoked.status.success(), "{}", said(&revoked));
    here.await_listed(&serial);
    let crl = here.read("published/crl/signature.crl");
    Judge::shared().assert_clean(Document::Crl, &crl);
    let read = ["crl", "-inform", "DER", "-in", "published/crl/signature.crl", "-noout"];
    assert!(here.openssl(&[&read[..], &["-CAfile", "pki/signature.pem"]].concat()).contains("verify OK"));

    fs::write(here.file("document"), "a contract").unwrap();
    here.openssl(&["ts", "-query", "-data", "document", "-sha512", "-cert", "-out", "q.tsq"]);
    let token = wait_for(|| {
        let reply = stamp(here.public(), "/tsa", &here.read("q.tsq"));
        if reply.body.len() > 400 { Ok(reply.body) } else { Err(format!("{reply:?}")) }
    });
    fs::write(here.file("r.tsr"), token).unwrap();
    let verify = ["ts", "-verify", "-queryfile", "q.tsq", "-in", "r.tsr", "-CAfile", "pki/root.pem"];
    let told = here.openssl(&[&verify[..], &["-untrusted", "pki/time-stamping.pem"]].concat());
    assert!(told.contains("Verification: OK"), "{told}");
    serving.stop();
}

/// The development plan with RSA keys from the root to a subscriber's certificate, for time-stamps and for the log; the
/// other two CAs stay on P-384 beneath that root.
fn plan() -> String {
    let output = Command::new(env!("CARGO_BIN_EXE_ndoba")).args(["ceremony", "plan"]).output().unwrap();
    let mut plan: toml::Table = toml::from_str(&String::from_utf8(output.stdout).unwrap()).unwrap();
    let rsa = |bits: u32| toml::Value::from(format!("rsa{bits}"));
    plan["root"]["key"] = rsa(4096);
    plan["authorities"][0]["key"] = rsa(3072);
    plan["authorities"][0]["responder_key"] = rsa(3072);
    plan["tsus"][0]["key"] = rsa(3072);
    plan["audit_key"] = rsa(3072);
    toml::to_string(&plan).unwrap()
}
