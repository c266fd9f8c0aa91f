//! Others' answers while strangers hold connections: idle ones, slow ones, half-open ones, bodies that never come.

use std::collections::VecDeque;
use std::io::Write as _;
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;
use std::time::Duration;

use super::Bench;
use crate::load;
use crate::report::Report;

/// In this time every held connection is given up and made again: longer than the server waits for a head.
const TURNOVER: Duration = Duration::from_secs(10);

pub(super) fn measure(bench: &Bench<'_>, cached_per_s: f64, report: &mut Report) -> anyhow::Result<()> {
    let held = bench.options.held;
    report.say(&format!("The same load while {held} connections are held by clients that want nothing:"));
    let work = bench.by_zipf(bench.gets()?);
    let before = bench.server.memory()?.resident;
    let (done, opened) = (AtomicBool::new(false), AtomicU64::new(0));
    let outcome = thread::scope(|scope| {
        scope.spawn(|| hold(bench.address, held, &done, &opened));
        // Those who ask begin when the others are there.
        while opened.load(Ordering::Relaxed) < held {
            thread::sleep(Duration::from_millis(10));
        }
        let outcome = load::open(&work, cached_per_s / 2.0, bench.length());
        done.store(true, Ordering::Relaxed);
        outcome
    })?;
    outcome.must_be_clean("the load beside held connections")?;
    report.figure("held_half_load_p50_ms", outcome.percentile(50), "ms");
    report.figure("held_half_load_p99_ms", outcome.percentile(99), "ms");
    let grown = bench.server.memory()?.resident - before;
    report.figure("held_grown_mib", grown / f64::from(1 << 20), "MiB that the server grew meanwhile");
    Ok(())
}

/// Keeps `count` connections until it is done; the oldest is given up for each new one.
fn hold(address: SocketAddr, count: u64, done: &AtomicBool, opened: &AtomicU64) {
    let mut held = VecDeque::new();
    while !done.load(Ordering::Relaxed) {
        let number = opened.fetch_add(1, Ordering::Relaxed);
        if let Ok(stream) = one(address, number) {
            held.push_back(stream);
        }
        if number >= count {
            held.pop_front();
            thread::sleep(TURNOVER / u32::try_from(count).unwrap_or(u32::MAX));
        }
    }
}

fn one(address: SocketAddr, number: u64) -> std::io::Result<TcpStream> {
    let mut stream = TcpStream::connect(address)?;
    match number % 4 {
        0 => {}
        1 => stream.write_all(b"POST /ocsp HTTP/1.1\r\nHost: x\r\nContent-")?,
        2 => stream.write_all(b"POST /ocsp HTTP/1.1\r\nHost: x\r\nContent-Length: 60000\r\n\r\n\x30\x80")?,
        _ => {
            stream.write_all(b"GET /ocsp/MA")?;
            stream.shutdown(Shutdown::Write)?;
        }
    }
    Ok(stream)
}
