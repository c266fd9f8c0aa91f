//! The document by which a ceremony pins other security officers in the place of those that were pinned before (design §3, ADR 0026).

use std::collections::HashSet;

use ndoba_types::{InstallationId, OfficerId, Sha256Digest, SubjectPublicKeyInfo, UtcTime};
use ndoba_x509::KeyKind;
use serde::{Deserialize, Serialize};

use crate::as_text;
use crate::describe::is_hidden;
use crate::document::Malformed;

/// Other pinned security officers. A link of the register's chain like every other; but what makes it hold is that the
/// configuration names it, and no signature does that.
///
/// The appointments that the chain has so far stay as they are, those of security officers excepted: they all end.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReplacePin {
    /// For which installation.
    #[serde(with = "as_text")]
    pub installation: InstallationId,
    /// Its place in the chain, from 1: how many documents of before stay valid.
    pub seq: u64,
    /// SHA-256 over the document before it, or the pin's digest.
    #[serde(with = "as_text")]
    pub prev: Sha256Digest,
    /// SHA-256 over the pin in whose place it comes.
    #[serde(with = "as_text")]
    pub pin: Sha256Digest,
    /// The security officers from here on: two to sixteen, different keys, different officers.
    pub security_officers: Vec<NewlyPinned>,
    /// Why, 1 to 300 characters.
    pub reason: String,
    /// When it was written, and from when on it holds.
    #[serde(with = "as_text")]
    pub created: UtcTime,
}

/// A security officer who is pinned in the place of others.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NewlyPinned {
    /// The officer: the identifier in the register, where there is one.
    #[serde(with = "as_text")]
    pub officer: OfficerId,
    /// [`person_commitment`](crate::person_commitment), where it is known.
    #[serde(with = "as_text::option")]
    pub person: Option<Sha256Digest>,
    /// The name that colleagues see, at most 100 characters.
    pub name_shown: String,
    /// SHA-256 over `key`'s DER.
    #[serde(with = "as_text")]
    pub spki: Sha256Digest,
    /// The officer's public key.
    #[serde(with = "as_text::spki")]
    pub key: SubjectPublicKeyInfo,
}

/// Without the name.
impl std::fmt::Debug for NewlyPinned {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("NewlyPinned")
            .field("officer", &self.officer)
            .field("spki", &self.spki)
            .finish_non_exhaustive()
    }
}

impl ReplacePin {
    /// The rules that the types cannot tell.
    pub(crate) fn check(&self) -> Result<(), Malformed> {
        let officers = &self.security_officers;
        if !(2..=16).contains(&officers.len()) {
            return Err(Malformed::rule("a pin names 2 to 16 security officers"));
        }
        let ids: HashSet<_> = officers.iter().map(|one| one.officer).collect();
        let keys: HashSet<_> = officers.iter().map(|one| one.spki).collect();
        let persons: HashSet<_> = officers.iter().filter_map(|one| one.person).collect();
        let named = officers.iter().filter(|one| one.person.is_some()).count();
        if ids.len() < officers.len() || keys.len() < officers.len() || persons.len() < named {
            return Err(Malformed::rule("a pin names different officers with different keys"));
        }
        if officers.iter().any(|one| one.key.fingerprint() != one.spki) {
            return Err(Malformed::rule("spki is the digest of key"));
        }
        if officers.iter().any(|one| KeyKind::of(&one.key).is_err()) {
            return Err(Malformed::rule("a pin's public keys are keys of a known kind"));
        }
        let readable =
            |text: &str, most| (1..=most).contains(&text.chars().count()) && !text.contains(is_hidden);
        if officers.iter().any(|one| !readable(&one.name_shown, 100)) {
            return Err(Malformed::rule(
                "a shown name has 1 to 100 characters, none of them hidden or a control",
            ));
        }
        if !readable(&self.reason, 300) {
            return Err(Malformed::rule(
                "a reason has 1 to 300 characters, none of them hidden or a control",
            ));
        }
        Ok(())
    }
}
