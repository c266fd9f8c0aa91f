//! Applications, orders, grants and idempotency keys.

use std::thread;

use ndoba_ca::ports::{IntentOutcome, Ledger as _, StatusAction, Warrant};
use ndoba_registration::application::{ApplicationContent, ApplicationId, Salt, StoredState};
use ndoba_registration::ports::{
    Act, ApplicationFilter, ApplicationRecord, CertificateFilter, CertificateStatus, Conflict,
    DataKeyRegistry as _, EvidenceRecord, GrantRecord, LedgerState, OrderKind, OrderRecord, OrderState,
    PageRequest, Receipt, Registry as _, RegistryError,
};
use ndoba_store::Store;
use ndoba_types::Sha256Digest;
use ndoba_x509::RevocationReason;

use crate::cluster::on_both;
use crate::fixtures::{
    at, change, crl_intent, crl_issued, crl_octets, event, fresh, intent, issue, issued, officer, order,
    queued_order, signature,
};
use crate::raw::Raw;

const ALL: PageRequest = PageRequest { limit: 100, after: None };

fn content(number: &str) -> ApplicationContent {
    serde_json::from_value(serde_json::json!({
        "profile": "sign-qscd",
        "days": 730,
        "subject": {
            "type": "natural-person",
            "given_names": "ნინო",
            "surname": "მაგალითი",
            "personal_number": number,
            "email": "nino@example.com",
        },
        "identity_document": {"type": "passport", "number": "P1", "issued_by": "SDA", "validation": "chip-read", "copies_at": "attached"},
        "identity_proofing": {"method": "physical-presence", "date": "2026-11-23", "seen_by": "01"},
        "csr": "-----BEGIN CERTIFICATE REQUEST-----",
    }))
    .unwrap()
}

fn application(number: &str) -> ApplicationRecord {
    let id = fresh();
    let mut bytes = [3; 16];
    bytes[8..].copy_from_slice(&id.to_be_bytes());
    ApplicationRecord {
        id: ApplicationId::from_bytes(bytes),
        version: 1,
        state: StoredState::Draft,
        content: content(number),
        salt: Salt::from_bytes([5; 32]),
        opened_by: officer(1),
        opened: at(i64::try_from(id).unwrap()),
        updated: at(0),
        order: None,
        remark: None,
        without_code: None,
        replaces: None,
    }
}

