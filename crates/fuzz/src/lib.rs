//! Everything that eats bytes from outside, each under a name: for the fuzzers in `fuzz/` and for the test that
//! replays their seeds where there is no fuzzer.
//!
//! A target panics when a promise is broken: that nothing panics, and that what was accepted comes back as the bytes
//! it was read from. It decides nothing else. Enter at [`TARGETS`].

mod certificates;
mod copies;
mod documents;
mod evidence;
mod requests;

/// Something that eats outside bytes.
#[derive(Clone, Copy, Debug)]
pub struct Target {
    /// Its name: of its seeds' folder and of its fuzzer.
    pub name: &'static str,
    /// Eats the bytes; whether they were accepted as what the target reads.
    pub eat: fn(&[u8]) -> bool,
}

/// All of them.
pub const TARGETS: &[Target] = &[
    Target { name: "application", eat: documents::application },
    Target { name: "audit_export", eat: evidence::audit_export },
    Target { name: "audit_record", eat: evidence::audit_record },
    Target { name: "card_uri", eat: certificates::card_uri },
    Target { name: "certificate", eat: certificates::certificate },
    Target { name: "checkpoint", eat: evidence::checkpoint },
    Target { name: "clock_statement", eat: evidence::clock_statement },
    Target { name: "crl", eat: certificates::crl },
    Target { name: "csr", eat: certificates::csr },
    Target { name: "grant", eat: documents::grant },
    Target { name: "identity", eat: certificates::identity },
    Target { name: "journal", eat: evidence::journal },
    Target { name: "jws", eat: documents::jws },
    Target { name: "lint_certificate", eat: certificates::lint_certificate },
    Target { name: "lint_crl", eat: certificates::lint_crl },
    Target { name: "lint_ocsp", eat: certificates::lint_ocsp },
    Target { name: "ocsp_answer", eat: requests::ocsp_answer },
    Target { name: "ocsp_path", eat: requests::ocsp_path },
    Target { name: "ocsp_request", eat: requests::ocsp_request },
    Target { name: "order", eat: documents::order },
    Target { name: "pem", eat: certificates::pem },
    Target { name: "pin", eat: documents::pin },
    Target { name: "responder_request", eat: documents::responder_request },
    Target { name: "sealed", eat: documents::sealed },
    Target { name: "signed_data", eat: copies::signed_data },
    Target { name: "signed_pdf", eat: copies::signed_pdf },
    Target { name: "tsp_request", eat: requests::tsp_request },
];

/// Feeds the target called `name`; for the fuzzers, whose programs are one line each.
///
/// # Panics
///
/// When there is no such target, and when a promise is broken.
#[expect(clippy::panic, reason = "a fuzzer that fuzzes nothing must not look like one that found nothing")]
pub fn feed(name: &str, bytes: &[u8]) {
    let Some(target) = TARGETS.iter().find(|target| target.name == name) else {
        panic!("there is no target {name}")
    };
    (target.eat)(bytes);
}

/// 24 November 2026, in seconds since 1970: within the seeds' certificates.
const NOVEMBER_2026: i64 = 1_795_550_400;

/// The moment at which the targets judge.
fn now() -> ndoba_types::UtcTime {
    ndoba_types::UtcTime::from_unix_seconds(NOVEMBER_2026).unwrap_or(ndoba_types::UtcTime::NO_END)
}
