//! The outbox: the lists that a commit leaves due, so that a crash between the two forgets none. Who is told of the
//! commit is in [`webhooks`](crate::queries::webhooks).

use ndoba_types::{CaName, SerialNumber, UtcTime};

use crate::error::StoreError;
use crate::{Store, queries};

/// A status changed: the CA's next CRL is due. Finished by the store itself, with the CRL that shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Errand {
    /// The CA.
    pub ca: CaName,
    /// The certificate whose status changed.
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
}
