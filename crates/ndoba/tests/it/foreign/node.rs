//! JavaScript's: easy-ocsp asks at the address in the certificate and believes what pkijs verifies.

use std::process::Output;

use ndoba_testkit::node_judge;

use super::Stand;
use crate::program::said;

fn ask(stand: &Stand, certificate: &str, issuer: &str) -> Output {
    let file = |name: &str| stand.here.file(name).display().to_string();
    node_judge("status.mjs", &[&file(certificate), &file(issuer)])
}

#[test]
fn easy_ocsp_sees_good_and_revoked() {
    let stand = Stand::shared();
    for (certificate, issuer) in [
        ("good.pem", "pki/signature.pem"),
        ("seal.pem", "pki/seal.pem"),
        ("pki/signature.pem", "pki/root.pem"),
    ] {
        assert_eq!(said(&ask(&stand, certificate, issuer)), "good\n", "{certificate}");
    }
    let told = said(&ask(&stand, "revoked.pem", "pki/signature.pem"));
    assert!(told.starts_with("revoked 20") && told.ends_with(" 1\n"), "{told}");
    // By another CA's responder it was never issued.
    assert_eq!(said(&ask(&stand, "good.pem", "pki/seal.pem")), "unknown\n");
}
