//! How subjects are identified, and what certificates, lists and agreements make of it (EN 319 412-1 §5.1; C-41 to C-43).

use std::borrow::Cow;

use ndoba_x509::{IdentifierScheme, country_codes};
use serde::{Deserialize, Serialize};

use crate::application::{
    AffiliationContent, ApplicationContent, LegalPersonContent, NaturalPersonContent, Representative,
    SubjectContent,
};

/// ISO 3166-1: personal numbers, tax numbers and the registers of organisations are Georgia's (G-40, G-41).
pub(crate) const GEORGIA: &str = "GE";

/// A number with the country that gave it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct CountryNumber {
    /// The country that issued the document or gave the number, two letters of ISO 3166-1.
    pub country: String,
    /// The number as printed: capital letters, digits and hyphens.
    pub number: String,
}

/// A number of a register that EN 319 412-1 has no scheme for.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct LocalNumber {
    /// The scheme's two capital letters: `AO` makes `AO:GE-` and the number (C-42).
    pub scheme: String,
    /// The number in it.
    pub number: String,
    /// The https address of the registry that gives the numbers: the certificate names it (C-43).
    pub registry: String,
}

/// By what a natural person is known.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum PersonIdentifier<'a> {
    /// `PNOGE-`.
    PersonalNumber(&'a str),
    /// `PNO` and another country: the personal number that a foreigner has at home.
    ForeignNumber(&'a CountryNumber),
    /// `PAS` and the issuing country.
    Passport(&'a CountryNumber),
    /// `IDC` and the issuing country.
    IdentityCard(&'a CountryNumber),
    /// `TINGE-`.
    TaxNumber(&'a str),
}

/// By what a legal person is known.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum BodyIdentifier<'a> {
    /// `NTRGE-`.
    IdentificationCode(&'a str),
    /// `VATGE-`.
    VatNumber(&'a str),
    /// `XX:GE-`.
    Local(&'a LocalNumber),
}

impl<'a> PersonIdentifier<'a> {
    /// As the subject's serialNumber has it.
    pub fn semantic(self) -> String {
        match self {
            Self::PersonalNumber(number) => format!("PNO{GEORGIA}-{number}"),
            Self::ForeignNumber(CountryNumber { country, number }) => format!("PNO{country}-{number}"),
            Self::Passport(CountryNumber { country, number }) => format!("PAS{country}-{number}"),
            Self::IdentityCard(CountryNumber { country, number }) => format!("IDC{country}-{number}"),
            Self::TaxNumber(number) => format!("TIN{GEORGIA}-{number}"),
        }
    }

    /// The number alone.
    pub fn number(self) -> &'a str {
        match self {
            Self::PersonalNumber(number) | Self::TaxNumber(number) => number,
            Self::ForeignNumber(one) | Self::Passport(one) | Self::IdentityCard(one) => &one.number,
        }
    }

    /// The country that gave it.
    pub fn country(self) -> &'a str {
        match self {
            Self::PersonalNumber(_) | Self::TaxNumber(_) => GEORGIA,
            Self::ForeignNumber(one) | Self::Passport(one) | Self::IdentityCard(one) => &one.country,
        }
    }

    /// In words: Georgian, English.
    pub fn in_words(self) -> (String, String) {
        match self {
            Self::PersonalNumber(number) => {
                (format!("პირადი ნომერი {number}"), format!("personal number {number}"))
            }
            Self::ForeignNumber(CountryNumber { country, number }) => (
                format!("უცხო ქვეყნის პირადი ნომერი {number} ({country})"),
                format!("foreign personal number {number} ({country})"),
            ),
            Self::Passport(CountryNumber { country, number }) => {
                (format!("პასპორტი {number} ({country})"), format!("passport {number} ({country})"))
            }
            Self::IdentityCard(CountryNumber { country, number }) => (
                format!("პირადობის მოწმობა {number} ({country})"),
                format!("identity card {number} ({country})"),
            ),
            Self::TaxNumber(number) => {
                (format!("საგადასახადო ნომერი {number}"), format!("tax number {number}"))
            }
        }
    }
}

impl<'a> BodyIdentifier<'a> {
    /// As the subject's organizationIdentifier has it.
    pub fn semantic(self) -> String {
        match self {
            Self::IdentificationCode(code) => format!("NTR{GEORGIA}-{code}"),
            Self::VatNumber(number) => format!("VAT{GEORGIA}-{number}"),
            Self::Local(LocalNumber { scheme, number, registry: _ }) => {
                format!("{scheme}:{GEORGIA}-{number}")
            }
        }
    }

    /// The number alone.
    pub fn number(self) -> &'a str {
        match self {
            Self::IdentificationCode(number) | Self::VatNumber(number) => number,
            Self::Local(local) => &local.number,
        }
    }

    /// In words: Georgian, English.
    pub fn in_words(self) -> (String, String) {
        match self {
            Self::IdentificationCode(code) => {
                (format!("საიდენტიფიკაციო კოდი {code}"), format!("identification code {code}"))
            }
            Self::VatNumber(number) => (format!("დღგ-ის ნომერი {number}"), format!("VAT number {number}")),
            Self::Local(LocalNumber { number, registry, .. }) => (
                format!("ნომერი {number} რეესტრში {registry}"),
                format!("number {number} in the registry {registry}"),
            ),
        }
    }
}

/// The members of an application that a natural person may be identified by, whoever's they are.
struct Given<'a> {
    personal_number: &'a Option<String>,
    foreign_number: &'a Option<CountryNumber>,
    passport: &'a Option<CountryNumber>,
    identity_card: &'a Option<CountryNumber>,
    tax_number: &'a Option<String>,
}

impl<'a> Given<'a> {
    /// What was given beside the personal number; the form takes one at most.
    fn other(&self) -> Option<PersonIdentifier<'a>> {
        let foreign = self.foreign_number.as_ref().map(PersonIdentifier::ForeignNumber);
        foreign
            .or_else(|| self.passport.as_ref().map(PersonIdentifier::Passport))
            .or_else(|| self.identity_card.as_ref().map(PersonIdentifier::IdentityCard))
            .or_else(|| self.tax_number.as_deref().map(PersonIdentifier::TaxNumber))
    }

    fn personal_number(&self) -> Option<PersonIdentifier<'a>> {
        self.personal_number.as_deref().map(PersonIdentifier::PersonalNumber)
    }
}

