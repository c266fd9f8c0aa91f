//! The effective form of an application: its fields and their rules as data, for the profile and the day.
//!
//! One table for everybody: [`check`](crate::check()) judges by it, the API hands it out, the command and the console
//! judge by what they were handed. What it cannot say is checked elsewhere, by code that both sides have too: the
//! request of PKCS#10.

mod fields;
mod identifiers;
mod judge;
mod parts;
mod rules;

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

pub(crate) use fields::effective;
pub use judge::Finding;
pub(crate) use judge::{is_day, past_day};
pub use rules::told;

/// Text of ours: borrowed where the form is made, owned where it was received.
pub type Words = Cow<'static, str>;

/// The fields of an application for one profile, as they must be today.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct Form {
    /// The profile's name.
    pub profile: String,
    /// Today in Georgia: the rules about dates are of this day.
    pub today: String,
    /// Texts are judged in this form of Unicode's: bring them to it first.
    #[cfg_attr(feature = "schema", schema(value_type = String))]
    pub normalization: Words,
    /// The scripts of names, for rules that compare them.
    pub alphabets: Vec<Letters>,
    /// Every member that the application may have, a group before its members. Others are refused.
    pub fields: Vec<Field>,
    /// Fields of which some must be given, or not more than one.
    pub alternatives: Vec<Alternatives>,
    /// Rules between fields; they count where no field of theirs is refused by itself.
    pub relations: Vec<Relation>,
}

/// The letters of a script.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct Letters {
    /// The script's name.
    #[cfg_attr(feature = "schema", schema(value_type = String))]
    pub name: Words,
    /// The inside of a character class of regular expressions.
    pub letters: String,
}

/// One text in two languages.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct Bilingual {
    /// Georgian.
    #[cfg_attr(feature = "schema", schema(value_type = String))]
    pub ka: Words,
    /// English.
    #[cfg_attr(feature = "schema", schema(value_type = String))]
    pub en: Words,
}

/// A member of the application.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct Field {
    /// JSON pointer (RFC 6901) into the application.
    #[cfg_attr(feature = "schema", schema(value_type = String))]
    pub field: Words,
    /// What kind of value it has.
    #[serde(rename = "type")]
    pub kind: Kind,
    /// Whether it must be there; within a group: where the group is.
    pub required: bool,
    /// The clause that asks for it, where one does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schema(value_type = Option<String>))]
    pub clause: Option<Words>,
    /// How it is called.
    pub label: Bilingual,
    /// What its value must keep, in the order in which refusals are told; the first that is broken is.
    pub rules: Vec<Rule>,
}

/// What kind of value a field has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// One of the values that its rule lists, a string.
    Choice,
    /// A PKCS#10 request, PEM, a string. Its rules are in the reference of certificate requests.
    CertificateRequest,
    /// A date, YYYY-MM-DD, a string.
    Day,
    /// `true` or `false`.
    Flag,
    /// An object: the fields below it.
    Group,
    /// A whole number.
    Number,
    /// A string.
    Text,
}

/// What a value must keep.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct Rule {
    /// The rule itself.
    #[serde(flatten)]
    pub test: Test,
    /// The stable code of its refusal.
    #[cfg_attr(feature = "schema", schema(value_type = String))]
    pub code: Words,
    /// The clause behind it, where there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schema(value_type = Option<String>))]
    pub clause: Option<Words>,
    /// What would be right.
    pub message: Bilingual,
}

/// A rule for a value.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(tag = "rule", rename_all = "kebab-case")]
pub enum Test {
    /// A number within these bounds, both included.
    Between {
        /// The least.
        minimum: u32,
        /// The most.
        maximum: u32,
    },
    /// A date that the calendar has, from the year 1900 on.
    Calendar,
    /// At most so many characters (code points of the normalised text).
    MaxLength {
        /// The most.
        maximum: usize,
    },
    /// A date not after this one.
    NotAfter {
        /// The last day.
        day: String,
    },
    /// A date not before this one.
    NotBefore {
        /// The first day.
        day: String,
    },
    /// One of these.
    OneOf {
        /// The values, each with what people call it.
        values: Vec<Choice>,
    },
    /// A regular expression in the part that ECMAScript (with the flag `u`) and Rust have in common.
    Pattern {
        /// The expression.
        #[cfg_attr(feature = "schema", schema(value_type = String))]
        pattern: Pattern,
    },
}

/// A value on offer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct Choice {
    /// As the application has it.
    pub value: String,
    /// As people call it.
    pub label: Bilingual,
}

/// A rule about which of several fields are given. It counts where the group that they are in is given.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct Alternatives {
    /// How many.
    #[serde(rename = "among")]
    pub kind: Among,
    /// The fields, all of one group. A refusal names the first where none is given, else those after the first given.
    #[cfg_attr(feature = "schema", schema(value_type = Vec<String>))]
    pub fields: Vec<Words>,
    /// The stable code of its refusal.
    #[cfg_attr(feature = "schema", schema(value_type = String))]
    pub code: Words,
    /// The clause behind it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schema(value_type = Option<String>))]
    pub clause: Option<Words>,
    /// What would be right.
    pub message: Bilingual,
}

/// How many of several fields.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Among {
    /// One or more.
    AtLeastOne,
    /// One or none.
    AtMostOne,
}

/// A rule between fields.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct Relation {
    /// Which.
    #[serde(rename = "relation")]
    pub kind: Between,
    /// The field that the refusal names.
    #[cfg_attr(feature = "schema", schema(value_type = String))]
    pub field: Words,
    /// The field that it is compared with. Where one of the two is absent, nothing is compared.
    #[cfg_attr(feature = "schema", schema(value_type = String))]
    pub other: Words,
    /// The stable code of its refusal.
    #[cfg_attr(feature = "schema", schema(value_type = String))]
    pub code: Words,
    /// The clause behind it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schema(value_type = Option<String>))]
    pub clause: Option<Words>,
    /// What would be right.
    pub message: Bilingual,
}

/// How two fields must stand to each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Between {
    /// The field is not an identifier, such as `NTRGE-`, and the other.
    NotTheRegistrationNumber,
    /// The field, a date, is not before the other.
    NotBefore,
    /// The letters of the two are not of the very same scripts.
    OtherScripts,
    /// The letters of the two are of the very same scripts.
    SameScripts,
}

/// A regular expression that compiles.
#[derive(Clone, Debug)]
pub struct Pattern(regex_lite::Regex);

impl Pattern {
    /// Whether the text matches. Patterns are anchored by themselves.
    pub fn matches(&self, text: &str) -> bool {
        self.0.is_match(text)
    }

    /// The expression.
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }
}

impl PartialEq for Pattern {
    fn eq(&self, other: &Self) -> bool {
        self.as_str() == other.as_str()
    }
}

impl Eq for Pattern {}

impl std::str::FromStr for Pattern {
    type Err = regex_lite::Error;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        regex_lite::Regex::new(text).map(Self)
    }
}

impl Serialize for Pattern {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for Pattern {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}
