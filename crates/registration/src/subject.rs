//! From an applicant to the subject that the certificate will show; the rules of names are `x509`'s.

use ndoba_x509::{LegalPersonDraft, NaturalPersonDraft, OrganisationName, PersonName, Subject, SubjectDraft};

use crate::application::{AffiliationContent, LegalPersonContent, NaturalPersonContent, SubjectContent};
use crate::field_error::Refusals;

/// The subject of the certificate, or `None` with every refusal noted under the field that the officer filled in.
pub(crate) fn certificate_subject(at: &mut Refusals<'_>, content: &SubjectContent) -> Option<Subject> {
    let (draft, field): (SubjectDraft, fn(&str) -> &'static str) = match content {
        SubjectContent::NaturalPerson(person) => (natural(person), natural_field),
        SubjectContent::LegalPerson(person) => (legal(person), legal_field),
    };
    match Subject::try_from(draft) {
        Ok(subject) => Some(subject),
        Err(errors) => {
            for error in errors {
                at.refuse::<()>(field(error.field), "subject.rule", Some(error.clause), error.message);
            }
            None
        }
    }
}

fn natural(person: &NaturalPersonContent) -> SubjectDraft {
    let NaturalPersonContent { given_names, surname, latin, personal_number, email: _, organisation } =
        person;
    let (organization, organization_identifier) = organisation
        .as_ref()
        .map(|AffiliationContent { name, identification_code, .. }| {
            (name.clone(), legal_identifier(identification_code))
        })
        .unzip();
    SubjectDraft::NaturalPerson(NaturalPersonDraft {
        country: GEORGIA.into(),
        given_name: given_names.clone(),
        surname: surname.clone(),
        // G-42; the form of the number itself is checked with the other numbers.
        serial_number: natural_identifier(personal_number),
        common_name: format!("{given_names} {surname}"),
        second_script: latin.as_ref().map(|latin| PersonName {
            given_name: latin.given_names.clone(),
            surname: latin.surname.clone(),
            common_name: format!("{} {}", latin.given_names, latin.surname),
        }),
        organization,
        organization_identifier,
        // The contact address is not for third parties (P-14).
        email: None,
        registration_authorities: Vec::new(),
    })
}

fn natural_field(field: &str) -> &'static str {
    match field {
        "given_name" | "common_name" => "given_names",
        "surname" => "surname",
        "serial_number" => "personal_number",
        "second_script.given_name" | "second_script.common_name" => "latin/given_names",
        "second_script.surname" => "latin/surname",
        "second_script" => "latin",
        "organization" => "organisation/name",
        "organization_identifier" => "organisation/identification_code",
        _ => "type",
    }
}

fn legal(person: &LegalPersonContent) -> SubjectDraft {
    let common_name = person.common_name.as_ref().unwrap_or(&person.name);
    SubjectDraft::LegalPerson(LegalPersonDraft {
        country: GEORGIA.into(),
        organization: person.name.clone(),
        organization_identifier: legal_identifier(&person.identification_code),
        common_name: common_name.clone(),
        second_script: person
            .latin_name
            .as_ref()
            .map(|latin| OrganisationName { organization: latin.clone(), common_name: latin.clone() }),
        email: None,
        registration_authorities: Vec::new(),
    })
}

fn legal_field(field: &str) -> &'static str {
    match field {
        "organization" => "name",
        "organization_identifier" => "identification_code",
        "common_name" => "common_name",
        "second_script" | "second_script.organization" | "second_script.common_name" => "latin_name",
        _ => "type",
    }
}

/// A natural person in a subject's serialNumber (G-42).
pub(crate) fn natural_identifier(personal_number: &str) -> String {
    format!("PNO{GEORGIA}-{personal_number}")
}

/// An organisation in a subject's organizationIdentifier (C-33).
pub(crate) fn legal_identifier(identification_code: &str) -> String {
    format!("NTR{GEORGIA}-{identification_code}")
}

/// ISO 3166-1: the register of persons and of organisations is Georgia's (G-40, G-41).
const GEORGIA: &str = "GE";
