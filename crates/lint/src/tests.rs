//! Sample certificates for the rules' tests, made by a few lines of DER writing of their own, so that any part can be
//! made wrong.

use ndoba_types::UtcTime;

use crate::rules::oid as known;
use crate::{
    CertificateKind, Context, Finding, Issuer, Jurisdiction, LintedTbs, Scope, Severity, lint_certificate_tbs,
};

/// A value: tag, shortest length, content.
pub(crate) fn tlv(tag: u8, content: &[u8]) -> Vec<u8> {
    let mut out = vec![tag];
    match content.len() {
        short @ 0..=0x7f => out.push(u8::try_from(short).unwrap()),
        long => {
            let octets: Vec<u8> = long.to_be_bytes().into_iter().skip_while(|octet| *octet == 0).collect();
            out.push(0x80 | u8::try_from(octets.len()).unwrap());
            out.extend(octets);
        }
    }
    out.extend_from_slice(content);
    out
}

pub(crate) fn seq(parts: &[Vec<u8>]) -> Vec<u8> {
    tlv(0x30, &parts.concat())
}

pub(crate) fn oid(dotted: &str) -> Vec<u8> {
    let arcs: Vec<u64> = dotted.split('.').map(|arc| arc.parse().unwrap()).collect();
    let mut content = Vec::new();
    for arc in std::iter::once(arcs[0] * 40 + arcs[1]).chain(arcs[2..].iter().copied()) {
        let septets = (0..10).rev().map(|at| (arc >> (7 * at)) & 0x7f).skip_while(|septet| *septet == 0);
        let mut septets: Vec<u8> = septets.map(|septet| u8::try_from(septet).unwrap() | 0x80).collect();
        if septets.is_empty() {
            septets.push(0x80);
        }
        *septets.last_mut().unwrap() &= 0x7f;
        content.extend(septets);
    }
    tlv(0x06, &content)
}

/// A Name: identifier, string tag, text of each attribute.
pub(crate) fn name(attributes: &[(&str, u8, &str)]) -> Vec<u8> {
    let rdn = |(id, tag, text): &(&str, u8, &str)| tlv(0x31, &seq(&[oid(id), tlv(*tag, text.as_bytes())]));
    seq(&attributes.iter().map(rdn).collect::<Vec<_>>())
}

/// A person's name in which attributes of the given types are replaced by the given ones.
pub(crate) fn person_name(instead: &[(&str, u8, &str)]) -> Vec<u8> {
    let mut attributes = vec![
        (known::COUNTRY, 0x13, "GE"),
        (known::GIVEN_NAME, 0x0c, "ნინო"),
        (known::SURNAME, 0x0c, "ბერიძე"),
        (known::SERIAL_NUMBER, 0x13, "PNOGE-01001012345"),
        (known::COMMON_NAME, 0x0c, "ნინო ბერიძე"),
    ];
    attributes.retain(|(id, ..)| *id == known::COMMON_NAME || instead.iter().all(|(other, ..)| other != id));
    attributes.extend(instead);
    name(&attributes)
}

pub(crate) fn organisation_name(identifier: &str) -> Vec<u8> {
    name(&[
        (known::COUNTRY, 0x13, "GE"),
        (known::ORGANISATION, 0x0c, "თელავის მუნიციპალიტეტი"),
        (known::ORGANISATION_IDENTIFIER, 0x0c, identifier),
        (known::COMMON_NAME, 0x0c, "თელავი"),
    ])
}

/// The CA's name, its texts with string type `tag`.
pub(crate) fn issuer_name(tag: u8) -> Vec<u8> {
    own_name(tag, "TEST CA")
}

fn own_name(tag: u8, common_name: &str) -> Vec<u8> {
    name(&[
        (known::COUNTRY, 0x13, "GE"),
        (known::ORGANISATION, tag, "TEST Trust LLC"),
        (known::ORGANISATION_IDENTIFIER, tag, "NTRGE-404123456"),
        (known::COMMON_NAME, tag, common_name),
    ])
}

pub(crate) fn ec_key(curve: &str, coordinate: usize) -> Vec<u8> {
    let mut point = vec![0, 4];
    point.extend(vec![7; 2 * coordinate]);
    seq(&[seq(&[oid("1.2.840.10045.2.1"), oid(curve)]), tlv(0x03, &point)])
}

