//! Certificate requests: PKCS#10 (RFC 2986), with proof of possession.

mod error;
mod info;

use der::asn1::ObjectIdentifier;
use der::{AnyRef, Decode, Reader, SliceReader, Tag, TagNumber};
use ndoba_types::{Sha256Digest, SubjectPublicKeyInfo};

pub use error::CsrError;
pub use info::certification_request_info;

use crate::certificate::{read_extensions, read_signed};
use crate::name::DistinguishedName;
use crate::pem::{PemLabel, from_pem};
use crate::signature::{raw, scheme, verify_scheme};
use crate::{KeyKind, oid, refuse_weak};

/// The most octets a request may have; the largest honest one, RSA 8192, has about three thousand.
const MAX_LEN: usize = 16 * 1024;

/// A request whose signature its own key made (C-73). The name in it says nothing: the order names the subject.
#[derive(Clone, PartialEq, Eq)]
pub struct VerifiedCsr {
    der: Vec<u8>,
    subject: DistinguishedName,
    spki: SubjectPublicKeyInfo,
    kind: KeyKind,
}

impl VerifiedCsr {
    /// Reads a request, PEM or DER, and verifies it.
    ///
    /// The signature is verified over the bytes as they came, never over a re-encoding. The hash comes from the
    /// signature's algorithm and the curve from the key, each on its own. Whether the key is allowed by profile
    /// and date is [`check_subject_key`](crate::check_subject_key)'s to say.
    ///
    /// # Errors
    ///
    /// [`CsrError`], each with a stable code and a sentence that an officer understands.
    pub fn parse(bytes: &[u8]) -> Result<Self, CsrError> {
        // Base64 takes a third more, and people paste text around it.
        if bytes.len() > MAX_LEN * 2 {
            return Err(CsrError::TooLarge);
        }
        let der = if bytes.first() == Some(&0x30) {
            bytes.to_vec()
        } else {
            from_pem(PemLabel::CertificateRequest, bytes).map_err(CsrError::Pem)?
        };
        if der.len() > MAX_LEN {
            return Err(CsrError::TooLarge);
        }
        let outer = read_signed(&der).map_err(|_| CsrError::Malformed)?;
        let info = read_info(outer.tbs).map_err(|_| CsrError::Malformed)?;
        let kind = KeyKind::of(&info.spki).map_err(CsrError::Key)?;
        if let KeyKind::Rsa { bits } = kind
            && bits < 2048
        {
            return Err(CsrError::RsaTooShort { bits });
        }
        refuse_weak(&info.spki).map_err(CsrError::Key)?;
        let algorithm = raw(&outer.algorithm).map_err(|_| CsrError::Malformed)?;
        let message = raw(&outer.tbs).map_err(|_| CsrError::Malformed)?;
        let scheme = scheme(&algorithm).map_err(|_| CsrError::SignatureAlgorithm)?;
        verify_scheme(&info.spki, kind, scheme, &message, outer.signature)
            .map_err(|_| CsrError::Signature)?;
        check_attributes(info.attributes)?;
        Ok(Self { subject: info.subject, spki: info.spki, kind, der })
    }

    /// The DER of the whole request.
    pub fn as_der(&self) -> &[u8] {
        &self.der
    }

    /// SHA-256 over the DER: what orders name.
    pub fn digest(&self) -> Sha256Digest {
        Sha256Digest::of(&self.der)
    }

    /// The name in the request: a hint for people, nothing more.
    pub fn subject(&self) -> &DistinguishedName {
        &self.subject
    }

    /// The key, byte for byte as requested.
    pub fn spki(&self) -> &SubjectPublicKeyInfo {
        &self.spki
    }

    /// What kind of key it is.
    pub fn key_kind(&self) -> KeyKind {
        self.kind
    }
}

impl std::fmt::Debug for VerifiedCsr {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "VerifiedCsr({}, {})", self.kind, self.digest())
    }
}

struct Info<'a> {
    subject: DistinguishedName,
    spki: SubjectPublicKeyInfo,
    /// The content of `[0] IMPLICIT SET OF Attribute`.
    attributes: &'a [u8],
}

fn read_info(info: AnyRef<'_>) -> Result<Info<'_>, der::Error> {
    info.sequence(|reader| {
        let version = AnyRef::decode(reader)?;
        if version.header().tag() != Tag::Integer || version.value() != [0] {
            return Err(Tag::Integer.value_error().into());
        }
        let subject = raw(&AnyRef::decode(reader)?)?;
        let spki = raw(&AnyRef::decode(reader)?)?;
        let attributes = AnyRef::decode(reader)?;
        attributes
            .header()
            .tag()
            .assert_eq(Tag::ContextSpecific { number: TagNumber(0), constructed: true })?;
        Ok(Info {
            subject: DistinguishedName::from_der(&subject).map_err(|_| Tag::Sequence.value_error())?,
            spki: SubjectPublicKeyInfo::assertion(spki),
            attributes: attributes.value(),
        })
    })
}

/// Refuses by name whatever asks for something that the certificate will not have: profiles decide its content,
/// and silence would let the requester believe otherwise. An extensionRequest without extensions asks for nothing.
fn check_attributes(attributes: &[u8]) -> Result<(), CsrError> {
    let mut reader = SliceReader::new(attributes).map_err(|_| CsrError::Malformed)?;
    while !reader.is_finished() {
        let (id, values) = AnyRef::decode(&mut reader)
            .and_then(|attribute| {
                attribute.sequence(|attribute| {
                    Ok::<_, der::Error>((ObjectIdentifier::decode(attribute)?, AnyRef::decode(attribute)?))
                })
            })
            .map_err(|_| CsrError::Malformed)?;
        if id != oid::EXTENSION_REQUEST {
            return Err(CsrError::Attribute { name: attribute_name(&id) });
        }
        let extensions =
            AnyRef::from_der(values.value()).and_then(read_extensions).map_err(|_| CsrError::Malformed)?;
        if let Some(extension) = extensions.first() {
            return Err(CsrError::Extension { name: extension_name(&extension.oid) });
        }
    }
    Ok(())
}

fn attribute_name(id: &ObjectIdentifier) -> String {
    if *id == oid::CHALLENGE_PASSWORD { "challengePassword".into() } else { id.to_string() }
}

fn extension_name(id: &ObjectIdentifier) -> String {
    let known = match *id {
        oid::SUBJECT_KEY_IDENTIFIER => "subjectKeyIdentifier",
        oid::KEY_USAGE => "keyUsage",
        oid::SUBJECT_ALT_NAME => "subjectAltName",
        oid::BASIC_CONSTRAINTS => "basicConstraints",
        oid::CERTIFICATE_POLICIES => "certificatePolicies",
        oid::AUTHORITY_KEY_IDENTIFIER => "authorityKeyIdentifier",
        oid::EXT_KEY_USAGE => "extKeyUsage",
        oid::QC_STATEMENTS => "qcStatements",
        oid::PRIVATE_KEY_USAGE_PERIOD => "privateKeyUsagePeriod",
        oid::CRL_DISTRIBUTION_POINTS => "cRLDistributionPoints",
        oid::AUTHORITY_INFO_ACCESS => "authorityInfoAccess",
        _ => return id.to_string(),
    };
    known.into()
}

#[cfg(test)]
mod tests;
