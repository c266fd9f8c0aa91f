//! Whose a subject name is, for the life of the CA (EN 319 411-1 GEN-6.3.3-10, C-29).

use std::collections::HashMap;

use diesel::prelude::*;
use ndoba_ca::ports::Intent;
use ndoba_types::{CaName, Sha256Digest};

use crate::connection::{Conn, insert_new, on_each_engine};
use crate::error::StoreError;
use crate::schema::dn_owners;

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
        Self { ca: ca.as_str(), name: Sha256Digest::of(name).as_bytes().to_vec(), owner: owner.as_bytes() }
    }
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
    let found: Vec<u8> = dn_owners::table.find((row.ca, &row.name)).select(dn_owners::owner).first(conn)?;
    Ok(found == row.owner)
}

/// Takes the names of a batch of one CA. `false` where one is another's; what was taken then is the caller's to undo.
pub(crate) fn take_all(conn: &mut Conn, ca: &CaName, intents: &[Intent]) -> Result<bool, StoreError> {
    let mut rows: Vec<_> =
        intents.iter().map(|intent| Owner::new(ca, &intent.subject_name, &intent.name_owner)).collect();
    // In one sequence whoever asks: nodes that share names then wait for each other, and never in a circle.
    rows.sort_unstable();
    insert_new!(conn, dn_owners::table, &rows);
    let names: Vec<&[u8]> = rows.iter().map(|row| row.name.as_slice()).collect();
    let found: HashMap<Vec<u8>, Vec<u8>> = dn_owners::table
        .filter(dn_owners::ca.eq(ca.as_str()))
        .filter(dn_owners::name.eq_any(names))
        .select((dn_owners::name, dn_owners::owner))
        .load::<(Vec<u8>, Vec<u8>)>(conn)?
        .into_iter()
        .collect();
    Ok(rows.iter().all(|row| found.get(&row.name).is_some_and(|owner| owner == row.owner)))
}
