//! Shards of CAs' lists: which were opened, and what changed on them.

use std::collections::BTreeMap;

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Nullable, Text};
use ndoba_ca::ports::{NewShard, OwedCrl};
use ndoba_types::{CaName, CrlName, CrlShard};
use ndoba_x509::HttpUrl;

use crate::connection::{Conn, on_each_engine};
use crate::error::StoreError;
use crate::queries::{events, versions};
use crate::schema::{certificate_status, crl_shards, crls, revocation_records};
use crate::stored;

/// The lists that the CA owes: shards in order, the whole list at the end.
pub(crate) fn owed(conn: &mut Conn, ca: &CaName) -> Result<Vec<OwedCrl>, StoreError> {
    let rows: Vec<(i64, String)> = crl_shards::table
        .filter(crl_shards::ca.eq(ca.as_str()))
        .order((crl_shards::shard, crl_shards::version, crl_shards::address))
        .select((crl_shards::shard, crl_shards::address))
        .load(conn)?;
    let mut shards: BTreeMap<CrlShard, Vec<HttpUrl>> = BTreeMap::new();
    for (shard, address) in rows {
        let address = stored::text(&address, "crl_shards.address")?;
        shards.entry(stored::shard(shard)?).or_default().push(address);
    }
    let shards = shards.into_iter().map(|(shard, addresses)| OwedCrl {
        name: CrlName { ca: ca.clone(), shard: Some(shard) },
        addresses,
    });
    Ok(shards.chain([OwedCrl::whole(ca)]).collect())
}

/// Opens what is not open at that address; nothing under a CA that has ended.
pub(crate) fn open(conn: &mut Conn, ca: &CaName, shards: &[NewShard]) -> Result<(), StoreError> {
    // Looked at before anything is held: at every start all of them are there.
    let there = owed(conn, ca)?;
    let is_new = |new: &&NewShard| {
        let same = there.iter().find(|list| list.name.shard == Some(new.shard));
        same.is_none_or(|list| !list.addresses.contains(&new.address))
    };
    let new: Vec<&NewShard> = shards.iter().filter(is_new).collect();
    if new.is_empty() || !versions::ended(conn, &[ca].into())?.is_empty() {
        return Ok(());
    }
    for NewShard { shard, address, event } in new {
        if enter(conn, ca, *shard, address)? {
            events::append(conn, std::slice::from_ref(event))?;
        }
    }
    Ok(())
}

/// Whether it was not there. It counts as a change: the lists of before do not show it.
pub(crate) fn enter(
    conn: &mut Conn,
    ca: &CaName,
    shard: CrlShard,
    address: &HttpUrl,
) -> Result<bool, StoreError> {
    let row = crl_shards::table.find((ca.as_str(), stored::shard_to_row(Some(shard)), address.as_str()));
    let there: i64 = row.count().get_result(conn)?;
    if there > 0 {
        return Ok(false);
    }
    let version = stored::count_to_row(versions::next(conn, ca)?, "ca_status.version")?;
    let row = (
        crl_shards::ca.eq(ca.as_str()),
        crl_shards::shard.eq(stored::shard_to_row(Some(shard))),
        crl_shards::address.eq(address.as_str()),
        crl_shards::version.eq(version),
    );
    // Another node may have opened it since; the counters' row, which we hold, has made us wait for it.
    let entered = on_each_engine!(conn => {
        diesel::insert_into(crl_shards::table).values(row).on_conflict_do_nothing().execute(conn)
    })?;
    Ok(entered == 1)
}

