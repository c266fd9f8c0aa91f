//! Officers, grants and profiles as the API shows them.

use ndoba_registration::ports::GrantRecord;
use ndoba_registration::{GrantDraft, Officer, Permission, ProfileOffer, RegisteredOfficer, allows};
use ndoba_types::InstallationId;
use serde::Serialize;
use utoipa::ToSchema;

/// The officer who asks.
#[derive(Serialize, ToSchema)]
pub(crate) struct WhoAmI {
    /// The officer's identifier.
    officer: String,
    /// SHA-256 over the officer's SubjectPublicKeyInfo.
    key: String,
    /// The roles in force.
    roles: Vec<&'static str>,
    /// What they allow.
    permissions: Vec<String>,
    /// The installation, as everything that officers sign names it.
    installation: String,
}

impl WhoAmI {
    pub(crate) fn of(officer: &Officer, installation: InstallationId) -> Self {
        let allowed = |permission: &Permission| officer.roles.iter().any(|role| allows(*role, *permission));
        Self {
            officer: officer.id.to_string(),
            key: officer.key.to_string(),
            roles: officer.roles.iter().map(|role| role.name()).collect(),
            permissions: Permission::ALL.iter().filter(|p| allowed(p)).map(|p| p.name().to_owned()).collect(),
            installation: installation.to_string(),
        }
    }
}

/// A certificate profile on offer.
#[derive(Serialize, ToSchema)]
pub(crate) struct ProfileView {
    /// Its name.
    name: String,
    /// SHA-256 over its description, as orders name it.
    digest: String,
    /// `natural-person` or `legal-person`.
    subject: &'static str,
    /// Whether its certificates name the organisation that the person acts for.
    organisation: bool,
    /// By which kinds of identifiers its certificates name subjects, such as `PNO` and `PAS`.
    identifiers: Vec<&'static str>,
    /// Whether the key must be shown to be in a qualified device.
    device: bool,
    /// The CA that issues it.
    ca: String,
    /// The most days of validity.
    max_days: u32,
}

impl From<&ProfileOffer> for ProfileView {
    fn from(offer: &ProfileOffer) -> Self {
        let ProfileOffer { name, digest, subject, organisation, identifiers, device, ca, max_days } = offer;
        Self {
            name: name.clone(),
            digest: digest.to_string(),
            subject: subject.name(),
            organisation: *organisation,
            identifiers: identifiers.iter().map(|kind| kind.name()).collect(),
            device: *device,
            ca: ca.to_string(),
            max_days: *max_days,
        }
    }
}

/// An officer as the register has them now.
#[derive(Serialize, ToSchema)]
pub(crate) struct OfficerView {
    /// The officer's identifier.
    officer: String,
    /// The name to show, where the grant has one.
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    /// SHA-256 over the officer's SubjectPublicKeyInfo.
    key: String,
    /// The granted roles.
    roles: Vec<&'static str>,
    /// The office.
    #[serde(skip_serializing_if = "Option::is_none")]
    office: Option<String>,
    /// From when; absent for the pinned.
    #[serde(skip_serializing_if = "Option::is_none")]
    not_before: Option<String>,
    /// Until when; absent for the pinned.
    #[serde(skip_serializing_if = "Option::is_none")]
    not_after: Option<String>,
    /// Whether the roles are in force now.
    active: bool,
}

impl From<RegisteredOfficer> for OfficerView {
    fn from(officer: RegisteredOfficer) -> Self {
        let RegisteredOfficer { id, name, key, roles, office, not_before, not_after, active } = officer;
        Self {
            officer: id.to_string(),
            name,
            key: key.to_string(),
            roles: roles.into_iter().map(|role| role.name()).collect(),
            office,
            not_before: not_before.map(|at| at.to_string()),
            not_after: not_after.map(|at| at.to_string()),
            active,
        }
    }
}

/// A document of the register.
#[derive(Serialize, ToSchema)]
pub(crate) struct GrantView {
    /// Its place in the chain, from 1.
    seq: u64,
    /// The canonical JSON text, exactly as it is signed.
    content: String,
    /// Flattened JWS with detached payload, JSON texts.
    signatures: Vec<String>,
    /// When it entered the register.
    appended: String,
}

impl From<GrantRecord> for GrantView {
    fn from(grant: GrantRecord) -> Self {
        let GrantRecord { seq, document, signatures, appended } = grant;
        Self {
            seq,
            content: String::from_utf8_lossy(&document).into_owned(),
            signatures,
            appended: appended.to_string(),
        }
    }
}

/// A document of the register to be signed.
#[derive(Serialize, ToSchema)]
pub(crate) struct GrantDraftView {
    /// The canonical JSON text to sign and send back.
    content: String,
    /// SHA-256 over its octets.
    digest: String,
}

impl From<GrantDraft> for GrantDraftView {
    fn from(draft: GrantDraft) -> Self {
        let GrantDraft { content, digest } = draft;
        Self { content: String::from_utf8_lossy(&content).into_owned(), digest: digest.to_string() }
    }
}
