//! Requests whose clocks run, and what became of them.

use std::collections::BTreeMap;

use diesel::prelude::*;
use ndoba_ca::clocks::{ClockChange, OpenRequest, Stage};
use ndoba_ca::ports::CertificateId;
use ndoba_registration::ports::OrderKind;
use ndoba_types::{OrderId, UtcTime};

use crate::connection::Conn;
use crate::error::StoreError;
use crate::queries::events;
use crate::schema::{
    certificate_status, certificates, crls, orders, revocation_records, revocation_requests as requests,
};
use crate::spelling::{self, HOLD, order};
use crate::stored;

#[derive(Queryable)]
struct Row {
    order: Vec<u8>,
    serial: Vec<u8>,
    ca: String,
    kind: String,
    state: String,
    begins: i64,
    overdue: Option<i64>,
    /// Of the certificate; none where it was never issued.
    not_after: Option<i64>,
    reason: Option<String>,
    /// The status version that the order made.
    version: Option<i64>,
    /// That the certificate names; 0 for none.
    shard: Option<i64>,
}

/// By beginning. Run in a snapshot: the CRLs are further statements.
pub(crate) fn open(
    conn: &mut Conn,
    now: UtcTime,
    after: Option<(UtcTime, OrderId)>,
    limit: i64,
) -> Result<Vec<OpenRequest>, StoreError> {
    let mut query =
        requests::table
            .inner_join(orders::table.on(orders::order_id.eq(requests::order_id)))
            .left_join(
                certificates::table
                    .on(certificates::ca.eq(orders::ca).and(certificates::serial.eq(requests::serial))),
            )
            .left_join(certificate_status::table.on(
                certificate_status::ca.eq(orders::ca).and(certificate_status::serial.eq(requests::serial)),
            ))
            .left_join(
                revocation_records::table.on(revocation_records::order_id.eq(requests::order_id.nullable())),
            )
            .filter(requests::settled.is_null())
            .filter(requests::begins.le(now.unix_micros()))
            .order((requests::begins, requests::order_id))
            .limit(limit)
            .select((
                requests::order_id,
                requests::serial,
                orders::ca,
                orders::kind,
                orders::state,
                requests::begins,
                requests::overdue,
                certificates::not_after.nullable(),
                certificate_status::reason.nullable(),
                revocation_records::version.nullable(),
                certificate_status::shard.nullable(),
            ))
            .into_boxed();
    if let Some((begins, order)) = &after {
        let begins = begins.unix_micros();
        query = query.filter(
            requests::begins
                .gt(begins)
                .or(requests::begins.eq(begins).and(requests::order_id.gt(order.as_bytes().to_vec()))),
        );
    }
    let rows: Vec<Row> = query.load(conn)?;
    let lists = lists(conn, &rows)?;
    rows.into_iter().map(|row| read(row, now, &lists)).collect()
}

/// For each CA the shards (0: the whole), status versions and times of its signed lists, by version, from the first that
/// matters.
type Lists = BTreeMap<String, Vec<(i64, i64, i64)>>;

/// When the first list of that shard was made that shows the version.
fn seen(of_ca: &[(i64, i64, i64)], shard: i64, version: i64) -> Option<i64> {
    let mut of_shard = of_ca.iter().filter(|(list, _, _)| *list == shard);
    of_shard.find(|(_, shown, _)| *shown >= version).map(|(_, _, at)| *at)
}

fn lists(conn: &mut Conn, rows: &[Row]) -> Result<Lists, StoreError> {
    let mut least: BTreeMap<&str, i64> = BTreeMap::new();
    for row in rows {
        if let Some(version) = row.version {
            least.entry(&row.ca).and_modify(|least| *least = version.min(*least)).or_insert(version);
        }
    }
    let mut lists = Lists::new();
    for (ca, version) in least {
        let of_ca: Vec<(i64, Option<i64>, Option<i64>)> = crls::table
            .filter(crls::ca.eq(ca))
            .filter(crls::status_version.ge(version))
            .order((crls::status_version, crls::number))
            .select((crls::shard, crls::status_version, crls::this_update))
            .load(conn)?;
        let of_ca =
            of_ca.into_iter().filter_map(|(shard, version, at)| Some((shard, version?, at?))).collect();
        lists.insert(ca.into(), of_ca);
    }
    Ok(lists)
}

fn read(row: Row, now: UtcTime, lists: &Lists) -> Result<OpenRequest, StoreError> {
    let Row { order, serial, ca, kind, state, begins, overdue, not_after, reason, version, shard } = row;
    let suspends = matches!(spelling::order_kind(&kind)?, OrderKind::Suspend | OrderKind::SuspendByCode);
    let stage = match (state.as_str(), version) {
        (order::DONE, None) => return Err(StoreError::corrupt("a done order without its change")),
        (order::DONE, Some(version)) => {
            let of_ca = lists.get(&ca).map_or(&[][..], Vec::as_slice);
            // By everybody: who reads the whole list, and who reads the shard that the certificate names.
            let (whole, own) = (seen(of_ca, 0, version), seen(of_ca, shard.unwrap_or(0), version));
            match whole.zip(own) {
                None => Stage::Unpublished,
                Some((whole, own)) => Stage::Seen(stored::time(whole.max(own), "crls.this_update")?),
            }
        }
        (order::WITHDRAWN, _) => Stage::Void,
        (waits, _) => match (not_after, reason.as_deref()) {
            (None, _) => Stage::Void,
            (Some(end), _) if end < now.unix_micros() => Stage::Void,
            (Some(_), Some(HOLD)) if suspends => Stage::Void,
            (Some(_), Some(reason)) if reason != HOLD => Stage::Void,
            (Some(_), _) if waits == order::QUEUED || waits == order::CLAIMED => Stage::AtCa,
            (Some(_), _) => Stage::AtOfficers,
        },
    };
    Ok(OpenRequest {
        order: stored::order_id(&order)?,
        certificate: CertificateId {
            ca: stored::ca(&ca)?,
            serial: stored::serial(&serial, "revocation_requests.serial")?,
        },
        begins: stored::time(begins, "revocation_requests.begins")?,
        overdue: overdue.is_some(),
        stage,
    })
}

pub(crate) fn count(conn: &mut Conn, now: UtcTime) -> Result<u64, StoreError> {
    let open: i64 = requests::table
        .filter(requests::settled.is_null())
        .filter(requests::begins.le(now.unix_micros()))
        .count()
        .get_result(conn)?;
    stored::count(open, "revocation_requests")
}

/// Whether the row was not yet so.
pub(crate) fn record(conn: &mut Conn, change: &ClockChange) -> Result<bool, StoreError> {
    let changed = match change {
        ClockChange::Overdue { order, at, event } => {
            let row = requests::table.find(order.as_bytes().as_slice()).filter(requests::overdue.is_null());
            let changed =
                diesel::update(row).set(requests::overdue.eq(Some(at.unix_micros()))).execute(conn)?;
            if changed == 1 {
                events::append(conn, std::slice::from_ref(&**event))?;
            }
            changed
        }
        ClockChange::Settled { order, at } => {
            let row = requests::table.find(order.as_bytes().as_slice()).filter(requests::settled.is_null());
            diesel::update(row).set(requests::settled.eq(Some(at.unix_micros()))).execute(conn)?
        }
    };
    Ok(changed == 1)
}
