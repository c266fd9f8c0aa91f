//! The certification authority: carries out what officers have signed, and accounts for every signature of its keys.
//!
//! An order from the database is believed only as far as its signatures lead back to the pinned security officers
//! ([`ndoba_order::authorise`]). A certificate is planned, encoded twice, linted, recorded with its intent, signed,
//! compared, and recorded as issued, in that order (`issue`); a change of status is one transaction that needs no
//! token (`status`); CRLs follow (`crl`). After a crash the ledger says what is in doubt, and
//! [`CaService::step`] settles it. [`RestorePlan`] says what a restored database lacks.
//!
//! Synchronous, for a thread of its own. It does no input or output but through [`ports`] and `world`. Enter at
//! [`CaService`].

pub mod accounting;
mod authority;
mod ceremony;
pub mod clocks;
mod crl;
mod decide;
pub mod ending;
mod error;
mod issue;
mod node;
mod offline;
pub mod ports;
mod restore;
mod revocation;
mod service;
mod status;
mod suspension;
mod world;

pub use authority::{CrlTiming, IssuingCa, KeyWatch};
pub use ceremony::{Appointed, CeremonyDesk};
pub use decide::OrderRefusal;
pub use error::CaError;
pub use node::{Epoch, Node};
pub use offline::{
    Awaited, AwaitedList, Brought, OfflineCa, OfflineDesk, OfflineError, judge_list, judge_responder,
};
pub use restore::{PublishedCrl, RestoreError, RestorePlan};
pub use revocation::{RevokeCaError, Revoked, Revoking};
pub use service::{CaParts, CaService, CrlKeeper, MadeCrl, Progress};
pub use suspension::{Overdue, SuspensionRule};
pub use world::{
    Alone, Arrow, Behind, CrlDraft, CrlSink, Failpoints, NoFailpoints, Octets, PublishError, ReadSeek,
    RollbackWitness,
};
