//! `ndoba officer invite`, `enrolments`, `enrol`, `certify`, `fetch-certificate`: an officer's key is made by its officer.

use std::io::{BufRead as _, Write as _};
use std::path::Path;
use std::sync::Arc;

use anyhow::{Context as _, ensure};
use ndoba_audit::{Actor, Event, EventKind};
use ndoba_ca::ports::Ledger as _;
use ndoba_client::{Enrolment, EnrolmentClient, OfficerKey, key_from_pem, request_for_certification};
use ndoba_order::Register;
use ndoba_registration::ports::EnrolmentRegistry as _;
use ndoba_types::{OfficerId, Sha256Digest};
use ndoba_x509::{PemLabel, VerifiedCsr, to_pem};
use serde_json::{Value, json};

use super::acceptance::Terms;
use super::session::Session;
use crate::cli::{ApiArgs, DoorArgs, EnrolArgs};
use crate::installation::{self, World};
use crate::operations_ca::{OperationsCa, any_of_development};
use crate::serve::tls;
use crate::words::Words;
use crate::{files, officer_key};

pub(super) fn invite(
    api: &ApiArgs,
    name: &str,
    roles: &[String],
    office: &str,
    terms: Option<&Path>,
) -> anyhow::Result<()> {
    let session = Session::open(api)?;
    let opened = session.api.open_enrolment(name, roles, office)?;
    if let Some(file) = terms {
        let terms = Terms {
            installation: session.api.whoami()?.installation,
            roles: roles.to_vec(),
            office: office.into(),
        };
        files::write(file, &serde_json::to_vec_pretty(&terms)?)?;
    }
    session.print(&opened, || session.words.invited(&opened.officer, &opened.code, &opened.expires))
}

pub(super) fn list(api: &ApiArgs) -> anyhow::Result<()> {
    let session = Session::open(api)?;
    let enrolments = session.api.enrolments()?;
    session.print(&enrolments, || {
        let line = |one: &Enrolment| {
            let Enrolment { officer, name, roles, office, state, key, spki: _, certified: _ } = one;
            let (state, roles) = (session.words.enrolment_state(state), session.words.roles(roles, ","));
            format!("{officer} {state} {roles} {office} {name} {}", key.as_deref().unwrap_or("-"))
        };
        enrolments.iter().map(line).collect::<Vec<_>>().join("\n")
    })
}

/// What a grant for an enrolled key says, but for the person and the period.
pub(super) fn to_be_granted(session: &Session, id: &str) -> anyhow::Result<Value> {
    let found = session.api.enrolments()?.into_iter().find(|one| one.officer == id);
    let found = found.with_context(|| session.words.no_enrolment(id))?;
    let spki = found.spki.with_context(|| session.words.no_key_presented(id))?;
    Ok(json!({
        "officer": found.officer, "spki": spki, "name_shown": found.name, "roles": found.roles,
        "office": found.office,
    }))
}

pub(super) fn enrol(args: &EnrolArgs) -> anyhow::Result<()> {
    let EnrolArgs { door, terms, csr_key, yes, code_file, kind } = args;
    let words = Words(door.language.into()).speak();
    let client = client(door)?;
    let key: Option<Arc<dyn OfficerKey>> = match (&door.key, csr_key) {
        (Some(uri), _) => Some(Arc::new(officer_key::found_or_made(uri, *kind)?)),
        (None, Some(file)) => Some(key_from_pem(&files::read(file)?)?),
        (None, None) => None,
    };
    let csr = match (&key, &door.key) {
        (Some(key), Some(_)) => request_for_certification(&**key)?,
        (_, _) => request_in_file(door)?,
    };
    // Before the code is used up by a file that holds none.
    let possessed = VerifiedCsr::parse(csr.as_bytes()).map_err(|error| anyhow::anyhow!(error.sentence()))?;
    let acceptance = match terms {
        None => None,
        Some(file) => {
            let key = key.as_ref().with_context(|| words.which_csr_key())?;
            Some(Terms::read(file)?.accepted(&**key, words, *yes, World::real().clock.now())?)
        }
    };
    let code = match code_file {
        Some(file) => files::read_text(file)?,
        None => asked(words)?,
    };
    let officer = client.enrol(code.trim(), &csr, acceptance.as_deref())?;
    println!("{}", words.enrolled(officer));
    println!("{}", words.read_out(possessed.spki().fingerprint()));
    Ok(())
}

