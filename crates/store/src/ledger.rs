//! The CA's port: each method a transaction.

use ndoba_audit::{Event, EventKind};
use ndoba_ca::Octets;
use ndoba_ca::accounting::{AttemptKey, AttemptRow, Extent, KeyUse, TokenCount, Violation};
use ndoba_ca::clocks::{ClockChange, OpenRequest};
use ndoba_ca::ending::{AuthorityEnd, LastCrlIntent};
use ndoba_ca::ports::{
    AcceptedState, Attempt, Authority, AuthorityMark, AuthorityRevocation, CertificateId, CrlFailure,
    CrlInDoubt, CrlIntent, CrlIssued, CrlState, InDoubt, Intent, IntentOutcome, Issued, Ledger, LedgerError,
    LossCause, NewShard, OverdueSuspension, OwedCrl, Queue, QueuedOrder, StatusAction, StatusChange,
    StatusOutcome, StatusRefusal, StoredGrant, StoredResponderRequest, SuspensionEnd, Warrant,
};
use ndoba_types::{CaName, CrlName, OrderId, Sha256Digest, UtcTime};
use ndoba_x509::{RevocationReason, RevokedEntry};

use crate::Store;
use crate::connection::Conn;
use crate::error::StoreError;
use crate::queries::{
    accounts, attempts, authorities, batch, clocks, crls, events, grants, issuance, keys, order_queue,
    responder_ledger, restore, shards, status, versions,
};
use crate::spelling::order;
use crate::transaction::unless_refused;

impl From<StoreError> for LedgerError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Busy(cause) | StoreError::Unavailable(cause) => Self::Unavailable(cause),
            StoreError::Conflict(conflict) => {
                Self::Corrupt { what: format!("unforeseen conflict: {conflict:?}") }
            }
            StoreError::Corrupt { what } => Self::Corrupt { what },
            StoreError::Locked => Self::Unavailable(StoreError::Locked.into()),
        }
    }
}

impl Ledger for Store {
    fn queued_orders(
        &self,
        queue: Queue,
        until: UtcTime,
        limit: usize,
    ) -> Result<Vec<QueuedOrder>, LedgerError> {
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        Ok(self.snapshot("queued_orders", |conn| order_queue::waiting(conn, queue, until, limit))?)
    }

    fn is_order_queued(&self, until: UtcTime) -> Result<bool, LedgerError> {
        Ok(self.read("is_order_queued", |conn| order_queue::is_any_waiting(conn, until))?)
    }

    fn refuse_order(
        &self,
        id: OrderId,
        code: &str,
        message: &str,
        event: Event,
    ) -> Result<bool, LedgerError> {
        Ok(self.write("refuse_order", |conn| {
            let refused = order_queue::refuse(conn, id, order::QUEUED, code, message)?;
            if refused {
                events::append(conn, std::slice::from_ref(&event))?;
            }
            Ok(refused)
        })?)
    }

    fn responder_requests(&self, limit: usize) -> Result<Vec<StoredResponderRequest>, LedgerError> {
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        Ok(self.read("responder_requests", |conn| responder_ledger::waiting(conn, limit))?)
    }

    fn refuse_responder(
        &self,
        id: Sha256Digest,
        code: &str,
        message: &str,
        event: Event,
    ) -> Result<bool, LedgerError> {
        Ok(self.write("refuse_responder", |conn| {
            let refused = responder_ledger::refuse(conn, id, code, message, event.at)?;
            if refused {
                events::append(conn, std::slice::from_ref(&event))?;
            }
            Ok(refused)
        })?)
    }

    fn responders_under(&self, authorisation: OrderId) -> Result<u32, LedgerError> {
        Ok(self.read("responders_under", |conn| responder_ledger::highest(conn, authorisation))?)
    }

