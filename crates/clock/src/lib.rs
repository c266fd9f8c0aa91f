//! Time and randomness from the machine: the only place that reads either.
//!
//! [`SystemClock`] is the wall clock for records and validity periods. [`HostClock`] is the clock of time-stamps: it
//! knows how well it knows, and says so when it does not. What it decides lives in [`Gate`], which reads nothing and
//! is driven by tests with clocks that jump. [`OsRandom`] is the system's generator.
//!
//! Asking NTP servers is not here yet: a quorum of them becomes another [`BoundSource`].

mod bound;
mod gate;
mod host;
mod kernel;
mod random;
mod system;

pub use bound::{Assumed, BoundSource, KernelBound};
pub use gate::{Gate, GateSettings, KernelCheck, Reading, Transition};
pub use host::{ClockSource, HostClock, MachineClock};
pub use kernel::{Adjtimex, KernelState, Leap};
pub use random::OsRandom;
pub use system::SystemClock;
