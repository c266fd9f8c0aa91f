//! Revocation, suspension, release and loss, and what relying parties are told.

use std::collections::{HashMap, HashSet};

use diesel::prelude::*;
use ndoba_audit::Event;
use ndoba_ca::ports::{
    AuthorityRevocation, CertificateId, CertificateKind, OverdueSuspension, StatusAction, StatusRefusal,
};
use ndoba_ocsp::CertStatusFacts;
use ndoba_types::{CaName, CrlName, OrderId, SerialNumber, Sha256Digest, UtcTime};
use ndoba_x509::{RevocationReason, RevokedEntry};

use crate::connection::Conn;
use crate::error::StoreError;
use crate::prepared::Prepared;
use crate::queries::{events, outbox, versions};
use crate::schema::{certificate_status, certificates, orders, revocation_records};
use crate::spelling::{self, HOLD, SUSPEND_BY_CODE, action, state};
use crate::stored;

/// Rows of one CRL read at once: bounds the memory of a snapshot over millions.
const PAGE: i64 = 2_000;

/// Changes the row where its state allows it, and says why where not.
///
/// A certificate in `signing` may be revoked too: its signature may exist already (design §5).
pub(crate) fn apply(
    conn: &mut Conn,
    id: &CertificateId,
    action: StatusAction,
    at: UtcTime,
) -> Result<Result<(), StatusRefusal>, StoreError> {
    const RELEASE: &str = "UPDATE certificate_status SET revoked = NULL, reason = NULL
        WHERE ca = ? AND serial = ? AND reason = ?";
    const REVOKE: &str = "UPDATE certificate_status SET revoked = ?, reason = ?
        WHERE ca = ? AND serial = ? AND (revoked IS NULL OR reason = ?)";
    const SUSPEND: &str = "UPDATE certificate_status SET revoked = ?, reason = ?
        WHERE ca = ? AND serial = ? AND revoked IS NULL";
    let (ca, serial) = (id.ca.as_str(), id.serial.as_unsigned());
    let micros = at.unix_micros();
    let changed = match action {
        StatusAction::Release => {
            Prepared::new(RELEASE, &[ca.into(), serial.into(), HOLD.into()]).execute(conn)?
        }
        StatusAction::Revoke(why) => {
            let why = spelling::reason_to_row(why);
            let values = [micros.into(), why.into(), ca.into(), serial.into(), HOLD.into()];
            Prepared::new(REVOKE, &values).execute(conn)?
        }
        StatusAction::Suspend => {
            let values = [micros.into(), HOLD.into(), ca.into(), serial.into()];
            Prepared::new(SUSPEND, &values).execute(conn)?
        }
    };
    if changed == 1 {
        return Ok(Ok(()));
    }
    let row = certificate_status::table.find((ca, serial));
    let now: Option<Option<String>> = row.select(certificate_status::reason).first(conn).optional()?;
    Ok(Err(match (now, action) {
        (None, _) => StatusRefusal::NotIssued,
        (Some(Some(reason)), StatusAction::Suspend) if reason == HOLD => StatusRefusal::AlreadySuspended,
        (Some(Some(_)), StatusAction::Revoke(_) | StatusAction::Suspend | StatusAction::Release) => {
            StatusRefusal::AlreadyRevoked
        }
        (Some(None), StatusAction::Release) => StatusRefusal::NotSuspended,
        (Some(None), StatusAction::Revoke(_) | StatusAction::Suspend) => {
            // It would have matched: the row changed between the two statements.
            return Err(StoreError::Busy("a certificate's status changed meanwhile".into()));
        }
    }))
}

/// Revokes a CA's certificate and ends the CA. `false`, and nothing changed, where it was revoked.
pub(crate) fn revoke_authority(
    conn: &mut Conn,
    revocation: &AuthorityRevocation,
) -> Result<bool, StoreError> {
    let AuthorityRevocation { ca, certificate, reason, at, event } = revocation;
    // From here on nobody records an intent to issue under this CA until we commit.
    versions::hold_to_end(conn, ca)?;
    match apply(conn, certificate, StatusAction::Revoke(*reason), *at)? {
        Ok(()) => {}
        Err(StatusRefusal::AlreadyRevoked) => return Ok(false),
        Err(_) => return Err(StoreError::corrupt("a CA whose certificate its issuer does not know")),
    }
    record_revocation(conn, certificate, *reason, *at)?;
    versions::end(conn, ca, *at)?;
    events::append(conn, std::slice::from_ref(event))?;
    Ok(true)
}