pub(crate) fn rsa_key(bits: usize) -> Vec<u8> {
    let mut modulus = vec![0, 0x80];
    modulus.extend(vec![1; bits / 8 - 1]);
    let mut key = vec![0];
    key.extend(seq(&[tlv(0x02, &modulus), tlv(0x02, &[1, 0, 1])]));
    seq(&[seq(&[oid("1.2.840.113549.1.1.1"), tlv(0x05, &[])]), tlv(0x03, &key)])
}

pub(crate) fn statement(id: &str, information: Option<Vec<u8>>) -> Vec<u8> {
    seq(&[oid(id), information.unwrap_or_default()])
}

pub(crate) fn countries(codes: &[&str]) -> Vec<u8> {
    seq(&codes.iter().map(|code| tlv(0x13, code.as_bytes())).collect::<Vec<_>>())
}

pub(crate) fn disclosure(locations: &[(&str, &str)]) -> Vec<u8> {
    let one =
        |(url, language): &(&str, &str)| seq(&[tlv(0x16, url.as_bytes()), tlv(0x13, language.as_bytes())]);
    seq(&locations.iter().map(one).collect::<Vec<_>>())
}

pub(crate) fn policies(ids: &[&str]) -> Vec<u8> {
    seq(&ids.iter().map(|id| seq(&[oid(id)])).collect::<Vec<_>>())
}

pub(crate) fn access(methods: &[(&str, &str)]) -> Vec<u8> {
    seq(&methods
        .iter()
        .map(|(method, url)| seq(&[oid(method), tlv(0x86, url.as_bytes())]))
        .collect::<Vec<_>>())
}

pub(crate) fn distribution_point(url: &str) -> Vec<u8> {
    seq(&[seq(&[tlv(0xa0, &tlv(0xa0, &tlv(0x86, url.as_bytes())))])])
}

/// What the context says of the issuer, owned.
pub(crate) struct IssuerFacts {
    pub(crate) name: Vec<u8>,
    pub(crate) key_identifier: [u8; 20],
    pub(crate) not_after: UtcTime,
}

/// A TBSCertificate in parts, and the context it is judged in. Clean as made; tests break it.
pub(crate) struct Sample {
    kind: CertificateKind,
    pub(crate) scope: Scope,
    pub(crate) jurisdiction: Jurisdiction,
    pub(crate) issued_at: UtcTime,
    pub(crate) qscd: Option<bool>,
    pub(crate) crl: Option<&'static str>,
    pub(crate) issuer_facts: IssuerFacts,
    /// The whole field with its tag, or nothing.
    pub(crate) version: Vec<u8>,
    /// The content of the INTEGER.
    pub(crate) serial: Vec<u8>,
    pub(crate) algorithm: Vec<u8>,
    pub(crate) issuer: Vec<u8>,
    pub(crate) not_after: Vec<u8>,
    pub(crate) subject: Vec<u8>,
    pub(crate) spki: Vec<u8>,
    extensions: Vec<(String, bool, Vec<u8>)>,
    pub(crate) statements: Vec<Vec<u8>>,
    critical_statements: bool,
}

impl Sample {
    fn new(kind: CertificateKind, subject: Vec<u8>, extensions: &[(&str, bool, Vec<u8>)]) -> Self {
        let mut all: Vec<(String, bool, Vec<u8>)> = vec![
            (known::SUBJECT_KEY_IDENTIFIER.into(), false, tlv(0x04, &[3; 20])),
            (known::AUTHORITY_KEY_IDENTIFIER.into(), false, seq(&[tlv(0x80, &[5; 20])])),
        ];
        all.extend(extensions.iter().map(|(id, critical, value)| ((*id).into(), *critical, value.clone())));
        Self {
            kind,
            scope: Scope::Ours,
            jurisdiction: Jurisdiction::GEORGIA,
            issued_at: UtcTime::from_unix_seconds(1_795_478_400).unwrap(),
            qscd: None,
            crl: None,
            issuer_facts: IssuerFacts {
                name: issuer_name(0x0c),
                key_identifier: [5; 20],
                // 2040.
                not_after: UtcTime::from_unix_seconds(2_208_988_800).unwrap(),
            },
            version: vec![0xa0, 3, 2, 1, 2],
            serial: vec![0x40; 16],
            algorithm: seq(&[oid("1.2.840.10045.4.3.3")]),
            issuer: issuer_name(0x0c),
            not_after: tlv(0x17, b"281124000000Z"),
            subject,
            spki: ec_key("1.2.840.10045.3.1.7", 32),
            extensions: all,
            statements: Vec::new(),
            critical_statements: false,
        }
    }

