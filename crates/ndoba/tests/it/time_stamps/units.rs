//! Several units, each at its own address with its own key and certificate (T-23, K-T01, K-T09, K-T14).

use std::fs;

use ndoba_testkit::{Document, Judge};

use super::{House, UNITS, must, query};
use crate::http::stamp;

#[test]
fn every_unit_at_its_address_with_its_key() {
    let house = House::shared();
    let _open = house.open();
    let folder = tempfile::tempdir().unwrap();
    let request = query(folder.path(), "units", &["-sha256", "-cert"]);
    let pki = |name: &str| house.here.file(&format!("pki/{name}.pem")).display().to_string();
    let (root, issuing) = (pki("root"), pki("time-stamping"));
    let mut addresses = vec![("/tsa".to_owned(), "tsu")];
    addresses.extend(UNITS.map(|(name, _, _)| (format!("/tsa/{name}"), name)));
    for (path, unit) in addresses {
        let reply = stamp(house.here.public(), &path, &request);
        assert_eq!((reply.status, reply.header("content-type")), (200, Some("application/timestamp-reply")));
        fs::write(folder.path().join("r.tsr"), &reply.body).unwrap();
        let ts = |arguments: &[&str]| must(folder.path(), "openssl", &[&["ts"], arguments].concat());
        ts(&["-reply", "-in", "r.tsr", "-token_out", "-out", "token"]);
        if unit == "pss" {
            // `openssl ts` knows no PSS (openssl#7904); its `cms` does, and judges the same token.
            let options = ["cms", "-verify", "-binary", "-inform", "DER", "-in", "token", "-out", "info"];
            let trust = ["-purpose", "timestampsign", "-CAfile", &root, "-certfile", &issuing];
            must(folder.path(), "openssl", &[&options[..], &trust].concat());
        } else {
            let request = ["-verify", "-queryfile", "q.tsq", "-in", "r.tsr"];
            let said = ts(&[&request[..], &["-CAfile", &root, "-untrusted", &issuing]].concat());
            assert!(said.contains("Verification: OK"), "{path}: {said}");
        }
        let told = ts(&["-reply", "-in", "r.tsr", "-text"]);
        let policy = if unit == "plain" { "2.999.1.55" } else { "2.999.1.5" };
        assert!(told.contains(&format!("Policy OID: {policy}\n")), "{told}");
        assert!(told.contains("Accuracy: 0x01 seconds, unspecified millis"), "{told}");
        assert!(told.contains("Ordering: no"), "{told}");
        // T-20: these octets, where it is configured, and nowhere else (K-T09).
        let claim = hex::decode("300b30090607040081975e0101").unwrap();
        let claims = reply.body.windows(claim.len()).filter(|window| *window == claim).count();
        assert_eq!(claims, usize::from(unit == "rsa"), "{path}");
        assert_eq!(told.contains("qcStatements:\n"), unit == "rsa", "not critical, or not there: {told}");
        // Signed by that unit's key, which its certificate names.
        let printed =
            must(folder.path(), "openssl", &["cms", "-cmsout", "-print", "-inform", "DER", "-in", "token"]);
        assert!(printed.contains(&format!("TEST unit {unit}")), "{path}");
        let signature = printed.split("signatureAlgorithm:").last().unwrap();
        let expected = match unit {
            "rsa" => "sha256WithRSAEncryption",
            "pss" => "rsassaPss",
            _ => "ecdsa-with-SHA256",
        };
        assert!(signature.contains(expected), "{path}: {signature}");
    }
    // The best-practices policy is accepted by each (T-25).
    let btsp = query(folder.path(), "units", &["-sha256", "-tspolicy", "0.4.0.2023.1.1"]);
    for (name, _, _) in UNITS {
        let reply = stamp(house.here.public(), &format!("/tsa/{name}"), &btsp);
        assert!(reply.body.windows(8).any(|window| window == [6, 6, 4, 0, 0x8f, 0x67, 1, 1]), "{name}");
    }
}

