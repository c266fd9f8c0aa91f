//! Standing authorisations: what two security officers let a CA do again and again without asking them (design §3).
//!
//! A responder's certificate lives for days, and officers do not sign every week. So they sign once: for this CA key,
//! for requests that this enrolment key signed, by this profile, for so many days each, so many of them, until then.
//! The signed statement is a link of the register's chain, because it lives for a year and its end must not be undone
//! by anyone who writes into the database (ADR 0007).

use ndoba_types::{
    InstallationId, OrderId, Sha256Digest, Signature, SignatureAlgorithm, SubjectPublicKeyInfo, UtcTime,
};
use ndoba_x509::{KeyIdentifier, KeyKind, Subject, VerifiedCsr, verify_signature};
use serde::{Deserialize, Serialize};

use crate::document::{self, Malformed};
use crate::register::{FRESH, SKEW};
use crate::{ProfileRef, Register, as_text};

const REQUEST: &str = "responder-request";
/// What a responder's certificate may at most last; the profile's limit is lower.
const MAX_DAYS: u32 = 366;
/// More certificates than any sensible period needs are a mistake.
const MAX_COUNT: u32 = 10_000;

/// What two security officers sign. It claims; the proof is [`StandingAuthorisation`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AuthoriseResponder {
    /// For which installation.
    #[serde(with = "as_text")]
    pub installation: InstallationId,
    /// Its place in the chain, from 1.
    pub seq: u64,
    /// SHA-256 over the document before it, or the pin's digest.
    #[serde(with = "as_text")]
    pub prev: Sha256Digest,
    /// Random; the ledger accounts for what is issued under it.
    #[serde(with = "as_text")]
    pub authorisation: OrderId,
    /// The CA key that may certify, by its subject key identifier.
    #[serde(with = "as_text")]
    pub ca: KeyIdentifier,
    /// Whose signature every request must have beside its own key's.
    #[serde(with = "as_text::spki")]
    pub enrolment: SubjectPublicKeyInfo,
    /// By which profile, as it was when they signed.
    pub profile: ProfileRef,
    /// The responder's name.
    pub subject: Subject,
    /// For how long each certificate is valid.
    pub days: u32,
    /// How many certificates there may be under it, those whose signature was lost counted too.
    pub count: u32,
    /// From when.
    #[serde(with = "as_text")]
    pub not_before: UtcTime,
    /// Until when, inclusive, certificates may be issued.
    #[serde(with = "as_text")]
    pub not_after: UtcTime,
    /// When it was written.
    #[serde(with = "as_text")]
    pub created: UtcTime,
}

impl AuthoriseResponder {
    pub(crate) fn check(&self) -> Result<(), Malformed> {
        if self.not_after <= self.not_before {
            return Err(Malformed::rule("an authorisation ends after it begins"));
        }
        if !(1..=MAX_DAYS).contains(&self.days) || !(1..=MAX_COUNT).contains(&self.count) {
            return Err(Malformed::rule(
                "an authorisation is for 1 to 366 days and 1 to 10 000 certificates",
            ));
        }
        if !(1..=64).contains(&self.profile.name.len()) {
            return Err(Malformed::rule("a profile's name has 1 to 64 octets"));
        }
        if enrolment_algorithm(&self.enrolment).is_none() {
            return Err(Malformed::rule("an enrolment key is on P-256 or P-384, or RSA"));
        }
        match self.subject {
            Subject::Authority(_) => Ok(()),
            Subject::NaturalPerson(_) | Subject::LegalPerson(_) => {
                Err(Malformed::rule("a responder's name is one of the provider's own"))
            }
        }
    }
}

