//! The accounting: how often each key was to sign, what came of it, and rows that do not agree with each other.

use std::collections::BTreeMap;

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Binary, Text};
use ndoba_ca::accounting::{AttemptKey, AttemptRow, Extent, KeyUse, Outcome, RowName, Rule, Violation};
use ndoba_ca::ports::CertificateId;
use ndoba_types::OrderId;

use crate::connection::Conn;
use crate::error::StoreError;
use crate::queries::finals;
use crate::schema::{attempts, certificates, crls, key_counts};
use crate::{spelling, stored};

/// The most rows that are named for one rule.
const MOST: u32 = 100;

/// Run in a snapshot: the token's counts are a second statement.
pub(crate) fn uses(conn: &mut Conn) -> Result<Vec<KeyUse>, StoreError> {
    let rows: Vec<(String, String, String, String, i64, Option<i64>)> = attempts::table
        .group_by((attempts::key_label, attempts::epoch, attempts::node, attempts::outcome))
        .select((
            attempts::key_label,
            attempts::epoch,
            attempts::node,
            attempts::outcome,
            diesel::dsl::count_star(),
            diesel::dsl::min(attempts::at),
        ))
        .load(conn)?;
    let counted: Vec<(String, String, String, i64, i64)> = key_counts::table.load(conn)?;
    let mut uses = BTreeMap::new();
    for (label, epoch, node, how, many, first) in rows {
        let began = stored::time(first.unwrap_or_default(), "attempts.at")?;
        let entry = entry(&mut uses, &label, epoch, node, began)?;
        let many = stored::count(many, "attempts")?;
        entry.began = entry.began.min(began);
        entry.intents += many;
        match spelling::attempt_outcome(&how)? {
            Outcome::Open => {}
            Outcome::Lost => entry.lost += many,
            Outcome::Repeated => entry.repeated += many,
            Outcome::Signed => entry.signed += many,
            Outcome::Unsigned => entry.unsigned += many,
        }
    }
    // Final OCSP answers, by the same keys: accounted for batch by batch.
    for (label, epoch, node, at, intents, signed) in finals::batches(conn)? {
        let entry = entry(&mut uses, &label, epoch, node, stored::time(at, "final_batches.at")?)?;
        let intents = stored::count(intents, "final_batches.intents")?;
        entry.intents += intents;
        if let Some(signed) = signed {
            let signed = stored::count(signed, "final_batches.signed")?;
            entry.signed += signed;
            // The token may have signed what it did not hand over.
            entry.lost += intents.saturating_sub(signed);
        }
    }
    for (label, epoch, node, signatures, at) in counted {
        // An epoch of which only the count is known intended nothing.
        let entry = entry(&mut uses, &label, epoch, node, stored::time(at, "key_counts.at")?)?;
        entry.token = Some(stored::count(signatures, "key_counts.signatures")?);
    }
    let mut uses: Vec<_> = uses.into_values().collect();
    uses.sort_by(|one, other| (&one.key, one.began).cmp(&(&other.key, other.began)));
    Ok(uses)
}

type Uses = BTreeMap<(String, String), KeyUse>;

fn entry<'a>(
    uses: &'a mut Uses,
    label: &str,
    epoch: String,
    node: String,
    began: ndoba_types::UtcTime,
) -> Result<&'a mut KeyUse, StoreError> {
    let key = stored::key_label(label)?;
    Ok(uses.entry((label.to_owned(), epoch.clone())).or_insert(KeyUse {
        key,
        epoch,
        node,
        began,
        intents: 0,
        signed: 0,
        lost: 0,
        repeated: 0,
        unsigned: 0,
        token: None,
    }))
}

/// Rules about certificates: `FROM` the rows in question as `c`, with what is wrong. Literals and not bound values, so
/// that both engines use their partial indexes.
const CERTIFICATES: [(Rule, &str); 3] = [
    (
        Rule::CertificateWithoutIntent,
        "WHERE c.der IS NOT NULL AND NOT EXISTS (SELECT 1 FROM attempts a
           WHERE a.ca = c.ca AND a.serial = c.serial AND a.outcome = 'signed')",
    ),
    (
        Rule::SignedWithoutCertificate,
        "WHERE c.der IS NULL AND EXISTS (SELECT 1 FROM attempts a
           WHERE a.ca = c.ca AND a.serial = c.serial AND a.outcome = 'signed')",
    ),
    (
        Rule::LostButThere,
        "JOIN attempts a ON a.ca = c.ca AND a.serial = c.serial AND a.outcome = 'lost'
         LEFT JOIN certificate_status s ON s.ca = c.ca AND s.serial = c.serial
         WHERE c.der IS NOT NULL OR s.state IS NULL OR s.state <> 'issued_lost' OR s.revoked IS NULL",
    ),
];

