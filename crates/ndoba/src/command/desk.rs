//! `ndoba officer desk-key` and `authorise-desk`: the key by which subscribers' codes suspend.

use std::path::Path;
use std::time::Duration;

use anyhow::Context as _;
use ndoba_audit::{Actor, Event, EventKind, EventSink as _, Word};
use ndoba_hsm::KeySpec;
use ndoba_types::Span;
use ndoba_x509::{PemLabel, to_pem};
use serde_json::json;

use super::officer::decided_by_two;
use super::session::Session;
use crate::cli::{ApiArgs, ConfigArgs};
use crate::files;
use crate::installation::{self, World};
use crate::officer_key::OfficerRef;
use crate::tokens::Tokens;

/// How long the token may take to be there.
const TOKEN_WAIT: Duration = Duration::from_secs(30);

/// Makes the key, or finds the one that is there, and writes its public half.
pub(super) fn make_key(config: &ConfigArgs) -> anyhow::Result<()> {
    let settings = installation::load(&config.config)?;
    let desk = settings.desk.as_ref().context("the configuration has no section [desk]")?;
    let store = installation::open_store(&settings)?;
    let world = World::of(&settings)?;
    let tokens = Tokens::start(&settings, |name| name == desk.key.token)?;
    tokens.wait_ready(TOKEN_WAIT)?;
    let token = tokens.get(&desk.key.token)?;
    let label = &desk.key.label;
    if !token.list()?.into_iter().any(|listed| listed.label.as_ref() == Some(label)) {
        let made = token.generate(label, KeySpec::P256)?;
        let spki = made.public_key.context("the token has no public half of the key")?;
        let event = EventKind::KeyGenerated {
            key: label.clone(),
            spki: spki.fingerprint(),
            algorithm: Word::from(KeySpec::P256.name()),
            token: desk.key.token.parse().unwrap_or_else(|_| Word::from("token")),
        };
        let actor = Actor::Operator("officer-desk-key".into());
        store.record(&[Event::new(&*world.random, world.clock.now(), actor, event)?])?;
    }
    // Read back, whoever made it (requirements P-41).
    let found = token.inspect(label)?;
    let offending = found.offending();
    anyhow::ensure!(offending.is_empty(), "the key {label} must not be used: {}", offending.join(", "));
    let spki = found.public_key.context("the token has no public half of the key")?;
    files::write(&desk.public_key, to_pem(PemLabel::PublicKey, spki.as_der()).as_bytes())?;
    println!("{}", desk.public_key.display());
    Ok(())
}

/// Two security officers grant the key its role.
pub(super) fn authorise(api: &ApiArgs, second: &OfficerRef, key: &Path, days: u32) -> anyhow::Result<()> {
    let session = Session::open(api)?;
    let now = session.world.clock.now();
    let request = json!({
        "kind": "grant",
        "service": "desk",
        "name_shown": "revocation desk",
        "spki": hex::encode(installation::public_key(key)?.as_der()),
        "roles": ["desk"],
        "office": "GE",
        "not_after": now.plus(Span::days(days)).floor_to_second().to_string(),
    });
    let granted = decided_by_two(&session, &request, second)?;
    session.print(&granted, || session.words.authorised(granted.seq))
}
