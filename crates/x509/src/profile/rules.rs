//! The rules a profile file must keep, each with its clause.

use std::collections::BTreeSet;
use std::fmt;

use der::asn1::ObjectIdentifier;
use ndoba_types::{Oid, Sha256Digest};

use super::file::{ProfileFile, QcSection};
use super::template::{KeyAlgorithm, Legislation, QcType, Template};
use super::{Profile, QcStatements};
use crate::IdentifierScheme;
use crate::name::{is_country, is_eea_country};
use crate::oid;
use crate::url::HttpsUrl;

/// One rule that a profile breaks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BadProfile {
    /// The key in the file, such as `qc.cc-legislation`.
    pub key: &'static str,
    /// The clause.
    pub clause: &'static str,
    /// One sentence.
    pub message: String,
}

impl fmt::Display for BadProfile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {} ({})", self.key, self.message, self.clause)
    }
}

/// Why a file is no profile.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ProfileError {
    /// Not TOML, or with missing or unknown keys.
    #[error("the profile cannot be read: {reason}")]
    Unreadable {
        /// The parser's words.
        reason: String,
    },
    /// It breaks rules; at least one.
    #[error("profile {name} is refused: {}", list(.findings))]
    Refused {
        /// The profile's name.
        name: String,
        /// Every broken rule.
        findings: Vec<BadProfile>,
    },
}

fn list(findings: &[BadProfile]) -> String {
    findings.iter().map(BadProfile::to_string).collect::<Vec<_>>().join("; ")
}

/// Collects broken rules.
struct Findings(Vec<BadProfile>);

impl Findings {
    /// Notes a broken rule unless `holds`.
    fn require(&mut self, holds: bool, key: &'static str, clause: &'static str, message: &str) {
        if !holds {
            self.0.push(BadProfile { key, clause, message: message.into() });
        }
    }
}

impl TryFrom<ProfileFile> for Profile {
    type Error = ProfileError;

    fn try_from(file: ProfileFile) -> Result<Self, ProfileError> {
        let mut findings = Findings(Vec::new());
        let canonical = file.canonical()?;
        identity(&mut findings, &file);
        let policies = policies(&mut findings, &file);
        keys(&mut findings, &file);
        validity(&mut findings, &file);
        statements(&mut findings, &file);
        if !findings.0.is_empty() {
            return Err(ProfileError::Refused { name: file.name, findings: findings.0 });
        }
        let ProfileFile {
            name,
            version,
            template,
            legislation,
            policies: _,
            cps,
            qscd,
            organisation,
            identifiers,
            key,
            validity,
            qc,
        } = file;
        Ok(Self {
            name,
            version,
            template,
            legislation,
            policies,
            cps,
            keys: key.algorithms,
            key_usage: key.usage.unwrap_or_default(),
            default_days: validity.default_days,
            max_days: validity.max_days,
            short_term: validity.short_term,
            private_key_days: validity.private_key_days,
            qscd,
            organisation,
            identifiers: if identifiers.is_empty() { fitting(template).to_vec() } else { identifiers },
            qc: qc.map(|qc| {
                let QcSection {
                    compliance,
                    cc_legislation,
                    qc_type,
                    sscd,
                    qscd_legislation,
                    retention_years,
                    pds,
                } = qc;
                QcStatements {
                    compliance,
                    cc_legislation,
                    qc_type,
                    pds,
                    retention_years,
                    sscd,
                    qscd_legislation,
                }
            }),
            digest: Sha256Digest::of(canonical.as_bytes()),
        })
    }
}

fn identity(findings: &mut Findings, file: &ProfileFile) {
    let plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
    findings.require(
        !file.name.is_empty() && file.name.len() <= 64 && file.name.bytes().all(plain),
        "name",
        "design §5",
        "must be lower-case letters, digits and hyphens, at most 64",
    );
    findings.require(file.version > 0, "version", "design §5", "must count from 1");
    findings.require(
        !file.organisation || file.template == Template::PersonSignature,
        "organisation",
        "C-24",
        "is for persons' certificates, which may name the organisation that the person acts for",
    );
    let kinds: BTreeSet<_> = file.identifiers.iter().collect();
    findings.require(
        kinds.len() == file.identifiers.len() && kinds.iter().all(|kind| fitting(file.template).contains(kind)),
        "identifiers",
        "C-41",
        "are of PNO, PAS, IDC, TIN, local for persons, of NTR, VAT, LEI, local for organisations, each once; none for others",
    );
    findings.require(
        file.cps.as_deref().is_none_or(is_path),
        "cps",
        "C-61",
        "must be a path under the installation's documents",
    );
}

