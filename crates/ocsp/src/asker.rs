//! The other side: a question, and what an answer says once it is verified. For our own probe; nothing of the
//! responder's own knowledge is used.

use std::time::Duration;

use const_oid::db::rfc5280::ID_CE_EXT_KEY_USAGE;
use const_oid::db::rfc6960::ID_PKIX_OCSP_BASIC;
use der::asn1::GeneralizedTime;
use der::{AnyRef, Decode, Encode};
use ndoba_types::{SerialNumber, Span, UtcTime};
use ndoba_x509::{Certificate, KeyKind, signature_algorithm, verify_signature};

use crate::asn1::{
    BasicOcspResponse, CertStatus, OcspRequest, OcspResponse, ResponseData, SingleRequest, SingleResponse,
    TbsRequest,
};
use crate::responder::{OCSP_SIGNING_ALONE, issuer_hashes};
use crate::{CertId, HashAlgorithm};

/// Clocks may differ by this much.
const SKEW: Span = Span::minutes(5);

/// A question about one certificate, kept to recognise the answer.
#[derive(Clone, Debug)]
pub struct Question {
    cert_id: CertId,
    der: Vec<u8>,
}

/// What a verified answer says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Told {
    /// The status.
    pub status: ToldStatus,
    /// producedAt.
    pub produced_at: UtcTime,
    /// nextUpdate.
    pub next_update: UtcTime,
}

/// A status as an answer says it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ToldStatus {
    /// good
    Good,
    /// revoked, or suspended
    Revoked {
        /// revocationTime
        at: UtcTime,
    },
    /// unknown
    Unknown,
}

impl Question {
    /// Asks about `serial` under the CA with this certificate.
    ///
    /// # Errors
    ///
    /// [`Untold::Question`] when it cannot be encoded.
    pub fn about(ca: &Certificate, hash: HashAlgorithm, serial: &SerialNumber) -> Result<Self, Untold> {
        let issuers = issuer_hashes(ca).map_err(|_| Untold::Question)?;
        let issuer = issuers.iter().find(|issuer| issuer.algorithm == hash).ok_or(Untold::Question)?;
        let cert_id = CertId::new(issuer, serial).map_err(|_| Untold::Question)?;
        let der = encode(&cert_id).map_err(|_| Untold::Question)?;
        Ok(Self { cert_id, der })
    }

    /// The OCSPRequest, DER.
    pub fn as_der(&self) -> &[u8] {
        &self.der
    }

    /// Reads an answer and verifies it as a relying party does: signed by the CA, or by a responder that the CA itself
    /// certified for that and nothing else; about this question; current.
    ///
    /// # Errors
    ///
    /// [`Untold`].
    pub fn read(&self, answer: &[u8], ca: &Certificate, now: UtcTime) -> Result<Told, Untold> {
        let outer = OcspResponse::from_der(answer).map_err(|_| Untold::NoStatus)?;
        let bytes = outer.response_bytes.ok_or(Untold::NoStatus)?;
        if bytes.response_type != ID_PKIX_OCSP_BASIC {
            return Err(Untold::NoStatus);
        }
        let basic = BasicOcspResponse::from_der(bytes.response.as_bytes()).map_err(|_| Untold::NoStatus)?;
        verify(&basic, ca, now)?;
        let tbs = basic.tbs_response_data.to_der().map_err(|_| Untold::NoStatus)?;
        let data = ResponseData::from_der(&tbs).map_err(|_| Untold::NoStatus)?;
        let [single] = data.responses.as_slice() else { return Err(Untold::OtherQuestion) };
        self.of_single(single, data.produced_at, now)
    }

    fn of_single(
        &self,
        single: &SingleResponse<'_>,
        produced_at: GeneralizedTime,
        now: UtcTime,
    ) -> Result<Told, Untold> {
        let cert_id = single.cert_id.to_der().map_err(|_| Untold::NoStatus)?;
        if cert_id != **self.cert_id.as_der() {
            return Err(Untold::OtherQuestion);
        }
        let this_update = time(single.this_update)?;
        let next_update = time(single.next_update.ok_or(Untold::NotCurrent)?)?;
        if this_update > now.plus(SKEW) || next_update <= now {
            return Err(Untold::NotCurrent);
        }
        let status = match &single.cert_status {
            CertStatus::Good(_) => ToldStatus::Good,
            CertStatus::Revoked(info) => ToldStatus::Revoked { at: time(info.revocation_time)? },
            CertStatus::Unknown(_) => ToldStatus::Unknown,
        };
        Ok(Told { status, produced_at: time(produced_at)?, next_update })
    }
}

fn encode(cert_id: &CertId) -> der::Result<Vec<u8>> {
    let single =
        SingleRequest { req_cert: AnyRef::from_der(cert_id.as_der())?, single_request_extensions: None };
    let list = vec![single].to_der()?;
    let tbs_request = TbsRequest {
        version: None,
        requestor_name: None,
        request_list: AnyRef::from_der(&list)?,
        request_extensions: None,
    };
    OcspRequest { tbs_request, optional_signature: None }.to_der()
}

fn verify(basic: &BasicOcspResponse<'_>, ca: &Certificate, now: UtcTime) -> Result<(), Untold> {
    let tbs = basic.tbs_response_data.to_der().map_err(|_| Untold::NoStatus)?;
    let algorithm = basic.signature_algorithm.to_der().map_err(|_| Untold::NoStatus)?;
    let delegated = match basic.certs.as_deref() {
        None => None,
        Some([one]) => {
            let der = one.to_der().map_err(|_| Untold::Responder)?;
            Some(Certificate::from_der(&der).map_err(|_| Untold::Responder)?)
        }
        Some(_) => return Err(Untold::Responder),
    };
    if let Some(responder) = &delegated {
        let usage = responder.extension(&ID_CE_EXT_KEY_USAGE).map(|extension| extension.value.as_slice());
        if responder.issuer() != ca.subject()
            || responder.verify_signed_by(ca.spki()).is_err()
            || usage != Some(OCSP_SIGNING_ALONE)
            || responder.not_before() > now.plus(SKEW)
            || responder.not_after() < now
        {
            return Err(Untold::Responder);
        }
    }
    let spki = delegated.as_ref().map_or(ca.spki(), Certificate::spki);
    let kind = KeyKind::of(spki).map_err(|_| Untold::Signature)?;
    let algorithm = signature_algorithm(&algorithm, kind).map_err(|_| Untold::Signature)?;
    // Whole octets: a count of unused bits is covered by no signature.
    let signature = basic.signature.as_bytes().ok_or(Untold::Signature)?;
    verify_signature(spki, algorithm, &tbs, signature).map_err(|_| Untold::Signature)
}

fn time(time: GeneralizedTime) -> Result<UtcTime, Untold> {
    let seconds = time.to_unix_duration().min(Duration::from_secs(i64::MAX as u64)).as_secs();
    i64::try_from(seconds).ok().and_then(|s| UtcTime::from_unix_seconds(s).ok()).ok_or(Untold::NoStatus)
}

/// Why an answer tells nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Untold {
    /// An error status, or no OCSP response at all.
    #[error("the answer says no status")]
    NoStatus,
    /// From the future, or past its nextUpdate.
    #[error("the answer is not current")]
    NotCurrent,
    /// About something else.
    #[error("the answer is not about what was asked")]
    OtherQuestion,
    /// The question cannot be put.
    #[error("the question cannot be encoded")]
    Question,
    /// Not the CA, nor anybody whom it certified for that.
    #[error("who signed the answer is not entitled to")]
    Responder,
    /// The signature does not hold.
    #[error("the answer's signature does not hold")]
    Signature,
}
