//! When a responder asks for its next certificate, when somebody must be called, and when its old key may go.
//!
//! Nothing is remembered between two looks: what was asked and answered is in the ledger, so that a process that
//! starts again goes on where another one stopped.

use ndoba_types::{Span, UtcTime};

/// A responder certificate's validity.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tenure {
    /// Its notBefore.
    pub not_before: UtcTime,
    /// Its notAfter.
    pub not_after: UtcTime,
}

/// What became of the last request for a certificate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Asked {
    /// None was made.
    Never,
    /// The CA has not answered yet.
    Waiting {
        /// When it was made.
        since: UtcTime,
    },
    /// The CA refused.
    Refused {
        /// When.
        at: UtcTime,
    },
    /// It was answered with a certificate: the one in service, or one that does not work here.
    Answered {
        /// When it was made.
        since: UtcTime,
    },
}

/// What is wrong with a responder's future.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum RenewalAlarm {
    /// Its certificate ends soon, and there is no other yet.
    LastDay,
    /// Its certificate has ended: there are no answers.
    Ended,
}

impl RenewalAlarm {
    /// A stable name for programs, the audit log and metrics.
    pub fn code(self) -> &'static str {
        match self {
            Self::LastDay => "responder-last-day",
            Self::Ended => "responder-ended",
        }
    }
}

/// After a refusal: two security officers may have given a new authorisation meanwhile.
const AGAIN_AFTER_REFUSAL: Span = Span::minutes(10);
/// A request is judged for seven days; one that nobody answered is made anew before it lapses.
const AGAIN_UNANSWERED: Span = Span::days(6);
/// Each certificate counts against the authorisation: one that does not work here must not use it up in a day.
const AGAIN_UNUSABLE: Span = Span::hours(12);

impl Tenure {
    /// Whether the next certificate should be there soon: the second half has begun. What is left is the time for
    /// somebody to act when the renewal fails.
    pub fn is_due(self, now: UtcTime) -> bool {
        now.since(self.not_before).as_micros() >= self.length() / 2
    }

    /// Whether to ask for the next certificate now.
    pub fn should_ask(self, now: UtcTime, asked: Asked) -> bool {
        self.is_due(now)
            && match asked {
                Asked::Never => true,
                Asked::Refused { at } => now.since(at) >= AGAIN_AFTER_REFUSAL,
                Asked::Waiting { since } => now.since(since) >= AGAIN_UNANSWERED,
                // Of the certificate in service: that request is older than the certificate.
                Asked::Answered { since } => since <= self.not_before || now.since(since) >= AGAIN_UNUSABLE,
            }
    }

    /// What an operator must be told: the last day (of short certificates the last quarter), or the end.
    pub fn alarm(self, now: UtcTime) -> Option<RenewalAlarm> {
        let left = self.not_after.since(now).as_micros();
        if left <= 0 {
            Some(RenewalAlarm::Ended)
        } else if left <= Span::days(1).as_micros().min(self.length() / 4) {
            Some(RenewalAlarm::LastDay)
        } else {
            None
        }
    }

    /// Whether the keys before this certificate's may be destroyed, with answers that are believed for `validity`:
    /// what they signed has ended, and twice that time is more than any node needs to notice its successor.
    pub fn may_retire_older(self, now: UtcTime, validity: Span) -> bool {
        now.since(self.not_before).as_micros() > validity.as_micros().saturating_mul(2)
    }

    fn length(self) -> i64 {
        self.not_after.since(self.not_before).as_micros()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(number: u32) -> UtcTime {
        UtcTime::from_unix_seconds(1_795_000_000).unwrap().plus(Span::days(number))
    }

    const FORTNIGHT: u32 = 14;

    fn tenure() -> Tenure {
        Tenure { not_before: day(0), not_after: day(FORTNIGHT) }
    }

    #[test]
    fn asks_in_the_second_half_and_not_twice() {
        let one = tenure();
        let just_before = day(7).minus(Span::micros(1));
        assert!(!one.should_ask(just_before, Asked::Never));
        assert!(one.should_ask(day(7), Asked::Never));
        assert!(!one.should_ask(day(8), Asked::Waiting { since: day(7) }));
        assert!(one.should_ask(day(13), Asked::Waiting { since: day(7) }));
        let refused = Asked::Refused { at: day(7) };
        assert!(!one.should_ask(day(7).plus(Span::minutes(9)), refused));
        assert!(one.should_ask(day(7).plus(Span::minutes(10)), refused));
        // The request behind the certificate in service does not keep it from being renewed.
        assert!(one.should_ask(day(7), Asked::Answered { since: day(0) }));
        // One whose certificate does not work here is not repeated by the second.
        let unusable = Asked::Answered { since: day(7) };
        assert!(!one.should_ask(day(7).plus(Span::hours(11)), unusable));
        assert!(one.should_ask(day(8), unusable));
    }

    #[test]
    fn alarms_on_the_last_day_and_at_the_end() {
        let one = tenure();
        assert_eq!(one.alarm(day(13).minus(Span::micros(1))), None);
        assert_eq!(one.alarm(day(13)), Some(RenewalAlarm::LastDay));
        assert_eq!(one.alarm(day(14)), Some(RenewalAlarm::Ended));
        let short = Tenure { not_before: day(0), not_after: day(1) };
        assert_eq!(short.alarm(day(0).plus(Span::hours(17))), None);
        assert_eq!(short.alarm(day(0).plus(Span::hours(18))), Some(RenewalAlarm::LastDay));
    }

    #[test]
    fn old_keys_outlive_their_answers() {
        let hour = Span::hours(1);
        assert!(!tenure().may_retire_older(day(0).plus(Span::hours(2)), hour));
        assert!(tenure().may_retire_older(day(0).plus(Span::hours(2)).plus(Span::micros(1)), hour));
    }

    /// A year of days: asked for in time, each certificate is in service before the one before it ends.
    #[test]
    fn a_year_without_a_gap() {
        let mut in_service = tenure();
        let mut asked = Asked::Never;
        let mut issued = 1;
        for hour in 0..24 * 365 {
            let now = day(0).plus(Span::hours(hour));
            assert_eq!(in_service.alarm(now), None, "hour {hour}");
            if in_service.should_ask(now, asked) {
                in_service = Tenure { not_before: now, not_after: now.plus(Span::days(FORTNIGHT)) };
                asked = Asked::Answered { since: now };
                issued += 1;
            }
        }
        assert_eq!(issued, 53);
    }
}
