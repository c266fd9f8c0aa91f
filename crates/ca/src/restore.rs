//! What becomes of a restored database that two security officers accept (design §3, rollback; requirements K-P14).
//!
//! Its counters go on above everything that was witnessed or is online, so that no CRL number comes twice. What a
//! published CRL proves to be revoked is revoked again, with its date, whether the database knows the certificate
//! or not: accepting a restore never un-revokes.

use std::collections::HashMap;

use ndoba_types::{CaName, SerialNumber, SubjectPublicKeyInfo};
use ndoba_x509::{Crl, RevocationReason, RevokedEntry};

use crate::ports::{AuthorityMark, Ledger, LedgerError};

/// A CRL as it is online, with the key that must have signed it.
#[derive(Clone, Debug)]
pub struct PublishedCrl {
    /// Whose.
    pub ca: CaName,
    /// The CA's public key, from its certificate among our own files.
    pub key: SubjectPublicKeyInfo,
    /// The CRL, DER.
    pub der: Vec<u8>,
}

/// What accepting the restored database would do to it.
#[derive(Clone, Debug, Default)]
pub struct RestorePlan {
    /// What each CA's counters rise to; by name.
    pub resume: Vec<AuthorityMark>,
    /// What the CRLs list and the database lacks, in the order of the lists.
    pub revoked: Vec<(CaName, RevokedEntry)>,
}

impl RestorePlan {
    /// Compares the database with its witnesses and with what is online. Changes nothing.
    ///
    /// # Inputs
    ///
    /// - `witnessed` – the marks of every witness, several of one CA perhaps.
    /// - `published` – the CRLs that are online; of a CA that has none yet, nothing.
    ///
    /// # Errors
    ///
    /// [`RestoreError`].
    pub fn new(
        ledger: &dyn Ledger,
        witnessed: &[AuthorityMark],
        published: &[PublishedCrl],
    ) -> Result<Self, RestoreError> {
        let mut plan = Self { resume: ledger.marks()?, revoked: Vec::new() };
        for mark in witnessed {
            let here = plan.mark(&mark.ca);
            // Above, not only up to: the version that was witnessed showed other statuses.
            here.version = here.version.max(mark.version + 1);
            here.crl_number = here.crl_number.max(mark.crl_number);
        }
        for one in published {
            let unproven = || RestoreError::Published { ca: one.ca.clone() };
            let crl = Crl::from_der(&one.der).map_err(|_| unproven())?;
            crl.verify_signed_by(&one.key).map_err(|_| unproven())?;
            let here = plan.mark(&one.ca);
            here.crl_number = here.crl_number.max(crl.number().get());
            plan.revoked
                .extend(missing(ledger, &one.ca, &crl)?.into_iter().map(|entry| (one.ca.clone(), entry)));
        }
        plan.resume.sort_by(|one, other| one.ca.cmp(&other.ca));
        Ok(plan)
    }

    fn mark(&mut self, ca: &CaName) -> &mut AuthorityMark {
        let place = match self.resume.iter().position(|mark| mark.ca == *ca) {
            Some(place) => place,
            None => {
                self.resume.push(AuthorityMark { ca: ca.clone(), version: 0, crl_number: 0 });
                self.resume.len() - 1
            }
        };
        &mut self.resume[place]
    }
}

/// The entries that the database has as good, or on hold where the list says for ever.
fn missing(ledger: &dyn Ledger, ca: &CaName, crl: &Crl) -> Result<Vec<RevokedEntry>, RestoreError> {
    let mut known: HashMap<SerialNumber, RevocationReason> = HashMap::new();
    ledger.for_each_revoked(ca, &mut |entry| {
        known.insert(entry.serial, entry.reason);
    })?;
    let hold = RevocationReason::CertificateHold;
    let lacks = |entry: &&RevokedEntry| match known.get(&entry.serial) {
        None => true,
        Some(reason) => *reason == hold && entry.reason != hold,
    };
    Ok(crl.entries().iter().filter(lacks).cloned().collect())
}

/// Why it cannot be said what a restore would do.
#[derive(Debug, thiserror::Error)]
pub enum RestoreError {
    /// The database did not answer.
    #[error("the restored database could not be read")]
    Ledger(#[from] LedgerError),
    /// What is online proves nothing: not a CRL, or not signed by the CA. Put the last good one in its place.
    #[error("the published CRL of {ca} is not one that this CA signed")]
    Published {
        /// Whose it should be.
        ca: CaName,
    },
}
