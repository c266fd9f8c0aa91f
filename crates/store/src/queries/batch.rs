//! A batch of one CA by a few statements in all, where the ledger's own queries take a few for each certificate: with
//! PostgreSQL each is a journey to another process.
//!
//! All or nothing: `false` where one of the batch is refused, or is not an ordinary one. The caller then undoes what was
//! done and goes one by one, which tells who is refused, and why.

use diesel::pg::PgConnection;
use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Binary, Text};
use ndoba_ca::ports::{Attempt, Intent, Issued, Warrant};
use ndoba_types::{CaName, Sha256Digest};

use crate::connection::{Conn, insert_new};
use crate::error::StoreError;
use crate::queries::attempts::{FIRST, NewAttempt, Signed};
use crate::queries::issuance::{Finished, NewCertificate, NewStatus, is_responder};
use crate::queries::{events, issuance, keys, names, order_queue, shown_names};
use crate::schema::{attempts, certificate_status, certificates};
use crate::spelling::{order, outcome, state};
use crate::stored;

/// As [`issuance::record_intent`], for each of them.
pub(crate) fn record_intents(conn: &mut Conn, intents: &[Intent]) -> Result<bool, StoreError> {
    let Some(Intent { certificate, .. }) = intents.first() else { return Ok(true) };
    let ca = &certificate.ca;
    let mut orders: Vec<&[u8]> = Vec::with_capacity(intents.len());
    for intent in intents {
        match &intent.warrant {
            Warrant::Ceremony(_) => {}
            Warrant::Order(id) => orders.push(id.as_bytes()),
            Warrant::Standing(_) => return Ok(false),
        }
        if intent.certificate.ca != *ca {
            return Ok(false);
        }
    }
    // 1. The orders. 2. The keys and the names.
    let wanted = orders.len();
    if order_queue::claim_all(conn, orders)? != wanted
        || keys::refuses_any(conn, intents)?
        || !names::take_all(conn, ca, intents)?
    {
        return Ok(false);
    }
    // 3. The serials, with everything that is known.
    let rows: Vec<_> = intents.iter().map(NewCertificate::of).collect();
    if insert_new!(conn, certificates::table, &rows) != intents.len() {
        return Ok(false);
    }
    let rows: Vec<_> = intents.iter().map(NewStatus::of).collect();
    if insert_new!(conn, certificate_status::table, &rows) != intents.len() {
        return Ok(false);
    }
    // 4. The attempts, and what the log says of them.
    let rows = intents
        .iter()
        .map(|Intent { certificate, attempt, .. }| {
            let signed = Signed::Certificate { serial: certificate.serial.as_unsigned() };
            NewAttempt::new(ca, signed, attempt, FIRST)
        })
        .collect::<Result<Vec<_>, _>>()?;
    if insert_new!(conn, attempts::table, &rows) != intents.len() {
        return Ok(false);
    }
    let log: Vec<_> = intents.iter().map(|intent| &intent.event).collect();
    events::append_all(conn, &log)?;
    Ok(true)
}

/// As [`issuance::record_issued`], for each of them.
pub(crate) fn record_issued(conn: &mut Conn, issued: &[Issued]) -> Result<bool, StoreError> {
    let server = match conn {
        Conn::Postgres(server) => server,
        // What SQLite does for a batch is no less than what it does for each.
        Conn::Sqlite(_) => {
            for one in issued {
                if !issuance::record_issued(conn, one)? {
                    return Ok(false);
                }
            }
            return Ok(true);
        }
    };
    let Some(batch) = Batch::of(issued)? else { return Ok(false) };
    if !batch.finish(server)? {
        return Ok(false);
    }
    shown_names::enter_all(conn, issued.iter().map(|one| (&one.certificate.serial, one.der.as_slice())))?;
    let log: Vec<_> = issued.iter().map(|one| &one.event).collect();
    events::append_all(conn, &log)?;
    Ok(true)
}

/// Finished certificates of one key and epoch, column by column.
struct Batch<'a> {
    ca: &'a CaName,
    attempt: &'a Attempt,
    serials: Vec<&'a [u8]>,
    numbers: Vec<i64>,
    begun: Vec<i64>,
    certificates: Vec<&'a [u8]>,
    digests: Vec<Vec<u8>>,
    issued: Vec<i64>,
}

