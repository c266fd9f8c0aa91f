//! The clocks of requests: which run, what stops them, what is noticed once.

use ndoba_ca::clocks::{ClockChange, OpenRequest, Stage};
use ndoba_ca::ports::{CertificateId, Ledger as _, Queue, StatusAction};
use ndoba_registration::ports::{
    Act, EvidenceRecord, OrderKind, OrderState, Registry, RevocationRequestRecord,
};
use ndoba_store::Store;
use ndoba_types::{OrderId, Sha256Digest, UtcTime};
use ndoba_x509::RevocationReason;

use crate::cluster::on_both;
use crate::fixtures::{
    at, ca, change, change_status, crl_intent, crl_issued, crl_octets, event, issue, order, queued,
    signature, status_change,
};
use crate::raw::Raw;

const SUPERSEDED: StatusAction = StatusAction::Revoke(RevocationReason::Superseded);

fn open(store: &Store, now: UtcTime) -> Vec<OpenRequest> {
    store.open_requests(now, None, 100).unwrap()
}

fn stages(store: &Store) -> Vec<Stage> {
    open(store, at(50)).into_iter().map(|request| request.stage).collect()
}

/// A request whose order nobody has signed.
fn asked(store: &Store, kind: OrderKind, id: &CertificateId, begins: UtcTime) -> OrderId {
    let record = order(kind, Some(&id.serial));
    let request = RevocationRequestRecord {
        order: record.id,
        serial: id.serial.clone(),
        received: at(2),
        begins,
        decided: None,
        channel: "letter".into(),
    };
    store.insert_order(&record, &[], &request, Act { events: &[event()], receipt: None }).unwrap();
    record.id
}

#[test]
fn a_request_is_owed_until_a_list_shows_it() {
    on_both(|database| {
        let store = &database.store;
        let id = issue(store).certificate;
        let order = asked(store, OrderKind::Revoke, &id, at(2));
        assert_eq!(stages(store), [Stage::AtOfficers]);
        let act = Act { events: &[event()], receipt: None };
        store.add_signature(order, 0, &signature("revocation-officer", 3), true, act).unwrap();
        assert_eq!(stages(store), [Stage::AtCa]);
        change_status(store, status_change(&id, order, SUPERSEDED)).unwrap();
        assert_eq!(stages(store), [Stage::Unpublished]);
        // A list that was planned before does not show it; of those that do, the first counts.
        for (number, version) in [(1, 0), (2, 1), (3, 1)] {
            let list = crl_intent(number);
            assert!(store.record_crl_intent(list.clone()).unwrap());
            assert!(store.record_crl(crl_issued(&list, version), &crl_octets(&list)).unwrap());
            let expected = if version == 0 { Stage::Unpublished } else { Stage::Seen(at(7)) };
            assert_eq!(stages(store), [expected]);
        }
        let found = open(store, at(50)).remove(0);
        assert_eq!((found.order, &found.certificate, found.begins), (order, &id, at(2)));
        let clock = || Registry::certificate(store, &id.serial).unwrap().unwrap().clocks.remove(0);
        assert_eq!((clock().begins, clock().settled), (at(2), None));
        let settled = || vec![ClockChange::Settled { order, at: at(7) }];
        assert_eq!(store.record_clocks(settled()).unwrap(), [true]);
        assert_eq!(store.record_clocks(settled()).unwrap(), [false]);
        assert_eq!(clock().settled, Some(at(7)));
        assert!(open(store, at(50)).is_empty());
        assert_eq!(store.open_request_count(at(50)).unwrap(), 0);
    });
}

#[test]
fn what_nobody_owes_has_no_clock() {
    on_both(|database| {
        let store = &database.store;
        let [first, second, third, fourth] = [0; 4].map(|_| issue(store).certificate);
        // Turned down.
        let order = asked(store, OrderKind::Revoke, &first, at(2));
        store.close_order(order, &OrderState::Withdrawn, Act { events: &[event()], receipt: None }).unwrap();
        assert_eq!(stages(store), [Stage::Void]);
        // Not signed in time, and the certificate lives: somebody owes it still.
        let order = asked(store, OrderKind::Suspend, &second, at(3));
        store.close_order(order, &OrderState::Expired, Act { events: &[event()], receipt: None }).unwrap();
        assert_eq!(stages(store), [Stage::Void, Stage::AtOfficers]);
        assert_eq!(open(store, at(1_000_001))[1].stage, Stage::Void, "the certificate has expired");
        // Done under another order.
        asked(store, OrderKind::Revoke, &third, at(4));
        change(store, &third, SUPERSEDED);
        // Suspended already: a suspension is done, a revocation is not.
        asked(store, OrderKind::Suspend, &fourth, at(5));
        asked(store, OrderKind::Revoke, &fourth, at(6));
        change(store, &fourth, StatusAction::Suspend);
        let of = |id: &CertificateId| -> Vec<Stage> {
            let all = open(store, at(50));
            all.into_iter()
                .filter(|one| one.certificate == *id && one.begins > at(2))
                .map(|one| one.stage)
                .collect()
        };
        assert_eq!(of(&third), [Stage::Void]);
        assert_eq!(of(&fourth), [Stage::Void, Stage::AtOfficers]);
        // A release owes nothing from the start.
        let before = store.open_request_count(at(50)).unwrap();
        change(store, &fourth, StatusAction::Release);
        assert_eq!(store.open_request_count(at(50)).unwrap(), before);
    });
}

