//! A CA goes on under the same name with another key: both generations verify for strangers, each with its own list and
//! its own answers, and each issues in its time (EN 319 411-1 GEN-6.5.1-08, -09; ADR 0017).

use std::fs;
use std::process::Output;

use ndoba_testkit::{Document, Judge};
use serde_json::Value;

use crate::http;
use crate::installation::{Engine, Installation};
use crate::presence::TWO;
use crate::program::{self, wait_for};
use crate::time_stamps::query;

on_both_engines!(a_ca_goes_on_under_another_key);

/// The ceremony for the next key of a CA.
fn next_ca<'a>(ca: &'a str, next: &'a str) -> Vec<&'a str> {
    [&["ceremony", "next-ca", ca, next, "--config", "ndoba.toml"], &TWO[..]].concat()
}

impl Installation {
    /// Takes what the ceremony wrote into the configuration.
    fn configure_next(&self, next: &str) {
        let text = self.read_text("ndoba.toml") + &self.read_text(&format!("ceremony/{next}.toml"));
        fs::write(self.file("ndoba.toml"), text).unwrap();
    }

    /// Two security officers, or one twice, decide when the next one issues; now where that is not said.
    fn succeed(&self, [ca, next]: [&str; 2], second: &str, from: Option<&str>) -> Output {
        let from = from.map_or(Vec::new(), |from| vec!["--from", from]);
        let signers = ["--as", "officers/security-1.pem", "--second", second, "--yes"];
        self.run(&[&["officer", "succeed-ca", ca, next], &signers[..], &from].concat())
    }

    /// What openssl says of the chain to the root with every list of it, both generations at hand.
    fn verified(&self, certificate: &str) -> (bool, String) {
        let (mut lists, mut chain) = (String::new(), String::new());
        for ca in ["root", "signature", "signature-2"] {
            let (list, pem) = (format!("published/crl/{ca}.crl"), format!("{ca}.crl.pem"));
            self.openssl(&["crl", "-inform", "DER", "-in", &list, "-out", &pem]);
            lists += &self.read_text(&pem);
            chain += &self.read_text(&format!("pki/{ca}.pem"));
        }
        fs::write(self.file("lists.pem"), lists).unwrap();
        fs::write(self.file("chain.pem"), chain).unwrap();
        let verify = ["verify", "-x509_strict", "-crl_check_all", "-CAfile", "pki/root.pem"];
        let with = ["-CRLfile", "lists.pem", "-untrusted", "chain.pem", certificate];
        let verified = program::run(self.folder(), "openssl", &[&verify[..], &with].concat());
        (verified.status.success(), program::said(&verified))
    }

    /// A member of a certificate, as openssl prints it.
    fn member(&self, file: &str, options: &[&str]) -> String {
        self.openssl(&[&["x509", "-noout", "-in", file], options].concat())
    }
}

