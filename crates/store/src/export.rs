//! The audit log as evidence, and the keys it is handed out with.

use std::io::{self, Write};

use diesel::prelude::*;
use ndoba_audit::{EventLog, LogError};
use ndoba_order::Named;
use ndoba_registration::ports::RegistryError;
use ndoba_types::{SubjectPublicKeyInfo, UtcTime};

use crate::Store;
use crate::connection::on_each_engine;
use crate::error::StoreError;
use crate::queries::signed;
use crate::schema::audit_keys;

/// How many records of the log are looked through at a time.
const BATCH: usize = 500;

impl Store {
    /// Makes a public key of the audit role known, at the ceremony that generated it; again changes nothing.
    ///
    /// # Errors
    ///
    /// [`StoreError`].
    pub fn register_audit_key(&self, key: &SubjectPublicKeyInfo, now: UtcTime) -> Result<(), StoreError> {
        self.write("register_audit_key", |conn| {
            let fingerprint = key.fingerprint();
            let row = (
                audit_keys::fingerprint.eq(fingerprint.as_bytes().as_slice()),
                audit_keys::spki.eq(key.as_der()),
                audit_keys::registered.eq(now.unix_micros()),
            );
            on_each_engine!(conn => {
                diesel::insert_into(audit_keys::table).values(row).on_conflict_do_nothing().execute(conn)
            })?;
            Ok(())
        })
    }

    /// The audit role's public keys, oldest first.
    ///
    /// # Errors
    ///
    /// [`StoreError`].
    pub fn audit_keys(&self) -> Result<Vec<SubjectPublicKeyInfo>, StoreError> {
        self.read("audit_keys", |conn| {
            let rows: Vec<Vec<u8>> = audit_keys::table
                .order((audit_keys::registered, audit_keys::fingerprint))
                .select(audit_keys::spki)
                .load(conn)?;
            Ok(rows.into_iter().map(SubjectPublicKeyInfo::assertion).collect())
        })
    }

    /// Writes the log, a line per record, in bounded memory. It only ever grows, so no snapshot is needed.
    pub(crate) fn export_log(&self, out: &mut dyn Write) -> Result<(), RegistryError> {
        let keys = self.audit_keys()?;
        ndoba_audit::export(self, self.installation(), &keys, &mut |line| {
            out.write_all(line)?;
            out.write_all(b"\n")?;
            Ok::<(), Cut>(())
        })
        .map_err(|Cut(error)| error)
    }

    /// Writes what officers signed, a line for each record that names something, in bounded memory: so much of the log, and
    /// what it names, at a time.
    pub(crate) fn export_signed_documents(
        &self,
        header: &[u8],
        out: &mut dyn Write,
    ) -> Result<(), RegistryError> {
        self.write_signed(header, out).map_err(|Cut(error)| error)
    }

    fn write_signed(&self, header: &[u8], out: &mut dyn Write) -> Result<(), Cut> {
        let mut write = |line: &[u8]| -> Result<(), Cut> {
            out.write_all(line)?;
            Ok(out.write_all(b"\n")?)
        };
        write(header)?;
        let mut next = 0;
        loop {
            let leaves = EventLog::leaves(self, next, BATCH)?;
            let named: Vec<(u64, Named)> =
                (next..).zip(&leaves).filter_map(|(record, leaf)| Some((record, named_by(leaf)?))).collect();
            let found = self
                .snapshot("signed_documents", |conn| signed::found(conn, &named))
                .map_err(|error| Cut(error.into()))?;
            for line in found {
                write(&line.to_bytes().map_err(|error| Cut(RegistryError::Unavailable(error.into())))?)?;
            }
            if leaves.is_empty() {
                return Ok(());
            }
            next = (next..).zip(&leaves).map(|(record, _)| record + 1).last().unwrap_or(next);
        }
    }
}

/// What a record names; of one that cannot be read, nothing: judging the log is its verifier's work.
fn named_by(leaf: &[u8]) -> Option<Named> {
    let record: serde_json::Value = serde_json::from_slice(leaf).ok()?;
    Named::by(record.get("event")?)
}

/// Why an export was cut short. The reader being gone is no fault of ours, but ends it as well.
struct Cut(RegistryError);

impl From<LogError> for Cut {
    fn from(error: LogError) -> Self {
        Self(match error {
            LogError::Corrupt { what } => RegistryError::Damaged { what },
            LogError::Unavailable(cause) => RegistryError::Unavailable(cause),
        })
    }
}

impl From<io::Error> for Cut {
    fn from(error: io::Error) -> Self {
        Self(RegistryError::Unavailable(error.into()))
    }
}
