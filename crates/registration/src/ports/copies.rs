//! Files of applications, kept apart from them: signed copies of agreements, and copies of evidence.

use ndoba_types::{OfficerId, Sha256Digest, UtcTime};

use super::{Act, RegistryError};
use crate::application::ApplicationId;

/// A copy. Personal data.
#[derive(Clone, PartialEq, Eq)]
pub struct CopyRecord {
    /// Whose; with the digest UNIQUE.
    pub application: ApplicationId,
    /// SHA-256 over the octets.
    pub sha256: Sha256Digest,
    /// What the octets are, by how they begin.
    pub media_type: String,
    /// The octets, as they came.
    pub content: Vec<u8>,
    /// Who attached it.
    pub added_by: OfficerId,
    /// When.
    pub added: UtcTime,
}

impl std::fmt::Debug for CopyRecord {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("CopyRecord").field("sha256", &self.sha256).finish_non_exhaustive()
    }
}

/// Which copy is kept, without its octets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeptCopy {
    /// SHA-256 over the octets.
    pub sha256: Sha256Digest,
    /// What the octets are.
    pub media_type: String,
    /// Who attached it.
    pub added_by: OfficerId,
    /// When.
    pub added: UtcTime,
}

/// The copies' part of the database, as [`Registry`](super::Registry): one method is one transaction. A copy is never
/// changed; it is erased with its application.
pub trait CopyRegistry {
    /// Keeps a copy; [`Conflict::Stale`](super::Conflict::Stale) where the application has these octets.
    ///
    /// # Errors
    ///
    /// [`RegistryError`].
    fn put_copy(&self, copy: &CopyRecord, act: Act<'_>) -> Result<(), RegistryError>;

    /// The copy with this digest.
    ///
    /// # Errors
    ///
    /// [`RegistryError`].
    fn copy(
        &self,
        application: ApplicationId,
        sha256: Sha256Digest,
    ) -> Result<Option<CopyRecord>, RegistryError>;

    /// What copies an application has, oldest first; those among them that it no longer names.
    ///
    /// # Errors
    ///
    /// [`RegistryError`].
    fn copies(&self, application: ApplicationId) -> Result<Vec<KeptCopy>, RegistryError>;
}
