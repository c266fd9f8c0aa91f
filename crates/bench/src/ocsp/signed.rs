//! Signed on demand: against the token's own rate, and against `openssl ocsp`.

use std::net::SocketAddr;
use std::sync::Arc;

use anyhow::Context as _;

use super::cached::Total;
use super::{Bench, OCSP_REQUEST, good};
use crate::installation::loaded_ca;
use crate::load::{self, Work};
use crate::loader::serial;
use crate::ocsp_request::Asker;
use crate::report::Report;
use crate::{http, openssl, raw_token};

/// How often `openssl ocsp` is started as a command.
const COMMANDS: u32 = 60;

pub(super) fn measure(bench: &Bench<'_>, report: &mut Report) -> anyhow::Result<()> {
    let settings = bench.installation.settings()?;
    let ca = settings.cas.iter().find(|ca| ca.name.as_str() == loaded_ca());
    let key = &ca.and_then(|ca| ca.ocsp.as_ref()).context("the CA has no responder")?.key;
    let seconds = bench.options.common.seconds / 4.0;
    let before = raw_token::rate(bench.installation, key, seconds)?;
    let known = bench.options.certificates;
    let requests = (0..4096_u64)
        .map(|number| {
            let request = bench.asker.request(&serial(number % known)?, Some(rand::random()));
            Ok(http::post("/ocsp", OCSP_REQUEST, &request))
        })
        .collect::<anyhow::Result<Vec<_>>>()?;
    let (requests, order) = (Arc::new(requests), Arc::new((0..4096).collect::<Vec<u32>>()));
    let mut total = Total::new();
    total.add(&bench.work(Arc::clone(&requests), Arc::clone(&order)), bench.length(), &bench.server)?;
    let after = raw_token::rate(bench.installation, key, seconds)?;
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

    let folder = bench.installation.file("openssl-ocsp");
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
    let theirs = load::closed(&work, bench.length() / 2)?;
    theirs.must_be_clean("openssl ocsp")?;
    report.figure("openssl_ocsp_per_s", theirs.rate(), "`openssl ocsp`, key in a file, a connection each");
    report.figure("signed_vs_openssl", total.rate() / theirs.rate(), "ratio (aim: 5)");
    let request = asker.request(&serial(0)?, Some(rand::random()));
    let command = openssl::ocsp_answers(&folder, &request, COMMANDS)?;
    report.figure("openssl_ocsp_command_per_s", command, "`openssl ocsp -reqin`, started for each");
    report.figure("signed_vs_openssl_command", total.rate() / command, "ratio");
    Ok(())
}

fn loader_serials(count: u64) -> anyhow::Result<Vec<String>> {
    (0..count).map(|number| Ok(hex::encode_upper(serial(number)?.as_unsigned()))).collect()
}