/// Does something with an event of its own.
fn act<T>(run: impl FnOnce(Act<'_>) -> T) -> T {
    run(Act { events: &[event()], receipt: None })
}

fn stale<T: std::fmt::Debug>(outcome: Result<T, RegistryError>) {
    assert!(matches!(outcome, Err(RegistryError::Conflict(Conflict::Stale))), "{outcome:?}");
}

/// The application's next version, frozen into an order of its own.
fn freeze(store: &Store, application: &ApplicationRecord) -> (ApplicationRecord, OrderRecord) {
    let frozen = OrderRecord { application: Some(application.id), ..order(OrderKind::Issue, None) };
    let next = ApplicationRecord {
        version: application.version + 1,
        state: StoredState::Submitted,
        order: Some(frozen.id),
        ..application.clone()
    };
    let evidence = [EvidenceRecord {
        digest: Sha256Digest::of(&fresh().to_be_bytes()),
        order: frozen.id,
        kind: "identity-document".into(),
        content: b"{}".to_vec(),
    }];
    act(|act| store.freeze_application(&next, &frozen, &evidence, act)).unwrap();
    (next, frozen)
}

#[test]
fn an_application_becomes_a_certificate() {
    on_both(|database| {
        let store = &database.store;
        let draft = application("01001012345");
        act(|act| store.insert_application(&draft, act)).unwrap();
        let there = store.application(draft.id).unwrap().unwrap();
        assert_eq!((there.application, there.order_state), (draft.clone(), None));

        let (submitted, order) = freeze(store, &draft);
        assert_eq!(store.application(draft.id).unwrap().unwrap().order_state, Some(OrderState::Open));
        assert_eq!(store.evidence(order.id).unwrap().len(), 1);
        act(|act| store.add_signature(order.id, 0, &signature("submitter", 1), false, act)).unwrap();
        stale(act(|act| store.add_signature(order.id, 0, &signature("approver", 2), true, act)));
        act(|act| store.add_signature(order.id, 1, &signature("approver", 2), true, act)).unwrap();
        stale(act(|act| store.add_signature(order.id, 2, &signature("approver", 3), true, act)));
        let read = store.order(order.id).unwrap().unwrap();
        let signatures = vec![signature("submitter", 1), signature("approver", 2)];
        assert_eq!(read, OrderRecord { state: OrderState::Queued, signatures, ..order.clone() });

        // The CA may be at work: the application stays as it is.
        let returned = ApplicationRecord { version: 3, state: StoredState::Returned, ..submitted };
        stale(act(|act| store.update_application(&returned, act)));
        stale(act(|act| store.close_order(order.id, &OrderState::Withdrawn, act)));

        let intent = intent(Warrant::Order(order.id));
        assert_eq!(store.record_intents(vec![intent.clone()]).unwrap(), [IntentOutcome::Recorded]);
        store.record_issued(vec![issued(&intent)]).unwrap();
        let serial = intent.certificate.serial.clone();
        let shown = store.application(draft.id).unwrap().unwrap();
        assert_eq!(shown.order_state, Some(OrderState::Done { serial: serial.clone() }));

        let view = ndoba_registration::ports::Registry::certificate(store, &serial).unwrap().unwrap();
        assert_eq!(
            (view.ledger, view.application, view.order),
            (LedgerState::Issued, Some(draft.id), Some(order.id))
        );
        assert_eq!((view.status, view.clocks), (CertificateStatus::Good, Vec::new()));

        // Every clock of a revocation: received, decided, carried out, published.
        change(store, &intent.certificate, StatusAction::Revoke(RevocationReason::Superseded));
        let crl = crl_intent(1);
        store.record_crl_intent(crl.clone()).unwrap();
        store.record_crl(crl_issued(&crl, 1), &crl_octets(&crl)).unwrap();
        let view = ndoba_registration::ports::Registry::certificate(store, &serial).unwrap().unwrap();
        assert_eq!(view.status, CertificateStatus::Revoked { at: at(6), reason: "superseded".into() });
        let clock = &view.clocks[0];
        assert_eq!((clock.received, clock.decided, clock.carried_out), (at(2), Some(at(5)), Some(at(6))));
        assert_eq!((clock.kind, clock.published), (OrderKind::Revoke, Some((1, at(7)))));

        // Found by subject, profile and status.
        let found = |subject: Option<&str>, status: Option<&str>| {
            let filter = CertificateFilter {
                subject: subject.map(Into::into),
                name: None,
                profile: Some("seal-qscd".into()),
                key: Some(intent.spki),
                status: status.map(Into::into),
                ..CertificateFilter::default()
            };
            store.certificates(&filter, &ALL).unwrap().items.len()
        };
        assert_eq!(found(Some("01001012345"), Some("revoked")), 1);
        assert_eq!(found(Some("01001012345"), Some("good")), 0);
        assert_eq!(found(Some("99999999999"), None), 0);
        assert_eq!(found(None, Some("suspended")), 0);
        assert_eq!(found(None, Some("nonsense")), 0);
    });
}

#[test]
fn certificates_are_found_by_the_device_that_the_order_named() {
    on_both(|database| {
        let store = &database.store;
        let issued_in = |model: &str| {
            let content =
                format!(r#"{{"issue":{{"device":{{"evidence":"00","model":"{model}"}}}}}}"#).into_bytes();
            let record = OrderRecord { content, ..order(OrderKind::Issue, None) };
            let intent = intent(Warrant::Order(queued_order(store, &record)));
            assert_eq!(store.record_intents(vec![intent.clone()]).unwrap(), [IntentOutcome::Recorded]);
            assert_eq!(store.record_issued(vec![issued(&intent)]).unwrap(), [true]);
            intent.certificate.serial
        };
        let (card, other) = (issued_in("card-3"), issued_in("card-30"));
        // By a ceremony: nothing was ordered.
        issue(store);
        let found = |model: &str| {
            let filter =
                CertificateFilter { device: Some(model.parse().unwrap()), ..CertificateFilter::default() };
            let page = store.certificates(&filter, &ALL).unwrap();
            page.items.into_iter().map(|found| found.serial).collect::<Vec<_>>()
        };
        assert_eq!(found("card-3"), [card]);
        assert_eq!(found("card-30"), [other]);
        assert_eq!(found("card"), []);
    });
}

#[test]
fn changes_compare_the_version() {
    on_both(|database| {
        let store = &database.store;
        let draft = application("01001012345");
        act(|act| store.insert_application(&draft, act)).unwrap();
        let next = ApplicationRecord { version: 2, remark: Some("one".into()), ..draft.clone() };
        let outcomes: Vec<_> = thread::scope(|scope| {
            let officers: Vec<_> =
                (0..4).map(|_| scope.spawn(|| act(|act| store.update_application(&next, act)))).collect();
            officers.into_iter().map(|officer| officer.join().unwrap()).collect()
        });
        assert_eq!(outcomes.iter().filter(|outcome| outcome.is_ok()).count(), 1);
        // A returned application takes its open order with it, and a remark can be taken back.
        let (submitted, order) = freeze(store, &next);
        let returned =
            ApplicationRecord { version: 4, state: StoredState::Returned, remark: None, ..submitted };
        act(|act| store.update_application(&returned, act)).unwrap();
        assert_eq!(store.order(order.id).unwrap().unwrap().state, OrderState::Withdrawn);
        assert_eq!(store.application(draft.id).unwrap().unwrap().application, returned);
    });
}

#[test]
fn lists_are_pages_newest_first() {
    on_both(|database| {
        let store = &database.store;
        let drafts: Vec<_> = (0..5).map(|_| application("01001012345")).collect();
        for draft in &drafts {
            act(|act| store.insert_application(draft, act)).unwrap();
        }
        let (_, order) = freeze(store, &drafts[1]);
        let ids = |filter: &ApplicationFilter, limit, after: Option<String>| {
            let page = store.applications(filter, &PageRequest { limit, after }).unwrap();
            let ids: Vec<_> = page.items.iter().map(|item| item.application.id).collect();
            (ids, page.next)
        };
        let newest: Vec<_> = drafts.iter().rev().map(|draft| draft.id).collect();
        let everything = ApplicationFilter::default();
        let (first, next) = ids(&everything, 2, None);
        assert_eq!(first, newest[..2]);
        let (second, next) = ids(&everything, 2, next);
        assert_eq!(second, newest[2..4]);
        let (third, next) = ids(&everything, 2, next);
        assert_eq!((third.as_slice(), next), (&newest[4..], None));
        assert!(ids(&everything, 2, Some("nonsense".into())).0.is_empty());

        let of = |states| ids(&ApplicationFilter { states, ..ApplicationFilter::default() }, 10, None).0;
        assert_eq!(of(vec![(StoredState::Draft, None)]).len(), 4);
        assert_eq!(of(vec![(StoredState::Submitted, None)]), [drafts[1].id]);
        assert_eq!(of(vec![(StoredState::Submitted, Some("open"))]), [drafts[1].id]);
        assert!(
            of(vec![(StoredState::Submitted, Some("done")), (StoredState::Draft, Some("open"))]).is_empty()
        );
        assert_eq!(of(vec![(StoredState::Submitted, Some("open")), (StoredState::Draft, None)]).len(), 5);
        act(|act| store.close_order(order.id, &OrderState::Expired, act)).unwrap();
        assert_eq!(of(vec![(StoredState::Submitted, Some("expired"))]), [drafts[1].id]);

        let subject =
            |subject: &str| ApplicationFilter { subject: Some(subject.into()), ..everything.clone() };
        assert_eq!(ids(&subject("01001012345"), 10, None).0.len(), 5);
        assert!(ids(&subject("0100101234"), 10, None).0.is_empty());
        // Pages by profile are the same while rows of before, and sealed anew, have its name inside only.
        let mut other = application("01001012345");
        other.content.profile = "another".into();
        act(|act| store.insert_application(&other, act)).unwrap();
        let by_profile = |name: &str| ApplicationFilter { profile: Some(name.into()), ..everything.clone() };
        let mut raw = Raw::open(&database.engine);
        let profile = drafts[0].content.profile.clone();
        for round in ["written", "of before", "sealed anew"] {
            let (first, next) = ids(&by_profile(&profile), 3, None);
            assert_eq!(first, newest[..3], "{round}");
            assert_eq!(ids(&by_profile(&profile), 3, next), (newest[3..].to_vec(), None), "{round}");
            assert_eq!(ids(&by_profile("another"), 1, None), (vec![other.id], None), "{round}");
            assert!(ids(&by_profile("none"), 10, None).0.is_empty(), "{round}");
            match round {
                "written" => raw.run("UPDATE applications SET profile = NULL").unwrap(),
                _ => while store.seal_records(2).unwrap() > 0 {},
            }
        }
        let names = raw.lines("SELECT DISTINCT profile AS line FROM applications ORDER BY 1");
        assert_eq!(names, ["another", &*profile]);
        let by = |number| ApplicationFilter { opened_by: Some(officer(number)), ..everything.clone() };
        assert_eq!(ids(&by(1), 10, None).0.len(), 6);
        assert!(ids(&by(2), 10, None).0.is_empty());
    });
}

#[test]
fn one_key_makes_one_resource() {
    on_both(|database| {
        let store = &database.store;
        let draft = application("01001012345");
        let receipt = Receipt {
            officer: officer(1),
            key: "key".into(),
            request: Sha256Digest::of(b"request"),
            resource: draft.id.to_string(),
            created: at(0),
        };
        let outcomes: Vec<_> = thread::scope(|scope| {
            let requests: Vec<_> = (0..4)
                .map(|_| {
                    scope.spawn(|| {
                        let application = application("01001012345");
                        let events = [event()];
                        store.insert_application(
                            &application,
                            Act { events: &events, receipt: Some(&receipt) },
                        )
                    })
                })
                .collect();
            requests.into_iter().map(|request| request.join().unwrap()).collect()
        });
        assert_eq!(outcomes.iter().filter(|outcome| outcome.is_ok()).count(), 1);
        for outcome in outcomes.into_iter().filter(Result::is_err) {
            assert!(matches!(outcome, Err(RegistryError::Conflict(Conflict::Idempotency))));
        }
        assert_eq!(Raw::open(&database.engine).count("applications"), 1);
        assert_eq!(store.receipt(officer(1), "key").unwrap(), Some(receipt));
        assert_eq!(store.receipt(officer(2), "key").unwrap(), None);
        // No event, no act.
        let silent = store.insert_application(&draft, Act { events: &[], receipt: None });
        assert!(silent.is_err());
    });
}

#[test]
fn the_register_is_a_chain() {
    on_both(|database| {
        let store = &database.store;
        let grant = |seq| GrantRecord {
            seq,
            document: format!("grant {seq}").into_bytes(),
            signatures: vec!["first".into(), "second".into()],
            appended: at(0),
        };
        assert_eq!(store.grant_head().unwrap(), 0);
        stale(act(|act| store.append_grant(&grant(2), act)));
        for seq in 1..=5 {
            let appended: usize = thread::scope(|scope| {
                let both: Vec<_> = (0..3)
                    .map(|_| scope.spawn(|| act(|act| store.append_grant(&grant(seq), act)).is_ok()))
                    .collect();
                both.into_iter().map(|one| usize::from(one.join().unwrap())).sum()
            });
            assert_eq!(appended, 1);
        }
        assert_eq!(store.grant_head().unwrap(), 5);
        assert_eq!(store.grants().unwrap(), (1..=5).map(grant).collect::<Vec<_>>());
        let last = store.grants_after(4).unwrap();
        assert_eq!(last.len(), 1);
        assert_eq!((last[0].seq, last[0].signatures.len()), (5, 2));
        assert_eq!(store.all_marks().unwrap().grant, 5);
    });
}

#[test]
fn orders_that_are_due() {
    on_both(|database| {
        let store = &database.store;
        let draft = application("01001012345");
        act(|act| store.insert_application(&draft, act)).unwrap();
        let (_, order) = freeze(store, &draft);
        assert!(store.orders_due(at(99_999), 10).unwrap().is_empty());
        assert_eq!(store.orders_due(at(100_000), 10).unwrap(), [order.id]);
        act(|act| store.close_order(order.id, &OrderState::Expired, act)).unwrap();
        assert!(store.orders_due(at(100_000), 10).unwrap().is_empty());
        assert_eq!(store.order(order.id).unwrap().unwrap().state, OrderState::Expired);
    });
}
