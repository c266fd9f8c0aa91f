//! An officer's own acceptance of an appointment (EN 319 401 REQ-7.2-16; requirements P-02).
//!
//! It is signed when the key is presented, before anybody grants anything, and goes into the grant: two security officers sign over
//! it, and whoever judges the grant judges it too.

use ndoba_types::{InstallationId, Sha256Digest, Span, SubjectPublicKeyInfo, UtcTime};
use serde::{Deserialize, Serialize};

use crate::document::{self, Malformed};
use crate::register::SKEW;
use crate::{FlatJws, MediaType, Office, Roles, SignerRole, as_text};

const KIND: &str = "acceptance";
/// An acceptance that nobody acted on for so long is asked for again.
const LIFE: Span = Span::days(90);

/// What the person who is to be appointed signs with the key that is to be granted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Acceptance {
    /// For which installation.
    #[serde(with = "as_text")]
    pub installation: InstallationId,
    /// SHA-256 over the key's SubjectPublicKeyInfo.
    #[serde(with = "as_text")]
    pub spki: Sha256Digest,
    /// What the officer will do.
    pub roles: Roles,
    /// Where.
    #[serde(with = "as_text")]
    pub office: Office,
}

impl Acceptance {
    /// The canonical bytes: what is signed. What this gives, [`Self::from_bytes`] takes.
    ///
    /// # Errors
    ///
    /// [`Malformed`] when it breaks a rule of the format.
    pub fn to_bytes(&self) -> Result<Vec<u8>, Malformed> {
        document::write(KIND, self)
    }

    /// Reads bytes that somebody signed or is to sign.
    ///
    /// # Errors
    ///
    /// [`Malformed`] for everything but the canonical bytes of an acceptance.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, Malformed> {
        document::parse(KIND, bytes, Self::to_bytes)
    }

    /// When it was signed, if `jws` is this acceptance's by `key`.
    ///
    /// # Inputs
    ///
    /// - `jws` – flattened, as it came.
    /// - `now` – when it is acted on: not before it was signed, and within 90 days.
    pub fn accepted(&self, jws: &[u8], key: &SubjectPublicKeyInfo, now: UtcTime) -> Option<UtcTime> {
        let jws = FlatJws::from_bytes(jws).ok()?;
        let header = jws.header();
        if header.role != SignerRole::Appointed || header.over.is_some() || key.fingerprint() != self.spki {
            return None;
        }
        jws.verify(MediaType::Acceptance, &self.to_bytes().ok()?, key).ok()?;
        if !jws.signed_between(now.minus(LIFE), now.plus(SKEW)) {
            return None;
        }
        UtcTime::from_unix_seconds(i64::try_from(header.iat).ok()?).ok()
    }
}

#[cfg(test)]
mod tests;
