//! Certificates read back.

use der::asn1::{BitStringRef, ObjectIdentifier};
use der::{AnyRef, Decode, Reader, SliceReader, Tag, TagNumber};
use ndoba_types::{SerialNumber, Sha256Digest, SubjectPublicKeyInfo, UtcTime};
use x509_cert::time::Time;

use crate::extension::{RawExtension, read_distribution_point};
use crate::name::DistinguishedName;
use crate::signature::raw;
use crate::time::from_time;
use crate::{BadKey, BadSignature, HttpUrl, KeyKind, oid, signature_algorithm, verify_signature};

/// A certificate's facts, each with the bytes it came from. Reading verifies nothing.
#[derive(Clone, PartialEq, Eq)]
pub struct Certificate {
    der: Vec<u8>,
    tbs: Vec<u8>,
    serial: SerialNumber,
    algorithm: Vec<u8>,
    issuer: DistinguishedName,
    not_before: UtcTime,
    not_after: UtcTime,
    subject: DistinguishedName,
    spki: SubjectPublicKeyInfo,
    extensions: Vec<RawExtension>,
    signature: Vec<u8>,
}

impl Certificate {
    /// Reads DER, strictly: version 3, nothing left over, no extension twice, one signature algorithm inside and out.
    ///
    /// # Errors
    ///
    /// [`BadCertificate`]
    pub fn from_der(der: &[u8]) -> Result<Self, BadCertificate> {
        read(der).map_err(|_| BadCertificate)
    }

    /// The whole certificate.
    pub fn as_der(&self) -> &[u8] {
        &self.der
    }

    /// SHA-256 over the whole certificate.
    pub fn fingerprint(&self) -> Sha256Digest {
        Sha256Digest::of(&self.der)
    }

    /// The signed part.
    pub fn tbs(&self) -> &[u8] {
        &self.tbs
    }

    /// The serial number.
    pub fn serial(&self) -> &SerialNumber {
        &self.serial
    }

    /// The issuer's name.
    pub fn issuer(&self) -> &DistinguishedName {
        &self.issuer
    }

    /// Start of validity.
    pub fn not_before(&self) -> UtcTime {
        self.not_before
    }

    /// End of validity, inclusive.
    pub fn not_after(&self) -> UtcTime {
        self.not_after
    }

    /// The subject's name.
    pub fn subject(&self) -> &DistinguishedName {
        &self.subject
    }

    /// The subject's key.
    pub fn spki(&self) -> &SubjectPublicKeyInfo {
        &self.spki
    }

    /// The kind of the subject's key.
    ///
    /// # Errors
    ///
    /// [`BadKey`] when it is none that this product knows.
    pub fn key_kind(&self) -> Result<KeyKind, BadKey> {
        KeyKind::of(&self.spki)
    }

    /// The content octets of the signature.
    pub fn signature(&self) -> &[u8] {
        &self.signature
    }

    /// The DER AlgorithmIdentifier of the signature.
    pub fn algorithm_der(&self) -> &[u8] {
        &self.algorithm
    }

    /// The extensions in their order.
    pub fn extensions(&self) -> &[RawExtension] {
        &self.extensions
    }

    /// The extension of this type.
    pub fn extension(&self, id: &ObjectIdentifier) -> Option<&RawExtension> {
        self.extensions.iter().find(|extension| extension.oid == *id)
    }

    /// Where the list is that would name it: the one address of cRLDistributionPoints; none where there is not one.
    pub fn crl_address(&self) -> Option<HttpUrl> {
        read_distribution_point(&self.extension(&oid::CRL_DISTRIBUTION_POINTS)?.value)
    }

    /// Whether it says that it is never revoked, because it ends before a revocation would be published (C-111).
    pub fn is_validity_assured(&self) -> bool {
        self.extension(&oid::VALIDITY_ASSURED_SHORT_TERM).is_some()
    }

    /// subjectKeyIdentifier; none when absent or malformed.
    pub fn subject_key_identifier(&self) -> Option<&[u8]> {
        let value = &self.extension(&oid::SUBJECT_KEY_IDENTIFIER)?.value;
        AnyRef::from_der(value).ok().filter(|any| any.header().tag() == Tag::OctetString).map(AnyRef::value)
    }

    /// authorityKeyIdentifier's key identifier; none when absent or malformed.
    pub fn authority_key_identifier(&self) -> Option<&[u8]> {
        key_identifier_of(&self.extension(&oid::AUTHORITY_KEY_IDENTIFIER)?.value)
    }

    /// Whether basicConstraints says that it is a CA's (C-05).
    pub fn is_ca(&self) -> bool {
        let Some(extension) = self.extension(&oid::BASIC_CONSTRAINTS) else { return false };
        let ca = AnyRef::from_der(&extension.value).and_then(|any| {
            any.sequence(|reader| {
                let ca = if reader.is_finished() { false } else { bool::decode(reader)? };
                if !reader.is_finished() {
                    u8::decode(reader)?;
                }
                Ok::<_, der::Error>(ca)
            })
        });
        ca.unwrap_or(false)
    }

