//! The other side: whether a token holds, for who has one and trusts nobody (the audit log's verifier, archives).

use der::{AnyRef, Decode as _, Tag};
use ndoba_types::{SignatureAlgorithm, UtcTime};
use ndoba_x509::asn1::{Unexpected, context, elements, fields, octets, whole};
use ndoba_x509::{Certificate, KeyKind, oid, signature_algorithm, verify_signature};

use crate::ImprintHash;
use crate::algorithm::ContentDigest;
use crate::encode::{tag, tlv};
use crate::token::{CONTENT_TYPE, ID_CT_TST_INFO, ID_SIGNED_DATA, MESSAGE_DIGEST};
use crate::unit::SIGNING_CERTIFICATE_V2;

/// A token whose signature holds by the certificate in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VerifiedToken {
    /// genTime, UTC.
    pub gen_time: UtcTime,
    /// The unit's certificate, from the token. Whether to trust it is the caller's to decide, at `gen_time`.
    pub certificate: Certificate,
}

/// Verifies a TimeStampToken over `digest`, of `hash`.
///
/// What must hold: a SignedData of version 3 around a TSTInfo with this imprint; one signer, by
/// issuerAndSerialNumber, whose certificate is in the token, is bound by signingCertificateV2, is for
/// time-stamping alone (critical), and was valid at genTime; the signed attributes; the signature.
///
/// # Errors
///
/// [`BadToken`], by the first that does not.
///
/// # Sources
///
/// RFC 3161 §2.4.2, RFC 5816 §2.2, RFC 5652 §5.4 and §5.6.
pub fn verify_token(token: &[u8], hash: ImprintHash, digest: &[u8]) -> Result<VerifiedToken, BadToken> {
    let content = AnyRef::from_der(token).map_err(|_| BadToken::Malformed)?;
    let [id, content] = fields(content, Tag::Sequence)?;
    is(id, &ID_SIGNED_DATA)?;
    let [signed_data] = fields(content, context(0))?;
    let signed_data = elements(signed_data, Tag::Sequence)?;
    // crls [1] would stand between certificates and signerInfos; time-stamps have none.
    let (version, content, certificates, signers) = match *signed_data.as_slice() {
        [version, _, content, certificates, signers] => (version, content, certificates, signers),
        [_, _, _, _] => return Err(BadToken::NoCertificate),
        _ => return Err(BadToken::Malformed),
    };
    is(version, &[0x02, 0x01, 0x03])?;
    let [id, content] = fields(content, Tag::Sequence)?;
    is(id, &ID_CT_TST_INFO)?;
    let [info] = fields(content, context(0))?;
    let info = octets(info)?;

    let [signer] = fields(signers, Tag::Set)?;
    let signer = Signer::read(signer)?;
    let certificate = signer.certificate(certificates)?;
    signer.check(info, &certificate)?;

    let gen_time = imprinted(info, hash, digest)?;
    if gen_time < certificate.not_before() || gen_time > certificate.not_after() {
        return Err(BadToken::Validity);
    }
    Ok(VerifiedToken { gen_time, certificate })
}

struct Signer<'a> {
    issuer: AnyRef<'a>,
    serial: AnyRef<'a>,
    digest: ContentDigest,
    attributes: AnyRef<'a>,
    algorithm: AnyRef<'a>,
    signature: &'a [u8],
}

impl<'a> Signer<'a> {
    fn read(signer: AnyRef<'a>) -> Result<Self, BadToken> {
        let [version, sid, digest, attributes, algorithm, signature] = fields(signer, Tag::Sequence)?;
        is(version, &[0x02, 0x01, 0x01])?;
        let [issuer, serial] = fields(sid, Tag::Sequence)?;
        if serial.header().tag() != Tag::Integer {
            return Err(BadToken::Malformed);
        }
        Ok(Self {
            issuer,
            serial,
            digest: content_digest(digest)?,
            attributes,
            algorithm,
            signature: octets(signature)?,
        })
    }

