//! `ndoba ceremony accept-key`: a CA's key that was restored into another token, accepted there by two security officers
//! (EN 319 411-1 GEN-6.5.4-01; ADR 0023). Nothing is signed with it.

use std::path::Path;

use anyhow::Context as _;
use ndoba_order::Act;
use ndoba_types::{CaName, Sha256Digest};

use super::terminate::{TOKEN_PATIENCE, register};
use crate::cli::PresentArgs;
use crate::installation::{self, World};
use crate::places::{CaKey, place, serial};
use crate::presence::{Opening, recorded};
use crate::succession::public_half;
use crate::tokens::Tokens;

/// Judges the key, has two sign, and records the token.
pub(crate) fn run(config: &Path, present: &PresentArgs, ca: &CaName) -> anyhow::Result<()> {
    let settings = installation::load(config)?;
    let (store, world) = (installation::open_store(&settings)?, World::of(&settings)?);
    let register = register(&settings, &store)?;
    let CaKey { ca, key, spki } = CaKey::all(&settings)?
        .into_iter()
        .find(|one| one.ca == *ca)
        .with_context(|| format!("no CA {ca} with a key is configured here"))?;

    let tokens = Tokens::start(&settings, |token| token == key.token)?;
    tokens.wait_ready(TOKEN_PATIENCE)?;
    let token = tokens.get(&key.token)?;
    let found = token.inspect(&key.label)?;
    let offending = found.offending();
    anyhow::ensure!(offending.is_empty(), "the key {} must not be used: {}", key.label, offending.join(", "));
    anyhow::ensure!(
        public_half(&found)? == spki,
        "{} is another key than that of {ca}'s certificate",
        key.label
    );
    let serial = serial(token)?;
    let known = store.key_places(spki.fingerprint())?;
    anyhow::ensure!(!known.contains(&serial), "{} may be used in the token {serial} already", key.label);

    let told = format!(
        "The key {} of the CA {ca} (SHA-256 {}) is accepted in the token {serial}; known so far: {}",
        key.label,
        spki.fingerprint(),
        if known.is_empty() { "none".into() } else { known.join(", ") }
    );
    let opening = Opening {
        settings: &settings,
        register: &register,
        world: &world,
        tokens: &tokens,
        act: Act::AcceptKey,
        decided: Sha256Digest::of(told.as_bytes()),
    };
    let there = opening.by(present, &[told])?.attended;
    let actor = recorded(&store, &world, &there)?;
    place(&store, &world, actor, (&key.label, &spki), &serial, Some(there.digest()))?;
    println!(
        "{} of {ca} may be used in the token {serial}; a running role takes it up within seconds",
        key.label
    );
    Ok(())
}
