//! Many certificates at once, on SQLite, where the ledger's own port would take a quarter of an hour for a million: they
//! are made by all processors and put into each table by a few statements, in the order of their serial numbers.
//!
//! A row is a copy of the one that the port wrote for a certificate before, all of its columns, but for what is the
//! certificate's own.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{SyncSender, sync_channel};

use diesel::connection::SimpleConnection as _;
use diesel::sql_types::Text;
use diesel::{Insertable, QueryableByName, RunQueryDsl as _, SqliteConnection, sql_query};
use ndoba_ca::ports::{Intent, Issued};
use ndoba_types::Sha256Digest;
use ndoba_x509::DistinguishedName;

use super::{BATCH, Loader, serial};
use crate::installation::Installation;

/// Certificates per transaction: so many are sorted, since places at random would each be a page read and written.
const CHUNK: usize = 100_000;
/// Certificates per statement.
const STATEMENT: usize = 1_000;
/// Batches that wait to be written, at most: as many as are made while a chunk is written.
const WAITING: usize = 200;

/// Foreign keys are looked up, as the port has them looked up; a chunk need not outlive the machine.
const PREPARE: &str = "PRAGMA synchronous = OFF; PRAGMA foreign_keys = ON; PRAGMA temp_store = MEMORY;
    CREATE TEMP TABLE loading (
        number INTEGER, serial BLOB, tbs_digest BLOB, subject_name BLOB, name BLOB, owner BLOB, spki BLOB, not_before INTEGER,
        not_after INTEGER, recorded INTEGER, der BLOB, issued INTEGER, certificate BLOB, digest BLOB, intended BLOB,
        finished BLOB
    );";

/// Tables with the columns that are a certificate's own, in the order in which the port writes to them.
const TABLES: [(&str, &[(&str, &str)]); 5] = [
    ("dn_owners", &[("name", "name"), ("owner", "owner")]),
    (
        "certificates",
        &[
            ("serial", "serial"),
            ("tbs_digest", "tbs_digest"),
            ("subject_name", "subject_name"),
            ("name_owner", "owner"),
            ("spki", "spki"),
            ("not_before", "not_before"),
            ("not_after", "not_after"),
            ("recorded", "recorded"),
            ("der", "der"),
            ("issued", "issued"),
        ],
    ),
    ("certificate_status", &[("serial", "serial"), ("certificate", "certificate")]),
    ("attempts", &[("number", "number"), ("at", "recorded"), ("serial", "serial"), ("digest", "digest")]),
    // All of them are of one name.
    ("certificate_names", &[("serial", "serial")]),
];

diesel::table! {
    loading (number) {
        number -> BigInt,
        serial -> Binary,
        tbs_digest -> Binary,
        subject_name -> Binary,
        name -> Binary,
        owner -> Binary,
        spki -> Binary,
        not_before -> BigInt,
        not_after -> BigInt,
        recorded -> BigInt,
        der -> Binary,
        issued -> BigInt,
        certificate -> Binary,
        digest -> Binary,
        intended -> Binary,
        finished -> Binary,
    }
}

/// What is a certificate's own.
#[derive(Insertable)]
#[diesel(table_name = loading)]
struct Own {
    number: i64,
    serial: Vec<u8>,
    tbs_digest: Vec<u8>,
    subject_name: Vec<u8>,
    name: Vec<u8>,
    owner: Vec<u8>,
    spki: Vec<u8>,
    not_before: i64,
    not_after: i64,
    recorded: i64,
    der: Vec<u8>,
    issued: i64,
    certificate: Vec<u8>,
    digest: Vec<u8>,
    intended: Vec<u8>,
    finished: Vec<u8>,
}

impl Own {
    fn of(intent: Intent, issued: Issued) -> anyhow::Result<Self> {
        let octets = |digest: Sha256Digest| digest.as_bytes().to_vec();
        Ok(Self {
            number: intent.attempt.number.try_into()?,
            serial: intent.certificate.serial.as_unsigned().to_vec(),
            tbs_digest: octets(Sha256Digest::of(&intent.tbs)),
            name: octets(DistinguishedName::from_der(&intent.subject_name)?.comparison_key()),
            subject_name: intent.subject_name,
            owner: octets(intent.name_owner),
            spki: octets(intent.spki),
            not_before: intent.not_before.unix_micros(),
            not_after: intent.not_after.unix_micros(),
            recorded: intent.attempt.at.unix_micros(),
            certificate: octets(Sha256Digest::of(&issued.der)),
            der: issued.der,
            issued: issued.at.unix_micros(),
            digest: intent.attempt.digest,
            intended: intent.event.to_bytes(),
            finished: issued.event.to_bytes(),
        })
    }
}

