//! Strangers' documents: told apart by what stands in them, and judged by the standards alone.

use super::{Sample, all, countries, ec_key, name, rsa_key, seq, statement, tlv};
use crate::rules::oid as known;
use crate::{CertificateKind, CountryCode, DocumentType, Finding, Jurisdiction, Severity, lint_stranger};

/// A finished certificate: the algorithm outside is the one inside, the signature is nobody's.
fn finished(sample: &Sample) -> Vec<u8> {
    seq(&[sample.build(), sample.algorithm.clone(), tlv(0x03, &[0, 1, 2, 3])])
}

fn judge(sample: &Sample, law: Option<Jurisdiction>) -> Vec<Finding> {
    let der = finished(sample);
    lint_stranger(&der, DocumentType::guess(&der).unwrap(), law)
}

fn rules(findings: &[Finding], severity: Severity) -> Vec<&'static str> {
    findings.iter().filter(|finding| finding.severity == severity).map(|finding| finding.rule).collect()
}

#[test]
fn kinds_are_told_apart() {
    for sample in all() {
        let der = finished(&sample);
        assert_eq!(DocumentType::guess(&der), Some(DocumentType::Certificate(sample.kind)));
        assert_eq!(judge(&sample, None), [], "{:?}", sample.kind);
    }
    let file = |name: &str| std::fs::read(format!("../testkit/testdata/{name}")).unwrap();
    assert_eq!(DocumentType::guess(&file("crl.der")), Some(DocumentType::Crl));
    assert_eq!(DocumentType::guess(&file("ocsp-response.der")), Some(DocumentType::OcspResponse));
    assert_eq!(DocumentType::guess(&file("sign.der")[1..]), None);
    assert_eq!(DocumentType::guess(b""), None);
}

#[test]
fn an_eu_certificate_is_judged_by_the_unions_law() {
    let mut sample = Sample::person();
    sample.issuer = name(&[
        (known::COUNTRY, 0x13, "EE"),
        (known::ORGANISATION, 0x0c, "TEST Trust"),
        (known::ORGANISATION_IDENTIFIER, 0x0c, "NTREE-10747013"),
        (known::COMMON_NAME, 0x0c, "TEST CA"),
    ]);
    for statement in [known::QC_CC_LEGISLATION, known::QC_QSCD_LEGISLATION] {
        sample.remove_statement(statement);
    }
    sample.statements.push(statement(known::QC_SSCD, None));
    assert_eq!(judge(&sample, None), []);
    // The same bytes as Georgia's, or as nobody's.
    assert!(rules(&judge(&sample, Some(Jurisdiction::GEORGIA)), Severity::Error).contains(&"qc-legislation"));
    let none = judge(&sample, Some(Jurisdiction::NotQualified));
    assert!(rules(&none, Severity::Error).contains(&"qc-legislation"));
}

#[test]
fn a_georgian_issuer_that_lost_the_legislation_is_caught() {
    let mut sample = Sample::person();
    sample.remove_statement(known::QC_CC_LEGISLATION);
    assert_eq!(rules(&judge(&sample, None), Severity::Error), ["qc-legislation"]);
}

#[test]
fn another_countrys_law() {
    let mut sample = Sample::organisation();
    sample.replace_statement(known::QC_CC_LEGISLATION, Some(countries(&["CH"])));
    assert_eq!(judge(&sample, None), []);
    let switzerland = Jurisdiction::Country(CountryCode::new("CH").unwrap());
    assert_eq!(judge(&sample, Some(switzerland)), []);
    assert_eq!(CountryCode::new("ch"), None);
    assert_eq!(CountryCode::new("CHE"), None);
}

#[test]
fn our_own_decisions_are_warnings_to_strangers() {
    let mut sample = Sample::person();
    sample.serial = vec![0x40; 4];
    sample.spki = ec_key("1.3.36.3.3.2.8.1.1.7", 32);
    sample.remove_statement(known::QC_TYPE);
    sample.remove_extension(known::CRL_DISTRIBUTION_POINTS);
    let found = judge(&sample, None);
    assert_eq!(rules(&found, Severity::Error), [""; 0]);
    let warned = ["serial-number", "public-key", "crl-distribution-points", "qc-type"];
    assert_eq!(rules(&found, Severity::Warning), warned);
    let ours = sample.findings();
    assert!(rules(&ours, Severity::Error).len() >= warned.len());
}

#[test]
fn an_ncp_certificate_may_authenticate() {
    let mut sample = Sample::person();
    sample.statements.clear();
    sample.spki = rsa_key(2048);
    sample.replace_extension(known::CERTIFICATE_POLICIES, false, super::policies(&["0.4.0.2042.1.1"]));
    for bits in [tlv(0x03, &[7, 0x80]), tlv(0x03, &[5, 0xa0])] {
        sample.replace_extension(known::KEY_USAGE, true, bits);
        assert_eq!(rules(&judge(&sample, None), Severity::Error), [""; 0]);
    }
    sample.replace_extension(known::KEY_USAGE, true, tlv(0x03, &[1, 6]));
    assert_eq!(rules(&judge(&sample, None), Severity::Error), ["key-usage"]);
}

#[test]
fn a_strangers_ca_may_answer_for_itself() {
    let mut ca = Sample::issuing_ca();
    ca.replace_extension(known::KEY_USAGE, true, tlv(0x03, &[1, 0x86]));
    assert_eq!(judge(&ca, None), []);
    assert_eq!(ca.kind, CertificateKind::IssuingCa);
}
