//! `ndoba-bench ocsp`: cached answers against a server that computes nothing, signed ones against the token.

mod sizes;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::Context as _;
use clap::Args;

use crate::http::{self, Answer, Connection};
use crate::installation::{Installation, loaded_ca};
use crate::load::{self, Outcome, Verdict, Work};
use crate::loader::{Loader, ca_certificate, serial};
use crate::ocsp_request::{Asker, path};
use crate::process::{Running, own_cpu};
use crate::report::Report;
use crate::{Common, constant_server, openssl, raw_token, zipf};

#[derive(Args, Debug)]
pub(crate) struct Options {
    #[command(flatten)]
    common: Common,
    /// Distinct certificates that are asked about.
    #[arg(long, value_name = "N", default_value_t = 10_000)]
    certificates: u64,
    /// Table sizes at which uncached answers are measured besides, rising.
    #[arg(long, value_name = "N,…", value_delimiter = ',', default_values_t = [10_000, 100_000])]
    sizes: Vec<u64>,
    /// Interleaved rounds of the product and of the server that computes nothing.
    #[arg(long, value_name = "N", default_value_t = 5)]
    rounds: u32,
    /// Connections of the load generator.
    #[arg(long, value_name = "N", default_value_t = 32)]
    connections: usize,
}

const OCSP_REQUEST: &str = "application/ocsp-request";