/// Adds the certificates with the numbers from `loader.loaded` up to `end`; one at least was loaded by the port.
pub(super) fn add(loader: &Loader, installation: &Installation, end: u64) -> anyhow::Result<()> {
    let mut connection = installation.connection()?;
    connection.batch_execute(PREPARE)?;
    let copy = statements(installation, &mut connection)?;
    let next = AtomicU64::new(loader.loaded);
    std::thread::scope(|scope| {
        let (sender, receiver) = sync_channel(WAITING);
        for _ in 0..std::thread::available_parallelism().map_or(1, usize::from) {
            let (sender, next) = (sender.clone(), &next);
            scope.spawn(move || make(loader, next, end, &sender));
        }
        // The receiver ends with the last of those that make them.
        drop(sender);
        let mut chunk: Vec<Own> = Vec::new();
        for batch in receiver {
            chunk.append(&mut batch?);
            if chunk.len() >= CHUNK {
                write(&mut connection, std::mem::take(&mut chunk), &copy)?;
            }
        }
        write(&mut connection, chunk, &copy)
    })?;
    drop(connection);
    installation.settle()
}

/// Writes certificates into every table, in one transaction.
fn write(connection: &mut SqliteConnection, mut chunk: Vec<Own>, copy: &str) -> anyhow::Result<()> {
    chunk.sort_unstable_by(|one, other| one.serial.cmp(&other.serial));
    connection.batch_execute("BEGIN IMMEDIATE")?;
    for rows in chunk.chunks(STATEMENT) {
        for row in rows {
            diesel::insert_into(loading::table).values(row).execute(connection)?;
        }
        connection.batch_execute(copy)?;
    }
    Ok(connection.batch_execute("COMMIT")?)
}

/// Makes certificates batch by batch until all are, or nobody wants them any more.
fn make(loader: &Loader, next: &AtomicU64, end: u64, sender: &SyncSender<anyhow::Result<Vec<Own>>>) {
    loop {
        let begin = next.fetch_add(BATCH, Ordering::Relaxed);
        let batch: anyhow::Result<Vec<Own>> = (begin..end.min(begin + BATCH))
            .map(|number| {
                let intent = loader.intent(number)?;
                let issued = loader.issued(&intent)?;
                Own::of(intent, issued)
            })
            .collect();
        if begin >= end || sender.send(batch).is_err() {
            return;
        }
    }
}

#[derive(QueryableByName)]
struct Column {
    #[diesel(sql_type = Text)]
    name: String,
}

/// What puts the certificates in `loading` into every table, and empties it.
fn statements(installation: &Installation, connection: &mut SqliteConnection) -> anyhow::Result<String> {
    let serial = hex::encode(serial(0)?.as_unsigned());
    let mut statements = String::new();
    for (table, own) in TABLES {
        let which = if table == "dn_owners" {
            format!("owner = (SELECT name_owner FROM certificates WHERE serial = x'{serial}')")
        } else {
            format!("serial = x'{serial}'")
        };
        let there = installation.number(&format!("SELECT count(*) AS number FROM {table} WHERE {which}"))?;
        anyhow::ensure!(there > 0, "the port wrote nothing into {table} that could be copied");
        connection.batch_execute(&format!(
            "CREATE TEMP TABLE copied_{table} AS SELECT * FROM {table} WHERE {which}"
        ))?;
        let columns: Vec<Column> =
            sql_query("SELECT name FROM pragma_table_info(?)").bind::<Text, _>(table).load(connection)?;
        let (names, values): (Vec<_>, Vec<_>) = columns
            .into_iter()
            .map(|Column { name }| {
                let ours = own.iter().find(|(column, _)| *column == name);
                let value = ours
                    .map_or_else(|| format!("copied_{table}.{name}"), |(_, ours)| format!("loading.{ours}"));
                (name, value)
            })
            .unzip();
        statements += &format!(
            "INSERT INTO {table} ({}) SELECT {} FROM copied_{table} CROSS JOIN loading;\n",
            names.join(", "),
            values.join(", "),
        );
    }
    // The log has intents and certificates of a batch in this order, too.
    Ok(statements
        + "INSERT INTO audit_events (event) SELECT intended FROM loading;
           INSERT INTO audit_events (event) SELECT finished FROM loading;
           UPDATE key_counts SET at = max(at, (SELECT max(recorded) FROM loading))
               WHERE epoch = (SELECT epoch FROM copied_attempts);
           DELETE FROM loading;")
}
