//! The register of officers: a chain of signed documents.

use std::collections::HashMap;

use diesel::prelude::*;
use ndoba_registration::ports::{Conflict, GrantRecord};

use crate::connection::{Conn, on_each_engine};
use crate::error::StoreError;
use crate::schema::{officer_grant_signatures, officer_grants};
use crate::stored;

pub(crate) fn head(conn: &mut Conn) -> Result<u64, StoreError> {
    let highest: Option<i64> =
        officer_grants::table.select(diesel::dsl::max(officer_grants::seq)).first(conn)?;
    stored::count(highest.unwrap_or(0), "officer_grants.seq")
}

/// Run in a snapshot: documents and signatures are two statements.
pub(crate) fn after(conn: &mut Conn, seq: u64) -> Result<Vec<GrantRecord>, StoreError> {
    let seq = stored::count_to_row(seq, "officer_grants.seq")?;
    let rows: Vec<(i64, Vec<u8>, i64)> =
        officer_grants::table.filter(officer_grants::seq.gt(seq)).order(officer_grants::seq).load(conn)?;
    let signatures: Vec<(i64, String)> = officer_grant_signatures::table
        .filter(officer_grant_signatures::seq.gt(seq))
        .order((officer_grant_signatures::seq, officer_grant_signatures::position))
        .select((officer_grant_signatures::seq, officer_grant_signatures::jws))
        .load(conn)?;
    let mut by_seq: HashMap<i64, Vec<String>> = HashMap::new();
    for (seq, jws) in signatures {
        by_seq.entry(seq).or_default().push(jws);
    }
    rows.into_iter()
        .map(|(seq, document, appended)| {
            Ok(GrantRecord {
                signatures: by_seq.remove(&seq).unwrap_or_default(),
                seq: stored::count(seq, "officer_grants.seq")?,
                document,
                appended: stored::time(appended, "officer_grants.appended")?,
            })
        })
        .collect()
}

pub(crate) fn append(conn: &mut Conn, grant: &GrantRecord) -> Result<(), StoreError> {
    let GrantRecord { seq, document, signatures, appended } = grant;
    if head(conn)?.checked_add(1) != Some(*seq) {
        return Err(StoreError::Conflict(Conflict::Stale));
    }
    let seq = stored::count_to_row(*seq, "officer_grants.seq")?;
    let row = (
        officer_grants::seq.eq(seq),
        officer_grants::document.eq(document),
        officer_grants::appended.eq(appended.unix_micros()),
    );
    // Two that saw the same head: the second waits for the first and then inserts nothing.
    let inserted = on_each_engine!(conn => {
        diesel::insert_into(officer_grants::table).values(row).on_conflict_do_nothing().execute(conn)
    })?;
    if inserted == 0 {
        return Err(StoreError::Conflict(Conflict::Stale));
    }
    for (position, jws) in (0_i64..).zip(signatures) {
        diesel::insert_into(officer_grant_signatures::table)
            .values((
                officer_grant_signatures::seq.eq(seq),
                officer_grant_signatures::position.eq(position),
                officer_grant_signatures::jws.eq(jws),
            ))
            .execute(conn)?;
    }
    Ok(())
}
