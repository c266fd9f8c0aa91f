//! What `/health/ready` says: each part's last word, and what is judged from it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use ndoba_hsm::TokenState;
use ndoba_settings::{ClockMode, Role, Settings};
use ndoba_store::PublishedFiles;
use ndoba_types::{CrlName, CrlShards};
use ndoba_web_public::{Check, CheckState, Health, HealthSource};
use ndoba_x509::CrlReader;

use super::Process;
use super::background::{Background, Next};
use crate::installation;

/// How often tokens, CRLs and the database are looked at.
const LOOK: Duration = Duration::from_secs(1);

/// The last word of each part.
pub(crate) struct HealthBoard(RwLock<BTreeMap<String, (CheckState, String)>>);

impl HealthBoard {
    /// A board on which nothing works yet: who is asked before the first look must not say «ready». What is only good
    /// for development says so from the start. `tokens` are those that this process logs in to.
    pub(crate) fn new(settings: &Settings, tokens: &[String]) -> Self {
        let board = Self(RwLock::default());
        for part in parts(settings, tokens) {
            board.set_failed(&part, "it has not been looked at yet".into());
        }
        if settings.clock.mode == ClockMode::TrustedHostClock {
            board.set_trusted_host_clock();
        }
        board
    }

    pub(crate) fn set_ok(&self, part: &str) {
        self.set(part, CheckState::Ok, String::new());
    }

    pub(crate) fn set_failed(&self, part: &str, detail: String) {
        self.set(part, CheckState::Failed, detail);
    }

    /// It works, and somebody must do something before it does not.
    pub(crate) fn set_degraded(&self, part: &str, detail: String) {
        self.set(part, CheckState::Degraded, detail);
    }

    /// The clock works, and every health answer says that nobody watches it.
    pub(crate) fn set_trusted_host_clock(&self) {
        let detail = "the host's clock is trusted unchecked: development only";
        self.set("clock", CheckState::Degraded, detail.into());
    }

    fn set(&self, part: &str, state: CheckState, detail: String) {
        // Entries are replaced whole; a panic elsewhere leaves none half-written.
        self.0.write().unwrap_or_else(PoisonError::into_inner).insert(part.into(), (state, detail));
    }
}

/// What is looked at in a process with these roles.
fn parts(settings: &Settings, tokens: &[String]) -> Vec<String> {
    let mut parts = vec!["database".to_owned()];
    parts.extend(tokens.iter().map(|token| format!("token {token}")));
    parts.extend(settings.cas.iter().map(|ca| format!("CRL {}", ca.name)));
    for role in settings.roles.iter() {
        match role {
            Role::Audit => parts.push("audit".into()),
            Role::Ca => {
                parts.push("ca".into());
                let with_keys = settings.cas.iter().filter(|ca| ca.key.is_some());
                parts.extend(with_keys.map(|ca| super::places::part(&ca.name)));
            }
            Role::Public => {
                parts.extend(["status records", "published CRLs"].map(str::to_owned));
                if !settings.tsa.units.is_empty() {
                    parts.extend(["clock", "journal"].map(str::to_owned));
                }
                parts.extend(settings.tsa.units.iter().map(|unit| format!("time-stamping {}", unit.name)));
            }
            Role::Registration => {
                parts.extend([super::kept::PART, super::vault::PART].map(str::to_owned));
                parts.extend(settings.webhooks.iter().map(|webhook| super::webhooks::part(&webhook.name)));
            }
        }
    }
    parts
}

impl HealthSource for HealthBoard {
    fn health(&self) -> Health {
        let board = self.0.read().unwrap_or_else(PoisonError::into_inner);
        let check = |(name, (state, detail)): (&String, &(CheckState, String))| Check {
            name: name.clone(),
            state: *state,
            detail: detail.clone(),
        };
        Health { checks: board.iter().map(check).collect() }
    }
}

/// Starts looking.
pub(super) fn watch(process: &Arc<Process>, background: &mut Background) -> anyhow::Result<()> {
    let process = Arc::clone(process);
    background.run("health", move || {
        for (name, token) in process.tokens.iter() {
            let health = token.health();
            let part = format!("token {name}");
            match health.state {
                TokenState::Ready => process.health.set_ok(&part),
                TokenState::Starting
                | TokenState::Away
                | TokenState::Hung
                | TokenState::PinRefused
                | TokenState::Stopped => process.health.set_failed(&part, health.why()),
            }
        }
        match process.store.all_marks() {
            Ok(_) => process.health.set_ok("database"),
            Err(error) => process.health.set_failed("database", crate::chain(&error)),
        }
        look_at_crls(&process);
        Next::After(LOOK)
    })
}

/// The lists that are to be served, as far as can be told without the database: those of the configuration, and whatever
/// else is online, of shards that are no longer dealt into.
fn owed_online(settings: &Settings, published: &PublishedFiles) -> BTreeSet<CrlName> {
    let mut lists = BTreeSet::new();
    for ca in &settings.cas {
        lists.insert(CrlName::whole(&ca.name));
        let shards = ca.crl.shards.into_iter().flat_map(CrlShards::all);
        lists.extend(shards.map(|shard| CrlName { ca: ca.name.clone(), shard: Some(shard) }));
        lists.extend(published.crls_of(&ca.name).unwrap_or_default());
    }
    lists
}

/// A served CRL past its own deadline must be seen (requirements O-27).
fn look_at_crls(process: &Process) {
    let now = process.world.clock.now();
    let Ok(published) = installation::published(&process.settings) else { return };
    for list in owed_online(&process.settings, &published) {
        let part = format!("CRL {list}");
        let file = published.open_crl(&list).ok().flatten();
        let next_update = file.map(|file| CrlReader::open(file).map(|crl| crl.next_update()));
        match next_update {
            Some(Ok(next_update)) if next_update > now => process.health.set_ok(&part),
            Some(Ok(next_update)) => {
                process.health.set_failed(&part, format!("its nextUpdate was {next_update}"))
            }
            Some(Err(_)) => process.health.set_failed(&part, "it cannot be read".into()),
            None => process.health.set_failed(&part, "there is none".into()),
        }
    }
}
