//! Requests: strict about structure, liberal where the world is known to differ (interop.md §2, §4).

use std::sync::Arc;

use const_oid::ObjectIdentifier;
use const_oid::db::rfc6960::{
    ID_PKIX_OCSP_BASIC, ID_PKIX_OCSP_NONCE, ID_PKIX_OCSP_PREF_SIG_ALGS, ID_PKIX_OCSP_RESPONSE,
};
use der::asn1::{AnyRef, OctetStringRef};
use der::{Decode, Encode, Reader, Tag, Tagged};
use ndoba_types::SerialNumber;
use spki::AlgorithmIdentifierRef;

use crate::HashAlgorithm;
use crate::asn1::{CertIdFields, Extension, OcspRequest, SingleRequest};

/// How much one request may ask for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RequestLimits {
    /// The most octets of a request.
    pub octets: usize,
    /// The most CertIDs in it, those asked about twice counted twice (O-24).
    pub cert_ids: usize,
}

impl Default for RequestLimits {
    /// 64 KiB: twenty CertIDs with SHA-512 take 3.5 KiB, the rest is for signed requests with their certificates.
    /// Twenty CertIDs.
    fn default() -> Self {
        Self { octets: 64 * 1024, cert_ids: 20 }
    }
}

/// A request that was understood. At least one CertID, each at most once, in the order asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    cert_ids: Vec<CertId>,
    nonce: Option<Nonce>,
}

impl Request {
    /// [`Self::parse_within`] with the limits of [`RequestLimits::default`].
    ///
    /// # Errors
    ///
    /// [`RequestError`]; each is answered `malformedRequest`.
    pub fn parse(der: &[u8]) -> Result<Self, RequestError> {
        Self::parse_within(der, RequestLimits::default())
    }

    /// Reads an OCSPRequest. Memory and time are bounded by the octets given, never by lengths they claim.
    ///
    /// # Errors
    ///
    /// [`RequestError`]; each is answered `malformedRequest`.
    pub fn parse_within(der: &[u8], limits: RequestLimits) -> Result<Self, RequestError> {
        if der.len() > limits.octets {
            return Err(RequestError::TooLong);
        }
        let OcspRequest { tbs_request, optional_signature } = OcspRequest::from_der(der)?;
        if optional_signature.is_some_and(|signature| signature.tag() != Tag::Sequence) {
            return Err(RequestError::Structure);
        }
        // requestorName is ignored in unsigned requests (RFC 6960 §4.1.2), and here in all of them (O-23).
        if tbs_request.version.is_some_and(|version| version != 0) {
            return Err(RequestError::Version);
        }
        let cert_ids = Self::read_list(tbs_request.request_list, limits.cert_ids)?;
        let nonce = tbs_request.request_extensions.map_or(Ok(None), Self::read_extensions)?;
        Ok(Self { cert_ids, nonce })
    }

    /// What is asked about.
    pub fn cert_ids(&self) -> &[CertId] {
        &self.cert_ids
    }

    /// The nonce to be echoed.
    pub fn nonce(&self) -> Option<&Nonce> {
        self.nonce.as_ref()
    }

    /// A question of our own about one certificate: no nonce.
    pub(crate) fn about(cert_id: CertId) -> Self {
        Self { cert_ids: vec![cert_id], nonce: None }
    }

    fn read_list(list: AnyRef<'_>, most: usize) -> Result<Vec<CertId>, RequestError> {
        let mut cert_ids: Vec<CertId> = Vec::new();
        let mut asked = 0;
        list.sequence(|reader| {
            while !reader.is_finished() {
                asked += 1;
                if asked > most {
                    return Err(RequestError::TooManyCertIds);
                }
                let SingleRequest { req_cert, single_request_extensions } = SingleRequest::decode(reader)?;
                if let Some(extensions) = single_request_extensions {
                    refuse_critical(extensions)?;
                }
                let cert_id = CertId::read(req_cert)?;
                // A CertID asked twice is answered once: two entries could contradict each other in the eyes
                // of a client that reads only one of them.
                if !cert_ids.contains(&cert_id) {
                    cert_ids.push(cert_id);
                }
            }
            Ok(())
        })?;
        if cert_ids.is_empty() { Err(RequestError::NoCertIds) } else { Ok(cert_ids) }
    }

