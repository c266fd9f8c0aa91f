//! A machine whose clocks the test turns, and servers that know the true time.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use ndoba_clock::{
    ClockSource, Measured, NtpSettings, NtpWatch, OsRandom, Reading, ServerAddress, SourceChange, Verdict,
};
use ndoba_testkit::NtpServer;
use ndoba_types::{Span, TimeUnavailable, UtcTime};

/// The injected clocks. True time and the monotonic clock go on together; the wall clock is off by `ahead`.
pub(crate) struct Machine {
    start: UtcTime,
    now: Mutex<Hands>,
}

#[derive(Clone, Copy)]
struct Hands {
    passed: Duration,
    ahead: i64,
    truth_ahead: i64,
}

impl Machine {
    fn at(start: &str) -> Self {
        let hands = Hands { passed: Duration::ZERO, ahead: 0, truth_ahead: 0 };
        Self { start: start.parse().unwrap(), now: Mutex::new(hands) }
    }

    /// True UTC in microseconds since 1970.
    pub(crate) fn truth(&self) -> i64 {
        let Hands { passed, truth_ahead, .. } = *self.now.lock().unwrap();
        self.start.unix_micros() + i64::try_from(passed.as_micros()).unwrap() + truth_ahead
    }

    pub(crate) fn pass(&self, span: Span) {
        self.now.lock().unwrap().passed += span.to_std();
    }

    /// Sets the wall clock this many microseconds before the true time.
    pub(crate) fn set(&self, ahead: i64) {
        self.now.lock().unwrap().ahead = ahead;
    }

    /// UTC goes on by this much more than both clocks of the machine: they drift, or UTC takes a leap second.
    pub(crate) fn drift(&self, micros: i64) {
        let mut hands = self.now.lock().unwrap();
        hands.truth_ahead += micros;
        hands.ahead -= micros;
    }
}

impl ClockSource for Machine {
    fn read(&self) -> Reading {
        let truth = self.truth();
        let Hands { passed, ahead, .. } = *self.now.lock().unwrap();
        Reading {
            wall: UtcTime::from_unix_micros(truth + ahead).unwrap(),
            monotonic: Duration::from_secs(900) + passed,
            kernel: None,
            spread: Span::ZERO,
        }
    }
}

pub(crate) struct World {
    pub(crate) machine: Arc<Machine>,
    pub(crate) servers: Vec<NtpServer>,
    pub(crate) watch: Arc<NtpWatch>,
    changes: Arc<Mutex<Vec<SourceChange>>>,
}

/// Between questions to one server.
pub(crate) const POLL: Span = Span::seconds(30);
pub(crate) const MAX_AGE: Span = Span::seconds(100);
/// At most what good servers add: half the root delay 1 ms, dispersion 1 ms, precision, rounding, a second's age.
pub(crate) const GOOD: i64 = 2_100;

/// `count` good servers, of which `quorum` must agree, and a machine whose clock is right.
pub(crate) fn world(count: usize, quorum: usize) -> World {
    world_at("2026-11-25T12:00:00Z", count, quorum)
}

pub(crate) fn world_at(start: &str, count: usize, quorum: usize) -> World {
    let machine = Arc::new(Machine::at(start));
    let servers: Vec<_> = (0..count)
        .map(|_| {
            let machine = Arc::clone(&machine);
            NtpServer::start(Arc::new(move || machine.truth()))
        })
        .collect();
    let settings = NtpSettings {
        servers: servers
            .iter()
            .map(|server| ServerAddress { host: "127.0.0.1".into(), port: server.address().port() })
            .collect(),
        quorum,
        poll: POLL,
        timeout: Span::millis(100),
        max_age: MAX_AGE,
        drift: 50,
    };
    let changes = Arc::new(Mutex::new(Vec::new()));
    let heard = Arc::clone(&changes);
    let watch = NtpWatch::new(
        settings,
        Arc::clone(&machine) as _,
        Arc::new(OsRandom),
        Box::new(move |change| heard.lock().unwrap().push(change.clone())),
    );
    World { machine, servers, watch: Arc::new(watch), changes }
}

impl World {
    /// Each thread looks at its source; those that are due are asked.
    pub(crate) fn look(&self) {
        for index in 0..self.watch.sources() {
            self.watch.look(index);
        }
    }

    /// The next round of questions.
    pub(crate) fn next_round(&self) {
        self.machine.pass(POLL);
        self.look();
    }

    pub(crate) fn measured(&self) -> Result<Measured, TimeUnavailable> {
        self.watch.measured(&self.machine.read())
    }

    pub(crate) fn verdicts(&self) -> Vec<Verdict> {
        self.watch.report(&self.machine.read()).into_iter().map(|report| report.verdict).collect()
    }

    /// Who changed since the last time, by its place, and how.
    pub(crate) fn changes(&self) -> Vec<(usize, Verdict)> {
        let place =
            |server: &str| self.servers.iter().position(|one| one.address().to_string() == server).unwrap();
        let changes = std::mem::take(&mut *self.changes.lock().unwrap());
        changes.into_iter().map(|change| (place(&change.server), change.verdict)).collect()
    }
}
