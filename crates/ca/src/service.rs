//! The CA role, step by step: what one thread does over and over, and what a ceremony does once.

mod standing;

use std::collections::BTreeMap;
use std::sync::Arc;

use ndoba_audit::EventKind;
use ndoba_order::{AuthorisedOrder, Pin, Register, authorise};
use ndoba_types::{CaName, InstallationId, OrderId, Span, UtcTime};
use ndoba_x509::{Profile, PublicUrls};

use crate::authority::IssuingCa;
use crate::crl::CrlPublication;
use crate::decide::{Decider, OrderRefusal, Stop, issuing};
use crate::error::CaError;
use crate::issue::{Issuance, IssueOutcome, Prepared, RecordedIntent};
use crate::node::{Node, word};
use crate::ports::{Ledger, QueuedOrder, StatusAction, StatusOutcome, Warrant};
use crate::status;
use crate::suspension::{self, SuspensionRule};
use crate::world::{CrlSink, Failpoints, RollbackWitness};

/// How many orders one step takes: one commit for their intents, one for their certificates.
const BATCH: usize = 64;
/// An order whose signatures were lost this often is refused instead of tried again.
const MAX_LOST: u32 = 3;
/// How often rows in doubt are looked for, and the witness is compared with the database.
const CARE_INTERVAL: Span = Span::seconds(5);
/// How long the token is left alone after it did not sign.
const TOKEN_PAUSE: Span = Span::seconds(1);

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
    /// Addresses that certificates carry.
    pub urls: PublicUrls,
    /// Which installation this is; orders for another are refused.
    pub installation: InstallationId,
    /// The first security officers, from this role's own configuration.
    pub pin: Pin,
    /// A row in `signing` older than this is in doubt whoever owns it; longer than the token's deadline.
    pub doubt_after: Span,
    /// Whether certificates may be suspended, for how long, and what then.
    pub suspension: SuspensionRule,
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
    /// Intents that wait for the token.
    pub parked: usize,
    /// Suspensions beyond their time that wait for an officer, as last counted; more than a hundred count as a hundred.
    pub overdue: usize,
}

impl Progress {
    /// Whether there may be more to do at once.
    pub fn worked(&self) -> bool {
        self.issued + self.changed + self.refused + self.crls > 0
    }
}

