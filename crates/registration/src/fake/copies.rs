//! Signed copies in memory.

use ndoba_types::Sha256Digest;

use super::{FakeRegistry, STALE};
use crate::application::ApplicationId;
use crate::ports::{Act, CopyRecord, CopyRegistry, KeptCopy, RegistryError};

impl CopyRegistry for FakeRegistry {
    fn put_copy(&self, copy: &CopyRecord, act: Act<'_>) -> Result<(), RegistryError> {
        let mut tables = self.open()?;
        let same = |other: &CopyRecord| (other.application, other.sha256) == (copy.application, copy.sha256);
        if tables.copies.iter().any(same) {
            return Err(STALE);
        }
        tables.act(act)?;
        tables.copies.push(copy.clone());
        Ok(())
    }

    fn copy(
        &self,
        application: ApplicationId,
        sha256: Sha256Digest,
    ) -> Result<Option<CopyRecord>, RegistryError> {
        let tables = self.open()?;
        let this = |copy: &&CopyRecord| copy.application == application && copy.sha256 == sha256;
        Ok(tables.copies.iter().find(this).cloned())
    }

    fn copies(&self, application: ApplicationId) -> Result<Vec<KeptCopy>, RegistryError> {
        let kept = |copy: &CopyRecord| {
            let CopyRecord { application: _, sha256, media_type, content: _, added_by, added } = copy.clone();
            KeptCopy { sha256, media_type, added_by, added }
        };
        let tables = self.open()?;
        Ok(tables.copies.iter().filter(|copy| copy.application == application).map(kept).collect())
    }
}