/// The status version of the last change after `shown` that the shard is to show; `shown` where there is none.
pub(crate) fn version(conn: &mut Conn, ca: &CaName, shard: i64, shown: i64) -> Result<i64, StoreError> {
    let opened: Option<i64> = crl_shards::table
        .filter(crl_shards::ca.eq(ca.as_str()))
        .filter(crl_shards::shard.eq(shard))
        .select(diesel::dsl::max(crl_shards::version))
        .first(conn)?;
    let changed: Option<i64> = changes_after(ca, shown)
        .filter(certificate_status::shard.eq(shard))
        .select(diesel::dsl::max(revocation_records::version))
        .first(conn)?;
    Ok(shown.max(opened.unwrap_or(0)).max(changed.unwrap_or(0)))
}

/// The changes of the CA's statuses after this version, each beside its certificate's status.
#[diesel::dsl::auto_type]
fn changes_after<'a>(ca: &'a CaName, version: i64) -> _ {
    let ca: &'a str = ca.as_str();
    revocation_records::table
        .inner_join(
            certificate_status::table.on(certificate_status::ca
                .eq(revocation_records::ca)
                .and(certificate_status::serial.eq(revocation_records::serial))),
        )
        .filter(revocation_records::ca.eq(ca))
        .filter(revocation_records::version.gt(version))
}

/// How each shard of the CA stands, by one look at an index for each.
const STANDING: &str = "SELECT opened.shard, opened.version AS opened,
        (SELECT status_version FROM crls
         WHERE crls.ca = $1 AND crls.shard = opened.shard AND crls.der IS NOT NULL
         ORDER BY crls.number DESC LIMIT 1) AS shown
    FROM (SELECT shard, max(version) AS version FROM crl_shards WHERE ca = $1 GROUP BY shard) AS opened
    ORDER BY opened.shard";

#[derive(QueryableByName)]
struct Standing {
    #[diesel(sql_type = BigInt)]
    shard: i64,
    /// The status version that opened it last.
    #[diesel(sql_type = BigInt)]
    opened: i64,
    /// As [`shown`].
    #[diesel(sql_type = Nullable<BigInt>)]
    shown: Option<i64>,
}

/// The shards whose last list does not show every change: two statements, however many there are.
pub(crate) fn behind(conn: &mut Conn, ca: &CaName) -> Result<Vec<i64>, StoreError> {
    let shards: Vec<Standing> = on_each_engine!(conn => {
        diesel::sql_query(STANDING).bind::<Text, _>(ca.as_str()).load(conn)
    })?;
    let Some(least) = shards.iter().filter_map(|one| one.shown).min() else {
        return Ok(shards.into_iter().map(|one| one.shard).collect());
    };
    let changed: Vec<(i64, Option<i64>)> = changes_after(ca, least)
        .filter(certificate_status::shard.gt(0))
        .group_by(certificate_status::shard)
        .select((certificate_status::shard, diesel::dsl::max(revocation_records::version)))
        .load(conn)?;
    let changed: BTreeMap<i64, Option<i64>> = changed.into_iter().collect();
    let is_behind = |one: &Standing| {
        let last = changed.get(&one.shard).copied().flatten().max(Some(one.opened));
        one.shown.is_none_or(|shown| last > Some(shown))
    };
    Ok(shards.into_iter().filter(is_behind).map(|one| one.shard).collect())
}

/// The status version that the last signed list shows; none before the first.
pub(crate) fn shown(conn: &mut Conn, ca: &CaName, shard: i64) -> Result<Option<i64>, StoreError> {
    let last: Option<Option<i64>> = crls::table
        .filter(crls::ca.eq(ca.as_str()))
        .filter(crls::shard.eq(shard))
        .filter(crls::der.is_not_null())
        .order(crls::number.desc())
        .select(crls::status_version)
        .first(conn)
        .optional()?;
    Ok(last.flatten())
}

/// The shard that a certificate names; 0 for none, and for a certificate that is not there.
pub(crate) fn of(conn: &mut Conn, ca: &str, serial: &[u8]) -> Result<i64, StoreError> {
    let row = certificate_status::table.find((ca, serial)).select(certificate_status::shard);
    Ok(row.first(conn).optional()?.unwrap_or(0))
}
