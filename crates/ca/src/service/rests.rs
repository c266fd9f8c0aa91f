//! What is left alone for a while, by CA: a token that did not sign, lists that took long to make.

use std::collections::BTreeMap;

use ndoba_types::{CaName, Span, UtcTime};

use crate::authority::IssuingCa;

/// How long a token rests that did not sign.
const TOKEN_PAUSE: Span = Span::seconds(1);

/// The moments on the CA's clock until which something rests.
pub(super) struct Rests {
    longest: Span,
    until: BTreeMap<CaName, UtcTime>,
}

impl Rests {
    /// None yet; each is at most so long.
    pub(super) fn of_at_most(longest: Span) -> Self {
        Self { longest, until: BTreeMap::new() }
    }

    /// Those of tokens.
    pub(super) fn of_tokens() -> Self {
        Self::of_at_most(TOKEN_PAUSE)
    }

    /// Begins the longest.
    pub(super) fn begin(&mut self, ca: &CaName, now: UtcTime) {
        self.begin_until(ca, now, UtcTime::NO_END);
    }

    /// Begins one that ends at `until`, or as the longest does.
    pub(super) fn begin_until(&mut self, ca: &CaName, now: UtcTime, until: UtcTime) {
        self.until.insert(ca.clone(), until.min(now.plus(self.longest)));
    }

    /// Whether one of the CA's lasts still.
    pub(super) fn lasts(&self, ca: &CaName, now: UtcTime) -> bool {
        // A clock that was set back meanwhile does not lengthen it.
        self.until.get(ca).is_some_and(|until| now < *until && until.since(now) <= self.longest)
    }

    /// Of tokens: whether the CA's key can be asked now, as far as is known.
    pub(super) fn key_answers(&self, ca: &IssuingCa, now: UtcTime) -> bool {
        !self.lasts(&ca.name, now) && ca.watch.away().is_none()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_ends_by_itself_and_none_is_longer_than_the_longest() {
        let (seal, other): (CaName, CaName) = ("seal".parse().unwrap(), "other".parse().unwrap());
        let start = UtcTime::from_unix_seconds(1_795_000_000).unwrap();
        let after = |seconds| start.plus(Span::seconds(seconds));
        let mut rests = Rests::of_at_most(Span::seconds(60));
        assert!(!rests.lasts(&seal, start));

        rests.begin_until(&seal, start, after(9));
        assert_eq!([0, 8, 9].map(|seconds| rests.lasts(&seal, after(seconds))), [true, true, false]);
        assert!(!rests.lasts(&other, start));

        rests.begin_until(&seal, start, after(900));
        assert_eq!([59, 60].map(|seconds| rests.lasts(&seal, after(seconds))), [true, false]);
        rests.begin(&other, start);
        assert_eq!([59, 60].map(|seconds| rests.lasts(&other, after(seconds))), [true, false]);

        // Set back by an hour, the clock would keep it for that hour.
        assert!(!rests.lasts(&seal, start.minus(Span::hours(1))));
    }
}
