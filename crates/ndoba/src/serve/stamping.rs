//! Time-stamping units, each at an address of its own.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use anyhow::Context as _;
use ndoba_audit::EventKind;
use ndoba_settings::{KeyRef, Settings, TsaUnit};
use ndoba_tsa::{HighWater, Outcome, Rejection, SerialSource, Stamper, StamperParts, Unit, UnitParts};
use ndoba_types::{Clock, Sha256Digest, Span, StampTime, UtcTime};
use ndoba_web_public::{StampFuture, StampReply, TimeStamper, TimeStamping};
use ndoba_x509::Certificate;

use super::background::{Background, Next};
use super::{Process, clock, journal, record_one};
use crate::installation;

/// When a client that was turned away by load should come back.
const RETRY_AFTER: Span = Span::seconds(1);
/// How often it is looked whether the units can stamp.
const LOOK: Duration = Duration::from_secs(1);

/// Starts the units; none where none is configured.
pub(super) fn start(
    process: &Arc<Process>,
    background: &mut Background,
) -> anyhow::Result<Vec<TimeStamping>> {
    let settings = &process.settings;
    if settings.tsa.units.is_empty() {
        return Ok(Vec::new());
    }
    check_units(settings)?;
    let journal = journal::open(process, background)?;
    let shared = Shared {
        clock: clock::start(process, background)?,
        high_water: Arc::new(HighWater::new(journal.mark())),
        serials: Arc::new(SerialSource::new(settings.node, &*process.world.random)?),
        journal,
    };
    let mut served = Vec::new();
    for unit in &settings.tsa.units {
        let running = Arc::new(running(process, &shared, unit)?);
        let (watched, watcher) = (Arc::clone(&running), Arc::clone(process));
        background.run("tsu-health", move || {
            watched.look(&watcher);
            Next::After(LOOK)
        })?;
        served.push(TimeStamping {
            name: unit.name.clone(),
            longest_request: settings.limits.tsp_request,
            stamper: running,
        });
    }
    Ok(served)
}

/// What needs the certificates to be seen: qualified units and others have different subjects (T-23), and a
/// successor is the same unit with another key. A configuration may be checked before its certificates are made:
/// those that are not there are not judged, and no unit starts without them.
pub(crate) fn check_units(settings: &Settings) -> anyhow::Result<()> {
    let mut judged: Vec<(&TsaUnit, Certificate)> = Vec::new();
    for unit in settings.tsa.units.iter().filter(|unit| unit.certificate.exists()) {
        let certificate = installation::certificate(&unit.certificate)?;
        for (other, others) in &judged {
            anyhow::ensure!(
                other.qualified == unit.qualified || others.subject() != certificate.subject(),
                "the units {} and {} have one subject, but only one of them is qualified: certify another name \
                 (EN 319 421 TIS-8.2-02)",
                other.name,
                unit.name
            );
        }
        if let Some(next) = unit.next.as_ref().filter(|next| next.certificate.exists()) {
            let next = installation::certificate(&next.certificate)?;
            anyhow::ensure!(
                next.issuer() == certificate.issuer() && next.subject() == certificate.subject(),
                "the next certificate of the unit {} has another issuer or subject: it is another unit's",
                unit.name
            );
        }
        judged.push((unit, certificate));
    }
    Ok(())
}

/// What all units of the process have together.
struct Shared {
    clock: Arc<dyn ndoba_types::TrustedClock>,
    high_water: Arc<HighWater>,
    serials: Arc<SerialSource>,
    journal: Arc<ndoba_store::TokenJournal>,
}

fn running(process: &Arc<Process>, shared: &Shared, unit: &TsaUnit) -> anyhow::Result<Running> {
    let stamper = |key: &KeyRef, file| {
        let certificate = installation::certificate(file)?;
        stamper(process, shared, unit, key, &certificate)
            .with_context(|| format!("the time-stamping unit {} cannot be used", unit.name))
    };
    Ok(Running {
        name: unit.name.clone(),
        now: stamper(&unit.key, &unit.certificate)?,
        next: unit
            .next
            .as_ref()
            .map(|next| anyhow::Ok((next.from, stamper(&next.key, &next.certificate)?)))
            .transpose()?,
        clock: Arc::clone(&process.world.clock),
        announced: [AtomicBool::new(false), AtomicBool::new(false)],
        failing: AtomicBool::new(false),
    })
}

