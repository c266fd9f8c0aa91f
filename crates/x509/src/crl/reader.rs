//! A CRL of any length read from where it lies: its facts at once, its entries one by one, nothing kept of them.

use std::io::{self, BufReader, Read, Seek, SeekFrom};

use der::{AnyRef, Decode as _};
use ndoba_types::UtcTime;

use super::parse::read_entry;
use super::{BadCrl, CrlNumber, CrlView, RevokedEntry};
use crate::encode;

/// What is not an entry fits into this, and so does an entry: names and extensions take hundreds of octets.
const MOST: usize = 1 << 16;

const SEQUENCE: u8 = 0x30;

/// A CRL in a file or another place that can be read again. Reading verifies nothing.
pub struct CrlReader<R> {
    source: BufReader<R>,
    this_update: UtcTime,
    next_update: UtcTime,
    number: CrlNumber,
    /// Where the entries begin, and how many octets they are.
    entries: (u64, u64),
}

impl<R: Read + Seek> CrlReader<R> {
    /// Reads what is not an entry, as strictly as [`CrlView::from_der`]: from the beginning and from behind the entries.
    ///
    /// # Errors
    ///
    /// [`CrlReadError`]
    pub fn open(source: R) -> Result<Self, CrlReadError> {
        let mut source = BufReader::with_capacity(MOST, source);
        source.rewind()?;
        let outer = Element::sequence(&mut source)?;
        let tbs = Element::sequence(&mut source)?;
        // Version, algorithm, issuer, thisUpdate, nextUpdate.
        let (mut fields, mut passed) = (Vec::new(), tbs.header.len());
        for _ in 0..5 {
            Element::read(&mut source)?.take_into(&mut source, &mut fields)?;
        }
        passed += fields.len();
        let mut next = Element::read(&mut source)?;
        let begin = source.stream_position()?;
        let mut length = 0;
        if next.header.first() == Some(&SEQUENCE) {
            passed += next.header.len();
            length = next.length;
            source.seek(SeekFrom::Start(begin + length))?;
            if length == 0 {
                return Err(CrlReadError::Bad(BadCrl));
            }
            next = Element::read(&mut source)?;
        }
        // Extensions; behind the signed part algorithm and signature.
        let extensions = fields.len();
        next.take_into(&mut source, &mut fields)?;
        passed += fields.len() - extensions;
        let mut seal = Vec::new();
        for _ in 0..2 {
            Element::read(&mut source)?.take_into(&mut source, &mut seal)?;
        }
        let whole = |element: &Element, content: usize| element.length == content as u64 + length;
        let tbs_fits = whole(&tbs, passed - tbs.header.len());
        if !tbs_fits || !whole(&outer, passed + seal.len()) || source.read(&mut [0])? != 0 {
            return Err(CrlReadError::Bad(BadCrl));
        }
        // The same list without its entries reads as such a list does.
        let rest = encode::sequence(&[&encode::sequence(&[&fields]), &seal]);
        let view = CrlView::from_der(&rest)?;
        let (this_update, next_update, number) = (view.this_update(), view.next_update(), view.number());
        Ok(Self { source, this_update, next_update, number, entries: (begin, length) })
    }

    /// When it was made.
    pub fn this_update(&self) -> UtcTime {
        self.this_update
    }

    /// When the next one is out at the latest.
    pub fn next_update(&self) -> UtcTime {
        self.next_update
    }

    /// Its number.
    pub fn number(&self) -> CrlNumber {
        self.number
    }

    /// The entries in their order, from the first. After an error there is none any more.
    ///
    /// # Errors
    ///
    /// [`io::Error`] where the first cannot be found again.
    pub fn entries(
        &mut self,
    ) -> Result<impl Iterator<Item = Result<RevokedEntry, CrlReadError>> + use<'_, R>, io::Error> {
        let (begin, mut left) = self.entries;
        self.source.seek(SeekFrom::Start(begin))?;
        let (source, mut octets) = (&mut self.source, Vec::new());
        Ok(std::iter::from_fn(move || {
            if left == 0 {
                return None;
            }
            octets.clear();
            let entry = next_entry(source, left, &mut octets);
            left = if entry.is_ok() { left - octets.len() as u64 } else { 0 };
            Some(entry)
        }))
    }
}

fn next_entry(source: &mut impl Read, left: u64, octets: &mut Vec<u8>) -> Result<RevokedEntry, CrlReadError> {
    let element = Element::read(source)?;
    if element.header.len() as u64 + element.length > left {
        return Err(CrlReadError::Bad(BadCrl));
    }
    element.take_into(source, octets)?;
    let entry = AnyRef::from_der(octets).and_then(|entry| entry.sequence(read_entry));
    entry.map_err(|_| CrlReadError::Bad(BadCrl))
}

/// Tag and length of an element whose content has not been read.
struct Element {
    header: Vec<u8>,
    length: u64,
}

