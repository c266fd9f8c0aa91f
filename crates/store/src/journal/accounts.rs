//! What is known of a journal outside its thread: how far it is written, ended and recorded.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use ndoba_tsa::Chain;

/// Counters that only grow. Each is read alone: nothing is inferred from two of them at one moment, but the backlog,
/// which may be told a batch too small or too great.
#[derive(Debug)]
pub(super) struct Accounts {
    writable: AtomicBool,
    /// Records on disk.
    written: AtomicU64,
    /// Segments that have ended.
    ended: AtomicU64,
    /// Records, from the first, that are in segments the audit log knows.
    recorded: AtomicU64,
}

impl Accounts {
    pub(super) fn new(chain: &Chain) -> Self {
        Self {
            writable: AtomicBool::new(true),
            written: AtomicU64::new(chain.records()),
            ended: AtomicU64::new(chain.segment_number()),
            // Of an earlier run's records nothing is known yet: who knows says so before anything is granted.
            recorded: AtomicU64::new(0),
        }
    }

    pub(super) fn wrote(&self, chain: &Chain) {
        self.written.store(chain.records(), Ordering::Relaxed);
        self.ended.store(chain.segment_number(), Ordering::Release);
    }

    pub(super) fn set_writable(&self, writable: bool) {
        self.writable.store(writable, Ordering::Relaxed);
    }

    pub(super) fn recorded(&self, records: u64) {
        self.recorded.fetch_max(records, Ordering::Relaxed);
    }

    pub(super) fn is_writable(&self) -> bool {
        self.writable.load(Ordering::Relaxed)
    }

    pub(super) fn ended_segments(&self) -> u64 {
        // Acquire: what ended is on disk, and read from there.
        self.ended.load(Ordering::Acquire)
    }

    pub(super) fn backlog(&self) -> u64 {
        self.written.load(Ordering::Relaxed).saturating_sub(self.recorded.load(Ordering::Relaxed))
    }
}
