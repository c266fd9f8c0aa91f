//! A log, a witness, a key and a clock for tests, in memory, with writes that fail on demand.

use std::sync::{Arc, Mutex};

use ndoba_types::{
    Clock, EventId, InstallationId, KeyLabel, SealAudit, SignReply, Signature, SignatureAlgorithm,
    SigningKey, Span, SubjectPublicKeyInfo, ToBeSigned, UtcTime,
};
use p256::ecdsa::signature::{Signer as _, Verifier as _};
use p256::pkcs8::{DecodePublicKey as _, EncodePublicKey as _};

use crate::{
    Actor, Event, EventKind, EventLog, HeadWitness, Leaf, LogError, PendingEvent, SequencerSettings,
    SignedCheckpoint, WitnessError, WitnessedHead, export, verify_export,
};

pub(crate) const INSTALLATION: InstallationId = InstallationId::from_bytes([7; 16]);

pub(crate) fn settings() -> SequencerSettings {
    SequencerSettings {
        installation: INSTALLATION,
        batch: 10,
        seal_within: Span::seconds(5),
        seal_every: Span::minutes(10),
    }
}

pub(crate) fn event(seed: u8) -> Vec<u8> {
    let what = EventKind::ServiceStopped { role: "ca".into(), node: "a".into(), epoch: "e".into() };
    let at = UtcTime::from_unix_seconds(1_000_000 + i64::from(seed)).unwrap();
    Event { id: EventId::from_bytes([seed; 16]), at, actor: Actor::Role("ca".into()), what }.to_bytes()
}

/// Counts writes down; the one at zero fails, having taken effect or not.
pub(crate) type Writes = Arc<Mutex<Option<(usize, bool)>>>;

fn write(writes: &Writes, act: impl FnOnce()) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    let mut plan = writes.lock().unwrap();
    match &mut *plan {
        Some((0, took_effect)) => {
            if *took_effect {
                act();
            }
            Err("pulled the plug".into())
        }
        Some((left, _)) => {
            *left -= 1;
            act();
            Ok(())
        }
        None => {
            act();
            Ok(())
        }
    }
}

#[derive(Clone, Default)]
pub(crate) struct Stored {
    pub(crate) pending: Vec<PendingEvent>,
    pub(crate) leaves: Vec<Vec<u8>>,
    pub(crate) checkpoints: Vec<SignedCheckpoint>,
    rows: i64,
}

#[derive(Default)]
pub(crate) struct FakeLog {
    stored: Mutex<Stored>,
    writes: Writes,
}

impl FakeLog {
    pub(crate) fn add(&self, bytes: Vec<u8>) {
        let mut stored = self.stored.lock().unwrap();
        stored.rows += 1;
        let row = stored.rows;
        stored.pending.push(PendingEvent { row, bytes });
    }

    pub(crate) fn writes(&self) -> Writes {
        self.writes.clone()
    }

    pub(crate) fn snapshot(&self) -> Stored {
        self.stored.lock().unwrap().clone()
    }

    pub(crate) fn restore(&self, stored: &Stored) {
        *self.stored.lock().unwrap() = stored.clone();
    }

    pub(crate) fn export(&self) -> Vec<Vec<u8>> {
        let mut lines = Vec::new();
        export::<LogError>(self, INSTALLATION, &[TestKey::new(1).spki], &mut |line| {
            lines.push(line.to_vec());
            Ok(())
        })
        .unwrap();
        lines
    }

    pub(crate) fn assert_export_is_clean(&self) {
        let verdict = verify_export(self.export(), &p256_holds, &any_token, &[], None).unwrap();
        assert_eq!(verdict.sealed, self.size().unwrap());
    }
}

impl EventLog for FakeLog {
    fn pending(&self, limit: usize) -> Result<Vec<PendingEvent>, LogError> {
        Ok(self.stored.lock().unwrap().pending.iter().take(limit).cloned().collect())
    }

    fn size(&self) -> Result<u64, LogError> {
        Ok(self.stored.lock().unwrap().leaves.len() as u64)
    }

    fn append(&self, size: u64, leaves: &[Leaf]) -> Result<bool, LogError> {
        let mut stored = self.stored.lock().unwrap();
        if stored.leaves.len() as u64 != size {
            return Ok(false);
        }
        write(&self.writes, || {
            for leaf in leaves {
                assert_eq!(leaf.index, stored.leaves.len() as u64);
                stored.pending.retain(|pending| pending.row != leaf.row);
                stored.leaves.push(leaf.bytes.clone());
            }
        })
        .map_err(LogError::Unavailable)?;
        Ok(true)
    }

