//! Questions about serial numbers that were never issued: somebody guesses, or a certificate was made elsewhere
//! (EN 319 411-1 OVR-6.6.3-03). Known probes are counted apart, so that the alarm is worth a look.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Mutex, PoisonError};

use metrics::counter;
use ndoba_ocsp::{CertId, Query, Said};
use ndoba_types::{CaName, SerialNumber};

use crate::metric::OCSP_UNISSUED;

/// What was asked since the last look about certificates that a CA never issued, known probes left out.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct UnissuedQueries {
    /// How many.
    pub count: u64,
    /// One of the serial numbers; `None` where only numbers were asked about that no certificate can have.
    pub example: Option<SerialNumber>,
}

#[derive(Default)]
pub(crate) struct UnissuedWatch {
    /// Leading octets of serial numbers, per CA.
    known_probes: HashMap<CaName, Vec<Vec<u8>>>,
    seen: Mutex<BTreeMap<CaName, UnissuedQueries>>,
}

impl UnissuedWatch {
    pub(crate) fn new(known_probes: HashMap<CaName, Vec<Vec<u8>>>) -> Self {
        Self { known_probes, seen: Mutex::default() }
    }

    /// Counts what an answer says of never issued numbers.
    pub(crate) fn note(&self, query: &Query, said: &[Said]) {
        for (cert_id, said) in query.request().cert_ids().iter().zip(said) {
            match said {
                Said::Good | Said::Revoked | Said::Suspended => {}
                Said::Unissued => self.note_one(query.ca(), cert_id),
            }
        }
    }

    fn note_one(&self, ca: &CaName, cert_id: &CertId) {
        let is_probe = |serial: &SerialNumber| {
            let prefixes = self.known_probes.get(ca).map(Vec::as_slice).unwrap_or_default();
            prefixes.iter().any(|prefix| serial.as_unsigned().starts_with(prefix))
        };
        let probe = cert_id.serial().is_some_and(is_probe);
        let asker = if probe { "known-probe" } else { "other" };
        counter!(OCSP_UNISSUED, "ca" => ca.to_string(), "asker" => asker).increment(1);
        if probe {
            return;
        }
        // Counts only: a panic elsewhere leaves them at worst one short.
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        let entry = seen.entry(ca.clone()).or_default();
        entry.count += 1;
        entry.example = cert_id.serial().cloned().or(entry.example.take());
    }

    pub(crate) fn take(&self) -> BTreeMap<CaName, UnissuedQueries> {
        std::mem::take(&mut *self.seen.lock().unwrap_or_else(PoisonError::into_inner))
    }
}