/// The certificates of all kinds of units, by a linter that is not ours and by our own; the statements are in the one
/// that the plan gives them to.
#[test]
fn their_certificates_are_clean() {
    let house = House::shared();
    for (unit, _, more) in UNITS {
        let pem = house.here.file(&format!("pki/{unit}.pem")).display().to_string();
        house.here.must(&["lint", &pem]);
        must(&house.here.file(""), "openssl", &["x509", "-in", &pem, "-outform", "DER", "-out", "unit.der"]);
        let der = fs::read(house.here.file("unit.der")).unwrap();
        let findings = Judge::shared().findings(Document::Tsu, &der);
        // The addresses are this machine's: an installation for trying out.
        let held: Vec<_> = findings
            .iter()
            .filter(|finding| finding.accepted.is_none() && finding.code != "etsi.internal_domain_name")
            .collect();
        assert!(held.is_empty(), "{unit}: {held:?}");
        // QcCompliance, QcCClegislation {GE}, QcType {eSeal}.
        for statement in ["060604008e460101", "060604008e46010730041302"] {
            let octets = hex::decode(statement).unwrap();
            let there = der.windows(octets.len()).any(|window| window == octets);
            assert_eq!(there, more.contains("qc_statements"), "{unit} {statement}");
        }
        let eseal = hex::decode("060604008e460106300906070400 8e46010602".replace(' ', "")).unwrap();
        assert_eq!(der.windows(eseal.len()).any(|w| w == eseal), more.contains("qc_statements"), "{unit}");
    }
}

/// http beside https, the same units (T-10).
#[test]
fn over_tls_too() {
    let house = House::shared();
    let _open = house.open();
    let folder = tempfile::tempdir().unwrap();
    query(folder.path(), "tls", &["-sha256", "-cert"]);
    let ca = house.here.file("officers/operations-ca.pem").display().to_string();
    let url = format!("https://{}/tsa/rsa", house.here.public_tls());
    let curl = [
        "--silent",
        "--show-error",
        "--fail",
        "--noproxy",
        "*",
        "--cacert",
        &ca,
        "--header",
        "Content-Type: application/timestamp-query",
        "--data-binary",
        "@q.tsq",
        "--output",
        "r.tsr",
        &url,
    ];
    must(folder.path(), "curl", &curl);
    let root = house.here.file("pki/root.pem").display().to_string();
    let verify = ["ts", "-verify", "-queryfile", "q.tsq", "-in", "r.tsr", "-CAfile", &root];
    let issuing = house.here.file("pki/time-stamping.pem").display().to_string();
    let said = must(folder.path(), "openssl", &[&verify[..], &["-untrusted", &issuing]].concat());
    assert!(said.contains("Verification: OK"), "{said}");
}

/// What a configuration may not put together (T-23, K-T14).
#[test]
fn a_configuration_that_mixes_qualified_and_other_is_refused() {
    let house = House::shared();
    let text = fs::read_to_string(house.here.file("ndoba.toml")).unwrap();
    let refused = |from: &str, to: &str, because: &str| {
        assert!(text.contains(from), "{from}");
        // Beside the original: paths in it are relative to its folder.
        fs::write(house.here.file("mixed.toml"), text.replacen(from, to, 1)).unwrap();
        let output = house.here.run(&["config", "check", "--config", "mixed.toml"]);
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(!output.status.success() && said.contains(because), "{to}: {said}");
    };
    refused("certificate = \"pki/plain.pem\"", "certificate = \"pki/tsu.pem\"", "share");
    fs::copy(house.here.file("pki/tsu.pem"), house.here.file("pki/copy.pem")).unwrap();
    refused("certificate = \"pki/plain.pem\"", "certificate = \"pki/copy.pem\"", "one subject");
    refused("name = \"plain\"", "name = \"tsu\"", "called `tsu`");
    refused("name = \"plain\"", "name = \"clock\"", "clock");
    refused("[tsa]", "[tsa]\njournal = \"relaxed\"", "relaxed is refused");
    house.here.must(&["config", "check", "--config", "ndoba.toml"]);
}
