//! The guide's examples for applications, in Java and JavaScript. (Python's is run with the guide itself.)

use std::fs;

use super::{House, must};
use crate::guides::tree;

#[test]
fn programs_in_other_languages_get_tokens() {
    let house = House::shared();
    let _open = house.open();
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    let pki = |name: &str| house.here.file(&format!("pki/{name}.pem")).display().to_string();
    let url = format!("http://{}/tsa", house.here.public());
    let examples = tree().join("docs/guides/examples");
    let mut listed: Vec<_> = fs::read_dir(&examples)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    listed.sort();
    // The last is verified with, where messages come.
    assert_eq!(listed, ["Stamp.java", "stamp.mjs", "webhook.py"]);
    for (program, example) in [("java", "Stamp.java"), ("node", "stamp.mjs")] {
        fs::write(at.join("contract"), example).unwrap();
        let example = examples.join(example).display().to_string();
        must(at, program, &[&example, "contract", &url]);
        let verify = ["ts", "-verify", "-queryfile", "contract.tsq", "-in", "contract.tsr"];
        let (root, issuing) = (pki("root"), pki("time-stamping"));
        let trust = ["-CAfile", root.as_str(), "-untrusted", issuing.as_str()];
        let said = must(at, "openssl", &[&verify[..], &trust].concat());
        assert!(said.contains("Verification: OK"), "{example}: {said}");
    }
}
