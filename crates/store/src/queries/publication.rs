//! Certificates that are shown to third parties.

use diesel::prelude::*;
use ndoba_registration::ports::ShownCertificate;
use ndoba_types::{SerialNumber, UtcTime};

use crate::connection::{Conn, on_each_engine};
use crate::error::StoreError;
use crate::schema::published_certificates;
use crate::stored;

/// Shows one, where it is not shown yet.
pub(crate) fn show(conn: &mut Conn, shown: &ShownCertificate) -> Result<(), StoreError> {
    let ShownCertificate { serial, der, since } = shown;
    let row = (
        published_certificates::serial.eq(serial.as_unsigned()),
        published_certificates::der.eq(der),
        published_certificates::since.eq(since.unix_micros()),
    );
    on_each_engine!(conn => {
        diesel::insert_into(published_certificates::table).values(row).on_conflict_do_nothing().execute(conn)
    })?;
    Ok(())
}

pub(crate) fn withhold(conn: &mut Conn, serial: &SerialNumber) -> Result<(), StoreError> {
    diesel::delete(published_certificates::table.find(serial.as_unsigned())).execute(conn)?;
    Ok(())
}

pub(crate) fn since(conn: &mut Conn, serial: &SerialNumber) -> Result<Option<UtcTime>, StoreError> {
    let row = published_certificates::table.find(serial.as_unsigned());
    let since: Option<i64> = row.select(published_certificates::since).first(conn).optional()?;
    since.map(|at| stored::time(at, "published_certificates.since")).transpose()
}

pub(crate) fn find(conn: &mut Conn, serial: &SerialNumber) -> Result<Option<Vec<u8>>, StoreError> {
    let row = published_certificates::table.find(serial.as_unsigned());
    Ok(row.select(published_certificates::der).first(conn).optional()?)
}
