//! Why a certificate may be.

use ndoba_types::{OrderId, Sha256Digest};

/// What entitled the CA to issue.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Cause {
    /// The digest of a key ceremony's plan.
    Ceremony(Sha256Digest),
    /// A verified order.
    Order(OrderId),
    /// A standing authorisation of two security officers.
    Standing(OrderId),
}
