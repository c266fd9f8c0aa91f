//! Issuing, in numbered steps: record the intent, sign, compare, record (design §5).
//!
//! Everything that can refuse has done so before a [`Prepared`] exists. From here on the only refusals are those of
//! the ledger's unique indexes, and the only failure after signing is "bytes differ", which stops the CA.

use std::sync::mpsc;

use ndoba_audit::{Cause, EventKind};
use ndoba_lint::LintedTbs;
use ndoba_types::{
    CrlShard, IssueCertificates, SerialNumber, Sha256Digest, SignError, Signature, ToBeSigned, UtcTime,
};
use ndoba_x509::Certificate;

use crate::authority::IssuingCa;
use crate::decide::{OrderRefusal, ca_ended};
use crate::error::CaError;
use crate::node::Node;
use crate::ports::{
    Attempt, CertificateId, CertificateKind, InDoubt, Intent, IntentOutcome, Issued, Ledger, LossCause,
    Warrant,
};
use crate::world::{Arrow, Failpoints};

/// A certificate that is decided, encoded and linted, and not yet recorded.
pub(crate) struct Prepared {
    /// Its serial number, drawn for it.
    pub(crate) serial: SerialNumber,
    /// Why it may be.
    pub(crate) warrant: Warrant,
    /// What it is for.
    pub(crate) kind: CertificateKind,
    /// The TBSCertificate, past the lint.
    pub(crate) tbs: LintedTbs,
    /// The lint's verdict in one line.
    pub(crate) lint: String,
    /// The profile's name and digest.
    pub(crate) profile: (String, Sha256Digest),
    /// The subject name, DER.
    pub(crate) subject_name: Vec<u8>,
    /// Whose name it is (C-29).
    pub(crate) name_owner: Sha256Digest,
    /// SHA-256 over the subject's SubjectPublicKeyInfo.
    pub(crate) spki: Sha256Digest,
    /// Start of validity.
    pub(crate) not_before: UtcTime,
    /// End of validity.
    pub(crate) not_after: UtcTime,
    /// The shard of the CA's list that it names, for as long as it lives.
    pub(crate) shard: Option<CrlShard>,
}

/// What became of a [`Prepared`].
#[derive(Debug)]
pub(crate) enum IssueOutcome {
    /// The CA has ended: it issues no more.
    CaEnded,
    /// Recorded as issued; the certificate, DER.
    Issued {
        /// Its serial number.
        serial: SerialNumber,
        /// The certificate.
        der: Vec<u8>,
    },
    /// The key was given up: a certificate with it was revoked for that.
    KeyCompromised,
    /// The key is certified for another subject.
    KeyTaken,
    /// A signature may be lost; what this entitled to a certificate waits again, for another serial number.
    Lost(Warrant),
    /// The subject name belongs to another subject (C-29).
    NameTaken,
    /// Another node took the order, or it was withdrawn.
    OrderTaken,
    /// Recorded, and the token did not sign: kept, to be signed when it is back.
    Parked(Box<RecordedIntent>),
    /// Another serial number must be drawn.
    SerialTaken,
}

/// A durable intent: the proof that the token may be asked, consumed by asking.
#[derive(Debug)]
pub(crate) struct RecordedIntent {
    certificate: CertificateId,
    warrant: Warrant,
    tbs: Vec<u8>,
    attempt: Attempt,
}

impl IssueOutcome {
    /// Why the ledger refuses this certificate for good, where it does. What else is refused waits, or is taken.
    pub(crate) fn refusal(&self) -> Option<OrderRefusal> {
        let (code, message) = match self {
            Self::CaEnded => return Some(ca_ended()),
            // GEN-6.3.6-10: no new certificate for a key that was given up.
            Self::KeyCompromised => (
                "key-compromised",
                "a certificate with this key was revoked because the key is compromised; make a new key",
            ),
            Self::KeyTaken => ("key-in-use", "this public key is certified for another subject"),
            Self::NameTaken => (
                "name-taken",
                "this name is another subject's, and a name is never given twice (EN 319 411-1 GEN-6.3.3-10)",
            ),
            Self::Issued { .. } | Self::Lost(_) | Self::OrderTaken | Self::Parked(_) | Self::SerialTaken => {
                return None;
            }
        };
        Some(OrderRefusal::new(code, message))
    }
}

