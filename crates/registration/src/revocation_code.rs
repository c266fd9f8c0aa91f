//! Revocation codes: what a subscriber is given with the certificate, and types in at three in the morning.
//!
//! 80 random bits in 16 characters that cannot be mistaken for each other. Stored as a slow hash only; the hash is salted
//! with the installation's secret, not with a salt of each row, so that finding the certificate of a code takes exactly
//! one slow hash, whoever asks and whatever is found: how long the answer takes tells nobody who has a certificate.

use std::fmt;

use argon2::{Algorithm, Argon2, Params, Version};
use ndoba_types::{InstallationId, Random, RandomUnavailable, Sha256Digest};

/// Crockford's base 32: without I, L, O and U.
const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
/// Characters of a code, 5 bits each.
const LEN: usize = 16;
/// Argon2id with 19 MiB, two passes, one lane: OWASP's floor for passwords, and 80 bits are no password.
const MEMORY_KIB: u32 = 19 * 1024;
const PASSES: u32 = 2;

/// A revocation code. `Debug` does not show it.
#[derive(Clone, PartialEq, Eq)]
pub struct RevocationCode([u8; LEN]);

impl RevocationCode {
    /// Draws one.
    ///
    /// # Errors
    ///
    /// [`RandomUnavailable`] when the generator gives nothing.
    pub fn generate(random: &dyn Random) -> Result<Self, RandomUnavailable> {
        let mut octets = [0; LEN];
        random.fill(&mut octets)?;
        // 32 divides 256: each character is as likely as every other.
        Ok(Self(octets.map(|octet| ALPHABET[usize::from(octet % 32)])))
    }

    /// Reads what people type: either case, any of the usual separators, O for 0, I and L for 1.
    pub fn read(text: &str) -> Option<Self> {
        let mut characters = Vec::with_capacity(LEN);
        for c in text.chars().filter(|c| !matches!(c, ' ' | '-' | '.' | ':' | '\u{a0}')) {
            let c = match c.to_ascii_uppercase() {
                'O' => '0',
                'I' | 'L' => '1',
                other => other,
            };
            let octet = u8::try_from(c).ok().filter(|octet| ALPHABET.contains(octet))?;
            if characters.len() == LEN {
                return None;
            }
            characters.push(octet);
        }
        characters.try_into().ok().map(Self)
    }

    /// One that nobody was given: what is hashed in the place of what is no code.
    pub(crate) fn of_nobody() -> Self {
        Self([ALPHABET[0]; LEN])
    }

    /// In groups of four, for paper.
    pub fn shown(&self) -> String {
        let groups: Vec<String> =
            self.0.chunks(4).map(|group| group.iter().map(|octet| char::from(*octet)).collect()).collect();
        groups.join("-")
    }
}

impl fmt::Debug for RevocationCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RevocationCode(..)")
    }
}

/// The slow hash of a code: all that is stored of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CodeHash([u8; 32]);

impl CodeHash {
    /// Computes it: tens of milliseconds and 19 MiB.
    ///
    /// # Inputs
    ///
    /// - `salt` – the installation's secret, at least 16 random octets, that lives with the personal records.
    ///
    /// # Errors
    ///
    /// [`NoHash`] when the machine has no memory for it.
    pub fn of(code: &RevocationCode, installation: InstallationId, salt: &[u8]) -> Result<Self, NoHash> {
        Self::hashed(b"ndoba-revocation-code/1", code, installation, salt)
    }

    /// The same of a code with which an officer enrols: never that of a revocation code.
    ///
    /// # Errors
    ///
    /// [`NoHash`].
    pub fn of_enrolment(
        code: &RevocationCode,
        installation: InstallationId,
        salt: &[u8],
    ) -> Result<Self, NoHash> {
        Self::hashed(b"ndoba-enrolment-code/1", code, installation, salt)
    }

    fn hashed(
        label: &[u8],
        code: &RevocationCode,
        installation: InstallationId,
        salt: &[u8],
    ) -> Result<Self, NoHash> {
        let mut salted = label.to_vec();
        salted.extend_from_slice(installation.as_bytes());
        salted.extend_from_slice(Sha256Digest::of(salt).as_bytes());
        let mut hash = [0; 32];
        let params = Params::new(MEMORY_KIB, PASSES, 1, Some(hash.len())).map_err(|_| NoHash)?;
        Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
            .hash_password_into(&code.0, Sha256Digest::of(&salted).as_bytes(), &mut hash)
            .map_err(|_| NoHash)?;
        Ok(Self(hash))
    }

    /// One that was stored.
    pub fn from_bytes(octets: [u8; 32]) -> Self {
        Self(octets)
    }

    /// The octets.
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

/// There is no hash of the code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the revocation code cannot be hashed")]
pub struct NoHash;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const HOME: InstallationId = InstallationId::from_bytes([1; 16]);

    #[test]
    fn as_people_type_it() {
        let code = RevocationCode::read("7H3K-9QRT-0A1B-ZXCV").unwrap();
        assert_eq!(code.shown(), "7H3K-9QRT-0A1B-ZXCV");
        for typed in ["7h3k9qrt0a1bzxcv", " 7H3K 9QRT OAlB zxcv ", "7H3K.9QRT:0AIB-ZXCV"] {
            assert_eq!(RevocationCode::read(typed), Some(code.clone()), "{typed}");
        }
        for wrong in ["", "7H3K-9QRT-0A1B-ZXC", "7H3K-9QRT-0A1B-ZXCVV", "7H3K-9QRT-0A1B-ZXCU", "ნინო"]
        {
            assert_eq!(RevocationCode::read(wrong), None, "{wrong}");
        }
        assert_eq!(format!("{code:?}"), "RevocationCode(..)");
    }

    #[test]
    fn a_hash_is_of_one_code_in_one_installation_with_one_salt() {
        let [one, other] =
            ["7H3K-9QRT-0A1B-ZXCV", "7H3K-9QRT-0A1B-ZXCW"].map(|text| RevocationCode::read(text).unwrap());
        let hash = CodeHash::of(&one, HOME, b"a salt of the tests").unwrap();
        assert_eq!(CodeHash::of(&one, HOME, b"a salt of the tests").unwrap(), hash);
        assert_ne!(CodeHash::of(&other, HOME, b"a salt of the tests").unwrap(), hash);
        assert_ne!(CodeHash::of(&one, HOME, b"another salt").unwrap(), hash);
        let elsewhere = InstallationId::from_bytes([2; 16]);
        assert_ne!(CodeHash::of_enrolment(&one, HOME, b"a salt of the tests").unwrap(), hash);
        assert_ne!(CodeHash::of(&one, elsewhere, b"a salt of the tests").unwrap(), hash);
    }

    proptest! {
        #[test]
        fn never_panics(text in "\\PC{0,40}") {
            if let Some(code) = RevocationCode::read(&text) {
                prop_assert_eq!(RevocationCode::read(&code.shown()), Some(code));
            }
        }
    }
}
