//! A certificate's TBS, taken apart for the rules.

use std::ops::Range;

use crate::context::{CertificateKind, Context, Scope};
use crate::der::{self, NotDer, Tlv};
use crate::finding::{Finding, Report};
use crate::rules::{self, oid};

/// Judges the DER of a TBSCertificate, the bytes that are about to be signed.
///
/// Returns what every rule found, in the rules' order; empty is clean. Octets that are no certificate at all give a
/// single finding.
pub fn lint_certificate_tbs(tbs: &[u8], context: &Context<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    match Certificate::read(tbs) {
        Ok(certificate) => rules::apply(&certificate, context, &mut findings),
        Err(NotDer { at, why }) => {
            Report::of("readable", "RFC 5280 §4.1", &mut findings)
                .error(format!("this is no TBSCertificate: {why}"), at..tbs.len());
        }
    }
    findings
}

/// Judges the DER of a finished Certificate: its TBSCertificate, and the form of what was put around it. Whether the
/// signature verifies is for who has the issuer's key.
pub fn lint_certificate(der: &[u8], context: &Context<'_>) -> Vec<Finding> {
    let read = || {
        let whole = Tlv::whole(der, 0)?;
        let parts = whole.children_of(der::SEQUENCE).unwrap_or_default();
        match parts[..] {
            [tbs, algorithm, signature] if signature.tag == der::BIT_STRING => Ok((whole, tbs, algorithm)),
            _ => Err(NotDer { at: 0, why: "not three parts" }),
        }
    };
    let mut findings = Vec::new();
    let (whole, tbs, algorithm) = match read() {
        Ok(parts) => parts,
        Err(NotDer { at, why }) => {
            Report::of("readable", "RFC 5280 §4.1", &mut findings)
                .error(format!("this is no Certificate: {why}"), at..der.len());
            return findings;
        }
    };
    if let Err(not) = der::strict(&whole) {
        Report::of("der-strict", "X.690 §10, §11; C-07", &mut findings).error(not.why, not.at..not.at + 1);
    }
    let tbs_der = der.get(tbs.place()).unwrap_or_default();
    if let Ok(inner) = Certificate::read(tbs_der)
        && inner.signature.content != algorithm.content
    {
        Report::of("outer-algorithm", "RFC 5280 §4.1.1.2; C-01", &mut findings)
            .error("the algorithm outside is not the one inside, byte for byte", algorithm.place());
    }
    // Places inside are counted from the TBS; here from the certificate.
    for mut finding in lint_certificate_tbs(tbs_der, context) {
        finding.place = finding.place.map(|place| place.start + tbs.start..place.end + tbs.start);
        findings.push(finding);
    }
    findings
}

/// A TBSCertificate (RFC 5280 §4.1), its parts undecoded.
pub(crate) struct Certificate<'a> {
    pub(crate) bytes: &'a [u8],
    pub(crate) whole: Tlv<'a>,
    /// The content of `[0]`; none when absent.
    pub(crate) version: Option<Tlv<'a>>,
    pub(crate) serial: Tlv<'a>,
    pub(crate) signature: Tlv<'a>,
    pub(crate) issuer: Tlv<'a>,
    pub(crate) not_before: Tlv<'a>,
    pub(crate) not_after: Tlv<'a>,
    pub(crate) subject: Tlv<'a>,
    pub(crate) spki: Tlv<'a>,
    /// `[1]` or `[2]` is there.
    pub(crate) has_unique_ids: bool,
    pub(crate) extensions: Vec<Extension<'a>>,
}

/// An extension (RFC 5280 §4.1).
pub(crate) struct Extension<'a> {
    pub(crate) oid: String,
    pub(crate) critical: bool,
    /// `critical` is written out although it is FALSE, the default.
    pub(crate) default_written: bool,
    /// What the OCTET STRING holds.
    pub(crate) value: &'a [u8],
    pub(crate) place: Range<usize>,
}

impl<'a> Extension<'a> {
    /// The value as DER.
    pub(crate) fn der(&self) -> Result<Tlv<'a>, NotDer> {
        Tlv::inside(self.value, self.place.end)
    }

    fn read(value: &Tlv<'a>) -> Result<Self, NotDer> {
        let not = NotDer { at: value.start, why: "malformed extension" };
        let parts = value.children_of(der::SEQUENCE).ok_or(not)?;
        let (oid, critical, octets) = match parts[..] {
            [oid, octets] => (oid, None, octets),
            [oid, critical, octets] if critical.tag == der::BOOLEAN => (oid, Some(critical), octets),
            _ => return Err(not),
        };
        if octets.tag != der::OCTET_STRING {
            return Err(not);
        }
        let is_critical = critical.is_some_and(|critical| critical.content != [0]);
        Ok(Self {
            oid: oid.oid().ok_or(not)?,
            critical: is_critical,
            default_written: critical.is_some() && !is_critical,
            value: octets.content,
            place: value.place(),
        })
    }

    /// Reads `Extensions`.
    pub(crate) fn read_all(list: &Tlv<'a>) -> Result<Vec<Self>, NotDer> {
        let not = NotDer { at: list.start, why: "malformed extensions" };
        list.children_of(der::SEQUENCE).ok_or(not)?.iter().map(Self::read).collect()
    }
}

