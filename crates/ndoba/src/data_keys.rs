//! Data keys: made, wrapped by the token of registration, and taken out of it again (ADR 0020).

use std::sync::Arc;

use anyhow::Context as _;
use ndoba_audit::{Actor, Event, EventKind, Word};
use ndoba_hsm::Token;
use ndoba_registration::ports::{Act, DataKeyRegistry as _, Vault, WrappedDataKey};
use ndoba_registration::sealed::{DataKeys, RawDataKey, wrapping_context};
use ndoba_store::Store;
use ndoba_types::{InstallationId, KeyLabel, Random};
use zeroize::Zeroizing;

use crate::installation::World;

/// Draws the next data key and keeps it wrapped; its number.
pub(crate) fn make(
    token: &Token,
    label: &KeyLabel,
    store: &Store,
    world: &World,
    actor: Actor,
) -> anyhow::Result<u32> {
    let number = store.data_keys()?.last().map_or(0, |key| key.number) + 1;
    let raw = RawDataKey::generate(&*world.random)?;
    let mut nonce = [0; 12];
    world.random.fill(&mut nonce)?;
    let context = wrapping_context(store.installation(), number);
    let wrapped = token.wrap(label, &context, nonce, Zeroizing::new(raw.expose().to_vec()))?;
    // What cannot be unwrapped again must seal nothing.
    let back = token.unwrap(label, &context, &wrapped)?;
    anyhow::ensure!(back[..] == raw.expose()[..], "the token unwraps another key than it wrapped");
    let created = world.clock.now();
    let serial = token.info().map(|info| info.serial).unwrap_or_default();
    let made = EventKind::DataKeyMade {
        number: number.into(),
        wrapped_by: label.clone(),
        token: serial.parse().unwrap_or_else(|_| Word::from("unprintable")),
    };
    let event = Event::new(&*world.random, created, actor, made)?;
    // The public half alone, for what is sealed while the token is away.
    let random = Arc::clone(&world.random);
    let keys = DataKeys::new(store.installation(), &[(number, raw)], random);
    let public =
        keys.as_ref().and_then(DataKeys::public).context("the data key has no public half")?.to_vec();
    let key = WrappedDataKey { number, wrapped_by: label.to_string(), wrapped, public, created };
    store.add_data_key(&key, Act { events: &[event], receipt: None })?;
    Ok(number)
}

/// Has the token unwrap data keys.
pub(crate) fn unwrap(
    token: &Token,
    wrapped: &[WrappedDataKey],
    installation: InstallationId,
    random: &Arc<dyn Random>,
) -> anyhow::Result<DataKeys> {
    let mut raw = Vec::new();
    for WrappedDataKey { number, wrapped_by, wrapped, public: _, created: _ } in wrapped {
        let label: KeyLabel = wrapped_by.parse().context("a data key names no key that wrapped it")?;
        let octets = token
            .unwrap(&label, &wrapping_context(installation, *number), wrapped)
            .with_context(|| format!("the data key {number} cannot be unwrapped"))?;
        let key = RawDataKey::from_unwrapped(&octets);
        raw.push((*number, key.with_context(|| format!("the data key {number} is not of 32 octets"))?));
    }
    DataKeys::new(installation, &raw, Arc::clone(random))
        .context("there is no data key: make one with `ndoba registration data-key`")
}

/// Keys that a command has taken out once.
pub(crate) struct Taken(pub(crate) Arc<DataKeys>);

impl Vault for Taken {
    fn keys(&self) -> Option<Arc<DataKeys>> {
        Some(Arc::clone(&self.0))
    }
}
