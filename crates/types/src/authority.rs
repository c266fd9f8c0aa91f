//! Names of certification authorities.

use std::fmt;
use std::str::FromStr;

/// The short name of one of this provider's CAs: `root`, `signature`, `seal`, `time-stamping`, ….
///
/// Lower-case ASCII letters, digits and hyphens, 1 to 32 of them: it is part of URLs, key labels and file names.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CaName(String);

impl CaName {
    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for CaName {
    type Err = BadCaName;

    fn from_str(text: &str) -> Result<Self, BadCaName> {
        let fits = (1..=32).contains(&text.len())
            && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
        if fits { Ok(Self(text.into())) } else { Err(BadCaName) }
    }
}

impl fmt::Display for CaName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Not 1 to 32 lower-case letters, digits and hyphens.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a CA's name is 1 to 32 lower-case letters, digits and hyphens")]
pub struct BadCaName;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_fits_a_path() {
        assert_eq!("time-stamping".parse::<CaName>().unwrap().as_str(), "time-stamping");
        for bad in ["", "Root", "a/b", "..", &"a".repeat(33)] {
            assert_eq!(bad.parse::<CaName>(), Err(BadCaName), "{bad}");
        }
    }
}
