//! The wall clock is turned under the running product: libfaketime gives the process a wall clock that the test
//! sets, beside the true monotonic one. The machine's own clock is never touched.

use std::fs;
use std::path::PathBuf;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering::SeqCst};
use std::time::{Duration, Instant};

use ndoba_testkit::{NtpServer, TrueTime};

use super::{PATIENCE, Said, Watched};

pub(super) const SECOND: i64 = 1_000_000;
const DAY: i64 = 86_400 * SECOND;

/// The wall clock of the process, and UTC as the servers have it; both are this machine's time and an offset.
struct Hands {
    file: PathBuf,
    truth: Arc<AtomicI64>,
}

impl Hands {
    /// Sets the wall clock this many microseconds before the machine's.
    fn wall(&self, ahead: i64) {
        let text = format!(
            "{}{}.{:06}\n",
            if ahead < 0 { '-' } else { '+' },
            ahead.abs() / SECOND,
            ahead.abs() % SECOND
        );
        // Replaced whole: it is read at every look at the clock.
        let new = self.file.with_extension("new");
        fs::write(&new, text).unwrap();
        fs::rename(new, &self.file).unwrap();
    }

    /// Lets UTC be this many microseconds before the machine's.
    fn truth(&self, ahead: i64) {
        self.truth.store(ahead, SeqCst);
    }

    fn both(&self, ahead: i64) {
        self.truth(ahead);
        self.wall(ahead);
    }

    /// What a process must be started with.
    fn variables(&self) -> Vec<(&'static str, String)> {
        vec![
            ("LD_PRELOAD", library().display().to_string()),
            ("FAKETIME_TIMESTAMP_FILE", self.file.display().to_string()),
            ("FAKETIME_NO_CACHE", "1".into()),
            ("FAKETIME_DONT_FAKE_MONOTONIC", "1".into()),
            ("NO_FAKE_STAT", "1".into()),
        ]
    }
}

/// The library for threaded programs, wherever this architecture's libraries are.
fn library() -> PathBuf {
    let folders = fs::read_dir("/usr/lib").unwrap().flatten().map(|entry| entry.path());
    let mut found =
        folders.map(|folder| folder.join("faketime/libfaketimeMT.so.1")).filter(|path| path.exists());
    found.next().expect("libfaketime; run `cargo xtask setup`")
}

pub(super) fn machine() -> i64 {
    let said = Command::new("date").args(["-u", "+%s%6N"]).output().unwrap();
    String::from_utf8(said.stdout).unwrap().trim().parse().unwrap()
}

/// Microseconds since 1970 as `YYYYMMDDhhmmss`, by another program.
fn shown(micros: i64) -> String {
    let at = format!("@{}", micros.div_euclid(SECOND));
    let said = Command::new("date").args(["-u", "-d", &at, "+%Y%m%d%H%M%S"]).output().unwrap();
    String::from_utf8(said.stdout).unwrap().trim().to_owned()
}

/// genTime as microseconds since 1970, by another program.
pub(super) fn micros(time: &str) -> i64 {
    let key = key(time);
    let (date, clock, fraction) = (&key[..8], &key[8..14], &key[15..]);
    let text = format!("{date} {}:{}:{}", &clock[..2], &clock[2..4], &clock[4..]);
    let said = Command::new("date").args(["-u", "-d", &text, "+%s"]).output().unwrap();
    let seconds: i64 = String::from_utf8(said.stdout).unwrap().trim().parse().unwrap();
    seconds * SECOND + fraction.parse::<i64>().unwrap() * 1_000
}

/// The midnight that ends the month after this one: far enough for what the test does before.
fn end_of_a_month() -> i64 {
    let said = Command::new("date").args(["-u", "+%Y-%m-01"]).output().unwrap();
    let first = format!("{} +2 months", String::from_utf8(said.stdout).unwrap().trim());
    let said = Command::new("date").args(["-u", "-d", &first, "+%s"]).output().unwrap();
    String::from_utf8(said.stdout).unwrap().trim().parse::<i64>().unwrap() * SECOND
}

fn watched() -> (Watched, Hands) {
    let truth = Arc::new(AtomicI64::new(0));
    let told = Arc::clone(&truth);
    // One process's look at the clock per question is too slow: the machine's time, kept by the monotonic clock.
    let (base, start) = (machine(), Instant::now());
    let now: TrueTime =
        Arc::new(move || base + i64::try_from(start.elapsed().as_micros()).unwrap() + told.load(SeqCst));
    let watched = Watched::by((0..3).map(|_| NtpServer::start(Arc::clone(&now))).collect());
    let hands = Hands { file: watched.here.file("hands"), truth };
    (watched, hands)
}

