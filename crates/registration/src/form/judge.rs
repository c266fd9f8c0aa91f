//! An application before its form: every field that is refused, with the rule that it breaks.

use std::borrow::Cow;
use std::collections::BTreeSet;

use ndoba_types::{Span, UtcTime};
use serde_json::{Map, Value};
use time::Date;
use time::macros::format_description;
use unicode_normalization::UnicodeNormalization;

use super::{
    Alternatives, Among, Between, Bilingual, Field, Form, Kind, Letters, Relation, Rule, Test, Words, parts,
};
use crate::field_error::{FieldError, Refusals};

/// A refused field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// JSON pointer.
    pub field: String,
    /// Stable.
    pub code: Words,
    /// The clause behind the rule.
    pub clause: Option<Words>,
    /// What would be right.
    pub message: Bilingual,
}

impl Form {
    /// Every field of `application` that breaks its rules: the first rule of each. The request of PKCS#10 is another's.
    pub fn judge(&self, application: &Value) -> Vec<Finding> {
        let mut found = Vec::new();
        match application {
            Value::Object(members) => self.object("", members, &mut found),
            Value::Array(_) | Value::Bool(_) | Value::Null | Value::Number(_) | Value::String(_) => {
                found.push(parts::other_type("", Kind::Group));
            }
        }
        for alternatives in &self.alternatives {
            let group = alternatives.fields.first().map_or("", |first| parent(first));
            let kind = format!("{group}/type");
            // Another kind of object has been told already.
            if !found.iter().any(|one| one.field == kind) {
                found.extend(alternatives.broken(group, application));
            }
        }
        for relation in &self.relations {
            let refused = |pointer: &str| found.iter().any(|one| one.field == pointer);
            if !refused(&relation.field) && !refused(&relation.other) && self.broken(relation, application) {
                found.push(relation.into());
            }
        }
        found
    }

    /// The field at a pointer.
    pub fn field(&self, pointer: &str) -> Option<&Field> {
        self.fields.iter().find(|field| field.field == pointer)
    }

    fn object(&self, at: &str, members: &Map<String, Value>, found: &mut Vec<Finding>) {
        for field in self.fields.iter().filter(|field| parent(&field.field) == at) {
            let before = found.len();
            match members.get(name(&field.field)) {
                None => found.extend(field.required.then(|| parts::missing(field))),
                Some(Value::Null) if !field.required => {}
                Some(value) => self.value(field, value, found),
            }
            // Another kind of object: the other members would all be refused, and that says nothing new.
            if field.is_discriminator() && found.len() > before {
                return;
            }
        }
        for member in members.keys() {
            let pointer = format!("{at}/{}", member.replace('~', "~0").replace('/', "~1"));
            if self.field(&pointer).is_none() {
                found.push(parts::unknown(pointer));
            }
        }
    }

    fn value(&self, field: &Field, value: &Value, found: &mut Vec<Finding>) {
        let fits = match (field.kind, value) {
            (Kind::Group, Value::Object(members)) => return self.object(&field.field, members, found),
            (Kind::Choice | Kind::CertificateRequest | Kind::Day | Kind::Text, Value::String(_))
            | (Kind::Flag, Value::Bool(_)) => true,
            (Kind::Number, Value::Number(number)) => {
                number.as_u64().is_some_and(|number| u32::try_from(number).is_ok())
            }
            (_, _) => false,
        };
        if !fits {
            return found.push(parts::other_type(&field.field, field.kind));
        }
        let broken = field.rules.iter().find(|rule| !rule.test.holds(value));
        found.extend(broken.map(|rule| Finding::of(field, rule)));
    }

    fn broken(&self, relation: &Relation, application: &Value) -> bool {
        let text = |pointer: &str| application.pointer(pointer).and_then(Value::as_str).map(normalised);
        let (Some(field), Some(other)) = (text(&relation.field), text(&relation.other)) else { return false };
        match relation.kind {
            Between::NotBefore => match (day(&field), day(&other)) {
                (Some(field), Some(other)) => field < other,
                (_, _) => false,
            },
            Between::NotTheRegistrationNumber => field
                .split_once('-')
                .is_some_and(|(scheme, number)| scheme.chars().count() == 5 && number == other),
            Between::OtherScripts => self.scripts(&field) == self.scripts(&other),
            Between::SameScripts => self.scripts(&field) != self.scripts(&other),
        }
    }

    /// The places of the scripts of a text's letters.
    fn scripts(&self, text: &str) -> BTreeSet<usize> {
        let expression = |one: &Letters| regex_lite::Regex::new(&format!("[{}]", one.letters)).ok();
        let has = |one: &Letters| expression(one).is_some_and(|letters| letters.is_match(text));
        self.alphabets.iter().enumerate().filter(|(_, one)| has(one)).map(|(place, _)| place).collect()
    }
}

