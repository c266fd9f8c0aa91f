//! A PKCS#11 module: one context per library and process, and the threads around it.

use std::collections::BTreeSet;
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use cryptoki::context::Pkcs11;
use ndoba_types::KeyLabel;

use crate::calls::CallClocks;
use crate::ckr::describe;
use crate::coordinator::Coordinator;
use crate::health::Board;
use crate::keeper::{self, Keeper};
use crate::pin::{PinHolder, PinSource};
use crate::queue::{QueueLimits, Tickets};
use crate::token::{Shared, Token, TokenSelector};
use crate::{StartError, supervisor};

/// A module and the tokens to use in it.
#[derive(Debug)]
pub struct ModuleConfig {
    /// The library.
    pub path: PathBuf,
    /// Where the memory of refused PINs is kept: durable, and this installation's own.
    pub state_dir: PathBuf,
    /// The tokens.
    pub tokens: Vec<TokenConfig>,
    /// How trouble is met.
    pub recovery: Recovery,
}

/// A token to use.
#[derive(Debug)]
pub struct TokenConfig {
    /// Its name for us.
    pub name: String,
    /// How it is found.
    pub selector: TokenSelector,
    /// Where its PIN comes from.
    pub pin: PinSource,
    /// Its queue.
    pub limits: QueueLimits,
    /// The key that health checks sign with, if the token has it: `canary/canary/1`. It must be on P-256.
    pub canary: KeyLabel,
}

/// How trouble is met.
#[derive(Clone, Copy, Debug)]
pub struct Recovery {
    /// How often a token is probed: a removed one is noticed within this time.
    pub probe_every: Duration,
    /// The shortest time between two initialisations of the module.
    pub reinitialise_min: Duration,
    /// What that time grows to while they do not help.
    pub reinitialise_max: Duration,
    /// A call that lasts longer marks its token as hung.
    pub hang_after: Duration,
}

impl Default for Recovery {
    fn default() -> Self {
        Self {
            probe_every: Duration::from_secs(1),
            reinitialise_min: Duration::from_millis(500),
            reinitialise_max: Duration::from_secs(30),
            hang_after: Duration::from_secs(10),
        }
    }
}

/// A started module. Dropping it closes the sessions and finalises the module, unless a call hangs.
pub struct Module {
    path: PathBuf,
    tokens: Vec<Token>,
    coordinator: Arc<Coordinator>,
    watching: Arc<AtomicBool>,
    /// Supervisor and keepers.
    threads: Vec<thread::JoinHandle<()>>,
}

/// Modules in use by this process: C_Initialize is per process, so a second context would finalise the first.
static STARTED: Mutex<BTreeSet<PathBuf>> = Mutex::new(BTreeSet::new());

impl Module {
    /// Loads the library, reads the PINs and starts the threads; returns at once, whether the tokens are there or
    /// not ([`Token::wait_ready`]). C_Initialize is called on the supervisor's thread.
    ///
    /// # Errors
    ///
    /// [`StartError`]: the installation is wrong and waiting would not mend it.
    pub fn start(config: ModuleConfig) -> Result<Self, StartError> {
        let ModuleConfig { path, state_dir, tokens, recovery } = config;
        let path = path.canonicalize().unwrap_or(path);
        let mut names = BTreeSet::new();
        if let Some(twin) = tokens.iter().find(|token| !names.insert(token.name.as_str())) {
            return Err(StartError::BadConfiguration { what: format!("two tokens are named {}", twin.name) });
        }
        let reservation = Reservation::take(&path)?;
        let pkcs11 = Pkcs11::new(&path)
            .map_err(|error| StartError::NotLoaded { path: path.clone(), reason: describe(&error) })?;
        let coordinator = Coordinator::new();
        let (mut handles, mut keepers) = (Vec::new(), Vec::new());
        for (index, token) in tokens.into_iter().enumerate() {
            let TokenConfig { name, selector, pin, limits, canary } = token;
            let pin =
                PinHolder::read(pin).map_err(|source| StartError::Pin { token: name.clone(), source })?;
            let shared = Arc::new(Shared {
                name,
                selector,
                state_dir: state_dir.clone(),
                canary,
                limits,
                hang_after: recovery.hang_after,
                jobs: crossbeam_channel::bounded(limits.depth.get()),
                returned: crossbeam_channel::unbounded(),
                tickets: Tickets::default(),
                calls: CallClocks::new(limits.sessions.get() + 1),
                board: Board::new(),
                keys: Mutex::default(),
                wrapping: Mutex::default(),
            });
            let (sender, errands) = crossbeam_channel::unbounded();
            handles.push(Token { shared: Arc::clone(&shared), errands: sender });
            keepers.push(Keeper {
                index,
                shared,
                coordinator: Arc::clone(&coordinator),
                pkcs11: pkcs11.clone(),
                pin,
                errands,
                probe_every: recovery.probe_every,
            });
        }
        let mut module = Self {
            path,
            tokens: handles,
            coordinator,
            watching: Arc::new(AtomicBool::new(true)),
            threads: Vec::new(),
        };
        // From here on the module's own end gives the reservation back.
        reservation.keep();
        for keeper in keepers {
            let name = format!("hsm-{}", keeper.shared.name);
            module.spawn(name, move || keeper.run())?;
        }
        let all: Vec<_> = module.tokens.iter().map(|token| Arc::clone(&token.shared)).collect();
        let (shared, coordinator) = (all.clone(), Arc::clone(&module.coordinator));
        module.spawn("hsm-supervisor".into(), move || {
            supervisor::supervise(&pkcs11, &coordinator, &shared, recovery);
        })?;
        let watching = Arc::clone(&module.watching);
        // Not among the threads that are waited for: while a call hangs it goes on answering.
        let watch = move || supervisor::watch(&all, &watching);
        thread::Builder::new().name("hsm-watchdog".into()).spawn(watch).map_err(StartError::NoThread)?;
        Ok(module)
    }

