//! Judges that Node runs: programs of `tests/judges/node`.

use std::fs;
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use crate::Judge;

/// Runs the program `script` of `tests/judges/node` with these arguments, to its end.
///
/// # Panics
///
/// When it cannot be started; the message says that `cargo xtask setup` installs what it needs.
pub fn node_judge(script: &str, arguments: &[&str]) -> Output {
    let python = Judge::python();
    let judges = python.ancestors().nth(2).unwrap_or(Path::new("."));
    let fails = |error: std::io::Error| -> ! {
        panic!("cannot run the judge {script} in {}: {error}; run `cargo xtask setup`", judges.display())
    };
    let path = Judge::script("node").join(script);
    let program = fs::read(path).unwrap_or_else(|error| fails(error));
    // Read from the standard input: a program's packages are looked for from where it lies, and it lies in no folder then.
    let mut child = Command::new("node")
        .args(["--input-type=module", "-"])
        .args(arguments)
        .current_dir(judges)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap_or_else(|error| fails(error));
    if let Some(mut input) = child.stdin.take() {
        input.write_all(&program).unwrap_or_else(|error| fails(error));
    }
    child.wait_with_output().unwrap_or_else(|error| fails(error))
}
