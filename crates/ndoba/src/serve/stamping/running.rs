//! A unit at work: its keys by their time, its health, its answers.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use metrics::{counter, describe_counter, describe_gauge, gauge};
use ndoba_audit::EventKind;
use ndoba_settings::TsaUnit;
use ndoba_tsa::{Outcome, Rejection, VerificationCount};
use ndoba_types::{Span, UtcTime};
use ndoba_web_public::{StampFuture, StampReply, TimeStamper};
use ndoba_x509::certs_only_p7c;

use super::Shared;
use super::lines::{Line, Lines};
use crate::serve::{Process, record_one};

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

/// When a client that was turned away by load should come back.
const RETRY_AFTER: Span = Span::seconds(1);
/// How often it is looked whether the unit can stamp, and whether it has another key.
pub(super) const LOOK: Duration = Duration::from_secs(1);

/// End of the newest key of `tsu`, seconds since 1970.
const KEY_END: &str = "ndoba_tsu_key_not_after_seconds";
/// Signatures of `tsu` since the start, by `outcome` of the look at them: `held`, `failed`, `unverified`.
const SIGNATURES: &str = "ndoba_tsu_signatures_total";
/// The alarm when one did not hold.
const WRONG_SIGNATURE: &str = "tsu-signature-wrong";

pub(super) fn describe() {
    describe_gauge!(KEY_END, "End of the newest key of a time-stamping unit, seconds since 1970");
    describe_counter!(
        SIGNATURES,
        "Signatures of a time-stamping unit, by whether they were verified and held"
    );
}

pub(super) struct Running {
    process: Arc<Process>,
    shared: Arc<Shared>,
    unit: TsaUnit,
    lines: Lines,
    /// Whether the last request failed for a reason of ours: its beginning and end are logged, not each request.
    failing: AtomicBool,
    /// The same of the unit's housekeeping.
    ailing: AtomicBool,
    /// Whether the audit log has heard that a signature was wrong.
    alarmed: AtomicBool,
}

impl Running {
    pub(super) fn start(
        process: &Arc<Process>,
        shared: &Arc<Shared>,
        unit: &TsaUnit,
    ) -> anyhow::Result<Self> {
        Ok(Self {
            lines: Lines::open(process, shared, unit)?,
            process: Arc::clone(process),
            shared: Arc::clone(shared),
            unit: unit.clone(),
            failing: AtomicBool::new(false),
            ailing: AtomicBool::new(false),
            alarmed: AtomicBool::new(false),
        })
    }

    fn now(&self) -> UtcTime {
        self.process.world.clock.now()
    }

    fn turn(&self) -> (Arc<Line>, Option<Arc<Line>>) {
        self.lines.turn(self.now())
    }

    /// Looks at everything that is not a request.
    pub(super) fn look(&self) {
        match self.keep() {
            Ok(()) => self.ailing.store(false, Ordering::Relaxed),
            Err(error) => {
                if !self.ailing.swap(true, Ordering::Relaxed) {
                    tracing::error!(
                        unit = self.unit.name,
                        "the unit's keys are not kept as they should be: {error:#}"
                    );
                }
            }
        }
        self.tell_health();
    }

    /// Adopted keys are opened, the one in use is told of, the one before it ends.
    fn keep(&self) -> anyhow::Result<()> {
        if self.lines.catch_up(&self.process, &self.shared, &self.unit)? {
            tracing::info!(unit = self.unit.name, "the unit's next key is in place");
        }
        let (line, before) = self.turn();
        line.announce(&self.process, &self.unit.name, before.as_deref())?;
        self.tell_signatures()?;
        line.end_before(&self.process, &self.unit, self.now())
    }

    /// What the second looks at signatures came to. One that was wrong did not leave, and is a person's business.
    fn tell_signatures(&self) -> anyhow::Result<()> {
        let VerificationCount { held, failed, unverified } = self.verified();
        for (outcome, count) in [("held", held), ("failed", failed), ("unverified", unverified)] {
            counter!(SIGNATURES, "tsu" => self.unit.name.clone(), "outcome" => outcome).absolute(count);
        }
        if failed > 0 && !self.alarmed.load(Ordering::Relaxed) {
            let part = self.unit.name.parse()?;
            let alarm = EventKind::AlarmRaised { code: WRONG_SIGNATURE.into(), part };
            record_one(&self.process, "tsa", alarm)?;
            self.alarmed.store(true, Ordering::Relaxed);
        }
        Ok(())
    }

    /// Of all keys of the unit.
    fn verified(&self) -> VerificationCount {
        let lines = self.lines.all();
        lines.iter().map(|line| line.stamper.verified()).sum()
    }

    fn tell_health(&self) {
        let part = format!("time-stamping {}", self.unit.name);
        let (line, _) = self.turn();
        // A successor that waits counts: nobody needs to be asked for another.
        let newest = self
            .lines
            .all()
            .last()
            .map_or(line.stamper.unit().key_ends(), |line| line.stamper.unit().key_ends());
        #[expect(clippy::cast_precision_loss, reason = "exact until long after 9999")]
        gauge!(KEY_END, "tsu" => self.unit.name.clone()).set(newest.unix_seconds() as f64);
        let health = &self.process.health;
        match line.stamper.ready() {
            Err(rejection) => health.set_failed(&part, why(&rejection)),
            Ok(()) if self.verified().failed > 0 => health.set_degraded(
                &part,
                "its key made a signature that does not hold: look at the token, and restart when it is well"
                    .into(),
            ),
            Ok(()) if newest.minus(self.process.settings.tsa.renew_before) <= self.now() => health
                .set_degraded(
                    &part,
                    format!("its key ends {newest}: make the next one with `ndoba tsa renew`"),
                ),
            Ok(()) => health.set_ok(&part),
        }
    }

    /// Says once that something of ours fails, and once that it does no more.
    fn note(&self, outcome: &Outcome) {
        match outcome {
            Outcome::Rejected(Rejection::System { reason }) => {
                if !self.failing.swap(true, Ordering::Relaxed) {
                    tracing::error!(unit = self.unit.name, reason, "no time-stamps");
                }
            }
            Outcome::Granted(_) => {
                if self.failing.swap(false, Ordering::Relaxed) {
                    tracing::info!(unit = self.unit.name, "time-stamps again");
                }
            }
            Outcome::Overloaded | Outcome::Rejected(_) => {}
        }
    }
}

/// A unit as the public server wants it: answers by a future.
impl TimeStamper for Running {
    fn stamp(self: Arc<Self>, request: actix_web::web::Bytes) -> StampFuture {
        let (sender, receiver) = tokio::sync::oneshot::channel();
        self.turn().0.stamper.stamp(
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

    fn certificates(&self) -> Vec<u8> {
        let lines = self.lines.all();
        let mut all: Vec<&[u8]> = lines.iter().map(|line| line.stamper.unit().certificate()).collect();
        all.extend(lines.iter().flat_map(|line| line.stamper.unit().chain()));
        all.sort_unstable();
        all.dedup();
        certs_only_p7c(&all)
    }
}
