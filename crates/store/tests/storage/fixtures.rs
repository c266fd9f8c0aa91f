//! Values for tests. What they say is arbitrary; that they are complete is not.

use std::sync::atomic::{AtomicU64, Ordering};

use ndoba_audit::{Actor, Cause, Event, EventKind};
use ndoba_ca::ports::{
    Attempt, CertificateId, CertificateKind, CrlIntent, CrlIssued, CrlSummary, Intent, IntentOutcome, Issued,
    Ledger as _, LedgerError, StatusAction, StatusChange, StatusOutcome, Warrant,
};
use ndoba_registration::ports::{
    Act, OrderKind, OrderRecord, OrderState, Registry as _, RevocationRequestRecord, SignatureRecord,
};
use ndoba_store::Store;
use ndoba_types::{CaName, CrlName, EventId, OfficerId, OrderId, SerialNumber, Sha256Digest, UtcTime};

/// `seconds` after some moment of 2026.
pub fn at(seconds: i64) -> UtcTime {
    UtcTime::from_unix_seconds(1_795_000_000 + seconds).unwrap()
}

/// A number that no other call gets.
pub fn fresh() -> u64 {
    static NEXT: AtomicU64 = AtomicU64::new(1);
    NEXT.fetch_add(1, Ordering::Relaxed)
}

pub fn event() -> Event {
    let mut id = [0; 16];
    id[8..].copy_from_slice(&fresh().to_be_bytes());
    Event {
        id: EventId::from_bytes(id),
        at: at(0),
        actor: Actor::Role("ca".into()),
        what: EventKind::AlarmCleared { code: "test".into(), part: "store".into() },
    }
}

pub fn ca(name: &str) -> CaName {
    name.parse().unwrap()
}

/// A CA's whole list.
pub fn whole(name: &str) -> CrlName {
    name.parse().unwrap()
}

pub fn serial(number: u64) -> SerialNumber {
    let mut bytes = [0x41; 16];
    bytes[8..].copy_from_slice(&number.to_be_bytes());
    SerialNumber::from_unsigned(&bytes).unwrap()
}

pub fn officer(number: u8) -> OfficerId {
    OfficerId::from_bytes([number; 16])
}

pub fn order_id(number: u64) -> OrderId {
    let mut bytes = [9; 16];
    bytes[8..].copy_from_slice(&number.to_be_bytes());
    OrderId::from_bytes(bytes)
}

pub fn attempt(epoch: &str) -> Attempt {
    Attempt {
        key: "seal/ca/1".parse().unwrap(),
        node: "node-a".into(),
        epoch: epoch.into(),
        number: fresh(),
        at: at(1),
        digest: b"digest".to_vec(),
        signatures: 0,
    }
}

/// An intent with a subject, key and serial of its own.
pub fn intent(warrant: Warrant) -> Intent {
    let number = fresh();
    Intent {
        certificate: CertificateId { ca: ca("seal"), serial: serial(number) },
        warrant,
        kind: CertificateKind::Seal,
        tbs: format!("tbs {number}").into_bytes(),
        profile: ("seal-qscd".into(), Sha256Digest::of(b"profile")),
        lint: "clean".into(),
        subject_name: format!("name {number}").into_bytes(),
        name_owner: Sha256Digest::of(format!("owner {number}").as_bytes()),
        spki: Sha256Digest::of(format!("key {number}").as_bytes()),
        not_before: at(0),
        not_after: at(1_000_000),
        shard: None,
        attempt: attempt("epoch-1"),
        event: event(),
    }
}

pub fn ceremony() -> Warrant {
    Warrant::Ceremony(Sha256Digest::of(b"plan"))
}

pub fn order(kind: OrderKind, target: Option<&SerialNumber>) -> OrderRecord {
    let number = fresh();
    OrderRecord {
        id: order_id(number),
        kind,
        digest: Sha256Digest::of(&number.to_be_bytes()),
        content: format!("order {number}").into_bytes(),
        ca: ca("seal"),
        csr: (kind == OrderKind::Issue).then(|| b"csr".to_vec()),
        application: None,
        target: target.cloned(),
        drafted_by: officer(1),
        created: at(0),
        expires: at(100_000),
        state: OrderState::Open,
        signatures: Vec::new(),
    }
}

