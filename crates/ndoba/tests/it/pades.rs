//! Signatures that must stand for years: PAdES with our time-stamps and OCSP answers, made and judged by pyHanko; the
//! answers read by python-cryptography (K-O13).

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::installation::{Engine, Installation};
use crate::program::wait_for;

/// The judges' Python, which `cargo xtask setup` makes.
fn python() -> PathBuf {
    std::env::var_os("NDOBA_JUDGES").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/judges/bin/python"),
        PathBuf::from,
    )
}

#[test]
fn pyhanko_accepts_a_signature_with_our_revocation_data() {
    let here = Installation::on(Engine::Sqlite);
    let serving = here.serve(None);
    let serial = here.issue("01001000701");
    here.download(&serial, "signer.pem");
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/judges/pades.py");
    let (ocsp, tsa) = (format!("http://{}/ocsp", here.public()), format!("http://{}/tsa", here.public()));
    let judge = || {
        let judged = Command::new(python())
            .arg(&script)
            .arg(here.folder())
            .args(["person.key", "signer.pem", &ocsp, &tsa])
            .current_dir(here.folder())
            .output()
            .unwrap();
        let said =
            String::from_utf8_lossy(&judged.stdout).into_owned() + &String::from_utf8_lossy(&judged.stderr);
        if judged.status.success() { Ok(said) } else { Err(said) }
    };
    // A unit gives no token before its clock has passed the mark of the last run.
    let told = wait_for(judge);
    assert!(
        told.contains("cryptography reads every answer") && told.lines().any(|line| line == "valid"),
        "{told}"
    );
    assert!(here.revoke(&serial).status.success());
    let told = judge().unwrap_err();
    assert!(told.contains("REVOKED"), "{told}");
    drop(serving);
}
