//! `ndoba officer`: keys, grants, the register.

use std::path::Path;

use anyhow::Context as _;
use ndoba_client::{Grant, grant, grant_lines};
use ndoba_order::{FlatJws, SignerRole, describe};
use ndoba_settings::{Mode, Settings};
use ndoba_types::Span;
use ndoba_x509::{PemLabel, from_pem};
use serde_json::{Value, json};

use super::session::Session;
use super::{acceptance, desk, enrolment};
use crate::ceremony::SignedPin;
use crate::cli::{AuthoriseResponderArgs, OfficerCommand, OfficerNewArgs};
use crate::files;
use crate::installation::{self, World};
use crate::officer_key::OfficerRef;
use crate::operations_ca::OperationsCa;
use crate::words::Words;

/// Carries one out.
pub(crate) fn run(command: &OfficerCommand) -> anyhow::Result<()> {
    match command {
        OfficerCommand::New(args) => new(args),
        OfficerCommand::Invite { api, name, roles, office, terms } => {
            enrolment::invite(api, name, roles, office, terms.as_deref())
        }
        OfficerCommand::Accept { api, roles, office, out } => acceptance::accept(api, roles, office, out),
        OfficerCommand::Enrolments { api } => enrolment::list(api),
        OfficerCommand::Enrol(args) => enrolment::enrol(args),
        OfficerCommand::Certify { config, id } => enrolment::certify(&config.config, *id),
        OfficerCommand::FetchCertificate { door, out } => enrolment::fetch(door, out.as_deref()),
        OfficerCommand::Grant {
            api,
            second,
            appointed,
            enrolment,
            replaces,
            name,
            personal_number,
            vetting,
            acceptance,
            roles,
            office,
            days,
        } => {
            let session = Session::open(api)?;
            let now = session.world.clock.now();
            let mut request = match (enrolment, appointed) {
                (Some(id), _) => enrolment::to_be_granted(&session, id)?,
                (None, Some(file)) => json!({
                    "spki": hex::encode(spki_of(file)?), "name_shown": name, "roles": roles, "office": office,
                }),
                (None, None) => anyhow::bail!(session.words.officer_or_enrolment()),
            };
            request["kind"] = "grant".into();
            if let Some(officer) = replaces {
                // In the place of the identifier that an enrolment drew for a new officer.
                request["officer"] = officer.to_string().into();
            }
            request["vetting"] = vetting.as_str().into();
            if let Some(accepted) =
                acceptance::brought(&session, acceptance.as_deref(), appointed.as_deref(), &request)?
            {
                request["acceptance"] = accepted.into();
            }
            request["personal_number"] = personal_number.as_str().into();
            request["not_after"] = now.plus(Span::days(*days)).floor_to_second().to_string().into();
            let granted = decided_by_two(&session, &request, second)?;
            session.print(&granted, || session.words.granted(granted.seq))
        }
        OfficerCommand::AdoptPin { api, file } => {
            let SignedPin { content, signatures } = serde_json::from_slice(&files::read(file)?)
                .with_context(|| Words::spoken().no_pin_file(file.display()))?;
            let session = Session::open(api)?;
            let adopted = session.api.append_grant(&content, &signatures)?;
            session.print(&adopted, || session.words.pin_adopted(adopted.seq))
        }
        OfficerCommand::End { api, id } => {
            let session = Session::open(api)?;
            let draft = session.api.draft_grant(&json!({ "kind": "end-grant", "officer": id }))?;
            let lines = grant_lines(&draft, session.language)?;
            anyhow::ensure!(
                session.consent(&lines, SignerRole::SecurityOfficer),
                session.words.officer_said_no()
            );
            let ended = grant(&session.api, &draft, &[&session.officer], session.world.clock.now())?;
            session.print(&ended, || session.words.ended(ended.seq))
        }
        OfficerCommand::DeskKey(config) => desk::make_key(config),
        OfficerCommand::AuthoriseDesk { api, second, key, days } => desk::authorise(api, second, key, *days),
        OfficerCommand::AuthoriseResponder(args) => authorise_responder(args),
        OfficerCommand::EndResponder { api, ca } => {
            let session = Session::open(api)?;
            let draft = session.api.draft_grant(&json!({ "kind": "end-responder", "ca": ca }))?;
            let lines = grant_lines(&draft, session.language)?;
            anyhow::ensure!(
                session.consent(&lines, SignerRole::SecurityOfficer),
                session.words.officer_said_no()
            );
            let ended = grant(&session.api, &draft, &[&session.officer], session.world.clock.now())?;
            session.print(&ended, || session.words.ended(ended.seq))
        }
        OfficerCommand::RevokeCa { api, second, reason, ca } => {
            let session = Session::open(api)?;
            let request = json!({ "kind": "revoke-ca", "ca": ca, "reason": reason });
            let revoked = decided_by_two(&session, &request, second)?;
            session.print(&revoked, || session.words.ca_revocation_decided(revoked.seq, ca))
        }
        OfficerCommand::SucceedCa { api, second, from, ca, next } => {
            let session = Session::open(api)?;
            let mut request = json!({ "kind": "succeed-ca", "ca": ca, "next": next });
            if let Some(from) = from {
                request["from"] = from.to_string().into();
            }
            let decided = decided_by_two(&session, &request, second)?;
            session.print(&decided, || session.words.ca_succeeded(next, ca, decided.seq))
        }
        OfficerCommand::TerminateCa { api, second, ca } => {
            let session = Session::open(api)?;
            let ended = decided_by_two(&session, &json!({ "kind": "terminate-ca", "ca": ca }), second)?;
            session.print(&ended, || session.words.ca_ended(ended.seq))
        }
        OfficerCommand::List { api } => {
            let session = Session::open(api)?;
            let officers = session.api.officers()?;
            session.print(&officers, || {
                let line = |one: &ndoba_client::RegisteredOfficer| {
                    let roles = session.words.roles(&one.roles, ",");
                    format!("{} {roles} {}", one.officer, one.name.as_deref().unwrap_or("-"))
                };
                officers.iter().map(line).collect::<Vec<_>>().join("\n")
            })
        }
        OfficerCommand::Grants { api, of } => grants(&Session::open(api)?, of.as_deref()),
        OfficerCommand::Whoami { api } => {
            let session = Session::open(api)?;
            let me = session.api.whoami()?;
            session.print(&me, || session.words.whoami(&me.officer, session.words.roles(&me.roles, ", ")))
        }
    }
}