impl RecordedIntent {
    /// One that the ledger has, and that provably nobody but an offline key was asked about.
    pub(crate) fn awaited(row: InDoubt) -> Self {
        let InDoubt { certificate, warrant, tbs, attempt } = row;
        Self { certificate, warrant, tbs, attempt }
    }

    /// What is to be signed.
    pub(crate) fn tbs(&self) -> &[u8] {
        &self.tbs
    }

    /// The try that was recorded.
    pub(crate) fn attempt(&self) -> &Attempt {
        &self.attempt
    }
}

/// An intent that the token was asked to sign, until it answers.
struct Asked {
    intent: RecordedIntent,
    reply: mpsc::Receiver<Result<Signature, SignError>>,
}

/// Carries out issuing for one CA.
pub(crate) struct Issuance<'a> {
    pub(crate) node: &'a Node,
    pub(crate) ledger: &'a dyn Ledger,
    pub(crate) failpoints: &'a dyn Failpoints,
    pub(crate) ca: &'a IssuingCa,
}

impl Issuance<'_> {
    /// Takes a batch from prepared to issued. One outcome each, in order; one refusal never touches another.
    pub(crate) fn issue(&self, batch: Vec<Prepared>) -> Result<Vec<IssueOutcome>, CaError> {
        self.failpoints.reached(Arrow::BeforeIntent);
        self.must_not_be_halted()?;

        // 1. The intents, durable, each with its order claimed and its audit event.
        let mut recorded = Vec::with_capacity(batch.len());
        let mut intents = Vec::with_capacity(batch.len());
        for prepared in batch {
            let intent = self.intent(prepared)?;
            recorded.push(RecordedIntent {
                certificate: intent.certificate.clone(),
                warrant: intent.warrant.clone(),
                tbs: intent.tbs.clone(),
                attempt: intent.attempt.clone(),
            });
            intents.push(intent);
        }
        let outcomes = self.ledger.record_intents(intents)?;
        for (intent, outcome) in recorded.iter().zip(&outcomes) {
            if *outcome == IntentOutcome::Recorded {
                self.node.intended(&intent.attempt.key);
            }
        }
        self.failpoints.reached(Arrow::AfterIntent);

        // 2. to 5. for those that were recorded.
        let mut results: Vec<Option<IssueOutcome>> = Vec::with_capacity(recorded.len());
        let mut to_sign = Vec::new();
        for (place, (intent, outcome)) in recorded.into_iter().zip(outcomes).enumerate() {
            results.push(match outcome {
                IntentOutcome::Recorded => {
                    to_sign.push((place, intent));
                    None
                }
                IntentOutcome::CaEnded => Some(IssueOutcome::CaEnded),
                IntentOutcome::KeyCompromised => Some(IssueOutcome::KeyCompromised),
                IntentOutcome::KeyTaken => Some(IssueOutcome::KeyTaken),
                IntentOutcome::NameTaken => Some(IssueOutcome::NameTaken),
                IntentOutcome::OrderTaken => Some(IssueOutcome::OrderTaken),
                IntentOutcome::SerialTaken => Some(IssueOutcome::SerialTaken),
            });
        }
        let (places, intents): (Vec<_>, Vec<_>) = to_sign.into_iter().unzip();
        for (place, outcome) in places.into_iter().zip(self.sign_and_record(intents)?) {
            results[place] = Some(outcome);
        }
        // Each place was filled above: by the ledger's refusal, or by signing.
        Ok(results.into_iter().flatten().collect())
    }

    /// Steps 2 to 5: sign, verify and compare, record. Also how parked intents are taken up again.
    pub(crate) fn sign_and_record(&self, intents: Vec<RecordedIntent>) -> Result<Vec<IssueOutcome>, CaError> {
        // 2. The token, for all of them at once.
        self.must_not_be_halted()?;
        let mut waiting: Vec<_> =
            intents.into_iter().enumerate().map(|(place, intent)| (place, self.submit(intent))).collect();
        let mut signed = Vec::new();
        let mut outcomes = Vec::new();
        outcomes.resize_with(waiting.len(), || None);
        while !waiting.is_empty() {
            let (before, mut busy) = (signed.len(), Vec::new());
            for (place, Asked { intent, reply }) in waiting {
                let dropped = || SignError::InDoubt { reason: "the signer dropped the request".into() };
                match reply.recv().unwrap_or_else(|_| Err(dropped())) {
                    Ok(signature) => {
                        // 3. Before anything is recorded as issued, and before anybody sees it.
                        let der = self.compare(&intent, &signature)?;
                        signed.push((place, intent, der));
                    }
                    Err(error @ SignError::InDoubt { .. }) => {
                        tracing::error!(serial = %intent.certificate.serial, %error, "a signature may be lost");
                        let warrant = intent.warrant.clone();
                        self.give_up(intent, LossCause::Token)?;
                        outcomes[place] = Some(IssueOutcome::Lost(warrant));
                    }
                    Err(SignError::Busy) => busy.push((place, intent)),
                    // Nothing was signed: the same bytes may be offered again.
                    Err(error @ (SignError::Refused { .. } | SignError::Unavailable { .. })) => {
                        tracing::warn!(serial = %intent.certificate.serial, %error, "the token does not sign");
                        outcomes[place] = Some(IssueOutcome::Parked(Box::new(intent)));
                    }
                }
            }
            // A batch may be longer than the token's queue: what found no place in it asks again, as long as that helps.
            waiting = Vec::new();
            for (place, intent) in busy {
                if signed.len() > before {
                    waiting.push((place, self.submit(intent)));
                } else {
                    tracing::warn!(serial = %intent.certificate.serial, "the token's queue is full");
                    outcomes[place] = Some(IssueOutcome::Parked(Box::new(intent)));
                }
            }
        }
        self.failpoints.reached(Arrow::AfterSign);

        // 4. Durable, all in one commit.
        let mut rows = Vec::with_capacity(signed.len());
        for (_, intent, der) in &signed {
            rows.push(Issued {
                certificate: intent.certificate.clone(),
                attempt: intent.attempt.clone(),
                signatures: self.ca.watch.signatures(),
                der: der.clone(),
                at: self.node.now(),
                event: self.node.event(EventKind::CertificateIssued {
                    ca: intent.certificate.ca.clone(),
                    serial: intent.certificate.serial.clone(),
                    cause: cause(&intent.warrant),
                    certificate: Sha256Digest::of(der),
                })?,
            });
        }
        let recorded = if rows.is_empty() { Vec::new() } else { self.ledger.record_issued(rows)? };
        self.failpoints.reached(Arrow::AfterIssued);

        // 5. Only what was recorded leaves.
        for ((place, intent, der), recorded) in signed.into_iter().zip(recorded) {
            outcomes[place] = Some(if recorded {
                IssueOutcome::Issued { serial: intent.certificate.serial, der }
            } else {
                // Another node gave the row up as lost meanwhile: the signature stays unused and its serial revoked.
                tracing::error!(serial = %intent.certificate.serial, "the row was given up by another node");
                IssueOutcome::Lost(intent.warrant)
            });
        }
        Ok(outcomes.into_iter().flatten().collect())
    }

    /// Takes up a row found in `signing` after a crash. A deterministic signature over the recorded TBS is made
    /// again, byte for byte, as an attempt of its own; a randomised one would be a second certificate under one serial,
    /// so the row is given up, its serial counts as revoked, and its order waits again (design §5).
    ///
    /// `None` when that cannot be done now, or another node did it.
    pub(crate) fn reconcile(&self, doubt: InDoubt) -> Result<Option<IssueOutcome>, CaError> {
        if !self.ca.certify.algorithm().is_deterministic() {
            let InDoubt { certificate, warrant, tbs, attempt } = doubt;
            let lost = warrant.clone();
            self.give_up(RecordedIntent { certificate, warrant, tbs, attempt }, LossCause::Interrupted)?;
            return Ok(Some(IssueOutcome::Lost(lost)));
        }
        if self.ca.watch.away().is_some() {
            return Ok(None);
        }
        let attempt = self.attempt(&doubt.tbs);
        let event = self.node.event(EventKind::IssuanceRepeated {
            ca: doubt.certificate.ca.clone(),
            serial: doubt.certificate.serial.clone(),
            tbs: Sha256Digest::of(&doubt.tbs),
            key: attempt.key.clone(),
            node: self.node.name_word(),
            epoch: self.node.epoch_word(),
            attempt: attempt.number,
        })?;
        if !self.ledger.record_again(&doubt, attempt.clone(), event)? {
            return Ok(None);
        }
        self.node.intended(&attempt.key);
        let InDoubt { certificate, warrant, tbs, attempt: _ } = doubt;
        Ok(self.sign_and_record(vec![RecordedIntent { certificate, warrant, tbs, attempt }])?.pop())
    }

    /// Another thread may have seen meanwhile that the token's answers are not to its questions.
    fn must_not_be_halted(&self) -> Result<(), CaError> {
        self.node.halted().map_or(Ok(()), |what| Err(CaError::Halted { what: what.into() }))
    }

    fn attempt(&self, tbs: &[u8]) -> Attempt {
        let key = &self.ca.certify;
        self.node.attempt(key.label(), &*self.ca.watch, key.algorithm().digest(tbs))
    }

    fn intent(&self, prepared: Prepared) -> Result<Intent, CaError> {
        let Prepared {
            serial,
            warrant,
            kind,
            tbs,
            lint,
            profile,
            subject_name,
            name_owner,
            spki,
            not_before,
            not_after,
            shard,
        } = prepared;
        let tbs = tbs.into_der();
        let attempt = self.attempt(&tbs);
        let event = self.node.event(EventKind::IssuanceIntended {
            ca: self.ca.name.clone(),
            serial: serial.clone(),
            cause: cause(&warrant),
            profile: profile.1,
            tbs: Sha256Digest::of(&tbs),
            key: attempt.key.clone(),
            node: self.node.name_word(),
            epoch: self.node.epoch_word(),
            attempt: attempt.number,
        })?;
        Ok(Intent {
            certificate: CertificateId { ca: self.ca.name.clone(), serial },
            warrant,
            kind,
            tbs,
            profile,
            lint,
            subject_name,
            name_owner,
            spki,
            not_before,
            not_after,
            shard,
            attempt,
            event,
        })
    }

    fn submit(&self, intent: RecordedIntent) -> Asked {
        let (sender, reply) = mpsc::sync_channel(1);
        // The one place that reaches a CA's key for a certificate: what it is asked for is recorded.
        self.ca.certify.submit(
            ToBeSigned::<IssueCertificates>::assertion(intent.tbs.clone()),
            Box::new(move |outcome| {
                // The receiver waits for exactly this.
                let _ = sender.send(outcome);
            }),
        );
        Asked { intent, reply }
    }

    fn compare(&self, intent: &RecordedIntent, signature: &Signature) -> Result<Vec<u8>, CaError> {
        let algorithm = self.ca.certify.algorithm();
        let halted =
            |what: &str| CaError::Halted { what: format!("serial {}: {what}", intent.certificate.serial) };
        ndoba_x509::verify_signature(&self.ca.facts.spki, algorithm, &intent.tbs, signature.as_bytes())
            .map_err(|_| halted("the token's signature does not verify with the CA's public key"))?;
        let der = ndoba_x509::assemble(&intent.tbs, algorithm, signature);
        let read =
            Certificate::from_der(&der).map_err(|_| halted("the finished certificate cannot be read"))?;
        if read.tbs() != intent.tbs {
            return Err(halted("the finished certificate does not contain the recorded bytes"));
        }
        Ok(der)
    }

    pub(crate) fn give_up(&self, intent: RecordedIntent, blame: LossCause) -> Result<(), CaError> {
        let event = self.node.event(EventKind::IssuanceLost {
            ca: intent.certificate.ca.clone(),
            serial: intent.certificate.serial.clone(),
            cause: cause(&intent.warrant),
            tbs: Sha256Digest::of(&intent.tbs),
        })?;
        let RecordedIntent { certificate, warrant, tbs, attempt } = intent;
        let lost = InDoubt { certificate, warrant, tbs, attempt };
        if !self.ledger.record_lost(&lost, blame, self.node.now(), event)? {
            tracing::warn!(serial = %lost.certificate.serial, "the row in doubt was settled by another node");
        }
        Ok(())
    }
}

fn cause(warrant: &Warrant) -> Cause {
    match warrant {
        Warrant::Ceremony(plan) => Cause::Ceremony(*plan),
        Warrant::Order(id) => Cause::Order(*id),
        Warrant::Standing(standing) => Cause::Standing(standing.authorisation),
    }
}
