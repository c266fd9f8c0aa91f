//! Which template, and what stands in its places.

use ndoba_registration::application::{ApplicationContent, SubjectContent};
use ndoba_registration::ports::{AgreementError, AgreementMaker, AgreementOf};
use ndoba_registration::{BodyIdentifier, PersonIdentifier};

use crate::page::Document;
use crate::text::{Line, lines};

/// The version of the terms in force. Earlier ones stay in the program: their agreements can be made again.
pub const TERMS: &str = "2026-1";

/// A version of the terms, in both languages; the second part is for subjects who are not the subscriber
/// (REG-6.3.4-09 to -11A).
struct Version {
    name: &'static str,
    /// The day on which it came into force, YYYY-MM-DD.
    since: &'static str,
    georgian: [&'static str; 2],
    english: [&'static str; 2],
}

const VERSIONS: &[Version] = &[Version {
    name: "2026-1",
    since: "2026-01-01",
    georgian: [
        include_str!("../templates/2026-1.ka.txt"),
        include_str!("../templates/2026-1.subject.ka.txt"),
    ],
    english: [include_str!("../templates/2026-1.en.txt"), include_str!("../templates/2026-1.subject.en.txt")],
}];

/// The templates, for one provider.
#[derive(Clone, Debug)]
pub struct Templates {
    /// The provider's registered name.
    pub provider: String,
    /// How many years records are kept after the certificate's end.
    pub retention_years: u8,
}

impl AgreementMaker for Templates {
    fn terms(&self) -> &'static str {
        TERMS
    }

    fn in_force_since(&self) -> &'static str {
        VERSIONS.iter().find(|version| version.name == TERMS).map_or("", |version| version.since)
    }

    fn render(&self, of: &AgreementOf<'_>) -> Result<Vec<u8>, AgreementError> {
        let version = VERSIONS.iter().find(|version| version.name == of.terms);
        let version = version.ok_or_else(|| AgreementError::UnknownTerms(of.terms.to_owned()))?;
        let parties = Parties::of(of.content);
        let mut document = Document::new(format!("{} · {}", of.application, of.terms))
            .map_err(|error| AgreementError::Font(error.to_string()))?;
        for (language, [first, second]) in
            [(Language::Georgian, version.georgian), (Language::English, version.english)]
        {
            let texts = if parties.subject.is_some() { vec![first, second] } else { vec![first] };
            for text in texts {
                let fill = |name: &str| self.value(name, of, &parties, language);
                let shows = |condition: &str| match condition {
                    "organisation" => parties.representative.is_some(),
                    "two-parts" => parties.subject.is_some(),
                    _ => false,
                };
                document.begin_page();
                for line in lines(text, &shows) {
                    let filled = match line {
                        Line::Title(words) => Line::Title(filled(&words, &fill)),
                        Line::Heading(words) => Line::Heading(filled(&words, &fill)),
                        Line::Paragraph(words) => Line::Paragraph(filled(&words, &fill)),
                        Line::Signature(words) => Line::Signature(filled(&words, &fill)),
                    };
                    document.line(&filled).map_err(|missing| AgreementError::NotPrintable(missing.0))?;
                }
            }
        }
        document.finish().map_err(|error| AgreementError::Font(error.to_string()))
    }
}

#[derive(Clone, Copy)]
enum Language {
    Georgian,
    English,
}

impl Language {
    fn pick(self, georgian: &str, english: &str) -> String {
        match self {
            Self::Georgian => georgian.into(),
            Self::English => english.into(),
        }
    }
}

/// A name with its number.
struct Party {
    name: String,
    georgian: String,
    english: String,
}

impl Party {
    fn person(name: String, identifier: Option<PersonIdentifier<'_>>) -> Self {
        let (georgian, english) = identifier.map(PersonIdentifier::in_words).unwrap_or_default();
        Self { name, georgian, english }
    }

    fn body(name: &str, identifier: Option<BodyIdentifier<'_>>) -> Self {
        let (georgian, english) = identifier.map(BodyIdentifier::in_words).unwrap_or_default();
        Self { name: name.into(), georgian, english }
    }

    fn identifier(&self, language: Language) -> String {
        language.pick(&self.georgian, &self.english)
    }
}

/// Who concludes the agreement.
struct Parties {
    subscriber: Party,
    /// Where it is not the subscriber.
    subject: Option<Party>,
    /// Who acts for a legal person, and the position.
    representative: Option<(Party, String)>,
}

