//! DER out. All of this crate's encoding ends in [`tlv`]; what goes in was checked by who made it.

use der::asn1::ObjectIdentifier;
use der::{AnyRef, Encode, Header, Length, Tag, TagNumber};

/// One DER element: `tag`, the length of `content`, `content`.
#[expect(clippy::expect_used, reason = "see the comment on unwrap safety")]
pub(crate) fn tlv(tag: Tag, content: &[u8]) -> Vec<u8> {
    // Unwrap safety: encoding opaque content can fail only beyond der's greatest length, 256 MiB. Names, URLs and
    // keys are limited to kilobytes where they come in; a CRL of that length has over five million entries.
    AnyRef::new(tag, content).and_then(|any| any.to_der()).expect("content below 256 MiB encodes")
}

/// Tag and length of a SEQUENCE whose content is elsewhere.
#[expect(clippy::expect_used, reason = "see the comment on unwrap safety")]
pub(crate) fn sequence_header(length: usize) -> Vec<u8> {
    // Unwrap safety: as for `tlv`; the length is that of octets that were written down.
    let length = Length::try_from(length).expect("content below 256 MiB encodes");
    Header::new(Tag::Sequence, length).to_der().expect("a header encodes")
}

/// A SEQUENCE of elements that are DER already.
pub(crate) fn sequence(parts: &[&[u8]]) -> Vec<u8> {
    tlv(Tag::Sequence, &parts.concat())
}

/// A SEQUENCE OF elements that are DER already.
pub(crate) fn sequence_of(parts: &[Vec<u8>]) -> Vec<u8> {
    tlv(Tag::Sequence, &parts.concat())
}

/// A SET with one element.
pub(crate) fn set_of_one(element: &[u8]) -> Vec<u8> {
    tlv(Tag::Set, element)
}

/// An OBJECT IDENTIFIER.
pub(crate) fn oid(oid: &ObjectIdentifier) -> Vec<u8> {
    tlv(Tag::ObjectIdentifier, oid.as_bytes())
}

/// A NULL.
pub(crate) fn null() -> Vec<u8> {
    tlv(Tag::Null, &[])
}

/// `BOOLEAN TRUE`; FALSE is always a DEFAULT here and therefore absent (C-07).
pub(crate) fn boolean_true() -> Vec<u8> {
    tlv(Tag::Boolean, &[0xff])
}

/// An INTEGER from a non-negative number.
pub(crate) fn integer(value: u64) -> Vec<u8> {
    let bytes = value.to_be_bytes();
    let first = bytes.iter().position(|byte| *byte != 0).unwrap_or(bytes.len() - 1);
    let mut content = Vec::with_capacity(9);
    if bytes[first] & 0x80 != 0 {
        content.push(0);
    }
    content.extend_from_slice(&bytes[first..]);
    tlv(Tag::Integer, &content)
}

/// An INTEGER from content octets that are minimal already.
pub(crate) fn integer_content(content: &[u8]) -> Vec<u8> {
    tlv(Tag::Integer, content)
}

/// An ENUMERATED below 128.
pub(crate) fn enumerated(value: u8) -> Vec<u8> {
    tlv(Tag::Enumerated, &[value])
}

/// An OCTET STRING.
pub(crate) fn octet_string(content: &[u8]) -> Vec<u8> {
    tlv(Tag::OctetString, content)
}

/// A BIT STRING of whole octets.
pub(crate) fn bit_string(content: &[u8]) -> Vec<u8> {
    tlv(Tag::BitString, &[&[0], content].concat())
}

/// A UTF8String.
pub(crate) fn utf8(text: &str) -> Vec<u8> {
    tlv(Tag::Utf8String, text.as_bytes())
}

/// A PrintableString; the caller knows the characters.
pub(crate) fn printable(text: &str) -> Vec<u8> {
    tlv(Tag::PrintableString, text.as_bytes())
}

/// An IA5String; the caller knows that it is ASCII.
pub(crate) fn ia5(text: &str) -> Vec<u8> {
    tlv(Tag::Ia5String, text.as_bytes())
}

/// `[number] EXPLICIT`, or `[number] IMPLICIT` of a constructed type given its content.
pub(crate) fn context_constructed(number: u8, content: &[u8]) -> Vec<u8> {
    tlv(Tag::ContextSpecific { number: TagNumber(u32::from(number)), constructed: true }, content)
}

/// `[number] IMPLICIT` of a primitive type, given its content.
pub(crate) fn context_primitive(number: u8, content: &[u8]) -> Vec<u8> {
    tlv(Tag::ContextSpecific { number: TagNumber(u32::from(number)), constructed: false }, content)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn integers_are_minimal_and_positive() {
        for (value, der) in [
            (0, &[2, 1, 0][..]),
            (127, &[2, 1, 127]),
            (128, &[2, 2, 0, 128]),
            (256, &[2, 2, 1, 0]),
            (u64::MAX, &[2, 9, 0, 255, 255, 255, 255, 255, 255, 255, 255]),
        ] {
            assert_eq!(integer(value), der);
        }
    }

    #[test]
    fn context_tags() {
        assert_eq!(context_constructed(0, &[5, 0]), [0xa0, 2, 5, 0]);
        assert_eq!(context_primitive(6, b"x"), [0x86, 1, b'x']);
    }
}
