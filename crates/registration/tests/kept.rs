//! Revocations and suspensions that the database cannot take: kept, taken over once, judged again (K-P06, ADR 0013).

#![expect(clippy::unwrap_used, clippy::wildcard_enum_match_arm, reason = "tests")]

use std::collections::BTreeMap;
use std::sync::Arc;

use ndoba_audit::EventKind;
use ndoba_order::{MediaType, SignerRole};
use ndoba_registration::fake::{TestOfficer, World};
use ndoba_registration::ports::{
    CertificateRecord, CertificateStatus, LedgerState, OrderKind, OrderState, Registry as _,
};
use ndoba_registration::spool::StatusHandIn;
use ndoba_registration::{
    EndGrantRequest, GrantRequest, HandedIn, KeptReceipt, Permission, RegisterSight, Registration,
    ServiceError, StatusDraft, StatusRequest, TakenOver,
};
use ndoba_types::{CaName, Clock, SerialNumber, Sha256Digest, Span};

const SERIAL: &str = "7f0102";

/// A world with one certificate of the CA `signature`, and a service that has read its register.
fn world() -> (World, Registration) {
    let world = World::new();
    let now = world.clock.now();
    world.registry.tables().certificates.push(CertificateRecord {
        serial: SERIAL.parse().unwrap(),
        ca: "signature".parse().unwrap(),
        profile: "sign".into(),
        profile_digest: Sha256Digest::of(b"sign"),
        lint: "clean".into(),
        order: None,
        application: None,
        opened_by: None,
        ledger: LedgerState::Issued,
        der: Some(vec![0x30, 0]),
        not_before: now,
        not_after: now.plus(Span::days(365)),
        issued: Some(now),
        status: CertificateStatus::Good,
        clocks: Vec::new(),
    });
    let service = world.registration();
    service.remember_register().unwrap();
    (world, service)
}

fn asked(kind: OrderKind) -> StatusRequest {
    let reason = (kind == OrderKind::Revoke).then(|| "keyCompromise".to_owned());
    let note = "ზარი; ვინაობა დადგენილია".to_owned();
    StatusRequest {
        kind,
        reason,
        received: None,
        effective: None,
        channel: "letter".into(),
        note,
        control: BTreeMap::new(),
    }
}

fn draft(service: &Registration, officer: &TestOfficer, kind: OrderKind) -> StatusDraft {
    let ca: CaName = "signature".parse().unwrap();
    service
        .draft_status_order(&officer.as_officer(), RegisterSight::Current, &serial(), &ca, &asked(kind))
        .unwrap()
}

fn signed(world: &World, officer: &TestOfficer, draft: StatusDraft) -> StatusHandIn {
    let role = SignerRole::RevocationOfficer;
    let jws = officer.sign(MediaType::Order, &draft.content, role, None, world.clock.now());
    StatusHandIn { content: draft.content, evidence: Some(draft.evidence), jws }
}

fn serial() -> SerialNumber {
    SERIAL.parse().unwrap()
}

fn kept(outcome: Result<HandedIn, ServiceError>) -> KeptReceipt {
    match outcome {
        Ok(HandedIn::Kept(receipt)) => receipt,
        Ok(HandedIn::Recorded(_)) => panic!("it is recorded"),
        Err(error) => panic!("{error:?}"),
    }
}

fn code(error: ServiceError) -> String {
    match error {
        ServiceError::Invalid(fields) => format!("{} {}", fields[0].field, fields[0].code),
        ServiceError::Conflict { code, .. } => code.into(),
        other => format!("{other:?}"),
    }
}

/// The words of the events about requests, in order.
fn events(world: &World) -> Vec<String> {
    let tables = world.registry.tables();
    let told = tables.events.iter().filter_map(|event| match &event.what {
        EventKind::StatusRequested { .. }
        | EventKind::StatusRequestTakenOver { .. }
        | EventKind::OrderQueued { .. } => Some(event.what.name().to_owned()),
        EventKind::StatusRequestRefused { code, .. } => Some(format!("{} {code}", event.what.name())),
        _ => None,
    });
    told.collect()
}

#[test]
fn what_the_database_can_take_is_recorded_at_once() {
    let (world, service) = world();
    let officer = world.officer("revocation-officer");
    let hand_in = signed(&world, officer, draft(&service, officer, OrderKind::Suspend));
    for _ in 0..2 {
        match service.hand_in(&officer.as_officer(), RegisterSight::Current, hand_in.clone()).unwrap() {
            HandedIn::Recorded(order) => assert_eq!(order.state, OrderState::Queued),
            HandedIn::Kept(_) => panic!("kept"),
        }
    }
    assert_eq!(events(&world), ["status-requested", "order-queued"]);
    assert_eq!(world.spool.places().waiting.len(), 0);
}

