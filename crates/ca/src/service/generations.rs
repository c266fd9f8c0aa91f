//! Which generation of a CA issues: CAs of one name with a key each, in a row, by decisions of two security officers
//! (EN 319 411-1 GEN-6.5.1-08, -09; ADR 0017).
//!
//! Only what is begun is judged here. An intent that was recorded before its CA's time ended is carried out: its
//! signature may exist already. Lists, answers about certificates and responders are every generation's own for ever.

use std::collections::BTreeSet;

use ndoba_types::CaName;
use ndoba_x509::Certificate;

use super::{CaService, refusal};
use crate::authority::IssuingCa;
use crate::decide::Stop;
use crate::error::CaError;
use crate::ports::Authority;

/// Whether a CA may begin a certificate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Turn {
    /// Its time has come.
    Now,
    /// Its time was decided and comes.
    Later,
}

impl CaService {
    /// Whether `ca` issues now.
    pub(super) fn turn(&self, ca: &IssuingCa) -> Result<Turn, Stop> {
        let now = self.node.now();
        if let Some(until) = self.register.issues_until(ca.facts.ski).filter(|until| *until <= now) {
            return Err(refusal(
                "ca-succeeded",
                format!("another key issues in the place of this CA since {until}; make a new order"),
            ));
        }
        match self.register.issues_from(ca.facts.ski) {
            Some(from) if now < from => Ok(Turn::Later),
            Some(_) => Ok(Turn::Now),
            None if self.heirs.contains(&ca.name) => Err(refusal(
                "ca-not-appointed",
                "two security officers have not decided yet when this CA takes over from the one before",
            )),
            None => Ok(Turn::Now),
        }
    }
}

/// Those of `ours` whose name an older CA has, ours or another that the ledger knows.
pub(super) fn heirs<'c>(
    known: &[Authority],
    ours: impl Iterator<Item = &'c IssuingCa> + Clone,
) -> Result<BTreeSet<CaName>, CaError> {
    let mut named = Vec::with_capacity(known.len());
    for authority in known {
        let certificate = Certificate::from_der(&authority.certificate).map_err(|error| {
            CaError::Misconfigured { what: format!("the certificate of {}: {error}", authority.name) }
        })?;
        named.push((certificate.subject().clone(), authority.not_before));
    }
    named.extend(ours.clone().map(|ca| (ca.facts.name.clone(), ca.facts.not_before)));
    let has_older = |ca: &&IssuingCa| {
        named.iter().any(|(name, since)| *name == ca.facts.name && *since < ca.facts.not_before)
    };
    Ok(ours.filter(has_older).map(|ca| ca.name.clone()).collect())
}
