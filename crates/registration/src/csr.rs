//! The PKCS#10 request of an application: read early, so that the officer hears at once what is wrong with it.

use ndoba_types::Sha256Digest;
use ndoba_x509::VerifiedCsr;

use crate::field_error::Refusals;

/// A request whose own signature proves possession of the key (C-73). The CA checks it again.
#[derive(Clone, PartialEq, Eq)]
pub struct CheckedCsr {
    /// The request, DER.
    pub der: Vec<u8>,
    /// SHA-256 over it.
    pub digest: Sha256Digest,
    /// SHA-256 over its SubjectPublicKeyInfo.
    pub spki: Sha256Digest,
}

/// Reads PEM, or notes why it cannot be a request of ours.
pub(crate) fn check_csr(at: &mut Refusals<'_>, member: &str, pem: &str) -> Option<CheckedCsr> {
    match VerifiedCsr::parse(pem.as_bytes()) {
        Ok(csr) => Some(CheckedCsr {
            der: csr.as_der().to_vec(),
            digest: csr.digest(),
            spki: csr.spki().fingerprint(),
        }),
        Err(error) => at.refuse(member, error.code(), Some("C-73"), error.sentence()),
    }
}

/// What the server would say of a request, PEM: its code and its sentence.
///
/// # Errors
///
/// The code and the sentence of the refusal.
pub fn judge_request(pem: &str) -> Result<(), (&'static str, String)> {
    VerifiedCsr::parse(pem.as_bytes()).map(|_| ()).map_err(|error| (error.code(), error.sentence()))
}