/// The register's documents in plain words, with who signed them.
fn grants(session: &Session, of: Option<&str>) -> anyhow::Result<()> {
    let names = |document: &Value| {
        let text = |value: &Value| value.as_str().map(str::to_owned);
        of.is_none_or(|of| {
            document.as_object().is_some_and(|o| o.values().filter_map(text).any(|is| is == of))
        })
    };
    let mut found = session.api.grants()?;
    found.retain(|grant| serde_json::from_str(&grant.content).is_ok_and(|document| names(&document)));
    let mut lines = Vec::new();
    for Grant { seq, content, signatures, appended } in &found {
        lines.push(session.words.grant_head(seq, appended));
        lines
            .extend(describe(content.as_bytes(), session.language)?.iter().map(|line| format!("    {line}")));
        for signature in signatures {
            let jws = FlatJws::from_bytes(signature.as_bytes())?;
            let role = session.words.signer(jws.header().role);
            lines.push(session.words.grant_signed(role, jws.header().kid));
        }
    }
    session.print(&found, || lines.join("\n"))
}

/// The key in an officer's certificate or file.
fn spki_of(file: &Path) -> anyhow::Result<Vec<u8>> {
    let certificates = crate::serve::tls::certificates(file)?;
    let leaf = certificates.first().with_context(|| Words::spoken().file_without_certificate())?;
    Ok(ndoba_x509::Certificate::from_der(leaf)?.spki().as_der().to_vec())
}

/// Drafts a document of the register, shows it, and has two security officers sign it.
pub(super) fn decided_by_two(
    session: &Session,
    request: &Value,
    second: &OfficerRef,
) -> anyhow::Result<Grant> {
    let draft = session.api.draft_grant(request)?;
    let second = second.identity()?;
    let lines = grant_lines(&draft, session.language)?;
    anyhow::ensure!(session.consent(&lines, SignerRole::SecurityOfficer), session.words.officers_said_no());
    Ok(grant(&session.api, &draft, &[&session.officer, &second], session.world.clock.now())?)
}

fn authorise_responder(args: &AuthoriseResponderArgs) -> anyhow::Result<()> {
    let AuthoriseResponderArgs { api, second, ca, responder, enrolment, profile, days, count, until_days } =
        args;
    let session = Session::open(api)?;
    let now = session.world.clock.now();
    let certificate = installation::certificate(responder)?;
    let attributes = certificate.subject().attributes();
    let of_name = |wanted: &str, what: &str| {
        let found =
            attributes.iter().find(|(id, _)| id.to_string() == wanted).map(|(_, value)| value.clone());
        found.with_context(|| session.words.name_has_no(responder.display(), what))
    };
    let enrolment = from_pem(PemLabel::PublicKey, &files::read(enrolment)?)
        .with_context(|| session.words.no_public_key_file(enrolment.display()))?;
    let request = json!({
        "kind": "authorise-responder",
        "ca": ca,
        "enrolment": hex::encode(enrolment),
        "profile": profile,
        "country": of_name("2.5.4.6", "country")?,
        "organization": of_name("2.5.4.10", "organisation")?,
        "organization_identifier": of_name("2.5.4.97", "organisation's identifier")?,
        "common_name": of_name("2.5.4.3", "common name")?,
        "days": days,
        "count": count,
        "not_after": now.plus(Span::days(*until_days)).floor_to_second().to_string(),
    });
    let granted = decided_by_two(&session, &request, second)?;
    session.print(&granted, || session.words.authorised(granted.seq))
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
