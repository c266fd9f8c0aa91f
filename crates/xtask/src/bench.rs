//! `cargo xtask bench`: builds what is measured as it is released, then measures it.

use std::process::{Command, Stdio};

use crate::failure::{Doing, Failure, Outcome};
use crate::{apt, shell};

const HELP: &str = "\
cargo xtask bench {ocsp|tsa|ca|registration} [--json] [options of the bench]

Builds ndoba as it is released and measures it with everything on. With --json only JSON is on standard output.
`cargo xtask bench ocsp --help` lists what can be varied.
";

pub(crate) fn run(arguments: &[String]) -> Outcome {
    match arguments.first().map(String::as_str) {
        Some("ocsp" | "tsa" | "ca" | "registration") => {}
        None | Some("-h" | "--help") => {
            print!("{HELP}");
            return Ok(());
        }
        Some(other) => return Err(Failure::new(format!("there is no bench `{other}`\n\n{HELP}"))),
    }
    let json = arguments.iter().any(|word| word == "--json");
    if !json {
        apt::ensure(&[apt::TO_BUILD, apt::TO_SHOW, apt::TO_TEST])?;
    }
    // Cargo speaks on standard error, which leaves standard output to the figures.
    let mut build = shell::cargo();
    build.args(["build", "--release", "--locked", "-p", "ndoba", "-p", "ndoba-bench"]);
    let bench = shell::build(&mut build, "ndoba-bench")?;
    run_silently(Command::new(bench).args(arguments))
}

/// Runs it with our own output, without showing the command there.
fn run_silently(command: &mut Command) -> Outcome {
    let shown = shell::shown(command);
    let status = command.stdin(Stdio::null()).status().doing(format_args!("start `{shown}`"))?;
    if status.success() { Ok(()) } else { Err(Failure::new(format!("`{shown}` failed ({status})"))) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unknown_bench_is_refused_before_anything_is_built() {
        let refused = run(&["crl".to_owned()]).unwrap_err().to_string();
        assert!(refused.contains("no bench `crl`"), "{refused}");
    }
}
