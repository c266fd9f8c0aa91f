//! Orders as registration sees them: drafted, signed, followed.

use diesel::prelude::*;
use ndoba_registration::application::ApplicationId;
use ndoba_registration::ports::{
    Conflict, EvidenceRecord, OrderKind, OrderRecord, OrderState, RevocationRequestRecord, SignatureRecord,
};
use ndoba_registration::sealed::{DataKeys, Seal};
use ndoba_types::{OrderId, UtcTime};

use crate::connection::Conn;
use crate::error::StoreError;
use crate::schema::{evidence, order_signatures, orders, revocation_requests};
use crate::sealing::{Row, data_key};
use crate::spelling::{self, order};
use crate::stored;

const EVIDENCE: &str = "evidence";

/// What an order's state is made of.
#[derive(Queryable, Selectable)]
#[diesel(table_name = orders)]
pub(crate) struct OrderStateRow {
    state: String,
    result: Option<Vec<u8>>,
    refusal_code: Option<String>,
    refusal_message: Option<String>,
}

pub(crate) fn order_state(row: OrderStateRow) -> Result<OrderState, StoreError> {
    let OrderStateRow { state, result, refusal_code, refusal_message } = row;
    match (state.as_str(), result, refusal_code, refusal_message) {
        (order::OPEN, None, None, None) => Ok(OrderState::Open),
        (order::QUEUED, None, None, None) => Ok(OrderState::Queued),
        (order::CLAIMED, None, None, None) => Ok(OrderState::Claimed),
        (order::DONE, Some(serial), None, None) => {
            Ok(OrderState::Done { serial: stored::serial(&serial, "orders.result")? })
        }
        (order::REFUSED, None, Some(code), Some(message)) => Ok(OrderState::Refused { code, message }),
        (order::WITHDRAWN, None, None, None) => Ok(OrderState::Withdrawn),
        (order::EXPIRED, None, None, None) => Ok(OrderState::Expired),
        _ => Err(StoreError::corrupt("orders.state does not fit its other columns")),
    }
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = orders)]
struct OrderRow {
    order_id: Vec<u8>,
    kind: String,
    digest: Vec<u8>,
    content: Vec<u8>,
    ca: String,
    csr: Option<Vec<u8>>,
    application: Option<Vec<u8>>,
    target: Option<Vec<u8>>,
    drafted_by: Vec<u8>,
    created: i64,
    expires: i64,
    #[diesel(embed)]
    state: OrderStateRow,
}

/// Inserts an order that is still open, with the signatures it has.
pub(crate) fn insert(conn: &mut Conn, record: &OrderRecord) -> Result<(), StoreError> {
    let OrderRecord {
        id,
        kind,
        digest,
        content,
        ca,
        csr,
        application,
        target,
        drafted_by,
        created,
        expires,
        state,
        signatures,
    } = record;
    match state {
        OrderState::Open => {}
        OrderState::Queued
        | OrderState::Claimed
        | OrderState::Done { .. }
        | OrderState::Refused { .. }
        | OrderState::Withdrawn
        | OrderState::Expired => return Err(StoreError::corrupt("a new order that is not open")),
    }
    diesel::insert_into(orders::table)
        .values((
            orders::order_id.eq(id.as_bytes().as_slice()),
            orders::digest.eq(digest.as_bytes().as_slice()),
            orders::kind.eq(spelling::order_kind_to_row(*kind)),
            orders::ca.eq(ca.as_str()),
            orders::content.eq(content),
            orders::csr.eq(csr),
            orders::application.eq(application.as_ref().map(|id| id.as_bytes().as_slice())),
            orders::target.eq(target.as_ref().map(|serial| serial.as_unsigned())),
            orders::drafted_by.eq(drafted_by.as_bytes().as_slice()),
            orders::created.eq(created.unix_micros()),
            orders::expires.eq(expires.unix_micros()),
            orders::state.eq(order::OPEN),
            orders::lost_before.eq(0),
        ))
        .execute(conn)?;
    for (position, signature) in (0_i64..).zip(signatures) {
        insert_signature(conn, *id, position, signature)?;
    }
    Ok(())
}

fn insert_signature(
    conn: &mut Conn,
    id: OrderId,
    position: i64,
    signature: &SignatureRecord,
) -> Result<(), StoreError> {
    let SignatureRecord { role, officer, jws, added } = signature;
    diesel::insert_into(order_signatures::table)
        .values((
            order_signatures::order_id.eq(id.as_bytes().as_slice()),
            order_signatures::position.eq(position),
            order_signatures::role.eq(role),
            order_signatures::officer.eq(officer.as_bytes().as_slice()),
            order_signatures::jws.eq(jws),
            order_signatures::added.eq(added.unix_micros()),
        ))
        .execute(conn)?;
    Ok(())
}

