//! A time-stamping unit: one key's certificate, policy and promises, checked when it is loaded (T-34).

use std::borrow::Cow;

use der::asn1::ObjectIdentifier;
use der::{Decode as _, Encode as _};
use ndoba_types::{CertifiedTime, Oid, SignatureAlgorithm, Span, SubjectPublicKeyInfo, UtcTime};
use ndoba_x509::KeyKind;
use sha2::{Digest as _, Sha256};
use x509_cert::Certificate;
use x509_cert::ext::pkix::{BasicConstraints, ExtendedKeyUsage, PrivateKeyUsagePeriod};

use crate::Rejection;
use crate::algorithm::ContentDigest;
use crate::encode::{sequence, sorted, tag, tlv};

/// What a unit is made of.
#[derive(Clone, Debug)]
pub struct UnitParts {
    /// Its name, in the journal and in its address: 1 to 32 lower-case letters, digits and hyphens.
    pub name: String,
    /// Its certificate, DER.
    pub certificate: Vec<u8>,
    /// The certificates above it, its issuer first, without the root, DER.
    pub chain: Vec<Vec<u8>>,
    /// How its key signs.
    pub algorithm: SignatureAlgorithm,
    /// The policy of tokens whose request names none.
    pub policy: Oid,
    /// The other policies a request may name.
    pub accepted_policies: Vec<Oid>,
    /// The declared accuracy: more than a millisecond, at most a second.
    pub accuracy: Span,
    /// Whether each token states the bound measured for it instead of the declared accuracy, which still decides
    /// whether there is a token at all.
    pub measured_accuracy: bool,
    /// Whether tokens carry esi4-qtstStatement-1 (T-20 to T-22).
    pub claim_eu_qtst: bool,
}

/// A unit that may be used. Immutable; a new certificate makes a new unit.
#[derive(Debug)]
pub struct Unit {
    parts: UnitParts,
    spki: SubjectPublicKeyInfo,
    /// When its key may sign: within the certificate's validity and, shorter, the key's own period (T-33).
    starts: UtcTime,
    ends: UtcTime,
    /// What never changes in its tokens, encoded once.
    pub(crate) fixed: FixedParts,
}

/// DER fragments.
#[derive(Debug)]
pub(crate) struct FixedParts {
    /// `sid`: issuerAndSerialNumber.
    pub(crate) signer_id: Vec<u8>,
    /// The attribute signingCertificateV2.
    pub(crate) signing_certificate: Vec<u8>,
    /// `certificates [0]`, sorted.
    pub(crate) certificates: Vec<u8>,
    /// The declared one; see [`Unit::stated_accuracy`].
    accuracy: Vec<u8>,
    /// `extensions [1]` of TSTInfo; empty where there are none.
    pub(crate) extensions: Vec<u8>,
    pub(crate) digest: ContentDigest,
    pub(crate) digest_identifier: Vec<u8>,
    pub(crate) signature_identifier: Vec<u8>,
}

/// genTime is cut to milliseconds, which may take up to this much from the accuracy (T-42, decision 10).
pub const RESOLUTION: Span = Span::millis(1);

/// id-aa-signingCertificateV2, 1.2.840.113549.1.9.16.2.47.
pub(crate) const SIGNING_CERTIFICATE_V2: [u8; 13] =
    [0x06, 0x0b, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x09, 0x10, 0x02, 0x2f];

const TIME_STAMPING: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.5.5.7.3.8");

impl Unit {
    /// Checks the parts against each other.
    ///
    /// That the chain leads to a trusted root, and that the key in the token is the certificate's, is for
    /// those who know the root and the token; [`Stamper::new`](crate::Stamper::new) does the latter.
    ///
    /// # Errors
    ///
    /// [`BadUnit`]: an operator must correct the configuration or the certificate.
    pub fn new(parts: UnitParts) -> Result<Self, BadUnit> {
        if parts.accuracy > Span::seconds(1) || parts.accuracy <= RESOLUTION {
            return Err(BadUnit::Accuracy);
        }
        // It stands in journals and addresses as it is.
        let named = (1..=32).contains(&parts.name.len())
            && parts.name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
        if !named {
            return Err(BadUnit::Name);
        }
        let certificate = Certificate::from_der(&parts.certificate).map_err(|_| BadUnit::Certificate)?;
        let tbs = certificate.tbs_certificate();
        dedicated(&certificate)?;

        let mut above = tbs.issuer().clone();
        for der in &parts.chain {
            let next = Certificate::from_der(der).map_err(|_| BadUnit::Chain)?;
            let next = next.tbs_certificate();
            // Clients have the root or they have no trust; sending it only makes tokens longer (interop §5.15).
            if *next.subject() != above || next.subject() == next.issuer() {
                return Err(BadUnit::Chain);
            }
            above = next.issuer().clone();
        }

        let not_before = time(tbs.validity().not_before.to_unix_duration().as_secs())?;
        let not_after = time(tbs.validity().not_after.to_unix_duration().as_secs())?;
        let (starts, ends) = key_period(&certificate, not_before, not_after)?;

        let issuer = tbs.issuer().to_der().map_err(|_| BadUnit::Certificate)?;
        let serial = tbs.serial_number().to_der().map_err(|_| BadUnit::Certificate)?;
        let spki = tbs.subject_public_key_info().to_der().map_err(|_| BadUnit::Certificate)?;
        let spki = SubjectPublicKeyInfo::assertion(spki);
        if !KeyKind::of(&spki).is_ok_and(|kind| kind.can_sign_with(parts.algorithm)) {
            return Err(BadUnit::Algorithm);
        }
        let digest = ContentDigest::of(parts.algorithm);
        let mut certificates = parts.chain.clone();
        certificates.push(parts.certificate.clone());
        let fixed = FixedParts {
            signer_id: sequence(&[&issuer, &serial]),
            signing_certificate: signing_certificate_v2(&parts.certificate, &issuer, &serial),
            certificates: tlv(tag::context(0), &[&sorted(certificates)]),
            accuracy: accuracy(parts.accuracy),
            extensions: if parts.claim_eu_qtst { qtst_extensions() } else { Vec::new() },
            digest,
            digest_identifier: digest.identifier(),
            signature_identifier: ndoba_x509::algorithm_identifier(parts.algorithm),
        };
        Ok(Self { spki, starts, ends, fixed, parts })
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.parts.name
    }

