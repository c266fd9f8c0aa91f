//! One exchange with one server, as knowledge about UTC.

use std::time::Duration;

use ndoba_types::{Span, UtcTime};

use super::{Answer, Interval, NtpTimestamp, Refusal};
use crate::{Leap, Reading};

/// What one exchange tells: where UTC was against the monotonic clock, and how surely.
///
/// It is kept against the monotonic clock, which nobody sets: a step of the wall clock between two exchanges shows
/// at once as an offset.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sample {
    /// When the question left, by the monotonic clock. The knowledge ages from then.
    pub at: Duration,
    /// UTC minus the monotonic clock, in microseconds: the middle.
    pub distance: i64,
    /// How far UTC may be from there, if the server is right.
    pub half_width: Span,
    /// UTC minus the wall clock, in microseconds, when it was taken.
    pub offset: i64,
    /// A leap second that the server announces.
    pub leap: Leap,
    /// The server's stratum.
    pub stratum: u8,
}

/// By how much a server's own clock may seem to have run longer than the whole exchange took by ours.
const CLOCKS_DIFFER: i64 = 1_000;

impl Sample {
    /// What `answer` tells, which came between the two readings.
    ///
    /// ```text
    ///   ours    sent ─────────────────────▶ came        T1, T1 + elapsed
    ///   server         receive ─▶ transmit              T2, T3
    ///
    ///   offset = ((T2 − T1) + (T3 − T4)) / 2            RFC 5905 §8
    ///   delay  = (T4 − T1) − (T3 − T2)
    /// ```
    ///
    /// T4 is T1 and the monotonic time since, so that setting the wall clock meanwhile does not spoil it. However the
    /// delay is divided between the two ways, the offset is wrong by half of it at most.
    ///
    /// # Errors
    ///
    /// [`Refusal::Impossible`] when the server claims to have kept the question for longer than it was away.
    pub fn of(answer: &Answer, sent: &Reading, came: &Reading) -> Result<Self, Refusal> {
        let ours = NtpTimestamp::from_utc(sent.wall);
        let elapsed = micros(came.monotonic.saturating_sub(sent.monotonic));
        let (receive, transmit) = (answer.receive.micros_after(ours), answer.transmit.micros_after(ours));
        let delay = elapsed - transmit.saturating_sub(receive);
        if delay < -CLOCKS_DIFFER {
            return Err(Refusal::Impossible);
        }
        let offset = (receive + (transmit - elapsed)).div_euclid(2);
        /// The conversions round three times, by a microsecond each.
        const ROUNDING: i64 = 3;
        let half_width = (delay.max(0) + 1) / 2
            + answer.root_distance().as_micros()
            + sent.spread.as_micros()
            + came.spread.as_micros()
            + ROUNDING;
        Ok(Self {
            at: sent.monotonic,
            distance: distance(sent.wall, sent.monotonic).saturating_add(offset),
            half_width: Span::micros(u32::try_from(half_width).unwrap_or(u32::MAX)),
            offset,
            leap: answer.leap,
            stratum: answer.stratum,
        })
    }

    /// UTC minus the wall clock of `reading`, in microseconds: other than [`Self::offset`] where the wall clock was set
    /// since.
    pub fn offset_from(&self, reading: &Reading) -> i64 {
        self.distance.saturating_sub(distance(reading.wall, reading.monotonic))
    }

    /// Where UTC is against the monotonic clock at `now`, if the server was right: wider with age, by `drift` parts
    /// per million.
    pub fn interval(&self, now: Duration, drift: u32) -> Interval {
        let half = self.half_width.as_micros() + strayed(now.saturating_sub(self.at), drift);
        Interval { low: self.distance, high: self.distance }.widened(half)
    }
}

/// How far a clock may have strayed in `age`, in microseconds, rounded up.
pub(crate) fn strayed(age: Duration, drift: u32) -> i64 {
    micros(age).saturating_mul(i64::from(drift)).saturating_add(999_999) / 1_000_000
}

/// The wall clock's distance to the monotonic one, in microseconds.
pub(crate) fn distance(wall: UtcTime, monotonic: Duration) -> i64 {
    wall.unix_micros().saturating_sub(micros(monotonic))
}

