//! `ndoba certificate`: look, fetch, revoke, suspend, release.

use std::path::Path;
use std::time::Duration;

use ndoba_client::{CertificateForm, StatusOrder, await_order, review_and_sign};

use super::session::{Session, identity};
use crate::cli::CertificateCommand;
use crate::files;

const API_WAIT: u32 = 10;
const PATIENCE: Duration = Duration::from_secs(60);

/// Carries one out.
pub(crate) fn run(command: &CertificateCommand) -> anyhow::Result<()> {
    match command {
        CertificateCommand::Show { api, serial } => {
            let session = Session::open(api)?;
            let found = session.api.certificate(serial)?;
            session.print(&found, || {
                let reason = found.reason.as_deref().map(|reason| format!(" ({reason})")).unwrap_or_default();
                format!(
                    "{} of {}: {}{reason}, valid {} to {}",
                    found.serial, found.ca, found.status, found.not_before, found.not_after
                )
            })
        }
        CertificateCommand::Download { api, serial, out } => download(&Session::open(api)?, serial, out),
        CertificateCommand::Revoke { api, serial, reason } => {
            let session = Session::open(api)?;
            change(&session, serial, "revoke", Some(reason), None)
        }
        CertificateCommand::Suspend { api, serial } => {
            let session = Session::open(api)?;
            change(&session, serial, "suspend", None, None)
        }
        CertificateCommand::Release { api, serial, approver } => {
            let session = Session::open(api)?;
            change(&session, serial, "release", None, Some(approver))
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
    kind: &str,
    reason: Option<&str>,
    approver: Option<&Path>,
) -> anyhow::Result<()> {
    let request = StatusOrder {
        kind,
        reason,
        received: None,
        channel: "in-person",
        note: "requested at the command line",
    };
    let order = session.api.propose(serial, &request, None)?;
    let mut consent = |lines: &[String], role| session.consent(lines, role);
    let now = session.world.clock.now();
    let id = order.order_id;
    let mut order = review_and_sign(
        &session.api,
        &session.officer,
        &id,
        session.language,
        now,
        Some(API_WAIT),
        &mut consent,
    )?;
    if let Some(approver) = approver {
        let officer = identity(approver)?;
        let api = session.api_as(&officer);
        order = review_and_sign(&api, &officer, &id, session.language, now, Some(API_WAIT), &mut consent)?;
    }
    if !order.is_final() {
        order = await_order(&session.api, &id, PATIENCE)?;
    }
    if let Some(refusal) = &order.refusal {
        anyhow::bail!("the CA refused ({}): {}", refusal.code, refusal.message);
    }
    session.print(&order, || format!("{kind}: order {} is {}", order.order_id, order.state))
}
