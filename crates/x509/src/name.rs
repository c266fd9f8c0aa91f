//! Whom a certificate is about: drafts as they come in, subjects that passed every rule, names as DER.
//!
//! A draft ([`SubjectDraft`]) is what officers and programs send; [`Subject::try_from`] gives the validated model or
//! *all* fields that are wrong. A subject serialises to the same JSON as its draft, so it stands in orders as it
//! was shown. Letters keep their case: Unicode's upper case of Mkhedruli is another script (G-43).

pub mod alphabet;
mod authority;
mod country;
mod dn;
mod error;
mod identifier;
mod legal;
mod natural;
mod text;

use serde::{Deserialize, Serialize};

pub use authority::{Authority, AuthorityDraft};
pub use country::country_codes;
pub use dn::{BadName, DistinguishedName};
pub use error::{FieldError, FieldErrors};
pub use identifier::{IdentifierScheme, LegalIdentifier, NaturalIdentifier};
pub use legal::{LegalPerson, LegalPersonDraft, OrganisationName};
pub use natural::{NaturalPerson, NaturalPersonDraft, PersonName};

pub(crate) use country::{is_country, is_eea_country};

use crate::encode;
use crate::url::HttpsUrl;

/// A subject as it comes in: nothing is known of it yet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "kebab-case")]
pub enum SubjectDraft {
    /// A person.
    NaturalPerson(NaturalPersonDraft),
    /// An organisation: a firm, a municipality, any body of G-11.
    LegalPerson(LegalPersonDraft),
    /// The provider itself, as a CA, TSU or responder.
    Authority(AuthorityDraft),
}

/// A subject that passed every rule of names.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "SubjectDraft", into = "SubjectDraft")]
pub enum Subject {
    /// A person.
    NaturalPerson(NaturalPerson),
    /// An organisation.
    LegalPerson(LegalPerson),
    /// The provider itself.
    Authority(Authority),
}

impl Subject {
    /// The subject's distinguished name.
    pub fn distinguished_name(&self) -> DistinguishedName {
        match self {
            Self::NaturalPerson(person) => person.distinguished_name(),
            Self::LegalPerson(person) => person.distinguished_name(),
            Self::Authority(authority) => authority.distinguished_name(),
        }
    }

    /// The subject's commonName.
    pub fn common_name(&self) -> &str {
        match self {
            Self::NaturalPerson(person) => person.common_name(),
            Self::LegalPerson(person) => person.common_name(),
            Self::Authority(authority) => authority.common_name(),
        }
    }

    /// The DER GeneralNames for subjectAltName: e-mail, and the name in the second script (C-28). Empty: no extension.
    pub(crate) fn alternative_names(&self) -> Vec<Vec<u8>> {
        let (email, second) = match self {
            Self::NaturalPerson(person) => (person.email(), person.second_distinguished_name()),
            Self::LegalPerson(person) => (person.email(), person.second_distinguished_name()),
            Self::Authority(_) => (None, None),
        };
        let email = email.map(|email| encode::context_primitive(1, email.as_bytes()));
        let second = second.map(|name| encode::context_constructed(4, name.as_der()));
        email.into_iter().chain(second).collect()
    }

    /// The addresses of the authorities behind a local identifier scheme (C-43); empty for the standard schemes.
    pub(crate) fn registration_authorities(&self) -> &[HttpsUrl] {
        match self {
            Self::NaturalPerson(person) => person.registration_authorities(),
            Self::LegalPerson(person) => person.registration_authorities(),
            Self::Authority(_) => &[],
        }
    }
}

impl TryFrom<SubjectDraft> for Subject {
    type Error = FieldErrors;

    fn try_from(draft: SubjectDraft) -> Result<Self, FieldErrors> {
        Ok(match draft {
            SubjectDraft::NaturalPerson(draft) => Self::NaturalPerson(draft.try_into()?),
            SubjectDraft::LegalPerson(draft) => Self::LegalPerson(draft.try_into()?),
            SubjectDraft::Authority(draft) => Self::Authority(draft.try_into()?),
        })
    }
}

impl From<Subject> for SubjectDraft {
    fn from(subject: Subject) -> Self {
        match subject {
            Subject::NaturalPerson(person) => Self::NaturalPerson(person.into()),
            Subject::LegalPerson(person) => Self::LegalPerson(person.into()),
            Subject::Authority(authority) => Self::Authority(authority.into()),
        }
    }
}
