//! The pin: the first security officers, named by the ceremony and kept outside the database.

use std::collections::HashSet;

use ndoba_types::{InstallationId, OfficerId, Sha256Digest, SubjectPublicKeyInfo, UtcTime};
use ndoba_x509::KeyKind;
use serde::{Deserialize, Serialize};

use crate::as_text;
use crate::document::{self, Malformed};

const KIND: &str = "pin";

/// Where the register of officers begins: written by the ceremony into its report and into the configuration of the
/// roles that verify orders. Trusted as it lies there; nothing signs it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Pin {
    /// For which installation.
    #[serde(with = "as_text")]
    pub installation: InstallationId,
    /// The first security officers: two to sixteen, different keys, different officers.
    pub security_officers: Vec<PinnedOfficer>,
    /// When the ceremony was.
    #[serde(with = "as_text")]
    pub created: UtcTime,
}

/// A security officer of the first hour.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PinnedOfficer {
    /// The officer.
    #[serde(with = "as_text")]
    pub officer: OfficerId,
    /// [`person_commitment`](crate::person_commitment), where the installation's salt existed already: keeps the
    /// person from being appointed under another identifier.
    #[serde(with = "as_text::option")]
    pub person: Option<Sha256Digest>,
    /// The officer's public key.
    #[serde(with = "as_text::spki")]
    pub spki: SubjectPublicKeyInfo,
}

impl Pin {
    /// The canonical bytes. What this gives, [`Self::from_bytes`] takes.
    ///
    /// # Errors
    ///
    /// [`Malformed`] when the pin breaks a rule of the format.
    pub fn to_bytes(&self) -> Result<Vec<u8>, Malformed> {
        self.check()?;
        document::write(KIND, self)
    }

    /// Reads the pin.
    ///
    /// # Errors
    ///
    /// [`Malformed`] for everything but the canonical bytes of a pin that keeps the format's rules.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, Malformed> {
        document::parse(KIND, bytes, Self::to_bytes)
    }

    /// What the first grant links to, and what people compare with the ceremony's report.
    ///
    /// # Errors
    ///
    /// [`Malformed`] when the pin breaks a rule of the format.
    pub fn digest(&self) -> Result<Sha256Digest, Malformed> {
        Ok(Sha256Digest::of(&self.to_bytes()?))
    }

    fn check(&self) -> Result<(), Malformed> {
        let officers = &self.security_officers;
        if !(2..=16).contains(&officers.len()) {
            return Err(Malformed::rule("a pin names 2 to 16 security officers"));
        }
        let ids: HashSet<_> = officers.iter().map(|one| one.officer).collect();
        let keys: HashSet<_> = officers.iter().map(|one| one.spki.fingerprint()).collect();
        let persons: HashSet<_> = officers.iter().filter_map(|one| one.person).collect();
        let named = officers.iter().filter(|one| one.person.is_some()).count();
        if ids.len() < officers.len() || keys.len() < officers.len() || persons.len() < named {
            return Err(Malformed::rule("a pin names different officers with different keys"));
        }
        if officers.iter().any(|one| KeyKind::of(&one.spki).is_err()) {
            return Err(Malformed::rule("a pin's public keys are keys of a known kind"));
        }
        Ok(())
    }
}
