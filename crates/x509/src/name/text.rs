//! Text in names: which characters, which scripts, how long.

use unicode_normalization::UnicodeNormalization as _;

use super::alphabet::{ALPHABETS, COMMON, MARKS, holds};
use super::error::Findings;

/// The most characters of a given name or surname. X.520's bounds may be exceeded (C-25); ours is stated in the CPS.
pub(crate) const MAX_PERSON_NAME: usize = 128;
/// The most characters of an organisation's name or a common name.
pub(crate) const MAX_NAME: usize = 256;

/// A script: its place in [`ALPHABETS`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Script(usize);

/// The scripts of a text: at most one of each.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Scripts(Vec<Script>);

impl Scripts {
    /// The one script, if there is exactly one.
    pub(crate) fn only(&self) -> Option<Script> {
        match self.0[..] {
            [script] => Some(script),
            _ => None,
        }
    }

    /// Whether letters of these scripts may stand in one name of an organisation: one script, or Georgian with
    /// Latin, which share no look-alikes and do occur in registered names ("შპს" with a Latin brand), and
    /// LEG-4.2.1-6 wants the name as registered.
    fn may_share_an_organisation(&self) -> bool {
        self.0.len() <= 1
            || self.0.iter().all(|script| matches!(ALPHABETS[script.0].name, "georgian" | "latin"))
    }

    fn add(&mut self, script: Script) {
        // In order, so that the same scripts are equal whichever came first.
        if let Err(place) = self.0.binary_search(&script) {
            self.0.insert(place, script);
        }
    }

    /// The scripts of both.
    pub(crate) fn and(mut self, other: &Self) -> Self {
        other.0.iter().for_each(|script| self.add(*script));
        self
    }

    /// How many.
    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }
}

/// What a character is in a name.
enum Class {
    Letter(Script),
    /// Digits, spaces, punctuation: of no script.
    Common,
    /// Combining marks that normal form C leaves beside their letter.
    Mark,
    /// Letter case that Georgian names do not have (G-43).
    Mtavruli,
    /// Church scripts, which civil documents do not use.
    Khutsuri,
    /// Everything else: controls, direction marks, invisible characters, other scripts.
    Foreign,
}

fn class(c: char) -> Class {
    if let Some(place) = ALPHABETS.iter().position(|alphabet| holds(alphabet.letters, c)) {
        return Class::Letter(Script(place));
    }
    match c {
        '\u{1c90}'..='\u{1cbf}' => Class::Mtavruli,
        '\u{10a0}'..='\u{10c5}' | '\u{10c7}' | '\u{10cd}' | '\u{2d00}'..='\u{2d2d}' => Class::Khutsuri,
        c if holds(MARKS, c) => Class::Mark,
        c if c == ' ' || holds(COMMON, c) => Class::Common,
        _ => Class::Foreign,
    }
}

/// Reads one text of a name: trims nothing, changes nothing but to NFC, and notes what is wrong with it.
///
/// Result: the text in NFC with its scripts, when it passed; nothing otherwise.
pub(crate) fn read(
    findings: &mut Findings,
    field: &'static str,
    text: &str,
    max: usize,
) -> Option<(String, Scripts)> {
    let text: String = text.nfc().collect();
    if text.is_empty() {
        findings.add(field, "C-22", "must not be empty");
        return None;
    }
    if text.chars().count() > max {
        findings.add(field, "C-25", format!("must have at most {max} characters"));
        return None;
    }
    if text.starts_with(' ') || text.ends_with(' ') || text.contains("  ") {
        findings.add(field, "C-04", "must not begin or end with a space, nor have two in a row");
        return None;
    }
    let mut scripts = Scripts::default();
    // Whether a mark may follow: one, on a letter of a script that has marks.
    let mut bears_mark = false;
    for c in text.chars() {
        let may_be_mark = std::mem::take(&mut bears_mark);
        let message = match class(c) {
            Class::Letter(script) => {
                scripts.add(script);
                bears_mark = ALPHABETS[script.0].marks;
                continue;
            }
            Class::Common => continue,
            Class::Mark if may_be_mark => continue,
            Class::Mark => ("C-27", format!("has a mark on no letter that bears it: U+{:04X}", u32::from(c))),
            Class::Mtavruli => ("G-43", "has Mtavruli capitals; write Georgian names in Mkhedruli".into()),
            Class::Khutsuri => {
                ("G-43", "has letters of a church script; write Georgian names in Mkhedruli".into())
            }
            Class::Foreign => {
                ("C-27", format!("has a character that names cannot have: U+{:04X}", u32::from(c)))
            }
        };
        findings.add(field, message.0, message.1);
        return None;
    }
    if scripts.len() == 0 && !text.bytes().any(|b| b.is_ascii_digit()) {
        findings.add(field, "C-22", "has neither letters nor digits");
        return None;
    }
    Some((text, scripts))
}