/// Rules about CRLs, as `c`.
const CRLS: [(Rule, &str); 2] = [
    (
        Rule::CertificateWithoutIntent,
        "WHERE c.der IS NOT NULL AND NOT EXISTS (SELECT 1 FROM attempts a
           WHERE a.ca = c.ca AND a.crl_number = c.number AND a.outcome = 'signed')",
    ),
    (
        Rule::SignedWithoutCertificate,
        "WHERE c.der IS NULL AND EXISTS (SELECT 1 FROM attempts a
           WHERE a.ca = c.ca AND a.crl_number = c.number AND a.outcome = 'signed')",
    ),
];

/// Rules about orders for certificates; the newest certificates lead to the orders in question, as `c`.
const ORDERS: [(Rule, &str); 3] = [
    (
        Rule::OrderTwice,
        "FROM {certificates} c JOIN certificates other ON other.order_id = c.order_id
           AND other.der IS NOT NULL AND (other.ca <> c.ca OR other.serial <> c.serial)
         WHERE c.der IS NOT NULL AND c.order_id IS NOT NULL",
    ),
    (
        Rule::OrderWithoutCertificate,
        "FROM {certificates} c JOIN orders o ON o.order_id = c.order_id
         WHERE (c.der IS NOT NULL AND (o.state <> 'done' OR o.result <> c.serial))
            OR (o.state = 'done' AND NOT EXISTS (SELECT 1 FROM certificates made
                  WHERE made.order_id = o.order_id AND made.serial = o.result AND made.der IS NOT NULL))",
    ),
    (
        Rule::OrderStranded,
        "FROM orders c WHERE c.state = 'claimed' AND NOT EXISTS (SELECT 1 FROM certificates made
           JOIN attempts a ON a.ca = made.ca AND a.serial = made.serial AND a.outcome = 'open'
           WHERE made.order_id = c.order_id)",
    ),
];

/// What only a look at every row shows.
const EVERYWHERE: &str = "SELECT a.ca AS ca, a.serial AS octets FROM attempts a WHERE a.serial IS NOT NULL
   AND NOT EXISTS (SELECT 1 FROM certificates c WHERE c.ca = a.ca AND c.serial = a.serial)
   AND a.outcome <> 'repeated'";

#[derive(QueryableByName)]
struct ByOctets {
    #[diesel(sql_type = Text)]
    ca: String,
    #[diesel(sql_type = Binary)]
    octets: Vec<u8>,
}

#[derive(QueryableByName)]
struct ByNumber {
    #[diesel(sql_type = Text)]
    ca: String,
    #[diesel(sql_type = BigInt)]
    number: i64,
}

/// Run in a snapshot: what is committed between two statements would look like a disagreement.
pub(crate) fn violations(conn: &mut Conn, extent: Extent) -> Result<Vec<Violation>, StoreError> {
    let (of_certificates, of_crls) = match extent {
        Extent::All => ("certificates".to_owned(), "crls".to_owned()),
        Extent::Newest(count) => (
            format!("(SELECT * FROM certificates ORDER BY recorded DESC, serial DESC LIMIT {count})"),
            format!("(SELECT * FROM crls ORDER BY number DESC LIMIT {count})"),
        ),
    };
    let mut found = Vec::new();
    for (rule, wrong) in CERTIFICATES {
        let sql = format!(
            "SELECT DISTINCT c.ca AS ca, c.serial AS octets FROM {of_certificates} c {wrong} LIMIT {MOST}"
        );
        for row in diesel::sql_query(sql).load::<ByOctets>(conn)? {
            found.push(Violation { rule, row: certificate(&row)? });
        }
    }
    for (rule, wrong) in CRLS {
        let sql = format!("SELECT c.ca AS ca, c.number AS number FROM {of_crls} c {wrong} LIMIT {MOST}");
        for ByNumber { ca, number } in diesel::sql_query(sql).load(conn)? {
            let (ca, number) = (stored::ca(&ca)?, stored::count(number, "crls.number")?);
            found.push(Violation { rule, row: RowName::Crl { ca, number } });
        }
    }
    for (rule, wrong) in ORDERS {
        let wrong = wrong.replace("{certificates}", &of_certificates);
        let sql = format!("SELECT DISTINCT c.ca AS ca, c.order_id AS octets {wrong} LIMIT {MOST}");
        for ByOctets { ca: _, octets } in diesel::sql_query(sql).load(conn)? {
            found.push(Violation { rule, row: RowName::Order(order(&octets)?) });
        }
    }
    if extent == Extent::All {
        let sql = format!("{EVERYWHERE} LIMIT {MOST}");
        for row in diesel::sql_query(sql).load::<ByOctets>(conn)? {
            found.push(Violation { rule: Rule::SignedWithoutCertificate, row: certificate(&row)? });
        }
    }
    Ok(found)
}

