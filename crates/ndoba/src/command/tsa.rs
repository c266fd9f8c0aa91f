//! `ndoba tsa`: makes units' next keys and puts them in place; looks into the journals of time-stamps and judges them by the audit log; judges the clock's statement.

mod adopt;
mod find;
mod order;
mod renew;
mod verify;
mod verify_clock;

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context as _;
use ndoba_ca::ports::Ledger as _;
use ndoba_order::Register;
use ndoba_settings::{KeyRef, Settings, TsaUnit};
use ndoba_store::Store;
use ndoba_types::UtcTime;
use ndoba_x509::Certificate;

use crate::cli::{JournalArgs, TsaCommand};
use crate::installation;
use crate::serve::stamping;

/// Carries one out.
pub(crate) fn run(command: &TsaCommand) -> anyhow::Result<ExitCode> {
    match command {
        TsaCommand::Find { journal, serial, imprint, json } => {
            find::run(&folders(journal)?, serial.as_deref(), imprint.as_deref(), *json)
        }
        TsaCommand::Renew(args) => renew::run(args),
        TsaCommand::SignOrder(args) => order::sign(args),
        TsaCommand::SubmitOrder(args) => order::submit(args),
        TsaCommand::Adopt { config, order, certificate } => adopt::run(&config.config, order, certificate),
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

/// A configured unit.
fn unit<'s>(settings: &'s Settings, name: &str) -> anyhow::Result<&'s TsaUnit> {
    let mut units = settings.tsa.units.iter();
    units.find(|unit| unit.name == name).with_context(|| format!("no [[tsa.units]] is called {name}"))
}

/// The register of officers, replayed from the pin.
fn register(settings: &Settings, store: &Store) -> anyhow::Result<Register> {
    let grants = store.grants_after(0)?.into_iter().map(|grant| (grant.bytes, grant.signatures));
    Register::replay(&installation::pins(settings)?, grants).map_err(|(place, refusal)| {
        anyhow::Error::new(refusal).context(format!("grant {place} of the database"))
    })
}

/// Until when the key of `certificate` may sign, which is fit to be `unit`'s.
fn key_end(
    settings: &Settings,
    unit: &TsaUnit,
    key: &KeyRef,
    certificate: &Certificate,
) -> anyhow::Result<UtcTime> {
    Ok(stamping::unit(settings, unit, key, certificate)?.key_ends())
}
