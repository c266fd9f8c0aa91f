//! `cargo xtask soak`: kills the CA at random moments of a stream of work, for as long as one likes; `soak tsa`: stamps for
//! as long as one likes.
//!
//! The same code as the tests `soak::killed_at_random_moments_on_sqlite` and `…_on_postgresql`, which kill a few times, and
//! as `time_stamps::clock::long` and `time_stamps::nodes`, which stamp for seconds.

use std::process::Command;

use crate::failure::{Failure, Outcome};
use crate::{python, setup, shell, test, workspace};

const HELP: &str = "\
cargo xtask soak [--kills N] [--engine sqlite|postgresql] [--seed S]
cargo xtask soak tsa [--minutes M] [--tokens N] [--kills N]

The CA: serves, has officers apply, approve and revoke without a pause, kills the process N times (200) at random moments, and
accounts for every signature by row: no certificate lost, none doubled, no order stuck. Both engines, one after the
other, unless one is named. The seed is printed; with it the same moments come again.

Time-stamps: compares genTime with the reference of its NTP servers for M minutes (60); then two nodes on one database
stamp until there are N tokens (1000000) while each is killed in its turn, N times in all (20): no serial number twice.
";

const KILLS: u64 = 200;
/// Tests, by what is soaked.
const OF_THE_CA: &str = "soak::at_length";
const OF_TIME_STAMPS: &str = "time_stamps::at_length";

pub(crate) fn run(arguments: &[String]) -> Outcome {
    if arguments.first().is_some_and(|word| matches!(word.as_str(), "-h" | "--help")) {
        print!("{HELP}");
        return Ok(());
    }
    let (test, asked) = match arguments.split_first() {
        Some((first, rest)) if first == "tsa" => (OF_TIME_STAMPS, asked_of_time_stamps(rest)?),
        _ => (OF_THE_CA, asked(arguments)?),
    };
    setup::run(&[])?;
    test::build_shims()?;
    shell::banner(&format!("Soak: {asked}"));
    shell::run(&mut command(test, &asked))
}

fn asked_of_time_stamps(arguments: &[String]) -> Outcome<String> {
    let (mut minutes, mut tokens, mut kills) = (60, 1_000_000, 20);
    for pair in arguments.chunks(2) {
        match pair {
            [name, value] if name == "--minutes" => minutes = number(value)?,
            [name, value] if name == "--tokens" => tokens = number(value)?,
            [name, value] if name == "--kills" => kills = number(value)?,
            _ => return Err(Failure::new(format!("`{}` is not understood\n\n{HELP}", pair.join(" ")))),
        }
    }
    Ok(format!("minutes={minutes} tokens={tokens} kills={kills}"))
}

/// The words that the test reads.
fn asked(arguments: &[String]) -> Outcome<String> {
    // Another one each time; printed, so that a run can be had again.
    let (mut kills, mut seed, mut engine) = (KILLS, u64::from(std::process::id()), String::new());
    for pair in arguments.chunks(2) {
        match pair {
            [name, value] if name == "--kills" => kills = number(value)?,
            [name, value] if name == "--seed" => seed = number(value)?,
            [name, value] if name == "--engine" && matches!(value.as_str(), "sqlite" | "postgresql") => {
                engine = format!(" engine={value}");
            }
            _ => return Err(Failure::new(format!("`{}` is not understood\n\n{HELP}", pair.join(" ")))),
        }
    }
    Ok(format!("kills={kills} seed={seed}{engine}"))
}

fn number(text: &str) -> Outcome<u64> {
    text.parse().map_err(|_| Failure::new(format!("`{text}` is no number")))
}

fn command(test: &str, asked: &str) -> Command {
    let mut command = shell::cargo();
    command
        .args(["test", "--release", "--locked", "-p", "ndoba", "--test", "it", "--"])
        .args(["--ignored", "--exact", test, "--nocapture"])
        .env("NDOBACTL_SOAK", asked)
        .env("NDOBA_JUDGES", python::interpreter())
        .env("NDOBA_SHIMS", workspace::target().join("shims/debug"));
    command
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked_of(words: &[&str]) -> Outcome<String> {
        asked(&words.iter().map(ToString::to_string).collect::<Vec<_>>())
    }

    #[test]
    fn numbers_and_engines_are_read() {
        let asked = asked_of(&["--seed", "7", "--kills", "3", "--engine", "sqlite"]).unwrap();
        assert_eq!(asked, "kills=3 seed=7 engine=sqlite");
        let words = ["--tokens", "5", "--minutes", "0"].map(str::to_owned);
        assert_eq!(asked_of_time_stamps(&words).unwrap(), "minutes=0 tokens=5 kills=20");
        assert!(asked_of(&["--kills"]).is_err());
        assert!(asked_of(&["--kills", "many"]).is_err());
        assert!(asked_of(&["--engine", "oracle"]).is_err());
    }
}
