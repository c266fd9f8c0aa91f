//! Signed data as others make it (CMS, RFC 5652 §5): read, and a signer's signature verified by a certificate that the
//! caller trusts. What it says about certificates is nobody's word: they are looked at by who knows them.

use aws_lc_rs::digest;
use der::asn1::ObjectIdentifier;
use der::{AnyRef, Decode as _, Encode as _, Tag};
use ndoba_types::SerialNumber;

use crate::asn1::{Unexpected, context, elements, fields, octets, whole};
use crate::signature::{Hash, Scheme, scheme, verify_scheme};
use crate::{Certificate, encode, oid};

/// The most signers that are read: an agreement has two parts.
const MAX_SIGNERS: usize = 8;
/// The most certificates that are looked at.
const MAX_CERTIFICATES: usize = 32;

/// A SignedData. Reading verifies nothing.
///
/// ```text
/// SignedData ::= SEQUENCE {
///     version CMSVersion, digestAlgorithms DigestAlgorithmIdentifiers, encapContentInfo EncapsulatedContentInfo,
///     certificates [0] IMPLICIT CertificateSet OPTIONAL, crls [1] IMPLICIT RevocationInfoChoices OPTIONAL,
///     signerInfos SignerInfos }
/// ```
///
/// Stricter than the RFC: DER throughout, as PAdES and CAdES want it (EN 319 142-1 §6.3); signers are named by issuer and
/// serial number and have signed attributes.
#[derive(Clone, Debug)]
pub struct SignedData<'a> {
    content_type: ObjectIdentifier,
    content: Option<&'a [u8]>,
    certificates: Vec<Certificate>,
    signers: Vec<SignerInfo<'a>>,
}

impl<'a> SignedData<'a> {
    /// Reads DER; nothing may be left over.
    ///
    /// # Errors
    ///
    /// [`BadCms::Malformed`]; [`BadCms::Unsupported`] for forms that are not read.
    pub fn from_der(der: &'a [u8]) -> Result<Self, BadCms> {
        let [id, content] = fields(AnyRef::from_der(der).map_err(|_| BadCms::Malformed)?, Tag::Sequence)?;
        if identifier(id)? != oid::SIGNED_DATA {
            return Err(BadCms::Unsupported);
        }
        let [signed_data] = fields(content, context(0))?;
        let parts = elements(signed_data, Tag::Sequence)?;
        let ([_version, _digests, content, middle @ ..], Some(signers)) =
            (parts.get(..parts.len().saturating_sub(1)).unwrap_or_default(), parts.last())
        else {
            return Err(BadCms::Malformed);
        };
        let (content_type, content) = encapsulated(*content)?;
        let mut certificates = Vec::new();
        for part in middle {
            if part.header().tag() == context(0) {
                // What is no certificate of X.509 version 3 is nobody's here.
                let read = elements(*part, context(0))?.into_iter().take(MAX_CERTIFICATES);
                certificates.extend(read.filter_map(|one| Certificate::from_der(&one.to_der().ok()?).ok()));
            } else if part.header().tag() != context(1) {
                return Err(BadCms::Malformed);
            }
        }
        let signers = elements(*signers, Tag::Set)?;
        if signers.len() > MAX_SIGNERS {
            return Err(BadCms::Unsupported);
        }
        let signers = signers.into_iter().map(SignerInfo::read).collect::<Result<_, _>>()?;
        Ok(Self { content_type, content, certificates, signers })
    }

    /// What kind of content was signed: id-data for a document's octets.
    pub fn content_type(&self) -> ObjectIdentifier {
        self.content_type
    }

    /// The content, where it is within; a detached signature has none.
    pub fn content(&self) -> Option<&'a [u8]> {
        self.content
    }

    /// Whether it is about a document that is elsewhere: id-data, not within.
    pub fn is_detached(&self) -> bool {
        self.content_type == oid::DATA && self.content.is_none()
    }

    /// The signers, in their order.
    pub fn signers(&self) -> &[SignerInfo<'a>] {
        &self.signers
    }

    /// The certificate that a signer names, where it is within. Anybody can put anything there.
    pub fn certificate_of(&self, signer: &SignerInfo<'_>) -> Option<&Certificate> {
        self.certificates.iter().find(|certificate| signer.names(certificate))
    }
}

