//! What this crate asks of the shells, beside the ports of `types`.

use crate::JournalRecord;

/// Where [`JournalSink::append`] reports: called exactly once, on a thread of the implementation.
pub type JournalDone = Box<dyn FnOnce(Result<(), JournalError>) + Send>;

/// The journal of tokens: the log without which there is no token (T-44, design §8).
pub trait JournalSink: Send + Sync {
    /// Queues `record` and returns at once; `done` is called with `Ok` only when the record is on disk for good, and
    /// with it a mark not before its time (see [`Lease`](crate::Lease)).
    fn append(&self, record: JournalRecord, done: JournalDone);

    /// Whether a record would be taken now, as far as can be told without writing: asked before anything is signed.
    ///
    /// # Errors
    ///
    /// [`JournalError`], as [`Self::append`] would report it.
    fn ready(&self) -> Result<(), JournalError> {
        Ok(())
    }
}

/// Why a record is not in the journal: its token must not leave.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum JournalError {
    /// The audit log has not taken the seals of too many records: no more tokens until it does (design §8).
    #[error("{records} tokens are not in the audit log yet; none are made until it takes them")]
    Backlog {
        /// How many.
        records: u64,
    },
    /// Too many records wait; ask again later.
    #[error("the journal's queue is full")]
    Busy,
    /// It cannot be written: an operator must act.
    #[error("the journal cannot be written: {reason}")]
    Unwritable {
        /// What the system said.
        reason: String,
    },
}
