//! What kinds of certificates there are.
//!
//! A [`Template`] is compiled: it fixes the extensions and their criticality. A [`ProfileFile`] is TOML that selects
//! a template and narrows it; it can neither add an extension nor relax a rule. [`Profile`] is a file that passed
//! every rule of requirements §2 which a file can break; each refusal names the clause. A profile's digest stands
//! in the orders and in every certificate's row.

mod file;
mod preset;
mod rules;
mod template;

use ndoba_types::{Oid, Sha256Digest};

pub use file::{Difference, KeySection, PdsEntry, ProfileFile, QcSection, ValiditySection};
pub use rules::{BadProfile, ProfileError};
pub use template::{KeyAlgorithm, KeyUsageType, Legislation, QcType, Template};

use crate::{IdentifierScheme, KeyKind};

/// A validated profile.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Profile {
    name: String,
    version: u32,
    template: Template,
    legislation: Legislation,
    policies: Vec<Oid>,
    cps: Option<String>,
    keys: Vec<KeyAlgorithm>,
    key_usage: KeyUsageType,
    default_days: u32,
    max_days: u32,
    short_term: bool,
    private_key_days: Option<u32>,
    qscd: bool,
    organisation: bool,
    identifiers: Vec<IdentifierScheme>,
    qc: Option<QcStatements>,
    digest: Sha256Digest,
}

/// The qcStatements a profile prescribes; the semantics identifier follows from the subject.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QcStatements {
    /// QcCompliance.
    pub compliance: bool,
    /// QcCClegislation; empty for an EU profile.
    pub cc_legislation: Vec<String>,
    /// QcType.
    pub qc_type: QcType,
    /// QcPDS: language and the document's path under the installation's documents.
    pub pds: Vec<PdsEntry>,
    /// QcRetentionPeriod, years.
    pub retention_years: Option<u8>,
    /// QcSSCD.
    pub sscd: bool,
    /// QcQSCDlegislation; empty for none.
    pub qscd_legislation: Vec<String>,
}

impl Profile {
    /// Reads and checks a profile's TOML.
    ///
    /// # Errors
    ///
    /// [`ProfileError::Unreadable`] when it is no such TOML, [`ProfileError::Refused`] with every rule it breaks.
    pub fn from_toml(text: &str) -> Result<Self, ProfileError> {
        let file = ProfileFile::from_toml(text)?;
        Self::try_from(file)
    }

    /// The profiles that ship with the product: the provider's own, and those for subscribers under `legislation`.
    ///
    /// # Errors
    ///
    /// Never, unless the product was built from presets that its own tests refuse.
    pub fn presets(legislation: Legislation) -> Result<Vec<Self>, ProfileError> {
        Self::preset_files(legislation)?.into_iter().map(Self::try_from).collect()
    }

    /// The same as files, for an installation to put its own policies and retention into before the rules are checked.
    /// Changed content is another digest.
    ///
    /// # Errors
    ///
    /// As [`Self::presets`].
    pub fn preset_files(legislation: Legislation) -> Result<Vec<ProfileFile>, ProfileError> {
        preset::texts(legislation).into_iter().map(ProfileFile::from_toml).collect()
    }

    /// The file of the shipped profile named `name`, of whatever legislation.
    pub fn preset_file(name: &str) -> Option<ProfileFile> {
        let all = [Legislation::Georgia, Legislation::EuropeanUnion].map(Self::preset_files);
        all.into_iter().filter_map(Result::ok).flatten().find(|file| file.name == name)
    }

    /// The shipped profile named `name`, of whatever legislation.
    pub fn preset(name: &str) -> Option<Self> {
        Self::preset_file(name).and_then(|file| file.try_into().ok())
    }

    /// The name, unique in an installation.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The version: a changed profile is a new one.
    pub fn version(&self) -> u32 {
        self.version
    }

    /// SHA-256 of the canonical content, version included. Comments and spacing do not count.
    pub fn digest(&self) -> Sha256Digest {
        self.digest
    }

    /// The template.
    pub fn template(&self) -> Template {
        self.template
    }

    /// Under whose law certificates of this profile are made.
    pub fn legislation(&self) -> Legislation {
        self.legislation
    }

    /// The policies, the provider's own first; empty for a root only.
    pub fn policies(&self) -> &[Oid] {
        &self.policies
    }

    /// The practice statement's path under the installation's documents.
    pub fn cps(&self) -> Option<&str> {
        self.cps.as_deref()
    }

    /// The keys a subject may have.
    pub fn keys(&self) -> &[KeyAlgorithm] {
        &self.keys
    }

    /// Whether a subject may have such a key; dates are the plan's to check (C-82).
    pub fn allows_key(&self, kind: KeyKind) -> bool {
        self.keys.iter().any(|key| key.covers(kind))
    }

    /// The key usage of subscribers' certificates.
    pub fn key_usage(&self) -> KeyUsageType {
        self.key_usage
    }

    /// The validity when an order does not say, in days.
    pub fn default_days(&self) -> u32 {
        self.default_days
    }

    /// The longest validity, in days.
    pub fn max_days(&self) -> u32 {
        self.max_days
    }

    /// Whether certificates live less than a day and are never revoked (C-110).
    pub fn is_short_term(&self) -> bool {
        self.short_term
    }

    /// Whether certificates name a list and a responder: not those of responders (CSS-6.6.3-01A/B), about which nobody
    /// asks, nor those that end before a revocation would be published (RFC 9608, C-112).
    pub fn is_asked_about(&self) -> bool {
        self.template != Template::OcspResponder && !self.short_term
    }

    /// Whether a person's certificate names the organisation the person acts for (C-24).
    pub fn names_organisation(&self) -> bool {
        self.organisation
    }

    /// By which kinds of identifiers its certificates name subscribers (C-41, C-42).
    pub fn identifiers(&self) -> &[IdentifierScheme] {
        &self.identifiers
    }

    /// For a TSU: how long its key may sign, in days (requirements §0.9).
    pub fn private_key_days(&self) -> Option<u32> {
        self.private_key_days
    }

    /// Whether the subject's key must be shown to be in a qualified device (C-73, K-C09).
    pub fn requires_device_evidence(&self) -> bool {
        self.qscd
    }

    /// The qcStatements; none for the provider's own certificates, some time-stamping units' apart.
    pub fn qc(&self) -> Option<&QcStatements> {
        self.qc.as_ref()
    }

    /// Whether a policy lies under the arc for examples: not for production.
    pub fn is_development(&self) -> bool {
        self.policies.iter().any(is_example)
    }
}

/// Whether it lies under `2.999`, X.660's arc for examples.
fn is_example(policy: &Oid) -> bool {
    policy.as_der_content().starts_with(&[0x88, 0x37])
}
