//! `cargo xtask …`: the commands that people and CI run.
//!
//! Uses the standard library only and none of our crates, so that it builds in seconds on a machine that has
//! nothing but Rust; it starts the others. One file per command; enter at [`COMMANDS`].

mod apt;
mod bench;
mod ci;
mod docs;
mod failure;
mod fuzz;
mod layers;
mod node;
/// The one that tests use, which this program cannot depend on.
#[expect(unreachable_pub, reason = "a library there, a module here")]
#[path = "../../testkit/src/ports.rs"]
mod ports;
mod python;
mod quickstart;
mod setup;
mod shell;
mod soak;
mod test;
mod workspace;

use std::process::ExitCode;

use failure::Outcome;

/// A command: its name, what it does in one line, and the function that does it.
struct Command {
    name: &'static str,
    about: &'static str,
    run: fn(&[String]) -> Outcome,
}

const COMMANDS: &[Command] = &[
    Command {
        name: "quickstart",
        about: "set up, build, walk the whole story, then serve until Ctrl-C (--once: do not serve)",
        run: quickstart::run,
    },
    Command {
        name: "interrupted",
        about: "kill the quick start at random moments, tell it to its end, and count (--kills N --seed S)",
        run: quickstart::interrupted::run,
    },
    Command { name: "test", about: "set up and run every test (arguments go to cargo test)", run: test::run },
    Command { name: "setup", about: "install what the tests need, and only that", run: setup::run },
    Command {
        name: "layers",
        about: "check the crates against the picture in docs/ARCHITECTURE.md",
        run: layers::run,
    },
    Command { name: "docs", about: "check that what the documents name exists", run: docs::run },
    Command {
        name: "bench",
        about: "measure the built binary: bench {ocsp|tsa|ca} [--json]",
        run: bench::run,
    },
    Command {
        name: "soak",
        about: "kill the CA at random moments, then account by row (--kills N --engine E --seed S)",
        run: soak::run,
    },
    Command {
        name: "fuzz",
        about: "run the fuzzers on everything that eats outside bytes (--seconds N, TARGET…)",
        run: fuzz::run,
    },
    Command { name: "ci", about: "everything a change must pass: what .ci/run calls", run: ci::run },
];

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let Some((name, rest)) = arguments.split_first() else {
        print_help();
        return ExitCode::from(2);
    };
    if matches!(name.as_str(), "help" | "-h" | "--help") {
        print_help();
        return ExitCode::SUCCESS;
    }
    let Some(command) = COMMANDS.iter().find(|command| command.name == name) else {
        eprintln!("xtask: there is no command `{name}`");
        print_help();
        return ExitCode::from(2);
    };
    match (command.run)(rest) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("\nxtask {name}: {failure}");
            ExitCode::FAILURE
        }
    }
}

fn print_help() {
    println!("cargo xtask <command>\n");
    for Command { name, about, .. } in COMMANDS {
        println!("  {name:<12}{about}");
    }
}