/// The kinds of identifiers that a template's subjects can have; the provider's own names are no profile's to choose.
fn fitting(template: Template) -> &'static [IdentifierScheme] {
    match template {
        Template::PersonSignature => &IdentifierScheme::OF_PERSONS,
        Template::OrganisationSeal => &IdentifierScheme::OF_ORGANISATIONS,
        Template::Root | Template::IssuingCa | Template::OcspResponder | Template::Tsu => &[],
    }
}

/// Whether a path can follow an https address.
fn is_path(path: &str) -> bool {
    let base: Result<HttpsUrl, _> = "https://documents.example".parse();
    !path.is_empty() && !path.contains("://") && base.is_ok_and(|base| base.join(path).is_ok())
}

fn policies(findings: &mut Findings, file: &ProfileFile) -> Vec<Oid> {
    let parsed: Vec<Oid> = file.policies.iter().filter_map(|text| text.parse().ok()).collect();
    let mut rule = |holds, clause, message| findings.require(holds, "policies", clause, message);
    rule(parsed.len() == file.policies.len(), "C-31", "has an entry that is no object identifier");
    rule(parsed.iter().collect::<BTreeSet<_>>().len() == parsed.len(), "C-07", "names a policy twice");
    let has = |policy: ObjectIdentifier| parsed.iter().any(|p| p.as_der_content() == policy.as_bytes());
    match file.template {
        Template::Root => rule(parsed.is_empty(), "§2.6", "a root has no policies"),
        Template::IssuingCa
        | Template::PersonSignature
        | Template::OrganisationSeal
        | Template::OcspResponder
        | Template::Tsu => {
            rule(!parsed.is_empty(), "C-31", "at least one policy is needed");
            rule(!has(oid::ANY_POLICY) || file.template.is_ca(), "C-31", "anyPolicy is for CAs only");
        }
    }
    let eu_claims: Vec<_> =
        parsed.iter().filter(|p| p.as_der_content().starts_with(oid::POLICY_ARC_QCP.as_bytes())).collect();
    if file.legislation == Legislation::Georgia {
        rule(eu_claims.is_empty(), "§0.3", "a QCP policy is an EU claim, which a GE profile must not make");
    }
    if file.template.is_subscriber() {
        rule(!has(oid::POLICY_NCP_PLUS) || file.qscd, "C-61", "NCP+ needs a secure device (qscd = true)");
        rule(!has(oid::POLICY_NCP) || !file.qscd, "C-61", "with a secure device the policy is NCP+, not NCP");
        let fitting = match (file.template, file.qscd) {
            (Template::PersonSignature, true) => oid::POLICY_QCP_N_QSCD,
            (Template::PersonSignature, false) => oid::POLICY_QCP_N,
            (_, true) => oid::POLICY_QCP_L_QSCD,
            (_, false) => oid::POLICY_QCP_L,
        };
        rule(
            eu_claims.iter().all(|policy| policy.as_der_content() == fitting.as_bytes()),
            "C-60",
            "the QCP policy must fit subject and device",
        );
    }
    parsed
}

fn keys(findings: &mut Findings, file: &ProfileFile) {
    let mut rule = |holds, clause, message| findings.require(holds, "key.algorithms", clause, message);
    let algorithms = &file.key.algorithms;
    rule(!algorithms.is_empty(), "C-80", "at least one algorithm is needed");
    if !file.template.is_subscriber() {
        rule(
            !algorithms.contains(&KeyAlgorithm::Rsa2048),
            "C-82",
            "the provider's own keys have 3072 bits or more",
        );
    }
    if file.template.is_ca() {
        let strong = |key: &KeyAlgorithm| {
            matches!(key, KeyAlgorithm::EcP384 | KeyAlgorithm::EcP521 | KeyAlgorithm::Rsa3072)
        };
        rule(algorithms.iter().all(strong), "§2.6", "a CA's key is P-384, P-521 or RSA from 3072 bits");
    }
    findings.require(
        file.key.usage.is_some() == file.template.is_subscriber(),
        "key.usage",
        "C-30",
        "is A, B or F in subscribers' profiles, and nothing in others",
    );
}

