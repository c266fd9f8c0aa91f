//! The journal as data: lines that each hold the hash of the line before, in segments that do the same.
//!
//! A line is a JSON object with sorted keys and no spaces, so that anyone can check it with standard tools:
//! `prev` is SHA-256 over the line before without its newline, 32 zero octets before the very first.
//! A segment begins with a header line; its records follow; its [`SegmentSeal`] becomes one leaf of the audit log.

use std::fmt::Write as _;

use ndoba_types::{InstallationId, Sha256Digest, Span, UtcTime};

use crate::{ImprintHash, TokenSerial};

/// What is kept of a token (T-44): enough to find it, date it and recognise a forgery; nothing about who asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JournalRecord {
    /// The unit that made it.
    pub unit: String,
    /// Its serial number.
    pub serial: TokenSerial,
    /// The imprint's hash.
    pub hash: ImprintHash,
    /// The imprint's value.
    pub digest: Vec<u8>,
    /// The time it says, whole milliseconds.
    pub gen_time: UtcTime,
    /// How well the time was known.
    pub bound: Span,
}

/// Whose journal it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct JournalId {
    /// The installation.
    pub installation: InstallationId,
    /// The process within it.
    pub node: u16,
}

/// The state of a journal at the end of a line: what the next line must continue.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Chain {
    id: JournalId,
    segment: u64,
    /// The number of the next record, counted over all segments.
    number: u64,
    head: Sha256Digest,
    first: Option<TokenSerial>,
    last: Option<TokenSerial>,
    count: u64,
}

/// A finished segment in one line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SegmentSeal {
    /// Whose.
    pub id: JournalId,
    /// Which, from 0.
    pub segment: u64,
    /// The serial number in its first record.
    pub first: TokenSerial,
    /// The serial number in its last record.
    pub last: TokenSerial,
    /// How many records it has.
    pub count: u64,
    /// The hash of its last line.
    pub head: Sha256Digest,
}

impl SegmentSeal {
    /// The canonical octets: what the audit log holds.
    pub fn to_bytes(&self) -> Vec<u8> {
        let Self { id: JournalId { installation, node }, segment, first, last, count, head } = self;
        format!(
            "{{\"count\":{count},\"first\":\"{first}\",\"head\":\"{head}\",\"installation\":\"{installation}\",\
             \"last\":\"{last}\",\"node\":{node},\"segment\":{segment}}}"
        )
        .into_bytes()
    }
}

impl Chain {
    /// Begins the very first segment: the chain, and its header line with newline.
    pub fn begin(id: JournalId) -> (Self, Vec<u8>) {
        Self::segment(id, 0, 0, Sha256Digest::from_bytes([0; 32]))
    }

    /// Begins the segment after this one.
    pub fn next_segment(&self) -> (Self, Vec<u8>) {
        Self::segment(self.id, self.segment + 1, self.number, self.head)
    }

    fn segment(id: JournalId, segment: u64, number: u64, prev: Sha256Digest) -> (Self, Vec<u8>) {
        let JournalId { installation, node } = id;
        let header = format!(
            "{{\"installation\":\"{installation}\",\"journal\":\"ndoba-tsa/1\",\"node\":{node},\"number\":{number},\
             \"prev\":\"{prev}\",\"segment\":{segment}}}"
        );
        let head = Sha256Digest::of(header.as_bytes());
        let chain = Self { id, segment, number, head, first: None, last: None, count: 0 };
        (chain, (header + "\n").into_bytes())
    }

    /// Adds a record: its line, with newline. The chain has moved on even if the line is not written; who cannot
    /// write it goes back to a copy.
    pub fn append(&mut self, record: &JournalRecord) -> Vec<u8> {
        let line = self.line(record);
        self.advance(line.as_bytes(), record.serial);
        (line + "\n").into_bytes()
    }

    /// Which segment this is.
    pub fn segment_number(&self) -> u64 {
        self.segment
    }

    /// How many records the journal has so far, over all its segments.
    pub fn records(&self) -> u64 {
        self.number
    }

    /// How many records the segment has so far.
    pub fn len(&self) -> u64 {
        self.count
    }

    /// Whether the segment has no record yet.
    pub fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// Whose journal it is.
    pub fn id(&self) -> JournalId {
        self.id
    }

    /// The seal of the segment as it is; `None` while it is empty.
    pub fn seal(&self) -> Option<SegmentSeal> {
        let (first, last) = self.first.zip(self.last)?;
        Some(SegmentSeal {
            id: self.id,
            segment: self.segment,
            first,
            last,
            count: self.count,
            head: self.head,
        })
    }

