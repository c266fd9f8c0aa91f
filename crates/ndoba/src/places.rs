//! In which tokens a CA's key may be used: where it was made, or where two security officers accepted it (EN 319 411-1
//! GEN-6.5.2-06, GEN-6.5.4-01; ADR 0023). An HSM restores keys by its own means; what comes back elsewhere signs nothing here.

use anyhow::Context as _;
use ndoba_audit::{Actor, Event, EventKind, Word};
use ndoba_hsm::Token;
use ndoba_settings::{CertificationAuthority, KeyRef, Settings};
use ndoba_store::Store;
use ndoba_types::{CaName, IssueCertificates, KeyLabel, Purpose as _, Sha256Digest, SubjectPublicKeyInfo};

use crate::installation::{self, World};
use crate::tokens::Tokens;

/// A CA's key, and where its configuration looks for it.
pub(crate) struct CaKey {
    pub(crate) ca: CaName,
    pub(crate) key: KeyRef,
    pub(crate) spki: SubjectPublicKeyInfo,
}

impl CaKey {
    pub(crate) fn of(ca: &CertificationAuthority, key: &KeyRef, spki: &SubjectPublicKeyInfo) -> Self {
        Self { ca: ca.name.clone(), key: key.clone(), spki: spki.clone() }
    }

    /// Those whose keys this process has.
    pub(crate) fn all(settings: &Settings) -> anyhow::Result<Vec<Self>> {
        let with_keys = settings.cas.iter().filter_map(|ca| ca.key.as_ref().map(|key| (ca, key)));
        with_keys
            .map(|(ca, key)| Ok(Self::of(ca, key, installation::certificate(&ca.certificate)?.spki())))
            .collect()
    }

    /// Holds the key, which is open, to its places. Whether any is known: installations from before there were any have none
    /// until the role `ca` first finds the key.
    pub(crate) fn hold(&self, store: &Store, tokens: &Tokens) -> anyhow::Result<bool> {
        let homes = store.key_places(self.spki.fingerprint())?;
        if !homes.is_empty() {
            tokens.get(&self.key.token)?.keep_to(&self.key.label, &homes);
        }
        Ok(!homes.is_empty())
    }
}

/// The serial number of a token that is there.
pub(crate) fn serial(token: &Token) -> anyhow::Result<String> {
    Ok(token.info().with_context(|| format!("the token {} says nothing of itself", token.name()))?.serial)
}

/// A key was made in the token: if it is a CA's, that is its first place.
pub(crate) fn made(
    store: &Store,
    world: &World,
    actor: Actor,
    key: (&KeyLabel, &SubjectPublicKeyInfo),
    token: &Token,
) -> anyhow::Result<()> {
    if key.0.purpose() == IssueCertificates::KEY {
        place(store, world, actor, key, &serial(token)?, None)?;
    }
    Ok(())
}

/// Lets a CA's key be used in the token that is there, from now on. `session` – of those who accepted it.
pub(crate) fn place(
    store: &Store,
    world: &World,
    actor: Actor,
    (label, spki): (&KeyLabel, &SubjectPublicKeyInfo),
    serial: &str,
    session: Option<Sha256Digest>,
) -> anyhow::Result<()> {
    let (key, now) = (spki.fingerprint(), world.clock.now());
    let token: Word = serial.parse().unwrap_or_else(|_| "unprintable".into());
    let what = EventKind::KeyPlaced { key: label.clone(), spki: key, token, session };
    let event = Event::new(&*world.random, now, actor, what)?;
    store.place_key(key, label, serial, now, &event)?;
    Ok(())
}
