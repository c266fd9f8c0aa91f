//! Times as X.509 writes them.

use std::fmt::Write as _;

use der::Tag;
use ndoba_types::UtcTime;
use x509_cert::time::Time;

use crate::encode::tlv;

/// `Time` of RFC 5280 §4.1.2.5: UTCTime through 2049, GeneralizedTime from 2050, whole seconds, `Z` (C-03).
/// A fraction of a second is dropped.
pub fn time_der(time: UtcTime) -> Vec<u8> {
    let text = digits(time);
    let date_time = time.to_date_time();
    if date_time.year() < 2050 {
        tlv(Tag::UtcTime, &text.as_bytes()[2..])
    } else {
        tlv(Tag::GeneralizedTime, text.as_bytes())
    }
}

/// A GeneralizedTime in whole seconds, `YYYYMMDDHHMMSSZ`. A fraction of a second is dropped.
pub fn generalized_time_der(time: UtcTime) -> Vec<u8> {
    tlv(Tag::GeneralizedTime, digits(time).as_bytes())
}

/// `YYYYMMDDHHMMSSZ`.
pub(crate) fn digits(time: UtcTime) -> String {
    let t = time.to_date_time();
    let mut text = String::with_capacity(15);
    // Writing into a String cannot fail.
    let _ = write!(
        text,
        "{:04}{:02}{:02}{:02}{:02}{:02}Z",
        t.year(),
        u8::from(t.month()),
        t.day(),
        t.hour(),
        t.minute(),
        t.second()
    );
    text
}

/// The instant of a parsed `Time`.
pub(crate) fn from_time(time: Time) -> Result<UtcTime, BadX509Time> {
    from_seconds(time.to_unix_duration().as_secs())
}

/// The instant of a parsed GeneralizedTime.
pub(crate) fn from_generalized(time: der::asn1::GeneralizedTime) -> Result<UtcTime, BadX509Time> {
    from_seconds(time.to_unix_duration().as_secs())
}

fn from_seconds(seconds: u64) -> Result<UtcTime, BadX509Time> {
    let seconds = i64::try_from(seconds).map_err(|_| BadX509Time)?;
    UtcTime::from_unix_seconds(seconds).map_err(|_| BadX509Time)
}

/// A time outside 1970 to 9999.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the time does not lie between 1970 and 9999")]
pub struct BadX509Time;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn utc_time_until_2049_and_generalized_from_2050() {
        let at = |text: &str| text.parse::<UtcTime>().unwrap();
        assert_eq!(time_der(at("2049-12-31T23:59:59.9Z")), b"\x17\x0d491231235959Z");
        assert_eq!(time_der(at("2050-01-01T00:00:00Z")), b"\x18\x0f20500101000000Z");
        assert_eq!(time_der(UtcTime::NO_END), b"\x18\x0f99991231235959Z");
        assert_eq!(generalized_time_der(at("2026-11-23T12:00:00Z")), b"\x18\x0f20261123120000Z");
    }
}