/// 290,000 years fit.
pub(crate) fn micros(span: Duration) -> i64 {
    i64::try_from(span.as_micros()).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    const WALL: &str = "2026-11-23T12:00:00Z";

    fn reading(after: Duration) -> Reading {
        let wall =
            WALL.parse::<UtcTime>().unwrap().plus(Span::micros(u32::try_from(after.as_micros()).unwrap()));
        Reading { wall, monotonic: Duration::from_secs(500) + after, kernel: None, spread: Span::micros(2) }
    }

    fn answer(receive: &str, transmit: &str) -> Answer {
        let at = |text: &str| NtpTimestamp::from_utc(text.parse().unwrap());
        Answer {
            leap: Leap::None,
            stratum: 2,
            precision: Span::micros(1),
            root_delay: Span::millis(10),
            root_dispersion: Span::millis(3),
            receive: at(receive),
            transmit: at(transmit),
        }
    }

    /// An example worked by hand: the server is a quarter of a second ahead, 4 ms there, 1 ms within, 6 ms back.
    #[test]
    fn offset_and_bound_as_rfc_5905_reckons() {
        let answer = answer("2026-11-23T12:00:00.254Z", "2026-11-23T12:00:00.255Z");
        let sample =
            Sample::of(&answer, &reading(Duration::ZERO), &reading(Duration::from_millis(11))).unwrap();
        assert_eq!(sample.offset, 249_000, "half of the lopsided 2 ms off");
        // Half the delay 5 ms, half the root delay 5 ms, dispersion 3 ms; precision, readings, rounding: µs.
        assert!((13_000..13_020).contains(&sample.half_width.as_micros()), "{:?}", sample.half_width);
        let now = sample.interval(Duration::from_secs(600), 50);
        let middle = WALL.parse::<UtcTime>().unwrap().unix_micros() - 500_000_000 + 250_000;
        assert!(now.low < middle && middle < now.high);
        assert_eq!(now.high - now.low, 2 * (sample.half_width.as_micros() + 5_000), "100 s at 50 ppm");
    }

    #[test]
    fn a_server_cannot_keep_it_longer_than_it_was_away() {
        let answer = answer("2026-11-23T12:00:00.254Z", "2026-11-23T12:00:00.454Z");
        let sent = reading(Duration::ZERO);
        assert_eq!(Sample::of(&answer, &sent, &reading(Duration::from_millis(11))), Err(Refusal::Impossible));
        assert!(Sample::of(&answer, &sent, &reading(Duration::from_millis(200))).is_ok());
    }

    proptest::proptest! {
        #[test]
        fn no_packet_makes_it_panic(receive: u64, transmit: u64, root: (u32, u32), away in 0u32..2_000_000) {
            let answer = Answer {
                receive: NtpTimestamp::from_bits(receive),
                transmit: NtpTimestamp::from_bits(transmit),
                root_delay: Span::micros(root.0),
                root_dispersion: Span::micros(root.1),
                ..answer(WALL, WALL)
            };
            let came = reading(Duration::from_micros(away.into()));
            if let Ok(sample) = Sample::of(&answer, &reading(Duration::ZERO), &came) {
                let _ = sample.interval(Duration::MAX, u32::MAX);
            }
        }

        /// Whichever way the packets were slow, the server's true time is within the bound.
        #[test]
        fn the_bound_holds(ahead in -5_000_000i64..5_000_000, there in 0u32..400_000, within in 0u32..1000, back in 0u32..400_000) {
            let sent = reading(Duration::ZERO);
            let server = |after: u32| {
                NtpTimestamp::from_utc(UtcTime::from_unix_micros(sent.wall.unix_micros() + ahead + i64::from(after)).unwrap())
            };
            let answer = Answer { receive: server(there), transmit: server(there + within), ..answer(WALL, WALL) };
            let came = reading(Duration::from_micros(u64::from(there + within + back)));
            let sample = Sample::of(&answer, &sent, &came).unwrap();
            proptest::prop_assert!((sample.offset - ahead).abs() <= sample.half_width.as_micros());
        }
    }
}