#[test]
fn what_it_cannot_take_is_kept_and_taken_over_once_with_its_time() {
    for gone in [true, false] {
        let (world, service) = world();
        let officer = world.officer("revocation-officer");
        let break_it = |broken: bool| {
            let mut tables = world.registry.tables();
            (tables.gone, tables.full) = (gone && broken, !gone && broken);
        };
        break_it(true);
        let key = officer.spki().fingerprint();
        let (caller, sight) = service.authenticate_in_outage(key, Permission::DraftRevocations).unwrap();
        assert_eq!(sight, if gone { RegisterSight::LastRead } else { RegisterSight::Current });
        let received = world.clock.now();
        let hand_in = signed(&world, officer, draft(&service, officer, OrderKind::Revoke));
        let receipt = kept(service.hand_in(&caller, sight, hand_in.clone()));
        assert_eq!((receipt.kind, receipt.received), (OrderKind::Revoke, received));
        assert_eq!(receipt.due, received.plus(Span::hours(24)));
        assert_eq!(receipt.digest, Sha256Digest::of(&hand_in.content));

        // The same again, later: the first receipt counts.
        world.clock.advance(Span::minutes(5));
        assert_eq!(kept(service.hand_in(&caller, sight, hand_in)), receipt);
        if gone {
            assert!(matches!(service.take_over_kept(), Err(ServiceError::Unavailable(_))));
        }
        break_it(false);
        assert_eq!(service.kept().unwrap().waiting, 1);
        let before = world.spool.places().waiting.clone();
        world.clock.advance(Span::hours(3));
        assert_eq!(service.take_over_kept().unwrap(), TakenOver { recorded: 1, refused: 0 });
        assert_eq!(service.kept().unwrap().waiting, 0);

        // Killed before the file was gone: it is there again, and changes nothing.
        world.spool.places().waiting = before;
        assert_eq!(service.take_over_kept().unwrap(), TakenOver { recorded: 1, refused: 0 });
        assert_eq!(events(&world), ["status-requested", "order-queued", "status-request-taken-over"]);
        let tables = world.registry.tables();
        assert_eq!((tables.orders.len(), tables.requests.len(), tables.evidence.len()), (1, 1, 1));
        let request = &tables.requests[0];
        assert_eq!((request.received, request.begins, request.decided), (received, received, Some(received)));
        let order = &tables.orders[&receipt.order];
        assert_eq!((order.state.clone(), order.signatures.len()), (OrderState::Queued, 1));
        assert_eq!(order.drafted_by, officer.id);
    }
}

/// Killed between the two transactions of a takeover, the order is there and open; it gets its signature the next time.
#[test]
fn an_order_drafted_before_the_outage_gets_its_signature() {
    let (world, service) = world();
    let officer = world.officer("revocation-officer");
    let caller = officer.as_officer();
    let order = service.propose(&caller, &serial(), &asked(OrderKind::Suspend), None).unwrap();
    world.registry.tables().gone = true;
    let (role, now) = (SignerRole::RevocationOfficer, world.clock.now());
    let jws = officer.sign(MediaType::Order, &order.content, role, None, now);
    let hand_in = StatusHandIn { content: order.content.clone(), evidence: None, jws };
    kept(service.hand_in(&caller, RegisterSight::LastRead, hand_in));
    world.registry.tables().gone = false;
    assert_eq!(service.take_over_kept().unwrap(), TakenOver { recorded: 1, refused: 0 });
    assert_eq!(world.registry.order(order.id).unwrap().unwrap().state, OrderState::Queued);
    assert_eq!(world.registry.tables().requests.len(), 1);
}

#[test]
fn they_are_taken_over_in_the_order_of_receipt_and_one_refusal_holds_up_none() {
    let (world, service) = world();
    let officer = world.officer("revocation-officer");
    world.registry.tables().gone = true;
    let other = service
        .draft_status_order(
            &officer.as_officer(),
            RegisterSight::LastRead,
            &"7f0999".parse().unwrap(),
            &"signature".parse().unwrap(),
            &asked(OrderKind::Revoke),
        )
        .unwrap();
    let wrong_ca = service
        .draft_status_order(
            &officer.as_officer(),
            RegisterSight::LastRead,
            &serial(),
            &"seal".parse().unwrap(),
            &asked(OrderKind::Revoke),
        )
        .unwrap();
    let suspension = draft(&service, officer, OrderKind::Suspend);
    let revocation = draft(&service, officer, OrderKind::Revoke);
    let mut receipts = Vec::new();
    for draft in [other, wrong_ca, suspension, revocation] {
        let hand_in = signed(&world, officer, draft);
        receipts.push(kept(service.hand_in(&officer.as_officer(), RegisterSight::LastRead, hand_in)));
        world.clock.advance(Span::seconds(1));
    }
    world.registry.tables().gone = false;
    assert_eq!(service.take_over_kept().unwrap(), TakenOver { recorded: 2, refused: 2 });
    let refused = "status-request-refused certificate.unknown";
    let one = ["status-requested", "order-queued", "status-request-taken-over"];
    assert_eq!(events(&world), [&[refused, refused][..], &one, &one].concat());
    let tables = world.registry.tables();
    let requests: Vec<_> = tables.requests.iter().map(|request| request.order).collect();
    assert_eq!(requests, [receipts[2].order, receipts[3].order]);
    let aside: Vec<_> = world.spool.places().refused.iter().map(|kept| kept.order).collect();
    assert_eq!(aside, [receipts[0].order, receipts[1].order]);
}

