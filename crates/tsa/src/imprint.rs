//! The hashes whose values we time-stamp.

use std::fmt;
use std::str::FromStr;

/// A hash accepted in a message imprint (T-12); SHA-224 and everything below is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ImprintHash {
    /// SHA-256.
    Sha256,
    /// SHA-384.
    Sha384,
    /// SHA-512.
    Sha512,
    /// SHA3-256.
    Sha3_256,
    /// SHA3-384.
    Sha3_384,
    /// SHA3-512.
    Sha3_512,
}

impl ImprintHash {
    /// All of them.
    pub const ALL: [Self; 6] =
        [Self::Sha256, Self::Sha384, Self::Sha512, Self::Sha3_256, Self::Sha3_384, Self::Sha3_512];

    /// The hash that the content octets of an OBJECT IDENTIFIER name: the arc 2.16.840.1.101.3.4.2 and one octet.
    pub(crate) fn from_oid_content(content: &[u8]) -> Option<Self> {
        let (last, arc) = content.split_last()?;
        if arc != [0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02] {
            return None;
        }
        match last {
            1 => Some(Self::Sha256),
            2 => Some(Self::Sha384),
            3 => Some(Self::Sha512),
            8 => Some(Self::Sha3_256),
            9 => Some(Self::Sha3_384),
            10 => Some(Self::Sha3_512),
            _ => None,
        }
    }

    /// Octets of a value.
    pub const fn digest_len(self) -> usize {
        match self {
            Self::Sha256 | Self::Sha3_256 => 32,
            Self::Sha384 | Self::Sha3_384 => 48,
            Self::Sha512 | Self::Sha3_512 => 64,
        }
    }

    /// How people and the journal call it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Sha256 => "SHA-256",
            Self::Sha384 => "SHA-384",
            Self::Sha512 => "SHA-512",
            Self::Sha3_256 => "SHA3-256",
            Self::Sha3_384 => "SHA3-384",
            Self::Sha3_512 => "SHA3-512",
        }
    }
}

impl fmt::Display for ImprintHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for ImprintHash {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        Self::ALL.into_iter().find(|hash| hash.name() == text).ok_or(())
    }
}
