//! Responders' own view of their certificates: what they asked for, and what they got.

use ndoba_audit::{Event, LogError};
use ndoba_types::{CaName, KeyLabel, Sha256Digest, UtcTime};

use crate::Store;
use crate::queries::{events, responder_requests};

/// A responder's request for its next certificate, with its two signatures.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewResponderRequest {
    /// Of which CA.
    pub ca: CaName,
    /// The new key.
    pub key: KeyLabel,
    /// The canonical bytes.
    pub document: Vec<u8>,
    /// The enrolment key's signature over them, as in a signatureValue.
    pub signature: Vec<u8>,
    /// The PKCS#10 request, DER, which the new key signed.
    pub csr: Vec<u8>,
    /// When.
    pub received: UtcTime,
}

impl NewResponderRequest {
    /// How the ledger knows it: SHA-256 over the canonical bytes.
    pub fn id(&self) -> Sha256Digest {
        Sha256Digest::of(&self.document)
    }
}

/// What became of a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ResponderOutcome {
    /// The certificate was issued.
    Issued,
    /// The CA refused.
    Refused {
        /// Stable.
        code: String,
        /// One sentence.
        message: String,
        /// When.
        at: UtcTime,
    },
    /// The CA has not answered yet.
    Waiting,
}

/// A CA's newest request, and its newest responder certificate.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct ResponderRecord {
    /// The key that a certificate was asked for, since when, and what came of it.
    pub request: Option<(KeyLabel, UtcTime, ResponderOutcome)>,
    /// Key and certificate, DER.
    pub certificate: Option<(KeyLabel, Vec<u8>)>,
}

impl Store {
    /// Records a request and, in the same transaction, `event` about it.
    ///
    /// # Errors
    ///
    /// [`LogError`] when the database does not answer; nothing was written then.
    pub fn record_responder_request(
        &self,
        request: &NewResponderRequest,
        event: &Event,
    ) -> Result<(), LogError> {
        Ok(self.write("responder_request", |conn| {
            responder_requests::insert(conn, request)?;
            events::append(conn, std::slice::from_ref(event))
        })?)
    }

    /// Takes the turn to renew `ca`'s responder, for the process `holder`, until then: nodes that share a token must not
    /// make keys of one label at once. Whether it has it; who has it prolongs it.
    ///
    /// # Errors
    ///
    /// [`LogError`] when the database does not answer.
    pub fn take_responder_turn(
        &self,
        ca: &CaName,
        holder: &str,
        now: UtcTime,
        until: UtcTime,
    ) -> Result<bool, LogError> {
        Ok(self.write("responder_turn", |conn| responder_requests::take_turn(conn, ca, holder, now, until))?)
    }

    /// Where the renewal of `ca`'s responder stands.
    ///
    /// # Errors
    ///
    /// [`LogError`] when the database does not answer.
    pub fn responder_record(&self, ca: &CaName) -> Result<ResponderRecord, LogError> {
        Ok(self.snapshot("responder_record", |conn| responder_requests::record(conn, ca))?)
    }
}
