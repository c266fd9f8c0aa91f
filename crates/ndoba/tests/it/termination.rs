//! A CA ends: two security officers decide it, its certificates get their last answers, and those are served without
//! any key (EN 319 411-2 CSS-6.3.10-11, O-16).

use std::fs;
use std::process::Command;

use ndoba_testkit::{Document, Judge};

use crate::installation::{Engine, Installation};
use crate::program;

impl Installation {
    /// What is said about a certificate of the ended CA, verified with the CA's own certificate.
    fn last_word(&self, serial: &str, hash: &str) -> String {
        let said = Command::new("openssl")
            .args(["ocsp", "-no_nonce", "-url", &format!("http://{}/ocsp", self.public()), hash])
            .args([
                "-issuer",
                "pki/signature.pem",
                "-CAfile",
                "pki/root.pem",
                "-verify_other",
                "pki/signature.pem",
            ])
            .args(["-serial", &format!("0x{serial}"), "-resp_text"])
            .current_dir(self.file(""))
            .output()
            .unwrap();
        String::from_utf8_lossy(&said.stdout).into_owned() + &String::from_utf8_lossy(&said.stderr)
    }

    /// `ndoba ca terminate`; whether it succeeded, and what it said.
    fn terminate(&self) -> (bool, String) {
        let done = self.run(&["ca", "terminate", "signature", "--final-ocsp", "--config", "ndoba.toml"]);
        let said =
            String::from_utf8_lossy(&done.stdout).into_owned() + &String::from_utf8_lossy(&done.stderr);
        (done.status.success(), said)
    }
}

