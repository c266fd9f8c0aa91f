//! What relying parties send: questions about certificates, requests for time-stamps.

use std::sync::LazyLock;

use ndoba_ocsp::{
    AnswerPolicy, CertStatusFacts, HashAlgorithm, Question, Request, Responder, Responders, Untold,
};
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

/// An OCSPResponse as our probe reads it; whether it is one that says a status, believed or not.
pub(crate) fn ocsp_answer(bytes: &[u8]) -> bool {
    let Some((question, ca)) = &*QUESTION else { return false };
    question.read(bytes, ca, now()) != Err(Untold::NoStatus)
}

/// A question to the seeds' CA.
static QUESTION: LazyLock<Option<(Question, Certificate)>> = LazyLock::new(|| {
    let ca = Certificate::from_der(include_bytes!("../../testkit/testdata/ca.der")).ok()?;
    Some((Question::about(&ca, HashAlgorithm::Sha1, &"4a01".parse().ok()?).ok()?, ca))
});

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
