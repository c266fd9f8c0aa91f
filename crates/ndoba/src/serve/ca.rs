//! The `ca` role: one thread that carries out orders.

use std::num::NonZeroUsize;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use ndoba_audit::EventKind;
use ndoba_ca::accounting::{KeyUse, Violation};
use ndoba_ca::clocks::{ClockReport, RevocationRule};
use ndoba_ca::ports::Ledger as _;
use ndoba_ca::{
    Arrow, CaError, CaParts, CaService, CrlKeeper, CrlTiming, Failpoints, IssuingCa, MadeCrl, NoFailpoints,
    Node, Overdue, SuspensionRule,
};
use ndoba_hsm::TokenState;
use ndoba_settings::{CertificationAuthority, Mode, OnTimeout, Settings};
use ndoba_store::Store;
use ndoba_types::{CrlName, IssueCertificates, PublishCrls, Span, UtcTime};

use super::background::{Background, Next};
use super::places::Places;
use super::{Process, blocked_keys, record_one};
use crate::failpoint::{self, KillAt};
use crate::installation;
use crate::places::CaKey;
use crate::tokens::{Tokens, Watched};
use crate::witness_file::{WitnessFile, role_marks};

/// Between two steps of a CA that has nothing to do.
const POLL: Duration = Duration::from_millis(50);
/// Between two looks meanwhile whether an order waits: so long does one wait that comes alone.
const LOOK: Duration = Duration::from_millis(3);
/// Looks from one step to the next.
const LOOKS: u128 = POLL.as_millis() / LOOK.as_millis();
/// After a failure: the database or a token is away.
const FAILURE_PAUSE: Duration = Duration::from_secs(1);
/// More threads than these would wait for the database.
const MOST_LANES: NonZeroUsize = NonZeroUsize::new(4).unwrap();
/// Between two signs of life.
const BEAT: Span = Span::seconds(1);

/// The part of health that tells of the clocks of revocation.
const REVOCATION: &str = "revocation";

/// Everything that may refuse; nothing is done yet.
pub(super) fn prepare(process: &Process) -> anyhow::Result<(CaService, Places)> {
    let settings = &process.settings;
    let world = &process.world;
    let witness = installation::witness(settings, "ca")?;
    // Found at every later look too; but who starts on a restored database is to be told, not to find it in a log.
    witness
        .check(&role_marks("ca", &process.store.all_marks()?))
        .context("the ca role does not act on this database")?;
    let longest =
        settings.hsm.modules.iter().flat_map(|module| &module.tokens).map(|token| token.deadline).max();
    let authorities = issuing_cas(settings, &process.store, &process.tokens, |_| true)?;
    let places = Places::of(settings, &authorities)?;
    let parts = CaParts {
        node: Node::begin(
            &process.node,
            process.epoch.clone(),
            Arc::clone(&world.clock),
            Arc::clone(&world.random),
        ),
        ledger: Arc::new(process.store.clone()),
        sink: Arc::new(installation::published(settings)?),
        witness: Arc::new(WitnessFile::new(witness)),
        failpoints: failpoints(settings)?,
        authorities,
        profiles: installation::profiles(settings)?,
        devices: settings.devices.iter().map(|device| (device.model.clone(), device.ends)).collect(),
        blocked_keys: blocked_keys::read(settings)?,
        urls: installation::public_urls(settings)?,
        installation: settings.installation,
        pins: installation::pins(settings)?,
        // Longer than any token may take, retries included.
        doubt_after: Span::seconds(
            u32::try_from(longest.unwrap_or(Span::ZERO).as_seconds())
                .unwrap_or(u32::MAX / 4)
                .saturating_mul(3)
                + 60,
        ),
        suspension: SuspensionRule {
            by_code: settings.legal.suspensions_by_code,
            allowed: settings.legal.suspension_allowed,
            max: settings.legal.suspension_max,
            overdue: match settings.legal.suspension_on_timeout {
                OnTimeout::Keep => Overdue::Keep,
                OnTimeout::Revoke => Overdue::Revoke,
            },
        },
        revocation: revocation_rule(settings),
        lanes: std::thread::available_parallelism().unwrap_or(NonZeroUsize::MIN).min(MOST_LANES),
    };
    Ok((CaService::new(parts)?, places))
}

