//! That somebody was refused something, for the log.

use ndoba_audit::{Actor, Event, EventKind, Word};
use ndoba_types::{OfficerId, Sha256Digest};

use super::orders::word;
use super::{Officer, Registration, ServiceError};
use crate::refusals::{Count, Party};

/// What is refused at a door.
const LOGIN: &str = "login";

impl Registration {
    /// Notes that an operation was refused to an officer; nothing was done. Where the database does not take it, it is
    /// counted, and told later.
    ///
    /// # Inputs
    ///
    /// - `operation`, `code` – stable names, no input of the officer's.
    pub fn note_refused(&self, officer: &Officer, operation: &str, code: &str) {
        let (operation, code) = (word(operation), word(code));
        if self.refuse(officer.id, operation.clone(), code.clone()).is_err() {
            self.refusals.count(Party::Officer(officer.id), &operation, &code, self.clock.now());
        }
    }

    /// Counts a login that was refused unseen: too many came before it with this key.
    pub fn count_login(&self, key: Sha256Digest) {
        self.refusals.count(Party::Key(key), &LOGIN.into(), &"too-many".into(), self.clock.now());
    }

    /// Counts a code that was refused unseen at `door`: too many came before it.
    pub fn count_code(&self, door: &'static str) {
        self.refusals.count(Party::Door(door), &door.into(), &"too-many".into(), self.clock.now());
    }

    /// Writes what was counted in minutes that are over; with `all`, in those that run, too. For a timer, and the end.
    ///
    /// # Errors
    ///
    /// [`ServiceError::Unavailable`]; what was counted stays so.
    pub fn tell_refusals(&self, all: bool) -> Result<usize, ServiceError> {
        let counts = self.refusals.take(self.clock.now(), all);
        if counts.is_empty() {
            return Ok(0);
        }
        let events: Result<Vec<Event>, ServiceError> = counts.iter().map(|count| self.told(count)).collect();
        match events.and_then(|events| Ok(self.registry.record(&events)?)) {
            Ok(()) => Ok(counts.len()),
            Err(error) => {
                self.refusals.put_back(counts);
                Err(error)
            }
        }
    }

    /// The event of a refusal to an officer, or a count.
    pub(super) fn refuse(&self, officer: OfficerId, operation: Word, code: Word) -> Result<(), ServiceError> {
        if !self.refusals.note(Party::Officer(officer), &operation, &code, self.clock.now()) {
            return Ok(());
        }
        let refused = EventKind::ActionRefused { operation, code };
        Ok(self.registry.record(&[self.event(officer, refused)?])?)
    }

    /// The event of a key that opened nothing, or a count.
    pub(super) fn refuse_login(&self, key: Sha256Digest, code: &'static str) -> Result<(), ServiceError> {
        if !self.refusals.note(Party::Key(key), &LOGIN.into(), &code.into(), self.clock.now()) {
            return Ok(());
        }
        self.record_login("officers", code, Some(key))
    }

    /// The event of a code that opened nothing, or a count.
    pub(super) fn refuse_code(
        &self,
        door: &'static str,
        key: Option<Sha256Digest>,
    ) -> Result<(), ServiceError> {
        let code = "no-match";
        if !self.refusals.note(Party::Door(door), &door.into(), &code.into(), self.clock.now()) {
            return Ok(());
        }
        self.record_login(door, code, key)
    }

    fn record_login(
        &self,
        door: &'static str,
        code: &'static str,
        spki: Option<Sha256Digest>,
    ) -> Result<(), ServiceError> {
        let refused = EventKind::LoginRefused { door: door.into(), code: code.into(), spki };
        let actor = Actor::Role("registration".into());
        Ok(self.registry.record(&[Event::new(self.random.as_ref(), self.clock.now(), actor, refused)?])?)
    }

    fn told(&self, counted: &Count) -> Result<Event, ServiceError> {
        let Count { party, operation, code, since, count } = counted.clone();
        let (actor, spki) = match party {
            Party::Officer(officer) => (Actor::Officer(officer), None),
            Party::Key(key) => (Actor::Role("registration".into()), Some(key)),
            Party::Door(_) | Party::Rest => (Actor::Role("registration".into()), None),
        };
        let what = EventKind::RefusalsCounted { operation, code, spki, count, since };
        Ok(Event::new(self.random.as_ref(), self.clock.now(), actor, what)?)
    }
}
