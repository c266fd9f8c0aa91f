//! K-T01 to K-T04, K-T08, K-T09: openssl's `ts` command makes the request and judges the answer.

use std::fs;
use std::sync::Arc;

use ndoba_tsa::{Facts, Outcome, SerialSource, Step, Unit, UnitParts};
use ndoba_types::{Signature, SignatureAlgorithm as A};

use crate::fixture::{Counting, NOW, PKI, Service, at, query, run, try_run, unit_parts};

/// Stamps `options`' request and leaves `request.tsq`, `answer.tsr` in a folder.
fn answered(service: &Service, options: &str) -> (tempfile::TempDir, Vec<u8>) {
    let folder = tempfile::tempdir().unwrap();
    let reply = service.stamp(&query(folder.path(), options));
    assert!(matches!(reply.outcome, Outcome::Granted(_)), "{:?}", reply.outcome);
    fs::write(folder.path().join("answer.tsr"), &reply.response).unwrap();
    (folder, reply.response)
}

fn verify(folder: &tempfile::TempDir) -> (bool, String) {
    let (root, tsu, issuing) = (PKI.path("root.pem"), PKI.path("tsu.pem"), PKI.path("issuing.pem"));
    let both = [fs::read(tsu).unwrap(), fs::read(issuing).unwrap()].concat();
    fs::write(folder.path().join("untrusted.pem"), both).unwrap();
    try_run(
        folder.path(),
        &format!(
            "openssl ts -verify -queryfile request.tsq -in answer.tsr -CAfile {} -untrusted untrusted.pem",
            root.display()
        ),
    )
}

#[test]
fn every_kind_of_request_verifies() {
    let service = Service::new(unit_parts());
    for options in [
        "-sha256 -cert",
        "-sha256",
        "-sha384 -cert",
        "-sha512 -cert -no_nonce",
        "-sha3-256 -cert",
        "-sha3-384",
        "-sha3-512 -cert",
        "-sha256 -cert -tspolicy 2.999.1.5",
        "-sha256 -cert -tspolicy 0.4.0.2023.1.1",
    ] {
        let (folder, _) = answered(&service, options);
        let (ok, text) = verify(&folder);
        assert!(ok && text.contains("Verification: OK"), "{options}: {text}");
    }
}

#[test]
fn a_changed_token_does_not_verify() {
    let service = Service::new(unit_parts());
    let (folder, response) = answered(&service, "-sha256 -cert");
    let mut changed = response;
    // The time's last digit before the fraction, in the TSTInfo.
    let at = changed.windows(15).position(|w| w == b"20261123120000.").unwrap() + 13;
    changed[at] = b'1';
    fs::write(folder.path().join("answer.tsr"), changed).unwrap();
    assert!(!verify(&folder).0);
}

#[test]
fn the_answer_as_text() {
    let service = Service::new(unit_parts());
    let (folder, _) = answered(&service, "-sha256 -cert");
    let text = run(folder.path(), "openssl ts -reply -in answer.tsr -text");
    for expected in [
        "Status: Granted.",
        "Status description: unspecified",
        "Policy OID: 2.999.1.5",
        "Hash Algorithm: sha256",
        "Time stamp: Nov 23 12:00:00.123 2026 GMT",
        "Accuracy: 0x01 seconds, unspecified millis, unspecified micros",
        "Ordering: no",
        "TSA: unspecified",
    ] {
        assert!(text.contains(expected), "{expected}\n{text}");
    }
    let asked = run(folder.path(), "openssl ts -query -in request.tsq -text");
    let nonce = |text: &str| text.lines().find(|line| line.starts_with("Nonce:")).unwrap().to_owned();
    assert_eq!(nonce(&text), nonce(&asked));

    let (folder, _) = answered(&service, "-sha256 -no_nonce");
    assert!(run(folder.path(), "openssl ts -reply -in answer.tsr -text").contains("Nonce: unspecified"));
}

