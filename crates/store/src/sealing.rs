//! Values sealed on their way into the database and opened on their way out of it (ADR 0020).
//!
//! What a row's `data_key` says is under which key it is sealed, for counting and for the database's own guard of keys
//! in use; what opens a value is what stands in the value. Rows without one are from before there were data keys.

use ndoba_registration::sealed::{DataKeys, OpenError, Place, Seal};
use zeroize::Zeroizing;

use crate::error::StoreError;

/// The values of one row.
pub(crate) struct Row<'a, K: ?Sized = DataKeys> {
    pub(crate) keys: &'a K,
    pub(crate) table: &'static str,
    /// Its key's octets.
    pub(crate) id: &'a [u8],
}

impl<K: Seal + ?Sized> Row<'_, K> {
    pub(crate) fn seal(&self, column: &'static str, clear: &[u8]) -> Result<Vec<u8>, StoreError> {
        let place = Place { table: self.table, row: self.id, column };
        self.keys.seal(place, clear).map_err(|error| StoreError::Unavailable(error.into()))
    }
}

impl Row<'_> {
    /// `data_key` – the row's; without one the value is as it was written.
    pub(crate) fn open(
        &self,
        data_key: Option<i64>,
        column: &'static str,
        stored: Vec<u8>,
    ) -> Result<Zeroizing<Vec<u8>>, StoreError> {
        if data_key.is_none() {
            return Ok(Zeroizing::new(stored));
        }
        let Self { table, id, .. } = self;
        self.keys.open(Place { table, row: id, column }, &stored).map_err(|error| match error {
            OpenError::NewerKey => StoreError::Locked,
            OpenError::Form | OpenError::NoKey | OpenError::Damaged => {
                StoreError::corrupt(format!("{table}.{column} of {} {error}", hex::encode(id)))
            }
        })
    }
}

/// The row's `data_key` for what is sealed now.
pub(crate) fn data_key(keys: &(impl Seal + ?Sized)) -> Option<i64> {
    Some(keys.number().into())
}
