//! Whose work an officer may see and touch: that of officers in the same office and beneath it (design §3).
//!
//! Revocation officers and auditors are not bound to an office in what they read of certificates and orders: a request to
//! revoke is served by whoever is on duty (C-100), and the log is one.

use ndoba_order::{Office, Register, Role};
use ndoba_types::OfficerId;

use super::{Officer, Registration, ServiceError};

/// What is looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sight {
    /// Applications: always bound to the office.
    Applications,
    /// Certificates and orders: bound to it for who vets and approves only.
    Certificates,
}

impl Registration {
    /// The officers whose work `officer` may see; `None`: everyone's.
    pub(super) fn reach(
        &self,
        officer: &Officer,
        sight: Sight,
    ) -> Result<Option<Vec<OfficerId>>, ServiceError> {
        if is_everywhere(officer, sight) {
            return Ok(None);
        }
        let register = self.register()?;
        let mut known: Vec<OfficerId> = register.appointments().iter().map(|one| one.officer).collect();
        known.sort_unstable();
        known.dedup();
        let everyone = known.len();
        known.retain(|other| covers(&register, officer, *other));
        Ok((known.len() < everyone).then_some(known))
    }

    /// The officers who work in `office` and beneath it now, as far as they are within `reach`.
    pub(super) fn of_office(
        &self,
        office: &Office,
        reach: Option<&[OfficerId]>,
    ) -> Result<Vec<OfficerId>, ServiceError> {
        let register = self.register()?;
        let mut known: Vec<OfficerId> = register.appointments().iter().map(|one| one.officer).collect();
        known.sort_unstable();
        known.dedup();
        known.retain(|one| {
            let works = register.officer(*one).and_then(|one| one.office.as_ref());
            works.is_some_and(|theirs| office.covers(theirs)) && reach.is_none_or(|those| those.contains(one))
        });
        Ok(known)
    }

    /// Refuses what another office did, as if it were not there, and records that somebody tried.
    pub(super) fn within_reach(
        &self,
        officer: &Officer,
        sight: Sight,
        of: OfficerId,
        what: &'static str,
    ) -> Result<(), ServiceError> {
        if is_everywhere(officer, sight) || covers(&*self.register()?, officer, of) {
            return Ok(());
        }
        self.refuse(officer.id, what.into(), "other-office".into())?;
        Err(ServiceError::Unknown { what })
    }
}

fn is_everywhere(officer: &Officer, sight: Sight) -> bool {
    let duty = |role: &Role| matches!(role, Role::Auditor | Role::RevocationOfficer);
    sight == Sight::Certificates && officer.roles.iter().any(duty)
}

/// By the latest appointment of who did it: an officer's work moves with the officer.
fn covers(register: &Register, officer: &Officer, other: OfficerId) -> bool {
    if officer.id == other {
        return true;
    }
    match (&officer.office, register.officer(other).and_then(|one| one.office.as_ref())) {
        (Some(own), Some(others)) => own.covers(others),
        (_, _) => false,
    }
}
