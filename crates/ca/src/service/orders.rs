//! Orders carried out: verified, decided, and done, in batches.
//!
//! A batch is what one commit records. Batches are carried out by several threads, for most of the work is computing:
//! they share nothing but the ledger, which decides between them as between two nodes.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Mutex, PoisonError};
use std::thread;

use ndoba_audit::EventKind;
use ndoba_order::{AuthorisedOrder, OrderKind, authorise, authorise_again};
use ndoba_types::{CaName, OrderId, Span};

use super::generations::Turn;
use super::{BATCH, CaService, MAX_LOST, Progress, refusal};
use crate::decide::{Decider, OrderRefusal, Stop, ca_ended, issuing};
use crate::error::CaError;
use crate::issue::{IssueOutcome, Prepared};
use crate::node::word;
use crate::ports::{CertificateId, Queue, QueuedOrder, StatusAction, StatusChange, StatusOutcome, Warrant};
use crate::status;

/// Orders with a date are asked for so long before it: the clock of who queued them may differ from ours, and must not
/// hold up a revocation.
const AHEAD: Span = Span::minutes(5);
/// So few orders are not worth another thread and commits of its own.
const FEW: usize = 8;

/// What became of a batch, or of as much of it as was done before something failed.
#[derive(Default)]
struct Done {
    progress: Progress,
    outcomes: Vec<(CaName, Vec<IssueOutcome>)>,
}

/// What the verified orders of a batch come to.
#[derive(Default)]
struct Asked {
    changes: Vec<StatusChange>,
    certificates: BTreeMap<CaName, Vec<Prepared>>,
}

/// What a verified order comes to.
enum Decided {
    /// A change of status, together with others.
    Change(Box<StatusChange>),
    /// A suspension by code, of which there may be so many a day.
    ChangeByCode(Box<StatusChange>),
    /// A certificate of this CA.
    Issue(CaName, Box<Prepared>),
    /// Nothing now.
    Later,
}

impl CaService {
    /// Whether [`Self::step`] would find an order: asked often, where a step asks for more than orders.
    ///
    /// # Errors
    ///
    /// [`CaError::Ledger`].
    pub fn is_order_queued(&self) -> Result<bool, CaError> {
        Ok(self.ledger.is_order_queued(self.node.now().plus(AHEAD))?)
    }

    /// Takes orders from both queues and carries them out.
    pub(super) fn carry_out_orders(&mut self, progress: &mut Progress) -> Result<(), CaError> {
        // Statuses first, and asked for by themselves: a revocation never waits behind a token that is away.
        self.carry_out(Queue::Statuses, 1, progress)?;
        self.carry_out(Queue::Certificates, self.lanes.get(), progress)
    }

    fn carry_out(&mut self, queue: Queue, lanes: usize, progress: &mut Progress) -> Result<(), CaError> {
        let until = self.node.now().plus(AHEAD);
        let queued = self.ledger.queued_orders(queue, until, BATCH * lanes)?;
        let batches = deal(queued, lanes);
        let done = in_lanes(batches, |batch| self.carry_out_batch(&batch));
        // What was done is done, and what is parked must not be forgotten, whatever failed beside it.
        let mut failed = None;
        for (done, outcome) in done {
            progress.add(&done.progress);
            for (ca, outcomes) in done.outcomes {
                self.settle(&ca, outcomes, progress);
            }
            failed = failed.or(outcome.err());
        }
        failed.map_or(Ok(()), Err)
    }

    fn carry_out_batch(&self, batch: &[QueuedOrder]) -> (Done, Result<(), CaError>) {
        let mut done = Done::default();
        let outcome = self.carry_out_into(batch, &mut done);
        // The other threads are told at once: they ask the token for nothing more.
        if let Err(CaError::Halted { what }) = &outcome {
            self.node.halt(what);
        }
        (done, outcome)
    }

