//! Who answers for whom: delegated responders, one per issuing CA key (O-18).

use std::collections::HashMap;
use std::sync::Arc;

use const_oid::ObjectIdentifier;
use const_oid::db::rfc5280::{ID_CE_EXT_KEY_USAGE, ID_CE_KEY_USAGE};
use const_oid::db::rfc6960::ID_PKIX_OCSP_NOCHECK;
use der::Decode;
use ndoba_types::{CaName, Sha256Digest, SignatureAlgorithm, Span, UtcTime};
use ndoba_x509::Certificate;
use spki::SubjectPublicKeyInfoRef;

use crate::answer::Query;
use crate::{FinalIssuer, FinalQuestion, HashAlgorithm, IssuerHashes, Refusal, Request};

/// How a CA's statuses are answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AnswerPolicy {
    /// From thisUpdate to nextUpdate; always stated (O-11, O-12).
    pub validity: Span,
    /// How far thisUpdate lies before producedAt, for clients whose clocks are slow. Zero keeps the two equal,
    /// as the headers of RFC 9919 §7.2 want it (O-22).
    pub backdate: Span,
    /// nextUpdate stays this far before the responder certificate's notAfter: what was signed can be verified
    /// for as long as it claims to be current.
    pub margin: Span,
    /// What is said of serials that were never issued.
    pub unissued: Unissued,
    /// How the responder names itself.
    pub identity: Identity,
    /// Whether answers prove that the certificate was issued by naming its digest (O-17).
    pub cert_hash: bool,
}

impl Default for AnswerPolicy {
    /// An hour, not backdated, five minutes of margin, `unknown`, byKey, with CertHash.
    fn default() -> Self {
        Self {
            validity: Span::hours(1),
            backdate: Span::ZERO,
            margin: Span::minutes(5),
            unissued: Unissued::Unknown,
            identity: Identity::ByKey,
            cert_hash: true,
        }
    }
}

/// What is answered for a serial that was never issued; never `good` (O-08).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unissued {
    /// RFC 6960 §2.2 "extended revoked": revoked since 1970 with certificateHold, and the extension that says so.
    ExtendedRevoked,
    /// certStatus unknown.
    Unknown,
}

/// How answers name their responder.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Identity {
    /// By the SHA-1 of its public key, as RFC 9919 §3.2.1 demands (O-10).
    ByKey,
    /// By its subject, for clients that know nothing else.
    ByName,
}

/// A delegated responder: its certificate, the CA for which it answers, and how.
#[derive(Clone, Debug)]
pub struct Responder {
    pub(crate) ca: CaName,
    pub(crate) issuer: [IssuerHashes; 4],
    /// The CA's notBefore: statuses are kept from the CA's first day on (O-15).
    pub(crate) archive_cutoff: UtcTime,
    /// Embedded in answers; `None` for a CA that answers itself.
    pub(crate) certificate: Option<Vec<u8>>,
    pub(crate) fingerprint: Sha256Digest,
    pub(crate) subject: Vec<u8>,
    pub(crate) key_hash: Vec<u8>,
    pub(crate) not_before: UtcTime,
    pub(crate) not_after: UtcTime,
    pub(crate) algorithm: SignatureAlgorithm,
    pub(crate) policy: AnswerPolicy,
}

impl Responder {
    /// Puts a responder together.
    ///
    /// # Inputs
    ///
    /// - `ca_certificate` – of the CA whose certificates are asked about; trusted by the caller.
    /// - `certificate` – the responder's, issued directly by that CA key; embedded in every answer.
    /// - `algorithm` – of the signatures that the responder's key makes.
    ///
    /// # Errors
    ///
    /// [`ResponderError`] when the two do not belong together, or the certificate is not a responder's.
    pub fn new(
        ca: CaName,
        ca_certificate: &Certificate,
        certificate: &Certificate,
        algorithm: SignatureAlgorithm,
        policy: AnswerPolicy,
    ) -> Result<Self, ResponderError> {
        if certificate.issuer() != ca_certificate.subject()
            || certificate.verify_signed_by(ca_certificate.spki()).is_err()
        {
            return Err(ResponderError::OtherIssuer);
        }
        if !certificate.key_kind().is_ok_and(|kind| kind.can_sign_with(algorithm)) {
            return Err(ResponderError::Algorithm);
        }
        let value =
            |id: &ObjectIdentifier| certificate.extension(id).map(|extension| extension.value.as_slice());
        // Clients reject responders with nonRepudiation (interop.md §4, 22).
        if value(&ID_CE_KEY_USAGE) != Some(DIGITAL_SIGNATURE_ALONE)
            || value(&ID_CE_EXT_KEY_USAGE) != Some(OCSP_SIGNING_ALONE)
        {
            return Err(ResponderError::Usage);
        }
        if value(&ID_PKIX_OCSP_NOCHECK).is_none() {
            return Err(ResponderError::NoCheck);
        }

        Ok(Self {
            ca,
            issuer: issuer_hashes(ca_certificate)?,
            archive_cutoff: ca_certificate.not_before(),
            certificate: Some(certificate.as_der().to_vec()),
            fingerprint: certificate.fingerprint(),
            subject: certificate.subject().as_der().to_vec(),
            // SHA-1 whatever the CertID uses: a name, not a protection (O-10).
            key_hash: HashAlgorithm::Sha1.digest(key_bits(certificate)?),
            not_before: certificate.not_before(),
            not_after: certificate.not_after(),
            algorithm,
            policy,
        })
    }

    /// The CA for which it answers.
    pub fn ca(&self) -> &CaName {
        &self.ca
    }

