//! The load generator: closed loop (as fast as it goes) and open loop (at a rate, whatever the server does).

mod closed;
mod open;
mod outcome;

use std::net::SocketAddr;
use std::sync::Arc;

pub(crate) use closed::{closed, once_each};
pub(crate) use open::open;
pub(crate) use outcome::Outcome;

use crate::http::Answer;

/// What is sent, in which order, and how an answer is judged.
#[derive(Clone)]
pub(crate) struct Work {
    /// The server.
    pub(crate) address: SocketAddr,
    /// Whole requests, as they go over the wire.
    pub(crate) requests: Arc<Vec<Vec<u8>>>,
    /// Places in `requests`, gone through again and again.
    pub(crate) order: Arc<Vec<u32>>,
    /// What an answer is.
    pub(crate) judge: fn(&Answer<'_>) -> Verdict,
    /// How many connections; each has one request under way at most.
    pub(crate) connections: usize,
    /// Whether each request has a connection of its own.
    pub(crate) reconnect: bool,
}

impl Work {
    fn request(&self, number: u64) -> &[u8] {
        let place = usize::try_from(number).unwrap_or(0) % self.order.len().max(1);
        let place = self.order.get(place).and_then(|place| usize::try_from(*place).ok()).unwrap_or(0);
        self.requests.get(place).map(Vec::as_slice).unwrap_or_default()
    }
}

/// What an answer is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// What was asked for.
    Served,
    /// A civil refusal for want of capacity.
    Shed,
    /// Anything else.
    Failed,
}

/// Runs `main`, and what it spawns, on one thread: the generator takes one processor at most.
fn on_one_thread<T>(main: impl Future<Output = anyhow::Result<T>>) -> anyhow::Result<T> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    tokio::task::LocalSet::new().block_on(&runtime, main)
}
