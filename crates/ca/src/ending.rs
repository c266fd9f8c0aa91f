//! The last CRLs of a CA that two security officers ended and of which nothing lives any more
//! (EN 319 411-1 CSS-6.3.9-06, EN 319 411-2 CSS-6.3.10-09; C-92).
//!
//! With the intent to sign the first of them the ledger marks the CA as ended: from that commit on it issues nothing, even
//! when the signature fails and is tried again later. Each list that it owes has one, and none after it.

use std::sync::Arc;

use ndoba_audit::{Event, EventKind};
use ndoba_order::Register;
use ndoba_types::{CaName, CrlName, UtcTime};

use crate::authority::IssuingCa;
use crate::crl::{CrlPublication, unless_overtaken};
use crate::error::CaError;
use crate::node::Node;
use crate::ports::{CrlSummary, Ledger, OwedCrl};
use crate::world::{CrlSink, Failpoints};

/// What makes a list a CA's last.
#[derive(Clone, Debug)]
pub struct AuthorityEnd {
    /// When; a certificate that is valid then and not revoked for ever refuses it.
    pub at: UtcTime,
    /// Committed with it where the CA had not ended before.
    pub event: Event,
}

/// What became of the intent to sign a CA's last list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LastCrlIntent {
    /// Certificates of the CA are valid still.
    Alive {
        /// How many.
        certificates: u64,
        /// Until when the last of them.
        until: UtcTime,
    },
    /// Another took the number first.
    NumberTaken,
    /// Durable; the CA has ended.
    Recorded,
}

impl CrlSummary {
    /// Whether no list follows it (C-92).
    pub fn is_last(&self) -> bool {
        self.next_update == UtcTime::NO_END
    }
}

/// What ending a CA works with.
pub struct Ending {
    /// This process.
    pub node: Node,
    /// The database.
    pub ledger: Arc<dyn Ledger>,
    /// Where CRLs go.
    pub sink: Arc<dyn CrlSink>,
    /// For tests; [`NoFailpoints`](crate::NoFailpoints) in service.
    pub failpoints: Arc<dyn Failpoints>,
}

impl Ending {
    /// Signs and publishes the last of each of a CA's lists, the whole one at the end. Done again it publishes the same
    /// lists again.
    ///
    /// `register` is replayed from the pin up to now: the decision is a document of its chain.
    ///
    /// # Errors
    ///
    /// [`EndError`]; after [`EndError::Ca`] the CA may be marked already, and the same call goes on.
    pub fn end(&self, ca: &IssuingCa, register: &Register) -> Result<Vec<(CrlName, CrlSummary)>, EndError> {
        if !register.is_terminated(ca.facts.ski) {
            return Err(EndError::NotDecided { ca: ca.name.clone() });
        }
        let mut last = Vec::new();
        for list in self.ledger.owed_crls(&ca.name).map_err(CaError::from)? {
            let made = unless_overtaken(|| self.end_once(ca, &list))?;
            last.push((list.name, made.ok_or_else(|| EndError::Overtaken { ca: ca.name.clone() })?));
        }
        Ok(last)
    }

    fn end_once(&self, ca: &IssuingCa, list: &OwedCrl) -> Result<Option<CrlSummary>, EndError> {
        let publication = CrlPublication {
            node: &self.node,
            ledger: &*self.ledger,
            sink: &*self.sink,
            failpoints: &*self.failpoints,
            ca,
            list: list.clone(),
        };
        let state = self.ledger.crl_state(&list.name).map_err(CaError::from)?;
        if let Some(last) = state.last.as_ref().filter(|last| last.is_last()) {
            publication.catch_up(&state)?;
            return Ok(Some(last.clone()));
        }
        let event = self.node.event(EventKind::LastCrlIntended { ca: ca.name.clone() });
        let end = AuthorityEnd { at: self.node.now(), event: event.map_err(CaError::from)? };
        match publication.publish_last(&state, end)? {
            (Some(summary), _) => Ok(Some(summary)),
            (None, LastCrlIntent::Alive { certificates, until }) => {
                Err(EndError::Alive { ca: ca.name.clone(), certificates, until })
            }
            (None, LastCrlIntent::NumberTaken | LastCrlIntent::Recorded) => Ok(None),
        }
    }
}

/// Why a CA has not ended.
#[derive(Debug, thiserror::Error)]
pub enum EndError {
    /// C-92.
    #[error(
        "{certificates} certificates of {ca} are valid and not revoked, the last until {until}: revoke them, or wait"
    )]
    Alive {
        /// Which CA.
        ca: CaName,
        /// How many.
        certificates: u64,
        /// Until when the last of them.
        until: UtcTime,
    },
    /// The list could not be made.
    #[error("the last CRL was not made")]
    Ca(#[from] CaError),
    /// Two security officers end a CA, by a document of the register.
    #[error("nobody ended the CA {ca}: two security officers do that with `ndoba officer terminate-ca`")]
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
