//! The ASN.1 of RFC 6960 appendix B.1 (module with EXPLICIT TAGS), field for field.

use const_oid::ObjectIdentifier;
use der::asn1::{Any, AnyRef, BitStringRef, GeneralizedTime, OctetStringRef};
use der::{Choice, Enumerated, Sequence};
use spki::AlgorithmIdentifierRef;

/// id-isismtt-at-certHash (Common PKI)
pub(crate) const ID_CERT_HASH: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.36.8.3.13");

/// ```text
/// OCSPRequest ::= SEQUENCE {
///    tbsRequest                  TBSRequest,
///    optionalSignature   [0]     EXPLICIT Signature OPTIONAL }
/// ```
#[derive(Sequence)]
pub(crate) struct OcspRequest<'a> {
    pub(crate) tbs_request: TbsRequest<'a>,
    /// Never looked into: the service is open to all, and the signature may be ignored (O-23).
    #[asn1(context_specific = "0", tag_mode = "EXPLICIT", optional = "true")]
    pub(crate) optional_signature: Option<AnyRef<'a>>,
}

/// ```text
/// TBSRequest ::= SEQUENCE {
///    version             [0]     EXPLICIT Version DEFAULT v1,
///    requestorName       [1]     EXPLICIT GeneralName OPTIONAL,
///    requestList                 SEQUENCE OF Request,
///    requestExtensions   [2]     EXPLICIT Extensions OPTIONAL }
/// ```
#[derive(Sequence)]
pub(crate) struct TbsRequest<'a> {
    /// Kept as an option: clients write the default value out, which DER forbids and nobody is hurt by.
    #[asn1(context_specific = "0", tag_mode = "EXPLICIT", optional = "true")]
    pub(crate) version: Option<u8>,
    #[asn1(context_specific = "1", tag_mode = "EXPLICIT", optional = "true")]
    pub(crate) requestor_name: Option<AnyRef<'a>>,
    pub(crate) request_list: AnyRef<'a>,
    #[asn1(context_specific = "2", tag_mode = "EXPLICIT", optional = "true")]
    pub(crate) request_extensions: Option<AnyRef<'a>>,
}

/// ```text
/// Request ::= SEQUENCE {
///    reqCert                     CertID,
///    singleRequestExtensions [0] EXPLICIT Extensions OPTIONAL }
/// ```
#[derive(Sequence)]
pub(crate) struct SingleRequest<'a> {
    /// Undecoded, because the answer echoes its bytes.
    pub(crate) req_cert: AnyRef<'a>,
    #[asn1(context_specific = "0", tag_mode = "EXPLICIT", optional = "true")]
    pub(crate) single_request_extensions: Option<AnyRef<'a>>,
}

/// ```text
/// CertID ::= SEQUENCE {
///    hashAlgorithm            AlgorithmIdentifier,
///    issuerNameHash           OCTET STRING, -- Hash of issuer's DN
///    issuerKeyHash            OCTET STRING, -- Hash of issuer's public key
///    serialNumber             CertificateSerialNumber }
/// ```
#[derive(Sequence)]
pub(crate) struct CertIdFields<'a> {
    pub(crate) hash_algorithm: AlgorithmIdentifierRef<'a>,
    pub(crate) issuer_name_hash: &'a OctetStringRef,
    pub(crate) issuer_key_hash: &'a OctetStringRef,
    /// INTEGER of any length and sign: a stranger's serial may break RFC 5280's rules.
    pub(crate) serial_number: AnyRef<'a>,
}

/// ```text
/// Extension  ::=  SEQUENCE  {
///    extnID      OBJECT IDENTIFIER,
///    critical    BOOLEAN DEFAULT FALSE,
///    extnValue   OCTET STRING }
/// ```
#[derive(Clone, Sequence)]
pub(crate) struct Extension<'a> {
    pub(crate) extn_id: ObjectIdentifier,
    #[asn1(default = "Default::default")]
    pub(crate) critical: bool,
    pub(crate) extn_value: &'a OctetStringRef,
}

/// ```text
/// OCSPResponse ::= SEQUENCE {
///    responseStatus         OCSPResponseStatus,
///    responseBytes          [0] EXPLICIT ResponseBytes OPTIONAL }
/// ```
#[derive(Sequence)]
pub(crate) struct OcspResponse<'a> {
    pub(crate) response_status: Successful,
    #[asn1(context_specific = "0", tag_mode = "EXPLICIT", optional = "true")]
    pub(crate) response_bytes: Option<ResponseBytes<'a>>,
}

/// The one OCSPResponseStatus that carries bytes; the others are constants of
/// [`ErrorStatus`](crate::ErrorStatus).
#[derive(Clone, Copy, Enumerated)]
#[repr(u8)]
pub(crate) enum Successful {
    Successful = 0,
}

/// ```text
/// ResponseBytes ::=       SEQUENCE {
///     responseType   OBJECT IDENTIFIER,
///     response       OCTET STRING }
/// ```
#[derive(Sequence)]
pub(crate) struct ResponseBytes<'a> {
    pub(crate) response_type: ObjectIdentifier,
    pub(crate) response: &'a OctetStringRef,
}

