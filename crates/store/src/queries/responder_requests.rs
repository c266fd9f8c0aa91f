//! Responders' requests as the responders see them.

use diesel::prelude::*;
use ndoba_types::{CaName, UtcTime};

use crate::connection::{Conn, on_each_engine};
use crate::error::StoreError;
use crate::schema::{responder_certificates as c, responder_requests as r, responder_turns as t};
use crate::spelling::responder;
use crate::{NewResponderRequest, ResponderOutcome, ResponderRecord, stored};

pub(crate) fn insert(conn: &mut Conn, request: &NewResponderRequest) -> Result<(), StoreError> {
    let id = request.id();
    let NewResponderRequest { ca, key, document, signature, csr, received } = request;
    diesel::insert_into(r::table)
        .values((
            r::id.eq(id.as_bytes().as_slice()),
            r::ca.eq(ca.as_str()),
            r::key_label.eq(key.to_string()),
            r::document.eq(document),
            r::signature.eq(signature),
            r::csr.eq(csr),
            r::received.eq(received.unix_micros()),
        ))
        .execute(conn)?;
    Ok(())
}

/// Takes or prolongs the turn, unless another process has it still.
pub(crate) fn take_turn(
    conn: &mut Conn,
    ca: &CaName,
    holder: &str,
    now: UtcTime,
    until: UtcTime,
) -> Result<bool, StoreError> {
    let mine = (t::holder.eq(holder), t::until.eq(until.unix_micros()));
    // The row is locked by the first to come; whoever waited for it finds it taken.
    let free = t::until.le(now.unix_micros()).or(t::holder.eq(holder));
    let taken =
        diesel::update(t::table.filter(t::ca.eq(ca.as_str())).filter(free)).set(mine).execute(conn)?;
    if taken == 1 {
        return Ok(true);
    }
    let first = on_each_engine!(conn => {
        diesel::insert_into(t::table).values((t::ca.eq(ca.as_str()), mine)).on_conflict_do_nothing().execute(conn)
    })?;
    Ok(first == 1)
}

type Newest = (String, i64, Option<String>, Option<String>, Option<String>, Option<i64>);

/// Run in a snapshot: two statements.
pub(crate) fn record(conn: &mut Conn, ca: &CaName) -> Result<ResponderRecord, StoreError> {
    let newest: Option<Newest> = r::table
        .left_join(c::table.on(c::request.eq(r::id)))
        .filter(r::ca.eq(ca.as_str()))
        .order((r::received.desc(), r::id))
        .select((
            r::key_label,
            r::received,
            c::state.nullable(),
            c::refusal_code.nullable(),
            c::refusal_message.nullable(),
            c::decided.nullable(),
        ))
        .first(conn)
        .optional()?;
    let issued: Option<(String, Option<Vec<u8>>)> = c::table
        .inner_join(r::table.on(c::request.eq(r::id)))
        .filter(c::ca.eq(ca.as_str()))
        .filter(c::state.eq(responder::ISSUED))
        .order((c::decided.desc(), c::number.desc()))
        .select((r::key_label, c::der))
        .first(conn)
        .optional()?;
    let request = match newest {
        None => None,
        Some((key, received, state, code, message, decided)) => Some((
            stored::text(&key, "responder_requests.key_label")?,
            stored::time(received, "responder_requests.received")?,
            outcome(state, code, message, decided)?,
        )),
    };
    let certificate = match issued {
        None => None,
        Some((key, der)) => Some((
            stored::text(&key, "responder_requests.key_label")?,
            der.ok_or_else(|| StoreError::corrupt("responder_certificates.der"))?,
        )),
    };
    Ok(ResponderRecord { request, certificate })
}

fn outcome(
    state: Option<String>,
    code: Option<String>,
    message: Option<String>,
    decided: Option<i64>,
) -> Result<ResponderOutcome, StoreError> {
    match (state.as_deref(), code, message, decided) {
        (None | Some(responder::SIGNING | responder::LOST), None, None, _) => Ok(ResponderOutcome::Waiting),
        (Some(responder::ISSUED), None, None, _) => Ok(ResponderOutcome::Issued),
        (Some(responder::REFUSED), Some(code), Some(message), Some(decided)) => {
            let at = stored::time(decided, "responder_certificates.decided")?;
            Ok(ResponderOutcome::Refused { code, message, at })
        }
        _ => Err(StoreError::corrupt("responder_certificates.state")),
    }
}
