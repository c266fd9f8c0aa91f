//! The CA's rollback witness: the store's file behind the CA's port.

use std::sync::{Mutex, PoisonError};

use ndoba_ca::ports::AuthorityMark;
use ndoba_ca::{Behind, PublishError, RollbackWitness};
use ndoba_store::{AdvanceError, Marks, Witness};

/// The witness of the `ca` role.
pub(crate) struct WitnessFile(Mutex<Witness>);

impl WitnessFile {
    /// Takes the file that was loaded.
    pub(crate) fn new(witness: Witness) -> Self {
        Self(Mutex::new(witness))
    }
}

fn marks(authorities: &[AuthorityMark], grant: u64) -> Marks {
    Marks { authorities: authorities.to_vec(), grant, checkpoint: None }
}

/// Of a database's marks those that the witness of `role` keeps: a role remembers what it reads. The log is the
/// `audit` role's, and the register of officers none of `ocsp`'s business.
pub(crate) fn role_marks(role: &str, database: &Marks) -> Marks {
    marks(&database.authorities, if role == "ca" { database.grant } else { 0 })
}

fn behind(found: &ndoba_store::Behind) -> Behind {
    Behind { what: found.what.clone(), witness: found.witness.clone(), database: found.database.clone() }
}

impl RollbackWitness for WitnessFile {
    fn check(&self, authorities: &[AuthorityMark], highest_grant: u64) -> Result<(), Behind> {
        // A panic while holding it leaves a witness that is at worst older than it could be.
        let witness = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        witness.check(&marks(authorities, highest_grant)).map_err(|found| behind(&found))
    }

    fn advance(&self, authorities: &[AuthorityMark], highest_grant: u64) -> Result<(), PublishError> {
        let mut witness = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        witness
            .advance(&marks(authorities, highest_grant))
            .map_err(|error: AdvanceError| PublishError(Box::new(error)))
    }
}
