//! What the sequencer remembers outside the database.

use ndoba_types::{Sha256Digest, canonical};
use serde::{Deserialize, Serialize};

use crate::Frontier;

/// How far the log had come when the sequencer last looked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WitnessedHead {
    /// The tree as a compact range: enough to go on with, and to check that what follows extends it.
    pub frontier: Frontier,
    /// Number and [`digest`](crate::SignedCheckpoint::digest) of the last checkpoint signed.
    pub checkpoint: Option<(u64, Sha256Digest)>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct WitnessJson {
    size: u64,
    frontier: Vec<String>,
    checkpoint: Option<(u64, String)>,
}

impl WitnessedHead {
    /// The octets for the file.
    pub fn to_bytes(&self) -> Vec<u8> {
        let Self { frontier, checkpoint } = self;
        let value = serde_json::json!({
            "size": frontier.size(),
            "frontier": frontier.peaks().iter().map(Sha256Digest::to_string).collect::<Vec<_>>(),
            "checkpoint": checkpoint.map(|(number, digest)| (number, digest.to_string())),
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
        let WitnessJson { size, frontier, checkpoint } =
            serde_json::from_value(value).map_err(|_| BadWitness)?;
        let peaks = frontier
            .iter()
            .map(|peak| peak.parse())
            .collect::<Result<Vec<_>, _>>()
            .map_err(|_| BadWitness)?;
        let checkpoint = checkpoint
            .map(|(number, digest)| Ok((number, digest.parse().map_err(|_| BadWitness)?)))
            .transpose()?;
        Ok(Self { frontier: Frontier::from_parts(size, peaks).ok_or(BadWitness)?, checkpoint })
    }
}

/// Not the octets of a witness file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("these octets are not an audit witness")]
pub struct BadWitness;
