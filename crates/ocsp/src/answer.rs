//! From a question and facts to the bytes to sign, and from the signature to the answer.

use std::sync::Arc;
use std::time::Duration;

use const_oid::ObjectIdentifier;
use const_oid::db::rfc5912::ID_SHA_256;
use const_oid::db::rfc6960::{
    ID_PKIX_OCSP_ARCHIVE_CUTOFF, ID_PKIX_OCSP_BASIC, ID_PKIX_OCSP_EXTENDED_REVOKE, ID_PKIX_OCSP_NONCE,
};
use der::asn1::{Any, AnyRef, BitStringRef, GeneralizedTime, Null, OctetStringRef};
use der::{Decode, Encode, Tag};
use ndoba_types::{AnswerStatus, CaName, SerialNumber, Sha256Digest, Signature, ToBeSigned, UtcTime};
use ndoba_x509::{RevocationReason, algorithm_identifier};
use spki::AlgorithmIdentifierRef;

use crate::asn1::{
    BasicOcspResponse, CertHash, CertStatus, Extension, ID_CERT_HASH, OcspResponse, ResponderId,
    ResponseBytes, ResponseData, RevokedInfo, SingleResponse, Successful,
};
use crate::{
    CertId, CertStatusFacts, HashAlgorithm, Identity, Refusal, Request, Responder, StatusError, Unissued,
};

/// A request with the responder that answers it; waits for facts.
#[derive(Clone, Debug)]
pub struct Query {
    pub(crate) responder: Arc<Responder>,
    pub(crate) request: Request,
}

impl Query {
    /// A question of our own to `responder` about one certificate of its CA: for the sample that is judged when a
    /// responder starts to answer.
    ///
    /// # Errors
    ///
    /// [`Refusal::Bug`], when the question cannot be encoded.
    pub fn about(
        responder: &Arc<Responder>,
        algorithm: HashAlgorithm,
        serial: &SerialNumber,
    ) -> Result<Self, Refusal> {
        let issuer =
            responder.issuer.iter().find(|hashes| hashes.algorithm == algorithm).ok_or(Refusal::Bug)?;
        let request = Request::about(CertId::new(issuer, serial).map_err(bug)?);
        Ok(Self { responder: Arc::clone(responder), request })
    }

    /// Who answers.
    pub fn responder(&self) -> &Arc<Responder> {
        &self.responder
    }

    /// Whose certificates are asked about.
    pub fn ca(&self) -> &CaName {
        &self.responder.ca
    }

    /// What is asked.
    pub fn request(&self) -> &Request {
        &self.request
    }

    /// The serials whose facts are needed, in order. A serial that no certificate can have is not among them.
    pub fn serials(&self) -> Vec<SerialNumber> {
        self.request.cert_ids().iter().filter_map(CertId::serial).cloned().collect()
    }

    /// Decides the answer; what remains is its signature.
    ///
    /// # Inputs
    ///
    /// - `facts` – for [`Self::serials`], in that order, from one look at the records.
    /// - `now` – when the facts were read, or later.
    ///
    /// # Errors
    ///
    /// [`Refusal`] when the responder's certificate does not allow an answer now, or facts are missing.
    pub fn answer(
        &self,
        facts: &[CertStatusFacts],
        now: UtcTime,
    ) -> Result<(Pending, ToBeSigned<AnswerStatus>), Refusal> {
        let Self { responder, request: _ } = self;
        let policy = &responder.policy;
        if now < responder.not_before {
            return Err(Refusal::ResponderNotYetValid);
        }
        // No fractions of seconds (O-11), and floored, so that nothing lies in a client's future.
        let produced_at = now.floor_to_second();
        let this_update = produced_at.minus(policy.backdate).floor_to_second();
        let next_update =
            this_update.plus(policy.validity).min(responder.not_after.minus(policy.margin)).floor_to_second();
        if next_update <= produced_at {
            return Err(Refusal::ResponderExpired);
        }

        let times = Times { produced_at, this_update, next_update };
        let (pending, tbs) = self.put_together(facts, times)?;
        // Every field was decided here from the facts; the linter judges a sample of it at activation.
        Ok((pending, ToBeSigned::assertion(tbs)))
    }

    /// The answer about `facts` with these times, and its octets to be signed.
    pub(crate) fn put_together(
        &self,
        facts: &[CertStatusFacts],
        times: Times,
    ) -> Result<(Pending, Vec<u8>), Refusal> {
        let Self { responder, request } = self;
        let mut facts = facts.iter();
        let mut entries = Vec::with_capacity(request.cert_ids().len());
        for cert_id in request.cert_ids() {
            let facts = match cert_id.serial() {
                Some(_) => facts.next().ok_or(Refusal::Bug)?,
                None => &CertStatusFacts::NotIssued,
            };
            entries.push(Entry::new(cert_id, facts, responder)?);
        }
        if facts.next().is_some() {
            return Err(Refusal::Bug);
        }

        let tbs = encode_response_data(responder, request, &entries, times)?;
        let said = entries.into_iter().map(|entry| entry.said).collect();
        let Times { produced_at, this_update: _, next_update } = times;
        let pending =
            Pending { responder: Arc::clone(responder), tbs: tbs.clone(), produced_at, next_update, said };
        Ok((pending, tbs))
    }
}

