//! A token found, logged in to, and its keys seen: what the keeper holds while a token is ready.

use std::sync::PoisonError;
use std::sync::atomic::{AtomicU64, Ordering};

use cryptoki::context::Pkcs11;
use cryptoki::error::{Error, RvError};
use cryptoki::session::{Session, SessionState, UserType};
use cryptoki::slot::Slot;
use ndoba_types::SignatureAlgorithm;

use crate::ckr::{self, Failure, Remedy, describe};
use crate::mechanism::{TokenInput, mechanism};
use crate::opened::{Found, Standing};
use crate::pin::PinHolder;
use crate::pin_lock::{PinLock, Verdict};
use crate::token::{Shared, TokenInfo, TokenSelector};
use crate::{KeySpec, attributes, wrapping};

pub(crate) struct Connection {
    pkcs11: Pkcs11,
    slot: Slot,
    info: TokenInfo,
    /// Keeps the login alive: it ends with the last session.
    session: Session,
}

/// Why there is no connection.
pub(crate) enum Refusal {
    /// The PIN must not be tried, or was refused.
    Pin(String),
    Token(Failure),
}

impl From<Error> for Refusal {
    fn from(error: Error) -> Self {
        Self::Token(error.into())
    }
}

impl From<Failure> for Refusal {
    fn from(failure: Failure) -> Self {
        Self::Token(failure)
    }
}

impl Connection {
    /// Finds the token, logs in, and sees that the keys in use are there.
    pub(crate) fn open(pkcs11: &Pkcs11, shared: &Shared, pin: &mut PinHolder) -> Result<Self, Refusal> {
        // Slot numbers change when a token comes back, so it is looked up every time.
        let (slot, info) = find_token(pkcs11, &shared.selector)?;
        let session = pkcs11.open_ro_session(slot)?;
        log_in(&session, shared, pin, &info)?;
        let connection = Self { pkcs11: pkcs11.clone(), slot, info, session };
        connection.see_keys(shared)?;
        Ok(connection)
    }

    pub(crate) fn slot(&self) -> Slot {
        self.slot
    }

    pub(crate) fn info(&self) -> &TokenInfo {
        &self.info
    }

    pub(crate) fn session(&self) -> &Session {
        &self.session
    }

    /// Closes the session; the login goes with it.
    pub(crate) fn close(self) {
        retire(self.session, self.slot);
    }

    /// A session that may change the token.
    pub(crate) fn writable(&self) -> Result<Session, Error> {
        self.pkcs11.open_rw_session(self.slot)
    }

