//! A unit's keys, one after the other: which one signs now, and the end of the one before.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use anyhow::Context as _;
use ndoba_audit::EventKind;
use ndoba_hsm::KeyError;
use ndoba_settings::TsaUnit;
use ndoba_tsa::Stamper;
use ndoba_types::{KeyLabel, Sha256Digest, UtcTime};

use super::{Shared, stamper};
use crate::installation;
use crate::serve::{Process, record_one};
use crate::succession::{self, Successor};

/// A key of a unit at work, or waiting for its time.
pub(super) struct Line {
    pub(super) stamper: Stamper,
    /// From when on it signs; the first one has no such time.
    from: Option<UtcTime>,
    /// Whether the audit log has heard that it signs.
    pub(super) announced: AtomicBool,
    /// The key before.
    before: Option<Mutex<Ending>>,
}

/// What becomes of a key that was succeeded.
struct Ending {
    key: KeyLabel,
    spki: Sha256Digest,
    state: EndingState,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum EndingState {
    InToken,
    /// And the audit log has not heard of it.
    Destroyed,
    Over,
}

/// A unit's keys in their order; the first is the configuration's.
pub(super) struct Lines(RwLock<Vec<Arc<Line>>>);

impl Lines {
    /// Opens them all.
    pub(super) fn open(process: &Process, shared: &Shared, unit: &TsaUnit) -> anyhow::Result<Self> {
        let certificate = installation::certificate(&unit.certificate)?;
        let first = Line {
            stamper: stamper(process, shared, unit, &unit.key, &certificate)?,
            from: None,
            announced: AtomicBool::new(false),
            before: None,
        };
        let lines = Self(RwLock::new(vec![Arc::new(first)]));
        lines.catch_up(process, shared, unit)?;
        Ok(lines)
    }

    /// All of them.
    pub(super) fn all(&self) -> Vec<Arc<Line>> {
        // Only ever pushed to: whole whatever happened to the thread that held it.
        self.0.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The one whose turn it is, and the one before it.
    pub(super) fn turn(&self, now: UtcTime) -> (Arc<Line>, Option<Arc<Line>>) {
        let lines = self.0.read().unwrap_or_else(PoisonError::into_inner);
        let place = lines.iter().rposition(|line| line.from.is_none_or(|from| from <= now)).unwrap_or(0);
        // The first one has no time to wait for, so that there is always one.
        (Arc::clone(&lines[place]), place.checked_sub(1).map(|before| Arc::clone(&lines[before])))
    }

    /// Opens what was adopted since; whether there was any.
    pub(super) fn catch_up(
        &self,
        process: &Process,
        shared: &Shared,
        unit: &TsaUnit,
    ) -> anyhow::Result<bool> {
        let successors = succession::read(&process.settings, &unit.name)?;
        let known = self.all();
        let new = successors.get(known.len() - 1..).unwrap_or_default();
        for successor in new {
            let line = Arc::new(Line::of(process, shared, unit, successor, &self.all())?);
            self.0.write().unwrap_or_else(PoisonError::into_inner).push(line);
        }
        Ok(!new.is_empty())
    }
}

impl Line {
    fn of(
        process: &Process,
        shared: &Shared,
        unit: &TsaUnit,
        successor: &Successor,
        earlier: &[Arc<Self>],
    ) -> anyhow::Result<Self> {
        let Successor { key: label, certificate, from, order: _, destroys } = successor;
        let certificate = installation::certificate(certificate)?;
        let key = unit.key.beside(label.clone());
        let before = earlier.last().context("a unit has at least its first key")?;
        Ok(Self {
            stamper: stamper(process, shared, unit, &key, &certificate)?,
            from: Some(*from),
            announced: AtomicBool::new(false),
            before: Some(Mutex::new(Ending {
                key: before.stamper.key_label().clone(),
                spki: *destroys,
                state: EndingState::InToken,
            })),
        })
    }

    /// Says which key stamps from now on; that the one before has ended too, where it was said to stamp (OVR-7.12-02).
    pub(super) fn announce(
        &self,
        process: &Process,
        unit: &str,
        before: Option<&Self>,
    ) -> anyhow::Result<()> {
        if self.announced.load(Ordering::Relaxed) {
            return Ok(());
        }
        if before.is_some_and(|before| before.announced.load(Ordering::Relaxed)) {
            let stopped = EventKind::TsuStopped { tsu: unit.parse()?, code: "superseded".into() };
            record_one(process, "tsa", stopped)?;
        }
        let activated = EventKind::TsuActivated {
            tsu: unit.parse()?,
            key: self.stamper.key_label().clone(),
            certificate: Sha256Digest::of(self.stamper.unit().certificate()),
        };
        record_one(process, "tsa", activated)?;
        self.announced.store(true, Ordering::Relaxed);
        Ok(())
    }

    /// Destroys the key before, once this one has been in use for as long as is configured (TIS-7.6.7-08).
    pub(super) fn end_before(&self, process: &Process, unit: &TsaUnit, now: UtcTime) -> anyhow::Result<()> {
        let (Some(before), Some(from)) = (&self.before, self.from) else { return Ok(()) };
        if now < from.plus(process.settings.tsa.destroy_after) {
            return Ok(());
        }
        // By this unit's one thread: the lock is never waited for.
        let mut ending = before.lock().unwrap_or_else(PoisonError::into_inner);
        if ending.state == EndingState::InToken {
            ending.state = ending.destroy(process, unit)?;
        }
        if ending.state == EndingState::Destroyed {
            let event = EventKind::KeyDestroyed { key: ending.key.clone(), spki: ending.spki };
            record_one(process, "tsa", event)?;
            ending.state = EndingState::Over;
        }
        Ok(())
    }
}

impl Ending {
    fn destroy(&self, process: &Process, unit: &TsaUnit) -> anyhow::Result<EndingState> {
        let Self { key, spki, state: _ } = self;
        let token = process.tokens.get(&unit.key.token)?;
        let found = match token.inspect(key) {
            Ok(found) => found,
            // Destroyed in an earlier run.
            Err(KeyError::NotFound { .. }) => return Ok(EndingState::Over),
            Err(error) => return Err(error.into()),
        };
        let public = found.public_key.context("the token has no public half of the key")?;
        anyhow::ensure!(
            public.fingerprint() == *spki,
            "the key {key} in the token is not the one that officers let be destroyed; look at it with \
             `ndoba keys list`"
        );
        token.destroy(key)?;
        tracing::info!(unit = unit.name, %key, "the key was succeeded and is destroyed");
        Ok(EndingState::Destroyed)
    }
}
