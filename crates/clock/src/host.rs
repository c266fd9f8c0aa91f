//! The machine's clocks behind the gate.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use ndoba_types::{CertifiedTime, Clock as _, Span, TimeUnavailable, TrustedClock};

use crate::{Adjtimex, BoundSource, Gate, GateSettings, Measured, Reading, SystemClock, Transition};

/// Looks at all clocks at once.
pub trait ClockSource: Send + Sync {
    /// What they say now.
    fn read(&self) -> Reading;
}

/// This machine's clocks.
#[derive(Clone, Copy, Debug)]
pub struct MachineClock {
    start: Instant,
}

impl MachineClock {
    /// The monotonic clock counts from here.
    pub fn start() -> Self {
        Self { start: Instant::now() }
    }
}

impl ClockSource for MachineClock {
    fn read(&self) -> Reading {
        /// Longer than reading three clocks takes, shorter than any step that matters.
        const TOGETHER: Duration = Duration::from_millis(1);
        let kernel = Adjtimex.read().ok();
        let mut tries = 0;
        loop {
            let before = self.start.elapsed();
            let wall = SystemClock.now();
            let after = self.start.elapsed();
            tries += 1;
            // Were we put to sleep between the two, they would seem to have parted.
            if after - before < TOGETHER || tries == 8 {
                let spread = u32::try_from((after - before).as_micros()).unwrap_or(u32::MAX);
                return Reading { wall, monotonic: after, kernel, spread: Span::micros(spread) };
            }
        }
    }
}

/// The machine's clock, as far as it can be believed: monotone, watched for steps and leap seconds, with a bound.
pub struct HostClock {
    source: Arc<dyn ClockSource>,
    gate: Mutex<Gate>,
    on_transition: Box<dyn Fn(&Transition) + Send + Sync>,
}

impl fmt::Debug for HostClock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "HostClock({})", self.mode())
    }
}

impl HostClock {
    /// A clock over `source`.
    ///
    /// `on_transition` is called by whoever asks for the time when something changes; it must not ask for the
    /// time itself, and must not block. Steps are noticed when somebody asks: ask once a second at least.
    pub fn new(
        source: Arc<dyn ClockSource>,
        settings: GateSettings,
        bound: Box<dyn BoundSource>,
        on_transition: Box<dyn Fn(&Transition) + Send + Sync>,
    ) -> Self {
        Self { source, gate: Mutex::new(Gate::new(settings, bound)), on_transition }
    }

    /// Where the bound comes from; health answers say it, so that "trusted-host-clock" is seen.
    pub fn mode(&self) -> &'static str {
        self.gate.lock().unwrap_or_else(PoisonError::into_inner).source()
    }
}

/// All that is known of the clock at one moment.
#[derive(Clone, Debug)]
pub struct ClockReport {
    /// The clocks.
    pub reading: Reading,
    /// What whoever asks for the time is told.
    pub time: Result<CertifiedTime, TimeUnavailable>,
    /// How far off the wall clock is, believed or not.
    pub measured: Result<Measured, TimeUnavailable>,
    /// Where that comes from.
    pub mode: &'static str,
}

impl HostClock {
    /// Looks at the clocks, as whoever asks for the time does, and tells all.
    pub fn report(&self) -> ClockReport {
        let mut transitions = Vec::new();
        let report = {
            // A panic while it was held left a whole gate behind: it is changed field by field, by plain values.
            let mut gate = self.gate.lock().unwrap_or_else(PoisonError::into_inner);
            // Read under the lock: readings must reach the gate in their order.
            let reading = self.source.read();
            let time = gate.observe(&reading, &mut |transition| transitions.push(transition));
            ClockReport { reading, time, measured: gate.measured(&reading), mode: gate.source() }
        };
        for transition in &transitions {
            match transition {
                Transition::Stopped { reason, .. } => tracing::error!(%reason, "the clock is not believed"),
                Transition::Trusted { measured: Measured { offset, bound } } => {
                    tracing::info!(offset_us = offset, bound_us = bound.as_micros(), "the clock is believed");
                }
                Transition::LeapPassed { midnight } => tracing::info!(%midnight, "a leap second has passed"),
                Transition::Kernel { synchronised: true } => {
                    tracing::info!("the kernel's clock is synchronised")
                }
                Transition::Kernel { synchronised: false } => {
                    tracing::warn!("the kernel's clock is not synchronised")
                }
            }
            (self.on_transition)(transition);
        }
        report
    }
}

impl TrustedClock for HostClock {
    fn certified_now(&self) -> Result<CertifiedTime, TimeUnavailable> {
        self.report().time
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Assumed, KernelCheck};

    #[test]
    fn the_machines_own_clock_is_believed_in_trusted_mode_and_never_goes_back() {
        let settings = GateSettings {
            step_limit: Span::millis(200),
            clean_interval: Span::seconds(10),
            kernel: KernelCheck::Off,
            limit: Span::seconds(1),
        };
        let bound = Box::new(Assumed(Span::millis(100)));
        let clock = HostClock::new(Arc::new(MachineClock::start()), settings, bound, Box::new(|_| {}));
        assert_eq!(clock.mode(), "trusted-host-clock");
        let mut latest = clock.certified_now().unwrap();
        assert_eq!(latest.bound, Span::millis(100));
        for _ in 0..1000 {
            let now = clock.certified_now().unwrap();
            assert!(now.time >= latest.time);
            latest = now;
        }
    }
}
