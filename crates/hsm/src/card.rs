//! A person's card: found, logged in to and used by one command, which ends with it.
//!
//! Nothing of a service's keeping is here: no threads, no queue, no recovery. A card that is pulled out ends the
//! command with a sentence. A PIN is tried once; the card's own count of wrong PINs is respected.

mod error;
mod key;
mod reader;

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use cryptoki::error::{Error, RvError};
use cryptoki::session::{Session, SessionState, UserType};
use cryptoki::slot::{Slot, TokenInfo};
use ndoba_types::CardUri;

pub use error::CardError;
pub use key::CardKey;
use reader::Reader;

use crate::ckr::{self, describe};
use crate::{PinSource, pin, terminal};

/// A card in a reader. Its last session closes, and with it the login, when it and its keys are dropped.
pub struct Card {
    session: Mutex<Session>,
    slot: Slot,
    info: TokenInfo,
    /// After the sessions: the module is finalised when its last card is gone.
    reader: Arc<Reader>,
}

/// How a person is asked for a card's PIN: in the person's language, which is the caller's to know.
pub trait PinWords {
    /// The question at the terminal; `last` is whether the card locks after this try.
    fn question(&self, card: &str, last: bool) -> String;

    /// That the PIN is entered at the reader, which has keys of its own.
    fn at_the_reader(&self, card: &str) -> String;
}

impl Card {
    /// Finds the one card that `wanted` names, in the readers of its module.
    ///
    /// # Errors
    ///
    /// [`CardError`], as for all functions: one sentence for the person, each.
    pub fn find(wanted: &CardUri) -> Result<Self, CardError> {
        let module = wanted.module.as_deref().ok_or(CardError::NoModule)?;
        let reader = Reader::of(module)?;
        let failed = |error: Error| CardError::Failed { card: "reader".into(), reason: describe(&error) };
        let (mut found, mut seen) = (Vec::new(), Vec::new());
        for slot in reader.pkcs11().get_slots_with_token().map_err(failed)? {
            // A card that cannot describe itself must not hide the others.
            let Ok(info) = reader.pkcs11().get_token_info(slot) else { continue };
            if info.token_initialized() {
                seen.push(shown(info.label()));
                if fits(&info, wanted) {
                    found.push((slot, info));
                }
            }
        }
        let wanted = || wanted.to_string();
        match found.pop() {
            None => {
                // Slots have no order of their own.
                seen.sort();
                Err(CardError::NoCard { wanted: wanted(), seen })
            }
            Some(_) if !found.is_empty() => Err(CardError::TwoCards { wanted: wanted() }),
            Some((slot, info)) => {
                let session = reader.pkcs11().open_ro_session(slot).map_err(failed)?;
                Ok(Self { session: Mutex::new(session), slot, info, reader })
            }
        }
    }

    /// Its label, for people.
    pub fn label(&self) -> String {
        shown(self.info.label())
    }

    /// Logs in, once. Without `source` the person is asked, in these `words`, at the reader where it has keys of its own, or else at the
    /// terminal. The last try that a card allows is the person's, never a file's.
    ///
    /// # Errors
    ///
    /// [`CardError::PinRefused`], [`CardError::PinLocked`], [`CardError::LastTry`], [`CardError::NoPin`].
    pub fn log_in(&self, source: Option<PinSource>, words: &dyn PinWords) -> Result<(), CardError> {
        let card = || self.label();
        // One login serves all sessions of the process: that of another key on this card, too.
        if self.with(logged_in)? {
            return Ok(());
        }
        if self.info.user_pin_locked() {
            return Err(CardError::PinLocked { card: card() });
        }
        let last = self.info.user_pin_final_try();
        let pin = match source {
            Some(_) if last => return Err(CardError::LastTry { card: card() }),
            Some(source) => Some(pin::read_once(source)),
            None if self.info.protected_authentication_path() => {
                eprintln!("{}", words.at_the_reader(&card()));
                None
            }
            None => Some(terminal::ask(&words.question(&card(), last))),
        };
        let pin = pin.transpose().map_err(|source| CardError::NoPin { card: card(), source })?;
        let session = self.session.lock().unwrap_or_else(PoisonError::into_inner);
        match session.login(UserType::User, pin.as_ref()) {
            Ok(()) | Err(Error::Pkcs11(RvError::UserAlreadyLoggedIn, _)) => Ok(()),
            Err(Error::Pkcs11(RvError::PinLocked, _)) => Err(CardError::PinLocked { card: card() }),
            Err(Error::Pkcs11(rv, _)) if ckr::blames_pin(rv) => Err(CardError::PinRefused { card: card() }),
            Err(error) => Err(self.failed(&error)),
        }
    }

    fn with<T>(&self, work: impl FnOnce(&Session) -> Result<T, Error>) -> Result<T, CardError> {
        let session = self.session.lock().unwrap_or_else(PoisonError::into_inner);
        work(&session).map_err(|error| self.failed(&error))
    }

    fn writable<T>(&self, work: impl FnOnce(&Session) -> Result<T, Error>) -> Result<T, CardError> {
        let session = self.reader.pkcs11().open_rw_session(self.slot).map_err(|error| self.failed(&error))?;
        work(&session).map_err(|error| self.failed(&error))
    }

    fn failed(&self, error: &Error) -> CardError {
        CardError::Failed { card: self.label(), reason: describe(error) }
    }
}

impl fmt::Debug for Card {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Card({})", self.label())
    }
}

fn fits(info: &TokenInfo, wanted: &CardUri) -> bool {
    let CardUri { token, serial, manufacturer, model, object: _, id: _, module: _, pin: _ } = wanted;
    let same = |wanted: &Option<String>, is: &str| wanted.as_ref().is_none_or(|wanted| wanted == is);
    same(token, info.label())
        && same(serial, info.serial_number())
        && same(manufacturer, info.manufacturer_id())
        && same(model, info.model())
}

fn logged_in(session: &Session) -> Result<bool, Error> {
    Ok(match session.get_session_info()?.session_state() {
        SessionState::RoUser | SessionState::RwUser => true,
        SessionState::RoPublic | SessionState::RwPublic | SessionState::RwSecurityOfficer => false,
    })
}

/// A card's own text, fit for a terminal.
fn shown(text: &str) -> String {
    text.chars().map(|one| if one.is_control() { '?' } else { one }).collect()
}
