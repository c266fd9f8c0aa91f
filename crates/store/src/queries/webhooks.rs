//! What programs outside are told, and how far that has come.

use diesel::dsl::{count_star, exists, min, not};
use diesel::prelude::*;
use ndoba_audit::Event;
use ndoba_registration::webhook::{Backlog, Delivery, DeliveryState, Endpoint, MessageParts, notice};
use ndoba_types::UtcTime;

use crate::connection::{Conn, insert_each, insert_new, on_each_engine};
use crate::error::StoreError;
use crate::schema::{webhook_deliveries as d, webhook_events as e, webhook_turns as t};
use crate::spelling::delivery;
use crate::stored;

/// Deliveries in one statement, of seven values each.
const ROWS_AT_ONCE: usize = 1000;

/// Writes what is told of these acts. Whoever changes an object holds its row's lock by now, so that the numbers are in
/// the order of the commits.
pub(crate) fn record(conn: &mut Conn, events: &[&Event]) -> Result<(), StoreError> {
    let rows: Vec<_> = events
        .iter()
        .filter_map(|event| {
            let told = notice(&event.what)?;
            Some((
                e::event.eq(event.id.to_string()),
                e::kind.eq(told.kind),
                e::object.eq(told.object),
                e::content.eq(serde_json::Value::Object(told.data).to_string()),
                e::created.eq(event.at.unix_micros()),
            ))
        })
        .collect();
    if rows.is_empty() {
        return Ok(());
    }
    let wanted = rows.len();
    let inserted = insert_each!(conn, e::table, &rows);
    if inserted == wanted { Ok(()) } else { Err(StoreError::corrupt("webhook_events takes no rows")) }
}

/// Puts new events before the endpoints; how many events.
pub(crate) fn spread(
    conn: &mut Conn,
    endpoints: &[Endpoint],
    now: UtcTime,
    limit: i64,
) -> Result<usize, StoreError> {
    let events: Vec<(i64, String, String, i64)> = e::table
        .filter(e::spread.is_null())
        .order(e::sequence)
        .limit(limit)
        .select((e::sequence, e::kind, e::object, e::created))
        .load(conn)?;
    if events.is_empty() {
        return Ok(0);
    }
    // One that took its number before and commits later stays, and is spread then.
    let these = e::sequence.eq_any(events.iter().map(|(sequence, ..)| *sequence).collect::<Vec<_>>());
    let these = e::table.filter(these).filter(e::spread.is_null());
    if endpoints.is_empty() {
        diesel::delete(these).execute(conn)?;
        return Ok(events.len());
    }
    let rows: Vec<_> = events
        .iter()
        .flat_map(|event| endpoints.iter().map(move |endpoint| (event, endpoint)))
        .filter(|((_, kind, ..), endpoint)| endpoint.wanted.wants(kind))
        .map(|((sequence, _, object, created), endpoint)| {
            (
                d::endpoint.eq(endpoint.name.as_str()),
                d::sequence.eq(*sequence),
                d::object.eq(object.as_str()),
                d::state.eq(delivery::WAITING),
                d::created.eq(*created),
                d::tries.eq(0),
                d::due.eq(*created),
            )
        })
        .collect();
    // Another process may be at the same. A statement of PostgreSQL's takes 65535 values at the most.
    for part in rows.chunks(ROWS_AT_ONCE) {
        insert_new!(conn, d::table, part);
    }
    diesel::update(these).set(e::spread.eq(Some(now.unix_micros()))).execute(conn)?;
    Ok(events.len())
}

/// As [`responder_requests::take_turn`](super::responder_requests::take_turn), for an endpoint.
pub(crate) fn take_turn(
    conn: &mut Conn,
    endpoint: &str,
    holder: &str,
    now: UtcTime,
    until: UtcTime,
) -> Result<bool, StoreError> {
    let mine = (t::holder.eq(holder), t::until.eq(until.unix_micros()));
    let free = t::until.le(now.unix_micros()).or(t::holder.eq(holder));
    let taken =
        diesel::update(t::table.filter(t::endpoint.eq(endpoint)).filter(free)).set(mine).execute(conn)?;
    if taken == 1 {
        return Ok(true);
    }
    let first = on_each_engine!(conn => {
        diesel::insert_into(t::table).values((t::endpoint.eq(endpoint), mine)).on_conflict_do_nothing().execute(conn)
    })?;
    Ok(first == 1)
}

type Row = (String, String, i64, i64, Option<String>, i64, String, String, String, String, i64);

/// What is due to an endpoint: the oldest that waits of each object.
pub(crate) fn due(
    conn: &mut Conn,
    endpoint: &str,
    now: UtcTime,
    limit: i64,
) -> Result<Vec<Delivery>, StoreError> {
    let earlier = diesel::alias!(crate::schema::webhook_deliveries as earlier);
    let before = earlier
        .filter(earlier.field(d::endpoint).eq(endpoint))
        .filter(earlier.field(d::state).eq(delivery::WAITING))
        .filter(earlier.field(d::object).eq(d::object))
        .filter(earlier.field(d::sequence).lt(d::sequence));
    let rows: Vec<Row> = d::table
        .inner_join(e::table.on(e::sequence.eq(d::sequence)))
        .filter(d::endpoint.eq(endpoint))
        .filter(d::state.eq(delivery::WAITING))
        .filter(d::due.le(now.unix_micros()))
        .filter(not(exists(before)))
        .order(d::sequence)
        .limit(limit)
        .select(COLUMNS)
        .load(conn)?;
    rows.into_iter().map(delivery_of).collect()
}