#[test]
fn who_may_not_and_what_is_not_signed_so_is_kept_nowhere() {
    let (world, service) = world();
    let officer = world.officer("revocation-officer");
    let (caller, sight) = (officer.as_officer(), RegisterSight::LastRead);
    let approver = world.officer("approver");
    world.registry.tables().gone = true;
    let admitted = |who: &TestOfficer| {
        service.authenticate_in_outage(who.spki().fingerprint(), Permission::DraftRevocations)
    };
    assert!(matches!(admitted(approver), Err(ServiceError::Forbidden(_))));
    assert!(matches!(admitted(&World::stranger()), Err(ServiceError::NotAnOfficer)));
    // A process that never read the register lets nobody in.
    let fresh = world.registration();
    let unread = fresh.authenticate_in_outage(officer.spki().fingerprint(), Permission::DraftRevocations);
    assert!(matches!(unread, Err(ServiceError::Unavailable(_))));

    let good = || signed(&world, officer, draft(&service, officer, OrderKind::Revoke));
    let refused = |hand_in| match service.hand_in(&caller, sight, hand_in) {
        Err(error) => code(error),
        Ok(_) => panic!("it is taken"),
    };
    // Another's signature, one over other bytes, one by a key without the role.
    let theirs = signed(&world, approver, draft(&service, officer, OrderKind::Revoke));
    assert_eq!(refused(theirs), "/jws order-signer-role");
    assert_eq!(refused(StatusHandIn { jws: good().jws, ..good() }), "/jws order-signature-invalid");
    assert_eq!(refused(StatusHandIn { jws: "{}".into(), ..good() }), "/jws order-signature-invalid");
    // Evidence of another order, none in form, and an order that is none.
    assert_eq!(refused(StatusHandIn { evidence: good().evidence, ..good() }), "/evidence evidence.other");
    let broken = Some(b"{}".to_vec());
    assert_eq!(refused(StatusHandIn { evidence: broken, ..good() }), "/evidence evidence.other");
    let nothing = StatusHandIn { content: b"{}".to_vec(), ..good() };
    assert!(refused(nothing).starts_with("/content "), "what is no order");
    assert_eq!(world.spool.places().waiting.len(), 0);
    // Nothing but revocations and suspensions, not even drafted.
    let release = StatusRequest { reason: None, ..asked(OrderKind::Release) };
    let ca: CaName = "signature".parse().unwrap();
    let drafted = service.draft_status_order(&caller, sight, &serial(), &ca, &release);
    assert_eq!(drafted.err().map(code).unwrap(), "/kind choice.unknown");
    let nowhere = service.draft_status_order(
        &caller,
        sight,
        &serial(),
        &"tax-office".parse().unwrap(),
        &asked(OrderKind::Revoke),
    );
    assert_eq!(nowhere.err().map(code).unwrap(), "/ca choice.unknown");

    // Neither the database nor the folder: that is said, and is no receipt.
    world.spool.places().broken = true;
    assert!(matches!(service.hand_in(&caller, sight, good()), Err(ServiceError::NotKept(_))));
}

/// The register as it is at takeover decides: who was dismissed meanwhile has signed in vain, and that is seen.
#[test]
fn a_signer_dismissed_meanwhile_is_refused_at_takeover() {
    let (world, service) = world();
    let officer = world.officer("revocation-officer");
    world.registry.tables().full = true;
    let hand_in = signed(&world, officer, draft(&service, officer, OrderKind::Revoke));
    kept(service.hand_in(&officer.as_officer(), RegisterSight::Current, hand_in));
    world.registry.tables().full = false;
    let security = world.officer("security-officer").as_officer();
    let end = GrantRequest::EndGrant(EndGrantRequest { officer: officer.id.to_string() });
    let draft = service.draft_grant(&security, &end).unwrap();
    let signatures = world.sign_grant(&draft.content);
    service.append_grant(&security, &draft.content, &signatures[..1], None).unwrap();
    assert_eq!(service.take_over_kept().unwrap(), TakenOver { recorded: 0, refused: 1 });
    assert_eq!(events(&world), ["status-request-refused order-signer-not-in-office"]);
    assert_eq!(service.kept().unwrap().refused, 1);
}

/// Clones share one world: two processes on one folder cannot double a request either.
#[test]
fn two_services_take_one_order_over_once() {
    let (world, service) = world();
    let officer = world.officer("revocation-officer");
    world.registry.tables().full = true;
    let hand_in = signed(&world, officer, draft(&service, officer, OrderKind::Revoke));
    kept(service.hand_in(&officer.as_officer(), RegisterSight::Current, hand_in));
    world.registry.tables().full = false;
    let before = world.spool.places().waiting.clone();
    let world = Arc::new(world);
    assert_eq!(world.registration().take_over_kept().unwrap().recorded, 1);
    world.spool.places().waiting = before;
    assert_eq!(service.take_over_kept().unwrap(), TakenOver { recorded: 1, refused: 0 });
    assert_eq!(world.registry.tables().requests.len(), 1);
}