#[test]
fn steps_a_leap_second_and_the_keys_end() {
    let (watched, hands) = watched();
    hands.both(0);
    let variables = hands.variables();
    let variables: Vec<_> = variables.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let serving = watched.here.start_with("watched.toml", &variables);
    watched.until_granted();

    a_little_off(&watched, &hands);
    steps(&watched, &hands);
    let before = leap_second(&watched, &hands);
    keys_end(&watched, &hands, before);

    let events = watched.events(serving);
    let lost = |code: &str| events.iter().any(|(kind, data)| kind == "clock-lost" && data["code"] == code);
    assert!(lost("stepped") && lost("leap-second"), "{events:?}");
    let passed: Vec<_> = events.iter().filter(|(kind, _)| kind == "leap-second-passed").collect();
    let midnight = shown(end_of_a_month());
    let (year, month, day) = (&midnight[..4], &midnight[4..6], &midnight[6..8]);
    assert_eq!(passed.len(), 1, "{events:?}");
    assert_eq!(passed[0].1["midnight"], format!("{year}-{month}-{day}T00:00:00Z"));
}

/// A clock that is off by less than it may be is believed, the offset is measured, and genTime is no farther from UTC
/// than the token says (K-T12).
fn a_little_off(watched: &Watched, hands: &Hands) {
    const OFF: i64 = 150_000;
    // No step yet: `clock.step_limit` is more.
    hands.wall(OFF);
    let measured =
        |member: &str, stated: &serde_json::Value| stated["measured"][member].as_i64().unwrap_or(0);
    let stated = watched
        .until_stated(|stated| stated["trusted"] == true && measured("offset_us", stated) < -OFF + 50_000);
    let bound = measured("bound_us", &stated);
    assert!((OFF..400_000).contains(&bound), "{stated}");
    for _ in 0..10 {
        // A busy machine may lose its servers for a moment; the token that counts is the last answer.
        let (before, time) = loop {
            let before = machine();
            match watched.ask() {
                Some(Said::Granted(time)) => break (before, time),
                _ => watched.until_granted(),
            };
        };
        let (time, after) = (micros(&time), machine());
        // The declared accuracy, a second; genTime is cut to a millisecond.
        assert!(before - SECOND <= time && time <= after + SECOND, "{time} between {before} and {after}");
        // And what was measured, which had to be enough: the wall clock runs ahead.
        assert!(time <= after + bound + 1_000 && time >= before - bound - 1_000, "{time}: {before}, {after}");
    }
    hands.wall(0);
    watched.until_granted();
}

/// Forwards and backwards: neither is believed, though the second one is right.
fn steps(watched: &Watched, hands: &Hands) {
    hands.wall(3 * SECOND);
    watched.until_refused();
    watched.until_stated(|stated| stated["reason"] == "stepped" || stated["reason"] == "bound-too-wide");
    // Three seconds off the truth: that was a drift, however it came about.
    watched.until_stated(|stated| stated["reason"] == "bound-too-wide");
    hands.wall(0);
    watched.until_stated(|stated| stated["reason"] == "stepped" || stated["trusted"] == true);
    watched.until_granted();
    assert!(
        watched.metric("ndoba_clock_stops_total{reason=\"stepped\"}").is_some_and(|count| count >= 1.0),
        "{}",
        watched.operator("/metrics").1
    );
}

/// A second is inserted at a month's end: no token from 23:59:58 to 00:00:02, none with a second that is not there.
/// The offset of both clocks afterwards.
fn leap_second(watched: &Watched, hands: &Hands) -> i64 {
    let midnight = end_of_a_month();
    let offset = midnight - 8 * SECOND - machine();
    watched.servers.iter().for_each(|server| server.behave(|server| server.leap = 1));
    hands.both(offset);
    let mut times = Vec::new();
    let start = Instant::now();
    // UTC repeats a second: from the midnight of who does not know on, both clocks are one behind.
    while machine() + offset < midnight {
        if let Some(Said::Granted(time)) = watched.ask() {
            times.push(time);
        }
        assert!(start.elapsed() < PATIENCE);
        std::thread::sleep(Duration::from_millis(10));
    }
    hands.both(offset - SECOND);
    watched.servers.iter().for_each(|server| server.behave(|server| server.leap = 0));
    let after = shown(midnight + 2 * SECOND);
    times.extend(watched.until(|said| matches!(said, Said::Granted(time) if time[..14] >= *after)));
    let (from, to) = (shown(midnight - 2 * SECOND), shown(midnight + 2 * SECOND));
    for time in &times {
        assert!(time[..14] < *from || time[..14] >= *to, "{time} within {from} to {to}");
        assert_ne!(&time[12..14], "60");
    }
    // In the order of their giving they never go back, though the wall clock did.
    assert!(times.windows(2).all(|pair| key(&pair[0]) <= key(&pair[1])), "{times:?}");
    offset - SECOND
}

/// genTime so that texts compare as times.
fn key(time: &str) -> String {
    let (whole, fraction) =
        time.trim_end_matches('Z').split_once('.').unwrap_or((time.trim_end_matches('Z'), ""));
    format!("{whole}.{fraction:0<3}")
}

/// After the end of the key's period every request fails, without a restart.
fn keys_end(watched: &Watched, hands: &Hands, offset: i64) {
    hands.both(offset + 370 * DAY);
    watched.until(|said| *said == Said::SystemFailure);
    watched.until_health(|status, text| status == 503 && text.contains("may not sign after"));
}
