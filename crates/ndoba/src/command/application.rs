//! `ndoba application`: from a draft to a certificate.

mod asking;
mod attachments;
mod content;
mod form;
mod new;
mod record;
mod refused;
mod signatures;

use std::path::Path;

use anyhow::Context as _;
use ndoba_client::{Application, ApplicationSummary, Profile, submit_application};
use ndoba_order::SignerRole;
use ndoba_types::Sha256Digest;
use serde_json::json;

use super::pages;
use super::session::Session;
use crate::cli::{ApplicationCommand, ListArgs};
use crate::files;

/// Carries one out.
pub(crate) fn run(command: &ApplicationCommand) -> anyhow::Result<()> {
    match command {
        ApplicationCommand::Check { api, file, csr } => {
            form::check(&Session::open(api)?, content::read(file)?, csr.as_deref())
        }
        ApplicationCommand::Form { api, profile } => form::show(&Session::open(api)?, profile),
        ApplicationCommand::New(args) => new::run(args),
        ApplicationCommand::Show { api, id } => {
            let session = Session::open(api)?;
            show_whole(&session, &session.api.application(id)?)
        }
        ApplicationCommand::Record { api, subject, out } => record::write(&Session::open(api)?, subject, out),
        ApplicationCommand::Profiles { api } => {
            let session = Session::open(api)?;
            let (profiles, words) = (session.api.profiles()?, session.words);
            session.print(&profiles, || {
                let line = |one: &Profile| {
                    words.offer(&one.name, words.subject_kind(&one.subject), &one.ca, one.max_days)
                };
                profiles.iter().map(line).collect::<Vec<_>>().join("\n")
            })
        }
        ApplicationCommand::List(args) => list(args),
        ApplicationCommand::Agreement { api, id, out } => {
            let session = Session::open(api)?;
            let document = session.api.agreement(id)?;
            files::write(out, &document)?;
            let digest = Sha256Digest::of(&document).to_string();
            session.print(&json!({ "file": out, "sha256": digest }), || {
                format!("{}, SHA-256 {digest}", out.display())
            })
        }
        ApplicationCommand::Agree { api, seen, file, accepted, subject_accepted } => {
            let session = Session::open(api)?;
            let digest = Sha256Digest::of(&files::read(file)?).to_string();
            show(
                &session,
                &session.api.agree(
                    &seen.id,
                    seen.if_version,
                    &digest,
                    accepted,
                    subject_accepted.as_deref(),
                )?,
            )
        }
        ApplicationCommand::Attach { api, seen, file, of, name } => {
            let session = Session::open(api)?;
            show_whole(&session, &attachments::attach(&session, seen, file, of, name.as_deref())?)
        }
        ApplicationCommand::Attachments { api, id, out } => {
            attachments::list(&Session::open(api)?, id, out.as_deref())
        }
        ApplicationCommand::Detach { api, seen, sha256 } => {
            let session = Session::open(api)?;
            show_whole(&session, &session.api.detach(&seen.id, seen.if_version, sha256)?)
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
        ApplicationCommand::Submit { api, seen } => {
            let session = Session::open(api)?;
            let mut application = session.api.application(&seen.id)?;
            application.version = seen.if_version.unwrap_or(application.version);
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
            session.print(&order, || session.words.submitted(&order.order_id))
        }
        ApplicationCommand::Approve { api, id } => approve(&Session::open(api)?, id),
        ApplicationCommand::Edit { api, id, file, csr } => {
            edit(&Session::open(api)?, id, file, csr.as_deref())
        }
        ApplicationCommand::Return { api, seen, remark } => {
            let session = Session::open(api)?;
            show(&session, &session.api.send_back(&seen.id, seen.if_version, remark)?)
        }
        ApplicationCommand::Reject { api, seen, remark } => {
            let session = Session::open(api)?;
            show(&session, &session.api.reject(&seen.id, seen.if_version, remark)?)
        }
        ApplicationCommand::Withdraw { api, seen } => {
            let session = Session::open(api)?;
            show(&session, &session.api.withdraw(&seen.id, seen.if_version)?)
        }
        ApplicationCommand::Accept { api, seen, remark } => {
            let session = Session::open(api)?;
            show(&session, &session.api.accept(&seen.id, seen.if_version, remark)?)
        }
        ApplicationCommand::Renew { api, serial, file, csr } => {
            let session = Session::open(api)?;
            let mut changes = content::read(file)?;
            if let Some(csr) = csr {
                changes.insert("csr".into(), files::read_text(csr)?.into());
            }
            let opened = session.api.renew(serial, &changes)?;
            session.print(&opened, || session.words.opened(&opened.id))
        }
        ApplicationCommand::Deliver { api, seen, without_code } => {
            let session = Session::open(api)?;
            show(&session, &session.api.deliver(&seen.id, seen.if_version, without_code.as_deref())?)
        }
    }
}

/// An application in one line, and one for each electronic signature on its signed copy.
fn show(session: &Session, application: &Application) -> anyhow::Result<()> {
    session.print(application, || told(session, application))
}

/// The same, and a line for each copy of evidence.
fn show_whole(session: &Session, application: &Application) -> anyhow::Result<()> {
    session
        .print(application, || told(session, application) + &attachments::lines(application, session.words))
}

fn told(session: &Session, application: &Application) -> String {
    let words = session.words;
    let certificate = application.certificate.clone().unwrap_or_else(|| words.none_yet());
    let remark = application.remark.as_ref().map(|remark| format!(" ({remark})")).unwrap_or_default();
    let Application { id, state, .. } = application;
    let without_code = application.without_code.as_ref();
    let without_code =
        without_code.map(|reason| format!("\n  {}", words.without_code(reason))).unwrap_or_default();
    words.application_shown(id, words.application_state(state), remark, certificate)
        + &without_code
        + &signatures::lines(application, words)
}

fn list(args: &ListArgs) -> anyhow::Result<()> {
    let ListArgs { api, state, mine, opened_by, office, profile, subject, since, until, page } = args;
    let session = Session::open(api)?;
    let opened_by = opened_by.map(|id| id.to_string()).or_else(|| mine.then(|| "me".to_owned()));
    let (since, until) = (since.map(|at| at.to_string()), until.map(|at| at.to_string()));
    let query = [
        ("state", state.as_deref()),
        ("opened_by", opened_by.as_deref()),
        ("office", office.as_deref()),
        ("profile", profile.as_deref()),
        ("subject", subject.as_deref()),
        ("since", since.as_deref()),
        ("until", until.as_deref()),
    ];
    let line = |one: &ApplicationSummary| {
        let ApplicationSummary { id, state, profile, subject, .. } = one;
        format!("{id} {:10} {profile} {subject}", session.words.application_state(state))
    };
    pages::print(&session, page, &query, |query| session.api.applications(query), line)
}

/// Replaces the content, unless somebody changed it since it was read here.
fn edit(session: &Session, id: &str, file: &Path, csr: Option<&Path>) -> anyhow::Result<()> {
    let before = session.api.application(id)?;
    let mut content = content::read(file)?;
    let request = match csr {
        Some(csr) => files::read_text(csr)?.into(),
        None => before.content["csr"].clone(),
    };
    content.insert("csr".into(), request);
    let edited = session.api.edit_application(id, before.version, &content);
    show(session, &edited.map_err(|refused| refused::in_words(session, &content, refused))?)
}

fn approve(session: &Session, id: &str) -> anyhow::Result<()> {
    let application = session.api.application(id)?;
    let order = application.order.with_context(|| session.words.no_order())?;
    // Its submitter may have been cut off between the order and the signature: that is not the approver's to give.
    let submitted = session.api.order(&order)?.signed_as(SignerRole::Submitter);
    anyhow::ensure!(submitted, session.words.submitter_unsigned());
    let order = session.conclude(session.sign(&order)?)?;
    match &order.certificate {
        Some(serial) => session.print(&order, || session.words.issued(serial)),
        None => session.print(&json!({ "order": order.order_id, "state": order.state }), || {
            session.words.approved_only(&order.order_id, session.words.order_state(&order.state))
        }),
    }
}