    fn leaves(&self, from: u64, limit: usize) -> Result<Vec<Vec<u8>>, LogError> {
        let from = usize::try_from(from).unwrap();
        Ok(self.stored.lock().unwrap().leaves.iter().skip(from).take(limit.min(3)).cloned().collect())
    }

    fn add_checkpoint(&self, checkpoint: &SignedCheckpoint) -> Result<bool, LogError> {
        let mut stored = self.stored.lock().unwrap();
        if stored.checkpoints.len() as u64 != checkpoint.checkpoint.number {
            return Ok(false);
        }
        write(&self.writes, || stored.checkpoints.push(checkpoint.clone())).map_err(LogError::Unavailable)?;
        Ok(true)
    }

    fn add_token(&self, number: u64, token: &[u8]) -> Result<(), LogError> {
        let number = usize::try_from(number).unwrap();
        self.stored.lock().unwrap().checkpoints[number].token = Some(token.to_vec());
        Ok(())
    }

    fn latest_checkpoint(&self) -> Result<Option<SignedCheckpoint>, LogError> {
        Ok(self.stored.lock().unwrap().checkpoints.last().cloned())
    }

    fn checkpoints(&self, from: u64, limit: usize) -> Result<Vec<SignedCheckpoint>, LogError> {
        let from = usize::try_from(from).unwrap();
        Ok(self.stored.lock().unwrap().checkpoints.iter().skip(from).take(limit.min(2)).cloned().collect())
    }
}

#[derive(Default)]
pub(crate) struct FakeWitness {
    head: Mutex<Option<WitnessedHead>>,
    writes: Writes,
}

impl FakeWitness {
    /// A witness whose writes are counted together with the log's.
    pub(crate) fn sharing(log: &FakeLog) -> Self {
        Self { head: Mutex::default(), writes: log.writes() }
    }
}

impl HeadWitness for FakeWitness {
    fn load(&self) -> Result<Option<WitnessedHead>, WitnessError> {
        Ok(self.head.lock().unwrap().clone())
    }

    fn save(&self, head: &WitnessedHead) -> Result<(), WitnessError> {
        write(&self.writes, || *self.head.lock().unwrap() = Some(head.clone())).map_err(WitnessError)
    }
}

pub(crate) struct TestClock(Mutex<UtcTime>);

impl TestClock {
    pub(crate) fn new() -> Self {
        Self(Mutex::new("2026-11-23T12:00:00Z".parse().unwrap()))
    }

    pub(crate) fn forward(&self, span: Span) {
        let mut now = self.0.lock().unwrap();
        *now = now.plus(span);
    }

    pub(crate) fn back(&self, span: Span) {
        let mut now = self.0.lock().unwrap();
        *now = now.minus(span);
    }
}

impl Clock for TestClock {
    fn now(&self) -> UtcTime {
        *self.0.lock().unwrap()
    }
}

pub(crate) struct TestKey {
    key: p256::ecdsa::SigningKey,
    label: KeyLabel,
    pub(crate) spki: SubjectPublicKeyInfo,
}

impl TestKey {
    pub(crate) fn new(seed: u8) -> Self {
        let key = p256::ecdsa::SigningKey::from_slice(&[seed; 32]).unwrap();
        let der = p256::PublicKey::from(key.verifying_key()).to_public_key_der().unwrap().into_vec();
        Self { key, label: "audit/seal/1".parse().unwrap(), spki: SubjectPublicKeyInfo::assertion(der) }
    }
}

impl SigningKey<SealAudit> for TestKey {
    fn label(&self) -> &KeyLabel {
        &self.label
    }

    fn algorithm(&self) -> SignatureAlgorithm {
        SignatureAlgorithm::EcdsaP256Sha256
    }

    fn public_key(&self) -> &SubjectPublicKeyInfo {
        &self.spki
    }

    fn submit(&self, message: ToBeSigned<SealAudit>, reply: SignReply) {
        let signature: p256::ecdsa::Signature = self.key.sign(message.as_bytes());
        reply(Ok(Signature::from_bytes(signature.to_der().as_bytes().to_vec())));
    }
}

/// Verifies as `ndoba-x509` does in the product.
/// For logs whose time-stamps nobody looks at.
pub(crate) fn any_token(_: &[u8], _: ndoba_types::Sha256Digest) -> bool {
    true
}

pub(crate) fn p256_holds(
    key: &SubjectPublicKeyInfo,
    algorithm: SignatureAlgorithm,
    message: &[u8],
    signature: &[u8],
) -> bool {
    let Ok(key) = p256::PublicKey::from_public_key_der(key.as_der()) else { return false };
    let Ok(signature) = p256::ecdsa::Signature::from_der(signature) else { return false };
    algorithm == SignatureAlgorithm::EcdsaP256Sha256
        && p256::ecdsa::VerifyingKey::from(key).verify(message, &signature).is_ok()
}
