//! Segments of time-stamp journals on their way into the audit log: each becomes a leaf once.

use ndoba_audit::{Event, LogError};
use ndoba_types::Sha256Digest;

use crate::queries::{events, segments};
use crate::{EndedSegment, Store};

/// A segment that the audit log knows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecordedSegment {
    /// Its number.
    pub segment: u64,
    /// The hash of its last line.
    pub head: Sha256Digest,
    /// How many records the journal has up to its end.
    pub records: u64,
}

/// What became of recording a segment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SegmentOutcome {
    /// It was recorded before, as it is; nothing was written.
    Already,
    /// Another segment was recorded under its number: two processes write under one node number, or the journal was
    /// begun anew. Nothing was written.
    Another,
    /// It is recorded, and its event with it.
    Recorded,
}

impl Store {
    /// The newest recorded segment of `node`.
    ///
    /// # Errors
    ///
    /// [`LogError`] when the database does not answer.
    pub fn last_segment(&self, node: u16) -> Result<Option<RecordedSegment>, LogError> {
        Ok(self.read("tsu_last_segment", |conn| segments::last(conn, node))?)
    }

    /// Records `segment` and, in the same transaction, `event` about it; the second time it does nothing.
    ///
    /// # Errors
    ///
    /// [`LogError`] when the database does not answer; nothing was written then.
    pub fn record_segment(&self, segment: &EndedSegment, event: &Event) -> Result<SegmentOutcome, LogError> {
        Ok(self.write("tsu_record_segment", |conn| {
            let outcome = segments::insert(conn, segment)?;
            if outcome == SegmentOutcome::Recorded {
                events::append(conn, std::slice::from_ref(event))?;
            }
            Ok(outcome)
        })?)
    }
}
