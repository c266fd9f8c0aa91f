//! The clock of time-stamps.

use std::sync::{Arc, mpsc};
use std::thread;

use ndoba_audit::{EventKind, Word};
use ndoba_clock::{
    Assumed, BoundSource, GateSettings, HostClock, KernelBound, KernelCheck, MachineClock, Transition,
};
use ndoba_settings::ClockMode;
use ndoba_types::{TimeUnavailable, TrustedClock};

use super::{Process, record_one};

/// The clock of time-stamps, its changes recorded: a step or a loss is an event of the audit log (OVR-7.12-04).
pub(super) fn start(process: &Arc<Process>) -> anyhow::Result<Arc<dyn TrustedClock>> {
    let settings = &process.settings.clock;
    let bound: Box<dyn BoundSource> = match settings.mode {
        ClockMode::TrustedHostClock => Box::new(Assumed(settings.assumed_bound)),
        ClockMode::Disciplined => Box::new(KernelBound),
    };
    let gate = GateSettings {
        step_limit: settings.step_limit,
        clean_interval: settings.clean_interval,
        kernel: match settings.kernel {
            ndoba_settings::KernelCheck::Enforce => KernelCheck::Enforce,
            ndoba_settings::KernelCheck::Warn => KernelCheck::Warn,
            ndoba_settings::KernelCheck::Off => KernelCheck::Off,
        },
    };
    // Whoever asks for the time must not wait for the database.
    let (sender, receiver) = mpsc::channel::<EventKind>();
    let recorder = Arc::clone(process);
    thread::Builder::new().name("clock-events".into()).spawn(move || {
        for what in receiver {
            if let Err(error) = record_one(&recorder, "clock", what) {
                tracing::error!("a change of the clock is not in the audit log: {error:#}");
            }
        }
    })?;
    let assumed = settings.assumed_bound;
    let on_transition = move |transition: &Transition| {
        let what = match transition {
            Transition::Stopped { reason } => EventKind::ClockLost { code: time_code(reason) },
            Transition::Resumed => EventKind::ClockTrusted { bound: assumed },
            Transition::LeapPassed { .. } => EventKind::ClockLost { code: "leap-second-passed".into() },
            Transition::Kernel { .. } => return,
        };
        // The recorder lives as long as the process.
        let _ = sender.send(what);
    };
    let source = Box::new(MachineClock::start());
    Ok(Arc::new(HostClock::new(source, gate, bound, Box::new(on_transition))))
}

fn time_code(reason: &TimeUnavailable) -> Word {
    match reason {
        TimeUnavailable::BoundTooWide { .. } => "bound-too-wide",
        TimeUnavailable::LeapSecond => "leap-second",
        TimeUnavailable::NoQuorum => "no-quorum",
        TimeUnavailable::NotSynchronised => "not-synchronised",
        TimeUnavailable::Stepped => "stepped",
    }
    .into()
}
