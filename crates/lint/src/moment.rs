//! Times in certificates: their form, and which is earlier.

use ndoba_types::UtcTime;

use crate::der::{GENERALIZED_TIME, Tlv, UTC_TIME};

/// Fourteen digits, `YYYYMMDDHHMMSS` in UTC: their order is the order of time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Moment([u8; 14]);

impl Moment {
    /// A calendar date's first second, for rules with a date of effect.
    pub(crate) const fn date(digits: &[u8; 8]) -> Self {
        let mut all = *b"00000000000000";
        let mut at = 0;
        while at < 8 {
            all[at] = digits[at];
            at += 1;
        }
        Self(all)
    }

    /// A time whose form is right: `YYMMDDHHMMSSZ` or `YYYYMMDDHHMMSSZ`, no more and no less (RFC 5280 §4.1.2.5).
    pub(crate) fn of(time: &Tlv<'_>) -> Option<Self> {
        let digits = time.content.strip_suffix(b"Z")?;
        if !digits.iter().all(u8::is_ascii_digit) {
            return None;
        }
        let all: [u8; 14] = match (time.tag, digits) {
            (GENERALIZED_TIME, digits) => digits.try_into().ok()?,
            (UTC_TIME, digits) if digits.len() == 12 => {
                // Two-digit years from 50 on are of the twentieth century.
                let century: &[u8] = if digits[0] >= b'5' { b"19" } else { b"20" };
                [century, digits].concat().try_into().ok()?
            }
            _ => return None,
        };
        let moment = Self(all);
        moment.is_on_a_calendar().then_some(moment)
    }

    /// The second in which `time` lies.
    pub(crate) fn at(time: UtcTime) -> Self {
        let time = time.to_date_time();
        let text = format!(
            "{:04}{:02}{:02}{:02}{:02}{:02}",
            time.year(),
            u8::from(time.month()),
            time.day(),
            time.hour(),
            time.minute(),
            time.second()
        );
        // Years are 1970 to 9999 (`UtcTime`), so there are always fourteen; the fallback is the end of time.
        Self(text.as_bytes().try_into().unwrap_or(*b"99991231235959"))
    }

    /// The instant; none before 1970, which `UtcTime` does not know.
    pub(crate) fn to_utc(self) -> Option<UtcTime> {
        let text = std::str::from_utf8(&self.0).ok()?;
        let part = |digits: std::ops::Range<usize>| text.get(digits).unwrap_or_default();
        let (date, time) = ([part(0..4), part(4..6), part(6..8)], [part(8..10), part(10..12), part(12..14)]);
        format!("{}T{}Z", date.join("-"), time.join(":")).parse().ok()
    }

    /// `YYYY-MM-DD`.
    pub(crate) fn day(self) -> String {
        format!("{:04}-{:02}-{:02}", self.year(), self.number(4..6), self.number(6..8))
    }

    pub(crate) fn year(self) -> u32 {
        self.number(0..4)
    }

    fn is_on_a_calendar(self) -> bool {
        let day_end = match self.number(4..6) {
            1 | 3 | 5 | 7 | 8 | 10 | 12 => 31,
            4 | 6 | 9 | 11 => 30,
            2 if self.year().is_multiple_of(4)
                && (!self.year().is_multiple_of(100) || self.year().is_multiple_of(400)) =>
            {
                29
            }
            2 => 28,
            _ => return false,
        };
        let day = self.number(6..8);
        (1..=day_end).contains(&day)
            && self.number(8..10) < 24
            && self.number(10..12) < 60
            && self.number(12..14) < 60
    }

    fn number(self, digits: std::ops::Range<usize>) -> u32 {
        self.0[digits].iter().fold(0, |number, digit| number * 10 + u32::from(digit - b'0'))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(tag: u8, content: &[u8]) -> Option<Moment> {
        Moment::of(&Tlv { tag, content, start: 0, end: 0 })
    }

    #[test]
    fn forms_and_centuries() {
        assert_eq!(of(UTC_TIME, b"261124000000Z").unwrap().year(), 2026);
        assert_eq!(of(UTC_TIME, b"500101000000Z").unwrap().year(), 1950);
        assert!(of(GENERALIZED_TIME, b"20500101000000Z") > of(UTC_TIME, b"491231235959Z"));
        for bad in
            [&b"2611240000Z"[..], b"261124000000", b"261124000000+0400", b"261324000000Z", b"260230000000Z"]
        {
            assert_eq!(of(UTC_TIME, bad), None);
        }
        assert_eq!(of(GENERALIZED_TIME, b"20261124000000.5Z"), None);
        assert!(of(GENERALIZED_TIME, b"20280229000000Z").is_some());
        assert_eq!(of(GENERALIZED_TIME, b"20270229000000Z"), None);
    }

    #[test]
    fn our_times_compare_with_theirs() {
        let ours = Moment::at(UtcTime::from_unix_seconds(0).unwrap());
        assert_eq!(Some(ours), of(GENERALIZED_TIME, b"19700101000000Z"));
        assert_eq!(Some(Moment::date(b"19700101")), of(UTC_TIME, b"700101000000Z"));
        for time in [UtcTime::from_unix_seconds(1_795_478_400).unwrap(), UtcTime::NO_END] {
            assert_eq!(Moment::at(time).to_utc(), Some(time));
        }
        assert_eq!(Moment::date(b"19691231").to_utc(), None);
        assert_eq!(Some(Moment::at(UtcTime::NO_END)), of(GENERALIZED_TIME, b"99991231235959Z"));
    }
}
