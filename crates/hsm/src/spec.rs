//! The kinds of keys we make and use, and which algorithm goes with which.

use std::fmt;
use std::str::FromStr;

use ndoba_types::SignatureAlgorithm;

/// A kind of key pair (TS 119 312; requirements C-80, C-81).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum KeySpec {
    /// EC on NIST P-256 (secp256r1).
    P256,
    /// EC on NIST P-384 (secp384r1).
    P384,
    /// EC on NIST P-521 (secp521r1).
    P521,
    /// RSA, 3072 bits, exponent 65537.
    Rsa3072,
    /// RSA, 4096 bits, exponent 65537.
    Rsa4096,
}

impl KeySpec {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::P256, Self::P384, Self::P521, Self::Rsa3072, Self::Rsa4096];

    /// The name in configuration and reports.
    pub fn name(self) -> &'static str {
        match self {
            Self::P256 => "p-256",
            Self::P384 => "p-384",
            Self::P521 => "p-521",
            Self::Rsa3072 => "rsa-3072",
            Self::Rsa4096 => "rsa-4096",
        }
    }

    /// The size that reports give: bits of the field or of the modulus.
    pub fn bits(self) -> usize {
        match self {
            Self::P256 => 256,
            Self::P384 => 384,
            Self::P521 => 521,
            Self::Rsa3072 => 3072,
            Self::Rsa4096 => 4096,
        }
    }

    /// Whether keys of this kind sign with `algorithm`.
    pub fn signs_with(self, algorithm: SignatureAlgorithm) -> bool {
        match algorithm {
            SignatureAlgorithm::EcdsaP256Sha256 => self == Self::P256,
            SignatureAlgorithm::EcdsaP384Sha384 => self == Self::P384,
            SignatureAlgorithm::EcdsaP521Sha512 => self == Self::P521,
            SignatureAlgorithm::RsaPkcs1Sha256
            | SignatureAlgorithm::RsaPkcs1Sha384
            | SignatureAlgorithm::RsaPkcs1Sha512
            | SignatureAlgorithm::RsaPssSha256
            | SignatureAlgorithm::RsaPssSha384
            | SignatureAlgorithm::RsaPssSha512 => matches!(self, Self::Rsa3072 | Self::Rsa4096),
            // No module at hand signs it; CKM_EDDSA comes with the first that does.
            SignatureAlgorithm::Ed25519 => false,
        }
    }

    /// Octets of a raw signature as the token returns it: r‖s, or the modulus' length.
    pub(crate) fn raw_signature_len(self) -> usize {
        match self {
            Self::P256 => 64,
            Self::P384 => 96,
            Self::P521 => 132,
            Self::Rsa3072 => 384,
            Self::Rsa4096 => 512,
        }
    }
}

impl fmt::Display for KeySpec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for KeySpec {
    type Err = BadKeySpec;

    fn from_str(text: &str) -> Result<Self, BadKeySpec> {
        Self::ALL.into_iter().find(|spec| spec.name() == text).ok_or(BadKeySpec)
    }
}

/// Not the name of a kind of key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a kind of key is one of p-256, p-384, p-521, rsa-3072, rsa-4096")]
pub struct BadKeySpec;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_round_trip() {
        for spec in KeySpec::ALL {
            assert_eq!(spec.to_string().parse(), Ok(spec));
        }
        assert_eq!("rsa-2048".parse::<KeySpec>(), Err(BadKeySpec));
    }

    #[test]
    fn a_curve_signs_with_its_own_hash_only() {
        assert!(KeySpec::P384.signs_with(SignatureAlgorithm::EcdsaP384Sha384));
        assert!(!KeySpec::P384.signs_with(SignatureAlgorithm::EcdsaP256Sha256));
        assert!(KeySpec::Rsa4096.signs_with(SignatureAlgorithm::RsaPssSha256));
        assert!(!KeySpec::Rsa4096.signs_with(SignatureAlgorithm::Ed25519));
    }
}
