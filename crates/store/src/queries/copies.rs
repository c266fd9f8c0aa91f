//! Signed copies of agreements.

use diesel::prelude::*;
use ndoba_registration::application::ApplicationId;
use ndoba_registration::ports::{Conflict, CopyRecord};
use ndoba_types::Sha256Digest;

use crate::connection::{Conn, on_each_engine};
use crate::error::StoreError;
use crate::schema::agreement_copies;
use crate::stored;

#[derive(Queryable, Selectable)]
#[diesel(table_name = agreement_copies)]
struct CopyRow {
    media_type: String,
    content: Vec<u8>,
    added_by: Vec<u8>,
    added: i64,
}

/// Keeps a copy where the application has none of these octets.
pub(crate) fn insert(conn: &mut Conn, copy: &CopyRecord) -> Result<(), StoreError> {
    let CopyRecord { application, sha256, media_type, content, added_by, added } = copy;
    let row = (
        agreement_copies::application.eq(application.as_bytes().as_slice()),
        agreement_copies::sha256.eq(sha256.as_bytes().as_slice()),
        agreement_copies::media_type.eq(media_type),
        agreement_copies::content.eq(content),
        agreement_copies::added_by.eq(added_by.as_bytes().as_slice()),
        agreement_copies::added.eq(added.unix_micros()),
    );
    let kept = on_each_engine!(conn => {
        diesel::insert_into(agreement_copies::table).values(row).on_conflict_do_nothing().execute(conn)
    })?;
    if kept == 1 { Ok(()) } else { Err(StoreError::Conflict(Conflict::Stale)) }
}

pub(crate) fn find(
    conn: &mut Conn,
    application: ApplicationId,
    sha256: Sha256Digest,
) -> Result<Option<CopyRecord>, StoreError> {
    let key = (application.as_bytes().as_slice(), sha256.as_bytes().as_slice());
    let row = agreement_copies::table.find(key).select(CopyRow::as_select()).first(conn).optional()?;
    row.map(|CopyRow { media_type, content, added_by, added }| {
        Ok(CopyRecord {
            application,
            sha256,
            media_type,
            content,
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
