//! Audit events, beside the act they record; with them what programs outside are told of it.

use diesel::prelude::*;
use ndoba_audit::Event;

use crate::connection::{Conn, insert_each};
use crate::error::StoreError;
use crate::queries::webhooks;
use crate::schema::audit_events;

/// Appends events, in this order, without a place in the log: the sequencer gives them one (design §11).
pub(crate) fn append(conn: &mut Conn, events: &[Event]) -> Result<(), StoreError> {
    append_all(conn, &events.iter().collect::<Vec<_>>())
}

/// As [`append`], for events that lie apart.
pub(crate) fn append_all(conn: &mut Conn, events: &[&Event]) -> Result<(), StoreError> {
    let rows: Vec<_> = events.iter().map(|event| audit_events::event.eq(event.to_bytes())).collect();
    let inserted = insert_each!(conn, audit_events::table, &rows);
    // No log, no act: a rule or trigger that drops rows silently must not go unnoticed.
    if inserted != events.len() {
        return Err(StoreError::corrupt("audit_events takes no rows"));
    }
    webhooks::record(conn, events)
}
