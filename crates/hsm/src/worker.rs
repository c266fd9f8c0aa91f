//! A thread that owns one session and signs with it.

use std::collections::HashMap;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use cryptoki::context::Pkcs11;
use cryptoki::object::ObjectHandle;
use cryptoki::session::{Session, SessionState};
use cryptoki::slot::Slot;
use ndoba_types::{KeyLabel, SignError};

use crate::ckr::{Failure, Remedy};
use crate::connection::retire;
use crate::mechanism::{encode_signature, mechanism};
use crate::opened::{Found, OpenedKey, Standing};
use crate::queue::Job;
use crate::token::Shared;

/// Tries of one request on one connection.
const TRIES: u32 = 3;
/// Connections that one request may outlive: a request that kills each is answered, not tried for ever.
const LOSSES: u32 = 3;

/// How a worker ended; its session is closed by then.
pub(crate) enum Exit {
    /// It was told to.
    Stopped,
    /// The connection is no good any more.
    Lost(Failure),
}

/// Where a worker works.
#[derive(Clone)]
pub(crate) struct Place {
    pub(crate) slot: Slot,
    /// The token's serial number.
    pub(crate) serial: String,
    /// The number of the token's connection, counted from 1.
    pub(crate) connection: u64,
    /// This thread's call clock.
    pub(crate) clock: usize,
}

/// Serves requests until told to stop or the connection is lost.
fn run(shared: &Shared, pkcs11: &Pkcs11, place: Place, stop: &crossbeam_channel::Receiver<()>) -> Exit {
    let mut link = Link { shared, pkcs11, place, session: None, handles: HashMap::new() };
    loop {
        let next = crossbeam_channel::select_biased! {
            recv(stop) -> _ => return Exit::Stopped,
            recv(shared.returned.1) -> job => job,
            recv(shared.jobs.1) -> job => job,
        };
        let Ok(job) = next else { return Exit::Stopped };
        if let Served::Lost { job, failure } = link.serve(job) {
            if let Some(job) = job {
                shared.give_back(job);
            }
            return Exit::Lost(failure);
        }
    }
}

struct Link<'a> {
    shared: &'a Shared,
    pkcs11: &'a Pkcs11,
    place: Place,
    session: Option<Session>,
    /// Finding a key costs four times a P-256 signature, so handles are kept for the session's life.
    handles: HashMap<KeyLabel, ObjectHandle>,
}

enum Served {
    Done,
    /// The request goes back to the queue, unless it was answered.
    Lost {
        job: Option<Job>,
        failure: Failure,
    },
}

enum Trouble {
    Call(Failure),
    /// The key, not the token, is at fault.
    Key(String),
}

impl From<cryptoki::error::Error> for Trouble {
    fn from(error: cryptoki::error::Error) -> Self {
        Self::Call(error.into())
    }
}

