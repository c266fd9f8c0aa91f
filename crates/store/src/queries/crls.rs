//! CRLs: numbers taken, lists signed.

use std::io::Read as _;

use diesel::prelude::*;
use ndoba_audit::Event;
use ndoba_ca::Octets;
use ndoba_ca::ending::{AuthorityEnd, LastCrlIntent};
use ndoba_ca::ports::{CrlFailure, CrlInDoubt, CrlIntent, CrlIssued, CrlState, CrlSummary};
use ndoba_types::{CaName, CrlName, UtcTime};

use crate::connection::Conn;
use crate::error::StoreError;
use crate::queries::attempts::{FIRST, OpenAttempt, Signed};
use crate::queries::{attempts, events, outbox, shards, versions};
use crate::schema::{
    attempts as attempt_rows, authorities, certificate_status, certificates, crl_parts, crls,
};
use crate::spelling::{HOLD, outcome};
use crate::stored;

/// Number, status version, thisUpdate, nextUpdate; the last three are there once it is signed.
type SummaryRow = (i64, Option<i64>, Option<i64>, Option<i64>);

/// Run in a snapshot.
pub(crate) fn state(conn: &mut Conn, list: &CrlName) -> Result<CrlState, StoreError> {
    let CrlName { ca, shard } = list;
    let counters = versions::counters(conn, ca)?;
    let last: Option<(SummaryRow, Option<i64>)> = crls::table
        .filter(crls::ca.eq(ca.as_str()))
        .filter(crls::shard.eq(stored::shard_to_row(*shard)))
        .filter(crls::der.is_not_null())
        .order(crls::number.desc())
        .select(((crls::number, crls::status_version, crls::this_update, crls::next_update), crls::published))
        .first(conn)
        .optional()?;
    let version = match (shard, &last) {
        (Some(shard), Some(((_, Some(shown), _, _), _))) => {
            let shard = stored::shard_to_row(Some(*shard));
            stored::count(shards::version(conn, ca, shard, *shown)?, "crls.status_version")?
        }
        (None, _) | (Some(_), _) => counters.version()?,
    };
    Ok(CrlState {
        version,
        highest_number: counters.highest_crl_number()?,
        published: matches!(last, Some((_, Some(_)))),
        last: last.map(|(row, _)| summary(row)).transpose()?,
    })
}

fn summary(row: (i64, Option<i64>, Option<i64>, Option<i64>)) -> Result<CrlSummary, StoreError> {
    let (number, Some(version), Some(this_update), Some(next_update)) = row else {
        return Err(StoreError::corrupt("a signed CRL without its dates"));
    };
    Ok(CrlSummary {
        number: stored::count(number, "crls.number")?,
        version: stored::count(version, "crls.status_version")?,
        this_update: stored::time(this_update, "crls.this_update")?,
        next_update: stored::time(next_update, "crls.next_update")?,
    })
}

pub(crate) fn record_intent(conn: &mut Conn, intent: &CrlIntent) -> Result<bool, StoreError> {
    let CrlIntent { list, number, tbs, attempt, event } = intent;
    let CrlName { ca, shard } = list;
    let number = stored::count_to_row(*number, "crls.number")?;
    if is_over(conn, list)? || !versions::take_crl_number(conn, ca, number)? {
        return Ok(false);
    }
    diesel::insert_into(crls::table)
        .values((
            crls::ca.eq(ca.as_str()),
            crls::number.eq(number),
            crls::shard.eq(stored::shard_to_row(*shard)),
            crls::tbs_digest.eq(tbs.as_bytes().as_slice()),
        ))
        .execute(conn)?;
    attempts::open(conn, ca, Signed::Crl { number }, attempt, FIRST)?;
    attempts::count(conn, &attempts::counted(attempt, attempt.signatures, attempt.at))?;
    events::append(conn, std::slice::from_ref(event))?;
    Ok(true)
}

/// Takes the number of the list's last issue, and ends the CA, where none of its certificates lives.
pub(crate) fn record_last_intent(
    conn: &mut Conn,
    intent: &CrlIntent,
    end: &AuthorityEnd,
) -> Result<LastCrlIntent, StoreError> {
    // From here on nobody records an intent to issue under this CA until we commit; who did before is seen below.
    let ca = &intent.list.ca;
    versions::hold_to_end(conn, ca)?;
    if let Some((certificates, until)) = living(conn, ca, end.at)? {
        return Ok(LastCrlIntent::Alive { certificates, until });
    }
    if !record_intent(conn, intent)? {
        return Ok(LastCrlIntent::NumberTaken);
    }
    if versions::end(conn, ca, end.at)? {
        events::append(conn, std::slice::from_ref(&end.event))?;
    }
    Ok(LastCrlIntent::Recorded)
}