pub fn signature(role: &str, number: u8) -> SignatureRecord {
    SignatureRecord {
        role: role.into(),
        officer: officer(number),
        jws: format!("jws of {role}"),
        added: at(5),
    }
}

/// An order that waits for the CA: inserted, signed.
pub fn queued(store: &Store, kind: OrderKind, target: &SerialNumber) -> OrderId {
    queued_order(store, &order(kind, Some(target)))
}

/// As [`queued`], for this order.
pub fn queued_order(store: &Store, record: &OrderRecord) -> OrderId {
    let request = RevocationRequestRecord {
        order: record.id,
        serial: record.target.clone().unwrap_or_else(|| serial(fresh())),
        received: at(2),
        begins: at(2),
        decided: None,
        channel: "telephone".into(),
    };
    let events = [event()];
    let act = Act { events: &events, receipt: None };
    store.insert_order(record, &[], &request, act).unwrap();
    store.add_signature(record.id, 0, &signature("revocation-officer", 3), true, act).unwrap();
    record.id
}

/// An issuing order that waits for the CA.
pub fn queued_issue(store: &Store) -> OrderId {
    queued(store, OrderKind::Issue, &serial(fresh()))
}

/// Issues a certificate under a ceremony's warrant.
pub fn issue(store: &Store) -> Intent {
    let intent = intent(ceremony());
    assert_eq!(store.record_intents(vec![intent.clone()]).unwrap(), [IntentOutcome::Recorded]);
    assert_eq!(store.record_issued(vec![issued(&intent)]).unwrap(), [true]);
    intent
}

pub fn issued(intent: &Intent) -> Issued {
    let der = [b"der of ", intent.tbs.as_slice()].concat();
    let cause = match &intent.warrant {
        Warrant::Ceremony(plan) => Cause::Ceremony(*plan),
        Warrant::Order(order) => Cause::Order(*order),
        Warrant::Standing(_) => panic!("no test needs it"),
    };
    let CertificateId { ca, serial } = intent.certificate.clone();
    let what = EventKind::CertificateIssued { ca, serial, cause, certificate: Sha256Digest::of(&der) };
    Issued {
        certificate: intent.certificate.clone(),
        attempt: intent.attempt.clone(),
        signatures: 1,
        der,
        at: at(3),
        event: Event { what, ..event() },
    }
}

/// Changes a certificate's status through an order of its own.
pub fn change(store: &Store, id: &CertificateId, action: StatusAction) -> StatusOutcome {
    let kind = match action {
        StatusAction::Release => OrderKind::Release,
        StatusAction::Revoke(_) => OrderKind::Revoke,
        StatusAction::Suspend => OrderKind::Suspend,
    };
    let order_id = queued(store, kind, &id.serial);
    change_status(store, status_change(id, order_id, action)).unwrap()
}

/// One change by itself.
pub fn change_status(store: &Store, change: StatusChange) -> Result<StatusOutcome, LedgerError> {
    store.change_statuses(vec![change]).map(|mut outcomes| outcomes.pop().unwrap())
}

pub fn status_change(id: &CertificateId, order_id: OrderId, action: StatusAction) -> StatusChange {
    StatusChange { certificate: id.clone(), order_id, action, received: at(2), at: at(6), event: event() }
}

pub fn crl_intent(number: u64) -> CrlIntent {
    CrlIntent {
        list: whole("seal"),
        number,
        tbs: Sha256Digest::of(&number.to_be_bytes()),
        attempt: attempt("epoch-1"),
        event: event(),
    }
}

pub fn crl_issued(intent: &CrlIntent, version: u64) -> CrlIssued {
    CrlIssued {
        list: intent.list.clone(),
        summary: CrlSummary { number: intent.number, version, this_update: at(7), next_update: at(8) },
        attempt: intent.attempt.clone(),
        signatures: 1,
        event: event(),
    }
}

pub fn crl_octets(intent: &CrlIntent) -> Vec<u8> {
    format!("crl {}", intent.number).into_bytes()
}
