//! Start-up: is it ours, does its end verify, where did it stop.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use ndoba_tsa::{BadJournal, Chain, Lease};
use ndoba_types::UtcTime;

use super::JournalSettings;
use super::files::{LOCK, MARK, seal_path, segment_path, segments, sync_folder};
use super::walk::{JournalReadError, Segment, read_segment};
use super::writer::{Writer, WriterParts};

/// Why a journal cannot be written to; no token is made until an operator has looked.
#[derive(Debug, thiserror::Error)]
pub enum JournalOpenError {
    /// The folder holds the journal of another installation or process.
    #[error("the journal in {} is another installation's or process's", folder.display())]
    Another {
        /// The folder.
        folder: PathBuf,
    },
    /// A line that was acknowledged is not as it was, or is missing.
    #[error("the journal's segment {} does not verify", path.display())]
    Broken {
        /// The segment.
        path: PathBuf,
        /// Where and how.
        #[source]
        source: BadJournal,
    },
    /// Another process has it open.
    #[error("another process writes to the journal in {}", folder.display())]
    InUse {
        /// The folder.
        folder: PathBuf,
    },
    /// The system refused.
    #[error("cannot use {}", path.display())]
    Io {
        /// What was to be used.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: io::Error,
    },
}

impl From<JournalReadError> for JournalOpenError {
    fn from(error: JournalReadError) -> Self {
        match error {
            // Only a reader that was told of a leaf says so; opening asks the journal alone.
            JournalReadError::Another { path, segment: _ } => {
                Self::Broken { path, source: BadJournal::Malformed }
            }
            JournalReadError::Broken { path, source } => Self::Broken { path, source },
            JournalReadError::Io { path, source } => Self::Io { path, source },
        }
    }
}

pub(super) fn open(settings: &JournalSettings) -> Result<(Writer, Option<UtcTime>), JournalOpenError> {
    let folder = settings.folder.as_path();
    let at = |path: &Path| {
        let path = path.to_path_buf();
        move |source| JournalOpenError::Io { path, source }
    };
    fs::create_dir_all(folder).map_err(at(folder))?;
    let lock = lock(folder)?;
    let mut numbers = segments(folder).map_err(at(folder))?;

    let (end, path) = loop {
        let Some(last) = numbers.last().copied() else {
            break first_segment(settings).map_err(at(folder))?;
        };
        let path = segment_path(folder, last);
        match read_segment(&path, &mut |_| {})? {
            Segment::NoHeader => {
                // A segment whose header was not on disk whole has no acknowledged record.
                tracing::warn!(segment = last, "removing a journal segment that was begun and has no header");
                fs::remove_file(&path).map_err(at(&path))?;
                numbers.pop();
            }
            Segment::Whole(end) => {
                let before = numbers.len().checked_sub(2).map(|index| numbers[index]);
                follows(folder, before, &end.header, last)?;
                break (end, path);
            }
        }
    };
    if end.chain.id() != settings.id {
        return Err(JournalOpenError::Another { folder: folder.into() });
    }

    let file = OpenOptions::new().write(true).open(&path).map_err(at(&path))?;
    if end.torn != 0 {
        tracing::warn!(octets = end.torn, "cutting an unfinished line, never acknowledged, off the journal");
        file.set_len(end.length).and_then(|()| file.sync_all()).map_err(at(&path))?;
    }
    let written = read_mark(folder).map_err(at(&folder.join(MARK)))?;
    // Every token that left is in the journal, so its last record is a mark as well.
    let mark = written.max(end.latest);
    let writer = Writer::new(WriterParts {
        folder: folder.into(),
        lock,
        file,
        length: end.length,
        chain: end.chain,
        lease: Lease::new(written),
        segment_records: settings.segment_records.max(1).into(),
        seal_after: settings.seal_after,
        durability: settings.durability,
    });
    Ok((writer, mark))
}

/// Two writers would break the chain, however it came to two.
fn lock(folder: &Path) -> Result<File, JournalOpenError> {
    let path = folder.join(LOCK);
    let file = OpenOptions::new()
        .create(true)
        .truncate(false)
        .write(true)
        .open(&path)
        .map_err(|source| JournalOpenError::Io { path: path.clone(), source })?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(JournalOpenError::InUse { folder: folder.into() }),
        Err(TryLockError::Error(source)) => Err(JournalOpenError::Io { path, source }),
    }
}

fn first_segment(settings: &JournalSettings) -> io::Result<(super::walk::SegmentEnd, PathBuf)> {
    let (chain, header) = Chain::begin(settings.id);
    let path = segment_path(&settings.folder, 0);
    let mut file = File::create_new(&path)?;
    file.write_all(&header)?;
    file.sync_all()?;
    sync_folder(&settings.folder)?;
    let length = header.len() as u64;
    let header = header.strip_suffix(b"\n").unwrap_or(&header).to_vec();
    Ok((super::walk::SegmentEnd { chain, header, length, torn: 0, latest: None }, path))
}

/// Whether the last segment's header goes on where the segment before it ended. Older ones are for
/// [`walk_journal`](super::walk_journal): start-up must not take longer with every token ever made.
fn follows(folder: &Path, before: Option<u64>, header: &[u8], last: u64) -> Result<(), JournalOpenError> {
    let broken = |path: PathBuf| JournalOpenError::Broken { path, source: BadJournal::Malformed };
    match before {
        None if last == 0 => Ok(()),
        Some(before) if before + 1 == last => {
            let path = segment_path(folder, before);
            let Segment::Whole(end) = read_segment(&path, &mut |_| {})? else { return Err(broken(path)) };
            if end.torn != 0 || !end.chain.continues(header) {
                return Err(broken(segment_path(folder, last)));
            }
            // The crash may have come between the new segment and the seal.
            let seal = seal_path(folder, before);
            if let (false, Some(value)) = (seal.exists(), end.chain.seal()) {
                fs::write(&seal, value.to_bytes())
                    .map_err(|source| JournalOpenError::Io { path: seal, source })?;
            }
            Ok(())
        }
        None | Some(_) => Err(broken(segment_path(folder, last))),
    }
}

fn read_mark(folder: &Path) -> io::Result<Option<UtcTime>> {
    match fs::read_to_string(folder.join(MARK)) {
        Ok(text) => {
            text.trim().parse().map(Some).map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error))
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}