/// Certificates of the CA that are not revoked for ever, responders' apart.
pub(crate) fn unrevoked_under(
    conn: &mut Conn,
    ca: &CaName,
    limit: usize,
) -> Result<Vec<CertificateId>, StoreError> {
    let rows: Vec<Vec<u8>> = certificate_status::table
        .inner_join(
            certificates::table.on(certificates::ca
                .eq(certificate_status::ca)
                .and(certificates::serial.eq(certificate_status::serial))),
        )
        .filter(certificate_status::ca.eq(ca.as_str()))
        .filter(certificate_status::revoked.is_null().or(certificate_status::reason.eq(HOLD)))
        .filter(certificates::kind.ne(spelling::kind_to_row(CertificateKind::Responder)))
        .order(certificate_status::serial)
        .limit(i64::try_from(limit).unwrap_or(i64::MAX))
        .select(certificate_status::serial)
        .load(conn)?;
    rows.iter()
        .map(|serial| {
            let serial = stored::serial(serial, "certificate_status.serial")?;
            Ok(CertificateId { ca: ca.clone(), serial })
        })
        .collect()
}

/// Revokes each with its event; how many were not revoked before.
pub(crate) fn revoke_with_ca(
    conn: &mut Conn,
    certificates: &[(CertificateId, Event)],
    reason: RevocationReason,
    at: UtcTime,
) -> Result<usize, StoreError> {
    let mut count = 0;
    for (id, event) in certificates {
        if apply(conn, id, StatusAction::Revoke(reason), at)?.is_ok() {
            record_revocation(conn, id, reason, at)?;
            events::append(conn, std::slice::from_ref(event))?;
            count += 1;
        }
    }
    Ok(count)
}

fn record_revocation(
    conn: &mut Conn,
    id: &CertificateId,
    reason: RevocationReason,
    at: UtcTime,
) -> Result<u64, StoreError> {
    let change = Change { action: action::REVOKE, reason: Some(reason), order: None, received: at, at };
    record(conn, id, change)
}

/// Suspensions that began before `before`, oldest first.
pub(crate) fn overdue(
    conn: &mut Conn,
    before: UtcTime,
    limit: usize,
) -> Result<Vec<OverdueSuspension>, StoreError> {
    let rows: Vec<(String, Vec<u8>, Option<i64>)> = certificate_status::table
        .filter(certificate_status::reason.eq(HOLD))
        .filter(certificate_status::revoked.lt(before.unix_micros()))
        .order((certificate_status::revoked, certificate_status::serial))
        .limit(i64::try_from(limit).unwrap_or(i64::MAX))
        .select((certificate_status::ca, certificate_status::serial, certificate_status::revoked))
        .load(conn)?;
    rows.into_iter()
        .map(|(ca, serial, revoked)| {
            let since = revoked.ok_or_else(|| StoreError::corrupt("certificate_status.revoked"))?;
            Ok(OverdueSuspension {
                certificate: CertificateId {
                    ca: stored::ca(&ca)?,
                    serial: stored::serial(&serial, "certificate_status.serial")?,
                },
                since: stored::time(since, "certificate_status.revoked")?,
            })
        })
        .collect()
}

/// How many orders of the desk's own were carried out since: by the history, which nobody rewrites.
pub(crate) fn by_code(conn: &mut Conn, since: UtcTime) -> Result<u32, StoreError> {
    let count: i64 = orders::table
        .inner_join(
            revocation_records::table.on(revocation_records::order_id.eq(orders::order_id.nullable())),
        )
        .filter(orders::kind.eq(SUSPEND_BY_CODE))
        .filter(revocation_records::at.ge(since.unix_micros()))
        .count()
        .get_result(conn)?;
    u32::try_from(count).map_err(|_| StoreError::corrupt("orders.kind"))
}

/// Turns a suspension into a revocation, with history and version. `false` where it is not that suspension any more.
pub(crate) fn end_suspension(
    conn: &mut Conn,
    suspension: &OverdueSuspension,
    reason: RevocationReason,
    at: UtcTime,
) -> Result<bool, StoreError> {
    let OverdueSuspension { certificate: id, since } = suspension;
    let row = certificate_status::table
        .find((id.ca.as_str(), id.serial.as_unsigned()))
        .filter(certificate_status::reason.eq(HOLD))
        .filter(certificate_status::revoked.eq(since.unix_micros()));
    let ended = diesel::update(row)
        .set((
            certificate_status::revoked.eq(Some(at.unix_micros())),
            certificate_status::reason.eq(Some(spelling::reason_to_row(reason))),
        ))
        .execute(conn)?;
    if ended == 1 {
        let change = Change { action: action::REVOKE, reason: Some(reason), order: None, received: at, at };
        record(conn, id, change)?;
    }
    Ok(ended == 1)
}

