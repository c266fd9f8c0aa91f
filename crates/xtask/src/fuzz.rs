//! `cargo xtask fuzz`: every fuzzer of `fuzz/`, one after the other, from its seeds on.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::failure::{Doing, Failure, Outcome};
use crate::{shell, workspace};

const HELP: &str = "\
cargo xtask fuzz [--seconds N] [TARGET…]

Runs the fuzzers named, or all of them, for N seconds each (60). Seeds are in fuzz/seeds; what is found on the way is
kept in fuzz/corpus, what crashes in fuzz/artifacts. Exits with 1 when anything crashed.
";

/// How long a single input may take before it counts as a crash: nothing here needs a hundredth of it.
const SLOWEST_INPUT: &str = "-timeout=5";
/// The most memory in MiB, the fuzzer's own included.
const MOST_MEMORY: &str = "-rss_limit_mb=1024";

pub(crate) fn run(arguments: &[String]) -> Outcome {
    let Some(asked) = Asked::parse(arguments)? else {
        print!("{HELP}");
        return Ok(());
    };
    let all = targets()?;
    for name in &asked.targets {
        if !all.contains(name) {
            return Err(Failure::new(format!("there is no fuzzer `{name}`; there are {}", all.join(", "))));
        }
    }
    let chosen = if asked.targets.is_empty() { &all } else { &asked.targets };
    ensure_cargo_fuzz()?;
    shell::banner("Building the fuzzers");
    shell::run(cargo_fuzz("build").args(SANITIZER))?;
    let mut crashed = Vec::new();
    for name in chosen {
        shell::banner(&format!("{name}, {} s", asked.seconds));
        if let Err(failure) = fuzz(name, asked.seconds) {
            eprintln!("{failure}");
            crashed.push(name.as_str());
        }
    }
    shell::banner(&format!("{} fuzzers ran, {} crashed", chosen.len(), crashed.len()));
    if crashed.is_empty() {
        return Ok(());
    }
    Err(Failure::new(format!("{} crashed; the inputs are in fuzz/artifacts", crashed.join(", "))))
}

/// Sanitizers need a nightly compiler. Nearly all that is fuzzed is safe Rust, whose errors are panics.
const SANITIZER: [&str; 2] = ["-s", "none"];

struct Asked {
    seconds: u32,
    targets: Vec<String>,
}

impl Asked {
    /// None when only help was asked for.
    fn parse(arguments: &[String]) -> Outcome<Option<Self>> {
        let mut asked = Self { seconds: 60, targets: Vec::new() };
        let mut words = arguments.iter();
        while let Some(word) = words.next() {
            match word.as_str() {
                "--help" | "-h" => return Ok(None),
                "--seconds" => {
                    let number = words.next().and_then(|number| number.parse().ok()).filter(|n| *n > 0);
                    asked.seconds = number.ok_or_else(|| {
                        Failure::new("--seconds wants a whole number of seconds, at least 1")
                    })?;
                }
                option if option.starts_with('-') => {
                    return Err(Failure::new(format!("there is no option `{option}`\n\n{HELP}")));
                }
                target => asked.targets.push(target.to_owned()),
            }
        }
        Ok(Some(asked))
    }
}

/// The fuzzers, by the names of their programs.
fn targets() -> Outcome<Vec<String>> {
    let folder = folder().join("fuzz_targets");
    let entries = fs::read_dir(&folder).doing(format_args!("list {}", folder.display()))?;
    let mut names: Vec<String> = entries
        .flatten()
        .filter_map(|entry| Some(Path::new(&entry.file_name()).file_stem()?.to_string_lossy().into_owned()))
        .collect();
    names.sort();
    Ok(names)
}

fn ensure_cargo_fuzz() -> Outcome {
    let installed = shell::capture(shell::cargo().args(["fuzz", "--version"]))?.status.success();
    if installed {
        return Ok(());
    }
    shell::banner("Installing cargo-fuzz (about a minute)");
    shell::run(shell::cargo().args(["install", "cargo-fuzz", "--locked"]))
}

fn fuzz(name: &str, seconds: u32) -> Outcome {
    // New finds go to the first folder; the seeds stay as they are checked in.
    let corpus = folder().join("corpus").join(name);
    fs::create_dir_all(&corpus).doing(format_args!("make {}", corpus.display()))?;
    let mut command = cargo_fuzz("run");
    command.args(SANITIZER).arg(name).arg(&corpus).arg(folder().join("seeds").join(name)).args([
        "--",
        &format!("-max_total_time={seconds}"),
        SLOWEST_INPUT,
        MOST_MEMORY,
        "-print_final_stats=1",
        "-verbosity=0",
    ]);
    shell::run(&mut command)
}

fn cargo_fuzz(what: &str) -> Command {
    let mut command = shell::cargo();
    command.args(["fuzz", what]);
    command
}

fn folder() -> PathBuf {
    workspace::root().join("fuzz")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(line: &str) -> Outcome<Option<Asked>> {
        Asked::parse(&line.split_whitespace().map(ToOwned::to_owned).collect::<Vec<_>>())
    }

    #[test]
    fn seconds_and_targets_in_any_order() {
        let asked = parse("order --seconds 5 jws").unwrap().unwrap();
        assert_eq!((asked.seconds, asked.targets), (5, vec!["order".to_owned(), "jws".to_owned()]));
        assert_eq!(parse("").unwrap().unwrap().seconds, 60);
        assert!(parse("--help").unwrap().is_none());
    }

    #[test]
    fn what_is_not_understood_is_refused() {
        for line in ["--seconds", "--seconds 0", "--seconds x", "--minutes 3"] {
            assert!(parse(line).is_err(), "{line}");
        }
    }

    #[test]
    fn fuzzers_are_found() {
        assert!(targets().unwrap().contains(&"ocsp_request".to_owned()));
    }
}