    /// The tokens, as configured.
    pub fn tokens(&self) -> &[Token] {
        &self.tokens
    }

    /// The token with this name in the configuration.
    pub fn token(&self, name: &str) -> Option<Token> {
        self.tokens.iter().find(|token| token.name() == name).cloned()
    }

    /// Stops: requests at the token are finished, others answered `Unavailable`, sessions closed, the module
    /// finalised. The same as dropping it.
    pub fn stop(self) {
        drop(self);
    }

    fn spawn(&mut self, name: String, work: impl FnOnce() + Send + 'static) -> Result<(), StartError> {
        let thread = thread::Builder::new().name(name).spawn(work).map_err(StartError::NoThread)?;
        self.threads.push(thread);
        Ok(())
    }
}

impl Drop for Module {
    fn drop(&mut self) {
        self.coordinator.stop();
        // A thread in a call that hangs is left behind; so is the reservation, for the module is still in use.
        let patience = Duration::from_secs(12);
        let step = Duration::from_millis(5);
        let mut waited = Duration::ZERO;
        while !self.threads.iter().all(thread::JoinHandle::is_finished) {
            if waited > patience {
                tracing::error!(module = %self.path.display(), "a call hangs; the module is left as it is");
                return;
            }
            thread::sleep(step);
            waited += step;
        }
        keeper::join(std::mem::take(&mut self.threads));
        self.watching.store(false, Ordering::Relaxed);
        for token in &self.tokens {
            // Nobody will take these any more; a request answers itself when it is dropped.
            while token.shared.jobs.1.try_recv().is_ok() {}
            while token.shared.returned.1.try_recv().is_ok() {}
        }
        Reservation::give_back(&self.path);
    }
}

/// The right to be the one context of a module.
pub(crate) struct Reservation(Option<PathBuf>);

impl Reservation {
    pub(crate) fn take(path: &Path) -> Result<Self, StartError> {
        if STARTED.lock().unwrap_or_else(PoisonError::into_inner).insert(path.to_owned()) {
            return Ok(Self(Some(path.to_owned())));
        }
        Err(StartError::AlreadyStarted { path: path.to_owned() })
    }

    fn keep(mut self) {
        self.0 = None;
    }

    fn give_back(path: &Path) {
        STARTED.lock().unwrap_or_else(PoisonError::into_inner).remove(path);
    }
}

impl Drop for Reservation {
    fn drop(&mut self) {
        if let Some(path) = &self.0 {
            Self::give_back(path);
        }
    }
}

impl Default for QueueLimits {
    /// 1024 waiting, five seconds, one session per processor and at least two.
    fn default() -> Self {
        let sessions = thread::available_parallelism()
            .unwrap_or(NonZeroUsize::MIN)
            .max(NonZeroUsize::MIN.saturating_add(1));
        Self { depth: NonZeroUsize::MIN.saturating_add(1023), deadline: Duration::from_secs(5), sessions }
    }
}
