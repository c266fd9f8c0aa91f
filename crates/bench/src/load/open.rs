//! Open loop: requests come at their times whether the server keeps up or not, and each one's latency counts from the
//! moment at which it was due. So a stall of the server is in the figures of all who would have come meanwhile, not
//! only of those few that a closed loop would have had under way ("coordinated omission").

use std::rc::Rc;
use std::thread;
use std::time::{Duration, Instant};

use rand::RngExt as _;
use tokio::sync::Mutex;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::task::spawn_local;

use super::{Outcome, Work, on_one_thread};
use crate::http::Connection;

/// A request that is due.
struct Due {
    number: u64,
    at: Instant,
}

/// How often the clock looks for what is due. To be woken for each request would cost the generator more than the
/// request costs the server, on the same processors; what a request waits for the next look is in its latency.
const TICK: Duration = Duration::from_micros(250);

/// Sends `rate` requests a second for `length`, at random intervals (a Poisson process), over the connections that
/// are free; those that find none wait for one, and their waiting counts.
pub(crate) fn open(work: &Work, rate: f64, length: Duration) -> anyhow::Result<Outcome> {
    let (sender, mut receiver) = unbounded_channel();
    // A thread of its own: an event loop's timers are a millisecond coarse.
    let clock = thread::spawn(move || tick(&sender, rate, length));
    let start = Instant::now();
    let mut total = on_one_thread(async {
        let (each, due) = unbounded_channel();
        let due = Rc::new(Mutex::new(due));
        let connections: Vec<_> =
            (0..work.connections).map(|_| spawn_local(connection(work.clone(), Rc::clone(&due)))).collect();
        while let Some(batch) = receiver.recv().await {
            for one in batch {
                // Nobody is left to take it when every connection has failed, which is told below.
                let _ = each.send(one);
            }
        }
        drop(each);
        let mut total = Outcome::NONE;
        for connection in connections {
            total.add(&connection.await??);
        }
        Ok(total)
    })?;
    total.elapsed = start.elapsed();
    clock.join().map_err(|_| anyhow::anyhow!("the generator's clock panicked"))?;
    Ok(total)
}

/// Sends what is due, as it comes due, until `length` is over or nobody listens.
fn tick(sender: &UnboundedSender<Vec<Due>>, rate: f64, length: Duration) {
    let mut random = rand::rng();
    let (start, mut at, mut number) = (Instant::now(), Duration::ZERO, 0);
    while at < length {
        let mut batch = Vec::new();
        while at < length && start + at <= Instant::now() {
            batch.push(Due { number, at: start + at });
            number += 1;
            let uniform: f64 = random.random_range(f64::MIN_POSITIVE..1.0);
            at += Duration::from_secs_f64(-uniform.ln() / rate);
        }
        if !batch.is_empty() && sender.send(batch).is_err() {
            return;
        }
        thread::sleep(TICK.max((start + at).saturating_duration_since(Instant::now())));
    }
}

async fn connection(work: Work, due: Rc<Mutex<UnboundedReceiver<Due>>>) -> anyhow::Result<Outcome> {
    let mut outcome = Outcome::NONE;
    let mut connection = Connection::open(work.address).await?;
    loop {
        // Those who wait here are served in the order in which they came.
        let Some(Due { number, at }) = due.lock().await.recv().await else { return Ok(outcome) };
        let verdict = (work.judge)(&connection.exchange(work.request(number)).await?);
        outcome.count(verdict, at.elapsed());
    }
}
