//! The two moments at which many answers are signed at once while everybody asks: after a restart, with an empty memory,
//! and when answers that were made together are to be signed anew, by the middle of their lives.

use std::time::{Duration, Instant};

use anyhow::Context as _;

use super::{Bench, Options};
use crate::installation::{Installation, loaded_ca};
use crate::report::Report;
use crate::{load, metrics};

pub(super) fn measure(
    options: &Options,
    installation: &Installation,
    cached_per_s: f64,
    report: &mut Report,
) -> anyhow::Result<()> {
    // Long enough for the storm that fills the memory; and entries die some seconds before their nextUpdate, which must
    // be after the middle.
    let half_life = Duration::from_secs_f64(options.common.seconds * 5.0).max(Duration::from_secs(8));
    let load = cached_per_s / 2.0;
    lifetime(installation, Some(half_life * 2))?;

    report.say("The same load on a process that has just been started:");
    let bench = Bench::start(options, installation)?;
    let gets = bench.gets()?;
    let after = load::open(&bench.by_zipf(gets), load, bench.length())?;
    after.must_be_clean("the load after a restart")?;
    report.figure("restart_half_load_p50_ms", after.percentile(50), "ms, nothing kept at first");
    report.figure("restart_half_load_p99_ms", after.percentile(99), "ms");
    bench.server.stop()?;

    report.say("The same load while every kept answer is signed anew, at the middle of its life:");
    let bench = Bench::start(options, installation)?;
    let gets = bench.gets()?;
    let began = Instant::now();
    bench.ask_all(&gets)?;
    let before = signed(installation)?;
    // The first are due a tenth of their life before its middle, and the last at the middle.
    std::thread::sleep((half_life * 4 / 5).saturating_sub(began.elapsed()));
    let through = load::open(&bench.by_zipf(gets), load, began.elapsed() / 2)?;
    through.must_be_clean("the load through renewal")?;
    report.figure("renewal_half_load_p50_ms", through.percentile(50), "ms, answers renewed meanwhile");
    report.figure("renewal_half_load_p99_ms", through.percentile(99), "ms");
    report.figure("renewal_signatures", signed(installation)? - before, "signatures made for that");
    bench.server.stop()?;
    lifetime(installation, None)
}

/// How long answers may be believed; `None` for what is shipped.
fn lifetime(installation: &Installation, life: Option<Duration>) -> anyhow::Result<()> {
    installation.configure(|configuration| {
        let cas = configuration.get_mut("cas").and_then(|cas| cas.as_array_mut());
        let ca = cas
            .into_iter()
            .flatten()
            .find(|ca| ca.get("name").and_then(|name| name.as_str()) == Some(loaded_ca()));
        let ocsp = ca.and_then(|ca| ca.get_mut("ocsp")).and_then(|ocsp| ocsp.as_table_mut());
        let ocsp = ocsp.context("the CA has no responder")?;
        match life {
            Some(life) => ocsp.insert("next_update".into(), format!("{}s", life.as_secs()).into()),
            None => ocsp.remove("next_update"),
        };
        Ok(())
    })
}

/// Answers that were signed since the start, by the server's own count.
fn signed(installation: &Installation) -> anyhow::Result<f64> {
    metrics::sum(installation, "ndoba_ocsp_answers_total", "source=\"signed\"")
}