impl Link<'_> {
    fn serve(&mut self, job: Job) -> Served {
        let mut last = Failure::new(Remedy::NewSession, "no try was made");
        for attempt in 0..TRIES {
            if !job.ticket.hand_over(Instant::now()) {
                return Served::Done;
            }
            let failure = match self.sign(&job) {
                Ok(raw) => {
                    job.key.counters.sign_called();
                    let outcome = encode_signature(job.key.spec, raw)
                        // It signed, but nobody can use it; whether to sign again is the caller's to decide.
                        .map_err(|reason| SignError::InDoubt { reason });
                    if !job.ticket.answer(outcome) {
                        tracing::warn!(key = %job.key.label, "a signature came after its deadline and is lost");
                    }
                    return Served::Done;
                }
                Err(Trouble::Key(reason)) => {
                    job.ticket.answer(Err(SignError::Refused { reason }));
                    return Served::Done;
                }
                Err(Trouble::Call(failure)) => failure,
            };
            tracing::warn!(key = %job.key.label, reason = failure.reason, attempt, "a call into the token failed");
            // An operation may still be open in it; a session that has seen an error is not used again.
            self.leave_session(failure.session_gone);
            if failure.maybe_signed {
                job.key.counters.sign_called();
                job.ticket.answer(Err(SignError::InDoubt { reason: failure.reason.clone() }));
                return match failure.remedy {
                    Remedy::LogInAgain | Remedy::Reinitialise => Served::Lost { job: None, failure },
                    Remedy::SameSession
                    | Remedy::NewSession
                    | Remedy::KeyMissing
                    | Remedy::Permanent
                    | Remedy::Bug => Served::Done,
                };
            }
            job.ticket.take_back();
            match failure.remedy {
                Remedy::SameSession | Remedy::NewSession => {
                    thread::sleep(Duration::from_millis(1 << attempt))
                }
                Remedy::KeyMissing if attempt == 0 => {}
                Remedy::KeyMissing | Remedy::LogInAgain | Remedy::Reinitialise => {
                    return self.lose(job, failure);
                }
                Remedy::Permanent | Remedy::Bug => {
                    job.ticket.answer(Err(SignError::Refused { reason: failure.reason }));
                    return Served::Done;
                }
            }
            last = failure;
        }
        self.lose(job, last)
    }

    fn lose(&self, mut job: Job, failure: Failure) -> Served {
        // Several workers of one dying connection may have had it: that is one loss.
        if job.lost_by != self.place.connection {
            job.losses += 1;
            job.lost_by = self.place.connection;
        }
        if job.losses > LOSSES {
            job.ticket.answer(Err(SignError::Unavailable { reason: failure.reason.clone() }));
            return Served::Lost { job: None, failure };
        }
        Served::Lost { job: Some(job), failure }
    }

    fn sign(&mut self, job: &Job) -> Result<Vec<u8>, Trouble> {
        let Some(mechanism) = mechanism(job.key.algorithm) else {
            return Err(Trouble::Key("the algorithm has no mechanism".into()));
        };
        let _call = self.shared.calls.enter(self.place.clock, self.shared.hang_after);
        let handle = self.handle(&job.key)?;
        let session = self.session()?;
        Ok(session.sign(&mechanism, handle, job.input.as_bytes())?)
    }

    fn handle(&mut self, key: &OpenedKey) -> Result<ObjectHandle, Trouble> {
        // Handles are kept; where a key may be used is said at any time.
        if let Some(unfit) = key.elsewhere(&self.place.serial) {
            let reason = unfit.reason.clone();
            key.set_standing(Standing::Refused(unfit));
            return Err(Trouble::Key(reason));
        }
        let before = key.standing();
        // One that was accepted here since it was refused is judged anew.
        let judged = before != Standing::Unknown;
        if let Some(&handle) = self.handles.get(&key.label).filter(|_| judged) {
            return Ok(handle);
        }
        let serial = self.place.serial.clone();
        match key.find(self.session()?, &serial)? {
            Found::Usable(handle) => {
                key.set_standing(Standing::Usable);
                self.handles.insert(key.label.clone(), handle);
                Ok(handle)
            }
            Found::Refused(unfit) => {
                let reason = unfit.reason.clone();
                key.set_standing(Standing::Refused(unfit));
                Err(Trouble::Key(reason))
            }
            // The keeper connected without finding it while other keys were there: it is gone, not the token.
            Found::Missing if before == Standing::Missing => {
                Err(Trouble::Key(format!("{} is not in the token", key.label)))
            }
            Found::Missing => {
                Err(Trouble::Call(Failure::new(Remedy::KeyMissing, format!("{} is not found", key.label))))
            }
        }
    }

    fn session(&mut self) -> Result<&Session, Trouble> {
        // Written so for the borrow checker: `get_or_insert_with` cannot fail.
        if self.session.is_none() {
            let session = self.pkcs11.open_ro_session(self.place.slot)?;
            match session.get_session_info()?.session_state() {
                SessionState::RoUser | SessionState::RwUser => {}
                // The login is the keeper's: it alone knows whether the PIN may be tried.
                SessionState::RoPublic | SessionState::RwPublic | SessionState::RwSecurityOfficer => {
                    return Err(Trouble::Call(Failure::new(Remedy::LogInAgain, "the login was lost")));
                }
            }
            self.session = Some(session);
        }
        self.session.as_ref().ok_or_else(|| Trouble::Call(Failure::new(Remedy::Bug, "no session")))
    }

    fn leave_session(&mut self, gone: bool) {
        let _call = self.shared.calls.enter(self.place.clock, self.shared.hang_after);
        self.handles.clear();
        match self.session.take() {
            Some(session) if gone => std::mem::forget(session),
            Some(session) => retire(session, self.place.slot),
            None => {}
        }
    }
}

impl Drop for Link<'_> {
    fn drop(&mut self) {
        self.leave_session(false);
    }
}

/// Starts a worker thread that reports its exit.
pub(crate) fn spawn(
    shared: &Arc<Shared>,
    pkcs11: &Pkcs11,
    place: Place,
    stop: crossbeam_channel::Receiver<()>,
    exits: crossbeam_channel::Sender<Exit>,
) -> std::io::Result<thread::JoinHandle<()>> {
    let (shared, pkcs11) = (Arc::clone(shared), pkcs11.clone());
    thread::Builder::new().name(format!("hsm-{}-{}", shared.name, place.clock)).spawn(move || {
        let exit = run(&shared, &pkcs11, place, &stop);
        // The keeper waits for every worker's exit, so it is there to hear this.
        let _ = exits.send(exit);
    })
}
