//! Enrolments: their part of registration's port.

use ndoba_audit::Event;
use ndoba_registration::CodeHash;
use ndoba_registration::ports::{
    Act, EnrolmentRecord, EnrolmentRegistry, Page, PageRequest, PresentedKey, RegistryError,
};
use ndoba_types::{OfficerId, SubjectPublicKeyInfo};

use crate::Store;
use crate::error::StoreError;
use crate::queries::{enrolments, events};

impl EnrolmentRegistry for Store {
    fn open_enrolment(&self, enrolment: &EnrolmentRecord, act: Act<'_>) -> Result<(), RegistryError> {
        self.act("open_enrolment", act, |conn| enrolments::insert(conn, enrolment))
    }

    fn enrolments(&self, page: &PageRequest) -> Result<Page<EnrolmentRecord>, RegistryError> {
        Ok(self.read("enrolments", |conn| enrolments::page(conn, page))?)
    }

    fn enrolment(&self, officer: OfficerId) -> Result<Option<EnrolmentRecord>, RegistryError> {
        Ok(self.read("enrolment", |conn| enrolments::by_officer(conn, officer))?)
    }

    fn enrolment_of_code(&self, hash: &CodeHash) -> Result<Option<EnrolmentRecord>, RegistryError> {
        Ok(self.read("enrolment_of_code", |conn| enrolments::by_code(conn, hash))?)
    }

    fn enrolment_of_key(&self, key: &SubjectPublicKeyInfo) -> Result<Option<EnrolmentRecord>, RegistryError> {
        Ok(self.read("enrolment_of_key", |conn| enrolments::by_key(conn, key))?)
    }

    fn present_key(
        &self,
        officer: OfficerId,
        presented: &PresentedKey,
        act: Act<'_>,
    ) -> Result<(), RegistryError> {
        self.act("present_key", act, |conn| enrolments::present(conn, officer, presented))
    }
}

impl Store {
    /// Keeps the operations CA's certificate for the key that an officer presented, and the event of it; whether there is
    /// such a key.
    ///
    /// # Errors
    ///
    /// [`StoreError`].
    pub fn certify_enrolment(
        &self,
        officer: OfficerId,
        certificate: &[u8],
        event: &Event,
    ) -> Result<bool, StoreError> {
        self.write("certify_enrolment", |conn| {
            let kept = enrolments::certify(conn, officer, certificate)?;
            if kept {
                events::append(conn, std::slice::from_ref(event))?;
            }
            Ok(kept)
        })
    }
}
