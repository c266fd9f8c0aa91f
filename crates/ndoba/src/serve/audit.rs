//! The `audit` role: gives events their place, seals the log, has the seal time-stamped, publishes it.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use anyhow::Context as _;
use ndoba_audit::{EventLog as _, Sequencer, SequencerError, SequencerSettings, SignedCheckpoint};
use ndoba_client::PublicClient;
use ndoba_hsm::Key;
use ndoba_store::HeadFile;
use ndoba_types::{SealAudit, Sha256Digest, Span};

use super::Process;
use super::background::{Background, Next};
use crate::{files, installation};

/// Between two looks for events.
const POLL: Duration = Duration::from_millis(200);
/// After a failure.
const FAILURE_PAUSE: Duration = Duration::from_secs(1);
/// Silence is sealed too, this often.
const SEAL_SILENCE: Span = Span::hours(1);
/// How long a TSA may take: a stop waits for it too.
const STAMP_PATIENCE: Duration = Duration::from_secs(5);
/// Events per transaction.
const BATCH: usize = 500;

/// The role, ready to start.
pub(super) struct Prepared {
    role: Role,
    /// Where checkpoints are time-stamped.
    tsa: Option<String>,
    sequencer: Option<Sequencer>,
}

/// Everything that may refuse; nothing is written yet.
pub(super) fn prepare(process: &Arc<Process>) -> anyhow::Result<Prepared> {
    let settings = &process.settings;
    let audit = settings.audit.as_ref().context("the section [audit] is missing")?;
    let certificate_free_key = installation::audit_public_key(settings)?;
    let role = Role {
        key: process.tokens.open::<SealAudit>(&audit.key, &certificate_free_key)?,
        witness: HeadFile::open(&installation::witness_path(settings, "audit")),
        settings: SequencerSettings {
            installation: settings.installation,
            batch: BATCH,
            seal_within: audit.checkpoint_every,
            seal_every: SEAL_SILENCE,
        },
        newest: Arc::new(Newest { process: Arc::clone(process), unstamped: Mutex::default() }),
        process: Arc::clone(process),
    };
    let sequencer = role.first_look()?;
    Ok(Prepared { role, tsa: audit.tsa_url.as_ref().map(ToString::to_string), sequencer })
}

impl Prepared {
    /// Starts the role.
    pub(super) fn start(self, background: &mut Background) -> anyhow::Result<()> {
        let Self { role, tsa, mut sequencer } = self;
        if let Some(tsa) = tsa {
            let client = PublicClient::patient(&tsa, &[], STAMP_PATIENCE);
            let newest = Arc::clone(&role.newest);
            // On a thread of its own: sealing must not wait for a TSA that does not answer.
            background.run("audit-stamps", move || match newest.stamp(&client, &tsa) {
                Ok(()) => Next::After(POLL),
                Err(error) => {
                    tracing::debug!("a checkpoint is not time-stamped yet: {error:#}");
                    Next::After(FAILURE_PAUSE)
                }
            })?;
        }
        background.run("audit", move || match role.step(&mut sequencer) {
            Ok(next) => {
                role.process.health.set_ok("audit");
                next
            }
            Err(error) => {
                tracing::error!("the audit log stands still: {error:#}");
                role.process.health.set_failed("audit", format!("{error:#}"));
                sequencer = None;
                Next::After(FAILURE_PAUSE)
            }
        })
    }
}

struct Role {
    process: Arc<Process>,
    settings: SequencerSettings,
    key: Key<SealAudit>,
    witness: HeadFile,
    newest: Arc<Newest>,
}

impl Role {
    /// Where the log is gone on with. What no later look can mend is an error before anything is served; the rest is
    /// tried again.
    fn first_look(&self) -> anyhow::Result<Option<Sequencer>> {
        match Sequencer::open(self.settings, &self.process.store, &self.witness) {
            Ok(sequencer) => Ok(Some(sequencer)),
            Err(SequencerError::Log(_) | SequencerError::Sign(_) | SequencerError::Witness(_)) => Ok(None),
            Err(
                error @ (SequencerError::Altered { .. }
                | SequencerError::Forked
                | SequencerError::RolledBack { .. }
                | SequencerError::WitnessMissing),
            ) => Err(error).context("the audit role does not go on with this log"),
        }
    }

