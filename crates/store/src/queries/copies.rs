//! Signed copies of agreements.

use diesel::prelude::*;
use ndoba_registration::application::ApplicationId;
use ndoba_registration::ports::{Conflict, CopyRecord};
use ndoba_registration::sealed::DataKeys;
use ndoba_types::Sha256Digest;

use crate::connection::{Conn, on_each_engine};
use crate::error::StoreError;
use crate::schema::agreement_copies;
use crate::sealing::{Row, data_key};
use crate::stored;

#[derive(Queryable, Selectable)]
#[diesel(table_name = agreement_copies)]
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

const TABLE: &str = "agreement_copies";

/// Keeps a copy where the application has none of these octets.
pub(crate) fn insert(conn: &mut Conn, keys: &DataKeys, copy: &CopyRecord) -> Result<(), StoreError> {
    let CopyRecord { application, sha256, media_type, content, added_by, added } = copy;
    let id = place(application.as_bytes(), sha256.as_bytes());
    let sealed = Row { keys, table: TABLE, id: &id }.seal("content", content)?;
    let row = (
        agreement_copies::application.eq(application.as_bytes().as_slice()),
        agreement_copies::sha256.eq(sha256.as_bytes().as_slice()),
        agreement_copies::media_type.eq(media_type),
        agreement_copies::content.eq(sealed),
        agreement_copies::added_by.eq(added_by.as_bytes().as_slice()),
        agreement_copies::added.eq(added.unix_micros()),
        agreement_copies::data_key.eq(data_key(keys)),
    );
    let kept = on_each_engine!(conn => {
        diesel::insert_into(agreement_copies::table).values(row).on_conflict_do_nothing().execute(conn)
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
    let row = agreement_copies::table.find(key).select(CopyRow::as_select()).first(conn).optional()?;
    row.map(|CopyRow { media_type, content, added_by, added, data_key }| {
        let id = place(application.as_bytes(), sha256.as_bytes());
        let mut content = Row { keys, table: TABLE, id: &id }.open(data_key, "content", content)?;
        Ok(CopyRecord {
            application,
            sha256,
            media_type,
            content: std::mem::take(&mut *content),
            added_by: stored::officer_id(&added_by, "agreement_copies.added_by")?,
            added: stored::time(added, "agreement_copies.added")?,
        })
    })
    .transpose()
}

pub(crate) fn count(conn: &mut Conn, application: ApplicationId) -> Result<usize, StoreError> {
    let own =
        agreement_copies::table.filter(agreement_copies::application.eq(application.as_bytes().as_slice()));
    let count: i64 = own.count().get_result(conn)?;
    usize::try_from(count).map_err(|_| StoreError::corrupt("agreement_copies"))
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
    let rows: Vec<ToSeal> = agreement_copies::table
        .filter(agreement_copies::data_key.is_null().or(agreement_copies::data_key.lt(newest)))
        .select((
            agreement_copies::application,
            agreement_copies::sha256,
            agreement_copies::content,
            agreement_copies::data_key,
        ))
        .limit(limit)
        .load(conn)?;
    let found = rows.len();
    for (application, sha256, content, before) in rows {
        let id = place(&application, &sha256);
        let row = Row { keys, table: TABLE, id: &id };
        let sealed = row.seal("content", &row.open(before, "content", content)?)?;
        diesel::update(agreement_copies::table.find((&application, &sha256)))
            .set((agreement_copies::content.eq(sealed), agreement_copies::data_key.eq(newest)))
            .execute(conn)?;
    }
    Ok(found)
}