/// `issued_lost` counts as revoked, now; a revocation that came while it was in `signing` stays as it is.
pub(crate) fn mark_lost(
    conn: &mut Conn,
    id: &CertificateId,
    reason: RevocationReason,
    received: UtcTime,
    at: UtcTime,
) -> Result<(), StoreError> {
    let row = certificate_status::table
        .find((id.ca.as_str(), id.serial.as_unsigned()))
        .filter(certificate_status::state.eq(state::SIGNING));
    let was: Option<Option<String>> = row.select(certificate_status::reason).first(conn).optional()?;
    let was =
        was.ok_or_else(|| StoreError::corrupt("certificate_status.state and attempts.outcome disagree"))?;
    let changed = match was.as_deref() {
        None | Some(HOLD) => diesel::update(row)
            .set((
                certificate_status::state.eq(state::ISSUED_LOST),
                certificate_status::revoked.eq(Some(at.unix_micros())),
                certificate_status::reason.eq(Some(spelling::reason_to_row(reason))),
            ))
            .execute(conn)?,
        Some(_) => diesel::update(row).set(certificate_status::state.eq(state::ISSUED_LOST)).execute(conn)?,
    };
    if changed != 1 {
        return Err(StoreError::Busy("a certificate's status changed meanwhile".into()));
    }
    record(conn, id, Change { action: action::LOST, reason: Some(reason), order: None, received, at })?;
    Ok(())
}

/// A line of the history.
pub(crate) struct Change {
    pub(crate) action: &'static str,
    pub(crate) reason: Option<RevocationReason>,
    pub(crate) order: Option<OrderId>,
    pub(crate) received: UtcTime,
    pub(crate) at: UtcTime,
}

/// Writes the history, takes the CA's next version, leaves word in the outbox. Returns the version.
pub(crate) fn record(conn: &mut Conn, id: &CertificateId, change: Change) -> Result<u64, StoreError> {
    let Change { action, reason, order, received, at } = change;
    let version = versions::next(conn, &id.ca)?;
    diesel::insert_into(revocation_records::table)
        .values((
            revocation_records::ca.eq(id.ca.as_str()),
            revocation_records::version.eq(stored::count_to_row(version, "ca_status.version")?),
            revocation_records::serial.eq(id.serial.as_unsigned()),
            revocation_records::action.eq(action),
            revocation_records::reason.eq(reason.map(spelling::reason_to_row)),
            revocation_records::order_id.eq(order.as_ref().map(|id| id.as_bytes().as_slice())),
            revocation_records::received.eq(received.unix_micros()),
            revocation_records::at.eq(at.unix_micros()),
        ))
        .execute(conn)?;
    outbox::add(conn, &id.ca, &id.serial, at)?;
    Ok(version)
}

/// How the history spells an action, with its reason.
pub(crate) fn action_to_row(action: StatusAction) -> (&'static str, Option<RevocationReason>) {
    match action {
        StatusAction::Release => (action::RELEASE, None),
        StatusAction::Revoke(reason) => (action::REVOKE, Some(reason)),
        StatusAction::Suspend => (action::SUSPEND, Some(RevocationReason::CertificateHold)),
    }
}

/// Every certificate that the list shows, by serial. Run in a snapshot: it is read in pages.
pub(crate) fn for_each_revoked(
    conn: &mut Conn,
    list: &CrlName,
    each: &mut dyn FnMut(RevokedEntry),
) -> Result<(), StoreError> {
    let mut after: Vec<u8> = Vec::new(); // before every serial: none is empty
    loop {
        let mut page = certificate_status::table
            .filter(certificate_status::ca.eq(list.ca.as_str()))
            .filter(certificate_status::revoked.is_not_null())
            .filter(certificate_status::serial.gt(after.clone()))
            .order(certificate_status::serial)
            .limit(PAGE)
            .select((certificate_status::serial, certificate_status::revoked, certificate_status::reason))
            .into_boxed();
        if let Some(shard) = list.shard {
            // As the index of shards is written.
            let of_shard = certificate_status::shard.eq(stored::shard_to_row(Some(shard)));
            page = page.filter(certificate_status::shard.gt(0)).filter(of_shard);
        }
        let rows: Vec<(Vec<u8>, Option<i64>, Option<String>)> = page.load(conn)?;
        let Some((last, _, _)) = rows.last() else { return Ok(()) };
        after = last.clone();
        for (serial, revoked, reason) in rows {
            let (Some(revoked), Some(reason)) = (revoked, reason) else {
                return Err(StoreError::corrupt("certificate_status.revoked without a reason"));
            };
            each(RevokedEntry {
                serial: stored::serial(&serial, "certificate_status.serial")?,
                revoked_at: stored::time(revoked, "certificate_status.revoked")?,
                invalidity_date: None,
                reason: spelling::reason(&reason)?,
            });
        }
    }
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = certificate_status)]
struct StatusRow {
    serial: Vec<u8>,
    state: String,
    certificate: Option<Vec<u8>>,
    revoked: Option<i64>,
    reason: Option<String>,
}

