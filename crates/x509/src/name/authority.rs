//! The provider as a CA, a TSU or an OCSP responder.

use serde::{Deserialize, Serialize};

use super::dn::{DistinguishedName, NameBuilder};
use super::error::{FieldErrors, Findings};
use super::identifier::LegalIdentifier;
use super::text;
use crate::oid;

/// An authority's name as it comes in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AuthorityDraft {
    /// Where the provider is established, ISO 3166-1.
    pub country: String,
    /// The provider's full registered name.
    pub organization: String,
    /// The provider's registration number, such as `NTRGE-404123456`.
    pub organization_identifier: String,
    /// The name of this CA, TSU or responder, unique among them.
    pub common_name: String,
}

/// A validated authority's name: C, O, organizationIdentifier, CN, each once (C-21).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Authority {
    country: String,
    organization: String,
    organization_identifier: LegalIdentifier,
    common_name: String,
}

impl Authority {
    /// The provider's full registered name.
    pub fn organization(&self) -> &str {
        &self.organization
    }

    /// The authority's own name.
    pub fn common_name(&self) -> &str {
        &self.common_name
    }

    /// The distinguished name.
    pub fn distinguished_name(&self) -> DistinguishedName {
        NameBuilder::default()
            .printable(&oid::COUNTRY_NAME, &self.country)
            .utf8(&oid::ORGANIZATION_NAME, &self.organization)
            .utf8(&oid::ORGANIZATION_IDENTIFIER, self.organization_identifier.as_str())
            .utf8(&oid::COMMON_NAME, &self.common_name)
            .build()
    }
}

impl TryFrom<AuthorityDraft> for Authority {
    type Error = FieldErrors;

    fn try_from(draft: AuthorityDraft) -> Result<Self, FieldErrors> {
        let AuthorityDraft { country, organization, organization_identifier, common_name } = draft;
        let mut findings = Findings::default();
        let country = text::read_country(&mut findings, "country", &country);
        let organization = text::read_organisation(&mut findings, "organization", &organization);
        let identifier =
            LegalIdentifier::read(&mut findings, "organization_identifier", &organization_identifier);
        let common_name = text::read_organisation(&mut findings, "common_name", &common_name);
        // The authority has no qcStatements to name a local scheme's registry in (C-43).
        if identifier.as_ref().is_some_and(LegalIdentifier::is_local_scheme) {
            findings.add("organization_identifier", "C-21", "must be of a standard scheme, such as NTR");
        }
        match (country, organization, identifier, common_name) {
            (
                Some(country),
                Some((organization, _)),
                Some(organization_identifier),
                Some((common_name, _)),
            ) if findings.none() => Ok(Self { country, organization, organization_identifier, common_name }),
            _ => Err(findings.into_errors()),
        }
    }
}

impl From<Authority> for AuthorityDraft {
    fn from(authority: Authority) -> Self {
        let Authority { country, organization, organization_identifier, common_name } = authority;
        Self {
            country,
            organization,
            organization_identifier: organization_identifier.to_string(),
            common_name,
        }
    }
}