    /// Whether the token offers to sign by the mechanism of `algorithm`. Asked for by name: of a token's whole list,
    /// cryptoki logs an error for each mechanism that it does not know, and SoftHSM has several.
    pub(crate) fn offers(&self, algorithm: SignatureAlgorithm) -> Result<bool, Error> {
        let Some(mechanism) = mechanism(algorithm) else { return Ok(false) };
        match self.pkcs11.get_mechanism_info(self.slot, mechanism.mechanism_type()) {
            Ok(info) => Ok(info.sign()),
            Err(Error::Pkcs11(RvError::MechanismInvalid, _)) => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Whether the token is alive: the login holds, and the canary signs. A service key is never signed with for
    /// health (design §9); without a canary the keys in use are looked up instead.
    pub(crate) fn probe(&self, shared: &Shared) -> Result<(), Failure> {
        if !logged_in(&self.session)? {
            return Err(Failure::new(Remedy::LogInAgain, "the login was lost"));
        }
        let canaries = attributes::find_private(&self.session, &shared.canary)?;
        if let [canary] = canaries[..] {
            let public = attributes::find_public(&self.session, &shared.canary)?;
            let spec = match public.first() {
                Some(&key) => attributes::read_public(&self.session, key)?
                    .and_then(|key| crate::public_key::spec_of(&key)),
                None => None,
            };
            if spec == Some(KeySpec::P256) {
                return self.sing(canary);
            }
        }
        let keys = shared.keys();
        let mut present = keys.iter().filter(|key| key.standing() == Standing::Usable);
        if let Some(key) = present.next()
            && attributes::find_private(&self.session, &key.label)?.is_empty()
        {
            return Err(Failure::new(Remedy::KeyMissing, format!("{} is not found", key.label)));
        }
        self.see_wrapping(shared)
    }

    /// A token that has lost a wrapping key that it had is half gone, as below.
    fn see_wrapping(&self, shared: &Shared) -> Result<(), Failure> {
        let used = shared.wrapping.lock().unwrap_or_else(PoisonError::into_inner).clone();
        for label in used {
            if wrapping::find(&self.session, &label)?.is_empty() {
                return Err(Failure::new(Remedy::KeyMissing, format!("{label} is not found")));
            }
        }
        Ok(())
    }

    fn sing(&self, canary: cryptoki::object::ObjectHandle) -> Result<(), Failure> {
        static SONGS: AtomicU64 = AtomicU64::new(0);
        let song = format!("{}:{}", std::process::id(), SONGS.fetch_add(1, Ordering::Relaxed));
        let algorithm = SignatureAlgorithm::EcdsaP256Sha256;
        let (Some(mechanism), Some(input)) =
            (mechanism(algorithm), TokenInput::of(algorithm, song.as_bytes()))
        else {
            return Ok(());
        };
        self.session.sign(&mechanism, canary, input.as_bytes())?;
        Ok(())
    }

    /// Notes of each key in use whether the token has it. A token that has none of them is not the token: it may be
    /// half gone (SoftHSM answers on, without its files), and only a new start of the module shows the truth.
    fn see_keys(&self, shared: &Shared) -> Result<(), Failure> {
        self.see_wrapping(shared)?;
        let keys = shared.keys();
        let mut seen = keys.is_empty();
        for key in &keys {
            let standing = match key.find(&self.session, &self.info.serial)? {
                Found::Usable(_) => Standing::Usable,
                Found::Missing => Standing::Missing,
                Found::Refused(unfit) => Standing::Refused(unfit),
            };
            seen |= standing != Standing::Missing;
            if let Standing::Refused(unfit) = &standing {
                tracing::error!(token = shared.name, reason = unfit.reason, "a key in use is refused");
            }
            key.set_standing(standing);
        }
        if seen {
            return Ok(());
        }
        if !attributes::find_private(&self.session, &shared.canary)?.is_empty() {
            return Ok(());
        }
        Err(Failure::new(Remedy::KeyMissing, "none of its keys is found"))
    }
}

/// Closes `session` if it is still the one that was opened in `slot`. A session that the module closed behind us may
/// have given its number to another token's by now, and closing that would be worse than forgetting ours.
pub(crate) fn retire(session: Session, slot: Slot) {
    match session.get_session_info() {
        Ok(info) if info.slot_id() == slot => drop(session),
        Ok(_) => std::mem::forget(session),
        Err(error) => {
            if Failure::from(error).session_gone {
                std::mem::forget(session);
            }
        }
    }
}

fn find_token(pkcs11: &Pkcs11, selector: &TokenSelector) -> Result<(Slot, TokenInfo), Refusal> {
    match selector {
        TokenSelector::Label(label) => {
            let mut found = Vec::new();
            for slot in pkcs11.get_slots_with_token()? {
                // One token that cannot describe itself must not hide the others.
                match pkcs11.get_token_info(slot) {
                    Ok(info) if info.token_initialized() && info.label() == label => found.push((slot, info)),
                    Ok(_) => {}
                    Err(error) => {
                        tracing::debug!(%slot, reason = describe(&error), "a slot does not describe itself")
                    }
                }
            }
            match found.len() {
                0 => Err(Failure::new(Remedy::Reinitialise, format!("no token is labelled {label}")).into()),
                1 => {
                    let (slot, info) = found.remove(0);
                    pin_may_be_tried(&info)?;
                    Ok((slot, TokenInfo::new(slot, &info)))
                }
                _ => Err(Failure::new(Remedy::Permanent, format!("more than one token is labelled {label}"))
                    .into()),
            }
        }
        // For modules whose token information cannot be read (a clock in a form of its own, dependencies §3.2).
        TokenSelector::Slot(id) => {
            let slot = Slot::try_from(*id)?;
            match pkcs11.get_token_info(slot) {
                Ok(info) => {
                    pin_may_be_tried(&info)?;
                    Ok((slot, TokenInfo::new(slot, &info)))
                }
                Err(Error::ParseInt(_) | Error::Utf8(_) | Error::InvalidValue) => {
                    Ok((slot, TokenInfo::unreadable(slot)))
                }
                Err(error) => Err(error.into()),
            }
        }
    }
}

/// The token's own count of wrong PINs: the last try is the operator's, not ours.
fn pin_may_be_tried(info: &cryptoki::slot::TokenInfo) -> Result<(), Refusal> {
    if info.user_pin_locked() {
        return Err(Refusal::Pin("the token says that its PIN is locked".into()));
    }
    if info.user_pin_final_try() {
        return Err(Refusal::Pin("the token says that one more wrong PIN locks it".into()));
    }
    Ok(())
}

fn log_in(session: &Session, shared: &Shared, pin: &mut PinHolder, info: &TokenInfo) -> Result<(), Refusal> {
    // Another session of ours that is still open keeps the login: one login serves them all.
    if logged_in(session)? {
        return Ok(());
    }
    let lock = PinLock::new(&shared.state_dir, &info.serial);
    let unusable = |error: std::io::Error| {
        let folder = shared.state_dir.display();
        Failure::new(Remedy::NewSession, format!("the state directory {folder} cannot be used: {error}"))
    };
    match lock.verdict().map_err(unusable)? {
        Verdict::Free => {}
        Verdict::Locked(reason) => return Err(Refusal::Pin(reason)),
    }
    lock.attempt().map_err(unusable)?;
    match session.login(UserType::User, Some(pin.current())) {
        Ok(()) | Err(Error::Pkcs11(RvError::UserAlreadyLoggedIn, _)) => {}
        Err(error) => {
            let reason = describe(&error);
            if let Error::Pkcs11(rv, _) = error
                && ckr::blames_pin(rv)
            {
                lock.refused(&reason).map_err(unusable)?;
                return Err(Refusal::Pin(reason));
            }
            lock.passed().map_err(unusable)?;
            return Err(error.into());
        }
    }
    lock.passed().map_err(unusable)?;
    Ok(())
}

fn logged_in(session: &Session) -> Result<bool, Error> {
    Ok(match session.get_session_info()?.session_state() {
        SessionState::RoUser | SessionState::RwUser => true,
        SessionState::RoPublic | SessionState::RwPublic | SessionState::RwSecurityOfficer => false,
    })
}