/// ```text
/// BasicOCSPResponse       ::= SEQUENCE {
///    tbsResponseData      ResponseData,
///    signatureAlgorithm   AlgorithmIdentifier,
///    signature            BIT STRING,
///    certs            [0] EXPLICIT SEQUENCE OF Certificate OPTIONAL }
/// ```
#[derive(Sequence)]
pub(crate) struct BasicOcspResponse<'a> {
    /// The very bytes that were signed.
    pub(crate) tbs_response_data: AnyRef<'a>,
    pub(crate) signature_algorithm: AnyRef<'a>,
    pub(crate) signature: BitStringRef<'a>,
    #[asn1(context_specific = "0", tag_mode = "EXPLICIT", optional = "true")]
    pub(crate) certs: Option<Vec<AnyRef<'a>>>,
}

/// ```text
/// ResponseData ::= SEQUENCE {
///    version              [0] EXPLICIT Version DEFAULT v1,   -- always the default, hence left out
///    responderID              ResponderID,
///    producedAt               GeneralizedTime,
///    responses                SEQUENCE OF SingleResponse,
///    responseExtensions   [1] EXPLICIT Extensions OPTIONAL }
/// ```
#[derive(Sequence)]
pub(crate) struct ResponseData<'a> {
    pub(crate) responder_id: ResponderId<'a>,
    pub(crate) produced_at: GeneralizedTime,
    pub(crate) responses: Vec<SingleResponse<'a>>,
    #[asn1(context_specific = "1", tag_mode = "EXPLICIT", optional = "true")]
    pub(crate) response_extensions: Option<Vec<Extension<'a>>>,
}

/// ```text
/// ResponderID ::= CHOICE {
///    byName   [1] Name,
///    byKey    [2] KeyHash } -- SHA-1 hash of responder's public key
/// ```
#[derive(Choice)]
pub(crate) enum ResponderId<'a> {
    #[asn1(context_specific = "1", tag_mode = "EXPLICIT", constructed = "true")]
    ByName(AnyRef<'a>),
    #[asn1(context_specific = "2", tag_mode = "EXPLICIT", constructed = "true")]
    ByKey(&'a OctetStringRef),
}

/// ```text
/// SingleResponse ::= SEQUENCE {
///    certID                  CertID,
///    certStatus              CertStatus,
///    thisUpdate              GeneralizedTime,
///    nextUpdate          [0] EXPLICIT GeneralizedTime OPTIONAL,
///    singleExtensions    [1] EXPLICIT Extensions OPTIONAL }
/// ```
#[derive(Sequence)]
pub(crate) struct SingleResponse<'a> {
    pub(crate) cert_id: AnyRef<'a>,
    pub(crate) cert_status: CertStatus,
    pub(crate) this_update: GeneralizedTime,
    #[asn1(context_specific = "0", tag_mode = "EXPLICIT", optional = "true")]
    pub(crate) next_update: Option<GeneralizedTime>,
    #[asn1(context_specific = "1", tag_mode = "EXPLICIT", optional = "true")]
    pub(crate) single_extensions: Option<Vec<Extension<'a>>>,
}

/// ```text
/// CertStatus ::= CHOICE {
///    good        [0]     IMPLICIT NULL,
///    revoked     [1]     IMPLICIT RevokedInfo,
///    unknown     [2]     IMPLICIT UnknownInfo }   -- UnknownInfo ::= NULL
/// ```
#[derive(Choice, Clone)]
pub(crate) enum CertStatus {
    #[asn1(context_specific = "0", tag_mode = "IMPLICIT")]
    Good(der::asn1::Null),
    #[asn1(context_specific = "1", tag_mode = "IMPLICIT", constructed = "true")]
    Revoked(RevokedInfo),
    #[asn1(context_specific = "2", tag_mode = "IMPLICIT")]
    Unknown(der::asn1::Null),
}

/// ```text
/// RevokedInfo ::= SEQUENCE {
///    revocationTime              GeneralizedTime,
///    revocationReason    [0]     EXPLICIT CRLReason OPTIONAL }
/// ```
#[derive(Clone, Sequence)]
pub(crate) struct RevokedInfo {
    pub(crate) revocation_time: GeneralizedTime,
    #[asn1(context_specific = "0", tag_mode = "EXPLICIT", optional = "true")]
    /// `CRLReason ::= ENUMERATED`; as a value of any kind because `der` knows enumerations only by their types.
    pub(crate) revocation_reason: Option<Any>,
}

/// ```text
/// CertHash ::= SEQUENCE {
///    hashAlgorithm     AlgorithmIdentifier,
///    certificateHash   OCTET STRING }
/// ```
#[derive(Sequence)]
pub(crate) struct CertHash<'a> {
    pub(crate) hash_algorithm: AlgorithmIdentifierRef<'a>,
    pub(crate) certificate_hash: &'a OctetStringRef,
}
