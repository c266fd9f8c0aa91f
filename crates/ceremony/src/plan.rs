//! The plan of a ceremony: names, keys and lifetimes, decided and checked before anybody enters the room.

use ndoba_types::{KeyLabel, Sha256Digest};
use serde::{Deserialize, Serialize};

use crate::Step;

/// Whether what the ceremony makes may ever be relied on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Mode {
    /// For trying out: every CA name says TEST, and a software token will do (requirements P-44).
    Development,
    /// For relying on: a certified device, and witnesses.
    Production,
}

/// A key's algorithm and size.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum KeySpec {
    /// ECDSA on NIST P-256.
    P256,
    /// ECDSA on NIST P-384.
    P384,
    /// ECDSA on NIST P-521.
    P521,
    /// RSA, 3072 bits.
    Rsa3072,
    /// RSA, 4096 bits.
    Rsa4096,
}

impl KeySpec {
    /// Algorithm and size in words, for the report.
    pub fn describe(self) -> (&'static str, u32) {
        match self {
            Self::P256 => ("EC secp256r1", 256),
            Self::P384 => ("EC secp384r1", 384),
            Self::P521 => ("EC secp521r1", 521),
            Self::Rsa3072 => ("RSA", 3072),
            Self::Rsa4096 => ("RSA", 4096),
        }
    }
}

/// The provider, as its CAs' names show it (EN 319 412-2 GEN-4.2.3.1, requirements C-21).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Organisation {
    /// ISO 3166-1 alpha-2, where it is established.
    pub country: String,
    /// Full registered name.
    pub name: String,
    /// Registration number as an organizationIdentifier, `NTRGE-404123456`.
    pub identifier: String,
}

/// One CA to be made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AuthorityPlan {
    /// Its short name: part of URLs and key labels.
    pub name: String,
    /// Its commonName.
    pub common_name: String,
    /// The token that keeps its key.
    pub token: String,
    /// Its key.
    pub key: KeySpec,
    /// Days of validity; a subordinate never outlives the root.
    pub days: u32,
    /// Its OCSP responder's key.
    pub responder_key: KeySpec,
    /// Days of validity of the responder's certificate.
    pub responder_days: u32,
}

/// One time-stamping unit to be made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TsuPlan {
    /// Its short name.
    pub name: String,
    /// Its commonName, unique per unit (EN 319 422 §6.2).
    pub common_name: String,
    /// Its key.
    pub key: KeySpec,
    /// Days of validity of the certificate.
    pub days: u32,
    /// Days during which the key may sign: strictly fewer (TIS-7.6.7-04), and as many as the profile says.
    pub key_days: u32,
    /// Whether an RSA key signs with RSASSA-PSS instead of PKCS#1 v1.5, which older verifiers do not know.
    #[serde(default)]
    pub pss: bool,
    /// Whether its tokens are offered as qualified: it makes no others (TIS-8.2-01, T-23).
    #[serde(default = "yes")]
    pub qualified: bool,
    /// Whether its certificate has qcStatements (QcCompliance, QcCClegislation GE, QcType eSeal), for validators that
    /// look for them there: the profile `tsu-qc` instead of `tsu`.
    #[serde(default)]
    pub qc_statements: bool,
    /// The policy of its tokens; the installation's own when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub policy: Option<String>,
}

fn yes() -> bool {
    true
}

/// Of plans that were written before personal data was sealed.
fn registration_token() -> String {
    "ndoba-registration".into()
}

/// Of plans that were written before there was a choice.
fn clock_key() -> KeySpec {
    KeySpec::P256
}

/// A whole ceremony, decided beforehand.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Plan {
    /// Format version: 1.
    pub version: u32,
    /// Development or production.
    pub mode: Mode,
    /// Where it is held.
    pub place: String,
    /// The provider.
    pub organisation: Organisation,
    /// The root CA.
    pub root: AuthorityPlan,
    /// The CAs beneath it.
    pub authorities: Vec<AuthorityPlan>,
    /// The CA among them that certifies time-stamping units.
    pub tsu_authority: String,
    /// The time-stamping units.
    pub tsus: Vec<TsuPlan>,
    /// The token of the responders' keys.
    pub ocsp_token: String,
    /// The token of the time-stamping units' keys.
    pub tsa_token: String,
    /// The token of the audit log's key.
    pub audit_token: String,
    /// The audit log's key.
    pub audit_key: KeySpec,
    /// The token of the key that wraps data keys: registration's own.
    #[serde(default = "registration_token")]
    pub registration_token: String,
    /// The key of the clock's statement, in the token of the time-stamping units' keys and none of them.
    #[serde(default = "clock_key")]
    pub clock_key: KeySpec,
    /// The first security officers, by the name under which the report lists them; at least two.
    pub security_officers: Vec<String>,
    /// Who witnesses from outside (a notary, an auditor); required of a root in production (GEN-6.5.1-14).
    pub witnesses: Vec<String>,
}

