//! Natural persons: EN 319 412-2 (C-22…C-28).

use serde::{Deserialize, Serialize};

use super::dn::{DistinguishedName, NameBuilder};
use super::error::{FieldErrors, Findings};
use super::identifier::{LegalIdentifier, NaturalIdentifier};
use super::legal::read_authorities;
use super::text::{self, MAX_NAME, MAX_PERSON_NAME, Scripts};
use crate::oid;
use crate::url::HttpsUrl;

/// A person as they come in. Every text is kept as written, but for Unicode's NFC.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NaturalPersonDraft {
    /// The country in whose jurisdiction the name and number are, ISO 3166-1.
    pub country: String,
    /// Given names as on the identity document.
    pub given_name: String,
    /// Surname as on the identity document.
    pub surname: String,
    /// The identifier, such as `PNOGE-01001012345`.
    pub serial_number: String,
    /// The name to show; usually given name and surname.
    pub common_name: String,
    /// The name in another script, as the identity document spells it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub second_script: Option<PersonName>,
    /// The organisation the person acts for (C-24); the subject is still the person.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub organization: Option<String>,
    /// That organisation's registration number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub organization_identifier: Option<String>,
    /// An e-mail address to appear in the certificate.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    /// For a local identifier scheme: https addresses of the registries behind it (C-43).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub registration_authorities: Vec<String>,
}

/// A person's names in one script.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PersonName {
    /// Given names.
    pub given_name: String,
    /// Surname.
    pub surname: String,
    /// The name to show.
    pub common_name: String,
}

/// A validated person: C, O and organizationIdentifier if any, GN, SN, serialNumber, CN, each once (C-22, C-23).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NaturalPerson {
    country: String,
    name: PersonName,
    serial_number: NaturalIdentifier,
    second_script: Option<PersonName>,
    organization: Option<(String, LegalIdentifier)>,
    email: Option<String>,
    registration_authorities: Vec<HttpsUrl>,
}

impl NaturalPerson {
    /// The names in the main script.
    pub fn name(&self) -> &PersonName {
        &self.name
    }

    /// The identifier.
    pub fn serial_number(&self) -> &NaturalIdentifier {
        &self.serial_number
    }

    /// The name to show.
    pub fn common_name(&self) -> &str {
        &self.name.common_name
    }

    /// The e-mail address in the certificate.
    pub fn email(&self) -> Option<&str> {
        self.email.as_deref()
    }

    /// The organisation the person acts for, if the certificate names one (C-24): its name and identifier.
    pub fn organization(&self) -> Option<(&str, &LegalIdentifier)> {
        self.organization.as_ref().map(|(name, identifier)| (name.as_str(), identifier))
    }

    /// The registries behind a local scheme; empty for standard schemes.
    pub fn registration_authorities(&self) -> &[HttpsUrl] {
        &self.registration_authorities
    }

    /// The distinguished name.
    pub fn distinguished_name(&self) -> DistinguishedName {
        let organization = self.organization.as_ref();
        NameBuilder::default()
            .printable(&oid::COUNTRY_NAME, &self.country)
            .utf8_opt(&oid::ORGANIZATION_NAME, organization.map(|(name, _)| name.as_str()))
            .utf8_opt(&oid::ORGANIZATION_IDENTIFIER, organization.map(|(_, id)| id.as_str()))
            .utf8(&oid::GIVEN_NAME, &self.name.given_name)
            .utf8(&oid::SURNAME, &self.name.surname)
            .printable(&oid::SERIAL_NUMBER, self.serial_number.as_str())
            .utf8(&oid::COMMON_NAME, &self.name.common_name)
            .build()
    }

    /// The name in the second script, for subjectAltName (C-28): the names only, what identifies is in the subject.
    pub(crate) fn second_distinguished_name(&self) -> Option<DistinguishedName> {
        self.second_script.as_ref().map(|second| {
            NameBuilder::default()
                .printable(&oid::COUNTRY_NAME, &self.country)
                .utf8(&oid::GIVEN_NAME, &second.given_name)
                .utf8(&oid::SURNAME, &second.surname)
                .utf8(&oid::COMMON_NAME, &second.common_name)
                .build()
        })
    }
}