    /// Its certificate, DER.
    pub fn certificate(&self) -> &[u8] {
        &self.parts.certificate
    }

    /// The certificates above it, without the root, DER.
    pub fn chain(&self) -> impl Iterator<Item = &[u8]> {
        self.parts.chain.iter().map(Vec::as_slice)
    }

    /// How its key signs.
    pub fn algorithm(&self) -> SignatureAlgorithm {
        self.parts.algorithm
    }

    /// The public key its certificate binds.
    pub fn public_key(&self) -> &SubjectPublicKeyInfo {
        &self.spki
    }

    /// The declared accuracy.
    pub fn accuracy(&self) -> Span {
        self.parts.accuracy
    }

    /// When its key may sign no more (T-33): for health and alarms; every request checks it anyway.
    pub fn key_ends(&self) -> UtcTime {
        self.ends
    }

    /// The policies offered, the default one first.
    pub fn policies(&self) -> impl Iterator<Item = &Oid> {
        std::iter::once(&self.parts.policy).chain(&self.parts.accepted_policies)
    }

    /// The accuracy of a token whose time is known with `bound`, DER: the declared one or, where the unit is set to
    /// it, the bound and the cut of genTime, rounded up to a millisecond. What [`Self::admit`] let pass is never
    /// more than declared.
    pub(crate) fn stated_accuracy(&self, bound: Span) -> Cow<'_, [u8]> {
        if !self.parts.measured_accuracy {
            return Cow::Borrowed(&self.fixed.accuracy);
        }
        let micros = bound.as_micros().saturating_add(RESOLUTION.as_micros());
        let millis = u32::try_from(micros.saturating_add(999) / 1000).unwrap_or(u32::MAX);
        // Rounding up may pass a declared accuracy that is no whole number of milliseconds.
        Cow::Owned(accuracy(Span::millis(millis).min(self.parts.accuracy)))
    }

    /// The policy of a token for a request that asks for `wanted`.
    pub(crate) fn choose_policy(&self, wanted: Option<&Oid>) -> Result<&Oid, Rejection> {
        match wanted {
            None => Ok(&self.parts.policy),
            Some(wanted) => self.policies().find(|offered| *offered == wanted).ok_or(Rejection::Policy),
        }
    }

    /// Whether a token may say `certified` (T-33, T-42). Asked on every request.
    pub(crate) fn admit(&self, certified: CertifiedTime) -> Result<(), Rejection> {
        let CertifiedTime { time, bound } = certified;
        if bound.as_micros().saturating_add(RESOLUTION.as_micros()) > self.parts.accuracy.as_micros() {
            return Err(Rejection::Time(ndoba_types::TimeUnavailable::BoundTooWide { bound }));
        }
        if time < self.starts {
            return Err(Rejection::System {
                reason: format!("the unit's key may not sign before {}", self.starts),
            });
        }
        if time > self.ends {
            return Err(Rejection::System {
                reason: format!("the unit's key may not sign after {}", self.ends),
            });
        }
        Ok(())
    }
}

/// T-30: exactly id-kp-timeStamping, critical; and no CA (interop §5.16).
fn dedicated(certificate: &Certificate) -> Result<(), BadUnit> {
    let tbs = certificate.tbs_certificate();
    let (critical, usage) = tbs
        .get_extension::<ExtendedKeyUsage>()
        .map_err(|_| BadUnit::Certificate)?
        .ok_or(BadUnit::NotDedicated)?;
    if !critical || usage.0 != [TIME_STAMPING] {
        return Err(BadUnit::NotDedicated);
    }
    match tbs.get_extension::<BasicConstraints>().map_err(|_| BadUnit::Certificate)? {
        Some((_, constraints)) if constraints.ca => Err(BadUnit::NotDedicated),
        Some(_) | None => Ok(()),
    }
}

