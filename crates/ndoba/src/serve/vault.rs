//! The data keys of the `registration` role: out of their token once it is there, and in memory until the process ends.
//!
//! A token that goes away later takes nothing with it, so that officers go on, and revocation above all. A process that
//! was started without it answers `records.locked` until it comes, but takes requests to revoke, whose evidence it seals to
//! the key's public half; a data key that another process made is fetched when
//! it is seen. Rows from before there was a data key, and those under an older one, are sealed anew.

use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use ndoba_audit::EventKind;
use ndoba_hsm::{Token, TokenState};
use ndoba_registration::ports::{DataKeyRegistry as _, Vault, WrappedDataKey};
use ndoba_registration::sealed::{DataKeys, PublicDataKey};

use super::background::{Background, Next};
use super::{Process, record_one};
use crate::data_keys;

/// The part of the `registration` role in `/health/ready`.
pub(super) const PART: &str = "data key";
/// Between two looks for the token and for newer keys.
const LOOK: Duration = Duration::from_secs(1);
/// How long a start waits for the token before officers are answered: a token that is there takes a moment to log in to.
const PATIENCE: Duration = Duration::from_secs(10);
/// Rows of each kind that are sealed anew in one transaction: others wait for it.
const BATCH: u32 = 100;

/// The keys, once there are any, and the newest one's public half.
#[derive(Default)]
pub(crate) struct TokenVault {
    keys: RwLock<Option<Arc<DataKeys>>>,
    public: RwLock<Option<Arc<PublicDataKey>>>,
}

impl Vault for TokenVault {
    fn keys(&self) -> Option<Arc<DataKeys>> {
        // Replaced whole; a panic elsewhere leaves nothing half-written.
        self.keys.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn public(&self) -> Option<Arc<PublicDataKey>> {
        self.public.read().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl TokenVault {
    fn put(&self, keys: DataKeys) {
        *self.keys.write().unwrap_or_else(PoisonError::into_inner) = Some(Arc::new(keys));
    }

    fn put_public(&self, key: Option<PublicDataKey>) {
        *self.public.write().unwrap_or_else(PoisonError::into_inner) = key.map(Arc::new);
    }

    /// Whether it has just these keys.
    fn has(&self, stored: &[WrappedDataKey]) -> bool {
        self.keys().is_some_and(|keys| keys.numbers().eq(stored.iter().map(|key| key.number)))
    }
}

/// Waits for the token, but not for ever, and starts looking.
pub(super) fn watch(process: &Arc<Process>, background: &mut Background) -> anyhow::Result<()> {
    let process = Arc::clone(process);
    let mut watch = Watch { unsealed: true, sealed: 0, told: None };
    if let Some(configured) = &process.settings.data_key {
        await_token(process.tokens.get(&configured.token)?);
    }
    watch.look(&process);
    background.run("data-key", move || watch.look(&process))
}

/// Until it is ready, or has been tried in vain once.
fn await_token(token: &Token) {
    let step = Duration::from_millis(20);
    let mut waited = Duration::ZERO;
    while !token.wait_ready(step) && token.health().reason.is_none() && waited < PATIENCE {
        waited += step;
    }
}

struct Watch {
    /// Whether rows may be in clear, or under another key than the newest.
    unsealed: bool,
    /// How many were sealed anew since there were last none.
    sealed: u64,
    /// What was last said of it in the log.
    told: Option<String>,
}

impl Watch {
    fn look(&mut self, process: &Process) -> Next {
        match self.work(process) {
            Ok(next) => {
                if self.told.take().is_some() {
                    tracing::info!("the records are open again");
                }
                next
            }
            Err(error) => {
                let fault = format!("{error:#}");
                process.health.set_failed(PART, fault.clone());
                // Every second would be a log that nobody reads.
                if self.told.as_ref() != Some(&fault) {
                    tracing::warn!("the records are locked, or not all sealed: {fault}");
                    self.told = Some(fault);
                }
                Next::After(LOOK)
            }
        }
    }

    fn work(&mut self, process: &Process) -> anyhow::Result<Next> {
        let stored = process.store.data_keys()?;
        if !process.vault.has(&stored) {
            self.fetch(process, &stored)?;
        }
        if self.unsealed {
            let found = process.store.seal_records(BATCH)?;
            if found > 0 {
                self.sealed += found;
                process
                    .health
                    .set_degraded(PART, format!("{} rows were sealed, and there are more", self.sealed));
                return Ok(Next::AtOnce);
            }
            self.finish(process)?;
        }
        process.health.set_ok(PART);
        Ok(Next::After(LOOK))
    }

    fn fetch(&mut self, process: &Process, stored: &[WrappedDataKey]) -> anyhow::Result<()> {
        let (home, random) = (process.settings.installation, &process.world.random);
        let public = stored
            .last()
            .and_then(|newest| PublicDataKey::new(home, newest.number, &newest.public, Arc::clone(random)));
        process.vault.put_public(public);
        let Some(configured) = &process.settings.data_key else { anyhow::bail!("[data_key] is missing") };
        let token = process.tokens.get(&configured.token)?;
        let health = token.health();
        // Not asked while it is away: who asks waits.
        anyhow::ensure!(
            health.state == TokenState::Ready,
            "the token {}: {}",
            configured.token,
            health.why()
        );
        let keys = data_keys::unwrap(token, stored, home, random)?;
        tracing::info!(newest = keys.newest(), "the data keys are unwrapped");
        process.vault.put(keys);
        self.unsealed = true;
        Ok(())
    }

    fn finish(&mut self, process: &Process) -> anyhow::Result<()> {
        if self.sealed > 0 {
            let scrubbed = process.store.scrub()?;
            let newest = process.vault.keys().map_or(0, |keys| keys.newest());
            let what = EventKind::RecordsSealed { number: newest.into(), rows: self.sealed };
            record_one(process, "registration", what)?;
            tracing::info!(rows = self.sealed, scrubbed, "rows were sealed under the newest data key");
            self.sealed = 0;
        }
        self.unsealed = false;
        Ok(())
    }
}
