//! Clocks on calls into the module: none of them can be cancelled, so at least it is known which do not return.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// When each thread's call must have returned.
pub(crate) struct CallClocks {
    origin: Instant,
    /// Per thread: milliseconds after `origin`, 0 outside a call.
    due: Vec<AtomicU64>,
}

impl CallClocks {
    pub(crate) fn new(threads: usize) -> Self {
        Self { origin: Instant::now(), due: (0..threads).map(|_| AtomicU64::new(0)).collect() }
    }

    /// Starts the clock of thread `index` for a call, or a few, that return within `limit`.
    pub(crate) fn enter(&self, index: usize, limit: Duration) -> InCall<'_> {
        let due = self.due.get(index);
        if let Some(due) = due {
            due.store(self.millis(Instant::now() + limit).max(1), Ordering::Relaxed);
        }
        InCall(due)
    }

    /// Whether a call is overdue.
    pub(crate) fn overdue(&self, now: Instant) -> bool {
        let now = self.millis(now);
        self.due.iter().map(|due| due.load(Ordering::Relaxed)).any(|due| due != 0 && due < now)
    }

    pub(crate) fn in_flight(&self) -> usize {
        self.due.iter().filter(|due| due.load(Ordering::Relaxed) != 0).count()
    }

    fn millis(&self, instant: Instant) -> u64 {
        u64::try_from(instant.saturating_duration_since(self.origin).as_millis()).unwrap_or(u64::MAX)
    }
}

/// A call that has not returned.
pub(crate) struct InCall<'a>(Option<&'a AtomicU64>);

impl Drop for InCall<'_> {
    fn drop(&mut self) {
        if let Some(due) = self.0 {
            due.store(0, Ordering::Relaxed);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_call_is_overdue_until_it_returns() {
        let clocks = CallClocks::new(2);
        let call = clocks.enter(1, Duration::from_millis(5));
        assert_eq!(clocks.in_flight(), 1);
        assert!(!clocks.overdue(Instant::now()));
        assert!(clocks.overdue(Instant::now() + Duration::from_millis(10)));
        drop(call);
        assert!(!clocks.overdue(Instant::now() + Duration::from_secs(10)));
    }
}
