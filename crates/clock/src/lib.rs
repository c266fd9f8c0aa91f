//! Time and randomness from the machine: the only place that reads either.
//!
//! [`SystemClock`] is the wall clock for records and validity periods. [`HostClock`] is the clock of time-stamps: it
//! knows how well it knows, and says so when it does not. What it decides lives in [`Gate`], which reads nothing and
//! is driven by tests with clocks that jump. [`OsRandom`] is the system's generator.
//! [`NtpWatch`] asks NTP servers and says how far off a quorum of them sees the wall clock; it never sets it.

mod bound;
mod gate;
mod host;
mod kernel;
mod ntp;
mod random;
mod system;

pub use bound::{Assumed, BoundSource, KernelBound, Measured, QuorumBound};
pub use gate::{Gate, GateSettings, KernelCheck, Reading, Transition};
pub use host::{ClockReport, ClockSource, HostClock, MachineClock};
pub use kernel::{Adjtimex, KernelState, Leap};
pub use ntp::{
    Answer, Interval, Kiss, NtpSettings, NtpTimestamp, NtpWatch, PACKET_LEN, Refusal, Sample, ServerAddress,
    SourceChange, SourceReport, Unanswered, Verdict, agreement, ask, request,
};
pub use random::OsRandom;
pub use system::SystemClock;
