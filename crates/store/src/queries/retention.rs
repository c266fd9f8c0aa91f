//! Records whose time has passed, and everything that belongs to a record.

use diesel::prelude::*;
use ndoba_registration::application::ApplicationId;
use ndoba_registration::ports::{Conflict, OrderRecord};
use ndoba_types::UtcTime;

use crate::connection::Conn;
use crate::error::StoreError;
use crate::queries::orders;
use crate::schema::{
    applications, certificates, copies, evidence, orders as order_rows, published_certificates,
};
use crate::spelling::order;
use crate::stored;

/// Applications that changed last before `before`, of whose certificates none lasted longer, and with which the CA has
/// nothing more to do.
pub(crate) fn erasable(
    conn: &mut Conn,
    before: UtcTime,
    limit: i64,
) -> Result<Vec<ApplicationId>, StoreError> {
    let micros = before.unix_micros();
    let lasting = order_rows::table
        .inner_join(certificates::table.on(certificates::order_id.eq(order_rows::order_id.nullable())))
        .filter(order_rows::application.is_not_null())
        .filter(certificates::not_after.ge(micros))
        .select(order_rows::application);
    let active = order_rows::table
        .filter(order_rows::application.is_not_null())
        .filter(order_rows::state.eq_any([order::OPEN, order::QUEUED, order::CLAIMED]))
        .select(order_rows::application);
    let rows: Vec<Vec<u8>> = applications::table
        .filter(applications::updated.lt(micros))
        .filter(applications::id.nullable().ne_all(lasting))
        .filter(applications::id.nullable().ne_all(active))
        .order((applications::updated, applications::id))
        .select(applications::id)
        .limit(limit)
        .load(conn)?;
    rows.iter().map(|id| Ok(ApplicationId::from_bytes(stored::octets(id, "applications.id")?))).collect()
}

/// Deletes the application and the evidence behind everything that was ordered of it or about its certificates.
pub(crate) fn erase(conn: &mut Conn, id: ApplicationId, before: UtcTime) -> Result<(), StoreError> {
    // Asked again where it counts; a certificate cannot be made meanwhile of an order that has ended.
    let micros = before.unix_micros();
    let lasting: Option<Vec<u8>> = order_rows::table
        .inner_join(certificates::table.on(certificates::order_id.eq(order_rows::order_id.nullable())))
        .filter(order_rows::application.eq(id.as_bytes().as_slice()))
        .filter(certificates::not_after.ge(micros))
        .select(order_rows::order_id)
        .first(conn)
        .optional()?;
    let active: Option<Vec<u8>> = order_rows::table
        .filter(order_rows::application.eq(id.as_bytes().as_slice()))
        .filter(order_rows::state.eq_any([order::OPEN, order::QUEUED, order::CLAIMED]))
        .select(order_rows::order_id)
        .first(conn)
        .optional()?;
    if lasting.is_some() || active.is_some() {
        return Err(StoreError::Conflict(Conflict::Stale));
    }
    let certificates: Vec<Option<Vec<u8>>> = order_rows::table
        .filter(order_rows::application.eq(id.as_bytes().as_slice()))
        .select(order_rows::result)
        .load(conn)?;
    let certificates: Vec<Vec<u8>> = certificates.into_iter().flatten().collect();
    let shown = published_certificates::table.filter(published_certificates::serial.eq_any(certificates));
    diesel::delete(shown).execute(conn)?;
    let about = about(conn, id)?;
    diesel::delete(evidence::table.filter(evidence::order_id.eq_any(about))).execute(conn)?;
    let copies = copies::table.filter(copies::application.eq(id.as_bytes().as_slice()));
    diesel::delete(copies).execute(conn)?;
    let application =
        applications::table.find(id.as_bytes().as_slice()).filter(applications::updated.lt(micros));
    if diesel::delete(application).execute(conn)? == 1 {
        Ok(())
    } else {
        Err(StoreError::Conflict(Conflict::Stale))
    }
}

/// The orders of an application and about its certificates, oldest first.
pub(crate) fn orders_of(conn: &mut Conn, id: ApplicationId) -> Result<Vec<OrderRecord>, StoreError> {
    let mut found = Vec::new();
    for order in about(conn, id)? {
        found.extend(orders::find(conn, stored::order_id(&order)?)?);
    }
    found.sort_by_key(|order| order.created);
    Ok(found)
}

fn about(conn: &mut Conn, id: ApplicationId) -> Result<Vec<Vec<u8>>, StoreError> {
    let own: Vec<(Vec<u8>, Option<Vec<u8>>)> = order_rows::table
        .filter(order_rows::application.eq(id.as_bytes().as_slice()))
        .select((order_rows::order_id, order_rows::result))
        .load(conn)?;
    let (mut orders, results): (Vec<Vec<u8>>, Vec<Option<Vec<u8>>>) = own.into_iter().unzip();
    let serials: Vec<Vec<u8>> = results.into_iter().flatten().collect();
    let later: Vec<Vec<u8>> = order_rows::table
        .filter(order_rows::target.eq_any(serials))
        .select(order_rows::order_id)
        .load(conn)?;
    orders.extend(later);
    Ok(orders)
}
