//! Certificates as registration sees them, with the clocks of what was asked about them.

use std::collections::HashMap;

use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::sql_types::{Binary, Bool};
use ndoba_registration::application::ApplicationId;
use ndoba_registration::ports::{
    CertificateFilter, CertificateRecord, CertificateStatus, Page, PageRequest, RevocationClock,
};
use ndoba_types::{DeviceModel, SerialNumber, UtcTime};

use crate::connection::Conn;
use crate::error::StoreError;
use crate::queries::applications::cut;
use crate::queries::{shards, shown_names};
use crate::schema::{
    applications, certificate_status, certificates, crls, orders, revocation_records, revocation_requests,
};
use crate::spelling::{self, HOLD, state};
use crate::stored;

#[derive(Queryable, Selectable)]
#[diesel(table_name = certificates)]
struct CertificateRow {
    serial: Vec<u8>,
    ca: String,
    profile: String,
    profile_digest: Vec<u8>,
    lint: String,
    order_id: Option<Vec<u8>>,
    der: Option<Vec<u8>>,
    not_before: i64,
    not_after: i64,
    issued: Option<i64>,
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = certificate_status)]
struct StatusRow {
    state: String,
    revoked: Option<i64>,
    reason: Option<String>,
}

type ViewRow = (CertificateRow, StatusRow, Option<Vec<u8>>, Option<Vec<u8>>);

/// The tables behind a view, joined: a macro, because the type of this expression has no name worth writing.
macro_rules! views {
    () => {
        certificates::table
            .inner_join(
                certificate_status::table.on(certificate_status::ca
                    .eq(certificates::ca)
                    .and(certificate_status::serial.eq(certificates::serial))),
            )
            .left_join(orders::table.on(orders::order_id.nullable().eq(certificates::order_id)))
            .left_join(applications::table.on(applications::id.nullable().eq(orders::application)))
    };
}

/// By serial alone: 126 random bits are one certificate's, whichever CA drew them. Run in a snapshot.
pub(crate) fn find(conn: &mut Conn, serial: &SerialNumber) -> Result<Option<CertificateRecord>, StoreError> {
    let rows: Vec<ViewRow> = views!()
        .filter(certificates::serial.eq(serial.as_unsigned()))
        .limit(1)
        .select((
            CertificateRow::as_select(),
            StatusRow::as_select(),
            orders::application.nullable(),
            applications::opened_by.nullable(),
        ))
        .load(conn)?;
    Ok(records(conn, rows)?.pop())
}

