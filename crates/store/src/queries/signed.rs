//! What officers signed, octet by octet, as an auditor takes it out.

use std::collections::HashMap;

use diesel::prelude::*;
use ndoba_order::{Named, Signed, SignedLine};

use crate::connection::Conn;
use crate::error::StoreError;
use crate::schema::{officer_grant_signatures, officer_grants, order_signatures, orders};
use crate::stored;

/// What these records name, as far as it is there. Run in a snapshot: documents and signatures are read apart.
pub(crate) fn found(conn: &mut Conn, named: &[(u64, Named)]) -> Result<Vec<SignedLine>, StoreError> {
    let (mut ids, mut seqs) = (Vec::new(), Vec::new());
    for (_, named) in named {
        match named {
            Named::Order(id) => ids.push(id.as_bytes().to_vec()),
            Named::Grant(seq) => seqs.push(stored::count_to_row(*seq, "officer_grants.seq")?),
            // Kept where the command ran that it was signed for.
            Named::Statement(_) => {}
        }
    }
    let (mut orders, mut grants) = (of_orders(conn, &ids)?, of_grants(conn, &seqs)?);
    let mut lines = Vec::new();
    for (record, named) in named {
        let signed = match named {
            Named::Order(id) => orders.remove(id.as_bytes().as_slice()),
            Named::Grant(seq) => grants.remove(&stored::count_to_row(*seq, "officer_grants.seq")?),
            Named::Statement(_) => None,
        };
        lines.extend(signed.map(|signed| SignedLine { record: *record, signed }));
    }
    Ok(lines)
}

fn of_orders(conn: &mut Conn, ids: &[Vec<u8>]) -> Result<HashMap<Vec<u8>, Signed>, StoreError> {
    if ids.is_empty() {
        return Ok(HashMap::new());
    }
    let rows: Vec<(Vec<u8>, Vec<u8>)> = orders::table
        .filter(orders::order_id.eq_any(ids))
        .select((orders::order_id, orders::content))
        .load(conn)?;
    let mut found: HashMap<Vec<u8>, Signed> =
        rows.into_iter().map(|(id, content)| (id, signed(content))).collect();
    let signatures: Vec<(Vec<u8>, String)> = order_signatures::table
        .filter(order_signatures::order_id.eq_any(ids))
        .order((order_signatures::order_id, order_signatures::position))
        .select((order_signatures::order_id, order_signatures::jws))
        .load(conn)?;
    for (id, jws) in signatures {
        if let Some(signed) = found.get_mut(&id) {
            signed.signatures.push(jws.into_bytes());
        }
    }
    Ok(found)
}

fn of_grants(conn: &mut Conn, seqs: &[i64]) -> Result<HashMap<i64, Signed>, StoreError> {
    if seqs.is_empty() {
        return Ok(HashMap::new());
    }
    let rows: Vec<(i64, Vec<u8>)> = officer_grants::table
        .filter(officer_grants::seq.eq_any(seqs))
        .select((officer_grants::seq, officer_grants::document))
        .load(conn)?;
    let mut found: HashMap<i64, Signed> =
        rows.into_iter().map(|(seq, document)| (seq, signed(document))).collect();
    let signatures: Vec<(i64, String)> = officer_grant_signatures::table
        .filter(officer_grant_signatures::seq.eq_any(seqs))
        .order((officer_grant_signatures::seq, officer_grant_signatures::position))
        .select((officer_grant_signatures::seq, officer_grant_signatures::jws))
        .load(conn)?;
    for (seq, jws) in signatures {
        if let Some(signed) = found.get_mut(&seq) {
            signed.signatures.push(jws.into_bytes());
        }
    }
    Ok(found)
}

/// A row whose content was taken out of it by law is left empty.
fn signed(content: Vec<u8>) -> Signed {
    Signed { document: (!content.is_empty()).then_some(content), signatures: Vec::new() }
}