    fn subscriber(kind: CertificateKind, subject: Vec<u8>, qc_type: &str, semantics: &str) -> Self {
        let http = "http://pki.example.com/x";
        let mut sample = Self::new(
            kind,
            subject,
            &[
                (known::KEY_USAGE, true, tlv(0x03, &[6, 0x40])),
                (known::CERTIFICATE_POLICIES, false, policies(&["2.999.1.1", "0.4.0.2042.1.2"])),
                (
                    known::AUTHORITY_INFO_ACCESS,
                    false,
                    access(&[(known::AD_CA_ISSUERS, http), (known::AD_OCSP, http)]),
                ),
                (known::CRL_DISTRIBUTION_POINTS, false, distribution_point(http)),
            ],
        );
        sample.statements = vec![
            statement(known::QC_COMPLIANCE, None),
            statement(known::QC_CC_LEGISLATION, Some(countries(&["GE"]))),
            statement(known::QC_TYPE, Some(seq(&[oid(qc_type)]))),
            statement(
                known::QC_PDS,
                Some(disclosure(&[
                    ("https://pki.example.com/en", "en"),
                    ("https://pki.example.com/ka", "ka"),
                ])),
            ),
            statement(known::QC_RETENTION_PERIOD, Some(tlv(0x02, &[10]))),
            statement(known::QC_SYNTAX_V2, Some(seq(&[oid(semantics)]))),
            statement(known::QC_QSCD_LEGISLATION, Some(countries(&["GE"]))),
        ];
        sample
    }

    pub(crate) fn person() -> Self {
        Self::subscriber(
            CertificateKind::NaturalPerson,
            person_name(&[]),
            known::QC_TYPE_ESIGN,
            known::SEMANTICS_NATURAL,
        )
    }

    pub(crate) fn organisation() -> Self {
        let subject = organisation_name("NTRGE-404123457");
        Self::subscriber(CertificateKind::LegalPerson, subject, known::QC_TYPE_ESEAL, known::SEMANTICS_LEGAL)
    }

    /// A qualified one, of an organisation.
    pub(crate) fn website() -> Self {
        let subject = organisation_name("NTRGE-404123457");
        let mut sample =
            Self::subscriber(CertificateKind::Website, subject, known::QC_TYPE_WEB, known::SEMANTICS_LEGAL);
        sample.replace_extension(known::KEY_USAGE, true, tlv(0x03, &[7, 0x80]));
        sample.add_extension(known::EXT_KEY_USAGE, false, seq(&[oid(known::EKU_SERVER_AUTH)]));
        sample.add_extension(
            known::SUBJECT_ALT_NAME,
            false,
            seq(&[tlv(0x82, b"www.example.ge"), tlv(0x82, b"example.ge")]),
        );
        sample
    }

    pub(crate) fn issuing_ca() -> Self {
        let http = "http://pki.example.com/x";
        Self::new(
            CertificateKind::IssuingCa,
            own_name(0x0c, "TEST Signature CA"),
            &[
                (known::BASIC_CONSTRAINTS, true, seq(&[tlv(0x01, &[0xff]), tlv(0x02, &[0])])),
                (known::KEY_USAGE, true, tlv(0x03, &[1, 6])),
                (known::CERTIFICATE_POLICIES, false, policies(&["2.999.1.8"])),
                (known::AUTHORITY_INFO_ACCESS, false, access(&[(known::AD_CA_ISSUERS, http)])),
                (known::CRL_DISTRIBUTION_POINTS, false, distribution_point(http)),
            ],
        )
    }

    pub(crate) fn root() -> Self {
        let mut sample = Self::new(
            CertificateKind::Root,
            issuer_name(0x0c),
            &[
                (known::BASIC_CONSTRAINTS, true, seq(&[tlv(0x01, &[0xff])])),
                (known::KEY_USAGE, true, tlv(0x03, &[1, 6])),
            ],
        );
        sample.remove_extension(known::AUTHORITY_KEY_IDENTIFIER);
        sample
    }