    fn record_intents(&self, intents: Vec<Intent>) -> Result<Vec<IntentOutcome>, LedgerError> {
        let mut orders: Vec<OrderId> = intents.iter().filter_map(ordered_by).collect();
        orders.sort_unstable();
        let counts = || {
            intents
                .iter()
                .map(|Intent { attempt, .. }| attempts::counted(attempt, attempt.signatures, attempt.at))
        };
        let held = |conn: &mut Conn| {
            order_queue::lock(conn, &orders)?;
            keys::hold(conn, &intents)?;
            versions::ended(conn, &intents.iter().map(|intent| &intent.certificate.ca).collect())
        };
        let all = self.write_or_nothing("record_intents", |conn| {
            if !held(conn)?.is_empty() || !batch::record_intents(conn, &intents)? {
                return Ok(None);
            }
            // Last, for batches of one key share this row: the others wait for the commit only.
            attempts::count_all(conn, counts())?;
            Ok(Some(vec![IntentOutcome::Recorded; intents.len()]))
        })?;
        if let Some(outcomes) = all {
            return Ok(outcomes);
        }
        Ok(self.write("record_intents_singly", |conn| {
            let ended = held(conn)?;
            let outcomes = intents
                .iter()
                .map(|intent| {
                    if ended.contains(intent.certificate.ca.as_str()) {
                        return Ok(IntentOutcome::CaEnded);
                    }
                    let recorded = unless_refused(conn, |conn| issuance::record_intent(conn, intent))?;
                    Ok(match recorded {
                        Ok(()) => IntentOutcome::Recorded,
                        Err(refusal) => refusal,
                    })
                })
                .collect::<Result<_, StoreError>>()?;
            attempts::count_all(conn, counts())?;
            Ok(outcomes)
        })?)
    }

    fn record_issued(&self, issued: Vec<Issued>) -> Result<Vec<bool>, LedgerError> {
        let counts = || issued.iter().map(|one| attempts::counted(&one.attempt, one.signatures, one.at));
        let all = self.write_or_nothing("record_issued", |conn| {
            if !batch::record_issued(conn, &issued)? {
                return Ok(None);
            }
            attempts::count_all(conn, counts())?;
            Ok(Some(vec![true; issued.len()]))
        })?;
        if let Some(recorded) = all {
            return Ok(recorded);
        }
        Ok(self.write("record_issued_singly", |conn| {
            let recorded = issued
                .iter()
                .map(|issued| issuance::record_issued(conn, issued))
                .collect::<Result<_, _>>()?;
            attempts::count_all(conn, counts())?;
            Ok(recorded)
        })?)
    }

    fn in_doubt(&self, node: &str, epoch: &str, before: UtcTime) -> Result<Vec<InDoubt>, LedgerError> {
        Ok(self.read("in_doubt", |conn| issuance::in_doubt(conn, node, epoch, before))?)
    }

    fn record_lost(
        &self,
        lost: &InDoubt,
        cause: LossCause,
        at: UtcTime,
        event: Event,
    ) -> Result<bool, LedgerError> {
        Ok(self.write_status("record_lost", |conn| issuance::record_lost(conn, lost, cause, at, &event))?)
    }

    fn record_again(&self, doubt: &InDoubt, attempt: Attempt, event: Event) -> Result<bool, LedgerError> {
        Ok(self.write("record_again", |conn| issuance::record_again(conn, doubt, &attempt, &event))?)
    }

    fn certificate(&self, id: &CertificateId) -> Result<Option<Vec<u8>>, LedgerError> {
        Ok(self.read("certificate", |conn| issuance::certificate(conn, id))?)
    }

    fn change_statuses(&self, changes: Vec<StatusChange>) -> Result<Vec<StatusOutcome>, LedgerError> {
        // In one order on every node, and before anything else is held: two nodes that find the same orders wait for each
        // other and not for ever.
        let mut by_order: Vec<(usize, OrderId)> =
            changes.iter().map(|change| change.order_id).enumerate().collect();
        by_order.sort_unstable_by_key(|(_, order)| *order);
        Ok(self.write_status("change_statuses", |conn| {
            let mut claimed = vec![false; changes.len()];
            for (place, order) in &by_order {
                if let Some(claimed) = claimed.get_mut(*place) {
                    *claimed = order_queue::claim(conn, *order)?;
                }
            }
            let one = |(change, claimed): (&StatusChange, bool)| {
                // Whoever carries out an order a second time changes nothing.
                if claimed {
                    change_status(conn, change)
                } else {
                    Ok(StatusOutcome::Refused(already(change.action)))
                }
            };
            changes.iter().zip(claimed).map(one).collect()
        })?)
    }

    fn suspensions_by_code(&self, since: UtcTime) -> Result<u32, LedgerError> {
        Ok(self.read("suspensions_by_code", |conn| status::by_code(conn, since))?)
    }

    fn overdue_suspensions(
        &self,
        before: UtcTime,
        limit: usize,
    ) -> Result<Vec<OverdueSuspension>, LedgerError> {
        Ok(self.read("overdue_suspensions", |conn| status::overdue(conn, before, limit))?)
    }

    fn end_suspension(&self, end: SuspensionEnd) -> Result<bool, LedgerError> {
        Ok(self.write_status("end_suspension", |conn| {
            let SuspensionEnd { suspension, reason, at, event } = &end;
            let ended = status::end_suspension(conn, suspension, *reason, *at)?;
            if ended {
                events::append(conn, std::slice::from_ref(event))?;
            }
            Ok(ended)
        })?)
    }

