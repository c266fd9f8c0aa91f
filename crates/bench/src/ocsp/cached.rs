//! Cached answers, in turns with the same server computing nothing.

use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;

use super::{Bench, OCSP_REQUEST};
use crate::load::{self, Outcome, Work};
use crate::process::{Running, own_cpu};
use crate::report::Report;
use crate::{constant_server, http, zipf};

/// How many cached answers a second the server gives to GET.
pub(super) fn measure(
    bench: &Bench<'_>,
    gets: &Arc<Vec<Vec<u8>>>,
    report: &mut Report,
) -> anyhow::Result<f64> {
    let posts = bench.questions(|request| http::post("/ocsp", OCSP_REQUEST, request))?;
    let order = Arc::new(zipf::sequence(gets.len(), 1 << 17));
    let sample = gets.first().context("no certificate is asked about")?;
    let folder = bench.installation.file("");
    let (constant, constant_address) =
        http::on_answer(bench.address, sample, |answer| constant_server::start(&folder, answer))??;
    let ours = [bench.work(Arc::clone(gets), Arc::clone(&order)), bench.work(posts, order)];
    let theirs = ours.clone().map(|work| Work { address: constant_address, ..work });
    // The first answers of a process are slower than those that follow.
    let round = bench.length() / bench.options.rounds.max(1);
    for work in ours.iter().chain(&theirs) {
        load::closed(work, round / 4)?;
    }
    let mut totals = [const { Total::new() }; 4];
    for _ in 0..bench.options.rounds.max(1) {
        for (place, work) in [&ours[0], &theirs[0], &ours[1], &theirs[1]].into_iter().enumerate() {
            let server = if place % 2 == 0 { &bench.server } else { &constant };
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
    let rate = get.rate();
    report.say("Half of that load, open loop, in turns with the same server computing nothing:");
    at_half_load([&ours[0], &theirs[0]], rate / 2.0, bench, report)?;
    Ok(rate)
}

/// Waiting times of the two at the same load. What the server that computes nothing makes its clients wait is the
/// machine's: processors that generator and server share, and the generator's own clock.
fn at_half_load(
    [ours, theirs]: [&Work; 2],
    rate: f64,
    bench: &Bench<'_>,
    report: &mut Report,
) -> anyhow::Result<()> {
    let rounds = bench.options.rounds.max(1);
    let (mut cached, mut constant) = (Outcome::NONE, Outcome::NONE);
    for _ in 0..rounds {
        for (total, work) in [(&mut cached, ours), (&mut constant, theirs)] {
            total.add(&load::open(work, rate, bench.length() / rounds)?);
        }
    }
    cached.must_be_clean("half load")?;
    constant.must_be_clean("half load on the server that computes nothing")?;
    report.figure("cached_half_load_p50_ms", cached.percentile(50), "ms");
    report.figure("cached_half_load_p99_ms", cached.percentile(99), "ms (aim: 5)");
    report.figure(
        "constant_half_load_p50_ms",
        constant.percentile(50),
        "ms, the server that computes nothing",
    );
    report.figure("constant_half_load_p99_ms", constant.percentile(99), "ms, the same");
    Ok(())
}

/// Rounds of one kind, and who spent processor time on them.
pub(super) struct Total {
    pub(super) outcome: Outcome,
    server: Duration,
    generator: Duration,
}

impl Total {
    pub(super) const fn new() -> Self {
        Self { outcome: Outcome::NONE, server: Duration::ZERO, generator: Duration::ZERO }
    }

    pub(super) fn add(&mut self, work: &Work, length: Duration, server: &Running) -> anyhow::Result<()> {
        let (server_before, own_before) = (server.cpu()?, own_cpu()?);
        let outcome = load::closed(work, length)?;
        outcome.must_be_clean("a round")?;
        self.outcome.add(&outcome);
        self.server += server.cpu()? - server_before;
        self.generator += own_cpu()? - own_before;
        Ok(())
    }

    pub(super) fn rate(&self) -> f64 {
        self.outcome.rate()
    }

    pub(super) fn generator_share(&self) -> f64 {
        self.generator.as_secs_f64() / (self.generator + self.server).as_secs_f64().max(f64::MIN_POSITIVE)
    }

    fn server_micros(&self) -> f64 {
        self.server.as_secs_f64() / self.outcome.elapsed.as_secs_f64() / self.rate() * 1e6
    }
}