macro_rules! identified {
    ($content:ident) => {
        impl $content {
            fn given(&self) -> Given<'_> {
                Given {
                    personal_number: &self.personal_number,
                    foreign_number: &self.foreign_number,
                    passport: &self.passport,
                    identity_card: &self.identity_card,
                    tax_number: &self.tax_number,
                }
            }

            /// What certificates and agreements show: the other identifier where one was given, else the personal
            /// number. None where neither was, which the form refuses.
            pub fn identifier(&self) -> Option<PersonIdentifier<'_>> {
                let given = self.given();
                given.other().or_else(|| given.personal_number())
            }

            /// Who that is for the separation of duties (C-75): the personal number where it is known, by which
            /// officers are known too.
            pub(crate) fn person(&self) -> Option<PersonIdentifier<'_>> {
                let given = self.given();
                given.personal_number().or_else(|| given.other())
            }
        }
    };
}

identified!(NaturalPersonContent);
identified!(Representative);

impl LegalPersonContent {
    /// What certificates and agreements show. None where nothing was given, which the form refuses.
    pub fn identifier(&self) -> Option<BodyIdentifier<'_>> {
        let code = self.identification_code.as_deref().map(BodyIdentifier::IdentificationCode);
        code.or_else(|| self.vat_number.as_deref().map(BodyIdentifier::VatNumber))
            .or_else(|| self.local_number.as_ref().map(BodyIdentifier::Local))
    }
}

impl AffiliationContent {
    /// What certificates and agreements show.
    pub fn identifier(&self) -> BodyIdentifier<'_> {
        BodyIdentifier::IdentificationCode(&self.identification_code)
    }
}

/// The identifier of the natural person who stands before the officer: the subject, or the legal person's
/// representative.
pub(crate) fn person_of(content: &ApplicationContent) -> String {
    let person = match &content.subject {
        SubjectContent::NaturalPerson(person) => person.person(),
        SubjectContent::LegalPerson(person) => person.representative.person(),
    };
    // An application without one is refused before anybody asks whose it is.
    person.map(PersonIdentifier::semantic).unwrap_or_default()
}

/// What lists are searched by and records are asked for: the bare personal number or identification code, else the
/// whole identifier, since numbers of passports are unique in their country only.
pub fn subject_identifier(content: &ApplicationContent) -> Cow<'_, str> {
    match &content.subject {
        SubjectContent::NaturalPerson(person) => person.identifier().map(bare).unwrap_or_default(),
        SubjectContent::LegalPerson(person) => match person.identifier() {
            Some(BodyIdentifier::IdentificationCode(code)) => code.into(),
            other => other.map(BodyIdentifier::semantic).unwrap_or_default().into(),
        },
    }
}

