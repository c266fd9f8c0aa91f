//! Legal persons: EN 319 412-3 (C-33).

use serde::{Deserialize, Serialize};

use super::dn::{DistinguishedName, NameBuilder};
use super::error::{FieldErrors, Findings};
use super::identifier::LegalIdentifier;
use super::text;
use crate::oid;
use crate::url::HttpsUrl;

/// An organisation as it comes in. Every text is kept as written, but for Unicode's NFC.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LegalPersonDraft {
    /// Where it is established, ISO 3166-1.
    pub country: String,
    /// The full registered name.
    pub organization: String,
    /// The registration number, such as `NTRGE-404123456`.
    pub organization_identifier: String,
    /// The name by which it is commonly known.
    pub common_name: String,
    /// The names in another script.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub second_script: Option<OrganisationName>,
    /// An e-mail address to appear in the certificate.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    /// For a local identifier scheme: https addresses of the registries behind it (C-43).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub registration_authorities: Vec<String>,
}

/// An organisation's names in one script.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OrganisationName {
    /// The full name.
    pub organization: String,
    /// The common name.
    pub common_name: String,
}

/// A validated organisation: C, O, organizationIdentifier, CN, each exactly once (C-33).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LegalPerson {
    country: String,
    organization: String,
    organization_identifier: LegalIdentifier,
    common_name: String,
    second_script: Option<OrganisationName>,
    email: Option<String>,
    registration_authorities: Vec<HttpsUrl>,
}

impl LegalPerson {
    /// The full registered name.
    pub fn organization(&self) -> &str {
        &self.organization
    }

    /// The registration number.
    pub fn organization_identifier(&self) -> &LegalIdentifier {
        &self.organization_identifier
    }

    /// The name by which it is commonly known.
    pub fn common_name(&self) -> &str {
        &self.common_name
    }

    /// The e-mail address in the certificate.
    pub fn email(&self) -> Option<&str> {
        self.email.as_deref()
    }

    /// The registries behind a local scheme; empty for standard schemes.
    pub fn registration_authorities(&self) -> &[HttpsUrl] {
        &self.registration_authorities
    }

    /// The distinguished name.
    pub fn distinguished_name(&self) -> DistinguishedName {
        self.name_with(&self.organization, &self.common_name)
    }

    /// The same in the second script, for subjectAltName (C-28).
    pub(crate) fn second_distinguished_name(&self) -> Option<DistinguishedName> {
        self.second_script.as_ref().map(|second| self.name_with(&second.organization, &second.common_name))
    }

    fn name_with(&self, organization: &str, common_name: &str) -> DistinguishedName {
        NameBuilder::default()
            .printable(&oid::COUNTRY_NAME, &self.country)
            .utf8(&oid::ORGANIZATION_NAME, organization)
            .utf8(&oid::ORGANIZATION_IDENTIFIER, self.organization_identifier.as_str())
            .utf8(&oid::COMMON_NAME, common_name)
            .build()
    }
}

impl TryFrom<LegalPersonDraft> for LegalPerson {
    type Error = FieldErrors;

    fn try_from(draft: LegalPersonDraft) -> Result<Self, FieldErrors> {
        let LegalPersonDraft {
            country,
            organization,
            organization_identifier,
            common_name,
            second_script,
            email,
            registration_authorities,
        } = draft;
        let mut findings = Findings::default();
        let country = text::read_country(&mut findings, "country", &country);
        let organization = text::read_organisation(&mut findings, "organization", &organization);
        let identifier =
            LegalIdentifier::read(&mut findings, "organization_identifier", &organization_identifier);
        if let (Some(country), Some(identifier)) = (&country, &identifier) {
            check_country(&mut findings, country, identifier);
            if organization.as_ref().is_some_and(|(name, _)| name == identifier.as_str()) {
                findings.add("organization", "C-33", "must be the name, not the registration number");
            }
        }
        let local_scheme = identifier.as_ref().map(LegalIdentifier::is_local_scheme);
        let registration_authorities =
            read_authorities(&mut findings, local_scheme, &registration_authorities);
        let common_name = text::read_organisation(&mut findings, "common_name", &common_name);
        let second_script = second_script.map(|second| {
            let name =
                text::read_organisation(&mut findings, "second_script.organization", &second.organization);
            let common =
                text::read_organisation(&mut findings, "second_script.common_name", &second.common_name);
            if let (Some((_, first)), Some((_, second))) = (&organization, &name)
                && first == second
            {
                findings.add("second_script", "C-28", "must be in another script than the name");
            }
            OrganisationName {
                organization: name.map(|read| read.0).unwrap_or_default(),
                common_name: common.map(|read| read.0).unwrap_or_default(),
            }
        });
        let email = email.and_then(|email| text::read_email(&mut findings, "email", &email));
        match (country, organization, identifier, common_name) {
            (
                Some(country),
                Some((organization, _)),
                Some(organization_identifier),
                Some((common_name, _)),
            ) if findings.none() => Ok(Self {
                country,
                organization,
                organization_identifier,
                common_name,
                second_script,
                email,
                registration_authorities,
            }),
            _ => Err(findings.into_errors()),
        }
    }
}

