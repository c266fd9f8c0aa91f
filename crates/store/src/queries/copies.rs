//! Files of applications: signed copies of agreements, and copies of evidence.

use diesel::prelude::*;
use ndoba_registration::application::ApplicationId;
use ndoba_registration::ports::{Conflict, CopyRecord, KeptCopy};
use ndoba_registration::sealed::DataKeys;
use ndoba_types::Sha256Digest;

use crate::connection::{Conn, on_each_engine};
use crate::error::StoreError;
use crate::schema::copies;
use crate::sealing::{Row, data_key};
use crate::stored;

#[derive(Queryable, Selectable)]
#[diesel(table_name = copies)]
struct CopyRow {
    media_type: String,
    content: Vec<u8>,
    added_by: Vec<u8>,
    added: i64,
    data_key: Option<i64>,
}

/// A copy's place among rows: its application and its digest.
fn place(application: &[u8], sha256: &[u8]) -> Vec<u8> {
    [application, sha256].concat()
}

/// What copies are sealed to: what the table was called before it had more than signed copies.
const TABLE: &str = "agreement_copies";

/// Keeps a copy where the application has none of these octets.
pub(crate) fn insert(conn: &mut Conn, keys: &DataKeys, copy: &CopyRecord) -> Result<(), StoreError> {
    let CopyRecord { application, sha256, media_type, content, added_by, added } = copy;
    let id = place(application.as_bytes(), sha256.as_bytes());
    let sealed = Row { keys, table: TABLE, id: &id }.seal("content", content)?;
    let row = (
        copies::application.eq(application.as_bytes().as_slice()),
        copies::sha256.eq(sha256.as_bytes().as_slice()),
        copies::media_type.eq(media_type),
        copies::content.eq(sealed),
        copies::added_by.eq(added_by.as_bytes().as_slice()),
        copies::added.eq(added.unix_micros()),
        copies::data_key.eq(data_key(keys)),
    );
    let kept = on_each_engine!(conn => {
        diesel::insert_into(copies::table).values(row).on_conflict_do_nothing().execute(conn)
    })?;
    if kept == 1 { Ok(()) } else { Err(StoreError::Conflict(Conflict::Stale)) }
}

pub(crate) fn find(
    conn: &mut Conn,
    keys: &DataKeys,
    application: ApplicationId,
    sha256: Sha256Digest,
) -> Result<Option<CopyRecord>, StoreError> {
    let key = (application.as_bytes().as_slice(), sha256.as_bytes().as_slice());
    let row = copies::table.find(key).select(CopyRow::as_select()).first(conn).optional()?;
    row.map(|CopyRow { media_type, content, added_by, added, data_key }| {
        let id = place(application.as_bytes(), sha256.as_bytes());
        let mut content = Row { keys, table: TABLE, id: &id }.open(data_key, "content", content)?;
        Ok(CopyRecord {
            application,
            sha256,
            media_type,
            content: std::mem::take(&mut *content),
            added_by: stored::officer_id(&added_by, "copies.added_by")?,
            added: stored::time(added, "copies.added")?,
        })
    })
    .transpose()
}

/// Oldest first.
pub(crate) fn list(conn: &mut Conn, application: ApplicationId) -> Result<Vec<KeptCopy>, StoreError> {
    type Kept = (Vec<u8>, String, Vec<u8>, i64);
    let rows: Vec<Kept> = copies::table
        .filter(copies::application.eq(application.as_bytes().as_slice()))
        .order((copies::added, copies::sha256))
        .select((copies::sha256, copies::media_type, copies::added_by, copies::added))
        .load(conn)?;
    rows.into_iter()
        .map(|(sha256, media_type, added_by, added)| {
            Ok(KeptCopy {
                sha256: stored::digest(&sha256, "copies.sha256")?,
                media_type,
                added_by: stored::officer_id(&added_by, "copies.added_by")?,
                added: stored::time(added, "copies.added")?,
            })
        })
        .collect()
}

/// Seals some copies anew that are in clear or under an older key; how many there were.
pub(crate) fn seal(
    conn: &mut Conn,
    keys: &DataKeys,
    newest: Option<i64>,
    limit: i64,
) -> Result<usize, StoreError> {
    // Application, digest, content, data key.
    type ToSeal = (Vec<u8>, Vec<u8>, Vec<u8>, Option<i64>);
    let rows: Vec<ToSeal> = copies::table
        .filter(copies::data_key.is_null().or(copies::data_key.lt(newest)))
        .select((copies::application, copies::sha256, copies::content, copies::data_key))
        .limit(limit)
        .load(conn)?;
    let found = rows.len();
    for (application, sha256, content, before) in rows {
        let id = place(&application, &sha256);
        let row = Row { keys, table: TABLE, id: &id };
        let sealed = row.seal("content", &row.open(before, "content", content)?)?;
        diesel::update(copies::table.find((&application, &sha256)))
            .set((copies::content.eq(sealed), copies::data_key.eq(newest)))
            .execute(conn)?;
    }
    Ok(found)
}
