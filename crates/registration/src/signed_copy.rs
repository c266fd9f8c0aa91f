//! Electronic signatures on the signed copy of an agreement (P-13): found in a PDF, and whether the file is the agreement
//! with nothing but signatures added.
//!
//! A PDF is signed by writing behind it (ISO 32000-1 §7.5.6, §12.8.1): the file stays as it was, an *update* follows with
//! a dictionary whose `/ByteRange` names all octets but its own `/Contents`. So [`signatures_in`] finds candidates by
//! `/ByteRange`, whoever made the file, and [`Updates`] reads strictly what stands behind our own document.
//!
//! What is not read: updates with cross-reference or object streams, encryption, indirect stream lengths. A signature
//! that nobody finds here, or an update that is not read, is never valid: the copy is then as good as a scan. What a
//! visible signature shows over a page is not judged: the digest of the agreement says which text was signed.

mod object;
mod rules;
mod update;

use std::ops::Range;

use ndoba_x509::asn1;

pub use update::{UpdateError, Updates};

/// The most signatures of a file that are looked at: two parts, with time-stamps.
const MAX_SIGNATURES: usize = 8;

/// A `/ByteRange` in a PDF, with what stands in the gap that it leaves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PdfSignature<'a> {
    /// The octets that are signed: before and behind the gap.
    pub covered: [&'a [u8]; 2],
    /// Where `/Contents` stands, its delimiters included.
    pub gap: Range<usize>,
    /// The CMS in it, without the zeros behind.
    pub cms: Vec<u8>,
}

impl PdfSignature<'_> {
    /// Where the signed octets end.
    pub fn end(&self) -> usize {
        self.gap.end + self.covered[1].len()
    }
}

/// What is found at each `/ByteRange` of a PDF, in the order of the file: a signature, or nothing where the ranges are not
/// two around one hexadecimal string from the first octet on. More than eight is nothing for each: no such agreement.
pub fn signatures_in(file: &[u8]) -> Vec<Option<PdfSignature<'_>>> {
    const KEY: &[u8] = b"/ByteRange";
    let places = file.windows(KEY.len()).enumerate().filter(|(_, word)| *word == KEY);
    let places: Vec<usize> = places.map(|(at, _)| at + KEY.len()).take(MAX_SIGNATURES + 1).collect();
    if places.len() > MAX_SIGNATURES {
        return vec![None; places.len()];
    }
    places.into_iter().map(|at| signature_at(file, at)).collect()
}

fn signature_at(file: &[u8], at: usize) -> Option<PdfSignature<'_>> {
    let [begin, before, behind, rest] = object::four_numbers(file, at)?;
    let gap = before..behind;
    let covered = [file.get(begin..before)?, file.get(behind..behind.checked_add(rest)?)?];
    let digits = file.get(gap.clone())?.strip_prefix(b"<")?.strip_suffix(b">")?;
    let octets = hex::decode(digits).ok()?;
    let cms = asn1::first(&octets).ok()?;
    let padded = octets.get(cms.len()..)?.iter().all(|octet| *octet == 0);
    (begin == 0 && padded).then(|| PdfSignature { covered, gap, cms: cms.to_vec() })
}

#[cfg(test)]
mod tests;