pub(crate) fn insert_evidence(
    conn: &mut Conn,
    keys: &dyn Seal,
    records: &[EvidenceRecord],
) -> Result<(), StoreError> {
    for EvidenceRecord { digest, order, kind, content } in records {
        let sealed = Row { keys, table: EVIDENCE, id: digest.as_bytes() }.seal("content", content)?;
        diesel::insert_into(evidence::table)
            .values((
                evidence::digest.eq(digest.as_bytes().as_slice()),
                evidence::order_id.eq(order.as_bytes().as_slice()),
                evidence::kind.eq(kind),
                evidence::content.eq(sealed),
                evidence::data_key.eq(data_key(keys)),
            ))
            .execute(conn)?;
    }
    Ok(())
}

pub(crate) fn insert_request(
    conn: &mut Conn,
    kind: OrderKind,
    request: &RevocationRequestRecord,
) -> Result<(), StoreError> {
    let RevocationRequestRecord { order, serial, received, begins, decided, channel } = request;
    // Nobody is owed a release within a day.
    let settled = (kind == OrderKind::Release).then(|| received.unix_micros());
    diesel::insert_into(revocation_requests::table)
        .values((
            revocation_requests::order_id.eq(order.as_bytes().as_slice()),
            revocation_requests::serial.eq(serial.as_unsigned()),
            revocation_requests::received.eq(received.unix_micros()),
            revocation_requests::decided.eq(decided.map(UtcTime::unix_micros)),
            revocation_requests::channel.eq(channel),
            revocation_requests::begins.eq(begins.unix_micros()),
            revocation_requests::settled.eq(settled),
        ))
        .execute(conn)?;
    Ok(())
}

/// Run in a snapshot: order and signatures are two statements.
pub(crate) fn find(conn: &mut Conn, id: OrderId) -> Result<Option<OrderRecord>, StoreError> {
    let row: Option<OrderRow> =
        orders::table.find(id.as_bytes().as_slice()).select(OrderRow::as_select()).first(conn).optional()?;
    let Some(row) = row else { return Ok(None) };
    let signatures: Vec<(String, Vec<u8>, String, i64)> = order_signatures::table
        .filter(order_signatures::order_id.eq(id.as_bytes().as_slice()))
        .order(order_signatures::position)
        .select((
            order_signatures::role,
            order_signatures::officer,
            order_signatures::jws,
            order_signatures::added,
        ))
        .load(conn)?;
    let signatures = signatures
        .into_iter()
        .map(|(role, officer, jws, added)| {
            Ok(SignatureRecord {
                role,
                officer: stored::officer_id(&officer, "order_signatures.officer")?,
                jws,
                added: stored::time(added, "order_signatures.added")?,
            })
        })
        .collect::<Result<_, StoreError>>()?;
    record(row, signatures).map(Some)
}

fn record(row: OrderRow, signatures: Vec<SignatureRecord>) -> Result<OrderRecord, StoreError> {
    let OrderRow {
        order_id,
        kind,
        digest,
        content,
        ca,
        csr,
        application,
        target,
        drafted_by,
        created,
        expires,
        state,
    } = row;
    Ok(OrderRecord {
        id: stored::order_id(&order_id)?,
        kind: spelling::order_kind(&kind)?,
        digest: stored::digest(&digest, "orders.digest")?,
        content,
        ca: stored::ca(&ca)?,
        csr,
        application: application
            .map(|id| stored::octets(&id, "orders.application").map(ApplicationId::from_bytes))
            .transpose()?,
        target: target.map(|serial| stored::serial(&serial, "orders.target")).transpose()?,
        drafted_by: stored::officer_id(&drafted_by, "orders.drafted_by")?,
        created: stored::time(created, "orders.created")?,
        expires: stored::time(expires, "orders.expires")?,
        state: order_state(state)?,
        signatures,
    })
}

pub(crate) fn evidence_of(
    conn: &mut Conn,
    keys: &DataKeys,
    id: OrderId,
) -> Result<Vec<EvidenceRecord>, StoreError> {
    // Digest, kind, content, data key.
    type Item = (Vec<u8>, String, Vec<u8>, Option<i64>);
    let rows: Vec<Item> = evidence::table
        .filter(evidence::order_id.eq(id.as_bytes().as_slice()))
        .order(evidence::digest)
        .select((evidence::digest, evidence::kind, evidence::content, evidence::data_key))
        .load(conn)?;
    rows.into_iter()
        .map(|(digest, kind, content, data_key)| {
            let row = Row { keys, table: EVIDENCE, id: &digest };
            let mut content = row.open(data_key, "content", content)?;
            Ok(EvidenceRecord {
                digest: stored::digest(&digest, "evidence.digest")?,
                order: id,
                kind,
                content: std::mem::take(&mut *content),
            })
        })
        .collect()
}