/// Newest first. Run in a snapshot.
///
/// `subjects` – what the filter's subject is found by.
pub(crate) fn list(
    conn: &mut Conn,
    filter: &CertificateFilter,
    subjects: Option<&[Vec<u8>]>,
    page: &PageRequest,
) -> Result<Page<CertificateRecord>, StoreError> {
    let CertificateFilter { subject: _, name, profile, key, device, status, within } = filter;
    let nothing = Page { items: Vec::new(), next: None };
    let mut query = views!()
        .filter(certificate_status::state.ne(state::SIGNING))
        .order((certificates::recorded.desc(), certificates::serial.desc()))
        .limit(i64::from(page.limit) + 1)
        .select((
            CertificateRow::as_select(),
            StatusRow::as_select(),
            orders::application.nullable(),
            applications::opened_by.nullable(),
        ))
        .into_boxed();
    // Found by name, pages go by name; what else is asked for leaves gaps in them.
    let mut by_name = None;
    if let Some(name) = name {
        let found = shown_names::find(conn, name, page)?;
        query = query.filter(certificates::serial.eq_any(found.clone()));
        by_name = Some(found);
    } else if let Some(after) = &page.after {
        let Ok(serial) = after.parse::<SerialNumber>() else { return Ok(nothing) };
        let recorded: Option<i64> = certificates::table
            .filter(certificates::serial.eq(serial.as_unsigned()))
            .select(certificates::recorded)
            .first(conn)
            .optional()?;
        let Some(recorded) = recorded else { return Ok(nothing) };
        query = query.filter(certificates::recorded.lt(recorded).or(
            certificates::recorded.eq(recorded).and(certificates::serial.lt(serial.as_unsigned().to_vec())),
        ));
    }
    if let Some(subjects) = subjects {
        query = query.filter(applications::subject.eq_any(subjects));
    }
    if let Some(profile) = profile {
        query = query.filter(certificates::profile.eq(profile));
    }
    if let Some(key) = key {
        query = query.filter(certificates::spki.eq(key.as_bytes().as_slice()));
    }
    if let Some(model) = device {
        let (before, after) = match conn {
            Conn::Postgres(_) => ("position(", " IN orders.content) > 0"),
            Conn::Sqlite(_) => ("instr(orders.content, ", ") > 0"),
        };
        query = query.filter(sql::<Bool>(before).bind::<Binary, _>(as_ordered(model)).sql(after));
    }
    if let Some(those) = within {
        let those: Vec<&[u8]> = those.iter().map(|one| one.as_bytes().as_slice()).collect();
        query = query.filter(applications::opened_by.eq_any(those));
    }
    match status.as_deref() {
        None => {}
        Some("good") => query = query.filter(certificate_status::revoked.is_null()),
        Some("suspended") => query = query.filter(certificate_status::reason.eq(HOLD)),
        Some("revoked") => query = query.filter(certificate_status::reason.ne(HOLD)),
        Some(_) => return Ok(nothing),
    }
    let rows: Vec<ViewRow> = query.load(conn)?;
    let mut items = records(conn, rows)?;
    if let Some(mut found) = by_name {
        let limit = usize::try_from(page.limit).unwrap_or(usize::MAX);
        let more = found.len() > limit;
        found.truncate(limit);
        items.retain(|item| found.iter().any(|serial| serial.as_slice() == item.serial.as_unsigned()));
        items.sort_by_key(|item| {
            found.iter().position(|serial| serial.as_slice() == item.serial.as_unsigned())
        });
        let last = found.last().filter(|_| more);
        let next = last.map(|serial| stored::serial(serial, "certificate_names.serial")).transpose()?;
        return Ok(Page { items, next: next.map(|serial| serial.to_string()) });
    }
    Ok(cut(items, page.limit, |item| item.serial.to_string()))
}

/// The model as an order names it. There is no column of it: what officers signed is what counts. An order is canonical
/// JSON, so this is written in one way; and nowhere else, for in a text its quotes would be escaped.
fn as_ordered(model: &DeviceModel) -> Vec<u8> {
    format!("\"model\":\"{model}\"").into_bytes()
}

fn records(conn: &mut Conn, rows: Vec<ViewRow>) -> Result<Vec<CertificateRecord>, StoreError> {
    let mut clocks = clocks(conn, rows.iter().map(|(row, ..)| row.serial.as_slice()).collect())?;
    rows.into_iter()
        .map(|(row, status, application, opened_by)| {
            let CertificateRow {
                serial,
                ca,
                profile,
                profile_digest,
                lint,
                order_id,
                der,
                not_before,
                not_after,
                issued,
            } = row;
            Ok(CertificateRecord {
                clocks: clocks.remove(&serial).unwrap_or_default(),
                serial: stored::serial(&serial, "certificates.serial")?,
                ca: stored::ca(&ca)?,
                profile,
                profile_digest: stored::digest(&profile_digest, "certificates.profile_digest")?,
                lint,
                order: order_id.as_deref().map(stored::order_id).transpose()?,
                application: application
                    .map(|id| stored::octets(&id, "orders.application").map(ApplicationId::from_bytes))
                    .transpose()?,
                opened_by: opened_by
                    .map(|id| stored::officer_id(&id, "applications.opened_by"))
                    .transpose()?,
                ledger: spelling::ledger_state(&status.state)?,
                der,
                not_before: stored::time(not_before, "certificates.not_before")?,
                not_after: stored::time(not_after, "certificates.not_after")?,
                issued: issued.map(|at| stored::time(at, "certificates.issued")).transpose()?,
                status: shown(status)?,
            })
        })
        .collect()
}

