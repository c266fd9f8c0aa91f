//! CRLs of our own read back: whole, or entry by entry to compare the new one with the one that is online.

use der::asn1::GeneralizedTime;
use der::{AnyRef, Decode, Reader, SliceReader, Tag, TagNumber};
use ndoba_types::{SerialNumber, SubjectPublicKeyInfo, UtcTime};
use x509_cert::time::Time;

use super::{CrlNumber, RevokedEntry};
use crate::certificate::{Signed, key_identifier_of, read_extensions, read_serial, read_signed};
use crate::extension::{RawExtension, read_addresses};
use crate::name::DistinguishedName;
use crate::signature::raw;
use crate::time::{from_generalized, from_time};
use crate::{BadSignature, HttpUrl, KeyKind, RevocationReason, oid, signature_algorithm, verify_signature};

/// A CRL's facts. Reading verifies nothing.
#[derive(Clone, PartialEq, Eq)]
pub struct Crl {
    der: Vec<u8>,
    tbs: Vec<u8>,
    algorithm: Vec<u8>,
    issuer: DistinguishedName,
    this_update: UtcTime,
    next_update: UtcTime,
    entries: Vec<RevokedEntry>,
    extensions: Vec<RawExtension>,
    number: CrlNumber,
    expired_certs_on_crl: Option<UtcTime>,
    addresses: Vec<HttpUrl>,
    signature: Vec<u8>,
}

impl Crl {
    /// Reads DER, strictly: version 2, nextUpdate and cRLNumber present, no empty list of entries (C-90).
    ///
    /// # Errors
    ///
    /// [`BadCrl`]
    pub fn from_der(der: &[u8]) -> Result<Self, BadCrl> {
        read(der).map_err(|_| BadCrl)
    }

    /// The whole CRL.
    pub fn as_der(&self) -> &[u8] {
        &self.der
    }

    /// The signed part.
    pub fn tbs(&self) -> &[u8] {
        &self.tbs
    }

    /// The issuer's name.
    pub fn issuer(&self) -> &DistinguishedName {
        &self.issuer
    }

    /// When it was made.
    pub fn this_update(&self) -> UtcTime {
        self.this_update
    }

    /// When the next one is out at the latest.
    pub fn next_update(&self) -> UtcTime {
        self.next_update
    }

    /// Its number.
    pub fn number(&self) -> CrlNumber {
        self.number
    }

    /// authorityKeyIdentifier's key identifier; none when absent or malformed.
    pub fn authority_key_identifier(&self) -> Option<&[u8]> {
        let aki = self.extensions.iter().find(|extension| extension.oid == oid::AUTHORITY_KEY_IDENTIFIER)?;
        key_identifier_of(&aki.value)
    }

    /// Since when expired certificates stay on the list, if it says so.
    pub fn expired_certs_on_crl(&self) -> Option<UtcTime> {
        self.expired_certs_on_crl
    }

    /// Of a shard, the addresses that the certificates in its scope name; none for a whole list.
    pub fn addresses(&self) -> &[HttpUrl] {
        &self.addresses
    }

    /// The entries in their order.
    pub fn entries(&self) -> &[RevokedEntry] {
        &self.entries
    }

    /// The entry of this serial number.
    pub fn entry(&self, serial: &SerialNumber) -> Option<&RevokedEntry> {
        self.entries.iter().find(|entry| entry.serial == *serial)
    }

    /// The extensions in their order.
    pub fn extensions(&self) -> &[RawExtension] {
        &self.extensions
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

impl std::fmt::Debug for Crl {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Crl(number {}, {} entries)", self.number, self.entries.len())
    }
}

fn bad(tag: Tag) -> der::Error {
    tag.value_error().into()
}

fn read_time<'a>(reader: &mut impl Reader<'a>) -> Result<UtcTime, der::Error> {
    from_time(Time::decode(reader)?).map_err(|_| bad(Tag::GeneralizedTime))
}

/// A CRL over its octets: entries are read one by one, and nothing is kept of them. Reading verifies nothing.
#[derive(Clone)]
pub struct CrlView<'a> {
    issuer: DistinguishedName,
    this_update: UtcTime,
    next_update: UtcTime,
    /// The content of revokedCertificates; none when absent.
    entries: Option<&'a [u8]>,
    extensions: Vec<RawExtension>,
    number: CrlNumber,
    expired_certs_on_crl: Option<UtcTime>,
}

impl<'a> CrlView<'a> {
    /// Reads what is not an entry, as strictly as [`Crl::from_der`].
    ///
    /// # Errors
    ///
    /// [`BadCrl`]
    pub fn from_der(der: &'a [u8]) -> Result<Self, BadCrl> {
        read_signed(der).and_then(|outer| Self::read(&outer)).map_err(|_| BadCrl)
    }

    /// When it was made.
    pub fn this_update(&self) -> UtcTime {
        self.this_update
    }

