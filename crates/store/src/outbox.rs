//! The outbox: what a commit leaves to be done, so that a crash between the two forgets nothing.

use ndoba_types::{CaName, SerialNumber, UtcTime};

use crate::error::StoreError;
use crate::{Store, queries};

/// What is to be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ErrandKind {
    /// A status changed: the CA's next CRL is due. Finished by the store itself, with the CRL that shows it.
    CrlDue,
    /// Someone must be told: the subject of a certificate that was issued, revoked, suspended or released.
    Notice,
}

/// One thing to be done. Doing it twice must be harmless: the crash may come before [`Store::finish_errand`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Errand {
    /// For [`Store::finish_errand`].
    pub id: i64,
    /// What.
    pub kind: ErrandKind,
    /// About a certificate of this CA.
    pub ca: CaName,
    /// Which.
    pub serial: SerialNumber,
    /// When the act committed.
    pub created: UtcTime,
}

impl Store {
    /// What waits, oldest first, at most `limit`.
    ///
    /// # Errors
    ///
    /// [`StoreError`].
    pub fn errands(&self, limit: u32) -> Result<Vec<Errand>, StoreError> {
        self.read("errands", |conn| queries::outbox::waiting(conn, limit.into()))
    }

    /// Marks one as done. `false` when it was already.
    ///
    /// # Errors
    ///
    /// [`StoreError`].
    pub fn finish_errand(&self, id: i64, now: UtcTime) -> Result<bool, StoreError> {
        self.write("finish_errand", |conn| queries::outbox::finish(conn, id, now))
    }
}
