//! The CA role, step by step: what one thread does over and over, and what a ceremony does once.

mod accounts;
mod crl_keeper;
mod generations;
mod orders;
mod rests;
mod standing;

use std::collections::{BTreeMap, BTreeSet};
use std::num::NonZeroUsize;
use std::sync::Arc;

use ndoba_audit::{Event, EventKind};
use ndoba_order::{Pins, Register, RegisterRefusal};
use ndoba_types::{CaName, DeviceModel, InstallationId, Sha256Digest, Span, UtcTime};
use ndoba_x509::{Profile, PublicUrls};

use crate::accounting::{TokenCount, Violation};
use crate::authority::IssuingCa;
use crate::clocks::{ClockReport, Clocks, RevocationRule};
use crate::decide::{OrderRefusal, Stop};
use crate::error::CaError;
use crate::issue::{Issuance, IssueOutcome, RecordedIntent};
use crate::node::{Node, word};
use crate::ports::Ledger;
use crate::suspension::{self, SuspensionRule};
use crate::world::{CrlSink, Failpoints, RollbackWitness};
use crl_keeper::{LONGEST_REST, Told};
use rests::Rests;

/// How many orders are carried out together: one commit for their intents, one for their certificates.
const BATCH: usize = 64;
/// An order for which the token lost this many signatures is refused instead of tried again. Crashes do not count:
/// however often the process is killed, what officers ordered comes to its end.
const MAX_LOST: u32 = 3;
/// How often rows in doubt are looked for, and the witness is compared with the database.
const CARE_INTERVAL: Span = Span::seconds(5);

pub use crl_keeper::{CrlKeeper, MadeCrl};

/// What the CA role works with.
pub struct CaParts {
    /// This process.
    pub node: Node,
    /// The database.
    pub ledger: Arc<dyn Ledger>,
    /// Where CRLs go.
    pub sink: Arc<dyn CrlSink>,
    /// The memory outside the database.
    pub witness: Arc<dyn RollbackWitness>,
    /// For tests; [`NoFailpoints`](crate::NoFailpoints) in service.
    pub failpoints: Arc<dyn Failpoints>,
    /// The CAs whose keys this process has.
    pub authorities: Vec<IssuingCa>,
    /// The profiles that may be issued by.
    pub profiles: Vec<Profile>,
    /// Certified models of qualified devices, with the ends of their certifications.
    pub devices: BTreeMap<DeviceModel, UtcTime>,
    /// Public keys, by SHA-256 over SubjectPublicKeyInfo, that nobody is certified for.
    pub blocked_keys: BTreeSet<Sha256Digest>,
    /// Addresses that certificates carry.
    pub urls: PublicUrls,
    /// Which installation this is; orders for another are refused.
    pub installation: InstallationId,
    /// The pinned security officers, from this role's own configuration.
    pub pins: Pins,
    /// A row in `signing` older than this is in doubt whoever owns it; longer than the token's deadline.
    pub doubt_after: Span,
    /// Whether certificates may be suspended, for how long, and what then.
    pub suspension: SuspensionRule,
    /// How long a request to revoke or suspend may take.
    pub revocation: RevocationRule,
    /// How many threads carry out orders for certificates at once, when there are many: as many as there are
    /// processors.
    pub lanes: NonZeroUsize,
}

/// What one step did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Progress {
    /// Certificates issued.
    pub issued: usize,
    /// Statuses changed.
    pub changed: usize,
    /// Orders refused.
    pub refused: usize,
    /// CRLs published.
    pub crls: usize,
    /// Certificates given up because a signature may be lost; their orders wait again.
    pub lost: usize,
    /// Intents that wait for the token.
    pub parked: usize,
    /// Orders for certificates that wait and are not begun: the token is away, or the CA issues no more. At most one
    /// step's.
    pub waiting: usize,
    /// Orders that wait for their date.
    pub later: usize,
    /// Suspensions beyond their time that wait for an officer, as last counted; more than a hundred count as a hundred.
    pub overdue: usize,
}

impl Progress {
    fn add(&mut self, other: &Self) {
        let Self { issued, changed, refused, crls, lost, parked, waiting, later, overdue } = other;
        self.issued += issued;
        self.changed += changed;
        self.refused += refused;
        self.crls += crls;
        self.lost += lost;
        self.parked += parked;
        self.waiting += waiting;
        self.later += later;
        self.overdue += overdue;
    }

