//! The operator's address: metrics and health. Never reachable from outside.

use std::net::SocketAddr;
use std::sync::Arc;

use actix_web::dev::{Server, ServerHandle};
use actix_web::web::{self, Data};
use actix_web::{App, HttpResponse, HttpServer};
use metrics_exporter_prometheus::PrometheusHandle;
use serde::Serialize;

use crate::server::BindError;

/// Says how the process's parts are. Reads memory: called on the event loop.
pub trait HealthSource: Send + Sync {
    /// The state now.
    fn health(&self) -> Health;
}

/// The health of a process, part by part.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Health {
    /// The parts.
    pub checks: Vec<Check>,
}

impl Health {
    /// Whether requests should be sent here.
    pub fn is_ready(&self) -> bool {
        self.checks.iter().all(|check| check.state != CheckState::Failed)
    }
}

/// One part.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Check {
    /// What was looked at, such as `database` or `token ndoba-ocsp`.
    pub name: String,
    /// How it is.
    pub state: CheckState,
    /// One sentence for the operator; no secrets, no personal data.
    pub detail: String,
}

/// How a part is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum CheckState {
    /// Works, but an operator should look.
    Degraded,
    /// Does not work; requests should go elsewhere.
    Failed,
    /// Works.
    Ok,
}

/// The operator's HTTP server.
pub struct OperatorServer {
    server: Server,
    address: SocketAddr,
}

impl OperatorServer {
    /// Listens on `address`: loopback, or a network of the operator's.
    ///
    /// # Errors
    ///
    /// [`BindError`] when the address cannot be had.
    pub fn bind(
        address: SocketAddr,
        health: Arc<dyn HealthSource>,
        metrics: PrometheusHandle,
    ) -> Result<Self, BindError> {
        let server = HttpServer::new(move || {
            let (health, metrics) = (Data::new(Arc::clone(&health)), Data::new(metrics.clone()));
            App::new()
                .app_data(health)
                .app_data(metrics)
                .service(web::resource("/metrics").route(web::get().to(render_metrics)))
                .service(web::resource("/health/live").route(web::get().to(live)))
                .service(web::resource("/health/ready").route(web::get().to(ready)))
        })
        .workers(1)
        .disable_signals()
        .shutdown_timeout(1)
        .bind(address)
        .map_err(|source| BindError::new(address, source))?;
        let address = server.addrs().first().copied().unwrap_or(address);
        Ok(Self { server: server.run(), address })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Stops it.
    pub fn handle(&self) -> ServerHandle {
        self.server.handle()
    }

    /// Serves until stopped.
    pub fn into_server(self) -> Server {
        self.server
    }
}

async fn render_metrics(metrics: Data<PrometheusHandle>) -> HttpResponse {
    metrics.run_upkeep();
    HttpResponse::Ok().content_type("text/plain; version=0.0.4; charset=utf-8").body(metrics.render())
}

/// The event loop turns; nothing else is said.
async fn live() -> HttpResponse {
    HttpResponse::Ok().json(serde_json::json!({ "live": true }))
}

async fn ready(source: Data<Arc<dyn HealthSource>>) -> HttpResponse {
    let health = source.health();
    let ready = health.is_ready();
    let mut answer = if ready { HttpResponse::Ok() } else { HttpResponse::ServiceUnavailable() };
    answer.json(serde_json::json!({ "ready": ready, "checks": health.checks }))
}
