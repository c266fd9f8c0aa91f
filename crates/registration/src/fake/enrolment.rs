//! Enrolments in memory.

use ndoba_types::{OfficerId, SubjectPublicKeyInfo};

use super::{FakeRegistry, STALE};
use crate::ports::{Act, EnrolmentRecord, EnrolmentRegistry, PresentedKey, RegistryError};
use crate::revocation_code::CodeHash;

impl EnrolmentRegistry for FakeRegistry {
    fn open_enrolment(&self, enrolment: &EnrolmentRecord, act: Act<'_>) -> Result<(), RegistryError> {
        let mut tables = self.open()?;
        tables.act(act)?;
        tables.enrolments.push(enrolment.clone());
        Ok(())
    }

    fn enrolments(&self, limit: u32) -> Result<Vec<EnrolmentRecord>, RegistryError> {
        Ok(self.open()?.enrolments.iter().rev().take(limit as usize).cloned().collect())
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