/// The end of a standing authorisation, at once. What was issued under it stays valid until its own end.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EndResponder {
    /// For which installation.
    #[serde(with = "as_text")]
    pub installation: InstallationId,
    /// Its place in the chain, from 1.
    pub seq: u64,
    /// SHA-256 over the document before it, or the pin's digest.
    #[serde(with = "as_text")]
    pub prev: Sha256Digest,
    /// Which one ends.
    #[serde(with = "as_text")]
    pub authorisation: OrderId,
    /// When it was written.
    #[serde(with = "as_text")]
    pub created: UtcTime,
}

/// A standing authorisation that the register's chain proves. Made by [`Register`] only.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StandingAuthorisation {
    content: AuthoriseResponder,
    digest: Sha256Digest,
    ended: Option<UtcTime>,
}

impl StandingAuthorisation {
    pub(crate) fn signed(content: &AuthoriseResponder, digest: Sha256Digest) -> Self {
        Self { content: content.clone(), digest, ended: None }
    }

    pub(crate) fn end(&mut self, at: UtcTime) {
        self.ended = self.ended.or(Some(at));
    }

    /// What the officers signed.
    pub fn content(&self) -> &AuthoriseResponder {
        &self.content
    }

    /// Its identifier.
    pub fn id(&self) -> OrderId {
        self.content.authorisation
    }

    /// SHA-256 over its canonical bytes.
    pub fn digest(&self) -> Sha256Digest {
        self.digest
    }

    /// When it was ended, or another took its place.
    pub fn ended(&self) -> Option<UtcTime> {
        self.ended
    }

    /// Whether it is in force at `at`.
    pub fn is_active(&self, at: UtcTime) -> bool {
        self.ended.is_none() && self.content.not_before <= at && at <= self.content.not_after
    }
}

/// A responder asks for its next certificate. The enrolment key signs the canonical bytes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ResponderRequest {
    /// For which installation.
    #[serde(with = "as_text")]
    pub installation: InstallationId,
    /// Of which CA, by its subject key identifier.
    #[serde(with = "as_text")]
    pub ca: KeyIdentifier,
    /// SHA-256 over the PKCS#10 request that the new key signed.
    #[serde(with = "as_text")]
    pub csr: Sha256Digest,
    /// SHA-256 over the new key's SubjectPublicKeyInfo.
    #[serde(with = "as_text")]
    pub spki: Sha256Digest,
    /// When it was written.
    #[serde(with = "as_text")]
    pub created: UtcTime,
}

impl ResponderRequest {
    /// The canonical bytes.
    ///
    /// # Errors
    ///
    /// [`Malformed`] when they are too many.
    pub fn to_bytes(&self) -> Result<Vec<u8>, Malformed> {
        document::write(REQUEST, self)
    }

    /// Reads canonical bytes.
    ///
    /// # Errors
    ///
    /// [`Malformed`] for everything else.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, Malformed> {
        document::parse(REQUEST, bytes, Self::to_bytes)
    }
}

/// A request that a standing authorisation covers now. Made by [`accept_responder_request`] only.
#[derive(Debug)]
pub struct AuthorisedResponder<'r> {
    authorisation: &'r StandingAuthorisation,
    csr: VerifiedCsr,
    digest: Sha256Digest,
}

impl AuthorisedResponder<'_> {
    /// Under which authorisation.
    pub fn authorisation(&self) -> &StandingAuthorisation {
        self.authorisation
    }

    /// The new key's request, its proof of possession verified.
    pub fn csr(&self) -> &VerifiedCsr {
        &self.csr
    }

    /// SHA-256 over the request's canonical bytes: the ledger answers each once.
    pub fn digest(&self) -> Sha256Digest {
        self.digest
    }
}

