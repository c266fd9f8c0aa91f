//! The tokens of a key.

use diesel::prelude::*;
use ndoba_types::{KeyLabel, Sha256Digest, UtcTime};

use crate::connection::{Conn, on_each_engine};
use crate::error::StoreError;
use crate::schema::key_places as p;

pub(crate) fn of(conn: &mut Conn, key: Sha256Digest) -> Result<Vec<String>, StoreError> {
    let here = p::table.filter(p::key.eq(key.as_bytes().as_slice()));
    Ok(here.order(p::token).select(p::token).load(conn)?)
}

/// Whether it was not there before.
pub(crate) fn add(
    conn: &mut Conn,
    key: Sha256Digest,
    label: &KeyLabel,
    token: &str,
    at: UtcTime,
) -> Result<bool, StoreError> {
    let row = (
        p::key.eq(key.as_bytes().to_vec()),
        p::token.eq(token.to_owned()),
        p::key_label.eq(label.to_string()),
        p::placed.eq(at.unix_micros()),
    );
    let added = on_each_engine!(conn =>
        diesel::insert_into(p::table).values(row).on_conflict_do_nothing().execute(conn)
    )?;
    Ok(added > 0)
}
