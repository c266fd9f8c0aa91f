//! NTP's own notation of time (RFC 5905 §6).

use ndoba_types::UtcTime;

/// Seconds since 1900 modulo 2³², with a fraction of 32 bits. It says the same every 136 years, so only differences
/// mean something: they are taken to the nearest era, within 68 years.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NtpTimestamp(u64);

/// From 1900 to 1970.
const UNIX_EPOCH: i64 = 2_208_988_800;

impl NtpTimestamp {
    /// "Not known."
    pub const ZERO: Self = Self(0);

    /// The 64 bits as they stand in a packet.
    pub const fn from_bits(bits: u64) -> Self {
        Self(bits)
    }

    /// The 64 bits for a packet.
    pub const fn to_bits(self) -> u64 {
        self.0
    }

    /// `time`, in whatever era it is.
    pub fn from_utc(time: UtcTime) -> Self {
        let seconds = (time.unix_seconds() + UNIX_EPOCH).cast_unsigned();
        let fraction = (time.subsec_micros().cast_unsigned() << 32) / 1_000_000;
        Self(seconds.wrapping_shl(32) | fraction)
    }

    /// How much later this is than `earlier`, in microseconds, rounded to the nearest; negative where it is
    /// earlier.
    pub fn micros_after(self, earlier: Self) -> i64 {
        let difference = i128::from(self.0.wrapping_sub(earlier.0).cast_signed());
        // At most 2³¹ seconds: always fits.
        i64::try_from((difference * 1_000_000 + (1 << 31)) >> 32).unwrap_or(i64::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn differences_cross_the_era_of_2036() {
        let before = NtpTimestamp::from_utc("2036-02-07T06:28:15Z".parse().unwrap());
        let after = NtpTimestamp::from_utc("2036-02-07T06:28:16.5Z".parse().unwrap());
        assert_eq!(
            before.to_bits() >> 32,
            u64::from(u32::MAX),
            "RFC 5905 figure 4: the last second of era 0"
        );
        assert_eq!(after.to_bits(), 1 << 31);
        assert_eq!(after.micros_after(before), 1_500_000);
        assert_eq!(before.micros_after(after), -1_500_000);
    }

    proptest::proptest! {
        #[test]
        fn any_two_have_a_difference(a: u64, b: u64) {
            let (a, b) = (NtpTimestamp::from_bits(a), NtpTimestamp::from_bits(b));
            let there = a.micros_after(b);
            // The same both ways, up to the rounding; half an era apart, both ways are as long.
            let half = a.to_bits().wrapping_sub(b.to_bits()) == 1 << 63;
            proptest::prop_assert!(half || (there + b.micros_after(a)).abs() <= 1);
        }

        #[test]
        fn microseconds_survive(micros in 0i64..253_402_300_799_000_000, later in 0i64..2_000_000_000_000) {
            let at = |micros| NtpTimestamp::from_utc(UtcTime::from_unix_micros(micros).unwrap());
            let end = (micros + later).min(253_402_300_799_000_000);
            proptest::prop_assert!((at(end).micros_after(at(micros)) - (end - micros)).abs() <= 1);
        }
    }
}