#[test]
fn a_ca_ends_and_its_last_answers_stay() {
    let here = Installation::on(Engine::Postgresql);
    let serving = here.serve(None);
    let serials = [here.issue("01001000401"), here.issue("01001000402")];

    // An operator alone does not end a CA, nor does one security officer.
    let (done, said) = here.terminate();
    assert!(!done && said.contains("two security officers"), "{said}");
    let end = |second: &str| {
        here.run(&[
            "officer",
            "terminate-ca",
            "signature",
            "--as",
            "officers/security-1.pem",
            "--second",
            second,
            "--yes",
        ])
    };
    assert!(!end("officers/security-1.pem").status.success());
    // What may still change must not be answered for ever.
    assert!(here.revoke(&serials[0]).status.success());
    let pending = here.apply("01001000403");
    assert!(end("officers/security-2.pem").status.success());
    let (done, said) = here.terminate();
    assert!(!done && said.contains("1 have not ended and are not revoked"), "{said}");
    // The CA has ended: nothing is issued and nothing revoked any more.
    here.run(&["application", "approve", &pending, "--as", "officers/approver.pem", "--yes"]);
    here.await_that("the refusal", || here.log().contains("ca-terminated"));
    drop(serving);

    // A year and a half later the second certificate has ended by itself.
    let ahead = (500 * 24 * 3600).to_string();
    let terminate = |fails: bool| {
        let mut command =
            here.command(&["ca", "terminate", "signature", "--final-ocsp", "--config", "ndoba.toml"]);
        command.env("NDOBACTL_CLOCK_AHEAD", &ahead);
        let done = command.output().unwrap();
        let said =
            String::from_utf8_lossy(&done.stdout).into_owned() + &String::from_utf8_lossy(&done.stderr);
        assert_eq!(done.status.success(), !fails, "{said}");
        said
    };
    let said = terminate(false);
    assert!(said.contains("3 certificates have their final answers"), "{said}");
    // A list with no end comes once nothing lives, and only then (C-92). Without the clock put forward one does.
    let early = here.must_not(&["ca", "last-crl", "signature", "--config", "ndoba.toml"]);
    assert!(early.contains("certificates of signature are valid and not revoked, the last until"), "{early}");
    let undecided = here.must_not(&["ca", "last-crl", "seal", "--config", "ndoba.toml"]);
    assert!(undecided.contains("nobody ended the CA seal"), "{undecided}");
    let last_crl = || {
        let mut command = here.command(&["ca", "last-crl", "signature", "--config", "ndoba.toml"]);
        let done = command.env("NDOBACTL_CLOCK_AHEAD", &ahead).output().unwrap();
        let said = program::said(&done);
        assert!(done.status.success() && said.contains("is its last"), "{said}");
        said
    };
    let number = last_crl();
    let list = "published/crl/signature.crl";
    let text = here.openssl(&["crl", "-inform", "DER", "-noout", "-text", "-in", list]);
    assert!(text.contains("Next Update: Dec 31 23:59:59 9999 GMT"), "{text}");
    assert!(text.to_lowercase().contains(&serials[0]), "{text}");
    let parsed = here.openssl(&["asn1parse", "-inform", "DER", "-in", list]);
    assert!(parsed.contains("GENERALIZEDTIME   :99991231235959Z"), "{parsed}");
    here.openssl(&[
        "crl",
        "-inform",
        "DER",
        "-noout",
        "-verify",
        "-CAfile",
        "pki/signature.pem",
        "-in",
        list,
    ]);
    Judge::shared().assert_clean(Document::Crl, &here.read(list));
    // Said again it is the same list.
    let before = here.read(list);
    assert_eq!(last_crl(), number);
    assert_eq!(here.read(list), before);
    // A second call signs nothing.
    let signatures = || fs::read_to_string(here.file("witness.log")).unwrap().lines().count();
    let before = signatures();
    assert!(terminate(false).contains("nothing was signed"));
    assert_eq!(signatures(), before);
    let accounts = here.must(&["ca", "reconcile", "--config", "ndoba.toml"]);
    let of_key: Vec<Vec<&str>> = accounts
        .lines()
        .filter(|line| line.starts_with("signature/ca/1"))
        .map(|line| line.split_whitespace().collect())
        .collect();
    assert!(of_key.iter().any(|fields| fields[2] == "6" && fields[3] == "6"), "{accounts}");

    // Served with the keys of CA and responder gone.
    for label in ["signature/ca/1", "signature/ocsp/1"] {
        let token = if label.contains("ca") { "ndoba-issuing" } else { "ndoba-ocsp" };
        let pin = fs::read_to_string(here.file(&format!("pins/{token}.pin"))).unwrap();
        let gone = Command::new("pkcs11-tool")
            .args(["--module", "/usr/lib/softhsm/libsofthsm2.so", "--token-label", token, "--login", "--pin"])
            .args([&pin, "--delete-object", "--type", "privkey", "--label", label])
            .env("SOFTHSM2_CONF", here.file("softhsm2.conf"))
            .output()
            .unwrap();
        assert!(gone.status.success(), "{}", String::from_utf8_lossy(&gone.stderr));
    }
    let serving = here.serve(None);
    for hash in ["-sha1", "-sha256"] {
        for (serial, wanted) in [(&serials[0], "keyCompromise"), (&serials[1], ": good")] {
            let said = here.last_word(serial, hash);
            assert!(said.contains(wanted) && said.contains("Response verify OK"), "{said}");
            assert!(said.contains("Dec 31 23:59:59 9999 GMT"), "{said}");
        }
    }
    // What was never issued is not known here; the other CAs answer as ever.
    assert!(
        here.last_word("0123456789", "-sha1").contains("unauthorized"),
        "{}",
        here.last_word("01", "-sha1")
    );
    let log = {
        here.must(&["audit", "export", "--as", "officers/auditor.pem", "--out", "log.jsonl"]);
        fs::read_to_string(here.file("log.jsonl")).unwrap()
    };
    for kind in ["ca-termination-decided", "final-answers-intended", "final-answers-signed", "ca-terminated"]
    {
        assert!(log.contains(kind), "{kind}");
    }
    drop(serving);
}
