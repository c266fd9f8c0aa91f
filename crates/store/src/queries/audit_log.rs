//! The sequenced log.

use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt};
use ndoba_audit::{Leaf, PendingEvent, SignedCheckpoint};

use crate::connection::{Conn, insert_new, on_each_engine};
use crate::error::StoreError;
use crate::prepared::Prepared;
use crate::schema::{audit_checkpoints, audit_events, audit_leaves};
use crate::stored;

/// Events without a place, by the order of their insertion. One that commits late has a low id and simply appears
/// late: rows are marked, and no highest id is remembered that could pass it by.
pub(crate) fn pending(conn: &mut Conn, limit: i64) -> Result<Vec<PendingEvent>, StoreError> {
    let rows: Vec<(i64, Vec<u8>)> = audit_events::table
        .filter(audit_events::leaf.is_null())
        .order(audit_events::id)
        .limit(limit)
        .select((audit_events::id, audit_events::event))
        .load(conn)?;
    Ok(rows.into_iter().map(|(row, bytes)| PendingEvent { row, bytes }).collect())
}

pub(crate) fn size(conn: &mut Conn) -> Result<u64, StoreError> {
    let highest: Option<i64> =
        audit_leaves::table.select(diesel::dsl::max(audit_leaves::leaf)).first(conn)?;
    stored::count(highest.map_or(0, |leaf| leaf + 1), "audit_leaves.leaf")
}

/// `false` where something is not as the sequencer saw it; the caller then undoes what was done so far.
pub(crate) fn append(conn: &mut Conn, from: u64, leaves: &[Leaf]) -> Result<bool, StoreError> {
    if size(conn)? != from {
        return Ok(false);
    }
    let mut rows = Vec::with_capacity(leaves.len());
    for (leaf, expected) in leaves.iter().zip(from..) {
        let Leaf { row: _, index, bytes } = leaf;
        if *index != expected {
            return Err(StoreError::corrupt("leaves that are not consecutive"));
        }
        let index = stored::count_to_row(*index, "audit_leaves.leaf")?;
        rows.push((audit_leaves::leaf.eq(index), audit_leaves::entry.eq(bytes)));
    }
    if insert_new!(conn, audit_leaves::table, &rows) != leaves.len() {
        return Ok(false);
    }
    Ok(mark(conn, from, leaves)? == leaves.len())
}

/// Gives the events of these leaves, which begin at `from`, their places; how many had none yet.
fn mark(conn: &mut Conn, from: u64, leaves: &[Leaf]) -> Result<usize, StoreError> {
    const MARK: &str = "UPDATE audit_events e SET leaf = one.leaf FROM unnest($1, $2) AS one (id, leaf)
        WHERE e.id = one.id AND e.leaf IS NULL";
    const MARK_ONE: &str = "UPDATE audit_events SET leaf = ? WHERE id = ? AND leaf IS NULL";
    let from = stored::count_to_row(from, "audit_leaves.leaf")?;
    match conn {
        // Each statement is a journey to another process.
        Conn::Postgres(conn) => Ok(diesel::sql_query(MARK)
            .bind::<Array<BigInt>, _>(leaves.iter().map(|leaf| leaf.row).collect::<Vec<_>>())
            .bind::<Array<BigInt>, _>((from..).take(leaves.len()).collect::<Vec<_>>())
            .execute(conn)?),
        Conn::Sqlite(_) => {
            let mut marked = 0;
            for (leaf, index) in leaves.iter().zip(from..) {
                let values = [index.into(), leaf.row.into()];
                marked += Prepared::new(MARK_ONE, &values).execute(conn)?;
            }
            Ok(marked)
        }
    }
}

pub(crate) fn leaves(conn: &mut Conn, from: u64, limit: i64) -> Result<Vec<Vec<u8>>, StoreError> {
    let rows: Vec<(i64, Vec<u8>)> = audit_leaves::table
        .filter(audit_leaves::leaf.ge(stored::count_to_row(from, "audit_leaves.leaf")?))
        .order(audit_leaves::leaf)
        .limit(limit)
        .load(conn)?;
    rows.into_iter()
        .zip(from..)
        .map(|((leaf, entry), expected)| {
            if stored::count(leaf, "audit_leaves.leaf")? == expected {
                Ok(entry)
            } else {
                Err(StoreError::corrupt(format!("audit_leaves lacks leaf {expected}")))
            }
        })
        .collect()
}

pub(crate) fn add_checkpoint(conn: &mut Conn, signed: &SignedCheckpoint) -> Result<bool, StoreError> {
    let token = signed.token.clone();
    let bare = SignedCheckpoint { token: None, ..signed.clone() };
    let row = (
        audit_checkpoints::number
            .eq(stored::count_to_row(signed.checkpoint.number, "audit_checkpoints.number")?),
        audit_checkpoints::size.eq(stored::count_to_row(signed.checkpoint.size, "audit_checkpoints.size")?),
        audit_checkpoints::signed.eq(bare.to_bytes()),
        audit_checkpoints::token.eq(token),
    );
    let inserted = on_each_engine!(conn => {
        diesel::insert_into(audit_checkpoints::table).values(row).on_conflict_do_nothing().execute(conn)
    })?;
    Ok(inserted == 1)
}

pub(crate) fn add_token(conn: &mut Conn, number: u64, token: &[u8]) -> Result<(), StoreError> {
    let number = stored::count_to_row(number, "audit_checkpoints.number")?;
    let changed = diesel::update(audit_checkpoints::table.find(number))
        .set(audit_checkpoints::token.eq(Some(token)))
        .execute(conn)?;
    if changed == 1 {
        Ok(())
    } else {
        Err(StoreError::corrupt("a token for a checkpoint that is not stored"))
    }
}

type CheckpointRow = (i64, i64, Vec<u8>, Option<Vec<u8>>);

pub(crate) fn latest_checkpoint(conn: &mut Conn) -> Result<Option<SignedCheckpoint>, StoreError> {
    let row: Option<CheckpointRow> =
        audit_checkpoints::table.order(audit_checkpoints::number.desc()).first(conn).optional()?;
    row.map(checkpoint).transpose()
}

pub(crate) fn checkpoints(
    conn: &mut Conn,
    from: u64,
    limit: i64,
) -> Result<Vec<SignedCheckpoint>, StoreError> {
    let rows: Vec<CheckpointRow> = audit_checkpoints::table
        .filter(audit_checkpoints::number.ge(stored::count_to_row(from, "audit_checkpoints.number")?))
        .order(audit_checkpoints::number)
        .limit(limit)
        .load(conn)?;
    rows.into_iter().map(checkpoint).collect()
}

fn checkpoint(row: CheckpointRow) -> Result<SignedCheckpoint, StoreError> {
    let (_number, _size, signed, token) = row;
    let signed =
        SignedCheckpoint::from_bytes(&signed).map_err(|_| StoreError::corrupt("audit_checkpoints.signed"))?;
    Ok(SignedCheckpoint { token, ..signed })
}
