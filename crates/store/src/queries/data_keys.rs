//! Wrapped data keys, and the rows that are not sealed under the newest.

use diesel::connection::SimpleConnection as _;
use diesel::dsl::count_star;
use diesel::prelude::*;
use ndoba_registration::ports::{Conflict, Sealing, WrappedDataKey};
use ndoba_registration::sealed::DataKeys;

use crate::connection::Conn;
use crate::error::StoreError;
use crate::queries::{applications, copies, orders};
use crate::schema::{applications as application_rows, copies as copy_rows, data_keys, evidence};
use crate::sealing::data_key;
use crate::stored;

/// The oldest first.
pub(crate) fn all(conn: &mut Conn) -> Result<Vec<WrappedDataKey>, StoreError> {
    // Number, wrapped by, public half, wrapped, created.
    type Stored = (i64, String, Vec<u8>, Vec<u8>, i64);
    let rows: Vec<Stored> = data_keys::table.order(data_keys::number).load(conn)?;
    rows.into_iter()
        .map(|(number, wrapped_by, public, wrapped, created)| {
            Ok(WrappedDataKey {
                number: u32::try_from(number).map_err(|_| StoreError::corrupt("data_keys.number"))?,
                wrapped_by,
                wrapped,
                public,
                created: stored::time(created, "data_keys.created")?,
            })
        })
        .collect()
}

pub(crate) fn add(conn: &mut Conn, key: &WrappedDataKey) -> Result<(), StoreError> {
    let WrappedDataKey { number, wrapped_by, wrapped, public, created } = key;
    let newest: Option<i64> = data_keys::table.select(diesel::dsl::max(data_keys::number)).first(conn)?;
    if newest.unwrap_or(0) + 1 != i64::from(*number) {
        return Err(StoreError::Conflict(Conflict::Stale));
    }
    diesel::insert_into(data_keys::table)
        .values((
            data_keys::number.eq(i64::from(*number)),
            data_keys::wrapped_by.eq(wrapped_by),
            data_keys::public.eq(public),
            data_keys::wrapped.eq(wrapped),
            data_keys::created.eq(created.unix_micros()),
        ))
        .execute(conn)?;
    Ok(())
}

/// Deletes the keys before `number`. That no row needs one is the schema's own rule too.
pub(crate) fn destroy_before(conn: &mut Conn, number: u32) -> Result<(), StoreError> {
    let number = i64::from(number);
    let Sealing { clear: _, under } = sealing(conn)?;
    if under.iter().any(|(key, _)| i64::from(*key) < number) {
        return Err(StoreError::Conflict(Conflict::Stale));
    }
    diesel::delete(data_keys::table.filter(data_keys::number.lt(number))).execute(conn)?;
    Ok(())
}

/// Run in a snapshot.
pub(crate) fn sealing(conn: &mut Conn) -> Result<Sealing, StoreError> {
    let mut found = application_rows::table
        .group_by(application_rows::data_key)
        .select((application_rows::data_key, count_star()))
        .load::<(Option<i64>, i64)>(conn)?;
    found.extend(
        evidence::table.group_by(evidence::data_key).select((evidence::data_key, count_star())).load::<(
            Option<i64>,
            i64,
        )>(
            conn
        )?,
    );
    found.extend(
        copy_rows::table.group_by(copy_rows::data_key).select((copy_rows::data_key, count_star())).load::<(
            Option<i64>,
            i64,
        )>(
            conn
        )?,
    );
    let mut sealing = Sealing::default();
    let mut under = std::collections::BTreeMap::<u32, u64>::new();
    for (key, rows) in found {
        let rows = stored::count(rows, "count")?;
        match key {
            None => sealing.clear += rows,
            Some(key) => {
                let key = u32::try_from(key).map_err(|_| StoreError::corrupt("data_key"))?;
                *under.entry(key).or_default() += rows;
            }
        }
    }
    sealing.under = under.into_iter().collect();
    Ok(sealing)
}

/// Seals some rows of each table anew; how many there were.
pub(crate) fn seal(conn: &mut Conn, keys: &DataKeys, limit: i64) -> Result<u64, StoreError> {
    let newest = data_key(keys);
    let found = applications::seal(conn, keys, newest, limit)?
        + orders::seal_evidence(conn, keys, newest, limit)?
        + copies::seal(conn, keys, newest, limit)?;
    u64::try_from(found).map_err(|_| StoreError::corrupt("count"))
}

/// Writes SQLite's file anew without what was deleted or overwritten in it, and empties its log. Outside a transaction.
pub(crate) fn scrub(conn: &mut Conn) -> Result<bool, StoreError> {
    match conn {
        Conn::Postgres(_) => Ok(false),
        Conn::Sqlite(conn) => {
            conn.batch_execute("VACUUM; PRAGMA wal_checkpoint(TRUNCATE);")?;
            Ok(true)
        }
    }
}
