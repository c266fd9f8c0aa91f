//! A profile as it is written: TOML, unknown keys refused.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::rules::ProfileError;
use super::template::{KeyAlgorithm, KeyUsageType, Legislation, QcType, Template};
use crate::IdentifierScheme;

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
    /// For persons: whether the certificate names the organisation the person acts for (C-24). It always does or never.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub organisation: bool,
    /// For subscribers: by which kinds of identifiers the certificate may name them; every kind that fits the template
    /// where there are none (C-41, C-42).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub identifiers: Vec<IdentifierScheme>,
    /// The subject's key.
    pub key: KeySection,
    /// How long.
    pub validity: ValiditySection,
    /// The qcStatements; for subscribers' certificates, and for a time-stamping unit where validators look for them.
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
    /// Less than a day, and then nothing to revoke: noRevAvail and validity-assured instead of addresses (C-110 to C-112).
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub short_term: bool,
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

/// One key that two profiles do not have alike.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// The key, with dots.
    pub key: String,
    /// What it was.
    pub old: Option<String>,
    /// What it is.
    pub new: Option<String>,
}

/// Every value that holds no others, by its key.
fn leaves(text: &str) -> Result<BTreeMap<String, String>, ProfileError> {
    fn walk(at: &str, value: &toml::Value, found: &mut BTreeMap<String, String>) {
        let within = |key: &str| if at.is_empty() { key.to_owned() } else { format!("{at}.{key}") };
        // Lists of words are compared whole: an order of preference is one value.
        let members = value.as_array().filter(|list| list.iter().any(toml::Value::is_table));
        if let Some(table) = value.as_table() {
            table.iter().for_each(|(key, value)| walk(&within(key), value, found));
        } else if let Some(members) = members {
            members.iter().enumerate().for_each(|(n, value)| walk(&within(&n.to_string()), value, found));
        } else {
            found.insert(at.to_owned(), value.to_string());
        }
    }
    let value: toml::Table =
        toml::from_str(text).map_err(|error| ProfileError::Unreadable { reason: error.to_string() })?;
    let mut found = BTreeMap::new();
    walk("", &toml::Value::Table(value), &mut found);
    Ok(found)
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

    /// What `other` has instead, key by key as the file spells them, such as `qc.pds.0.path`, what changed
    /// before what is new; the values as TOML. None on one side: the key is not there.
    ///
    /// # Errors
    ///
    /// [`ProfileError::Unreadable`]: never for a file that was read.
    pub fn differences(&self, other: &Self) -> Result<Vec<Difference>, ProfileError> {
        let [old, new] = [self.canonical()?, other.canonical()?].map(|text| leaves(&text));
        let (old, new) = (old?, new?);
        let gone = old.iter().filter(|(key, was)| new.get(*key) != Some(*was));
        let come = new.iter().filter(|(key, _)| !old.contains_key(*key));
        Ok(gone
            .map(|(key, was)| Difference {
                key: key.clone(),
                old: Some(was.clone()),
                new: new.get(key).cloned(),
            })
            .chain(come.map(|(key, is)| Difference { key: key.clone(), old: None, new: Some(is.clone()) }))
            .collect())
    }

    /// The file's text, as it would be written anew: without comments.
    ///
    /// # Errors
    ///
    /// [`ProfileError::Unreadable`]: never for a file that was read.
    pub fn to_toml(&self) -> Result<String, ProfileError> {
        self.canonical()
    }

    /// The content that the digest covers: every value, in a fixed order, without comments.
    pub(crate) fn canonical(&self) -> Result<String, ProfileError> {
        toml::to_string(self).map_err(|error| ProfileError::Unreadable { reason: error.to_string() })
    }
}
