//! Time-stamps as their clients get them from the built command, and as auditors find them afterwards.

mod accounting;
mod clock;
mod contract;
mod examples;
mod foreign;
pub(crate) mod nodes;
mod statement;
mod succession;
mod units;

use std::path::Path;
use std::process::Command;
use std::sync::{Arc, Mutex, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard, Weak};
use std::time::{Duration, Instant};

use crate::http;
use crate::installation::{Installation, Serving};
pub(crate) use crate::program::must;

#[test]
#[ignore = "takes as long as it is told to: cargo xtask soak tsa"]
fn at_length() {
    let asked = std::env::var_os("NDOBACTL_SOAK").expect("cargo xtask soak tsa says what to do");
    let asked = asked.to_str().unwrap();
    let number = |name: &str| -> u64 {
        let word = asked.split(' ').find_map(|word| word.strip_prefix(name)?.strip_prefix('='));
        word.and_then(|word| word.parse().ok()).expect(name)
    };
    clock::long::stays_for(Duration::from_secs(60 * number("minutes")), Duration::from_millis(200));
    nodes::unique_under_kills(number("tokens").try_into().unwrap(), number("kills").try_into().unwrap());
}

/// One installation with four units, serving as long as a test of this module holds it.
pub(crate) struct House {
    pub(crate) here: Installation,
    serving: RwLock<Option<Serving>>,
}

/// A unit as the plan and the tests know it: name, plan's key, further lines of the plan.
const UNITS: [(&str, &str, &str); 4] = [
    ("tsu", "p256", ""),
    ("rsa", "rsa3072", "qc_statements = true"),
    ("pss", "rsa3072", "pss = true"),
    ("plain", "p256", "qualified = false\npolicy = \"2.999.1.55\""),
];

impl House {
    /// Made once for the tests that run beside each other: a ceremony takes its time. The last to leave ends it.
    pub(crate) fn shared() -> Arc<Self> {
        static HOUSE: Mutex<Weak<House>> = Mutex::new(Weak::new());
        let mut shared = HOUSE.lock().unwrap_or_else(PoisonError::into_inner);
        shared.upgrade().unwrap_or_else(|| {
            let here = Installation::planned(&plan());
            claim(&here);
            let serving = RwLock::new(Some(serve(&here)));
            let house = Arc::new(Self { here, serving });
            *shared = Arc::downgrade(&house);
            house
        })
    }

    /// Nobody stops it meanwhile.
    pub(crate) fn open(&self) -> RwLockReadGuard<'_, Option<Serving>> {
        self.serving.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// Nobody else is served meanwhile.
    pub(crate) fn alone(&self) -> Alone<'_> {
        Alone { here: &self.here, serving: self.serving.write().unwrap_or_else(PoisonError::into_inner) }
    }
}

/// The house for one test alone.
pub(crate) struct Alone<'a> {
    here: &'a Installation,
    serving: RwLockWriteGuard<'a, Option<Serving>>,
}

impl Alone<'_> {
    /// Stops the process, as an operator does, and starts it again.
    pub(crate) fn restart(&mut self) {
        self.down().stop();
        self.up();
    }

    /// Kills the process and starts it again.
    pub(crate) fn kill(&mut self) {
        drop(self.down());
        self.up();
    }

    fn down(&mut self) -> Serving {
        self.serving.take().expect("it serves")
    }

    fn up(&mut self) {
        *self.serving = Some(serve(self.here));
    }
}

/// Serves, and waits until there are tokens: after a start there are none before the clock has passed the last run's
/// mark (design §8).
fn serve(here: &Installation) -> Serving {
    let serving = here.serve(None);
    let (request, start) = (query(&here.file(""), "are you there", &[]), Instant::now());
    // A rejection is shorter than any token.
    while http::stamp(here.public(), "/tsa", &request).body.len() < 400 {
        assert!(start.elapsed().as_secs() < 30, "no tokens\n{}", here.log());
        std::thread::sleep(Duration::from_millis(50));
    }
    serving
}

/// Lets the tokens of the unit `rsa` claim their status under Regulation 910/2014: an operator's decision, not the plan's.
fn claim(here: &Installation) {
    let path = here.file("ndoba.toml");
    let text = std::fs::read_to_string(&path).unwrap();
    let unit = "name = \"rsa\"\n";
    assert!(text.contains(unit));
    std::fs::write(path, text.replacen(unit, &format!("{unit}claim_eu_qtst = true\n"), 1)).unwrap();
}

/// The development plan with [`UNITS`] instead of its one.
fn plan() -> String {
    let output = Command::new(env!("CARGO_BIN_EXE_ndoba")).args(["ceremony", "plan"]).output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    let at = text.find("[[tsus]]").unwrap();
    let mut plan = text[..at].to_owned();
    for (name, key, more) in UNITS {
        plan += &format!(
            "[[tsus]]\nname = \"{name}\"\ncommon_name = \"TEST unit {name}\"\nkey = \"{key}\"\ndays = 4000\n\
             key_days = 365\n{more}\n"
        );
    }
    plan
}

/// A request by openssl for `data` with further options.
pub(crate) fn query(folder: &Path, data: &str, options: &[&str]) -> Vec<u8> {
    std::fs::write(folder.join("data"), data).unwrap();
    must(folder, "openssl", &[&["ts", "-query", "-data", "data", "-out", "q.tsq"], options].concat());
    std::fs::read(folder.join("q.tsq")).unwrap()
}