    /// Whether there may be more to do at once.
    pub fn worked(&self) -> bool {
        self.issued + self.changed + self.refused + self.crls + self.lost > 0
    }
}

/// The CA role. Owned by one thread; [`Self::step`] is called again and again.
pub struct CaService {
    node: Arc<Node>,
    ledger: Arc<dyn Ledger>,
    witness: Arc<dyn RollbackWitness>,
    failpoints: Arc<dyn Failpoints>,
    authorities: Arc<BTreeMap<CaName, IssuingCa>>,
    profiles: BTreeMap<String, Profile>,
    urls: PublicUrls,
    devices: BTreeMap<DeviceModel, UtcTime>,
    blocked_keys: BTreeSet<Sha256Digest>,
    installation: InstallationId,
    register: Register,
    grants_read: u64,
    doubt_after: Span,
    suspension: SuspensionRule,
    overdue: usize,
    lanes: NonZeroUsize,
    clocks: Clocks,
    clocks_at: Option<UtcTime>,
    clock_report: Option<ClockReport>,
    parked: Vec<(CaName, RecordedIntent)>,
    /// CAs whose name an older one has: they issue once two officers decided it.
    heirs: BTreeSet<CaName>,
    tokens: Rests,
    /// `None` when another thread has it.
    crl_keeper: Option<CrlKeeper>,
    told: Arc<Told>,
    cared_at: Option<UtcTime>,
    accounted_at: Option<UtcTime>,
    violations: Vec<Violation>,
    /// What is not in the log yet.
    alarms: Vec<(Option<TokenCount>, Vec<Event>)>,
}

impl CaService {
    /// Puts the parts together. Nothing is signed or read yet.
    ///
    /// # Errors
    ///
    /// [`CaError::Register`] when the pin is of another installation or no pin at all.
    pub fn new(parts: CaParts) -> Result<Self, CaError> {
        let CaParts {
            node,
            ledger,
            sink,
            witness,
            failpoints,
            authorities,
            profiles,
            urls,
            devices,
            blocked_keys,
            installation,
            pins,
            doubt_after,
            suspension,
            revocation,
            lanes,
        } = parts;
        let register =
            Register::from_pins(&pins).map_err(|error| CaError::Register { what: error.to_string() })?;
        let (node, told) = (Arc::new(node), Arc::new(Told::default()));
        let authorities = authorities.into_iter().map(|ca| (ca.name.clone(), ca)).collect();
        let authorities = Arc::new(authorities);
        let crl_keeper = CrlKeeper {
            node: Arc::clone(&node),
            ledger: Arc::clone(&ledger),
            sink,
            failpoints: Arc::clone(&failpoints),
            authorities: Arc::clone(&authorities),
            urls: urls.clone(),
            doubt_after,
            told: Arc::clone(&told),
            tokens: Rests::of_tokens(),
            changes_wait: Rests::of_at_most(LONGEST_REST),
            online: BTreeMap::new(),
            settled: BTreeMap::new(),
            cared_at: None,
        };
        Ok(Self {
            node,
            ledger,
            witness,
            failpoints,
            authorities,
            profiles: profiles.into_iter().map(|profile| (profile.name().to_owned(), profile)).collect(),
            urls,
            devices,
            blocked_keys,
            installation,
            register,
            grants_read: 0,
            doubt_after,
            suspension,
            overdue: 0,
            lanes,
            clocks: Clocks::new(revocation),
            clocks_at: None,
            clock_report: None,
            parked: Vec::new(),
            heirs: BTreeSet::new(),
            tokens: Rests::of_tokens(),
            crl_keeper: Some(crl_keeper),
            told,
            cared_at: None,
            accounted_at: None,
            violations: Vec::new(),
            alarms: Vec::new(),
        })
    }

    /// Does what is there to do: care for rows in doubt, status orders, issuing orders, CRLs.
    ///
    /// # Errors
    ///
    /// [`CaError`]. After [`CaError::Halted`] every further step fails the same way until the process is restarted.
    pub fn step(&mut self) -> Result<Progress, CaError> {
        if let Some(what) = self.node.halted() {
            return Err(CaError::Halted { what: what.into() });
        }
        let outcome = self.step_once();
        if let Err(error) = &outcome {
            halt(&self.node, &*self.ledger, error);
        }
        outcome
    }

