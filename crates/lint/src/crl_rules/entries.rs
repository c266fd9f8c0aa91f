use std::collections::HashSet;

use super::Rule;
use crate::crl::{Crl, CrlContext};
use crate::der;
use crate::finding::Report;
use crate::moment::Moment;
use crate::rules::oid;

/// No empty list, no serial twice, none revoked in the future, reasons that a full CRL has.
pub(super) const RULE: Rule =
    Rule { id: "crl-entries", clause: "RFC 5280 §5.1.2.6, §5.3.1; C-90, C-107", check };

/// Whether a serial number stands behind another as our lists have them: by its octets without a sign octet.
fn above(one: &[u8], other: &[u8]) -> bool {
    fn unsigned(serial: &[u8]) -> &[u8] {
        serial.strip_prefix(&[0]).unwrap_or(serial)
    }
    unsigned(one) > unsigned(other)
}

fn check(crl: &Crl<'_>, _: &CrlContext<'_>, report: &mut Report<'_>) {
    let Some(entries) = &crl.entries else { return };
    if entries.each().next().is_none() {
        report.error("revokedCertificates is absent when there are none, never empty", None);
    }
    let this_update = Moment::of(&crl.this_update);
    // Where each serial number is above the one before, as on our lists, none comes twice and none is remembered.
    let ascends = entries.each().is_sorted_by(|one, other| above(other.serial.content, one.serial.content));
    let mut seen = HashSet::new();
    for entry in entries.each() {
        let place = entry.serial.start..entry.date.end;
        let again = !ascends && !seen.insert(entry.serial.content);
        if entry.serial.tag != der::INTEGER || again {
            report.error("a serial number occurs again, or is none", place.clone());
        }
        if Moment::of(&entry.date).is_none() || Moment::of(&entry.date) > this_update {
            report.error("a revocation date is malformed or after thisUpdate", place.clone());
        }
        for extension in &entry.extensions {
            let value = extension.der().ok();
            let fits = match extension.oid.as_str() {
                // unspecified (0) is left out; removeFromCRL (8) is for deltas; 7 is unused.
                oid::REASON_CODE => value
                    .is_some_and(|v| v.tag == der::ENUMERATED && matches!(v.small(), Some(1..=6 | 9 | 10))),
                oid::INVALIDITY_DATE => {
                    value.is_some_and(|v| v.tag == der::GENERALIZED_TIME && Moment::of(&v).is_some())
                }
                _ => false,
            };
            if !fits || extension.critical {
                report.error(
                    format!("entry extension {} is wrong or unknown", extension.oid),
                    extension.place.clone(),
                );
            }
        }
    }
}
