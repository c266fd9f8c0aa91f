//! The `ndoba` command: wires the crates together; the logic is theirs.

#[macro_use]
mod output;

mod ceremony;
mod cli;
mod command;
mod data_keys;
mod environment;
mod failpoint;
mod files;
mod installation;
mod logging;
mod officer_key;
mod operations_ca;
mod places;
mod presence;
mod restore;
mod serve;
mod succession;
mod tokens;
mod witness_file;
mod words;

use std::process::ExitCode;

use cli::{CaCommand, CeremonyCommand, Cli, Command, ConfigCommand, KeysCommand};

fn main() -> ExitCode {
    let outcome = run(words::help::parse()).and_then(|code| {
        output::finish()?;
        Ok(code)
    });
    match outcome {
        Ok(code) => code,
        Err(error) => {
            eprintln!("ndoba: {}", words::told(&error));
            ExitCode::FAILURE
        }
    }
}

fn run(cli: Cli) -> anyhow::Result<ExitCode> {
    match cli.command {
        Command::Serve(args) => serve::serve(&args)?,
        Command::Ceremony(CeremonyCommand::Plan) => ceremony::print_plan()?,
        Command::Ceremony(CeremonyCommand::Run(args)) => ceremony::run(&args)?,
        Command::Ceremony(CeremonyCommand::NextCa(args)) => ceremony::next_ca(&args)?,
        Command::Ceremony(CeremonyCommand::ReplacePin(args)) => ceremony::replace_pin(&args)?,
        Command::Root(command) => command::root::run(&command)?,
        Command::Ceremony(CeremonyCommand::AcceptKey { config, present, ca }) => {
            command::accept_key::run(&config.config, &present, &ca)?;
        }
        Command::Ceremony(CeremonyCommand::RevokeCa { config, present, ca }) => {
            command::revoke_ca::run(&config.config, &present, &ca)?;
        }
        Command::Config(ConfigCommand::Check(args)) => {
            let settings = ndoba_settings::Settings::load(&args.config)?;
            serve::stamping::check_units(&settings)?;
            serve::webhooks::check(&settings)?;
            println!("{} is in order", args.config.display());
        }
        Command::Config(ConfigCommand::Reference) => print!("{}", ndoba_settings::Settings::reference()),
        Command::Application(command) => command::application::run(&command)?,
        Command::Certificate(command) => command::certificate::run(&command)?,
        Command::Officer(command) => command::officer::run(&command)?,
        Command::Order(command) => command::order::run(&command)?,
        Command::Audit(command) => return command::audit::run(&command),
        Command::Ca(CaCommand::Devices(args)) => return command::devices::run(&args),
        Command::Ca(CaCommand::LastCrl { config, ca }) => command::last_crl::run(&config.config, &ca)?,
        Command::Ca(CaCommand::Reconcile(args)) => return command::reconcile::run(&args),
        Command::Ca(CaCommand::Terminate(args)) => command::terminate::run(&args)?,
        Command::Probe(command) => command::probe::run(&command)?,
        Command::Registration(command) => command::registration::run(&command)?,
        Command::Db(command) => return command::db::run(&command),
        Command::Completions { shell } => command::completions::run(shell),
        Command::Webhook(command) => command::webhook::run(&command)?,
        Command::Keys(KeysCommand::List(args)) => return command::local::list_keys(&args),
        Command::Tsa(command) => return command::tsa::run(&command),
        Command::Profile(command) => command::profile::run(&command)?,
        Command::Lint(args) => return command::lint::run(&args),
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