#[test]
fn rejections_as_openssl_reads_them() {
    let service = Service::new(unit_parts());
    let folder = tempfile::tempdir().unwrap();
    for (options, expected) in [
        ("-sha1", "unrecognized or unsupported algorithm identifier"),
        ("-md5", "unrecognized or unsupported algorithm identifier"),
        ("-sha224", "unrecognized or unsupported algorithm identifier"),
        ("-sha256 -tspolicy 1.2.3.4", "the requested TSA policy is not supported"),
    ] {
        let reply = service.stamp(&query(folder.path(), options));
        fs::write(folder.path().join("answer.tsr"), &reply.response).unwrap();
        let text = run(folder.path(), "openssl ts -reply -in answer.tsr -text");
        assert!(text.contains("Status: Rejected.") && text.contains(expected), "{options}: {text}");
        assert!(text.contains("TST info:\nNot included."), "{text}");
    }
    assert!(service.journal.records.lock().unwrap().is_empty());
}

#[test]
fn qualified_claim_only_where_it_is_set() {
    const CLAIM: [u8; 13] = [0x30, 0x0b, 0x30, 0x09, 0x06, 0x07, 0x04, 0x00, 0x81, 0x97, 0x5e, 0x01, 0x01];
    let has = |bytes: &[u8]| bytes.windows(CLAIM.len()).any(|window| window == CLAIM);
    let (_, plain) = answered(&Service::new(unit_parts()), "-sha256");
    assert!(!has(&plain));
    let claiming = Service::new(UnitParts { claim_eu_qtst: true, ..unit_parts() });
    let (folder, claimed) = answered(&claiming, "-sha256 -cert");
    assert!(has(&claimed));
    assert!(verify(&folder).0);
    let text = run(folder.path(), "openssl ts -reply -in answer.tsr -text");
    assert!(text.contains("qcStatements") && !text.contains("critical"), "{text}");
}

/// Every algorithm, with openssl as the key and as the judge.
#[test]
fn every_algorithm() {
    const PSS: &str = "-sigopt rsa_padding_mode:pss -sigopt rsa_pss_saltlen:digest";
    let rsa = "RSA -pkeyopt rsa_keygen_bits:3072";
    for (name, key, algorithm, sign) in [
        ("p384", "EC -pkeyopt ec_paramgen_curve:P-384", A::EcdsaP384Sha384, "-sha384".to_owned()),
        ("p521", "EC -pkeyopt ec_paramgen_curve:P-521", A::EcdsaP521Sha512, "-sha512".to_owned()),
        ("rsa256", rsa, A::RsaPkcs1Sha256, "-sha256".to_owned()),
        ("rsa384", rsa, A::RsaPkcs1Sha384, "-sha384".to_owned()),
        ("rsa512", rsa, A::RsaPkcs1Sha512, "-sha512".to_owned()),
        ("pss256", rsa, A::RsaPssSha256, format!("-sha256 {PSS}")),
        ("pss512", rsa, A::RsaPssSha512, format!("-sha512 {PSS}")),
    ] {
        PKI.issue_with_key(name, Some("issuing"), "tsu", key);
        let certificate = PKI.der(&format!("{name}.pem"));
        let unit = Arc::new(Unit::new(UnitParts { certificate, algorithm, ..unit_parts() }).unwrap());
        let serial = SerialSource::new(1, &Counting::default()).unwrap().next(&Counting::default()).unwrap();
        let folder = tempfile::tempdir().unwrap();
        let request = query(folder.path(), "-sha256 -cert");
        let Step::Sign(pending, message) = unit.begin(&request, Facts { time: Ok(at(NOW)), serial }) else {
            panic!()
        };
        fs::write(folder.path().join("message"), message.as_bytes()).unwrap();
        let file = PKI.path(&format!("{name}.key"));
        run(folder.path(), &format!("openssl dgst {sign} -sign {} -out signature message", file.display()));
        let signature = Signature::from_bytes(fs::read(folder.path().join("signature")).unwrap());
        fs::write(folder.path().join("answer.tsr"), pending.finish(&signature).0).unwrap();
        let (ok, text) = if name.starts_with("pss") {
            // `openssl ts` knows no PSS (openssl#7904); its `cms` does, and judges the same token.
            run(folder.path(), "openssl ts -reply -in answer.tsr -token_out -out token.tst");
            let root = PKI.path("root.pem");
            let root = root.display();
            let command =
                "openssl cms -verify -binary -inform DER -in token.tst -out info -purpose timestampsign";
            try_run(folder.path(), &format!("{command} -CAfile {root}"))
        } else {
            verify(&folder)
        };
        assert!(ok, "{name}: {text}");
    }
}
