//! `ndoba application`: from a draft to a certificate.

mod form;
mod signatures;

use std::path::Path;

use anyhow::Context as _;
use ndoba_client::{Application, submit_application};
use ndoba_order::SignerRole;
use ndoba_types::Sha256Digest;
use serde_json::{Value, json};

use super::session::Session;
use crate::cli::ApplicationCommand;
use crate::files;

/// Carries one out.
pub(crate) fn run(command: &ApplicationCommand) -> anyhow::Result<()> {
    match command {
        ApplicationCommand::Check { api, file, csr } => {
            form::check(&Session::open(api)?, content(file)?, csr.as_deref())
        }
        ApplicationCommand::Form { api, profile } => form::show(&Session::open(api)?, profile),
        ApplicationCommand::New { api, file, csr } => {
            let session = Session::open(api)?;
            let mut content = content(file)?;
            content.insert("csr".into(), files::read_text(csr)?.into());
            let opened = session.api.open_application(&content, None)?;
            session.print(&opened, || format!("application {}", opened.id))
        }
        ApplicationCommand::Show { api, id } => {
            let session = Session::open(api)?;
            show(&session, &session.api.application(id)?)
        }
        ApplicationCommand::Record { api, subject, out } => {
            let session = Session::open(api)?;
            let record = session.api.subject_record(subject)?;
            files::write_secret(out, serde_json::to_string_pretty(&record)?.as_bytes())?;
            let cases = record["cases"].as_array().map_or(0, Vec::len);
            session.print(&json!({ "file": out, "cases": cases }), || {
                format!("{}: {cases} applications", out.display())
            })
        }
        ApplicationCommand::List { api } => {
            let session = Session::open(api)?;
            let page = session.api.applications(&[])?;
            session.print(&page.items, || {
                let lines = page
                    .items
                    .iter()
                    .map(|one| format!("{} {:10} {} {}", one.id, one.state, one.profile, one.subject));
                lines.collect::<Vec<_>>().join("\n")
            })
        }
        ApplicationCommand::Agreement { api, id, out } => {
            let session = Session::open(api)?;
            let document = session.api.agreement(id)?;
            files::write(out, &document)?;
            let digest = Sha256Digest::of(&document).to_string();
            session.print(&json!({ "file": out, "sha256": digest }), || {
                format!("{}, SHA-256 {digest}", out.display())
            })
        }
        ApplicationCommand::Agree { api, id, file, accepted, subject_accepted } => {
            let session = Session::open(api)?;
            let digest = Sha256Digest::of(&files::read(file)?).to_string();
            show(&session, &session.api.agree(id, &digest, accepted, subject_accepted.as_deref())?)
        }
        ApplicationCommand::Attach { api, id, file } => {
            let session = Session::open(api)?;
            show(&session, &session.api.attach_copy(id, &files::read(file)?)?)
        }
        ApplicationCommand::Attached { api, id, out } => {
            let session = Session::open(api)?;
            let copy = session.api.signed_copy(id)?;
            files::write_secret(out, &copy)?;
            let digest = Sha256Digest::of(&copy).to_string();
            session.print(&json!({ "file": out, "sha256": digest }), || {
                format!("{}, SHA-256 {digest}", out.display())
            })
        }
        ApplicationCommand::Submit { api, id } => {
            let session = Session::open(api)?;
            let application = session.api.application(id)?;
            let now = session.world.clock.now();
            let mut consent = |lines: &[String], role| session.consent(lines, role);
            let order = submit_application(
                &session.api,
                &session.officer,
                &application,
                session.language,
                now,
                &mut consent,
            )?;
            session.print(&order, || format!("submitted, order {}", order.order_id))
        }
        ApplicationCommand::Approve { api, id } => approve(&Session::open(api)?, id),
        ApplicationCommand::Edit { api, id, file, csr } => {
            edit(&Session::open(api)?, id, file, csr.as_deref())
        }
        ApplicationCommand::Return { api, id, remark } => {
            let session = Session::open(api)?;
            show(&session, &session.api.send_back(id, remark)?)
        }
        ApplicationCommand::Reject { api, id, remark } => {
            let session = Session::open(api)?;
            show(&session, &session.api.reject(id, remark)?)
        }
        ApplicationCommand::Withdraw { api, id } => {
            let session = Session::open(api)?;
            show(&session, &session.api.withdraw(id)?)
        }
        ApplicationCommand::Accept { api, id, remark } => {
            let session = Session::open(api)?;
            show(&session, &session.api.accept(id, remark)?)
        }
        ApplicationCommand::Renew { api, serial, file, csr } => {
            let session = Session::open(api)?;
            let mut changes = content(file)?;
            if let Some(csr) = csr {
                changes.insert("csr".into(), files::read_text(csr)?.into());
            }
            let opened = session.api.renew(serial, &changes)?;
            session.print(&opened, || format!("application {}", opened.id))
        }
        ApplicationCommand::Deliver { api, id } => {
            let session = Session::open(api)?;
            show(&session, &session.api.deliver(id)?)
        }
    }
}

/// An application in one line, and one for each electronic signature on its signed copy.
fn show(session: &Session, application: &Application) -> anyhow::Result<()> {
    session.print(application, || {
        let certificate = application.certificate.as_deref().unwrap_or("none yet");
        let remark = application.remark.as_ref().map(|remark| format!(" ({remark})")).unwrap_or_default();
        let signatures = signatures::lines(application);
        let Application { id, state, .. } = application;
        format!("application {id}: {state}{remark}, certificate {certificate}{signatures}")
    })
}

/// Replaces the content, unless somebody changed it since it was read here.
fn edit(session: &Session, id: &str, file: &Path, csr: Option<&Path>) -> anyhow::Result<()> {
    let before = session.api.application(id)?;
    let mut content = content(file)?;
    let request = match csr {
        Some(csr) => files::read_text(csr)?.into(),
        None => before.content["csr"].clone(),
    };
    content.insert("csr".into(), request);
    show(session, &session.api.edit_application(id, before.version, &content)?)
}

fn approve(session: &Session, id: &str) -> anyhow::Result<()> {
    let application = session.api.application(id)?;
    let order = application.order.context("the application has no order yet: submit it first")?;
    // Its submitter may have been cut off between the order and the signature: that is not the approver's to give.
    let submitted = session.api.order(&order)?.signed_as(SignerRole::Submitter);
    anyhow::ensure!(submitted, "the submitter has not signed the order yet: `ndoba application submit` does");
    let order = session.conclude(session.sign(&order)?)?;
    match &order.certificate {
        Some(serial) => session.print(&order, || format!("issued, serial {serial}")),
        None => session.print(&json!({ "order": order.order_id, "state": order.state }), || {
            format!("approved; the CA has not issued yet (order {} is {})", order.order_id, order.state)
        }),
    }
}

/// An application's content from a file, JSON or TOML.
fn content(file: &Path) -> anyhow::Result<serde_json::Map<String, Value>> {
    let text = files::read_text(file)?;
    let value: Value = if file.extension().is_some_and(|ending| ending == "toml") {
        toml::from_str(&text).with_context(|| format!("{} is no TOML", file.display()))?
    } else {
        serde_json::from_str(&text).with_context(|| format!("{} is no JSON", file.display()))?
    };
    match value {
        Value::Object(members) => Ok(members),
        Value::Array(_) | Value::Bool(_) | Value::Null | Value::Number(_) | Value::String(_) => {
            anyhow::bail!("{} holds no table of fields", file.display())
        }
    }
}