    /// Gives the lists to another thread, which calls [`CrlKeeper::step`] again and again; [`Self::step`] makes none any
    /// more. `None` when that was done before.
    pub fn take_crl_keeper(&mut self) -> Option<CrlKeeper> {
        self.crl_keeper.take()
    }

    fn step_once(&mut self) -> Result<Progress, CaError> {
        let mut progress = Progress::default();
        let looked = self.look_around(&mut progress);
        self.told.database_is_sound(looked.is_ok());
        let register_grew = looked?;
        // Before anything is issued, the lists that it may name; it is a matter of a process's first steps.
        if !self.authorities.values().all(|ca| self.told.shards_are_online(ca)) {
            self.keep_crls()?;
        }
        self.retry_parked(&mut progress)?;
        self.carry_out_orders(&mut progress)?;
        self.certify_responders(&mut progress)?;
        self.keep_crls()?;
        progress.crls = self.told.take_made();
        self.compare_with_token()?;
        // A grant that nobody used yet counts too: a copy without it may be without an officer's dismissal.
        if progress.worked() || register_grew {
            self.witness.advance(&self.ledger.marks()?, self.grants_read)?;
        }
        progress.parked = self.parked.len();
        progress.overdue = self.overdue;
        Ok(progress)
    }

    /// Unless another thread does it.
    fn keep_crls(&mut self) -> Result<(), CaError> {
        self.crl_keeper.as_mut().map_or(Ok(()), |keeper| keeper.keep().map(drop))
    }

    /// Everything that must be well before anything is done; whether the register grew.
    fn look_around(&mut self, progress: &mut Progress) -> Result<bool, CaError> {
        self.care(progress)?;
        self.account()?;
        self.look_at_clocks()?;
        self.read_grants()
    }

    /// Compares the database with the witness, settles rows in doubt and overdue suspensions: at start, and every few
    /// seconds.
    fn care(&mut self, progress: &mut Progress) -> Result<(), CaError> {
        let now = self.node.now();
        if self.cared_at.is_some_and(|at| now.since(at) < CARE_INTERVAL && now >= at) {
            return Ok(());
        }
        let highest_grant =
            self.ledger.grants_after(self.grants_read)?.last().map_or(self.grants_read, |g| g.seq);
        self.witness.check(&self.ledger.marks()?, highest_grant).map_err(CaError::Behind)?;
        self.heirs = generations::heirs(&self.ledger.authorities()?, self.authorities.values())?;
        let (node, epoch, before) = (self.node.name(), self.node.epoch(), now.minus(self.doubt_after));
        let mut settled = Vec::new();
        for doubt in self.ledger.in_doubt(node, epoch, before)? {
            // What this process itself has parked is not in doubt: the token provably did not sign it. What it tried
            // and neither parked nor recorded is: the database went away after the token had been asked.
            if self.parked.iter().any(|(_, intent)| *intent.attempt() == doubt.attempt) {
                continue;
            }
            let Some(ca) = self.authorities.get(&doubt.certificate.ca) else { continue };
            let serial = doubt.certificate.serial.clone();
            let Some(outcome) = self.issuance(ca).reconcile(doubt)? else { continue };
            tracing::warn!(ca = %ca.name, %serial, ?outcome, "a certificate was in doubt");
            settled.push((ca.name.clone(), outcome));
        }
        for (ca, outcome) in settled {
            self.settle(&ca, vec![outcome], progress);
        }
        let suspensions = suspension::settle(&self.node, &*self.ledger, self.suspension)?;
        progress.changed += suspensions.revoked;
        self.overdue = suspensions.waiting;
        self.cared_at = Some(now);
        Ok(())
    }

    /// Looks every few seconds how long requests have waited.
    fn look_at_clocks(&mut self) -> Result<(), CaError> {
        let now = self.node.now();
        if self.clocks_at.is_some_and(|at| now.since(at) < CARE_INTERVAL && now >= at) {
            return Ok(());
        }
        self.clock_report = Some(self.clocks.look(&self.node, &*self.ledger)?);
        self.clocks_at = Some(now);
        Ok(())
    }

