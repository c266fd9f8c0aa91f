//! Time-stamping units and their journal.

use std::sync::Arc;

use anyhow::Context as _;
use ndoba_audit::{EventKind, Word};
use ndoba_store::{JournalSettings, TokenJournal};
use ndoba_tsa::{
    HighWater, JournalId, Outcome, SegmentSeal, SerialSource, Stamper, StamperParts, Unit, UnitParts,
};
use ndoba_types::{Span, StampTime};
use ndoba_web_public::{StampFuture, StampReply, TimeStamper};

use super::background::{Background, Next};
use super::{Process, clock, record_one};
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
    let clock = clock::start(process, background)?;
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
            measured_accuracy: unit.measured_accuracy,
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
    if let Err(error) = record_one(process, "tsa", what) {
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
