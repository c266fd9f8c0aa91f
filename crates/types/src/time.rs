//! Instants and spans of UTC.

use std::fmt;
use std::str::FromStr;

use time::format_description::well_known::Rfc3339;
use time::{OffsetDateTime, UtcOffset};

/// An instant of UTC, to the microsecond, between the years 1970 and 9999. Without leap seconds, as POSIX counts.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct UtcTime(i64);

impl UtcTime {
    /// 9999-12-31T23:59:59Z: "no end" in CRLs, OCSP answers and certificates (RFC 5280 §4.1.2.5, requirements C-92).
    pub const NO_END: Self = Self(253_402_300_799_000_000);

    /// The instant `micros` microseconds after 1970-01-01T00:00:00Z.
    ///
    /// # Errors
    ///
    /// [`BadTime`] before 1970 or after 9999.
    pub const fn from_unix_micros(micros: i64) -> Result<Self, BadTime> {
        if micros < 0 || micros > Self::NO_END.0 + 999_999 {
            return Err(BadTime);
        }
        Ok(Self(micros))
    }

    /// The instant `seconds` seconds after 1970-01-01T00:00:00Z.
    ///
    /// # Errors
    ///
    /// [`BadTime`] before 1970 or after 9999.
    pub const fn from_unix_seconds(seconds: i64) -> Result<Self, BadTime> {
        match seconds.checked_mul(1_000_000) {
            Some(micros) => Self::from_unix_micros(micros),
            None => Err(BadTime),
        }
    }

    /// Microseconds since 1970-01-01T00:00:00Z: what the database keeps.
    pub const fn unix_micros(self) -> i64 {
        self.0
    }

    /// Whole seconds since 1970-01-01T00:00:00Z, the fraction dropped.
    pub const fn unix_seconds(self) -> i64 {
        self.0 / 1_000_000
    }

    /// Microseconds within the second: 0 to 999 999.
    pub const fn subsec_micros(self) -> i64 {
        self.0 % 1_000_000
    }

    /// The same instant with the fraction of the second dropped, for formats that know whole seconds only.
    #[must_use]
    pub const fn floor_to_second(self) -> Self {
        Self(self.0 - self.0 % 1_000_000)
    }

    /// `span` later, at most [`Self::NO_END`].
    #[must_use]
    pub fn plus(self, span: Span) -> Self {
        Self(self.0.saturating_add(span.0).min(Self::NO_END.0))
    }

    /// `span` earlier, at least 1970.
    #[must_use]
    pub fn minus(self, span: Span) -> Self {
        Self(self.0.saturating_sub(span.0).max(0))
    }

    /// How much later this is than `earlier`; zero when it is not.
    pub fn since(self, earlier: Self) -> Span {
        Span(self.0.saturating_sub(earlier.0).max(0))
    }

    /// Broken down into year, month, day, hour, minute, second.
    pub fn to_date_time(self) -> OffsetDateTime {
        // The constructors keep the value within the years that `time` can hold.
        OffsetDateTime::from_unix_timestamp_nanos(i128::from(self.0) * 1000)
            .unwrap_or(OffsetDateTime::UNIX_EPOCH)
    }
}

impl TryFrom<OffsetDateTime> for UtcTime {
    type Error = BadTime;

    fn try_from(date_time: OffsetDateTime) -> Result<Self, BadTime> {
        let micros = i64::try_from(date_time.unix_timestamp_nanos() / 1000).map_err(|_| BadTime)?;
        Self::from_unix_micros(micros)
    }
}

/// RFC 3339 in UTC, with a fraction only where there is one: `2026-11-23T12:00:00Z`.
impl fmt::Display for UtcTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = self.to_date_time().format(&Rfc3339).map_err(|_| fmt::Error)?;
        f.write_str(&text)
    }
}

impl fmt::Debug for UtcTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "UtcTime({self})")
    }
}

/// Any RFC 3339 date-time; an offset is converted to UTC.
impl FromStr for UtcTime {
    type Err = BadTime;

    fn from_str(text: &str) -> Result<Self, BadTime> {
        OffsetDateTime::parse(text, &Rfc3339).map_err(|_| BadTime)?.to_offset(UtcOffset::UTC).try_into()
    }
}

