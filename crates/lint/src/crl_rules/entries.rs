use std::collections::HashSet;

use crate::certificate::Extension;
use crate::context::Scope;
use crate::crl::{Crl, Split};
use crate::der::{self, NotDer, Tlv};
use crate::finding::{Finding, Report};
use crate::moment::Moment;
use crate::rules::oid;

const ID: &str = "crl-entries";
const CLAUSE: &str = "RFC 5280 §5.1.2.6, §5.3.1; C-90, C-107";

/// No empty list, no serial twice, none revoked in the future, reasons that a full CRL has: entry by entry.
///
/// Our lists ascend by serial number, so of them only the last one is kept; of strangers' all serial numbers are.
pub(crate) struct EntryJudge {
    scope: Scope,
    this_update: Option<Moment>,
    last: Option<Vec<u8>>,
    seen: HashSet<Vec<u8>>,
    strict: Result<(), NotDer>,
    findings: Vec<Finding>,
}

impl EntryJudge {
    pub(crate) fn new(scope: Scope) -> Self {
        Self {
            scope,
            this_update: None,
            last: None,
            seen: HashSet::new(),
            strict: Ok(()),
            findings: Vec::new(),
        }
    }

    /// Before the first entry: `crl` by what stands before it.
    pub(crate) fn begin(&mut self, split: &Split, crl: &Crl<'_>) {
        self.this_update = Moment::of(&crl.this_update);
        if split.entries == Some(0) {
            self.report().error("revokedCertificates is absent when there are none, never empty", None);
        }
    }

    /// The next entry, which stands at `at` in the document.
    pub(crate) fn judge(&mut self, octets: &[u8], at: usize) -> Result<(), NotDer> {
        let value = Tlv::whole(octets, at)?;
        let entry = Entry::read(&value)?;
        if self.strict.is_ok() {
            self.strict = der::strict(&value);
        }
        let place = entry.serial.start..entry.date.end;
        if entry.serial.tag != der::INTEGER || self.came_before(entry.serial.content) {
            self.report()
                .error("a serial number is none, occurs again, or is out of our order", place.clone());
        }
        let date = Moment::of(&entry.date);
        if date.is_none() || date > self.this_update {
            self.report().error("a revocation date is malformed or after thisUpdate", place);
        }
        for extension in &entry.extensions {
            if !fits(extension) || extension.critical {
                let why = format!("entry extension {} is wrong or unknown", extension.oid);
                self.report().error(why, extension.place.clone());
            }
        }
        Ok(())
    }

    /// The first place in an entry where X.690 is broken.
    pub(crate) fn strict(&self) -> Result<(), NotDer> {
        self.strict
    }

    /// What was found goes behind what others found.
    pub(crate) fn finish(self, findings: &mut Vec<Finding>) {
        findings.extend(self.findings);
    }

    fn came_before(&mut self, serial: &[u8]) -> bool {
        match self.scope {
            Scope::Anyone => !self.seen.insert(serial.to_vec()),
            Scope::Ours => {
                let ascends = self.last.as_ref().is_none_or(|last| above(serial, last));
                self.last = Some(serial.to_vec());
                !ascends
            }
        }
    }

    fn report(&mut self) -> Report<'_> {
        Report::of(ID, CLAUSE, &mut self.findings).within(self.scope)
    }
}

/// Whether a serial number stands behind another as our lists have them: by its octets without a sign octet.
fn above(one: &[u8], other: &[u8]) -> bool {
    fn unsigned(serial: &[u8]) -> &[u8] {
        serial.strip_prefix(&[0]).unwrap_or(serial)
    }
    unsigned(one) > unsigned(other)
}

fn fits(extension: &Extension<'_>) -> bool {
    let value = extension.der().ok();
    match extension.oid.as_str() {
        // unspecified (0) is left out; removeFromCRL (8) is for deltas; 7 is unused.
        oid::REASON_CODE => {
            value.is_some_and(|v| v.tag == der::ENUMERATED && matches!(v.small(), Some(1..=6 | 9 | 10)))
        }
        oid::INVALIDITY_DATE => {
            value.is_some_and(|v| v.tag == der::GENERALIZED_TIME && Moment::of(&v).is_some())
        }
        _ => false,
    }
}

/// One revoked certificate.
struct Entry<'a> {
    serial: Tlv<'a>,
    date: Tlv<'a>,
    extensions: Vec<Extension<'a>>,
}

impl<'a> Entry<'a> {
    fn read(value: &Tlv<'a>) -> Result<Self, NotDer> {
        let not = NotDer { at: value.start, why: "malformed entry" };
        let parts = value.children_of(der::SEQUENCE).ok_or(not)?;
        let (serial, date, extensions) = match parts[..] {
            [serial, date] => (serial, date, Vec::new()),
            [serial, date, extensions] => (serial, date, Extension::read_all(&extensions)?),
            _ => return Err(not),
        };
        Ok(Self { serial, date, extensions })
    }
}
