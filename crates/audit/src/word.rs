//! Short technical texts in events.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

/// A code, name or version in an event: 1 to 64 ASCII letters, digits and `-_.:/+`, so that no name of a person,
/// no address and no sentence fits by accident.
///
/// Texts in our source become words with `.into()`, other characters turning into hyphens; texts from elsewhere
/// are parsed and refused.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Word(Cow<'static, str>);

impl Word {
    /// The most characters of a word.
    pub const MAX_LEN: usize = 64;

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

fn allowed(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"-_.:/+".contains(&byte)
}

fn fits(text: &str) -> bool {
    (1..=Word::MAX_LEN).contains(&text.len()) && text.bytes().all(allowed)
}

impl From<&'static str> for Word {
    fn from(text: &'static str) -> Self {
        if fits(text) {
            return Self(Cow::Borrowed(text));
        }
        let mut word: String = text
            .chars()
            .map(|c| if c.is_ascii() && allowed(c as u8) { c } else { '-' })
            .take(Self::MAX_LEN)
            .collect();
        if word.is_empty() {
            word.push('-');
        }
        Self(Cow::Owned(word))
    }
}

impl FromStr for Word {
    type Err = BadWord;

    fn from_str(text: &str) -> Result<Self, BadWord> {
        if fits(text) { Ok(Self(Cow::Owned(text.into()))) } else { Err(BadWord) }
    }
}

impl fmt::Display for Word {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Not 1 to 64 ASCII letters, digits and `-_.:/+`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a word in an event is 1 to 64 ASCII letters, digits and -_.:/+")]
pub struct BadWord;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_sentence_fits() {
        assert_eq!(Word::from("key compromise").as_str(), "key-compromise");
        assert_eq!(Word::from("").as_str(), "-");
        assert_eq!("keyCompromise".parse::<Word>().unwrap().as_str(), "keyCompromise");
        for bad in ["", "Nino Beridze", "ნინო", "a@b", &"a".repeat(65)] {
            assert_eq!(bad.parse::<Word>(), Err(BadWord), "{bad}");
        }
    }
}
