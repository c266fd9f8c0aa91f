//! This process as it appears in the ledger: its node's name, its epoch, the tries it counts, the events it writes.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use ndoba_audit::{Actor, Event, EventKind, Word};
use ndoba_types::{Clock, KeyLabel, Random, RandomUnavailable, UtcTime};

use crate::ports::Attempt;

/// One process of the `ca` role, from start to end.
pub struct Node {
    name: String,
    epoch: String,
    attempts: AtomicU64,
    clock: Arc<dyn Clock>,
    random: Arc<dyn Random>,
}

impl Node {
    /// Begins an epoch: the period over which signatures are accounted for.
    ///
    /// `name` is the configured node name, ASCII letters, digits and hyphens.
    ///
    /// # Errors
    ///
    /// [`RandomUnavailable`] when no epoch could be drawn.
    pub fn begin(
        name: &str,
        clock: Arc<dyn Clock>,
        random: Arc<dyn Random>,
    ) -> Result<Self, RandomUnavailable> {
        let mut epoch = [0; 16];
        random.fill(&mut epoch)?;
        let epoch = epoch.iter().map(|byte| format!("{byte:02x}")).collect();
        Ok(Self { name: name.into(), epoch, attempts: AtomicU64::new(0), clock, random })
    }

    /// The node's name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The epoch, 32 hexadecimal digits.
    pub fn epoch(&self) -> &str {
        &self.epoch
    }

    /// The time now.
    pub fn now(&self) -> UtcTime {
        self.clock.now()
    }

    /// The random generator.
    pub fn random(&self) -> &dyn Random {
        &*self.random
    }

    /// The next try with `key`.
    pub(crate) fn attempt(&self, key: &KeyLabel) -> Attempt {
        Attempt {
            key: key.clone(),
            node: self.name.clone(),
            epoch: self.epoch.clone(),
            number: self.attempts.fetch_add(1, Ordering::Relaxed) + 1,
            at: self.now(),
        }
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
        word(&self.epoch)
    }
}

/// A text of ours that may come from configuration; what does not fit is named as such and not lost silently.
pub(crate) fn word(text: &str) -> Word {
    text.parse().unwrap_or_else(|_| "unprintable".into())
}
