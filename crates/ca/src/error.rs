//! What stops the CA from going on, by what must be done.

use ndoba_types::{CrlName, RandomUnavailable};

use crate::ports::LedgerError;
use crate::world::{Behind, PublishError};

/// Why a step of the CA ended early. Nothing is lost: everything is in the ledger.
#[derive(Debug, thiserror::Error)]
pub enum CaError {
    /// The database was restored or rolled back: stop until two security officers accept it.
    #[error("the CA refuses this database")]
    Behind(#[source] Behind),
    /// The next CRL would not follow the one that is online: the database or the published file is not what it was.
    /// Stop, call the operator.
    #[error("the CA stopped itself: the next CRL of {list} does not follow the one online: {what}")]
    Discontinuous {
        /// Which list.
        list: CrlName,
        /// What would be lost.
        what: String,
    },
    /// The signature or the bytes of what was signed are not what was recorded: stop, call the operator.
    #[error("the CA stopped itself: {what}")]
    Halted {
        /// What differed.
        what: String,
    },
    /// The database did not do it: later.
    #[error("the ledger could not be used")]
    Ledger(#[source] LedgerError),
    /// The profile, the issuer and the request contradict each other in a way no officer can mend.
    #[error("the CA's configuration does not allow this: {what}")]
    Misconfigured {
        /// What contradicts.
        what: String,
    },
    /// A CRL or the witness could not be written: later.
    #[error("publishing failed")]
    Publish(#[source] PublishError),
    /// No randomness: later.
    #[error("no serial number can be drawn")]
    Random(#[source] RandomUnavailable),
    /// The register of officers does not lead back to the pin: stop, call the operator.
    #[error("the register of officers cannot be believed: {what}")]
    Register {
        /// Which grant, and why.
        what: String,
    },
    /// The token is away or the key refuses: later, or an operator.
    #[error("the key does not sign")]
    Sign(#[source] ndoba_types::SignError),
}

impl From<LedgerError> for CaError {
    fn from(error: LedgerError) -> Self {
        Self::Ledger(error)
    }
}

impl From<RandomUnavailable> for CaError {
    fn from(error: RandomUnavailable) -> Self {
        Self::Random(error)
    }
}

impl From<PublishError> for CaError {
    fn from(error: PublishError) -> Self {
        Self::Publish(error)
    }
}
