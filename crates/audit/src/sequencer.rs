//! The one sequencer: gives events their place and seals the log.

use ndoba_types::{
    Clock, InstallationId, SealAudit, Sha256Digest, SignError, SigningKey, Span, ToBeSigned, UtcTime,
    canonical,
};

use crate::{
    Checkpoint, EventLog, Frontier, HeadWitness, Leaf, LogError, PendingEvent, Record, SignedCheckpoint,
    WitnessError, WitnessedHead,
};

/// The most octets of an event; ours have under 1 500.
const MAX_EVENT: usize = 16 * 1024;

/// How many records are read at a time when catching up.
const CATCH_UP: usize = 1000;

/// How often the sequencer seals.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SequencerSettings {
    /// Whose log.
    pub installation: InstallationId,
    /// The most events that get their place in one transaction.
    pub batch: usize,
    /// New records wait at most so long for their checkpoint.
    pub seal_within: Span,
    /// A checkpoint is signed after so long without one, even when nothing happened: silence is a statement too.
    pub seal_every: Span,
}

/// What one step did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// How many events got their place.
    pub appended: usize,
    /// How many of these were no events: someone wrote into the table by other means. Raise an alarm.
    pub malformed: usize,
    /// Whether more are probably waiting.
    pub more: bool,
    /// A checkpoint that was signed and stored: time-stamp it, publish it.
    pub checkpoint: Option<SignedCheckpoint>,
}

/// The sequencer's state between steps. There is one per installation; a second one does no harm but gets nothing
/// done.
#[derive(Debug)]
pub struct Sequencer {
    settings: SequencerSettings,
    head: WitnessedHead,
    /// False after a step that failed half-way: the next one reads again where things stand.
    known: bool,
}

impl Sequencer {
    /// Reads where the log stands, and refuses one that does not extend what the witness saw.
    ///
    /// # Errors
    ///
    /// [`SequencerError`].
    pub fn open(
        settings: SequencerSettings,
        log: &dyn EventLog,
        witness: &dyn HeadWitness,
    ) -> Result<Self, SequencerError> {
        let head = catch_up(log, witness)?;
        Ok(Self { settings, head, known: true })
    }

    /// How far the log has come.
    pub fn head(&self) -> &WitnessedHead {
        &self.head
    }

    /// Gives waiting events their place, and seals the log when it is time. Call again at once while
    /// [`Step::more`], else after a pause.
    ///
    /// The order of writes: records into the database, then the witness; the signature, then the witness, then the
    /// checkpoint into the database. A crash between any two is made good by [`Self::open`].
    ///
    /// # Errors
    ///
    /// [`SequencerError`]; the next step starts from what is stored.
    pub fn step(
        &mut self,
        log: &dyn EventLog,
        witness: &dyn HeadWitness,
        key: &dyn SigningKey<SealAudit>,
        clock: &dyn Clock,
    ) -> Result<Step, SequencerError> {
        if !self.known {
            self.head = catch_up(log, witness)?;
        }
        self.known = false;
        let step = self.advance(log, witness, key, clock)?;
        self.known = true;
        Ok(step)
    }

    fn advance(
        &mut self,
        log: &dyn EventLog,
        witness: &dyn HeadWitness,
        key: &dyn SigningKey<SealAudit>,
        clock: &dyn Clock,
    ) -> Result<Step, SequencerError> {
        let pending = log.pending(self.settings.batch)?;
        let more = pending.len() == self.settings.batch;
        let appended = pending.len();
        let mut malformed = 0;
        if !pending.is_empty() {
            let mut next = self.head.clone();
            let size = next.frontier.size();
            let (leaves, bad) = place(&mut next, pending)?;
            if !log.append(size, &leaves)? {
                // Another sequencer was quicker: what it did is checked like anything else that is stored.
                self.head = catch_up(log, witness)?;
                return Ok(Step { appended: 0, malformed: 0, more: true, checkpoint: None });
            }
            witness.save(&next)?;
            self.head = next;
            malformed = bad;
        }
        let checkpoint = match self.time_to_seal(clock.now()) {
            Some(at) => Some(self.seal(log, witness, key, at)?),
            None => None,
        };
        Ok(Step { appended, malformed, more, checkpoint })
    }