/// How many certificates of the CA are valid at `at` and not revoked for ever, and until when the last of them; the
/// CA's own does not count. One in `signing` does: it may exist.
fn living(conn: &mut Conn, ca: &CaName, at: UtcTime) -> Result<Option<(u64, UtcTime)>, StoreError> {
    let own: Option<Vec<u8>> =
        authorities::table.find(ca.as_str()).select(authorities::certificate).first(conn).optional()?;
    let living = certificates::table
        .inner_join(
            certificate_status::table.on(certificate_status::ca
                .eq(certificates::ca)
                .and(certificate_status::serial.eq(certificates::serial))),
        )
        .filter(certificates::ca.eq(ca.as_str()))
        .filter(certificates::not_after.ge(at.unix_micros()))
        .filter(certificate_status::revoked.is_null().or(certificate_status::reason.eq(HOLD)))
        .filter(certificates::der.is_null().or(certificates::der.ne(own.unwrap_or_default())))
        .select((diesel::dsl::count_star(), diesel::dsl::max(certificates::not_after)));
    let (count, until): (i64, Option<i64>) = living.first(conn)?;
    until
        .map(|until| {
            Ok((stored::count(count, "certificates")?, stored::time(until, "certificates.not_after")?))
        })
        .transpose()
}

/// Whether the last issue of the list is signed.
fn is_over(conn: &mut Conn, list: &CrlName) -> Result<bool, StoreError> {
    let last = crls::table
        .filter(crls::ca.eq(list.ca.as_str()))
        .filter(crls::shard.eq(stored::shard_to_row(list.shard)))
        .filter(crls::next_update.eq(UtcTime::NO_END.unix_micros()));
    Ok(diesel::select(diesel::dsl::exists(last)).get_result(conn)?)
}

/// How many octets of a CRL are in one row, and in one statement: the first so many in `crls`, the others in
/// `crl_parts`.
const PART: u64 = 1 << 20;

pub(crate) fn record_signed(conn: &mut Conn, crl: &CrlIssued, der: &dyn Octets) -> Result<bool, StoreError> {
    let CrlIssued {
        list: CrlName { ca, shard },
        summary: CrlSummary { number, version, this_update, next_update },
        attempt,
        signatures,
        event,
    } = crl;
    let number = stored::count_to_row(*number, "crls.number")?;
    // The CA's counters are the lock: two nodes that finish at once must see each other's list.
    let now = versions::lock(conn, ca)?;
    let higher: Option<i64> = crls::table
        .filter(crls::ca.eq(ca.as_str()))
        .filter(crls::shard.eq(stored::shard_to_row(*shard)))
        .filter(crls::number.gt(number))
        .filter(crls::der.is_not_null())
        .select(crls::number)
        .first(conn)
        .optional()?;
    if higher.is_some() || !attempts::end(conn, ca, Signed::Crl { number }, attempt, outcome::SIGNED)? {
        return Ok(false);
    }
    attempts::count(conn, &attempts::counted(attempt, *signatures, attempt.at))?;
    let unread = |error: std::io::Error| StoreError::Unavailable(error.into());
    let mut source = der.read().map_err(unread)?;
    let mut next = || {
        let mut part = Vec::new();
        source.by_ref().take(PART).read_to_end(&mut part).map_err(unread)?;
        Ok::<_, StoreError>(part)
    };
    let first = next()?;
    let recorded = diesel::update(crls::table.find((ca.as_str(), number)))
        .set((
            crls::status_version.eq(Some(stored::count_to_row(*version, "crls.status_version")?)),
            crls::this_update.eq(Some(this_update.unix_micros())),
            crls::next_update.eq(Some(next_update.unix_micros())),
            crls::der.eq(Some(first)),
        ))
        .execute(conn)?;
    if recorded != 1 {
        return Err(StoreError::corrupt("an attempt without its CRL"));
    }
    for place in 1.. {
        let octets = next()?;
        if octets.is_empty() {
            break;
        }
        let key = (crl_parts::ca.eq(ca.as_str()), crl_parts::number.eq(number), crl_parts::part.eq(place));
        diesel::insert_into(crl_parts::table).values((key, crl_parts::octets.eq(octets))).execute(conn)?;
    }
    // While the counters are locked no change can come in between: where this is the last change, the whole list shows
    // all that asked for one, but for shards that do not.
    let whole = if shard.is_none() { Some(*version) } else { shown_by_the_whole(conn, ca)? };
    if whole == Some(now) {
        let behind = shards::behind(conn, ca)?;
        outbox::finish_crls(conn, ca, &behind, *this_update)?;
    }
    events::append(conn, std::slice::from_ref(event))?;
    Ok(true)
}

