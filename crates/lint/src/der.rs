//! A strict reader of DER: tag, length, content, and where they are.
//!
//! Written for judging, not for using: it knows nothing of X.509, keeps every place, and shares no code with the
//! encoder whose work it reads.

use std::fmt::Write as _;
use std::ops::Range;

pub(crate) const BOOLEAN: u8 = 0x01;
pub(crate) const INTEGER: u8 = 0x02;
pub(crate) const BIT_STRING: u8 = 0x03;
pub(crate) const OCTET_STRING: u8 = 0x04;
pub(crate) const NULL: u8 = 0x05;
pub(crate) const OID: u8 = 0x06;
pub(crate) const ENUMERATED: u8 = 0x0a;
pub(crate) const UTF8_STRING: u8 = 0x0c;
pub(crate) const PRINTABLE_STRING: u8 = 0x13;
pub(crate) const IA5_STRING: u8 = 0x16;
pub(crate) const UTC_TIME: u8 = 0x17;
pub(crate) const GENERALIZED_TIME: u8 = 0x18;
pub(crate) const SEQUENCE: u8 = 0x30;
pub(crate) const SET: u8 = 0x31;

/// Nesting beyond this is an attack, not a certificate.
const DEEPEST: usize = 32;

/// A value: its tag, its content, and its place in the document.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Tlv<'a> {
    pub(crate) tag: u8,
    pub(crate) content: &'a [u8],
    /// Of its tag.
    pub(crate) start: usize,
    /// Behind its content.
    pub(crate) end: usize,
}

/// The octets are no DER.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct NotDer {
    pub(crate) at: usize,
    pub(crate) why: &'static str,
}

impl<'a> Tlv<'a> {
    /// Reads one value from octets that stand at `offset` in the document; it must be all of them.
    pub(crate) fn whole(bytes: &'a [u8], offset: usize) -> Result<Self, NotDer> {
        let (value, rest) = read(bytes, offset)?;
        if rest.is_empty() {
            Ok(value)
        } else {
            Err(NotDer { at: value.end, why: "octets follow the value" })
        }
    }

    /// The values inside.
    pub(crate) fn children(&self) -> Result<Vec<Self>, NotDer> {
        self.each_child().collect()
    }

    /// The values inside, one by one; after one that cannot be read there is none.
    pub(crate) fn each_child(&self) -> impl Iterator<Item = Result<Self, NotDer>> + use<'a> {
        let (mut rest, end) = (self.content, self.end);
        std::iter::from_fn(move || {
            if rest.is_empty() {
                return None;
            }
            let read = read(rest, end - rest.len());
            rest = read.as_ref().map_or(&[][..], |(_, after)| after);
            Some(read.map(|(value, _)| value))
        })
    }

    /// The values inside, when its tag is `tag`; none when it is another or they cannot be read.
    pub(crate) fn children_of(&self, tag: u8) -> Option<Vec<Self>> {
        if self.tag == tag { self.children().ok() } else { None }
    }

    /// The values inside an OCTET STRING or BIT STRING's content that holds DER.
    pub(crate) fn inside(bytes: &'a [u8], end: usize) -> Result<Self, NotDer> {
        Self::whole(bytes, end - bytes.len())
    }

    pub(crate) fn place(&self) -> Range<usize> {
        self.start..self.end
    }

    /// An object identifier in dotted decimal.
    pub(crate) fn oid(&self) -> Option<String> {
        if self.tag == OID { dotted(self.content) } else { None }
    }

    /// A small INTEGER or ENUMERATED that is not negative.
    pub(crate) fn small(&self) -> Option<u64> {
        if !matches!(self.tag, INTEGER | ENUMERATED)
            || self.content.len() > 8
            || *self.content.first()? & 0x80 != 0
        {
            return None;
        }
        Some(self.content.iter().fold(0, |number, octet| number << 8 | u64::from(*octet)))
    }

    /// A string of ASCII or UTF-8.
    pub(crate) fn text(&self) -> Option<&'a str> {
        match self.tag {
            UTF8_STRING | PRINTABLE_STRING | IA5_STRING => std::str::from_utf8(self.content).ok(),
            _ => None,
        }
    }
}

/// Tag and length at the front of octets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Header {
    pub(crate) tag: u8,
    /// How many octets tag and length take.
    pub(crate) octets: usize,
    /// Of the content.
    pub(crate) length: usize,
}

impl Header {
    /// How many octets the value takes.
    pub(crate) fn whole(&self) -> usize {
        self.octets.saturating_add(self.length)
    }
}