/// The fields of a name in their order: given name, surname, common name.
type NameFields = [&'static str; 3];
const MAIN: NameFields = ["given_name", "surname", "common_name"];
const SECOND: NameFields = ["second_script.given_name", "second_script.surname", "second_script.common_name"];

/// Reads the three texts of a name: each of one script, and of the same one (C-27).
fn read_name(findings: &mut Findings, fields: NameFields, name: PersonName) -> Option<(PersonName, Scripts)> {
    let PersonName { given_name, surname, common_name } = name;
    let given_name = text::read_person(findings, fields[0], &given_name, MAX_PERSON_NAME);
    let surname = text::read_person(findings, fields[1], &surname, MAX_PERSON_NAME);
    let common_name = text::read_person(findings, fields[2], &common_name, MAX_NAME);
    let ((given_name, a), (surname, b), (common_name, c)) = (given_name?, surname?, common_name?);
    let field = if a == b { fields[2] } else { fields[1] };
    let scripts = a.and(&b).and(&c);
    if scripts.only().is_none() {
        findings.add(field, "C-27", "must be of the same script as the given name");
        return None;
    }
    Some((PersonName { given_name, surname, common_name }, scripts))
}

/// Reads the organisation a person acts for: both of its fields or none (C-24).
fn read_organization(
    findings: &mut Findings,
    name: Option<String>,
    identifier: Option<String>,
) -> Option<(String, LegalIdentifier)> {
    match (name, identifier) {
        (None, None) => None,
        (Some(name), Some(identifier)) => {
            let name = text::read_organisation(findings, "organization", &name);
            let identifier = LegalIdentifier::read(findings, "organization_identifier", &identifier);
            if identifier.as_ref().is_some_and(LegalIdentifier::is_local_scheme) {
                findings.add(
                    "organization_identifier",
                    "C-43",
                    "must be of a standard scheme beside a person's name",
                );
            }
            Some((name?.0, identifier?))
        }
        (Some(_), None) => {
            findings.add("organization_identifier", "C-24", "must be given with the organisation");
            None
        }
        (None, Some(_)) => {
            findings.add("organization", "C-24", "must be given with the organisation's identifier");
            None
        }
    }
}

impl TryFrom<NaturalPersonDraft> for NaturalPerson {
    type Error = FieldErrors;

    fn try_from(draft: NaturalPersonDraft) -> Result<Self, FieldErrors> {
        let NaturalPersonDraft {
            country,
            given_name,
            surname,
            serial_number,
            common_name,
            second_script,
            organization,
            organization_identifier,
            email,
            registration_authorities,
        } = draft;
        let mut findings = Findings::default();
        let country = text::read_country(&mut findings, "country", &country);
        let name = read_name(&mut findings, MAIN, PersonName { given_name, surname, common_name });
        let serial_number = NaturalIdentifier::read(&mut findings, "serial_number", &serial_number);
        let local_scheme = serial_number.as_ref().map(NaturalIdentifier::is_local_scheme);
        let registration_authorities =
            read_authorities(&mut findings, local_scheme, &registration_authorities);
        let second_script = second_script.and_then(|second| read_name(&mut findings, SECOND, second));
        if let (Some((_, first)), Some((_, second))) = (&name, &second_script)
            && first == second
        {
            findings.add("second_script", "C-28", "must be in another script than the name");
        }
        let organization = read_organization(&mut findings, organization, organization_identifier);
        let email = email.and_then(|email| text::read_email(&mut findings, "email", &email));
        match (country, name, serial_number) {
            (Some(country), Some((name, _)), Some(serial_number)) if findings.none() => Ok(Self {
                country,
                name,
                serial_number,
                second_script: second_script.map(|(second, _)| second),
                organization,
                email,
                registration_authorities,
            }),
            _ => Err(findings.into_errors()),
        }
    }
}

impl From<NaturalPerson> for NaturalPersonDraft {
    fn from(person: NaturalPerson) -> Self {
        let NaturalPerson {
            country,
            name: PersonName { given_name, surname, common_name },
            serial_number,
            second_script,
            organization,
            email,
            registration_authorities,
        } = person;
        let (organization, organization_identifier) =
            organization.map(|(name, identifier)| (name, identifier.to_string())).unzip();
        Self {
            country,
            given_name,
            surname,
            serial_number: serial_number.to_string(),
            common_name,
            second_script,
            organization,
            organization_identifier,
            email,
            registration_authorities: registration_authorities.into_iter().map(String::from).collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use crate::{Subject, SubjectDraft};

    const PERSON: &str = r#"{"type":"natural-person","country":"GE","given_name":"ნინო","surname":"ბერიძე",
        "serial_number":"PNOGE-01001012345","common_name":"ნინო ბერიძე",
        "second_script":{"given_name":"Nino","surname":"Beridze","common_name":"Nino Beridze"},
        "email":"nino@example.ge"}"#;

    fn with(change: impl FnOnce(&mut serde_json::Value)) -> Vec<(&'static str, &'static str)> {
        let mut json: serde_json::Value = serde_json::from_str(PERSON).unwrap();
        change(&mut json);
        let draft: SubjectDraft = serde_json::from_value(json).unwrap();
        match Subject::try_from(draft) {
            Ok(_) => Vec::new(),
            Err(errors) => errors.into_iter().map(|e| (e.field, e.clause)).collect(),
        }
    }

    #[test]
    fn json_round_trips_as_it_was_shown() {
        let subject: Subject = serde_json::from_str(PERSON).unwrap();
        let again = serde_json::to_value(&subject).unwrap();
        assert_eq!(again, serde_json::from_str::<serde_json::Value>(PERSON).unwrap());
        assert!(serde_json::from_str::<Subject>(&PERSON.replace("\"email\"", "\"e_mail\"")).is_err());
    }

    #[test]
    fn der_has_the_attributes_in_order() {
        let subject: Subject = serde_json::from_str(PERSON).unwrap();
        assert_eq!(
            subject.distinguished_name().to_string(),
            "C=GE, GN=ნინო, SN=ბერიძე, serialNumber=PNOGE-01001012345, CN=ნინო ბერიძე"
        );
        assert_eq!(subject.alternative_names().len(), 2);
    }

    proptest! {
        /// Whatever passes says the same again after a round through an order.
        #[test]
        fn no_text_panics_and_what_passes_is_stable(given in "(\\PC|[ა-ჰ]|[a-z]){1,8}", script in 0usize..3) {
            let surname = ["ბერიძე", "Beridze", "Беридзе"][script];
            let mut json: serde_json::Value = serde_json::from_str(PERSON).unwrap();
            json["given_name"] = given.into();
            json["surname"] = surname.into();
            json["common_name"] = surname.into();
            json.as_object_mut().unwrap().remove("second_script");
            let draft: SubjectDraft = serde_json::from_value(json).unwrap();
            if let Ok(subject) = Subject::try_from(draft) {
                let again: Subject = serde_json::from_value(serde_json::to_value(&subject).unwrap()).unwrap();
                prop_assert_eq!(again, subject);
            }
        }
    }

    #[test]
    fn refusals_name_field_and_clause() {
        assert_eq!(with(|_| ()), []);
        assert_eq!(with(|p| p["surname"] = "Beridze".into()), [("surname", "C-27")]);
        assert_eq!(with(|p| p["common_name"] = "Nino Beridze".into()), [("common_name", "C-27")]);
        assert_eq!(with(|p| p["given_name"] = "ᲜᲘᲜᲝ".into()), [("given_name", "G-43")]);
        assert_eq!(with(|p| p["serial_number"] = "PNOGE-1".into()), [("serial_number", "G-40")]);
        assert_eq!(
            with(|p| p["second_script"]["given_name"] = "ნინო".into()),
            [("second_script.surname", "C-27")]
        );
        assert_eq!(with(|p| p["organization"] = "მერია".into()), [("organization_identifier", "C-24")]);
        assert_eq!(with(|p| p["email"] = "nino".into()), [("email", "RFC 5280 §4.2.1.6")]);
    }
}