    /// Where the clocks of requests stood at the last look; `None` when it was taken before.
    pub fn take_clock_report(&mut self) -> Option<ClockReport> {
        self.clock_report.take()
    }

    /// Replays new grants; whether there were any. One that does not lead back to the pin stops the CA: somebody wrote into the database.
    fn read_grants(&mut self) -> Result<bool, CaError> {
        let read_before = self.grants_read;
        for stored in self.ledger.grants_after(self.grants_read)? {
            let distrust = |what: String| CaError::Register { what: format!("grant {}: {what}", stored.seq) };
            self.register
                .append(&stored.bytes, &stored.signatures)
                .map_err(|error| distrust(error.to_string()))?;
            self.grants_read = stored.seq;
        }
        if !self.register.is_whole() {
            return Err(CaError::Register { what: RegisterRefusal::PinNotReached.to_string() });
        }
        Ok(self.grants_read != read_before)
    }

    fn retry_parked(&mut self, progress: &mut Progress) -> Result<(), CaError> {
        let mut by_ca: BTreeMap<CaName, Vec<RecordedIntent>> = BTreeMap::new();
        for (ca, intent) in self.parked.drain(..) {
            by_ca.entry(ca).or_default().push(intent);
        }
        let mut failed = None;
        for (name, intents) in by_ca {
            match self.authorities.get(&name).filter(|ca| failed.is_none() && self.may_issue(ca)) {
                Some(ca) => match self.issuance(ca).sign_and_record(intents) {
                    Ok(outcomes) => self.settle(&name, outcomes, progress),
                    Err(error) => failed = Some(error),
                },
                // Kept, also when it failed with another CA's: nobody was asked to sign these.
                None => self.parked.extend(intents.into_iter().map(|intent| (name.clone(), intent))),
            }
        }
        failed.map_or(Ok(()), Err)
    }

    fn settle(&mut self, ca: &CaName, outcomes: Vec<IssueOutcome>, progress: &mut Progress) {
        for outcome in outcomes {
            match outcome {
                IssueOutcome::Issued { serial, .. } => {
                    tracing::info!(%ca, %serial, "issued");
                    progress.issued += 1;
                }
                IssueOutcome::Parked(intent) => {
                    self.parked.push((ca.clone(), *intent));
                    self.tokens.begin(ca, self.node.now());
                }
                IssueOutcome::Lost(warrant) => {
                    tracing::warn!(%ca, ?warrant, "a signature may be lost: another certificate will be made");
                    progress.lost += 1;
                }
                // The order is refused, waits, or somebody else has it: the next step sees.
                IssueOutcome::CaEnded
                | IssueOutcome::KeyCompromised
                | IssueOutcome::KeyTaken
                | IssueOutcome::NameTaken
                | IssueOutcome::OrderTaken
                | IssueOutcome::SerialTaken => {}
            }
        }
    }

    fn issuance<'a>(&'a self, ca: &'a IssuingCa) -> Issuance<'a> {
        Issuance { node: &self.node, ledger: &*self.ledger, failpoints: &*self.failpoints, ca }
    }
}

/// Stops the role for good where the error asks for it, and says so in the log, where that can be written still: health
/// is red either way.
fn halt(node: &Node, ledger: &dyn Ledger, error: &CaError) {
    let (code, part, what) = match error {
        CaError::Halted { what } => ("ca-halted", "ca".to_owned(), what.clone()),
        CaError::Discontinuous { list, .. } => ("crl-discontinuous", list.to_string(), error.to_string()),
        CaError::Behind(_)
        | CaError::Ledger(_)
        | CaError::Misconfigured { .. }
        | CaError::Publish(_)
        | CaError::Random(_)
        | CaError::Register { .. }
        | CaError::Sign(_) => return,
    };
    node.halt(&what);
    let alarm = EventKind::AlarmRaised { code: word(code), part: word(&part) };
    let raised = node.event(alarm).map_err(CaError::from);
    let recorded = raised.and_then(|event| Ok(ledger.record_alarm(None, vec![event])?));
    if let Err(error) = recorded {
        tracing::error!(%error, code, "the alarm is not in the log");
    }
}

fn refusal(code: &str, message: impl ToString) -> Stop {
    Stop::Refuse(OrderRefusal::new(code, message))
}
