//! Open connections: as many as may be, and the longest idle makes room for the next.
//!
//! Whoever opens connections and says nothing, or says it slowly, must not keep anybody else out. So none waits for a
//! place: where all are taken, those that have been idle longest are closed. A client that asked something and has no
//! answer yet is not idle; how long it may take to send a body is bounded elsewhere.

use std::any::Any;
use std::collections::HashMap;
use std::future::Future;
use std::net::{Shutdown, TcpStream};
use std::os::fd::AsFd as _;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use actix_tls::accept::rustls_0_23::TlsStream;
use actix_web::Error;
use actix_web::body::MessageBody;
use actix_web::dev::{Extensions, Service, ServiceRequest, ServiceResponse};
use actix_web::rt::net;

/// Makes room for so many at once, as a part of all: else each newcomer would have every one looked at.
const PART: usize = 64;

/// The connections of a server.
pub(crate) struct Connections {
    limit: usize,
    begun: Instant,
    numbers: AtomicU64,
    open: Mutex<HashMap<u64, Arc<Connection>>>,
}

struct Connection {
    /// Another handle of the same socket: what closes it from here.
    socket: TcpStream,
    /// Requests without an answer yet; several at once in HTTP/2.
    under_way: AtomicU32,
    /// Milliseconds after the server's beginning, when none is.
    idle_since: AtomicU64,
}

/// A connection's place, given back when it is dropped with the connection.
struct Place {
    connections: Arc<Connections>,
    number: u64,
    connection: Arc<Connection>,
}

impl Drop for Place {
    fn drop(&mut self) {
        self.connections.open().remove(&self.number);
    }
}

impl Connections {
    /// Room for `limit` connections, one at least.
    pub(crate) fn new(limit: usize) -> Arc<Self> {
        Arc::new(Self {
            limit: limit.max(1),
            begun: Instant::now(),
            numbers: AtomicU64::new(0),
            open: Mutex::default(),
        })
    }

    /// Gives a connection that was just opened its place.
    pub(crate) fn enter(self: &Arc<Self>, io: &dyn Any, extensions: &mut Extensions) {
        let plain = io.downcast_ref::<net::TcpStream>();
        let stream = plain.or_else(|| Some(io.downcast_ref::<TlsStream<net::TcpStream>>()?.get_ref().0));
        let Some(socket) = stream.and_then(|stream| stream.as_fd().try_clone_to_owned().ok()) else {
            // No more handles: this one cannot be closed from here, and ends by its timeouts.
            metrics::counter!("ndoba_public_unmanaged_connections_total").increment(1);
            return;
        };
        let connection = Arc::new(Connection {
            socket: TcpStream::from(socket),
            under_way: AtomicU32::new(0),
            idle_since: AtomicU64::new(self.now()),
        });
        let number = self.numbers.fetch_add(1, Ordering::Relaxed);
        let mut open = self.open();
        open.insert(number, Arc::clone(&connection));
        if open.len() > self.limit {
            self.make_room(&mut open, number);
        }
        drop(open);
        extensions.insert(Place { connections: Arc::clone(self), number, connection });
    }

    /// Closes those that have been idle longest, the newcomer apart.
    fn make_room(&self, open: &mut HashMap<u64, Arc<Connection>>, newcomer: u64) {
        let mut idle: Vec<(u64, u64)> = open
            .iter()
            .filter(|(number, connection)| {
                **number != newcomer && connection.under_way.load(Ordering::Relaxed) == 0
            })
            .map(|(number, connection)| (connection.idle_since.load(Ordering::Relaxed), *number))
            .collect();
        let count = (open.len() - self.limit).max(self.limit / PART).min(idle.len());
        idle.sort_unstable();
        for (_, number) in &idle[..count] {
            if let Some(connection) = open.remove(number) {
                // One that ended in this moment is closed already.
                let _ = connection.socket.shutdown(Shutdown::Both);
            }
        }
        metrics::counter!("ndoba_public_evicted_connections_total").increment(count as u64);
    }

    fn now(&self) -> u64 {
        u64::try_from(self.begun.elapsed().as_millis()).unwrap_or(u64::MAX)
    }

    fn open(&self) -> MutexGuard<'_, HashMap<u64, Arc<Connection>>> {
        // Whole whatever happened to the thread that held it: one insertion or removal at a time.
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Keeps a connection from being taken for idle as long as a request is under way.
struct Busy(Option<(Arc<Connections>, Arc<Connection>)>);

impl Busy {
    fn begin(request: &ServiceRequest) -> Self {
        let place = request.conn_data::<Place>();
        let held = place.map(|place| (Arc::clone(&place.connections), Arc::clone(&place.connection)));
        if let Some((_, connection)) = &held {
            connection.under_way.fetch_add(1, Ordering::Relaxed);
        }
        Self(held)
    }
}

impl Drop for Busy {
    fn drop(&mut self) {
        if let Some((connections, connection)) = &self.0 {
            connection.idle_since.store(connections.now(), Ordering::Relaxed);
            connection.under_way.fetch_sub(1, Ordering::Relaxed);
        }
    }
}

/// What every request passes through.
pub(crate) fn watched<S, B>(
    request: ServiceRequest,
    service: &S,
) -> impl Future<Output = Result<ServiceResponse<B>, Error>> + use<S, B>
where
    S: Service<ServiceRequest, Response = ServiceResponse<B>, Error = Error>,
    B: MessageBody,
{
    let busy = Busy::begin(&request);
    let answer = service.call(request);
    async move {
        let answer = answer.await;
        drop(busy);
        answer
    }
}
