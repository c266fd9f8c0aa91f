//! `ndoba-bench tsa`: time-stamp tokens, each in the journal on disk before it is answered.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use clap::Args;

use crate::http::{self, Answer};
use crate::installation::Installation;
use crate::load::{self, Verdict, Work};
use crate::ocsp_request::tlv;
use crate::process::own_cpu;
use crate::report::Report;
use crate::{Common, metrics, openssl, raw_token};

#[derive(Args, Debug)]
pub(crate) struct Options {
    #[command(flatten)]
    common: Common,
    /// Connections of the load generator.
    #[arg(long, value_name = "N", default_value_t = 64)]
    connections: usize,
    /// Sessions with the token, for the product and for the bare loop alike; as shipped when absent. One leaves the other
    /// processor to the rest of the work, as a token does that has a processor of its own.
    #[arg(long, value_name = "N")]
    sessions: Option<u16>,
    /// Tokens over which the memory is watched, beside those of the measurements.
    #[arg(long, value_name = "N", default_value_t = 0)]
    tokens: u64,
    /// Verify every signature before its token leaves, instead of what is configured when nothing is.
    #[arg(long)]
    verify_every: bool,
    /// How often `openssl ts -reply` is run for comparison.
    #[arg(long, value_name = "N", default_value_t = 100)]
    openssl: u32,
}

/// Distinct requests, gone through again and again.
const REQUESTS: u32 = 4096;
/// Loads of the open loop, in per cent of what the closed loop reached.
const LOADS: [u32; 4] = [50, 80, 100, 150];

pub(crate) fn run(options: &Options) -> anyhow::Result<()> {
    let mut report = Report::new("tsa", options.common.json);
    let installation = Installation::new(&options.common, None)?;
    let settings = installation.settings()?;
    let key = &settings.tsa.units.first().context("the ceremony made no time-stamping unit")?.key;
    if let Some(sessions) = options.sessions {
        installation.set_sessions(sessions)?;
    }
    if options.verify_every {
        verify_every(&installation)?;
    }
    let mut server = installation.serve(&["public"])?;
    server.await_port(installation.public_port()).with_context(|| installation.log())?;
    let (seconds, length) = (options.common.seconds / 4.0, Duration::from_secs_f64(options.common.seconds));
    let wires: Vec<_> =
        (0..REQUESTS).map(|_| http::post("/tsa", "application/timestamp-query", &request())).collect();
    let work = Work {
        address: SocketAddr::from(([127, 0, 0, 1], installation.public_port())),
        requests: Arc::new(wires),
        order: Arc::new((0..REQUESTS).collect()),
        judge: granted,
        connections: options.connections,
        reconnect: false,
    };
    load::closed(&work, length / 8)?;

    report.say("As fast as it goes, journal on:");
    let resident = server.memory()?.resident;
    let before = raw_token::rate(&installation, key, seconds)?;
    let (server_cpu, own) = (server.cpu()?, own_cpu()?);
    let unverified_before = Signatures::count(&installation)?;
    let full = load::closed(&work, length)?;
    full.must_be_clean("full load").with_context(|| installation.log())?;
    let (server_cpu, own) = (server.cpu()? - server_cpu, own_cpu()? - own);
    let after = raw_token::rate(&installation, key, seconds)?;
    let raw = f64::midpoint(before, after);
    report.figure("token_per_s", raw, "raw C_Sign, P-256, same sessions, before and after");
    report.figure("tokens_per_s", full.rate(), "tokens granted, journalled, sent");
    report.figure("tokens_vs_token", full.rate() / raw, "ratio (aim: 0.5)");
    report.figure("full_p50_ms", full.percentile(50), "ms, closed loop");
    report.figure("full_p99_ms", full.percentile(99), "ms, closed loop");
    let share = own.as_secs_f64() / (own + server_cpu).as_secs_f64().max(f64::MIN_POSITIVE);
    report.figure("generator_cpu_share", share, "of the processor time was the load generator's");
    let micros = server_cpu.as_secs_f64() / full.elapsed.as_secs_f64() / full.rate() * 1e6;
    report.figure("server_us_per_token", micros, "µs of processor time in the server");
    let unverified = Signatures::count(&installation)?.unverified_since(&unverified_before);
    report.figure("unverified_share", unverified, "of the signatures were not verified: `tsa.units.verify`");

    for part in LOADS {
        report.say(&format!("{part} % of that, open loop:"));
        // Beyond capacity there must be more under way than the server will hold, or nothing is shed.
        let connections = if part > 100 { options.connections * 32 } else { options.connections };
        let rate = full.rate() * f64::from(part) / 100.0;
        let outcome = load::open(&Work { connections, ..work.clone() }, rate, length)?;
        anyhow::ensure!(
            outcome.failed == 0,
            "{} answers at {part} % load were neither tokens nor 503",
            outcome.failed
        );
        report.figure(&format!("load_{part}_per_s"), outcome.rate(), "tokens per second");
        report.figure(&format!("load_{part}_p50_ms"), outcome.percentile(50), "ms, of those served");
        report.figure(&format!("load_{part}_p99_ms"), outcome.percentile(99), "ms, of those served");
        report.figure(&format!("load_{part}_shed"), outcome.shed_share(), "shed with 503, share");
    }

    let mut left = options.tokens;
    let mut watched = 0;
    while left > 0 {
        let outcome = load::closed(&work, length)?;
        outcome.must_be_clean("the long run")?;
        watched += outcome.served;
        left = left.saturating_sub(outcome.served);
    }
    let grown = server.memory()?.resident - resident;
    #[expect(clippy::cast_precision_loss, reason = "far below 2^53")]
    report.figure("watched_tokens", watched as f64, "tokens over which the memory was watched besides");
    report.figure(
        "resident_grown_mib",
        grown / f64::from(1 << 20),
        "MiB that the server grew since its first tokens",
    );
    server.stop()?;

    report.say("`openssl ts -reply`, a process each:");
    let theirs = openssl::time_stamps(&installation.file("openssl-ts"), &request(), options.openssl)?;
    report.figure("openssl_ts_per_s", theirs, "tokens per second, key in a file, nothing recorded");
    report.figure("tokens_vs_openssl", full.rate() / theirs, "ratio (aim: 5)");
    report.finish();
    Ok(())
}