/// Seals some items of evidence anew that are in clear or under an older key; how many there were.
pub(crate) fn seal_evidence(
    conn: &mut Conn,
    keys: &DataKeys,
    newest: Option<i64>,
    limit: i64,
) -> Result<usize, StoreError> {
    let rows: Vec<(Vec<u8>, Vec<u8>, Option<i64>)> = evidence::table
        .filter(evidence::data_key.is_null().or(evidence::data_key.lt(newest)))
        .select((evidence::digest, evidence::content, evidence::data_key))
        .limit(limit)
        .load(conn)?;
    let found = rows.len();
    for (digest, content, before) in rows {
        let row = Row { keys, table: EVIDENCE, id: &digest };
        let sealed = row.seal("content", &row.open(before, "content", content)?)?;
        diesel::update(evidence::table.find(&digest))
            .set((evidence::content.eq(sealed), evidence::data_key.eq(newest)))
            .execute(conn)?;
    }
    Ok(found)
}

/// Adds a signature to an open order with exactly `already` of them, and queues it where it is complete.
pub(crate) fn add_signature(
    conn: &mut Conn,
    id: OrderId,
    already: usize,
    signature: &SignatureRecord,
    complete: bool,
) -> Result<(), StoreError> {
    let open = orders::table.find(id.as_bytes().as_slice()).filter(orders::state.eq(order::OPEN));
    // Holds the row, so that of two signatures at once the second counts the first.
    let held = diesel::update(open).set(orders::lost_before.eq(orders::lost_before)).execute(conn)?;
    let there: i64 = order_signatures::table
        .filter(order_signatures::order_id.eq(id.as_bytes().as_slice()))
        .count()
        .get_result(conn)?;
    if held != 1 || usize::try_from(there) != Ok(already) {
        return Err(StoreError::Conflict(Conflict::Stale));
    }
    insert_signature(conn, id, there, signature)?;
    if !complete {
        return Ok(());
    }
    let added = signature.added.unix_micros();
    let request = revocation_requests::table.find(id.as_bytes().as_slice());
    let requested: Option<i64> = request.select(revocation_requests::begins).first(conn).optional()?;
    diesel::update(request).set(revocation_requests::decided.eq(Some(added))).execute(conn)?;
    // The clock of a revocation began when the request reached the provider (REV-6.2.4-03A), not now; or it begins at
    // the date that the request sets (-05A).
    diesel::update(open)
        .set((orders::state.eq(order::QUEUED), orders::received.eq(Some(requested.unwrap_or(added)))))
        .execute(conn)?;
    Ok(())
}

pub(crate) fn close(conn: &mut Conn, id: OrderId, to: &OrderState) -> Result<(), StoreError> {
    let to = match to {
        OrderState::Withdrawn => order::WITHDRAWN,
        OrderState::Expired => order::EXPIRED,
        OrderState::Open
        | OrderState::Queued
        | OrderState::Claimed
        | OrderState::Done { .. }
        | OrderState::Refused { .. } => {
            return Err(StoreError::corrupt("an order is closed as withdrawn or expired only"));
        }
    };
    let closed =
        diesel::update(orders::table.find(id.as_bytes().as_slice()).filter(orders::state.eq(order::OPEN)))
            .set(orders::state.eq(to))
            .execute(conn)?;
    if closed == 1 { Ok(()) } else { Err(StoreError::Conflict(Conflict::Stale)) }
}

/// Withdraws an order that the CA has not begun, and stops the clock of its request.
pub(crate) fn decline(conn: &mut Conn, id: OrderId, at: UtcTime) -> Result<(), StoreError> {
    let row = orders::table.find(id.as_bytes().as_slice());
    let waits = row.filter(orders::state.eq_any([order::OPEN, order::QUEUED]));
    let withdrawn = diesel::update(waits).set(orders::state.eq(order::WITHDRAWN)).execute(conn)?;
    if withdrawn == 0 {
        let state: String = row.select(orders::state).first(conn)?;
        if state == order::CLAIMED || state == order::DONE {
            return Err(StoreError::Conflict(Conflict::Stale));
        }
    }
    let clock = revocation_requests::table.find(id.as_bytes().as_slice());
    diesel::update(clock.filter(revocation_requests::settled.is_null()))
        .set(revocation_requests::settled.eq(Some(at.unix_micros())))
        .execute(conn)?;
    Ok(())
}

pub(crate) fn due(conn: &mut Conn, now: UtcTime, limit: i64) -> Result<Vec<OrderId>, StoreError> {
    let rows: Vec<Vec<u8>> = orders::table
        .filter(orders::state.eq(order::OPEN))
        .filter(orders::expires.le(now.unix_micros()))
        .order(orders::expires)
        .limit(limit)
        .select(orders::order_id)
        .load(conn)?;
    rows.iter().map(|id| stored::order_id(id)).collect()
}
