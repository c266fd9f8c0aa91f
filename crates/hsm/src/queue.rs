//! The queue in front of a token: bounded, with a deadline, and with an answer for every request exactly once.

use std::collections::VecDeque;
use std::num::NonZeroUsize;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use ndoba_types::{SignError, SignReply, Signature};

use crate::mechanism::TokenInput;
use crate::metrics::Counters;
use crate::opened::OpenedKey;

/// How much may wait for a token, and how long.
#[derive(Clone, Copy, Debug)]
pub struct QueueLimits {
    /// Requests that may wait; one more is answered `Busy`.
    pub depth: NonZeroUsize,
    /// From submission to an answer. What no session has taken by then is answered `Busy`, what the token still has
    /// is `InDoubt`. An outage shorter than this is bridged: requests wait for the token to come back.
    pub deadline: Duration,
    /// Sessions, and as many threads, that sign at the same time.
    pub sessions: NonZeroUsize,
}

/// A request on its way to the token.
pub(crate) struct Job {
    pub(crate) ticket: Arc<Ticket>,
    pub(crate) key: Arc<OpenedKey>,
    pub(crate) input: TokenInput,
    /// How many connections were lost while they had this request, and which was the last.
    pub(crate) losses: u32,
    pub(crate) lost_by: u64,
}

/// The duty to answer one request. Answered by whoever is first: a worker, the watchdog, or its own end.
pub(crate) struct Ticket {
    state: Mutex<State>,
    submitted: Instant,
    deadline: Instant,
    counters: Arc<Counters>,
}

enum State {
    Waiting(SignReply),
    AtToken(SignReply),
    Answered,
}

impl Ticket {
    pub(crate) fn new(reply: SignReply, now: Instant, deadline: Duration, counters: Arc<Counters>) -> Self {
        Self { state: Mutex::new(State::Waiting(reply)), submitted: now, deadline: now + deadline, counters }
    }

    /// Takes the request to the token. `false`: too late, or answered already; it must not be signed.
    pub(crate) fn hand_over(&self, now: Instant) -> bool {
        let mut state = self.lock();
        if now >= self.deadline {
            return false;
        }
        match std::mem::replace(&mut *state, State::Answered) {
            State::Waiting(reply) => {
                *state = State::AtToken(reply);
                true
            }
            State::AtToken(reply) => {
                *state = State::AtToken(reply);
                false
            }
            State::Answered => false,
        }
    }

    /// The token provably did not sign: the request waits again.
    pub(crate) fn take_back(&self) {
        let mut state = self.lock();
        if let State::AtToken(reply) = std::mem::replace(&mut *state, State::Answered) {
            *state = State::Waiting(reply);
        }
    }

    /// Answers, if nobody has. `false`: the answer came too late and is lost.
    pub(crate) fn answer(&self, outcome: Result<Signature, SignError>) -> bool {
        let previous = std::mem::replace(&mut *self.lock(), State::Answered);
        match previous {
            State::Waiting(reply) | State::AtToken(reply) => {
                self.counters.answered(&outcome, self.submitted.elapsed());
                reply(outcome);
                true
            }
            State::Answered => false,
        }
    }

    /// Answers a request whose time has passed; says whether it needs no more looking after.
    fn expire(&self, now: Instant, waiting: &dyn Fn() -> SignError) -> bool {
        let outcome = match &*self.lock() {
            State::Answered => return true,
            State::Waiting(_) | State::AtToken(_) if now < self.deadline => return false,
            State::Waiting(_) => waiting(),
            State::AtToken(_) => SignError::InDoubt { reason: "the token has not answered in time".into() },
        };
        // A worker may answer between the look and this; then it was in time.
        self.answer(Err(outcome));
        true
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Ticket {
    fn drop(&mut self) {
        let outcome = match &*self.lock() {
            State::Answered => return,
            State::Waiting(_) => SignError::Unavailable { reason: "the module was stopped".into() },
            State::AtToken(_) => SignError::InDoubt { reason: "the module was stopped".into() },
        };
        self.answer(Err(outcome));
    }
}

/// Tickets in order of submission, for the watchdog. One deadline for all, so the front expires first.
#[derive(Default)]
pub(crate) struct Tickets(Mutex<VecDeque<Arc<Ticket>>>);

impl Tickets {
    pub(crate) fn push(&self, ticket: Arc<Ticket>) {
        self.lock().push_back(ticket);
    }

    /// Answers what has expired: `waiting` is the answer for what no session took.
    pub(crate) fn expire(&self, now: Instant, waiting: &dyn Fn() -> SignError) {
        loop {
            let Some(front) = self.lock().front().cloned() else { return };
            // Replies run outside the lock: they may submit again.
            if !front.expire(now, waiting) {
                return;
            }
            self.lock().pop_front_if(|ticket| Arc::ptr_eq(ticket, &front));
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, VecDeque<Arc<Ticket>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use super::*;

    fn ticket(deadline: Duration) -> (Arc<Ticket>, mpsc::Receiver<Result<Signature, SignError>>) {
        let (sender, receiver) = mpsc::channel();
        let reply: SignReply = Box::new(move |outcome| sender.send(outcome).unwrap());
        (Arc::new(Ticket::new(reply, Instant::now(), deadline, Arc::default())), receiver)
    }

    fn busy() -> SignError {
        SignError::Busy
    }

    #[test]
    fn what_waited_too_long_was_not_signed() {
        let (ticket, answers) = ticket(Duration::ZERO);
        assert!(!ticket.hand_over(Instant::now()));
        let tickets = Tickets::default();
        tickets.push(ticket);
        tickets.expire(Instant::now(), &busy);
        assert_eq!(answers.recv(), Ok(Err(SignError::Busy)));
        assert!(answers.recv().is_err(), "answered once");
    }

    #[test]
    fn what_the_token_still_has_is_in_doubt_and_a_late_signature_is_lost() {
        let (ticket, answers) = ticket(Duration::from_millis(20));
        assert!(ticket.hand_over(Instant::now()));
        assert!(!ticket.hand_over(Instant::now()), "one worker only");
        let tickets = Tickets::default();
        tickets.push(Arc::clone(&ticket));
        tickets.expire(Instant::now(), &busy);
        assert!(answers.try_recv().is_err(), "not yet");
        tickets.expire(Instant::now() + Duration::from_millis(20), &busy);
        assert!(matches!(answers.recv(), Ok(Err(SignError::InDoubt { .. }))));
        assert!(!ticket.answer(Ok(Signature::from_bytes(vec![1]))));
    }

    #[test]
    fn what_is_taken_back_may_be_handed_over_again() {
        let (ticket, answers) = ticket(Duration::from_secs(9));
        assert!(ticket.hand_over(Instant::now()));
        ticket.take_back();
        assert!(ticket.hand_over(Instant::now()));
        assert!(ticket.answer(Ok(Signature::from_bytes(vec![1]))));
        assert!(answers.recv().unwrap().is_ok());
    }

    #[test]
    fn a_forgotten_request_is_answered_too() {
        let (waiting, first) = ticket(Duration::from_secs(9));
        drop(waiting);
        assert!(matches!(first.recv(), Ok(Err(SignError::Unavailable { .. }))));
        let (at_token, second) = ticket(Duration::from_secs(9));
        assert!(at_token.hand_over(Instant::now()));
        drop(at_token);
        assert!(matches!(second.recv(), Ok(Err(SignError::InDoubt { .. }))));
    }
}