fn verify_every(installation: &Installation) -> anyhow::Result<()> {
    installation.configure(|settings| {
        let units = settings.get_mut("tsa").and_then(|tsa| tsa.get_mut("units"));
        let units = units.and_then(|units| units.as_array_mut()).context("there are no units")?;
        for unit in units.iter_mut().filter_map(|unit| unit.as_table_mut()) {
            unit.insert("verify".into(), "every".into());
        }
        Ok(())
    })
}

/// What the server says of its units' signatures since the start.
struct Signatures {
    all: f64,
    unverified: f64,
}

impl Signatures {
    fn count(installation: &Installation) -> anyhow::Result<Self> {
        const NAME: &str = "ndoba_tsu_signatures_total";
        // Told once a second.
        std::thread::sleep(Duration::from_millis(1100));
        Ok(Self {
            all: metrics::sum(installation, NAME, "")?,
            unverified: metrics::sum(installation, NAME, "outcome=\"unverified\"")?,
        })
    }

    /// The share of those made since that were not verified.
    fn unverified_since(&self, before: &Self) -> f64 {
        (self.unverified - before.unverified) / (self.all - before.all).max(1.0)
    }
}

/// A TimeStampReq for a random SHA-256 imprint with a random nonce and certReq (RFC 3161 §2.4.1).
fn request() -> Vec<u8> {
    const VERSION: [u8; 3] = [0x02, 0x01, 0x01];
    const CERT_REQ: [u8; 3] = [0x01, 0x01, 0xff];
    /// SHA-256 with NULL, as openssl writes it.
    const SHA256: [u8; 15] =
        [0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x01, 0x05, 0x00];
    let imprint = tlv(0x30, &[SHA256.to_vec(), tlv(0x04, &rand::random::<[u8; 32]>())].concat());
    let mut nonce = rand::random::<[u8; 8]>();
    // Positive and without a leading zero octet.
    nonce[0] = 0x40 | (nonce[0] & 0x3f);
    tlv(0x30, &[VERSION.to_vec(), imprint, tlv(0x02, &nonce), CERT_REQ.to_vec()].concat())
}

/// A TimeStampResp whose status is `granted` (0).
fn granted(answer: &Answer<'_>) -> Verdict {
    match (answer.status, answer.body) {
        (b"200", [0x30, 0x82, _, _, 0x30, 0x03, 0x02, 0x01, 0x00, ..]) => Verdict::Served,
        (b"503", _) => Verdict::Shed,
        _ => Verdict::Failed,
    }
}
