//! A list that lies in pieces: what stands around its entries, its entries, and how all of it is read.

use std::io::{self, Cursor, Read};

use ndoba_types::{CaName, Sha256Digest, Sha256Hasher};
use ndoba_x509::{CrlFrame, RevokedEntry};

use crate::ports::Ledger;
use crate::world::{CrlDraft, Octets};

/// Read and written at a time.
const PIECE: usize = 1 << 16;

/// The entries of a list, in its draft.
pub(crate) struct Entries {
    pub(crate) draft: Box<dyn CrlDraft>,
    /// How many octets they are.
    pub(crate) length: usize,
}

/// Entries on their way into the draft.
pub(crate) struct Writing {
    entries: Entries,
    pending: Vec<u8>,
    failed: Option<io::Error>,
}

impl Entries {
    /// Begins with none.
    pub(crate) fn begin(draft: Box<dyn CrlDraft>) -> Writing {
        Writing { entries: Self { draft, length: 0 }, pending: Vec::new(), failed: None }
    }
}

impl Writing {
    /// Adds an entry; each serial number comes once. A failure is told at the end.
    pub(crate) fn push(&mut self, entry: &RevokedEntry) {
        self.pending.extend_from_slice(&entry.to_der());
        if self.pending.len() >= PIECE {
            self.flush();
        }
    }

    /// All of them.
    pub(crate) fn end(mut self) -> io::Result<Entries> {
        self.flush();
        self.failed.map_or(Ok(self.entries), Err)
    }

    fn flush(&mut self) {
        if self.failed.is_none() {
            self.failed = self.entries.draft.append(&self.pending).err();
        }
        self.entries.length += self.pending.len();
        self.pending.clear();
    }
}

/// A list: a frame around entries.
pub(crate) struct Framed<'e> {
    pub(crate) frame: CrlFrame,
    pub(crate) entries: &'e dyn CrlDraft,
}

impl Octets for Framed<'_> {
    fn read(&self) -> io::Result<Box<dyn Read + '_>> {
        let CrlFrame { before, behind } = &self.frame;
        Ok(Box::new(before.as_slice().chain(self.entries.read()?).chain(behind.as_slice())))
    }
}

/// A list as the ledger has it.
pub(crate) struct Recorded<'l> {
    pub(crate) ledger: &'l dyn Ledger,
    pub(crate) ca: &'l CaName,
    pub(crate) number: u64,
}

impl Octets for Recorded<'_> {
    fn read(&self) -> io::Result<Box<dyn Read + '_>> {
        Ok(Box::new(Parts { of: self, next: 0, now: Cursor::default() }))
    }
}

struct Parts<'l> {
    of: &'l Recorded<'l>,
    next: u32,
    now: Cursor<Vec<u8>>,
}

impl Read for Parts<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            let read = self.now.read(buffer)?;
            if read > 0 || buffer.is_empty() {
                return Ok(read);
            }
            let Recorded { ledger, ca, number } = *self.of;
            let part = ledger.crl_part(ca, number, self.next).map_err(io::Error::other)?;
            match part {
                Some(part) => self.now = Cursor::new(part),
                // A list has a first part, or its row is not what it says.
                None if self.next == 0 => return Err(io::ErrorKind::NotFound.into()),
                None => return Ok(0),
            }
            self.next += 1;
        }
    }
}

/// Shows all of it, piece by piece.
pub(crate) fn for_each_piece(octets: &dyn Octets, each: impl FnMut(&[u8])) -> io::Result<()> {
    for_each_piece_from(&mut *octets.read()?, each)
}

fn for_each_piece_from(source: &mut dyn Read, mut each: impl FnMut(&[u8])) -> io::Result<()> {
    let mut piece = vec![0; PIECE];
    loop {
        match source.read(&mut piece) {
            Ok(0) => return Ok(()),
            Ok(read) => each(&piece[..read]),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}

/// SHA-256 of all of it.
pub(crate) fn digest(octets: &dyn Octets) -> io::Result<Sha256Digest> {
    digest_from(&mut *octets.read()?)
}

/// SHA-256 of what is left in `source`.
pub(crate) fn digest_from(source: &mut dyn Read) -> io::Result<Sha256Digest> {
    let mut hasher = Sha256Hasher::default();
    for_each_piece_from(source, |piece| hasher.update(piece))?;
    Ok(hasher.finish())
}

/// All of it, for lists that are short.
pub(crate) fn whole(octets: &dyn Octets) -> io::Result<Vec<u8>> {
    let mut all = Vec::new();
    octets.read()?.read_to_end(&mut all)?;
    Ok(all)
}
