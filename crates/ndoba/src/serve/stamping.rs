//! Time-stamping units, their clock and journal.

use std::sync::{Arc, mpsc};
use std::thread;

use anyhow::Context as _;
use ndoba_audit::{Actor, Event, EventKind, EventSink as _, Word};
use ndoba_clock::{
    Assumed, BoundSource, GateSettings, HostClock, KernelBound, KernelCheck, MachineClock, Transition,
};
use ndoba_settings::ClockMode;
use ndoba_store::{JournalSettings, TokenJournal};
use ndoba_tsa::{
    HighWater, JournalId, Outcome, SegmentSeal, SerialSource, Stamper, StamperParts, Unit, UnitParts,
};
use ndoba_types::{Span, StampTime, TimeUnavailable, TrustedClock};
use ndoba_web_public::{StampFuture, StampReply, TimeStamper};

use super::Process;
use super::background::{Background, Next};
use crate::installation;

/// When a client that was turned away by load should come back.
const RETRY_AFTER: Span = Span::seconds(1);

/// Starts the units; `None` when none is configured.
pub(super) fn start(
    process: &Arc<Process>,
    background: &mut Background,
) -> anyhow::Result<Option<Arc<dyn TimeStamper>>> {
    let settings = &process.settings;
    let Some(unit) = settings.tsa.units.first() else { return Ok(None) };
    let clock = clock(process)?;
    let sealer = Arc::clone(process);
    let journal = TokenJournal::open(
        JournalSettings {
            folder: settings.paths.journal.clone(),
            id: JournalId { installation: settings.installation, node: settings.node },
            segment_records: settings.tsa.segment_records,
            queue_depth: settings.tsa.queue_depth,
        },
        Box::new(move |seal| record_seal(&sealer, seal)),
    )
    .context("the journal of time-stamps cannot be used")?;
    let mark = journal.mark();
    let certificate = installation::certificate(&unit.certificate)?;
    let chain = unit
        .chain
        .iter()
        .map(|path| Ok(installation::certificate(path)?.as_der().to_vec()))
        .collect::<anyhow::Result<Vec<_>>>()?;
    let algorithm = unit.key.algorithm;
    let stamper = Stamper::new(StamperParts {
        unit: Arc::new(Unit::new(UnitParts {
            name: unit.name.clone(),
            certificate: certificate.as_der().to_vec(),
            chain,
            algorithm,
            policy: unit.policy.clone(),
            accepted_policies: unit.accepted_policies.clone(),
            accuracy: unit.accuracy,
            claim_eu_qtst: unit.claim_eu_qtst,
        })?),
        key: Arc::new(process.tokens.open::<StampTime>(&unit.key, certificate.spki())?),
        clock,
        high_water: Arc::new(HighWater::new(mark)),
        serials: Arc::new(SerialSource::new(settings.node, &*process.world.random)?),
        journal: Arc::new(journal),
        random: Arc::clone(&process.world.random),
        verify: true,
    })?;
    let (watched, watcher) = (stamper.clone(), Arc::clone(process));
    background.run("tsu-health", move || {
        match watched.ready() {
            Ok(()) => watcher.health.set_ok("time-stamping"),
            Err(rejection) => watcher.health.set_failed("time-stamping", format!("{rejection:?}")),
        }
        Next::After(std::time::Duration::from_secs(1))
    })?;
    Ok(Some(Arc::new(Stamping(stamper))))
}

/// The clock of time-stamps, its changes recorded: a step or a loss is an event of the audit log (OVR-7.12-04).
fn clock(process: &Arc<Process>) -> anyhow::Result<Arc<dyn TrustedClock>> {
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
            if let Err(error) = record(&recorder, "clock", what) {
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

fn record(process: &Process, role: &'static str, what: EventKind) -> anyhow::Result<()> {
    let now = process.world.clock.now();
    let event = Event::new(&*process.world.random, now, Actor::Role(role.into()), what)?;
    Ok(process.store.record(&[event])?)
}

/// A finished segment of the journal becomes one leaf of the audit log.
fn record_seal(process: &Process, seal: &SegmentSeal) {
    let what = EventKind::TsuSegmentSealed {
        node: seal.id.node.into(),
        segment: seal.segment,
        first: word(&seal.first.to_string()),
        last: word(&seal.last.to_string()),
        count: seal.count,
        head: seal.head,
    };
    if let Err(error) = record(process, "tsa", what) {
        tracing::error!("a sealed segment of the journal is not in the audit log yet: {error:#}");
    }
}

/// Serial numbers are hexadecimal and always fit.
fn word(text: &str) -> Word {
    text.parse().unwrap_or_else(|_| "serial".into())
}

/// A stamper as the public server wants it: answers by a future.
struct Stamping(Stamper);

impl TimeStamper for Stamping {
    fn stamp(&self, request: actix_web::web::Bytes) -> StampFuture {
        let (sender, receiver) = tokio::sync::oneshot::channel();
        self.0.stamp(
            &request,
            Box::new(move |reply| {
                // The client may have gone.
                let _ = sender.send(reply);
            }),
        );
        Box::pin(async move {
            match receiver.await {
                Ok(reply) if reply.outcome != Outcome::Overloaded => {
                    StampReply::Answered { body: reply.response }
                }
                Ok(_) | Err(_) => StampReply::Overloaded { retry_after: RETRY_AFTER },
            }
        })
    }
}
