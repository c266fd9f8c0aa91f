//! The register as it was while an act was decided.

use std::cell::Cell;
use std::collections::VecDeque;

use ndoba_types::UtcTime;

use crate::Register;
use crate::register::SKEW;

/// The register after the last document, and as it was before the documents of the last minutes.
pub(super) struct History {
    pub(super) now: Register,
    before: VecDeque<(UtcTime, Register)>,
    /// How many pins were believed, at most, whose documents had not joined the chain.
    ahead: Cell<usize>,
}

impl History {
    pub(super) fn from(register: Register) -> Self {
        Self { now: register, before: VecDeque::new(), ahead: Cell::new(0) }
    }

    /// Goes on to `next`, by a document that joined the chain at `at`.
    pub(super) fn advance(&mut self, next: Register, at: UtcTime) {
        self.before.retain(|(left, _)| at.since(*left) <= SKEW);
        self.before.push_back((at, std::mem::replace(&mut self.now, next)));
    }

    /// What `judge` says of an act that the log dates `at`.
    ///
    /// An act is decided before its event is written, on one machine, while the register may grow on another: what was in
    /// order at some moment of the minutes before counts, by the same span that clocks may differ by. And the next pin holds from
    /// when the configuration has it, which no log says, until its document joins the chain. Else the refusal is that of the
    /// register as it is.
    pub(super) fn judged<T, E>(
        &self,
        at: UtcTime,
        judge: impl Fn(&Register, UtcTime) -> Result<T, E>,
    ) -> Result<T, E> {
        let refused = match judge(&self.now, at) {
            Ok(found) => return Ok(found),
            Err(refused) => refused,
        };
        let recent = self.before.iter().rev().filter(|(left, _)| at.since(*left) <= SKEW);
        let registers = std::iter::once(&self.now).chain(recent.map(|(_, register)| register));
        let earlier = registers.flat_map(|register| [(register, at), (register, at.minus(SKEW))]);
        if let Some(found) = earlier.skip(1).find_map(|(register, at)| judge(register, at).ok()) {
            return Ok(found);
        }
        self.now.with_next_pin().and_then(|next| self.ahead_by(1, &next, at, judge)).ok_or(refused)
    }

    /// The same of a restore: where the database lost the newest pin's document, the officers of that pin count and nobody of
    /// before ([`Register::under_newest_pin`]).
    pub(super) fn judged_restore<T, E>(
        &self,
        at: UtcTime,
        judge: impl Fn(&Register, UtcTime) -> Result<T, E>,
    ) -> Result<T, E> {
        let refused = match self.judged(at, &judge) {
            Ok(found) => return Ok(found),
            Err(refused) => refused,
        };
        match self.now.pins_awaited() {
            0 => Err(refused),
            pins => {
                let newest = self.now.clone().under_newest_pin();
                self.ahead_by(pins, &newest, at, judge).ok_or(refused)
            }
        }
    }

    /// How many pins beyond those of the chain were believed since this was asked last.
    pub(super) fn take_ahead(&self) -> usize {
        self.ahead.take()
    }

    fn ahead_by<T, E>(
        &self,
        pins: usize,
        register: &Register,
        at: UtcTime,
        judge: impl Fn(&Register, UtcTime) -> Result<T, E>,
    ) -> Option<T> {
        let found = [at, at.minus(SKEW)].into_iter().find_map(|at| judge(register, at).ok())?;
        self.ahead.set(self.ahead.get().max(pins));
        Some(found)
    }
}
