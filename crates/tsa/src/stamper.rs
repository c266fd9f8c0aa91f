//! The service: everything around the two steps of a token, in the order that keeps the promises.

use std::fmt;
use std::sync::Arc;

use ndoba_types::{KeyLabel, Random, SignError, Signature, SigningKey, StampTime, TrustedClock};

use crate::{
    Facts, HighWater, JournalError, JournalRecord, JournalSink, Pending, Rejection, SerialSource, Step, Unit,
};

/// How a request ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// A token; its record is on disk.
    Granted(JournalRecord),
    /// No token now because of load: the response says systemFailure; who speaks HTTP may say 503 instead.
    Overloaded,
    /// No token, for this reason.
    Rejected(Rejection),
}

/// The end of a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reply {
    /// The TimeStampResp.
    pub response: Vec<u8>,
    /// What it is, for status codes, metrics and logs.
    pub outcome: Outcome,
}

/// What a [`Stamper`] works with.
pub struct StamperParts {
    /// The unit.
    pub unit: Arc<Unit>,
    /// Its key.
    pub key: Arc<dyn SigningKey<StampTime>>,
    /// The time.
    pub clock: Arc<dyn TrustedClock>,
    /// Shared by all units of the process.
    pub high_water: Arc<HighWater>,
    /// Shared by all units of the process.
    pub serials: Arc<SerialSource>,
    /// Shared by all units of the process.
    pub journal: Arc<dyn JournalSink>,
    /// For serial numbers.
    pub random: Arc<dyn Random>,
    /// Whether every signature is verified before its token leaves; else they leave as the key made them.
    pub verify: bool,
}

/// Answers time-stamp requests with one unit.
#[derive(Clone)]
pub struct Stamper {
    parts: Arc<StamperParts>,
}

impl fmt::Debug for Stamper {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Stamper({})", self.parts.unit.name())
    }
}

impl Stamper {
    /// Puts a unit to work.
    ///
    /// # Errors
    ///
    /// [`BadStamper`] when the key is not the one in the certificate, or signs in another way (T-34).
    pub fn new(parts: StamperParts) -> Result<Self, BadStamper> {
        if parts.key.public_key() != parts.unit.public_key() {
            return Err(BadStamper::OtherKey);
        }
        if parts.key.algorithm() != parts.unit.algorithm() {
            return Err(BadStamper::OtherAlgorithm);
        }
        Ok(Self { parts: Arc::new(parts) })
    }

    /// The unit it works for.
    pub fn unit(&self) -> &Arc<Unit> {
        &self.parts.unit
    }

    /// The label of its key.
    pub fn key_label(&self) -> &KeyLabel {
        self.parts.key.label()
    }

    /// Answers `request`. Returns at once; `reply` is called exactly once, perhaps before this returns, perhaps on
    /// a thread of the key or of the journal, where it must not block.
    ///
    /// 1. Time, serial number, decision. Whatever can refuse does so here.
    /// 2. Signature, and a second look at it.
    /// 3. The record on disk.
    /// 4. The answer.
    ///
    /// A signature that is lost between 2 and 4 was never seen by anyone: its serial number is simply not used.
    pub fn stamp(&self, request: &[u8], reply: Box<dyn FnOnce(Reply) + Send>) {
        let parts = Arc::clone(&self.parts);
        let serial = match parts.serials.next(parts.random.as_ref()) {
            Ok(serial) => serial,
            Err(error) => return reply(parts.system_failure(&error)),
        };
        let facts = Facts { time: parts.high_water.certified_now(parts.clock.as_ref()), serial };
        match parts.unit.begin(request, facts) {
            Step::Done { response, rejection } => {
                reply(Reply { response, outcome: Outcome::Rejected(rejection) })
            }
            Step::Sign(pending, message) => {
                if let Err(error) = parts.journal.ready() {
                    return reply(parts.not_recorded(&error));
                }
                // The second look needs the bytes after the key has consumed them.
                let signed = parts.verify.then(|| message.as_bytes().to_vec());
                let key = Arc::clone(&parts.key);
                key.submit(
                    message,
                    Box::new(move |signature| parts.signed(pending, signature, signed, reply)),
                );
            }
        }
    }

    /// Whether a request would get a token now, as far as clock, key's period and journal tell: for health.
    ///
    /// # Errors
    ///
    /// [`Rejection`] that it would get.
    pub fn ready(&self) -> Result<(), Rejection> {
        let now = self.parts.high_water.certified_now(self.parts.clock.as_ref()).map_err(Rejection::Time)?;
        self.parts.unit.admit(now)?;
        self.parts.journal.ready().map_err(|error| Rejection::System { reason: error.to_string() })
    }
}

impl StamperParts {
    fn signed(
        self: Arc<Self>,
        pending: Pending,
        signature: Result<Signature, SignError>,
        message: Option<Vec<u8>>,
        reply: Box<dyn FnOnce(Reply) + Send>,
    ) {
        let signature = match signature {
            Ok(signature) => signature,
            Err(SignError::Busy) => return reply(self.overloaded()),
            Err(
                error @ (SignError::InDoubt { .. }
                | SignError::Refused { .. }
                | SignError::Unavailable { .. }),
            ) => return reply(self.system_failure(&error)),
        };
        let (key, algorithm) = (self.unit.public_key(), self.unit.algorithm());
        if let Some(message) = message
            && ndoba_x509::verify_signature(key, algorithm, &message, signature.as_bytes()).is_err()
        {
            return reply(self.system_failure(&"the signature does not verify with the unit's certificate"));
        }
        let (response, record) = pending.finish(&signature);
        let granted = Reply { response, outcome: Outcome::Granted(record.clone()) };
        let journal = Arc::clone(&self.journal);
        journal.append(
            record,
            Box::new(move |recorded| match recorded {
                Ok(()) => reply(granted),
                Err(error) => reply(self.not_recorded(&error)),
            }),
        );
    }

    fn not_recorded(&self, error: &JournalError) -> Reply {
        match error {
            JournalError::Busy => self.overloaded(),
            JournalError::Backlog { .. } | JournalError::Unwritable { .. } => self.system_failure(error),
        }
    }

    fn overloaded(&self) -> Reply {
        Reply { outcome: Outcome::Overloaded, ..self.system_failure(&"overloaded") }
    }

    fn system_failure(&self, reason: &dyn fmt::Display) -> Reply {
        let rejection = Rejection::System { reason: reason.to_string() };
        Reply { response: rejection.to_response(&self.unit), outcome: Outcome::Rejected(rejection) }
    }
}

/// Why a unit cannot work with this key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadStamper {
    /// It signs in another way than the unit says.
    #[error("the key signs with another algorithm than the unit is set to")]
    OtherAlgorithm,
    /// It is not the certificate's.
    #[error("the key in the token is not the one in the unit's certificate")]
    OtherKey,
}