/// Text that is no plan.
#[derive(Debug, thiserror::Error)]
#[error("the ceremony plan cannot be read")]
pub struct UnreadablePlan(#[source] pub toml::de::Error);

impl Plan {
    /// Reads a plan; unknown keys are errors.
    ///
    /// # Errors
    ///
    /// [`UnreadablePlan`] with the place in the text.
    pub fn from_toml(text: &str) -> Result<Self, UnreadablePlan> {
        toml::from_str(text).map_err(UnreadablePlan)
    }

    /// The plan of the quick start: a root and three CAs on P-384, responders and a TSU on P-256, default lifetimes
    /// (root 25 years, CAs 15, TSU 12 with a key of 1, responders 14 days; the offline root's responder 1 year).
    pub fn development() -> Self {
        let authority = |name: &str, words: &str, token: &str, days, responder_days| AuthorityPlan {
            name: name.into(),
            common_name: format!("TEST Ndoba {words}"),
            token: token.into(),
            key: KeySpec::P384,
            days,
            responder_key: KeySpec::P256,
            responder_days,
        };
        const YEAR: u32 = 365;
        Self {
            version: 1,
            mode: Mode::Development,
            place: "quick start".into(),
            organisation: Organisation {
                country: "GE".into(),
                name: "TEST Ndoba Trust Services".into(),
                identifier: "NTRGE-404123456".into(),
            },
            root: authority("root", "Root CA", "ndoba-root", 25 * YEAR, YEAR),
            authorities: vec![
                authority("signature", "CA for Qualified Signatures", "ndoba-issuing", 15 * YEAR, 14),
                authority("seal", "CA for Qualified Seals", "ndoba-issuing", 15 * YEAR, 14),
                authority("time-stamping", "CA for Time-Stamping", "ndoba-issuing", 15 * YEAR, 14),
            ],
            tsu_authority: "time-stamping".into(),
            tsus: vec![TsuPlan {
                name: "tsu".into(),
                common_name: "TEST Ndoba Time-Stamping Unit 1".into(),
                key: KeySpec::P256,
                days: 12 * YEAR,
                key_days: YEAR,
                pss: false,
                qualified: true,
                qc_statements: false,
                policy: None,
            }],
            ocsp_token: "ndoba-ocsp".into(),
            tsa_token: "ndoba-tsa".into(),
            audit_token: "ndoba-audit".into(),
            audit_key: KeySpec::P256,
            registration_token: registration_token(),
            clock_key: clock_key(),
            security_officers: vec!["Security officer 1".into(), "Security officer 2".into()],
            witnesses: vec!["Witness from outside".into()],
        }
    }

    /// What would make the ceremony wrong, all of it, so that one reading mends the plan.
    pub fn problems(&self) -> Vec<PlanProblem> {
        let mut problems = Vec::new();
        if self.version != 1 {
            problems.push(PlanProblem::Version(self.version));
        }
        let everyone = || std::iter::once(&self.root).chain(&self.authorities);
        for (place, authority) in everyone().enumerate() {
            if KeyLabel::new(&authority.name, "ca", 1).is_err() {
                problems.push(PlanProblem::Name(authority.name.clone()));
            }
            if everyone().take(place).any(|earlier| earlier.name == authority.name) {
                problems.push(PlanProblem::Twice(authority.name.clone()));
            }
            if authority.days > self.root.days {
                problems.push(PlanProblem::OutlivesIssuer(authority.name.clone()));
            }
            if self.mode == Mode::Development && !authority.common_name.contains("TEST") {
                problems.push(PlanProblem::NotMarkedTest(authority.common_name.clone()));
            }
        }
        if !self.authorities.iter().any(|authority| authority.name == self.tsu_authority) {
            problems.push(PlanProblem::NoSuchAuthority(self.tsu_authority.clone()));
        }
        for (place, tsu) in self.tsus.iter().enumerate() {
            // `/tsa/clock` is the clock's statement.
            if KeyLabel::new(&tsu.name, "tsu", 1).is_err() || tsu.name == "clock" {
                problems.push(PlanProblem::Name(tsu.name.clone()));
            }
            let earlier = || self.tsus.iter().take(place);
            // Beside the CAs: certificates lie in one folder, and key labels in one token perhaps.
            if everyone().any(|authority| authority.name == tsu.name)
                || earlier().any(|earlier| earlier.name == tsu.name)
            {
                problems.push(PlanProblem::Twice(tsu.name.clone()));
            }
            if earlier().any(|earlier| earlier.common_name == tsu.common_name) {
                problems.push(PlanProblem::TsuSubjectTwice(tsu.common_name.clone()));
            }
            let is_rsa = match tsu.key {
                KeySpec::P256 | KeySpec::P384 | KeySpec::P521 => false,
                KeySpec::Rsa3072 | KeySpec::Rsa4096 => true,
            };
            if tsu.pss && !is_rsa {
                problems.push(PlanProblem::NotRsa(tsu.name.clone()));
            }
            if tsu.qc_statements && !tsu.qualified {
                problems.push(PlanProblem::ClaimsWithoutBeing(tsu.name.clone()));
            }
            if tsu.key_days >= tsu.days {
                problems.push(PlanProblem::TsuKeyNotShorter(tsu.name.clone()));
            }
        }
        if self.security_officers.len() < 2 {
            problems.push(PlanProblem::TooFewOfficers);
        }
        if self.mode == Mode::Production && self.witnesses.is_empty() {
            problems.push(PlanProblem::NoWitness);
        }
        problems
    }

    /// The steps, in the order in which they are walked.
    pub fn steps(&self) -> Vec<Step> {
        let everyone = || std::iter::once(&self.root).chain(&self.authorities);
        let present = self.security_officers.iter().take(2).cloned().collect();
        // Two people before the first key (GEN-6.4.3-02).
        let mut steps = vec![
            Step::PinOfficers { names: self.security_officers.clone() },
            Step::OpenSession { names: present },
        ];
        steps.extend(everyone().map(|authority| Step::GenerateKey {
            token: authority.token.clone(),
            label: format!("{}/ca/1", authority.name),
            key: authority.key,
        }));
        steps.extend(everyone().map(|authority| Step::GenerateKey {
            token: self.ocsp_token.clone(),
            label: format!("{}/ocsp/1", authority.name),
            key: authority.responder_key,
        }));
        // The offline root's responder is renewed at ceremonies, as its list is (C-93).
        steps.extend(self.authorities.iter().map(|authority| Step::GenerateKey {
            token: self.ocsp_token.clone(),
            label: format!("{}/enrolment/1", authority.name),
            key: KeySpec::P256,
        }));
        steps.extend(self.tsus.iter().map(|tsu| Step::GenerateKey {
            token: self.tsa_token.clone(),
            label: format!("{}/tsu/1", tsu.name),
            key: tsu.key,
        }));
        steps.push(Step::GenerateKey {
            token: self.tsa_token.clone(),
            label: "tsa/clock/1".into(),
            key: self.clock_key,
        });
        steps.push(Step::GenerateKey {
            token: self.audit_token.clone(),
            label: "audit/seal/1".into(),
            key: self.audit_key,
        });
        steps.push(Step::MakeDataKey {
            token: self.registration_token.clone(),
            label: "registration/data/1".into(),
        });
        steps.push(Step::IssueRoot);
        steps.extend(self.authorities.iter().map(|a| Step::IssueAuthority { name: a.name.clone() }));
        steps.extend(everyone().map(|a| Step::IssueResponder { authority: a.name.clone() }));
        steps.extend(self.authorities.iter().map(|a| Step::AuthoriseResponder { authority: a.name.clone() }));
        steps.extend(self.tsus.iter().map(|tsu| Step::IssueTsu { name: tsu.name.clone() }));
        steps.extend(everyone().map(|a| Step::PublishCrl { authority: a.name.clone() }));
        steps
    }

    /// The digest that certificates issued at the ceremony name as their warrant.
    pub fn digest(&self) -> Sha256Digest {
        // A struct of strings and numbers always serialises; an empty document would still be a stable value.
        Sha256Digest::of(&serde_json::to_vec(self).unwrap_or_default())
    }
}

/// One thing wrong with a plan.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PlanProblem {
    /// A certificate that claims what the tokens are not.
    #[error("the TSU {0:?} has `qc_statements`, which say that it is qualified, and `qualified = false`")]
    ClaimsWithoutBeing(String),
    /// Cannot be part of a key label.
    #[error("the name {0:?} must be lower-case letters, digits and hyphens")]
    Name(String),
    /// A TSU authority that is not planned.
    #[error("tsu_authority names {0:?}, which is not among the authorities")]
    NoSuchAuthority(String),
    /// In development every CA says so.
    #[error("in development mode the common name {0:?} must contain TEST")]
    NotMarkedTest(String),
    /// GEN-6.5.1-14.
    #[error("a production root needs an independent witness (EN 319 411-1 GEN-6.5.1-14)")]
    NoWitness,
    /// RSASSA-PSS with another key.
    #[error("the TSU {0:?} has `pss`, which takes an RSA key")]
    NotRsa(String),
    /// A subordinate beyond its issuer.
    #[error("the CA {0:?} would outlive the root")]
    OutlivesIssuer(String),
    /// Nobody could grant anything.
    #[error("at least two security officers must be pinned")]
    TooFewOfficers,
    /// EN 319 421 TIS-7.6.7-04.
    #[error("the key of the TSU {0:?} must end before its certificate (EN 319 421 TIS-7.6.7-04)")]
    TsuKeyNotShorter(String),
    /// EN 319 422 §6.2.
    #[error("the common name {0:?} is that of two TSUs: each needs its own (EN 319 422 §6.2)")]
    TsuSubjectTwice(String),
    /// Two CAs or TSUs of one name.
    #[error("the name {0:?} is used twice")]
    Twice(String),
    /// A format from the future.
    #[error("plan version {0} is not known; this product reads version 1")]
    Version(u32),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_development_plan_is_sound_and_reads_back() {
        let plan = Plan::development();
        assert_eq!(plan.problems(), []);
        let text = toml::to_string(&plan).unwrap();
        assert_eq!(Plan::from_toml(&text).unwrap(), plan);
        assert!(Plan::from_toml(&format!("{text}\nsurprise = 1")).is_err());
    }

    #[test]
    fn every_problem_is_named() {
        let mut plan = Plan::development();
        plan.version = 2;
        plan.root.common_name = "Real Root".into();
        plan.authorities[0].days = plan.root.days + 1;
        plan.authorities[1].name = "root".into();
        plan.tsu_authority = "nobody".into();
        plan.tsus[0].key_days = plan.tsus[0].days;
        plan.security_officers.pop();
        let again =
            TsuPlan { pss: true, qc_statements: true, qualified: false, key_days: 1, ..plan.tsus[0].clone() };
        let clock = TsuPlan { name: "clock".into(), common_name: "TEST another".into(), ..again.clone() };
        plan.tsus.extend([again, clock]);
        let problems = plan.problems();
        assert_eq!(problems.len(), 14, "{problems:?}");
        plan.mode = Mode::Production;
        assert!(!plan.problems().contains(&PlanProblem::NoWitness));
        plan.witnesses.clear();
        assert!(plan.problems().contains(&PlanProblem::NoWitness));
    }

    #[test]
    fn keys_come_before_certificates_and_the_root_before_the_rest() {
        let steps = Plan::development().steps();
        assert!(matches!(steps[0], Step::PinOfficers { .. }), "{:?}", steps[0]);
        assert!(matches!(&steps[1], Step::OpenSession { names } if names.len() == 2), "{:?}", steps[1]);
        let place = |wanted: &dyn Fn(&Step) -> bool| steps.iter().position(wanted).unwrap();
        let last_key = place(&|s| matches!(s, Step::MakeDataKey { .. }));
        assert!(steps.iter().rposition(|s| matches!(s, Step::GenerateKey { .. })).unwrap() < last_key);
        let root = place(&|s| *s == Step::IssueRoot);
        assert!(last_key < root);
        assert!(root < place(&|s| matches!(s, Step::IssueAuthority { .. })));
        assert_eq!(steps.iter().filter(|s| matches!(s, Step::GenerateKey { .. })).count(), 14);
    }
}
