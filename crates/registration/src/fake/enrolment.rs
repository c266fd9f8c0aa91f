//! Enrolments in memory.

use ndoba_types::{OfficerId, SubjectPublicKeyInfo};

use super::{FakeRegistry, STALE};
use crate::ports::{Act, EnrolmentRecord, EnrolmentRegistry, Page, PageRequest, PresentedKey, RegistryError};
use crate::revocation_code::CodeHash;

impl EnrolmentRegistry for FakeRegistry {
    fn open_enrolment(&self, enrolment: &EnrolmentRecord, act: Act<'_>) -> Result<(), RegistryError> {
        let mut tables = self.open()?;
        tables.act(act)?;
        tables.enrolments.push(enrolment.clone());
        Ok(())
    }

    fn enrolments(&self, page: &PageRequest) -> Result<Page<EnrolmentRecord>, RegistryError> {
        let tables = self.open()?;
        let mut rows = tables.enrolments.iter().rev();
        if let Some(after) = &page.after {
            // Up to and with the last one of the page before.
            rows.find(|one| one.officer.to_string() == *after);
        }
        let mut items: Vec<EnrolmentRecord> = rows.take(page.limit as usize + 1).cloned().collect();
        let more = items.len() > page.limit as usize;
        items.truncate(page.limit as usize);
        let next = items.last().filter(|_| more).map(|one| one.officer.to_string());
        Ok(Page { items, next })
    }

    fn enrolment(&self, officer: OfficerId) -> Result<Option<EnrolmentRecord>, RegistryError> {
        Ok(self.open()?.enrolments.iter().find(|one| one.officer == officer).cloned())
    }

    fn enrolment_of_code(&self, hash: &CodeHash) -> Result<Option<EnrolmentRecord>, RegistryError> {
        Ok(self.open()?.enrolments.iter().find(|one| one.hash == *hash).cloned())
    }

    fn enrolment_of_key(&self, key: &SubjectPublicKeyInfo) -> Result<Option<EnrolmentRecord>, RegistryError> {
        let of =
            |one: &&EnrolmentRecord| one.presented.as_ref().is_some_and(|presented| presented.key == *key);
        Ok(self.open()?.enrolments.iter().rev().find(of).cloned())
    }

    fn present_key(
        &self,
        officer: OfficerId,
        presented: &PresentedKey,
        act: Act<'_>,
    ) -> Result<(), RegistryError> {
        let mut tables = self.open()?;
        let fresh = |one: &EnrolmentRecord| one.officer == officer && one.presented.is_none();
        let found = tables.enrolments.iter().position(fresh).ok_or(STALE)?;
        tables.act(act)?;
        tables.enrolments[found].presented = Some(presented.clone());
        Ok(())
    }
}