/// Reads one text of a person's name: as [`read`], and of one script.
pub(crate) fn read_person(
    findings: &mut Findings,
    field: &'static str,
    text: &str,
    max: usize,
) -> Option<(String, Scripts)> {
    let read = read(findings, field, text, max)?;
    if read.1.len() != 1 {
        findings.add(field, "C-27", "must have letters, and of one script only");
        return None;
    }
    Some(read)
}

/// Reads one text of an organisation's name: as [`read`]; scripts with look-alike letters do not mix.
pub(crate) fn read_organisation(
    findings: &mut Findings,
    field: &'static str,
    text: &str,
) -> Option<(String, Scripts)> {
    let read = read(findings, field, text, MAX_NAME)?;
    if !read.1.may_share_an_organisation() {
        findings.add(field, "C-27", "mixes scripts whose letters look alike");
        return None;
    }
    Some(read)
}

/// Reads a country code.
pub(crate) fn read_country(findings: &mut Findings, field: &'static str, text: &str) -> Option<String> {
    if super::is_country(text) {
        return Some(text.into());
    }
    findings.add(field, "C-04", "must be a country code of ISO 3166-1 in capitals, such as GE");
    None
}

/// Reads an e-mail address of the plain ASCII kind that rfc822Name can carry (RFC 5280 §4.2.1.6).
pub(crate) fn read_email(findings: &mut Findings, field: &'static str, text: &str) -> Option<String> {
    let good = text.len() <= 254
        && text.split_once('@').is_some_and(|(local, domain)| {
            let dots_ok = |part: &str| !part.is_empty() && part.split('.').all(|label| !label.is_empty());
            dots_ok(local)
                && local.len() <= 64
                && local.bytes().all(|b| b.is_ascii_alphanumeric() || b"!#$%&'*+-/=?^_`{|}~.".contains(&b))
                && dots_ok(domain)
                && domain.contains('.')
                && domain.split('.').all(|label| !label.starts_with('-') && !label.ends_with('-'))
                && domain.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'.')
        });
    if good {
        return Some(text.into());
    }
    findings.add(field, "RFC 5280 §4.2.1.6", "is not an e-mail address in ASCII, such as name@example.ge");
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn clause(text: &str) -> Option<&'static str> {
        let mut findings = Findings::default();
        let read = read_person(&mut findings, "surname", text, 10);
        if findings.none() {
            read.map(|_| "")
        } else {
            findings.into_errors().as_slice().first().map(|e| e.clause)
        }
    }

    #[test]
    fn characters() {
        assert_eq!(clause("ბერიძე"), Some(""));
        assert_eq!(clause("O’Neill"), Some(""));
        assert_eq!(clause("გელაShvili"), Some("C-27"));
        assert_eq!(clause("Ბერიძე"), Some("G-43"));
        assert_eq!(clause("Ⴁერიძე"), Some("G-43"));
        assert_eq!(clause("ბერ\u{202e}იძე"), Some("C-27"));
        assert_eq!(clause("ბერ\u{200b}იძე"), Some("C-27"));
        assert_eq!(clause("ბ\nერ"), Some("C-27"));
        // A letter with a mark that has no character of its own; one of Georgian; two; on nothing.
        assert_eq!(clause("J\u{30c}an"), Some(""));
        assert_eq!(clause("ბე\u{301}"), Some("C-27"));
        assert_eq!(clause("J\u{30c}\u{30c}an"), Some("C-27"));
        assert_eq!(clause("\u{30c}Jan"), Some("C-27"));
        assert_eq!(clause(" ბერიძე"), Some("C-04"));
        assert_eq!(clause(""), Some("C-22"));
        assert_eq!(clause("ა".repeat(11).as_str()), Some("C-25"));
        assert_eq!(clause("12"), Some("C-27"));
    }

    #[test]
    fn to_nfc_and_no_further() {
        let mut findings = Findings::default();
        let (text, _) = read(&mut findings, "surname", "e\u{301}A", 10).unwrap();
        assert_eq!(text, "éA");
    }
}