    /// The time to write into the next checkpoint, if it is due.
    fn time_to_seal(&self, now: UtcTime) -> Option<UtcTime> {
        let Some(last) = &self.head.checkpoint else { return Some(now) };
        let Checkpoint { at, size, .. } = last.checkpoint;
        let unsealed = self.head.frontier.size() > size;
        if now < at {
            // A clock that went back must not turn the log's time back, nor keep new records from being sealed.
            return unsealed.then_some(at);
        }
        let wait = if unsealed { self.settings.seal_within } else { self.settings.seal_every };
        (now.since(at) >= wait).then_some(now)
    }

    fn seal(
        &mut self,
        log: &dyn EventLog,
        witness: &dyn HeadWitness,
        key: &dyn SigningKey<SealAudit>,
        at: UtcTime,
    ) -> Result<SignedCheckpoint, SequencerError> {
        let previous = self.head.checkpoint.as_ref();
        let checkpoint = Checkpoint {
            installation: self.settings.installation,
            number: previous.map_or(0, |previous| previous.checkpoint.number + 1),
            size: self.head.frontier.size(),
            root: self.head.frontier.root(),
            at,
            previous: previous.map(SignedCheckpoint::digest),
        };
        let signature = key.sign(ToBeSigned::assertion(checkpoint.to_bytes()))?;
        let signed = SignedCheckpoint {
            checkpoint,
            key: key.public_key().fingerprint(),
            algorithm: key.algorithm(),
            signature,
            token: None,
        };
        self.head.checkpoint = Some(signed.clone());
        witness.save(&self.head)?;
        if log.add_checkpoint(&signed)? { Ok(signed) } else { Err(SequencerError::Forked) }
    }
}

/// Places for events, `head` moved on behind them; and how many of the events were none.
fn place(head: &mut WitnessedHead, pending: Vec<PendingEvent>) -> Result<(Vec<Leaf>, usize), SequencerError> {
    let mut leaves = Vec::with_capacity(pending.len());
    let mut malformed = 0;
    for PendingEvent { row, bytes } in pending {
        let index = head.frontier.size();
        let record = match Record::new(index, &bytes, head.last) {
            Ok(record) if bytes.len() <= MAX_EVENT => record,
            // Roles that may insert events must not be able to stop the log: what is no event gets a place as such.
            Ok(_) | Err(_) => {
                malformed += 1;
                Record::new(index, &malformed_event(&bytes), head.last).map_err(|_| too_long(index))?
            }
        };
        leaves.push(Leaf { row, index, bytes: record.to_bytes() });
        head.last = Some(record.hash());
        head.frontier.push(record.hash());
    }
    Ok((leaves, malformed))
}

/// Canonical numbers end at 2⁵³: the log's size cannot be real then.
fn too_long(index: u64) -> SequencerError {
    SequencerError::Altered { index }
}

/// Stands for bytes in the events' table that no version of this product wrote.
fn malformed_event(bytes: &[u8]) -> Vec<u8> {
    let digest = Sha256Digest::of(bytes);
    let value = serde_json::json!({
        "data": { "digest": digest.to_string(), "length": bytes.len().to_string() },
        "kind": "malformed-event",
    });
    // Texts only: nothing here can be refused.
    canonical::encode(&value).unwrap_or_default()
}

