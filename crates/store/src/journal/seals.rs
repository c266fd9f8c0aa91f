//! Ended segments, read back from the disk one after the other on their way to the audit log.

use std::path::{Path, PathBuf};

use ndoba_tsa::{BadJournal, Chain, SegmentSeal};

use super::files::segment_path;
use super::walk::{JournalReadError, Segment, read_segment};
use crate::RecordedSegment;

/// Reads ended segments in order, each verified against the one before.
///
/// What becomes a leaf is computed from what the disk holds, not from what the writer meant to write.
#[derive(Clone, Debug)]
pub struct SealReader {
    folder: PathBuf,
    before: Option<Chain>,
}

/// A segment that has ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EndedSegment {
    /// Its seal.
    pub seal: SegmentSeal,
    /// How many records the journal has up to its end.
    pub records: u64,
}

impl SealReader {
    /// Begins after the newest segment that the audit log knows; from the first one when it knows none.
    ///
    /// # Errors
    ///
    /// [`JournalReadError::Another`] when the journal here does not hold that segment as it was recorded: it was
    /// replaced, cut short or restored from an old copy, and an operator must look.
    pub fn after(folder: &Path, last: Option<&RecordedSegment>) -> Result<Self, JournalReadError> {
        let Some(last) = last else { return Ok(Self { folder: folder.into(), before: None }) };
        let path = segment_path(folder, last.segment);
        if !path.exists() {
            return Err(JournalReadError::Another { path, segment: last.segment });
        }
        let Segment::Whole(end) = read_segment(&path, &mut |_| {})? else {
            return Err(JournalReadError::Another { path, segment: last.segment });
        };
        if end.chain.seal().is_none_or(|seal| seal.head != last.head) {
            return Err(JournalReadError::Another { path, segment: last.segment });
        }
        Ok(Self { folder: folder.into(), before: Some(end.chain) })
    }

    /// The number of the segment that [`Self::read`] reads.
    pub fn next(&self) -> u64 {
        self.before.as_ref().map_or(0, |before| before.segment_number() + 1)
    }

    /// Reads the next segment, which must have ended.
    ///
    /// # Errors
    ///
    /// [`JournalReadError`]; the reader stays where it is.
    pub fn read(&mut self) -> Result<EndedSegment, JournalReadError> {
        let path = segment_path(&self.folder, self.next());
        let broken = |path| JournalReadError::Broken { path, source: BadJournal::Malformed };
        let Segment::Whole(end) = read_segment(&path, &mut |_| {})? else { return Err(broken(path)) };
        let follows = match &self.before {
            None => end.chain.segment_number() == 0,
            Some(before) => before.continues(&end.header),
        };
        let (true, 0, Some(seal)) = (follows, end.torn, end.chain.seal()) else { return Err(broken(path)) };
        let records = end.chain.records();
        self.before = Some(end.chain);
        Ok(EndedSegment { seal, records })
    }
}
