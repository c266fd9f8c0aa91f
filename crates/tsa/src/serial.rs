//! Serial numbers of tokens: unique without asking anyone (T-02, interop §5.29).

use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};

use ndoba_types::{Random, RandomUnavailable};

/// A token's serial number: the 20 content octets of a positive INTEGER.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TokenSerial([u8; 20]);

impl TokenSerial {
    /// The content octets.
    pub const fn as_bytes(&self) -> &[u8; 20] {
        &self.0
    }

    /// Reads the 40 hexadecimal digits that [`fmt::Display`] writes.
    pub fn from_hex(text: &str) -> Option<Self> {
        let mut bytes = [0; 20];
        hex::decode_to_slice(text, &mut bytes).ok()?;
        Some(Self(bytes))
    }
}

impl fmt::Display for TokenSerial {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.0))
    }
}

impl fmt::Debug for TokenSerial {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "TokenSerial({self})")
    }
}

/// Where serial numbers come from, one per process for all its units.
///
/// ```text
/// 01 | node (2) | start of the process, random (8) | counter (5) | random (4)
/// ```
///
/// Two nodes differ in the node, two runs of one node in 64 random bits, two tokens of a run in the counter. Two
/// nodes that were given the same number by mistake still differ in the random bits. The last four octets keep
/// anyone from counting our tokens exactly by guessing neighbours. The first octet keeps it positive and 20 long.
#[derive(Debug)]
pub struct SerialSource {
    prefix: [u8; 11],
    counter: AtomicU64,
}

impl SerialSource {
    const COUNTER_END: u64 = 1 << 40;

    /// A source for this run of the process `node`.
    ///
    /// # Errors
    ///
    /// [`RandomUnavailable`].
    pub fn new(node: u16, random: &dyn Random) -> Result<Self, RandomUnavailable> {
        let mut prefix = [0x01; 11];
        prefix[1..3].copy_from_slice(&node.to_be_bytes());
        random.fill(&mut prefix[3..])?;
        Ok(Self { prefix, counter: AtomicU64::new(0) })
    }

    /// The next one.
    ///
    /// # Errors
    ///
    /// [`SerialsExhausted`] after 2⁴⁰ of them, or when there is no randomness: no token can be made.
    pub fn next(&self, random: &dyn Random) -> Result<TokenSerial, SerialsExhausted> {
        let count = self.counter.fetch_add(1, Ordering::Relaxed);
        if count >= Self::COUNTER_END {
            return Err(SerialsExhausted);
        }
        let mut serial = [0; 20];
        serial[..11].copy_from_slice(&self.prefix);
        serial[11..16].copy_from_slice(&count.to_be_bytes()[3..]);
        random.fill(&mut serial[16..]).map_err(|RandomUnavailable| SerialsExhausted)?;
        Ok(TokenSerial(serial))
    }
}

/// No serial number can be made; a new start of the process helps.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no serial number can be made")]
pub struct SerialsExhausted;

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use super::*;

    /// Gives the same octets every time: uniqueness must not lean on the last four.
    struct Same(u8);
    impl Random for Same {
        fn fill(&self, buffer: &mut [u8]) -> Result<(), RandomUnavailable> {
            buffer.fill(self.0);
            Ok(())
        }
    }

    #[test]
    fn positive_twenty_octets_and_readable_again() {
        let serial = SerialSource::new(0xffff, &Same(0xff)).unwrap().next(&Same(0xff)).unwrap();
        assert_eq!(serial.to_string(), "01ffffffffffffffffffff0000000000ffffffff");
        assert_eq!(TokenSerial::from_hex(&serial.to_string()), Some(serial));
        assert_eq!(TokenSerial::from_hex("01"), None);
    }

    #[test]
    fn unique_over_a_million_from_eight_threads_two_nodes_and_a_restart() {
        const EACH: usize = 42_000;
        let seen = Mutex::new(Vec::new());
        // Node 1, node 2, and node 1 started again: it draws another start.
        for (node, start) in [(1, 7), (2, 7), (1, 8)] {
            let source = SerialSource::new(node, &Same(start)).unwrap();
            std::thread::scope(|scope| {
                for _ in 0..8 {
                    scope.spawn(|| {
                        let mine: Vec<_> = (0..EACH).map(|_| source.next(&Same(0)).unwrap()).collect();
                        seen.lock().unwrap().extend(mine);
                    });
                }
            });
        }
        let mut seen = seen.into_inner().unwrap();
        assert_eq!(seen.len(), 3 * 8 * EACH);
        seen.sort_unstable();
        assert!(seen.windows(2).all(|pair| pair[0] != pair[1]));
    }

    #[test]
    fn stops_rather_than_repeats() {
        let source = SerialSource::new(1, &Same(1)).unwrap();
        source.counter.store(SerialSource::COUNTER_END, Ordering::Relaxed);
        assert_eq!(source.next(&Same(1)), Err(SerialsExhausted));
    }
}
