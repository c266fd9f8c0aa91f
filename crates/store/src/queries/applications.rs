//! Applications: personal data, read by registration alone.

use diesel::prelude::*;
use ndoba_registration::application::{ApplicationContent, ApplicationId, Salt, StoredState};
use ndoba_registration::ports::{
    ApplicationFilter, ApplicationRecord, ApplicationWithOrder, Conflict, Page, PageRequest,
};

use ndoba_registration::sealed::DataKeys;
use ndoba_registration::{representative_identifier, subject_identifier};
use zeroize::Zeroizing;

use crate::connection::Conn;
use crate::error::StoreError;
use crate::queries::orders::{self, OrderStateRow};
use crate::schema::{applications, orders as order_rows};
use crate::sealing::{Row, data_key};
use crate::spelling::order;
use crate::stored;

const TABLE: &str = "applications";

#[derive(Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = applications, treat_none_as_null = true)]
struct ApplicationRow {
    id: Vec<u8>,
    version: i64,
    state: String,
    content: Vec<u8>,
    subject: Vec<u8>,
    salt: Vec<u8>,
    opened_by: Vec<u8>,
    opened: i64,
    updated: i64,
    order_id: Option<Vec<u8>>,
    remark: Option<Vec<u8>>,
    replaces: Option<Vec<u8>>,
    data_key: Option<i64>,
    representative: Option<Vec<u8>>,
    profile: Option<String>,
    without_code: Option<Vec<u8>>,
}

impl ApplicationRow {
    /// Seals what is about a person.
    fn seal(keys: &DataKeys, record: &ApplicationRecord) -> Result<Self, StoreError> {
        let ApplicationRecord {
            id,
            version,
            state,
            content,
            salt,
            opened_by,
            opened,
            updated,
            order,
            remark,
            without_code,
            replaces,
        } = record;
        let json = serde_json::to_vec(content).map_err(|_| StoreError::corrupt("applications.content"))?;
        let row = Row { keys, table: TABLE, id: id.as_bytes() };
        Ok(Self {
            id: id.as_bytes().to_vec(),
            version: (*version).into(),
            state: state.name().into(),
            content: row.seal("content", &Zeroizing::new(json))?,
            subject: keys.index(SUBJECT, &subject_identifier(content)).to_vec(),
            salt: row.seal("salt", salt.as_bytes())?,
            opened_by: opened_by.as_bytes().to_vec(),
            opened: opened.unix_micros(),
            updated: updated.unix_micros(),
            order_id: order.map(|id| id.as_bytes().to_vec()),
            remark: remark.as_ref().map(|remark| row.seal("remark", remark.as_bytes())).transpose()?,
            replaces: replaces.as_ref().map(|serial| serial.as_unsigned().to_vec()),
            data_key: data_key(keys),
            representative: representative_identifier(content)
                .map(|person| keys.index(REPRESENTATIVE, &person).to_vec()),
            profile: Some(content.profile.clone()),
            without_code: without_code
                .as_ref()
                .map(|reason| row.seal("without_code", reason.as_bytes()))
                .transpose()?,
        })
    }

    fn open(self, keys: &DataKeys) -> Result<ApplicationRecord, StoreError> {
        let Self {
            id,
            version,
            state,
            content,
            subject: _,
            salt,
            opened_by,
            opened,
            updated,
            order_id,
            remark,
            replaces,
            data_key,
            representative: _,
            profile: _,
            without_code,
        } = self;
        let row = Row { keys, table: TABLE, id: &id };
        let text = |column, place, sealed| {
            let clear = row.open(data_key, column, sealed)?;
            String::from_utf8(clear.to_vec()).map_err(|_| StoreError::corrupt(place))
        };
        Ok(ApplicationRecord {
            id: ApplicationId::from_bytes(stored::octets(&id, "applications.id")?),
            version: u32::try_from(version).map_err(|_| StoreError::corrupt("applications.version"))?,
            state: StoredState::from_name(&state).ok_or_else(|| StoreError::corrupt("applications.state"))?,
            content: read_content(&row.open(data_key, "content", content)?)?,
            salt: Salt::from_bytes(stored::octets(&row.open(data_key, "salt", salt)?, "applications.salt")?),
            opened_by: stored::officer_id(&opened_by, "applications.opened_by")?,
            opened: stored::time(opened, "applications.opened")?,
            updated: stored::time(updated, "applications.updated")?,
            order: order_id.as_deref().map(stored::order_id).transpose()?,
            remark: remark.map(|sealed| text("remark", "applications.remark", sealed)).transpose()?,
            without_code: without_code
                .map(|sealed| text("without_code", "applications.without_code", sealed))
                .transpose()?,
            replaces: replaces
                .as_deref()
                .map(|serial| stored::serial(serial, "applications.replaces"))
                .transpose()?,
        })
    }
}

fn read_content(json: &[u8]) -> Result<ApplicationContent, StoreError> {
    // serde's message could quote personal data.
    serde_json::from_slice(json).map_err(|_| StoreError::corrupt("applications.content"))
}

