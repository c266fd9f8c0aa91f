//! Killed at random moments of a stream of applications, approvals and revocations, started again, and accounted for by
//! row: no certificate lost, none doubled, no order stuck, no step that was acknowledged undone. The short runs are tests; `cargo xtask soak` runs it at length.

mod acknowledged;
mod stream;

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use crate::accounts::{self, LogOnPanic};
use crate::installation::{Engine, Installation};
use crate::softhsm::Safekeeping;
use stream::Streams;

/// A process lives no longer than this before it is killed; its start is part of it, and may be all of it.
const LIFE: Duration = Duration::from_secs(2);
/// Officers work on until this many certificates are there, however early the kills came.
const AT_LEAST: usize = 4;
/// Places that a random moment seldom hits. A third of the kills is at one of them.
const ARROWS: [&str; 7] = [
    "before-intent",
    "after-intent",
    "after-sign",
    "after-issued",
    "after-crl-intent",
    "after-crl-sign",
    "after-crl-recorded",
];

struct Plan {
    engine: Engine,
    kills: u32,
    seed: u64,
}

#[test]
fn killed_at_random_moments_on_sqlite() {
    Plan { engine: Engine::Sqlite, kills: 15, seed: 20_261 }.carry_out();
}

#[test]
fn killed_at_random_moments_on_postgresql() {
    Plan { engine: Engine::Postgresql, kills: 15, seed: 20_262 }.carry_out();
}

#[test]
#[ignore = "takes as long as it is told to: cargo xtask soak"]
fn at_length() {
    let asked = std::env::var_os("NDOBACTL_SOAK").expect("cargo xtask soak says what to do");
    for plan in Plan::read(asked.to_str().unwrap()) {
        plan.carry_out();
    }
}

impl Plan {
    /// `kills=N seed=S` and perhaps `engine=sqlite` or `engine=postgresql`; both without it.
    fn read(text: &str) -> Vec<Self> {
        let word = |name: &str| text.split(' ').find_map(|word| word.strip_prefix(name)?.strip_prefix('='));
        let number = |name| word(name).and_then(|word| word.parse().ok()).expect(name);
        let engines = match word("engine") {
            None => Engine::BOTH.to_vec(),
            Some("sqlite") => vec![Engine::Sqlite],
            Some("postgresql") => vec![Engine::Postgresql],
            Some(other) => panic!("there is no engine {other}"),
        };
        let kills = u32::try_from(number("kills")).unwrap();
        engines.into_iter().map(|engine| Self { engine, kills, seed: number("seed") }).collect()
    }

    fn carry_out(&self) {
        let Self { engine, kills, seed } = self;
        eprintln!("{engine:?}: {kills} kills, seed {seed}");
        let here = Installation::on(*engine);
        let _log = LogOnPanic(&here);
        let tokens = Safekeeping::of(&here);
        let before = accounts::settled(&here);
        let streams = Streams::new(&here);
        let mut random = Random(*seed);
        let (mut at_arrows, mut mended) = (0_u32, 0);

        thread::scope(|scope| {
            // Whatever happens here, the officers go home.
            let _over = Over(&streams.over);
            let officers = streams.start(scope);
            for kill in 1..=*kills {
                let arrow = (random.below(3) == 0).then(|| ARROWS[random.below(ARROWS.len())]);
                let moment = LIFE * u32::try_from(random.below(1000)).unwrap() / 1000;
                let reached = here.start_and_kill(arrow, moment);
                at_arrows += u32::from(reached);
                mended += tokens.mend();
                if kill % 50 == 0 {
                    eprintln!("{engine:?}: {kill} kills, {} certificates", streams.certificates().len());
                }
            }
            let serving = here.serve(None);
            let calm = Instant::now();
            while streams.certificates().len() < AT_LEAST && !officers.iter().any(|one| one.is_finished()) {
                assert!(calm.elapsed() < stream::PATIENCE, "no work is done any more");
                thread::sleep(Duration::from_millis(50));
            }
            streams.over.store(true, Ordering::Relaxed);
            for officer in officers {
                officer.join().expect("an officer's work came to no end");
            }

            // Each application that was approved has a certificate of its own, and each revocation is published.
            let certificates = streams.certificates();
            let serials: BTreeSet<_> = certificates.iter().collect();
            assert_eq!(serials.len(), certificates.len(), "a serial number twice: {certificates:?}");
            let revoked = streams.revoked();
            for serial in &revoked {
                here.await_listed(serial);
            }
            let now = accounts::settled(&here);
            drop(serving);
            assert_eq!(now.orders - before.orders, u64::try_from(certificates.len()).unwrap(), "{now:?}");
            let (told, seen) = streams.acknowledged.tally();
            assert!(told > 0 && seen > 0, "{told} steps acknowledged, {seen} looked at");
            eprintln!(
                "{engine:?}, seed {seed}: {kills} kills ({at_arrows} at an arrow), {} certificates, none lost, none doubled; \
                 {told} steps acknowledged, none of those asked for again ({seen}) undone; {} revoked; {} intents given up in doubt; {} signatures, each in its row of {}; tokens put back: {mended}",
                certificates.len(),
                revoked.len(),
                now.lost,
                now.signatures,
                now.intents,
            );
        });
    }
}

impl Installation {
    /// Starts serving and kills it `moment` after, or at an arrow that it reaches before; whether it did.
    fn start_and_kill(&self, arrow: Option<&str>, moment: Duration) -> bool {
        let mut serving = self.start("ndoba.toml", arrow);
        // An arrow comes with the work, which comes when the process has started: it may take its time.
        let life = if arrow.is_some() { LIFE * 2 } else { moment };
        let start = Instant::now();
        while start.elapsed() < life {
            if !serving.is_running() {
                return true;
            }
            thread::sleep(Duration::from_millis(5).min(life.saturating_sub(start.elapsed())));
        }
        drop(serving);
        false
    }
}

struct Over<'a>(&'a AtomicBool);

impl Drop for Over<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// Random numbers that a seed brings back (the constants are Knuth's MMIX).
struct Random(u64);

impl Random {
    fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        // The high bits are the good ones.
        usize::try_from(self.0 >> 33).unwrap() % limit
    }
}