fn a_ca_goes_on_under_another_key(engine: Engine) {
    const PAIR: [&str; 2] = ["signature", "signature-2"];
    const SECOND: &str = "officers/security-2.pem";
    let here = Installation::on(engine);
    let serving = here.serve(None);
    let old = here.issue("01001000941");
    here.download(&old, "old.pem");
    let same = here.succeed(PAIR, SECOND, None);
    assert!(!same.status.success(), "there is none yet: {}", program::said(&same));

    // 1. The ceremony, beside the roles: the same name, another key, a list; held once, and gone on with.
    let make = next_ca(PAIR[0], PAIR[1]);
    here.presence_is_asked_for(&make[..make.len() - TWO.len()]);
    for made in ["pki/signature-2.pem", "pki/signature-2-enrolment.pub.pem", "ceremony/signature-2.json"] {
        assert!(!here.file(made).exists(), "{made}");
    }
    assert!(!here.must(&["keys", "list", "--config", "ndoba.toml"]).contains("signature-2"));
    assert!(here.must_not(&next_ca("root", "root-2")).contains("root is a root"));
    here.must(&make);
    assert!(here.must_not(&make).contains("signature-2 was made already"));
    let made = ["pki/signature-2.pem", "pki/signature-2-ocsp.pem", "published/crl/signature-2.crl"];
    let before = made.map(|file| here.read(file));
    fs::remove_file(here.file("ceremony/signature-2.json")).unwrap();
    here.must(&make);
    assert_eq!(made.map(|file| here.read(file)), before, "nothing is signed twice");
    let both = |options: &[&str]| PAIR.map(|ca| here.member(&format!("pki/{ca}.pem"), options));
    let [subject, subject_2] = both(&["-subject", "-nameopt", "RFC2253,utf8"]);
    assert_eq!(subject, subject_2);
    let [key, key_2] = both(&["-ext", "subjectKeyIdentifier"]);
    assert_ne!(key, key_2);
    here.must(&["lint", "pki/signature-2.pem", "--type", "ca"]);
    let report = here.read_text("ceremony/signature-2.txt");
    let session: Value = serde_json::from_str(&here.read_text("ceremony/signature-2.json")).unwrap();
    let session = session["session"]["sha256"].as_str().unwrap().to_owned();
    for told in
        ["signature-2/ca/1", "signature-2/ocsp/1", "Security officer 2, security officer: ____", &session]
    {
        assert!(report.contains(told), "{told}\n{report}");
    }

    // 2. In the configuration: strangers get its certificate, its list and its answers; it issues nothing.
    here.configure_next("signature-2");
    serving.stop();
    let serving = here.serve(None);
    let at = |path: &str| http::get(here.public(), path);
    for ca in PAIR {
        assert_eq!(at(&format!("/issuer/{ca}.cer")).status, 200);
        assert_eq!(at(&format!("/crl/{ca}.crl")).status, 200);
    }
    let authorise =
        ["officer", "authorise-responder", "signature-2", "--responder", "pki/signature-2-ocsp.pem"];
    let with = ["--enrolment", "pki/signature-2-enrolment.pub.pem", "--second", SECOND, "--yes"];
    here.must(&[&authorise[..], &with, &["--as", "officers/security-1.pem"]].concat());
    let issued_by = |file: &str| here.member(file, &["-ext", "authorityKeyIdentifier"]);
    let key_of = |text: &str| text.lines().last().unwrap().trim().trim_start_matches("keyid:").to_owned();
    let between = here.issue("01001000942");
    here.download(&between, "between.pem");
    assert_eq!(key_of(&issued_by("between.pem")), key_of(&key));

    // 3. One officer decides nothing, nobody decides about yesterday; what is decided may be decided otherwise until then.
    assert!(!here.succeed(PAIR, "officers/security-1.pem", None).status.success());
    assert!(!here.succeed(PAIR, SECOND, Some("2026-01-01T00:00:00Z")).status.success());
    let tomorrow = program::must(here.folder(), "date", &["-u", "-d", "now + 1 day", "+%FT%TZ"]);
    let decided = here.succeed(PAIR, SECOND, Some(tomorrow.trim()));
    assert!(decided.status.success(), "{}", program::said(&decided));
    let before = here.issue("01001000943");
    here.download(&before, "before.pem");
    assert_eq!(key_of(&issued_by("before.pem")), key_of(&key), "its time has not come");
    let pending = here.apply("01001000944");
    let decided = here.succeed(PAIR, SECOND, None);
    assert!(decided.status.success(), "{}", program::said(&decided));
    assert!(!here.succeed(PAIR, SECOND, Some(tomorrow.trim())).status.success(), "it has happened");

    // 4. An order to the key before is refused; the same person's next one is the next key's, over a restart too.
    here.run(&["application", "approve", &pending, "--as", "officers/approver.pem", "--yes"]);
    here.await_that("the refusal", || here.log().contains("ca-succeeded"));
    drop(serving);
    let serving = here.serve(None);
    let new = here.issue("01001000941");
    here.download(&new, "new.pem");
    assert_eq!(key_of(&issued_by("new.pem")), key_of(&key_2));
    let text = here.member("new.pem", &["-text"]);
    for address in ["/crl/signature-2.crl", "/issuer/signature-2.cer"] {
        assert!(text.contains(address), "{text}");
    }
    here.download(&new, "new.p7c");
    let chain =
        here.openssl(&["pkcs7", "-inform", "DER", "-in", "new.p7c", "-print_certs", "-text", "-noout"]);
    assert!(chain.contains(&key_of(&key_2)) && !chain.contains(&key_of(&key)), "{chain}");

    // 5. Strangers verify both, with lists and answers; neither answers for the other's.
    for (file, ca, serial) in [("old.pem", PAIR[0], &old), ("new.pem", PAIR[1], &new)] {
        let (holds, said) = here.verified(file);
        assert!(holds, "{file}: {said}");
        let said = here.ocsp_of(ca, serial, &["-no_nonce"]);
        assert!(said.contains(": good") && said.contains("Response verify OK"), "{said}");
    }
    assert!(!here.ocsp_of(PAIR[0], &new, &["-no_nonce"]).contains(": good"));

    // 6. What the key before issued is revoked on its own list, and so it is with the next one.
    for (serial, file, ca, other) in [(&old, "old.pem", 0, 1), (&new, "new.pem", 1, 0)] {
        assert!(here.revoke(serial).status.success());
        here.await_that("the list", || here.crl_of(PAIR[ca]).contains(serial.as_str()));
        assert!(!here.crl_of(PAIR[other]).contains(serial.as_str()));
        here.await_that("the answer", || {
            let said = here.ocsp_of(PAIR[ca], serial, &["-no_nonce"]);
            said.contains("revoked") && said.contains("Response verify OK")
        });
        let (holds, said) = here.verified(file);
        assert!(!holds && said.contains("certificate revoked"), "{said}");
        let list = format!("published/crl/{}.crl", PAIR[ca]);
        Judge::shared().assert_clean(Document::Crl, &here.read(&list));
    }
    let (holds, said) = here.verified("between.pem");
    assert!(holds, "{said}");

    assert!(
        here.must(&["ca", "reconcile", "--config", "ndoba.toml"]).contains("every signature has its row")
    );
    let log = here.export_log("log.jsonl");
    for kind in ["ca-succession-decided", "authority-registered", "ceremony-finished"] {
        assert!(log.contains(kind), "{kind}");
    }
    here.signatures_hold();
    serving.stop();
}