const SUBJECT: &str = "applications.subject";
const REPRESENTATIVE: &str = "applications.representative";

/// What `subject` may stand as: a digest under each key, and itself in rows that are in clear still.
pub(crate) fn found_by(keys: &DataKeys, subject: &str) -> Vec<Vec<u8>> {
    let digests = keys.indexes(SUBJECT, subject).into_iter().map(|digest| digest.to_vec());
    digests.chain([subject.as_bytes().to_vec()]).collect()
}

/// An application's content alone.
#[derive(Queryable, Selectable)]
#[diesel(table_name = applications)]
pub(crate) struct SealedContent {
    id: Vec<u8>,
    content: Vec<u8>,
    data_key: Option<i64>,
}

impl SealedContent {
    /// Whom it is about, as lists are searched.
    pub(crate) fn subject(self, keys: &DataKeys) -> Result<String, StoreError> {
        let Self { id, content, data_key } = self;
        let clear = Row { keys, table: TABLE, id: &id }.open(data_key, "content", content)?;
        Ok(subject_identifier(&read_content(&clear)?).into_owned())
    }
}

fn with_order(
    keys: &DataKeys,
    row: ApplicationRow,
    order: Option<OrderStateRow>,
) -> Result<ApplicationWithOrder, StoreError> {
    Ok(ApplicationWithOrder {
        application: row.open(keys)?,
        order_state: order.map(orders::order_state).transpose()?,
    })
}

pub(crate) fn insert(conn: &mut Conn, keys: &DataKeys, record: &ApplicationRecord) -> Result<(), StoreError> {
    diesel::insert_into(applications::table).values(ApplicationRow::seal(keys, record)?).execute(conn)?;
    Ok(())
}

pub(crate) fn find(
    conn: &mut Conn,
    keys: &DataKeys,
    id: ApplicationId,
) -> Result<Option<ApplicationWithOrder>, StoreError> {
    let row: Option<(ApplicationRow, Option<OrderStateRow>)> = applications::table
        .left_join(order_rows::table.on(order_rows::order_id.nullable().eq(applications::order_id)))
        .filter(applications::id.eq(id.as_bytes().as_slice()))
        .select((ApplicationRow::as_select(), Option::<OrderStateRow>::as_select()))
        .first(conn)
        .optional()?;
    row.map(|(row, order)| with_order(keys, row, order)).transpose()
}

/// Seals some applications anew that are in clear, under an older key, or from before a profile's name stood beside; how many
/// there were. One that changes meanwhile
/// is sealed by its change.
pub(crate) fn seal(
    conn: &mut Conn,
    keys: &DataKeys,
    newest: Option<i64>,
    limit: i64,
) -> Result<usize, StoreError> {
    let rows: Vec<ApplicationRow> = applications::table
        .filter(
            applications::data_key
                .is_null()
                .or(applications::data_key.lt(newest))
                .or(applications::profile.is_null()),
        )
        .select(ApplicationRow::as_select())
        .limit(limit)
        .load(conn)?;
    let found = rows.len();
    for row in rows {
        let (id, version) = (row.id.clone(), row.version);
        let sealed = ApplicationRow::seal(keys, &row.open(keys)?)?;
        diesel::update(applications::table.find(&id).filter(applications::version.eq(version)))
            .set(sealed)
            .execute(conn)?;
    }
    Ok(found)
}

/// Newest first. Run in a snapshot: the page's start is looked up first.
pub(crate) fn list(
    conn: &mut Conn,
    keys: &DataKeys,
    filter: &ApplicationFilter,
    page: &PageRequest,
) -> Result<Page<ApplicationWithOrder>, StoreError> {
    let Some(profile) = &filter.profile else { return part(conn, keys, filter, page) };
    let of_before: Option<Vec<u8>> = applications::table
        .filter(applications::profile.is_null())
        .select(applications::id)
        .first(conn)
        .optional()?;
    if of_before.is_none() {
        return part(conn, keys, filter, page);
    }
    // Until rows of before are sealed anew, what they are by is in them only.
    let anything = ApplicationFilter { profile: None, ..filter.clone() };
    let limit = usize::try_from(page.limit).unwrap_or(usize::MAX);
    let (mut items, mut after) = (Vec::new(), page.after.clone());
    loop {
        let found = part(conn, keys, &anything, &PageRequest { limit: page.limit, after })?;
        items.extend(found.items.into_iter().filter(|one| one.application.content.profile == *profile));
        after = found.next;
        if after.is_none() || items.len() > limit {
            return Ok(cut(items, page.limit, |item| item.application.id.to_string()));
        }
    }
}