/// Not an instant of UTC between 1970 and 9999.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a time is RFC 3339 in UTC between 1970 and 9999, such as 2026-11-23T12:00:00Z")]
pub struct BadTime;

/// A length of time in microseconds, never negative.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Span(i64);

impl Span {
    /// No time at all.
    pub const ZERO: Self = Self(0);

    /// `n` microseconds.
    pub const fn micros(n: u32) -> Self {
        Self(n as i64)
    }

    /// `n` milliseconds.
    pub const fn millis(n: u32) -> Self {
        Self(n as i64 * 1000)
    }

    /// `n` seconds.
    pub const fn seconds(n: u32) -> Self {
        Self(n as i64 * 1_000_000)
    }

    /// `n` minutes.
    pub const fn minutes(n: u32) -> Self {
        Self(n as i64 * 60_000_000)
    }

    /// `n` hours.
    pub const fn hours(n: u32) -> Self {
        Self(n as i64 * 3_600_000_000)
    }

    /// `n` days of 24 hours.
    pub const fn days(n: u32) -> Self {
        Self(n as i64 * 86_400_000_000)
    }

    /// In microseconds.
    pub const fn as_micros(self) -> i64 {
        self.0
    }

    /// In whole seconds, the rest dropped.
    pub const fn as_seconds(self) -> i64 {
        self.0 / 1_000_000
    }

    /// For timers.
    pub const fn to_std(self) -> std::time::Duration {
        std::time::Duration::from_micros(self.0.unsigned_abs())
    }
}

/// UTC with the half-width of the interval in which the true time lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CertifiedTime {
    /// The best estimate.
    pub time: UtcTime,
    /// The true time lies within `time` ± `bound`.
    pub bound: Span,
}

/// A clock that knows how well it knows, and can say that it does not (EN 319 421 TIS-7.7.2).
pub trait TrustedClock: Send + Sync {
    /// UTC now with its bound.
    ///
    /// # Errors
    ///
    /// [`TimeUnavailable`] while the clock cannot be trusted; the TSU then answers `timeNotAvailable`.
    fn certified_now(&self) -> Result<CertifiedTime, TimeUnavailable>;
}

/// Why the time is not known well enough.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TimeUnavailable {
    /// The bound exceeds what was declared.
    #[error("the clock's error bound of {bound:?} exceeds the declared accuracy")]
    BoundTooWide {
        /// The bound as measured.
        bound: Span,
    },
    /// The clock went backwards or jumped, and has not been good for long enough since.
    #[error("the clock stepped")]
    Stepped,
    /// A leap second is being inserted or deleted.
    #[error("a leap second is passing")]
    LeapSecond,
    /// Too few sources answer or agree.
    #[error("no quorum of time sources agrees")]
    NoQuorum,
    /// The kernel says that its clock is not synchronised.
    #[error("the kernel's clock is not synchronised")]
    NotSynchronised,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_round_trips() {
        for text in ["1970-01-01T00:00:00Z", "2026-11-23T12:00:00.25Z", "9999-12-31T23:59:59Z"] {
            assert_eq!(text.parse::<UtcTime>().unwrap().to_string(), text);
        }
        assert_eq!("9999-12-31T23:59:59Z".parse(), Ok(UtcTime::NO_END));
        assert_eq!(
            "2026-11-23T16:00:00+04:00".parse::<UtcTime>().unwrap().to_string(),
            "2026-11-23T12:00:00Z"
        );
        assert_eq!("1969-12-31T23:59:59Z".parse::<UtcTime>(), Err(BadTime));
        assert_eq!("yesterday".parse::<UtcTime>(), Err(BadTime));
    }

    #[test]
    fn arithmetic_stops_at_the_ends() {
        assert_eq!(UtcTime::NO_END.plus(Span::days(1)), UtcTime::NO_END);
        let start: UtcTime = "1970-01-01T00:00:01Z".parse().unwrap();
        assert_eq!(start.minus(Span::days(1)).unix_micros(), 0);
        assert_eq!(start.since(UtcTime::NO_END), Span::ZERO);
        assert_eq!(start.plus(Span::millis(1500)).since(start), Span::millis(1500));
    }
}
