//! `ndoba certificate`: look, fetch, revoke, suspend, release.

use ndoba_client::{CertificateForm, StatusOrder};
use std::path::Path;

use super::session::Session;
use crate::cli::{CertificateCommand, RequestArgs};
use crate::files;

/// Carries one out.
pub(crate) fn run(command: &CertificateCommand) -> anyhow::Result<()> {
    match command {
        CertificateCommand::Show { api, serial } => {
            let session = Session::open(api)?;
            let found = session.api.certificate(serial)?;
            session.print(&found, || {
                let reason = found.reason.as_deref().map(|reason| format!(" ({reason})")).unwrap_or_default();
                format!(
                    "{} of {}: {}{reason}, valid {} to {}\n  profile {}, {}\n  lint: {}",
                    found.serial,
                    found.ca,
                    found.status,
                    found.not_before,
                    found.not_after,
                    found.profile,
                    found.profile_digest,
                    found.lint
                )
            })
        }
        CertificateCommand::Download { api, serial, out } => download(&Session::open(api)?, serial, out),
        CertificateCommand::Revoke { api, serial, reason, request } => {
            change(&Session::open(api)?, serial, ("revoke", Some(reason)), request, None)
        }
        CertificateCommand::Suspend { api, serial, request } => {
            change(&Session::open(api)?, serial, ("suspend", None), request, None)
        }
        CertificateCommand::Release { api, serial, approver, request } => {
            change(&Session::open(api)?, serial, ("release", None), request, Some(approver))
        }
    }
}

fn download(session: &Session, serial: &str, out: &Path) -> anyhow::Result<()> {
    let form = match out.extension().and_then(|ending| ending.to_str()) {
        Some("der" | "cer" | "crt") => CertificateForm::Der,
        Some("p7c" | "p7b") => CertificateForm::P7c,
        Some("pem") => CertificateForm::Pem,
        Some(_) | None => anyhow::bail!("name the file .pem, .der or .p7c, so that its form is known"),
    };
    files::write(out, &session.api.download(serial, form)?)?;
    println!("{}", out.display());
    Ok(())
}

/// Proposes a change of status, signs it, waits for the CA.
fn change(
    session: &Session,
    serial: &str,
    (kind, reason): (&str, Option<&str>),
    asked: &RequestArgs,
    approver: Option<&Path>,
) -> anyhow::Result<()> {
    let RequestArgs { channel, note, received_at } = asked;
    let received = received_at.map(|at| at.to_string());
    let request = StatusOrder { kind, reason, received: received.as_deref(), channel, note };
    let order = session.api.propose(serial, &request, None)?;
    let mut signed = session.sign(&order.order_id)?;
    if let Some(approver) = approver {
        signed = session.sign_as(approver, &order.order_id)?;
    }
    let order = session.conclude(signed)?;
    let yet = if order.is_final() { "" } else { "the CA has not acted yet: " };
    session.print(&order, || format!("{kind}: {yet}order {} is {}", order.order_id, order.state))
}