/// The head as the database has it, having checked that it extends the head as the witness has it.
fn catch_up(log: &dyn EventLog, witness: &dyn HeadWitness) -> Result<WitnessedHead, SequencerError> {
    let stored = log.latest_checkpoint()?;
    let size = log.size()?;
    let head = match witness.load()? {
        Some(head) => head,
        None if size == 0 && stored.is_none() => WitnessedHead::EMPTY,
        None => return Err(SequencerError::WitnessMissing),
    };
    if size < head.frontier.size() {
        return Err(SequencerError::RolledBack { witnessed: head.frontier.size(), stored: size });
    }
    let number = |signed: &SignedCheckpoint| signed.checkpoint.number;
    match (&head.checkpoint, &stored) {
        (None, None) => {}
        (Some(ours), Some(theirs)) if ours.digest() == theirs.digest() => {}
        // Signed and witnessed, then the crash: the database gets it now.
        (Some(ours), theirs) if number(ours) == theirs.as_ref().map_or(0, |theirs| number(theirs) + 1) => {
            if !log.add_checkpoint(ours)? {
                return Err(SequencerError::Forked);
            }
        }
        (Some(ours), Some(theirs)) if number(theirs) >= number(ours) => return Err(SequencerError::Forked),
        (None, Some(_)) => return Err(SequencerError::Forked),
        (Some(_), Some(_) | None) => {
            return Err(SequencerError::RolledBack { witnessed: head.frontier.size(), stored: size });
        }
    }
    check_last(log, &head)?;
    extend(log, head, size)
}

/// The last record that the witness saw is still the one stored.
fn check_last(log: &dyn EventLog, head: &WitnessedHead) -> Result<(), SequencerError> {
    let Some(index) = head.frontier.size().checked_sub(1) else { return Ok(()) };
    let stored = log.leaves(index, 1)?;
    let hash = stored.first().and_then(|bytes| Record::from_bytes(bytes).ok()).map(|record| record.hash());
    if hash.is_some() && hash == head.last { Ok(()) } else { Err(SequencerError::Altered { index }) }
}

/// Reads the records from the head's size on and moves it behind them.
fn extend(log: &dyn EventLog, mut head: WitnessedHead, size: u64) -> Result<WitnessedHead, SequencerError> {
    while head.frontier.size() < size {
        // No further than asked: the root is compared there.
        let wanted = usize::try_from(size - head.frontier.size()).unwrap_or(CATCH_UP).min(CATCH_UP);
        let records = log.leaves(head.frontier.size(), wanted)?;
        if records.is_empty() {
            return Err(SequencerError::Altered { index: head.frontier.size() });
        }
        for bytes in records {
            let index = head.frontier.size();
            let record = Record::from_bytes(&bytes).map_err(|_| SequencerError::Altered { index })?;
            if record.index() != index || record.prev() != head.last {
                return Err(SequencerError::Altered { index });
            }
            head.last = Some(record.hash());
            head.frontier.push(record.hash());
        }
    }
    Ok(head)
}

/// The head of what the database holds, read from its first record on, for a witness that was lost or a restored
/// database that two security officers accepted. The records must agree with the newest checkpoint stored.
///
/// # Errors
///
/// [`SequencerError::Altered`] when they do not.
pub fn rebuild_witness(log: &dyn EventLog) -> Result<WitnessedHead, SequencerError> {
    let checkpoint = log.latest_checkpoint()?;
    let size = log.size()?;
    let sealed = checkpoint.as_ref().map_or(0, |signed| signed.checkpoint.size);
    let mut head = extend(log, WitnessedHead::EMPTY, sealed.min(size))?;
    let root = checkpoint.as_ref().map_or_else(|| Frontier::new().root(), |signed| signed.checkpoint.root);
    if head.frontier.size() != sealed || head.frontier.root() != root {
        return Err(SequencerError::Altered { index: head.frontier.size().saturating_sub(1) });
    }
    head.checkpoint = checkpoint;
    extend(log, head, size)
}

