//! The journal of time-stamps, and the way of its segments into the audit log.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use anyhow::Context as _;
use ndoba_audit::{Actor, Event, EventKind, Word};
use ndoba_settings::JournalMode;
use ndoba_store::{
    EndedSegment, JournalDurability, JournalSettings, SealReader, SegmentOutcome, TokenJournal,
};
use ndoba_tsa::JournalId;

use super::Process;
use super::background::{Background, Next};

/// Between two looks for segments that have ended.
const POLL: Duration = Duration::from_millis(200);
/// After a failure.
const FAILURE_PAUSE: Duration = Duration::from_secs(1);

/// Opens the journal and begins to record its segments. What an earlier run left unrecorded is recorded first; while
/// the database is away, tokens go on up to the stated backlog.
pub(super) fn open(process: &Arc<Process>, background: &mut Background) -> anyhow::Result<Arc<TokenJournal>> {
    let (tsa, node) = (&process.settings.tsa, process.settings.node);
    let journal = TokenJournal::open(JournalSettings {
        folder: process.settings.paths.journal.clone(),
        id: JournalId { installation: process.settings.installation, node },
        segment_records: tsa.segment_records,
        seal_after: tsa.seal_after.to_std(),
        queue_depth: tsa.queue_depth,
        backlog_records: tsa.backlog_records.into(),
        durability: match tsa.journal {
            JournalMode::OnDisk => JournalDurability::OnDisk,
            JournalMode::Relaxed => JournalDurability::Relaxed,
        },
    })
    .context("the journal of time-stamps cannot be used")?;
    let journal = Arc::new(journal);
    let last = process.store.last_segment(node)?;
    journal.recorded(last.as_ref().map_or(0, |last| last.records));
    let reader = SealReader::after(journal.folder(), last.as_ref())?;
    let seals = Seals { process: Arc::clone(process), journal: Arc::clone(&journal), reader };
    let seals = Arc::new(Mutex::new(seals));
    let at_the_end = Arc::clone(&seals);
    background.run("tsa-seals", move || lock(&seals).look())?;
    background.at_the_end(move || {
        let mut seals = lock(&at_the_end);
        seals.journal.seal();
        if let Err(error) = seals.record() {
            tracing::warn!(
                "the last tokens are not in the audit log yet, the next start records them: {error:#}"
            );
        }
    });
    Ok(journal)
}

fn lock(seals: &Mutex<Seals>) -> std::sync::MutexGuard<'_, Seals> {
    // The reader moves only when a segment was read whole.
    seals.lock().unwrap_or_else(PoisonError::into_inner)
}

struct Seals {
    process: Arc<Process>,
    journal: Arc<TokenJournal>,
    reader: SealReader,
}

impl Seals {
    fn look(&mut self) -> Next {
        let recorded = self.record();
        let health = &self.process.health;
        match recorded {
            Ok(()) if self.journal.is_writable() => {
                health.set_ok("journal");
                Next::After(POLL)
            }
            Ok(()) => {
                health.set_failed("journal", "it cannot be written: no tokens are made".into());
                Next::After(POLL)
            }
            Err(error) => {
                let waiting = self.journal.backlog();
                let found = format!("{waiting} tokens are not in the audit log yet: {error:#}");
                tracing::error!("{found}");
                health.set_failed("journal", found);
                Next::After(FAILURE_PAUSE)
            }
        }
    }

    /// Records every segment that has ended, in order, each once: the row that says so commits with the event.
    fn record(&mut self) -> anyhow::Result<()> {
        while self.reader.next() < self.journal.ended_segments() {
            // A copy moves: should recording fail, the segment is read again.
            let mut ahead = self.reader.clone();
            let segment = ahead.read()?;
            let event = self.event(&segment)?;
            match self.process.store.record_segment(&segment, &event)? {
                SegmentOutcome::Already | SegmentOutcome::Recorded => {}
                SegmentOutcome::Another => {
                    let number = segment.seal.segment;
                    let found = format!(
                        "the audit log has another segment {number} of node {}: two processes have one node number",
                        self.process.settings.node
                    );
                    self.journal.stop(found.clone());
                    anyhow::bail!(found);
                }
            }
            self.journal.recorded(segment.records);
            self.reader = ahead;
        }
        Ok(())
    }

    fn event(&self, segment: &EndedSegment) -> anyhow::Result<Event> {
        let seal = &segment.seal;
        let what = EventKind::TsuSegmentSealed {
            node: seal.id.node.into(),
            segment: seal.segment,
            first: seal.first.to_string().parse::<Word>()?,
            last: seal.last.to_string().parse::<Word>()?,
            count: seal.count,
            head: seal.head,
        };
        let world = &self.process.world;
        Ok(Event::new(&*world.random, world.clock.now(), Actor::Role("tsa".into()), what)?)
    }
}