impl<'a> Certificate<'a> {
    pub(crate) fn read(bytes: &'a [u8]) -> Result<Self, NotDer> {
        let whole = Tlv::whole(bytes, 0)?;
        let not = |why| NotDer { at: 0, why };
        let mut parts =
            whole.children_of(der::SEQUENCE).ok_or(not("no SEQUENCE of values"))?.into_iter().peekable();
        let version = match parts.next_if(|part| part.tag == 0xa0) {
            Some(tagged) => Some(Tlv::inside(tagged.content, tagged.end)?),
            None => None,
        };
        let mut next =
            |tag: u8, why: &'static str| parts.next().filter(|part| part.tag == tag).ok_or(not(why));
        let serial = next(der::INTEGER, "no serial number")?;
        let signature = next(der::SEQUENCE, "no signature algorithm")?;
        let issuer = next(der::SEQUENCE, "no issuer")?;
        let validity = next(der::SEQUENCE, "no validity")?.children()?;
        let subject = next(der::SEQUENCE, "no subject")?;
        let spki = next(der::SEQUENCE, "no public key")?;
        let [not_before, not_after] = validity[..] else { return Err(not("validity is two times")) };
        let (mut has_unique_ids, mut extensions) = (false, Vec::new());
        for part in parts {
            match part.tag {
                0x81 | 0x82 | 0xa1 | 0xa2 => has_unique_ids = true,
                0xa3 => extensions = Extension::read_all(&Tlv::inside(part.content, part.end)?)?,
                _ => return Err(NotDer { at: part.start, why: "an unknown field" }),
            }
        }
        let certificate = Self {
            bytes,
            whole,
            version,
            serial,
            signature,
            issuer,
            not_before,
            not_after,
            subject,
            spki,
            has_unique_ids,
            extensions,
        };
        Ok(certificate)
    }

    /// The extension of that identifier, the first if there are several.
    pub(crate) fn extension(&self, oid: &str) -> Option<&Extension<'a>> {
        self.extensions.iter().find(|extension| extension.oid == oid)
    }

    /// The bits of keyUsage, bit 0 first; none when the extension is absent or malformed.
    pub(crate) fn key_usage(&self) -> Option<u16> {
        let value = self.extension(oid::KEY_USAGE)?.der().ok()?;
        let [_, bits @ ..] = value.content else { return None };
        if value.tag != der::BIT_STRING || bits.len() > 2 {
            return None;
        }
        let first = bits.first().copied().unwrap_or(0);
        let second = bits.get(1).copied().unwrap_or(0);
        Some(u16::from_be_bytes([first, second]))
    }

    /// The identifiers of extKeyUsage; empty when the extension is absent or malformed.
    pub(crate) fn extended_key_usage(&self) -> Vec<String> {
        let Some(extension) = self.extension(oid::EXT_KEY_USAGE) else { return Vec::new() };
        let usages =
            extension.der().ok().and_then(|value| value.children_of(der::SEQUENCE)).unwrap_or_default();
        usages.iter().filter_map(Tlv::oid).collect()
    }

    /// The QCStatements: identifier and information; empty when the extension is absent or malformed.
    pub(crate) fn qc_statements(&self) -> Vec<QcStatement<'a>> {
        let Some(extension) = self.extension(oid::QC_STATEMENTS) else { return Vec::new() };
        let statements =
            extension.der().ok().and_then(|value| value.children_of(der::SEQUENCE)).unwrap_or_default();
        statements
            .iter()
            .filter_map(|statement| {
                let parts = statement.children_of(der::SEQUENCE).filter(|parts| parts.len() <= 2)?;
                Some(QcStatement {
                    oid: parts.first()?.oid()?,
                    information: parts.get(1).copied(),
                    place: statement.place(),
                })
            })
            .collect()
    }

    /// Whether it is judged as one that is or may be qualified: a subscriber's always, one of our time-stamping units'
    /// where it has statements, which is an option. Strangers put others into theirs.
    pub(crate) fn is_qualified_as(&self, context: &Context<'_>) -> bool {
        context.kind.is_subscriber()
            || (context.kind == CertificateKind::TimeStampingUnit
                && context.scope == Scope::Ours
                && self.extension(oid::QC_STATEMENTS).is_some())
    }

    /// The statement of that identifier, the first if there are several.
    pub(crate) fn qc_statement(&self, oid: &str) -> Option<QcStatement<'a>> {
        self.qc_statements().into_iter().find(|statement| statement.oid == oid)
    }
}

/// A QCStatement (RFC 3739 §3.2.6).
pub(crate) struct QcStatement<'a> {
    pub(crate) oid: String,
    pub(crate) information: Option<Tlv<'a>>,
    pub(crate) place: Range<usize>,
}

/// One AttributeTypeAndValue of a name.
pub(crate) struct Attribute<'a> {
    pub(crate) oid: String,
    pub(crate) value: Tlv<'a>,
    /// Which RelativeDistinguishedName it is in.
    pub(crate) rdn: usize,
}

/// The attributes of a Name in order; none when it is malformed.
pub(crate) fn attributes<'a>(name: &Tlv<'a>) -> Option<Vec<Attribute<'a>>> {
    let mut found = Vec::new();
    for (rdn, set) in name.children_of(der::SEQUENCE)?.iter().enumerate() {
        let pairs = set.children_of(der::SET)?;
        if pairs.is_empty() {
            return None; // RelativeDistinguishedName ::= SET SIZE (1..MAX)
        }
        for pair in pairs {
            let parts = pair.children_of(der::SEQUENCE)?;
            let [oid, value] = parts[..] else { return None };
            found.push(Attribute { oid: oid.oid()?, value, rdn });
        }
    }
    Some(found)
}