    fn carry_out_into(&self, batch: &[QueuedOrder], done: &mut Done) -> Result<(), CaError> {
        let mut asked = Asked::default();
        let decided = self.decide_all(batch, &mut asked, &mut done.progress);
        // What came before a failure does not wait for its end.
        self.change(asked.changes, &mut done.progress).and(decided)?;
        for (name, batch) in asked.certificates {
            let Some(ca) = self.authorities.get(&name) else { continue };
            let warrants: Vec<_> = batch.iter().map(|prepared| prepared.warrant.clone()).collect();
            let outcomes = self.issuance(ca).issue(batch)?;
            let refusals: Vec<_> = outcomes.iter().map(IssueOutcome::refusal).collect();
            done.outcomes.push((name, outcomes));
            for (warrant, refusal) in warrants.iter().zip(refusals) {
                if let (Warrant::Order(id), Some(refusal)) = (warrant, refusal) {
                    self.refuse(*id, &refusal)?;
                    done.progress.refused += 1;
                }
            }
        }
        Ok(())
    }

    fn decide_all(
        &self,
        batch: &[QueuedOrder],
        asked: &mut Asked,
        progress: &mut Progress,
    ) -> Result<(), CaError> {
        for queued in batch {
            match self.decide(queued, progress) {
                Ok(Decided::Later) => {}
                Ok(Decided::Change(change)) => asked.changes.push(*change),
                Ok(Decided::ChangeByCode(change)) => {
                    asked.changes.push(*change);
                    // The next one of its kind is counted against it.
                    self.change(std::mem::take(&mut asked.changes), progress)?;
                }
                Ok(Decided::Issue(ca, prepared)) => {
                    asked.certificates.entry(ca).or_default().push(*prepared);
                }
                Err(Stop::Refuse(refusal)) => {
                    self.refuse(queued.order_id, &refusal)?;
                    progress.refused += 1;
                }
                Err(Stop::Fail(error)) => return Err(error),
            }
        }
        Ok(())
    }

    /// Carries out changes of statuses, those of each CA in their order; the first failure, when all others are done.
    fn change(&self, changes: Vec<StatusChange>, progress: &mut Progress) -> Result<(), CaError> {
        let mut by_ca: BTreeMap<CaName, Vec<StatusChange>> = BTreeMap::new();
        for change in changes {
            by_ca.entry(change.certificate.ca.clone()).or_default().push(change);
        }
        let mut all = Ok(());
        for changes in by_ca.into_values() {
            let (made, outcome) = status::apply(changes, |changes| self.ledger.change_statuses(changes));
            all = all.and(outcome.map_err(CaError::from));
            for (order, outcome) in made {
                match outcome {
                    StatusOutcome::Applied { .. } => progress.changed += 1,
                    StatusOutcome::Refused(why) => {
                        let refusal = OrderRefusal::new(status::refusal_code(why), why);
                        all = all.and(self.refuse(order, &refusal));
                        progress.refused += 1;
                    }
                }
            }
        }
        all
    }

