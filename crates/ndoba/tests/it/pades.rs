//! Documents that must stand for years: time-stamps on them and PAdES with our time-stamps and OCSP answers, made and
//! judged by pyHanko; the answers read by python-cryptography (K-O13, K-T13).

use ndoba_testkit::Judge;

use crate::installation::{Engine, Installation};
use crate::program::{run, said, wait_for};

#[test]
fn pyhanko_finds_documents_valid_now_and_years_later() {
    let here = Installation::on(Engine::Sqlite);
    let serving = here.serve(None);
    let serial = here.issue("01001000701");
    here.download(&serial, "signer.pem");
    let (python, script) = (Judge::python().display().to_string(), Judge::script("pades.py"));
    let (script, base) = (script.display().to_string(), format!("http://{}", here.public()));
    let folder = here.folder().display().to_string();
    let judge = || {
        let judged = run(here.folder(), &python, &[&script, &base, &folder, "person.key", "signer.pem"]);
        if judged.status.success() { Ok(said(&judged)) } else { Err(said(&judged)) }
    };
    // A unit gives no token before its clock has passed the mark of the last run.
    let told = wait_for(judge);
    for line in ["cryptography reads every answer", "document time-stamp:", "signature, judged", "forged:"] {
        assert!(told.lines().any(|told| told.starts_with(line)), "{line:?}: {told}");
    }
    assert!(told.ends_with("valid, now and later\n"), "{told}");
    assert!(here.revoke(&serial).status.success());
    let told = judge().unwrap_err();
    assert!(told.contains("REVOKED"), "{told}");
    drop(serving);
}