/// What an answer says of one certificate, for metrics.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Said {
    /// good
    Good,
    /// revoked
    Revoked,
    /// revoked with certificateHold
    Suspended,
    /// unknown, or extended-revoked: never issued (OVR-6.6.3-03 asks to watch for these)
    Unissued,
}

/// An answer that lacks its signature.
#[derive(Debug)]
#[must_use = "an answer is sent only with its signature"]
pub struct Pending {
    responder: Arc<Responder>,
    tbs: Vec<u8>,
    produced_at: UtcTime,
    next_update: UtcTime,
    said: Vec<Said>,
}

impl Pending {
    /// Puts the signature to the answer.
    ///
    /// # Errors
    ///
    /// [`Refusal::Bug`] when the signature is empty.
    pub fn finish(self, signature: &Signature) -> Result<Answer, Refusal> {
        let Self { responder, tbs, produced_at, next_update, said } = self;
        if signature.as_bytes().is_empty() {
            return Err(Refusal::Bug);
        }
        let der = encode_response(&responder, &tbs, signature).map_err(bug)?;
        let renew_at = renewal(produced_at, next_update, signature.as_bytes());
        Ok(Answer { der, produced_at, renew_at, next_update, said })
    }
}

/// A signed answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// The OCSPResponse.
    pub der: Vec<u8>,
    /// As stated in it.
    pub produced_at: UtcTime,
    /// When it should be signed anew.
    pub renew_at: UtcTime,
    /// As stated in it; nobody may be told this answer at or after it.
    pub next_update: UtcTime,
    /// What it says, in the order of the request.
    pub said: Vec<Said>,
}

/// By the middle of an answer's life, and up to a tenth of it earlier: what was signed in the storm after a restart must
/// not come to be signed anew in another one. Signatures differ as if they were drawn.
fn renewal(produced_at: UtcTime, next_update: UtcTime, signature: &[u8]) -> UtcTime {
    let life = next_update.since(produced_at).as_micros();
    let drawn = signature.last_chunk().map_or(0, |octets| i64::from(u16::from_be_bytes(*octets)));
    // Divided first: a final answer's life is eight thousand years.
    let earlier = life / 10 / (i64::from(u16::MAX) + 1) * drawn;
    UtcTime::from_unix_micros(produced_at.unix_micros() + life / 2 - earlier).unwrap_or(produced_at)
}

#[derive(Clone, Copy)]
pub(crate) struct Times {
    pub(crate) produced_at: UtcTime,
    pub(crate) this_update: UtcTime,
    pub(crate) next_update: UtcTime,
}

/// A SingleResponse before its encoding.
struct Entry<'a> {
    cert_id: &'a CertId,
    said: Said,
    status: CertStatus,
    extensions: Vec<(ObjectIdentifier, Vec<u8>)>,
}

impl<'a> Entry<'a> {
    fn new(cert_id: &'a CertId, facts: &CertStatusFacts, responder: &Responder) -> Result<Self, Refusal> {
        let (said, status, certificate) = match facts {
            CertStatusFacts::Good { certificate } => (Said::Good, CertStatus::Good(Null), Some(certificate)),
            CertStatusFacts::Revoked { at, reason, certificate } => {
                (Said::Revoked, revoked(*at, *reason).map_err(bug)?, certificate.as_ref())
            }
            CertStatusFacts::Suspended { since, certificate } => {
                let status = revoked(*since, RevocationReason::CertificateHold).map_err(bug)?;
                (Said::Suspended, status, certificate.as_ref())
            }
            CertStatusFacts::NotIssued => {
                let status = match responder.policy.unissued {
                    Unissued::Unknown => CertStatus::Unknown(Null),
                    Unissued::ExtendedRevoked => {
                        revoked(EPOCH, RevocationReason::CertificateHold).map_err(bug)?
                    }
                };
                // Nothing is archived about what never was.
                return Ok(Self { cert_id, said: Said::Unissued, status, extensions: Vec::new() });
            }
        };
        let mut extensions = Vec::with_capacity(2);
        let cutoff = generalized(responder.archive_cutoff).and_then(|time| time.to_der()).map_err(bug)?;
        extensions.push((ID_PKIX_OCSP_ARCHIVE_CUTOFF, cutoff));
        if let Some(digest) = certificate.filter(|_| responder.policy.cert_hash) {
            extensions.push((ID_CERT_HASH, cert_hash(digest).map_err(bug)?));
        }
        Ok(Self { cert_id, said, status, extensions })
    }
}