#[test]
fn a_date_is_when_the_clock_begins_and_the_order_is_asked_for() {
    on_both(|database| {
        let store = &database.store;
        let id = issue(store).certificate;
        let order = asked(store, OrderKind::Revoke, &id, at(1_000));
        let act = Act { events: &[event()], receipt: None };
        store.add_signature(order, 0, &signature("revocation-officer", 3), true, act).unwrap();
        assert!(open(store, at(999)).is_empty());
        assert_eq!(open(store, at(1_000))[0].begins, at(1_000));
        let waiting = |until| store.queued_orders(Queue::Statuses, until, 10).unwrap();
        assert!(waiting(at(999)).is_empty());
        // However many wait for their dates, what was asked today comes first.
        let now = queued(store, OrderKind::Suspend, &issue(store).certificate.serial);
        assert_eq!(waiting(at(999)).iter().map(|one| one.order_id).collect::<Vec<_>>(), [now]);
        let due = waiting(at(1_000));
        assert_eq!(due.iter().map(|one| one.order_id).collect::<Vec<_>>(), [now, order]);
        assert_eq!(due[1].received, at(1_000));
    });
}

/// While the CA has not begun, a date included; what was refused or has lapsed can be turned down too.
#[test]
fn a_request_is_turned_down_with_its_reason() {
    on_both(|database| {
        let store = &database.store;
        let id = issue(store).certificate;
        let decline = |order: OrderId| {
            let number = order.as_bytes().to_vec();
            let reason = EvidenceRecord {
                digest: Sha256Digest::of(&number),
                order,
                kind: "revocation-refusal".into(),
                content: b"{}".to_vec(),
            };
            store.decline_request(order, &reason, at(30), Act { events: &[event()], receipt: None })
        };
        let state = |order| store.order(order).unwrap().unwrap().state;
        let open = asked(store, OrderKind::Revoke, &id, at(3));
        let dated = asked(store, OrderKind::Revoke, &id, at(1_000));
        let act = Act { events: &[event()], receipt: None };
        store.add_signature(dated, 0, &signature("revocation-officer", 3), true, act).unwrap();
        let lapsed = asked(store, OrderKind::Suspend, &id, at(4));
        store.close_order(lapsed, &OrderState::Expired, Act { events: &[event()], receipt: None }).unwrap();
        assert_eq!(store.open_request_count(at(2_000)).unwrap(), 3);
        for order in [open, dated, lapsed] {
            decline(order).unwrap();
        }
        assert_eq!(store.open_request_count(at(2_000)).unwrap(), 0);
        assert_eq!((state(open), state(dated)), (OrderState::Withdrawn, OrderState::Withdrawn));
        assert_eq!(state(lapsed), OrderState::Expired);
        assert!(store.queued_orders(Queue::Statuses, at(2_000), 10).unwrap().is_empty());
        assert_eq!(store.evidence(open).unwrap().len(), 1);
        // The CA was first.
        let done = queued(store, OrderKind::Revoke, &id.serial);
        change_status(store, status_change(&id, done, SUPERSEDED)).unwrap();
        assert!(decline(done).is_err());
    });
}

#[test]
fn a_limit_is_noticed_once_with_its_event() {
    on_both(|database| {
        let store = &database.store;
        let order = asked(store, OrderKind::Revoke, &issue(store).certificate, at(2));
        let mut raw = Raw::open(&database.engine);
        let events = raw.count("audit_events");
        assert!(!open(store, at(50))[0].overdue);
        let noticed = || vec![ClockChange::Overdue { order, at: at(40), event: Box::new(event()) }];
        assert_eq!(store.record_clocks(noticed()).unwrap(), [true]);
        assert_eq!(store.record_clocks(noticed()).unwrap(), [false]);
        assert_eq!(raw.count("audit_events"), events + 1);
        assert!(open(store, at(50))[0].overdue);
        assert_eq!(store.open_request_count(at(50)).unwrap(), 1, "it runs on");
    });
}

#[test]
fn pages_follow_each_other() {
    on_both(|database| {
        let store = &database.store;
        let id = issue(store).certificate;
        // Two that begin at once, so that the order's id decides.
        let begins = [3, 5, 5, 5, 9].map(at);
        for begins in begins {
            asked(store, OrderKind::Revoke, &id, begins);
        }
        let (mut after, mut seen) = (None, Vec::new());
        loop {
            let page = store.open_requests(at(50), after, 2).unwrap();
            let Some(last) = page.last() else { break };
            after = Some((last.begins, last.order));
            seen.extend(page.into_iter().map(|one| (one.begins, one.order)));
        }
        assert_eq!(seen.len(), 5);
        assert!(seen.windows(2).all(|pair| pair[0] < pair[1]), "{seen:?}");
        assert_eq!(ca("seal"), id.ca);
    });
}
