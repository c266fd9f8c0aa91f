//! The revocation of a CA that two security officers decided (EN 319 411-1 CSS-6.3.9-13; C-93): its issuer's list is new at
//! once, and whatever the CA certified answers revoked too.

use std::sync::Arc;

use ndoba_audit::EventKind;
use ndoba_order::Register;
use ndoba_types::CaName;
use ndoba_x509::KeyIdentifier;

use crate::authority::IssuingCa;
use crate::crl::{CrlPublication, unless_overtaken};
use crate::error::CaError;
use crate::node::Node;
use crate::ports::{AuthorityRevocation, CertificateId, Ledger, OwedCrl};
use crate::world::{CrlSink, Failpoints};

/// Certificates in a transaction: so many officers wait for at most.
const BATCH: usize = 200;

/// What revoking a CA works with.
pub struct Revoking {
    /// This process.
    pub node: Node,
    /// The database.
    pub ledger: Arc<dyn Ledger>,
    /// Where CRLs go.
    pub sink: Arc<dyn CrlSink>,
    /// For tests; [`NoFailpoints`](crate::NoFailpoints) in service.
    pub failpoints: Arc<dyn Failpoints>,
}

/// A CA to be revoked.
pub struct Revoked<'a> {
    /// Its name.
    pub ca: &'a CaName,
    /// Its key, as officers name it.
    pub key: KeyIdentifier,
    /// Its certificate, under its issuer.
    pub certificate: CertificateId,
}

impl Revoking {
    /// Revokes the CA's certificate, publishes its issuer's next list, then revokes what the CA certified, so many at a
    /// time. Done again it goes on where it was interrupted. Gives the number of the issuer's list.
    ///
    /// # Inputs
    ///
    /// - `issuer` – with its key, for its list.
    /// - `register` – replayed from the pin up to now: the decision is a document of its chain.
    /// - `progress` – told how many certificates are revoked so far.
    ///
    /// # Errors
    ///
    /// [`RevokeCaError`].
    pub fn revoke(
        &self,
        issuer: &IssuingCa,
        revoked: Revoked<'_>,
        register: &Register,
        progress: &mut dyn FnMut(usize),
    ) -> Result<u64, RevokeCaError> {
        let Revoked { ca, key, certificate } = revoked;
        let Some(reason) = register.ca_revocation(key) else {
            return Err(RevokeCaError::NotDecided { ca: ca.clone() });
        };
        // 1. The CA's own certificate. From this commit on the CA issues nothing.
        let event = self.node.event(EventKind::CaRevoked {
            ca: ca.clone(),
            issuer: certificate.ca.clone(),
            serial: certificate.serial.clone(),
            reason: reason.name().into(),
        });
        let event = event.map_err(CaError::from)?;
        let at = self.node.now();
        let first = AuthorityRevocation { ca: ca.clone(), certificate, reason, at, event };
        self.ledger.revoke_authority(first).map_err(CaError::from)?;

        // 2. The list that says so, at once.
        let number = self.publish(issuer)?;

        // 3. What it certified.
        let mut count = 0;
        loop {
            let batch = self.ledger.unrevoked(ca, BATCH).map_err(CaError::from)?;
            if batch.is_empty() {
                return Ok(number);
            }
            let batch = batch.into_iter().map(|id| {
                let (ca, serial) = (id.ca.clone(), id.serial.clone());
                let event = EventKind::CertificateRevokedWithCa { ca, serial, reason: reason.name().into() };
                Ok((id, self.node.event(event).map_err(CaError::from)?))
            });
            let batch = batch.collect::<Result<Vec<_>, CaError>>()?;
            count += self.ledger.revoke_with_ca(batch, reason, self.node.now()).map_err(CaError::from)?;
            progress(count);
        }
    }

    /// The issuer's next list, unless the one online says it already: a running `ca` role may have been first, or be
    /// about it at this moment, which is over soon.
    fn publish(&self, issuer: &IssuingCa) -> Result<u64, RevokeCaError> {
        let made = unless_overtaken(|| self.publish_once(issuer))?;
        made.ok_or_else(|| RevokeCaError::Overtaken { ca: issuer.name.clone() })
    }

    fn publish_once(&self, issuer: &IssuingCa) -> Result<Option<u64>, CaError> {
        let publication = CrlPublication {
            node: &self.node,
            ledger: &*self.ledger,
            sink: &*self.sink,
            failpoints: &*self.failpoints,
            ca: issuer,
            // A CA's certificate is on the whole list.
            list: OwedCrl::whole(&issuer.name),
        };
        let state = self.ledger.crl_state(&publication.list.name)?;
        if let Some(last) = state.last.as_ref().filter(|last| last.version >= state.version) {
            publication.catch_up(&state)?;
            return Ok(Some(last.number));
        }
        Ok(publication.publish(&state)?.map(|made| made.number))
    }
}

/// Why a CA is not revoked, or not all of it.
#[derive(Debug, thiserror::Error)]
pub enum RevokeCaError {
    /// The ledger, the token or the published files did not do it; the same command goes on.
    #[error("the CA is not revoked with all that it issued")]
    Ca(#[from] CaError),
    /// Two security officers revoke a CA, by a document of the register.
    #[error("nobody revoked the CA {ca}: two security officers do that with `ndoba officer revoke-ca`")]
    NotDecided {
        /// Which CA.
        ca: CaName,
    },
    /// The `ca` role was about a list for longer than this waits.
    #[error("another process made a CRL of {ca} meanwhile: repeat the command")]
    Overtaken {
        /// Which CA.
        ca: CaName,
    },
}