impl From<LegalPerson> for LegalPersonDraft {
    fn from(person: LegalPerson) -> Self {
        let LegalPerson {
            country,
            organization,
            organization_identifier,
            common_name,
            second_script,
            email,
            registration_authorities,
        } = person;
        Self {
            country,
            organization,
            organization_identifier: organization_identifier.to_string(),
            common_name,
            second_script,
            email,
            registration_authorities: registration_authorities.into_iter().map(String::from).collect(),
        }
    }
}

/// C is the country of establishment (LEG-4.2.1-4), and a register's number comes from there.
fn check_country(findings: &mut Findings, country: &str, identifier: &LegalIdentifier) {
    let of_register = match identifier.country() {
        "EL" => "GR",
        "XI" => "GB",
        other => other,
    };
    if matches!(identifier.scheme(), "NTR" | "VAT") && of_register != country {
        findings.add("organization_identifier", "C-33", "is of another country than the organisation");
    }
}

/// A local scheme means nothing without who assigns its numbers (C-43); a standard one needs none.
///
/// - `local_scheme` – whether the identifier is of one; nothing when the identifier itself is wrong.
pub(super) fn read_authorities(
    findings: &mut Findings,
    local_scheme: Option<bool>,
    authorities: &[String],
) -> Vec<HttpsUrl> {
    let mut rule = |holds: bool, message| {
        if !holds {
            findings.add("registration_authorities", "C-43", message);
        }
    };
    rule(
        local_scheme != Some(true) || !authorities.is_empty(),
        "must name the registry behind a local scheme",
    );
    rule(local_scheme != Some(false) || authorities.is_empty(), "are for local schemes only");
    let urls: Vec<HttpsUrl> = authorities.iter().filter_map(|text| text.parse().ok()).collect();
    rule(urls.len() == authorities.len(), "must be addresses that begin with https://");
    urls
}

#[cfg(test)]
mod tests {
    use super::*;

    fn draft() -> LegalPersonDraft {
        LegalPersonDraft {
            country: "GE".into(),
            organization: "თელავის მუნიციპალიტეტის მერია".into(),
            organization_identifier: "NTRGE-404123456".into(),
            common_name: "თელავის მერია".into(),
            second_script: None,
            email: None,
            registration_authorities: Vec::new(),
        }
    }

    fn errors(draft: LegalPersonDraft) -> Vec<(&'static str, &'static str)> {
        match LegalPerson::try_from(draft) {
            Ok(_) => Vec::new(),
            Err(errors) => errors.into_iter().map(|e| (e.field, e.clause)).collect(),
        }
    }

    #[test]
    fn a_municipality_and_what_is_refused() {
        assert_eq!(errors(draft()), []);
        assert_eq!(errors(LegalPersonDraft { organization: "შპს TBC".into(), ..draft() }), []);
        assert_eq!(
            errors(LegalPersonDraft { organization: "ТBС".into(), ..draft() }),
            [("organization", "C-27")]
        );
        assert_eq!(
            errors(LegalPersonDraft { country: "EE".into(), ..draft() }),
            [("organization_identifier", "C-33")]
        );
        assert_eq!(
            errors(LegalPersonDraft { organization_identifier: "GE:GE-77".into(), ..draft() }),
            [("registration_authorities", "C-43")]
        );
        let local = |authority: &str| LegalPersonDraft {
            organization_identifier: "GE:GE-77".into(),
            registration_authorities: vec![authority.into()],
            ..draft()
        };
        assert_eq!(errors(local("https://napr.gov.ge")), []);
        assert_eq!(errors(local("http://napr.gov.ge")), [("registration_authorities", "C-43")]);
        let two_wrong = LegalPersonDraft { country: "Georgia".into(), email: Some("x".into()), ..draft() };
        assert_eq!(errors(two_wrong), [("country", "C-04"), ("email", "RFC 5280 §4.2.1.6")]);
    }

    #[test]
    fn der_has_the_four_attributes_in_order() {
        let name = LegalPerson::try_from(draft()).unwrap().distinguished_name();
        assert_eq!(
            name.to_string(),
            "C=GE, O=თელავის მუნიციპალიტეტის მერია, organizationIdentifier=NTRGE-404123456, CN=თელავის მერია"
        );
    }
}
