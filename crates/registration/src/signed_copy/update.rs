//! The parts of a PDF that was written to more than once: our document, and what others wrote behind it.

use std::collections::BTreeMap;
use std::ops::Range;

use super::PdfSignature;
use super::object::{Object, Reader, Unreadable};
use super::rules;

/// The most updates that are read: signatures, their validation data, time-stamps.
const MAX_UPDATES: usize = 16;

/// An agreement of ours behind which nothing was written but signatures.
#[derive(Clone, Debug)]
pub struct Updates {
    /// For each update from where to where a signature of it may end.
    ends: Vec<Range<usize>>,
    /// The signature dictionaries: their byte ranges, and where their contents stand.
    signatures: Vec<([usize; 4], Range<usize>)>,
    length: usize,
}

/// Why a file is not an agreement with signatures.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum UpdateError {
    /// Something else than a signature was written behind it.
    #[error("the document was changed")]
    Changed,
    /// What was written behind it is not read.
    #[error("the changes of the document are not read")]
    Unreadable,
}

impl From<Unreadable> for UpdateError {
    fn from(_: Unreadable) -> Self {
        Self::Unreadable
    }
}

impl Updates {
    /// Reads a file that begins with `agreement`.
    ///
    /// # Errors
    ///
    /// [`UpdateError`]; for a file that does not begin with it, [`UpdateError::Changed`].
    pub fn read(file: &[u8], agreement: &[u8]) -> Result<Self, UpdateError> {
        if !file.starts_with(agreement) {
            return Err(UpdateError::Changed);
        }
        let first = Section::read(&mut Reader { bytes: agreement, at: 0 }, None)?;
        if first.next != agreement.len() {
            return Err(UpdateError::Unreadable);
        }
        let mut state = rules::State::of(&first)?;
        let mut updates = Self { ends: Vec::new(), signatures: Vec::new(), length: file.len() };
        let mut reader = Reader { bytes: file, at: agreement.len() };
        let mut last = first;
        while reader.at < file.len() {
            if updates.ends.len() == MAX_UPDATES {
                return Err(UpdateError::Unreadable);
            }
            let section = Section::read(&mut reader, Some(&last))?;
            state.update(&section)?;
            updates.ends.push(section.end..section.next + 1);
            updates.signatures.extend(section.objects.values().filter_map(signature));
            last = section;
        }
        Ok(updates)
    }

    /// Whether the signature is one of these and covers everything but its own contents, up to the end of its update: of the
    /// last one to the last octet.
    pub fn covered_by(&self, signature: &PdfSignature<'_>) -> bool {
        let [before, behind] = signature.covered;
        let range = [0, before.len(), signature.gap.end, behind.len()];
        let known = self.signatures.iter().any(|(own, gap)| *own == range && *gap == signature.gap);
        let end = signature.end();
        let of_last = self.ends.last().is_some_and(|last| last.contains(&end));
        known && if of_last { end == self.length } else { self.ends.iter().any(|one| one.contains(&end)) }
    }
}

/// Byte range and place of the contents of a signature dictionary.
fn signature(object: &Object) -> Option<([usize; 4], Range<usize>)> {
    let Some(Object::Array(range)) = object.get("ByteRange") else { return None };
    let range: Option<Vec<usize>> = range.iter().map(Object::whole).collect();
    let Some(Object::Text(_, place)) = object.get("Contents") else { return None };
    Some((range?.try_into().ok()?, place.clone()))
}

/// Objects, their table and their trailer (ISO 32000-1 §7.5): what is written at once.
pub(super) struct Section {
    pub(super) objects: BTreeMap<u32, Object>,
    pub(super) trailer: Object,
    table: usize,
    /// Behind `%%EOF`.
    end: usize,
    /// Behind the whitespace after it.
    next: usize,
}

impl Section {
    /// Reads a section whose table names its own objects and no others, each where it stands: whoever looks an object up
    /// finds what was read here.
    fn read(reader: &mut Reader<'_>, before: Option<&Self>) -> Result<Self, Unreadable> {
        let mut objects = BTreeMap::new();
        let mut places = BTreeMap::new();
        let table = loop {
            reader.space();
            let place = reader.at;
            if reader.rest().starts_with(b"xref") {
                break place;
            }
            let number = u32::try_from(reader.number()?).map_err(|_| Unreadable)?;
            reader.keyword(b"0")?;
            reader.keyword(b"obj")?;
            let object = reader.any()?;
            skip_stream(reader, &object)?;
            reader.keyword(b"endobj")?;
            if objects.insert(number, object).is_some() {
                return Err(Unreadable);
            }
            places.insert(number, place);
        };
        if read_table(reader)? != places {
            return Err(Unreadable);
        }
        reader.keyword(b"trailer")?;
        let trailer = reader.any()?;
        reader.keyword(b"startxref")?;
        let named = reader.number()?;
        reader.white();
        reader.expect(b"%%EOF")?;
        let end = reader.at;
        reader.white();
        let section = Self { objects, trailer, table, end, next: reader.at };
        let previous = section.trailer.get("Prev").map(|prev| prev.whole().ok_or(Unreadable)).transpose()?;
        let chained = named == table && previous == before.map(|before| before.table);
        let plain = ["Encrypt", "XRefStm"].iter().all(|key| section.trailer.get(key).is_none());
        if chained && plain { Ok(section) } else { Err(Unreadable) }
    }
}

/// Passes the octets of a stream, where the object has one; how many, its dictionary says itself.
fn skip_stream(reader: &mut Reader<'_>, object: &Object) -> Result<(), Unreadable> {
    reader.space();
    if !reader.rest().starts_with(b"stream") {
        return Ok(());
    }
    reader.expect(b"stream")?;
    reader.expect(b"\r\n").or_else(|_| reader.expect(b"\n"))?;
    let length = object.get("Length").and_then(Object::whole).ok_or(Unreadable)?;
    reader.at = reader.at.checked_add(length).filter(|at| *at <= reader.bytes.len()).ok_or(Unreadable)?;
    reader.white();
    reader.expect(b"endstream")
}

/// The table: where each object begins. Only object 0 is free.
fn read_table(reader: &mut Reader<'_>) -> Result<BTreeMap<u32, usize>, Unreadable> {
    reader.keyword(b"xref")?;
    let mut places = BTreeMap::new();
    loop {
        let before = reader.at;
        if reader.word() == b"trailer" {
            reader.at = before;
            return Ok(places);
        }
        reader.at = before;
        let (first, count) = (reader.number()?, reader.number()?);
        for number in (first..).take(count) {
            let (place, generation) = (reader.number()?, reader.number()?);
            match reader.word() {
                b"n" if generation == 0 => {
                    let number = u32::try_from(number).map_err(|_| Unreadable)?;
                    if places.insert(number, place).is_some() {
                        return Err(Unreadable);
                    }
                }
                b"f" if number == 0 => {}
                _ => return Err(Unreadable),
            }
        }
    }
}