    fn open_requests(
        &self,
        now: UtcTime,
        after: Option<(UtcTime, OrderId)>,
        limit: usize,
    ) -> Result<Vec<OpenRequest>, LedgerError> {
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        Ok(self.snapshot("open_requests", |conn| clocks::open(conn, now, after, limit))?)
    }

    fn open_request_count(&self, now: UtcTime) -> Result<u64, LedgerError> {
        Ok(self.read("open_request_count", |conn| clocks::count(conn, now))?)
    }

    fn record_clocks(&self, changes: Vec<ClockChange>) -> Result<Vec<bool>, LedgerError> {
        Ok(self.write("record_clocks", |conn| {
            changes.iter().map(|change| clocks::record(conn, change)).collect()
        })?)
    }

    fn owed_crls(&self, ca: &CaName) -> Result<Vec<OwedCrl>, LedgerError> {
        Ok(self.read("owed_crls", |conn| shards::owed(conn, ca))?)
    }

    fn open_shards(&self, ca: &CaName, new: Vec<NewShard>) -> Result<(), LedgerError> {
        Ok(self.write_status("open_shards", |conn| shards::open(conn, ca, &new))?)
    }

    fn crl_state(&self, list: &CrlName) -> Result<CrlState, LedgerError> {
        Ok(self.snapshot("crl_state", |conn| crls::state(conn, list))?)
    }

    fn for_each_revoked(
        &self,
        list: &CrlName,
        each: &mut dyn FnMut(RevokedEntry),
    ) -> Result<u64, LedgerError> {
        // A snapshot that is tried again would call `each` twice for one certificate. Reads of a snapshot are never
        // busy, so only its beginning is ever repeated; this refuses, should that change.
        let mut begun = false;
        Ok(self.snapshot("for_each_revoked", |conn| {
            if std::mem::replace(&mut begun, true) {
                return Err(StoreError::Unavailable("the snapshot broke off".into()));
            }
            let version = versions::counters(conn, &list.ca)?.version()?;
            status::for_each_revoked(conn, list, each)?;
            Ok(version)
        })?)
    }

    fn record_crl_intent(&self, intent: CrlIntent) -> Result<bool, LedgerError> {
        Ok(self.write("record_crl_intent", |conn| crls::record_intent(conn, &intent))?)
    }

    fn record_last_crl_intent(
        &self,
        intent: CrlIntent,
        end: AuthorityEnd,
    ) -> Result<LastCrlIntent, LedgerError> {
        Ok(self.write("record_last_crl_intent", |conn| crls::record_last_intent(conn, &intent, &end))?)
    }

    fn record_crl(&self, crl: CrlIssued, der: &dyn Octets) -> Result<bool, LedgerError> {
        Ok(self.write("record_crl", |conn| crls::record_signed(conn, &crl, der))?)
    }

    fn record_crl_published(&self, ca: &CaName, number: u64, event: Event) -> Result<bool, LedgerError> {
        Ok(self.write("record_crl_published", |conn| crls::record_published(conn, ca, number, &event))?)
    }

    fn revoke_authority(&self, revocation: AuthorityRevocation) -> Result<bool, LedgerError> {
        Ok(self.write_status("revoke_authority", |conn| status::revoke_authority(conn, &revocation))?)
    }

    fn unrevoked(&self, ca: &CaName, limit: usize) -> Result<Vec<CertificateId>, LedgerError> {
        Ok(self.read("unrevoked", |conn| status::unrevoked_under(conn, ca, limit))?)
    }

    fn revoke_with_ca(
        &self,
        certificates: Vec<(CertificateId, Event)>,
        reason: RevocationReason,
        at: UtcTime,
    ) -> Result<usize, LedgerError> {
        Ok(self
            .write_status("revoke_with_ca", |conn| status::revoke_with_ca(conn, &certificates, reason, at))?)
    }

    fn crls_in_doubt(
        &self,
        node: &str,
        epoch: &str,
        before: UtcTime,
    ) -> Result<Vec<CrlInDoubt>, LedgerError> {
        Ok(self.read("crls_in_doubt", |conn| crls::in_doubt(conn, node, epoch, before))?)
    }

    fn record_crl_failure(
        &self,
        crl: &CrlInDoubt,
        failure: CrlFailure,
        event: Event,
    ) -> Result<bool, LedgerError> {
        Ok(self.write("record_crl_failure", |conn| crls::record_failure(conn, crl, failure, &event))?)
    }

    fn crl_part(&self, ca: &CaName, number: u64, part: u32) -> Result<Option<Vec<u8>>, LedgerError> {
        Ok(self.read("crl_part", |conn| crls::part(conn, ca, number, part))?)
    }

