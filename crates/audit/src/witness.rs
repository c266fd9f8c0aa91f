//! What the sequencer remembers outside the database.

use ndoba_types::{Sha256Digest, canonical};
use serde::Deserialize;
use serde_json::Value;

use crate::{Frontier, SignedCheckpoint};

/// How far the log had come when the sequencer last wrote.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WitnessedHead {
    /// The tree as a compact range: enough to go on with, and to see that what follows extends it.
    pub frontier: Frontier,
    /// The hash of the last record.
    pub last: Option<Sha256Digest>,
    /// The last checkpoint that was signed. Saved here before it goes into the database, so that a crash between
    /// the two cannot lose it.
    pub checkpoint: Option<SignedCheckpoint>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WitnessJson {
    size: u64,
    frontier: Vec<String>,
    last: Option<String>,
    checkpoint: Option<Value>,
}

impl WitnessedHead {
    /// The head of an empty log.
    pub(crate) const EMPTY: Self = Self { frontier: Frontier::new(), last: None, checkpoint: None };

    /// The octets for the file.
    pub fn to_bytes(&self) -> Vec<u8> {
        let Self { frontier, last, checkpoint } = self;
        let value = serde_json::json!({
            "size": frontier.size(),
            "frontier": frontier.peaks().iter().map(Sha256Digest::to_string).collect::<Vec<_>>(),
            "last": last.map(|last| last.to_string()),
            "checkpoint": checkpoint.as_ref().map(|signed| signed.to_value()),
        });
        canonical::encode(&value).unwrap_or_default()
    }

    /// Reads [`Self::to_bytes`].
    ///
    /// # Errors
    ///
    /// [`BadWitness`] for anything else.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, BadWitness> {
        let value = canonical::decode(bytes).map_err(|_| BadWitness)?;
        let WitnessJson { size, frontier, last, checkpoint } =
            serde_json::from_value(value).map_err(|_| BadWitness)?;
        let peaks: Result<Vec<_>, _> = frontier.iter().map(|peak| peak.parse()).collect();
        let checkpoint = checkpoint.map(SignedCheckpoint::from_value).transpose().map_err(|_| BadWitness)?;
        Ok(Self {
            frontier: Frontier::from_parts(size, peaks.map_err(|_| BadWitness)?).ok_or(BadWitness)?,
            last: last.map(|last| last.parse()).transpose().map_err(|_| BadWitness)?,
            checkpoint,
        })
    }
}

/// Not the octets of a witness file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("these octets are not an audit witness")]
pub struct BadWitness;
