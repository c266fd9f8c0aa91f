//! Roles of officers, and roles of signatures.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// What an officer may be (EN 319 401 §7.2, EN 319 411-1 §6.4.3; requirements P-01).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Role {
    /// Installs, configures, recovers.
    Administrator,
    /// Approves what another officer submitted.
    Approver,
    /// Reads archives and audit logs, changes nothing.
    Auditor,
    /// No person but a service of registration's: suspends for subscribers who give their codes.
    Desk,
    /// Runs the systems day by day, and backs them up.
    Operator,
    /// Vets applicants and submits.
    RegistrationOfficer,
    /// Revokes and suspends.
    RevocationOfficer,
    /// Appoints officers and ends appointments.
    SecurityOfficer,
}

impl Role {
    /// All roles, by name.
    pub const ALL: [Self; 8] = [
        Self::Administrator,
        Self::Approver,
        Self::Auditor,
        Self::Desk,
        Self::Operator,
        Self::RegistrationOfficer,
        Self::RevocationOfficer,
        Self::SecurityOfficer,
    ];

    /// The name in documents.
    pub fn name(self) -> &'static str {
        match self {
            Self::Administrator => "administrator",
            Self::Approver => "approver",
            Self::Auditor => "auditor",
            Self::Desk => "desk",
            Self::Operator => "operator",
            Self::RegistrationOfficer => "registration-officer",
            Self::RevocationOfficer => "revocation-officer",
            Self::SecurityOfficer => "security-officer",
        }
    }

    /// Whether who holds it takes part in registration.
    pub fn is_registration(self) -> bool {
        match self {
            Self::Approver | Self::RegistrationOfficer | Self::RevocationOfficer => true,
            Self::Administrator | Self::Auditor | Self::Desk | Self::Operator | Self::SecurityOfficer => {
                false
            }
        }
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Role {
    type Err = BadRole;

    fn from_str(text: &str) -> Result<Self, BadRole> {
        Self::ALL.into_iter().find(|role| role.name() == text).ok_or(BadRole)
    }
}

/// Not the name of a role.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("this is not the name of a role")]
pub struct BadRole;

/// The roles that one officer holds: at least one, none that exclude each other, in order of their names.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Vec<String>", into = "Vec<String>")]
pub struct Roles(Vec<Role>);

impl Roles {
    /// Puts roles together.
    ///
    /// # Errors
    ///
    /// [`IncompatibleRoles`] for none, for a security officer with a registration role (design §3), and for an
    /// auditor or a service with any other role (P-03).
    pub fn new(roles: impl IntoIterator<Item = Role>) -> Result<Self, IncompatibleRoles> {
        let mut roles: Vec<Role> = roles.into_iter().collect();
        roles.sort_unstable_by_key(|role| role.name());
        roles.dedup();
        let security =
            roles.contains(&Role::SecurityOfficer) && roles.iter().any(|role| role.is_registration());
        let alone = [Role::Auditor, Role::Desk];
        let alone = roles.iter().any(|role| alone.contains(role)) && roles.len() > 1;
        if roles.is_empty() || security || alone { Err(IncompatibleRoles) } else { Ok(Self(roles)) }
    }

    /// Whether `role` is among them.
    pub fn contains(&self, role: Role) -> bool {
        self.0.contains(&role)
    }

    /// The roles, in order of their names.
    pub fn iter(&self) -> impl Iterator<Item = Role> + '_ {
        self.0.iter().copied()
    }
}

impl TryFrom<Vec<String>> for Roles {
    type Error = IncompatibleRoles;

    fn try_from(names: Vec<String>) -> Result<Self, IncompatibleRoles> {
        let roles: Result<Vec<Role>, BadRole> = names.iter().map(|name| name.parse()).collect();
        Self::new(roles.map_err(|_| IncompatibleRoles)?)
    }
}

impl From<Roles> for Vec<String> {
    fn from(roles: Roles) -> Self {
        roles.0.into_iter().map(|role| role.name().to_owned()).collect()
    }
}

/// No role, an unknown one, or roles that one person must not hold together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "an officer holds at least one known role; a security officer no role in registration, an auditor and a service no other role"
)]
pub struct IncompatibleRoles;

/// As what a signature was made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum SignerRole {
    /// Whose appointment it is: signs that it is accepted.
    Appointed,
    /// Who approves what the submitter signed.
    Approver,
    /// The service that suspends by code.
    Desk,
    /// Who measures from outside; such a signature entitles to nothing.
    Observer,
    /// Who revokes or suspends.
    RevocationOfficer,
    /// Who signs over the first security officer's signature.
    SecondSecurityOfficer,
    /// Who appoints or ends an appointment, or lets a time-stamping unit have another key.
    SecurityOfficer,
    /// Who vetted and submits.
    Submitter,
}

impl SignerRole {
    const ALL: [Self; 8] = [
        Self::Appointed,
        Self::Approver,
        Self::Desk,
        Self::Observer,
        Self::RevocationOfficer,
        Self::SecondSecurityOfficer,
        Self::SecurityOfficer,
        Self::Submitter,
    ];

    /// The name in signatures.
    pub fn name(self) -> &'static str {
        match self {
            Self::Appointed => "appointed",
            Self::Approver => "approver",
            Self::Desk => "desk",
            Self::Observer => "observer",
            Self::RevocationOfficer => "revocation-officer",
            Self::SecondSecurityOfficer => "second-security-officer",
            Self::SecurityOfficer => "security-officer",
            Self::Submitter => "submitter",
        }
    }

    /// The officer's role that entitles to sign so; none for who signs an appointment of their own.
    pub fn required(self) -> Option<Role> {
        match self {
            Self::Appointed => None,
            Self::Approver => Some(Role::Approver),
            Self::Desk => Some(Role::Desk),
            Self::Observer => Some(Role::Operator),
            Self::RevocationOfficer => Some(Role::RevocationOfficer),
            Self::SecondSecurityOfficer | Self::SecurityOfficer => Some(Role::SecurityOfficer),
            Self::Submitter => Some(Role::RegistrationOfficer),
        }
    }
}

impl fmt::Display for SignerRole {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for SignerRole {
    type Err = BadRole;

    fn from_str(text: &str) -> Result<Self, BadRole> {
        Self::ALL.into_iter().find(|role| role.name() == text).ok_or(BadRole)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn segregation() {
        for registration in [Role::Approver, Role::RegistrationOfficer, Role::RevocationOfficer] {
            assert_eq!(Roles::new([Role::SecurityOfficer, registration]), Err(IncompatibleRoles));
        }
        assert_eq!(Roles::new([]), Err(IncompatibleRoles));
        assert_eq!(Roles::new([Role::Auditor, Role::Operator]), Err(IncompatibleRoles));
        for other in [Role::RevocationOfficer, Role::SecurityOfficer, Role::Operator] {
            assert_eq!(Roles::new([Role::Desk, other]), Err(IncompatibleRoles));
        }
        // Never on the same order, but the same person may hold both (design §3).
        assert!(Roles::new([Role::RegistrationOfficer, Role::Approver]).is_ok());
        for role in Role::ALL {
            assert_eq!(role.name().parse(), Ok(role));
        }
    }
}
