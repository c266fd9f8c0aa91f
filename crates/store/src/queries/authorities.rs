//! The CAs as their ceremonies made them.

use diesel::prelude::*;
use ndoba_audit::Event;
use ndoba_ca::ports::Authority;

use crate::connection::{Conn, on_each_engine};
use crate::error::StoreError;
use crate::queries::{events, versions};
use crate::schema::authorities;
use crate::stored;

pub(crate) fn register(conn: &mut Conn, authority: &Authority, event: &Event) -> Result<(), StoreError> {
    let Authority { name, certificate, ski, not_before } = authority;
    let row = (
        authorities::ca.eq(name.as_str()),
        authorities::ski.eq(ski),
        authorities::certificate.eq(certificate),
        authorities::not_before.eq(not_before.unix_micros()),
    );
    let inserted = on_each_engine!(conn => {
        diesel::insert_into(authorities::table).values(row).on_conflict_do_nothing().execute(conn)
    })?;
    if inserted == 1 {
        versions::ensure(conn, name)?;
        return events::append(conn, std::slice::from_ref(event));
    }
    let there: Option<Vec<u8>> =
        authorities::table.find(name.as_str()).select(authorities::certificate).first(conn).optional()?;
    if there.as_ref() == Some(certificate) {
        return Ok(());
    }
    Err(StoreError::corrupt(format!(
        "authorities: {name}, or its key, is registered with another certificate"
    )))
}

pub(crate) fn all(conn: &mut Conn) -> Result<Vec<Authority>, StoreError> {
    let rows: Vec<(String, Vec<u8>, Vec<u8>, i64)> = authorities::table.order(authorities::ca).load(conn)?;
    rows.into_iter()
        .map(|(ca, ski, certificate, not_before)| {
            Ok(Authority {
                name: stored::ca(&ca)?,
                certificate,
                ski,
                not_before: stored::time(not_before, "authorities.not_before")?,
            })
        })
        .collect()
}
