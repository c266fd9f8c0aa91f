//! The revocation desk: codes, and requests with their clocks.

use diesel::prelude::*;
use ndoba_registration::CodeHash;
use ndoba_registration::ports::{
    CodeOwner, Conflict, DeskRequest, Page, PageRequest, RequestFilter, RevocationClock, RevocationCodeRecord,
};
use ndoba_registration::sealed::DataKeys;
use ndoba_types::{OrderId, SerialNumber, UtcTime};

use crate::connection::{Conn, on_each_engine};
use crate::error::StoreError;
use crate::queries::applications::{SealedContent, cut};
use crate::queries::certificate_views::first_crl;
use crate::queries::orders::{OrderStateRow, order_state};
use crate::schema::{
    applications, certificate_status, certificates, orders, revocation_codes, revocation_records,
    revocation_requests,
};
use crate::spelling::{self, HOLD, SUSPEND_BY_CODE};
use crate::stored;

/// Keeps a code in the place of the one before.
pub(crate) fn put_code(conn: &mut Conn, record: &RevocationCodeRecord) -> Result<(), StoreError> {
    let RevocationCodeRecord { serial, hash, given_by, given } = record;
    let changes = (
        revocation_codes::hash.eq(hash.as_bytes().as_slice()),
        revocation_codes::given_by.eq(given_by.as_bytes().as_slice()),
        revocation_codes::given.eq(given.unix_micros()),
    );
    on_each_engine!(conn => {
        diesel::insert_into(revocation_codes::table)
            .values((revocation_codes::serial.eq(serial.as_unsigned()), changes))
            .on_conflict(revocation_codes::serial)
            .do_update()
            .set(changes)
            .execute(conn)
    })?;
    Ok(())
}

/// Whether a certificate has one.
pub(crate) fn has_code(conn: &mut Conn, serial: &SerialNumber) -> Result<bool, StoreError> {
    let count: i64 = revocation_codes::table.find(serial.as_unsigned()).count().get_result(conn)?;
    Ok(count > 0)
}

/// Whose certificate the code with this hash is of.
pub(crate) fn owner(
    conn: &mut Conn,
    keys: &DataKeys,
    hash: &CodeHash,
) -> Result<Option<CodeOwner>, StoreError> {
    let row: Option<(Vec<u8>, Option<SealedContent>)> = revocation_codes::table
        .inner_join(certificates::table.on(certificates::serial.eq(revocation_codes::serial)))
        .left_join(orders::table.on(orders::order_id.nullable().eq(certificates::order_id)))
        .left_join(applications::table.on(applications::id.nullable().eq(orders::application)))
        .filter(revocation_codes::hash.eq(hash.as_bytes().as_slice()))
        .select((revocation_codes::serial, Option::<SealedContent>::as_select()))
        .first(conn)
        .optional()?;
    row.map(|(serial, content)| {
        let subject = content.map(|content| content.subject(keys)).transpose()?;
        Ok(CodeOwner { serial: stored::serial(&serial, "revocation_codes.serial")?, subject })
    })
    .transpose()
}

/// Notes a confirmation where there is none.
pub(crate) fn confirm(conn: &mut Conn, order: OrderId, at: UtcTime) -> Result<(), StoreError> {
    let row = revocation_requests::table.find(order.as_bytes().as_slice());
    let confirmed = diesel::update(row.filter(revocation_requests::confirmed.is_null()))
        .set(revocation_requests::confirmed.eq(Some(at.unix_micros())))
        .execute(conn)?;
    if confirmed == 1 { Ok(()) } else { Err(StoreError::Conflict(Conflict::Stale)) }
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = revocation_requests)]
struct RequestRow {
    order_id: Vec<u8>,
    serial: Vec<u8>,
    received: i64,
    begins: i64,
    decided: Option<i64>,
    channel: String,
    settled: Option<i64>,
    confirmed: Option<i64>,
}

type Row = (RequestRow, String, String, OrderStateRow, Option<(i64, i64)>);

/// Newest first. Run in a snapshot.
pub(crate) fn requests(
    conn: &mut Conn,
    filter: &RequestFilter,
    page: &PageRequest,
) -> Result<Page<DeskRequest>, StoreError> {
    let mut query = revocation_requests::table
        .inner_join(orders::table.on(orders::order_id.eq(revocation_requests::order_id)))
        .left_join(
            revocation_records::table
                .on(revocation_records::order_id.eq(revocation_requests::order_id.nullable())),
        )
        .order((revocation_requests::received.desc(), revocation_requests::order_id.desc()))
        .limit(i64::from(page.limit) + 1)
        .select((
            RequestRow::as_select(),
            orders::ca,
            orders::kind,
            OrderStateRow::as_select(),
            (revocation_records::version, revocation_records::at).nullable(),
        ))
        .into_boxed();
    if let Some(after) = &page.after {
        let nothing = Page { items: Vec::new(), next: None };
        let Ok(id) = after.parse::<OrderId>() else { return Ok(nothing) };
        let row = revocation_requests::table.find(id.as_bytes().as_slice());
        let received: Option<i64> = row.select(revocation_requests::received).first(conn).optional()?;
        let Some(received) = received else { return Ok(nothing) };
        query = query.filter(
            revocation_requests::received.lt(received).or(revocation_requests::received
                .eq(received)
                .and(revocation_requests::order_id.lt(id.as_bytes().to_vec()))),
        );
    }
    let RequestFilter { open, unconfirmed, certificate } = filter;
    if let Some(serial) = certificate {
        query = query.filter(revocation_requests::serial.eq(serial.as_unsigned()));
    }
    if *open {
        query = query.filter(revocation_requests::settled.is_null());
    }
    if *unconfirmed {
        // What was revoked or released since needs no confirmation any more.
        let on_hold = certificate_status::table
            .filter(certificate_status::reason.eq(HOLD))
            .select(certificate_status::serial);
        query = query
            .filter(orders::kind.eq(SUSPEND_BY_CODE))
            .filter(revocation_requests::confirmed.is_null())
            .filter(revocation_requests::serial.eq_any(on_hold));
    }
    let rows: Vec<Row> = query.load(conn)?;
    let items = rows.into_iter().map(|row| read(conn, row)).collect::<Result<_, _>>()?;
    Ok(cut(items, page.limit, |item: &DeskRequest| item.clock.order.to_string()))
}

fn read(conn: &mut Conn, (row, ca, kind, state, done): Row) -> Result<DeskRequest, StoreError> {
    let RequestRow { order_id, serial, received, begins, decided, channel, settled, confirmed } = row;
    let (carried_out, published) = match done {
        None => (None, None),
        Some((version, at)) => {
            (Some(stored::time(at, "revocation_records.at")?), first_crl(conn, &ca, &serial, version)?)
        }
    };
    let time = |at: Option<i64>, what| at.map(|at| stored::time(at, what)).transpose();
    Ok(DeskRequest {
        serial: stored::serial(&serial, "revocation_requests.serial")?,
        ca: stored::ca(&ca)?,
        channel,
        state: order_state(state)?,
        confirmed: time(confirmed, "revocation_requests.confirmed")?,
        clock: RevocationClock {
            order: stored::order_id(&order_id)?,
            kind: spelling::order_kind(&kind)?,
            received: stored::time(received, "revocation_requests.received")?,
            begins: stored::time(begins, "revocation_requests.begins")?,
            decided: time(decided, "revocation_requests.decided")?,
            carried_out,
            published,
            settled: time(settled, "revocation_requests.settled")?,
        },
    })
}