/// Starts the role.
pub(super) fn start(
    process: &Arc<Process>,
    background: &mut Background,
    (mut service, places): (CaService, Places),
) -> anyhow::Result<()> {
    let process = Arc::clone(process);
    let closing = Arc::clone(&process);
    background.at_the_end(move || {
        if let Err(error) = close_accounts(&closing) {
            tracing::warn!("the keys' use until this stop is not in the audit log: {error:#}");
        }
    });
    if let Some(keeper) = service.take_crl_keeper() {
        keep_crls(&process, background, keeper)?;
    }
    let mut beaten: Option<(UtcTime, bool)> = None;
    // Nobody is told that certificates can be issued before the accounts were looked at.
    let mut issues = false;
    let mut works = true;
    let rule = revocation_rule(&process.settings);
    let mut looks = 0;
    background.run("ca", move || {
        if looks > 0 && matches!(service.is_order_queued(), Ok(false)) {
            looks -= 1;
            return Next::After(LOOK);
        }
        looks = 0;
        let now = process.world.clock.now();
        // Who cannot act gives no sign of life: officers are told that their orders wait.
        let due = |(at, told)| now.since(at) >= BEAT || now < at || told != issues;
        if works && beaten.is_none_or(due) {
            beat(&process, now, issues);
            if let Err(error) = places.look(&process) {
                tracing::warn!("where the CAs' keys may be used cannot be looked up: {error:#}");
            }
            beaten = Some((now, issues));
        }
        match service.step() {
            Ok(progress) => {
                works = true;
                issues = judge_accounts(&process, service.violations());
                let gauge = |count: usize| f64::from(u32::try_from(count).unwrap_or(u32::MAX));
                metrics::gauge!("ndoba_ca_parked").set(gauge(progress.parked));
                metrics::gauge!("ndoba_ca_waiting").set(gauge(progress.waiting));
                metrics::gauge!("ndoba_ca_violations").set(gauge(service.violations().len()));
                metrics::gauge!("ndoba_ca_overdue_suspensions").set(gauge(progress.overdue));
                if let Some(report) = service.take_clock_report() {
                    tell_clocks(&process, &report, rule, now);
                }
                if progress.worked() {
                    return Next::AtOnce;
                }
                // Where orders wait for the token or their date, looking would find these.
                if progress.waiting + progress.later > 0 {
                    return Next::After(POLL);
                }
                looks = LOOKS;
                Next::After(LOOK)
            }
            Err(error) => {
                works = false;
                report(&process, "ca", &error);
                Next::After(FAILURE_PAUSE)
            }
        }
    })
}

/// Makes the lists beside everything else.
fn keep_crls(
    process: &Arc<Process>,
    background: &mut Background,
    mut keeper: CrlKeeper,
) -> anyhow::Result<()> {
    const PART: &str = "CRLs";
    let process = Arc::clone(process);
    background.run("crl", move || match keeper.step() {
        Ok(made) => {
            process.health.set_ok(PART);
            for MadeCrl { list: CrlName { ca, shard }, took } in &made {
                let list = if shard.is_some() { "shard" } else { "whole" };
                metrics::histogram!("ndoba_crl_seconds", "ca" => ca.to_string(), "list" => list)
                    .record(took.to_std().as_secs_f64());
            }
            if made.is_empty() { Next::After(POLL) } else { Next::AtOnce }
        }
        Err(error) => {
            report(&process, PART, &error);
            Next::After(FAILURE_PAUSE)
        }
    })
}

fn report(process: &Process, part: &str, error: &CaError) {
    metrics::counter!("ndoba_ca_failures_total").increment(1);
    let chain = crate::chain(error);
    tracing::error!("{chain}");
    process.health.set_failed(part, chain);
}

/// What each key was used for in this epoch; a process that was killed leaves it to `ndoba ca reconcile`.
fn close_accounts(process: &Process) -> anyhow::Result<()> {
    let epoch = process.epoch.word();
    for one in process.store.key_uses()?.into_iter().filter(|one| one.epoch == epoch.as_str()) {
        let KeyUse { key, intents, signed, lost, repeated, .. } = one;
        // One that was made again by a later attempt may have left a signature too.
        let lost = lost + repeated;
        record_one(
            process,
            "ca",
            EventKind::KeyEpochClosed { key, epoch: epoch.clone(), intents, signed, lost },
        )?;
    }
    Ok(())
}

/// Says of a CA that works whether it issues; whether it does.
fn judge_accounts(process: &Process, violations: &[Violation]) -> bool {
    let Some(first) = violations.first() else {
        process.health.set_ok("ca");
        return true;
    };
    let (rule, row, count) = (first.rule.code(), &first.row, violations.len());
    process.health.set_failed(
        "ca",
        format!("no certificate is issued, the accounts do not agree: {rule} {row} ({count} in all; ndoba ca reconcile names them)"),
    );
    false
}

