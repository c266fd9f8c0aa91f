//! Where the data keys come from, and how they are kept.

use std::sync::Arc;

use ndoba_types::UtcTime;

use super::{Act, RegistryError};
use crate::sealed::{DataKeys, PublicDataKey};

/// The data keys as a process has them: in memory, once their token has unwrapped them.
pub trait Vault: Send + Sync {
    /// The keys; none while the token has not given them.
    fn keys(&self) -> Option<Arc<DataKeys>>;

    /// The newest key's public half, which seals while the token has not given the keys; for evidence of what must not
    /// wait, such as a revocation.
    fn public(&self) -> Option<Arc<PublicDataKey>> {
        None
    }
}

/// A data key as it is stored: wrapped, which is all that there is of it outside a token and a running process.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WrappedDataKey {
    /// From 1; stands in each value that is sealed under it.
    pub number: u32,
    /// Which key of the token wrapped it.
    pub wrapped_by: String,
    /// The wrapped octets.
    pub wrapped: Vec<u8>,
    /// Its public half: seals, opens nothing.
    pub public: Vec<u8>,
    /// When it was made.
    pub created: UtcTime,
}

/// How the rows with personal data are stored.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sealing {
    /// Rows from before there was a data key, in clear still.
    pub clear: u64,
    /// Rows under each data key, by its number.
    pub under: Vec<(u32, u64)>,
}

/// The data keys' part of the database.
pub trait DataKeyRegistry {
    /// The wrapped keys, the oldest first.
    ///
    /// # Errors
    ///
    /// [`RegistryError`].
    fn data_keys(&self) -> Result<Vec<WrappedDataKey>, RegistryError>;

    /// Adds one; [`Conflict::Stale`](super::Conflict::Stale) where its number is not the next.
    ///
    /// # Errors
    ///
    /// [`RegistryError`].
    fn add_data_key(&self, key: &WrappedDataKey, act: Act<'_>) -> Result<(), RegistryError>;

    /// Destroys the wrapped keys older than `number`; [`Conflict::Stale`](super::Conflict::Stale) where a row is still
    /// sealed under one.
    ///
    /// # Errors
    ///
    /// [`RegistryError`].
    fn destroy_data_keys_before(&self, number: u32, act: Act<'_>) -> Result<(), RegistryError>;

    /// How the rows stand.
    ///
    /// # Errors
    ///
    /// [`RegistryError`].
    fn sealing(&self) -> Result<Sealing, RegistryError>;

    /// Seals at most `limit` rows of each kind anew that are in clear or under an older key; how many there were.
    /// Repeated until there are none, however often it was cut off.
    ///
    /// # Errors
    ///
    /// [`RegistryError`].
    fn seal_records(&self, limit: u32) -> Result<u64, RegistryError>;

    /// Where clear text was once written, overwrites what the database's files still hold of it; `false` where that is
    /// its owner's to do (PostgreSQL: VACUUM FULL).
    ///
    /// # Errors
    ///
    /// [`RegistryError`].
    fn scrub(&self) -> Result<bool, RegistryError>;
}
