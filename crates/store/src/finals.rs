//! Final OCSP answers: made batch by batch when a CA ends, each batch accounted for before its signatures.

use ndoba_audit::{Event, LogError};
use ndoba_ocsp::{CertStatusFacts, HashAlgorithm};
use ndoba_types::{CaName, KeyLabel, SerialNumber, UtcTime};

use crate::Store;
use crate::queries::{events, finals};

/// A batch of signatures of a CA's key.
#[derive(Clone, Debug)]
pub struct FinalBatch {
    /// Whose.
    pub ca: CaName,
    /// The key asked.
    pub key: KeyLabel,
    /// The node's name.
    pub node: String,
    /// The process's epoch.
    pub epoch: String,
    /// Counts the batches of the epoch.
    pub number: u64,
    /// When.
    pub at: UtcTime,
    /// How many signatures are about to be asked for.
    pub intents: u64,
}

/// A final answer that was signed and verified.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignedFinal {
    /// About which certificate.
    pub serial: SerialNumber,
    /// Of the CertID.
    pub hash: HashAlgorithm,
    /// The OCSPResponse.
    pub der: Vec<u8>,
    /// Its producedAt.
    pub produced_at: UtcTime,
}

/// What keeps a CA's statuses from being final.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Unfinished {
    /// Certificates whose signature is being made or in doubt.
    pub signing: u64,
    /// Suspended certificates: someone must decide.
    pub suspended: u64,
    /// Certificates that have not ended and are not revoked, those of responders left out.
    pub unexpired: u64,
}

impl Store {
    /// What must be settled before `ca` can have final answers, at `now`.
    ///
    /// # Errors
    ///
    /// [`LogError`] when the database does not answer.
    pub fn unfinished(&self, ca: &CaName, now: UtcTime) -> Result<Unfinished, LogError> {
        Ok(self.snapshot("unfinished", |conn| finals::unfinished(conn, ca, now))?)
    }

    /// How many certificates `ca` issued or lost, and how many final answers there are.
    ///
    /// # Errors
    ///
    /// [`LogError`] when the database does not answer.
    pub fn final_progress(&self, ca: &CaName) -> Result<(u64, u64), LogError> {
        Ok(self.snapshot("final_progress", |conn| finals::progress(conn, ca))?)
    }

    /// The first certificates after `after`, by serial number, at most `limit`, that have no final answer for CertIDs
    /// with `hash`; with what is to be said of them.
    ///
    /// # Errors
    ///
    /// [`LogError`] when the database does not answer.
    pub fn without_final(
        &self,
        ca: &CaName,
        hash: HashAlgorithm,
        after: Option<&SerialNumber>,
        limit: u32,
    ) -> Result<Vec<(SerialNumber, CertStatusFacts)>, LogError> {
        Ok(self.snapshot("without_final", |conn| finals::missing(conn, ca, hash, after, limit.into()))?)
    }

    /// Records that the token is about to be asked.
    ///
    /// # Errors
    ///
    /// [`LogError`] when the database does not answer: nothing may be signed then.
    pub fn begin_final_batch(&self, batch: &FinalBatch, event: &Event) -> Result<(), LogError> {
        Ok(self.write("begin_final_batch", |conn| {
            finals::begin(conn, batch)?;
            events::append(conn, std::slice::from_ref(event))
        })?)
    }

    /// Records what came of a batch.
    ///
    /// # Errors
    ///
    /// [`LogError`] when the database does not answer, or an answer is there already.
    pub fn end_final_batch(
        &self,
        batch: &FinalBatch,
        answers: &[SignedFinal],
        event: &Event,
    ) -> Result<(), LogError> {
        Ok(self.write("end_final_batch", |conn| {
            finals::end(conn, batch, answers)?;
            events::append(conn, std::slice::from_ref(event))
        })?)
    }

    /// Records that every certificate of `ca` has its final answers; `false`, and nothing changed, when one has not,
    /// or it was recorded before.
    ///
    /// # Errors
    ///
    /// [`LogError`] when the database does not answer.
    pub fn finish_ca(&self, ca: &CaName, at: UtcTime, event: &Event) -> Result<bool, LogError> {
        Ok(self.write("finish_ca", |conn| {
            let finished = finals::finish(conn, ca, at)?;
            if finished {
                events::append(conn, std::slice::from_ref(event))?;
            }
            Ok(finished)
        })?)
    }

    /// The CAs whose final answers are complete.
    ///
    /// # Errors
    ///
    /// [`LogError`] when the database does not answer.
    pub fn finished_cas(&self) -> Result<Vec<CaName>, LogError> {
        Ok(self.read("finished_cas", finals::finished)?)
    }
}
