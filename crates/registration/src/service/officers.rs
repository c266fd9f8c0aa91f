//! Who is asking: a key, and what the register says of it now.

use ndoba_order::{Office, Register, Role};
use ndoba_types::{OfficerId, Sha256Digest};

use super::{Registration, ServiceError};

/// An officer with roles in force, as the register had them when asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Officer {
    /// Who.
    pub id: OfficerId,
    /// SHA-256 over the officer's SubjectPublicKeyInfo.
    pub key: Sha256Digest,
    /// The commitment to the person; absent for pinned officers without one.
    pub person: Option<Sha256Digest>,
    /// What they may do.
    pub roles: Vec<Role>,
    /// Where; absent for pinned security officers.
    pub office: Option<Office>,
}

impl Registration {
    /// The officer whose key this is, asked of the register now: an appointment that ended a moment ago counts no more.
    ///
    /// # Inputs
    ///
    /// - `key` – SHA-256 over the SubjectPublicKeyInfo of which the peer proved possession.
    ///
    /// # Errors
    ///
    /// [`ServiceError::NotAnOfficer`], recorded as an event, or counted (OVR-6.4.5-02).
    pub fn authenticate(&self, key: Sha256Digest) -> Result<Officer, ServiceError> {
        let register = self.register()?;
        if let Some(officer) = self.officer_by(&register, key) {
            return Ok(officer);
        }
        let code = if register.by_key(key).is_some() { "not-in-office" } else { "unknown-key" };
        self.refuse_login(key, code)?;
        Err(ServiceError::NotAnOfficer)
    }

    /// The officer in office now with this key, by that register.
    pub(super) fn officer_by(&self, register: &Register, key: Sha256Digest) -> Option<Officer> {
        let found = register.by_key(key).filter(|found| found.is_active(self.clock.now()))?;
        let roles = found.roles.iter().collect();
        let office = found.office.clone();
        Some(Officer { id: found.officer, key, person: found.person, roles, office })
    }
}
