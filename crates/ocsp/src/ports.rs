//! What the responder must know about certificates, asked of whoever keeps them. `store` implements both traits.

use ndoba_types::{CaName, SerialNumber, Sha256Digest, UtcTime};
use ndoba_x509::RevocationReason;

use crate::FinalQuestion;

/// A CA's status version: grows with every transaction that changes the status of one of its certificates, in
/// the order of commits (design: the version is incremented under the row's lock).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct StatusVersion(pub u64);

/// What is known of one serial number under one issuer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CertStatusFacts {
    /// No *issued* certificate has this serial: none at all, or one reserved, prepared or being signed (O-09).
    NotIssued,
    /// Issued, neither revoked nor suspended. Says nothing of notBefore and notAfter (O-25).
    Good {
        /// SHA-256 over the whole DER certificate, for CertHash (O-17).
        certificate: Sha256Digest,
    },
    /// Revoked for ever, which an `issued_lost` certificate is, too.
    Revoked {
        /// Since when.
        at: UtcTime,
        /// Why; `Unspecified` is answered by leaving the reason out (C-90).
        reason: RevocationReason,
        /// As in `Good`; `None` where the signed certificate was lost.
        certificate: Option<Sha256Digest>,
    },
    /// Suspended: answered as revoked with certificateHold until it is released or revoked (O-09).
    Suspended {
        /// Since when.
        since: UtcTime,
        /// As in `Good`.
        certificate: Option<Sha256Digest>,
    },
}

/// Facts about several serials from one consistent look at the records.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StatusSnapshot {
    /// The issuer's status version, read in the same transaction as the facts, or before them: an answer made
    /// from the facts is then never taken to be newer than it is.
    pub version: StatusVersion,
    /// One for each serial asked, in the order asked.
    pub facts: Vec<CertStatusFacts>,
}

/// A final answer as it was recorded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FinalRecord {
    /// The OCSPResponse.
    pub der: Vec<u8>,
    /// Its producedAt.
    pub produced_at: UtcTime,
}

/// The records of certificates and their status. May block; called on threads that may wait.
pub trait StatusSource: Send + Sync {
    /// The status of `serials` under `issuer`, all from one snapshot.
    ///
    /// An issuer of whom nothing was ever issued has version 0 and no issued serials; that is no error.
    ///
    /// # Errors
    ///
    /// [`StatusError`]: every one of them is answered `tryLater` or `internalError`, never with a status.
    fn statuses(&self, issuer: &CaName, serials: &[SerialNumber]) -> Result<StatusSnapshot, StatusError>;

    /// The final answer about a certificate of a CA that has ended; `None` where there is none.
    ///
    /// # Errors
    ///
    /// [`StatusError`] as for [`Self::statuses`].
    fn final_answer(&self, question: &FinalQuestion) -> Result<Option<FinalRecord>, StatusError>;

    /// The status of one serial.
    ///
    /// # Errors
    ///
    /// [`StatusError`] as for [`Self::statuses`].
    fn status(&self, issuer: &CaName, serial: &SerialNumber) -> Result<CertStatusFacts, StatusError> {
        let snapshot = self.statuses(issuer, std::slice::from_ref(serial))?;
        snapshot.facts.into_iter().next().ok_or(StatusError::Unavailable {
            reason: "the records gave no answer for the serial asked".into(),
        })
    }
}

/// Why the status is not known, by what the caller must do.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StatusError {
    /// The records are older than the witness outside the database, or the serial is on the last published CRL
    /// and its row is not revoked: answer `tryLater`, raise an alarm. A restored database must not un-revoke.
    #[error("the records are behind the witness kept outside the database")]
    BehindWitness,
    /// The records cannot be read now, or are a copy too old to be believed: answer `tryLater`.
    #[error("the status records are unavailable: {reason}")]
    Unavailable {
        /// What the store met; no personal data, no secrets.
        reason: String,
    },
}

/// The newest status version that this node knows of, per issuer. Reads memory: called on the event loop for
/// every cached answer, so it must neither block nor fail.
pub trait StatusVersions: Send + Sync {
    /// What is known of `issuer`; `None` when nothing ever was (nothing is served from the cache then).
    fn known(&self, issuer: &CaName) -> Option<KnownVersion>;
}

/// A status version with the moment at which it was still the newest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KnownVersion {
    /// The version.
    pub version: StatusVersion,
    /// When the records last confirmed it: the age of this is the age of what the node knows.
    pub as_of: UtcTime,
}
