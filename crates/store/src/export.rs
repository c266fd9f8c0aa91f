//! The audit log as evidence, and the keys it is handed out with.

use std::io::{self, Write};

use diesel::prelude::*;
use ndoba_audit::LogError;
use ndoba_registration::ports::RegistryError;
use ndoba_types::{SubjectPublicKeyInfo, UtcTime};

use crate::Store;
use crate::connection::on_each_engine;
use crate::error::StoreError;
use crate::schema::audit_keys;

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
