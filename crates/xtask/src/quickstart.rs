//! `cargo xtask quickstart`: from a bare machine to a provider that issues, answers and stamps.
//!
//! Installs, builds, checks what could be in the way, then walks [`story`] against the real program with real
//! HTTP and real `openssl`, and at last leaves it serving until Ctrl-C.

mod checks;
pub(crate) mod interrupted;
mod options;
mod runner;
mod server;
mod story;
mod table;

use std::path::PathBuf;

use crate::failure::Outcome;
use crate::{apt, shell};
use options::{Asked, Options, Wanted};

/// What the story's steps work with.
pub(crate) struct Stage {
    /// What the command line asked for.
    pub(crate) options: Options,
    /// The state folder, absolute.
    pub(crate) folder: PathBuf,
    /// The built `ndoba`.
    pub(crate) ndoba: PathBuf,
}

impl Stage {
    /// A file of the state folder.
    pub(crate) fn file(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }
}

/// Builds `ndoba` and gives where it is. Not optimised: a newcomer waits for minutes less, and with the features of the
/// whole workspace most of it is what `cargo xtask test` makes as well.
fn build() -> Outcome<PathBuf> {
    let mut command = shell::cargo();
    command.args(["build", "--locked", "--workspace", "--bin", "ndoba"]);
    println!("$ {}", shell::shown(&command));
    shell::build(&mut command, "ndoba")
}

pub(crate) fn run(arguments: &[String]) -> Outcome {
    let wanted = match Wanted::parse(arguments)? {
        Asked::Help => {
            print!("{}", options::HELP);
            return Ok(());
        }
        Asked::Run(wanted) => wanted,
    };
    // What is wrong with the folder or the ports is known at once; do not let anyone wait for a build first.
    let folder = checks::state_folder(&wanted.dir)?;
    let options = wanted.settle(checks::settled_configuration(&folder)?.as_deref())?;
    checks::ports_are_free(&options.ports)?;

    shell::banner("1/3 Set-up");
    apt::ensure(&[apt::TO_BUILD, apt::TO_SHOW])?;

    shell::banner("2/3 Building ndoba (the first time takes some minutes)");
    let ndoba = build()?;

    shell::banner("3/3 The story");
    let once = options.once;
    let stage = Stage { options, folder, ndoba };
    println!("State folder: {}", stage.folder.display());
    let server = story::tell(&stage)?;
    story::print_addresses(&stage);
    if once {
        return server.stop();
    }
    println!("\nServing. Ctrl-C stops it; the next quickstart goes on from this state.");
    server.serve_on()
}
