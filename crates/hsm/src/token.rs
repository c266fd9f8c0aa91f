//! A token as the rest of the program sees it.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, Sender};
use cryptoki::slot::Slot;
use ndoba_types::{KeyLabel, Purpose, SignError, SignReply, SignatureAlgorithm, SubjectPublicKeyInfo};
use zeroize::Zeroizing;

use crate::calls::CallClocks;
use crate::connection::Connection;
use crate::health::{Board, TokenHealth, TokenState};
use crate::keeper::Errand;
use crate::mechanism::TokenInput;
use crate::metrics::Metrics;
use crate::opened::{DESTROYED, JudgedKey, OpenedKey, Standing, Unfit};
use crate::queue::{Job, QueueLimits, Ticket, Tickets};
use crate::wrapping::{self, WrappingAttributes};
use crate::{Key, KeyAttributes, KeyError, KeySpec, ListedKey, OpenError, objects, public_key};

/// How long key management waits for the token. RSA-4096 takes some devices a minute.
const ERRAND_PATIENCE: Duration = Duration::from_secs(180);

/// How a token is found in its module.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TokenSelector {
    /// By its label; slot numbers change, labels do not.
    Label(String),
    /// By slot number, for modules whose token information cannot be read.
    Slot(u64),
}

/// What a token says of itself: the device's part of a ceremony report (requirements P-31).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TokenInfo {
    /// The slot it is in now.
    pub slot: u64,
    /// Its label.
    pub label: String,
    /// Its serial number.
    pub serial: String,
    /// Who made it.
    pub manufacturer: String,
    /// Its model.
    pub model: String,
    /// Its hardware version.
    pub hardware: String,
    /// Its firmware version.
    pub firmware: String,
}

impl TokenInfo {
    pub(crate) fn new(slot: Slot, info: &cryptoki::slot::TokenInfo) -> Self {
        Self {
            slot: slot.id(),
            label: info.label().to_owned(),
            serial: info.serial_number().to_owned(),
            manufacturer: info.manufacturer_id().to_owned(),
            model: info.model().to_owned(),
            hardware: info.hardware_version().to_string(),
            firmware: info.firmware_version().to_string(),
        }
    }

    /// A token whose description cannot be read; the slot stands in for its serial number.
    pub(crate) fn unreadable(slot: Slot) -> Self {
        Self { slot: slot.id(), serial: format!("slot-{}", slot.id()), ..Self::default() }
    }

    /// Whether this is SoftHSM, which production refuses (requirements P-44).
    pub fn is_softhsm(&self) -> bool {
        [&self.manufacturer, &self.model].iter().any(|text| text.to_ascii_lowercase().contains("softhsm"))
    }
}

/// What the keeper, the workers, the watchdog and the keys of one token have in common.
pub(crate) struct Shared {
    pub(crate) name: String,
    pub(crate) selector: TokenSelector,
    pub(crate) state_dir: PathBuf,
    pub(crate) canary: KeyLabel,
    pub(crate) limits: QueueLimits,
    pub(crate) hang_after: Duration,
    pub(crate) jobs: (Sender<Job>, Receiver<Job>),
    /// Requests that a lost connection gave back. At most one per session, so it needs no bound.
    pub(crate) returned: (Sender<Job>, Receiver<Job>),
    pub(crate) tickets: Tickets,
    pub(crate) calls: CallClocks,
    pub(crate) board: Board,
    pub(crate) keys: Mutex<Vec<Arc<OpenedKey>>>,
    /// The wrapping keys that were used: a token that has lost them is not there.
    pub(crate) wrapping: Mutex<Vec<KeyLabel>>,
}

