//! The clock of time-stamps: its sources asked, its state watched, its changes recorded.

mod events;
mod stating;
mod watching;

use std::sync::Arc;
use std::thread::sleep;
use std::time::Duration;

use ndoba_clock::{
    Assumed, BoundSource, ClockSource, GateSettings, HostClock, KernelBound, KernelCheck, MachineClock,
    NtpSettings, NtpWatch, QuorumBound, ServerAddress,
};
use ndoba_settings::{ClockMode, ClockSettings};
use ndoba_types::{Span, TrustedClock};
use ndoba_web_public::ClockStatements;

use super::Process;
use super::background::{Background, Next};
use events::Recorder;

/// How long starting waits for the sources' first answers. Without them it goes on, and time-stamps wait.
const FIRST_ANSWERS: Duration = Duration::from_secs(2);

/// The clock, and what is said of it in public.
pub(super) struct Running {
    pub(super) clock: Arc<dyn TrustedClock>,
    /// `None` where no key for it is configured.
    pub(super) statements: Option<Arc<dyn ClockStatements>>,
}

/// Starts the clock.
pub(super) fn start(process: &Arc<Process>, background: &mut Background) -> anyhow::Result<Running> {
    let settings = &process.settings.clock;
    let recorder = Arc::new(Recorder::start(process)?);
    let machine: Arc<dyn ClockSource> = Arc::new(MachineClock::start());
    let watch = sources(process, &machine, &recorder, background)?;
    let bound: Box<dyn BoundSource> = match (settings.mode, &watch) {
        (ClockMode::TrustedHostClock, _) => Box::new(Assumed(settings.assumed_bound)),
        (ClockMode::Disciplined, None) => Box::new(KernelBound),
        (ClockMode::Disciplined, Some(watch)) => Box::new(QuorumBound {
            watch: Arc::clone(watch),
            with_kernel: settings.kernel == ndoba_settings::KernelCheck::Enforce,
        }),
    };
    let heard = Arc::clone(&recorder);
    let host = Arc::new(HostClock::new(
        machine,
        gate(process),
        bound,
        Box::new(move |transition| heard.transition(transition)),
    ));
    watching::start(process, Arc::clone(&host), watch.clone(), recorder, background)?;
    let statements = settings
        .statement
        .as_ref()
        .map(|key| stating::start(process, key, Arc::clone(&host), watch, background))
        .transpose()?;
    Ok(Running { clock: host, statements })
}

fn gate(process: &Process) -> GateSettings {
    let ClockSettings { step_limit, clean_interval, kernel, .. } = process.settings.clock;
    // The most that any unit could use. Those that declare less refuse by themselves.
    let declared = process.settings.tsa.units.iter().map(|unit| unit.accuracy.as_micros()).max();
    let limit = declared.unwrap_or_default().saturating_sub(ndoba_tsa::RESOLUTION.as_micros());
    GateSettings {
        step_limit,
        clean_interval,
        kernel: match kernel {
            ndoba_settings::KernelCheck::Enforce => KernelCheck::Enforce,
            ndoba_settings::KernelCheck::Warn => KernelCheck::Warn,
            ndoba_settings::KernelCheck::Off => KernelCheck::Off,
        },
        limit: Span::micros(u32::try_from(limit).unwrap_or_default()),
    }
}

/// Asks the configured servers, each on a thread of its own, and waits a little for their first answers.
fn sources(
    process: &Arc<Process>,
    machine: &Arc<dyn ClockSource>,
    recorder: &Arc<Recorder>,
    background: &mut Background,
) -> anyhow::Result<Option<Arc<NtpWatch>>> {
    let settings = &process.settings.clock;
    if settings.mode != ClockMode::Disciplined || settings.servers.is_empty() {
        return Ok(None);
    }
    let servers = settings
        .servers
        .iter()
        .map(|server| ServerAddress { host: server.host.clone(), port: server.port })
        .collect();
    let ntp = NtpSettings {
        servers,
        quorum: settings.quorum.into(),
        poll: settings.poll,
        timeout: settings.timeout,
        max_age: settings.max_age,
        drift: settings.drift_ppm.into(),
    };
    let heard = Arc::clone(recorder);
    let watch = Arc::new(NtpWatch::new(
        ntp,
        Arc::clone(machine),
        Arc::clone(&process.world.random),
        Box::new(move |change| heard.source(change)),
    ));
    for index in 0..watch.sources() {
        let watch = Arc::clone(&watch);
        background.run("time-source", move || Next::After(watch.look(index)))?;
    }
    let mut left = FIRST_ANSWERS;
    const STEP: Duration = Duration::from_millis(10);
    while watch.measured(&machine.read()).is_err() && !left.is_zero() {
        sleep(STEP);
        left = left.saturating_sub(STEP);
    }
    Ok(Some(watch))
}
