//! The digest that goes with a signature algorithm in CMS.

use ndoba_types::SignatureAlgorithm;
use sha2::{Digest as _, Sha256, Sha384, Sha512};

use crate::encode::sequence;

/// The digest of the content, always at least SHA-256 and independent of the imprint's (T-06).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ContentDigest {
    Sha256,
    Sha384,
    Sha512,
}

impl ContentDigest {
    pub(crate) const ALL: [Self; 3] = [Self::Sha256, Self::Sha384, Self::Sha512];

    /// The one inside the signature algorithm; for Ed25519 the one RFC 8419 §3 prescribes.
    pub(crate) fn of(algorithm: SignatureAlgorithm) -> Self {
        use SignatureAlgorithm as A;
        match algorithm {
            A::EcdsaP256Sha256 | A::RsaPkcs1Sha256 | A::RsaPssSha256 => Self::Sha256,
            A::EcdsaP384Sha384 | A::RsaPkcs1Sha384 | A::RsaPssSha384 => Self::Sha384,
            A::EcdsaP521Sha512 | A::RsaPkcs1Sha512 | A::RsaPssSha512 | A::Ed25519 => Self::Sha512,
        }
    }

    /// The digest of `bytes`.
    pub(crate) fn digest(self, bytes: &[u8]) -> Vec<u8> {
        match self {
            Self::Sha256 => Sha256::digest(bytes).to_vec(),
            Self::Sha384 => Sha384::digest(bytes).to_vec(),
            Self::Sha512 => Sha512::digest(bytes).to_vec(),
        }
    }

    /// id-sha256, id-sha384 or id-sha512: 2.16.840.1.101.3.4.2.{1,2,3}.
    pub(crate) fn oid(self) -> Vec<u8> {
        let last = match self {
            Self::Sha256 => 1,
            Self::Sha384 => 2,
            Self::Sha512 => 3,
        };
        vec![0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, last]
    }

    /// The AlgorithmIdentifier, parameters absent (RFC 5754 §2).
    pub(crate) fn identifier(self) -> Vec<u8> {
        sequence(&[&self.oid()])
    }
}
