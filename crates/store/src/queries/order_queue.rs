//! Orders as the CA sees them: waiting, claimed, ended.

use std::collections::{HashMap, HashSet};

use diesel::prelude::*;
use ndoba_ca::ports::{LossCause, Queue, QueuedOrder};
use ndoba_types::{OrderId, SerialNumber, UtcTime};

use crate::connection::Conn;
use crate::error::StoreError;
use crate::prepared::Prepared;
use crate::schema::{certificate_status, certificates, order_signatures, orders, revocation_records};
use crate::spelling::{self, order, state};
use crate::stored;

#[derive(Queryable, Selectable)]
#[diesel(table_name = orders)]
struct Waiting {
    order_id: Vec<u8>,
    content: Vec<u8>,
    csr: Option<Vec<u8>>,
    received: Option<i64>,
    lost_before: i64,
}

/// Oldest first. Run in a snapshot: the signatures are a second statement, the certificates lost before a third.
pub(crate) fn waiting(
    conn: &mut Conn,
    queue: Queue,
    until: UtcTime,
    limit: i64,
) -> Result<Vec<QueuedOrder>, StoreError> {
    let kinds = match queue {
        Queue::Certificates => spelling::CERTIFICATE_ORDERS.as_slice(),
        Queue::Statuses => spelling::STATUS_ORDERS.as_slice(),
    };
    let mut rows: Vec<Waiting> = Vec::new();
    for kind in kinds {
        // One by one: the index gives the oldest of a kind without a look at those of others.
        rows.extend(
            orders::table
                .filter(orders::state.eq(order::QUEUED))
                .filter(orders::kind.eq(spelling::order_kind_to_row(*kind)))
                // A revocation with a date has it here: such rows come last, and are not even read before.
                .filter(orders::received.le(until.unix_micros()))
                .order((orders::received, orders::order_id))
                .limit(limit)
                .select(Waiting::as_select())
                .load(conn)?,
        );
    }
    rows.sort_by(|one, other| (one.received, &one.order_id).cmp(&(other.received, &other.order_id)));
    rows.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
    let ids: Vec<&[u8]> = rows.iter().map(|row| row.order_id.as_slice()).collect();
    let mut signatures = signatures(conn, ids.clone())?;
    let done = carried_out(conn, &ids)?;
    let begun = begun(conn, ids)?;
    rows.into_iter()
        .map(|row| {
            let Waiting { order_id, content, csr, received, lost_before } = row;
            let received = received.ok_or_else(|| StoreError::corrupt("orders.received"))?;
            let begun = begun.get(&order_id).map(|micros| stored::time(*micros, "certificates.recorded"));
            Ok(QueuedOrder {
                carried_out: done.contains(&order_id),
                signatures: signatures.remove(&order_id).unwrap_or_default(),
                order_id: stored::order_id(&order_id)?,
                bytes: content,
                csr,
                received: stored::time(received, "orders.received")?,
                lost_before: u32::try_from(lost_before)
                    .map_err(|_| StoreError::corrupt("orders.lost_before"))?,
                begun: begun.transpose()?,
            })
        })
        .collect()
}

/// Whether [`waiting`] would find any, of whatever kind.
pub(crate) fn is_any_waiting(conn: &mut Conn, until: UtcTime) -> Result<bool, StoreError> {
    let kinds = spelling::CERTIFICATE_ORDERS.into_iter().chain(spelling::STATUS_ORDERS);
    let waiting = orders::table
        .filter(orders::state.eq(order::QUEUED))
        // All there are: for the index, which begins with it.
        .filter(orders::kind.eq_any(kinds.map(spelling::order_kind_to_row).collect::<Vec<_>>()))
        .filter(orders::received.le(until.unix_micros()));
    Ok(diesel::select(diesel::dsl::exists(waiting)).get_result(conn)?)
}

fn signatures(conn: &mut Conn, ids: Vec<&[u8]>) -> Result<HashMap<Vec<u8>, Vec<Vec<u8>>>, StoreError> {
    let rows: Vec<(Vec<u8>, String)> = order_signatures::table
        .filter(order_signatures::order_id.eq_any(ids))
        .order((order_signatures::order_id, order_signatures::position))
        .select((order_signatures::order_id, order_signatures::jws))
        .load(conn)?;
    let mut signatures: HashMap<_, Vec<_>> = HashMap::new();
    for (id, jws) in rows {
        signatures.entry(id).or_default().push(jws.into_bytes());
    }
    Ok(signatures)
}

