//! Object identifiers without a limit on their arcs.

use std::fmt;
use std::str::FromStr;

/// An object identifier, held as its DER content octets: any arcs, the second below 2 included.
///
/// `const-oid`'s type refuses second arcs above 39 (X.690 §8.19.4 allows them below 2) and with them the example
/// arc 2.999 that development policies live under; identifiers that come from configuration, or from strangers'
/// requests, are this type.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Oid(Vec<u8>);

impl Oid {
    /// The most content octets that are taken.
    pub const MAX_LEN: usize = 64;

    /// Takes the content octets of a DER OBJECT IDENTIFIER.
    ///
    /// # Errors
    ///
    /// [`BadOid`] when it is empty, longer than [`Self::MAX_LEN`], ends within an arc or has an arc with leading
    /// zeros (X.690 §8.19.2).
    pub fn from_der_content(content: &[u8]) -> Result<Self, BadOid> {
        let ends = content.last().is_some_and(|last| last & 0x80 == 0);
        let starts = content.iter().enumerate().filter(|(i, _)| *i == 0 || content[i - 1] & 0x80 == 0);
        if !ends || content.len() > Self::MAX_LEN || starts.into_iter().any(|(_, octet)| *octet == 0x80) {
            return Err(BadOid);
        }
        Ok(Self(content.to_vec()))
    }

    /// The content octets, without tag and length.
    pub fn as_der_content(&self) -> &[u8] {
        &self.0
    }

    /// The whole DER element, tag and length included.
    pub fn to_der(&self) -> Vec<u8> {
        // At most MAX_LEN octets: always the short form of the length.
        let mut der = vec![0x06, u8::try_from(self.0.len()).unwrap_or(0)];
        der.extend_from_slice(&self.0);
        der
    }

    /// Whether it lies under `arc`, or is it. Both are at least two arcs long.
    pub fn is_under(&self, arc: &Self) -> bool {
        self.0.starts_with(&arc.0)
    }
}

impl FromStr for Oid {
    type Err = BadOid;

    fn from_str(text: &str) -> Result<Self, BadOid> {
        let mut arcs = text.split('.').map(|arc| {
            let canonical = arc == "0" || (!arc.starts_with('0') && arc.bytes().all(|b| b.is_ascii_digit()));
            if canonical { arc.parse::<u64>().map_err(|_| BadOid) } else { Err(BadOid) }
        });
        let (Some(first), Some(second)) = (arcs.next().transpose()?, arcs.next().transpose()?) else {
            return Err(BadOid);
        };
        // X.660: three roots; the first two have forty arcs each.
        if first > 2 || (first < 2 && second > 39) {
            return Err(BadOid);
        }
        let mut content = Vec::new();
        push_arc(&mut content, second.checked_add(first * 40).ok_or(BadOid)?);
        for arc in arcs {
            push_arc(&mut content, arc?);
        }
        Self::from_der_content(&content)
    }
}

fn push_arc(content: &mut Vec<u8>, arc: u64) {
    for shift in (1..=9).rev().map(|septet| septet * 7) {
        if arc >> shift != 0 {
            content.push(((arc >> shift) & 0x7f) as u8 | 0x80);
        }
    }
    content.push((arc & 0x7f) as u8);
}

/// Dotted decimal. An arc beyond 128 bits, which [`FromStr`] never makes, is shown as `…`.
impl fmt::Display for Oid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, octets) in self.0.split_inclusive(|octet| octet & 0x80 == 0).enumerate() {
            let arc = octets
                .iter()
                .try_fold(0u128, |arc, octet| arc.checked_mul(128).map(|arc| arc | u128::from(octet & 0x7f)));
            match (index, arc) {
                (0, Some(arc @ 0..80)) => write!(f, "{}.{}", arc / 40, arc % 40)?,
                (0, Some(arc)) => write!(f, "2.{}", arc - 80)?,
                (_, Some(arc)) => write!(f, ".{arc}")?,
                (0, None) => f.write_str("2.…")?,
                (_, None) => f.write_str(".…")?,
            }
        }
        Ok(())
    }
}

impl fmt::Debug for Oid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Oid({self})")
    }
}

/// Not an object identifier, or one that is too long.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("an object identifier is numbers joined by dots, such as 2.999.1.5")]
pub struct BadOid;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_encodings() {
        // Requirements §2.4, §4.2 and X.690 §8.19.5: { joint-iso-itu-t 100 3 } is 81 34 03.
        for (text, content) in [
            ("2.999.1.5", "88370105"),
            ("2.100.3", "813403"),
            ("0.4.0.19422.1.1", "040081975e0101"),
            ("0.4.0.2023.1.1", "04008f670101"),
            ("1.2.840.113549.1.9.16.1.4", "2a864886f70d0109100104"),
            ("1.39.0", "4f00"),
        ] {
            let oid: Oid = text.parse().unwrap();
            assert_eq!(hex::encode(oid.as_der_content()), content, "{text}");
            assert_eq!(oid.to_string(), text);
            assert_eq!(Oid::from_der_content(oid.as_der_content()), Ok(oid));
        }
    }

    #[test]
    fn refused() {
        for text in
            ["", "1", "3.1", "1.40", "1..2", "1.2.", "01.2", "1.+2", "1.a", "1.99999999999999999999999"]
        {
            assert_eq!(text.parse::<Oid>(), Err(BadOid), "{text}");
        }
        for content in [&[][..], &[0x88], &[0x80, 0x01], &[0x2a, 0x80, 0x01], &[1; 65]] {
            assert_eq!(Oid::from_der_content(content), Err(BadOid), "{content:?}");
        }
        assert_eq!(Oid::from_der_content(&[0xff; 30]), Err(BadOid));
        let long: Vec<u8> = [vec![0xff; 30], vec![0x7f]].concat();
        assert_eq!(Oid::from_der_content(&long).unwrap().to_string(), "2.…");
    }

    #[test]
    fn arcs() {
        let arc: Oid = "2.999".parse().unwrap();
        assert!("2.999.1.1".parse::<Oid>().unwrap().is_under(&arc));
        assert!(!"2.998.1".parse::<Oid>().unwrap().is_under(&arc));
    }
}