    pub(crate) fn responder() -> Self {
        let http = "http://pki.example.com/x";
        Self::new(
            CertificateKind::OcspResponder,
            own_name(0x0c, "TEST OCSP 1"),
            &[
                (known::KEY_USAGE, true, tlv(0x03, &[7, 0x80])),
                (known::EXT_KEY_USAGE, false, seq(&[oid(known::EKU_OCSP_SIGNING)])),
                (known::CERTIFICATE_POLICIES, false, policies(&["2.999.1.6"])),
                (known::AUTHORITY_INFO_ACCESS, false, access(&[(known::AD_CA_ISSUERS, http)])),
                (known::OCSP_NOCHECK, false, tlv(0x05, &[])),
            ],
        )
    }

    pub(crate) fn tsu() -> Self {
        let http = "http://pki.example.com/x";
        let period = seq(&[tlv(0x80, b"20261124000000Z"), tlv(0x81, b"20271124000000Z")]);
        Self::new(
            CertificateKind::TimeStampingUnit,
            own_name(0x0c, "TEST TSU 1"),
            &[
                (known::KEY_USAGE, true, tlv(0x03, &[7, 0x80])),
                (known::EXT_KEY_USAGE, true, seq(&[oid(known::EKU_TIME_STAMPING)])),
                (known::PRIVATE_KEY_USAGE_PERIOD, false, period),
                (known::CERTIFICATE_POLICIES, false, policies(&["2.999.1.7"])),
                (
                    known::AUTHORITY_INFO_ACCESS,
                    false,
                    access(&[(known::AD_CA_ISSUERS, http), (known::AD_OCSP, http)]),
                ),
                (known::CRL_DISTRIBUTION_POINTS, false, distribution_point(http)),
            ],
        )
    }

    pub(crate) fn add_extension(&mut self, id: &str, critical: bool, value: Vec<u8>) {
        self.extensions.push((id.into(), critical, value));
    }

    pub(crate) fn remove_extension(&mut self, id: &str) {
        self.extensions.retain(|(other, ..)| other != id);
    }

    pub(crate) fn replace_extension(&mut self, id: &str, critical: bool, value: Vec<u8>) {
        self.remove_extension(id);
        self.add_extension(id, critical, value);
    }

    pub(crate) fn set_critical(&mut self, id: &str, critical: bool) {
        self.critical_statements |= id == known::QC_STATEMENTS && critical;
        for (_, was, _) in self.extensions.iter_mut().filter(|(other, ..)| other == id) {
            *was = critical;
        }
    }

    pub(crate) fn remove_statement(&mut self, id: &str) {
        let start = oid(id);
        self.statements.retain(|statement| statement.get(2..2 + start.len()) != Some(&start[..]));
    }

    pub(crate) fn replace_statement(&mut self, id: &str, information: Option<Vec<u8>>) {
        self.remove_statement(id);
        self.statements.push(statement(id, information));
    }

    /// The extensions with the statements behind them.
    pub(crate) fn all_extensions(&self) -> Vec<(String, bool, Vec<u8>)> {
        let mut all = self.extensions.clone();
        if !self.statements.is_empty() {
            all.push((known::QC_STATEMENTS.into(), self.critical_statements, seq(&self.statements)));
        }
        all
    }

    /// The DER.
    pub(crate) fn build(&self) -> Vec<u8> {
        let extension = |(id, critical, value): &(String, bool, Vec<u8>)| {
            let critical = if *critical { tlv(0x01, &[0xff]) } else { Vec::new() };
            seq(&[oid(id), critical, tlv(0x04, value)])
        };
        let extensions = seq(&self.all_extensions().iter().map(extension).collect::<Vec<_>>());
        seq(&[
            self.version.clone(),
            tlv(0x02, &self.serial),
            self.algorithm.clone(),
            self.issuer.clone(),
            seq(&[tlv(0x17, b"261124000000Z"), self.not_after.clone()]),
            self.subject.clone(),
            self.spki.clone(),
            tlv(0xa3, &extensions),
        ])
    }

    fn context(&self) -> Context<'_> {
        let IssuerFacts { name, key_identifier, not_after } = &self.issuer_facts;
        Context {
            kind: self.kind,
            scope: self.scope,
            jurisdiction: self.jurisdiction,
            issued_at: self.issued_at,
            issuer: Some(Issuer { name, key_identifier, not_after: *not_after }),
            crl: self.crl,
            qscd: self.qscd,
        }
    }

    pub(crate) fn findings(&self) -> Vec<Finding> {
        lint_certificate_tbs(&self.build(), &self.context())
    }

    #[track_caller]
    pub(crate) fn must_be_clean(&self) {
        assert_eq!(self.findings(), []);
    }

    #[track_caller]
    pub(crate) fn must_find(&self, rule: &str) {
        let findings = self.findings();
        assert!(
            findings.iter().any(|finding| finding.rule == rule),
            "{rule} is silent; others: {findings:?}"
        );
    }

    #[track_caller]
    pub(crate) fn must_not_find(&self, rule: &str) {
        let findings = self.findings();
        assert!(findings.iter().all(|finding| finding.rule != rule), "{findings:?}");
    }
}

