//! What the pure crates ask of the world. Shells implement these; tests pass fakes from `testkit`.

use crate::UtcTime;

/// The wall clock, for records and validity periods.
///
/// Time-stamps need more than this: see [`TrustedClock`](crate::TrustedClock), which can say "I don't know".
pub trait Clock: Send + Sync {
    /// The time now, as well as this machine knows it.
    fn now(&self) -> UtcTime;
}

/// A cryptographically secure source of random octets.
pub trait Random: Send + Sync {
    /// Fills `buffer` whole, or not at all.
    ///
    /// # Errors
    ///
    /// [`RandomUnavailable`]: the caller must give up what it was doing; there is no weaker substitute.
    fn fill(&self, buffer: &mut [u8]) -> Result<(), RandomUnavailable>;
}

/// The random number generator gave nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the random number generator is unavailable")]
pub struct RandomUnavailable;
