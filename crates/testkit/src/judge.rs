//! Judges that we did not write: `tests/judges/judge.py`, asked over a pipe.

use std::fmt;
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::{Mutex, OnceLock, PoisonError};

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde_json::{Value, json};

/// What a document is, and with that which rules judge it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Document {
    /// A CA's certificate, root or issuing: RFC 5280.
    Ca,
    /// A CRL for end entities: RFC 5280.
    Crl,
    /// A CRL for CAs: RFC 5280.
    Arl,
    /// A whole OCSPResponse: RFC 6960.
    OcspResponse,
    /// A seal's certificate: EN 319 412-3, NCP.
    Organisation,
    /// A seal's certificate whose key is in a QSCD: pkilint has no type of its own for it.
    OrganisationQscd,
    /// A person's certificate: EN 319 412-2, NCP.
    Person,
    /// A person's certificate whose key is in a QSCD: EN 319 412-2 and -5, qualified outside the EU.
    PersonQscd,
    /// A person's certificate whose key is in a QSCD: EN 319 412-2 and -5, qualified in the EU.
    EuPersonQscd,
    /// A person's certificate of less than a day, never revoked: EN 319 412-2, NCP, with RFC 9608's exceptions accepted.
    PersonShortTerm,
    /// An OCSP responder's certificate: RFC 5280.
    Responder,
    /// A time-stamping unit's certificate: EN 319 412-3 with the one accepted conflict (requirements T-30).
    Tsu,
}

impl Document {
    /// The name in the judge's requests and in `accepted.toml`.
    fn name(self) -> &'static str {
        match self {
            Self::Ca => "ca",
            Self::Crl => "crl",
            Self::Arl => "arl",
            Self::OcspResponse => "ocsp-response",
            Self::Organisation => "organisation",
            Self::OrganisationQscd => "organisation-qscd",
            Self::Person => "person",
            Self::PersonQscd => "person-qscd",
            Self::EuPersonQscd => "eu-person-qscd",
            Self::PersonShortTerm => "person-short-term",
            Self::Responder => "responder",
            Self::Tsu => "tsu",
        }
    }
}

/// Something a judge holds against a document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// `FATAL`, `ERROR` or `WARNING`.
    pub severity: String,
    /// The judge's own name of its rule.
    pub code: String,
    /// More words, often empty.
    pub message: String,
    /// Why we live with it, from `tests/judges/accepted.toml`; none: we do not.
    pub accepted: Option<String>,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.severity, self.code)?;
        if self.message.is_empty() { Ok(()) } else { write!(f, ": {}", self.message) }
    }
}

/// A running judge. Starting one takes about a second, a judgment some milliseconds: share it.
pub struct Judge {
    pipe: Mutex<Pipe>,
}

struct Pipe {
    child: Child,
    requests: Option<ChildStdin>,
    answers: BufReader<ChildStdout>,
}

impl Judge {
    /// The one of this test program, started when first asked for.
    ///
    /// # Panics
    ///
    /// As [`Self::start`].
    pub fn shared() -> &'static Self {
        static SHARED: OnceLock<Judge> = OnceLock::new();
        SHARED.get_or_init(Self::start)
    }

    /// Starts one.
    ///
    /// # Panics
    ///
    /// When it cannot be started; the message says that `cargo xtask setup` makes its Python environment.
    pub fn start() -> Self {
        let python = Self::python();
        let mut child = Command::new(&python)
            .arg(Self::script("judge.py"))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap_or_else(|error| {
                panic!("cannot start the judge {}: {error}; run `cargo xtask setup`", python.display())
            });
        let (Some(requests), Some(answers)) = (child.stdin.take(), child.stdout.take()) else {
            unreachable!("both were asked for as pipes");
        };
        let mut pipe = Pipe { child, requests: Some(requests), answers: BufReader::new(answers) };
        let ready = pipe.answer();
        assert!(ready.get("ready").is_some(), "the judge began with {ready}; run `cargo xtask setup`");
        Self { pipe: Mutex::new(pipe) }
    }

    /// The Python in which the judges are installed.
    pub fn python() -> PathBuf {
        std::env::var_os("NDOBA_JUDGES")
            .map_or_else(|| workspace_root().join("target/judges/bin/python"), PathBuf::from)
    }

    /// A program for it, by its name in `tests/judges`.
    pub fn script(name: &str) -> PathBuf {
        workspace_root().join("tests/judges").join(name)
    }

    /// Everything of weight that the judges find in `der`, accepted or not.
    ///
    /// # Panics
    ///
    /// When the judges cannot read it at all, or are gone.
    pub fn findings(&self, document: Document, der: &[u8]) -> Vec<Finding> {
        self.try_findings(document, der)
            .unwrap_or_else(|answer| panic!("the judges cannot read this {}: {answer}", document.name()))
    }

    /// The same for what may be no document at all.
    ///
    /// # Errors
    ///
    /// What the judges say when they cannot read it.
    ///
    /// # Panics
    ///
    /// When the judges are gone.
    pub fn try_findings(&self, document: Document, der: &[u8]) -> Result<Vec<Finding>, String> {
        let request = json!({ "document": document.name(), "der": BASE64_STANDARD.encode(der) });
        // A test that failed while holding the lock left no request half answered: answers are read whole.
        let mut pipe = self.pipe.lock().unwrap_or_else(PoisonError::into_inner);
        pipe.ask(&request);
        let answer = pipe.answer();
        drop(pipe);
        match answer.get("findings").and_then(Value::as_array) {
            Some(findings) => Ok(findings.iter().map(read_finding).collect()),
            None => Err(answer.to_string()),
        }
    }

    /// Asks that `der` has no finding but the accepted ones.
    ///
    /// # Panics
    ///
    /// When it has; the message lists them with the document in base64.
    #[track_caller]
    pub fn assert_clean(&self, document: Document, der: &[u8]) {
        let mut held: Vec<String> = Vec::new();
        for finding in self.findings(document, der) {
            if finding.accepted.is_none() {
                held.push(format!("  {finding}\n"));
            }
        }
        assert!(
            held.is_empty(),
            "the judges hold against this {}:\n{}{}",
            document.name(),
            held.concat(),
            BASE64_STANDARD.encode(der)
        );
    }
}