impl Alternatives {
    /// The refusals: none where the group of the fields is not there, which is another rule's to refuse.
    fn broken(&self, group: &str, application: &Value) -> Vec<Finding> {
        let Some(Value::Object(_)) = application.pointer(group) else { return Vec::new() };
        let given = |field: &&Words| application.pointer(field).is_some_and(|value| !value.is_null());
        let given = self.fields.iter().filter(given);
        let refused: Vec<&Words> = match self.kind {
            Among::AtLeastOne => match given.count() {
                0 => self.fields.iter().take(1).collect(),
                _ => Vec::new(),
            },
            Among::AtMostOne => given.skip(1).collect(),
        };
        let finding = |field: &Words| Finding {
            field: field.clone().into_owned(),
            code: self.code.clone(),
            clause: self.clause.clone(),
            message: self.message.clone(),
        };
        refused.into_iter().map(finding).collect()
    }
}

impl Field {
    /// Whether it says what kind of object its group is: a choice of one.
    fn is_discriminator(&self) -> bool {
        let only_one = |rule: &Rule| matches!(&rule.test, Test::OneOf { values } if values.len() == 1);
        self.field.ends_with("/type") && self.rules.iter().any(only_one)
    }
}

impl Test {
    /// Whether a value of the right type keeps the rule.
    fn holds(&self, value: &Value) -> bool {
        let text = value.as_str().map(normalised).unwrap_or_default();
        let date = || day(&text);
        match self {
            Self::Between { minimum, maximum } => value
                .as_u64()
                .is_some_and(|number| (u64::from(*minimum)..=u64::from(*maximum)).contains(&number)),
            Self::Calendar => date().is_some(),
            Self::MaxLength { maximum } => text.chars().count() <= *maximum,
            Self::NotAfter { day: last } => date().zip(day(last)).is_some_and(|(date, last)| date <= last),
            Self::NotBefore { day: first } => {
                date().zip(day(first)).is_some_and(|(date, first)| date >= first)
            }
            Self::OneOf { values } => values.iter().any(|choice| choice.value == text),
            Self::Pattern { pattern } => pattern.matches(&text),
        }
    }
}

impl Finding {
    fn of(field: &Field, rule: &Rule) -> Self {
        Self {
            field: field.field.clone().into_owned(),
            code: rule.code.clone(),
            clause: rule.clause.clone(),
            message: rule.message.clone(),
        }
    }
}

impl From<&Relation> for Finding {
    fn from(relation: &Relation) -> Self {
        Self {
            field: relation.field.clone().into_owned(),
            code: relation.code.clone(),
            clause: relation.clause.clone(),
            message: relation.message.clone(),
        }
    }
}

/// By a form of our own making, whose words are borrowed.
impl From<Finding> for FieldError {
    fn from(finding: Finding) -> Self {
        let Finding { field, code, clause, message } = finding;
        let code = match code {
            Cow::Borrowed(code) => code,
            Cow::Owned(_) => "field.rule",
        };
        let clause = match clause {
            Some(Cow::Borrowed(clause)) => Some(clause),
            Some(Cow::Owned(_)) | None => None,
        };
        Self { field, code, clause, message: message.en.into_owned() }
    }
}

/// A date as documents have it: four digits of the year, from 1900 on.
fn day(text: &str) -> Option<Date> {
    // The parser takes a sign and more digits in front; a date on a document has neither.
    let date = Date::parse(text, format_description!("[year]-[month]-[day]")).ok()?;
    (text.len() == 10 && date.year() >= 1900).then_some(date)
}

/// Notes a refusal of a day outside a form that is none, or not over yet in Georgia.
pub(crate) fn past_day(
    at: &mut Refusals<'_>,
    member: &str,
    text: &str,
    now: UtcTime,
    clause: Option<&'static str>,
) {
    match day(text) {
        None => {
            at.refuse::<()>(member, "date.form", None, "must be a date such as 2026-11-23");
        }
        Some(date) if date > today(now) => {
            at.refuse::<()>(member, "date.future", clause, "must not be in the future");
        }
        Some(_) => {}
    }
}

/// Whether a text is a day.
pub(crate) fn is_day(text: &str) -> bool {
    day(text).is_some()
}

/// The calendar day in Georgia, which is UTC+4 all year: officers enter the date on their wall.
pub(super) fn today(now: UtcTime) -> Date {
    now.plus(Span::hours(4)).to_date_time().date()
}

fn normalised(text: &str) -> String {
    text.nfc().collect()
}

fn parent(pointer: &str) -> &str {
    pointer.rsplit_once('/').map_or("", |(parent, _)| parent)
}

fn name(pointer: &str) -> &str {
    pointer.rsplit_once('/').map_or(pointer, |(_, name)| name)
}
