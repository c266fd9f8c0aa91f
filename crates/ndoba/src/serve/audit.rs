//! The `audit` role: gives events their place, seals the log, has the seal time-stamped, publishes it.

use std::sync::Arc;
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
/// Events per transaction.
const BATCH: usize = 500;

/// Starts the role.
pub(super) fn start(process: &Arc<Process>, background: &mut Background) -> anyhow::Result<()> {
    let settings = &process.settings;
    let audit = settings.audit.as_ref().context("the section [audit] is missing")?;
    let certificate_free_key = installation::audit_public_key(settings)?;
    let role = Role {
        key: process.tokens.open::<SealAudit>(&audit.key, &certificate_free_key)?,
        witness: HeadFile::open(&installation::witness_path(settings, "audit")),
        stamps: audit
            .tsa_url
            .as_ref()
            .map(|url| PublicClient::new(url.to_string().trim_end_matches("/tsa"), &[])),
        settings: SequencerSettings {
            installation: settings.installation,
            batch: BATCH,
            seal_within: audit.checkpoint_every,
            seal_every: SEAL_SILENCE,
        },
        process: Arc::clone(process),
    };
    let mut sequencer = role.first_look()?;
    let mut unstamped = None;
    background.run("audit", move || match role.step(&mut sequencer, &mut unstamped) {
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

struct Role {
    process: Arc<Process>,
    settings: SequencerSettings,
    key: Key<SealAudit>,
    witness: HeadFile,
    stamps: Option<PublicClient>,
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

    fn step(
        &self,
        sequencer: &mut Option<Sequencer>,
        unstamped: &mut Option<SignedCheckpoint>,
    ) -> anyhow::Result<Next> {
        let log = &self.process.store;
        let sequencer = match sequencer {
            Some(sequencer) => sequencer,
            None => sequencer.insert(Sequencer::open(self.settings, log, &self.witness)?),
        };
        let step = sequencer.step(log, &self.witness, &self.key, &*self.process.world.clock)?;
        if let Some(checkpoint) = step.checkpoint {
            self.publish(&checkpoint)?;
            *unstamped = Some(checkpoint);
        }
        if let Some(checkpoint) = unstamped.as_ref() {
            // Sealing goes on without a time-stamp: the next checkpoint's covers this one too.
            match self.stamp(checkpoint) {
                Ok(()) => *unstamped = None,
                Err(error) => tracing::debug!("a checkpoint is not time-stamped yet: {error:#}"),
            }
        }
        Ok(if step.more { Next::AtOnce } else { Next::After(POLL) })
    }

    fn publish(&self, checkpoint: &SignedCheckpoint) -> anyhow::Result<()> {
        files::write(&self.process.settings.paths.published.join("audit/checkpoint"), &checkpoint.to_bytes())
    }

    fn stamp(&self, checkpoint: &SignedCheckpoint) -> anyhow::Result<()> {
        let Some(client) = &self.stamps else { return Ok(()) };
        let digest = checkpoint.digest();
        let token =
            granted(&client.time_stamp(&query(digest))?, digest).context("the TSA granted no token")?;
        self.process.store.add_token(checkpoint.checkpoint.number, &token)?;
        let stamped = SignedCheckpoint { token: Some(token), ..checkpoint.clone() };
        self.publish(&stamped)
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