/// The same of the natural person who represents a legal person; none where nobody does.
pub fn representative_identifier(content: &ApplicationContent) -> Option<Cow<'_, str>> {
    match &content.subject {
        SubjectContent::NaturalPerson(_) => None,
        SubjectContent::LegalPerson(person) => person.representative.identifier().map(bare),
    }
}

/// Of a Georgian personal number the number, else the whole identifier.
fn bare(person: PersonIdentifier<'_>) -> Cow<'_, str> {
    match person {
        PersonIdentifier::PersonalNumber(number) => number.into(),
        PersonIdentifier::ForeignNumber(_)
        | PersonIdentifier::Passport(_)
        | PersonIdentifier::IdentityCard(_)
        | PersonIdentifier::TaxNumber(_) => person.semantic().into(),
    }
}

/// What was typed to find a subject, as [`subject_identifier`] spells it.
pub(crate) fn searched(typed: &str) -> &str {
    ["PNOGE-", "NTRGE-"].into_iter().find_map(|scheme| typed.strip_prefix(scheme)).unwrap_or(typed)
}

/// Whether a text is an identifier as certificates show them, by its scheme and country, such as `PASUA-FE123456`.
pub fn is_identifier(text: &str) -> bool {
    let known = |scheme: &str| {
        let kinds = IdentifierScheme::OF_PERSONS.into_iter().chain(IdentifierScheme::OF_ORGANISATIONS);
        let letters = scheme.strip_suffix(':').unwrap_or_default();
        letters.bytes().all(|letter| letter.is_ascii_uppercase()) && letters.len() == 2
            || kinds.into_iter().any(|kind| kind.name() == scheme)
    };
    text.split_once('-').is_some_and(|(head, number)| {
        let country = head.get(3..).unwrap_or_default();
        let assigned = country == "XG" || country_codes().any(|code| code == country);
        head.get(..3).is_some_and(known) && assigned && !number.is_empty()
    })
}

/// Whether what a subscriber typed means the subject of this identifier, without spaces and hyphens: the whole of it,
/// or its number.
pub(crate) fn means(typed: &str, identifier: &str) -> bool {
    let folded = |text: &str| text.chars().filter(|c| !matches!(c, ' ' | '-')).collect::<String>();
    let number = identifier.split_once('-').filter(|(scheme, _)| scheme.len() == 5).map(|(_, number)| number);
    let typed = folded(searched(typed));
    !typed.is_empty() && (typed == folded(identifier) || number.is_some_and(|number| typed == folded(number)))
}

#[cfg(test)]
mod tests {
    use super::{is_identifier, means, searched};

    #[test]
    fn identifiers_are_told_from_names() {
        for one in
            ["PASUA-FE123456", "IDCGE-12IA34567", "AO:GE-77", "VATGE-404123456", "LEIXG-5493001KJTIIGC8Y1R12"]
        {
            assert!(is_identifier(one), "{one}");
        }
        for other in [
            "PASUA-",
            "PASUA",
            "PAS-UA",
            "თელავი-გორი",
            "ანა-მარია",
            "PASXX-1",
            "AO1GE-7",
            "a0:GE-7",
            ":::GE-7",
        ] {
            assert!(!is_identifier(other), "{other}");
        }
    }

    #[test]
    fn what_is_typed_finds_its_subject_only() {
        assert_eq!(searched("PNOGE-01001012345"), "01001012345");
        assert_eq!(searched("PASUA-FE123456"), "PASUA-FE123456");
        for typed in ["FE123456", "FE 123 456", "PASUA-FE123456"] {
            assert!(means(typed, "PASUA-FE123456"), "{typed}");
        }
        for typed in ["PASTR-FE123456", "FE12345", "PASUA", "", "-", "fe123456"] {
            assert!(!means(typed, "PASUA-FE123456"), "{typed}");
        }
        assert!(means("010-010 12345", "01001012345") && means("PNOGE-01001012345", "01001012345"));
        // A hyphen in a bare number opens no back door: only a scheme and a country stand before one.
        assert!(means("010101-12345", "PNOLV-010101-12345") && !means("12345", "010101-12345"));
    }
}
