//! Control questions: what a caller is asked before something is done to a certificate on the telephone.
//!
//! The officer reads a question, types what the caller says, and learns only whether enough was right: the record's own
//! answers are shown to nobody, and a caller cannot be helped along.

use std::collections::BTreeMap;

use crate::application::{ApplicationContent, IdentityDocument, SubjectContent};
use crate::identifier::{BodyIdentifier, PersonIdentifier};

/// So many answers must be right, and none wrong.
pub const ENOUGH: usize = 3;

/// A question, by the name that answers to it are given under.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ControlQuestion {
    /// Stable, for programs.
    pub name: &'static str,
    /// To be read out, in English.
    pub english: &'static str,
    /// The same in Georgian.
    pub georgian: &'static str,
}

const DOCUMENT: ControlQuestion = ControlQuestion {
    name: "document-number",
    english: "What is the number of the identity document that you showed us?",
    georgian: "რა ნომრისაა პირადობის დოკუმენტი, რომელიც გვიჩვენეთ?",
};
const EMAIL: ControlQuestion = ControlQuestion {
    name: "email",
    english: "At which e-mail address do you get our notices?",
    georgian: "რომელ ელფოსტაზე იღებთ ჩვენს შეტყობინებებს?",
};
const ISSUER: ControlQuestion = ControlQuestion {
    name: "document-issuer",
    english: "Who issued that document?",
    georgian: "ვინ გასცა ეს დოკუმენტი?",
};
const NUMBER: ControlQuestion = ControlQuestion {
    name: "personal-number",
    english: "What is your personal number?",
    georgian: "რა არის თქვენი პირადი ნომერი?",
};
const ORGANISATION: ControlQuestion = ControlQuestion {
    name: "identification-code",
    english: "What is the organisation's identification code?",
    georgian: "რა არის ორგანიზაციის საიდენტიფიკაციო კოდი?",
};
const IDENTIFIER: ControlQuestion = ControlQuestion {
    name: "identifier-number",
    english: "What is the number by which your certificate names you?",
    georgian: "რა ნომრით ხართ მითითებული სერტიფიკატში?",
};
const REGISTERED: ControlQuestion = ControlQuestion {
    name: "organisation-number",
    english: "What is the number by which the certificate names the organisation?",
    georgian: "რა ნომრით არის ორგანიზაცია მითითებული სერტიფიკატში?",
};
const AUTHORITY: ControlQuestion = ControlQuestion {
    name: "authority-reference",
    english: "By which document did you act for the organisation?",
    georgian: "რომელი დოკუმენტით მოქმედებდით ორგანიზაციის სახელით?",
};

/// What may be asked about an application's subject, with the answers.
fn answers(content: &ApplicationContent) -> Vec<(ControlQuestion, &str)> {
    let document = &content.identity_document;
    let mut all = vec![(DOCUMENT, document.number.as_str()), (ISSUER, document.issued_by.as_str())];
    match &content.subject {
        SubjectContent::NaturalPerson(person) => {
            all.extend(person.identifier().and_then(|one| asked(one, document)));
            all.push((EMAIL, person.email.as_str()));
        }
        SubjectContent::LegalPerson(person) => {
            all.extend(person.representative.identifier().and_then(|one| asked(one, document)));
            all.push((EMAIL, person.email.as_str()));
            all.extend(person.identifier().map(|body| match body {
                BodyIdentifier::IdentificationCode(code) => (ORGANISATION, code),
                BodyIdentifier::VatNumber(_) | BodyIdentifier::Local(_) => (REGISTERED, body.number()),
            }));
            all.push((AUTHORITY, person.authority.reference.as_str()));
        }
    }
    all
}

/// The question about a person's own number; none where the answer is the document's number, which is asked for anyway.
fn asked<'a>(
    identifier: PersonIdentifier<'a>,
    document: &IdentityDocument,
) -> Option<(ControlQuestion, &'a str)> {
    if let PersonIdentifier::PersonalNumber(number) = identifier {
        return Some((NUMBER, number));
    }
    let number = identifier.number();
    (folded(number) != folded(&document.number)).then_some((IDENTIFIER, number))
}

/// The questions for an application's subject.
pub(crate) fn questions(content: &ApplicationContent) -> Vec<ControlQuestion> {
    answers(content).into_iter().map(|(question, _)| question).collect()
}

/// Judges what a caller said: the names of the questions where it is enough. Which answer was wrong is not said.
pub(crate) fn judge(
    content: &ApplicationContent,
    said: &BTreeMap<String, String>,
) -> Result<Vec<&'static str>, NotEnough> {
    let known = answers(content);
    let mut right = Vec::new();
    for (name, answer) in said {
        let Some((question, expected)) = known.iter().find(|(question, _)| question.name == name) else {
            return Err(NotEnough);
        };
        if folded(answer).is_empty() || folded(answer) != folded(expected) {
            return Err(NotEnough);
        }
        right.push(question.name);
    }
    if right.len() >= ENOUGH { Ok(right) } else { Err(NotEnough) }
}

/// As it is heard: without case, spaces and signs.
fn folded(text: &str) -> String {
    text.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

/// Too few answers, or a wrong one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct NotEnough;