impl Shared {
    pub(crate) fn keys(&self) -> Vec<Arc<OpenedKey>> {
        self.keys.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(crate) fn give_back(&self, job: Job) {
        // We hold a receiver: this cannot fail, and if it did the request's own end would answer it.
        let _ = self.returned.0.send(job);
    }

    /// Queues a request or answers it at once.
    ///
    /// `input` – none where the algorithm has no mechanism for such a message.
    pub(crate) fn submit(&self, key: &Arc<OpenedKey>, input: Option<TokenInput>, reply: SignReply) {
        let counters = Arc::clone(&key.counters);
        let ticket = Arc::new(Ticket::new(reply, Instant::now(), self.limits.deadline, counters));
        if let Err(error) = self.may_queue(key) {
            ticket.answer(Err(error));
            return;
        }
        let Some(input) = input else {
            ticket.answer(Err(SignError::Refused { reason: "the algorithm has no mechanism".into() }));
            return;
        };
        let job = Job { ticket: Arc::clone(&ticket), key: Arc::clone(key), input, losses: 0, lost_by: 0 };
        if self.jobs.0.try_send(job).is_err() {
            ticket.answer(Err(self.full()));
            return;
        }
        self.tickets.push(ticket);
    }

    /// What can be answered without the token. An outage shorter than the deadline is waited out.
    fn may_queue(&self, key: &OpenedKey) -> Result<(), SignError> {
        if let Standing::Refused(unfit) = key.standing() {
            return Err(SignError::Refused { reason: unfit.reason });
        }
        let health = self.board.health();
        let gone = match health.state {
            TokenState::Ready => false,
            TokenState::Starting | TokenState::Away | TokenState::Hung => {
                health.lasting > self.limits.deadline
            }
            TokenState::PinRefused | TokenState::Stopped => true,
        };
        if gone {
            return Err(SignError::Unavailable { reason: health.why() });
        }
        Ok(())
    }

    /// Why a request would have to wait, or would be refused.
    pub(crate) fn away(&self, key: &OpenedKey) -> Option<String> {
        match key.standing() {
            Standing::Refused(unfit) => return Some(unfit.reason),
            Standing::Missing => return Some(format!("{} is not in the token", key.label)),
            Standing::Unknown | Standing::Usable => {}
        }
        let health = self.board.health();
        match health.state {
            TokenState::Ready => None,
            TokenState::Starting
            | TokenState::Away
            | TokenState::Hung
            | TokenState::PinRefused
            | TokenState::Stopped => Some(health.why()),
        }
    }

    fn full(&self) -> SignError {
        let health = self.board.health();
        match health.state {
            TokenState::Ready | TokenState::Starting => SignError::Busy,
            TokenState::Away | TokenState::Hung | TokenState::PinRefused | TokenState::Stopped => {
                SignError::Unavailable { reason: health.why() }
            }
        }
    }
}

/// A token of a started [`Module`](crate::Module). Cheap to clone; works, with errors, while the token is away.
#[derive(Clone)]
pub struct Token {
    pub(crate) shared: Arc<Shared>,
    pub(crate) errands: Sender<Errand>,
}

impl Token {
    /// The token's name in the configuration.
    pub fn name(&self) -> &str {
        &self.shared.name
    }

    /// How it is.
    pub fn health(&self) -> TokenHealth {
        self.shared.board.health()
    }

    /// What it says of itself; `None` until it was first connected.
    pub fn info(&self) -> Option<TokenInfo> {
        self.shared.board.info()
    }

    /// Waits until it is ready. `false`: it was not within `timeout`; [`Token::health`] says why.
    pub fn wait_ready(&self, timeout: Duration) -> bool {
        self.shared.board.wait_ready(timeout)
    }

    /// Its numbers now.
    pub fn metrics(&self) -> Metrics {
        Metrics {
            queue_depth: self.shared.jobs.1.len() + self.shared.returned.1.len(),
            calls_in_flight: self.shared.calls.in_flight(),
            connections: self.health().connections,
            keys: self.shared.keys().iter().map(|key| key.counters.snapshot(&key.label)).collect(),
        }
    }

    /// Opens a key of a token that is there: reads it back, judges its attributes (P-41) and its algorithm.
    ///
    /// # Errors
    ///
    /// [`OpenError`]; `Unavailable` while the token is away, when [`Token::open_expecting`] still works.
    pub fn open<P: Purpose>(
        &self,
        label: &KeyLabel,
        algorithm: SignatureAlgorithm,
    ) -> Result<Key<P>, OpenError> {
        right_purpose::<P>(label)?;
        let wanted = label.clone();
        let unavailable = |reason| OpenError::Unavailable { reason };
        let (found, offered) = self.run(unavailable, move |connection| {
            let found = objects::inspect(connection.session(), &wanted).map_err(|error| match error {
                KeyError::NotFound { label } | KeyError::Exists { label } => OpenError::NotFound { label },
                KeyError::Ambiguous { label } => OpenError::Ambiguous { label },
                KeyError::Refused { reason } | KeyError::Unavailable { reason } => {
                    OpenError::Unavailable { reason }
                }
            })?;
            let offered = connection
                .offers(algorithm)
                .map_err(|e| OpenError::Unavailable { reason: crate::ckr::describe(&e) })?;
            Ok((found, offered))
        })?;
        let attributes = found.offending();
        if !attributes.is_empty() {
            return Err(OpenError::NotConforming { label: label.clone(), attributes });
        }
        let key = found.public_key.ok_or_else(|| OpenError::NotFound { label: label.clone() })?;
        if !offered {
            return Err(OpenError::WrongAlgorithm { label: label.clone() });
        }
        self.opened(label, algorithm, key, Standing::Usable)
    }

