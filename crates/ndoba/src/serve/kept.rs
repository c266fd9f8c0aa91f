//! Status orders that the database could not take (ADR 0013): taken over when it can, and seen until then.

use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use ndoba_registration::Registration;
use ndoba_registration::spool::SpoolCounts;
use ndoba_settings::Settings;
use ndoba_store::SpoolFolder;
use ndoba_types::UtcTime;
use ndoba_web_officer::Api;

use super::Process;
use super::background::{Background, Next};

/// The part of the `registration` role in `/health/ready`.
pub(super) const PART: &str = "status orders";
/// Between two looks at the folder and at the register.
const LOOK: Duration = Duration::from_secs(1);

/// The folder, in the state folder of the role.
pub(super) fn folder(settings: &Settings) -> anyhow::Result<Arc<SpoolFolder>> {
    let path = settings.paths.state.join("spool");
    let open = SpoolFolder::open(&path);
    Ok(Arc::new(open.with_context(|| format!("{} cannot be used for status orders", path.display()))?))
}

/// Starts looking.
pub(super) fn watch(
    process: &Arc<Process>,
    api: &Arc<Api>,
    background: &mut Background,
) -> anyhow::Result<()> {
    // Read before anybody comes: who may, in an outage, is what was read last. Where it does not read, nobody may
    // anything, and that is no reason for the other roles not to start.
    if let Err(error) = api.registration.remember_register() {
        tracing::error!("the register of officers cannot be read: {}", crate::chain(&error));
    }
    let (process, api) = (Arc::clone(process), Arc::clone(api));
    let mut told_away = false;
    background.run("status-orders", move || {
        let registration = &api.registration;
        let fault = match take_over(registration) {
            Ok(()) => None,
            Err(error) => Some(crate::chain(&error)),
        };
        // Every second would be a log that nobody reads.
        if let Some(fault) = fault.as_ref().filter(|_| !told_away) {
            tracing::warn!("kept status orders cannot be taken over, or the register not be read: {fault}");
        }
        told_away = fault.is_some();
        tell(&process, registration, fault);
        Next::After(LOOK)
    })
}

fn take_over(registration: &Registration) -> Result<(), ndoba_registration::ServiceError> {
    let done = registration.take_over_kept()?;
    if done.recorded > 0 {
        tracing::info!(orders = done.recorded, "kept status orders are in the database now");
    }
    if done.refused > 0 {
        tracing::error!(orders = done.refused, "kept status orders were turned down and laid aside");
    }
    registration.remember_register()
}

fn tell(process: &Process, registration: &Registration, fault: Option<String>) {
    let counts = match registration.kept() {
        Ok(counts) => counts,
        Err(error) => return process.health.set_failed(PART, crate::chain(&error)),
    };
    let gauge = |count: usize| f64::from(u32::try_from(count).unwrap_or(u32::MAX));
    metrics::gauge!("ndoba_registration_kept_orders").set(gauge(counts.waiting));
    metrics::gauge!("ndoba_registration_refused_orders").set(gauge(counts.refused));
    let overdue = counts.oldest.is_some_and(|oldest| is_overdue(process, oldest));
    match words(counts, fault) {
        None => process.health.set_ok(PART),
        Some(detail) if overdue => process.health.set_failed(PART, detail),
        Some(detail) => process.health.set_degraded(PART, detail),
    }
}

fn is_overdue(process: &Process, received: UtcTime) -> bool {
    process.world.clock.now() > received.plus(process.settings.legal.revocation_max)
}

/// What somebody must know; nothing where nothing is kept.
fn words(counts: SpoolCounts, fault: Option<String>) -> Option<String> {
    let SpoolCounts { waiting, refused, oldest } = counts;
    let mut words = Vec::new();
    if let Some(oldest) = oldest {
        let why = fault.map(|fault| format!(": {fault}")).unwrap_or_default();
        words.push(format!("{waiting} kept here and not in force, the oldest since {oldest}{why}"));
    }
    if refused > 0 {
        words.push(format!("{refused} turned down at takeover: see the folder spool/refused, then empty it"));
    }
    (!words.is_empty()).then(|| words.join("; "))
}
