//! What relying parties send: questions about certificates, requests for time-stamps.

use std::sync::LazyLock;

use ndoba_ocsp::{AnswerPolicy, CertStatusFacts, Request, Responder, Responders};
use ndoba_types::{Sha256Digest, SignatureAlgorithm};
use ndoba_x509::Certificate;

use crate::now;

/// An OCSPRequest, up to the bytes that the responder's key would sign.
pub(crate) fn ocsp_request(bytes: &[u8]) -> bool {
    let Ok(request) = Request::parse(bytes) else { return false };
    let Ok(query) = RESPONDERS.begin(request) else { return false };
    let good = CertStatusFacts::Good { certificate: Sha256Digest::from_bytes([7; 32]) };
    let facts = vec![good; query.serials().len()];
    query.answer(&facts, now()).is_ok()
}

/// What stands behind `/ocsp` in a GET: any of its readings may be a request.
pub(crate) fn ocsp_path(bytes: &[u8]) -> bool {
    let Ok(path) = std::str::from_utf8(bytes) else { return false };
    ndoba_web_public::ocsp_get_candidates(path).any(|reading| ocsp_request(&reading))
}

/// A TimeStampReq.
pub(crate) fn tsp_request(bytes: &[u8]) -> bool {
    ndoba_tsa::Request::parse(bytes).is_ok()
}

/// The responder of the seeds' CA.
static RESPONDERS: LazyLock<Responders> = LazyLock::new(|| responders().unwrap_or_default());

fn responders() -> Option<Responders> {
    let certificate = |der| Certificate::from_der(der).ok();
    let responder = Responder::new(
        "signature".parse().ok()?,
        &certificate(include_bytes!("../../testkit/testdata/ca.der"))?,
        &certificate(include_bytes!("../../testkit/testdata/ocsp.der"))?,
        SignatureAlgorithm::EcdsaP256Sha256,
        AnswerPolicy::default(),
    );
    Responders::new([responder.ok()?]).ok()
}
