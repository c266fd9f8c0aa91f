//! Closed loop: every connection sends its next request when it has the answer to the last.

use std::cell::Cell;
use std::rc::Rc;
use std::time::{Duration, Instant};

use tokio::task::spawn_local;

use super::{Outcome, Work, on_one_thread};
use crate::http::Connection;

/// Loads the server for `length`.
pub(crate) fn closed(work: &Work, length: Duration) -> anyhow::Result<Outcome> {
    run(work, Until::Time(Instant::now() + length))
}

/// Sends every request of the order once.
pub(crate) fn once_each(work: &Work) -> anyhow::Result<Outcome> {
    run(work, Until::Count(u64::try_from(work.order.len())?))
}

#[derive(Clone, Copy)]
enum Until {
    Time(Instant),
    Count(u64),
}

impl Until {
    fn is_over(self, number: u64) -> bool {
        match self {
            Self::Time(end) => Instant::now() >= end,
            Self::Count(count) => number >= count,
        }
    }
}

fn run(work: &Work, until: Until) -> anyhow::Result<Outcome> {
    let start = Instant::now();
    let mut total = on_one_thread(async {
        let number = Rc::new(Cell::new(0));
        let connections: Vec<_> = (0..work.connections)
            .map(|_| spawn_local(connection(work.clone(), until, Rc::clone(&number))))
            .collect();
        let mut total = Outcome::NONE;
        for connection in connections {
            total.add(&connection.await??);
        }
        Ok(total)
    })?;
    total.elapsed = start.elapsed();
    Ok(total)
}

async fn connection(work: Work, until: Until, number: Rc<Cell<u64>>) -> anyhow::Result<Outcome> {
    let mut outcome = Outcome::NONE;
    let mut open = None;
    loop {
        let mine = number.get();
        if until.is_over(mine) {
            return Ok(outcome);
        }
        number.set(mine + 1);
        let sent = Instant::now();
        let mut connection = match open.take() {
            Some(connection) => connection,
            None => Connection::open(work.address).await?,
        };
        let verdict = (work.judge)(&connection.exchange(work.request(mine)).await?);
        outcome.count(verdict, sent.elapsed());
        if !work.reconnect {
            open = Some(connection);
        }
    }
}
