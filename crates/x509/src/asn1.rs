//! Elements of DER, one after the other and within each other: for readers of structures that have no types of their own.

use der::{AnyRef, Decode as _, Encode as _, Reader as _, SliceReader, Tag, TagNumber};

/// It is not the DER that was expected at this place.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("it is not the DER that was expected")]
pub struct Unexpected;

/// The tag of `[number]` around other elements.
pub const fn context(number: u32) -> Tag {
    Tag::ContextSpecific { constructed: true, number: TagNumber(number) }
}

/// The element that `der` begins with, its header included; others may follow.
///
/// # Errors
///
/// [`Unexpected`]
pub fn first(der: &[u8]) -> Result<&[u8], Unexpected> {
    let mut reader = SliceReader::new(der).map_err(|_| Unexpected)?;
    AnyRef::decode(&mut reader).map_err(|_| Unexpected)?;
    let length = usize::try_from(reader.position()).map_err(|_| Unexpected)?;
    der.get(..length).ok_or(Unexpected)
}

/// The elements within `element`, which must have the tag `tag`.
///
/// # Errors
///
/// [`Unexpected`]
pub fn elements(element: AnyRef<'_>, tag: Tag) -> Result<Vec<AnyRef<'_>>, Unexpected> {
    if element.header().tag() != tag {
        return Err(Unexpected);
    }
    let mut reader = SliceReader::new(element.value()).map_err(|_| Unexpected)?;
    let mut elements = Vec::new();
    while !reader.is_finished() {
        elements.push(AnyRef::decode(&mut reader).map_err(|_| Unexpected)?);
    }
    Ok(elements)
}

/// The same, where there are `N` of them.
///
/// # Errors
///
/// [`Unexpected`]
pub fn fields<const N: usize>(element: AnyRef<'_>, tag: Tag) -> Result<[AnyRef<'_>; N], Unexpected> {
    elements(element, tag)?.try_into().map_err(|_| Unexpected)
}

/// The content of an OCTET STRING.
///
/// # Errors
///
/// [`Unexpected`]
pub fn octets(element: AnyRef<'_>) -> Result<&[u8], Unexpected> {
    if element.header().tag() == Tag::OctetString { Ok(element.value()) } else { Err(Unexpected) }
}

/// An element with its header.
///
/// # Errors
///
/// [`Unexpected`]
pub fn whole(element: AnyRef<'_>) -> Result<Vec<u8>, Unexpected> {
    element.to_der().map_err(|_| Unexpected)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn elements_are_read_as_they_stand() {
        let der = [0x30, 5, 0x04, 1, 7, 0x05, 0];
        let [octet_string, null] = fields(AnyRef::from_der(&der).unwrap(), Tag::Sequence).unwrap();
        assert_eq!((octets(octet_string).unwrap(), whole(null).unwrap()), (&[7][..], vec![0x05, 0]));
        assert_eq!(octets(null), Err(Unexpected));
        assert_eq!(elements(octet_string, Tag::Sequence), Err(Unexpected));
        assert_eq!(fields::<1>(AnyRef::from_der(&der).unwrap(), Tag::Sequence), Err(Unexpected));
        // A length beyond the end, and within.
        assert_eq!(elements(AnyRef::new(Tag::Set, &[0x04, 2, 7]).unwrap(), Tag::Set), Err(Unexpected));
    }

    #[test]
    fn what_follows_the_first_element_is_left() {
        assert_eq!(first(&[0x04, 1, 7, 0, 0]).unwrap(), [0x04, 1, 7]);
        assert_eq!(first(&[0x04, 1]), Err(Unexpected));
        assert_eq!(first(&[]), Err(Unexpected));
        assert_eq!(first(&[0x30, 0x80, 0, 0]), Err(Unexpected), "an indefinite length is not DER");
    }
}