    /// The signer's certificate among those in the token.
    fn certificate(&self, certificates: AnyRef<'_>) -> Result<Certificate, BadToken> {
        let (issuer, serial) = (whole(self.issuer)?, self.serial.value());
        for element in elements(certificates, context(0))? {
            let Ok(certificate) = Certificate::from_der(&whole(element)?) else { continue };
            if certificate.serial().to_der_content() == serial && certificate.issuer().as_der() == issuer {
                return Ok(certificate);
            }
        }
        Err(BadToken::NoCertificate)
    }

    /// Attributes and signature over the TSTInfo `info`.
    fn check(&self, info: &[u8], certificate: &Certificate) -> Result<(), BadToken> {
        // id-kp-timeStamping alone, critical (T-30).
        const TIME_STAMPING: [u8; 12] =
            [0x30, 0x0a, 0x06, 0x08, 0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x03, 0x08];
        let dedicated = certificate
            .extension(&oid::EXT_KEY_USAGE)
            .is_some_and(|usage| usage.critical && usage.value == TIME_STAMPING);
        if !dedicated {
            return Err(BadToken::NotForTimeStamping);
        }
        is(self.attribute(&CONTENT_TYPE)?, &ID_CT_TST_INFO)?;
        if octets(self.attribute(&MESSAGE_DIGEST)?)? != self.digest.digest(info) {
            return Err(BadToken::Content);
        }
        self.bound_to(certificate)?;
        // RFC 5652 §5.4: the SET OF is what was signed, though [0] IMPLICIT stands in its place.
        let message = tlv(tag::SET, &[self.attributes.value()]);
        let algorithm = self.algorithm(certificate)?;
        verify_signature(certificate.spki(), algorithm, &message, self.signature)
            .map_err(|_| BadToken::Signature)
    }

    /// The one value of the attribute with the DER identifier `id`.
    fn attribute(&self, id: &[u8]) -> Result<AnyRef<'a>, BadToken> {
        for attribute in elements(self.attributes, context(0))? {
            let [kind, values] = fields(attribute, Tag::Sequence)?;
            if whole(kind)? == id {
                let [value] = fields(values, Tag::Set)?;
                return Ok(value);
            }
        }
        Err(BadToken::Malformed)
    }

    /// The first ESSCertIDv2 is this certificate's: nobody can put another one with the same key in its place.
    fn bound_to(&self, certificate: &Certificate) -> Result<(), BadToken> {
        let value = self.attribute(&SIGNING_CERTIFICATE_V2)?;
        let lists = elements(value, Tag::Sequence)?;
        let ids = elements(*lists.first().ok_or(BadToken::Malformed)?, Tag::Sequence)?;
        let id = elements(*ids.first().ok_or(BadToken::Malformed)?, Tag::Sequence)?;
        let (digest, hash) = match *id.as_slice() {
            [algorithm, hash, ..] if hash.header().tag() == Tag::OctetString => {
                (content_digest(algorithm)?, hash)
            }
            [hash, ..] => (ContentDigest::Sha256, hash),
            [] => return Err(BadToken::Malformed),
        };
        if octets(hash)? == digest.digest(certificate.as_der()) {
            Ok(())
        } else {
            Err(BadToken::OtherCertificate)
        }
    }

    fn algorithm(&self, certificate: &Certificate) -> Result<SignatureAlgorithm, BadToken> {
        // Others name the key only, and leave the hash to digestAlgorithm (RFC 3370 §3.2).
        const RSA_ENCRYPTION: [u8; 15] =
            [0x30, 0x0d, 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01, 0x05, 0x00];
        let kind = certificate.key_kind().map_err(|_| BadToken::Algorithm)?;
        let identifier = whole(self.algorithm)?;
        if identifier == RSA_ENCRYPTION && matches!(kind, KeyKind::Rsa { .. }) {
            return Ok(match self.digest {
                ContentDigest::Sha256 => SignatureAlgorithm::RsaPkcs1Sha256,
                ContentDigest::Sha384 => SignatureAlgorithm::RsaPkcs1Sha384,
                ContentDigest::Sha512 => SignatureAlgorithm::RsaPkcs1Sha512,
            });
        }
        signature_algorithm(&identifier, kind).map_err(|_| BadToken::Algorithm)
    }
}