    fn register_authority(&self, authority: Authority, event: Event) -> Result<(), LedgerError> {
        Ok(self.write("register_authority", |conn| authorities::register(conn, &authority, &event))?)
    }

    fn authorities(&self) -> Result<Vec<Authority>, LedgerError> {
        Ok(self.read("authorities", authorities::all)?)
    }

    fn grants_after(&self, seq: u64) -> Result<Vec<StoredGrant>, LedgerError> {
        let grants = self.snapshot("grants_after", |conn| grants::after(conn, seq))?;
        Ok(grants
            .into_iter()
            .map(|grant| StoredGrant {
                seq: grant.seq,
                bytes: grant.document,
                signatures: grant.signatures.into_iter().map(String::into_bytes).collect(),
            })
            .collect())
    }

    fn key_uses(&self) -> Result<Vec<KeyUse>, LedgerError> {
        Ok(self.snapshot("key_uses", accounts::uses)?)
    }

    fn violations(&self, extent: Extent) -> Result<Vec<Violation>, LedgerError> {
        Ok(self.snapshot("violations", |conn| accounts::violations(conn, extent))?)
    }

    fn attempts_after(
        &self,
        after: Option<&AttemptKey>,
        limit: usize,
    ) -> Result<Vec<AttemptRow>, LedgerError> {
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        Ok(self.read("attempts_after", |conn| accounts::attempts_after(conn, after, limit))?)
    }

    fn record_alarm(&self, count: Option<TokenCount>, raised: Vec<Event>) -> Result<(), LedgerError> {
        Ok(self.write("record_alarm", |conn| {
            if let Some(count) = &count {
                attempts::count(conn, count)?;
            }
            events::append(conn, &raised)
        })?)
    }

    fn accept_state(&self, accepted: AcceptedState) -> Result<bool, LedgerError> {
        Ok(self.write_status("accept_state", |conn| {
            Ok(unless_refused(conn, |conn| restore::accept(conn, &accepted))?.is_ok())
        })?)
    }

    fn marks(&self) -> Result<Vec<AuthorityMark>, LedgerError> {
        Ok(self.read("marks", versions::all)?)
    }
}

/// One change, whose order is claimed.
fn change_status(conn: &mut Conn, change: &StatusChange) -> Result<StatusOutcome, StoreError> {
    let StatusChange { certificate, order_id, action, received, at, event } = change;
    if *action == StatusAction::Revoke(RevocationReason::KeyCompromise) {
        keys::hold_of(conn, certificate)?;
    }
    // 1. The status, where it allows the change; else the order ends here.
    if let Err(refusal) = status::apply(conn, certificate, *action, *at)? {
        order_queue::refuse(conn, *order_id, order::CLAIMED, code(refusal), &refusal.to_string())?;
        // Not the event of the change: that did not happen.
        let what = EventKind::OrderRefused { order: *order_id, code: code(refusal).into() };
        events::append(conn, &[Event { what, ..event.clone() }])?;
        return Ok(StatusOutcome::Refused(refusal));
    }
    // 2. History, version and outbox; the order is done.
    let (action, reason) = status::action_to_row(*action);
    let done = status::Change { action, reason, order: Some(*order_id), received: *received, at: *at };
    let version = status::record(conn, certificate, done)?;
    order_queue::finish(conn, *order_id, &certificate.serial)?;
    events::append(conn, std::slice::from_ref(event))?;
    Ok(StatusOutcome::Applied { version })
}

/// What an order that no longer waits is told: what it would find had it come a moment later.
fn already(action: StatusAction) -> StatusRefusal {
    match action {
        StatusAction::Release => StatusRefusal::NotSuspended,
        StatusAction::Revoke(_) => StatusRefusal::AlreadyRevoked,
        StatusAction::Suspend => StatusRefusal::AlreadySuspended,
    }
}

/// The stable code of a refusal, for the order's row and the log.
fn code(refusal: StatusRefusal) -> &'static str {
    match refusal {
        StatusRefusal::AlreadyRevoked => "already-revoked",
        StatusRefusal::AlreadySuspended => "already-suspended",
        StatusRefusal::NotIssued => "not-issued",
        StatusRefusal::NotSuspended => "not-suspended",
    }
}

/// The order that an intent carries out, if any.
fn ordered_by(intent: &Intent) -> Option<OrderId> {
    match intent.warrant {
        // A responder's request has a row of its own, taken by its key.
        Warrant::Ceremony(_) | Warrant::Standing(_) => None,
        Warrant::Order(id) => Some(id),
    }
}
