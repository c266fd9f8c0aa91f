//! Time-stamping: RFC 3161 and RFC 5816 as EN 319 421 and EN 319 422 profile them.
//!
//! Pure but for its ports: no file, no network, no clock and no randomness of its own. A request is answered in two
//! steps, [`Unit::begin`] and [`Pending::finish`], with the signature between them; [`Stamper`] puts the ports in
//! order around the two: time, serial number, signature, journal, and only then the answer (design §8: no token
//! without a record). HTTP is others' work, and so is saying what the time is.
//!
//! Enter at [`Stamper::stamp`], or at [`Unit::begin`] for the bytes alone; [`Chain`] is the journal as data,
//! [`ClockStatement`] what the clock's state is told by.

mod algorithm;
mod clock_statement;
mod encode;
mod high_water;
mod imprint;
mod journal;
mod ports;
mod rejection;
mod request;
mod second_look;
mod serial;
mod stamper;
mod token;
mod unit;
mod verify;

pub use clock_statement::{
    BadStatement, ClockStatement, STATEMENT_TYPE, StatedAnswer, StatedMeasure, StatedSource,
    UnsignedStatement,
};
pub use high_water::{HighWater, Lease};
pub use imprint::ImprintHash;
pub use journal::{BadJournal, Chain, JournalId, JournalRecord, SegmentSeal};
pub use ports::{JournalDone, JournalError, JournalSink};
pub use rejection::{FailInfo, Rejection};
pub use request::{Nonce, Request};
pub use second_look::{Verification, VerificationCount};
pub use serial::{SerialSource, SerialsExhausted, TokenSerial};
pub use stamper::{BadStamper, Outcome, Reply, Stamper, StamperParts};
pub use token::{Facts, Pending, Step};
pub use unit::{BadUnit, RESOLUTION, Unit, UnitParts};
pub use verify::{BadToken, VerifiedToken, verify_token};
