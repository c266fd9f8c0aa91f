//! How keys are named, and public keys as bytes.

use std::fmt;
use std::str::FromStr;

use crate::Sha256Digest;

/// A DER SubjectPublicKeyInfo (RFC 5280 §4.1.2.7). The bytes are kept as they came; who made the value decoded them.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct SubjectPublicKeyInfo(Vec<u8>);

impl SubjectPublicKeyInfo {
    /// Takes DER whose form the caller has checked, or has from a token or a certificate it trusts.
    pub fn assertion(der: Vec<u8>) -> Self {
        Self(der)
    }

    /// The DER.
    pub fn as_der(&self) -> &[u8] {
        &self.0
    }

    /// SHA-256 over the DER: how orders, grants and ceremony reports name a key.
    pub fn fingerprint(&self) -> Sha256Digest {
        Sha256Digest::of(&self.0)
    }
}

impl fmt::Debug for SubjectPublicKeyInfo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SubjectPublicKeyInfo({})", self.fingerprint())
    }
}

/// A key's label in its token: `<authority>/<purpose>/<generation>`, for example `signature/ca/1`.
///
/// `authority` and `purpose` are lower-case ASCII letters, digits and hyphens; `generation` counts from 1.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct KeyLabel {
    authority: String,
    purpose: String,
    generation: u32,
}

impl KeyLabel {
    /// Puts a label together.
    ///
    /// # Errors
    ///
    /// [`BadKeyLabel`] when a part is empty, has other characters, or the generation is zero.
    pub fn new(authority: &str, purpose: &str, generation: u32) -> Result<Self, BadKeyLabel> {
        let word = |part: &str| {
            !part.is_empty()
                && part.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
        };
        if !word(authority) || !word(purpose) || generation == 0 {
            return Err(BadKeyLabel);
        }
        Ok(Self { authority: authority.into(), purpose: purpose.into(), generation })
    }

    /// Whose key it is: a CA's name, a TSU's, `audit`.
    pub fn authority(&self) -> &str {
        &self.authority
    }

    /// What it may sign; equals [`Purpose::KEY`](crate::Purpose::KEY) of the purposes that may use it.
    pub fn purpose(&self) -> &str {
        &self.purpose
    }

    /// Which generation of it.
    pub fn generation(&self) -> u32 {
        self.generation
    }
}

impl fmt::Display for KeyLabel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}/{}", self.authority, self.purpose, self.generation)
    }
}

impl FromStr for KeyLabel {
    type Err = BadKeyLabel;

    fn from_str(text: &str) -> Result<Self, BadKeyLabel> {
        let mut parts = text.split('/');
        let (Some(authority), Some(purpose), Some(generation), None) =
            (parts.next(), parts.next(), parts.next(), parts.next())
        else {
            return Err(BadKeyLabel);
        };
        let label = Self::new(authority, purpose, generation.parse().map_err(|_| BadKeyLabel)?)?;
        // "+1" and "01" parse as numbers but are other texts than the one in the token.
        if label.to_string() == text { Ok(label) } else { Err(BadKeyLabel) }
    }
}

/// Not `<authority>/<purpose>/<generation>`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a key label is <authority>/<purpose>/<generation>, such as signature/ca/1")]
pub struct BadKeyLabel;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_round_trip_and_refuse() {
        let label: KeyLabel = "time-stamping/ca/2".parse().unwrap();
        assert_eq!((label.authority(), label.purpose(), label.generation()), ("time-stamping", "ca", 2));
        assert_eq!(label.to_string(), "time-stamping/ca/2");
        for bad in ["", "a/b", "a/b/0", "a/b/01", "a/b/+1", "A/b/1", "a/b/1/c", "a//1"] {
            assert_eq!(bad.parse::<KeyLabel>(), Err(BadKeyLabel), "{bad}");
        }
    }
}
