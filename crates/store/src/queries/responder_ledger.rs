//! Responders' requests as the CA sees them: waiting, being signed, ended.

use diesel::prelude::*;
use ndoba_ca::ports::{CertificateId, StandingWarrant, StoredResponderRequest};
use ndoba_types::{OrderId, Sha256Digest, UtcTime};

use crate::connection::{Conn, on_each_engine};
use crate::error::StoreError;
use crate::schema::{responder_certificates as c, responder_requests as r};
use crate::spelling::responder;
use crate::stored;

/// The row of the request that a certificate answers, while that is being signed. A macro: the type has no short name.
macro_rules! being_signed {
    ($certificate:expr) => {
        c::table
            .filter(c::ca.eq($certificate.ca.as_str()))
            .filter(c::serial.eq(Some($certificate.serial.as_unsigned())))
            .filter(c::state.eq(responder::SIGNING))
    };
}

type Signing = (Vec<u8>, Option<Vec<u8>>, Option<i64>);

type Waiting = (Vec<u8>, Vec<u8>, Vec<u8>, Vec<u8>, Option<i64>);

/// Oldest first: those that nobody acted on, and those whose signature was lost.
pub(crate) fn waiting(conn: &mut Conn, limit: i64) -> Result<Vec<StoredResponderRequest>, StoreError> {
    let rows: Vec<Waiting> = r::table
        .left_join(c::table.on(c::request.eq(r::id)))
        .filter(c::request.nullable().is_null().or(c::state.nullable().eq(responder::LOST)))
        .order((r::received, r::id))
        .limit(limit)
        .select((r::id, r::document, r::signature, r::csr, c::lost_before.nullable()))
        .load(conn)?;
    rows.into_iter()
        .map(|(id, bytes, signature, csr, lost_before)| {
            Ok(StoredResponderRequest {
                id: stored::digest(&id, "responder_requests.id")?,
                bytes,
                signature,
                csr,
                lost_before: u32::try_from(lost_before.unwrap_or(0))
                    .map_err(|_| StoreError::corrupt("responder_certificates.lost_before"))?,
            })
        })
        .collect()
}

/// Takes a request, and its number under the authorisation. `false` when another has either.
pub(crate) fn claim(
    conn: &mut Conn,
    standing: &StandingWarrant,
    certificate: &CertificateId,
    at: UtcTime,
) -> Result<bool, StoreError> {
    let StandingWarrant { authorisation, request, number } = standing;
    let taken = (
        c::state.eq(responder::SIGNING),
        c::authorisation.eq(Some(authorisation.as_bytes().as_slice())),
        c::number.eq(Some(i64::from(*number))),
        c::serial.eq(Some(certificate.serial.as_unsigned())),
        c::decided.eq(at.unix_micros()),
    );
    let again =
        diesel::update(c::table.find(request.as_bytes().as_slice()).filter(c::state.eq(responder::LOST)))
            .set(taken)
            .execute(conn)?;
    if again == 1 {
        return Ok(true);
    }
    // Both unique keys refuse silently: of two nodes that act at once, the second takes nothing.
    let inserted = on_each_engine!(conn => {
        diesel::insert_into(c::table)
            .values((
                c::request.eq(request.as_bytes().as_slice()),
                c::ca.eq(certificate.ca.as_str()),
                c::lost_before.eq(0_i64),
                taken,
            ))
            .on_conflict_do_nothing()
            .execute(conn)
    })?;
    Ok(inserted == 1)
}

/// Ends the request behind a certificate well, where there is one: a ceremony's has none.
pub(crate) fn finish(
    conn: &mut Conn,
    certificate: &CertificateId,
    der: &[u8],
    at: UtcTime,
) -> Result<(), StoreError> {
    diesel::update(being_signed!(certificate))
        .set((c::state.eq(responder::ISSUED), c::der.eq(Some(der)), c::decided.eq(at.unix_micros())))
        .execute(conn)?;
    Ok(())
}

/// Puts a request back whose signature may be lost.
pub(crate) fn give_up(
    conn: &mut Conn,
    standing: &StandingWarrant,
    certificate: &CertificateId,
    at: UtcTime,
) -> Result<(), StoreError> {
    let given_up = diesel::update(
        being_signed!(certificate).filter(c::request.eq(standing.request.as_bytes().as_slice())),
    )
    .set((
        c::state.eq(responder::LOST),
        c::lost_before.eq(c::lost_before + 1),
        c::decided.eq(at.unix_micros()),
    ))
    .execute(conn)?;
    one(given_up)
}

/// Why a responder's certificate that is being signed may be; `None` for a ceremony's.
pub(crate) fn warrant(
    conn: &mut Conn,
    certificate: &CertificateId,
) -> Result<Option<StandingWarrant>, StoreError> {
    let row: Option<Signing> = being_signed!(certificate)
        .select((c::request, c::authorisation, c::number))
        .first(conn)
        .optional()?;
    match row {
        None => Ok(None),
        Some((request, Some(authorisation), Some(number))) => Ok(Some(StandingWarrant {
            authorisation: stored::order_id(&authorisation)?,
            request: stored::digest(&request, "responder_certificates.request")?,
            number: u32::try_from(number)
                .map_err(|_| StoreError::corrupt("responder_certificates.number"))?,
        })),
        Some(_) => Err(StoreError::corrupt("responder_certificates.authorisation")),
    }
}

/// Ends a waiting request as refused. `false` when it does not wait.
pub(crate) fn refuse(
    conn: &mut Conn,
    id: Sha256Digest,
    code: &str,
    message: &str,
    at: UtcTime,
) -> Result<bool, StoreError> {
    let refused = (
        c::state.eq(responder::REFUSED),
        c::refusal_code.eq(Some(code)),
        c::refusal_message.eq(Some(message)),
        c::decided.eq(at.unix_micros()),
    );
    let id = id.as_bytes().as_slice();
    if diesel::update(c::table.find(id).filter(c::state.eq(responder::LOST))).set(refused).execute(conn)? == 1
    {
        return Ok(true);
    }
    let Some(ca) = r::table.find(id).select(r::ca).first::<String>(conn).optional()? else {
        return Ok(false);
    };
    let inserted = on_each_engine!(conn => {
        diesel::insert_into(c::table)
            .values((c::request.eq(id), c::ca.eq(&ca), c::lost_before.eq(0_i64), refused))
            .on_conflict_do_nothing()
            .execute(conn)
    })?;
    Ok(inserted == 1)
}

/// The highest number under an authorisation.
pub(crate) fn highest(conn: &mut Conn, authorisation: OrderId) -> Result<u32, StoreError> {
    let highest: Option<i64> = c::table
        .filter(c::authorisation.eq(authorisation.as_bytes().as_slice()))
        .select(diesel::dsl::max(c::number))
        .first(conn)?;
    u32::try_from(highest.unwrap_or(0)).map_err(|_| StoreError::corrupt("responder_certificates.number"))
}

/// A row in `signing` holds its request; nobody else may have let go of it.
fn one(changed: usize) -> Result<(), StoreError> {
    if changed == 1 {
        Ok(())
    } else {
        Err(StoreError::corrupt("a responder's request let go of while its certificate was being signed"))
    }
}
