//! Certificate serial numbers.

use std::fmt;
use std::str::FromStr;

use crate::{Random, RandomUnavailable};

/// A certificate serial number: positive, at most 20 octets of DER content (RFC 5280 §4.1.2.2, requirements C-02).
///
/// Held as its minimal big-endian octets without the sign octet; written as lower-case hexadecimal.
/// Serials from requests about other people's certificates may be anything; those stay raw bytes in their parser.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SerialNumber(Vec<u8>);

impl SerialNumber {
    /// Octets drawn for a new serial number. 16 octets, the first bit cleared and the second set: 126 random
    /// bits, always positive, always 16 octets of content, well above the 64 bits that are the accepted floor.
    pub const GENERATED_LEN: usize = 16;

    /// The most octets of DER content a serial number may take.
    pub const MAX_LEN: usize = 20;

    /// Draws a new serial number. The ledger's unique index, not luck, keeps it from being used twice.
    ///
    /// # Errors
    ///
    /// [`RandomUnavailable`] when the generator gives nothing.
    pub fn generate(random: &dyn Random) -> Result<Self, RandomUnavailable> {
        let mut bytes = [0; Self::GENERATED_LEN];
        random.fill(&mut bytes)?;
        bytes[0] = (bytes[0] & 0x7f) | 0x40;
        Ok(Self(bytes.to_vec()))
    }

    /// Takes the content octets of a DER INTEGER.
    ///
    /// # Errors
    ///
    /// [`BadSerial`] when it is empty, negative, zero, not minimal, or longer than [`Self::MAX_LEN`].
    pub fn from_der_content(content: &[u8]) -> Result<Self, BadSerial> {
        let minimal = match content {
            [] => return Err(BadSerial::Empty),
            [first, ..] if *first & 0x80 != 0 => return Err(BadSerial::NotPositive),
            [0] => return Err(BadSerial::NotPositive),
            [0, second, ..] if *second & 0x80 == 0 => return Err(BadSerial::NotMinimal),
            [0, rest @ ..] => rest,
            whole => whole,
        };
        if content.len() > Self::MAX_LEN {
            return Err(BadSerial::TooLong);
        }
        Ok(Self(minimal.to_vec()))
    }

    /// Takes big-endian octets without a sign octet, as stored in the database.
    ///
    /// # Errors
    ///
    /// [`BadSerial`] as for [`Self::from_der_content`].
    pub fn from_unsigned(bytes: &[u8]) -> Result<Self, BadSerial> {
        match bytes {
            [] => Err(BadSerial::Empty),
            [0, ..] => Err(BadSerial::NotMinimal),
            [first, ..] if bytes.len() + usize::from(first >> 7) > Self::MAX_LEN => Err(BadSerial::TooLong),
            _ => Ok(Self(bytes.to_vec())),
        }
    }

    /// Big-endian octets without a sign octet: what the database keeps and compares.
    pub fn as_unsigned(&self) -> &[u8] {
        &self.0
    }

    /// The content octets of the DER INTEGER, a zero octet in front where the first bit is set.
    pub fn to_der_content(&self) -> Vec<u8> {
        let mut content = Vec::with_capacity(self.0.len() + 1);
        if self.0[0] & 0x80 != 0 {
            content.push(0);
        }
        content.extend_from_slice(&self.0);
        content
    }
}

impl fmt::Display for SerialNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(&self.0))
    }
}

impl fmt::Debug for SerialNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SerialNumber({self})")
    }
}

/// Reads what people paste: hexadecimal in either case, with or without `0x`, leading zeros and the usual
/// separators (spaces, colon, hyphen, dot, underscore). Decimal is ambiguous with it: it is read after `dec:` only.
impl FromStr for SerialNumber {
    type Err = BadSerial;

    fn from_str(text: &str) -> Result<Self, BadSerial> {
        let text = text.trim();
        let separates = |c: &char| c.is_whitespace() || matches!(c, ':' | '-' | '.' | '_');
        if let Some(decimal) = text.strip_prefix("dec:") {
            return from_decimal(decimal.chars().filter(|c| !separates(c)));
        }
        let text = text.strip_prefix("0x").or_else(|| text.strip_prefix("0X")).unwrap_or(text);
        let digits: String = text.chars().filter(|c| !separates(c)).collect();
        if digits.is_empty() {
            return Err(BadSerial::Empty);
        }
        let even = if digits.len().is_multiple_of(2) { digits } else { format!("0{digits}") };
        let bytes = hex::decode(even).map_err(|_| BadSerial::NotHexadecimal)?;
        let first = bytes.iter().position(|byte| *byte != 0).ok_or(BadSerial::NotPositive)?;
        Self::from_unsigned(&bytes[first..])
    }
}

