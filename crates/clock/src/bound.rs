//! How far the clock may be off.

use ndoba_types::{Span, TimeUnavailable};

use crate::KernelState;

/// Says how far the wall clock may be from UTC at the moment.
pub trait BoundSource: Send + Sync {
    /// The half-width of the interval in which UTC lies.
    ///
    /// # Errors
    ///
    /// [`TimeUnavailable`] when it cannot be said.
    fn bound(&self, kernel: Option<&KernelState>) -> Result<Span, TimeUnavailable>;

    /// For health: "trusted-host-clock", "kernel", ….
    fn name(&self) -> &'static str;
}

/// A bound that somebody believes in: development only.
#[derive(Clone, Copy, Debug)]
pub struct Assumed(pub Span);

impl BoundSource for Assumed {
    fn bound(&self, _: Option<&KernelState>) -> Result<Span, TimeUnavailable> {
        Ok(self.0)
    }

    fn name(&self) -> &'static str {
        "trusted-host-clock"
    }
}

/// The kernel's bound: what its discipline, for example chrony, last told it, grown by age.
#[derive(Clone, Copy, Debug)]
pub struct KernelBound;

impl BoundSource for KernelBound {
    fn bound(&self, kernel: Option<&KernelState>) -> Result<Span, TimeUnavailable> {
        let kernel = kernel.ok_or(TimeUnavailable::NotSynchronised)?;
        let offset = u32::try_from(kernel.offset_micros.unsigned_abs()).unwrap_or(u32::MAX);
        let max_error = u32::try_from(kernel.max_error.as_micros()).unwrap_or(u32::MAX);
        Ok(Span::micros(max_error.saturating_add(offset)))
    }

    fn name(&self) -> &'static str {
        "kernel"
    }
}
