//! One order at a time: from the commit that queues it to the commit that ends it.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use anyhow::Context as _;
use ndoba_registration::ports::{OrderState, Registry as _};

use super::Bench;
use crate::load::{Outcome, Verdict};
use crate::report::Report;

/// Persons who were given a certificate here; far from those of the queue.
static NEXT_PERSON: AtomicU64 = AtomicU64::new(1_000_000_000);

pub(super) fn measure(bench: &Bench<'_>, suffix: &str, report: &mut Report) -> anyhow::Result<()> {
    let (mut server, started) = bench.start()?;
    report.figure(&format!("start_ms{suffix}"), started.as_secs_f64() * 1000.0, "ms from start to ready");
    let desk = bench.desk()?;
    let mut issuing = Outcome::NONE;
    let mut revoking = Outcome::NONE;
    let mut orders = Vec::new();
    // What comes first after the start waits for CRLs and the like.
    std::thread::sleep(Duration::from_millis(500));
    for _ in 0..bench.options.single {
        let order = desk.issue(NEXT_PERSON.fetch_add(1, Ordering::Relaxed))?;
        let queued = Instant::now();
        bench.await_done(order, &mut server)?;
        issuing.count(Verdict::Served, queued.elapsed());
        orders.push(order);
    }
    for order in orders {
        let OrderState::Done { serial } = bench.store.order(order)?.context("an order is gone")?.state else {
            anyhow::bail!("an order is not done");
        };
        let revocation = desk.revoke(&serial)?;
        let queued = Instant::now();
        bench.await_done(revocation, &mut server)?;
        revoking.count(Verdict::Served, queued.elapsed());
    }
    server.stop()?;
    for (what, outcome) in [("issue", &issuing), ("revoke", &revoking)] {
        for part in [50, 99] {
            let words = format!("ms, {what} one order at a time, from queued to done");
            report.figure(&format!("{what}_p{part}_ms{suffix}"), outcome.percentile(part), &words);
        }
    }
    Ok(())
}