/// Those of which the ledger has a certificate that was not lost, or a change of status.
fn carried_out(conn: &mut Conn, ids: &[&[u8]]) -> Result<HashSet<Vec<u8>>, StoreError> {
    let made: Vec<Option<Vec<u8>>> = certificates::table
        .inner_join(
            certificate_status::table.on(certificate_status::ca
                .eq(certificates::ca)
                .and(certificate_status::serial.eq(certificates::serial))),
        )
        .filter(certificates::order_id.eq_any(ids.to_vec()))
        .filter(certificate_status::state.ne(state::ISSUED_LOST))
        .select(certificates::order_id)
        .load(conn)?;
    let changed: Vec<Option<Vec<u8>>> = revocation_records::table
        .filter(revocation_records::order_id.eq_any(ids.to_vec()))
        .select(revocation_records::order_id)
        .load(conn)?;
    Ok(made.into_iter().chain(changed).flatten().collect())
}

/// When the first certificate was recorded under each of these orders, where one was.
fn begun(conn: &mut Conn, ids: Vec<&[u8]>) -> Result<HashMap<Vec<u8>, i64>, StoreError> {
    let rows: Vec<(Option<Vec<u8>>, Option<i64>)> = certificates::table
        .filter(certificates::order_id.eq_any(ids))
        .group_by(certificates::order_id)
        .select((certificates::order_id, diesel::dsl::min(certificates::recorded)))
        .load(conn)?;
    Ok(rows.into_iter().filter_map(|(id, first)| Some((id?, first?))).collect())
}

/// Locks the orders of a batch, in one sequence whoever asks (`ids` is sorted): batches that share orders then wait
/// for each other, and never in a circle. SQLite has one writer and needs no such thing.
pub(crate) fn lock(conn: &mut Conn, ids: &[OrderId]) -> Result<(), StoreError> {
    let Conn::Postgres(conn) = conn else { return Ok(()) };
    let keys: Vec<&[u8]> = ids.iter().map(|id| id.as_bytes().as_slice()).collect();
    let _: Vec<Vec<u8>> = orders::table
        .filter(orders::order_id.eq_any(keys))
        .order(orders::order_id)
        .select(orders::order_id)
        .for_update()
        .load(conn)?;
    Ok(())
}

/// Takes a waiting order. `false` when it does not wait: another node has it, or it was withdrawn.
pub(crate) fn claim(conn: &mut Conn, id: OrderId) -> Result<bool, StoreError> {
    const CLAIM: &str = "UPDATE orders SET state = ? WHERE order_id = ? AND state = ?";
    let values = [order::CLAIMED.into(), id.as_bytes().as_slice().into(), order::QUEUED.into()];
    Ok(Prepared::new(CLAIM, &values).execute(conn)? == 1)
}

/// Takes those of these orders that wait; how many.
pub(crate) fn claim_all(conn: &mut Conn, ids: Vec<&[u8]>) -> Result<usize, StoreError> {
    let waiting = orders::table.filter(orders::order_id.eq_any(ids)).filter(orders::state.eq(order::QUEUED));
    Ok(diesel::update(waiting).set(orders::state.eq(order::CLAIMED)).execute(conn)?)
}

/// Ends a claimed order well.
pub(crate) fn finish(conn: &mut Conn, id: OrderId, result: &SerialNumber) -> Result<(), StoreError> {
    const FINISH: &str = "UPDATE orders SET state = ?, result = ? WHERE order_id = ? AND state = ?";
    let id = id.as_bytes().as_slice();
    let values = [order::DONE.into(), result.as_unsigned().into(), id.into(), order::CLAIMED.into()];
    match Prepared::new(FINISH, &values).execute(conn)? {
        1 => Ok(()),
        _ => Err(StoreError::corrupt("a claimed order was ended by someone else")),
    }
}

/// Ends an order in state `from` as refused. `false` when it is in another.
pub(crate) fn refuse(
    conn: &mut Conn,
    id: OrderId,
    from: &'static str,
    code: &str,
    message: &str,
) -> Result<bool, StoreError> {
    let refused = diesel::update(orders::table.find(id.as_bytes().as_slice()).filter(orders::state.eq(from)))
        .set((
            orders::state.eq(order::REFUSED),
            orders::refusal_code.eq(Some(code)),
            orders::refusal_message.eq(Some(message)),
        ))
        .execute(conn)?;
    Ok(refused == 1)
}

/// Puts a claimed order back. A certificate that the token lost is counted; one that a crash lost is not.
pub(crate) fn queue_again(conn: &mut Conn, id: OrderId, cause: LossCause) -> Result<bool, StoreError> {
    let lost = match cause {
        LossCause::Interrupted => 0_i64,
        LossCause::Token => 1,
    };
    let queued =
        diesel::update(orders::table.find(id.as_bytes().as_slice()).filter(orders::state.eq(order::CLAIMED)))
            .set((orders::state.eq(order::QUEUED), orders::lost_before.eq(orders::lost_before + lost)))
            .execute(conn)?;
    Ok(queued == 1)
}
