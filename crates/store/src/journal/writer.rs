//! The thread: batches in, fsync, answers out.

use std::fs::File;
use std::io::{self, Seek as _, SeekFrom, Write as _};
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::Receiver;

use ndoba_tsa::{Chain, JournalDone, JournalError, JournalRecord, Lease};
use ndoba_types::UtcTime;

use super::OnSeal;
use super::files::{MARK, replace, seal_path, segment_path, sync_folder};

/// The most records that share an fsync: enough that the disk is not the limit, few enough to answer soon.
const BATCH: usize = 512;

/// A record and who waits for it.
pub(super) struct Entry {
    pub(super) record: JournalRecord,
    pub(super) done: JournalDone,
}

pub(super) struct WriterParts {
    pub(super) folder: PathBuf,
    /// Held as long as there is a writer.
    pub(super) lock: File,
    /// The last segment.
    pub(super) file: File,
    /// Its octets that are acknowledged.
    pub(super) length: u64,
    /// The state after them.
    pub(super) chain: Chain,
    pub(super) lease: Lease,
    pub(super) segment_records: u64,
    pub(super) on_seal: OnSeal,
}

pub(super) struct Writer {
    pub(super) parts: WriterParts,
    /// Whether the file may hold more than [`WriterParts::length`], or its position may be elsewhere.
    dirty: bool,
}

impl Writer {
    pub(super) fn new(parts: WriterParts) -> Self {
        Self { parts, dirty: true }
    }

    /// Works until the last sender is gone and the queue is empty.
    pub(super) fn run(mut self, entries: &Receiver<Entry>, writable: &AtomicBool) {
        while let Ok(first) = entries.recv() {
            let mut batch = vec![first];
            while let Some(entry) = (batch.len() < BATCH).then(|| entries.try_recv().ok()).flatten() {
                batch.push(entry);
            }
            let outcome = self.commit(batch);
            writable.store(outcome, Ordering::Relaxed);
        }
    }

    /// Writes a batch and tells everyone; whether all of it is on disk.
    pub(super) fn commit(&mut self, mut batch: Vec<Entry>) -> bool {
        while !batch.is_empty() {
            let written = self.make_room().and_then(|room| {
                let count = batch.len().min(usize::try_from(room).unwrap_or(usize::MAX));
                self.append(&batch[..count]).map(|()| count)
            });
            match written {
                Ok(count) => batch.drain(..count).for_each(|entry| (entry.done)(Ok(()))),
                Err(error) => {
                    tracing::error!(
                        error = &error as &dyn std::error::Error,
                        "the journal of time-stamps cannot be written"
                    );
                    let reason = error.to_string();
                    for entry in batch {
                        (entry.done)(Err(JournalError::Unwritable { reason: reason.clone() }));
                    }
                    return false;
                }
            }
        }
        true
    }

    /// How many records the segment still takes, at least one; a full one is sealed and the next begun.
    fn make_room(&mut self) -> io::Result<u64> {
        let parts = &mut self.parts;
        if parts.chain.len() < parts.segment_records {
            return Ok(parts.segment_records - parts.chain.len());
        }
        let (next, header) = parts.chain.next_segment();
        let path = segment_path(&parts.folder, next.segment_number());
        // Not `create_new`: an attempt that failed half-way left a file without any acknowledged line.
        let mut file = File::create(&path)?;
        file.write_all(&header)?;
        file.sync_all()?;
        sync_folder(&parts.folder)?;
        if let Some(seal) = parts.chain.seal() {
            // Only a convenience for people: seals are computed from the lines wherever they count.
            if let Err(error) = std::fs::write(seal_path(&parts.folder, seal.segment), seal.to_bytes()) {
                tracing::warn!(error = &error as &dyn std::error::Error, "cannot write a segment's seal");
            }
            (parts.on_seal)(&seal);
        }
        parts.file = file;
        parts.length = header.len() as u64;
        parts.chain = next;
        self.dirty = true;
        Ok(parts.segment_records)
    }

    /// Appends records that fit into the segment; on disk when it returns.
    fn append(&mut self, entries: &[Entry]) -> io::Result<()> {
        self.clean()?;
        let mut chain = self.parts.chain.clone();
        let mut lines = Vec::with_capacity(entries.len() * 512);
        let mut latest = None::<UtcTime>;
        for Entry { record, done: _ } in entries {
            lines.extend(chain.append(record));
            latest = latest.max(Some(record.gen_time));
        }
        // Whatever fails from here, the next attempt starts by cutting back to what is acknowledged. That also
        // rewrites the pages of a failed fsync, which the kernel would otherwise take for clean.
        self.dirty = true;
        self.parts.file.write_all(&lines)?;
        self.parts.file.sync_data()?;
        if let Some(mark) = latest.and_then(|latest| self.parts.lease.needed(latest)) {
            replace(&self.parts.folder, MARK, format!("{mark}\n").as_bytes())?;
            self.parts.lease.written(mark);
        }
        self.dirty = false;
        self.parts.length += lines.len() as u64;
        self.parts.chain = chain;
        Ok(())
    }

    /// Cuts off what was written and not acknowledged.
    fn clean(&mut self) -> io::Result<()> {
        if self.dirty {
            self.parts.file.set_len(self.parts.length)?;
            self.parts.file.sync_all()?;
            self.parts.file.seek(SeekFrom::Start(self.parts.length))?;
            self.dirty = false;
        }
        Ok(())
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        // Closing the file would unlock it too; saying so keeps the field alive and the reader informed.
        let _ = self.parts.lock.unlock();
    }
}
