//! The audit role's ports: the log in the database, and the head that is kept outside it.

use std::fs;
use std::path::{Path, PathBuf};

use ndoba_audit::{
    Event, EventLog, EventSink, HeadWitness, Leaf, LogError, PendingEvent, SignedCheckpoint, WitnessError,
    WitnessedHead,
};
use ndoba_types::Sha256Digest;

use crate::error::StoreError;
use crate::queries::{audit_log, events};
use crate::{Store, durable_file};

impl From<StoreError> for LogError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Busy(cause) | StoreError::Unavailable(cause) => Self::Unavailable(cause),
            StoreError::Conflict(conflict) => {
                Self::Corrupt { what: format!("unforeseen conflict: {conflict:?}") }
            }
            StoreError::Corrupt { what } => Self::Corrupt { what },
            StoreError::Locked => Self::Unavailable(StoreError::Locked.into()),
        }
    }
}

impl EventSink for Store {
    fn record(&self, events: &[Event]) -> Result<(), LogError> {
        if events.is_empty() {
            return Ok(());
        }
        Ok(self.write("record_events", |conn| events::append(conn, events))?)
    }
}

impl EventLog for Store {
    fn pending(&self, limit: usize) -> Result<Vec<PendingEvent>, LogError> {
        Ok(self.read("audit_pending", |conn| audit_log::pending(conn, rows(limit)))?)
    }

    fn size(&self) -> Result<u64, LogError> {
        Ok(self.read("audit_size", audit_log::size)?)
    }

    fn append(&self, size: u64, leaves: &[Leaf]) -> Result<bool, LogError> {
        let appended = self.write_or_nothing("audit_append", |conn| {
            Ok(audit_log::append(conn, size, leaves)?.then_some(()))
        })?;
        Ok(appended.is_some())
    }

    fn leaves(&self, from: u64, limit: usize) -> Result<Vec<Vec<u8>>, LogError> {
        Ok(self.read("audit_leaves", |conn| audit_log::leaves(conn, from, rows(limit)))?)
    }

    fn add_checkpoint(&self, checkpoint: &SignedCheckpoint) -> Result<bool, LogError> {
        Ok(self.write("audit_checkpoint", |conn| audit_log::add_checkpoint(conn, checkpoint))?)
    }

    fn add_token(&self, number: u64, token: &[u8]) -> Result<(), LogError> {
        Ok(self.write("audit_token", |conn| audit_log::add_token(conn, number, token))?)
    }

    fn latest_checkpoint(&self) -> Result<Option<SignedCheckpoint>, LogError> {
        Ok(self.read("audit_latest", audit_log::latest_checkpoint)?)
    }

    fn checkpoints(&self, from: u64, limit: usize) -> Result<Vec<SignedCheckpoint>, LogError> {
        Ok(self.read("audit_checkpoints", |conn| audit_log::checkpoints(conn, from, rows(limit)))?)
    }
}

fn rows(limit: usize) -> i64 {
    i64::try_from(limit).unwrap_or(i64::MAX)
}

/// The head of the audit log, in a file outside the database.
///
/// Made empty at the ceremony; a file that is missing later is an error and not a beginning, or whoever deletes it
/// together with the log's end would go unnoticed.
#[derive(Debug)]
pub struct HeadFile {
    path: PathBuf,
}

impl HeadFile {
    /// Makes the empty file, at the ceremony.
    ///
    /// # Errors
    ///
    /// [`WitnessError`] when there is one already, or none can be made.
    pub fn create(path: &Path) -> Result<Self, WitnessError> {
        if path.try_exists().map_err(unavailable)? {
            return Err(WitnessError("there is an audit witness already".into()));
        }
        durable_file::replace(path, b"", MODE).map_err(unavailable)?;
        Ok(Self { path: path.into() })
    }

    /// SHA-256 over the file, for the event that records an accepted restore.
    ///
    /// # Errors
    ///
    /// [`WitnessError`] when it cannot be read.
    pub fn digest(&self) -> Result<Sha256Digest, WitnessError> {
        Ok(Sha256Digest::of(&fs::read(&self.path).map_err(unavailable)?))
    }

    /// Uses the file that a ceremony made.
    pub fn open(path: &Path) -> Self {
        Self { path: path.into() }
    }
}

/// Nobody but the role reads it.
const MODE: u32 = 0o600;

impl HeadWitness for HeadFile {
    fn load(&self) -> Result<Option<WitnessedHead>, WitnessError> {
        let bytes = fs::read(&self.path).map_err(unavailable)?;
        if bytes.is_empty() {
            return Ok(None);
        }
        WitnessedHead::from_bytes(&bytes).map(Some).map_err(|error| WitnessError(error.into()))
    }

    fn save(&self, head: &WitnessedHead) -> Result<(), WitnessError> {
        durable_file::replace(&self.path, &head.to_bytes(), MODE).map_err(unavailable)
    }
}

fn unavailable(error: std::io::Error) -> WitnessError {
    WitnessError(error.into())
}

#[cfg(test)]
mod tests {
    use ndoba_audit::Frontier;

    use super::*;

    #[test]
    fn the_head_is_kept_and_never_presumed() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("audit-head.json");
        assert!(HeadFile::open(&path).load().is_err(), "missing is no beginning");
        let file = HeadFile::create(&path).unwrap();
        assert!(HeadFile::create(&path).is_err());
        assert_eq!(file.load().unwrap(), None);
        let mut frontier = Frontier::from_parts(0, Vec::new()).unwrap();
        frontier.push(ndoba_audit::leaf_hash(b"one"));
        let head = WitnessedHead { frontier, last: None, checkpoint: None };
        file.save(&head).unwrap();
        assert_eq!(HeadFile::open(&path).load().unwrap(), Some(head));
        fs::write(&path, b"{").unwrap();
        assert!(file.load().is_err());
    }
}
