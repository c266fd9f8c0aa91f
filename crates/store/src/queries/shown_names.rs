//! Names as certificates show them: how the desk finds a certificate whose number nobody knows.

use diesel::prelude::*;
use ndoba_registration::ports::PageRequest;
use ndoba_types::SerialNumber;
use ndoba_x509::{Certificate, oid};

use crate::connection::{Conn, insert_new};
use crate::error::StoreError;
use crate::schema::certificate_names;

/// Above every character that a name has.
const END: char = '\u{10ffff}';

#[derive(Insertable)]
#[diesel(table_name = certificate_names)]
struct Shown<'a> {
    name: String,
    serial: &'a [u8],
}

/// Enters a certificate under its subject's names: as people say them, and surname first.
pub(crate) fn enter(conn: &mut Conn, serial: &SerialNumber, der: &[u8]) -> Result<(), StoreError> {
    enter_all(conn, [(serial, der)])
}

/// Enters each certificate under its subject's names.
pub(crate) fn enter_all<'a>(
    conn: &mut Conn,
    certificates: impl IntoIterator<Item = (&'a SerialNumber, &'a [u8])>,
) -> Result<(), StoreError> {
    let mut rows = Vec::new();
    for (serial, der) in certificates {
        // What does not read was never issued by us; nothing is found by it.
        let Ok(certificate) = Certificate::from_der(der) else { continue };
        rows.extend(names(&certificate).into_iter().map(|name| Shown { name, serial: serial.as_unsigned() }));
    }
    insert_new!(conn, certificate_names::table, &rows);
    Ok(())
}

fn names(certificate: &Certificate) -> Vec<String> {
    let attributes = certificate.subject().attributes();
    let value = |wanted| attributes.iter().find(|(id, _)| *id == wanted).map(|(_, value)| value.as_str());
    let mut found: Vec<String> = [oid::COMMON_NAME, oid::ORGANIZATION_NAME]
        .into_iter()
        .filter_map(|wanted| value(wanted).map(folded))
        .collect();
    if let (Some(surname), Some(given)) = (value(oid::SURNAME), value(oid::GIVEN_NAME)) {
        found.push(folded(&format!("{surname} {given}")));
    }
    found.sort_unstable();
    found.dedup();
    found
}

/// In small letters, never in capitals: those of Mkhedruli are another script (G-43).
fn folded(name: &str) -> String {
    let name = name.to_lowercase();
    name.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The serial numbers of a page of certificates with a name that begins so, by name, and one more where there is one.
pub(crate) fn find(conn: &mut Conn, begins: &str, page: &PageRequest) -> Result<Vec<Vec<u8>>, StoreError> {
    let begins = folded(begins);
    let mut query = certificate_names::table
        .filter(certificate_names::name.ge(begins.clone()))
        .filter(certificate_names::name.lt(format!("{begins}{END}")))
        .order((certificate_names::name, certificate_names::serial))
        .limit(i64::from(page.limit) + 1)
        .select(certificate_names::serial)
        .into_boxed();
    if let Some(after) = &page.after {
        let Ok(serial) = after.parse::<SerialNumber>() else { return Ok(Vec::new()) };
        let name: Option<String> = certificate_names::table
            .filter(certificate_names::serial.eq(serial.as_unsigned()))
            .filter(certificate_names::name.ge(begins.clone()))
            .filter(certificate_names::name.lt(format!("{begins}{END}")))
            .select(certificate_names::name)
            .order(certificate_names::name.desc())
            .first(conn)
            .optional()?;
        let Some(name) = name else { return Ok(Vec::new()) };
        query = query.filter(certificate_names::name.gt(name.clone()).or(
            certificate_names::name.eq(name).and(certificate_names::serial.gt(serial.as_unsigned().to_vec())),
        ));
    }
    Ok(query.load(conn)?)
}