/// Judges a responder's request: bytes, both signatures, and an authorisation whose grants lead back to the pin.
///
/// How many certificates there are under the authorisation already, and whether the request was answered before, is
/// for the ledger to say.
///
/// # Inputs
///
/// - `signature` – by the enrolment key over `bytes`, as in a signatureValue.
/// - `csr` – the PKCS#10 request, DER.
/// - `register` – replayed from the pin.
///
/// # Errors
///
/// [`StandingRefusal`].
pub fn accept_responder_request<'r>(
    bytes: &[u8],
    signature: &Signature,
    csr: &[u8],
    register: &'r Register,
    now: UtcTime,
) -> Result<AuthorisedResponder<'r>, StandingRefusal> {
    let request = ResponderRequest::from_bytes(bytes)?;
    if request.installation != register.installation() {
        return Err(StandingRefusal::OtherInstallation);
    }
    if request.created > now.plus(SKEW) || now.since(request.created) > FRESH {
        return Err(StandingRefusal::NotFresh);
    }
    let authorisation = register.responder_authorisation(request.ca).ok_or(StandingRefusal::NotAuthorised)?;
    if !authorisation.is_active(now) {
        return Err(StandingRefusal::NotAuthorised);
    }
    let enrolment = &authorisation.content().enrolment;
    let algorithm = enrolment_algorithm(enrolment).ok_or(StandingRefusal::Enrolment)?;
    verify_signature(enrolment, algorithm, bytes, signature.as_bytes())
        .map_err(|_| StandingRefusal::Enrolment)?;
    if Sha256Digest::of(csr) != request.csr {
        return Err(StandingRefusal::OtherCsr);
    }
    let csr = VerifiedCsr::parse(csr).map_err(|_| StandingRefusal::Possession)?;
    if csr.spki().fingerprint() != request.spki {
        return Err(StandingRefusal::OtherCsr);
    }
    if csr.spki() == enrolment {
        return Err(StandingRefusal::EnrolmentKey);
    }
    Ok(AuthorisedResponder { authorisation, csr, digest: Sha256Digest::of(bytes) })
}

/// How an enrolment key signs; `None` for a key that is none.
fn enrolment_algorithm(key: &SubjectPublicKeyInfo) -> Option<SignatureAlgorithm> {
    match KeyKind::of(key).ok()? {
        KeyKind::EcP256 => Some(SignatureAlgorithm::EcdsaP256Sha256),
        KeyKind::EcP384 => Some(SignatureAlgorithm::EcdsaP384Sha384),
        KeyKind::Rsa { .. } => Some(SignatureAlgorithm::RsaPkcs1Sha256),
        KeyKind::EcP521 | KeyKind::Ed25519 => None,
    }
}

/// Why a responder gets no certificate.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StandingRefusal {
    /// The enrolment key did not sign it.
    #[error("the request is not signed by the enrolment key of the authorisation")]
    Enrolment,
    /// The enrolment key must not answer.
    #[error("the enrolment key asks for a certificate for itself")]
    EnrolmentKey,
    /// Not a request.
    #[error("the request is malformed")]
    Malformed(#[from] Malformed),
    /// No authorisation for that CA is in force.
    #[error(
        "no standing authorisation for this CA's responders is in force; two security officers give one: ndoba officer authorise-responder"
    )]
    NotAuthorised,
    /// Written in the future, or more than 7 days ago.
    #[error("the request was not written just now")]
    NotFresh,
    /// The PKCS#10 request is not the one that the enrolment key signed.
    #[error("the certificate request is not the one that the enrolment key signed")]
    OtherCsr,
    /// For another installation.
    #[error("the request is for another installation")]
    OtherInstallation,
    /// The new key did not sign its own request.
    #[error("the certificate request does not prove possession of its key")]
    Possession,
}

impl StandingRefusal {
    /// A stable name for programs and the audit log.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Enrolment => "responder-enrolment-signature",
            Self::EnrolmentKey => "responder-enrolment-key",
            Self::Malformed(malformed) => malformed.code(),
            Self::NotAuthorised => "responder-not-authorised",
            Self::NotFresh => "responder-not-fresh",
            Self::OtherCsr => "responder-other-csr",
            Self::OtherInstallation => "responder-other-installation",
            Self::Possession => "responder-possession",
        }
    }
}

#[cfg(test)]
mod tests;
