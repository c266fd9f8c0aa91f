//! How far the clock may be off.

use std::sync::Arc;

use ndoba_types::{Span, TimeUnavailable};

use crate::{KernelState, Leap, NtpWatch, Reading};

/// How far the wall clock is from UTC, as measured or assumed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Measured {
    /// UTC minus the wall clock, in microseconds: the best estimate. The wall clock is not corrected by it; the bound
    /// covers it.
    pub offset: i64,
    /// The half-width of the interval around the wall clock in which UTC lies.
    pub bound: Span,
}

/// Says how far the wall clock may be from UTC at the moment.
pub trait BoundSource: Send + Sync {
    /// How far it is off now. Asked for every token: it must not wait for anything.
    ///
    /// # Errors
    ///
    /// [`TimeUnavailable`] when it cannot be said.
    fn measured(&self, reading: &Reading) -> Result<Measured, TimeUnavailable>;

    /// A leap second that it knows of and the kernel perhaps does not.
    fn leap(&self, reading: &Reading) -> Leap;

    /// A leap second is over: whatever was measured before it counts no more.
    fn leap_passed(&self);

    /// For health: "trusted-host-clock", "kernel", ….
    fn name(&self) -> &'static str;
}

/// A bound that somebody believes in: development only.
#[derive(Clone, Copy, Debug)]
pub struct Assumed(pub Span);

impl BoundSource for Assumed {
    fn measured(&self, _: &Reading) -> Result<Measured, TimeUnavailable> {
        Ok(Measured { offset: 0, bound: self.0 })
    }

    fn leap(&self, _: &Reading) -> Leap {
        Leap::None
    }

    fn leap_passed(&self) {}

    fn name(&self) -> &'static str {
        "trusted-host-clock"
    }
}

/// The kernel's bound: what its discipline, for example chrony, last told it, grown by age.
#[derive(Clone, Copy, Debug)]
pub struct KernelBound;

impl KernelBound {
    fn of(kernel: &KernelState) -> Span {
        let offset = u32::try_from(kernel.offset_micros.unsigned_abs()).unwrap_or(u32::MAX);
        let max_error = u32::try_from(kernel.max_error.as_micros()).unwrap_or(u32::MAX);
        Span::micros(max_error.saturating_add(offset))
    }
}

impl BoundSource for KernelBound {
    fn measured(&self, reading: &Reading) -> Result<Measured, TimeUnavailable> {
        let kernel = reading.kernel.as_ref().ok_or(TimeUnavailable::NotSynchronised)?;
        Ok(Measured { offset: kernel.offset_micros, bound: Self::of(kernel) })
    }

    fn leap(&self, _: &Reading) -> Leap {
        // The gate looks at the kernel's announcement itself.
        Leap::None
    }

    fn leap_passed(&self) {}

    fn name(&self) -> &'static str {
        "kernel"
    }
}

/// A quorum of NTP servers and, where the kernel's discipline is enforced, the kernel too: the wider bound counts.
#[derive(Debug)]
pub struct QuorumBound {
    /// The servers.
    pub watch: Arc<NtpWatch>,
    /// Whether the kernel's own bound must be narrow too.
    pub with_kernel: bool,
}

impl BoundSource for QuorumBound {
    fn measured(&self, reading: &Reading) -> Result<Measured, TimeUnavailable> {
        let measured = self.watch.measured(reading)?;
        match &reading.kernel {
            Some(kernel) if self.with_kernel => {
                Ok(Measured { bound: measured.bound.max(KernelBound::of(kernel)), ..measured })
            }
            None if self.with_kernel => Err(TimeUnavailable::NotSynchronised),
            Some(_) | None => Ok(measured),
        }
    }

    fn leap(&self, reading: &Reading) -> Leap {
        self.watch.leap(reading)
    }

    fn leap_passed(&self) {
        self.watch.forget();
    }

    fn name(&self) -> &'static str {
        if self.with_kernel { "kernel-and-quorum" } else { "quorum" }
    }
}