/// Multiplies by ten and adds, octet by octet from the last.
fn from_decimal(digits: impl Iterator<Item = char>) -> Result<SerialNumber, BadSerial> {
    let mut bytes: Vec<u8> = Vec::new(); // the last octet first
    let mut empty = true;
    for digit in digits {
        empty = false;
        let mut carry = digit.to_digit(10).ok_or(BadSerial::NotDecimal)?;
        for byte in &mut bytes {
            let [low, rest @ ..] = (u32::from(*byte) * 10 + carry).to_le_bytes();
            *byte = low;
            carry = u32::from(rest[0]);
        }
        if carry > 0 {
            bytes.push(carry.to_le_bytes()[0]);
        }
        if bytes.len() > SerialNumber::MAX_LEN {
            return Err(BadSerial::TooLong);
        }
    }
    bytes.reverse();
    match (empty, bytes.is_empty()) {
        (true, _) => Err(BadSerial::Empty),
        (false, true) => Err(BadSerial::NotPositive),
        (false, false) => SerialNumber::from_unsigned(&bytes),
    }
}

/// Why octets or text are no serial number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadSerial {
    /// Nothing there.
    #[error("a serial number cannot be empty")]
    Empty,
    /// After `dec:` some character is no decimal digit and no separator.
    #[error("after dec: a serial number is written in decimal digits")]
    NotDecimal,
    /// Some character is no hexadecimal digit and no separator.
    #[error(
        "a serial number is written in hexadecimal digits, or in decimal ones after dec:; spaces, colons, hyphens, dots and underscores may separate them"
    )]
    NotHexadecimal,
    /// Superfluous leading octets, which DER forbids.
    #[error("a serial number has no leading zero octets")]
    NotMinimal,
    /// Zero or negative.
    #[error("a serial number is greater than zero")]
    NotPositive,
    /// More than 20 octets of content.
    #[error("a serial number has at most 20 octets")]
    TooLong,
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Ones;
    impl Random for Ones {
        fn fill(&self, buffer: &mut [u8]) -> Result<(), RandomUnavailable> {
            buffer.fill(0xff);
            Ok(())
        }
    }

    #[test]
    fn generated_are_positive_and_of_the_documented_length() {
        let serial = SerialNumber::generate(&Ones).unwrap();
        assert_eq!(serial.as_unsigned().len(), 16);
        assert_eq!(serial.to_der_content()[0], 0x7f);
    }

    #[test]
    fn what_people_paste() {
        let serial: SerialNumber = "7F:00:0a".parse().unwrap();
        assert_eq!(serial.to_string(), "7f000a");
        assert_eq!("0x7f000A".parse(), Ok(serial.clone()));
        assert_eq!("00 7f-00:0a".parse(), Ok(serial));
        assert_eq!("0".parse::<SerialNumber>(), Err(BadSerial::NotPositive));
        assert_eq!("12z4".parse::<SerialNumber>(), Err(BadSerial::NotHexadecimal));
        assert_eq!(":".parse::<SerialNumber>(), Err(BadSerial::Empty));
        for spelled in ["7f.00_0a", "7f\u{a0}000a", "dec:8323082", "dec: 8 323-082", "dec:008323082"] {
            assert_eq!(spelled.parse(), Ok("7f000a".parse::<SerialNumber>().unwrap()), "{spelled}");
        }
        // The longest there is: 2^159 - 1.
        let longest = "dec:730750818665451459101842416358141509827966271487".parse::<SerialNumber>();
        assert_eq!(longest.unwrap().to_string(), format!("7f{}", "ff".repeat(19)));
        let longer = "dec:730750818665451459101842416358141509827966271488".parse::<SerialNumber>();
        assert_eq!(longer, Err(BadSerial::TooLong));
        assert_eq!(format!("dec:{}", "9".repeat(10_000)).parse::<SerialNumber>(), Err(BadSerial::TooLong));
        assert_eq!("dec:7f".parse::<SerialNumber>(), Err(BadSerial::NotDecimal));
        assert_eq!("dec:0".parse::<SerialNumber>(), Err(BadSerial::NotPositive));
        assert_eq!("dec:".parse::<SerialNumber>(), Err(BadSerial::Empty));
    }

    #[test]
    fn der_content_keeps_the_sign() {
        let serial = SerialNumber::from_der_content(&[0x00, 0x80]).unwrap();
        assert_eq!(serial.as_unsigned(), [0x80]);
        assert_eq!(serial.to_der_content(), [0x00, 0x80]);
        assert_eq!(SerialNumber::from_der_content(&[0x80]), Err(BadSerial::NotPositive));
        assert_eq!(SerialNumber::from_der_content(&[0x00, 0x01]), Err(BadSerial::NotMinimal));
        assert_eq!(SerialNumber::from_der_content(&[0x7f; 21]), Err(BadSerial::TooLong));
        assert_eq!(SerialNumber::from_unsigned(&[0xff; 20]), Err(BadSerial::TooLong));
    }
}
