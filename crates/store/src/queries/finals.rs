//! Final OCSP answers and the accounting for their signatures.

use diesel::prelude::*;
use ndoba_ca::ports::CertificateKind;
use ndoba_ocsp::{CertStatusFacts, FinalQuestion, FinalRecord, HashAlgorithm};
use ndoba_types::{CaName, SerialNumber, UtcTime};

use crate::connection::{Conn, on_each_engine};
use crate::error::StoreError;
use crate::queries::status;
use crate::schema::{
    certificate_status as s, certificates as c, final_answers as f, final_batches as b, final_cas,
};
use crate::spelling::{self, HOLD, state};
use crate::{FinalBatch, SignedFinal, Unfinished, stored};

pub(crate) fn find(conn: &mut Conn, question: &FinalQuestion) -> Result<Option<FinalRecord>, StoreError> {
    let FinalQuestion { ca, hash, serial } = question;
    let row: Option<(Vec<u8>, i64)> = f::table
        .find((ca.as_str(), serial.as_unsigned(), hash.name()))
        .select((f::der, f::produced))
        .first(conn)
        .optional()?;
    row.map(|(der, produced)| {
        Ok(FinalRecord { der, produced_at: stored::time(produced, "final_answers.produced")? })
    })
    .transpose()
}

pub(crate) fn unfinished(conn: &mut Conn, ca: &CaName, now: UtcTime) -> Result<Unfinished, StoreError> {
    let of_ca = || s::table.filter(s::ca.eq(ca.as_str()));
    let signing: i64 = of_ca().filter(s::state.eq(state::SIGNING)).count().get_result(conn)?;
    let suspended: i64 = of_ca().filter(s::reason.eq(HOLD)).count().get_result(conn)?;
    let unexpired: i64 = of_ca()
        .inner_join(c::table.on(c::ca.eq(s::ca).and(c::serial.eq(s::serial))))
        .filter(s::state.eq(state::ISSUED).and(s::revoked.is_null()))
        .filter(c::not_after.ge(now.unix_micros()))
        // They end within days, and nobody asks about them: nocheck.
        .filter(c::kind.ne(spelling::kind_to_row(CertificateKind::Responder)))
        .count()
        .get_result(conn)?;
    Ok(Unfinished {
        signing: stored::count(signing, "certificate_status")?,
        suspended: stored::count(suspended, "certificate_status")?,
        unexpired: stored::count(unexpired, "certificate_status")?,
    })
}

pub(crate) fn progress(conn: &mut Conn, ca: &CaName) -> Result<(u64, u64), StoreError> {
    let certificates: i64 =
        s::table.filter(s::ca.eq(ca.as_str()).and(s::state.ne(state::SIGNING))).count().get_result(conn)?;
    let answers: i64 = f::table.filter(f::ca.eq(ca.as_str())).count().get_result(conn)?;
    Ok((stored::count(certificates, "certificate_status")?, stored::count(answers, "final_answers")?))
}

/// Run in a snapshot: two statements.
pub(crate) fn missing(
    conn: &mut Conn,
    ca: &CaName,
    hash: HashAlgorithm,
    after: Option<&SerialNumber>,
    limit: i64,
) -> Result<Vec<(SerialNumber, CertStatusFacts)>, StoreError> {
    let answered =
        f::table.filter(f::ca.eq(s::ca)).filter(f::serial.eq(s::serial)).filter(f::hash.eq(hash.name()));
    let rows: Vec<Vec<u8>> = s::table
        .filter(s::ca.eq(ca.as_str()))
        .filter(s::serial.gt(after.map_or(&[][..], SerialNumber::as_unsigned)))
        .filter(s::state.ne(state::SIGNING))
        .filter(diesel::dsl::not(diesel::dsl::exists(answered)))
        .order(s::serial)
        .limit(limit)
        .select(s::serial)
        .load(conn)?;
    let serials = rows
        .iter()
        .map(|serial| stored::serial(serial, "certificate_status.serial"))
        .collect::<Result<Vec<_>, _>>()?;
    if serials.is_empty() {
        return Ok(Vec::new());
    }
    let facts = status::facts(conn, ca, &serials)?;
    Ok(serials.into_iter().zip(facts).collect())
}

pub(crate) fn begin(conn: &mut Conn, batch: &FinalBatch) -> Result<(), StoreError> {
    let FinalBatch { ca, key, node, epoch, number, at, intents } = batch;
    diesel::insert_into(b::table)
        .values((
            b::key_label.eq(key.to_string()),
            b::epoch.eq(epoch),
            b::number.eq(stored::count_to_row(*number, "final_batches.number")?),
            b::node.eq(node),
            b::at.eq(at.unix_micros()),
            b::ca.eq(ca.as_str()),
            b::intents.eq(stored::count_to_row(*intents, "final_batches.intents")?),
        ))
        .execute(conn)?;
    Ok(())
}

pub(crate) fn end(conn: &mut Conn, batch: &FinalBatch, answers: &[SignedFinal]) -> Result<(), StoreError> {
    let FinalBatch { ca, key, epoch, number, .. } = batch;
    for SignedFinal { serial, hash, der, produced_at } in answers {
        diesel::insert_into(f::table)
            .values((
                f::ca.eq(ca.as_str()),
                f::serial.eq(serial.as_unsigned()),
                f::hash.eq(hash.name()),
                f::der.eq(der),
                f::produced.eq(produced_at.unix_micros()),
            ))
            .execute(conn)?;
    }
    let number = stored::count_to_row(*number, "final_batches.number")?;
    let signed = stored::count_to_row(answers.len() as u64, "final_batches.signed")?;
    let ended = diesel::update(b::table.find((key.to_string(), epoch, number)))
        .set(b::signed.eq(Some(signed)))
        .execute(conn)?;
    if ended == 1 { Ok(()) } else { Err(StoreError::corrupt("a batch of final answers without its intent")) }
}

pub(crate) fn finish(conn: &mut Conn, ca: &CaName, at: UtcTime) -> Result<bool, StoreError> {
    for hash in ndoba_ocsp::FinalAuthority::HASHES {
        if !missing(conn, ca, hash, None, 1)?.is_empty() {
            return Ok(false);
        }
    }
    let row = (final_cas::ca.eq(ca.as_str()), final_cas::finished.eq(at.unix_micros()));
    let inserted = on_each_engine!(conn => {
        diesel::insert_into(final_cas::table).values(row).on_conflict_do_nothing().execute(conn)
    })?;
    Ok(inserted == 1)
}

pub(crate) fn finished(conn: &mut Conn) -> Result<Vec<CaName>, StoreError> {
    let rows: Vec<String> = final_cas::table.order(final_cas::ca).select(final_cas::ca).load(conn)?;
    rows.iter().map(|ca| stored::ca(ca)).collect()
}

/// A batch for the accounting: key, epoch, node, time, intents, and how many were signed once it has ended.
pub(crate) type Batch = (String, String, String, i64, i64, Option<i64>);

pub(crate) fn batches(conn: &mut Conn) -> Result<Vec<Batch>, StoreError> {
    Ok(b::table.select((b::key_label, b::epoch, b::node, b::at, b::intents, b::signed)).load(conn)?)
}