impl Pipe {
    fn ask(&mut self, request: &Value) {
        let written = match &mut self.requests {
            Some(requests) => writeln!(requests, "{request}").and_then(|()| requests.flush()),
            None => Ok(()),
        };
        if let Err(error) = written {
            panic!("the judge has gone: {error}");
        }
    }

    fn answer(&mut self) -> Value {
        let mut line = String::new();
        if let Err(error) = self.answers.read_line(&mut line) {
            panic!("the judge has gone: {error}");
        }
        serde_json::from_str(&line)
            .unwrap_or_else(|error| panic!("the judge said {line:?} ({error}); its own words are above"))
    }
}

impl Drop for Pipe {
    fn drop(&mut self) {
        // It ends when its input does.
        drop(self.requests.take());
        let _ = self.child.wait();
    }
}

fn read_finding(value: &Value) -> Finding {
    let text = |key: &str| value.get(key).and_then(Value::as_str).map(str::to_owned);
    Finding {
        severity: text("severity").unwrap_or_default(),
        code: text("code").unwrap_or_default(),
        message: text("message").unwrap_or_default(),
        accepted: text("accepted"),
    }
}

fn workspace_root() -> &'static Path {
    let package = Path::new(env!("CARGO_MANIFEST_DIR"));
    package.ancestors().nth(2).unwrap_or(package)
}

#[cfg(test)]
mod tests {
    use super::*;

    // Made by openssl with testdata/make.sh: a judge must be right about what another program made.
    const SIGN: &[u8] = include_bytes!("../testdata/sign.der");
    const SEAL: &[u8] = include_bytes!("../testdata/seal.der");
    const TSU: &[u8] = include_bytes!("../testdata/tsu.der");
    const CA: &[u8] = include_bytes!("../testdata/ca.der");

    #[test]
    fn good_documents_of_another_maker_are_clean() {
        let judge = Judge::shared();
        for (document, der) in [
            (Document::PersonQscd, SIGN),
            (Document::Person, SIGN),
            (Document::OrganisationQscd, SEAL),
            (Document::Tsu, TSU),
            (Document::Ca, CA),
            (Document::Responder, include_bytes!("../testdata/ocsp.der")),
            (Document::Crl, include_bytes!("../testdata/crl.der")),
            (Document::OcspResponse, include_bytes!("../testdata/ocsp-response.der")),
        ] {
            judge.assert_clean(document, der);
        }
    }

    #[test]
    fn accepted_is_accepted_for_its_document_only() {
        let judge = Judge::shared();
        let held =
            |document| judge.findings(document, TSU).into_iter().any(|finding| finding.accepted.is_none());
        assert!(!held(Document::Tsu));
        assert!(held(Document::Organisation));
    }

    #[test]
    fn a_judge_that_finds_nothing_would_be_none() {
        let codes: Vec<String> =
            Judge::shared().findings(Document::Person, CA).into_iter().map(|finding| finding.code).collect();
        assert!(codes.iter().any(|code| code.contains("nat-4.2.4-1")), "{codes:?}");
    }

    #[test]
    #[should_panic(expected = "cannot read this")]
    fn what_is_no_der_is_no_clean_document() {
        Judge::shared().assert_clean(Document::Crl, b"0\x03no");
    }
}
