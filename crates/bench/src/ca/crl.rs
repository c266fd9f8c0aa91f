//! A long CRL: how long from a revocation to the CRL that shows it, and how much memory the CA takes for it.

use std::fs;
use std::time::{Duration, Instant};

use anyhow::Context as _;

use super::{Bench, Database};
use crate::installation;
use crate::loader::serial;
use crate::report::Report;

/// How long a CRL may take before the bench gives up.
const PATIENCE: Duration = Duration::from_secs(600);

pub(super) fn measure(bench: &Bench<'_>, database: Database, report: &mut Report) -> anyhow::Result<()> {
    let entries = bench.options.crl - 1;
    report.say(&format!("A CRL of {entries} certificates and one more, on {database}:"));
    revoke_all_but_the_first(bench)?;
    let published = bench.installation.file(&format!("published/crl/{}.crl", installation::loaded_ca()));
    let (server, _) = bench.start()?;
    // The first CRL with all of them; the timed one is made by a warm process.
    await_longer(bench, &published, 30 * entries)?;
    let before = fs::metadata(&published)?.modified()?;
    let order = bench.desk()?.revoke(&serial(0)?)?;
    let queued = Instant::now();
    let mut server = server;
    bench.await_done(order, &mut server)?;
    while fs::metadata(&published)?.modified()? == before {
        anyhow::ensure!(queued.elapsed() < PATIENCE, "no CRL: {}", bench.installation.log());
        std::thread::sleep(Duration::from_millis(5));
    }
    let elapsed = queued.elapsed().as_secs_f64();
    let peak = server.memory()?.peak / f64::from(1 << 20);
    let octets = fs::metadata(&published)?.len();
    server.stop()?;
    report.figure(
        &format!("crl_s_{database}"),
        elapsed,
        "s from the queued revocation to the CRL that shows it, linted",
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

fn await_longer(bench: &Bench<'_>, file: &std::path::Path, octets: u64) -> anyhow::Result<()> {
    let start = Instant::now();
    while fs::metadata(file).context("there is no CRL")?.len() < octets {
        anyhow::ensure!(start.elapsed() < PATIENCE, "no CRL: {}", bench.installation.log());
        std::thread::sleep(Duration::from_millis(50));
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
