//! Rows of the status table alone, by SQL: for sizes that the ledger's own port would take hours to reach. They are what
//! the responder reads of a certificate; the wide tables beside them, which it never reads, do not grow with them.

use std::fmt::Write as _;

use ndoba_types::Sha256Digest;

use super::serial;
use crate::installation::{Installation, loaded_ca};
use crate::postgres;

/// Rows per transaction.
const BATCH: usize = 200_000;
/// Rows per statement.
const STATEMENT: usize = 500;

/// A serial number's octets, and the number of the certificate that has it.
type Row = ([u8; 16], u64);

/// Adds the rows of the certificates with the numbers from `begin` up to `end`, which then are good.
pub(super) fn add(installation: &Installation, begin: u64, end: u64) -> anyhow::Result<()> {
    if let Some(url) = installation.postgres() {
        // int8send is the number's eight octets, as in `serial`. The role of a replica checks no foreign keys.
        let script = format!(
            "SET session_replication_role = replica;
             INSERT INTO certificate_status (ca, serial, state, certificate)
             SELECT '{}', '\\x41'::bytea || substr(sha256(int8send(number)), 1, 15), 'issued', sha256(int8send(number))
             FROM generate_series({begin}::bigint, {end}::bigint - 1) AS number;
             ANALYZE certificate_status;",
            loaded_ca()
        );
        return postgres::sql(url, &script).map(drop);
    }
    let mut rows = (begin..end)
        .map(|number| Ok((serial(number)?.as_unsigned().try_into()?, number)))
        .collect::<anyhow::Result<Vec<Row>>>()?;
    // In the index's order: millions of places at random would each be a page read and written.
    rows.sort_unstable();
    for batch in rows.chunks(BATCH) {
        installation.sqlite(&script(batch))?;
    }
    installation.settle()
}

fn script(rows: &[Row]) -> String {
    // These rows need not outlive the machine, and have no certificates that they could refer to.
    let mut script = String::from("PRAGMA synchronous = OFF; PRAGMA foreign_keys = OFF; BEGIN;\n");
    for statement in rows.chunks(STATEMENT) {
        script += "INSERT INTO certificate_status (ca, serial, state, certificate) VALUES";
        for (place, (serial, number)) in statement.iter().enumerate() {
            let comma = if place == 0 { ' ' } else { ',' };
            let certificate = Sha256Digest::of(&number.to_be_bytes());
            let (ca, serial) = (loaded_ca(), hex::encode(serial));
            // Writing to a String does not fail.
            let _ = write!(script, "{comma}('{ca}',x'{serial}','issued',x'{certificate}')");
        }
        script += ";\n";
    }
    script + "COMMIT;"
}
