//! Whose a subject name is, for the life of the CA and of those that follow it (EN 319 411-1 GEN-6.3.3-10, C-29).
//!
//! Names that differ in letter case or spacing are one name to whoever compares by RFC 5280 §7.1, and a name taken at
//! one CA of the provider is taken at the others: generations of a CA issue under one issuer name.

use std::collections::HashMap;

use diesel::prelude::*;
use ndoba_ca::ports::Intent;
use ndoba_types::{CaName, Sha256Digest};
use ndoba_x509::DistinguishedName;

use crate::connection::{Conn, insert_new, on_each_engine};
use crate::error::StoreError;
use crate::schema::{authorities, dn_owners};

/// A name and its owner. The name's digest is the key: names may be longer than an index entry.
#[derive(Insertable, PartialEq, Eq, PartialOrd, Ord)]
#[diesel(table_name = dn_owners)]
struct Owner<'a> {
    ca: &'a str,
    name: Vec<u8>,
    owner: &'a [u8],
}

impl<'a> Owner<'a> {
    fn new(ca: &'a CaName, name: &[u8], owner: &'a Sha256Digest) -> Self {
        Self { ca: ca.as_str(), name: key(name), owner: owner.as_bytes() }
    }
}

/// By what names are compared.
fn key(name: &[u8]) -> Vec<u8> {
    DistinguishedName::from_der(name).map_or_else(|_| exactly(name), |name| octets(name.comparison_key()))
}

/// By what they were compared before letter case counted for nothing: octet by octet.
fn exactly(name: &[u8]) -> Vec<u8> {
    octets(Sha256Digest::of(name))
}

fn octets(digest: Sha256Digest) -> Vec<u8> {
    digest.as_bytes().to_vec()
}

/// Takes a name. `false` where it is another's.
pub(crate) fn take(
    conn: &mut Conn,
    ca: &CaName,
    name: &[u8],
    owner: Sha256Digest,
) -> Result<bool, StoreError> {
    let row = Owner::new(ca, name, &owner);
    on_each_engine!(conn => {
        diesel::insert_into(dn_owners::table).values(&row).on_conflict_do_nothing().execute(conn)
    })?;
    let found = owners(conn, ca, &[row.name.clone(), exactly(name)])?;
    Ok(found.iter().all(|(_, found)| found == row.owner))
}

/// Takes the names of a batch of one CA. `false` where one is another's; what was taken then is the caller's to undo.
pub(crate) fn take_all(conn: &mut Conn, ca: &CaName, intents: &[Intent]) -> Result<bool, StoreError> {
    let mut rows: Vec<_> =
        intents.iter().map(|intent| Owner::new(ca, &intent.subject_name, &intent.name_owner)).collect();
    // Those whom the rows must agree with, by either key.
    let mut wanted: Vec<(Vec<u8>, &[u8])> = rows.iter().map(|row| (row.name.clone(), row.owner)).collect();
    wanted
        .extend(intents.iter().map(|one| (exactly(&one.subject_name), one.name_owner.as_bytes().as_slice())));
    // In one sequence whoever asks: nodes that share names then wait for each other, and never in a circle.
    rows.sort_unstable();
    insert_new!(conn, dn_owners::table, &rows);
    let names: Vec<Vec<u8>> = wanted.iter().map(|(name, _)| name.clone()).collect();
    let mut found: HashMap<Vec<u8>, Vec<Vec<u8>>> = HashMap::new();
    for (name, owner) in owners(conn, ca, &names)? {
        found.entry(name).or_default().push(owner);
    }
    let agree = |(name, owner): &(Vec<u8>, &[u8])| {
        found.get(name).is_none_or(|found| found.iter().all(|one| one == owner))
    };
    Ok(wanted.iter().all(agree))
}

/// A name's key, and whose it is.
type Owned = (Vec<u8>, Vec<u8>);

/// Who has these names, at this CA or another.
fn owners(conn: &mut Conn, ca: &CaName, names: &[Vec<u8>]) -> Result<Vec<Owned>, StoreError> {
    let mut cas: Vec<String> = authorities::table.select(authorities::ca).load(conn)?;
    cas.push(ca.as_str().to_owned());
    Ok(dn_owners::table
        .filter(dn_owners::ca.eq_any(cas))
        .filter(dn_owners::name.eq_any(names))
        .select((dn_owners::name, dn_owners::owner))
        .load(conn)?)
}