fn certificate(row: &ByOctets) -> Result<RowName, StoreError> {
    Ok(RowName::Certificate(CertificateId {
        ca: stored::ca(&row.ca)?,
        serial: stored::serial(&row.octets, "certificates.serial")?,
    }))
}

fn order(octets: &[u8]) -> Result<OrderId, StoreError> {
    stored::order_id(octets)
}

/// Key, epoch, number, CA, serial, CRL number, time, digest, outcome, certificate, CRL.
type Row = (
    String,
    String,
    i64,
    String,
    Option<Vec<u8>>,
    Option<i64>,
    i64,
    Vec<u8>,
    String,
    Option<Vec<u8>>,
    Option<Vec<u8>>,
);

/// The attempts after `after`, by key, epoch and number, with what they made.
pub(crate) fn attempts_after(
    conn: &mut Conn,
    after: Option<&AttemptKey>,
    limit: i64,
) -> Result<Vec<AttemptRow>, StoreError> {
    let (label, epoch, number) = match after {
        None => (String::new(), String::new(), 0),
        Some(AttemptKey { key, epoch, number }) => {
            (key.to_string(), epoch.clone(), stored::count_to_row(*number, "attempts.number")?)
        }
    };
    let rows: Vec<Row> = attempts::table
        .left_join(
            certificates::table.on(certificates::ca
                .eq(attempts::ca)
                .and(certificates::serial.nullable().eq(attempts::serial))),
        )
        .left_join(
            crls::table.on(crls::ca.eq(attempts::ca).and(crls::number.nullable().eq(attempts::crl_number))),
        )
        .filter(
            attempts::key_label
                .gt(label.clone())
                .or(attempts::key_label.eq(label.clone()).and(attempts::epoch.gt(epoch.clone())))
                .or(attempts::key_label
                    .eq(label)
                    .and(attempts::epoch.eq(epoch))
                    .and(attempts::number.gt(number))),
        )
        .order((attempts::key_label, attempts::epoch, attempts::number))
        .limit(limit)
        .select((
            attempts::key_label,
            attempts::epoch,
            attempts::number,
            attempts::ca,
            attempts::serial,
            attempts::crl_number,
            attempts::at,
            attempts::digest,
            attempts::outcome,
            certificates::der.nullable(),
            crls::der.nullable(),
        ))
        .load(conn)?;
    let mut attempts = rows.into_iter().map(read).collect::<Result<Vec<_>, _>>()?;
    for attempt in &mut attempts {
        if let (RowName::Crl { ca, number }, Some(made)) = (&attempt.row, &mut attempt.made) {
            made.extend(super::crls::rest(conn, ca, *number)?);
        }
    }
    Ok(attempts)
}

fn read(row: Row) -> Result<AttemptRow, StoreError> {
    let (label, epoch, number, ca, serial, crl_number, at, digest, outcome, certificate, crl) = row;
    let ca = stored::ca(&ca)?;
    let (row, made) = match (serial, crl_number) {
        (Some(serial), None) => {
            let serial = stored::serial(&serial, "attempts.serial")?;
            (RowName::Certificate(CertificateId { ca: ca.clone(), serial }), certificate)
        }
        (None, Some(number)) => {
            let number = stored::count(number, "attempts.crl_number")?;
            (RowName::Crl { ca: ca.clone(), number }, crl)
        }
        (None, None) | (Some(_), Some(_)) => return Err(StoreError::corrupt("attempts.serial")),
    };
    let outcome = spelling::attempt_outcome(&outcome)?;
    Ok(AttemptRow {
        place: AttemptKey {
            key: stored::key_label(&label)?,
            epoch,
            number: stored::count(number, "attempts.number")?,
        },
        row,
        ca,
        at: stored::time(at, "attempts.at")?,
        digest,
        // A certificate that was made at last is not what an earlier attempt made.
        made: made.filter(|_| outcome == Outcome::Signed),
        outcome,
    })
}
