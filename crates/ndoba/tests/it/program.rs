//! Programs that we did not write, and what they say.

use std::ffi::OsStr;
use std::path::Path;
use std::process::{Command, Output};
use std::thread::sleep;
use std::time::{Duration, Instant};

/// How long anything may take.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

/// Runs a program that must succeed; what it said on both streams.
#[track_caller]
pub(crate) fn must<A: AsRef<OsStr>>(cd: &Path, program: &str, arguments: &[A]) -> String {
    let output = run(cd, program, arguments);
    let shown: Vec<_> = arguments.iter().map(|one| one.as_ref().to_string_lossy()).collect();
    assert!(output.status.success(), "{program} {shown:?}: {}", said(&output));
    said(&output)
}

/// Runs a program, whatever comes of it.
pub(crate) fn run<A: AsRef<OsStr>>(cd: &Path, program: impl AsRef<Path>, arguments: &[A]) -> Output {
    let program = program.as_ref();
    let output = Command::new(program).args(arguments).current_dir(cd).output();
    output.unwrap_or_else(|error| panic!("{}: {error}: run cargo xtask setup", program.display()))
}

/// Both streams as one text.
pub(crate) fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr)
}

/// Waits until something holds; `why` tells what was seen instead.
#[track_caller]
pub(crate) fn eventually(mut holds: impl FnMut() -> bool, why: impl FnOnce() -> String) {
    let start = Instant::now();
    while !holds() {
        assert!(start.elapsed() < PATIENCE, "{}", why());
        sleep(Duration::from_millis(50));
    }
}

/// Waits until an attempt gives something; the last refusal is told when none does.
#[track_caller]
pub(crate) fn wait_for<T>(mut attempt: impl FnMut() -> Result<T, String>) -> T {
    let start = Instant::now();
    loop {
        match attempt() {
            Ok(found) => return found,
            Err(why) => assert!(start.elapsed() < PATIENCE, "{why}"),
        }
        sleep(Duration::from_millis(50));
    }
}