fn stamper(
    process: &Process,
    shared: &Shared,
    unit: &TsaUnit,
    key: &KeyRef,
    certificate: &Certificate,
) -> anyhow::Result<Stamper> {
    let chain = unit
        .chain
        .iter()
        .map(|path| Ok(installation::certificate(path)?.as_der().to_vec()))
        .collect::<anyhow::Result<Vec<_>>>()?;
    Ok(Stamper::new(StamperParts {
        unit: Arc::new(Unit::new(UnitParts {
            name: unit.name.clone(),
            certificate: certificate.as_der().to_vec(),
            chain,
            algorithm: key.algorithm,
            policy: unit.policy.clone(),
            accepted_policies: unit.accepted_policies.clone(),
            accuracy: unit.accuracy,
            measured_accuracy: unit.measured_accuracy,
            claim_eu_qtst: unit.claim_eu_qtst,
        })?),
        key: Arc::new(process.tokens.open::<StampTime>(key, certificate.spki())?),
        clock: Arc::clone(&shared.clock),
        high_water: Arc::clone(&shared.high_water),
        serials: Arc::clone(&shared.serials),
        journal: Arc::clone(&shared.journal) as _,
        random: Arc::clone(&process.world.random),
        verify: true,
    })?)
}

/// A unit at work: its key, and the one that follows it at its time.
struct Running {
    name: String,
    now: Stamper,
    next: Option<(UtcTime, Stamper)>,
    clock: Arc<dyn Clock>,
    /// Whether the audit log has heard of the first key and of the second.
    announced: [AtomicBool; 2],
    /// Whether the last request failed for a reason of ours: its beginning and end are logged, not each request.
    failing: AtomicBool,
}

impl Running {
    /// Whose turn it is, and its place.
    fn turn(&self) -> (&Stamper, usize) {
        match &self.next {
            Some((from, next)) if *from <= self.clock.now() => (next, 1),
            Some(_) | None => (&self.now, 0),
        }
    }

    fn look(&self, process: &Process) {
        let (stamper, place) = self.turn();
        let part = format!("time-stamping {}", self.name);
        match stamper.ready() {
            Ok(()) => process.health.set_ok(&part),
            Err(rejection) => process.health.set_failed(&part, why(&rejection)),
        }
        if !self.announced[place].load(Ordering::Relaxed) {
            match self.announce(process, stamper, place) {
                Ok(()) => self.announced[place].store(true, Ordering::Relaxed),
                Err(error) => tracing::error!("a unit's start is not in the audit log yet: {error:#}"),
            }
        }
    }

    /// Which key stamps from now on; of a second one also that the first has ended (OVR-7.12-02).
    fn announce(&self, process: &Process, stamper: &Stamper, place: usize) -> anyhow::Result<()> {
        let tsu = self.name.parse()?;
        if place == 1 && self.announced[0].load(Ordering::Relaxed) {
            record_one(process, "tsa", EventKind::TsuStopped { tsu, code: "superseded".into() })?;
        }
        let unit = stamper.unit();
        record_one(
            process,
            "tsa",
            EventKind::TsuActivated {
                tsu: self.name.parse()?,
                key: stamper.key_label().clone(),
                certificate: Sha256Digest::of(unit.certificate()),
            },
        )
    }

    /// Says once that something of ours fails, and once that it does no more.
    fn note(&self, outcome: &Outcome) {
        match outcome {
            Outcome::Rejected(Rejection::System { reason }) => {
                if !self.failing.swap(true, Ordering::Relaxed) {
                    tracing::error!(unit = self.name, reason, "no time-stamps");
                }
            }
            Outcome::Granted(_) => {
                if self.failing.swap(false, Ordering::Relaxed) {
                    tracing::info!(unit = self.name, "time-stamps again");
                }
            }
            Outcome::Overloaded | Outcome::Rejected(_) => {}
        }
    }
}

/// Why there are no tokens, for the operator.
fn why(rejection: &Rejection) -> String {
    match rejection {
        Rejection::System { reason } => reason.clone(),
        Rejection::Time(reason) => reason.to_string(),
        Rejection::Algorithm
        | Rejection::DataFormat { .. }
        | Rejection::Extension
        | Rejection::Policy
        | Rejection::Request { .. } => rejection.fail_info().name().to_owned(),
    }
}

/// A unit as the public server wants it: answers by a future.
impl TimeStamper for Running {
    fn stamp(self: Arc<Self>, request: actix_web::web::Bytes) -> StampFuture {
        let (sender, receiver) = tokio::sync::oneshot::channel();
        self.turn().0.stamp(
            &request,
            Box::new(move |reply| {
                // The client may have gone.
                let _ = sender.send(reply);
            }),
        );
        Box::pin(async move {
            let Ok(reply) = receiver.await else {
                return StampReply::Overloaded { retry_after: RETRY_AFTER };
            };
            self.note(&reply.outcome);
            let outcome = match &reply.outcome {
                Outcome::Granted(_) => "granted",
                Outcome::Overloaded => return StampReply::Overloaded { retry_after: RETRY_AFTER },
                Outcome::Rejected(rejection) => rejection.fail_info().name(),
            };
            StampReply::Answered { body: reply.response, outcome }
        })
    }
}
