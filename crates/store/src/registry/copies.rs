//! Signed copies of agreements: their part of registration's port.

use ndoba_registration::application::ApplicationId;
use ndoba_registration::ports::{Act, CopyRecord, CopyRegistry, RegistryError};
use ndoba_types::Sha256Digest;

use crate::Store;
use crate::queries::copies;

impl CopyRegistry for Store {
    fn put_copy(&self, copy: &CopyRecord, act: Act<'_>) -> Result<(), RegistryError> {
        self.act("put_copy", act, |conn| copies::insert(conn, copy))
    }

    fn copy(
        &self,
        application: ApplicationId,
        sha256: Sha256Digest,
    ) -> Result<Option<CopyRecord>, RegistryError> {
        Ok(self.read("copy", |conn| copies::find(conn, application, sha256))?)
    }

    fn copies(&self, application: ApplicationId) -> Result<usize, RegistryError> {
        Ok(self.read("copies", |conn| copies::count(conn, application))?)
    }
}
