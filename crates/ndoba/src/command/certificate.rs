//! `ndoba certificate`: look, fetch, revoke, suspend, release.

use std::path::Path;

use ndoba_client::{CertificateForm, CertificateStatus, Clock, ControlQuestion, DeskRequest, StatusOrder};
use ndoba_registration::is_identifier;
use ndoba_types::{SerialNumber, UtcTime};

use super::session::Session;
use super::{kept, revoke_all};
use crate::cli::{CertificateCommand, RequestArgs};
use crate::files;
use crate::officer_key::OfficerRef;

/// Carries one out.
pub(crate) fn run(command: &CertificateCommand) -> anyhow::Result<()> {
    match command {
        CertificateCommand::Search { api, what, status } => {
            search(&Session::open(api)?, what, status.as_deref())
        }
        CertificateCommand::Show { api, serial } => {
            let session = Session::open(api)?;
            let found = session.api.certificate(serial)?;
            session.print(&found, || {
                let reason = found.reason.as_deref().map(|reason| format!(" ({reason})")).unwrap_or_default();
                let mut lines = vec![
                    format!(
                        "{} of {}: {}{reason}, valid {} to {}",
                        found.serial, found.ca, found.status, found.not_before, found.not_after
                    ),
                    format!("  profile {}, {}", found.profile, found.profile_digest),
                    format!("  lint: {}", found.lint),
                ];
                lines.extend(found.clocks.iter().map(told));
                lines.join("\n")
            })
        }
        CertificateCommand::Download { api, serial, out } => download(&Session::open(api)?, serial, out),
        CertificateCommand::Revoke { api, serial, reason, effective, ca, request } => {
            let (ca, effective) = (ca.as_deref(), *effective);
            let asked = Asked { kind: "revoke", reason: Some(reason), effective, ca };
            change(&Session::open(api)?, serial, &asked, request, None)
        }
        CertificateCommand::Decline { api, order, note } => {
            let session = Session::open(api)?;
            let declined = session.api.decline(order, note)?;
            session.print(&declined, || format!("decline: order {} is {}", declined.order_id, declined.state))
        }
        CertificateCommand::Confirm { api, order, note } => {
            let session = Session::open(api)?;
            let confirmed = session.api.confirm(order, note)?;
            session.print(&confirmed, || format!("confirmed: order {}", confirmed.order_id))
        }
        CertificateCommand::ControlQuestions { api, serial } => {
            let session = Session::open(api)?;
            let asked = session.api.control_questions(serial)?;
            let georgian = session.language == ndoba_order::Language::Georgian;
            session.print(&asked, || {
                let line = |one: &ControlQuestion| {
                    format!("{}: {}", one.name, if georgian { &one.ka } else { &one.en })
                };
                asked.iter().map(line).collect::<Vec<_>>().join("\n")
            })
        }
        CertificateCommand::Requests { api, state } => requests(&Session::open(api)?, state.as_deref()),
        CertificateCommand::RevocationCode { api, serial } => {
            let session = Session::open(api)?;
            let given = session.api.give_revocation_code(serial)?;
            session.print(&given, || given.code.clone())
        }
        CertificateCommand::RevokeAll(args) => revoke_all::run(args),
        CertificateCommand::Suspend { api, serial, ca, request } => {
            let asked = Asked { kind: "suspend", reason: None, effective: None, ca: ca.as_deref() };
            change(&Session::open(api)?, serial, &asked, request, None)
        }
        CertificateCommand::Release { api, serial, approver, request } => {
            let asked = Asked { kind: "release", reason: None, effective: None, ca: None };
            change(&Session::open(api)?, serial, &asked, request, Some(approver))
        }
    }
}

/// What is meant follows from how it looks: numbers of people and bodies have 11 and 9 digits, our serial numbers 32.
fn search(session: &Session, what: &str, status: Option<&str>) -> anyhow::Result<()> {
    let what = what.trim();
    let digits = what.bytes().all(|octet| octet.is_ascii_digit());
    let by = match what.len() {
        9 | 11 if digits => "subject",
        _ if is_identifier(what) => "subject",
        _ if what.parse::<SerialNumber>().is_ok_and(|serial| serial.as_unsigned().len() >= 8) => {
            let found = vec![session.api.certificate(what)?];
            return print_found(session, &found);
        }
        _ => "name",
    };
    let query: Vec<(&str, &str)> =
        [(by, Some(what)), ("status", status)].into_iter().filter_map(|(k, v)| Some((k, v?))).collect();
    let page = session.api.certificates(&query)?;
    print_found(session, &page.items)?;
    if page.next.is_some() {
        eprintln!("there are more: say more of the name");
    }
    Ok(())
}