/// A signer of a [`SignedData`].
#[derive(Clone, Debug)]
pub struct SignerInfo<'a> {
    issuer: Vec<u8>,
    serial: SerialNumber,
    hash: Hash,
    attributes: AnyRef<'a>,
    scheme: Scheme,
    signature: &'a [u8],
}

impl<'a> SignerInfo<'a> {
    fn read(signer: AnyRef<'a>) -> Result<Self, BadCms> {
        let parts = elements(signer, Tag::Sequence)?;
        let [_version, sid, hash, attributes, algorithm, signature, ..] = *parts.as_slice() else {
            // Without signed attributes there are five parts or fewer, or unsigned attributes in the sixth place.
            return Err(if parts.len() == 5 { BadCms::Unsupported } else { BadCms::Malformed });
        };
        if sid.header().tag() != Tag::Sequence || attributes.header().tag() != context(0) {
            return Err(BadCms::Unsupported);
        }
        let [issuer, serial] = fields(sid, Tag::Sequence)?;
        serial.header().tag().assert_eq(Tag::Integer).map_err(|_| BadCms::Malformed)?;
        let hash = hash_of(hash)?;
        Ok(Self {
            issuer: whole(issuer)?,
            serial: SerialNumber::from_der_content(serial.value()).map_err(|_| BadCms::Malformed)?,
            hash,
            attributes,
            scheme: scheme_of(algorithm, hash)?,
            signature: octets(signature)?,
        })
    }

    /// The serial number of the signer's certificate.
    pub fn serial(&self) -> &SerialNumber {
        &self.serial
    }

    /// Whether this is the certificate that the signer names: issuer and serial number, byte for byte.
    pub fn names(&self, certificate: &Certificate) -> bool {
        *certificate.serial() == self.serial && certificate.issuer().as_der() == self.issuer
    }

    /// Verifies that the key in `certificate` made the signature, over `content` of the type `content_type` – its parts
    /// one after the other – and over signed attributes that are about nothing else.
    ///
    /// Whether the certificate is to be trusted, and now, is the caller's.
    ///
    /// # Errors
    ///
    /// [`BadCms`], by the first that does not hold.
    ///
    /// # Sources
    ///
    /// RFC 5652 §5.4, §5.6 and §11; RFC 5035 §5.4 (signingCertificateV2, where it is there).
    pub fn verify(
        &self,
        certificate: &Certificate,
        content_type: ObjectIdentifier,
        content: &[&[u8]],
    ) -> Result<(), BadCms> {
        if !self.names(certificate) {
            return Err(BadCms::OtherCertificate);
        }
        let kind = certificate.key_kind().map_err(|_| BadCms::Unsupported)?;
        // RFC 5652 §5.4: the SET OF is what was signed, though [0] IMPLICIT stands in its place.
        let message = encode::tlv(Tag::Set, self.attributes.value());
        verify_scheme(certificate.spki(), kind, self.scheme, &message, self.signature)
            .map_err(|_| BadCms::Signature)?;
        let named = self.attribute(oid::CMS_CONTENT_TYPE)?.ok_or(BadCms::Malformed)?;
        if identifier(named)? != content_type {
            return Err(BadCms::Malformed);
        }
        let digest = self.attribute(oid::CMS_MESSAGE_DIGEST)?.ok_or(BadCms::Malformed)?;
        if octets(digest)? != digest_of(self.hash, content) {
            return Err(BadCms::Content);
        }
        match self.attribute(oid::SIGNING_CERTIFICATE_V2)? {
            Some(value) => bound_to(value, certificate),
            None => Ok(()),
        }
    }

    /// The one value of a signed attribute; none where it is absent.
    fn attribute(&self, id: ObjectIdentifier) -> Result<Option<AnyRef<'a>>, BadCms> {
        let mut found = None;
        for attribute in elements(self.attributes, context(0))? {
            let [kind, values] = fields(attribute, Tag::Sequence)?;
            if identifier(kind)? == id {
                let [value] = fields(values, Tag::Set)?;
                if found.replace(value).is_some() {
                    return Err(BadCms::Malformed);
                }
            }
        }
        Ok(found)
    }
}

