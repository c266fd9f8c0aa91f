//! Signed orders to revoke or suspend that the database could not take: kept beside it until it can (P-22, ADR 0013).
//!
//! The spool is believed for nothing but the time of receipt: what comes out of it is judged as if it had just come in.

use ndoba_types::{OrderId, UtcTime};

/// What an officer hands in to revoke or suspend: a whole order with its signature. Personal data, so no `Debug`.
#[derive(Clone, PartialEq, Eq)]
pub struct StatusHandIn {
    /// The order's canonical bytes.
    pub content: Vec<u8>,
    /// The evidence behind it, canonical bytes; absent where the order was drafted in the database before.
    pub evidence: Option<Vec<u8>>,
    /// The revocation officer's signature, as `order` reads it.
    pub jws: String,
}

/// One that is kept.
#[derive(Clone, PartialEq, Eq)]
pub struct KeptOrder {
    /// The order's identifier: one order is kept once.
    pub order: OrderId,
    /// When it was handed in.
    pub received: UtcTime,
    /// What was handed in.
    pub hand_in: StatusHandIn,
}

/// How full a spool is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SpoolCounts {
    /// Orders that the database has not taken over yet.
    pub waiting: usize,
    /// Orders that were turned down at takeover, and ones that do not read: somebody must look at them.
    pub refused: usize,
    /// When the oldest waiting one was handed in.
    pub oldest: Option<UtcTime>,
}

/// Where such orders are kept. Blocking; durable when a method returns.
pub trait Spool: Send + Sync {
    /// Keeps an order; the same one again changes nothing. Gives the time of receipt that is kept.
    ///
    /// # Errors
    ///
    /// [`SpoolError`], as for all methods: nothing was kept then.
    fn keep(&self, order: &KeptOrder) -> Result<UtcTime, SpoolError>;

    /// All that wait, in the order of receipt.
    ///
    /// # Errors
    ///
    /// [`SpoolError`].
    fn waiting(&self) -> Result<Vec<KeptOrder>, SpoolError>;

    /// Forgets an order that the database has.
    ///
    /// # Errors
    ///
    /// [`SpoolError`]; it will be taken over again, which changes nothing.
    fn taken_over(&self, order: OrderId) -> Result<(), SpoolError>;

    /// Lays an order aside that was turned down.
    ///
    /// # Errors
    ///
    /// [`SpoolError`]; it will be turned down again.
    fn lay_aside(&self, order: OrderId) -> Result<(), SpoolError>;

    /// How many there are.
    ///
    /// # Errors
    ///
    /// [`SpoolError`].
    fn counts(&self) -> Result<SpoolCounts, SpoolError>;
}

/// Why an order could not be kept.
#[derive(Debug, thiserror::Error)]
pub enum SpoolError {
    /// Enough are kept.
    #[error("{most} status orders are kept already, and no more are")]
    Full {
        /// So many.
        most: usize,
    },
    /// The identifier is taken.
    #[error("another order with the same identifier is kept")]
    OtherOrder,
    /// There is none, or it cannot be read or written.
    #[error("the folder of kept status orders cannot be used")]
    Unusable(#[source] Box<dyn std::error::Error + Send + Sync>),
}
