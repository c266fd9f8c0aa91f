//! A mass revocation, an order for each certificate, while everybody asks: every change makes all that is kept
//! questionable, and nothing may be answered wrongly, or not at all.

use std::thread;
use std::time::{Duration, Instant};

use anyhow::Context as _;
use ndoba_registration::ports::{OrderState, Registry as _};

use super::{Bench, Options};
use crate::http;
use crate::installation::{Installation, loaded_ca};
use crate::load::{self, Outcome};
use crate::loader::{Loader, ca_certificate, serial};
use crate::ocsp_request::path;
use crate::officers::Officers;
use crate::orders::Desk;
use crate::report::Report;

/// Of those revoked, how many are asked about afterwards.
const ASKED_AFTER: u64 = 500;

pub(super) fn measure(
    options: &Options,
    installation: &Installation,
    officers: &Officers,
    loader: &mut Loader,
    cached_per_s: f64,
    report: &mut Report,
) -> anyhow::Result<()> {
    let count = options.revocations;
    report.say(&format!("{count} revocations, an order each, at half the cached load:"));
    // The first is left good: by it a start is seen.
    loader.load_up_to(count + 1)?;
    let store = installation.store()?;
    let ski = ca_certificate(installation)?;
    let ski = ski.subject_key_identifier().context("the CA has no key identifier")?;
    let desk = Desk {
        store: &store,
        officers,
        installation: installation.settings()?.installation,
        ca: loaded_ca().parse()?,
        ski: ski.try_into()?,
    };
    // Before anybody asks: what is measured is how the CA and the responder get on.
    let orders =
        (1..=count).map(|number| desk.revoke(&serial(number)?)).collect::<anyhow::Result<Vec<_>>>()?;
    let bench = Bench::start(options, installation)?;
    let gets = bench.gets()?;
    bench.ask_all(&gets)?;
    let work = bench.by_zipf(gets);
    let mut ca = installation.serve_beside(&["ca", "audit"])?;

    let mut total = Outcome::NONE;
    let began = Instant::now();
    // The last one first: the others need only be looked at once.
    for order in orders.into_iter().rev() {
        while !matches!(store.order(order)?.context("an order is gone")?.state, OrderState::Done { .. }) {
            ca.must_live().with_context(|| installation.log())?;
            let part = load::open(&work, cached_per_s / 2.0, bench.length() / 4)?;
            part.must_be_clean("the load beside revocations").with_context(|| installation.log())?;
            total.add(&part);
        }
    }
    let elapsed = began.elapsed().as_secs_f64();
    // The promise to every node (design §6), and no longer.
    thread::sleep(Duration::from_secs(1));
    for number in (1..=count).step_by(usize::try_from(count / ASKED_AFTER + 1)?) {
        let question = http::get(&path(&bench.asker.request(&serial(number)?, None)));
        let revoked = http::on_answer(bench.address, &question, |answer| says_superseded(answer.body))?;
        anyhow::ensure!(revoked, "certificate {number} was revoked, and is not answered so");
    }
    #[expect(clippy::cast_precision_loss, reason = "far below 2^53")]
    report.figure("revoked_per_s", count as f64 / elapsed, "orders carried out, from the CA's start on");
    report.figure("revoking_half_load_per_s", total.rate(), "answers meanwhile");
    report.figure("revoking_half_load_p50_ms", total.percentile(50), "ms");
    report.figure("revoking_half_load_p99_ms", total.percentile(99), "ms");
    ca.stop()?;
    bench.server.stop()
}

/// RevokedInfo with the reason superseded (RFC 6960 §4.2.1).
fn says_superseded(answer: &[u8]) -> bool {
    const REASON: [u8; 5] = [0xa0, 0x03, 0x0a, 0x01, 0x04];
    answer.windows(REASON.len()).any(|window| window == REASON)
}
