//! Standing authorisations of responders, and the ends of CAs, drafted for two security officers to sign (design §3, ADR 0007).

use ndoba_order::{
    AuthoriseResponder, EndResponder, GrantDocument, Register, RevokeCa, SucceedCa, TerminateCa,
};
use ndoba_types::{OrderId, SubjectPublicKeyInfo, UtcTime};
use ndoba_x509::{Authority, AuthorityDraft, RevocationReason, Subject};
use serde::{Deserialize, Serialize};

use super::{Registration, ServiceError};

/// A standing authorisation to be.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct AuthoriseResponderRequest {
    /// The CA's name.
    pub ca: String,
    /// The enrolment key's SubjectPublicKeyInfo, DER, hexadecimal.
    pub enrolment: String,
    /// The name of a responder profile.
    pub profile: String,
    /// Of the responder's name: the country, two letters.
    pub country: String,
    /// Of the responder's name: the provider.
    pub organization: String,
    /// Of the responder's name: the provider's identifier.
    pub organization_identifier: String,
    /// Of the responder's name: the common name.
    pub common_name: String,
    /// Days of validity of each certificate.
    pub days: u32,
    /// How many certificates at most.
    pub count: u32,
    /// Until when, RFC 3339.
    pub not_after: String,
}

/// The end of a standing authorisation.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct EndResponderRequest {
    /// The CA's name.
    pub ca: String,
}

/// The end of a CA.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct TerminateCaRequest {
    /// The CA's name.
    pub ca: String,
}

/// The revocation of a CA.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct RevokeCaRequest {
    /// The CA's name.
    pub ca: String,
    /// Why, by its name in RFC 5280.
    pub reason: String,
}

/// The next key of a CA, and from when on it issues.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct SucceedCaRequest {
    /// The present CA's name.
    pub ca: String,
    /// The name of the one that follows it.
    pub next: String,
    /// From when, RFC 3339; now if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
}

impl Registration {
    pub(super) fn succession_of_ca(
        &self,
        register: &Register,
        succeed: &SucceedCaRequest,
    ) -> Result<GrantDocument, ServiceError> {
        let created = self.clock.now().floor_to_second();
        let from: UtcTime = succeed
            .from
            .as_ref()
            .map_or(Ok(created), |text| text.parse())
            .map_err(|error| ServiceError::field("/from", "time.form", None, format!("{error}")))?;
        if from < created {
            let message = "must not lie in the past: what was issued stays issued";
            return Err(ServiceError::field("/from", "time.past", None, message));
        }
        Ok(GrantDocument::SucceedCa(SucceedCa {
            installation: self.settings.installation,
            seq: register.next_seq(),
            prev: register.head(),
            ca: self.ca_key("/ca", &succeed.ca)?,
            next: self.ca_key("/next", &succeed.next)?,
            from,
            created,
        }))
    }

    pub(super) fn revocation_of_ca(
        &self,
        register: &Register,
        revoke: &RevokeCaRequest,
    ) -> Result<GrantDocument, ServiceError> {
        let reason: Option<RevocationReason> = revoke.reason.parse().ok();
        let reason = reason.filter(|reason| RevokeCa::REASONS.contains(reason)).ok_or_else(|| {
            let names = RevokeCa::REASONS.map(RevocationReason::name).join(", ");
            ServiceError::field("/reason", "choice.unknown", Some("C-107"), format!("must be one of {names}"))
        })?;
        Ok(GrantDocument::RevokeCa(RevokeCa {
            installation: self.settings.installation,
            seq: register.next_seq(),
            prev: register.head(),
            ca: self.ca_key("/ca", &revoke.ca)?,
            reason,
            created: self.clock.now().floor_to_second(),
        }))
    }

    pub(super) fn end_of_ca(
        &self,
        register: &Register,
        end: &TerminateCaRequest,
    ) -> Result<GrantDocument, ServiceError> {
        Ok(GrantDocument::TerminateCa(TerminateCa {
            installation: self.settings.installation,
            seq: register.next_seq(),
            prev: register.head(),
            ca: self.ca_key("/ca", &end.ca)?,
            created: self.clock.now().floor_to_second(),
        }))
    }

    pub(super) fn authorisation_of(
        &self,
        register: &Register,
        request: &AuthoriseResponderRequest,
    ) -> Result<GrantDocument, ServiceError> {
        let profile = self.settings.responder_profiles.iter().find(|one| one.name == request.profile);
        let profile = profile.cloned().ok_or_else(|| {
            ServiceError::field("/profile", "choice.unknown", None, "must be the name of a responder profile")
        })?;
        let Ok(enrolment) = hex::decode(&request.enrolment) else {
            let message = "must be a SubjectPublicKeyInfo in hexadecimal digits";
            return Err(ServiceError::field("/enrolment", "key.form", None, message));
        };
        let not_after: UtcTime = request
            .not_after
            .parse()
            .map_err(|error| ServiceError::field("/not_after", "time.form", None, format!("{error}")))?;
        let subject = Authority::try_from(AuthorityDraft {
            country: request.country.clone(),
            organization: request.organization.clone(),
            organization_identifier: request.organization_identifier.clone(),
            common_name: request.common_name.clone(),
        })
        .map_err(|error| ServiceError::field("/common_name", "name.form", None, error.to_string()))?;
        let created = self.clock.now().floor_to_second();
        Ok(GrantDocument::AuthoriseResponder(Box::new(AuthoriseResponder {
            installation: self.settings.installation,
            seq: register.next_seq(),
            prev: register.head(),
            authorisation: OrderId::generate(self.random.as_ref())?,
            ca: self.ca_key("/ca", &request.ca)?,
            enrolment: SubjectPublicKeyInfo::assertion(enrolment),
            profile,
            subject: Subject::Authority(subject),
            days: request.days,
            count: request.count,
            not_before: created,
            not_after,
            created,
        })))
    }

    pub(super) fn end_of_authorisation(
        &self,
        register: &Register,
        end: &EndResponderRequest,
    ) -> Result<GrantDocument, ServiceError> {
        let in_force = register.responder_authorisation(self.ca_key("/ca", &end.ca)?);
        let Some(authorisation) = in_force.filter(|one| one.ended().is_none()) else {
            return Err(ServiceError::Unknown { what: "standing authorisation for that CA" });
        };
        Ok(GrantDocument::EndResponder(EndResponder {
            installation: self.settings.installation,
            seq: register.next_seq(),
            prev: register.head(),
            authorisation: authorisation.id(),
            created: self.clock.now().floor_to_second(),
        }))
    }

    fn ca_key(&self, field: &'static str, ca: &str) -> Result<ndoba_x509::KeyIdentifier, ServiceError> {
        let found = self.settings.authorities.iter().find(|(name, _)| name.as_str() == ca);
        found.map(|(_, key)| *key).ok_or_else(|| {
            let message = "must be the name of a CA of this installation";
            ServiceError::field(field, "choice.unknown", None, message)
        })
    }
}
