//! The wall clock.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use ndoba_types::{Clock, UtcTime};

/// The machine's clock, as it is.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> UtcTime {
        #[expect(clippy::disallowed_methods, reason = "the one implementation of the clock")]
        let since = SystemTime::now().duration_since(UNIX_EPOCH);
        // A clock before 1970 or after 9999 is wrong either way; the nearest end makes validity checks fail.
        since
            .map_or(Ok(0), |since: Duration| i64::try_from(since.as_micros()))
            .map_or(UtcTime::NO_END, |micros| UtcTime::from_unix_micros(micros).unwrap_or(UtcTime::NO_END))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn is_in_our_time() {
        assert!(SystemClock.now() > "2025-01-01T00:00:00Z".parse().unwrap());
        assert!(SystemClock.now() < "2100-01-01T00:00:00Z".parse().unwrap());
    }
}
