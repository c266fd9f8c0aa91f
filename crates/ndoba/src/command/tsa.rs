//! `ndoba tsa`: looks into the journals of time-stamps and judges them by the audit log; judges the clock's statement.

mod find;
mod verify;
mod verify_clock;

use std::path::PathBuf;
use std::process::ExitCode;

use ndoba_settings::Settings;

use crate::cli::{JournalArgs, TsaCommand};

/// Carries one out.
pub(crate) fn run(command: &TsaCommand) -> anyhow::Result<ExitCode> {
    match command {
        TsaCommand::Find { journal, serial, imprint, json } => {
            find::run(&folders(journal)?, serial.as_deref(), imprint.as_deref(), *json)
        }
        TsaCommand::VerifyClock { statement, key, at, json } => verify_clock::run(statement, key, *at, *json),
        TsaCommand::VerifyJournal { journal, export, seen, key } => {
            verify::run(&folders(journal)?, export, seen, key.as_deref())
        }
    }
}

/// The journals' folders: named, or the configuration's.
fn folders(args: &JournalArgs) -> anyhow::Result<Vec<PathBuf>> {
    if let Some(config) = &args.config {
        return Ok(vec![Settings::load(config)?.paths.journal]);
    }
    anyhow::ensure!(!args.journal.is_empty(), "name the journal's folder with --journal, or --config");
    Ok(args.journal.clone())
}
