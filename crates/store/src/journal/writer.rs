//! The thread: batches in, fsync, answers out.

use std::fs::File;
use std::io::{self, Seek as _, SeekFrom, Write as _};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender};
use std::thread;
use std::time::{Duration, Instant};

use ndoba_tsa::{Chain, JournalDone, JournalError, JournalRecord, Lease};
use ndoba_types::UtcTime;

use super::JournalDurability;
use super::accounts::Accounts;
use super::files::{MARK, replace, seal_path, segment_path, sync_folder};

/// The most records that share an fsync: enough that the disk is not the limit, few enough to answer soon.
const BATCH: usize = 512;

/// Where so many shared the last fsync, more are on their way: those that come within [`GATHER`] share the next one, for
/// an fsync costs as much processor time as a signature.
const CROWD: usize = 8;
/// Far less than the token's queue is long where there is a crowd; nobody alone waits for it.
const GATHER: Duration = Duration::from_millis(1);

/// How long records may be acknowledged and not on disk where [`JournalDurability::Relaxed`] allows it.
const RELAXED: Duration = Duration::from_secs(1);

/// What the thread is told.
pub(super) enum Command {
    /// Write a record.
    Append(Entry),
    /// End the segment; the sender is told by being answered.
    Seal(SyncSender<()>),
}

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
    pub(super) seal_after: Duration,
    pub(super) durability: JournalDurability,
}

pub(super) struct Writer {
    pub(super) parts: WriterParts,
    accounts: Arc<Accounts>,
    /// Whether the file may hold more than [`WriterParts::length`], or its position may be elsewhere.
    dirty: bool,
    /// When the segment is to end; `None` while it has no record.
    seal_at: Option<Instant>,
    /// When acknowledged records are to be on disk; `None` while they are.
    sync_at: Option<Instant>,
}

impl Writer {
    pub(super) fn new(parts: WriterParts) -> Self {
        let accounts = Arc::new(Accounts::new(&parts.chain));
        let seal_at = (!parts.chain.is_empty()).then(|| Instant::now() + parts.seal_after);
        Self { parts, accounts, dirty: true, seal_at, sync_at: None }
    }

    pub(super) fn accounts(&self) -> &Arc<Accounts> {
        &self.accounts
    }

    /// Works until the last sender is gone and the queue is empty.
    pub(super) fn run(mut self, commands: &Receiver<Command>) {
        let mut crowded = false;
        loop {
            let mut batch = Vec::new();
            let mut seals = Vec::new();
            match self.wait(commands) {
                Ok(command) => sort(command, &mut batch, &mut seals),
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => return self.sync_late(),
            }
            if crowded && !batch.is_empty() {
                thread::sleep(GATHER);
            }
            while let Some(command) = (batch.len() < BATCH).then(|| commands.try_recv().ok()).flatten() {
                sort(command, &mut batch, &mut seals);
            }
            crowded = batch.len() >= CROWD;
            if !batch.is_empty() {
                let written = self.commit(batch);
                self.accounts.set_writable(written);
            }
            if self.sync_at.is_some_and(|at| at <= Instant::now()) {
                self.sync_late();
            }
            if !seals.is_empty() || self.seal_at.is_some_and(|at| at <= Instant::now()) {
                self.seal();
            }
            for done in seals {
                // Whoever asked may have gone.
                let _ = done.send(());
            }
        }
    }

    /// The next command, or nothing when something is to be done before one comes.
    fn wait(&self, commands: &Receiver<Command>) -> Result<Command, RecvTimeoutError> {
        match self.seal_at.into_iter().chain(self.sync_at).min() {
            None => commands.recv().map_err(|_| RecvTimeoutError::Disconnected),
            Some(at) => commands.recv_timeout(at.saturating_duration_since(Instant::now())),
        }
    }

    /// Brings to disk what was acknowledged before it was there.
    fn sync_late(&mut self) {
        if self.sync_at.is_none() {
            return;
        }
        match self.parts.file.sync_data() {
            Ok(()) => self.sync_at = None,
            Err(error) => {
                tracing::error!(error = &error as &dyn std::error::Error, "the journal cannot be written");
                self.accounts.set_writable(false);
                self.sync_at = Some(Instant::now() + RELAXED);
            }
        }
    }

    /// Ends the segment, if it has a record; tried again later when that fails.
    fn seal(&mut self) {
        if self.parts.chain.is_empty() {
            return;
        }
        if let Err(error) = self.next_segment() {
            tracing::error!(
                error = &error as &dyn std::error::Error,
                "a segment of the journal cannot be ended"
            );
            self.accounts.set_writable(false);
            self.seal_at = Some(Instant::now() + self.parts.seal_after);
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

    /// How many records the segment still takes, at least one; after a full one the next is begun.
    fn make_room(&mut self) -> io::Result<u64> {
        if self.parts.chain.len() >= self.parts.segment_records {
            self.next_segment()?;
        }
        Ok(self.parts.segment_records - self.parts.chain.len())
    }

    /// Begins the next segment.
    fn next_segment(&mut self) -> io::Result<()> {
        // The last batch may have failed half-way: what it left is not part of the segment that ends.
        self.clean()?;
        if self.sync_at.is_some() {
            self.parts.file.sync_data()?;
            self.sync_at = None;
        }
        let parts = &mut self.parts;
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
        }
        parts.file = file;
        parts.length = header.len() as u64;
        parts.chain = next;
        self.dirty = true;
        self.seal_at = None;
        self.accounts.wrote(&self.parts.chain);
        Ok(())
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
        match self.parts.durability {
            JournalDurability::OnDisk => self.parts.file.sync_data()?,
            JournalDurability::Relaxed => {
                self.sync_at.get_or_insert_with(|| Instant::now() + RELAXED);
            }
        }
        if let Some(mark) = latest.and_then(|latest| self.parts.lease.needed(latest)) {
            replace(&self.parts.folder, MARK, format!("{mark}\n").as_bytes())?;
            self.parts.lease.written(mark);
        }
        self.dirty = false;
        self.parts.length += lines.len() as u64;
        self.parts.chain = chain;
        self.accounts.wrote(&self.parts.chain);
        self.seal_at.get_or_insert_with(|| Instant::now() + self.parts.seal_after);
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

fn sort(command: Command, batch: &mut Vec<Entry>, seals: &mut Vec<SyncSender<()>>) {
    match command {
        Command::Append(entry) => batch.push(entry),
        Command::Seal(done) => seals.push(done),
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        // Closing the file would unlock it too; saying so keeps the field alive and the reader informed.
        let _ = self.parts.lock.unlock();
    }
}