fn all() -> [Sample; 7] {
    [
        Sample::person(),
        Sample::organisation(),
        Sample::root(),
        Sample::issuing_ca(),
        Sample::responder(),
        Sample::tsu(),
        Sample::website(),
    ]
}

#[test]
fn good_certificates_of_all_kinds_are_clean() {
    for sample in all() {
        sample.must_be_clean();
        let tbs = sample.build();
        assert_eq!(LintedTbs::check(tbs.clone(), &sample.context()).unwrap().into_der(), tbs);
    }
}

#[test]
fn each_kind_is_refused_as_any_other() {
    for sample in all() {
        for other in all().iter().map(|other| other.kind).filter(|kind| *kind != sample.kind) {
            let context = Context { kind: other, ..sample.context() };
            let findings = lint_certificate_tbs(&sample.build(), &context);
            assert!(
                findings.iter().any(|found| found.severity == Severity::Error),
                "{:?} passes as {other:?}",
                sample.kind
            );
        }
    }
}

#[test]
fn rules_have_names_of_their_own_and_clauses() {
    let ids: std::collections::BTreeSet<&str> = crate::rules().map(|rule| rule.id).collect();
    assert_eq!(ids.len(), crate::rules().count());
    assert!(crate::rules().all(|rule| !rule.clause.is_empty() && !rule.about.is_empty()));
}

#[test]
fn a_certificate_is_judged_by_what_was_in_force_when_it_was_issued() {
    let without_type = |issued: i64| {
        let mut sample = Sample::person();
        sample.replace_statement(known::QC_TYPE, None);
        sample.issued_at = UtcTime::from_unix_seconds(issued).unwrap();
        sample
    };
    // EN 319 412-5 V2.2.1: 2017-11-01T00:00:00Z and the second before it.
    without_type(1_509_494_400).must_find("qc-type");
    assert!(without_type(1_509_494_399).findings().iter().all(|found| found.rule != "qc-type"));
    // What is no DER never was: a number with a leading zero.
    let mut old = without_type(0);
    old.serial = vec![0, 1, 2, 3, 4, 5, 6, 7, 8, 9];
    old.must_find("der-strict");
}

#[test]
fn the_verdict_is_recorded_in_words() {
    let mut sample = Sample::person();
    let verdict =
        |sample: &Sample| LintedTbs::check(sample.build(), &sample.context()).unwrap().verdict().to_string();
    assert_eq!(verdict(&sample), "37 rules, clean");
    sample.replace_extension(known::KEY_USAGE, true, tlv(0x03, &[6, 0xc0]));
    assert_eq!(verdict(&sample), "37 rules, warnings: key-usage");
}

#[test]
fn a_refusal_carries_its_findings() {
    let mut sample = Sample::person();
    sample.remove_statement(known::QC_CC_LEGISLATION);
    let findings = LintedTbs::check(sample.build(), &sample.context()).unwrap_err();
    assert!(findings.to_string().contains("qc-legislation (EN 319 412-5"), "{findings}");
    assert!(findings.as_slice().len() == 1);
}

proptest::proptest! {
    #[test]
    fn never_panics_on_octets(bytes in proptest::collection::vec(proptest::num::u8::ANY, 0..300)) {
        let _ = lint_certificate_tbs(&bytes, &Sample::person().context());
    }

    #[test]
    fn never_panics_on_damaged_certificates(at in 0_usize..700, octet: u8, which in 0_usize..7, cut in 0_usize..40) {
        let sample = &all()[which];
        let mut tbs = sample.build();
        let at = at % tbs.len();
        tbs[at] = octet;
        tbs.truncate(tbs.len() - cut.min(at));
        for kind in all().map(|sample| sample.kind) {
            let _ = lint_certificate_tbs(&tbs, &Context { kind, ..sample.context() });
        }
    }
}

mod crl;
mod finished;
mod guess;
mod ocsp;
