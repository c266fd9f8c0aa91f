//! CRLs: numbers taken, lists signed.

use diesel::prelude::*;
use ndoba_ca::ports::{CrlIntent, CrlIssued, CrlState, CrlSummary};
use ndoba_types::CaName;

use crate::connection::Conn;
use crate::error::StoreError;
use crate::queries::attempts::Signed;
use crate::queries::{attempts, events, outbox, versions};
use crate::schema::crls;
use crate::spelling::outcome;
use crate::stored;

/// Number, status version, thisUpdate, nextUpdate; the last three are there once it is signed.
type SummaryRow = (i64, Option<i64>, Option<i64>, Option<i64>);

/// Run in a snapshot.
pub(crate) fn state(conn: &mut Conn, ca: &CaName) -> Result<CrlState, StoreError> {
    let counters = versions::counters(conn, ca)?;
    let last: Option<SummaryRow> = crls::table
        .filter(crls::ca.eq(ca.as_str()))
        .filter(crls::der.is_not_null())
        .order(crls::number.desc())
        .select((crls::number, crls::status_version, crls::this_update, crls::next_update))
        .first(conn)
        .optional()?;
    Ok(CrlState {
        version: counters.version()?,
        highest_number: counters.highest_crl_number()?,
        last: last.map(summary).transpose()?,
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
    let CrlIntent { ca, number, tbs, attempt, event } = intent;
    let number = stored::count_to_row(*number, "crls.number")?;
    if !versions::take_crl_number(conn, ca, number)? {
        return Ok(false);
    }
    diesel::insert_into(crls::table)
        .values((
            crls::ca.eq(ca.as_str()),
            crls::number.eq(number),
            crls::tbs_digest.eq(tbs.as_bytes().as_slice()),
        ))
        .execute(conn)?;
    attempts::open(conn, ca, Signed::Crl { number }, attempt)?;
    events::append(conn, std::slice::from_ref(event))?;
    Ok(true)
}

pub(crate) fn record_signed(conn: &mut Conn, crl: &CrlIssued) -> Result<bool, StoreError> {
    let CrlIssued {
        ca,
        summary: CrlSummary { number, version, this_update, next_update },
        attempt,
        der,
        event,
    } = crl;
    let number = stored::count_to_row(*number, "crls.number")?;
    // The CA's counters are the lock: two nodes that finish at once must see each other's list.
    let now = versions::lock(conn, ca)?;
    let higher: Option<i64> = crls::table
        .filter(crls::ca.eq(ca.as_str()))
        .filter(crls::number.gt(number))
        .filter(crls::der.is_not_null())
        .select(crls::number)
        .first(conn)
        .optional()?;
    if higher.is_some() || !attempts::end(conn, ca, Signed::Crl { number }, attempt, outcome::SIGNED)? {
        return Ok(false);
    }
    let recorded = diesel::update(crls::table.find((ca.as_str(), number)))
        .set((
            crls::status_version.eq(Some(stored::count_to_row(*version, "crls.status_version")?)),
            crls::this_update.eq(Some(this_update.unix_micros())),
            crls::next_update.eq(Some(next_update.unix_micros())),
            crls::der.eq(Some(der)),
        ))
        .execute(conn)?;
    if recorded != 1 {
        return Err(StoreError::corrupt("an attempt without its CRL"));
    }
    // While the counters are locked no change can come in between: this list shows all that asked for one.
    if now == *version {
        outbox::finish_crls(conn, ca, *this_update)?;
    }
    events::append(conn, std::slice::from_ref(event))?;
    Ok(true)
}

pub(crate) fn current(conn: &mut Conn, ca: &CaName) -> Result<Option<Vec<u8>>, StoreError> {
    let der: Option<Option<Vec<u8>>> = crls::table
        .filter(crls::ca.eq(ca.as_str()))
        .filter(crls::der.is_not_null())
        .order(crls::number.desc())
        .select(crls::der)
        .first(conn)
        .optional()?;
    Ok(der.flatten())
}
