//! `ndoba serve`: the configured roles in one process, until SIGTERM or SIGINT.
//!
//! Order of starting: what may refuse (configuration, database, witness, keys' certificates) before anything listens;
//! then the listeners; then the CA and the log, which act by themselves.
//! Order of stopping: listeners first, so that nothing new comes in; then the CA and the log, which finish their step.

mod audit;
mod background;
mod blocked_keys;
pub(crate) mod ca;
mod clock;
mod desk;
mod enrolment;
mod health;
mod journal;
mod kept;
mod keys;
mod officers;
pub(crate) mod own_certificates;
mod places;
mod public;
mod responders;
mod shown;
pub(crate) mod stamping;
pub(crate) mod tls;
mod unissued;
mod vault;
pub(crate) mod webhooks;

use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use ndoba_audit::{Actor, Event, EventKind, EventSink as _, Word};
use ndoba_ca::Epoch;
use ndoba_settings::{LogFormat, Role, Settings};
use ndoba_store::Store;
use ndoba_types::Sha256Digest;
use ndoba_web_public::{OperatorServer, install_metrics};
use tokio::signal::unix::{Signal, SignalKind, signal};

use crate::cli::ConfigArgs;
use crate::files;
use crate::installation::{self, World};
use crate::logging;
use crate::tokens::Tokens;
use background::Background;
use health::HealthBoard;
use vault::TokenVault;

/// What every role gets.
pub(crate) struct Process {
    pub(crate) settings: Settings,
    pub(crate) world: World,
    pub(crate) store: Store,
    pub(crate) tokens: Tokens,
    /// The data keys, of the `registration` role.
    vault: Arc<TokenVault>,
    pub(crate) health: Arc<HealthBoard>,
    /// This process in logs and heartbeats.
    pub(crate) node: String,
    /// From this start to its end, in the log and in the accounts of signatures.
    pub(crate) epoch: Epoch,
    /// SHA-256 over the configuration file, in which no secrets are.
    pub(crate) configuration: Sha256Digest,
}

/// Runs until told to stop.
pub(crate) fn serve(args: &ConfigArgs) -> anyhow::Result<()> {
    let settings = installation::load(&args.config)?;
    let configuration = Sha256Digest::of(&files::read(&args.config)?);
    logging::start(settings.log.format == LogFormat::Json, &settings.log.filter)?;
    tls::install_provider()?;
    let metrics = install_metrics()?;
    let vault = Arc::new(TokenVault::default());
    let mut store = installation::open_store(&settings)?;
    if settings.roles.has(Role::Registration) {
        store = store.with_vault(Arc::<TokenVault>::clone(&vault));
    }
    let needed = needed_tokens(&settings);
    let tokens = Tokens::start(&settings, |name| needed.iter().any(|needed| needed == name))?;
    let node = format!("node-{}", settings.node);
    let world = World::of(&settings)?;
    let process = Arc::new(Process {
        health: Arc::new(HealthBoard::new(&settings, &needed)),
        epoch: Epoch::draw(&*world.random)?,
        world,
        settings,
        store,
        tokens,
        vault,
        node,
        configuration,
    });
    let runtime = actix_web::rt::System::new();
    let outcome = runtime.block_on(run(&process, metrics));
    // However it ended: a thread that is within a PKCS#11 module when the process ends would take it down. Stopped by
    // name, because workers of a server that never began still hold the process.
    process.tokens.stop();
    outcome
}

async fn run(
    process: &Arc<Process>,
    metrics: metrics_exporter_prometheus::PrometheusHandle,
) -> anyhow::Result<()> {
    // Before anything listens: who is served already must not be cut off by a stop that nobody waits for.
    let stop = StopSignals::listen()?;
    let mut background = Background::default();
    let servers = match start(process, &mut background, metrics) {
        Ok(servers) => servers,
        Err(error) => {
            background.abandon();
            return Err(error);
        }
    };
    let handles: Vec<_> = servers.iter().map(actix_web::dev::Server::handle).collect();
    let serving: Vec<_> = servers.into_iter().map(actix_web::rt::spawn).collect();
    tracing::info!("serving");
    let signal = stop.received().await;
    tracing::info!(signal, "stopping");
    for handle in handles {
        handle.stop(true).await;
    }
    for server in serving {
        server.await.context("a server ended badly")??;
    }
    record(process, |role, node, epoch| vec![EventKind::ServiceStopped { role, node, epoch }])?;
    background.stop();
    tracing::info!("stopped");
    Ok(())
}

