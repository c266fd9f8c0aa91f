//! A key in use, whatever connection it is used over: what it must be, and what the token last said of it.

use std::sync::{Arc, Mutex, PoisonError};

use cryptoki::error::Error;
use cryptoki::object::ObjectHandle;
use cryptoki::session::Session;
use ndoba_types::{KeyLabel, SignatureAlgorithm, SubjectPublicKeyInfo};

use crate::metrics::Counters;
use crate::{KeySpec, attributes};

pub(crate) struct OpenedKey {
    pub(crate) label: KeyLabel,
    pub(crate) algorithm: SignatureAlgorithm,
    pub(crate) spec: KeySpec,
    pub(crate) public_key: SubjectPublicKeyInfo,
    pub(crate) counters: Arc<Counters>,
    standing: Mutex<Standing>,
    /// The serial numbers of the tokens in which it may be used; any where none are known.
    homes: Mutex<Option<Vec<String>>>,
}

/// What the token said of a key when it was last asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Standing {
    /// Not asked yet: the token has been away since the key was opened.
    Unknown,
    /// It is there and conforms.
    Usable,
    /// It is not there, though the token is.
    Missing,
    /// It is there and must not be used.
    Refused(Unfit),
}

/// The code of a key that this process destroyed: an act, with an event of its own, and no verdict of the token's.
pub(crate) const DESTROYED: &str = "key-destroyed";

/// The code of a key in a token where nobody put it.
const ELSEWHERE: &str = "key-elsewhere";

/// Why a key must not be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Unfit {
    /// For the log of events.
    pub(crate) code: &'static str,
    /// For people.
    pub(crate) reason: String,
}

/// A key that was opened, and what its token last said of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JudgedKey {
    /// Its label.
    pub label: KeyLabel,
    /// The public half that it must have.
    pub public_key: SubjectPublicKeyInfo,
    /// What was found.
    pub verdict: KeyVerdict,
}

/// What a token said of a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyVerdict {
    /// It is not there (destroyed by this process, perhaps), or its token has not been since the key was opened.
    Absent,
    /// It is there, conforms, and is used.
    Opened,
    /// It is there and is not used.
    Refused {
        /// `key-ambiguous`, `key-attributes`, `key-elsewhere` or `key-other`.
        code: &'static str,
    },
}

/// A key as one session found it.
pub(crate) enum Found {
    Usable(ObjectHandle),
    Missing,
    Refused(Unfit),
}

impl OpenedKey {
    pub(crate) fn new(
        token: &str,
        label: KeyLabel,
        algorithm: SignatureAlgorithm,
        spec: KeySpec,
        public_key: SubjectPublicKeyInfo,
    ) -> Self {
        let counters = Arc::new(Counters::for_key(token, &label));
        let (standing, homes) = (Mutex::new(Standing::Unknown), Mutex::new(None));
        Self { label, algorithm, spec, public_key, counters, standing, homes }
    }

    pub(crate) fn standing(&self) -> Standing {
        self.standing.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(crate) fn set_standing(&self, standing: Standing) {
        *self.standing.lock().unwrap_or_else(PoisonError::into_inner) = standing;
    }

    /// Lets it be used in these tokens only. `now` – the serial number of the token that is there.
    pub(crate) fn keep_to(&self, homes: &[String], now: Option<&str>) {
        *self.homes.lock().unwrap_or_else(PoisonError::into_inner) = Some(homes.to_vec());
        let Some(serial) = now else { return };
        match (self.elsewhere(serial), self.standing()) {
            (Some(unfit), Standing::Unknown | Standing::Usable) => {
                tracing::error!(reason = unfit.reason, "a key in use is refused");
                self.set_standing(Standing::Refused(unfit));
            }
            // Found again, and judged, before it signs.
            (None, Standing::Refused(unfit)) if unfit.code == ELSEWHERE => {
                self.set_standing(Standing::Unknown)
            }
            (_, _) => {}
        }
    }

    /// Why it must not be used in the token with that serial number.
    pub(crate) fn elsewhere(&self, serial: &str) -> Option<Unfit> {
        let homes = self.homes.lock().unwrap_or_else(PoisonError::into_inner);
        let home = homes.as_ref().is_none_or(|homes| homes.iter().any(|home| home == serial));
        let reason = || {
            format!(
                "{} turned up in the token {serial}, where nobody put it: two security officers accept it there with \
                 `ndoba ceremony accept-key`",
                self.label
            )
        };
        (!home).then(|| Unfit { code: ELSEWHERE, reason: reason() })
    }

    /// Looks the key up and judges it (P-41): attributes, and that it is the key that was opened. A token that was
    /// swapped for another with the same label is caught here, before anything is signed, and so is a key that was
    /// restored into another token (`serial`).
    pub(crate) fn find(&self, session: &Session, serial: &str) -> Result<Found, Error> {
        let handles = attributes::find_private(session, &self.label)?;
        let handle = match handles[..] {
            [] => return Ok(Found::Missing),
            [handle] => handle,
            _ => return Ok(self.unfit("key-ambiguous", "names more than one key".into())),
        };
        let found = attributes::read(session, handle, &self.label)?;
        let offending = found.offending();
        if !offending.is_empty() {
            return Ok(self.unfit("key-attributes", format!("must not be used: {}", offending.join(", "))));
        }
        match found.public_key {
            Some(key) if key == self.public_key => {
                Ok(self.elsewhere(serial).map_or(Found::Usable(handle), Found::Refused))
            }
            Some(_) => Ok(self.unfit("key-other", "is another key than expected".into())),
            // A token that is going away loses the public object first on some modules; recovery asks again.
            None => Ok(Found::Missing),
        }
    }

    fn unfit(&self, code: &'static str, why: String) -> Found {
        Found::Refused(Unfit { code, reason: format!("{} {why}", self.label) })
    }

    pub(crate) fn judged(&self) -> JudgedKey {
        let verdict = match self.standing() {
            Standing::Unknown | Standing::Missing => KeyVerdict::Absent,
            Standing::Usable => KeyVerdict::Opened,
            Standing::Refused(unfit) if unfit.code == DESTROYED => KeyVerdict::Absent,
            Standing::Refused(unfit) => KeyVerdict::Refused { code: unfit.code },
        };
        JudgedKey { label: self.label.clone(), public_key: self.public_key.clone(), verdict }
    }
}
