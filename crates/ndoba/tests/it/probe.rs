//! From the revocation to relying parties, measured from outside and stored signed (C-100, issue of revocation time).

use std::fs;

use crate::installation::{Engine, Installation};

#[test]
fn a_revocation_is_measured_from_outside() {
    let here = Installation::on(Engine::Sqlite);
    here.deal_into_shards();
    let serving = here.serve(None);
    let serial = here.issue("01001000501");
    here.download(&serial, "watched.pem");
    let watching = here
        .command(&["probe", "watch", &serial, "--ca", "signature", "--issuer", "pki/signature.pem"])
        .args(["--url", &format!("http://{}", here.public()), "--as", "officers/auditor.pem"])
        .args([
            "--within",
            "60",
            "--every",
            "50",
            "--out",
            "observation.json",
            "--certificate",
            "watched.pem",
        ])
        .stdout(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    assert!(here.revoke(&serial).status.success());
    let done = watching.wait_with_output().unwrap();
    assert!(done.status.success(), "{}", here.log());
    let said = String::from_utf8(done.stdout).unwrap();
    assert!(said.contains("seen in OCSP after"), "{said}");

    let verify = |file: &str, issuer: &str| {
        here.run(&["probe", "verify", file, "--issuer", &format!("pki/{issuer}.pem")])
    };
    let verified = verify("observation.json", "signature");
    let told = String::from_utf8(verified.stdout).unwrap();
    assert!(verified.status.success() && told.contains(&format!("{serial} was revoked at")), "{told}");
    // Another key than expected, another CA, another time than the one that was signed.
    let key = told.split_whitespace().nth(4).unwrap();
    here.must(&["probe", "verify", "observation.json", "--issuer", "pki/signature.pem", "--key", key]);
    let other = ["probe", "verify", "observation.json", "--issuer", "pki/signature.pem", "--key", "00"];
    assert!(!here.run(&other).status.success());
    assert!(!verify("observation.json", "seal").status.success());
    let text = fs::read_to_string(here.file("observation.json")).unwrap();
    // The list that the certificate names: its address is in it.
    let address = format!("/crl/{}.crl", here.list_named_by("watched.pem"));
    let hexadecimal: String = address.bytes().map(|octet| format!("{octet:02x}")).collect();
    assert!(address.contains("signature.") && text.contains(&hexadecimal), "{address}");
    let earlier = text.replacen("milliseconds\\\":", "milliseconds\\\":-", 1);
    assert_ne!(earlier, text);
    fs::write(here.file("earlier.json"), earlier).unwrap();
    assert!(!verify("earlier.json", "signature").status.success());

    // What is not revoked is not seen.
    let kept = here.issue("01001000502");
    let waited = here
        .command(&["probe", "watch", &kept, "--ca", "signature", "--issuer", "pki/signature.pem"])
        .args(["--url", &format!("http://{}", here.public()), "--as", "officers/auditor.pem"])
        .args(["--within", "1", "--out", "nothing.json"])
        .output()
        .unwrap();
    assert!(!waited.status.success() && !here.file("nothing.json").exists());
    assert!(String::from_utf8_lossy(&waited.stderr).contains("was not seen in time"));
    drop(serving);
}