fn shown(row: StatusRow) -> Result<CertificateStatus, StoreError> {
    let StatusRow { state: _, revoked, reason } = row;
    let revoked = revoked.map(|at| stored::time(at, "certificate_status.revoked")).transpose()?;
    match (revoked, reason) {
        (None, None) => Ok(CertificateStatus::Good),
        (Some(since), Some(reason)) if reason == HOLD => Ok(CertificateStatus::Suspended { since }),
        (Some(at), Some(reason)) => {
            // The API's name is RFC 5280's, which happens to be the database's too.
            Ok(CertificateStatus::Revoked { at, reason: spelling::reason(&reason)?.name().into() })
        }
        (None, Some(_)) | (Some(_), None) => Err(StoreError::corrupt("certificate_status.reason")),
    }
}

type ClockRow = (Vec<u8>, Vec<u8>, String, i64, i64, Option<i64>, Option<i64>, Option<(String, i64, i64)>);

/// Every request about each serial, oldest first: received, decided, carried out, published (design §6).
fn clocks(
    conn: &mut Conn,
    serials: Vec<&[u8]>,
) -> Result<HashMap<Vec<u8>, Vec<RevocationClock>>, StoreError> {
    let rows: Vec<ClockRow> = revocation_requests::table
        .inner_join(orders::table.on(orders::order_id.eq(revocation_requests::order_id)))
        .left_join(
            revocation_records::table
                .on(revocation_records::order_id.eq(revocation_requests::order_id.nullable())),
        )
        .filter(revocation_requests::serial.eq_any(serials))
        .order((revocation_requests::received, revocation_requests::order_id))
        .select((
            revocation_requests::serial,
            revocation_requests::order_id,
            orders::kind,
            revocation_requests::received,
            revocation_requests::begins,
            revocation_requests::decided,
            revocation_requests::settled,
            (revocation_records::ca, revocation_records::version, revocation_records::at).nullable(),
        ))
        .load(conn)?;
    let mut clocks: HashMap<_, Vec<_>> = HashMap::new();
    for (serial, order, kind, received, begins, decided, settled, done) in rows {
        let (carried_out, published) = match done {
            None => (None, None),
            Some((ca, version, at)) => {
                (Some(stored::time(at, "revocation_records.at")?), first_crl(conn, &ca, &serial, version)?)
            }
        };
        clocks.entry(serial).or_default().push(RevocationClock {
            order: stored::order_id(&order)?,
            kind: spelling::order_kind(&kind)?,
            received: stored::time(received, "revocation_requests.received")?,
            begins: stored::time(begins, "revocation_requests.begins")?,
            decided: decided.map(|at| stored::time(at, "revocation_requests.decided")).transpose()?,
            carried_out,
            published,
            settled: settled.map(|at| stored::time(at, "revocation_requests.settled")).transpose()?,
        });
    }
    Ok(clocks)
}

/// The first signed CRL that shows a certificate's change, with its thisUpdate: of the list that the certificate names.
pub(crate) fn first_crl(
    conn: &mut Conn,
    ca: &str,
    serial: &[u8],
    version: i64,
) -> Result<Option<(u64, UtcTime)>, StoreError> {
    let shard = shards::of(conn, ca, serial)?;
    let row: Option<(i64, Option<i64>)> = crls::table
        .filter(crls::ca.eq(ca))
        .filter(crls::shard.eq(shard))
        .filter(crls::status_version.ge(version))
        .order(crls::number)
        .select((crls::number, crls::this_update))
        .first(conn)
        .optional()?;
    match row {
        None => Ok(None),
        Some((number, Some(this_update))) => {
            Ok(Some((stored::count(number, "crls.number")?, stored::time(this_update, "crls.this_update")?)))
        }
        Some((_, None)) => Err(StoreError::corrupt("a signed CRL without its dates")),
    }
}
