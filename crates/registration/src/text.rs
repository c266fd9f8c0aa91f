//! Free text from officers: brought to NFC at intake (design §3), refused where it would deceive a reader.
//! Names that a certificate will show have stricter rules, in `x509`.

use ndoba_x509::alphabet::class;
use unicode_normalization::UnicodeNormalization;

use crate::field_error::Refusals;

/// Our own limit for names, in characters.
pub const MAX_NAME: usize = 200;

/// Our own limit for other texts, in characters.
pub const MAX_TEXT: usize = 500;

/// Normalises `text` and checks it, noting a refusal of `member`.
pub(crate) fn accept(refusals: &mut Refusals<'_>, member: &str, text: &str, max: usize) -> Option<String> {
    // Counted before normalising, which can lengthen a text no more than threefold.
    if text.chars().count() > max {
        return refusals.refuse(member, "text.too-long", None, format!("must have at most {max} characters"));
    }
    let text: String = text.nfc().collect();
    if text.is_empty() || text.trim() != text {
        return refusals.refuse(member, "text.blank", None, "must not be empty, nor have spaces at its ends");
    }
    if text.chars().any(is_deceptive) {
        let message = "contains a control, bidirectional or invisible character";
        return refusals.refuse(member, "text.invisible", Some("G-43"), message);
    }
    Some(text)
}

/// Controls, direction marks, invisible characters, private use and what lies beyond the scripts.
const DECEPTIVE: &[(char, char)] = &[
    ('\0', '\u{1f}'),
    ('\u{7f}', '\u{9f}'),
    ('\u{ad}', '\u{ad}'),
    ('\u{34f}', '\u{34f}'),
    ('\u{61c}', '\u{61c}'),
    ('\u{115f}', '\u{1160}'),
    ('\u{17b4}', '\u{17b5}'),
    ('\u{180b}', '\u{180f}'),
    ('\u{200b}', '\u{200f}'),
    ('\u{2028}', '\u{202e}'),
    ('\u{2060}', '\u{206f}'),
    ('\u{3164}', '\u{3164}'),
    ('\u{e000}', '\u{f8ff}'),
    ('\u{fe00}', '\u{fe0f}'),
    ('\u{feff}', '\u{feff}'),
    ('\u{ffa0}', '\u{ffa0}'),
    ('\u{fff0}', '\u{ffff}'),
    ('\u{e0000}', '\u{10ffff}'),
];

/// Unicode's white space, without what is deceptive anyway.
const SPACES: &[(char, char)] = &[
    (' ', ' '),
    ('\u{a0}', '\u{a0}'),
    ('\u{1680}', '\u{1680}'),
    ('\u{2000}', '\u{200a}'),
    ('\u{202f}', '\u{202f}'),
    ('\u{205f}', '\u{205f}'),
    ('\u{3000}', '\u{3000}'),
];

/// What a text that shows what it is must match.
pub(crate) fn visible_pattern() -> String {
    format!("^[^{}]*$", class(DECEPTIVE))
}

/// What a text that is neither empty nor has spaces at its ends must match.
pub(crate) fn filled_pattern() -> String {
    let space = class(SPACES);
    format!("^[^{space}](?:[\\u{{0}}-\\u{{10ffff}}]*[^{space}])?$")
}

fn is_deceptive(c: char) -> bool {
    DECEPTIVE.iter().any(|(first, last)| (*first..=*last).contains(&c))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::field_error::FieldError;
    use proptest::prelude::*;

    fn judge(text: &str) -> Result<String, &'static str> {
        let mut found: Vec<FieldError> = Vec::new();
        let accepted = accept(&mut Refusals::at(&mut found, ""), "x", text, MAX_NAME);
        accepted.ok_or_else(|| found[0].code)
    }

    #[test]
    fn texts_that_deceive() {
        assert_eq!(judge("თბილისი, რუსთაველის 1"), Ok("თბილისი, რუსთაველის 1".into()));
        assert_eq!(judge("ნინ\u{202e}ო"), Err("text.invisible"));
        assert_eq!(judge("ნინ\u{200b}ო"), Err("text.invisible"));
        assert_eq!(judge("ა\nბ"), Err("text.invisible"));
        assert_eq!(judge("ნინო "), Err("text.blank"));
        assert_eq!(judge(""), Err("text.blank"));
        assert_eq!(judge(&"ა".repeat(MAX_NAME + 1)), Err("text.too-long"));
        assert_eq!(judge("Mu\u{308}ller"), Ok("M\u{fc}ller".into()));
    }

    proptest! {
        #[test]
        fn never_panics_and_is_idempotent(text in "\\PC{0,40}") {
            if let Ok(accepted) = judge(&text) {
                prop_assert_eq!(judge(&accepted), Ok(accepted.clone()));
            }
        }
    }
}
