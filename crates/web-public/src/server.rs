//! The public server: its addresses, limits and end.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use actix_web::dev::{Server, ServerHandle};
use actix_web::web::{Data, ServiceConfig};
use actix_web::{App, HttpServer};
use rustls::ServerConfig;

use crate::connections::{Connections, watched};
use crate::{
    ClockStatements, OcspService, PageFacts, PublishedFiles, ShownCertificates, TimeStamping, certificates,
    clock_statement, ocsp, pages, published, tsp,
};

/// What the public is served.
#[derive(Clone)]
pub struct PublicServices {
    /// Certificate status; `None` where this process does not answer.
    pub ocsp: Option<Arc<OcspService>>,
    /// Time-stamping units, the default one first; none where this process makes no time-stamps.
    pub time_stamping: Vec<TimeStamping>,
    /// The clock's statement; `None` where this process makes none.
    pub clock: Option<Arc<dyn ClockStatements>>,
    /// Subscribers' certificates that third parties may see; `None` where this process shows none.
    pub certificates: Option<Arc<dyn ShownCertificates>>,
    /// CRLs, issuers, checkpoints.
    pub published: PublishedFiles,
    /// What the page for people says.
    pub page: PageFacts,
}

/// Bounds on what clients may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ServerLimits {
    /// Event loops.
    pub workers: usize,
    /// Open connections; where there are more, the longest idle one is closed.
    pub connections: usize,
    /// For the head of a request to arrive whole, and for a TLS handshake to end.
    pub client_timeout: Duration,
    /// For the next request on a connection.
    pub keep_alive: Duration,
    /// For requests in flight to end when the server stops.
    pub shutdown: Duration,
}

impl Default for ServerLimits {
    /// Two loops, 10,000 connections, 5 s for a request's head, 15 s between requests, 10 s to end.
    fn default() -> Self {
        Self {
            workers: 2,
            connections: 10_000,
            client_timeout: Duration::from_secs(5),
            keep_alive: Duration::from_secs(15),
            shutdown: Duration::from_secs(10),
        }
    }
}

/// TLS handshakes under way in a loop are no connections yet; actix bounds them to a quarter of this.
const HANDSHAKES: usize = 1024;

/// The public HTTP server, listening and not yet serving.
pub struct PublicServer {
    server: Server,
    addresses: Vec<SocketAddr>,
}

impl PublicServer {
    /// Listens on `http` and, with TLS, on `https`. Port 0 takes a free one.
    ///
    /// # Errors
    ///
    /// [`BindError`] when an address cannot be had.
    pub fn bind(
        services: PublicServices,
        limits: ServerLimits,
        http: &[SocketAddr],
        https: Option<(SocketAddr, ServerConfig)>,
    ) -> Result<Self, BindError> {
        let routes = move |config: &mut ServiceConfig| {
            let PublicServices { ocsp, time_stamping, clock, certificates, published, page } =
                services.clone();
            pages::routes(config, &page);
            ocsp::routes(config, ocsp.map(Data::from));
            clock_statement::routes(config, clock);
            certificates::routes(config, certificates);
            tsp::routes(config, &time_stamping);
            published::routes(config, published);
        };
        Self::bind_routes(routes, limits, http, https)
    }

    /// The same server around other routes: what a benchmark compares with.
    ///
    /// # Errors
    ///
    /// [`BindError`] as for [`Self::bind`].
    pub fn bind_routes(
        routes: impl Fn(&mut ServiceConfig) + Clone + Send + 'static,
        limits: ServerLimits,
        http: &[SocketAddr],
        https: Option<(SocketAddr, ServerConfig)>,
    ) -> Result<Self, BindError> {
        let ServerLimits { workers, connections, client_timeout, keep_alive, shutdown } = limits;
        let open = Connections::new(connections);
        let mut server = HttpServer::new(move || App::new().wrap_fn(watched).configure(&routes))
            .workers(workers)
            .on_connect(move |io, extensions| open.enter(io, extensions))
            // Never reached by those that are counted, however they are spread over the loops: nobody waits for a place.
            .max_connections(connections.saturating_add(HANDSHAKES))
            .client_request_timeout(client_timeout)
            .client_disconnect_timeout(Duration::from_secs(1))
            .tls_handshake_timeout(client_timeout)
            .keep_alive(keep_alive)
            .tcp_nodelay(true)
            .shutdown_timeout(shutdown.as_secs())
            // The process decides when to stop, and what to do in which order.
            .disable_signals();
        for address in http {
            server = server.bind(address).map_err(|source| BindError::new(*address, source))?;
        }
        if let Some((address, tls)) = https {
            server =
                server.bind_rustls_0_23(address, tls).map_err(|source| BindError::new(address, source))?;
        }
        let addresses = server.addrs();
        Ok(Self { server: server.run(), addresses })
    }

    /// Where it listens, in the order given: HTTP, then HTTPS.
    pub fn addresses(&self) -> &[SocketAddr] {
        &self.addresses
    }

    /// Stops it: `stop(true)` lets requests in flight end.
    pub fn handle(&self) -> ServerHandle {
        self.server.handle()
    }

    /// Serves until stopped.
    pub fn into_server(self) -> Server {
        self.server
    }
}

/// An address cannot be listened on.
#[derive(Debug, thiserror::Error)]
pub enum BindError {
    /// Somebody listens there already.
    #[error("the address {address} is in use by another process; stop it or choose another port")]
    InUse {
        /// Which.
        address: SocketAddr,
    },
    /// The system does not let this user listen there.
    #[error("the system does not allow listening on {address}; ports below 1024 need a privilege")]
    NotAllowed {
        /// Which.
        address: SocketAddr,
    },
    /// Something else.
    #[error("cannot listen on {address}")]
    Other {
        /// Which.
        address: SocketAddr,
        /// What the system said.
        #[source]
        source: io::Error,
    },
}

impl BindError {
    pub(crate) fn new(address: SocketAddr, source: io::Error) -> Self {
        // Not a match: the kinds of the standard library grow.
        let kind = source.kind();
        if kind == io::ErrorKind::AddrInUse {
            Self::InUse { address }
        } else if kind == io::ErrorKind::PermissionDenied {
            Self::NotAllowed { address }
        } else {
            Self::Other { address, source }
        }
    }
}
