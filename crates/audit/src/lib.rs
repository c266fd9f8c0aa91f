//! The audit log: what happened, in an order that cannot be changed afterwards, provable without trusting us.
//!
//! An [`Event`] is written in the same transaction as the act it records, unsequenced. The [`Sequencer`] gives each
//! event an index in one Merkle tree (RFC 6962 §2.1), checks that the tree extends the head it keeps outside the
//! database, and signs [`Checkpoint`]s. [`ExportVerifier`] needs an [`export`] and nothing else.
//!
//! Nothing here reads a clock, a file or a database, and nothing holds a signing key: see [`EventLog`],
//! [`EventSink`] and [`HeadWitness`] for what the shells provide. Events carry no personal data: identifiers,
//! digests, and [`Word`]s that cannot hold a sentence.

mod cause;
mod checkpoint;
mod event;
mod export;
mod field;
mod kind;
mod ports;
mod proof;
mod record;
mod sequencer;
#[cfg(test)]
mod tampering;
#[cfg(test)]
mod test_support;
mod tree;
mod verify;
mod witness;
mod word;

pub use cause::Cause;
pub use checkpoint::{BadCheckpoint, Checkpoint, SignedCheckpoint};
pub use event::{Actor, Event};
pub use export::export;
pub use kind::EventKind;
pub use ports::{EventLog, EventSink, HeadWitness, Leaf, LogError, PendingEvent, WitnessError};
pub use proof::{consistency_proof, inclusion_proof, verify_consistency, verify_inclusion};
pub use record::{BadRecord, Record};
pub use sequencer::{Sequencer, SequencerError, SequencerSettings, Step, rebuild_witness};
pub use tree::{Frontier, leaf_hash};
pub use verify::{ExportVerifier, Finding, SignatureVerifier, TokenVerifier, Verdict, verify_export};
pub use witness::{BadWitness, WitnessedHead};
pub use word::{BadWord, Word};
