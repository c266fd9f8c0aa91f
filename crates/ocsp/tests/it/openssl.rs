//! openssl asks, and judges the answers (K-O02, K-O03, K-O07, K-O08, K-O10).

use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::SystemTime;

use ndoba_ocsp::{AnswerPolicy, CertStatusFacts, Request, Responders};
use ndoba_types::{SerialNumber, Sha256Digest, SigningKey, Span, UtcTime};
use ndoba_x509::RevocationReason;
use tempfile::TempDir;

use crate::pki::Pki;

#[expect(
    clippy::disallowed_methods,
    reason = "openssl judges freshness by the machine's clock, and so must we"
)]
fn now() -> UtcTime {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap();
    UtcTime::from_unix_micros(i64::try_from(since.as_micros()).unwrap()).unwrap()
}

struct Bench {
    pki: Pki,
    serial: SerialNumber,
    dir: TempDir,
}

impl Bench {
    fn new() -> Self {
        let (pki, dir) = (Pki::at(now()), TempDir::new().unwrap());
        let serial: SerialNumber = "4bd1ad6ca8c31a6a3d5a1f6d00000001".parse().unwrap();
        fs::write(dir.path().join("ca.der"), &pki.ca).unwrap();
        fs::write(dir.path().join("person.der"), pki.person(&serial)).unwrap();
        for name in ["ca", "person"] {
            run(
                dir.path(),
                &["x509", "-inform", "DER", "-in", &format!("{name}.der"), "-out", &format!("{name}.pem")],
            );
        }
        Self { pki, serial, dir }
    }

    /// Has openssl make a request, answers it, and has openssl judge the answer.
    fn judge(&self, asked: &[&str], facts: CertStatusFacts) -> String {
        let dir = self.dir.path();
        let common = ["ocsp", "-issuer", "ca.pem", "-no_nonce"];
        run(dir, &[&common[..], asked, &["-reqout", "request.der"]].concat());
        let request = Request::parse(&fs::read(dir.join("request.der")).unwrap()).unwrap();
        let query =
            Responders::new([self.pki.responder(AnswerPolicy::default())]).unwrap().begin(request).unwrap();
        let facts = vec![facts; query.serials().len()];
        let (pending, to_be_signed) = query.answer(&facts, self.pki.now).unwrap();
        let answer = pending.finish(&self.pki.key.sign(to_be_signed).unwrap()).unwrap();
        fs::write(dir.join("answer.der"), answer.der).unwrap();
        let judged = run(
            dir,
            &[&common[..], asked, &["-respin", "answer.der", "-CAfile", "ca.pem", "-resp_text"]].concat(),
        );
        assert!(judged.contains("Response verify OK"), "{judged}");
        assert!(!judged.contains("Status times invalid"), "{judged}");
        judged
    }
}

fn run(dir: &Path, arguments: &[&str]) -> String {
    let output = Command::new("openssl").args(arguments).current_dir(dir).output().unwrap();
    let text = [output.stdout, output.stderr].concat();
    let text = String::from_utf8_lossy(&text).into_owned();
    assert!(output.status.success(), "openssl {arguments:?}: {text}");
    text
}

#[test]
fn good_revoked_and_suspended() {
    let bench = Bench::new();
    let certificate = Sha256Digest::of(&fs::read(bench.dir.path().join("person.der")).unwrap());
    let judged = bench.judge(&["-cert", "person.pem"], CertStatusFacts::Good { certificate });
    assert!(judged.contains("person.pem: good"), "{judged}");
    assert!(judged.contains("Archive Cutoff"), "{judged}");

    // K-O02: the digest option counts for the certificates after it.
    let judged = bench.judge(&["-sha256", "-cert", "person.pem"], CertStatusFacts::Good { certificate });
    assert!(judged.contains("person.pem: good") && judged.contains("Hash Algorithm: sha256"), "{judged}");

    let at = now().minus(Span::days(2));
    let revoked = CertStatusFacts::Revoked {
        at,
        reason: RevocationReason::CessationOfOperation,
        certificate: Some(certificate),
    };
    let judged = bench.judge(&["-cert", "person.pem"], revoked);
    assert!(
        judged.contains("person.pem: revoked") && judged.contains("Reason: cessationOfOperation"),
        "{judged}"
    );

    let suspended = CertStatusFacts::Suspended { since: at, certificate: None };
    let judged = bench.judge(&["-cert", "person.pem"], suspended);
    assert!(judged.contains("Reason: certificateHold"), "{judged}");
}

#[test]
fn never_issued() {
    let bench = Bench::new();
    let judged = bench.judge(&["-serial", "0x1234"], CertStatusFacts::NotIssued);
    assert!(judged.contains("0x1234: unknown"), "{judged}");
    let serial = format!("0x{}", bench.serial);
    let judged = bench.judge(&["-cert", "person.pem", "-serial", "0x99"], CertStatusFacts::NotIssued);
    assert!(judged.contains("person.pem: unknown") && judged.contains("0x99: unknown"), "{judged} {serial}");
}
