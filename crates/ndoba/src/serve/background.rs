//! Threads that do a piece of work again and again until the process stops.

use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use anyhow::Context as _;

/// What a piece of work says when it is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Next {
    /// There is more to do.
    AtOnce,
    /// Nothing for now.
    After(Duration),
}

/// The threads of a process, stopped together. Stopping waits for the piece of work in hand.
#[derive(Default)]
pub(crate) struct Background {
    stop: Arc<Stop>,
    threads: Vec<JoinHandle<()>>,
    last: Vec<Box<dyn FnOnce() + Send>>,
}

#[derive(Default)]
struct Stop {
    asked: Mutex<bool>,
    changed: Condvar,
}

impl Stop {
    /// Waits `pause`, or until stopping is asked for; whether it is.
    fn wait(&self, pause: Duration) -> bool {
        // A bool is whole whatever happened to the thread that held it.
        let asked = self.asked.lock().unwrap_or_else(PoisonError::into_inner);
        let (asked, _) = self
            .changed
            .wait_timeout_while(asked, pause, |asked| !*asked)
            .unwrap_or_else(PoisonError::into_inner);
        *asked
    }
}

impl Background {
    /// Starts a thread that calls `work` until the process stops.
    pub(crate) fn run(
        &mut self,
        name: &str,
        mut work: impl FnMut() -> Next + Send + 'static,
    ) -> anyhow::Result<()> {
        let stop = Arc::clone(&self.stop);
        let thread = thread::Builder::new()
            .name(name.into())
            .spawn(move || {
                loop {
                    let pause = match work() {
                        Next::AtOnce => Duration::ZERO,
                        Next::After(pause) => pause,
                    };
                    if stop.wait(pause) {
                        return;
                    }
                }
            })
            .with_context(|| format!("cannot start the thread {name}"))?;
        self.threads.push(thread);
        Ok(())
    }

    /// Leaves something to be done once all threads have stopped.
    pub(crate) fn at_the_end(&mut self, work: impl FnOnce() + Send + 'static) {
        self.last.push(Box::new(work));
    }

    /// Asks all threads to stop, waits for them, and does what was left for the end.
    pub(crate) fn stop(mut self) {
        let last = std::mem::take(&mut self.last);
        self.abandon();
        for work in last {
            work();
        }
    }

    /// Asks all threads to stop and waits for them; what was left for the end is not done.
    pub(crate) fn abandon(self) {
        *self.stop.asked.lock().unwrap_or_else(PoisonError::into_inner) = true;
        self.stop.changed.notify_all();
        for thread in self.threads {
            if thread.join().is_err() {
                tracing::error!("a background thread had panicked");
            }
        }
    }
}