/// Deliveries in a state, or in any but delivered; oldest first.
pub(crate) fn list(conn: &mut Conn, failed_only: bool, limit: i64) -> Result<Vec<Delivery>, StoreError> {
    let states: &[&str] =
        if failed_only { &[delivery::FAILED] } else { &[delivery::FAILED, delivery::WAITING] };
    let rows: Vec<Row> = d::table
        .inner_join(e::table.on(e::sequence.eq(d::sequence)))
        .filter(d::state.eq_any(states))
        .order((d::endpoint, d::sequence))
        .limit(limit)
        .select(COLUMNS)
        .load(conn)?;
    rows.into_iter().map(delivery_of).collect()
}

/// What each delivery is read by.
const COLUMNS: (
    d::endpoint,
    d::state,
    d::tries,
    d::due,
    d::answer,
    e::sequence,
    e::event,
    e::kind,
    e::object,
    e::content,
    e::created,
) = (
    d::endpoint,
    d::state,
    d::tries,
    d::due,
    d::answer,
    e::sequence,
    e::event,
    e::kind,
    e::object,
    e::content,
    e::created,
);

fn delivery_of(row: Row) -> Result<Delivery, StoreError> {
    let (endpoint, state, tries, due, answer, sequence, event, kind, object, content, created) = row;
    Ok(Delivery {
        endpoint,
        message: MessageParts {
            sequence: stored::count(sequence, "webhook_events.sequence")?,
            event,
            kind,
            object,
            content,
            created: stored::time(created, "webhook_events.created")?,
        },
        state: match state.as_str() {
            delivery::DELIVERED => DeliveryState::Delivered,
            delivery::FAILED => DeliveryState::Failed,
            delivery::WAITING => DeliveryState::Waiting,
            _ => return Err(StoreError::corrupt("webhook_deliveries.state")),
        },
        tries: u32::try_from(tries).map_err(|_| StoreError::corrupt("webhook_deliveries.tries"))?,
        due: stored::time(due, "webhook_deliveries.due")?,
        answer,
    })
}

/// What came of a try at a delivery that waits still.
pub(crate) fn tried(conn: &mut Conn, tried: &Delivery) -> Result<(), StoreError> {
    let Delivery { endpoint, message, state, tries, due, answer } = tried;
    let state = match state {
        DeliveryState::Delivered => delivery::DELIVERED,
        DeliveryState::Failed => delivery::FAILED,
        DeliveryState::Waiting => delivery::WAITING,
    };
    let sequence = stored::count_to_row(message.sequence, "webhook_events.sequence")?;
    let row = d::table.find((endpoint.as_str(), sequence)).filter(d::state.eq(delivery::WAITING));
    diesel::update(row)
        .set((
            d::state.eq(state),
            d::tries.eq(i64::from(*tries)),
            d::due.eq(due.unix_micros()),
            d::answer.eq(answer.as_deref()),
        ))
        .execute(conn)?;
    Ok(())
}

/// Lets what was given up wait again, or one of it; how many.
pub(crate) fn retry(
    conn: &mut Conn,
    endpoint: &str,
    only: Option<u64>,
    now: UtcTime,
) -> Result<usize, StoreError> {
    let only = only.map(|one| stored::count_to_row(one, "webhook_events.sequence")).transpose()?;
    let failed = d::table.filter(d::endpoint.eq(endpoint)).filter(d::state.eq(delivery::FAILED));
    let again = (d::state.eq(delivery::WAITING), d::due.eq(now.unix_micros()));
    Ok(match only {
        Some(sequence) => diesel::update(failed.filter(d::sequence.eq(sequence))).set(again).execute(conn)?,
        None => diesel::update(failed).set(again).execute(conn)?,
    })
}

/// Run in a snapshot: two statements.
pub(crate) fn backlog(conn: &mut Conn, endpoint: &str) -> Result<Backlog, StoreError> {
    let in_state =
        |state: &'static str| d::table.filter(d::endpoint.eq(endpoint.to_owned())).filter(d::state.eq(state));
    let (waiting, oldest): (i64, Option<i64>) =
        in_state(delivery::WAITING).select((count_star(), min(d::created))).first(conn)?;
    let failed: i64 = in_state(delivery::FAILED).count().get_result(conn)?;
    Ok(Backlog {
        waiting: stored::count(waiting, "webhook_deliveries")?,
        oldest: oldest.map(|at| stored::time(at, "webhook_deliveries.created")).transpose()?,
        failed: stored::count(failed, "webhook_deliveries")?,
    })
}

/// See [`Outbox::forget`](ndoba_registration::webhook::Outbox::forget).
pub(crate) fn forget(conn: &mut Conn, delivered: UtcTime, any: UtcTime) -> Result<(), StoreError> {
    let old = d::state.eq(delivery::DELIVERED).and(d::created.lt(delivered.unix_micros()));
    diesel::delete(d::table.filter(old.or(d::created.lt(any.unix_micros())))).execute(conn)?;
    let left = d::table.filter(d::sequence.eq(e::sequence));
    let done = e::table
        .filter(e::spread.is_not_null())
        .filter(e::created.lt(delivered.unix_micros()))
        .filter(not(exists(left)));
    diesel::delete(done).execute(conn)?;
    Ok(())
}