/// The first ESSCertIDv2 is this certificate's: nobody can put another one with the same key in its place.
fn bound_to(value: AnyRef<'_>, certificate: &Certificate) -> Result<(), BadCms> {
    let first = |any| elements(any, Tag::Sequence)?.first().copied().ok_or(Unexpected);
    let id = elements(first(first(value)?)?, Tag::Sequence)?;
    let (hash, value) = match *id.as_slice() {
        [algorithm, value, ..] if algorithm.header().tag() == Tag::Sequence => (hash_of(algorithm)?, value),
        [value, ..] => (Hash::Sha256, value),
        [] => return Err(BadCms::Malformed),
    };
    if octets(value)? == digest_of(hash, &[certificate.as_der()]) {
        Ok(())
    } else {
        Err(BadCms::OtherCertificate)
    }
}

fn encapsulated(content: AnyRef<'_>) -> Result<(ObjectIdentifier, Option<&[u8]>), BadCms> {
    match *elements(content, Tag::Sequence)?.as_slice() {
        [id] => Ok((identifier(id)?, None)),
        [id, content] => {
            let [content] = fields(content, context(0))?;
            Ok((identifier(id)?, Some(octets(content)?)))
        }
        _ => Err(BadCms::Malformed),
    }
}

fn digest_of(hash: Hash, parts: &[&[u8]]) -> Vec<u8> {
    let mut context = digest::Context::new(match hash {
        Hash::Sha256 => &digest::SHA256,
        Hash::Sha384 => &digest::SHA384,
        Hash::Sha512 => &digest::SHA512,
    });
    parts.iter().for_each(|part| context.update(part));
    context.finish().as_ref().to_vec()
}

fn hash_of(algorithm: AnyRef<'_>) -> Result<Hash, BadCms> {
    let named = elements(algorithm, Tag::Sequence)?;
    match identifier(*named.first().ok_or(BadCms::Malformed)?)? {
        oid::SHA256 => Ok(Hash::Sha256),
        oid::SHA384 => Ok(Hash::Sha384),
        oid::SHA512 => Ok(Hash::Sha512),
        _ => Err(BadCms::Unsupported),
    }
}

/// The scheme of a signatureAlgorithm, which must hash as digestAlgorithm does (RFC 5652 §5.4).
fn scheme_of(algorithm: AnyRef<'_>, hash: Hash) -> Result<Scheme, BadCms> {
    let named = elements(algorithm, Tag::Sequence)?;
    // Others name the key only, and leave the hash to digestAlgorithm (RFC 3370 §3.2).
    if identifier(*named.first().ok_or(BadCms::Malformed)?)? == oid::RSA_ENCRYPTION {
        return Ok(Scheme::RsaPkcs1(hash));
    }
    let scheme = scheme(&whole(algorithm)?).map_err(|_| BadCms::Unsupported)?;
    match scheme {
        Scheme::Ecdsa(own) | Scheme::RsaPkcs1(own) | Scheme::RsaPss(own) if own != hash => {
            Err(BadCms::Unsupported)
        }
        Scheme::Ecdsa(_) | Scheme::RsaPkcs1(_) | Scheme::RsaPss(_) | Scheme::Ed25519 => Ok(scheme),
    }
}

fn identifier(element: AnyRef<'_>) -> Result<ObjectIdentifier, BadCms> {
    element.decode_as().map_err(|_| BadCms::Malformed)
}

impl From<Unexpected> for BadCms {
    fn from(_: Unexpected) -> Self {
        Self::Malformed
    }
}

/// Why signed data is not read, or a signature in it does not hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadCms {
    /// messageDigest is another content's.
    #[error("something else was signed")]
    Content,
    /// Not the DER of a SignedData, or one that contradicts itself.
    #[error("it is no signed data (RFC 5652) in DER")]
    Malformed,
    /// Made for another certificate than the one it is held against.
    #[error("the signature was made for another certificate")]
    OtherCertificate,
    /// The signature is wrong.
    #[error("the signature does not hold")]
    Signature,
    /// An algorithm or a form that is not read.
    #[error("it has an algorithm or a form that is not read")]
    Unsupported,
}

#[cfg(test)]
mod tests;
