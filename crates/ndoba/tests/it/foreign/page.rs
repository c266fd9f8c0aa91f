//! The page for relying parties: its commands, taken from the page itself as it is served, and run one after the other
//! as a reader does, about a certificate that is good and about one that is revoked.

use std::fs;
use std::path::Path;
use std::process::Command;

use ndoba_testkit::Judge;

use super::Stand;
use crate::http::get;
use crate::program::said;

/// What each tool says, of a good certificate and of a revoked one.
const TOOLS: [(&str, &[&str], &[&str]); 5] = [
    (
        "OpenSSL",
        &["certificate.pem: OK", "Response verify OK", "certificate.pem: good"],
        &["Response verify OK", "certificate.pem: revoked", "Reason: keyCompromise"],
    ),
    (
        "GnuTLS",
        &["Certificate Status: good", "Verifying OCSP Response: Success."],
        &["Certificate Status: revoked", "Verifying OCSP Response: Success."],
    ),
    ("NSS", &["Chain is good!"], &["ERROR -8180: Peer's Certificate has been revoked."]),
    ("Java", &["OCSP: good\nCRL: good"], &["OCSP: revoked 20", "CRL: revoked 20", "KEY_COMPROMISE"]),
    ("Python", &["good\n"], &["revoked 20", "keyCompromise\n"]),
];

/// A block of commands and the tool that it is about.
fn blocks(page: &str) -> Vec<(String, String)> {
    let mut blocks = Vec::new();
    for rest in page.split("<pre data-tool=\"").skip(1) {
        let (tool, rest) = rest.split_once("\">\n").unwrap();
        let commands = rest.split_once("</pre>").unwrap().0;
        // What HTML escapes, and nothing else.
        let commands = commands.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&");
        blocks.push((tool.to_owned(), commands));
    }
    blocks
}

/// Types the commands of a block; what they said, and whether all of them succeeded.
fn typed(folder: &Path, commands: &str) -> (String, bool) {
    let output = Command::new("bash")
        .args([
            "-c",
            &format!(
                "exec 2>&1\nPATH=\"$PYTHON:$PATH\"\nfailed=0\ntrap failed=1 ERR\n{commands}\nexit $failed"
            ),
        ])
        .current_dir(folder)
        .env("PYTHON", Judge::python().parent().unwrap())
        // Whatever proxy the environment names: this goes to loopback.
        .env("no_proxy", "*")
        .output()
        .unwrap();
    (said(&output), output.status.success())
}

#[test]
fn every_command_on_the_page_does_what_the_page_says() {
    let stand = Stand::shared();
    let page = String::from_utf8(get(stand.here.public(), "/pki").body).unwrap();
    let blocks = blocks(&page);
    let named: Vec<&str> = blocks.iter().map(|(tool, _)| tool.as_str()).collect();
    let expected: Vec<&str> = std::iter::once("First").chain(TOOLS.map(|(tool, ..)| tool)).collect();
    assert_eq!(named, expected);
    for is_revoked in [false, true] {
        let folder = tempfile::tempdir().unwrap();
        let certificate = if is_revoked { "revoked.pem" } else { "good.pem" };
        fs::copy(stand.here.file(certificate), folder.path().join("certificate.pem")).unwrap();
        let (told, succeeded) = typed(folder.path(), &blocks[0].1);
        assert!(
            succeeded && told.contains("sha256 Fingerprint=") || told.contains("SHA256 Fingerprint="),
            "{told}"
        );
        for ((tool, commands), (_, good, revoked)) in blocks[1..].iter().zip(TOOLS) {
            let (told, succeeded) = typed(folder.path(), commands);
            for words in if is_revoked { revoked } else { good } {
                assert!(told.contains(words), "{tool}, {certificate}, {words:?}: {told}");
            }
            // By OCSP and by the list: NSS says it once for each.
            if *tool == "NSS" {
                let words = if is_revoked { revoked[0] } else { good[0] };
                assert_eq!(told.matches(words).count(), 2, "{told}");
            }
            // openssl and ocsptool end well whatever the status: they answered.
            let answers = matches!(tool.as_str(), "OpenSSL" | "GnuTLS");
            assert_eq!(succeeded, answers || !is_revoked, "{tool}, {certificate}: {told}");
        }
    }
}
