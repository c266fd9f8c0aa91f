//! The settings of the clock.

use ndoba_types::Span;

use super::KeyRef;

/// What is asked of the clock (T-40 to T-43).
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct ClockSettings {
    /// Who is believed.
    pub mode: ClockMode,
    /// What the kernel's own opinion counts for.
    pub kernel: KernelCheck,
    /// The bound assumed in [`ClockMode::TrustedHostClock`].
    pub assumed_bound: Span,
    /// A jump of the wall clock against the monotonic one by more than this stops time-stamping.
    pub step_limit: Span,
    /// How long the clock must have been good after a failure.
    pub clean_interval: Span,
    /// Sources, in [`ClockMode::Disciplined`].
    pub servers: Vec<NtpServer>,
    /// How many sources must agree.
    pub quorum: u8,
    /// How often each is asked.
    pub poll: Span,
    /// How long an answer is waited for.
    pub timeout: Span,
    /// How long an answer counts.
    pub max_age: Span,
    /// How far this machine's clock may stray, in parts per million.
    pub drift_ppm: u16,
    /// The key that signs the clock's statement.
    pub statement: Option<KeyRef>,
}

/// Who is believed about the time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClockMode {
    /// The kernel's discipline and a quorum of NTP servers.
    Disciplined,
    /// The machine's clock with an assumed bound: development only, and health says so.
    TrustedHostClock,
}

/// What the kernel's discipline state counts for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KernelCheck {
    /// An unsynchronised kernel stops time-stamping.
    Enforce,
    /// Not looked at.
    Off,
    /// Logged only.
    Warn,
}

/// An NTP server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NtpServer {
    /// Its host name or address.
    pub host: String,
    /// Its UDP port.
    pub port: u16,
}
