//! Issuing from a queue that is never empty.

use std::time::{Duration, Instant};

use anyhow::Context as _;
use ndoba_ca::ports::Ledger as _;

use super::Bench;
use crate::installation::loaded_ca;
use crate::process::own_cpu;
use crate::raw_token;
use crate::report::Report;

/// How fast it went.
pub(super) struct Issued {
    pub(super) per_s: f64,
    pub(super) token_per_s: f64,
}

pub(super) fn measure(bench: &Bench<'_>, suffix: &str, report: &mut Report) -> anyhow::Result<Issued> {
    let orders = bench.options.orders;
    report.say(&format!("  writing and signing {orders} orders …"));
    write_orders(bench, orders)?;
    let settings = bench.installation.settings()?;
    let ca = settings.cas.iter().find(|ca| ca.name.as_str() == loaded_ca());
    let key = ca.and_then(|ca| ca.key.as_ref()).context("the CA has no key")?;
    let seconds = bench.options.common.seconds / 4.0;
    let before = raw_token::rate(&bench.installation, key, seconds)?;

    let (mut server, _) = bench.start()?;
    let started = Instant::now();
    let signed_before = issued_so_far(bench)?;
    // From the first certificates on: what starting costs is another figure.
    let first = await_count(bench, &mut server, signed_before + 1)?;
    let (mut begun, cpu, own) = (Instant::now(), server.cpu()?, own_cpu()?);
    let last = await_count(bench, &mut server, signed_before + orders)?;
    let mut counted = last - first;
    if counted == 0 {
        // So few that they came in one batch.
        (begun, counted) = (started, orders);
    }
    let elapsed = begun.elapsed().as_secs_f64();
    let (cpu, own) = ((server.cpu()? - cpu).as_secs_f64(), (own_cpu()? - own).as_secs_f64());
    server.stop()?;
    let after = raw_token::rate(&bench.installation, key, seconds)?;

    #[expect(clippy::cast_precision_loss, reason = "far below 2^53")]
    let count = counted as f64;
    let (per_s, token_per_s) = (count / elapsed, f64::midpoint(before, after));
    report.figure(&format!("issued_per_s{suffix}"), per_s, "certificates from a queue that is never empty");
    report.figure(&format!("token_per_s{suffix}"), token_per_s, "raw C_Sign, same key and sessions");
    report.figure(&format!("issued_vs_token{suffix}"), per_s / token_per_s, "ratio");
    report.figure(
        &format!("server_us_per_certificate{suffix}"),
        cpu / count * 1e6,
        "µs of processor time in ca and audit",
    );
    report.figure(
        &format!("bench_cpu_share{suffix}"),
        own / (own + cpu).max(f64::MIN_POSITIVE),
        "of the processor time was spent watching",
    );
    Ok(Issued { per_s, token_per_s })
}

/// Several threads: commits of different connections share a disk write where the database can.
fn write_orders(bench: &Bench<'_>, orders: u64) -> anyhow::Result<()> {
    const THREADS: u64 = 4;
    let desk = bench.desk()?;
    std::thread::scope(|scope| {
        let desk = &desk;
        let writers: Vec<_> = (0..THREADS)
            .map(|thread| {
                scope.spawn(move || {
                    (thread..orders).step_by(4).try_for_each(|person| desk.issue(person).map(drop))
                })
            })
            .collect();
        writers
            .into_iter()
            .try_for_each(|writer| writer.join().map_err(|_| anyhow::anyhow!("a writer panicked"))?)
    })
}

/// By the ledger's own account of its keys.
fn issued_so_far(bench: &Bench<'_>) -> anyhow::Result<u64> {
    let uses = bench.store.key_uses()?;
    Ok(uses.iter().filter(|one| one.key.authority() == loaded_ca()).map(|one| one.signed).sum())
}

fn await_count(bench: &Bench<'_>, server: &mut crate::process::Running, count: u64) -> anyhow::Result<u64> {
    let mut last_change = (Instant::now(), 0);
    loop {
        let now = issued_so_far(bench)?;
        if now >= count {
            return Ok(now);
        }
        if now != last_change.1 {
            last_change = (Instant::now(), now);
        }
        anyhow::ensure!(
            last_change.0.elapsed() < Duration::from_secs(60),
            "the CA stands still at {now} of {count}: {}",
            bench.installation.log()
        );
        server.must_live().with_context(|| bench.installation.log())?;
        std::thread::sleep(Duration::from_millis(20));
    }
}