    /// SHA-256 over its certificate: a new responder certificate makes new answers.
    pub fn fingerprint(&self) -> Sha256Digest {
        self.fingerprint
    }

    /// The end of its certificate, for metrics and alarms.
    pub fn not_after(&self) -> UtcTime {
        self.not_after
    }
}

/// An issuer under every hash function.
pub(crate) fn issuer_hashes(ca: &Certificate) -> Result<[IssuerHashes; 4], ResponderError> {
    let key = key_bits(ca)?;
    Ok(HashAlgorithm::ALL.map(|algorithm| IssuerHashes {
        algorithm,
        name: algorithm.digest(ca.subject().as_der()).into(),
        key: algorithm.digest(key).into(),
    }))
}

/// The content of subjectPublicKey without the octet that counts unused bits (O-02).
pub(crate) fn key_bits(certificate: &Certificate) -> Result<&[u8], ResponderError> {
    let spki = SubjectPublicKeyInfoRef::from_der(certificate.spki().as_der());
    Ok(spki.map_err(|_| ResponderError::Algorithm)?.subject_public_key.raw_bytes())
}

/// `KeyUsage ::= BIT STRING` with digitalSignature (0).
const DIGITAL_SIGNATURE_ALONE: &[u8] = &[0x03, 0x02, 0x07, 0x80];

/// `ExtKeyUsageSyntax ::= SEQUENCE OF KeyPurposeId` with id-kp-OCSPSigning (1.3.6.1.5.5.7.3.9).
pub(crate) const OCSP_SIGNING_ALONE: &[u8] =
    &[0x30, 0x0a, 0x06, 0x08, 0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x03, 0x09];

/// The responders that answer now, found by the issuer that a CertID names.
#[derive(Debug, Default)]
pub struct Responders {
    by_issuer: HashMap<IssuerHashes, Arc<Responder>>,
    finals: HashMap<IssuerHashes, CaName>,
}

impl Responders {
    /// One responder for each CA key.
    ///
    /// # Errors
    ///
    /// [`ResponderError::Twice`] when two answer for the same issuer: which of the two is current is decided
    /// before.
    pub fn new(responders: impl IntoIterator<Item = Responder>) -> Result<Self, ResponderError> {
        let mut by_issuer = HashMap::new();
        for responder in responders.into_iter().map(Arc::new) {
            for hashes in &responder.issuer {
                if by_issuer.insert(hashes.clone(), Arc::clone(&responder)).is_some() {
                    return Err(ResponderError::Twice(responder.ca.clone()));
                }
            }
        }
        Ok(Self { by_issuer, finals: HashMap::new() })
    }

    /// The same, beside CAs that have ended: their final answers come before what a responder would say.
    #[must_use]
    pub fn with_finals(mut self, finals: &[FinalIssuer]) -> Self {
        for one in finals {
            self.finals.extend(one.issuer.iter().map(|issuer| (issuer.clone(), one.ca.clone())));
        }
        self
    }

    /// What `request` asks of a CA that has ended; `None` when its first CertID is of another.
    ///
    /// # Errors
    ///
    /// [`Refusal::ForeignIssuer`] for what has no final answer: several certificates at once, a hash function that
    /// was not answered, a number that none can have.
    pub fn final_question(&self, request: &Request) -> Option<Result<FinalQuestion, Refusal>> {
        let ca = self.finals.get(request.cert_ids().first()?.issuer()?)?;
        Some(FinalQuestion::of(request, ca))
    }

    /// Finds who answers `request`: the first CertID's issuer decides, and no answer mixes issuers, because
    /// clients exist that match entries by serial number alone (interop.md §4, 11).
    ///
    /// # Errors
    ///
    /// [`Refusal::ForeignIssuer`] when an issuer is not served here, or another than the first one's.
    pub fn begin(&self, request: Request) -> Result<Query, Refusal> {
        let mut found: Option<&Arc<Responder>> = None;
        for cert_id in request.cert_ids() {
            let issuer = cert_id.issuer().ok_or(Refusal::ForeignIssuer)?;
            let responder = self.by_issuer.get(issuer).ok_or(Refusal::ForeignIssuer)?;
            if found.is_some_and(|first| !Arc::ptr_eq(first, responder)) {
                return Err(Refusal::ForeignIssuer);
            }
            found = Some(responder);
        }
        let responder = Arc::clone(found.ok_or(Refusal::ForeignIssuer)?);
        Ok(Query { responder, request })
    }

    /// Every responder once, in no order.
    pub fn iter(&self) -> impl Iterator<Item = &Arc<Responder>> {
        // Each is filed under four hashes; one of them counts.
        self.by_issuer.iter().filter(|(hashes, _)| hashes.algorithm == HashAlgorithm::Sha256).map(|(_, r)| r)
    }
}

/// Why a responder cannot answer for a CA. An operator must act.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ResponderError {
    /// The key in the responder's certificate is unknown or cannot make the signatures announced.
    #[error("the responder's key does not fit its signature algorithm")]
    Algorithm,
    /// No id-pkix-ocsp-nocheck: clients would ask for the responder's own status, of us (O-19).
    #[error("the responder's certificate lacks id-pkix-ocsp-nocheck")]
    NoCheck,
    /// The responder's issuer is not the CA: clients accept delegation only from the CA itself (O-18).
    #[error("the responder's certificate was issued by another CA")]
    OtherIssuer,
    /// Two responders for one issuer.
    #[error("two responders answer for the CA {0}")]
    Twice(CaName),
    /// Key usage must be digitalSignature alone, extended key usage id-kp-OCSPSigning alone.
    #[error("the responder's certificate is not for signing OCSP answers, and nothing else")]
    Usage,
}
