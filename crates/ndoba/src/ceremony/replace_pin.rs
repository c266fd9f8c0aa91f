//! `ndoba ceremony replace-pin`: other pinned security officers (design §3, ADR 0026).
//!
//! It changes nothing that anybody believes: it writes what two operators put into the configuration of `ca` and `registration`,
//! and the document that then joins the register.

use anyhow::Context as _;
use ndoba_audit::{Actor, Event, EventKind, EventSink};
use ndoba_ceremony::{Attendance, Mode, Phase, PinnedOfficer, Report, StepRecord};
use ndoba_client::Identity;
use ndoba_order::{
    Appointment, GrantDocument, MediaType, NewlyPinned, Pins, Register, ReplacePin, SignerRole, describe,
};
use ndoba_registration::ports::Registry as _;
use ndoba_settings::Settings;
use ndoba_store::Store;
use ndoba_types::{OfficerId, Sha256Digest};
use serde::{Deserialize, Serialize};

use crate::cli::ReplacePinArgs;
use crate::command::session::consent;
use crate::command::terminate::register;
use crate::files;
use crate::installation::{self, World};
use crate::operations_ca::OperationsCa;
use crate::words::Words;

/// The document as it goes to the register: what the API takes.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct SignedPin {
    /// The canonical JSON text.
    pub(crate) content: String,
    /// Flattened JWS.
    pub(crate) signatures: Vec<String>,
}

/// What the report says in the place of signatures, for all to see.
const NOBODY_OF_BEFORE: &str = "NO SECURITY OFFICER OF BEFORE SIGNED THIS. Nothing but the witnesses who sign below stands for it: \
     whoever believes this pin believes them.";

/// Holds it.
pub(crate) fn run(args: &ReplacePinArgs) -> anyhow::Result<()> {
    anyhow::ensure!(
        args.names.len() == args.officers.len(),
        "give a --name for each --officer, in the same order"
    );
    anyhow::ensure!(
        args.known_as.len() == args.officers.len(),
        "give a --known-as for each --officer, in the same order: `-` for who is new"
    );
    anyhow::ensure!(
        !args.out.exists(),
        "{} is there already: name another folder with --out",
        args.out.display()
    );
    // No token of the services is used, and a card may be in a reader of its own.
    let settings = Settings::load(&args.config.config)?;
    let (store, world) = (installation::open_store(&settings)?, World::of(&settings)?);
    // A database that went back leaves other documents in force than officers saw.
    let register = register(&settings, &store)?;
    let pins = installation::pins(&settings)?;
    anyhow::ensure!(
        register.has_newest_pin(),
        "the pin of before has not joined the register: `ndoba officer adopt-pin` first"
    );

    // 1. The keys that are to be pinned are here.
    Words(args.language.into()).speak();
    let operations = OperationsCa::at(&settings.paths.state);
    let now = world.clock.now();
    let mut coming = Vec::new();
    for (key, name) in args.officers.iter().zip(&args.names) {
        coming.push(key.identity_or_certified(&operations, name, now)?);
    }
    let document = written(args, &world, &register, &pins, &coming)?;
    let content = GrantDocument::ReplacePin(document.clone()).to_bytes()?;
    let digest = Sha256Digest::of(&content);
    let next = pins.with(document.clone())?;

    // 2. Shown to each, and signed.
    let lines = describe(&content, args.language.into())?;
    let sign = |officer: &Identity, role| -> anyhow::Result<String> {
        let words = Words(args.language.into());
        anyhow::ensure!(consent(words, &lines, role, args.yes), "the officer said no: no pin was replaced");
        Ok(officer.sign(MediaType::Grant, &content, role, None, world.clock.now())?)
    };
    let mut signatures =
        coming.iter().map(|one| sign(one, SignerRole::Appointed)).collect::<anyhow::Result<Vec<_>>>()?;
    let mut before = Vec::new();
    for key in [&args.before, &args.second].into_iter().flatten() {
        let officer = key.identity()?;
        signatures.push(sign(&officer, SignerRole::SecurityOfficer)?);
        before.push(officer.fingerprint());
    }

    // 3. By the rule of everybody who will judge it.
    let grants = store.grants()?.into_iter().map(|grant| (grant.document, grant.signatures));
    let mut judged = Register::replay(&next, grants)
        .map_err(|(_, refusal)| anyhow::Error::new(refusal).context("these officers cannot be pinned"))?;
    judged.append_new(&content, &signatures, world.clock.now()).context("the pin would not be believed")?;

    // 4. Written: the report last, whose presence says that the ceremony was held to its end.
    let report = report(args, &settings, &world, &document, &register, &before)?;
    let json = report.to_json();
    log(&store, &world, digest, EventKind::CeremonyStarted { plan: digest })?;
    log(
        &store,
        &world,
        digest,
        EventKind::CeremonyFinished { plan: digest, report: Sha256Digest::of(&json) },
    )?;
    let file = |name: &str| args.out.join(name);
    let content = String::from_utf8(content)?;
    files::write(&file("document.json"), &serde_json::to_vec_pretty(&SignedPin { content, signatures })?)?;
    files::write(&file("officers.pin.json"), &next.to_bytes()?)?;
    files::write(&file("report.txt"), report.to_text().as_bytes())?;
    files::write(&file("report.json"), &json)?;
    println!("pin sha256 {digest}");
    if before.is_empty() {
        println!("{NOBODY_OF_BEFORE}");
    }
    println!("The report is in {}", file("report.txt").display());
    println!(
        "Two operators put {} in the place of `paths.officers_pin` of `ca` and `registration`, and restart both; then \
         `ndoba officer adopt-pin`",
        file("officers.pin.json").display()
    );
    Ok(())
}

