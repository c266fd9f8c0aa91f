//! Numbers with units: durations and sizes.

use ndoba_types::Span;

/// Reads `250ms`, `5s`, `30m`, `12h`, `30d`: a whole number and one unit.
pub(crate) fn span(text: &str) -> Result<Span, String> {
    let reason = || format!("`{text}` is no duration; write a whole number and a unit: us, ms, s, m, h or d");
    let (number, unit) = split(text).ok_or_else(reason)?;
    let number = u32::try_from(number).map_err(|_| reason())?;
    match unit {
        "us" => Ok(Span::micros(number)),
        "ms" => Ok(Span::millis(number)),
        "s" => Ok(Span::seconds(number)),
        "m" => Ok(Span::minutes(number)),
        "h" => Ok(Span::hours(number)),
        "d" => Ok(Span::days(number)),
        _ => Err(reason()),
    }
}

/// Reads `512B`, `16KiB`, `1MiB`: a whole number of octets with a unit.
pub(crate) fn octets(text: &str) -> Result<usize, String> {
    let reason = || format!("`{text}` is no size; write a whole number and a unit: B, KiB or MiB");
    let (number, unit) = split(text).ok_or_else(reason)?;
    let factor: u64 = match unit {
        "B" => 1,
        "KiB" => 1024,
        "MiB" => 1024 * 1024,
        _ => return Err(reason()),
    };
    number.checked_mul(factor).and_then(|size| usize::try_from(size).ok()).ok_or_else(reason)
}

fn split(text: &str) -> Option<(u64, &str)> {
    let end = text.find(|c: char| !c.is_ascii_digit())?;
    let (number, unit) = text.split_at(end);
    Some((number.parse().ok()?, unit))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units_are_obligatory_and_exact() {
        assert_eq!(span("250ms"), Ok(Span::millis(250)));
        assert_eq!(span("24h"), Ok(Span::hours(24)));
        assert_eq!(span("0s"), Ok(Span::ZERO));
        assert_eq!(octets("16KiB"), Ok(16_384));
        for bad in ["", "5", "s", "-5s", "1.5h", "5 s", "5S", "99999999999s", "5weeks"] {
            assert!(span(bad).is_err(), "{bad}");
        }
        for bad in ["1", "1K", "1GiB", "18446744073709551615MiB"] {
            assert!(octets(bad).is_err(), "{bad}");
        }
    }

    proptest::proptest! {
        #[test]
        fn any_text_is_read_or_refused(text in ".{0,40}") {
            let _ = (span(&text), octets(&text));
        }
    }
}