    /// Opens a key whose public half is known (from its certificate), whether the token is there or not. It is
    /// judged whenever the token is connected and before it first signs on a session.
    ///
    /// # Errors
    ///
    /// [`OpenError::WrongPurpose`], [`OpenError::WrongAlgorithm`], [`OpenError::OtherKey`]: only what can be known
    /// without the token.
    pub fn open_expecting<P: Purpose>(
        &self,
        label: &KeyLabel,
        algorithm: SignatureAlgorithm,
        public_key: SubjectPublicKeyInfo,
    ) -> Result<Key<P>, OpenError> {
        right_purpose::<P>(label)?;
        self.opened(label, algorithm, public_key, Standing::Unknown)
    }

    /// Makes a key pair: in the token, private, sensitive, never extractable, for signing only; CKA_ID is the key
    /// identifier that certificates will carry. What the token made is read back and judged.
    ///
    /// # Errors
    ///
    /// [`KeyError`]; `Exists` when the label is taken.
    pub fn generate(&self, label: &KeyLabel, spec: KeySpec) -> Result<KeyAttributes, KeyError> {
        let label = label.clone();
        self.manage(move |connection| {
            let session = connection.writable().map_err(objects::refuse)?;
            objects::generate(&session, &label, spec)
        })
    }

    /// Reads a key back, whoever made it.
    ///
    /// # Errors
    ///
    /// [`KeyError`].
    pub fn inspect(&self, label: &KeyLabel) -> Result<KeyAttributes, KeyError> {
        let label = label.clone();
        self.manage(move |connection| objects::inspect(connection.session(), &label))
    }

    /// The private keys in the token, by label, those of others too.
    ///
    /// # Errors
    ///
    /// [`KeyError`].
    pub fn list(&self) -> Result<Vec<ListedKey>, KeyError> {
        self.manage(|connection| objects::list(connection.session()))
    }

    /// Destroys a key pair, for ever (requirements P-34). Keys of it that are open are refused from then on.
    ///
    /// # Errors
    ///
    /// [`KeyError`].
    pub fn destroy(&self, label: &KeyLabel) -> Result<(), KeyError> {
        let wanted = label.clone();
        self.manage(move |connection| {
            let session = connection.writable().map_err(objects::refuse)?;
            objects::destroy(&session, &wanted)
        })?;
        for key in self.shared.keys().iter().filter(|key| key.label == *label) {
            let reason = format!("{label} was destroyed");
            key.set_standing(Standing::Refused(Unfit { code: DESTROYED, reason }));
        }
        Ok(())
    }

    /// Makes a key that wraps secrets: AES-256, in the token, sensitive, never extractable, for nothing else. What the
    /// token made is read back and judged.
    ///
    /// # Errors
    ///
    /// [`KeyError`]; `Exists` when the label is taken.
    pub fn generate_wrapping(&self, label: &KeyLabel) -> Result<WrappingAttributes, KeyError> {
        let label = label.clone();
        self.manage(move |connection| {
            let session = connection.writable().map_err(objects::refuse)?;
            wrapping::generate(&session, &label)
        })
    }

    /// Reads a wrapping key back, whoever made it.
    ///
    /// # Errors
    ///
    /// [`KeyError`].
    pub fn inspect_wrapping(&self, label: &KeyLabel) -> Result<WrappingAttributes, KeyError> {
        let label = label.clone();
        self.manage(move |connection| wrapping::inspect(connection.session(), &label))
    }

    /// Wraps a short secret for `context`, which [`Token::unwrap`] must be given again.
    ///
    /// `nonce` – never the same twice under one key.
    ///
    /// # Errors
    ///
    /// [`KeyError`].
    pub fn wrap(
        &self,
        label: &KeyLabel,
        context: &[u8],
        nonce: [u8; 12],
        secret: Zeroizing<Vec<u8>>,
    ) -> Result<Vec<u8>, KeyError> {
        let (label, context) = (label.clone(), context.to_vec());
        self.manage(move |connection| wrapping::wrap(connection.session(), &label, &context, nonce, &secret))
    }

