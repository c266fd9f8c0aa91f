//! What is to be done after a commit.

use diesel::prelude::*;
use ndoba_types::{CaName, SerialNumber, UtcTime};

use crate::connection::Conn;
use crate::error::StoreError;
use crate::outbox::Errand;
use crate::schema::{certificate_status, outbox};
use crate::spelling::CRL_DUE;
use crate::stored;

/// A list of the CA is due, because this certificate's status changed.
pub(crate) fn add(
    conn: &mut Conn,
    ca: &CaName,
    serial: &SerialNumber,
    now: UtcTime,
) -> Result<(), StoreError> {
    diesel::insert_into(outbox::table)
        .values((
            outbox::kind.eq(CRL_DUE),
            outbox::ca.eq(ca.as_str()),
            outbox::serial.eq(serial.as_unsigned()),
            outbox::created.eq(now.unix_micros()),
        ))
        .execute(conn)?;
    Ok(())
}

pub(crate) fn waiting(conn: &mut Conn, limit: i64) -> Result<Vec<Errand>, StoreError> {
    let rows: Vec<(String, Vec<u8>, i64)> = outbox::table
        .filter(outbox::finished.is_null())
        .filter(outbox::kind.eq(CRL_DUE))
        .order(outbox::id)
        .limit(limit)
        .select((outbox::ca, outbox::serial, outbox::created))
        .load(conn)?;
    rows.into_iter()
        .map(|(ca, serial, created)| {
            Ok(Errand {
                ca: stored::ca(&ca)?,
                serial: stored::serial(&serial, "outbox.serial")?,
                created: stored::time(created, "outbox.created")?,
            })
        })
        .collect()
}

/// The CA's whole list shows every change of its statuses so far, and so do its shards, but for those `behind`.
pub(crate) fn finish_crls(
    conn: &mut Conn,
    ca: &CaName,
    behind: &[i64],
    now: UtcTime,
) -> Result<(), StoreError> {
    let on_one_behind = certificate_status::table
        .filter(certificate_status::ca.eq(ca.as_str()))
        .filter(certificate_status::serial.eq(outbox::serial))
        .filter(certificate_status::shard.eq_any(behind.to_vec()));
    let due = outbox::table
        .filter(outbox::finished.is_null())
        .filter(outbox::kind.eq(CRL_DUE))
        .filter(outbox::ca.eq(ca.as_str()))
        .filter(diesel::dsl::not(diesel::dsl::exists(on_one_behind)));
    diesel::update(due).set(outbox::finished.eq(now.unix_micros())).execute(conn)?;
    Ok(())
}