/// Reads tag and length; none where the octets end before they do.
pub(crate) fn header(bytes: &[u8]) -> Result<Option<Header>, &'static str> {
    if bytes.first().is_some_and(|tag| tag & 0x1f == 0x1f) {
        return Err("tags of several octets do not occur in X.509");
    }
    let [tag, length, rest @ ..] = bytes else { return Ok(None) };
    match *length {
        short @ 0..=0x7f => Ok(Some(Header { tag: *tag, octets: 2, length: usize::from(short) })),
        0x80 => Err("DER has no indefinite lengths"),
        long => {
            let count = usize::from(long & 0x7f);
            // Four octets are 4 GB; certificates and CRLs end long before.
            if count > 4 {
                return Err("the length is cut off or too large");
            }
            let Some(octets) = rest.get(..count) else { return Ok(None) };
            let length = octets.iter().fold(0_usize, |length, octet| length << 8 | usize::from(*octet));
            if octets[0] == 0 || length < 0x80 {
                return Err("the length takes more octets than it needs");
            }
            Ok(Some(Header { tag: *tag, octets: 2 + count, length }))
        }
    }
}

/// Splits the first value off `bytes`, which stand at `offset`.
pub(crate) fn read(bytes: &[u8], offset: usize) -> Result<(Tlv<'_>, &[u8]), NotDer> {
    let not = |why| NotDer { at: offset, why };
    let cut_off = not("the value is cut off");
    let header = header(bytes).map_err(not)?.ok_or(cut_off)?;
    if header.whole() > bytes.len() {
        return Err(cut_off);
    }
    let (value, after) = bytes.split_at(header.whole());
    let tlv = Tlv {
        tag: header.tag,
        content: &value[header.octets..],
        start: offset,
        end: offset + header.whole(),
    };
    Ok((tlv, after))
}

/// Whether these are the optional fields of a SEQUENCE that has `allowed` tags in this order: each once at most, nothing
/// else, none before one that comes earlier.
pub(crate) fn are_fields(fields: &[Tlv<'_>], allowed: &[u8]) -> bool {
    let mut left = allowed.iter();
    fields.iter().all(|field| left.any(|tag| *tag == field.tag))
}

/// Walks all of `value` and judges every octet that X.690 has an opinion on.
pub(crate) fn strict(value: &Tlv<'_>) -> Result<(), NotDer> {
    strict_at(value, 0)
}

fn strict_at(value: &Tlv<'_>, depth: usize) -> Result<(), NotDer> {
    let not = |why| Err(NotDer { at: value.start, why });
    if depth > DEEPEST {
        return not("nested too deeply");
    }
    let constructed = value.tag & 0x20 != 0;
    if value.tag & 0xc0 == 0 {
        let needs_constructed = matches!(value.tag | 0x20, SEQUENCE | SET);
        if needs_constructed != constructed {
            return not("constructed where DER is primitive, or the reverse");
        }
    }
    if constructed {
        let children = value.children()?;
        for child in &children {
            strict_at(child, depth + 1)?;
        }
        return if value.tag == SET { sorted(value, &children) } else { Ok(()) };
    }
    match primitive(value) {
        None => Ok(()),
        Some(why) => not(why),
    }
}

/// DER sorts the members of a SET OF by their encodings; all sets in X.509 are such.
fn sorted(value: &Tlv<'_>, children: &[Tlv<'_>]) -> Result<(), NotDer> {
    let encoding = |child: &Tlv<'_>| {
        let from = value.content.len() - (value.end - child.start);
        &value.content[from..from + (child.end - child.start)]
    };
    if children.windows(2).any(|pair| encoding(&pair[0]) > encoding(&pair[1])) {
        return Err(NotDer { at: value.start, why: "the members of a SET OF are not sorted" });
    }
    Ok(())
}

