//! The counters of a CA: its status version and its highest CRL number.

use std::collections::BTreeSet;

use diesel::prelude::*;
use ndoba_ca::ports::AuthorityMark;
use ndoba_types::{CaName, UtcTime};

use crate::connection::{Conn, on_each_engine};
use crate::error::StoreError;
use crate::schema::ca_status;
use crate::stored;

/// The two counters; zeros before the CA's first act.
#[derive(Clone, Copy, Debug, Default, Queryable)]
pub(crate) struct Counters {
    version: i64,
    highest_crl_number: i64,
}

impl Counters {
    pub(crate) fn version(self) -> Result<u64, StoreError> {
        stored::count(self.version, "ca_status.version")
    }

    pub(crate) fn highest_crl_number(self) -> Result<u64, StoreError> {
        stored::count(self.highest_crl_number, "ca_status.highest_crl_number")
    }
}

pub(crate) fn counters(conn: &mut Conn, ca: &CaName) -> Result<Counters, StoreError> {
    let row = ca_status::table
        .find(ca.as_str())
        .select((ca_status::version, ca_status::highest_crl_number))
        .first(conn)
        .optional()?;
    Ok(row.unwrap_or_default())
}

pub(crate) fn all(conn: &mut Conn) -> Result<Vec<AuthorityMark>, StoreError> {
    let rows: Vec<(String, Counters)> = ca_status::table
        .order(ca_status::ca)
        .select((ca_status::ca, (ca_status::version, ca_status::highest_crl_number)))
        .load(conn)?;
    rows.into_iter()
        .map(|(ca, counters)| {
            Ok(AuthorityMark {
                ca: stored::ca(&ca)?,
                version: counters.version()?,
                crl_number: counters.highest_crl_number()?,
            })
        })
        .collect()
}

/// Makes the CA's row where there is none yet.
pub(crate) fn ensure(conn: &mut Conn, ca: &CaName) -> Result<(), StoreError> {
    let row = (ca_status::ca.eq(ca.as_str()), ca_status::version.eq(0), ca_status::highest_crl_number.eq(0));
    on_each_engine!(conn => {
        diesel::insert_into(ca_status::table).values(row).on_conflict_do_nothing().execute(conn)
    })?;
    Ok(())
}

/// Takes the CA's next status version.
///
/// The row stays locked until the commit, so whoever comes next waits for it: commit order is version order (design
/// §6). A sequence would hand out numbers that commit in another order, and pollers would skip the late one.
pub(crate) fn next(conn: &mut Conn, ca: &CaName) -> Result<u64, StoreError> {
    ensure(conn, ca)?;
    let version: i64 = diesel::update(ca_status::table.find(ca.as_str()))
        .set(ca_status::version.eq(ca_status::version + 1))
        .returning(ca_status::version)
        .get_result(conn)?;
    stored::count(version, "ca_status.version")
}

/// Takes CRL number `number`. `false` when it is not the one after the highest.
pub(crate) fn take_crl_number(conn: &mut Conn, ca: &CaName, number: i64) -> Result<bool, StoreError> {
    ensure(conn, ca)?;
    let taken = diesel::update(
        ca_status::table.find(ca.as_str()).filter(ca_status::highest_crl_number.eq(number - 1)),
    )
    .set(ca_status::highest_crl_number.eq(number))
    .execute(conn)?;
    Ok(taken == 1)
}

/// Raises the CA's counters from what they were to what they are to be. `false` where they are not what they were, or
/// would fall.
pub(crate) fn raise(
    conn: &mut Conn,
    from: Option<&AuthorityMark>,
    to: &AuthorityMark,
) -> Result<bool, StoreError> {
    let (version, crl_number) = from.map_or((0, 0), |mark| (mark.version, mark.crl_number));
    if to.version < version || to.crl_number < crl_number {
        return Ok(false);
    }
    ensure(conn, &to.ca)?;
    let row = ca_status::table
        .find(to.ca.as_str())
        .filter(ca_status::version.eq(stored::count_to_row(version, "ca_status.version")?))
        .filter(
            ca_status::highest_crl_number
                .eq(stored::count_to_row(crl_number, "ca_status.highest_crl_number")?),
        );
    let raised = diesel::update(row)
        .set((
            ca_status::version.eq(stored::count_to_row(to.version, "ca_status.version")?),
            ca_status::highest_crl_number
                .eq(stored::count_to_row(to.crl_number, "ca_status.highest_crl_number")?),
        ))
        .execute(conn)?;
    Ok(raised == 1)
}

/// Of these CAs, those that have ended. On PostgreSQL their rows are held until the commit against who would end
/// them meanwhile, and against nobody else; SQLite has one writer and needs no such thing.
pub(crate) fn ended(conn: &mut Conn, cas: &BTreeSet<&CaName>) -> Result<BTreeSet<String>, StoreError> {
    let names: Vec<&str> = cas.iter().map(|ca| ca.as_str()).collect();
    let rows = ca_status::table
        .filter(ca_status::ca.eq_any(names))
        .order(ca_status::ca)
        .select((ca_status::ca, ca_status::ended));
    let rows: Vec<(String, Option<i64>)> = match conn {
        Conn::Postgres(conn) => rows.for_key_share().load(conn)?,
        Conn::Sqlite(conn) => rows.load(conn)?,
    };
    Ok(rows.into_iter().filter_map(|(ca, ended)| ended.map(|_| ca)).collect())
}

/// Holds the CA's row against everybody who issues under it, until the commit.
pub(crate) fn hold_to_end(conn: &mut Conn, ca: &CaName) -> Result<(), StoreError> {
    ensure(conn, ca)?;
    if let Conn::Postgres(conn) = conn {
        let _: String = ca_status::table.find(ca.as_str()).select(ca_status::ca).for_update().first(conn)?;
    }
    Ok(())
}

/// Ends the CA. `false` where it had ended.
pub(crate) fn end(conn: &mut Conn, ca: &CaName, at: UtcTime) -> Result<bool, StoreError> {
    let row = ca_status::table.find(ca.as_str()).filter(ca_status::ended.is_null());
    Ok(diesel::update(row).set(ca_status::ended.eq(Some(at.unix_micros()))).execute(conn)? == 1)
}

/// Holds the CA's counters until the commit without changing them; gives the status version.
pub(crate) fn lock(conn: &mut Conn, ca: &CaName) -> Result<u64, StoreError> {
    let version: Option<i64> = diesel::update(ca_status::table.find(ca.as_str()))
        .set(ca_status::version.eq(ca_status::version))
        .returning(ca_status::version)
        .get_result(conn)
        .optional()?;
    stored::count(version.unwrap_or(0), "ca_status.version")
}
