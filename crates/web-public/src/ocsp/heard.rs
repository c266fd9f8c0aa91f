//! Requests that were heard before, by their octets as they were sent: what they ask need not be read again.
//!
//! Most questions are somebody's earlier question to the octet: requests without a nonce about one certificate, which
//! caches and clients repeat. For these, reading Base64 and DER and finding the responder cost more than the answer,
//! which lies in memory. Nothing is decided here: what is remembered is which answer to look for, and whether that may be
//! given is for the cache to say, every time.

use std::collections::HashMap;
use std::hash::{BuildHasher as _, BuildHasherDefault, Hasher, RandomState};
use std::mem::take;
use std::sync::{Arc, PoisonError, RwLock};

use metrics::Counter;
use ndoba_ocsp::CacheKey;
use ndoba_types::CaName;

/// What a request asked for.
pub(crate) struct Heard {
    /// The responders that were on duty; others may read the request otherwise.
    pub(crate) duty: u64,
    pub(crate) ca: CaName,
    pub(crate) key: CacheKey,
    /// Where the answer is kept.
    pub(crate) shard: usize,
    /// Counts the hash function of its CertID.
    pub(crate) hash: Counter,
}

/// Requests that were heard, within a bound of octets.
pub(crate) struct Memory {
    shards: Vec<RwLock<Shard>>,
    hasher: RandomState,
    /// The most octets of one generation of one shard.
    most: usize,
}

/// What is heard goes among the young. When these are as many as may be they become the old, and the old are
/// forgotten: who is asked again is young again.
#[derive(Default)]
struct Shard {
    young: Generation,
    old: Generation,
    octets: usize,
}

/// Requests under the hashes of their words, which are compared besides: of two with one hash one is forgotten. The
/// hashes are keyed, so that nobody can look for such.
type Generation = HashMap<u64, (Box<[u8]>, Arc<Heard>), BuildHasherDefault<AsItIs>>;

/// Hashes what is a hash already.
#[derive(Default)]
struct AsItIs(u64);

impl Hasher for AsItIs {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = self.0.rotate_left(8) ^ u64::from(*byte);
        }
    }

    fn write_u64(&mut self, hash: u64) {
        self.0 = hash;
    }
}

impl Memory {
    /// Remembers `octets` of requests at most, bookkeeping included.
    pub(crate) fn new(octets: usize) -> Self {
        Self {
            shards: std::iter::repeat_with(RwLock::default).take(SHARDS).collect(),
            hasher: RandomState::new(),
            most: octets / SHARDS / 2,
        }
    }

    /// What was asked in these words before.
    pub(crate) fn recall(&self, words: &[u8]) -> Option<Arc<Heard>> {
        let hash = self.hasher.hash_one(words);
        let shard = self.shard(hash).read().unwrap_or_else(PoisonError::into_inner);
        let (kept, heard) = shard.young.get(&hash).or_else(|| shard.old.get(&hash))?;
        (**kept == *words).then(|| Arc::clone(heard))
    }

    /// Remembers what these words ask for.
    pub(crate) fn keep(&self, words: &[u8], heard: Heard) {
        if words.len() > LONGEST {
            return;
        }
        let octets = words.len() + heard.key.cert_id.len() + OVERHEAD;
        let hash = self.hasher.hash_one(words);
        let mut shard = self.shard(hash).write().unwrap_or_else(PoisonError::into_inner);
        if shard.octets + octets > self.most {
            shard.old = take(&mut shard.young);
            shard.octets = 0;
        }
        if octets <= self.most && shard.young.insert(hash, (words.into(), Arc::new(heard))).is_none() {
            shard.octets += octets;
        }
    }

    fn shard(&self, hash: u64) -> &RwLock<Shard> {
        // The map within takes its places from the low bits and its tags from the high ones: these are between.
        &self.shards[(hash >> 32) as usize % SHARDS]
    }
}

/// Locks are held for a look into a map.
const SHARDS: usize = 16;

/// Longer requests are signed ones, or ask about several certificates.
const LONGEST: usize = 512;

/// Octets of bookkeeping per request. Rounded up.
const OVERHEAD: usize = 320;

#[cfg(test)]
mod tests {
    use ndoba_types::Sha256Digest;

    use super::*;

    fn heard(name: u8) -> Heard {
        let key = CacheKey { responder: Sha256Digest::of(b"responder"), cert_id: Arc::from([name; 100]) };
        Heard { duty: 1, ca: "signature".parse().unwrap(), key, shard: 0, hash: Counter::noop() }
    }

    #[test]
    fn bounded_and_the_last_heard_are_known() {
        const OCTETS: usize = 64 * 1024;
        let memory = Memory::new(OCTETS);
        let words = |number: u32| [&b"a request"[..], &number.to_be_bytes()].concat();
        for number in 0..10_000_u32 {
            memory.keep(&words(number), heard(1));
            assert!(memory.recall(&words(number)).is_some_and(|heard| heard.duty == 1), "{number}");
        }
        let known = (0..10_000).filter(|number| memory.recall(&words(*number)).is_some()).count();
        // Both generations together, each entry with what it takes.
        assert!((1..=OCTETS / (13 + 100 + OVERHEAD)).contains(&known), "{known}");
        assert!(memory.recall(b"another request").is_none());
    }

    #[test]
    fn what_is_longer_than_questions_are_is_not_kept() {
        let memory = Memory::new(1 << 20);
        memory.keep(&[0x30; LONGEST + 1], heard(1));
        assert!(memory.recall(&[0x30; LONGEST + 1]).is_none());
        Memory::new(0).keep(b"words", heard(1));
    }
}