/// When the key may sign. T-33: it must end before its certificate does.
fn key_period(
    certificate: &Certificate,
    not_before: UtcTime,
    not_after: UtcTime,
) -> Result<(UtcTime, UtcTime), BadUnit> {
    let period = certificate
        .tbs_certificate()
        .get_extension::<PrivateKeyUsagePeriod>()
        .map_err(|_| BadUnit::Certificate)?
        .map(|(_, period)| period)
        .ok_or(BadUnit::KeyPeriod)?;
    let ends = period.not_after.ok_or(BadUnit::KeyPeriod)?;
    let ends = time(ends.to_unix_duration().as_secs())?;
    let starts =
        period.not_before.map_or(Ok(not_before), |time| self::time(time.to_unix_duration().as_secs()))?;
    if ends >= not_after || starts >= ends {
        return Err(BadUnit::KeyPeriod);
    }
    Ok((starts.max(not_before), ends))
}

fn time(seconds: u64) -> Result<UtcTime, BadUnit> {
    i64::try_from(seconds)
        .ok()
        .and_then(|seconds| UtcTime::from_unix_seconds(seconds).ok())
        .ok_or(BadUnit::Certificate)
}

/// The attribute that binds the certificate to the signature (RFC 5816 §2.2.1, RFC 5035 §3).
///
/// ```text
/// SigningCertificateV2 ::= SEQUENCE { certs SEQUENCE OF ESSCertIDv2, … }
/// ESSCertIDv2 ::= SEQUENCE {
///     hashAlgorithm  AlgorithmIdentifier DEFAULT {algorithm id-sha256},
///     certHash       OCTET STRING,
///     issuerSerial   IssuerSerial OPTIONAL }
/// IssuerSerial ::= SEQUENCE { issuer GeneralNames, serialNumber CertificateSerialNumber }
/// ```
fn signing_certificate_v2(certificate: &[u8], issuer: &[u8], serial: &[u8]) -> Vec<u8> {
    // directoryName [4] is EXPLICIT: Name is a CHOICE.
    let names = sequence(&[&tlv(tag::context(4), &[issuer])]);
    // SHA-256 is the default and therefore absent in DER (T-06); exactly one, or openssl checks a chain (interop §5.5).
    let hash = tlv(tag::OCTET_STRING, &[&Sha256::digest(certificate)]);
    let id = sequence(&[&hash, &sequence(&[&names, serial])]);
    sequence(&[&SIGNING_CERTIFICATE_V2, &tlv(tag::SET, &[&sequence(&[&sequence(&[&id])])])])
}

/// ```text
/// Accuracy ::= SEQUENCE {
///     seconds        INTEGER           OPTIONAL,
///     millis     [0] INTEGER  (1..999) OPTIONAL,
///     micros     [1] INTEGER  (1..999) OPTIONAL  }
/// ```
fn accuracy(span: Span) -> Vec<u8> {
    let micros = span.as_micros().unsigned_abs();
    let part = |tag: u8, value: u64| match value {
        0 => Vec::new(),
        value => tlv(tag, &[&crate::encode::integer_content(value)]),
    };
    sequence(&[
        &part(tag::INTEGER, micros / 1_000_000),
        &part(tag::context_primitive(0), micros / 1000 % 1000),
        &part(tag::context_primitive(1), micros % 1000),
    ])
}

/// `extensions [1]` with one extension: qcStatements, not critical, esi4-qtstStatement-1 alone (T-20, T-22).
fn qtst_extensions() -> Vec<u8> {
    const QC_STATEMENTS: [u8; 10] = [0x06, 0x08, 0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x01, 0x03];
    // 0.4.0.19422.1.1; the bytes 04 00 cb f6 01 01 seen elsewhere are another identifier.
    const ESI4_QTST_STATEMENT_1: [u8; 9] = [0x06, 0x07, 0x04, 0x00, 0x81, 0x97, 0x5e, 0x01, 0x01];
    let value = sequence(&[&sequence(&[&ESI4_QTST_STATEMENT_1])]);
    let extension = sequence(&[&QC_STATEMENTS, &tlv(tag::OCTET_STRING, &[&value])]);
    tlv(tag::context(1), &[&extension])
}

/// Why a unit cannot be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadUnit {
    /// See [`UnitParts::accuracy`].
    #[error("the declared accuracy is more than a millisecond and at most a second")]
    Accuracy,
    /// See [`UnitParts::algorithm`].
    #[error("the certificate's key cannot sign with the unit's algorithm")]
    Algorithm,
    /// Not DER, or an extension is malformed.
    #[error("the unit's certificate cannot be read")]
    Certificate,
    /// Out of order, or with the root.
    #[error(
        "the chain begins with the unit's issuer, each certificate issued by the next, and leaves out the root"
    )]
    Chain,
    /// T-33.
    #[error("the unit's certificate has no privateKeyUsagePeriod that ends before the certificate does")]
    KeyPeriod,
    /// Other characters, or too many of them.
    #[error("a unit's name is 1 to 32 lower-case letters, digits and hyphens")]
    Name,
    /// T-30.
    #[error("the unit's certificate is not for time-stamping alone (one critical extended key usage, no CA)")]
    NotDedicated,
}
