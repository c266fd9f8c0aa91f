//! `ndoba completions`: the command line as shells complete it, made from its own description.

use clap::CommandFactory as _;
use clap_complete::generate;
use clap_complete::shells::{Bash, Fish, Zsh};

use crate::cli::{Cli, Shell};

/// Prints the script of one shell.
pub(crate) fn run(shell: Shell) {
    let (mut command, mut script) = (Cli::command(), Vec::new());
    match shell {
        Shell::Bash => generate(Bash, &mut command, "ndoba", &mut script),
        Shell::Fish => generate(Fish, &mut command, "ndoba", &mut script),
        Shell::Zsh => generate(Zsh, &mut command, "ndoba", &mut script),
    }
    print!("{}", String::from_utf8_lossy(&script));
}
