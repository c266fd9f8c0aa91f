//! Who may hold sessions when: C_Finalize is for the whole process, and a session that outlives it closes a
//! stranger's session with the same number. So tokens enter and leave, and the supervisor re-initialises between.

use std::collections::BTreeSet;
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, Sender};

pub(crate) struct Coordinator {
    inner: Mutex<Inner>,
    changed: Condvar,
}

struct Inner {
    phase: Phase,
    /// Tokens that may have sessions open.
    holding: BTreeSet<usize>,
    /// Tokens that did not recover by themselves.
    wanting: BTreeSet<usize>,
    /// Dropped to tell the holders to leave.
    drain: Option<Sender<()>>,
    drained: Receiver<()>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Phase {
    /// Not initialised, or being re-initialised: nobody may enter.
    Closed,
    Open,
    Stopping,
}

/// What the supervisor must do next.
pub(crate) enum Errand {
    Reinitialise,
    Stop,
}

impl Coordinator {
    pub(crate) fn new() -> Arc<Self> {
        let (_, drained) = crossbeam_channel::bounded(0);
        let (holding, wanting) = (BTreeSet::new(), BTreeSet::new());
        let inner = Inner { phase: Phase::Closed, holding, wanting, drain: None, drained };
        Arc::new(Self { inner: Mutex::new(inner), changed: Condvar::new() })
    }

    /// Waits until the module is initialised, at most `patience`, and enters.
    pub(crate) fn enter(self: &Arc<Self>, token: usize, patience: Duration) -> Entry {
        let closed = |inner: &mut Inner| inner.phase == Phase::Closed;
        let (mut inner, _) = self
            .changed
            .wait_timeout_while(self.lock(), patience, closed)
            .unwrap_or_else(PoisonError::into_inner);
        match inner.phase {
            Phase::Closed => Entry::NotNow,
            Phase::Stopping => Entry::Never,
            Phase::Open => {
                inner.holding.insert(token);
                Entry::Granted(Permit { coordinator: Arc::clone(self), token, drain: inner.drained.clone() })
            }
        }
    }

    /// A token asks that the module be initialised anew.
    pub(crate) fn want_reinitialisation(&self, token: usize) {
        self.lock().wanting.insert(token);
        self.changed.notify_all();
    }

    /// A token has recovered without it.
    pub(crate) fn recovered(&self, token: usize) {
        self.lock().wanting.remove(&token);
    }

    /// The module is initialised: tokens may enter.
    pub(crate) fn open(&self) {
        let mut inner = self.lock();
        let (drain, drained) = crossbeam_channel::bounded(0);
        (inner.drain, inner.drained) = (Some(drain), drained);
        inner.wanting.clear();
        if inner.phase != Phase::Stopping {
            inner.phase = Phase::Open;
        }
        self.changed.notify_all();
    }

    /// Waits until a token wants re-initialisation and `not_before` has come, or the module is stopped.
    pub(crate) fn wait_errand(&self, not_before: Instant) -> Errand {
        let mut inner = self.lock();
        loop {
            let now = Instant::now();
            if inner.phase == Phase::Stopping {
                return Errand::Stop;
            }
            let pause = match (inner.wanting.is_empty(), not_before.checked_duration_since(now)) {
                (false, None | Some(Duration::ZERO)) => return Errand::Reinitialise,
                (false, Some(left)) => left,
                (true, _) => Duration::from_secs(60),
            };
            (inner, _) = self.changed.wait_timeout(inner, pause).unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// Sends everybody out and waits, at most `patience`. `false`: somebody is still in (a call hangs), and the
    /// module must not be finalised under it.
    pub(crate) fn close(&self, patience: Duration) -> bool {
        let mut inner = self.lock();
        if inner.phase == Phase::Open {
            inner.phase = Phase::Closed;
        }
        inner.drain = None;
        self.changed.notify_all();
        let held = |inner: &mut Inner| !inner.holding.is_empty();
        let (inner, _) =
            self.changed.wait_timeout_while(inner, patience, held).unwrap_or_else(PoisonError::into_inner);
        inner.holding.is_empty()
    }

    /// Ends everything.
    pub(crate) fn stop(&self) {
        let mut inner = self.lock();
        inner.phase = Phase::Stopping;
        inner.drain = None;
        self.changed.notify_all();
    }

    pub(crate) fn stopping(&self) -> bool {
        self.lock().phase == Phase::Stopping
    }

    /// Waits out a pause, unless the module is stopped.
    pub(crate) fn pause(&self, pause: Duration) {
        let running = |inner: &mut Inner| inner.phase != Phase::Stopping;
        drop(self.changed.wait_timeout_while(self.lock(), pause, running));
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

pub(crate) enum Entry {
    Granted(Permit),
    NotNow,
    Never,
}

/// The right to have sessions open. Declared before the sessions, so that it is dropped after them.
pub(crate) struct Permit {
    coordinator: Arc<Coordinator>,
    token: usize,
    drain: Receiver<()>,
}

impl Permit {
    /// Disconnected when everybody must leave.
    pub(crate) fn drain(&self) -> &Receiver<()> {
        &self.drain
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        self.coordinator.lock().holding.remove(&self.token);
        self.coordinator.changed.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_is_in_while_the_module_is_closed() {
        let coordinator = Coordinator::new();
        assert!(matches!(coordinator.enter(0, Duration::ZERO), Entry::NotNow));
        coordinator.open();
        let Entry::Granted(permit) = coordinator.enter(0, Duration::ZERO) else { panic!("open") };
        coordinator.want_reinitialisation(1);
        assert!(matches!(coordinator.wait_errand(Instant::now()), Errand::Reinitialise));
        assert!(!coordinator.close(Duration::from_millis(1)), "one is still in");
        assert!(permit.drain().recv().is_err(), "and is told to leave");
        assert!(matches!(coordinator.enter(1, Duration::ZERO), Entry::NotNow));
        drop(permit);
        assert!(coordinator.close(Duration::ZERO));
        coordinator.stop();
        assert!(matches!(coordinator.enter(0, Duration::ZERO), Entry::Never));
    }
}