    /// Unwraps what [`Token::wrap`] made.
    ///
    /// # Errors
    ///
    /// [`KeyError`]: `Unavailable` while the token is away; `Refused` for what was wrapped otherwise, or for another
    /// context.
    pub fn unwrap(
        &self,
        label: &KeyLabel,
        context: &[u8],
        wrapped: &[u8],
    ) -> Result<Zeroizing<Vec<u8>>, KeyError> {
        let (wanted, context, wrapped) = (label.clone(), context.to_vec(), wrapped.to_vec());
        let secret = self
            .manage(move |connection| wrapping::unwrap(connection.session(), &wanted, &context, &wrapped))?;
        let mut used = self.shared.wrapping.lock().unwrap_or_else(PoisonError::into_inner);
        if !used.contains(label) {
            used.push(label.clone());
        }
        Ok(secret)
    }

    /// Lets a key that was opened be used only where the token has one of these serial numbers: what an HSM restores
    /// from its backup is the same key elsewhere (GEN-6.5.4-01). Said again, it counts from then on.
    pub fn keep_to(&self, label: &KeyLabel, homes: &[String]) {
        let serial = self.info().map(|info| info.serial);
        for key in self.shared.keys().iter().filter(|key| key.label == *label) {
            key.keep_to(homes, serial.as_deref());
        }
    }

    /// The keys that were opened in this token, and what it last said of each.
    pub fn judged_keys(&self) -> Vec<JudgedKey> {
        self.shared.keys().iter().map(|key| key.judged()).collect()
    }

    fn opened<P: Purpose>(
        &self,
        label: &KeyLabel,
        algorithm: SignatureAlgorithm,
        public_key: SubjectPublicKeyInfo,
        standing: Standing,
    ) -> Result<Key<P>, OpenError> {
        let wrong = || OpenError::WrongAlgorithm { label: label.clone() };
        let spec = public_key::spec_of(&public_key).ok_or_else(wrong)?;
        if !spec.signs_with(algorithm) {
            return Err(wrong());
        }
        let mut keys = self.shared.keys.lock().unwrap_or_else(PoisonError::into_inner);
        let same = keys.iter().position(|key| key.label == *label && key.algorithm == algorithm);
        if let Some(index) = same {
            let known = Arc::clone(&keys[index]);
            if known.public_key != public_key {
                return Err(OpenError::OtherKey { label: label.clone() });
            }
            if standing == Standing::Usable {
                known.set_standing(standing);
            }
            return Ok(Key::new(Arc::clone(&self.shared), known));
        }
        let key = Arc::new(OpenedKey::new(&self.shared.name, label.clone(), algorithm, spec, public_key));
        key.set_standing(standing);
        keys.push(Arc::clone(&key));
        Ok(Key::new(Arc::clone(&self.shared), key))
    }

    fn manage<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Connection) -> Result<T, KeyError> + Send + 'static,
    ) -> Result<T, KeyError> {
        self.run(|reason| KeyError::Unavailable { reason }, work)
    }

    /// Has the keeper do `work` and waits for it.
    fn run<T: Send + 'static, E: Send + 'static>(
        &self,
        unavailable: impl Fn(String) -> E + Copy + Send + 'static,
        work: impl FnOnce(&Connection) -> Result<T, E> + Send + 'static,
    ) -> Result<T, E> {
        let (sender, receiver) = std::sync::mpsc::sync_channel(1);
        let errand: Errand = Box::new(move |connection| {
            let outcome = connection.map_err(unavailable).and_then(work);
            // Who asked may have lost patience.
            let _ = sender.send(outcome);
        });
        if self.errands.send(errand).is_err() {
            return Err(unavailable("the module was stopped".into()));
        }
        receiver
            .recv_timeout(ERRAND_PATIENCE)
            .unwrap_or_else(|_| Err(unavailable("the token has not answered in time".into())))
    }
}

fn right_purpose<P: Purpose>(label: &KeyLabel) -> Result<(), OpenError> {
    if label.purpose() == P::KEY {
        return Ok(());
    }
    Err(OpenError::WrongPurpose { label: label.clone(), wanted: P::NAME })
}
