//! Where a CA's key may be used.

use ndoba_audit::{Event, LogError};
use ndoba_types::{KeyLabel, Sha256Digest, UtcTime};

use crate::Store;
use crate::queries::{events, key_places};

impl Store {
    /// The serial numbers of the tokens in which the key may be used; none where nobody has said.
    ///
    /// # Errors
    ///
    /// [`LogError`] when the database does not answer.
    pub fn key_places(&self, key: Sha256Digest) -> Result<Vec<String>, LogError> {
        Ok(self.read("key_places", |conn| key_places::of(conn, key))?)
    }

    /// Lets the key be used in that token, and records `event` with it. Whether it was not so before.
    ///
    /// # Errors
    ///
    /// [`LogError`] when the database does not answer; nothing was written then.
    pub fn place_key(
        &self,
        key: Sha256Digest,
        label: &KeyLabel,
        token: &str,
        at: UtcTime,
        event: &Event,
    ) -> Result<bool, LogError> {
        Ok(self.write("place_key", |conn| {
            let placed = key_places::add(conn, key, label, token, at)?;
            if placed {
                events::append(conn, std::slice::from_ref(event))?;
            }
            Ok(placed)
        })?)
    }
}
