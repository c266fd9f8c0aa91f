//! Tries at signatures with issuing keys: each is recorded before the token is asked, and ended at most once.

use std::collections::BTreeMap;

use diesel::prelude::*;
use ndoba_ca::ports::{Attempt, KeyUse};
use ndoba_types::CaName;

use crate::connection::Conn;
use crate::error::StoreError;
use crate::schema::attempts;
use crate::spelling::outcome;
use crate::stored;

/// What a signature is for.
#[derive(Clone, Copy)]
pub(crate) enum Signed<'a> {
    Certificate { serial: &'a [u8] },
    Crl { number: i64 },
}

/// Records that the token is about to be asked.
pub(crate) fn open(
    conn: &mut Conn,
    ca: &CaName,
    what: Signed<'_>,
    attempt: &Attempt,
) -> Result<(), StoreError> {
    let Attempt { key, node, epoch, number, at } = attempt;
    let (serial, crl_number) = match what {
        Signed::Certificate { serial } => (Some(serial), None),
        Signed::Crl { number } => (None, Some(number)),
    };
    diesel::insert_into(attempts::table)
        .values((
            attempts::key_label.eq(key.to_string()),
            attempts::epoch.eq(epoch),
            attempts::number.eq(stored::count_to_row(*number, "attempts.number")?),
            attempts::node.eq(node),
            attempts::at.eq(at.unix_micros()),
            attempts::ca.eq(ca.as_str()),
            attempts::serial.eq(serial),
            attempts::crl_number.eq(crl_number),
            attempts::outcome.eq(outcome::OPEN),
        ))
        .execute(conn)?;
    Ok(())
}

/// Ends an attempt that is still open. `false`, and nothing changed, where the row is not exactly this one.
pub(crate) fn end(
    conn: &mut Conn,
    ca: &CaName,
    what: Signed<'_>,
    attempt: &Attempt,
    with: &'static str,
) -> Result<bool, StoreError> {
    let Attempt { key, node, epoch, number, at } = attempt;
    let number = stored::count_to_row(*number, "attempts.number")?;
    let row = attempts::table
        .find((key.to_string(), epoch, number))
        .filter(attempts::node.eq(node))
        .filter(attempts::at.eq(at.unix_micros()))
        .filter(attempts::ca.eq(ca.as_str()))
        .filter(attempts::outcome.eq(outcome::OPEN));
    let ended = match what {
        Signed::Certificate { serial } => diesel::update(row.filter(attempts::serial.eq(serial)))
            .set(attempts::outcome.eq(with))
            .execute(conn)?,
        Signed::Crl { number } => diesel::update(row.filter(attempts::crl_number.eq(number)))
            .set(attempts::outcome.eq(with))
            .execute(conn)?,
    };
    Ok(ended == 1)
}

/// The accounting: how often each key was to sign in each epoch, and what came of it.
pub(crate) fn uses(conn: &mut Conn) -> Result<Vec<KeyUse>, StoreError> {
    let rows: Vec<(String, String, String, i64)> = attempts::table
        .group_by((attempts::key_label, attempts::epoch, attempts::outcome))
        .select((attempts::key_label, attempts::epoch, attempts::outcome, diesel::dsl::count_star()))
        .load(conn)?;
    let mut uses = BTreeMap::new();
    for (label, epoch, how, many) in rows {
        let key = stored::key_label(&label)?;
        let many = stored::count(many, "attempts")?;
        let entry = uses.entry((key.clone(), epoch.clone())).or_insert(KeyUse {
            key,
            epoch,
            intents: 0,
            signed: 0,
            lost: 0,
        });
        entry.intents += many;
        match how.as_str() {
            outcome::OPEN => {}
            outcome::SIGNED => entry.signed += many,
            outcome::LOST => entry.lost += many,
            _ => return Err(StoreError::corrupt("attempts.outcome")),
        }
    }
    Ok(uses.into_values().collect())
}
