//! Programs that are told what happens: the configuration's, each by a thread of its own, so that one that does not
//! answer holds up nobody.

use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, bail};
use ndoba_client::{WebhookClient, WebhookSecrets};
use ndoba_registration::ports::RegistryError;
use ndoba_registration::webhook::{Backlog, Dispatcher, Endpoint, Outbox as _, Round, Wanted};
use ndoba_settings::{Settings, Webhook};
use ndoba_types::Span;

use super::Process;
use super::background::{Background, Next};
use super::tls;
use crate::files;

/// Between two looks at what is due.
const LOOK: Duration = Duration::from_millis(500);
/// Where another process delivers to the endpoint, or the database does not answer.
const LATER: Duration = Duration::from_secs(2);
/// The longest pause for an endpoint that does not answer.
const LONGEST_PEACE: Duration = Duration::from_secs(60);
/// How often what is old is forgotten.
const FORGET: Span = Span::hours(1);
/// Waiting for longer than this is told by `/health/ready`.
const LONG: Span = Span::minutes(10);

/// The part of an endpoint in `/health/ready`.
pub(super) fn part(name: &str) -> String {
    format!("webhook {name}")
}

/// Refuses a kind of event that there is none of, secrets that do not read, and authorities likewise.
pub(crate) fn check(settings: &Settings) -> anyhow::Result<()> {
    settings.webhooks.iter().try_for_each(|webhook| {
        endpoint(webhook)?;
        secrets(&webhook.secret_file)?;
        roots(webhook).map(drop)
    })
}

fn endpoint(webhook: &Webhook) -> anyhow::Result<Endpoint> {
    let wanted = Wanted::parse(&webhook.events);
    let wanted = wanted.map_err(|unknown| {
        anyhow::anyhow!(
            "webhook {}: there is no event `{unknown}`; see docs/guides/webhooks.md",
            webhook.name
        )
    })?;
    Ok(Endpoint {
        name: webhook.name.clone(),
        wanted,
        first_pause: webhook.retry_after,
        give_up_after: webhook.give_up_after,
        longest_call: webhook.timeout,
    })
}

fn secrets(file: &Path) -> anyhow::Result<WebhookSecrets> {
    let text = files::read_text(file)?;
    let mode = std::fs::metadata(file).with_context(|| format!("cannot look at {}", file.display()))?;
    if mode.permissions().mode() & 0o007 != 0 {
        bail!("{}: everybody may read this secret; take that right away (chmod o= …)", file.display());
    }
    WebhookSecrets::parse(&text).with_context(|| file.display().to_string())
}

fn roots(webhook: &Webhook) -> anyhow::Result<Vec<rustls_pki_types::CertificateDer<'static>>> {
    webhook.ca_file.as_ref().map_or_else(|| Ok(Vec::new()), |file| tls::certificates(file))
}

/// Starts telling.
pub(super) fn start(process: &Arc<Process>, background: &mut Background) -> anyhow::Result<()> {
    let mut endpoints = Vec::new();
    for webhook in &process.settings.webhooks {
        let endpoint = endpoint(webhook)?;
        let clock = Arc::clone(&process.world.clock);
        let secrets = secrets(&webhook.secret_file)?;
        let patience = webhook.timeout.to_std();
        let receiver = WebhookClient::new(webhook.url.as_str(), &roots(webhook)?, secrets, clock, patience);
        deliver(process, background, endpoint.clone(), receiver)?;
        endpoints.push(endpoint);
    }
    spread(process, background, endpoints)
}

/// Puts new events before the endpoints, and forgets old ones.
fn spread(
    process: &Arc<Process>,
    background: &mut Background,
    endpoints: Vec<Endpoint>,
) -> anyhow::Result<()> {
    let process = Arc::clone(process);
    let mut forgotten = None;
    background.run("webhooks", move || {
        let dispatcher = dispatcher(&process);
        let now = process.world.clock.now();
        let mut step = || -> Result<bool, RegistryError> {
            if forgotten.is_none_or(|at| now.since(at) >= FORGET) {
                dispatcher.forget()?;
                forgotten = Some(now);
            }
            dispatcher.spread(&endpoints)
        };
        match step() {
            Ok(true) => Next::AtOnce,
            Ok(false) => Next::After(LOOK),
            Err(error) => {
                tracing::warn!("events cannot be put before webhooks: {}", crate::chain(&error));
                Next::After(LATER)
            }
        }
    })
}

fn deliver(
    process: &Arc<Process>,
    background: &mut Background,
    endpoint: Endpoint,
    receiver: WebhookClient,
) -> anyhow::Result<()> {
    let process = Arc::clone(process);
    let mut peace = LOOK;
    background.run(&format!("webhook {}", endpoint.name), move || {
        let round = dispatcher(&process).deliver(&endpoint, &receiver);
        tell(&process, &endpoint.name);
        match round {
            Ok(Round::Delivered(count)) => {
                peace = LOOK;
                metrics::counter!("ndoba_webhook_delivered_total", "endpoint" => endpoint.name.clone())
                    .increment(count.into());
                if count > 0 { Next::AtOnce } else { Next::After(LOOK) }
            }
            Ok(Round::Idle) => {
                peace = LOOK;
                Next::After(LOOK)
            }
            Ok(Round::NotOurs) => Next::After(LATER),
            Ok(Round::Unreached) => {
                let now = peace;
                peace = (peace * 2).min(LONGEST_PEACE);
                Next::After(now)
            }
            Err(error) => {
                tracing::warn!(endpoint = endpoint.name, "not delivered: {}", crate::chain(&error));
                Next::After(LATER)
            }
        }
    })
}

fn dispatcher(process: &Process) -> Dispatcher<'_> {
    Dispatcher {
        outbox: &process.store,
        clock: &*process.world.clock,
        holder: process.epoch.word().to_string(),
    }
}

/// Metrics and health; what waits for long or was given up is somebody's to see, and no reason to be taken out of
/// service.
fn tell(process: &Process, endpoint: &str) {
    let Ok(Backlog { waiting, oldest, failed }) = process.store.backlog(endpoint) else { return };
    let gauge = |count: u64| f64::from(u32::try_from(count).unwrap_or(u32::MAX));
    let age = oldest.map_or(Span::ZERO, |oldest| process.world.clock.now().since(oldest));
    let name = || endpoint.to_owned();
    metrics::gauge!("ndoba_webhook_waiting", "endpoint" => name()).set(gauge(waiting));
    metrics::gauge!("ndoba_webhook_failed", "endpoint" => name()).set(gauge(failed));
    metrics::gauge!("ndoba_webhook_oldest_seconds", "endpoint" => name()).set(age.to_std().as_secs_f64());
    let mut words = Vec::new();
    if age > LONG {
        words.push(format!("{waiting} wait, the oldest for {} s", age.as_seconds()));
    }
    if failed > 0 {
        words.push(format!("{failed} given up: `ndoba webhook list --failed`"));
    }
    if words.is_empty() {
        process.health.set_ok(&part(endpoint));
    } else {
        process.health.set_degraded(&part(endpoint), words.join("; "));
    }
}
