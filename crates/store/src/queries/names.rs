//! Names as certificates show them: how the desk finds a certificate whose number nobody knows.

use diesel::prelude::*;
use ndoba_registration::ports::PageRequest;
use ndoba_types::SerialNumber;
use ndoba_x509::{Certificate, oid};

use crate::connection::{Conn, on_each_engine};
use crate::error::StoreError;
use crate::schema::certificate_names;

/// Above every character that a name has.
const END: char = '\u{10ffff}';

/// Enters a certificate under its subject's names: as people say them, and surname first.
pub(crate) fn enter(conn: &mut Conn, serial: &SerialNumber, der: &[u8]) -> Result<(), StoreError> {
    // What does not read was never issued by us; nothing is found by it.
    let Ok(certificate) = Certificate::from_der(der) else { return Ok(()) };
    for name in names(&certificate) {
        let row = (certificate_names::name.eq(&name), certificate_names::serial.eq(serial.as_unsigned()));
        on_each_engine!(conn => {
            diesel::insert_into(certificate_names::table).values(row).on_conflict_do_nothing().execute(conn)
        })?;
    }
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
