//! Offices: a tree, written as a path from its root.

use std::fmt;
use std::str::FromStr;

use unicode_normalization::is_nfc;

/// An office by its path: `GE`, `GE/Tbilisi`, `GE/Tbilisi/Vake`.
///
/// One to eight names of 1 to 64 letters, digits, spaces, hyphens and dots each, in Unicode's normal form C.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Office(String);

impl Office {
    /// Whether `other` is this office or lies beneath it.
    pub fn covers(&self, other: &Self) -> bool {
        // By whole names: `GE/Tb` does not cover `GE/Tbilisi`.
        other.0.strip_prefix(&self.0).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    }

    /// The path.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Office {
    type Err = BadOffice;

    fn from_str(text: &str) -> Result<Self, BadOffice> {
        let name = |name: &str| {
            (1..=64).contains(&name.chars().count())
                && name.trim() == name
                && name.chars().all(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '.'))
        };
        let fits =
            text.len() <= 1024 && is_nfc(text) && text.split('/').count() <= 8 && text.split('/').all(name);
        if fits { Ok(Self(text.into())) } else { Err(BadOffice) }
    }
}

impl fmt::Display for Office {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Not the path of an office.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("an office is one to eight names with slashes between, such as GE/Tbilisi")]
pub struct BadOffice;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tree() {
        let office = |path: &str| path.parse::<Office>().unwrap();
        assert!(office("GE").covers(&office("GE/თბილისი/ვაკე")));
        assert!(office("GE/Tbilisi").covers(&office("GE/Tbilisi")));
        assert!(!office("GE/Tb").covers(&office("GE/Tbilisi")));
        assert!(!office("GE/Tbilisi").covers(&office("GE")));
        for bad in ["", "/GE", "GE/", "GE//Tbilisi", "GE/..\u{0}", " GE", "1/2/3/4/5/6/7/8/9"] {
            assert_eq!(bad.parse::<Office>(), Err(BadOffice), "{bad:?}");
        }
    }
}
