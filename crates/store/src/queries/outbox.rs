//! What is to be done after a commit.

use diesel::prelude::*;
use ndoba_types::{CaName, SerialNumber, UtcTime};

use crate::connection::{Conn, on_each_engine};
use crate::error::StoreError;
use crate::outbox::{Errand, ErrandKind};
use crate::schema::outbox;
use crate::spelling::errand;
use crate::stored;

pub(crate) fn add(
    conn: &mut Conn,
    kind: ErrandKind,
    ca: &CaName,
    serial: &SerialNumber,
    now: UtcTime,
) -> Result<(), StoreError> {
    add_all(conn, kind, ca, std::iter::once((serial, now)))
}

/// As [`add`], for several certificates of one CA, each with the time of its commit.
pub(crate) fn add_all<'a>(
    conn: &mut Conn,
    kind: ErrandKind,
    ca: &CaName,
    certificates: impl Iterator<Item = (&'a SerialNumber, UtcTime)>,
) -> Result<(), StoreError> {
    let kind = match kind {
        ErrandKind::CrlDue => errand::CRL_DUE,
        ErrandKind::Notice => errand::NOTICE,
    };
    let rows: Vec<_> = certificates
        .map(|(serial, now)| {
            (
                outbox::kind.eq(kind),
                outbox::ca.eq(ca.as_str()),
                outbox::serial.eq(serial.as_unsigned()),
                outbox::created.eq(now.unix_micros()),
            )
        })
        .collect();
    on_each_engine!(conn => diesel::insert_into(outbox::table).values(&rows).execute(conn))?;
    Ok(())
}

pub(crate) fn waiting(conn: &mut Conn, limit: i64) -> Result<Vec<Errand>, StoreError> {
    let rows: Vec<(i64, String, String, Vec<u8>, i64)> = outbox::table
        .filter(outbox::finished.is_null())
        .order(outbox::id)
        .limit(limit)
        .select((outbox::id, outbox::kind, outbox::ca, outbox::serial, outbox::created))
        .load(conn)?;
    rows.into_iter()
        .map(|(id, kind, ca, serial, created)| {
            Ok(Errand {
                id,
                kind: match kind.as_str() {
                    errand::CRL_DUE => ErrandKind::CrlDue,
                    errand::NOTICE => ErrandKind::Notice,
                    _ => return Err(StoreError::corrupt("outbox.kind")),
                },
                ca: stored::ca(&ca)?,
                serial: stored::serial(&serial, "outbox.serial")?,
                created: stored::time(created, "outbox.created")?,
            })
        })
        .collect()
}

/// A CRL was recorded that shows every change of the CA's statuses so far.
pub(crate) fn finish_crls(conn: &mut Conn, ca: &CaName, now: UtcTime) -> Result<(), StoreError> {
    let due = outbox::table
        .filter(outbox::finished.is_null())
        .filter(outbox::kind.eq(errand::CRL_DUE))
        .filter(outbox::ca.eq(ca.as_str()));
    diesel::update(due).set(outbox::finished.eq(now.unix_micros())).execute(conn)?;
    Ok(())
}

pub(crate) fn finish(conn: &mut Conn, id: i64, now: UtcTime) -> Result<bool, StoreError> {
    let finished = diesel::update(outbox::table.find(id).filter(outbox::finished.is_null()))
        .set(outbox::finished.eq(now.unix_micros()))
        .execute(conn)?;
    Ok(finished == 1)
}
