//! `ndoba certificate`: look, fetch, revoke, suspend, release.

use std::path::Path;

use ndoba_client::{CertificateForm, CertificateStatus, Clock, ControlQuestion, DeskRequest, StatusOrder};
use ndoba_registration::is_identifier;
use ndoba_types::{SerialNumber, UtcTime};

use super::session::Session;
use super::{kept, pages, revoke_all};
use crate::cli::{CertificateCommand, PageArgs, RequestArgs};
use crate::files;
use crate::officer_key::OfficerRef;
use crate::words::Words;

/// Carries one out.
pub(crate) fn run(command: &CertificateCommand) -> anyhow::Result<()> {
    match command {
        CertificateCommand::Search { api, what, status, profile, key, device, page } => {
            let session = Session::open(api)?;
            let [status, profile, key, device] = [status, profile, key, device].map(Option::as_deref);
            let filters = [("status", status), ("profile", profile), ("key", key), ("device", device)];
            search(&session, what.as_deref().map(str::trim), &filters, page)
        }
        CertificateCommand::Show { api, serial } => {
            let session = Session::open(api)?;
            let found = session.api.certificate(serial)?;
            let words = session.words;
            session.print(&found, || {
                let reason = found.reason.as_deref().map(|reason| format!(" ({reason})")).unwrap_or_default();
                let mut lines = vec![
                    line(&found, words, &reason),
                    words.certificate_profile(&found.profile, &found.profile_digest),
                    words.certificate_lint(&found.lint),
                ];
                lines.extend(found.clocks.iter().map(|clock| told(clock, words)));
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
            let words = session.words;
            session
                .print(&declined, || words.declined(&declined.order_id, words.order_state(&declined.state)))
        }
        CertificateCommand::Confirm { api, order, note } => {
            let session = Session::open(api)?;
            let confirmed = session.api.confirm(order, note)?;
            session.print(&confirmed, || session.words.confirmed(&confirmed.order_id))
        }
        CertificateCommand::ControlQuestions { api, serial } => {
            let session = Session::open(api)?;
            let asked = session.api.control_questions(serial)?;
            session.print(&asked, || {
                let line =
                    |one: &ControlQuestion| format!("{}: {}", one.name, session.words.of(&one.en, &one.ka));
                asked.iter().map(line).collect::<Vec<_>>().join("\n")
            })
        }
        CertificateCommand::Requests { api, state } => requests(&Session::open(api)?, state.as_deref()),
        CertificateCommand::Publication { api, serial, consent } => {
            let session = Session::open(api)?;
            let found = match consent {
                None => session.api.publication(serial)?,
                Some(word) => session.api.consent_to_publication(serial, word == "given")?,
            };
            session.print(&found, || match &found.shown_since {
                Some(since) => session.words.shown_since(&found.serial, since),
                None => session.words.not_shown(&found.serial),
            })
        }
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
fn search(
    session: &Session,
    what: Option<&str>,
    filters: &[(&str, Option<&str>)],
    page: &PageArgs,
) -> anyhow::Result<()> {
    let plain = |found: &CertificateStatus| line(found, session.words, "");
    let by = match what {
        None => "name",
        Some(what) if is_number(what) || is_identifier(what) => "subject",
        Some(what) if is_serial(what) => {
            let found = vec![session.api.certificate(what)?];
            return session.print(&found, || plain(&found[0]));
        }
        Some(_) => "name",
    };
    let query = [&[(by, what)], filters].concat();
    pages::print(session, page, &query, |query| session.api.certificates(query), plain)
}

fn is_number(what: &str) -> bool {
    matches!(what.len(), 9 | 11) && what.bytes().all(|octet| octet.is_ascii_digit())
}

fn is_serial(what: &str) -> bool {
    what.parse::<SerialNumber>().is_ok_and(|serial| serial.as_unsigned().len() >= 8)
}

fn line(one: &CertificateStatus, words: Words, reason: &str) -> String {
    let status = format!("{}{reason}", words.status(&one.status));
    words.certificate_line(&one.serial, &one.ca, status, &one.not_before, &one.not_after)
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
    let words = session.words;
    session.print(&found, || {
        let line = |one: &DeskRequest| {
            let confirmed = one.confirmed.as_ref().map(|_| words.and_confirmed()).unwrap_or_default();
            let DeskRequest { serial, ca, channel, state, .. } = one;
            let state = words.order_state(state);
            format!(
                "{}\n{}",
                words.request_line(serial, ca, words.channel(channel), state, confirmed),
                told(&one.clock, words)
            )
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
fn told(clock: &Clock, words: Words) -> String {
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
    let kind = words.order_kind(kind);
    let begun = match effective {
        None => words.clock_begun(kind, received),
        Some(date) => words.clock_begun_for(kind, received, date),
    };
    let begun = words.clock_order(begun, order);
    match (published, crl_number, left_seconds, left_of_aim_seconds) {
        (Some(at), Some(number), _, _) => words.clock_published(begun, number, at),
        (_, _, Some(limit), Some(aim)) => words.clock_running(begun, left(*limit, words), left(*aim, words)),
        (_, _, _, _) => words.clock_over(begun),
    }
}

fn left(seconds: i64, words: Words) -> String {
    let (hours, minutes) = (seconds.unsigned_abs() / 3600, seconds.unsigned_abs() / 60 % 60);
    let minutes = format!("{minutes:02}");
    if seconds < 0 { words.time_late(hours, minutes) } else { words.time_left(hours, minutes) }
}

fn download(session: &Session, serial: &str, out: &Path) -> anyhow::Result<()> {
    let form = match out.extension().and_then(|ending| ending.to_str()) {
        Some("der" | "cer" | "crt") => CertificateForm::Der,
        Some("p7c" | "p7b") => CertificateForm::P7c,
        Some("pem") => CertificateForm::Pem,
        Some(_) | None => anyhow::bail!(session.words.name_the_form()),
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
    let words = session.words;
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
            let (kind, state) = (words.order_kind(kind), words.order_state(&order.state));
            words.change_later(kind, &order.order_id, state, date)
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
    let yet = if order.is_final() { String::new() } else { words.not_acted_yet() };
    session.print(&order, || {
        words.change_done(words.order_kind(kind), yet, &order.order_id, words.order_state(&order.state))
    })
}
