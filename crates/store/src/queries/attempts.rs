//! Tries at signatures with issuing keys: each is recorded before the token is asked, and ended at most once.

use std::collections::BTreeMap;

use diesel::prelude::*;
use ndoba_ca::accounting::TokenCount;
use ndoba_ca::ports::Attempt;
use ndoba_types::{CaName, UtcTime};

use crate::connection::{Conn, on_each_engine};
use crate::error::StoreError;
use crate::prepared::Prepared;
use crate::schema::{attempts, key_counts};
use crate::spelling::outcome;
use crate::stored;

/// What a signature is for.
#[derive(Clone, Copy)]
pub(crate) enum Signed<'a> {
    Certificate { serial: &'a [u8] },
    Crl { number: i64 },
}

/// The repetition of what was not tried before.
pub(crate) const FIRST: i64 = 0;

/// An attempt that is about to be made.
#[derive(Insertable)]
#[diesel(table_name = attempts)]
pub(crate) struct NewAttempt<'a> {
    key_label: String,
    epoch: &'a str,
    number: i64,
    node: &'a str,
    at: i64,
    ca: &'a str,
    serial: Option<&'a [u8]>,
    repetition: i64,
    crl_number: Option<i64>,
    digest: &'a [u8],
    outcome: &'static str,
}

impl<'a> NewAttempt<'a> {
    pub(crate) fn new(
        ca: &'a CaName,
        what: Signed<'a>,
        attempt: &'a Attempt,
        repetition: i64,
    ) -> Result<Self, StoreError> {
        let Attempt { key, node, epoch, number, at, digest, signatures: _ } = attempt;
        let (serial, crl_number) = match what {
            Signed::Certificate { serial } => (Some(serial), None),
            Signed::Crl { number } => (None, Some(number)),
        };
        Ok(Self {
            key_label: key.to_string(),
            epoch,
            number: stored::count_to_row(*number, "attempts.number")?,
            node,
            at: at.unix_micros(),
            ca: ca.as_str(),
            serial,
            repetition,
            crl_number,
            digest,
            outcome: outcome::OPEN,
        })
    }
}

/// Records that the token is about to be asked.
pub(crate) fn open(
    conn: &mut Conn,
    ca: &CaName,
    what: Signed<'_>,
    attempt: &Attempt,
    repetition: i64,
) -> Result<(), StoreError> {
    let row = NewAttempt::new(ca, what, attempt, repetition)?;
    diesel::insert_into(attempts::table).values(&row).execute(conn)?;
    Ok(())
}

/// How many attempts at this certificate there were.
pub(crate) fn tried_before(conn: &mut Conn, ca: &CaName, serial: &[u8]) -> Result<i64, StoreError> {
    let same = attempts::table.filter(attempts::ca.eq(ca.as_str())).filter(attempts::serial.eq(serial));
    Ok(same.count().get_result(conn)?)
}

/// What the token counts beside an attempt.
pub(crate) fn counted(attempt: &Attempt, signatures: u64, at: UtcTime) -> TokenCount {
    let Attempt { key, node, epoch, number: _, at: _, digest: _, signatures: _ } = attempt;
    TokenCount { key: key.clone(), epoch: epoch.clone(), node: node.clone(), signatures, at }
}

/// Writes down how often tokens signed, once for each key and epoch of a batch.
pub(crate) fn count_all(conn: &mut Conn, counts: impl Iterator<Item = TokenCount>) -> Result<(), StoreError> {
    let mut highest: BTreeMap<(String, String), TokenCount> = BTreeMap::new();
    for one in counts {
        let place = highest.entry((one.key.to_string(), one.epoch.clone())).or_insert_with(|| one.clone());
        if one.signatures > place.signatures {
            *place = one;
        }
    }
    highest.values().try_for_each(|one| count(conn, one))
}

/// Writes down how often a token signed; never less than before.
pub(crate) fn count(conn: &mut Conn, count: &TokenCount) -> Result<(), StoreError> {
    let TokenCount { key, epoch, node, signatures, at } = count;
    let signatures = stored::count_to_row(*signatures, "key_counts.signatures")?;
    let (key, now) = (key.to_string(), at.unix_micros());
    let counted = diesel::update(key_counts::table.find((&key, epoch)))
        .filter(key_counts::signatures.le(signatures))
        .set((key_counts::signatures.eq(signatures), key_counts::at.eq(now)))
        .execute(conn)?;
    if counted == 0 {
        let row = (
            key_counts::key_label.eq(&key),
            key_counts::epoch.eq(epoch),
            key_counts::node.eq(node),
            key_counts::signatures.eq(signatures),
            key_counts::at.eq(now),
        );
        on_each_engine!(conn => {
            diesel::insert_into(key_counts::table).values(row).on_conflict_do_nothing().execute(conn)
        })?;
    }
    Ok(())
}

/// An attempt as its row has it.
#[derive(Queryable, Selectable)]
#[diesel(table_name = attempts)]
pub(crate) struct OpenAttempt {
    key_label: String,
    epoch: String,
    number: i64,
    node: String,
    at: i64,
    digest: Vec<u8>,
}

impl OpenAttempt {
    pub(crate) fn read(self) -> Result<Attempt, StoreError> {
        let Self { key_label, epoch, number, node, at, digest } = self;
        Ok(Attempt {
            key: stored::key_label(&key_label)?,
            node,
            epoch,
            number: stored::count(number, "attempts.number")?,
            at: stored::time(at, "attempts.at")?,
            digest,
            // What had been counted before it is not kept with it.
            signatures: 0,
        })
    }
}

/// Attempts of other epochs of `node`, and of any node where older than `before`.
#[diesel::dsl::auto_type]
pub(crate) fn doubtful<'a>(node: &'a str, epoch: &'a str, before: UtcTime) -> _ {
    let micros: i64 = before.unix_micros();
    attempts::node.eq(node).and(attempts::epoch.ne(epoch)).or(attempts::at.lt(micros))
}

/// Ends an attempt that is still open. `false`, and nothing changed, where the row is not exactly this one.
pub(crate) fn end(
    conn: &mut Conn,
    ca: &CaName,
    what: Signed<'_>,
    attempt: &Attempt,
    with: &'static str,
) -> Result<bool, StoreError> {
    const END: &str = "UPDATE attempts SET outcome = ? WHERE key_label = ? AND epoch = ? AND number = ?
        AND node = ? AND at = ? AND ca = ? AND outcome = ?";
    let Attempt { key, node, epoch, number, at, digest: _, signatures: _ } = attempt;
    let (of_what, signed) = match what {
        Signed::Certificate { serial } => ("serial", serial.into()),
        Signed::Crl { number } => ("crl_number", number.into()),
    };
    let label = key.to_string();
    let values = [
        with.into(),
        label.as_str().into(),
        epoch.as_str().into(),
        stored::count_to_row(*number, "attempts.number")?.into(),
        node.as_str().into(),
        at.unix_micros().into(),
        ca.as_str().into(),
        outcome::OPEN.into(),
        signed,
    ];
    Ok(Prepared::new(&format!("{END} AND {of_what} = ?"), &values).execute(conn)? == 1)
}
