//! Files that belong to applications, signed copies of agreements and copies of evidence: their part of registration's
//! port.

use ndoba_registration::application::ApplicationId;
use ndoba_registration::ports::{Act, CopyRecord, CopyRegistry, KeptCopy, RegistryError};
use ndoba_types::Sha256Digest;

use crate::Store;
use crate::queries::copies;

impl CopyRegistry for Store {
    fn put_copy(&self, copy: &CopyRecord, act: Act<'_>) -> Result<(), RegistryError> {
        let keys = self.data_keys_in_memory()?;
        self.act("put_copy", act, |conn| copies::insert(conn, &keys, copy))
    }

    fn copy(
        &self,
        application: ApplicationId,
        sha256: Sha256Digest,
    ) -> Result<Option<CopyRecord>, RegistryError> {
        let keys = self.data_keys_in_memory()?;
        Ok(self.read("copy", |conn| copies::find(conn, &keys, application, sha256))?)
    }

    fn copies(&self, application: ApplicationId) -> Result<Vec<KeptCopy>, RegistryError> {
        Ok(self.read("copies", |conn| copies::list(conn, application))?)
    }
}