    fn step(&self, sequencer: &mut Option<Sequencer>) -> anyhow::Result<Next> {
        let log = &self.process.store;
        let sequencer = match sequencer {
            Some(sequencer) => sequencer,
            None => sequencer.insert(Sequencer::open(self.settings, log, &self.witness)?),
        };
        let step = sequencer.step(log, &self.witness, &self.key, &*self.process.world.clock)?;
        if let Some(checkpoint) = step.checkpoint {
            self.newest.publish(checkpoint)?;
        }
        Ok(if step.more { Next::AtOnce } else { Next::After(POLL) })
    }
}

/// The newest checkpoint: online at once, and online again with its time-stamp unless there is a newer one by then,
/// whose time-stamp covers this one too.
struct Newest {
    process: Arc<Process>,
    /// What is online without a time-stamp. Held while the file is written, so that it never goes back.
    unstamped: Mutex<Option<SignedCheckpoint>>,
}

impl Newest {
    fn publish(&self, checkpoint: SignedCheckpoint) -> anyhow::Result<()> {
        let mut unstamped = self.lock();
        self.write(&checkpoint)?;
        *unstamped = Some(checkpoint);
        Ok(())
    }

    fn stamp(&self, client: &PublicClient, tsa: &str) -> anyhow::Result<()> {
        let Some(checkpoint) = self.lock().clone() else { return Ok(()) };
        let digest = checkpoint.digest();
        let token = granted(&client.time_stamp_at(tsa, &query(digest))?, digest)
            .context("the TSA granted no token")?;
        self.process.store.add_token(checkpoint.checkpoint.number, &token)?;
        let mut unstamped = self.lock();
        if unstamped.as_ref().is_some_and(|newest| newest.digest() == digest) {
            self.write(&SignedCheckpoint { token: Some(token), ..checkpoint })?;
            *unstamped = None;
        }
        Ok(())
    }

    fn write(&self, checkpoint: &SignedCheckpoint) -> anyhow::Result<()> {
        let file = self.process.settings.paths.published.join("audit/checkpoint");
        files::write(&file, &checkpoint.to_bytes())
    }

    fn lock(&self) -> MutexGuard<'_, Option<SignedCheckpoint>> {
        // A checkpoint is replaced whole.
        self.unstamped.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A TimeStampReq for a SHA-256 imprint with certReq (RFC 3161 §2.4.1).
fn query(digest: Sha256Digest) -> Vec<u8> {
    const HEAD: [u8; 22] = [
        0x30, 0x37, 0x02, 0x01, 0x01, 0x30, 0x2f, 0x30, 0x0b, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03,
        0x04, 0x02, 0x01, 0x04, 0x20,
    ];
    const CERT_REQ: [u8; 3] = [0x01, 0x01, 0xff];
    [HEAD.as_slice(), digest.as_bytes(), &CERT_REQ].concat()
}

/// The token of a TimeStampResp that grants one over `digest`. Who verifies the log verifies the token.
fn granted(response: &[u8], digest: Sha256Digest) -> Option<Vec<u8>> {
    /// PKIStatusInfo with `granted` and nothing else.
    const GRANTED: [u8; 5] = [0x30, 0x03, 0x02, 0x01, 0x00];
    let header = match response.get(1)? {
        length if *length < 0x80 => 2,
        form => 2 + usize::from(form & 0x7f),
    };
    let token = response.get(header..)?.strip_prefix(&GRANTED)?;
    let names_it = token.windows(digest.as_bytes().len()).any(|window| window == digest.as_bytes());
    names_it.then(|| token.to_vec())
}
