//! Names of lists of revoked certificates: a CA's whole list, and the shards of it.

use std::fmt;
use std::num::NonZeroU8;
use std::str::FromStr;

use crate::{CaName, SerialNumber};

/// A shard of a CA's list, by its number from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CrlShard(NonZeroU8);

impl CrlShard {
    /// The highest number: so many lists of one CA are signed anew at each of its intervals.
    pub const MOST: u8 = 64;

    /// Takes a number from 1 to [`Self::MOST`].
    pub fn new(number: u8) -> Option<Self> {
        NonZeroU8::new(number).filter(|number| number.get() <= Self::MOST).map(Self)
    }

    /// The number.
    pub fn get(self) -> u8 {
        self.0.get()
    }
}

/// Into how many shards a CA's new certificates are dealt: from 2 to [`CrlShard::MOST`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CrlShards(u8);

impl CrlShards {
    /// Takes a number of shards; one shard would be another whole list.
    pub fn new(count: u8) -> Option<Self> {
        (2..=CrlShard::MOST).contains(&count).then_some(Self(count))
    }

    /// How many.
    pub fn count(self) -> u8 {
        self.0
    }

    /// All of them, in order.
    pub fn all(self) -> impl Iterator<Item = CrlShard> {
        (1..=self.0).filter_map(CrlShard::new)
    }

    /// The shard that a new certificate goes to: serial numbers are random, so its remainder deals evenly.
    pub fn of(self, serial: &SerialNumber) -> CrlShard {
        let count = u16::from(self.0);
        let rest =
            serial.as_unsigned().iter().fold(0, |rest, octet| ((rest << 8) | u16::from(*octet)) % count);
        // Below `count`, which is at most 64.
        let number = NonZeroU8::MIN.saturating_add(u8::try_from(rest).unwrap_or(0));
        CrlShard(number)
    }
}

/// Which list: `signature`, or `signature.3` for a shard; part of addresses and file names.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CrlName {
    /// Whose.
    pub ca: CaName,
    /// Which shard; none for the whole list.
    pub shard: Option<CrlShard>,
}

impl CrlName {
    /// The CA's whole list.
    pub fn whole(ca: &CaName) -> Self {
        Self { ca: ca.clone(), shard: None }
    }
}

impl fmt::Display for CrlName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { ca, shard } = self;
        // A CA's name has no dot: no whole list is called like a shard of another CA.
        match shard {
            None => write!(f, "{ca}"),
            Some(shard) => write!(f, "{ca}.{}", shard.get()),
        }
    }
}

impl FromStr for CrlName {
    type Err = BadCrlName;

    fn from_str(text: &str) -> Result<Self, BadCrlName> {
        let (ca, shard) = match text.split_once('.') {
            None => (text, None),
            Some((ca, number)) => {
                let shard = number.parse().ok().and_then(CrlShard::new);
                // One spelling for each: no `03`, no `+3`.
                let shard = shard.filter(|shard| shard.get().to_string() == number).ok_or(BadCrlName)?;
                (ca, Some(shard))
            }
        };
        Ok(Self { ca: ca.parse().map_err(|_| BadCrlName)?, shard })
    }
}

/// Neither a CA's name nor one with the number of a shard.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a list is called as its CA is, with `.` and a number from 1 to 64 behind it for a shard")]
pub struct BadCrlName;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_have_one_spelling() {
        for good in ["signature", "signature.1", "ca-2.64"] {
            assert_eq!(good.parse::<CrlName>().unwrap().to_string(), good);
        }
        for bad in [
            "", ".1", "seal.", "seal.0", "seal.65", "seal.03", "seal.+3", "seal.1.2", "Seal", "../x",
            "seal/1",
        ] {
            assert_eq!(bad.parse::<CrlName>(), Err(BadCrlName), "{bad}");
        }
    }

    #[test]
    fn certificates_are_dealt_evenly_over_all_shards() {
        assert_eq!([0, 1, 65].map(CrlShards::new), [None; 3]);
        for count in [2, 7, 64] {
            let shards = CrlShards::new(count).unwrap();
            let mut dealt = vec![0_u32; usize::from(count)];
            for number in 0..u32::from(count) * 100 {
                // Nothing but the end differs; random ones differ everywhere.
                let serial = [&[0x41; 12][..], &number.to_be_bytes()].concat();
                let shard = shards.of(&SerialNumber::from_unsigned(&serial).unwrap());
                dealt[usize::from(shard.get()) - 1] += 1;
            }
            assert!(dealt.iter().all(|each| *each == 100), "{dealt:?}");
            assert_eq!(shards.all().count(), usize::from(count));
        }
    }
}
