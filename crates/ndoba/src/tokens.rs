//! The tokens of the configuration, connected, and keys opened in them.

use std::collections::BTreeMap;
use std::fs::File;
use std::num::NonZeroUsize;
use std::path::Path;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use anyhow::Context as _;
use ndoba_ca::KeyWatch;
use ndoba_hsm::{
    Key, Module, ModuleConfig, PinSource, QueueLimits, Recovery, Token, TokenConfig, TokenSelector,
};
use ndoba_settings::{KeyRef, Settings};
use ndoba_types::{IssueCertificates, KeyLabel, PinPlace, Purpose, SubjectPublicKeyInfo};

/// All modules and tokens of this process. Dropping it closes them.
pub(crate) struct Tokens {
    modules: Mutex<Vec<Module>>,
    by_name: BTreeMap<String, Token>,
}

impl Tokens {
    /// Starts every module that holds a token in `wanted`. Returns at once: a token that is away comes later.
    pub(crate) fn start(settings: &Settings, wanted: impl Fn(&str) -> bool) -> anyhow::Result<Self> {
        let (mut modules, mut by_name) = (Vec::new(), BTreeMap::new());
        for module in &settings.hsm.modules {
            let configs = module
                .tokens
                .iter()
                .filter(|token| wanted(&token.name))
                .map(token_config)
                .collect::<anyhow::Result<Vec<_>>>()?;
            if configs.is_empty() {
                continue;
            }
            let names: Vec<_> = configs.iter().map(|config| config.name.clone()).collect();
            let started = Module::start(ModuleConfig {
                path: module.path.clone(),
                state_dir: settings.paths.state.join("hsm"),
                tokens: configs,
                recovery: Recovery::default(),
            })?;
            for name in names {
                if let Some(token) = started.token(&name) {
                    by_name.insert(name, token.clone());
                }
            }
            modules.push(started);
        }
        Ok(Self { modules: Mutex::new(modules), by_name })
    }

    /// Closes them, whoever still holds a key: from here on a key answers that its token was stopped. A process that
    /// ended while a thread of theirs ran would be taken down by the modules' own destructors.
    pub(crate) fn stop(&self) {
        self.modules.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }

    /// The token called `name`.
    pub(crate) fn get(&self, name: &str) -> anyhow::Result<&Token> {
        self.by_name.get(name).with_context(|| format!("the token {name} is not configured for this role"))
    }

    /// All of them by name.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&String, &Token)> {
        self.by_name.iter()
    }

    /// Waits until every token is there, for ceremonies and tools.
    pub(crate) fn wait_ready(&self, timeout: Duration) -> anyhow::Result<()> {
        for (name, token) in &self.by_name {
            anyhow::ensure!(
                token.wait_ready(timeout),
                "the token {name} is not there: {}",
                token.health().why()
            );
        }
        Ok(())
    }

    /// Opens the key of a certificate, whether its token is there yet or not.
    pub(crate) fn open<P: Purpose>(
        &self,
        key: &KeyRef,
        public_key: &SubjectPublicKeyInfo,
    ) -> anyhow::Result<Key<P>> {
        let token = self.get(&key.token)?;
        Ok(token.open_expecting::<P>(&key.label, key.algorithm, public_key.clone())?)
    }
}

fn token_config(token: &ndoba_settings::Token) -> anyhow::Result<TokenConfig> {
    let positive = |count: usize| NonZeroUsize::new(count).context("a limit of the token is zero");
    Ok(TokenConfig {
        name: token.name.clone(),
        selector: match &token.selector {
            ndoba_settings::TokenSelector::Label(label) => TokenSelector::Label(label.clone()),
            ndoba_settings::TokenSelector::Slot(slot) => TokenSelector::Slot(*slot),
        },
        pin: pin_source(&token.pin)?,
        limits: QueueLimits {
            depth: positive(usize::try_from(token.queue_depth)?)?,
            sessions: positive(usize::from(token.sessions))?,
            deadline: token.deadline.to_std(),
        },
        canary: KeyLabel::new("canary", "canary", 1)?,
    })
}

/// What the module reads a PIN from.
pub(crate) fn pin_source(pin: &PinPlace) -> anyhow::Result<PinSource> {
    Ok(match pin {
        PinPlace::File(path) => PinSource::File(path.clone()),
        // Reopened by its name: taking the number over would need `unsafe`.
        PinPlace::Fd(number) => PinSource::Descriptor(
            File::open(format!("/proc/self/fd/{number}"))
                .with_context(|| format!("the PIN's file descriptor {number} is not open"))?
                .into(),
        ),
        PinPlace::Credential(name) => {
            PinSource::Credential { directory: credentials_directory()?, name: name.clone() }
        }
    })
}

#[expect(
    clippy::disallowed_methods,
    reason = "systemd names the folder of credentials in this variable only"
)]
fn credentials_directory() -> anyhow::Result<std::path::PathBuf> {
    let folder = std::env::var("CREDENTIALS_DIRECTORY")
        .context("a PIN is a systemd credential, but CREDENTIALS_DIRECTORY is not set")?;
    Ok(Path::new(&folder).to_path_buf())
}

/// A CA's key as the accounting sees it.
pub(crate) struct Watched(pub(crate) Key<IssueCertificates>);

impl KeyWatch for Watched {
    fn away(&self) -> Option<String> {
        self.0.away()
    }

    fn signatures(&self) -> u64 {
        self.0.metrics().sign_calls
    }
}