/// What is to be signed.
fn written(
    args: &ReplacePinArgs,
    world: &World,
    register: &Register,
    pins: &Pins,
    coming: &[Identity],
) -> anyhow::Result<ReplacePin> {
    let mut security_officers = Vec::new();
    for ((identity, name), known_as) in coming.iter().zip(&args.names).zip(&args.known_as) {
        let known = known(register, identity.fingerprint(), known_as.0)?;
        security_officers.push(NewlyPinned {
            officer: known.map_or_else(|| OfficerId::generate(&*world.random), |one| Ok(one.officer))?,
            person: known.and_then(|one| one.person),
            name_shown: name.clone(),
            spki: identity.fingerprint(),
            key: identity.public_key().clone(),
        });
    }
    Ok(ReplacePin {
        installation: register.installation(),
        seq: register.next_seq(),
        prev: register.head(),
        pin: pins.digest()?,
        security_officers,
        reason: args.reason.clone(),
        created: world.clock.now().floor_to_second(),
    })
}

/// Who stays, stays the officer and the person that they are, whatever card they bring: what they held before ends.
fn known(
    register: &Register,
    key: Sha256Digest,
    known_as: Option<OfficerId>,
) -> anyhow::Result<Option<&Appointment>> {
    let by_key = register.by_key(key);
    let Some(officer) = known_as else { return Ok(by_key) };
    if let Some(other) = by_key.map(|one| one.officer).filter(|other| *other != officer) {
        anyhow::bail!("--known-as {officer}: the key is that of officer {other}");
    }
    let known = register.officer(officer);
    Ok(Some(known.with_context(|| format!("--known-as {officer}: the register has no such officer"))?))
}

/// What becomes of the roles that they held (P-03).
fn roles_of_before(document: &ReplacePin, register: &Register) -> String {
    let told = document.security_officers.iter().map(|one| match register.officer(one.officer) {
        None => format!("{} is new to the register", one.name_shown),
        Some(before) if before.ended.is_some() => format!("{} held none any more", one.name_shown),
        Some(before) => {
            let roles: Vec<_> = before.roles.iter().map(|role| role.name()).collect();
            format!("{} held {}, which ends with it", one.name_shown, roles.join(", "))
        }
    });
    told.collect::<Vec<_>>().join("; ")
}

fn report(
    args: &ReplacePinArgs,
    settings: &Settings,
    world: &World,
    document: &ReplacePin,
    register: &Register,
    before: &[Sha256Digest],
) -> anyhow::Result<Report> {
    let digest = Sha256Digest::of(&GrantDocument::ReplacePin(document.clone()).to_bytes()?);
    let attendance = Attendance {
        mode: match settings.mode {
            ndoba_settings::Mode::Development => Mode::Development,
            ndoba_settings::Mode::Production => Mode::Production,
        },
        place: args.place.clone(),
        security_officers: args.names.clone(),
        witnesses: args.witnesses.clone(),
    };
    let software = concat!("ndoba ", env!("CARGO_PKG_VERSION"));
    let mut report = Report::attended(&attendance, digest, &document.installation.to_string(), software);
    let at = world.clock.now().to_string();
    report.date.clone_from(&at);
    report.warning = before.is_empty().then(|| NOBODY_OF_BEFORE.to_owned());
    report.officers = document
        .security_officers
        .iter()
        .map(|one| PinnedOfficer {
            name: one.name_shown.clone(),
            officer: one.officer.to_string(),
            key: one.spki.to_string(),
        })
        .collect();
    let of_before = match before {
        [] => "none".to_owned(),
        keys => keys.iter().map(ToString::to_string).collect::<Vec<_>>().join(", "),
    };
    let steps = [
        (
            format!("The pin is replaced: {}", document.reason),
            format!(
                "the pin of before is sha256 {}; of the register {} documents stay in force, the last one is sha256 {}",
                document.pin,
                document.seq - 1,
                document.prev
            ),
        ),
        (
            format!("The keys of {} sign that they are there", args.names.join(", ")),
            format!("pin sha256 {digest}"),
        ),
        (
            "Those who are pinned hold no other role, under no other name or card".into(),
            roles_of_before(document, register),
        ),
        ("Security officers of before sign".into(), format!("keys sha256 {of_before}")),
    ];
    for (number, (description, evidence)) in (1..).zip(steps) {
        report.steps.push(StepRecord {
            number,
            phase: Phase::Appointment,
            description,
            at: at.clone(),
            evidence,
        });
    }
    Ok(report)
}

fn log(store: &Store, world: &World, plan: Sha256Digest, what: EventKind) -> anyhow::Result<()> {
    let actor = Actor::Ceremony(plan);
    Ok(EventSink::record(store, &[Event::new(&*world.random, world.clock.now(), actor, what)?])?)
}