/// The CA role. Owned by one thread; [`Self::step`] is called again and again.
pub struct CaService {
    node: Node,
    ledger: Arc<dyn Ledger>,
    sink: Arc<dyn CrlSink>,
    witness: Arc<dyn RollbackWitness>,
    failpoints: Arc<dyn Failpoints>,
    authorities: BTreeMap<CaName, IssuingCa>,
    profiles: BTreeMap<String, Profile>,
    urls: PublicUrls,
    installation: InstallationId,
    register: Register,
    grants_read: u64,
    doubt_after: Span,
    suspension: SuspensionRule,
    overdue: usize,
    parked: Vec<(CaName, RecordedIntent)>,
    token_rests_until: Option<UtcTime>,
    cared_at: Option<UtcTime>,
    halted: Option<String>,
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
            installation,
            pin,
            doubt_after,
            suspension,
        } = parts;
        let register =
            Register::from_pin(&pin).map_err(|error| CaError::Register { what: error.to_string() })?;
        Ok(Self {
            node,
            ledger,
            sink,
            witness,
            failpoints,
            authorities: authorities.into_iter().map(|ca| (ca.name.clone(), ca)).collect(),
            profiles: profiles.into_iter().map(|profile| (profile.name().to_owned(), profile)).collect(),
            urls,
            installation,
            register,
            grants_read: 0,
            doubt_after,
            suspension,
            overdue: 0,
            parked: Vec::new(),
            token_rests_until: None,
            cared_at: None,
            halted: None,
        })
    }

    /// Does what is there to do: care for rows in doubt, status orders, issuing orders, CRLs.
    ///
    /// # Errors
    ///
    /// [`CaError`]. After [`CaError::Halted`] every further step fails the same way until the process is restarted.
    pub fn step(&mut self) -> Result<Progress, CaError> {
        if let Some(what) = &self.halted {
            return Err(CaError::Halted { what: what.clone() });
        }
        let outcome = self.step_once();
        if let Err(CaError::Halted { what }) = &outcome {
            self.halted = Some(what.clone());
        }
        outcome
    }

    fn step_once(&mut self) -> Result<Progress, CaError> {
        let mut progress = Progress::default();
        self.care(&mut progress)?;
        let register_grew = self.read_grants()?;
        self.retry_parked(&mut progress)?;
        self.carry_out_orders(&mut progress)?;
        self.certify_responders(&mut progress)?;
        self.publish_crls(&mut progress)?;
        // A grant that nobody used yet counts too: a copy without it may be without an officer's dismissal.
        if progress.worked() || register_grew {
            self.witness.advance(&self.ledger.marks()?, self.grants_read)?;
        }
        progress.parked = self.parked.len();
        progress.overdue = self.overdue;
        Ok(progress)
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
        for doubt in self.ledger.in_doubt(self.node.name(), self.node.epoch(), now.minus(self.doubt_after))? {
            // What this process itself has parked is not in doubt: the token provably did not sign it. What it tried
            // and neither parked nor recorded is: the database went away after the token had been asked.
            if self.parked.iter().any(|(_, intent)| *intent.attempt() == doubt.attempt) {
                continue;
            }
            let Some(ca) = self.authorities.get(&doubt.certificate.ca) else { continue };
            let serial = doubt.certificate.serial.clone();
            let outcome = self.issuance(ca).reconcile(doubt)?;
            tracing::warn!(%serial, ?outcome, "a certificate was in doubt");
        }
        let suspensions = suspension::settle(&self.node, &*self.ledger, self.suspension)?;
        progress.changed += suspensions.revoked;
        self.overdue = suspensions.waiting;
        self.cared_at = Some(now);
        Ok(())
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
        Ok(self.grants_read != read_before)
    }

    fn retry_parked(&mut self, progress: &mut Progress) -> Result<(), CaError> {
        if self.parked.is_empty() || self.token_rests() {
            return Ok(());
        }
        let mut by_ca: BTreeMap<CaName, Vec<RecordedIntent>> = BTreeMap::new();
        for (ca, intent) in self.parked.drain(..) {
            by_ca.entry(ca).or_default().push(intent);
        }
        for (name, intents) in by_ca {
            let Some(ca) = self.authorities.get(&name) else { continue };
            let outcomes = self.issuance(ca).sign_and_record(intents)?;
            self.settle(&name, outcomes, progress);
        }
        Ok(())
    }

    fn carry_out_orders(&mut self, progress: &mut Progress) -> Result<(), CaError> {
        let mut to_issue: BTreeMap<CaName, Vec<Prepared>> = BTreeMap::new();
        for queued in self.ledger.queued_orders(BATCH)? {
            let id = queued.order_id;
            match self.decide(&queued, progress) {
                Ok(None) => {}
                Ok(Some((ca, prepared))) => to_issue.entry(ca).or_default().push(prepared),
                Err(Stop::Refuse(refusal)) => {
                    self.refuse(id, &refusal)?;
                    progress.refused += 1;
                }
                Err(Stop::Fail(error)) => return Err(error),
            }
        }
        for (name, batch) in to_issue {
            let Some(ca) = self.authorities.get(&name) else { continue };
            let orders: Vec<_> = batch.iter().map(|prepared| prepared.warrant.clone()).collect();
            let outcomes = self.issuance(ca).issue(batch)?;
            for (warrant, outcome) in orders.iter().zip(&outcomes) {
                if let (Warrant::Order(id), IssueOutcome::NameTaken) = (warrant, outcome) {
                    let refusal = OrderRefusal::new(
                        "name-taken",
                        "this name is another subject's, and a name is never given twice (EN 319 411-1 GEN-6.3.3-10)",
                    );
                    self.refuse(*id, &refusal)?;
                    progress.refused += 1;
                }
            }
            self.settle(&name, outcomes, progress);
        }
        Ok(())
    }

    /// Verifies one order; carries out a change of status at once, prepares a certificate.
    fn decide(
        &self,
        queued: &QueuedOrder,
        progress: &mut Progress,
    ) -> Result<Option<(CaName, Prepared)>, Stop> {
        let order = self.authorise(queued)?;
        let content = order.order();
        if content.order_id != queued.order_id {
            return Err(refusal("order-id-differs", "the order's bytes name another order"));
        }
        let Some(ca) = self.authorities.values().find(|ca| ca.facts.ski == content.ca) else {
            return Err(refusal("ca-unknown", "the order is for a CA that is not this one's"));
        };
        if self.register.is_terminated(content.ca) {
            return Err(refusal(
                "ca-terminated",
                "the CA has ended: it issues nothing and changes no status",
            ));
        }
        if let Some(change) = status::action(&order) {
            if change.1 == StatusAction::Suspend && !self.suspension.allowed {
                return Err(refusal("suspension-not-allowed", "this provider does not suspend certificates"));
            }
            let outcome =
                status::apply(&self.node, &*self.ledger, &ca.name, queued.order_id, queued.received, change)?;
            return match outcome {
                StatusOutcome::Applied { .. } => {
                    progress.changed += 1;
                    Ok(None)
                }
                StatusOutcome::Refused(why) => Err(refusal(status::refusal_code(why), why)),
            };
        }
        let Some(issue) = issuing(&content.content) else { return Ok(None) };
        // While the token is away nothing new is recorded that it would have to sign.
        if !self.parked.is_empty() || self.token_rests() {
            return Ok(None);
        }
        if queued.lost_before >= MAX_LOST {
            return Err(refusal(
                "issuance-lost-repeatedly",
                "the token failed several times; ask the operator",
            ));
        }
        let decider =
            Decider { node: &self.node, ledger: &*self.ledger, profiles: &self.profiles, urls: &self.urls };
        let prepared = decider.prepare(ca, Warrant::Order(queued.order_id), issue, queued.csr.as_deref())?;
        Ok(Some((ca.name.clone(), prepared)))
    }

    fn authorise(&self, queued: &QueuedOrder) -> Result<AuthorisedOrder, Stop> {
        authorise(&queued.bytes, &queued.signatures, &self.register, self.installation, self.node.now())
            .map_err(|error| refusal(error.code(), error))
    }

    fn refuse(&self, id: OrderId, refusal: &OrderRefusal) -> Result<(), CaError> {
        tracing::warn!(order = %id, code = refusal.code, "order refused: {}", refusal.message);
        let event = self.node.event(EventKind::OrderRefused { order: id, code: word(&refusal.code) })?;
        self.ledger.refuse_order(id, &refusal.code, &refusal.message, event)?;
        Ok(())
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
                    self.token_rests_until = Some(self.node.now().plus(TOKEN_PAUSE));
                }
                // The order waits again, or somebody else has it: the next step sees.
                IssueOutcome::Lost
                | IssueOutcome::NameTaken
                | IssueOutcome::OrderTaken
                | IssueOutcome::SerialTaken => {}
            }
        }
    }

    fn publish_crls(&mut self, progress: &mut Progress) -> Result<(), CaError> {
        if self.token_rests() {
            return Ok(());
        }
        let mut token_away = None;
        for ca in self.authorities.values() {
            let state = self.ledger.crl_state(&ca.name)?;
            let publication = self.publication(ca);
            publication.catch_up(&state)?;
            if !publication.is_due(&state) {
                continue;
            }
            match publication.publish(&state) {
                Ok(Some(summary)) => {
                    tracing::info!(ca = %ca.name, number = summary.number, "CRL published");
                    progress.crls += 1;
                }
                Ok(None) => {}
                // Revocations are in force without it (OCSP reads the rows); the other CAs' tokens may be well.
                Err(CaError::Sign(error)) => token_away = Some(error),
                Err(error) => return Err(error),
            }
        }
        if let Some(error) = token_away {
            tracing::error!(%error, "a CRL is due and the token does not sign");
            self.token_rests_until = Some(self.node.now().plus(TOKEN_PAUSE));
        }
        Ok(())
    }

    fn token_rests(&self) -> bool {
        self.token_rests_until.is_some_and(|until| self.node.now() < until)
    }

    fn issuance<'a>(&'a self, ca: &'a IssuingCa) -> Issuance<'a> {
        Issuance { node: &self.node, ledger: &*self.ledger, failpoints: &*self.failpoints, ca }
    }

    fn publication<'a>(&'a self, ca: &'a IssuingCa) -> CrlPublication<'a> {
        CrlPublication {
            node: &self.node,
            ledger: &*self.ledger,
            sink: &*self.sink,
            failpoints: &*self.failpoints,
            ca,
        }
    }
}

fn refusal(code: &str, message: impl ToString) -> Stop {
    Stop::Refuse(OrderRefusal::new(code, message))
}
