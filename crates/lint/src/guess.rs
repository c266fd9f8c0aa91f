//! Documents that nobody described to us: what they are, by what stands in them, and their judgement.

use ndoba_types::UtcTime;

use crate::certificate::{Certificate, attributes};
use crate::context::{CertificateKind, Context, CountryCode, Jurisdiction, Scope};
use crate::crl::{Crl, CrlContext};
use crate::der::{self, Tlv};
use crate::finding::Finding;
use crate::moment::Moment;
use crate::ocsp::{OcspContext, Response};
use crate::rules::oid;

/// What a document is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum DocumentType {
    /// A certificate for some purpose.
    Certificate(CertificateKind),
    /// A CRL of subscribers' certificates.
    Crl,
    /// A CRL of CA certificates.
    Carl,
    /// An OCSP answer.
    OcspResponse,
}

impl DocumentType {
    /// What DER seems to be; none when it is neither certificate, CRL nor OCSP answer.
    pub fn guess(document: &[u8]) -> Option<Self> {
        if Response::read(document).is_ok() {
            return Some(Self::OcspResponse);
        }
        let signed = signed_part(document)?;
        if let Ok(certificate) = Certificate::read(signed) {
            return Some(Self::Certificate(kind(&certificate)));
        }
        let crl = Crl::read(signed).ok()?;
        Some(if lists_only_cas(&crl) { Self::Carl } else { Self::Crl })
    }
}

/// Judges anybody's document as what it is said or seems to be: what only our decisions ask is a warning (see [`Scope`]).
/// The issuer is not known, so what only it would tell is not judged; nor is whether the document is still current.
///
/// `jurisdiction`, when absent, is what a certificate itself claims: the country of QcCClegislation, or that of the
/// issuer when the Union's law cannot be meant, or the Union for QcCompliance alone.
pub fn lint_stranger(
    document: &[u8],
    as_type: DocumentType,
    jurisdiction: Option<Jurisdiction>,
) -> Vec<Finding> {
    let scope = Scope::Anyone;
    let signed = signed_part(document).unwrap_or_default();
    match as_type {
        DocumentType::Certificate(kind) => {
            let certificate = Certificate::read(signed).ok();
            let claimed = || certificate.as_ref().map_or(Jurisdiction::NotQualified, claim);
            // When it was issued is not written anywhere but here.
            let issued_at = certificate.as_ref().and_then(|found| time(&found.not_before));
            let context = Context {
                kind,
                scope,
                jurisdiction: jurisdiction.unwrap_or_else(claimed),
                issued_at: issued_at.unwrap_or(UtcTime::NO_END),
                issuer: None,
                crl: None,
                qscd: None,
            };
            crate::lint_certificate(document, &context)
        }
        DocumentType::Crl | DocumentType::Carl => {
            let crl = Crl::read(signed).ok();
            let last = |crl: &Crl<'_>| crl.next_update.is_some_and(|next| next.content == b"99991231235959Z");
            let context = CrlContext {
                scope,
                issuer: None,
                now: crl.as_ref().and_then(|crl| time(&crl.this_update)).unwrap_or(UtcTime::NO_END),
                lists_cas: as_type == DocumentType::Carl,
                is_last: crl.as_ref().is_some_and(last),
                addresses: &[],
            };
            crate::lint_crl(signed, &context)
        }
        DocumentType::OcspResponse => {
            let produced = Response::read(document).ok().and_then(|read| time(&read.basic?.produced_at));
            let now = produced.unwrap_or(UtcTime::NO_END);
            crate::lint_ocsp_response(document, &OcspContext { scope, now })
        }
    }
}

/// The first of the three parts of a signed document; empty when there are not three.
fn signed_part(document: &[u8]) -> Option<&[u8]> {
    let parts = Tlv::whole(document, 0).ok()?.children_of(der::SEQUENCE)?;
    match parts[..] {
        [signed, _, signature] if signature.tag == der::BIT_STRING => document.get(signed.place()),
        _ => None,
    }
}

fn kind(certificate: &Certificate<'_>) -> CertificateKind {
    let usages = certificate.extended_key_usage();
    let serves = |wanted: &str| usages.iter().any(|usage| usage == wanted);
    let constraints = certificate.extension(oid::BASIC_CONSTRAINTS).and_then(|found| found.der().ok());
    let fields = constraints.and_then(|value| value.children_of(der::SEQUENCE)).unwrap_or_default();
    if fields.first().is_some_and(|first| first.tag == der::BOOLEAN && first.content != [0]) {
        return if certificate.issuer.content == certificate.subject.content {
            CertificateKind::Root
        } else {
            CertificateKind::IssuingCa
        };
    }
    if serves(oid::EKU_OCSP_SIGNING) {
        return CertificateKind::OcspResponder;
    }
    if serves(oid::EKU_TIME_STAMPING) {
        return CertificateKind::TimeStampingUnit;
    }
    if serves(oid::EKU_SERVER_AUTH) {
        return CertificateKind::Website;
    }
    let attributes = attributes(&certificate.subject).unwrap_or_default();
    let personal = [oid::GIVEN_NAME, oid::SURNAME, oid::PSEUDONYM];
    if attributes.iter().any(|attribute| personal.contains(&attribute.oid.as_str())) {
        CertificateKind::NaturalPerson
    } else {
        CertificateKind::LegalPerson
    }
}

/// Under whose law the certificate says that it is qualified.
fn claim(certificate: &Certificate<'_>) -> Jurisdiction {
    let named = certificate.qc_statement(oid::QC_CC_LEGISLATION).map(|found| found.information);
    let countries = named.flatten().and_then(|list| list.children_of(der::SEQUENCE)).unwrap_or_default();
    let first = countries.first().and_then(Tlv::text).and_then(CountryCode::new);
    if let Some(country) = first {
        return Jurisdiction::Country(country);
    }
    if certificate.qc_statement(oid::QC_COMPLIANCE).is_none() {
        return Jurisdiction::NotQualified;
    }
    // QcCompliance alone claims the Union's law. A Georgian issuer cannot mean that: the legislation got lost (K-C04).
    let issuer = attributes(&certificate.issuer).unwrap_or_default();
    let country = issuer.iter().find(|attribute| attribute.oid == oid::COUNTRY);
    if country.and_then(|country| country.value.text()) == Some("GE") {
        Jurisdiction::GEORGIA
    } else {
        Jurisdiction::EuropeanUnion
    }
}

/// IssuingDistributionPoint with onlyContainsCACerts [2].
fn lists_only_cas(crl: &Crl<'_>) -> bool {
    let point = crl.extension(oid::ISSUING_DISTRIBUTION_POINT).and_then(|found| found.der().ok());
    let fields = point.and_then(|value| value.children_of(der::SEQUENCE)).unwrap_or_default();
    fields.iter().any(|field| field.tag == 0x82 && field.content == [0xff])
}

fn time(tlv: &Tlv<'_>) -> Option<UtcTime> {
    Moment::of(tlv)?.to_utc()
}