/// 1970-01-01T00:00:00Z, the revocationTime of what was never issued (RFC 6960 §2.2).
const EPOCH: UtcTime = match UtcTime::from_unix_seconds(0) {
    Ok(epoch) => epoch,
    Err(_) => UtcTime::NO_END,
};

fn encode_response_data(
    responder: &Responder,
    request: &Request,
    entries: &[Entry<'_>],
    times: Times,
) -> Result<Vec<u8>, Refusal> {
    let responses = entries.iter().map(|entry| single_response(entry, times)).collect::<Result<_, _>>();
    let mut extensions = Vec::new();
    if let Some(nonce) = request.nonce() {
        extensions.push(extension(ID_PKIX_OCSP_NONCE, nonce.extension_value()).map_err(bug)?);
    }
    let extended = responder.policy.unissued == Unissued::ExtendedRevoked;
    if extended && entries.iter().any(|entry| entry.said == Said::Unissued) {
        extensions.push(extension(ID_PKIX_OCSP_EXTENDED_REVOKE, DER_NULL).map_err(bug)?);
    }
    let responder_id = match responder.policy.identity {
        Identity::ByKey => OctetStringRef::new(&responder.key_hash).map(ResponderId::ByKey),
        Identity::ByName => AnyRef::from_der(&responder.subject).map(ResponderId::ByName),
    };
    let data = ResponseData {
        responder_id: responder_id.map_err(bug)?,
        produced_at: generalized(times.produced_at).map_err(bug)?,
        responses: responses.map_err(bug)?,
        response_extensions: Some(extensions).filter(|list| !list.is_empty()),
    };
    data.to_der().map_err(bug)
}

fn single_response<'a>(entry: &'a Entry<'_>, times: Times) -> der::Result<SingleResponse<'a>> {
    let extensions: Vec<_> =
        entry.extensions.iter().map(|(oid, value)| extension(*oid, value)).collect::<der::Result<_>>()?;
    Ok(SingleResponse {
        cert_id: AnyRef::from_der(entry.cert_id.as_der())?,
        cert_status: entry.status.clone(),
        this_update: generalized(times.this_update)?,
        next_update: Some(generalized(times.next_update)?),
        single_extensions: Some(extensions).filter(|list| !list.is_empty()),
    })
}

fn encode_response(responder: &Responder, tbs: &[u8], signature: &Signature) -> der::Result<Vec<u8>> {
    let algorithm = algorithm_identifier(responder.algorithm);
    let basic = BasicOcspResponse {
        tbs_response_data: AnyRef::from_der(tbs)?,
        signature_algorithm: AnyRef::from_der(&algorithm)?,
        signature: BitStringRef::from_bytes(signature.as_bytes())?,
        // The responder's certificate, once and alone: an embedded issuer makes some clients take the answer
        // for the issuer's own (interop.md §4, 10).
        certs: match &responder.certificate {
            Some(certificate) => Some(vec![AnyRef::from_der(certificate)?]),
            None => None,
        },
    }
    .to_der()?;
    let response_bytes =
        ResponseBytes { response_type: ID_PKIX_OCSP_BASIC, response: OctetStringRef::new(&basic)? };
    OcspResponse { response_status: Successful::Successful, response_bytes: Some(response_bytes) }.to_der()
}

/// Non-critical, as every extension of ours: criticality copied from requests has broken clients.
fn extension(extn_id: ObjectIdentifier, value: &[u8]) -> der::Result<Extension<'_>> {
    Ok(Extension { extn_id, critical: false, extn_value: OctetStringRef::new(value)? })
}

fn revoked(at: UtcTime, reason: RevocationReason) -> der::Result<CertStatus> {
    // Unspecified is said by leaving the reason out (C-90).
    let stated = Some(reason).filter(|reason| *reason != RevocationReason::Unspecified);
    let revocation_reason =
        stated.map(|reason| Any::new(Tag::Enumerated, vec![reason.code()])).transpose()?;
    Ok(CertStatus::Revoked(RevokedInfo { revocation_time: generalized(at)?, revocation_reason }))
}

fn cert_hash(digest: &Sha256Digest) -> der::Result<Vec<u8>> {
    // RFC 5754 §2: SHA-2 identifiers are written without parameters.
    let hash_algorithm = AlgorithmIdentifierRef { oid: ID_SHA_256, parameters: None };
    CertHash { hash_algorithm, certificate_hash: OctetStringRef::new(digest.as_bytes())? }.to_der()
}

fn generalized(time: UtcTime) -> der::Result<GeneralizedTime> {
    GeneralizedTime::from_unix_duration(Duration::from_secs(time.unix_seconds().unsigned_abs()))
}

fn bug(_: der::Error) -> Refusal {
    Refusal::Bug
}

const DER_NULL: &[u8] = &[0x05, 0x00];

impl From<StatusError> for Refusal {
    fn from(error: StatusError) -> Self {
        Self::Status(error)
    }
}
