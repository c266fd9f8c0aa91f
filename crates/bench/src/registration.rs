//! `ndoba-bench registration`: officers at work at the same time, each with a key and a script of their own, and names
//! looked up among many.

mod clerk;
mod names;
mod scripts;

use std::thread;
use std::time::{Duration, Instant};

use anyhow::Context as _;
use clap::Args;

use crate::Common;
use crate::database::OneDatabase;
use crate::installation::Installation;
use crate::officers::{self, Officer};
use crate::report::Report;
use clerk::{Clerk, Tally};
use scripts::{Counter, Script};

#[derive(Args, Debug)]
pub(crate) struct Options {
    #[command(flatten)]
    common: Common,
    #[command(flatten)]
    database: OneDatabase,
    /// Officers at work at the same time; their scripts last for `--seconds`.
    #[arg(long, value_name = "N", default_value_t = 50)]
    officers: u32,
    /// What an officer thinks between two calls, on average.
    #[arg(long, value_name = "SECONDS", default_value_t = 0.5)]
    think: f64,
    /// Names in the index when names are looked up; 0 for no look-ups.
    #[arg(long, value_name = "N", default_value_t = 0)]
    names: u32,
}

/// How much longer they go on where not one certificate was seen: a short run on a busy machine.
const LONGER: Duration = Duration::from_mins(2);
/// Look-ups by name that are timed.
const LOOK_UPS: u32 = 200;

pub(crate) fn run(options: &Options) -> anyhow::Result<()> {
    let mut report = Report::new("registration", options.common.json);
    let installation = Installation::new(&options.common, options.database.url()?.as_deref())?;
    let mut server = installation.serve(&["registration", "ca", "audit"])?;
    server.await_port(installation.officers_port()).with_context(|| installation.log())?;
    report.say(&format!("{} officers are appointed …", options.officers));
    let staff = (0..options.officers)
        .map(|number| {
            let script = Script::of(number);
            let name = format!("{}-{number}", script.role());
            Ok((script, officers::grant(&installation, &name, script.role(), 1_001_000_100 + number)?))
        })
        .collect::<anyhow::Result<Vec<_>>>()?;

    report.say(&format!("They work for {} s:", options.common.seconds));
    let start = Instant::now();
    let tally = work(options, &installation, &staff).with_context(|| installation.log())?;
    anyhow::ensure!(tally.errors.is_empty(), "calls failed: {}", tally.errors.join("; "));
    let (all, seconds) = (tally.all(), start.elapsed().as_secs_f64());
    report.figure("calls_per_s", counted(all.served) / seconds, "calls of all officers, none failed");
    report.figure(
        "issued",
        counted(tally.counted("sign as approver")),
        "certificates ordered by two officers",
    );
    report.figure("p50_ms", all.percentile(50), "ms, all calls");
    report.figure("p95_ms", all.percentile(95), "ms, all calls (aim: 150)");
    for (kind, calls) in tally.kinds() {
        let name = format!("p95_{}_ms", kind.replace(' ', "_"));
        report.figure(&name, calls.percentile(95), &format!("ms, of {}", calls.served));
    }

    if options.names > 0 {
        names::fill(&installation, options.names)?;
        let officer = &staff.first().context("there must be an officer who looks up")?.1;
        let mut clerk = Clerk::new(&installation, officer, 0.0)?;
        for number in 0..LOOK_UPS {
            clerk.looks_up(&names::prefix(number, options.names))?;
        }
        let all = clerk.tally.all();
        report.say(&format!("Names looked up among {}:", options.names));
        report.figure("search_p50_ms", all.percentile(50), "ms, a page of 20");
        report.figure("search_p95_ms", all.percentile(95), "ms (aim: 100)");
    }
    server.stop()?;
    report.finish();
    Ok(())
}

fn counted(calls: u64) -> f64 {
    #[expect(clippy::cast_precision_loss, reason = "far below 2^53")]
    let counted = calls as f64;
    counted
}

/// Each officer follows the script on a thread of its own.
fn work(
    options: &Options,
    installation: &Installation,
    staff: &[(Script, Officer)],
) -> anyhow::Result<Tally> {
    let counter = Counter::default();
    let end = Instant::now() + Duration::from_secs_f64(options.common.seconds);
    let tallies: Vec<anyhow::Result<Tally>> = thread::scope(|scope| {
        let at_work: Vec<_> = staff
            .iter()
            .map(|(script, officer)| {
                let counter = &counter;
                scope.spawn(move || {
                    let mut clerk = Clerk::new(installation, officer, options.think)?;
                    while Instant::now() < end || (!counter.any_issued() && Instant::now() < end + LONGER) {
                        script.once(&mut clerk, counter);
                    }
                    Ok(clerk.tally)
                })
            })
            .collect();
        at_work
            .into_iter()
            .map(|one| one.join().unwrap_or_else(|_| Err(anyhow::anyhow!("an officer's thread panicked"))))
            .collect()
    });
    let mut total = Tally::default();
    for tally in tallies {
        total.add(tally?);
    }
    Ok(total)
}
