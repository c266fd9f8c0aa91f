//! `ndoba-bench ocsp`: cached answers against a server that computes nothing, signed ones against the token.

mod cached;
mod fire;
mod renewal;
mod revocation;
mod signed;
mod sizes;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use clap::Args;

use crate::database::OneDatabase;
use crate::http::{self, Answer};
use crate::installation::Installation;
use crate::load::{self, Verdict, Work};
use crate::loader::{Loader, ca_certificate, serial};
use crate::ocsp_request::{Asker, path};
use crate::process::Running;
use crate::report::Report;
use crate::{Common, officers, zipf};

#[derive(Args, Debug)]
pub(crate) struct Options {
    #[command(flatten)]
    common: Common,
    #[command(flatten)]
    database: OneDatabase,
    /// Distinct certificates that are asked about.
    #[arg(long, value_name = "N", default_value_t = 10_000)]
    certificates: u64,
    /// Table sizes at which uncached answers are measured besides, rising.
    #[arg(long, value_name = "N,…", value_delimiter = ',', default_values_t = [10_000, 100_000])]
    sizes: Vec<u64>,
    /// Certificates that are revoked, one order each, while answers are given; 0 for none.
    #[arg(long, value_name = "N", default_value_t = 2000)]
    revocations: u64,
    /// Connections that are held beside the load by clients that want nothing; 0 for none.
    #[arg(long, value_name = "N", default_value_t = 2000)]
    held: u64,
    /// Interleaved rounds of the product and of the server that computes nothing.
    #[arg(long, value_name = "N", default_value_t = 5)]
    rounds: u32,
    /// Connections of the load generator.
    #[arg(long, value_name = "N", default_value_t = 32)]
    connections: usize,
}

const OCSP_REQUEST: &str = "application/ocsp-request";

pub(crate) fn run(options: &Options) -> anyhow::Result<()> {
    // For the officers' API.
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    let mut report = Report::new("ocsp", options.common.json);
    let url = options.database.url()?;
    let installation = Installation::new(&options.common, url.as_deref())?;
    let officers = if options.revocations > 0 { Some(officers::appoint(&installation)?) } else { None };
    let mut loader = Loader::new(&installation)?;
    loader.load_up_to(options.certificates)?;
    let bench = Bench::start(options, &installation)?;
    let cached_per_s = bench.measure(&mut report)?;
    bench.server.stop()?;
    renewal::measure(options, &installation, cached_per_s, &mut report)?;
    if let Some(officers) = &officers {
        revocation::measure(options, &installation, officers, &mut loader, cached_per_s, &mut report)?;
    }
    sizes::measure(options, &installation, &mut loader, &mut report)?;
    report.finish();
    Ok(())
}

/// A serving installation and the questions for it.
struct Bench<'a> {
    options: &'a Options,
    installation: &'a Installation,
    server: Running,
    address: SocketAddr,
    asker: Asker,
}

/// Starts the public role; how long until it answered about the first certificate.
fn start(installation: &Installation, asker: &Asker) -> anyhow::Result<(Running, Duration)> {
    let mut server = installation.serve(&["public"])?;
    server.await_port(installation.public_port()).with_context(|| installation.log())?;
    let address = SocketAddr::from(([127, 0, 0, 1], installation.public_port()));
    let question = http::get(&path(&asker.request(&serial(0)?, None)));
    // The token may come a moment after the port.
    while server.age() < Duration::from_secs(30) {
        if ask(address, &question, |answer| good(answer) == Verdict::Served)? {
            let age = server.age();
            return Ok((server, age));
        }
        std::thread::sleep(Duration::from_millis(5));
    }
    anyhow::bail!("no answer within 30 s: {}", installation.log())
}

impl<'a> Bench<'a> {
    fn start(options: &'a Options, installation: &'a Installation) -> anyhow::Result<Self> {
        let asker = Asker::new(&ca_certificate(installation)?);
        let (server, _) = start(installation, &asker)?;
        let address = SocketAddr::from(([127, 0, 0, 1], installation.public_port()));
        Ok(Self { options, installation, server, address, asker })
    }

    fn length(&self) -> Duration {
        Duration::from_secs_f64(self.options.common.seconds)
    }

    /// How many cached answers a second it gives.
    fn measure(&self, report: &mut Report) -> anyhow::Result<f64> {
        report.say("First questions about every certificate (a miss storm):");
        let gets = self.gets()?;
        let storm = self.ask_all(&gets)?;
        report.figure("miss_storm_per_s", storm.rate(), "answers signed, recorded in the cache, sent");
        report.figure("miss_storm_p99_ms", storm.percentile(99), "ms");

        report.say("Cached answers, interleaved with the same server computing nothing:");
        let cached_per_s = cached::measure(self, &gets, report)?;

        if self.options.held > 0 {
            fire::measure(self, cached_per_s, report)?;
        }

        report.say("Signed on demand (nonce):");
        signed::measure(self, report)?;
        Ok(cached_per_s)
    }

    /// A GET for each certificate.
    fn gets(&self) -> anyhow::Result<Arc<Vec<Vec<u8>>>> {
        self.questions(|request| http::get(&path(request)))
    }

    /// Asks about every certificate once, as fast as it goes.
    fn ask_all(&self, gets: &Arc<Vec<Vec<u8>>>) -> anyhow::Result<load::Outcome> {
        let all = (0..u32::try_from(gets.len())?).collect();
        let storm = load::once_each(&self.work(Arc::clone(gets), Arc::new(all)))?;
        storm.must_be_clean("the miss storm")?;
        Ok(storm)
    }

    /// These questions, the first of them far more often than the last.
    fn by_zipf(&self, requests: Arc<Vec<Vec<u8>>>) -> Work {
        let order = zipf::sequence(requests.len(), 1 << 17);
        self.work(requests, Arc::new(order))
    }

    /// One request for each certificate.
    fn questions(&self, wire: impl Fn(&[u8]) -> Vec<u8>) -> anyhow::Result<Arc<Vec<Vec<u8>>>> {
        let questions = (0..self.options.certificates)
            .map(|number| Ok(wire(&self.asker.request(&serial(number)?, None))))
            .collect::<anyhow::Result<Vec<_>>>()?;
        Ok(Arc::new(questions))
    }

    fn work(&self, requests: Arc<Vec<Vec<u8>>>, order: Arc<Vec<u32>>) -> Work {
        Work {
            address: self.address,
            requests,
            order,
            judge: good,
            connections: self.options.connections,
            reconnect: false,
        }
    }
}

/// An OCSPResponse that says `successful` (RFC 6960 §4.2.1), or one that says `tryLater`.
fn good(answer: &Answer<'_>) -> Verdict {
    match (answer.status, answer.body) {
        (b"200", [0x30, 0x82, _, _, 0x0a, 0x01, 0x00, ..]) => Verdict::Served,
        (b"200", [0x30, 0x03, 0x0a, 0x01, 0x03]) | (b"503", _) => Verdict::Shed,
        _ => Verdict::Failed,
    }
}

fn ask(address: SocketAddr, request: &[u8], judge: impl Fn(&Answer<'_>) -> bool) -> anyhow::Result<bool> {
    http::on_answer(address, request, judge)
}