    /// Verifies one order and prepares what it asks for.
    fn decide(&self, queued: &QueuedOrder, progress: &mut Progress) -> Result<Decided, Stop> {
        let order = self.authorise(queued)?;
        let content = order.order();
        if content.order_id != queued.order_id {
            return Err(refusal("order-id-differs", "the order's bytes name another order"));
        }
        // The ledger remembers what the order's own row was made to forget (design §3: once, or after a loss).
        if queued.carried_out {
            return Err(refusal("order-carried-out", "the order was carried out before"));
        }
        let Some(ca) = self.authorities.values().find(|ca| ca.facts.ski == content.ca) else {
            return Err(refusal("ca-unknown", "the order is for a CA that is not this one's"));
        };
        if self.register.is_terminated(content.ca) {
            return Err(Stop::Refuse(ca_ended()));
        }
        if self.register.ca_revocation(content.ca).is_some() {
            return Err(refusal("ca-revoked", "the CA was revoked: it issues nothing and changes no status"));
        }
        // By the signed date, whatever the row says: not a moment earlier (C-101).
        if content.effective().is_some_and(|date| self.node.now() < date) {
            progress.later += 1;
            return Ok(Decided::Later);
        }
        if let Some(change) = status::action(&order) {
            if change.1 == StatusAction::Suspend && !self.suspension.allowed {
                return Err(refusal("suspension-not-allowed", "this provider does not suspend certificates"));
            }
            if content.kind() == OrderKind::SuspendByCode {
                let day = self.node.now().minus(Span::hours(24));
                if self.ledger.suspensions_by_code(day)? >= self.suspension.by_code {
                    return Err(refusal(
                        "suspension-by-code-limit",
                        "as many certificates as may be were suspended by code within a day: a revocation officer suspends",
                    ));
                }
            }
            let id = CertificateId { ca: ca.name.clone(), serial: change.0.clone() };
            if status::is_validity_assured(&*self.ledger, &id)? {
                return Err(refusal(
                    "not-revocable",
                    "a short-term certificate says that it is never revoked, and ends within a day",
                ));
            }
            let change = status::change(&self.node, &ca.name, queued.order_id, queued.received, change)?;
            let change = Box::new(change);
            let by_code = content.kind() == OrderKind::SuspendByCode;
            return Ok(if by_code { Decided::ChangeByCode(change) } else { Decided::Change(change) });
        }
        let Some(issue) = issuing(&content.content) else { return Ok(Decided::Later) };
        if self.turn(ca)? == Turn::Later {
            progress.later += 1;
            return Ok(Decided::Later);
        }
        // While the token is away nothing new is recorded that it would have to sign: after the next crash it would
        // all be in doubt.
        if !self.may_issue(ca) || self.parked.iter().any(|(name, _)| *name == ca.name) {
            progress.waiting += 1;
            return Ok(Decided::Later);
        }
        if queued.lost_before >= MAX_LOST {
            return Err(refusal(
                "issuance-lost-repeatedly",
                "the token failed several times; ask the operator",
            ));
        }
        let decider = Decider {
            node: &self.node,
            profiles: &self.profiles,
            urls: &self.urls,
            devices: &self.devices,
            blocked_keys: &self.blocked_keys,
        };
        let prepared = decider.prepare(ca, Warrant::Order(queued.order_id), &issue, queued.csr.as_deref())?;
        Ok(Decided::Issue(ca.name.clone(), Box::new(prepared)))
    }

    fn authorise(&self, queued: &QueuedOrder) -> Result<AuthorisedOrder, Stop> {
        let QueuedOrder { bytes, signatures, begun, .. } = queued;
        let (register, home, now) = (&self.register, self.installation, self.node.now());
        match begun {
            None => authorise(bytes, signatures, register, home, now),
            Some(begun) => authorise_again(bytes, signatures, register, home, *begun, now),
        }
        .map_err(|error| refusal(error.code(), error))
    }

    fn refuse(&self, id: OrderId, refusal: &OrderRefusal) -> Result<(), CaError> {
        tracing::warn!(order = %id, code = refusal.code, "order refused: {}", refusal.message);
        let event = self.node.event(EventKind::OrderRefused { order: id, code: word(&refusal.code) })?;
        self.ledger.refuse_order(id, &refusal.code, &refusal.message, event)?;
        Ok(())
    }
}

/// Parts orders evenly into batches, as many as there are lanes and no more than are worth a commit of their own.
fn deal(queued: Vec<QueuedOrder>, lanes: usize) -> Vec<Vec<QueuedOrder>> {
    let each = queued.len().div_ceil(lanes).max(FEW);
    let mut batches: Vec<Vec<QueuedOrder>> = Vec::with_capacity(lanes);
    for order in queued {
        match batches.last_mut() {
            Some(batch) if batch.len() < each => batch.push(order),
            Some(_) | None => batches.push(vec![order]),
        }
    }
    batches
}

/// Does `work` on each batch, on a thread for each where the system gives one; ours does what is left.
fn in_lanes<B: Send, T: Send>(batches: Vec<B>, work: impl Fn(B) -> T + Sync) -> Vec<T> {
    let (lanes, left) = (batches.len(), Mutex::new(VecDeque::from(batches)));
    let done = Mutex::new(Vec::with_capacity(lanes));
    let lane = || {
        loop {
            let next = left.lock().unwrap_or_else(PoisonError::into_inner).pop_front();
            let Some(batch) = next else { return };
            let one = work(batch);
            done.lock().unwrap_or_else(PoisonError::into_inner).push(one);
        }
    };
    thread::scope(|scope| {
        for _ in 1..lanes {
            // Without it, it takes longer.
            let _ = thread::Builder::new().name("ca-lane".into()).spawn_scoped(scope, lane);
        }
        lane();
    });
    done.into_inner().unwrap_or_else(PoisonError::into_inner)
}