fn shown_by_the_whole(conn: &mut Conn, ca: &CaName) -> Result<Option<u64>, StoreError> {
    shards::shown(conn, ca, 0)?.map(|version| stored::count(version, "crls.status_version")).transpose()
}

/// Notes when a list went online. `false`, and nothing changed, where that was noted before.
pub(crate) fn record_published(
    conn: &mut Conn,
    ca: &CaName,
    number: u64,
    event: &Event,
) -> Result<bool, StoreError> {
    let row = crls::table.find((ca.as_str(), stored::count_to_row(number, "crls.number")?));
    let signed_only = row.filter(crls::der.is_not_null()).filter(crls::published.is_null());
    let noted =
        diesel::update(signed_only).set(crls::published.eq(Some(event.at.unix_micros()))).execute(conn)?;
    if noted == 1 {
        events::append(conn, std::slice::from_ref(event))?;
    }
    Ok(noted == 1)
}

/// CRL numbers whose attempt is open: of other epochs of `node`, and of any node where older than `before`.
pub(crate) fn in_doubt(
    conn: &mut Conn,
    node: &str,
    epoch: &str,
    before: UtcTime,
) -> Result<Vec<CrlInDoubt>, StoreError> {
    let rows: Vec<(String, Option<i64>, OpenAttempt)> = attempt_rows::table
        .filter(attempt_rows::outcome.eq(outcome::OPEN))
        .filter(attempt_rows::crl_number.is_not_null())
        .filter(attempts::doubtful(node, epoch, before))
        .order((attempt_rows::at, attempt_rows::number))
        .select((attempt_rows::ca, attempt_rows::crl_number, OpenAttempt::as_select()))
        .load(conn)?;
    rows.into_iter()
        .map(|(ca, number, attempt)| {
            let number = number.ok_or_else(|| StoreError::corrupt("attempts.crl_number"))?;
            Ok(CrlInDoubt {
                ca: stored::ca(&ca)?,
                number: stored::count(number, "attempts.crl_number")?,
                attempt: attempt.read()?,
            })
        })
        .collect()
}

/// Ends an attempt at a CRL without one. `false`, and nothing changed, where it had ended.
pub(crate) fn record_failure(
    conn: &mut Conn,
    crl: &CrlInDoubt,
    failure: CrlFailure,
    event: &Event,
) -> Result<bool, StoreError> {
    let CrlInDoubt { ca, number, attempt } = crl;
    let number = stored::count_to_row(*number, "crls.number")?;
    let with = match failure {
        CrlFailure::Lost => outcome::LOST,
        CrlFailure::Unsigned => outcome::UNSIGNED,
    };
    let ended = attempts::end(conn, ca, Signed::Crl { number }, attempt, with)?;
    if ended {
        events::append(conn, std::slice::from_ref(event))?;
    }
    Ok(ended)
}

/// A part of a CRL that is signed, counted from 0; none behind the last.
pub(crate) fn part(
    conn: &mut Conn,
    ca: &CaName,
    number: u64,
    part: u32,
) -> Result<Option<Vec<u8>>, StoreError> {
    let number = stored::count_to_row(number, "crls.number")?;
    if part == 0 {
        let der = crls::table.find((ca.as_str(), number)).select(crls::der);
        return Ok(der.first::<Option<Vec<u8>>>(conn).optional()?.flatten());
    }
    let octets = crl_parts::table.find((ca.as_str(), number, i64::from(part))).select(crl_parts::octets);
    Ok(octets.first(conn).optional()?)
}

/// What follows the first part of a CRL.
pub(crate) fn rest(conn: &mut Conn, ca: &CaName, number: u64) -> Result<Vec<u8>, StoreError> {
    let number = stored::count_to_row(number, "crls.number")?;
    let parts: Vec<Vec<u8>> = crl_parts::table
        .filter(crl_parts::ca.eq(ca.as_str()).and(crl_parts::number.eq(number)))
        .order(crl_parts::part)
        .select(crl_parts::octets)
        .load(conn)?;
    Ok(parts.concat())
}
