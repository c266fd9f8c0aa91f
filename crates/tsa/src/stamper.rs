//! The service: everything around the two steps of a token, in the order that keeps the promises.

use std::fmt;
use std::sync::Arc;

use ndoba_types::{KeyLabel, Random, SignError, Signature, SigningKey, StampTime, TrustedClock};

use crate::second_look::SecondLook;
use crate::{
    Facts, HighWater, JournalError, JournalRecord, JournalSink, Pending, Rejection, SerialSource, Step, Unit,
    Verification, VerificationCount,
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
    /// Which signatures are verified before their tokens leave.
    pub verification: Verification,
}

/// Answers time-stamp requests with one unit.
#[derive(Clone)]
pub struct Stamper {
    work: Arc<Work>,
}

/// What all requests share.
struct Work {
    parts: StamperParts,
    second_look: SecondLook,
}

impl fmt::Debug for Stamper {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Stamper({})", self.unit().name())
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
        let second_look = SecondLook::new(parts.verification, parts.key.algorithm());
        Ok(Self { work: Arc::new(Work { parts, second_look }) })
    }

    /// The unit it works for.
    pub fn unit(&self) -> &Arc<Unit> {
        &self.work.parts.unit
    }

    /// The label of its key.
    pub fn key_label(&self) -> &KeyLabel {
        self.work.parts.key.label()
    }

    /// How many signatures were verified before their tokens left, since the start.
    pub fn verified(&self) -> VerificationCount {
        self.work.second_look.count()
    }

    /// Answers `request`. Returns at once; `reply` is called exactly once, perhaps before this returns, perhaps on
    /// a thread of the key or of the journal, where it must not block.
    ///
    /// 1. Time, serial number, decision. Whatever can refuse does so here.
    /// 2. Signature, and a second look at it (see [`Verification`]).
    /// 3. The record on disk.
    /// 4. The answer.
    ///
    /// A signature that is lost between 2 and 4 was never seen by anyone: its serial number is simply not used.
    pub fn stamp(&self, request: &[u8], reply: Box<dyn FnOnce(Reply) + Send>) {
        let work = Arc::clone(&self.work);
        let parts = &work.parts;
        let serial = match parts.serials.next(parts.random.as_ref()) {
            Ok(serial) => serial,
            Err(error) => return reply(work.system_failure(&error)),
        };
        let facts = Facts { time: parts.high_water.certified_now(parts.clock.as_ref()), serial };
        match parts.unit.begin(request, facts) {
            Step::Done { response, rejection } => {
                reply(Reply { response, outcome: Outcome::Rejected(rejection) })
            }
            Step::Sign(pending, message) => {
                if let Err(error) = parts.journal.ready() {
                    return reply(work.not_recorded(&error));
                }
                // The second look needs the bytes after the key has consumed them.
                let signed = message.as_bytes().to_vec();
                let key = Arc::clone(&parts.key);
                work.second_look.asked();
                key.submit(
                    message,
                    Box::new(move |signature| {
                        work.second_look.answered();
                        work.signed(pending, signature, &signed, reply);
                    }),
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
        let parts = &self.work.parts;
        let now = parts.high_water.certified_now(parts.clock.as_ref()).map_err(Rejection::Time)?;
        parts.unit.admit(now)?;
        parts.journal.ready().map_err(|error| Rejection::System { reason: error.to_string() })
    }
}

impl Work {
    fn signed(
        self: Arc<Self>,
        pending: Pending,
        signature: Result<Signature, SignError>,
        message: &[u8],
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
        let (key, algorithm) = (self.parts.unit.public_key(), self.parts.unit.algorithm());
        let holds = || ndoba_x509::verify_signature(key, algorithm, message, signature.as_bytes()).is_ok();
        if !self.second_look.admits(holds) {
            return reply(self.system_failure(&"the signature does not verify with the unit's certificate"));
        }
        let (response, record) = pending.finish(&signature);
        let granted = Reply { response, outcome: Outcome::Granted(record.clone()) };
        let journal = Arc::clone(&self.parts.journal);
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
        Reply { response: rejection.to_response(&self.parts.unit), outcome: Outcome::Rejected(rejection) }
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
