//! What becomes of a restored database that two security officers accept (design §3, rollback; requirements K-P14).
//!
//! Its counters go on above everything that was witnessed or is online, so that no CRL number comes twice. What a
//! published CRL proves to be revoked is revoked again, with its date, whether the database knows the certificate
//! or not: accepting a restore never un-revokes.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, HashMap};

use ndoba_types::{CaName, CrlName, SerialNumber, SubjectPublicKeyInfo};
use ndoba_x509::{Crl, RevocationReason, RevokedEntry};

use crate::ports::{AuthorityMark, Ledger, LedgerError, OwedCrl};

/// A CRL as it is online, with the key that must have signed it.
#[derive(Clone, Debug)]
pub struct PublishedCrl {
    /// Which list.
    pub list: CrlName,
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
    /// What the CRLs list and the database lacks, by CA and serial number: each with its shard, where it is on one.
    pub revoked: Vec<(CrlName, RevokedEntry)>,
    /// The shards that are online.
    pub shards: Vec<OwedCrl>,
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
        let mut plan = Self { resume: ledger.marks()?, ..Self::default() };
        for mark in witnessed {
            let here = plan.mark(&mark.ca);
            // Above, not only up to: the version that was witnessed showed other statuses.
            here.version = here.version.max(mark.version + 1);
            here.crl_number = here.crl_number.max(mark.crl_number);
        }
        let mut missing = Missing::default();
        let (shards, whole): (Vec<_>, Vec<_>) = published.iter().partition(|one| one.list.shard.is_some());
        for one in shards.into_iter().chain(whole) {
            let unproven = || RestoreError::Published { list: one.list.clone() };
            let crl = Crl::from_der(&one.der).map_err(|_| unproven())?;
            crl.verify_signed_by(&one.key).map_err(|_| unproven())?;
            let here = plan.mark(&one.list.ca);
            here.crl_number = here.crl_number.max(crl.number().get());
            if one.list.shard.is_some() {
                plan.shards.push(OwedCrl { name: one.list.clone(), addresses: crl.addresses().to_vec() });
            }
            missing.add(ledger, &one.list, &crl)?;
        }
        plan.revoked = missing.found.into_values().collect();
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

/// The entries that the database has as good, or on hold where a list says for ever.
#[derive(Default)]
struct Missing {
    /// What the database has, by CA.
    known: HashMap<CaName, HashMap<SerialNumber, RevocationReason>>,
    /// Each once, on its shard where a list says which.
    found: BTreeMap<(CaName, SerialNumber), (CrlName, RevokedEntry)>,
}

impl Missing {
    fn add(&mut self, ledger: &dyn Ledger, list: &CrlName, crl: &Crl) -> Result<(), RestoreError> {
        let Self { known, found } = self;
        if !known.contains_key(&list.ca) {
            let mut of_ca = HashMap::new();
            ledger.for_each_revoked(&CrlName::whole(&list.ca), &mut |entry| {
                of_ca.insert(entry.serial, entry.reason);
            })?;
            known.insert(list.ca.clone(), of_ca);
        }
        let of_ca = known.get(&list.ca);
        let hold = RevocationReason::CertificateHold;
        for entry in crl.entries() {
            let lacks = match of_ca.and_then(|known| known.get(&entry.serial)) {
                None => true,
                Some(reason) => *reason == hold && entry.reason != hold,
            };
            if !lacks {
                continue;
            }
            match found.entry((list.ca.clone(), entry.serial.clone())) {
                Entry::Vacant(free) => {
                    free.insert((list.clone(), entry.clone()));
                }
                // On its shard, too, which may be the older one of the two lists.
                Entry::Occupied(mut there) => {
                    let (_, before) = there.get_mut();
                    if before.reason == hold && entry.reason != hold {
                        *before = entry.clone();
                    }
                }
            }
        }
        Ok(())
    }
}

/// Why it cannot be said what a restore would do.
#[derive(Debug, thiserror::Error)]
pub enum RestoreError {
    /// The database did not answer.
    #[error("the restored database could not be read")]
    Ledger(#[from] LedgerError),
    /// What is online proves nothing: not a CRL, or not signed by the CA. Put the last good one in its place.
    #[error("the published CRL of {list} is not one that this CA signed")]
    Published {
        /// Which it should be.
        list: CrlName,
    },
}