/// genTime of a TSTInfo that has this imprint.
fn imprinted(info: &[u8], hash: ImprintHash, digest: &[u8]) -> Result<UtcTime, BadToken> {
    let info = elements(AnyRef::from_der(info).map_err(|_| BadToken::Malformed)?, Tag::Sequence)?;
    let [version, _, imprint, _, gen_time, ..] = *info.as_slice() else { return Err(BadToken::Malformed) };
    is(version, &[0x02, 0x01, 0x01])?;
    let [algorithm, hashed] = fields(imprint, Tag::Sequence)?;
    let named = elements(algorithm, Tag::Sequence)?.first().map(|id| id.value().to_vec()).unwrap_or_default();
    if ImprintHash::from_oid_content(&named) != Some(hash) || octets(hashed)? != digest {
        return Err(BadToken::OtherImprint);
    }
    if gen_time.header().tag() != Tag::GeneralizedTime {
        return Err(BadToken::Malformed);
    }
    std::str::from_utf8(gen_time.value()).ok().and_then(instant).ok_or(BadToken::Malformed)
}

/// `YYYYMMDDhhmmss[.f…]Z` (T-04).
fn instant(text: &str) -> Option<UtcTime> {
    let (digits, fraction) = text.strip_suffix('Z')?.split_at_checked(14)?;
    if !digits.bytes().all(|digit| digit.is_ascii_digit()) {
        return None;
    }
    let part = |from: usize| &digits[from..from + 2];
    let (date, time) = ([part(4), part(6)], [part(8), part(10), part(12)]);
    format!("{}-{}T{}{fraction}Z", &digits[..4], date.join("-"), time.join(":")).parse().ok()
}

fn content_digest(algorithm: AnyRef<'_>) -> Result<ContentDigest, BadToken> {
    let algorithm = elements(algorithm, Tag::Sequence)?;
    let id = whole(*algorithm.first().ok_or(BadToken::Malformed)?)?;
    ContentDigest::ALL.into_iter().find(|digest| digest.oid() == id).ok_or(BadToken::Algorithm)
}

fn is(element: AnyRef<'_>, der: &[u8]) -> Result<(), BadToken> {
    if whole(element)? == der { Ok(()) } else { Err(BadToken::Malformed) }
}

impl From<Unexpected> for BadToken {
    fn from(_: Unexpected) -> Self {
        Self::Malformed
    }
}

/// Why a token does not hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadToken {
    /// A hash or signature algorithm that is not accepted, or none of the key's.
    #[error("it is signed with an algorithm that is not accepted")]
    Algorithm,
    /// messageDigest is not that of the TSTInfo.
    #[error("its content is not what was signed")]
    Content,
    /// Not the DER of a time-stamp token.
    #[error("it is not a time-stamp token (RFC 3161)")]
    Malformed,
    /// The signer's certificate is not in the token.
    #[error("it does not contain its signer's certificate")]
    NoCertificate,
    /// The certificate is for other things too, or not marked as critical.
    #[error("its signer's certificate is not for time-stamping alone")]
    NotForTimeStamping,
    /// The certificate is not the one that the signature names.
    #[error("its signature was made for another certificate")]
    OtherCertificate,
    /// The imprint is another's.
    #[error("it was given for something else")]
    OtherImprint,
    /// The signature is wrong.
    #[error("its signature does not hold")]
    Signature,
    /// genTime lies outside the certificate's validity.
    #[error("its signer's certificate was not valid at its time")]
    Validity,
}
