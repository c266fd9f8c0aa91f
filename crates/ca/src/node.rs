//! This process as it appears in the ledger: its node's name, its epoch, the tries it counts, the events it writes.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use ndoba_audit::{Actor, Event, EventKind, Word};
use ndoba_types::{Clock, KeyLabel, Random, RandomUnavailable, UtcTime};

use crate::accounting::TokenCount;
use crate::authority::KeyWatch;
use crate::ports::Attempt;

/// A process from its start to its end, in the log and in the accounts of signatures: 32 hexadecimal digits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Epoch(String);

impl Epoch {
    /// Draws one. A process does so once: all that it writes bears the same.
    ///
    /// # Errors
    ///
    /// [`RandomUnavailable`] when there are no random numbers.
    pub fn draw(random: &dyn Random) -> Result<Self, RandomUnavailable> {
        let mut epoch = [0; 16];
        random.fill(&mut epoch)?;
        Ok(Self(epoch.iter().map(|byte| format!("{byte:02x}")).collect()))
    }

    /// As events write it.
    pub fn word(&self) -> Word {
        word(&self.0)
    }
}

/// One process of the `ca` role, from start to end.
pub struct Node {
    name: String,
    epoch: Epoch,
    attempts: AtomicU64,
    /// Signatures that were intended in this epoch, by key: what the token may have made at the most.
    intended: Mutex<BTreeMap<KeyLabel, u64>>,
    /// Why the process stopped itself, once it did.
    halted: OnceLock<String>,
    clock: Arc<dyn Clock>,
    random: Arc<dyn Random>,
}

impl Node {
    /// Begins an epoch: the period over which signatures are accounted for.
    ///
    /// `name` is the configured node name, ASCII letters, digits and hyphens; `epoch` is the process's own.
    pub fn begin(name: &str, epoch: Epoch, clock: Arc<dyn Clock>, random: Arc<dyn Random>) -> Self {
        Self {
            name: name.into(),
            epoch,
            attempts: AtomicU64::new(0),
            intended: Mutex::default(),
            halted: OnceLock::new(),
            clock,
            random,
        }
    }

    /// The node's name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The epoch, 32 hexadecimal digits.
    pub fn epoch(&self) -> &str {
        &self.epoch.0
    }

    /// The time now.
    pub fn now(&self) -> UtcTime {
        self.clock.now()
    }

    /// The random generator.
    pub fn random(&self) -> &dyn Random {
        &*self.random
    }

    /// The next try with `key`, which is asked to sign what has this digest.
    pub(crate) fn attempt(&self, key: &KeyLabel, watch: &dyn KeyWatch, digest: Vec<u8>) -> Attempt {
        Attempt {
            key: key.clone(),
            node: self.name.clone(),
            epoch: self.epoch.0.clone(),
            number: self.attempts.fetch_add(1, Ordering::Relaxed) + 1,
            at: self.now(),
            digest,
            signatures: watch.signatures(),
        }
    }

    /// Counts an intent that is durable: the token may be asked once more.
    pub(crate) fn intended(&self, key: &KeyLabel) {
        *self.counts().entry(key.clone()).or_default() += 1;
    }

    /// Stops the process for good, whichever of its threads found that it must. The first reason stays.
    pub(crate) fn halt(&self, what: &str) {
        // Another reason was there before.
        let _ = self.halted.set(what.into());
    }

    /// Why the process stopped itself; `None` while it did not.
    pub(crate) fn halted(&self) -> Option<&str> {
        self.halted.get().map(String::as_str)
    }

    /// What the token counts with `key`, where that is more than was intended.
    pub(crate) fn surplus(&self, key: &KeyLabel, watch: &dyn KeyWatch) -> Option<TokenCount> {
        let signatures = watch.signatures();
        let intended = self.counts().get(key).copied().unwrap_or_default();
        (signatures > intended).then(|| TokenCount {
            key: key.clone(),
            epoch: self.epoch.0.clone(),
            node: self.name.clone(),
            signatures,
            at: self.now(),
        })
    }

    fn counts(&self) -> std::sync::MutexGuard<'_, BTreeMap<KeyLabel, u64>> {
        // A number is whole whatever happened to the thread that held it.
        self.intended.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// An event of the `ca` role.
    pub(crate) fn event(&self, what: EventKind) -> Result<Event, RandomUnavailable> {
        Event::new(self.random(), self.now(), Actor::Role("ca".into()), what)
    }

    /// The node's name as events write it.
    pub(crate) fn name_word(&self) -> Word {
        word(&self.name)
    }

    /// The epoch as events write it.
    pub(crate) fn epoch_word(&self) -> Word {
        self.epoch.word()
    }
}

/// A text of ours that may come from configuration; what does not fit is named as such and not lost silently.
pub(crate) fn word(text: &str) -> Word {
    text.parse().unwrap_or_else(|_| "unprintable".into())
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicU64;

    use super::*;

    struct Still;

    impl Clock for Still {
        fn now(&self) -> UtcTime {
            UtcTime::from_unix_seconds(1_795_000_000).unwrap()
        }
    }

    impl Random for Still {
        fn fill(&self, bytes: &mut [u8]) -> Result<(), RandomUnavailable> {
            bytes.fill(7);
            Ok(())
        }
    }

    /// A token that somebody else uses too.
    struct Token(AtomicU64);

    impl KeyWatch for Token {
        fn away(&self) -> Option<String> {
            None
        }

        fn signatures(&self) -> u64 {
            self.0.load(Ordering::Relaxed)
        }
    }

    #[test]
    fn a_signature_that_was_not_intended_is_a_surplus() {
        let node = Node::begin("node-1", Epoch::draw(&Still).unwrap(), Arc::new(Still), Arc::new(Still));
        assert_eq!(node.epoch(), "07".repeat(16));
        let (key, token) = ("seal/ca/1".parse().unwrap(), Token(AtomicU64::new(0)));
        assert_eq!(node.surplus(&key, &token), None);
        node.intended(&key);
        node.intended(&key);
        for signatures in 0..=2 {
            token.0.store(signatures, Ordering::Relaxed);
            assert_eq!(node.surplus(&key, &token), None, "{signatures}");
        }
        token.0.store(3, Ordering::Relaxed);
        assert_eq!(node.surplus(&key, &token).unwrap().signatures, 3);
        // Intended for another key is not intended for this one.
        node.intended(&"signature/ca/1".parse().unwrap());
        assert!(node.surplus(&key, &token).is_some());
    }
}
