//! `ndoba officer`: keys, grants, the register.

use anyhow::Context as _;
use ndoba_client::{grant, grant_lines};
use ndoba_order::SignerRole;
use ndoba_settings::{Mode, Settings};
use ndoba_types::Span;
use serde_json::json;

use super::session::{Session, identity};
use crate::cli::{OfficerCommand, OfficerNewArgs};
use crate::files;
use crate::installation::World;
use crate::operations_ca::OperationsCa;

/// Carries one out.
pub(crate) fn run(command: &OfficerCommand) -> anyhow::Result<()> {
    match command {
        OfficerCommand::New(args) => new(args),
        OfficerCommand::Grant { api, second, appointed, name, personal_number, roles, office, days } => {
            let session = Session::open(api)?;
            let now = session.world.clock.now();
            let key = crate::serve::tls::certificates(appointed)?;
            let leaf = key.first().context("the officer's file has no certificate")?;
            let certificate = ndoba_x509::Certificate::from_der(leaf)?;
            let request = json!({
                "kind": "grant",
                "personal_number": personal_number,
                "name_shown": name,
                "spki": hex::encode(certificate.spki().as_der()),
                "roles": roles,
                "office": office,
                "not_after": now.plus(Span::days(*days)).floor_to_second().to_string(),
            });
            let draft = session.api.draft_grant(&request)?;
            let second = identity(second)?;
            let lines = grant_lines(&draft, session.language)?;
            anyhow::ensure!(session.consent(&lines, SignerRole::SecurityOfficer), "the officers said no");
            let granted = grant(&session.api, &draft, &[&session.officer, &second], now)?;
            session.print(&granted, || format!("granted, number {} of the register", granted.seq))
        }
        OfficerCommand::End { api, id } => {
            let session = Session::open(api)?;
            let draft = session.api.draft_grant(&json!({ "kind": "end-grant", "officer": id }))?;
            let lines = grant_lines(&draft, session.language)?;
            anyhow::ensure!(session.consent(&lines, SignerRole::SecurityOfficer), "the officer said no");
            let ended = grant(&session.api, &draft, &[&session.officer], session.world.clock.now())?;
            session.print(&ended, || format!("ended, number {} of the register", ended.seq))
        }
        OfficerCommand::List { api } => {
            let session = Session::open(api)?;
            let officers = session.api.officers()?;
            session.print(&officers, || {
                let line = |one: &ndoba_client::RegisteredOfficer| {
                    format!("{} {} {}", one.officer, one.roles.join(","), one.name.as_deref().unwrap_or("-"))
                };
                officers.iter().map(line).collect::<Vec<_>>().join("\n")
            })
        }
        OfficerCommand::Whoami { api } => {
            let session = Session::open(api)?;
            let me = session.api.whoami()?;
            session.print(&me, || format!("officer {} with {}", me.officer, me.roles.join(", ")))
        }
    }
}

/// A key in a file and its TLS certificate, for development: production officers bring a card.
fn new(args: &OfficerNewArgs) -> anyhow::Result<()> {
    let settings = Settings::load(&args.config.config)?;
    anyhow::ensure!(settings.mode == Mode::Development, "officers' keys in files are for development only");
    anyhow::ensure!(
        !args.out.exists(),
        "{} is there already, perhaps an officer's only key: name another file with --out",
        args.out.display()
    );
    let identity = OperationsCa::at(&settings.paths.state).client(&args.name, World::real().clock.now())?;
    files::write_secret(&args.out, identity.pem.as_bytes())?;
    println!("{}", args.out.display());
    Ok(())
}
