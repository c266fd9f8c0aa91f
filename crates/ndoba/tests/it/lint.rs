//! `ndoba lint` on files: of ours, of others, damaged, and of no kind at all.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::Value;

fn testdata(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../testkit/testdata").join(name)
}

fn lint(arguments: &[&str], files: &[&Path]) -> (Option<i32>, String) {
    let Output { status, stdout, stderr } =
        Command::new(env!("CARGO_BIN_EXE_ndoba")).arg("lint").args(arguments).args(files).output().unwrap();
    assert_eq!(String::from_utf8_lossy(&stderr), "");
    (status.code(), String::from_utf8(stdout).unwrap())
}

#[test]
fn what_is_clean_is_said_to_be_and_as_what() {
    for (name, word) in [
        ("sign.der", "person"),
        ("seal.der", "organisation"),
        ("tsu.der", "tsu"),
        ("ocsp.der", "ocsp-responder"),
        ("crl.der", "crl"),
        ("ocsp-response.der", "ocsp-response"),
    ] {
        let file = testdata(name);
        let (code, said) = lint(&[], &[&file]);
        assert_eq!((code, said), (Some(0), format!("{}: clean as {word}\n", file.display())));
    }
}

#[test]
fn findings_have_rule_clause_severity_message_and_place() {
    let file = testdata("sign.der");
    let (code, said) = lint(&["--type", "organisation", "--format", "json"], &[&file]);
    assert_eq!(code, Some(1));
    let answer: Value = serde_json::from_str(&said).unwrap();
    assert_eq!(answer["file"], file.to_str().unwrap());
    assert_eq!(answer["type"], "organisation");
    let findings = answer["findings"].as_array().unwrap();
    let of_type = findings.iter().find(|finding| finding["rule"] == "qc-type").unwrap();
    assert_eq!(of_type["severity"], "error");
    assert_eq!(of_type["clause"], "EN 319 412-5 QCS-4.2.3; K-C06 (present always, ours)");
    assert_eq!(of_type["message"], "QcType is not the one that fits the subject");
    // The place is that of the statement in the file's octets.
    let place = [0, 1].map(|end| usize::try_from(of_type["place"][end].as_u64().unwrap()).unwrap());
    let der = std::fs::read(&file).unwrap();
    assert_eq!(der[place[0]..place[1]][..8], [0x30, 0x13, 0x06, 0x06, 0x04, 0x00, 0x8e, 0x46]);
}

#[test]
fn a_law_can_be_asked_for_and_warnings_left_out() {
    let file = testdata("sign.der");
    let (code, said) = lint(&["--law", "EU"], &[&file]);
    assert_eq!(code, Some(1));
    assert!(said.contains("error qc-legislation"), "{said}");
    // Its key usage is type A, so nothing warns; a CA without policies does, and errors-only leaves it out.
    let ca = testdata("ca.der");
    let (code, said) = lint(&["--type", "ca"], &[&ca]);
    assert_eq!(code, Some(1));
    assert!(said.contains("warning policies"), "{said}");
    assert_eq!(lint(&["--type", "ca", "--errors-only"], &[&ca]).0, Some(0));
}

#[test]
fn chains_are_judged_block_by_block_and_the_worst_decides() {
    let folder = tempfile::tempdir().unwrap();
    let chain = folder.path().join("chain.pem");
    let pem = |name: &str| {
        let der = std::fs::read(testdata(name)).unwrap();
        ndoba_x509::to_pem(ndoba_x509::PemLabel::Certificate, &der)
    };
    std::fs::write(&chain, format!("{}{}", pem("sign.der"), pem("tsu.der"))).unwrap();
    let (code, said) = lint(&[], &[&chain]);
    assert_eq!(code, Some(0));
    assert_eq!(said.lines().count(), 2);
    assert!(said.contains("chain.pem#2: clean as tsu"), "{said}");

    let garbage = folder.path().join("garbage");
    std::fs::write(&garbage, b"0\x80 what is this?").unwrap();
    let missing = folder.path().join("missing");
    let (code, said) = lint(&[], &[&chain, &garbage, &missing]);
    assert_eq!(code, Some(2));
    assert!(said.contains("garbage: unreadable: neither a certificate"), "{said}");
    assert!(said.contains("missing: unreadable: cannot read"), "{said}");
    let (code, said) = lint(&["--format", "json"], &[&garbage]);
    assert_eq!(code, Some(2));
    assert!(serde_json::from_str::<Value>(&said).unwrap()["unreadable"].is_string());
}