    /// When the next one is out at the latest.
    pub fn next_update(&self) -> UtcTime {
        self.next_update
    }

    /// Its number.
    pub fn number(&self) -> CrlNumber {
        self.number
    }

    /// The entries in their order. After an error there is none any more.
    pub fn entries(&self) -> CrlEntries<'a> {
        CrlEntries(self.entries.and_then(|content| SliceReader::new(content).ok()))
    }

    fn read(outer: &Signed<'a>) -> Result<Self, der::Error> {
        outer.tbs.sequence(|reader| {
            let version = AnyRef::decode(reader)?;
            if version.header().tag() != Tag::Integer || version.value() != [1] {
                return Err(bad(Tag::Integer));
            }
            if AnyRef::decode(reader)? != outer.algorithm {
                return Err(bad(Tag::Sequence));
            }
            let issuer = DistinguishedName::from_der(&raw(&AnyRef::decode(reader)?)?)
                .map_err(|_| bad(Tag::Sequence))?;
            let this_update = read_time(reader)?;
            let next_update = read_time(reader)?;
            let mut next = AnyRef::decode(reader)?;
            let mut entries = None;
            if next.header().tag() == Tag::Sequence {
                if next.value().is_empty() {
                    return Err(bad(Tag::Sequence));
                }
                entries = Some(next.value());
                next = AnyRef::decode(reader)?;
            }
            next.header()
                .tag()
                .assert_eq(Tag::ContextSpecific { number: TagNumber(0), constructed: true })?;
            let extensions = read_extensions(AnyRef::from_der(next.value())?)?;
            let value = |id| {
                extensions.iter().find(|extension| extension.oid == id).map(|extension| &extension.value[..])
            };
            let number = u64::from_der(value(oid::CRL_NUMBER).ok_or_else(|| bad(Tag::Sequence))?)?;
            let expired_certs_on_crl = value(oid::EXPIRED_CERTS_ON_CRL).map(generalized).transpose()?;
            let number = CrlNumber::new(number);
            Ok(Self { issuer, this_update, next_update, entries, number, expired_certs_on_crl, extensions })
        })
    }
}

/// The entries of a [`CrlView`], one by one.
pub struct CrlEntries<'a>(Option<SliceReader<'a>>);

impl Iterator for CrlEntries<'_> {
    type Item = Result<RevokedEntry, BadCrl>;

    fn next(&mut self) -> Option<Self::Item> {
        let reader = self.0.as_mut().filter(|reader| !reader.is_finished())?;
        match AnyRef::decode(reader).and_then(|entry| entry.sequence(read_entry)) {
            Ok(entry) => Some(Ok(entry)),
            Err(_) => {
                self.0 = None;
                Some(Err(BadCrl))
            }
        }
    }
}

fn read(der: &[u8]) -> Result<Crl, der::Error> {
    let outer = read_signed(der)?;
    let view = CrlView::read(&outer)?;
    let entries = view.entries().collect::<Result<_, _>>().map_err(|_| bad(Tag::Sequence))?;
    let CrlView { issuer, this_update, next_update, entries: _, extensions, number, expired_certs_on_crl } =
        view;
    let point = extensions.iter().find(|extension| extension.oid == oid::ISSUING_DISTRIBUTION_POINT);
    let addresses = point.map(|point| read_addresses(&point.value)).transpose()?.unwrap_or_default();
    Ok(Crl {
        der: der.to_vec(),
        tbs: raw(&outer.tbs)?,
        algorithm: raw(&outer.algorithm)?,
        issuer,
        this_update,
        next_update,
        entries,
        number,
        expired_certs_on_crl,
        addresses,
        extensions,
        signature: outer.signature.to_vec(),
    })
}

fn generalized(der: &[u8]) -> Result<UtcTime, der::Error> {
    from_generalized(GeneralizedTime::from_der(der)?).map_err(|_| bad(Tag::GeneralizedTime))
}

pub(super) fn read_entry(reader: &mut SliceReader<'_>) -> Result<RevokedEntry, der::Error> {
    let serial = read_serial(reader)?;
    let revoked_at = read_time(reader)?;
    let mut entry =
        RevokedEntry { serial, revoked_at, reason: RevocationReason::Unspecified, invalidity_date: None };
    if !reader.is_finished() {
        for extension in read_extensions(AnyRef::decode(reader)?)? {
            match extension.oid {
                oid::REASON_CODE => match extension.value[..] {
                    [0x0a, 1, code] => {
                        entry.reason = RevocationReason::from_code(code).map_err(|_| bad(Tag::Enumerated))?;
                    }
                    _ => return Err(bad(Tag::Enumerated)),
                },
                oid::INVALIDITY_DATE => entry.invalidity_date = Some(generalized(&extension.value)?),
                _ => return Err(bad(Tag::Sequence)),
            }
        }
    }
    Ok(entry)
}

/// Not the DER of a CRL as this product makes them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not the DER of a version 2 CRL with a number and a next update")]
pub struct BadCrl;
