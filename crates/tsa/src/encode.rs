//! DER out: elements put together from their contents.

/// The tags this crate writes.
pub(crate) mod tag {
    pub(crate) const BIT_STRING: u8 = 0x03;
    pub(crate) const INTEGER: u8 = 0x02;
    pub(crate) const OCTET_STRING: u8 = 0x04;
    pub(crate) const UTF8_STRING: u8 = 0x0c;
    pub(crate) const GENERALIZED_TIME: u8 = 0x18;
    pub(crate) const SEQUENCE: u8 = 0x30;
    pub(crate) const SET: u8 = 0x31;
    /// `[n] IMPLICIT` of a primitive type.
    pub(crate) const fn context_primitive(number: u8) -> u8 {
        0x80 | number
    }
    /// `[n] EXPLICIT`, or `[n] IMPLICIT` of a constructed type.
    pub(crate) const fn context(number: u8) -> u8 {
        0xa0 | number
    }
}

/// One element: the tag, the length of the parts together, the parts.
pub(crate) fn tlv(tag: u8, parts: &[&[u8]]) -> Vec<u8> {
    let length: usize = parts.iter().map(|part| part.len()).sum();
    let mut der = Vec::with_capacity(length + 6);
    der.push(tag);
    push_length(&mut der, length);
    for part in parts {
        der.extend_from_slice(part);
    }
    der
}

fn push_length(der: &mut Vec<u8>, length: usize) {
    match u8::try_from(length) {
        Ok(short @ 0..0x80) => der.push(short),
        Ok(_) | Err(_) => {
            let octets = length.to_be_bytes();
            let first = octets.iter().position(|octet| *octet != 0).unwrap_or(octets.len() - 1);
            let significant = &octets[first..];
            // At most the eight octets of a usize.
            der.push(0x80 | u8::try_from(significant.len()).unwrap_or(8));
            der.extend_from_slice(significant);
        }
    }
}

/// A SEQUENCE of parts.
pub(crate) fn sequence(parts: &[&[u8]]) -> Vec<u8> {
    tlv(tag::SEQUENCE, parts)
}

/// The contents of a SET OF, sorted as DER demands (X.690 §11.6): clients refuse unsorted certificates.
pub(crate) fn sorted(mut elements: Vec<Vec<u8>>) -> Vec<u8> {
    elements.sort();
    elements.concat()
}

/// An INTEGER that is not negative.
pub(crate) fn integer(value: u64) -> Vec<u8> {
    tlv(tag::INTEGER, &[&integer_content(value)])
}

/// The content octets of an INTEGER that is not negative.
pub(crate) fn integer_content(value: u64) -> Vec<u8> {
    let octets = value.to_be_bytes();
    let first = octets.iter().position(|octet| *octet != 0).unwrap_or(octets.len() - 1);
    let mut content = Vec::with_capacity(9);
    if octets[first] & 0x80 != 0 {
        content.push(0);
    }
    content.extend_from_slice(&octets[first..]);
    content
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_and_integers_are_minimal() {
        for (length, header) in [
            (0, &[0x04, 0x00][..]),
            (127, &[0x04, 0x7f]),
            (128, &[0x04, 0x81, 0x80]),
            (256, &[0x04, 0x82, 0x01, 0x00]),
            (65_536, &[0x04, 0x83, 0x01, 0x00, 0x00]),
        ] {
            let der = tlv(tag::OCTET_STRING, &[&vec![0; length]]);
            assert!(der.starts_with(header) && der.len() == header.len() + length, "{length}");
        }
        assert_eq!(integer(0), [2, 1, 0]);
        assert_eq!(integer(128), [2, 2, 0, 128]);
        assert_eq!(integer(256), [2, 2, 1, 0]);
    }

    #[test]
    fn sets_are_sorted() {
        assert_eq!(
            sorted(vec![vec![0x30, 2, 1, 1], vec![0x30, 1, 9], vec![4, 0]]),
            [4, 0, 0x30, 1, 9, 0x30, 2, 1, 1]
        );
    }
}
