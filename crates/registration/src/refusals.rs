//! Refusals as the log has them: the first ones of a party singly, what more comes within the same minute as counts.
//!
//! Who is refused decides how often: without a bound they would decide how fast the log grows. What is counted is in
//! memory until its minute is over; a crash loses that minute's counts and no event.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use ndoba_audit::Word;
use ndoba_types::{OfficerId, Sha256Digest, Span, UtcTime};

/// Refusals of one party are counted for so long.
const TOGETHER: Span = Span::minutes(1);
/// So many parties are told apart at a time; those beyond are counted as one.
const PARTIES: usize = 1_000;

/// Whose refusals are counted together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Party {
    /// Whoever types codes there.
    Door(&'static str),
    /// Who shows this key, which is no officer's in office.
    Key(Sha256Digest),
    /// An officer, who answers for it.
    Officer(OfficerId),
    /// Everybody beyond [`PARTIES`].
    Rest,
}

impl Party {
    /// How many within a minute are events of their own.
    fn singly(self) -> u32 {
        match self {
            Self::Door(_) => 10,
            Self::Key(_) | Self::Rest => 1,
            Self::Officer(_) => 60,
        }
    }
}

/// What was counted and is to be an event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Count {
    pub(crate) party: Party,
    pub(crate) operation: Word,
    pub(crate) code: Word,
    /// When its minute began.
    pub(crate) since: UtcTime,
    pub(crate) count: u64,
}

/// What is counted now.
#[derive(Debug, Default)]
pub(crate) struct Refusals(Mutex<Counted>);

#[derive(Debug, Default)]
struct Counted {
    parties: HashMap<Party, Minute>,
    /// Of minutes that are over.
    due: Vec<Count>,
}

#[derive(Debug)]
struct Minute {
    began: UtcTime,
    singly: u32,
    counts: HashMap<(Word, Word), u64>,
}

impl Refusals {
    /// Notes a refusal; whether it is an event of its own, which the caller writes. Else it is counted.
    pub(crate) fn note(&self, party: Party, operation: &Word, code: &Word, now: UtcTime) -> bool {
        let mut counted = self.counted();
        let party = counted.told_apart(party);
        counted.end(party, |minute| minute.is_over(now));
        let minute = counted.minute(party, now);
        if minute.singly < party.singly() {
            minute.singly += 1;
            return true;
        }
        minute.count(operation, code);
        false
    }

    /// Counts a refusal, whatever came before.
    pub(crate) fn count(&self, party: Party, operation: &Word, code: &Word, now: UtcTime) {
        let mut counted = self.counted();
        let party = counted.told_apart(party);
        counted.minute(party, now).count(operation, code);
    }

    /// Takes what was counted in minutes that are over, or, with `all`, in those that run, too.
    pub(crate) fn take(&self, now: UtcTime, all: bool) -> Vec<Count> {
        let mut counted = self.counted();
        let parties: Vec<Party> = counted.parties.keys().copied().collect();
        for party in parties {
            counted.end(party, |minute| all || minute.is_over(now));
        }
        std::mem::take(&mut counted.due)
    }

    /// Gives back what could not be written.
    pub(crate) fn put_back(&self, counts: Vec<Count>) {
        self.counted().due.extend(counts);
    }

    fn counted(&self) -> MutexGuard<'_, Counted> {
        // Counts are whole whatever happened to the thread that held them.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Counted {
    fn told_apart(&self, party: Party) -> Party {
        if self.parties.len() < PARTIES || self.parties.contains_key(&party) { party } else { Party::Rest }
    }

    fn minute(&mut self, party: Party, now: UtcTime) -> &mut Minute {
        let begins = || Minute { began: now, singly: 0, counts: HashMap::new() };
        self.parties.entry(party).or_insert_with(begins)
    }

    fn end(&mut self, party: Party, over: impl Fn(&Minute) -> bool) {
        let Some(minute) = self.parties.get(&party).filter(|minute| over(minute)) else { return };
        let since = minute.began;
        let counts = self.parties.remove(&party).map(|minute| minute.counts).unwrap_or_default();
        let due = counts.into_iter().map(|((operation, code), count)| Count {
            party,
            operation,
            code,
            since,
            count,
        });
        self.due.extend(due);
    }
}

impl Minute {
    /// Also where the clock was set back.
    fn is_over(&self, now: UtcTime) -> bool {
        now < self.began || now.since(self.began) >= TOGETHER
    }

    fn count(&mut self, operation: &Word, code: &Word) {
        *self.counts.entry((operation.clone(), code.clone())).or_default() += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: u32) -> UtcTime {
        "2026-11-23T12:00:00Z".parse::<UtcTime>().unwrap().plus(Span::seconds(seconds))
    }

    fn note(refusals: &Refusals, party: Party, code: &'static str, seconds: u32) -> bool {
        refusals.note(party, &"login".into(), &code.into(), at(seconds))
    }

    #[test]
    fn what_comes_after_the_first_is_one_count_a_minute() {
        let (refusals, stranger) = (Refusals::default(), Party::Key(Sha256Digest::of(b"x")));
        assert!(note(&refusals, stranger, "unknown-key", 0));
        for second in 1..60 {
            assert!(!note(&refusals, stranger, "unknown-key", second));
        }
        assert_eq!(refusals.take(at(59), false), []);
        // Another minute, another single one; what was counted before is told.
        assert!(note(&refusals, stranger, "unknown-key", 60));
        let told = refusals.take(at(60), false);
        assert_eq!((told.len(), told[0].count, told[0].since), (1, 59, at(0)));
        refusals.put_back(told.clone());
        assert_eq!(refusals.take(at(61), false), told);
        assert!(!note(&refusals, stranger, "unknown-key", 61));
        assert_eq!(refusals.take(at(62), true)[0].count, 1);
        assert_eq!(refusals.take(at(62), true), []);
    }

    #[test]
    fn parties_are_apart_until_there_are_too_many() {
        let refusals = Refusals::default();
        let party = |number: usize| Party::Key(Sha256Digest::of(&number.to_be_bytes()));
        for number in 0..PARTIES {
            assert!(note(&refusals, party(number), "unknown-key", 0));
        }
        assert!(note(&refusals, party(PARTIES), "unknown-key", 0));
        assert!(!note(&refusals, party(PARTIES + 1), "unknown-key", 0));
        assert_eq!(refusals.take(at(60), false)[0].party, Party::Rest);
    }

    #[test]
    fn codes_are_counted_apart() {
        let (refusals, officer) = (Refusals::default(), Party::Officer(OfficerId::from_bytes([1; 16])));
        for _ in 0..officer.singly() {
            assert!(note(&refusals, officer, "json.malformed", 0));
        }
        for code in ["json.malformed", "path.unknown", "json.malformed"] {
            assert!(!note(&refusals, officer, code, 1));
        }
        let mut counts: Vec<u64> = refusals.take(at(2), true).iter().map(|count| count.count).collect();
        counts.sort_unstable();
        assert_eq!(counts, [1, 2]);
    }
}