/// What relying parties are told about `serials`, in that order: one statement, so one look.
pub(crate) fn facts(
    conn: &mut Conn,
    ca: &CaName,
    serials: &[SerialNumber],
) -> Result<Vec<CertStatusFacts>, StoreError> {
    let rows: Vec<StatusRow> = match serials {
        // The plain look-up: a prepared statement whose text does not depend on the number of serials.
        [serial] => certificate_status::table
            .find((ca.as_str(), serial.as_unsigned()))
            .select(StatusRow::as_select())
            .load(conn)?,
        serials => certificate_status::table
            .filter(certificate_status::ca.eq(ca.as_str()))
            .filter(
                certificate_status::serial
                    .eq_any(serials.iter().map(SerialNumber::as_unsigned).collect::<Vec<_>>()),
            )
            .select(StatusRow::as_select())
            .load(conn)?,
    };
    let mut by_serial = HashMap::with_capacity(rows.len());
    for row in rows {
        let serial = row.serial.clone();
        by_serial.insert(serial, fact(row)?);
    }
    Ok(serials
        .iter()
        .map(|serial| by_serial.get(serial.as_unsigned()).cloned().unwrap_or(CertStatusFacts::NotIssued))
        .collect())
}

fn fact(row: StatusRow) -> Result<CertStatusFacts, StoreError> {
    let StatusRow { serial: _, state, certificate, revoked, reason } = row;
    let certificate: Option<Sha256Digest> =
        certificate.map(|bytes| stored::digest(&bytes, "certificate_status.certificate")).transpose()?;
    let revoked = revoked.map(|at| stored::time(at, "certificate_status.revoked")).transpose()?;
    match (revoked, reason, certificate, state.as_str()) {
        (Some(since), Some(reason), certificate, _) if reason == HOLD => {
            Ok(CertStatusFacts::Suspended { since, certificate })
        }
        // Also in `signing`: it is on the CRL, and the two must say the same.
        (Some(at), Some(reason), certificate, _) => {
            Ok(CertStatusFacts::Revoked { at, reason: spelling::reason(&reason)?, certificate })
        }
        (None, None, Some(certificate), state::ISSUED) => Ok(CertStatusFacts::Good { certificate }),
        (None, None, None, state::SIGNING) => Ok(CertStatusFacts::NotIssued),
        (None | Some(_), None | Some(_), None | Some(_), _) => {
            Err(StoreError::corrupt("certificate_status holds a combination that means nothing"))
        }
    }
}

/// Of `serials`, those whose rows are not revoked and were not released after `version`: on a CRL that shows
/// `version`, such a serial proves that the database was rolled back (design §3).
pub(crate) fn unrevoked(
    conn: &mut Conn,
    ca: &CaName,
    version: i64,
    serials: &[SerialNumber],
) -> Result<Vec<SerialNumber>, StoreError> {
    let bytes: Vec<&[u8]> = serials.iter().map(SerialNumber::as_unsigned).collect();
    let revoked: Vec<Vec<u8>> = certificate_status::table
        .filter(certificate_status::ca.eq(ca.as_str()))
        .filter(certificate_status::serial.eq_any(&bytes))
        .filter(certificate_status::revoked.is_not_null())
        .select(certificate_status::serial)
        .load(conn)?;
    let released: Vec<Vec<u8>> = revocation_records::table
        .filter(revocation_records::ca.eq(ca.as_str()))
        .filter(revocation_records::serial.eq_any(&bytes))
        .filter(revocation_records::action.eq(action::RELEASE))
        .filter(revocation_records::version.gt(version))
        .select(revocation_records::serial)
        .load(conn)?;
    let known: HashSet<Vec<u8>> = revoked.into_iter().chain(released).collect();
    Ok(serials.iter().filter(|serial| !known.contains(serial.as_unsigned())).cloned().collect())
}
