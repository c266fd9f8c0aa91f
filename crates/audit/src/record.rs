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
    /// The event's canonical octets.
    octets: Vec<u8>,
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
        let octets = event.to_vec();
        let event = canonical::decode(event).map_err(|_| BadRecord::Malformed)?;
        Self::placed(index, event, octets, prev)
    }

    /// `octets` are the event's in canonical form.
    fn placed(
        index: u64,
        event: Value,
        octets: Vec<u8>,
        prev: Option<Sha256Digest>,
    ) -> Result<Self, BadRecord> {
        if !event.is_object() || index > canonical::MAX_SAFE_INTEGER {
            return Err(BadRecord::Malformed);
        }
        let hash = leaf_hash(&written(&octets, None, index, prev));
        Ok(Self { index, event, octets, prev, hash })
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
        let hash: Sha256Digest = hash.parse().map_err(|_| BadRecord::Malformed)?;
        let octets = canonical::encode(&event).map_err(|_| BadRecord::Malformed)?;
        let record = Self::placed(index, event, octets, prev)?;
        if record.hash != hash {
            return Err(BadRecord::Altered);
        }
        // Refuses a missing `prev` where `null` belongs.
        if record.to_bytes() == bytes { Ok(record) } else { Err(BadRecord::Malformed) }
    }

    /// The canonical octets to store.
    pub fn to_bytes(&self) -> Vec<u8> {
        written(&self.octets, Some(self.hash), self.index, self.prev)
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

/// A record's canonical JSON, or without the hash its leaf's. An event's own octets are canonical wherever they stand, so
/// they need not be written anew.
fn written(event: &[u8], hash: Option<Sha256Digest>, index: u64, prev: Option<Sha256Digest>) -> Vec<u8> {
    let hash = hash.map(|hash| format!("\"hash\":\"{hash}\",")).unwrap_or_default();
    let prev = prev.map_or_else(|| "null".to_owned(), |prev| format!("\"{prev}\""));
    let mut octets = Vec::with_capacity(event.len() + 200);
    octets.extend_from_slice(b"{\"event\":");
    octets.extend_from_slice(event);
    octets.extend_from_slice(format!(",{hash}\"index\":{index},\"prev\":{prev}}}").as_bytes());
    octets
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

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_is_written_is_canonical() {
        let event = json!({ "kind": "of \"quotes\"", "at": 7, "data": { "ნ": [null, true] } });
        let before = Sha256Digest::of(b"before");
        for (index, prev) in [(0, None), (canonical::MAX_SAFE_INTEGER, Some(before))] {
            let record = Record::new(index, &canonical::encode(&event).unwrap(), prev).unwrap();
            let leaf = json!({ "event": event, "index": index, "prev": prev.map(|prev| prev.to_string()) });
            assert_eq!(record.hash(), leaf_hash(&canonical::encode(&leaf).unwrap()));
            let Value::Object(mut stored) = leaf else { unreachable!() };
            stored.insert("hash".into(), record.hash().to_string().into());
            assert_eq!(record.to_bytes(), canonical::encode(&Value::Object(stored)).unwrap());
            assert_eq!(Record::from_bytes(&record.to_bytes()), Ok(record));
        }
        let beyond = Record::new(canonical::MAX_SAFE_INTEGER + 1, b"{}", None);
        assert_eq!(beyond, Err(BadRecord::Malformed));
    }
}
