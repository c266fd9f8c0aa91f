//! Control questions: what a caller is asked before something is done to a certificate on the telephone.
//!
//! The officer reads a question, types what the caller says, and learns only whether enough was right: the record's own
//! answers are shown to nobody, and a caller cannot be helped along.

use std::collections::BTreeMap;

use crate::application::{ApplicationContent, SubjectContent};

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
            all.extend([(NUMBER, person.personal_number.as_str()), (EMAIL, person.email.as_str())]);
        }
        SubjectContent::LegalPerson(person) => all.extend([
            (NUMBER, person.representative.personal_number.as_str()),
            (EMAIL, person.email.as_str()),
            (ORGANISATION, person.identification_code.as_str()),
            (AUTHORITY, person.authority.reference.as_str()),
        ]),
    }
    all
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
