//! What a certificate takes on disk, indexes included: on the CA's side, and in the log.

use super::{Bench, Database};
use crate::loader::Loader;
use crate::postgres;
use crate::report::Report;

/// The CA's side: what it alone writes, and what relying parties are told from.
const LEDGER: [&str; 6] =
    ["certificates", "certificate_status", "attempts", "dn_owners", "webhook_events", "revocation_records"];
/// The log: an event as it was committed, and the leaf that it becomes.
const LOG: [&str; 2] = ["audit_events", "audit_leaves"];
/// That it was intended, and that it was issued.
const EVENTS: f64 = 2.0;
/// Certificates between two vacuums: autovacuum comes once a minute to a table of which a fifth has changed.
const BETWEEN_VACUUMS: u64 = 5_000;

/// Octets of the ledger's tables with their indexes.
pub(super) fn ledger(bench: &Bench<'_>) -> anyhow::Result<u64> {
    LEDGER.iter().map(|table| octets(bench, table)).sum()
}

/// Loads certificates up to `count` from `loaded`, as a CA comes to them: what an update leaves behind is given back
/// before much more is written, which autovacuum does in the minutes in which a CA issues this many.
pub(super) fn load_up_to(
    bench: &Bench<'_>,
    loader: &mut Loader,
    loaded: u64,
    count: u64,
) -> anyhow::Result<()> {
    let mut reached = loaded;
    while reached < count {
        reached = count.min(reached + BETWEEN_VACUUMS);
        loader.load_up_to(reached)?;
        if let Some(url) = &bench.url {
            LEDGER.iter().try_for_each(|table| vacuum(url, table))?;
        }
    }
    Ok(())
}

/// Reports on `count` certificates that were loaded since the ledger took `before`.
pub(super) fn measure(
    bench: &Bench<'_>,
    database: Database,
    before: u64,
    count: u64,
    report: &mut Report,
) -> anyhow::Result<()> {
    let mut event = 0.0;
    for table in LOG {
        // By its own rows: the log may not have come to all events yet.
        event += ratio(
            octets(bench, table)?,
            bench.installation.number(&format!("SELECT count(*) AS number FROM {table}"))?,
        );
    }
    let each = ratio(ledger(bench)?.saturating_sub(before), count);
    report.figure(&format!("ledger_octets_{database}"), each, "on disk for a certificate, with indexes");
    report.figure(
        &format!("log_octets_{database}"),
        EVENTS * event,
        "on disk for its two events and their leaves",
    );
    Ok(())
}

#[expect(clippy::cast_precision_loss, reason = "far below 2^53")]
fn ratio(octets: u64, rows: u64) -> f64 {
    octets as f64 / rows.max(1) as f64
}

fn octets(bench: &Bench<'_>, table: &str) -> anyhow::Result<u64> {
    if let Some(url) = &bench.url {
        vacuum(url, table)?;
        return bench.installation.number(&format!("SELECT pg_total_relation_size('{table}')"));
    }
    bench.installation.number(&format!(
        "SELECT sum(pgsize) AS number FROM dbstat
         WHERE name IN (SELECT name FROM sqlite_schema WHERE tbl_name = '{table}')"
    ))
}

fn vacuum(url: &str, table: &str) -> anyhow::Result<()> {
    postgres::sql(url, &format!("VACUUM {table}")).map(drop)
}