/// What is wrong with a primitive value of a universal type.
fn primitive(value: &Tlv<'_>) -> Option<&'static str> {
    match (value.tag, value.content) {
        (BOOLEAN, [0 | 0xff]) => None,
        (BOOLEAN, _) => Some("a BOOLEAN is one octet, 00 or FF"),
        (INTEGER | ENUMERATED, []) => Some("an INTEGER has at least one octet"),
        (INTEGER | ENUMERATED, [0, second, ..]) if second & 0x80 == 0 => {
            Some("an INTEGER is as short as it can be")
        }
        (INTEGER | ENUMERATED, [0xff, second, ..]) if second & 0x80 != 0 => {
            Some("an INTEGER is as short as it can be")
        }
        (BIT_STRING, []) => Some("a BIT STRING has at least one octet"),
        (BIT_STRING, [0, ..]) => None,
        (BIT_STRING, [1..=7]) => Some("an empty BIT STRING has no unused bits"),
        (BIT_STRING, [unused @ 1..=7, .., last]) if last & ((1 << unused) - 1) == 0 => None,
        (BIT_STRING, _) => Some("unused bits of a BIT STRING are at most seven, and zero"),
        (NULL, [_, ..]) => Some("NULL is empty"),
        (OID, content) if each_arc(content, |_| ()).is_none() => Some("malformed OBJECT IDENTIFIER"),
        (UTF8_STRING, content) if std::str::from_utf8(content).is_err() => Some("malformed UTF-8"),
        (PRINTABLE_STRING, content) if !content.iter().all(|octet| is_printable(*octet)) => {
            Some("a character that PrintableString does not have")
        }
        (IA5_STRING, content) if !content.is_ascii() => Some("a character that IA5String does not have"),
        _ => None,
    }
}

fn is_printable(octet: u8) -> bool {
    octet.is_ascii_alphanumeric() || b" '()+,-./:=?".contains(&octet)
}

/// An object identifier in dotted decimal.
fn dotted(content: &[u8]) -> Option<String> {
    // Each octet gives three digits at most, or a part of some.
    let mut text = String::with_capacity(3 * content.len() + 2);
    each_arc(content, |arc| {
        let dot = if text.is_empty() { "" } else { "." };
        // Text takes all that is written.
        let _ = write!(text, "{dot}{arc}");
    })?;
    Some(text)
}

/// Tells the arcs of an object identifier one after the other; `None` where it is none.
fn each_arc(content: &[u8], mut tell: impl FnMut(u64)) -> Option<()> {
    let (mut arc, mut fresh, mut first) = (0_u64, true, true);
    for octet in content {
        if (fresh && *octet == 0x80) || arc > u64::MAX >> 7 {
            return None;
        }
        arc = arc << 7 | u64::from(octet & 0x7f);
        fresh = octet & 0x80 == 0;
        if fresh {
            if first {
                // The first two arcs share a number; only the third root arc has seconds above 39 (X.690 §8.19.4).
                let root = (arc / 40).min(2);
                tell(root);
                arc -= root * 40;
                first = false;
            }
            tell(arc);
            arc = 0;
        }
    }
    (fresh && !first).then_some(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judge(bytes: &[u8]) -> Option<&'static str> {
        Tlv::whole(bytes, 0).and_then(|value| strict(&value)).err().map(|not| not.why)
    }

    #[test]
    fn good() {
        for good in [
            &[0x30, 0x00][..],
            &[0x02, 0x02, 0x00, 0x80],
            &[0x03, 0x02, 0x06, 0x40],
            &[0x31, 0x06, 0x02, 0x01, 0x01, 0x02, 0x01, 0x02],
            &[0x05, 0x00],
        ] {
            assert_eq!(judge(good), None, "{good:02x?}");
        }
    }

    #[test]
    fn bad() {
        for bad in [
            &[][..],
            &[0x30],
            &[0x30, 0x80, 0x00, 0x00],
            &[0x30, 0x81, 0x00],
            &[0x30, 0x01],
            &[0x02, 0x00],
            &[0x02, 0x02, 0x00, 0x01],
            &[0x02, 0x02, 0xff, 0x80],
            &[0x01, 0x01, 0x01],
            &[0x03, 0x02, 0x06, 0x41],
            &[0x03, 0x01, 0x01],
            &[0x05, 0x01, 0x00],
            &[0x06, 0x02, 0x80, 0x01],
            &[0x06, 0x01, 0x81],
            &[0x0c, 0x01, 0xff],
            &[0x13, 0x01, b'@'],
            &[0x16, 0x01, 0x80],
            &[0x24, 0x00],
            &[0x10, 0x00],
            &[0x31, 0x06, 0x02, 0x01, 0x02, 0x02, 0x01, 0x01],
            &[0x05, 0x00, 0x00],
            &[0x1f, 0x81, 0x00, 0x00],
        ] {
            assert!(judge(bad).is_some(), "{bad:02x?}");
        }
    }

    #[test]
    fn identifiers() {
        assert_eq!(dotted(&[0x88, 0x37, 0x01, 0x01]).unwrap(), "2.999.1.1");
        assert_eq!(dotted(&[0x55, 0x1d, 0x0f]).unwrap(), "2.5.29.15");
        assert_eq!(dotted(&[0x04, 0x00, 0x8e, 0x46, 0x01, 0x01]).unwrap(), "0.4.0.1862.1.1");
    }

    #[test]
    fn places_are_in_the_document() {
        let bytes = [0x30, 0x05, 0x05, 0x00, 0x02, 0x01, 0x07];
        let children = Tlv::whole(&bytes, 0).unwrap().children().unwrap();
        assert_eq!(children[1].place(), 4..7);
        assert_eq!(children[1].small(), Some(7));
    }

    proptest::proptest! {
        #[test]
        fn never_panics(bytes in proptest::collection::vec(proptest::num::u8::ANY, 0..200)) {
            let _ = judge(&bytes);
        }
    }
}