impl<'a> Batch<'a> {
    fn of(issued: &'a [Issued]) -> Result<Option<Self>, StoreError> {
        let Some(first) = issued.first() else { return Ok(None) };
        let mut batch = Self {
            ca: &first.certificate.ca,
            attempt: &first.attempt,
            serials: Vec::new(),
            numbers: Vec::new(),
            begun: Vec::new(),
            certificates: Vec::new(),
            digests: Vec::new(),
            issued: Vec::new(),
        };
        for Issued { certificate, attempt, signatures: _, der, at, event: _ } in issued {
            let Attempt { key, node, epoch, number, at: begun, digest: _, signatures: _ } = attempt;
            let same = (key, node, epoch) == (&batch.attempt.key, &batch.attempt.node, &batch.attempt.epoch);
            if !same || certificate.ca != *batch.ca {
                return Ok(None);
            }
            batch.serials.push(certificate.serial.as_unsigned());
            batch.numbers.push(stored::count_to_row(*number, "attempts.number")?);
            batch.begun.push(begun.unix_micros());
            batch.certificates.push(der);
            batch.digests.push(Sha256Digest::of(der).as_bytes().to_vec());
            batch.issued.push(at.unix_micros());
        }
        Ok(Some(batch))
    }

    /// Finishes attempts, certificates and orders; whether all of them were as they must be.
    fn finish(&self, server: &mut PgConnection) -> Result<bool, StoreError> {
        let all = self.serials.len();
        if self.end_attempts(server)? != all {
            return Ok(false);
        }
        let rows = self.set_certificates(server)?;
        let orders = rows.iter().filter(|row| row.order_id.is_some()).count();
        if rows.iter().any(|row| row.order_id.is_none() && is_responder(&row.kind)) {
            return Ok(false);
        }
        Ok(rows.len() == all && self.set_statuses(server)? == all && self.finish_orders(server)? == orders)
    }

    /// Ends the attempts that are open still, and are exactly these; how many.
    fn end_attempts(&self, server: &mut PgConnection) -> Result<usize, StoreError> {
        const END: &str = "UPDATE attempts a SET outcome = $1
            FROM unnest($2, $3, $4) AS one (number, at, serial)
            WHERE a.key_label = $5 AND a.epoch = $6 AND a.number = one.number AND a.node = $7 AND a.at = one.at
                AND a.ca = $8 AND a.serial = one.serial AND a.outcome = $9";
        Ok(diesel::sql_query(END)
            .bind::<Text, _>(outcome::SIGNED)
            .bind::<Array<BigInt>, _>(&self.numbers)
            .bind::<Array<BigInt>, _>(&self.begun)
            .bind::<Array<Binary>, _>(&self.serials)
            .bind::<Text, _>(self.attempt.key.to_string())
            .bind::<Text, _>(&self.attempt.epoch)
            .bind::<Text, _>(&self.attempt.node)
            .bind::<Text, _>(self.ca.as_str())
            .bind::<Text, _>(outcome::OPEN)
            .execute(server)?)
    }

    /// The certificate contains the TBS; its digest stays.
    fn set_certificates(&self, server: &mut PgConnection) -> Result<Vec<Finished>, StoreError> {
        const SET: &str = "UPDATE certificates c SET tbs = NULL, der = one.der, issued = one.issued
            FROM unnest($1, $2, $3) AS one (serial, der, issued)
            WHERE c.ca = $4 AND c.serial = one.serial RETURNING c.order_id, c.kind";
        Ok(diesel::sql_query(SET)
            .bind::<Array<Binary>, _>(&self.serials)
            .bind::<Array<Binary>, _>(&self.certificates)
            .bind::<Array<BigInt>, _>(&self.issued)
            .bind::<Text, _>(self.ca.as_str())
            .load(server)?)
    }

    fn set_statuses(&self, server: &mut PgConnection) -> Result<usize, StoreError> {
        const SET: &str = "UPDATE certificate_status s SET state = $1, certificate = one.digest
            FROM unnest($2, $3) AS one (serial, digest)
            WHERE s.ca = $4 AND s.serial = one.serial AND s.state = $5";
        Ok(diesel::sql_query(SET)
            .bind::<Text, _>(state::ISSUED)
            .bind::<Array<Binary>, _>(&self.serials)
            .bind::<Array<Binary>, _>(&self.digests)
            .bind::<Text, _>(self.ca.as_str())
            .bind::<Text, _>(state::SIGNING)
            .execute(server)?)
    }

    /// Ends the claimed orders of these certificates well; how many.
    fn finish_orders(&self, server: &mut PgConnection) -> Result<usize, StoreError> {
        const FINISH: &str = "UPDATE orders o SET state = $1, result = c.serial FROM certificates c
            WHERE c.ca = $2 AND c.serial = ANY ($3) AND o.order_id = c.order_id AND o.state = $4";
        Ok(diesel::sql_query(FINISH)
            .bind::<Text, _>(order::DONE)
            .bind::<Text, _>(self.ca.as_str())
            .bind::<Array<Binary>, _>(&self.serials)
            .bind::<Text, _>(order::CLAIMED)
            .execute(server)?)
    }
}