pub(crate) fn run(options: &Options) -> anyhow::Result<()> {
    let mut report = Report::new("ocsp", options.common.json);
    let installation = Installation::new(&options.common, None)?;
    let mut loader = Loader::new(&installation)?;
    loader.load_up_to(options.certificates)?;
    let bench = Bench::start(options, &installation)?;
    bench.measure(&mut report)?;
    bench.server.stop()?;
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

/// Starts the public role; how long until it answered about a certificate.
fn start(installation: &Installation, asker: &Asker, known: u64) -> anyhow::Result<(Running, Duration)> {
    let began = Instant::now();
    let mut server = installation.serve(&["public"])?;
    server.await_port(installation.public_port()).with_context(|| installation.log())?;
    let address = SocketAddr::from(([127, 0, 0, 1], installation.public_port()));
    let question = http::get(&path(&asker.request(&serial(known)?, None)));
    // The token may come a moment after the port.
    while began.elapsed() < Duration::from_secs(30) {
        if ask(address, &question, |answer| good(answer) == Verdict::Served)? {
            return Ok((server, began.elapsed()));
        }
        std::thread::sleep(Duration::from_millis(5));
    }
    anyhow::bail!("no answer within 30 s: {}", installation.log())
}

impl<'a> Bench<'a> {
    fn start(options: &'a Options, installation: &'a Installation) -> anyhow::Result<Self> {
        let asker = Asker::new(&ca_certificate(installation)?);
        let (server, _) = start(installation, &asker, 0)?;
        let address = SocketAddr::from(([127, 0, 0, 1], installation.public_port()));
        Ok(Self { options, installation, server, address, asker })
    }

    fn length(&self) -> Duration {
        Duration::from_secs_f64(self.options.common.seconds)
    }

    fn measure(&self, report: &mut Report) -> anyhow::Result<()> {
        report.say("First questions about every certificate (a miss storm):");
        let gets = self.questions(|request| http::get(&path(request)))?;
        let all = (0..u32::try_from(self.options.certificates)?).collect();
        let storm = load::once_each(&self.work(Arc::clone(&gets), Arc::new(all)))?;
        storm.must_be_clean("the miss storm")?;
        report.figure("miss_storm_per_s", storm.rate(), "answers signed, recorded in the cache, sent");
        report.figure("miss_storm_p99_ms", storm.percentile(99), "ms");

        report.say("Cached answers, interleaved with the same server computing nothing:");
        let cached_per_s = self.cached(&gets, report)?;

        report.say("Half of that load, open loop:");
        let order = Arc::new(zipf::sequence(gets.len(), 1 << 17));
        let half = load::open(&self.work(gets, order), cached_per_s / 2.0, self.length())?;
        half.must_be_clean("half load")?;
        report.figure("cached_half_load_p50_ms", half.percentile(50), "ms");
        report.figure("cached_half_load_p99_ms", half.percentile(99), "ms");

        report.say("Signed on demand (nonce):");
        self.signed(report)
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

    fn cached(&self, gets: &Arc<Vec<Vec<u8>>>, report: &mut Report) -> anyhow::Result<f64> {
        let posts = self.questions(|request| http::post("/ocsp", OCSP_REQUEST, request))?;
        let order = Arc::new(zipf::sequence(gets.len(), 1 << 17));
        let sample = gets.first().context("no certificate is asked about")?;
        let folder = self.installation.file("");
        let (constant, constant_address) =
            on_answer(self.address, sample, |answer| constant_server::start(&folder, answer))??;
        let ours = [self.work(Arc::clone(gets), Arc::clone(&order)), self.work(posts, order)];
        let theirs = ours.clone().map(|work| Work { address: constant_address, ..work });
        // The first answers of a process are slower than those that follow.
        let round = self.length() / self.options.rounds.max(1);
        for work in ours.iter().chain(&theirs) {
            load::closed(work, round / 4)?;
        }
        let mut totals = [const { Total::new() }; 4];
        for _ in 0..self.options.rounds.max(1) {
            for (place, work) in [&ours[0], &theirs[0], &ours[1], &theirs[1]].into_iter().enumerate() {
                let server = if place % 2 == 0 { &self.server } else { &constant };
                totals[place].add(work, round, server)?;
            }
        }
        let [get, constant_get, post, constant_post] = &totals;
        report.figure("cached_get_per_s", get.rate(), "answers from memory, GET, Zipf over all certificates");
        report.figure("cached_post_per_s", post.rate(), "the same, POST");
        report.figure("constant_get_per_s", constant_get.rate(), "the same server, one answer, GET");
        report.figure("constant_post_per_s", constant_post.rate(), "the same, POST");
        let ratios = [get.rate() / constant_get.rate(), post.rate() / constant_post.rate()];
        report.figure("cached_vs_constant_get", ratios[0], "ratio, GET");
        report.figure("cached_vs_constant_post", ratios[1], "ratio, POST");
        report.figure("cached_vs_constant", ratios[0].min(ratios[1]), "the lower of the two (aim: 0.85)");
        report.figure(
            "cached_server_us_per_answer",
            get.server_micros(),
            "µs of processor time in the server, GET",
        );
        report.figure(
            "constant_server_us_per_answer",
            constant_get.server_micros(),
            "µs, the one that computes nothing",
        );
        report.figure(
            "generator_cpu_share",
            get.generator_share(),
            "of the processor time was the load generator's",
        );
        Ok(get.rate())
    }

    fn signed(&self, report: &mut Report) -> anyhow::Result<()> {
        let settings = self.installation.settings()?;
        let ca = settings.cas.iter().find(|ca| ca.name.as_str() == loaded_ca());
        let key = &ca.and_then(|ca| ca.ocsp.as_ref()).context("the CA has no responder")?.key;
        let seconds = self.options.common.seconds / 4.0;
        let before = raw_token::rate(self.installation, key, seconds)?;
        let known = self.options.certificates;
        let requests = (0..4096_u64)
            .map(|number| {
                let request = self.asker.request(&serial(number % known)?, Some(rand::random()));
                Ok(http::post("/ocsp", OCSP_REQUEST, &request))
            })
            .collect::<anyhow::Result<Vec<_>>>()?;
        let (requests, order) = (Arc::new(requests), Arc::new((0..4096).collect::<Vec<u32>>()));
        let mut total = Total::new();
        total.add(&self.work(Arc::clone(&requests), Arc::clone(&order)), self.length(), &self.server)?;
        let after = raw_token::rate(self.installation, key, seconds)?;
        let raw = f64::midpoint(before, after);
        report.figure("token_per_s", raw, "raw C_Sign, P-256, same sessions, before and after");
        report.figure("signed_per_s", total.rate(), "answers with a nonce, each signed");
        report.figure("signed_vs_token", total.rate() / raw, "ratio (aim: 0.5)");
        report.figure("signed_p99_ms", total.outcome.percentile(99), "ms at full load");
        report.figure(
            "signed_generator_cpu_share",
            total.generator_share(),
            "of the processor time was the generator's",
        );

        let folder = self.installation.file("openssl-ocsp");
        let (_openssl, port) = openssl::ocsp_responder(&folder, &loader_serials(known.min(1000))?)?;
        let asker = Asker::new(&openssl::ca_of(&folder)?);
        let requests = (0..256)
            .map(|number| {
                let request = asker.request(&serial(number % known.min(1000))?, Some(rand::random()));
                Ok(http::post("/", OCSP_REQUEST, &request))
            })
            .collect::<anyhow::Result<Vec<_>>>()?;
        let work = Work {
            address: SocketAddr::from(([127, 0, 0, 1], port)),
            requests: Arc::new(requests),
            order: Arc::new((0..256).collect()),
            judge: good,
            connections: 4,
            reconnect: true,
        };
        let theirs = load::closed(&work, self.length() / 2)?;
        theirs.must_be_clean("openssl ocsp")?;
        report.figure(
            "openssl_ocsp_per_s",
            theirs.rate(),
            "`openssl ocsp`, key in a file, a connection each",
        );
        report.figure("signed_vs_openssl", total.rate() / theirs.rate(), "ratio (aim: 5)");
        Ok(())
    }
}

fn loader_serials(count: u64) -> anyhow::Result<Vec<String>> {
    (0..count).map(|number| Ok(hex::encode_upper(serial(number)?.as_unsigned()))).collect()
}

/// Rounds of one kind, and who spent processor time on them.
struct Total {
    outcome: Outcome,
    server: Duration,
    generator: Duration,
}

impl Total {
    const fn new() -> Self {
        Self { outcome: Outcome::NONE, server: Duration::ZERO, generator: Duration::ZERO }
    }

    fn add(&mut self, work: &Work, length: Duration, server: &Running) -> anyhow::Result<()> {
        let (server_before, own_before) = (server.cpu()?, own_cpu()?);
        let outcome = load::closed(work, length)?;
        outcome.must_be_clean("a round")?;
        self.outcome.add(&outcome);
        self.server += server.cpu()? - server_before;
        self.generator += own_cpu()? - own_before;
        Ok(())
    }

    fn rate(&self) -> f64 {
        self.outcome.rate()
    }

    fn generator_share(&self) -> f64 {
        self.generator.as_secs_f64() / (self.generator + self.server).as_secs_f64().max(f64::MIN_POSITIVE)
    }

    fn server_micros(&self) -> f64 {
        self.server.as_secs_f64() / self.outcome.elapsed.as_secs_f64() / self.rate() * 1e6
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

/// Asks once and gives the answer to `then`.
fn on_answer<T>(
    address: SocketAddr,
    request: &[u8],
    then: impl FnOnce(&Answer<'_>) -> T,
) -> anyhow::Result<T> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async { Ok(then(&Connection::open(address).await?.exchange(request).await?)) })
}

fn ask(address: SocketAddr, request: &[u8], judge: impl Fn(&Answer<'_>) -> bool) -> anyhow::Result<bool> {
    on_answer(address, request, judge)
}
