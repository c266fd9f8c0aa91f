//! The thread that keeps one token: connects and logs in, holds the session that keeps the login, probes, carries out
//! key management, and starts and stops the workers.

use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, Sender};
use cryptoki::context::Pkcs11;

use crate::ckr::{Failure, Remedy};
use crate::connection::{Connection, Refusal};
use crate::coordinator::{Coordinator, Entry, Permit};
use crate::health::TokenState;
use crate::pin::PinHolder;
use crate::token::Shared;
use crate::worker::{self, Exit, Place};

/// A piece of key management: called once, with the connection or with why there is none.
pub(crate) type Errand = Box<dyn FnOnce(Result<&Connection, String>) + Send>;

/// Clock 0 is the keeper's, the workers' follow.
pub(crate) const KEEPER_CLOCK: usize = 0;

/// A connection that lasted this long was a good one: what ends it is news, not the same trouble again.
const GOOD_AFTER: Duration = Duration::from_secs(3);

pub(crate) struct Keeper {
    pub(crate) index: usize,
    pub(crate) shared: Arc<Shared>,
    pub(crate) coordinator: Arc<Coordinator>,
    pub(crate) pkcs11: Pkcs11,
    pub(crate) pin: PinHolder,
    pub(crate) errands: Receiver<Errand>,
    pub(crate) probe_every: Duration,
}

/// Why a connection ended.
enum End {
    /// Everybody leaves, for the module to be initialised anew or stopped.
    Drained,
    Lost(Failure),
}

impl Keeper {
    /// Keeps the token until the module is stopped.
    pub(crate) fn run(mut self) {
        let mut failures = 0_u32;
        loop {
            let permit = match self.coordinator.enter(self.index, Duration::from_millis(200)) {
                Entry::Granted(permit) => permit,
                Entry::NotNow => {
                    self.decline_errands(Duration::ZERO);
                    continue;
                }
                Entry::Never => break,
            };
            let connected = {
                let _call = self.shared.calls.enter(KEEPER_CLOCK, self.shared.hang_after);
                Connection::open(&self.pkcs11, &self.shared, &mut self.pin)
            };
            let began = Instant::now();
            let end = match connected {
                Ok(connection) => self.serve(connection, &permit),
                Err(Refusal::Pin(reason)) => {
                    drop(permit);
                    self.coordinator.recovered(self.index);
                    if self.shared.board.lost(TokenState::PinRefused, &reason) {
                        tracing::error!(token = self.shared.name, reason, "not logging in");
                    }
                    // No login is tried until an operator has acted; the lock is only looked at.
                    self.decline_errands(Duration::from_secs(1));
                    continue;
                }
                Err(Refusal::Token(failure)) => End::Lost(failure),
            };
            // Every session is closed by here; only now may the module be finalised.
            drop(permit);
            match end {
                End::Drained => {}
                End::Lost(failure) => {
                    failures = if began.elapsed() > GOOD_AFTER { 1 } else { failures.saturating_add(1) };
                    self.shared.board.lost(TokenState::Away, &failure.reason);
                    tracing::warn!(
                        token = self.shared.name,
                        reason = failure.reason,
                        failures,
                        "the token is away"
                    );
                    // The token first, the module when that did not help.
                    if failures > 1 {
                        self.coordinator.want_reinitialisation(self.index);
                        self.decline_errands(Duration::from_millis(100 * u64::from(failures.min(10))));
                    }
                }
            }
        }
        self.shared.board.lost(TokenState::Stopped, "the module was stopped");
        self.decline_errands(Duration::ZERO);
    }

