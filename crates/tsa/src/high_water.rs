//! genTime never goes back (design §8): within a process, and across restarts by a persisted mark.

use std::sync::{Mutex, PoisonError};

use ndoba_types::{CertifiedTime, Span, TimeUnavailable, TrustedClock, UtcTime};

/// The latest time given to a token, one per process for all its units.
#[derive(Debug)]
pub struct HighWater {
    latest: Mutex<Option<UtcTime>>,
}

impl HighWater {
    /// Goes on after `mark`: no token of an earlier run says a later time (see [`Lease`]). `None` when there was
    /// no earlier run. Until the clock has passed the mark there are no tokens.
    pub fn new(mark: Option<UtcTime>) -> Self {
        Self { latest: Mutex::new(mark) }
    }

    /// Asks `clock` and keeps what it says as the new mark.
    ///
    /// The clock is asked under the lock, so that the order of answers is the order of times.
    ///
    /// # Errors
    ///
    /// [`TimeUnavailable`] from the clock, or [`TimeUnavailable::Stepped`] when it says less than it, or an
    /// earlier run, has said before.
    pub fn certified_now(&self, clock: &dyn TrustedClock) -> Result<CertifiedTime, TimeUnavailable> {
        // A thread that panicked here left a whole value behind.
        let mut latest = self.latest.lock().unwrap_or_else(PoisonError::into_inner);
        let now = clock.certified_now()?;
        if latest.is_some_and(|latest| now.time < latest) {
            return Err(TimeUnavailable::Stepped);
        }
        *latest = Some(now.time);
        Ok(now)
    }
}

/// The mark on disk: a promise that no token answered so far says a later time.
///
/// It is leased ahead, so that it is written once in a while and not for every token: the journal writes it, before
/// it answers for a record that lies beyond.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lease(Option<UtcTime>);

impl Lease {
    /// How far ahead of a token's time the mark is set.
    pub const AHEAD: Span = Span::seconds(2);

    /// Goes on with what is on disk.
    pub const fn new(mark: Option<UtcTime>) -> Self {
        Self(mark)
    }

    /// The mark that must be on disk before a token that says `time` leaves; `None` when the present one will do.
    #[must_use]
    pub fn needed(&self, time: UtcTime) -> Option<UtcTime> {
        match self.0 {
            Some(mark) if time <= mark => None,
            Some(_) | None => Some(time.plus(Self::AHEAD)),
        }
    }

    /// `mark` is on disk now.
    pub fn written(&mut self, mark: UtcTime) {
        self.0 = Some(mark);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Says(Mutex<Vec<&'static str>>);
    impl TrustedClock for Says {
        fn certified_now(&self) -> Result<CertifiedTime, TimeUnavailable> {
            let time = self.0.lock().unwrap().pop().unwrap().parse().unwrap();
            Ok(CertifiedTime { time, bound: Span::millis(1) })
        }
    }

    #[test]
    fn never_back_and_waits_for_the_mark() {
        let clock = Says(Mutex::new(vec![
            "2026-01-01T00:00:04Z",
            "2026-01-01T00:00:02Z",
            "2026-01-01T00:00:03Z",
            "2026-01-01T00:00:01Z",
        ]));
        let high_water = HighWater::new(Some("2026-01-01T00:00:02Z".parse().unwrap()));
        assert_eq!(high_water.certified_now(&clock), Err(TimeUnavailable::Stepped));
        assert!(high_water.certified_now(&clock).is_ok());
        assert_eq!(high_water.certified_now(&clock), Err(TimeUnavailable::Stepped));
        assert!(high_water.certified_now(&clock).is_ok());
    }

    #[test]
    fn the_lease_is_renewed_only_when_it_is_passed() {
        let at = |text: &str| text.parse::<UtcTime>().unwrap();
        let mut lease = Lease::new(None);
        let mark = lease.needed(at("2026-01-01T00:00:00Z")).unwrap();
        assert_eq!(mark, at("2026-01-01T00:00:02Z"));
        lease.written(mark);
        assert_eq!(lease.needed(at("2026-01-01T00:00:02Z")), None);
        assert_eq!(lease.needed(at("2026-01-01T00:00:02.001Z")), Some(at("2026-01-01T00:00:04.001Z")));
    }
}
