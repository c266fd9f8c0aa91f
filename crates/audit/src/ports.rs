//! What the audit log asks of the shells: where events go, where leaves and checkpoints lie, and the small file
//! outside the database that remembers how far the log had come.

use crate::{Event, SignedCheckpoint, WitnessedHead};

/// An event that is committed and has no place in the log yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PendingEvent {
    /// The store's handle on the row, given back in [`Leaf::row`]; means nothing here.
    pub row: i64,
    /// [`Event::to_bytes`] as stored.
    pub bytes: Vec<u8>,
}

/// An event with its place in the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Leaf {
    /// The [`PendingEvent::row`] it came from.
    pub row: i64,
    /// Its place: 0, 1, 2, …, without gaps.
    pub index: u64,
    /// The record's octets: canonical `{"event":…,"hash":…,"index":…,"prev":…}`.
    pub bytes: Vec<u8>,
}

/// Where events go that have no other act to commit with: starts, alarms, clock transitions, refused logins.
pub trait EventSink: Send + Sync {
    /// Commits the events durably, unsequenced, all or none.
    ///
    /// # Errors
    ///
    /// [`LogError`]: what the events record must not happen (P-22, K-P06).
    fn record(&self, events: &[Event]) -> Result<(), LogError>;
}

/// The sequenced log, in the database. Each writing method is one durable transaction.
///
/// Nothing read from here is believed: the sequencer compares with its [`HeadWitness`], others verify an export.
pub trait EventLog: Send + Sync {
    /// Events without a place, at most `limit`, the longest waiting first. An event whose transaction commits late
    /// appears late; the order within the log is ours to give, so that is no fault.
    ///
    /// # Errors
    ///
    /// [`LogError`].
    fn pending(&self, limit: usize) -> Result<Vec<PendingEvent>, LogError>;

    /// How many leaves the log has: one more than the highest index, 0 when empty.
    ///
    /// # Errors
    ///
    /// [`LogError`].
    fn size(&self) -> Result<u64, LogError>;

    /// Adds leaves with consecutive indexes that begin at `size`; from then on their events are not pending.
    /// `false`, and nothing changed, when the log's size is not `size` or an event has a place already: another
    /// sequencer is at work.
    ///
    /// # Errors
    ///
    /// [`LogError`].
    fn append(&self, size: u64, leaves: &[Leaf]) -> Result<bool, LogError>;

    /// [`Leaf::bytes`] of the leaves `from`, `from + 1`, …, at most `limit`; fewer only at the end.
    ///
    /// # Errors
    ///
    /// [`LogError`], [`LogError::Corrupt`] for a gap.
    fn leaves(&self, from: u64, limit: usize) -> Result<Vec<Vec<u8>>, LogError>;

    /// Adds a signed checkpoint. Checkpoints are numbered by [`Checkpoint::number`](crate::Checkpoint::number) from
    /// 0, unique; `false` when that number exists.
    ///
    /// # Errors
    ///
    /// [`LogError`].
    fn add_checkpoint(&self, checkpoint: &SignedCheckpoint) -> Result<bool, LogError>;

    /// Adds an RFC 3161 token over [`SignedCheckpoint::digest`] to the stored checkpoint of that number.
    ///
    /// # Errors
    ///
    /// [`LogError`].
    fn add_token(&self, number: u64, token: &[u8]) -> Result<(), LogError>;

    /// The checkpoint with the highest number.
    ///
    /// # Errors
    ///
    /// [`LogError`].
    fn latest_checkpoint(&self) -> Result<Option<SignedCheckpoint>, LogError>;

    /// The checkpoints numbered `from` and above, in order, at most `limit`.
    ///
    /// # Errors
    ///
    /// [`LogError`].
    fn checkpoints(&self, from: u64, limit: usize) -> Result<Vec<SignedCheckpoint>, LogError>;
}

/// A small file outside the database, replaced atomically and fsynced before `save` returns. A database behind it was
/// rolled back (design §3).
pub trait HeadWitness: Send + Sync {
    /// What was saved last; `None` only when nothing ever was.
    ///
    /// # Errors
    ///
    /// [`WitnessError`].
    fn load(&self) -> Result<Option<WitnessedHead>, WitnessError>;

    /// Replaces it, durably.
    ///
    /// # Errors
    ///
    /// [`WitnessError`].
    fn save(&self, head: &WitnessedHead) -> Result<(), WitnessError>;
}

/// Why the database did not do it, by what the caller must do.
#[derive(Debug, thiserror::Error)]
pub enum LogError {
    /// What is stored contradicts itself: stop and call an operator.
    #[error("the audit log holds something impossible: {what}")]
    Corrupt {
        /// Which row or value; no personal data.
        what: String,
    },
    /// Nothing was changed; try again later.
    #[error("the audit log is unavailable")]
    Unavailable(#[source] Box<dyn std::error::Error + Send + Sync>),
}

/// Why the witness file could not be read or written. The sequencer stops until it can.
#[derive(Debug, thiserror::Error)]
#[error("the audit witness is unavailable")]
pub struct WitnessError(#[source] pub Box<dyn std::error::Error + Send + Sync>);