fn revocation_rule(settings: &Settings) -> RevocationRule {
    RevocationRule { aim: settings.legal.revocation_slo, limit: settings.legal.revocation_max }
}

/// Says how long requests to revoke or suspend have waited, and how long those took that are done.
fn tell_clocks(process: &Process, report: &ClockReport, rule: RevocationRule, now: UtcTime) {
    let ClockReport { open, oldest, seen_after, newly_overdue } = report;
    let seconds = |span: Span| span.to_std().as_secs_f64();
    let oldest = oldest.as_ref().map(|request| (now.max(request.begins).since(request.begins), request));
    metrics::gauge!("ndoba_revocation_open_requests")
        .set(f64::from(u32::try_from(*open).unwrap_or(u32::MAX)));
    metrics::gauge!("ndoba_revocation_oldest_request_seconds")
        .set(oldest.map_or(0.0, |(age, _)| seconds(age)));
    for span in seen_after {
        metrics::histogram!("ndoba_revocation_seconds").record(seconds(*span));
    }
    let late = seen_after.iter().filter(|span| **span > rule.aim).count();
    metrics::counter!("ndoba_revocation_over_aim_total").increment(late.try_into().unwrap_or(u64::MAX));
    metrics::counter!("ndoba_revocation_over_limit_total")
        .increment((*newly_overdue).try_into().unwrap_or(u64::MAX));
    let (age, request) = match oldest {
        Some((age, request)) if age > rule.aim => (age, request),
        Some(_) | None => return process.health.set_ok(REVOCATION),
    };
    let what = format!(
        "{open} open; the request of order {} has run since {}: {}",
        request.order,
        request.begins,
        request.stage.words()
    );
    if age > rule.limit {
        process.health.set_failed(REVOCATION, format!("legal.revocation_max has passed, {what}"));
    } else {
        process.health.set_degraded(REVOCATION, format!("legal.revocation_slo has passed, {what}"));
    }
}

/// Says in the database that this node lives, and whether it can issue: the API's 503 depends on it.
fn beat(process: &Process, now: UtcTime, issues: bool) {
    let issuing = process.settings.cas.iter().filter_map(|ca| ca.key.as_ref());
    let token_answers = issuing
        .filter_map(|key| process.tokens.get(&key.token).ok())
        .all(|token| token.health().state == TokenState::Ready);
    if let Err(error) = process.store.beat(&process.node, now, token_answers && issues) {
        tracing::warn!("no heartbeat: {}", crate::chain(&error));
    }
}

/// The CAs of the configuration whose keys this process has, and that `wanted` takes; each key held to its places.
pub(crate) fn issuing_cas(
    settings: &Settings,
    store: &Store,
    tokens: &Tokens,
    wanted: impl Fn(&CertificationAuthority) -> bool,
) -> anyhow::Result<Vec<IssuingCa>> {
    let mut authorities = Vec::new();
    for ca in settings.cas.iter().filter(|ca| wanted(ca)) {
        let Some(key) = &ca.key else { continue };
        let facts = installation::issuer_facts(settings, ca)?;
        let certificate = installation::certificate(&ca.certificate)?;
        let opening = || format!("the key {} of the CA {} cannot be used", key.label, ca.name);
        let certify = tokens.open::<IssueCertificates>(key, &facts.spki).with_context(opening)?;
        CaKey::of(ca, key, &facts.spki).hold(store, tokens)?;
        authorities.push(IssuingCa {
            name: ca.name.clone(),
            certify: Arc::new(certify.clone()),
            watch: Arc::new(Watched(certify)),
            revoke: Arc::new(tokens.open::<PublishCrls>(key, &facts.spki).with_context(opening)?),
            certifies_cas: certificate.issuer() == certificate.subject(),
            shards: ca.crl.shards,
            facts,
            crl: CrlTiming { validity: ca.crl.next_update, interval: ca.crl.publish_every },
        });
    }
    Ok(authorities)
}

#[expect(clippy::disallowed_methods, reason = "the tests' way to arm a failpoint; refused in production")]
fn failpoints(settings: &Settings) -> anyhow::Result<Arc<dyn Failpoints>> {
    let Ok(text) = std::env::var(failpoint::VARIABLE) else { return Ok(Arc::new(NoFailpoints)) };
    anyhow::ensure!(
        settings.mode == Mode::Development,
        "{} is set; a failpoint has no place in production",
        failpoint::VARIABLE
    );
    let armed = KillAt::parse(&text)?;
    tracing::warn!(arrow = Arrow::name(armed.0), "a failpoint is armed");
    Ok(Arc::new(armed))
}