fn validity(findings: &mut Findings, file: &ProfileFile) {
    let validity = &file.validity;
    findings.require(
        validity.default_days >= 1 && validity.default_days <= validity.max_days,
        "validity.default-days",
        "C-71",
        "must be at least 1 and at most max-days",
    );
    let limit = match file.template {
        Template::Root => 30 * 366,
        Template::IssuingCa | Template::Tsu => 20 * 366,
        // Three years, one of them a leap year (C-71).
        Template::PersonSignature | Template::OrganisationSeal => 3 * 365 + 1,
        // Nobody checks a responder's own status, so its life is what limits a stolen key (RFC 6960 §4.2.2.2.1).
        // Days to weeks by profile (O-19); the offline root's lives as long as its list may (C-93).
        Template::OcspResponder => 366,
    };
    findings.require(
        validity.max_days <= limit,
        "validity.max-days",
        "C-71",
        "is longer than the template allows",
    );
    findings.require(
        !validity.short_term || (file.template.is_subscriber() && validity.max_days == 1),
        "validity.short-term",
        "C-110",
        "is for subscribers' certificates of one day: max-days = 1",
    );
    match (file.template, validity.private_key_days) {
        (Template::Tsu, days) => findings.require(
            days.is_some_and(|days| days >= 1 && days < validity.default_days),
            "validity.private-key-days",
            "§0.9",
            "a TSU's key must end before its certificate",
        ),
        (_, days) => {
            findings.require(days.is_none(), "validity.private-key-days", "§2.6", "is for TSUs only")
        }
    }
}

fn statements(findings: &mut Findings, file: &ProfileFile) {
    let Some(qc) = &file.qc else {
        findings.require(
            !file.template.is_subscriber(),
            "qc",
            "§2.6",
            "subscribers' certificates have qcStatements",
        );
        return;
    };
    findings.require(
        file.template.is_subscriber() || file.template == Template::Tsu,
        "qc",
        "§2.6",
        "is for subscribers' certificates and time-stamping units only",
    );
    // Without it a unit's statements would say nothing that anybody looks for.
    findings.require(
        file.template != Template::Tsu || qc.compliance,
        "qc.compliance",
        "§8.5",
        "a time-stamping unit has QcCompliance or no statements at all",
    );
    let fitting = match file.template {
        // A token is the provider's seal.
        Template::OrganisationSeal | Template::Tsu => QcType::Eseal,
        Template::PersonSignature | Template::Root | Template::IssuingCa | Template::OcspResponder => {
            QcType::Esign
        }
    };
    findings.require(
        qc.qc_type == fitting,
        "qc.type",
        "K-C06",
        "does not fit the subject: esign for persons, eseal for organisations",
    );
    legislation(findings, file, qc);
    device(findings, file, qc);
    findings.require(
        qc.retention_years.is_none_or(|years| years >= 7),
        "qc.retention-years",
        "G-32",
        "records are kept for at least 7 years",
    );
    let language = |text: &str| text.len() == 2 && text.bytes().all(|b| b.is_ascii_lowercase());
    let languages: BTreeSet<&str> = qc.pds.iter().map(|pds| pds.language.as_str()).collect();
    let mut rule = |holds, message| findings.require(holds, "qc.pds", "C-51", message);
    rule(languages.contains("en"), "one statement must be in English");
    rule(languages.len() == qc.pds.len(), "has two statements in one language");
    rule(languages.iter().all(|text| language(text)), "has a language that is not ISO 639-1 in lower case");
    rule(
        qc.pds.iter().all(|pds| is_path(&pds.path)),
        "has a path that is none under the installation's https documents",
    );
}

/// Decision 1: a lost QcCClegislation lints clean and claims EU status.
fn legislation(findings: &mut Findings, file: &ProfileFile, qc: &QcSection) {
    let mut rule = |holds, clause, message| findings.require(holds, "qc.cc-legislation", clause, message);
    match file.legislation {
        Legislation::Georgia => rule(
            (qc.cc_legislation == ["GE"]) == qc.compliance && (qc.compliance || qc.cc_legislation.is_empty()),
            "§0.1, C-50",
            "in a GE profile QcCompliance and QcCClegislation [\"GE\"] stand together or not at all",
        ),
        Legislation::EuropeanUnion => {
            rule(qc.cc_legislation.is_empty(), "C-50, K-C05", "must be absent in an EU profile");
        }
    }
}

/// QcSSCD, QcQSCDlegislation and the `qscd` flag agree.
fn device(findings: &mut Findings, file: &ProfileFile, qc: &QcSection) {
    let stated = qc.sscd || !qc.qscd_legislation.is_empty();
    findings.require(
        stated == file.qscd,
        "qscd",
        "C-52",
        "device statements and qscd = true stand together or not at all",
    );
    let mut rule = |holds, clause, message| findings.require(holds, "qc.qscd-legislation", clause, message);
    rule(
        qc.qscd_legislation.iter().all(|code| is_country(code) && !is_eea_country(code)),
        "§0.2",
        "names countries of ISO 3166-1 outside the EEA; an EU device has sscd = true",
    );
    rule(
        qc.qscd_legislation.iter().collect::<BTreeSet<_>>().len() == qc.qscd_legislation.len(),
        "§2.4",
        "names a country twice",
    );
    if file.legislation == Legislation::EuropeanUnion {
        rule(qc.qscd_legislation.is_empty(), "§0.2", "an EU profile states its device with sscd = true");
    }
}