    /// Reads a header line, without newline. What it says of the segment before is for [`Self::continues`].
    ///
    /// # Errors
    ///
    /// [`BadJournal::Malformed`].
    pub fn open(header: &[u8]) -> Result<Self, BadJournal> {
        let mut text = Cursor::new(header)?;
        text.skip("{\"installation\":\"")?;
        let installation = text.until('"')?.parse().map_err(|_| BadJournal::Malformed)?;
        text.skip("\",\"journal\":\"ndoba-tsa/1\",\"node\":")?;
        let node = text.number(',')?.try_into().map_err(|_| BadJournal::Malformed)?;
        text.skip(",\"number\":")?;
        let number = text.number(',')?;
        text.skip(",\"prev\":\"")?;
        let prev = text.until('"')?.parse().map_err(|_| BadJournal::Malformed)?;
        text.skip("\",\"segment\":")?;
        let segment = text.number('}')?;
        let (chain, line) = Self::segment(JournalId { installation, node }, segment, number, prev);
        // One spelling only: leading zeros and the like end here.
        if line.strip_suffix(b"\n") == Some(header) { Ok(chain) } else { Err(BadJournal::Malformed) }
    }

    /// Whether `header` begins the segment that follows this one.
    pub fn continues(&self, header: &[u8]) -> bool {
        self.next_segment().1.strip_suffix(b"\n") == Some(header)
    }

    /// Reads the next record's line, without newline, and moves on.
    ///
    /// # Errors
    ///
    /// [`BadJournal`]; the chain has not moved.
    pub fn verify(&mut self, line: &[u8]) -> Result<JournalRecord, BadJournal> {
        let record = parse(line)?;
        // Number, hash of the line before, and spelling in one comparison.
        if self.line(&record).as_bytes() != line {
            return Err(BadJournal::Broken { number: self.number });
        }
        self.advance(line, record.serial);
        Ok(record)
    }

    fn line(&self, record: &JournalRecord) -> String {
        let JournalRecord { unit, serial, hash, digest, gen_time, bound } = record;
        let mut line = String::with_capacity(512);
        // Writing to a String cannot fail.
        let _ = write!(
            line,
            "{{\"bound\":{},\"digest\":\"{}\",\"hash\":\"{hash}\",\"number\":{},\"prev\":\"{}\",\"serial\":\"{serial}\",\
             \"time\":\"{gen_time}\",\"tsu\":\"{unit}\"}}",
            bound.as_micros(),
            hex::encode(digest),
            self.number,
            self.head,
        );
        line
    }

    fn advance(&mut self, line: &[u8], serial: TokenSerial) {
        self.head = Sha256Digest::of(line);
        self.number += 1;
        self.count += 1;
        self.first.get_or_insert(serial);
        self.last = Some(serial);
    }
}

/// What a record's line says, its place in the chain unchecked.
fn parse(line: &[u8]) -> Result<JournalRecord, BadJournal> {
    let mut text = Cursor::new(line)?;
    text.skip("{\"bound\":")?;
    let bound = u32::try_from(text.number(',')?).map_err(|_| BadJournal::Malformed)?;
    text.skip(",\"digest\":\"")?;
    let digest = hex::decode(text.until('"')?).map_err(|_| BadJournal::Malformed)?;
    text.skip("\",\"hash\":\"")?;
    let hash: ImprintHash = text.until('"')?.parse().map_err(|()| BadJournal::Malformed)?;
    text.skip("\",\"number\":")?;
    text.number(',')?;
    text.skip(",\"prev\":\"")?;
    text.until('"')?;
    text.skip("\",\"serial\":\"")?;
    let serial = TokenSerial::from_hex(text.until('"')?).ok_or(BadJournal::Malformed)?;
    text.skip("\",\"time\":\"")?;
    let gen_time = text.until('"')?.parse().map_err(|_| BadJournal::Malformed)?;
    text.skip("\",\"tsu\":\"")?;
    let unit = text.until('"')?.to_owned();
    Ok(JournalRecord { unit, serial, hash, digest, gen_time, bound: Span::micros(bound) })
}

struct Cursor<'a>(&'a str);

impl<'a> Cursor<'a> {
    fn new(line: &'a [u8]) -> Result<Self, BadJournal> {
        std::str::from_utf8(line).map(Self).map_err(|_| BadJournal::Malformed)
    }

    fn skip(&mut self, literal: &str) -> Result<(), BadJournal> {
        self.0 = self.0.strip_prefix(literal).ok_or(BadJournal::Malformed)?;
        Ok(())
    }

    fn until(&mut self, end: char) -> Result<&'a str, BadJournal> {
        let (value, rest) = self.0.split_at(self.0.find(end).ok_or(BadJournal::Malformed)?);
        self.0 = rest;
        Ok(value)
    }

    fn number(&mut self, end: char) -> Result<u64, BadJournal> {
        self.until(end)?.parse().map_err(|_| BadJournal::Malformed)
    }
}

/// Why a line does not belong where it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadJournal {
    /// It does not continue the line before: altered, cut out, put in or moved.
    #[error("the journal is broken at record {number}")]
    Broken {
        /// The record that should be there.
        number: u64,
    },
    /// Not a line of a journal.
    #[error("a line of the journal cannot be read")]
    Malformed,
}

#[cfg(test)]
mod tests;