    /// Serves over `connection` until it ends; returns with every session closed.
    fn serve(&self, connection: Connection, permit: &Permit) -> End {
        let (stop, stopped) = crossbeam_channel::bounded(0);
        let (exit, exits) = crossbeam_channel::unbounded();
        let mut workers = Vec::new();
        let number = self.shared.board.health().connections + 1;
        for clock in 1..=self.shared.limits.sessions.get() {
            let serial = connection.info().serial.clone();
            let place = Place { slot: connection.slot(), serial, connection: number, clock };
            match worker::spawn(&self.shared, &self.pkcs11, place, stopped.clone(), exit.clone()) {
                Ok(worker) => workers.push(worker),
                Err(error) => tracing::error!(token = self.shared.name, %error, "no thread for a session"),
            }
        }
        self.shared.board.ready(connection.info().clone());
        tracing::info!(token = self.shared.name, serial = connection.info().serial, "the token is ready");
        let end = if workers.is_empty() {
            End::Lost(Failure::new(Remedy::NewSession, "no thread for a session"))
        } else {
            self.attend(&connection, permit, &exits, &workers)
        };
        self.dismiss(stop, workers);
        let _call = self.shared.calls.enter(KEEPER_CLOCK, self.shared.hang_after);
        connection.close();
        end
    }

    fn attend(
        &self,
        connection: &Connection,
        permit: &Permit,
        exits: &Receiver<Exit>,
        workers: &[thread::JoinHandle<()>],
    ) -> End {
        let began = Instant::now();
        let mut next_probe = began + self.probe_every;
        loop {
            crossbeam_channel::select! {
                recv(permit.drain()) -> _ => return End::Drained,
                recv(exits) -> exit => if let Ok(Exit::Lost(failure)) = exit {
                    return End::Lost(failure);
                },
                recv(self.errands) -> errand => if let Ok(errand) = errand {
                    // Making an RSA key may take a minute, so no clock is set; who asked waits with one of their own.
                    errand(Ok(connection));
                },
                recv(crossbeam_channel::at(next_probe)) -> _ => {
                    let probed = {
                        let _call = self.shared.calls.enter(KEEPER_CLOCK, self.shared.hang_after);
                        connection.probe(&self.shared)
                    };
                    if let Err(failure) = probed {
                        return End::Lost(failure);
                    }
                    if workers.iter().any(thread::JoinHandle::is_finished) && exits.is_empty() {
                        return End::Lost(Failure::new(Remedy::NewSession, "a worker ended"));
                    }
                    if began.elapsed() > GOOD_AFTER {
                        self.coordinator.recovered(self.index);
                    }
                    next_probe = Instant::now() + self.probe_every;
                },
            }
        }
    }

    /// Sends the workers home and waits for the last. One whose call hangs is waited for as long as it takes: the
    /// module can do nothing for this token meanwhile, and the watchdog has marked it.
    fn dismiss(&self, stop: Sender<()>, workers: Vec<thread::JoinHandle<()>>) {
        drop(stop);
        let mut waited = Duration::ZERO;
        while !workers.iter().all(thread::JoinHandle::is_finished) {
            if self.coordinator.stopping() && waited > Duration::from_secs(5) {
                return;
            }
            let step = Duration::from_millis(if waited < Duration::from_millis(50) { 1 } else { 20 });
            self.decline_errands(step);
            waited += step;
        }
        join(workers);
    }

    /// Lets `pause` pass while telling those who come with key management that the token is away.
    fn decline_errands(&self, pause: Duration) {
        let until = Instant::now() + pause;
        loop {
            let left = until.saturating_duration_since(Instant::now());
            match self.errands.recv_timeout(left) {
                Ok(errand) => errand(Err(self.shared.board.health().why())),
                Err(crossbeam_channel::RecvTimeoutError::Timeout) => return,
                Err(crossbeam_channel::RecvTimeoutError::Disconnected) => {
                    self.coordinator.pause(left);
                    return;
                }
            }
        }
    }
}

/// Waits for the very end of threads that have done their work: what a module (or the OpenSSL within it) registered
/// for a thread's end runs after the work, and must not run while the process's own end takes the module down.
pub(crate) fn join(threads: Vec<thread::JoinHandle<()>>) {
    for thread in threads {
        if thread.join().is_err() {
            tracing::error!("a thread of the module panicked");
        }
    }
}
