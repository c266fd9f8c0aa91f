//! `ndoba db`: how far the database has come, its tables brought up to date, and the acceptance of one that was restored.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context as _;
use ndoba_audit::{Actor, Event, EventKind, Word};
use ndoba_ca::RestorePlan;
use ndoba_ca::ports::AcceptedState;
use ndoba_order::{AcceptRestore, AcceptedRestore, MediaType, SignerRole, describe};
use ndoba_settings::Role;
use ndoba_store::Store;
use ndoba_types::UtcTime;

use super::registration;
use super::session::consent;
use crate::cli::{DbCommand, SignRestoreArgs};
use crate::files;
use crate::installation::{self, World};
use crate::restore::Memory;
use crate::words::Words;

/// Carries one out.
pub(crate) fn run(command: &DbCommand) -> anyhow::Result<ExitCode> {
    match command {
        DbCommand::Status(args) => return status(&args.config),
        DbCommand::Upgrade(args) => upgrade(&args.config)?,
        DbCommand::DraftRestore { config, out } => draft(&config.config, out)?,
        DbCommand::SignRestore(args) => sign(args)?,
        DbCommand::AcceptRestore { config, statement, signatures } => {
            accept(&config.config, statement, signatures)?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn memory(config: &Path) -> anyhow::Result<Memory> {
    Memory::read(installation::load(config)?)
}

/// Marks beside witnesses; exit status 1 where the database is behind.
fn status(config: &Path) -> anyhow::Result<ExitCode> {
    let memory = memory(config)?;
    for line in memory.table() {
        println!("{line}");
    }
    if memory.settings().roles.has(Role::Registration) {
        for line in registration::status(memory.settings())? {
            println!("{line}");
        }
    }
    let behind = memory.behind()?;
    for line in &behind {
        println!("{line}");
    }
    if behind.is_empty() {
        println!("the database is not behind anything that remembers it");
        return Ok(ExitCode::SUCCESS);
    }
    println!("no role serves from this database; see `ndoba db draft-restore`");
    Ok(ExitCode::FAILURE)
}

/// Applies what the tables lack, each migration with its event.
fn upgrade(config: &Path) -> anyhow::Result<()> {
    let settings = installation::load(config)?;
    let world = World::real();
    let applied = Store::upgrade(&installation::engine(&settings.database)?, &mut |version| {
        let actor = Actor::Operator("db-upgrade".into());
        let what = EventKind::SchemaMigrated { version: word(version) };
        Event::new(&*world.random, world.clock.now(), actor, what)
    })?;
    for version in &applied {
        println!("applied {version}");
    }
    if applied.is_empty() {
        println!("the database has this program's tables already");
    } else {
        println!("on PostgreSQL, run deploy/postgresql/roles.sql again");
    }
    Ok(())
}

/// Writes what officers are to sign.
fn draft(config: &Path, out: &Path) -> anyhow::Result<()> {
    let memory = memory(config)?;
    anyhow::ensure!(
        !memory.behind()?.is_empty(),
        "the database is behind nothing: there is nothing to accept"
    );
    let (statement, _) = memory.statement(World::real().clock.now())?;
    files::write(out, &statement.to_bytes()?)?;
    println!("{} is to be signed by two security officers until {}", out.display(), statement.expires);
    Ok(())
}

/// Shows a statement to an officer, asks and signs. Needs neither the database nor the API.
fn sign(args: &SignRestoreArgs) -> anyhow::Result<()> {
    let SignRestoreArgs { statement, officer, out, yes, language } = args;
    let bytes = files::read(statement)?;
    AcceptRestore::from_bytes(&bytes).with_context(|| format!("{} is no statement", statement.display()))?;
    let lines = describe(&bytes, (*language).into())?;
    let words = Words((*language).into());
    anyhow::ensure!(consent(words, &lines, SignerRole::SecurityOfficer, *yes), words.officer_said_no());
    let now = World::real().clock.now();
    let jws = officer.identity()?.sign(MediaType::Restore, &bytes, SignerRole::SecurityOfficer, None, now)?;
    files::write(out, jws.as_bytes())?;
    println!("{}", out.display());
    Ok(())
}

fn accept(config: &Path, statement: &Path, signatures: &[PathBuf]) -> anyhow::Result<()> {
    let (memory, world) = (memory(config)?, World::real());
    let bytes = files::read(statement)?;
    let signatures = signatures.iter().map(|path| files::read(path)).collect::<anyhow::Result<Vec<_>>>()?;
    let now = world.clock.now();
    let (accepted, plan) = memory.judge(&bytes, &signatures, now)?;

    // The evidence first: what the log will name by its digest must be there to be looked at.
    let kept = memory.settings().paths.state.join("restores").join(accepted.digest().to_string());
    files::write(&kept.join("statement.json"), &bytes)?;
    for (number, jws) in (1..).zip(&signatures) {
        files::write(&kept.join(format!("signature-{number}.json")), jws)?;
    }
    let lost = accepted.statement().witnessed_grant().saturating_sub(memory.database().grant);
    let recovered = plan.revoked.len();
    let state = AcceptedState {
        expected: memory.database().authorities.clone(),
        events: events(&world, now, &accepted, &plan)?,
        resume: plan.resume,
        revoked: plan.revoked,
        shards: plan.shards,
        statement: accepted.digest(),
        at: now,
    };
    memory.accept(state)?;

    println!("accepted; the roles may be started. The statement is kept in {}", kept.display());
    println!("{recovered} revocations were taken from the published CRLs");
    if lost > 0 {
        println!(
            "the last {lost} documents of the register of officers are lost: appoint again whom they appointed, \
             and end again whom they ended"
        );
    }
    Ok(())
}

/// One event for each witness that ends, one for each revocation taken up.
fn events(
    world: &World,
    now: UtcTime,
    accepted: &AcceptedRestore,
    plan: &RestorePlan,
) -> anyhow::Result<Vec<Event>> {
    let ended = accepted.statement().witnesses.iter().map(|witness| EventKind::RestoreAccepted {
        witness: word(&witness.role),
        was: witness.file,
        officers: accepted.officers().to_vec(),
        statement: accepted.digest(),
    });
    let recovered = plan.revoked.iter().map(|(list, entry)| EventKind::RevocationRecovered {
        ca: list.ca.clone(),
        serial: entry.serial.clone(),
        reason: word(entry.reason.name()),
        statement: accepted.digest(),
    });
    let actor = || Actor::Operator("db-accept-restore".into());
    ended.chain(recovered).map(|what| Ok(Event::new(&*world.random, now, actor(), what)?)).collect()
}

/// Roles, reasons and versions are words of ours.
fn word(text: &str) -> Word {
    text.parse().unwrap_or_else(|_| "unprintable".into())
}
