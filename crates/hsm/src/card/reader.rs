//! A module with cards: one context for all cards that a process reaches through it, finalised with the last of them.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError, Weak};

use cryptoki::context::{CInitializeArgs, CInitializeFlags, Pkcs11};

use super::CardError;
use crate::ckr::describe;
use crate::module::Reservation;

/// Those in use. Held by the cards, so that a login ends with the command and not with this table.
static READERS: Mutex<BTreeMap<PathBuf, Weak<Reader>>> = Mutex::new(BTreeMap::new());

pub(super) struct Reader {
    pkcs11: Pkcs11,
    /// C_Initialize is per process: services' tokens are not reached by the same module meanwhile.
    _reservation: Reservation,
}

impl Reader {
    /// The module's context, made if there is none.
    pub(super) fn of(module: &Path) -> Result<Arc<Self>, CardError> {
        let path = module.canonicalize().unwrap_or_else(|_| module.to_owned());
        let mut readers = READERS.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(reader) = readers.get(&path).and_then(Weak::upgrade) {
            return Ok(reader);
        }
        let reservation = Reservation::take(&path).map_err(|_| CardError::InUse { path: path.clone() })?;
        let failed = |error| CardError::NotLoaded { path: path.clone(), reason: describe(&error) };
        let pkcs11 = Pkcs11::new(&path).map_err(failed)?;
        pkcs11.initialize(CInitializeArgs::new(CInitializeFlags::OS_LOCKING_OK)).map_err(failed)?;
        let reader = Arc::new(Self { pkcs11, _reservation: reservation });
        readers.insert(path, Arc::downgrade(&reader));
        Ok(reader)
    }

    pub(super) fn pkcs11(&self) -> &Pkcs11 {
        &self.pkcs11
    }
}

impl Drop for Reader {
    fn drop(&mut self) {
        if let Err(error) = self.pkcs11.clone().finalize() {
            tracing::warn!(reason = describe(&error), "a PKCS#11 library did not let itself be finalised");
        }
    }
}
