//! Reading journals: verifying every line on the way.

use std::fs::File;
use std::io::{self, BufRead as _, BufReader};
use std::path::{Path, PathBuf};

use ndoba_tsa::{BadJournal, Chain, JournalRecord, SegmentSeal};
use ndoba_types::UtcTime;

use super::files::{segment_path, segments};

/// Why a journal does not read.
#[derive(Debug, thiserror::Error)]
pub enum JournalReadError {
    /// The audit log knows another journal under this name: replaced, cut short, or an old copy.
    #[error(
        "the audit log knows segment {segment} of this journal otherwise than {} holds it: restore the journal, or give the process a node number that was never used",
        path.display()
    )]
    Another {
        /// Where the segment should be.
        path: PathBuf,
        /// Its number.
        segment: u64,
    },
    /// A line does not belong where it is.
    #[error("the journal's segment {} does not verify", path.display())]
    Broken {
        /// The segment.
        path: PathBuf,
        /// Where and how.
        #[source]
        source: BadJournal,
    },
    /// The system refused.
    #[error("cannot read {}", path.display())]
    Io {
        /// What was to be read.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: io::Error,
    },
}

/// How a walk ended: everything up to here verified.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Walked {
    /// Segments.
    pub segments: u64,
    /// Records in them.
    pub records: u64,
}

pub(super) enum Segment {
    /// Not even the first line is whole.
    NoHeader,
    Whole(SegmentEnd),
}

pub(super) struct SegmentEnd {
    /// The chain after the last whole line.
    pub(super) chain: Chain,
    /// The first line, without newline.
    pub(super) header: Vec<u8>,
    /// Octets up to and including the last newline.
    pub(super) length: u64,
    /// Octets after it.
    pub(super) torn: u64,
    /// The latest time in it.
    pub(super) latest: Option<UtcTime>,
}

/// A record, and where it stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct JournalLine<'a> {
    /// Its segment.
    pub segment: u64,
    /// Its number, counted over all segments.
    pub number: u64,
    /// What it says.
    pub record: &'a JournalRecord,
}

/// Verifies one segment, showing each record.
pub(super) fn read_segment(
    path: &Path,
    visit: &mut dyn FnMut(JournalLine<'_>),
) -> Result<Segment, JournalReadError> {
    let io = |source| JournalReadError::Io { path: path.into(), source };
    let broken = |source| JournalReadError::Broken { path: path.into(), source };
    let mut reader = BufReader::new(File::open(path).map_err(io)?);
    let mut line = Vec::new();
    let mut next = |line: &mut Vec<u8>| -> io::Result<usize> {
        line.clear();
        reader.read_until(b'\n', line)
    };

    next(&mut line).map_err(io)?;
    let Some(header) = line.strip_suffix(b"\n") else { return Ok(Segment::NoHeader) };
    let chain = Chain::open(header).map_err(broken)?;
    let mut end =
        SegmentEnd { chain, header: header.to_vec(), length: line.len() as u64, torn: 0, latest: None };
    while next(&mut line).map_err(io)? != 0 {
        // The last line of a batch that was being written when the machine stopped. Pages that were never
        // written read as zeros, which are no newline either.
        let Some(text) = line.strip_suffix(b"\n") else {
            end.torn = line.len() as u64;
            break;
        };
        let record = end.chain.verify(text).map_err(broken)?;
        end.length += line.len() as u64;
        end.latest = end.latest.max(Some(record.gen_time));
        visit(JournalLine {
            segment: end.chain.segment_number(),
            number: end.chain.records() - 1,
            record: &record,
        });
    }
    Ok(Segment::Whole(end))
}

/// Verifies the whole journal in `folder` from its first line, showing each record: how a token is found by its
/// serial number or imprint, and how an auditor checks that none was taken out.
///
/// # Errors
///
/// [`JournalReadError`] at the first line that does not belong where it is. An unfinished last line is no error.
pub fn walk_journal(
    folder: &Path,
    visit: &mut dyn FnMut(JournalLine<'_>),
) -> Result<Walked, JournalReadError> {
    let mut walked = Walked::default();
    each_segment(folder, visit, &mut |end| {
        walked.segments += 1;
        walked.records += end.chain.len();
    })?;
    Ok(walked)
}

/// The seals of all segments that have a record, as they are, the one that is still written to included; computed
/// from their lines, which are verified on the way.
///
/// # Errors
///
/// [`JournalReadError`].
pub fn journal_segments(folder: &Path) -> Result<Vec<SegmentSeal>, JournalReadError> {
    let mut seals = Vec::new();
    each_segment(folder, &mut |_| {}, &mut |end| seals.extend(end.chain.seal()))?;
    Ok(seals)
}

fn each_segment(
    folder: &Path,
    visit: &mut dyn FnMut(JournalLine<'_>),
    ended: &mut dyn FnMut(&SegmentEnd),
) -> Result<(), JournalReadError> {
    let numbers = segments(folder).map_err(|source| JournalReadError::Io { path: folder.into(), source })?;
    let mut before: Option<Chain> = None;
    for (index, number) in numbers.iter().enumerate() {
        let path = segment_path(folder, *number);
        let broken = |source| JournalReadError::Broken { path: path.clone(), source };
        let last = index + 1 == numbers.len();
        let end = match read_segment(&path, visit)? {
            Segment::Whole(end) => end,
            // Begun when the machine stopped.
            Segment::NoHeader if last => break,
            Segment::NoHeader => return Err(broken(BadJournal::Malformed)),
        };
        let goes_on = match &before {
            None => end.chain.segment_number() == 0,
            Some(before) => before.continues(&end.header),
        };
        if !goes_on || (end.torn != 0 && !last) {
            return Err(broken(BadJournal::Malformed));
        }
        ended(&end);
        before = Some(end.chain);
    }
    Ok(())
}
