//! A [`Spool`] in memory.

use std::sync::{Mutex, MutexGuard, PoisonError};

use ndoba_types::{OrderId, UtcTime};

use crate::spool::{KeptOrder, Spool, SpoolCounts, SpoolError};

/// What is kept.
#[derive(Default)]
pub struct MemorySpool(Mutex<Kept>);

/// The two places of a spool.
#[derive(Default)]
pub struct Kept {
    /// In the order of receipt.
    pub waiting: Vec<KeptOrder>,
    /// Laid aside.
    pub refused: Vec<KeptOrder>,
    /// Nothing can be written.
    pub broken: bool,
}

impl MemorySpool {
    /// The places, to look at and to disturb.
    pub fn places(&self) -> MutexGuard<'_, Kept> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn take(&self, order: OrderId) -> Option<KeptOrder> {
        let mut kept = self.places();
        let found = kept.waiting.iter().position(|one| one.order == order)?;
        Some(kept.waiting.remove(found))
    }
}

impl Spool for MemorySpool {
    fn keep(&self, order: &KeptOrder) -> Result<UtcTime, SpoolError> {
        let mut kept = self.places();
        if kept.broken {
            return Err(SpoolError::Unusable("broken, for a test".into()));
        }
        match kept.waiting.iter().find(|one| one.order == order.order) {
            Some(there) if there.hand_in.content == order.hand_in.content => Ok(there.received),
            Some(_) => Err(SpoolError::OtherOrder),
            None => {
                kept.waiting.push(order.clone());
                Ok(order.received)
            }
        }
    }

    fn waiting(&self) -> Result<Vec<KeptOrder>, SpoolError> {
        Ok(self.places().waiting.clone())
    }

    fn taken_over(&self, order: OrderId) -> Result<(), SpoolError> {
        self.take(order);
        Ok(())
    }

    fn lay_aside(&self, order: OrderId) -> Result<(), SpoolError> {
        let aside = self.take(order);
        self.places().refused.extend(aside);
        Ok(())
    }

    fn counts(&self) -> Result<SpoolCounts, SpoolError> {
        let kept = self.places();
        let oldest = kept.waiting.first().map(|one| one.received);
        Ok(SpoolCounts { waiting: kept.waiting.len(), refused: kept.refused.len(), oldest })
    }
}
