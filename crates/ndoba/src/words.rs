//! What the officers' commands say: each text once, in English and Georgian side by side.
//!
//! A text lacks no language: the macro takes both or does not compile. What the API tells in both languages (forms,
//! control questions) and what is signed ([`ndoba_order::describe`]) has its words there.

mod applications;
mod asking;
mod certificates;
mod errors;
mod failures;
mod fields;
pub(crate) mod help;
mod mass_revocation;
mod names;
mod officers;
mod orders;
mod refusals;

use ndoba_order::Language;
use ndoba_registration::form::Bilingual;

pub(crate) use errors::told;

/// The texts in one language.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Words(pub(crate) Language);

/// Texts as methods of [`Words`]: the name with the values that stand in braces, English, Georgian.
macro_rules! texts {
    ($($name:ident($($value:ident),*): $english:literal, $georgian:literal;)*) => {
        impl $crate::words::Words {
            $(pub(crate) fn $name(self $(, $value: impl ::std::fmt::Display)*) -> String {
                match self.0 {
                    ::ndoba_order::Language::English => ::std::fmt::format(::std::format_args!($english)),
                    ::ndoba_order::Language::Georgian => ::std::fmt::format(::std::format_args!($georgian)),
                }
            })*
        }
    };
}
use texts;

impl Words {
    /// One of two.
    pub(crate) fn of<'a>(self, english: &'a str, georgian: &'a str) -> &'a str {
        match self.0 {
            Language::English => english,
            Language::Georgian => georgian,
        }
    }

    /// What the API said in both languages.
    pub(crate) fn bilingual(self, said: &Bilingual) -> &str {
        self.of(&said.en, &said.ka)
    }

    /// Whether somebody said yes, in either language: a keyboard may be set to the other one.
    pub(crate) fn is_yes(answer: &str) -> bool {
        matches!(answer.trim(), "y" | "Y" | "yes" | "კი" | "დიახ")
    }

    /// The same for no.
    pub(crate) fn is_no(answer: &str) -> bool {
        matches!(answer.trim(), "n" | "N" | "no" | "არა")
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    const SOURCES: [&str; 7] = [
        include_str!("words/applications.rs"),
        include_str!("words/asking.rs"),
        include_str!("words/certificates.rs"),
        include_str!("words/failures.rs"),
        include_str!("words/mass_revocation.rs"),
        include_str!("words/officers.rs"),
        include_str!("words/orders.rs"),
    ];

    /// The values in braces.
    fn values(text: &str) -> BTreeSet<&str> {
        text.split('{').skip(1).filter_map(|rest| rest.split('}').next()).collect()
    }

    #[test]
    fn both_languages_tell_the_same_values() {
        let georgian = |c: char| ('ა'..='ჰ').contains(&c);
        let mut pairs = 0;
        for source in SOURCES {
            let (_, texts) = source.split_once("texts! {").unwrap();
            let literals: Vec<&str> = texts.split('"').skip(1).step_by(2).collect();
            for pair in literals.chunks(2) {
                let [english, in_georgian] = pair else { panic!("{pair:?}") };
                assert_eq!(values(english), values(in_georgian), "{english}");
                assert!(!english.contains(georgian) && in_georgian.contains(georgian), "{english}");
                pairs += 1;
            }
        }
        assert!(pairs > 100, "{pairs}");
    }
}
