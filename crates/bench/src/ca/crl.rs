//! A long CRL: how long it takes to make, how long from a revocation to the CRL that shows it, and how much memory the CA
//! takes for it.

use std::fs;
use std::time::{Duration, Instant};

use anyhow::Context as _;

use super::{Bench, Database};
use crate::loader::serial;
use crate::report::Report;
use crate::{installation, metrics};

/// How long a CRL may take before the bench gives up.
const PATIENCE: Duration = Duration::from_secs(600);
/// Events without a place in the log.
const UNSEQUENCED: &str = "SELECT count(*) AS number FROM audit_events WHERE leaf IS NULL";

pub(super) fn measure(bench: &Bench<'_>, database: Database, report: &mut Report) -> anyhow::Result<()> {
    let entries = bench.options.crl - 1;
    report.say(&format!("A CRL of {entries} certificates and one more, on {database}:"));
    revoke_all_but_the_first(bench)?;
    // However they came there, by the product's own rules they are certificates.
    bench.installation.run(&["ca", "reconcile", "--config", "ndoba.toml"])?;
    let published = bench.installation.file(&format!("published/crl/{}.crl", installation::loaded_ca()));
    let (server, _) = bench.start()?;
    // The first CRL with all of them; the timed one is made by a warm process, of which the log wants nothing any more.
    await_that(bench, || Ok(fs::metadata(&published).context("there is no CRL")?.len() >= 30 * entries))?;
    await_that(bench, || Ok(bench.installation.number(UNSEQUENCED)? == 0))?;
    await_that(bench, || Ok(Made::so_far(bench)?.lists > 0.0))?;
    let before = Made::so_far(bench)?;
    let shown = fs::metadata(&published)?.modified()?;
    let order = bench.desk()?.revoke(&serial(0)?)?;
    let queued = Instant::now();
    let mut server = server;
    bench.await_done(order, &mut server)?;
    await_that(bench, || Ok(fs::metadata(&published)?.modified()? != shown))?;
    let waited = queued.elapsed().as_secs_f64();
    // It is counted when its going online is recorded, too.
    await_that(bench, || Ok(Made::so_far(bench)?.lists > before.lists))?;
    let made = Made::so_far(bench)?;
    let peak = server.memory()?.peak / f64::from(1 << 20);
    let octets = fs::metadata(&published)?.len();
    server.stop()?;
    report.figure(
        &format!("crl_s_{database}"),
        (made.seconds - before.seconds) / (made.lists - before.lists),
        "s to make the CRL: read, linted, signed, verified, recorded, online",
    );
    report.figure(
        &format!("crl_wait_s_{database}"),
        waited,
        "s from the queued revocation to the CRL that shows it, the rest after the last one included",
    );
    report.figure(&format!("crl_peak_mib_{database}"), peak, "MiB the process had at most");
    #[expect(clippy::cast_precision_loss, reason = "far below 2^53")]
    report.figure(
        &format!("crl_mib_{database}"),
        octets as f64 / f64::from(1 << 20),
        "MiB, the CRL's own length",
    );
    Ok(())
}

/// The CA's own measure of the lists that it made since it started.
struct Made {
    lists: f64,
    seconds: f64,
}

impl Made {
    fn so_far(bench: &Bench<'_>) -> anyhow::Result<Self> {
        const SUMMARY: &str = "ndoba_crl_seconds";
        let ca = format!("ca=\"{}\"", installation::loaded_ca());
        let read = |what| metrics::sum(&bench.installation, &format!("{SUMMARY}_{what}"), &ca);
        Ok(Self { lists: read("count")?, seconds: read("sum")? })
    }
}

fn await_that(bench: &Bench<'_>, holds: impl Fn() -> anyhow::Result<bool>) -> anyhow::Result<()> {
    let start = Instant::now();
    while !holds()? {
        anyhow::ensure!(start.elapsed() < PATIENCE, "no CRL: {}", bench.installation.log());
        std::thread::sleep(Duration::from_millis(5));
    }
    Ok(())
}

/// In bulk, since a transaction each would take hours at a million; rows as the ledger writes them.
fn revoke_all_but_the_first(bench: &Bench<'_>) -> anyhow::Result<()> {
    let (ca, spared) = (installation::loaded_ca(), hex::encode(serial(0)?.as_unsigned()));
    let literal = |hexadecimal: &str| match &bench.url {
        Some(_) => format!("'\\x{hexadecimal}'::bytea"),
        None => format!("x'{hexadecimal}'"),
    };
    let spared = literal(&spared);
    let chosen = format!("ca = '{ca}' AND state = 'issued' AND revoked IS NULL AND serial <> {spared}");
    let now = "(SELECT max(recorded) FROM certificates)";
    let statements = [
        format!(
            "INSERT INTO revocation_records (ca, version, serial, action, reason, order_id, received, at)
             SELECT ca, (SELECT version FROM ca_status WHERE ca = '{ca}') + row_number() OVER (ORDER BY serial),
                    serial, 'revoke', 'superseded', NULL, {now}, {now}
             FROM certificate_status WHERE {chosen};"
        ),
        format!("UPDATE certificate_status SET revoked = {now}, reason = 'superseded' WHERE {chosen};"),
        format!(
            "UPDATE ca_status SET version = (SELECT max(version) FROM revocation_records WHERE ca = '{ca}')
             WHERE ca = '{ca}';"
        ),
    ];
    let script = format!("BEGIN; {} COMMIT;", statements.join("\n"));
    bench.installation.sql(&script)
}