/// Starts every role; what may refuse does so here.
fn start(
    process: &Arc<Process>,
    background: &mut Background,
    metrics: metrics_exporter_prometheus::PrometheusHandle,
) -> anyhow::Result<Vec<actix_web::dev::Server>> {
    let roles = &process.settings.roles;
    own_certificates::judge(&process.settings)?;
    keep_metrics(&metrics, background)?;
    let ca = if roles.has(Role::Ca) { Some(ca::prepare(process)?) } else { None };
    let audit = if roles.has(Role::Audit) { Some(audit::prepare(process)?) } else { None };
    let mut servers = Vec::new();
    if roles.has(Role::Public) {
        servers.push(public::start(process, background)?);
    }
    if roles.has(Role::Registration) {
        servers.extend(officers::start(process, background)?);
    }
    if let Some(address) = process.settings.listen.operator {
        let health = Arc::clone(&process.health);
        servers.push(OperatorServer::bind(address, health, metrics)?.into_server());
    }
    if let Some(ca) = ca {
        ca::start(process, background, ca)?;
    }
    if let Some(audit) = audit {
        audit.start(background)?;
    }
    health::watch(process, background)?;
    keys::watch(process, background)?;
    record(process, |role, node, epoch| {
        let loaded = EventKind::ConfigurationLoaded { role: role.clone(), digest: process.configuration };
        let version = env!("CARGO_PKG_VERSION").into();
        vec![loaded, EventKind::ServiceStarted { role, version, node, epoch }]
    })?;
    Ok(servers)
}

/// Adds up what was measured, whether anybody fetches it or not: single measurements are memory.
fn keep_metrics(
    metrics: &metrics_exporter_prometheus::PrometheusHandle,
    background: &mut Background,
) -> anyhow::Result<()> {
    const UPKEEP: Duration = Duration::from_secs(5);
    let metrics = metrics.clone();
    background.run("metrics", move || {
        metrics.run_upkeep();
        background::Next::After(UPKEEP)
    })
}

/// The same events for each role of this process.
fn record(process: &Process, happened: impl Fn(Word, Word, Word) -> Vec<EventKind>) -> anyhow::Result<()> {
    let node: Word = process.node.parse()?;
    let mut events = Vec::new();
    for role in process.settings.roles.iter() {
        let name: Word = match role {
            Role::Audit => "audit",
            Role::Ca => "ca",
            Role::Public => "public",
            Role::Registration => "registration",
        }
        .into();
        for what in happened(name.clone(), node.clone(), process.epoch.word()) {
            let (now, actor) = (process.world.clock.now(), Actor::Role(name.clone()));
            events.push(Event::new(&*process.world.random, now, actor, what)?);
        }
    }
    process.store.record(&events).context("the start or stop cannot be recorded, so it must not happen")
}

/// One event of one of the process's own duties.
fn record_one(process: &Process, role: &'static str, what: EventKind) -> anyhow::Result<()> {
    Ok(process.store.record(&[event_of(process, role, what)?])?)
}

/// An event of one of the process's own duties, to be recorded with what it is about.
fn event_of(process: &Process, role: &'static str, what: EventKind) -> anyhow::Result<Event> {
    let now = process.world.clock.now();
    Ok(Event::new(&*process.world.random, now, Actor::Role(role.into()), what)?)
}

/// The two signals that end a process in order. From the moment it exists they end it in no other way.
struct StopSignals {
    terminate: Signal,
    interrupt: Signal,
}

impl StopSignals {
    fn listen() -> anyhow::Result<Self> {
        let listen = |kind| signal(kind).context("cannot listen for the signals that stop a process");
        Ok(Self { terminate: listen(SignalKind::terminate())?, interrupt: listen(SignalKind::interrupt())? })
    }

    async fn received(mut self) -> &'static str {
        tokio::select! {
            _ = self.terminate.recv() => "SIGTERM",
            _ = self.interrupt.recv() => "SIGINT",
        }
    }
}

/// The tokens that the roles of this process log in to, and no others.
fn needed_tokens(settings: &Settings) -> Vec<String> {
    let mut names = Vec::new();
    if settings.roles.has(Role::Ca) {
        names.extend(settings.cas.iter().filter_map(|ca| ca.key.as_ref()).map(|key| key.token.clone()));
    }
    if settings.roles.has(Role::Public) {
        names
            .extend(settings.cas.iter().filter_map(|ca| ca.ocsp.as_ref()).map(|ocsp| ocsp.key.token.clone()));
        names.extend(settings.tsa.units.iter().map(|unit| unit.key.token.clone()));
        names.extend(settings.clock.statement.iter().map(|key| key.token.clone()));
    }
    if settings.roles.has(Role::Registration) {
        names.extend(settings.desk.iter().map(|desk| desk.key.token.clone()));
        names.extend(settings.data_key.iter().map(|key| key.token.clone()));
    }
    if settings.roles.has(Role::Audit) {
        names.extend(settings.audit.iter().map(|audit| audit.key.token.clone()));
    }
    names
}

/// Takes an address of the officers' side, `whom` it is for in the message.
fn listen(address: SocketAddr, whom: &str) -> anyhow::Result<TcpListener> {
    TcpListener::bind(address)
        .with_context(|| format!("cannot listen on {address} for {whom}; is the port in use?"))
}