impl Parties {
    fn of(content: &ApplicationContent) -> Self {
        match &content.subject {
            SubjectContent::NaturalPerson(person) => {
                let name = format!("{} {}", person.given_names, person.surname);
                let subject = Party::person(name, person.identifier());
                match &person.organisation {
                    None => Self { subscriber: subject, subject: None, representative: None },
                    Some(organisation) => Self {
                        subscriber: Party::body(&organisation.name, Some(organisation.identifier())),
                        subject: Some(subject),
                        representative: None,
                    },
                }
            }
            SubjectContent::LegalPerson(person) => {
                let representative = &person.representative;
                Self {
                    subscriber: Party::body(&person.name, person.identifier()),
                    subject: None,
                    representative: Some((
                        Party::person(representative.name.clone(), representative.identifier()),
                        representative.position.clone(),
                    )),
                }
            }
        }
    }
}

impl Templates {
    /// What stands in a place; nothing for a place that no template has.
    fn value(
        &self,
        name: &str,
        of: &AgreementOf<'_>,
        parties: &Parties,
        language: Language,
    ) -> Option<String> {
        let Parties { subscriber, subject, representative } = parties;
        let acting = representative.as_ref();
        match name {
            "application" => Some(of.application.to_string()),
            "terms" => Some(of.terms.to_owned()),
            "provider" => Some(self.provider.clone()),
            "retention" => Some(self.retention_years.to_string()),
            "profile" => Some(of.content.profile.clone()),
            "days" => Some(of.content.days.to_string()),
            "subscriber" => Some(subscriber.name.clone()),
            "subscriber_id" => Some(subscriber.identifier(language)),
            "subject" => subject.as_ref().map(|party| party.name.clone()),
            "subject_id" => subject.as_ref().map(|party| party.identifier(language)),
            "representative" => acting.map(|(party, _)| party.name.clone()),
            "representative_id" => acting.map(|(party, _)| party.identifier(language)),
            "position" => acting.map(|(_, position)| position.clone()),
            "shown" => Some(shown(of.content)),
            "publication" => Some(match of.content.publication_consent {
                Some(true) => language.pick(
                    "აბონენტი თანახმაა, რომ სერტიფიკატი მესამე პირებს ეჩვენოს",
                    "the subscriber lets the certificate be shown to third parties",
                ),
                Some(false) | None => language.pick(
                    "აბონენტი თანახმა არ არის, რომ სერტიფიკატი მესამე პირებს ეჩვენოს",
                    "the subscriber does not let the certificate be shown to third parties",
                ),
            }),
            _ => None,
        }
    }
}

/// What the certificate will name, in the words of the application.
fn shown(content: &ApplicationContent) -> String {
    match &content.subject {
        SubjectContent::NaturalPerson(person) => {
            let mut shown = format!("{} {}", person.given_names, person.surname);
            if let Some(latin) = &person.latin {
                shown += &format!(" ({} {})", latin.given_names, latin.surname);
            }
            let identifier = person.identifier().map(PersonIdentifier::semantic).unwrap_or_default();
            shown += &format!(", {identifier}");
            if let Some(organisation) = &person.organisation {
                shown += &format!(", {}, {}", organisation.name, organisation.identifier().semantic());
            }
            shown
        }
        SubjectContent::LegalPerson(person) => {
            let latin = person.latin_name.as_ref().map(|latin| format!(" ({latin})")).unwrap_or_default();
            let identifier = person.identifier().map(BodyIdentifier::semantic).unwrap_or_default();
            format!("{}{latin}, {identifier}", person.name)
        }
    }
}

/// The text with its places filled. A name in braces that is no place stays as it is: applicants' texts may have them,
/// and what was filled in is not looked at again.
fn filled(text: &str, value: &dyn Fn(&str) -> Option<String>) -> String {
    let mut filled = String::new();
    let mut rest = text;
    while let Some(open) = rest.find('{') {
        let (before, after) = rest.split_at(open);
        filled += before;
        let place = after[1..].split_once('}').and_then(|(name, after)| Some((value(name)?, after)));
        match place {
            Some((value, after)) => {
                filled += &value;
                rest = after;
            }
            None => {
                filled.push('{');
                rest = &after[1..];
            }
        }
    }
    filled + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_filled_in_is_no_template() {
        let value = |name: &str| (name == "a").then(|| "{a} {b}".to_owned());
        assert_eq!(filled("x {a} y {b} {", &value), "x {a} {b} y {b} {");
    }

    /// Every place of every version has a value for somebody, and both languages have the same places.
    #[test]
    fn both_languages_have_the_same_places() {
        let places = |text: &str| {
            let mut names: Vec<String> = text
                .split('{')
                .skip(1)
                .filter_map(|part| part.split_once('}').map(|(name, _)| name.to_owned()))
                .collect();
            names.sort();
            names
        };
        for version in VERSIONS {
            for (georgian, english) in version.georgian.iter().zip(version.english) {
                assert_eq!(places(georgian), places(english), "{}", version.name);
                assert_eq!(georgian.lines().count(), english.lines().count(), "{}", version.name);
            }
        }
        assert!(VERSIONS.iter().any(|version| version.name == TERMS));
    }
}
