//! genTime and UTC, for as long as one likes: a few seconds in the tests, an hour in `cargo xtask soak tsa` (K-T12).

use std::time::{Duration, Instant};

use ndoba_testkit::NtpServer;

use super::turned::{SECOND, machine, micros};
use super::{Said, Watched};

#[test]
fn gen_time_stays_within_the_declared_accuracy() {
    stays_for(Duration::from_secs(10), Duration::from_millis(50));
}

/// Asks again and again for `length`, with `pause` between, and compares each genTime with the reference: the clock that
/// the servers tell.
pub(in crate::time_stamps) fn stays_for(length: Duration, pause: Duration) {
    let watched = Watched::by((0..3).map(|_| NtpServer::of_this_machine()).collect());
    let serving = watched.here.start("watched.toml", None);
    watched.until_granted();
    let (start, mut tokens, mut refused, mut farthest) = (Instant::now(), 0_u64, 0_u64, 0_i64);
    let mut last = 0;
    while start.elapsed() < length {
        let before = machine();
        // A busy machine may lose its servers for a moment: then there is no token, and none is wrong.
        let Some(Said::Granted(time)) = watched.ask() else {
            refused += 1;
            watched.until_granted();
            continue;
        };
        let (time, after) = (micros(&time), machine());
        // genTime is cut to a millisecond.
        let distance = (before - 1_000 - time).max(time - after).max(0);
        assert!(distance <= SECOND, "{time} between {before} and {after}");
        assert!(time >= last, "{time} after {last}");
        (tokens, farthest, last) = (tokens + 1, farthest.max(distance), time);
        std::thread::sleep(pause);
    }
    assert!(tokens > 20 && refused * 10 < tokens, "{tokens} tokens, {refused} refused");
    let trusted = watched.metric("ndoba_clock_trusted");
    assert_eq!(trusted, Some(1.0));
    eprintln!(
        "{tokens} tokens in {length:?}, {refused} refused; genTime at most {farthest} µs outside of the question's time"
    );
    drop(serving);
}
