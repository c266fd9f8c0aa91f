//! Idempotency keys.

use diesel::prelude::*;
use ndoba_registration::ports::{Conflict, Receipt};
use ndoba_types::OfficerId;

use crate::connection::{Conn, on_each_engine};
use crate::error::StoreError;
use crate::schema::idempotency;
use crate::stored;

pub(crate) fn find(conn: &mut Conn, officer: OfficerId, key: &str) -> Result<Option<Receipt>, StoreError> {
    let row: Option<(Vec<u8>, String, i64)> = idempotency::table
        .find((officer.as_bytes().as_slice(), key))
        .select((idempotency::request, idempotency::resource, idempotency::created))
        .first(conn)
        .optional()?;
    row.map(|(request, resource, created)| {
        Ok(Receipt {
            officer,
            key: key.into(),
            request: stored::digest(&request, "idempotency.request")?,
            resource,
            created: stored::time(created, "idempotency.created")?,
        })
    })
    .transpose()
}

/// Uses a key up. Of two requests at once the second waits for the first's commit, then conflicts.
pub(crate) fn add(conn: &mut Conn, receipt: &Receipt) -> Result<(), StoreError> {
    let Receipt { officer, key, request, resource, created } = receipt;
    let row = (
        idempotency::officer.eq(officer.as_bytes().as_slice()),
        idempotency::key.eq(key),
        idempotency::request.eq(request.as_bytes().as_slice()),
        idempotency::resource.eq(resource),
        idempotency::created.eq(created.unix_micros()),
    );
    let inserted = on_each_engine!(conn => {
        diesel::insert_into(idempotency::table).values(row).on_conflict_do_nothing().execute(conn)
    })?;
    if inserted == 1 { Ok(()) } else { Err(StoreError::Conflict(Conflict::Idempotency)) }
}
