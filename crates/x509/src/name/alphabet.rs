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
    /// Whether a letter may bear a combining mark that normal form C leaves beside it: one. Georgian has none, and
    /// heaps of them draw over what stands beside them.
    pub(super) marks: bool,
}

/// The scripts of names.
pub const ALPHABETS: &[Alphabet] = &[
    Alphabet { name: "armenian", letters: &[('\u{531}', '\u{556}'), ('\u{561}', '\u{587}')], marks: false },
    Alphabet { name: "cyrillic", letters: &[('\u{400}', '\u{482}'), ('\u{48a}', '\u{52f}')], marks: true },
    // 10FB is a paragraph separator, 10FC a superscript.
    Alphabet {
        name: "georgian",
        letters: &[('\u{10d0}', '\u{10fa}'), ('\u{10fd}', '\u{10ff}')],
        marks: false,
    },
    Alphabet {
        name: "greek",
        letters: &[
            ('\u{370}', '\u{373}'),
            ('\u{376}', '\u{377}'),
            ('\u{386}', '\u{386}'),
            ('\u{388}', '\u{3ff}'),
        ],
        marks: true,
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
        marks: true,
    },
];

/// Combining marks: of no script, and only on a letter that may bear one.
pub(super) const MARKS: &[(char, char)] = &[('\u{300}', '\u{36f}')];

/// Digits and punctuation: of no script. The space is apart, since it stands between words only.
/// № and the quotation marks, dashes and apostrophes of the region are here, not the invisible ones between them.
pub(super) const COMMON: &[(char, char)] = &[
    ('!', '@'),
    ('[', '`'),
    ('{', '~'),
    ('§', '§'),
    ('«', '«'),
    ('·', '·'),
    ('»', '»'),
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
    whole(ALPHABETS.iter().map(|alphabet| words(&letter(alphabet), "")))
}

/// What a name in Latin letters must match.
pub fn latin_pattern() -> String {
    whole(named(&["latin"]).map(|latin| words(&letter(latin), "")))
}

/// What the name of an organisation must match, in NFC: at least a letter or digit; of one script, or Georgian with
/// Latin, which share no look-alikes and do occur together in registered names.
pub fn organisation_pattern() -> String {
    let mixed = named(&["georgian", "latin"]).map(letter).collect::<Vec<_>>().join("|");
    let alone = named(&["armenian", "cyrillic", "greek"]).map(letter);
    whole(alone.chain([mixed]).map(|letters| words(&letters, "|[0-9]")))
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

fn named(names: &[&str]) -> impl Iterator<Item = &'static Alphabet> {
    ALPHABETS.iter().filter(|alphabet| names.contains(&alphabet.name))
}

/// A letter, with its mark where it may bear one.
fn letter(alphabet: &Alphabet) -> String {
    let mark = if alphabet.marks { format!("[{}]?", class(MARKS)) } else { String::new() };
    format!("[{}]{mark}", class(alphabet.letters))
}

/// Words of letters and common characters, one of them with a letter or what else is `enough`.
fn words(letters: &str, enough: &str) -> String {
    let common = class(COMMON);
    let any = format!("(?:{letters}|[{common}])");
    format!("(?:{any}+ )*[{common}]*(?:{letters}{enough}){any}*(?: {any}+)*")
}

fn whole(alternatives: impl Iterator<Item = String>) -> String {
    format!("^(?:{})$", alternatives.collect::<Vec<_>>().join("|"))
}

/// Whether one of the ranges has the character.
pub(super) fn holds(ranges: &[(char, char)], c: char) -> bool {
    ranges.iter().any(|(first, last)| (*first..=*last).contains(&c))
}