#[test]
fn a_units_next_key_is_certified_by_the_generation_that_issues() {
    const PAIR: [&str; 2] = ["time-stamping", "time-stamping-2"];
    let here = Installation::on(Engine::Sqlite);
    here.must(&next_ca(PAIR[0], PAIR[1]));
    here.configure_next(PAIR[1]);
    let serving = here.serve(None);
    let decided = here.succeed(PAIR, "officers/security-2.pem", None);
    assert!(decided.status.success(), "{}", program::said(&decided));

    let from = program::must(here.folder(), "date", &["-u", "-d", "now + 1 hour", "+%FT%TZ"]);
    let renew = ["tsa", "renew", "--config", "ndoba.toml", "--unit", "tsu", "--out", "next", "--from"];
    here.must(&[&renew[..], &[from.trim()]].concat());
    let sign = ["tsa", "sign-order", "--order", "next/order.json", "--yes"];
    here.must(&[&sign[..], &["--as", "officers/security-1.pem", "--out", "one.jws"]].concat());
    let over = ["--as", "officers/security-2.pem", "--over", "one.jws", "--out", "two.jws"];
    here.must(&[&sign[..], &over].concat());
    let submit = ["tsa", "submit-order", "--config", "ndoba.toml", "--order", "next/order.json"];
    let with = ["--request", "next/request.der", "--signature", "one.jws", "--signature", "two.jws"];
    here.must(&[&submit[..], &with, &["--out", "next/tsu-2.pem"]].concat());
    here.signatures_hold();
    let adopt = ["tsa", "adopt", "--config", "ndoba.toml", "--order", "next/order.json"];
    here.must(&[&adopt[..], &["--certificate", "next/tsu-2.pem"]].concat());
    serving.stop();

    // When it is used: the token brings the generation that certified it, and strangers verify it by that.
    let request = query(here.folder(), "the next generation", &["-sha256", "-cert"]);
    let serving = here.serve_ahead(2);
    let reply = wait_for(|| {
        let reply = http::try_stamp(here.public(), "/tsa", &request).ok_or("no answer")?;
        // One that refuses is a few octets long.
        if reply.body.len() > 1000 { Ok(reply.body) } else { Err(format!("no token\n{}", here.log())) }
    });
    fs::write(here.file("reply.tsr"), reply).unwrap();
    let verified = |ca: &str| {
        let verify = ["ts", "-verify", "-queryfile", "q.tsq", "-in", "reply.tsr", "-CAfile", "pki/root.pem"];
        let with = ["-untrusted", &format!("pki/{ca}.pem")];
        program::said(&program::run(here.folder(), "openssl", &[&verify[..], &with].concat()))
    };
    assert!(verified(PAIR[1]).contains("Verification: OK"), "{}", verified(PAIR[1]));
    let token = here.openssl(&["ts", "-reply", "-in", "reply.tsr", "-token_out", "-out", "token.der"]);
    let chain =
        here.openssl(&["pkcs7", "-inform", "DER", "-in", "token.der", "-print_certs", "-text", "-noout"]);
    let key = here.member("pki/time-stamping-2.pem", &["-ext", "subjectKeyIdentifier"]);
    let key = key.lines().last().unwrap().trim();
    assert_eq!(chain.matches(key).count(), 2, "of the unit's issuer and of itself\n{token}{chain}");
    here.must(&["config", "check", "--config", "ndoba.toml"]);
    serving.stop();
}
