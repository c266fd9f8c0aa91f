//! The accounts of an installation, judged by row: by `tests/judges/ledger.py`, which shares no code with the product
//! and compares the database with what the witness saw at the PKCS#11 boundary, and by `ndoba ca reconcile`.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::thread::sleep;
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::installation::Installation;

const PATIENCE: Duration = Duration::from_secs(60);

/// What the independent judge counted.
#[derive(Debug)]
pub(crate) struct Accounts {
    /// Signatures of the CAs' keys that the witness saw.
    pub(crate) signatures: u64,
    pub(crate) intents: u64,
    pub(crate) signed: u64,
    pub(crate) lost: u64,
    pub(crate) repeated: u64,
    /// Orders for certificates under which something was intended; each of them is done.
    pub(crate) orders: u64,
    pub(crate) lost_under_orders: u64,
}

/// Shows what `serve` logged when a test ends badly.
pub(crate) struct LogOnPanic<'a>(pub(crate) &'a Installation);

impl Drop for LogOnPanic<'_> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("{}", self.0.log());
        }
    }
}

impl Installation {
    /// Signatures that the witness saw of keys on P-384, which are the CAs': of digests of 48 octets.
    pub(crate) fn ca_signatures(&self) -> usize {
        let witness = self.read_text("witness.log");
        witness.lines().filter(|line| line.split(' ').nth(2).is_some_and(|input| input.len() == 96)).count()
    }
}

/// Waits until the serving CA has settled all that was in doubt, then judges every row. Panics with every fault.
pub(crate) fn settled(here: &Installation) -> Accounts {
    let start = Instant::now();
    let mut said = reconcile(here, &["--json"]);
    while total(&said, "in_doubt") > 0 {
        assert!(start.elapsed() < PATIENCE, "still in doubt: {said:#}");
        sleep(Duration::from_millis(100));
        said = reconcile(here, &["--json"]);
    }
    let judged = judge(here);
    let faults = judged["faults"].as_array().unwrap();
    assert!(faults.is_empty(), "{faults:#?}");
    assert_eq!(judged["in_doubt"], serde_json::json!([]));
    let count = |name: &str| judged[name].as_u64().unwrap();
    let accounts = Accounts {
        signatures: count("signatures"),
        intents: count("intents"),
        signed: count("signed"),
        lost: count("lost"),
        repeated: count("repeated"),
        orders: count("orders"),
        lost_under_orders: count("lost_under_orders"),
    };

    // The operator is told the same.
    let said = reconcile(here, &["--json", "--rows", "--signatures"]);
    assert_eq!(said["clean"], true, "{said:#}");
    for (name, counted) in [
        ("intents", accounts.intents),
        ("signed", accounts.signed),
        ("lost", accounts.lost),
        ("repeated", accounts.repeated),
    ] {
        assert_eq!(total(&said, name), counted, "{name}: {said:#}");
    }
    assert_eq!(u64::try_from(said["rows"].as_array().unwrap().len()).unwrap(), accounts.intents);
    assert!(accounts.signatures <= total(&said, "accounted_for"), "{accounts:?} {said:#}");
    accounts
}

fn total(said: &Value, name: &str) -> u64 {
    said["keys"].as_array().unwrap().iter().map(|key| key[name].as_u64().unwrap()).sum()
}

/// What `ndoba ca reconcile` says, whatever its verdict.
pub(crate) fn reconcile(here: &Installation, options: &[&str]) -> Value {
    let arguments = [&["ca", "reconcile", "--config", "ndoba.toml"], options].concat();
    let output = here.run(&arguments);
    serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{output:?}"))
}

/// What the independent judge counts and finds.
pub(crate) fn judge(here: &Installation) -> Value {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let python =
        std::env::var_os("NDOBA_JUDGES").map_or_else(|| root.join("target/judges/bin/python"), PathBuf::from);
    let mut command = Command::new(python);
    command.arg(root.join("tests/judges/ledger.py")).arg(here.file("witness.log"));
    match fs::read_to_string(here.file("database.url")) {
        Ok(url) => command.arg("--postgresql").arg(url.trim()),
        Err(_) => command.arg("--sqlite").arg(here.file("ndoba.sqlite")),
    };
    let output = command.output().expect("set up the judges first: cargo xtask setup");
    serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{output:?}"))
}

/// The judges' Python.
pub(crate) fn python() -> Command {
    let python = std::env::var_os("NDOBA_JUDGES");
    Command::new(python.map_or_else(|| root().join("target/judges/bin/python"), PathBuf::from))
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}