    fn read_extensions(extensions: AnyRef<'_>) -> Result<Option<Nonce>, RequestError> {
        let mut nonce = None;
        each_extension(extensions, |Extension { extn_id, critical, extn_value }| match extn_id {
            ID_PKIX_OCSP_NONCE if nonce.is_some() => Err(RequestError::Nonce),
            ID_PKIX_OCSP_NONCE => {
                nonce = Some(Nonce::read(extn_value.as_bytes())?);
                Ok(())
            }
            ID_PKIX_OCSP_RESPONSE => {
                let acceptable = Vec::<ObjectIdentifier>::from_der(extn_value.as_bytes())?;
                // RFC 6960 §4.4.3 has the responder choose among the types named; we know one.
                if acceptable.contains(&ID_PKIX_OCSP_BASIC) {
                    Ok(())
                } else {
                    Err(RequestError::ResponseType)
                }
            }
            // Understood, and answered with the responder's one algorithm all the same (O-20).
            ID_PKIX_OCSP_PREF_SIG_ALGS => Ok(()),
            _ if critical => Err(RequestError::CriticalExtension),
            _ => Ok(()),
        })?;
        Ok(nonce)
    }
}

/// No single-request extension is understood, not even the nonce that some clients misplace there.
fn refuse_critical(extensions: AnyRef<'_>) -> Result<(), RequestError> {
    each_extension(
        extensions,
        |extension| {
            if extension.critical { Err(RequestError::CriticalExtension) } else { Ok(()) }
        },
    )
}

fn each_extension<'a>(
    extensions: AnyRef<'a>,
    mut visit: impl FnMut(Extension<'a>) -> Result<(), RequestError>,
) -> Result<(), RequestError> {
    extensions.sequence(|reader| {
        while !reader.is_finished() {
            visit(Extension::decode(reader)?)?;
        }
        Ok(())
    })
}

/// Which certificate is meant: the request's bytes, and what they say.
///
/// Equal when their bytes are: SHA-1 with NULL parameters and without are two CertIDs.
#[derive(Clone, Debug)]
pub struct CertId {
    der: Arc<[u8]>,
    issuer: Option<IssuerHashes>,
    serial: Option<SerialNumber>,
}

impl CertId {
    /// Names a certificate ourselves: for probes, samples and answers made in advance.
    pub(crate) fn new(issuer: &IssuerHashes, serial: &SerialNumber) -> der::Result<Self> {
        let IssuerHashes { algorithm, name, key } = issuer;
        let serial_content = serial.to_der_content();
        let fields = CertIdFields {
            // With NULL, as openssl and with it most of the world writes every one of them.
            hash_algorithm: AlgorithmIdentifierRef { oid: algorithm.oid(), parameters: Some(AnyRef::NULL) },
            issuer_name_hash: OctetStringRef::new(name)?,
            issuer_key_hash: OctetStringRef::new(key)?,
            serial_number: AnyRef::new(Tag::Integer, &serial_content)?,
        };
        Ok(Self { der: fields.to_der()?.into(), issuer: Some(issuer.clone()), serial: Some(serial.clone()) })
    }

    /// The DER as it came, for the answer and for cache keys.
    pub fn as_der(&self) -> &Arc<[u8]> {
        &self.der
    }

    /// The issuer as the client named it; `None` for a hash function that we do not compute.
    pub fn issuer(&self) -> Option<&IssuerHashes> {
        self.issuer.as_ref()
    }

    /// The serial; `None` when no certificate can have it (zero, negative, longer than 20 octets).
    pub fn serial(&self) -> Option<&SerialNumber> {
        self.serial.as_ref()
    }

