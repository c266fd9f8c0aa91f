//! The register as officers look at it, page by page. It names officers: whom it shows is an event each.

use ndoba_order::{GrantDocument, Role};
use ndoba_types::{OfficerId, Sha256Digest, UtcTime};

use super::person_of;
use crate::permission::Permission;
use crate::ports::{GrantRecord, Page, PageRequest};
use crate::service::{Officer, Registration, ServiceError};

/// An officer as the register has them: the latest appointment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RegisteredOfficer {
    /// Who.
    pub id: OfficerId,
    /// The name that colleagues see.
    pub name: Option<String>,
    /// SHA-256 over the officer's SubjectPublicKeyInfo.
    pub key: Sha256Digest,
    /// The granted roles.
    pub roles: Vec<Role>,
    /// Where; absent for pinned security officers.
    pub office: Option<String>,
    /// From when.
    pub not_before: Option<UtcTime>,
    /// Until when; absent for pinned security officers.
    pub not_after: Option<UtcTime>,
    /// Whether it is in force.
    pub active: bool,
}

impl Registration {
    /// The register as it is stored: every document with its signatures, in the order of the chain. `after` is the place
    /// of the last one of the page before.
    ///
    /// # Errors
    ///
    /// [`ServiceError`].
    pub fn grants(&self, officer: &Officer, page: &PageRequest) -> Result<Page<GrantRecord>, ServiceError> {
        self.admit(officer, Permission::ReadRegister)?;
        let after = place(page);
        let rest = self.registry.grants()?.into_iter().filter(|grant| grant.seq > after);
        let page = cut(rest, page, |grant| grant.seq);
        let named = page.items.iter().flat_map(|grant| named_by(&grant.document)).map(person_of);
        self.note_reads(officer, named, "grants")?;
        Ok(page)
    }

    /// The officers by their latest appointments: pinned first, then in order of the chain. `after` is a place among all
    /// appointments, which only become more.
    ///
    /// # Errors
    ///
    /// [`ServiceError`].
    pub fn officers(
        &self,
        officer: &Officer,
        page: &PageRequest,
    ) -> Result<Page<RegisteredOfficer>, ServiceError> {
        self.admit(officer, Permission::ReadRegister)?;
        let register = self.register()?;
        let (now, after) = (self.clock.now(), place(page));
        let latest =
            (1u64..).zip(register.appointments()).filter(|(at, _)| *at > after).filter(|(_, one)| {
                register.officer(one.officer).is_some_and(|latest| std::ptr::eq(latest, *one))
            });
        let Page { items, next } = cut(latest, page, |(at, _)| *at);
        self.note_reads(officer, items.iter().map(|(_, one)| person_of(one.officer)), "officers")?;
        let shown = items.into_iter().map(|(_, one)| RegisteredOfficer {
            id: one.officer,
            name: one.name_shown.clone(),
            key: one.spki.fingerprint(),
            roles: one.roles.iter().collect(),
            office: one.office.as_ref().map(|office| office.as_str().to_owned()),
            not_before: Some(one.not_before),
            not_after: (one.not_after != UtcTime::NO_END).then_some(one.not_after),
            active: one.is_active(now),
        });
        Ok(Page { items: shown.collect(), next })
    }
}

/// Where the page begins: behind this place, counted from 1. Behind what is no place there is nothing.
fn place(page: &PageRequest) -> u64 {
    page.after.as_deref().map_or(0, |after| after.parse().unwrap_or(u64::MAX))
}

fn cut<T>(rest: impl Iterator<Item = T>, page: &PageRequest, place: impl Fn(&T) -> u64) -> Page<T> {
    let limit = page.limit as usize;
    let mut items: Vec<T> = rest.take(limit + 1).collect();
    let more = items.len() > limit;
    items.truncate(limit);
    let next = items.last().filter(|_| more).map(|last| place(last).to_string());
    Page { items, next }
}

/// The officers whom a document of the register names; one about a CA or a responder names nobody but its signers.
fn named_by(document: &[u8]) -> Vec<OfficerId> {
    match GrantDocument::from_bytes(document) {
        Ok(GrantDocument::Grant(grant)) => vec![grant.officer],
        Ok(GrantDocument::End(end)) => vec![end.officer],
        Ok(GrantDocument::ReplacePin(pin)) => pin.security_officers.iter().map(|one| one.officer).collect(),
        Ok(
            GrantDocument::AuthoriseResponder(_)
            | GrantDocument::EndResponder(_)
            | GrantDocument::RevokeCa(_)
            | GrantDocument::SucceedCa(_)
            | GrantDocument::TerminateCa(_),
        )
        | Err(_) => Vec::new(),
    }
}