fn part(
    conn: &mut Conn,
    keys: &DataKeys,
    filter: &ApplicationFilter,
    page: &PageRequest,
) -> Result<Page<ApplicationWithOrder>, StoreError> {
    let ApplicationFilter { states, subject, concerning, opened_by, within, profile, since, until } = filter;
    let mut query = applications::table
        .left_join(order_rows::table.on(order_rows::order_id.nullable().eq(applications::order_id)))
        .select((ApplicationRow::as_select(), Option::<OrderStateRow>::as_select()))
        .order((applications::opened.desc(), applications::id.desc()))
        .limit(i64::from(page.limit) + 1)
        .into_boxed();
    if let Some(after) = &page.after {
        let Ok(id) = after.parse::<ApplicationId>() else {
            return Ok(Page { items: Vec::new(), next: None });
        };
        let opened: Option<i64> = applications::table
            .find(id.as_bytes().as_slice())
            .select(applications::opened)
            .first(conn)
            .optional()?;
        let Some(opened) = opened else { return Ok(Page { items: Vec::new(), next: None }) };
        query = query.filter(
            applications::opened
                .lt(opened)
                .or(applications::opened.eq(opened).and(applications::id.lt(id.as_bytes().to_vec()))),
        );
    }
    if let Some(subject) = subject {
        query = query.filter(applications::subject.eq_any(found_by(keys, subject)));
    }
    if let Some(person) = concerning {
        // No row from before there were digests at all has a representative's.
        let represents: Vec<Vec<u8>> =
            keys.indexes(REPRESENTATIVE, person).into_iter().map(|digest| digest.to_vec()).collect();
        query = query.filter(
            applications::subject
                .eq_any(found_by(keys, person))
                .or(applications::representative.assume_not_null().eq_any(represents)),
        );
    }
    if let Some(officer) = opened_by {
        query = query.filter(applications::opened_by.eq(officer.as_bytes().as_slice()));
    }
    if let Some(those) = within {
        let those: Vec<&[u8]> = those.iter().map(|one| one.as_bytes().as_slice()).collect();
        query = query.filter(applications::opened_by.eq_any(those));
    }
    if let Some(profile) = profile {
        query = query.filter(applications::profile.assume_not_null().eq(profile.clone()));
    }
    if let Some(since) = since {
        query = query.filter(applications::opened.ge(since.unix_micros()));
    }
    if let Some(until) = until {
        query = query.filter(applications::opened.lt(until.unix_micros()));
    }
    if !states.is_empty() {
        let whatever_order: Vec<&str> =
            states.iter().filter(|(_, order)| order.is_none()).map(|(state, _)| state.name()).collect();
        let with_order: Vec<String> = states
            .iter()
            .filter_map(|(state, order)| order.map(|order| format!("{}/{order}", state.name())))
            .collect();
        // Pairs as texts: no engine-neutral way exists to compare rows. No order: NULL, which is none of them.
        let pair = applications::state.concat("/").concat(order_rows::state.assume_not_null());
        query = query.filter(applications::state.eq_any(whatever_order).or(pair.eq_any(with_order)));
    }
    let rows: Vec<(ApplicationRow, Option<OrderStateRow>)> = query.load(conn)?;
    let items =
        rows.into_iter().map(|(row, order)| with_order(keys, row, order)).collect::<Result<_, _>>()?;
    Ok(cut(items, page.limit, |item: &ApplicationWithOrder| item.application.id.to_string()))
}

/// Turns one row too many into the knowledge that there is a next page.
pub(crate) fn cut<T>(mut items: Vec<T>, limit: u32, id: impl Fn(&T) -> String) -> Page<T> {
    let limit = usize::try_from(limit).unwrap_or(usize::MAX);
    let next = (items.len() > limit).then(|| {
        items.truncate(limit);
        items.last().map(&id)
    });
    Page { items, next: next.flatten() }
}

/// Replaces the row of the version before. An order of it that is still open is withdrawn; one that the CA may be
/// at work on is a conflict.
pub(crate) fn update(conn: &mut Conn, keys: &DataKeys, record: &ApplicationRecord) -> Result<(), StoreError> {
    let row = ApplicationRow::seal(keys, record)?;
    let before = row.version - 1;
    let id = row.id.clone();
    // Withdrawing waits for a signature that is being added; only then is it known whether the order was queued.
    diesel::update(
        order_rows::table.filter(order_rows::application.eq(&id)).filter(order_rows::state.eq(order::OPEN)),
    )
    .set(order_rows::state.eq(order::WITHDRAWN))
    .execute(conn)?;
    let active: Option<Vec<u8>> = order_rows::table
        .filter(order_rows::application.eq(&id))
        .filter(order_rows::state.eq_any([order::QUEUED, order::CLAIMED]))
        .select(order_rows::order_id)
        .first(conn)
        .optional()?;
    if active.is_some() {
        return Err(StoreError::Conflict(Conflict::Stale));
    }
    let changed = diesel::update(applications::table.find(&id).filter(applications::version.eq(before)))
        .set(row)
        .execute(conn)?;
    if changed == 1 { Ok(()) } else { Err(StoreError::Conflict(Conflict::Stale)) }
}
