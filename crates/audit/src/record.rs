//! A leaf as it is stored and exported: an event, its place, the hash of the record before, and its own hash.

use ndoba_types::{Sha256Digest, canonical};
use serde::Deserialize;
use serde_json::Value;

use crate::leaf_hash;

/// A record of the log.
///
/// The tree's leaf is the canonical `{"event":…,"index":…,"prev":…}`; the stored octets have `"hash"` beside, which
/// is that leaf's hash. `hash` and `prev` prove nothing by themselves (the checkpoints do); they let a verifier
/// name the first record that was changed, unless all that follow were changed with it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    index: u64,
    event: Value,
    prev: Option<Sha256Digest>,
    hash: Sha256Digest,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RecordJson {
    event: Value,
    hash: String,
    index: u64,
    prev: Option<String>,
}

impl Record {
    /// Gives an event its place.
    ///
    /// # Inputs
    ///
    /// - `event` – [`Event::to_bytes`](crate::Event::to_bytes), from the database.
    /// - `prev` – the hash of the record before; `None` for the first.
    ///
    /// # Errors
    ///
    /// [`BadRecord::Malformed`] when `event` is not a canonical JSON object.
    pub fn new(index: u64, event: &[u8], prev: Option<Sha256Digest>) -> Result<Self, BadRecord> {
        let event = canonical::decode(event).map_err(|_| BadRecord::Malformed)?;
        if !event.is_object() {
            return Err(BadRecord::Malformed);
        }
        let hash = leaf_hash(&leaf(index, &event, prev)?);
        Ok(Self { index, event, prev, hash })
    }

    /// Reads stored octets.
    ///
    /// # Errors
    ///
    /// [`BadRecord::Malformed`] when they are no record, [`BadRecord::Altered`] when the hash within is not the one
    /// that follows from the rest.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, BadRecord> {
        let value = canonical::decode(bytes).map_err(|_| BadRecord::Malformed)?;
        let RecordJson { event, hash, index, prev } =
            serde_json::from_value(value).map_err(|_| BadRecord::Malformed)?;
        let prev = prev.map(|prev| prev.parse()).transpose().map_err(|_| BadRecord::Malformed)?;
        let hash = hash.parse().map_err(|_| BadRecord::Malformed)?;
        if !event.is_object() {
            return Err(BadRecord::Malformed);
        }
        if leaf_hash(&leaf(index, &event, prev)?) != hash {
            return Err(BadRecord::Altered);
        }
        let record = Self { index, event, prev, hash };
        // Refuses a missing `prev` where `null` belongs.
        if record.to_bytes()? == bytes { Ok(record) } else { Err(BadRecord::Malformed) }
    }

    /// The canonical octets to store.
    ///
    /// # Errors
    ///
    /// [`BadRecord::Malformed`] for an index beyond 2⁵³.
    pub fn to_bytes(&self) -> Result<Vec<u8>, BadRecord> {
        let Self { index, event, prev, hash } = self;
        let value = serde_json::json!({
            "event": event,
            "hash": hash.to_string(),
            "index": index,
            "prev": prev.map(|prev| prev.to_string()),
        });
        canonical::encode(&value).map_err(|_| BadRecord::Malformed)
    }

    /// Its place.
    pub fn index(&self) -> u64 {
        self.index
    }

    /// The event as JSON, for display.
    pub fn event(&self) -> &Value {
        &self.event
    }

    /// The hash of the record before.
    pub fn prev(&self) -> Option<Sha256Digest> {
        self.prev
    }

    /// Its own hash: what the tree is made of.
    pub fn hash(&self) -> Sha256Digest {
        self.hash
    }
}

fn leaf(index: u64, event: &Value, prev: Option<Sha256Digest>) -> Result<Vec<u8>, BadRecord> {
    let value = serde_json::json!({
        "event": event,
        "index": index,
        "prev": prev.map(|prev| prev.to_string()),
    });
    canonical::encode(&value).map_err(|_| BadRecord::Malformed)
}

/// Why octets are no record.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadRecord {
    /// Its hash does not follow from its content.
    #[error("the record's hash does not follow from its content")]
    Altered,
    /// Not the canonical JSON of a record.
    #[error("these octets are not a record of an audit log")]
    Malformed,
}