pub(super) fn fetch(door: &DoorArgs, out: Option<&Path>) -> anyhow::Result<()> {
    let words = Words(door.language.into()).speak();
    let client = client(door)?;
    let fetched = |csr: &str| -> anyhow::Result<Vec<u8>> {
        hex::decode(client.certificate(csr)?).with_context(|| words.certificate_unread())
    };
    if let Some(uri) = &door.key {
        let (card, key) = officer_key::found(uri)?;
        let certificate = fetched(&request_for_certification(&key)?)?;
        officer_key::keep_certificate(&card, &key, uri, &certificate)?;
        println!("{}", words.certificate_on_card(card.label(), uri));
        return Ok(());
    }
    let out = out.with_context(|| words.say_where())?;
    let certificate = fetched(&request_in_file(door)?)?;
    let authority = files::read_text(&door.api_ca)?;
    files::write(out, format!("{}{authority}", to_pem(PemLabel::Certificate, &certificate)).as_bytes())?;
    println!("{}", out.display());
    Ok(())
}

/// A request that another program made: nothing says where its key lies, so it is for development only.
fn request_in_file(door: &DoorArgs) -> anyhow::Result<String> {
    ensure!(any_of_development(&tls::certificates(&door.api_ca)?)?, Words::spoken().csr_for_development());
    files::read_text(door.csr.as_deref().with_context(|| Words::spoken().key_or_csr())?)
}

/// Certifies the key that was presented if the register has it for an officer, and no other: whoever changed the row gains
/// nothing.
pub(super) fn certify(config: &Path, id: OfficerId) -> anyhow::Result<()> {
    let settings = installation::load(config)?;
    let store = installation::open_store(&settings)?;
    let found = store.enrolment(id)?;
    let found = found.with_context(|| format!("there is no enrolment of {id}"))?;
    let key = found.presented.with_context(|| format!("no key was presented for {id} yet"))?.key;
    let grants = store.grants_after(0)?.into_iter().map(|grant| (grant.bytes, grant.signatures));
    let register =
        Register::replay(&installation::pins(&settings)?, grants).map_err(|(place, refusal)| {
            anyhow::Error::new(refusal).context(format!("grant {place} of the database"))
        })?;
    let world = World::real();
    let now = world.clock.now();
    // Under the identifier of the enrolment, or, with a new key in the place of the one before, under their own.
    let appointed = register.by_key(key.fingerprint()).filter(|one| one.is_active(now));
    let appointed = appointed.with_context(|| {
        format!("two security officers have not appointed {id} with this key: nothing is certified")
    })?;
    let certificate = OperationsCa::at(&settings.paths.state).certify(&key, &found.name, now)?;
    let what = EventKind::OfficerCertified {
        officer: appointed.officer,
        certificate: Sha256Digest::of(&certificate),
    };
    let event = Event::new(&*world.random, now, Actor::Operator("officer-certify".into()), what)?;
    ensure!(store.certify_enrolment(id, &certificate, &event)?, "the enrolment of {id} is gone");
    println!("certified; the officer fetches it with `ndoba officer fetch-certificate`");
    Ok(())
}

fn client(door: &DoorArgs) -> anyhow::Result<EnrolmentClient> {
    tls::install_provider()?;
    Ok(EnrolmentClient::new(&door.url, &tls::certificates(&door.api_ca)?))
}

fn asked(words: Words) -> anyhow::Result<String> {
    eprint!("{}", words.the_code());
    std::io::stderr().flush()?;
    let mut line = String::new();
    std::io::stdin().lock().read_line(&mut line)?;
    Ok(line)
}
