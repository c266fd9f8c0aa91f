//! The `ndoba` command: wires the crates together; the logic is theirs.

mod ceremony;
mod cli;
mod environment;
mod failpoint;
mod files;
mod installation;
mod logging;
mod operations_ca;
mod serve;
mod tokens;
mod witness_file;

use std::process::ExitCode;

use clap::Parser as _;

use cli::{CeremonyCommand, Cli, Command, ConfigCommand};

fn main() -> ExitCode {
    match run(Cli::parse()) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("ndoba: {}", chain(error.as_ref()));
            ExitCode::FAILURE
        }
    }
}

fn run(cli: Cli) -> anyhow::Result<ExitCode> {
    match cli.command {
        Command::Serve(args) => serve::serve(&args)?,
        Command::Ceremony(CeremonyCommand::Plan) => ceremony::print_plan()?,
        Command::Ceremony(CeremonyCommand::Run(args)) => ceremony::run(&args)?,
        Command::Config(ConfigCommand::Check(args)) => {
            ndoba_settings::Settings::load(&args.config)?;
            println!("{} is in order", args.config.display());
        }
        Command::Config(ConfigCommand::Reference) => print!("{}", ndoba_settings::Settings::reference()),
        _ => anyhow::bail!("not yet"),
    }
    Ok(ExitCode::SUCCESS)
}

/// An error and its causes in one line: no layer prints its source itself.
pub(crate) fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text.push_str(": ");
        text.push_str(&error.to_string());
        cause = error.source();
    }
    text
}