    fn read(any: AnyRef<'_>) -> Result<Self, RequestError> {
        let fields: CertIdFields<'_> = any.decode_as()?;
        // DER has one encoding of tag and length, so these are the request's octets again.
        let der = any.to_der()?.into();
        let CertIdFields { hash_algorithm, issuer_name_hash, issuer_key_hash, serial_number } = fields;
        if serial_number.tag() != Tag::Integer || !is_minimal_integer(serial_number.value()) {
            return Err(RequestError::Structure);
        }
        let plain = hash_algorithm.parameters.is_none_or(AnyRef::is_null);
        let issuer =
            HashAlgorithm::from_oid(hash_algorithm.oid).filter(|_| plain).map(|algorithm| IssuerHashes {
                algorithm,
                name: issuer_name_hash.as_bytes().into(),
                key: issuer_key_hash.as_bytes().into(),
            });
        Ok(Self { der, issuer, serial: SerialNumber::from_der_content(serial_number.value()).ok() })
    }
}

impl PartialEq for CertId {
    fn eq(&self, other: &Self) -> bool {
        self.der == other.der
    }
}

impl Eq for CertId {}

/// An issuer as CertIDs name it (O-02).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct IssuerHashes {
    /// The hash function.
    pub algorithm: HashAlgorithm,
    /// Over the issuer's DER name.
    pub name: Box<[u8]>,
    /// Over the content of the issuer's subjectPublicKey, without tag, length and unused bits.
    pub key: Box<[u8]>,
}

/// A client's nonce, as the octets of its extnValue (RFC 9654 §2.1).
///
/// ```text
/// Nonce ::= OCTET STRING(SIZE(1..128))
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Nonce(Vec<u8>);

impl Nonce {
    /// The most octets of a nonce (O-13).
    pub const MAX_LEN: usize = 128;

    /// What goes into the answer's extnValue: the same octets.
    pub fn extension_value(&self) -> &[u8] {
        &self.0
    }

    fn read(extn_value: &[u8]) -> Result<Self, RequestError> {
        // Some clients leave out the inner OCTET STRING: then the octets are the nonce itself.
        let nonce = <&OctetStringRef>::from_der(extn_value).map_or(extn_value, OctetStringRef::as_bytes);
        if (1..=Self::MAX_LEN).contains(&nonce.len()) {
            Ok(Self(extn_value.to_vec()))
        } else {
            Err(RequestError::Nonce)
        }
    }
}

fn is_minimal_integer(content: &[u8]) -> bool {
    match content {
        [] => false,
        [0x00, second, ..] => second & 0x80 != 0,
        [0xff, second, ..] => second & 0x80 == 0,
        _ => true,
    }
}

/// Why a request is answered `malformedRequest`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RequestError {
    /// An extension that is marked critical and means nothing to us (O-14).
    #[error("a critical extension is not understood")]
    CriticalExtension,
    /// Not the DER of an OCSPRequest: garbage, truncated, trailing octets, BER.
    #[error("the request is not the DER of an OCSPRequest")]
    Der(#[source] der::Error),
    /// No certificate is asked about.
    #[error("the request names no certificate")]
    NoCertIds,
    /// A nonce of 0 or more than 128 octets, or two of them (RFC 9654 §2.1).
    #[error("a nonce has 1 to 128 octets")]
    Nonce,
    /// acceptableResponses without id-pkix-ocsp-basic.
    #[error("the client accepts no basic response")]
    ResponseType,
    /// DER, but a field has the wrong type.
    #[error("a field of the request has the wrong type")]
    Structure,
    /// More than [`RequestLimits::octets`].
    #[error("the request has more octets than are read")]
    TooLong,
    /// More than [`RequestLimits::cert_ids`].
    #[error("the request names more certificates than are answered at once")]
    TooManyCertIds,
    /// Another version than v1.
    #[error("only version 1 of OCSP exists")]
    Version,
}

impl From<der::Error> for RequestError {
    fn from(error: der::Error) -> Self {
        Self::Der(error)
    }
}
