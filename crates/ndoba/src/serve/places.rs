//! The role `ca` and the tokens of its keys: a key that turned up where nobody put it is not used, and health says so.

use std::sync::Arc;

use ndoba_audit::Actor;
use ndoba_ca::{IssuingCa, KeyWatch};
use ndoba_hsm::KeyVerdict;
use ndoba_settings::Settings;

use super::Process;
use crate::places::{CaKey, place, serial};

/// The part of health that tells of a CA's key.
pub(super) fn part(ca: &ndoba_types::CaName) -> String {
    format!("CA key {ca}")
}

/// The keys of a process.
pub(super) struct Places(Vec<(CaKey, Arc<dyn KeyWatch>)>);

impl Places {
    /// The keys that the role has opened.
    pub(super) fn of(settings: &Settings, authorities: &[IssuingCa]) -> anyhow::Result<Self> {
        let opened = |ca: CaKey| {
            let authority = authorities.iter().find(|one| one.name == ca.ca)?;
            Some((ca, Arc::clone(&authority.watch)))
        };
        Ok(Self(CaKey::all(settings)?.into_iter().filter_map(opened).collect()))
    }

    /// What was accepted since counts. A key of which no place is known yet was made before places were: it is where it is found.
    pub(super) fn look(&self, process: &Process) -> anyhow::Result<()> {
        for (ca, key) in &self.0 {
            let token = process.tokens.get(&ca.key.token)?;
            let known = ca.hold(&process.store, &process.tokens)?;
            let judged = token.judged_keys().into_iter().find(|one| one.label == ca.key.label);
            match judged.map(|one| one.verdict) {
                Some(KeyVerdict::Refused { .. }) => {
                    process.health.set_failed(&part(&ca.ca), key.away().unwrap_or_default());
                }
                Some(KeyVerdict::Opened) if !known => {
                    let (store, world) = (&process.store, &process.world);
                    let found = (&ca.key.label, &ca.spki);
                    place(store, world, Actor::Role("ca".into()), found, &serial(token)?, None)?;
                    process.health.set_ok(&part(&ca.ca));
                }
                // A token that is away has a part of its own.
                Some(KeyVerdict::Opened | KeyVerdict::Absent) | None => process.health.set_ok(&part(&ca.ca)),
            }
        }
        Ok(())
    }
}