    /// Verifies that the key in `issuer` made the signature. Names and dates are not looked at.
    ///
    /// # Errors
    ///
    /// [`BadSignature`]
    pub fn verify_signed_by(&self, issuer: &SubjectPublicKeyInfo) -> Result<(), BadSignature> {
        let kind = KeyKind::of(issuer).map_err(|_| BadSignature)?;
        let algorithm = signature_algorithm(&self.algorithm, kind).map_err(|_| BadSignature)?;
        verify_signature(issuer, algorithm, &self.tbs, &self.signature)
    }
}

impl std::fmt::Debug for Certificate {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Certificate({}, sha256 {})", self.serial, self.fingerprint())
    }
}

/// keyIdentifier `[0]` of an AuthorityKeyIdentifier.
pub(crate) fn key_identifier_of(aki: &[u8]) -> Option<&[u8]> {
    let any = AnyRef::from_der(aki).ok().filter(|any| any.header().tag() == Tag::Sequence)?;
    let mut reader = SliceReader::new(any.value()).ok()?;
    let first = AnyRef::decode(&mut reader).ok()?;
    let wanted = Tag::ContextSpecific { number: TagNumber(0), constructed: false };
    (first.header().tag() == wanted).then(|| first.value())
}

/// An INTEGER as a serial number.
pub(crate) fn read_serial<'a>(reader: &mut impl Reader<'a>) -> Result<SerialNumber, der::Error> {
    let serial = AnyRef::decode(reader)?;
    serial.header().tag().assert_eq(Tag::Integer)?;
    SerialNumber::from_der_content(serial.value()).map_err(|_| Tag::Integer.value_error().into())
}

/// `Extensions`, none twice.
pub(crate) fn read_extensions(any: AnyRef<'_>) -> Result<Vec<RawExtension>, der::Error> {
    any.sequence(|reader| {
        let mut extensions: Vec<RawExtension> = Vec::new();
        while !reader.is_finished() {
            let extension = x509_cert::ext::Extension::decode(reader)?;
            if extensions.iter().any(|other| other.oid == extension.extn_id) {
                return Err(Tag::Sequence.value_error().into());
            }
            extensions.push(RawExtension {
                oid: extension.extn_id,
                critical: extension.critical,
                value: extension.extn_value.into_bytes().into(),
            });
        }
        Ok(extensions)
    })
}

/// The signed part, the algorithm's DER and the signature of `SEQUENCE { any, AlgorithmIdentifier, BIT STRING }`.
pub(crate) struct Signed<'a> {
    pub(crate) tbs: AnyRef<'a>,
    pub(crate) algorithm: AnyRef<'a>,
    pub(crate) signature: &'a [u8],
}

/// Reads the outer layer without touching the bytes inside: what was signed is what is verified.
pub(crate) fn read_signed(der: &[u8]) -> Result<Signed<'_>, der::Error> {
    AnyRef::from_der(der)?.sequence(|reader| {
        let tbs = AnyRef::decode(reader)?;
        let algorithm = AnyRef::decode(reader)?;
        let signature = BitStringRef::decode(reader)?;
        let signature = signature.as_bytes().ok_or_else(|| Tag::BitString.value_error())?;
        Ok(Signed { tbs, algorithm, signature })
    })
}

fn read(der: &[u8]) -> Result<Certificate, der::Error> {
    let outer = read_signed(der)?;
    let bad = |tag: Tag| der::Error::from(tag.value_error());
    outer.tbs.sequence(|reader| {
        let version = AnyRef::decode(reader)?;
        version.header().tag().assert_eq(Tag::ContextSpecific { number: TagNumber(0), constructed: true })?;
        if version.value() != [2, 1, 2] {
            return Err(bad(Tag::Integer));
        }
        let serial = read_serial(reader)?;
        let inner_algorithm = AnyRef::decode(reader)?;
        if inner_algorithm != outer.algorithm {
            return Err(bad(Tag::Sequence));
        }
        let name = |any: AnyRef<'_>| DistinguishedName::from_der(&raw(&any)?).map_err(|_| bad(Tag::Sequence));
        let issuer = name(AnyRef::decode(reader)?)?;
        let (not_before, not_after) = AnyRef::decode(reader)?.sequence(|validity| {
            let mut time = || from_time(Time::decode(validity)?).map_err(|_| bad(Tag::GeneralizedTime));
            Ok::<_, der::Error>((time()?, time()?))
        })?;
        let subject = name(AnyRef::decode(reader)?)?;
        let spki = AnyRef::decode(reader)?;
        spki.header().tag().assert_eq(Tag::Sequence)?;
        let extensions = AnyRef::decode(reader)?;
        extensions
            .header()
            .tag()
            .assert_eq(Tag::ContextSpecific { number: TagNumber(3), constructed: true })?;
        Ok(Certificate {
            der: der.to_vec(),
            tbs: raw(&outer.tbs)?,
            serial,
            algorithm: raw(&outer.algorithm)?,
            issuer,
            not_before,
            not_after,
            subject,
            spki: SubjectPublicKeyInfo::assertion(raw(&spki)?),
            extensions: read_extensions(AnyRef::from_der(extensions.value())?)?,
            signature: outer.signature.to_vec(),
        })
    })
}

/// Not the DER of a version 3 certificate as RFC 5280 has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not the DER of an X.509 version 3 certificate")]
pub struct BadCertificate;
