//! Officers-to-be and the keys that they presented.

use ndoba_types::{OfficerId, SubjectPublicKeyInfo, UtcTime};

use super::{Act, Page, PageRequest, RegistryError};
use crate::revocation_code::CodeHash;

/// An enrolment: whom a one-time code was given to, and what came of it. Appoints nobody.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EnrolmentRecord {
    /// Who the officer-to-be will be in the register; UNIQUE.
    pub officer: OfficerId,
    /// The name that colleagues will see.
    pub name: String,
    /// Names of the roles that are meant.
    pub roles: Vec<String>,
    /// The office's path.
    pub office: String,
    /// All that is kept of the code; UNIQUE.
    pub hash: CodeHash,
    /// The security officer who opened it.
    pub opened_by: OfficerId,
    /// When.
    pub opened: UtcTime,
    /// Until when the code may be used.
    pub expires: UtcTime,
    /// The key that was presented with the code, once.
    pub presented: Option<PresentedKey>,
    /// The operations CA's certificate for that key, DER.
    pub certificate: Option<Vec<u8>>,
}

/// A key whose holder had the code.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PresentedKey {
    /// The key; possession was proved.
    pub key: SubjectPublicKeyInfo,
    /// When.
    pub at: UtcTime,
    /// The holder's signature on the acceptance of the roles and the office that are meant: flattened JWS. Verified.
    pub acceptance: Option<String>,
}

/// The enrolments' part of the database, as [`Registry`](super::Registry): one method is one transaction.
pub trait EnrolmentRegistry {
    /// Inserts one.
    ///
    /// # Errors
    ///
    /// [`RegistryError`], as for all methods.
    fn open_enrolment(&self, enrolment: &EnrolmentRecord, act: Act<'_>) -> Result<(), RegistryError>;

    /// Lists them, newest first.
    ///
    /// # Errors
    ///
    /// [`RegistryError`].
    fn enrolments(&self, page: &PageRequest) -> Result<Page<EnrolmentRecord>, RegistryError>;

    /// The one of this officer-to-be.
    ///
    /// # Errors
    ///
    /// [`RegistryError`].
    fn enrolment(&self, officer: OfficerId) -> Result<Option<EnrolmentRecord>, RegistryError>;

    /// The one whose code has this hash.
    ///
    /// # Errors
    ///
    /// [`RegistryError`].
    fn enrolment_of_code(&self, hash: &CodeHash) -> Result<Option<EnrolmentRecord>, RegistryError>;

    /// The newest for which this key was presented.
    ///
    /// # Errors
    ///
    /// [`RegistryError`].
    fn enrolment_of_key(&self, key: &SubjectPublicKeyInfo) -> Result<Option<EnrolmentRecord>, RegistryError>;

    /// Notes the key; [`Conflict::Stale`](super::Conflict::Stale) where one was presented before.
    ///
    /// # Errors
    ///
    /// [`RegistryError`].
    fn present_key(
        &self,
        officer: OfficerId,
        presented: &PresentedKey,
        act: Act<'_>,
    ) -> Result<(), RegistryError>;
}
