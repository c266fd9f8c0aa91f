//! A profile as it is written: TOML, unknown keys refused.

use serde::{Deserialize, Serialize};

use super::rules::ProfileError;
use super::template::{KeyAlgorithm, KeyUsageType, Legislation, QcType, Template};

/// A profile file. Nothing in it is believed until it became a [`Profile`](super::Profile).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct ProfileFile {
    /// Lower-case letters, digits and hyphens; unique in an installation.
    pub name: String,
    /// Counts from 1; a changed profile is a new version.
    pub version: u32,
    /// The compiled template.
    pub template: Template,
    /// Under whose law.
    pub legislation: Legislation,
    /// Certificate policies, dotted, the provider's own first.
    #[serde(default)]
    pub policies: Vec<String>,
    /// The practice statement's path under the installation's documents.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cps: Option<String>,
    /// Whether the key must be shown to be in a qualified device.
    #[serde(default)]
    pub qscd: bool,
    /// The subject's key.
    pub key: KeySection,
    /// How long.
    pub validity: ValiditySection,
    /// The qcStatements; for subscribers' certificates only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub qc: Option<QcSection>,
}

/// `[key]`
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct KeySection {
    /// What keys a subject may have.
    pub algorithms: Vec<KeyAlgorithm>,
    /// Key usage of subscribers' certificates: A, B or F. Other templates fix theirs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub usage: Option<KeyUsageType>,
}

/// `[validity]`
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct ValiditySection {
    /// When an order does not say.
    pub default_days: u32,
    /// The most.
    pub max_days: u32,
    /// For a TSU: how long its key may sign; less than the certificate lives.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub private_key_days: Option<u32>,
}

/// `[qc]`
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct QcSection {
    /// QcCompliance.
    pub compliance: bool,
    /// QcCClegislation.
    #[serde(default)]
    pub cc_legislation: Vec<String>,
    /// QcType.
    #[serde(rename = "type")]
    pub qc_type: QcType,
    /// QcSSCD.
    #[serde(default)]
    pub sscd: bool,
    /// QcQSCDlegislation.
    #[serde(default)]
    pub qscd_legislation: Vec<String>,
    /// QcRetentionPeriod, years.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retention_years: Option<u8>,
    /// QcPDS.
    pub pds: Vec<PdsEntry>,
}

/// One PKI disclosure statement.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct PdsEntry {
    /// ISO 639-1, lower case.
    pub language: String,
    /// The document's path under the installation's https address for documents.
    pub path: String,
}

impl ProfileFile {
    /// Reads the TOML.
    ///
    /// # Errors
    ///
    /// [`ProfileError::Unreadable`] with the parser's words, which name line and key.
    pub fn from_toml(text: &str) -> Result<Self, ProfileError> {
        toml::from_str(text).map_err(|error| ProfileError::Unreadable { reason: error.to_string() })
    }

    /// The content that the digest covers: every value, in a fixed order, without comments.
    pub(crate) fn canonical(&self) -> Result<String, ProfileError> {
        toml::to_string(self).map_err(|error| ProfileError::Unreadable { reason: error.to_string() })
    }
}
