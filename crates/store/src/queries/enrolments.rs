//! Officers-to-be and the keys that they presented.

use diesel::prelude::*;
use ndoba_registration::CodeHash;
use ndoba_registration::ports::{Conflict, EnrolmentRecord, Page, PageRequest, PresentedKey};
use ndoba_types::{OfficerId, SubjectPublicKeyInfo};

use crate::connection::Conn;
use crate::error::StoreError;
use crate::queries::applications::cut;
use crate::schema::officer_enrolments as e;
use crate::stored;

#[derive(Queryable, Selectable)]
#[diesel(table_name = e)]
struct Row {
    officer: Vec<u8>,
    name: String,
    roles: String,
    office: String,
    hash: Vec<u8>,
    opened_by: Vec<u8>,
    opened: i64,
    expires: i64,
    spki: Option<Vec<u8>>,
    presented: Option<i64>,
    certificate: Option<Vec<u8>>,
    acceptance: Option<String>,
}

impl Row {
    fn read(self) -> Result<EnrolmentRecord, StoreError> {
        let Self {
            officer,
            name,
            roles,
            office,
            hash,
            opened_by,
            opened,
            expires,
            spki,
            presented,
            certificate,
            acceptance,
        } = self;
        Ok(EnrolmentRecord {
            officer: stored::officer_id(&officer, "officer_enrolments.officer")?,
            name,
            roles: roles.split(',').map(str::to_owned).collect(),
            office,
            hash: CodeHash::from_bytes(stored::octets(&hash, "officer_enrolments.hash")?),
            opened_by: stored::officer_id(&opened_by, "officer_enrolments.opened_by")?,
            opened: stored::time(opened, "officer_enrolments.opened")?,
            expires: stored::time(expires, "officer_enrolments.expires")?,
            presented: match (spki, presented) {
                (Some(spki), Some(at)) => Some(PresentedKey {
                    key: SubjectPublicKeyInfo::assertion(spki),
                    at: stored::time(at, "officer_enrolments.presented")?,
                    acceptance,
                }),
                (_, _) => None,
            },
            certificate,
        })
    }
}

pub(crate) fn insert(conn: &mut Conn, enrolment: &EnrolmentRecord) -> Result<(), StoreError> {
    // What is presented and certified comes later.
    let EnrolmentRecord {
        officer,
        name,
        roles,
        office,
        hash,
        opened_by,
        opened,
        expires,
        presented: _,
        certificate: _,
    } = enrolment;
    diesel::insert_into(e::table)
        .values((
            e::officer.eq(officer.as_bytes().as_slice()),
            e::name.eq(name),
            e::roles.eq(roles.join(",")),
            e::office.eq(office),
            e::hash.eq(hash.as_bytes().as_slice()),
            e::opened_by.eq(opened_by.as_bytes().as_slice()),
            e::opened.eq(opened.unix_micros()),
            e::expires.eq(expires.unix_micros()),
        ))
        .execute(conn)?;
    Ok(())
}

/// Newest first.
pub(crate) fn page(conn: &mut Conn, page: &PageRequest) -> Result<Page<EnrolmentRecord>, StoreError> {
    let mut query = e::table
        .order((e::opened.desc(), e::officer.desc()))
        .limit(i64::from(page.limit) + 1)
        .select(Row::as_select())
        .into_boxed();
    if let Some(after) = &page.after {
        let nothing = Page { items: Vec::new(), next: None };
        let Ok(id) = after.parse::<OfficerId>() else { return Ok(nothing) };
        let row = e::table.find(id.as_bytes().as_slice());
        let opened: Option<i64> = row.select(e::opened).first(conn).optional()?;
        let Some(opened) = opened else { return Ok(nothing) };
        let older = e::opened.eq(opened).and(e::officer.lt(id.as_bytes().to_vec()));
        query = query.filter(e::opened.lt(opened).or(older));
    }
    let rows: Vec<Row> = query.load(conn)?;
    let items = rows.into_iter().map(Row::read).collect::<Result<_, _>>()?;
    Ok(cut(items, page.limit, |item: &EnrolmentRecord| item.officer.to_string()))
}

pub(crate) fn by_officer(conn: &mut Conn, officer: OfficerId) -> Result<Option<EnrolmentRecord>, StoreError> {
    let row = e::table.find(officer.as_bytes().as_slice());
    row.select(Row::as_select()).first(conn).optional()?.map(Row::read).transpose()
}

pub(crate) fn by_code(conn: &mut Conn, hash: &CodeHash) -> Result<Option<EnrolmentRecord>, StoreError> {
    let row = e::table.filter(e::hash.eq(hash.as_bytes().as_slice()));
    row.select(Row::as_select()).first(conn).optional()?.map(Row::read).transpose()
}

pub(crate) fn by_key(
    conn: &mut Conn,
    key: &SubjectPublicKeyInfo,
) -> Result<Option<EnrolmentRecord>, StoreError> {
    let row = e::table.filter(e::spki.eq(key.as_der())).order(e::opened.desc());
    row.select(Row::as_select()).first(conn).optional()?.map(Row::read).transpose()
}

/// Once: of two who present a key with one code the second is [`Conflict::Stale`].
pub(crate) fn present(
    conn: &mut Conn,
    officer: OfficerId,
    presented: &PresentedKey,
) -> Result<(), StoreError> {
    let row = e::table.find(officer.as_bytes().as_slice()).filter(e::spki.is_null());
    let changed = diesel::update(row)
        .set((
            e::spki.eq(Some(presented.key.as_der())),
            e::presented.eq(Some(presented.at.unix_micros())),
            e::acceptance.eq(presented.acceptance.as_deref()),
        ))
        .execute(conn)?;
    if changed == 1 { Ok(()) } else { Err(StoreError::Conflict(Conflict::Stale)) }
}

pub(crate) fn certify(conn: &mut Conn, officer: OfficerId, certificate: &[u8]) -> Result<bool, StoreError> {
    let row = e::table.find(officer.as_bytes().as_slice()).filter(e::spki.is_not_null());
    Ok(diesel::update(row).set(e::certificate.eq(Some(certificate))).execute(conn)? == 1)
}
