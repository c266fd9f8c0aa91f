//! The database and the files that must be durable: SQLite and PostgreSQL behind the services' ports.
//!
//! Holds no rules of the domain: who may do what, and when, is decided before a value gets here. What it does hold
//! is order: one method of a port is one transaction, on disk when it returns, with its audit events inside; states
//! change by comparing; nothing of the ledger is deleted, which the schema's own triggers see to as well.
//!
//! Enter at [`Store`] (the database), [`StatusRecords`] (as an OCSP node uses it), [`Witness`] (the memory outside
//! it), [`PublishedFiles`] and [`SpoolFolder`]. Everything blocks: never on an event loop.
//!
//! What each thing is trusted for:
//! - orders and grants: for nothing but their order; the CA verifies their signatures;
//! - `certificate_status`, `ca_status`: for the truth, as long as they are not behind the witness;
//! - the witness: for how far the database had come, and nothing else;
//! - the spool of status orders: for when they came in, and nothing else;
//! - published files: for being online; relying parties verify them.

mod connection;
mod durability;
mod durable_file;
mod error;
mod event_log;
mod export;
mod finals;
mod journal;
mod key_places;
mod ledger;
mod outbox;
mod prepared;
mod publish;
mod queries;
mod registry;
mod responders;
mod schema;
mod schema_state;
mod sealing;
mod segments;
mod spelling;
mod spool;
mod status_records;
mod stored;
mod transaction;
mod unit_orders;
mod webhooks;
mod witness;

pub use connection::Engine;
pub use error::StoreError;
pub use event_log::HeadFile;
pub use finals::{FinalBatch, SignedFinal, Unfinished};
pub use journal::{
    EndedSegment, JournalDurability, JournalLine, JournalOpenError, JournalReadError, JournalSettings,
    SealReader, TokenJournal, Walked, journal_segments, walk_journal,
};
pub use outbox::Errand;
pub use publish::{PublishError, PublishedFiles};
pub use queries::in_use::InUse;
pub use responders::{NewResponderRequest, ResponderOutcome, ResponderRecord};
pub use schema_state::OpenError;
pub use segments::{RecordedSegment, SegmentOutcome};
pub use spool::SpoolFolder;
pub use status_records::{Dating, RefreshError, StatusRecords};
pub use transaction::Store;
pub use witness::{AdvanceError, Behind, CheckpointMark, Marks, Witness, WitnessFileError};
