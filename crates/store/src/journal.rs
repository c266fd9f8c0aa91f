//! The journal of time-stamps on disk: lines appended in batches by a thread of its own, each batch fsynced before
//! anyone is told.
//!
//! ```text
//! <folder>/lock               held while a process writes here
//! <folder>/mark               no token says a later time than this
//! <folder>/0000000000.jsonl   a segment: a header line, then a line per token
//! <folder>/0000000000.seal    its seal, once the next segment has begun
//! ```
//!
//! A segment ends when it is full, when its first record is old enough, or when the process stops; each ended one
//! becomes a leaf of the audit log ([`SealReader`], [`Store::record_segment`](crate::Store::record_segment)).
//!
//! What the lines say, and how they hang together, is `ndoba_tsa::Chain`'s to say. No database is involved: tokens
//! go on without it.

mod accounts;
mod files;
mod open;
mod seals;
mod walk;
mod writer;

use std::path::{Path, PathBuf};
use std::sync::mpsc::{self, SyncSender, TrySendError};
use std::sync::{Arc, OnceLock};
use std::thread::JoinHandle;
use std::time::Duration;

use ndoba_tsa::{JournalDone, JournalError, JournalId, JournalRecord, JournalSink};
use ndoba_types::UtcTime;

pub use open::JournalOpenError;
pub use seals::{EndedSegment, SealReader};
pub use walk::{JournalLine, JournalReadError, Walked, journal_segments, walk_journal};

use accounts::Accounts;
use writer::{Command, Entry};

/// Where a journal is and how it is kept.
#[derive(Clone, Debug)]
pub struct JournalSettings {
    /// The folder; one per process that stamps. Made if it is not there.
    pub folder: PathBuf,
    /// Whose journal it is: refused when the folder holds another's.
    pub id: JournalId,
    /// Records per segment.
    pub segment_records: u32,
    /// How long after its first record a segment ends, full or not.
    pub seal_after: Duration,
    /// Records that may wait.
    pub queue_depth: u32,
    /// Records that may be in the journal and not yet in the audit log; beyond them none is taken.
    pub backlog_records: u64,
    /// When a record counts as written.
    pub durability: JournalDurability,
}

/// When a record is acknowledged, and its token with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum JournalDurability {
    /// On disk: an fsync for every batch of records (design §8).
    OnDisk,
    /// Handed to the system; on disk within a second. A crash of the machine loses records of tokens that were
    /// granted, so this is not for qualified time-stamps.
    Relaxed,
}

/// A journal that is open for writing. Dropping it writes what waits, and waits for that.
#[derive(Debug)]
pub struct TokenJournal {
    queue: Option<SyncSender<Command>>,
    thread: Option<JoinHandle<()>>,
    accounts: Arc<Accounts>,
    backlog_records: u64,
    /// Why no more records are taken, once something was found that only an operator can mend.
    stopped: OnceLock<String>,
    mark: Option<UtcTime>,
    folder: PathBuf,
}

impl TokenJournal {
    /// Opens the journal, verifies its last segment, and starts its thread.
    ///
    /// A last line without an end is cut off: it was never acknowledged, since that takes the whole line on disk.
    /// Anything else that does not verify is left alone, and refused.
    ///
    /// # Errors
    ///
    /// [`JournalOpenError`]; no token can be made.
    pub fn open(settings: JournalSettings) -> Result<Self, JournalOpenError> {
        let (writer, mark) = open::open(&settings)?;
        let (queue, commands) = mpsc::sync_channel(settings.queue_depth as usize);
        let accounts = Arc::clone(writer.accounts());
        let thread = std::thread::Builder::new()
            .name("tsa-journal".into())
            .spawn(move || writer.run(&commands))
            .map_err(|source| JournalOpenError::Io { path: settings.folder.clone(), source })?;
        Ok(Self {
            queue: Some(queue),
            thread: Some(thread),
            accounts,
            backlog_records: settings.backlog_records,
            stopped: OnceLock::new(),
            mark,
            folder: settings.folder,
        })
    }

    /// For `HighWater::new`: no token made before this start says a later time.
    pub fn mark(&self) -> Option<UtcTime> {
        self.mark
    }

    /// Where it is.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Whether the last batch reached the disk: for health.
    pub fn is_writable(&self) -> bool {
        self.accounts.is_writable()
    }

    /// How many segments have ended: those numbered below are to be in the audit log.
    pub fn ended_segments(&self) -> u64 {
        self.accounts.ended_segments()
    }

    /// Says that the audit log has the first `records` records of this journal.
    pub fn recorded(&self, records: u64) {
        self.accounts.recorded(records);
    }

    /// How many records the audit log does not have yet.
    pub fn backlog(&self) -> u64 {
        self.accounts.backlog()
    }

    /// Takes no more records, for `reason`, until the process starts again.
    pub fn stop(&self, reason: String) {
        // Whoever was first has said it.
        let _ = self.stopped.set(reason);
    }

    /// Ends the segment that is written to, if it has a record, and waits for that: for a graceful stop.
    pub fn seal(&self) {
        let (done, ended) = mpsc::sync_channel(1);
        let sent = self.queue.as_ref().is_some_and(|queue| queue.send(Command::Seal(done)).is_ok());
        if sent {
            // It fails when the thread has ended: the next run goes on with the segment.
            let _ = ended.recv();
        }
    }
}

impl JournalSink for TokenJournal {
    fn append(&self, record: JournalRecord, done: JournalDone) {
        // Absent only while it is dropped, when nobody can call this.
        let Some(queue) = &self.queue else { return };
        let (entry, error) = match queue.try_send(Command::Append(Entry { record, done })) {
            Ok(()) => return,
            Err(TrySendError::Full(entry)) => (entry, JournalError::Busy),
            Err(TrySendError::Disconnected(entry)) => {
                (entry, JournalError::Unwritable { reason: "the journal's thread has ended".into() })
            }
        };
        match entry {
            Command::Append(Entry { record: _, done }) => done(Err(error)),
            Command::Seal(_) => {}
        }
    }

    fn ready(&self) -> Result<(), JournalError> {
        if let Some(reason) = self.stopped.get() {
            return Err(JournalError::Unwritable { reason: reason.clone() });
        }
        match self.backlog() {
            records if records >= self.backlog_records => Err(JournalError::Backlog { records }),
            _ => Ok(()),
        }
    }
}

impl Drop for TokenJournal {
    fn drop(&mut self) {
        self.queue = None;
        if let Some(thread) = self.thread.take() {
            // It panicked or it did not: there is nobody left to tell.
            let _ = thread.join();
        }
    }
}

#[cfg(test)]
mod tests;
