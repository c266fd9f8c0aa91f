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
//! What the lines say, and how they hang together, is `ndoba_tsa::Chain`'s to say. No database is involved: tokens
//! go on without it.

mod files;
mod open;
mod walk;
mod writer;

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, SyncSender, TrySendError};
use std::thread::JoinHandle;

use ndoba_tsa::{JournalDone, JournalError, JournalId, JournalRecord, JournalSink, SegmentSeal};
use ndoba_types::UtcTime;

pub use open::JournalOpenError;
pub use walk::{JournalReadError, Walked, sealed_segments, walk_journal};

use writer::Entry;

/// Where a journal is and how it is kept.
#[derive(Clone, Debug)]
pub struct JournalSettings {
    /// The folder; one per process that stamps. Made if it is not there.
    pub folder: PathBuf,
    /// Whose journal it is: refused when the folder holds another's.
    pub id: JournalId,
    /// Records per segment.
    pub segment_records: u32,
    /// Records that may wait.
    pub queue_depth: u32,
}

/// Called on the journal's thread for each segment that is sealed while it is open.
pub type OnSeal = Box<dyn FnMut(&SegmentSeal) + Send>;

/// A journal that is open for writing. Dropping it writes what waits, and waits for that.
#[derive(Debug)]
pub struct TokenJournal {
    queue: Option<SyncSender<Entry>>,
    thread: Option<JoinHandle<()>>,
    writable: Arc<AtomicBool>,
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
    pub fn open(settings: JournalSettings, on_seal: OnSeal) -> Result<Self, JournalOpenError> {
        let (writer, mark) = open::open(&settings, on_seal)?;
        let (queue, entries) = mpsc::sync_channel(settings.queue_depth as usize);
        let writable = Arc::new(AtomicBool::new(true));
        let seen = Arc::clone(&writable);
        let thread = std::thread::Builder::new()
            .name("tsa-journal".into())
            .spawn(move || writer.run(&entries, &seen))
            .map_err(|source| JournalOpenError::Io { path: settings.folder.clone(), source })?;
        Ok(Self { queue: Some(queue), thread: Some(thread), writable, mark, folder: settings.folder })
    }

    /// For `HighWater::new`: no token made before this start says a later time.
    pub fn mark(&self) -> Option<UtcTime> {
        self.mark
    }

    /// Whether the last batch reached the disk: for health.
    pub fn is_writable(&self) -> bool {
        self.writable.load(Ordering::Relaxed)
    }

    /// The seals of all finished segments, in order: each is to be one leaf of the audit log.
    ///
    /// # Errors
    ///
    /// [`JournalReadError`].
    pub fn sealed(&self) -> Result<Vec<SegmentSeal>, JournalReadError> {
        sealed_segments(&self.folder)
    }
}

impl JournalSink for TokenJournal {
    fn append(&self, record: JournalRecord, done: JournalDone) {
        // Absent only while it is dropped, when nobody can call this.
        let Some(queue) = &self.queue else { return };
        match queue.try_send(Entry { record, done }) {
            Ok(()) => {}
            Err(TrySendError::Full(entry)) => (entry.done)(Err(JournalError::Busy)),
            Err(TrySendError::Disconnected(entry)) => {
                (entry.done)(Err(JournalError::Unwritable {
                    reason: "the journal's thread has ended".into(),
                }));
            }
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
