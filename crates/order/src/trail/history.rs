//! The register as it was while an act was decided.

use std::collections::VecDeque;

use ndoba_types::UtcTime;

use crate::Register;
use crate::register::SKEW;

/// The register after the last document, and as it was before the documents of the last minutes.
pub(super) struct History {
    pub(super) now: Register,
    before: VecDeque<(UtcTime, Register)>,
}

impl History {
    pub(super) fn from(register: Register) -> Self {
        Self { now: register, before: VecDeque::new() }
    }

    /// Goes on to `next`, by a document that joined the chain at `at`.
    pub(super) fn advance(&mut self, next: Register, at: UtcTime) {
        self.before.retain(|(left, _)| at.since(*left) <= SKEW);
        self.before.push_back((at, std::mem::replace(&mut self.now, next)));
    }

    /// What `judge` says of an act that the log dates `at`.
    ///
    /// An act is decided before its event is written, on one machine, while the register may grow on another: what was in
    /// order at some moment of the minutes before counts, by the same span that clocks may differ by. Else the refusal is
    /// that of the register as it is.
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
        earlier.skip(1).find_map(|(register, at)| judge(register, at).ok()).ok_or(refused)
    }
}