/// Why the log does not go on, by what the caller must do.
#[derive(Debug, thiserror::Error)]
pub enum SequencerError {
    /// A stored record is not what it was: stop, call an auditor.
    #[error("record {index} of the audit log was altered or removed")]
    Altered {
        /// Which.
        index: u64,
    },
    /// The database has a checkpoint that this sequencer did not sign: stop, call an auditor.
    #[error("the database has a checkpoint that the witness does not know")]
    Forked,
    /// The database did not do it.
    #[error("the audit log could not be read or written")]
    Log(#[from] LogError),
    /// The database is behind the witness: it was rolled back. Two security officers may accept that.
    #[error("the audit log has {stored} records, but {witnessed} were witnessed")]
    RolledBack {
        /// How many records the witness saw.
        witnessed: u64,
        /// How many there are.
        stored: u64,
    },
    /// The token did not sign. Records have their place; their checkpoint comes with a later step.
    #[error("the checkpoint could not be signed")]
    Sign(#[from] SignError),
    /// The witness file could not be read or written: try again.
    #[error("the witness of the audit log could not be read or written")]
    Witness(#[from] WitnessError),
    /// There are records, but no witness of them: it was removed, or the database is another's.
    #[error("the audit log has records, but its witness is missing")]
    WitnessMissing,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::test_support::{FakeLog, FakeWitness, TestClock, TestKey, event, settings};

    fn run(log: &FakeLog, witness: &FakeWitness, clock: &TestClock) -> Result<Step, SequencerError> {
        Sequencer::open(settings(), log, witness)?.step(log, witness, &TestKey::new(1), clock)
    }

    #[test]
    fn events_get_places_and_checkpoints_follow_each_other() {
        let (log, witness, clock) = (FakeLog::default(), FakeWitness::default(), TestClock::new());
        let key = TestKey::new(1);
        let mut sequencer = Sequencer::open(settings(), &log, &witness).unwrap();
        let first = sequencer.step(&log, &witness, &key, &clock).unwrap();
        assert_eq!(first.checkpoint.unwrap().checkpoint.size, 0);
        for round in 0..5u8 {
            log.add(event(round));
            clock.forward(Span::seconds(10));
            let step = sequencer.step(&log, &witness, &key, &clock).unwrap();
            assert_eq!((step.appended, step.more), (1, false));
            assert_eq!(step.checkpoint.unwrap().checkpoint.size, u64::from(round) + 1);
            // Nothing new, too early for a silent one.
            assert_eq!(sequencer.step(&log, &witness, &key, &clock).unwrap().checkpoint, None);
        }
        clock.forward(Span::hours(1));
        let silent = sequencer.step(&log, &witness, &key, &clock).unwrap().checkpoint.unwrap();
        assert_eq!((silent.checkpoint.number, silent.checkpoint.size), (6, 5));
        assert_eq!(rebuild_witness(&log).unwrap(), *sequencer.head());
        // Records that no checkpoint seals yet follow the one that does.
        log.add(event(9));
        sequencer.step(&log, &witness, &key, &clock).unwrap();
        assert_eq!(
            (sequencer.head().frontier.size(), rebuild_witness(&log).unwrap()),
            (6, sequencer.head().clone())
        );
        let saved = witness.load().unwrap().unwrap();
        assert_eq!(WitnessedHead::from_bytes(&saved.to_bytes()), Ok(saved));
    }

    #[test]
    fn a_clock_that_went_back_neither_stops_the_log_nor_turns_its_time() {
        let (log, witness, clock) = (FakeLog::default(), FakeWitness::default(), TestClock::new());
        let first = run(&log, &witness, &clock).unwrap().checkpoint.unwrap();
        clock.back(Span::hours(5));
        assert_eq!(run(&log, &witness, &clock).unwrap().checkpoint, None);
        log.add(event(1));
        let second = run(&log, &witness, &clock).unwrap().checkpoint.unwrap();
        assert_eq!(second.checkpoint.at, first.checkpoint.at);
    }

    /// Every write of a step, failing before and after it took effect: nothing is lost, nothing doubled.
    #[test]
    fn crashes_at_every_write_are_made_good() {
        for took_effect in [false, true] {
            for failing in 0..4 {
                let (log, clock) = (FakeLog::default(), TestClock::new());
                let witness = FakeWitness::sharing(&log);
                run(&log, &witness, &clock).unwrap();
                log.add(event(1));
                clock.forward(Span::seconds(10));
                // Writes of this step: append, witness, witness, checkpoint.
                let writes = log.writes();
                *writes.lock().unwrap() = Some((failing, took_effect));
                assert!(run(&log, &witness, &clock).is_err(), "write {failing}");
                *writes.lock().unwrap() = None;
                clock.forward(Span::seconds(10));
                log.add(event(2));
                let step = run(&log, &witness, &clock).unwrap();
                assert_eq!(log.size().unwrap(), 2);
                assert_eq!(step.checkpoint.unwrap().checkpoint.size, 2);
                log.assert_export_is_clean();
            }
        }
    }

    #[test]
    fn rollback_forks_and_a_lost_witness_are_refused() {
        let (log, witness, clock) = (FakeLog::default(), FakeWitness::default(), TestClock::new());
        log.add(event(1));
        run(&log, &witness, &clock).unwrap();
        let old = log.snapshot();
        log.add(event(2));
        clock.forward(Span::seconds(10));
        run(&log, &witness, &clock).unwrap();
        let new = log.snapshot();

        log.restore(&old);
        assert!(matches!(
            run(&log, &witness, &clock),
            Err(SequencerError::RolledBack { witnessed: 2, stored: 1 })
        ));

        // Rolled back and gone another way: as long as before, but not the same.
        log.add(event(3));
        let other = FakeWitness::default();
        other.save(&rebuild_witness(&log).unwrap()).unwrap();
        run(&log, &other, &clock).unwrap();
        assert!(matches!(run(&log, &witness, &clock), Err(SequencerError::Forked)));

        log.restore(&new);
        assert!(matches!(run(&log, &FakeWitness::default(), &clock), Err(SequencerError::WitnessMissing)));
        assert!(run(&log, &witness, &clock).is_ok());
    }

    /// Who may insert events must not be able to stop the log by inserting something else.
    #[test]
    fn what_is_no_event_gets_a_place_as_such() {
        let (log, witness, clock) = (FakeLog::default(), FakeWitness::default(), TestClock::new());
        let long = format!("{{\"a\":\"{}\"}}", "x".repeat(MAX_EVENT));
        for bytes in [b"{ }".to_vec(), b"7".to_vec(), b"\xff".to_vec(), Vec::new(), long.into_bytes()] {
            log.add(bytes);
        }
        log.add(event(1));
        let step = run(&log, &witness, &clock).unwrap();
        assert_eq!((step.appended, step.malformed), (6, 5));
        let first = Record::from_bytes(&log.leaves(0, 1).unwrap()[0]).unwrap();
        assert_eq!(first.event()["kind"], "malformed-event");
        assert_eq!(first.event()["data"]["digest"], Sha256Digest::of(b"{ }").to_string());
        log.assert_export_is_clean();
    }

    #[test]
    fn the_last_witnessed_record_must_be_the_one_stored() {
        let (log, witness, clock) = (FakeLog::default(), FakeWitness::default(), TestClock::new());
        log.add(event(1));
        run(&log, &witness, &clock).unwrap();
        let mut stored = log.snapshot();
        stored.leaves[0] = Record::new(0, &event(2), None).unwrap().to_bytes();
        log.restore(&stored);
        assert!(matches!(run(&log, &witness, &clock), Err(SequencerError::Altered { index: 0 })));
        assert!(matches!(rebuild_witness(&log), Err(SequencerError::Altered { .. })));
    }

    /// A token that does not sign delays the checkpoint, not the records.
    #[test]
    fn a_token_that_is_away_loses_nothing() {
        struct Away(TestKey);
        impl SigningKey<SealAudit> for Away {
            fn label(&self) -> &ndoba_types::KeyLabel {
                self.0.label()
            }
            fn algorithm(&self) -> ndoba_types::SignatureAlgorithm {
                self.0.algorithm()
            }
            fn public_key(&self) -> &ndoba_types::SubjectPublicKeyInfo {
                self.0.public_key()
            }
            fn submit(&self, _: ToBeSigned<SealAudit>, reply: ndoba_types::SignReply) {
                reply(Err(SignError::Unavailable { reason: "removed".into() }));
            }
        }
        let (log, witness, clock) = (FakeLog::default(), FakeWitness::default(), TestClock::new());
        let mut sequencer = Sequencer::open(settings(), &log, &witness).unwrap();
        log.add(event(1));
        let away = sequencer.step(&log, &witness, &Away(TestKey::new(1)), &clock);
        assert!(matches!(away, Err(SequencerError::Sign(_))));
        assert_eq!(log.size().unwrap(), 1);
        let back = sequencer.step(&log, &witness, &TestKey::new(1), &clock).unwrap();
        assert_eq!((back.appended, back.checkpoint.unwrap().checkpoint.size), (0, 1));
    }
}
