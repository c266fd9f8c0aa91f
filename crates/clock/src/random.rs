//! The system's random number generator.

use ndoba_types::{Random, RandomUnavailable};
use rand::TryRng as _;
use rand::rngs::SysRng;

/// `getrandom(2)`, without a generator of our own in between: nothing to seed, to fork or to leak.
#[derive(Clone, Copy, Debug, Default)]
pub struct OsRandom;

impl Random for OsRandom {
    fn fill(&self, buffer: &mut [u8]) -> Result<(), RandomUnavailable> {
        SysRng.try_fill_bytes(buffer).map_err(|_| {
            buffer.fill(0);
            RandomUnavailable
        })
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use ndoba_types::SerialNumber;

    use super::*;

    #[test]
    fn fills_and_differs() {
        let mut buffers = [[0; 32]; 2];
        for buffer in &mut buffers {
            OsRandom.fill(buffer).unwrap();
        }
        assert_ne!(buffers[0], buffers[1]);
        assert_ne!(buffers[0], [0; 32]);
    }

    /// K-C17. A fair bit strays so far from the middle once in more than 10^14 samples.
    #[test]
    fn ten_thousand_serial_numbers_have_no_favourites() {
        const COUNT: usize = 10_000;
        let mut drawn = BTreeSet::new();
        let mut set = [0_usize; 8 * SerialNumber::GENERATED_LEN];
        for _ in 0..COUNT {
            let serial = SerialNumber::generate(&OsRandom).unwrap();
            for (place, count) in set.iter_mut().enumerate() {
                *count += usize::from(serial.as_unsigned()[place / 8] >> (7 - place % 8) & 1);
            }
            assert!(drawn.insert(serial), "twice the same");
        }
        // The first is never set, that it is positive; the second always, that it has its length.
        assert_eq!(set[..2], [0, COUNT]);
        for (place, count) in set.iter().enumerate().skip(2) {
            assert!(count.abs_diff(COUNT / 2) < 400, "bit {place} was set {count} times");
        }
    }
}
