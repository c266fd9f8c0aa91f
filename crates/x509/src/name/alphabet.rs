//! Which characters names are made of, as data: [`text`](super::text) reads by it, and forms tell it to clients as
//! regular expressions.

use std::fmt::Write as _;

/// A script that names are written in, with its letters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Alphabet {
    /// Its name in English, lower case.
    pub name: &'static str,
    /// Its letters, as ranges with both ends.
    pub letters: &'static [(char, char)],
}

/// The scripts of names.
pub const ALPHABETS: &[Alphabet] = &[
    Alphabet { name: "armenian", letters: &[('\u{531}', '\u{556}'), ('\u{561}', '\u{587}')] },
    Alphabet { name: "cyrillic", letters: &[('\u{400}', '\u{482}'), ('\u{48a}', '\u{52f}')] },
    // 10FB is a paragraph separator, 10FC a superscript.
    Alphabet { name: "georgian", letters: &[('\u{10d0}', '\u{10fa}'), ('\u{10fd}', '\u{10ff}')] },
    Alphabet {
        name: "greek",
        letters: &[
            ('\u{370}', '\u{373}'),
            ('\u{376}', '\u{377}'),
            ('\u{386}', '\u{386}'),
            ('\u{388}', '\u{3ff}'),
        ],
    },
    Alphabet {
        name: "latin",
        letters: &[
            ('A', 'Z'),
            ('a', 'z'),
            ('ª', 'ª'),
            ('º', 'º'),
            ('À', 'Ö'),
            ('Ø', 'ö'),
            ('ø', '\u{24f}'),
            ('\u{1e00}', '\u{1eff}'),
        ],
    },
];

/// Digits, punctuation and combining marks: of no script. The space is apart, since it stands between words only.
/// № and the quotation marks, dashes and apostrophes of the region are here, not the invisible ones between them.
pub(super) const COMMON: &[(char, char)] = &[
    ('!', '@'),
    ('[', '`'),
    ('{', '~'),
    ('§', '§'),
    ('«', '«'),
    ('·', '·'),
    ('»', '»'),
    ('\u{300}', '\u{36f}'),
    ('‐', '‑'),
    ('–', '—'),
    ('‘', '‚'),
    ('“', '„'),
    ('№', '№'),
];

/// The most characters that given names and surname each may have, so that both and the space between them fit a
/// common name.
pub const MAX_NAME_PART: usize = super::text::MAX_NAME / 2 - 1;
/// The most characters of an organisation's name or a common name.
pub const MAX_WHOLE_NAME: usize = super::text::MAX_NAME;

/// What the given names or the surname of a person must match, in NFC: words of one script, a space between them.
pub fn person_pattern() -> String {
    let alternatives = ALPHABETS.iter().map(|alphabet| words(alphabet.letters, alphabet.letters));
    whole(&alternatives.collect::<Vec<_>>())
}

/// What a name in Latin letters must match.
pub fn latin_pattern() -> String {
    whole(&[words(letters("latin"), letters("latin"))])
}

/// What the name of an organisation must match, in NFC: at least a letter or digit; of one script, or Georgian with
/// Latin, which share no look-alikes and do occur together in registered names.
pub fn organisation_pattern() -> String {
    let digits: &[(char, char)] = &[('0', '9')];
    let mixed = [letters("georgian"), letters("latin")].concat();
    let alone = ALPHABETS.iter().filter(|one| !matches!(one.name, "georgian" | "latin"));
    let sets = alone.map(|one| one.letters.to_vec()).chain([mixed]);
    let alternatives = sets.map(|letters| words(&letters, &[&letters, digits].concat()));
    whole(&alternatives.collect::<Vec<_>>())
}

/// The inside of a character class with these ranges, as both ECMAScript (with the flag `u`) and Rust read it.
pub fn class(ranges: &[(char, char)]) -> String {
    let mut text = String::new();
    for (first, last) in ranges {
        // Writing to a String cannot fail.
        let _ = write!(text, "\\u{{{:x}}}", u32::from(*first));
        if first != last {
            let _ = write!(text, "-\\u{{{:x}}}", u32::from(*last));
        }
    }
    text
}

fn letters(name: &str) -> &'static [(char, char)] {
    ALPHABETS.iter().find(|alphabet| alphabet.name == name).map_or(&[], |alphabet| alphabet.letters)
}

/// Words of `letters` and common characters, one of them with a character of `needed`.
fn words(letters: &[(char, char)], needed: &[(char, char)]) -> String {
    let (common, any) = (class(COMMON), class(&[letters, COMMON].concat()));
    format!("(?:[{any}]+ )*[{common}]*[{}][{any}]*(?: [{any}]+)*", class(needed))
}

fn whole(alternatives: &[String]) -> String {
    format!("^(?:{})$", alternatives.join("|"))
}

/// Whether one of the ranges has the character.
pub(super) fn holds(ranges: &[(char, char)], c: char) -> bool {
    ranges.iter().any(|(first, last)| (*first..=*last).contains(&c))
}
