//! DER, and what looks like it: an encoder that does as it is told, right or wrong.

/// An element; the length in as few octets as DER wants.
pub(crate) fn tlv(tag: u8, parts: &[&[u8]]) -> Vec<u8> {
    let content = parts.concat();
    let mut element = vec![tag];
    match content.len() {
        length @ 0..=0x7f => element.push(u8::try_from(length).unwrap()),
        length => {
            let octets: Vec<u8> = length.to_be_bytes().into_iter().skip_while(|octet| *octet == 0).collect();
            element.push(0x80 | u8::try_from(octets.len()).unwrap());
            element.extend(octets);
        }
    }
    element.extend(content);
    element
}

pub(crate) fn sequence(parts: &[&[u8]]) -> Vec<u8> {
    tlv(0x30, parts)
}

pub(crate) fn integer(content: &[u8]) -> Vec<u8> {
    tlv(0x02, &[content])
}

/// An OBJECT IDENTIFIER from its dotted form.
pub(crate) fn oid(dotted: &str) -> Vec<u8> {
    let arcs: Vec<u64> = dotted.split('.').map(|arc| arc.parse().unwrap()).collect();
    let mut content = Vec::new();
    for arc in std::iter::once(arcs[0] * 40 + arcs[1]).chain(arcs[2..].iter().copied()) {
        let mut octets = vec![u8::try_from(arc & 0x7f).unwrap()];
        let mut rest = arc >> 7;
        while rest != 0 {
            octets.push(0x80 | u8::try_from(rest & 0x7f).unwrap());
            rest >>= 7;
        }
        content.extend(octets.into_iter().rev());
    }
    tlv(0x06, &[&content])
}