impl Element {
    fn sequence(source: &mut impl Read) -> Result<Self, CrlReadError> {
        let element = Self::read(source)?;
        if element.header.first() == Some(&SEQUENCE) { Ok(element) } else { Err(CrlReadError::Bad(BadCrl)) }
    }

    /// DER: the length in as few octets as there can be, at most four behind the first.
    fn read(source: &mut impl Read) -> Result<Self, CrlReadError> {
        let mut header = vec![0; 2];
        source.read_exact(&mut header)?;
        let first = header[1];
        if first < 0x80 {
            return Ok(Self { header, length: first.into() });
        }
        let count = usize::from(first & 0x7f);
        if !(1..=4).contains(&count) {
            return Err(CrlReadError::Bad(BadCrl));
        }
        header.resize(2 + count, 0);
        source.read_exact(&mut header[2..])?;
        let length = header[2..].iter().fold(0, |length, octet| length << 8 | u64::from(*octet));
        if header[2] == 0 || length < 0x80 {
            return Err(CrlReadError::Bad(BadCrl));
        }
        Ok(Self { header, length })
    }

    /// Adds the whole of it to `octets`.
    fn take_into(self, source: &mut impl Read, octets: &mut Vec<u8>) -> Result<(), CrlReadError> {
        let Self { header, length } = self;
        if length > MOST as u64 {
            return Err(CrlReadError::Bad(BadCrl));
        }
        octets.extend_from_slice(&header);
        let read = source.take(length).read_to_end(octets)?;
        if read as u64 == length { Ok(()) } else { Err(CrlReadError::Bad(BadCrl)) }
    }
}

/// A CRL could not be read from where it lies.
#[derive(Debug, thiserror::Error)]
pub enum CrlReadError {
    /// It is none.
    #[error(transparent)]
    Bad(#[from] BadCrl),
    /// The place gave no octets.
    #[error("the CRL cannot be read")]
    Io(#[source] io::Error),
}

impl From<io::Error> for CrlReadError {
    /// An end that comes too early is the list's fault.
    fn from(error: io::Error) -> Self {
        if error.kind() == io::ErrorKind::UnexpectedEof { Self::Bad(BadCrl) } else { Self::Io(error) }
    }
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use ndoba_types::{SerialNumber, Signature};
    use proptest::prelude::*;

    use super::super::{Crl, CrlPlan};
    use super::*;
    use crate::{RevocationReason, assemble};

    fn list(count: u16) -> Vec<u8> {
        let issuer = crate::test_support::issuer_facts();
        let now = UtcTime::from_unix_seconds(1_795_000_000).unwrap();
        let plan = CrlPlan {
            issuer: &issuer,
            number: CrlNumber::new(7),
            this_update: now,
            next_update: now,
            expired_certs_on_crl: None,
            addresses: &[],
        };
        let entry = |serial: u16| RevokedEntry {
            serial: SerialNumber::from_unsigned(&[&[0x41], &serial.to_be_bytes()[..]].concat()).unwrap(),
            revoked_at: now,
            reason: RevocationReason::Superseded,
            invalidity_date: serial.is_multiple_of(2).then_some(now),
        };
        let tbs = plan.to_tbs((0..count).map(entry));
        assemble(&tbs, issuer.algorithm, &Signature::from_bytes(vec![0; 70]))
    }

    fn read(der: &[u8]) -> Option<(CrlNumber, Vec<RevokedEntry>)> {
        let mut reader = CrlReader::open(Cursor::new(der)).ok()?;
        let twice = [(); 2].map(|()| reader.entries().unwrap().collect::<Result<Vec<_>, _>>().ok());
        assert_eq!(twice[0], twice[1]);
        let [entries, _] = twice;
        Some((reader.number(), entries?))
    }

    #[test]
    fn says_what_the_whole_says() {
        for count in [0, 1, 2, 6, 7, 3000] {
            let der = list(count);
            let whole = Crl::from_der(&der).unwrap();
            assert_eq!(read(&der), Some((whole.number(), whole.entries().to_vec())), "{count}");
        }
    }

    #[test]
    fn what_is_cut_off_or_goes_on_is_none() {
        let der = list(3);
        for end in 0..der.len() {
            assert_eq!(read(&der[..end]), None, "{end}");
        }
        assert_eq!(read(&[&der[..], &[0]].concat()), None);
    }

    proptest! {
        /// What one reader takes the other takes, and both see the same.
        #[test]
        fn agrees_with_the_reader_of_the_whole(at in any::<prop::sample::Index>(), octet: u8) {
            let mut der = list(3);
            let at = at.index(der.len());
            der[at] = octet;
            let whole = Crl::from_der(&der).ok().map(|crl| (crl.number(), crl.entries().to_vec()));
            prop_assert_eq!(read(&der), whole);
        }

        #[test]
        fn never_panics(der: Vec<u8>) {
            prop_assert_eq!(read(&der), None);
        }
    }
}
