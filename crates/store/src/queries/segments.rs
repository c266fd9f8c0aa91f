//! Segments of time-stamp journals that are in the audit log.

use diesel::prelude::*;

use crate::connection::{Conn, on_each_engine};
use crate::error::StoreError;
use crate::schema::tsu_segments as t;
use crate::{EndedSegment, RecordedSegment, SegmentOutcome, stored};

/// The newest one of `node`.
pub(crate) fn last(conn: &mut Conn, node: u16) -> Result<Option<RecordedSegment>, StoreError> {
    let row: Option<(i64, Vec<u8>, i64)> = t::table
        .filter(t::node.eq(i64::from(node)))
        .order(t::segment.desc())
        .select((t::segment, t::head, t::records))
        .first(conn)
        .optional()?;
    row.map(|(segment, head, records)| {
        Ok(RecordedSegment {
            segment: stored::count(segment, "tsu_segments.segment")?,
            head: stored::digest(&head, "tsu_segments.head")?,
            records: stored::count(records, "tsu_segments.records")?,
        })
    })
    .transpose()
}

/// Adds one, unless its number is taken.
pub(crate) fn insert(conn: &mut Conn, segment: &EndedSegment) -> Result<SegmentOutcome, StoreError> {
    let EndedSegment { seal, records } = segment;
    let (node, number) =
        (i64::from(seal.id.node), stored::count_to_row(seal.segment, "tsu_segments.segment")?);
    let records = stored::count_to_row(*records, "tsu_segments.records")?;
    let inserted = on_each_engine!(conn => {
        diesel::insert_into(t::table)
            .values((
                t::node.eq(node),
                t::segment.eq(number),
                t::head.eq(seal.head.as_bytes().as_slice()),
                t::records.eq(records),
            ))
            .on_conflict((t::node, t::segment))
            .do_nothing()
            .execute(conn)
    })?;
    if inserted == 1 {
        return Ok(SegmentOutcome::Recorded);
    }
    let head: Vec<u8> = t::table.find((node, number)).select(t::head).first(conn)?;
    Ok(if head == seal.head.as_bytes() { SegmentOutcome::Already } else { SegmentOutcome::Another })
}