fn print_found(session: &Session, found: &[CertificateStatus]) -> anyhow::Result<()> {
    session.print(&found, || {
        let line = |one: &CertificateStatus| {
            format!(
                "{} of {}: {}, valid {} to {}",
                one.serial, one.ca, one.status, one.not_before, one.not_after
            )
        };
        found.iter().map(line).collect::<Vec<_>>().join("\n")
    })
}

/// All of them, page after page.
fn requests(session: &Session, state: Option<&str>) -> anyhow::Result<()> {
    let mut found: Vec<DeskRequest> = Vec::new();
    let mut after: Option<String> = None;
    loop {
        let query = [("state", state), ("limit", Some("200")), ("after", after.as_deref())];
        let query: Vec<(&str, &str)> =
            query.into_iter().filter_map(|(name, value)| Some((name, value?))).collect();
        let page = session.api.requests(&query)?;
        found.extend(page.items);
        after = page.next;
        if after.is_none() {
            break;
        }
    }
    session.print(&found, || {
        let line = |one: &DeskRequest| {
            let confirmed = if one.confirmed.is_some() { ", confirmed" } else { "" };
            let DeskRequest { serial, ca, channel, state, .. } = one;
            format!("{serial} of {ca} by {channel}, {state}{confirmed}\n{}", told(&one.clock))
        };
        found.iter().map(line).collect::<Vec<_>>().join("\n")
    })
}

/// What is asked about a certificate.
struct Asked<'a> {
    kind: &'a str,
    reason: Option<&'a str>,
    effective: Option<UtcTime>,
    /// Who issued the certificate, for when nobody can look it up.
    ca: Option<&'a str>,
}

/// A request and how far it has come.
fn told(clock: &Clock) -> String {
    let Clock {
        order,
        kind,
        received,
        effective,
        published,
        crl_number,
        left_seconds,
        left_of_aim_seconds,
        ..
    } = clock;
    let begun = match effective {
        None => format!("{kind}, received {received}"),
        Some(date) => format!("{kind}, received {received}, for {date}"),
    };
    let begun = format!("{begun} (order {order})");
    match (published, crl_number, left_seconds, left_of_aim_seconds) {
        (Some(at), Some(number), _, _) => format!("  {begun}: on CRL {number} since {at}"),
        (_, _, Some(limit), Some(aim)) => {
            format!("  {begun}: {} by law, {} by the provider's aim", left(*limit), left(*aim))
        }
        (_, _, _, _) => format!("  {begun}: nothing is owed"),
    }
}

fn left(seconds: i64) -> String {
    let (hours, minutes) = (seconds.unsigned_abs() / 3600, seconds.unsigned_abs() / 60 % 60);
    let word = if seconds < 0 { "late" } else { "left" };
    format!("{hours} h {minutes:02} min {word}")
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
    asked: &Asked<'_>,
    how: &RequestArgs,
    approver: Option<&OfficerRef>,
) -> anyhow::Result<()> {
    let Asked { kind, reason, effective, ca } = *asked;
    let RequestArgs { channel, note, received_at, answers } = how;
    let control = answers.iter().map(|(name, answer)| (name.as_str(), answer.as_str())).collect();
    let (received, effective) = (received_at.map(|at| at.to_string()), effective.map(|at| at.to_string()));
    let (received, effective) = (received.as_deref(), effective.as_deref());
    let request = StatusOrder { kind, reason, received, effective, channel, note, control };
    let is_kept = approver.is_none();
    let order = match session.api.propose(serial, &request, None) {
        Err(error) if is_kept && kept::database_is_away(&error) => {
            return kept::keep(session, serial, &request, ca);
        }
        proposed => proposed?,
    };
    let away = |error: &anyhow::Error| is_kept && error.downcast_ref().is_some_and(kept::database_is_away);
    if let Some(date) = effective {
        // Nobody waits for a date to come.
        let order = match session.sign_for_later(&order.order_id) {
            Err(error) if away(&error) => return kept::keep_signature(session, &order),
            signed => signed?,
        };
        return session.print(&order, || {
            format!("{kind}: order {} is {}, and takes effect at {date}", order.order_id, order.state)
        });
    }
    let mut signed = match session.sign(&order.order_id) {
        Err(error) if away(&error) => return kept::keep_signature(session, &order),
        signed => signed?,
    };
    if let Some(approver) = approver {
        signed = session.sign_as(approver, &order.order_id)?;
    }
    let order = session.conclude(signed)?;
    let yet = if order.is_final() { "" } else { "the CA has not acted yet: " };
    session.print(&order, || format!("{kind}: {yet}order {} is {}", order.order_id, order.state))
}
