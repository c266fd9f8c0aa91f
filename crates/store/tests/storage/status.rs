//! Status changes, their order, and what a responder reads.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use ndoba_ca::ports::{
    CertificateId, IntentOutcome, Ledger as _, LossCause, StatusAction, StatusOutcome, StatusRefusal,
    SuspensionEnd,
};
use ndoba_ocsp::{CertStatusFacts, StatusSource as _, StatusVersion, StatusVersions as _};
use ndoba_registration::ports::{OrderKind, OrderState, Registry as _};
use ndoba_store::{Dating, StatusRecords, Witness};
use ndoba_types::{CrlName, Sha256Digest};
use ndoba_x509::RevocationReason;

use crate::cluster::{HOME, on_both, postgres};
use crate::fixtures::{
    at, ca, ceremony, change, change_status, event, fresh, intent, issue, issued, queued, serial,
    status_change, whole,
};
use crate::raw::Raw;

const REVOKE: StatusAction = StatusAction::Revoke(RevocationReason::KeyCompromise);

#[test]
fn a_revoked_certificate_never_returns() {
    on_both(|database| {
        let store = &database.store;
        let id = issue(store).certificate;
        let refused = |refusal| StatusOutcome::Refused(refusal);
        let applied = |version| StatusOutcome::Applied { version };
        assert_eq!(change(store, &id, StatusAction::Release), refused(StatusRefusal::NotSuspended));
        assert_eq!(change(store, &id, StatusAction::Suspend), applied(1));
        assert_eq!(change(store, &id, StatusAction::Suspend), refused(StatusRefusal::AlreadySuspended));
        assert_eq!(change(store, &id, StatusAction::Release), applied(2));
        assert_eq!(change(store, &id, StatusAction::Suspend), applied(3));
        assert_eq!(change(store, &id, REVOKE), applied(4));
        for action in [StatusAction::Release, StatusAction::Suspend, REVOKE] {
            assert_eq!(change(store, &id, action), refused(StatusRefusal::AlreadyRevoked));
        }
        let never = CertificateId { ca: ca("seal"), serial: serial(fresh()) };
        assert_eq!(change(store, &never, REVOKE), refused(StatusRefusal::NotIssued));
        assert_eq!(store.crl_state(&whole("seal")).unwrap().version, 4);
    });
}

#[test]
fn an_order_is_carried_out_once() {
    on_both(|database| {
        let store = &database.store;
        let id = issue(store).certificate;
        let suspend = queued(store, OrderKind::Suspend, &id.serial);
        let again = status_change(&id, suspend, StatusAction::Suspend);
        assert_eq!(change_status(store, again.clone()).unwrap(), StatusOutcome::Applied { version: 1 });
        assert_eq!(
            store.order(suspend).unwrap().unwrap().state,
            OrderState::Done { serial: id.serial.clone() }
        );
        change(store, &id, StatusAction::Release);
        // A replay of the finished order must not suspend it again.
        assert!(matches!(change_status(store, again).unwrap(), StatusOutcome::Refused(_)));
        assert_eq!(store.crl_state(&whole("seal")).unwrap().version, 2);
        // A refusal ends its order, with a code for the officer.
        let release = queued(store, OrderKind::Release, &id.serial);
        change_status(store, status_change(&id, release, StatusAction::Release)).unwrap();
        let OrderState::Refused { code, .. } = store.order(release).unwrap().unwrap().state else { panic!() };
        assert_eq!(code, "not-suspended");
        let log = Raw::open(&database.engine).count("audit_events");
        assert!(log > 0);
    });
}

#[test]
fn a_responder_reads_what_was_decided() {
    on_both(|database| {
        let store = &database.store;
        let records = StatusRecords::new(store.clone(), Dating::Primary, None);
        let seal = ca("seal");
        let good = issue(store);
        let revoked = issue(store);
        let suspended = issue(store);
        change(store, &revoked.certificate, REVOKE);
        change(store, &suspended.certificate, StatusAction::Suspend);
        let signing = intent(ceremony());
        store.record_intents(vec![signing.clone()]).unwrap();
        let lost = intent(ceremony());
        store.record_intents(vec![lost.clone()]).unwrap();
        let doubts = store.in_doubt("node-a", "next", at(0)).unwrap();
        let doubt = doubts.iter().find(|doubt| doubt.certificate == lost.certificate).unwrap();
        store.record_lost(doubt, LossCause::Interrupted, at(9), event()).unwrap();

        let digest = |intent| Sha256Digest::of(&issued(intent).der);
        let serials: Vec<_> = [&good, &revoked, &suspended, &signing, &lost]
            .map(|intent| intent.certificate.serial.clone())
            .into_iter()
            .chain([serial(fresh())])
            .collect();
        let snapshot = records.statuses(&seal, &serials).unwrap();
        assert_eq!(snapshot.version, StatusVersion(3));
        assert_eq!(
            snapshot.facts,
            [
                CertStatusFacts::Good { certificate: digest(&good) },
                CertStatusFacts::Revoked {
                    at: at(6),
                    reason: RevocationReason::KeyCompromise,
                    certificate: Some(digest(&revoked)),
                },
                CertStatusFacts::Suspended { since: at(6), certificate: Some(digest(&suspended)) },
                CertStatusFacts::NotIssued,
                CertStatusFacts::Revoked {
                    at: at(9),
                    reason: RevocationReason::Unspecified,
                    certificate: None,
                },
                CertStatusFacts::NotIssued,
            ]
        );
        for (serial, fact) in serials.iter().zip(&snapshot.facts) {
            assert_eq!(records.status(&seal, serial).unwrap(), *fact, "one at a time");
        }
        // Another CA's certificate of the same serial is another certificate.
        assert_eq!(records.status(&ca("signature"), &serials[0]).unwrap(), CertStatusFacts::NotIssued);
        let mut listed = Vec::new();
        assert_eq!(
            store.for_each_revoked(&whole("seal"), &mut |entry| listed.push(entry.serial)).unwrap(),
            3
        );
        let mut expected = vec![serials[1].clone(), serials[2].clone(), serials[4].clone()];
        expected.sort_by(|a, b| a.as_unsigned().cmp(b.as_unsigned()));
        assert_eq!(listed, expected);
    });
}

#[test]
fn revocation_reaches_a_certificate_that_is_being_signed() {
    on_both(|database| {
        let store = &database.store;
        let intent = intent(ceremony());
        assert_eq!(store.record_intents(vec![intent.clone()]).unwrap(), [IntentOutcome::Recorded]);
        assert_eq!(change(store, &intent.certificate, REVOKE), StatusOutcome::Applied { version: 1 });
        assert_eq!(store.record_issued(vec![issued(&intent)]).unwrap(), [true]);
        let records = StatusRecords::new(store.clone(), Dating::Primary, None);
        let status = records.status(&ca("seal"), &intent.certificate.serial).unwrap();
        assert!(matches!(status, CertStatusFacts::Revoked { .. }), "{status:?}");
    });
}

#[test]
fn versions_are_known_with_their_age() {
    on_both(|database| {
        let store = &database.store;
        let seal = ca("seal");
        let primary = StatusRecords::new(store.clone(), Dating::Primary, None);
        let replica = StatusRecords::new(store.clone(), Dating::Replica, None);
        assert_eq!(primary.known(&seal), None);
        let id = issue(store).certificate;
        change(store, &id, REVOKE);
        primary.refresh(at(20)).unwrap();
        let known = primary.known(&seal).unwrap();
        assert_eq!((known.version, known.as_of), (StatusVersion(1), at(20)));
        assert!(replica.refresh(at(20)).is_err(), "no heartbeat yet");
        assert_eq!(replica.known(&seal), None);
        store.beat("node-a", at(15), true).unwrap();
        store.beat("node-a", at(18), false).unwrap();
        replica.refresh(at(20)).unwrap();
        assert_eq!(replica.known(&seal).unwrap().as_of, at(18));
        let beat = store.ca_heartbeat().unwrap().unwrap();
        assert_eq!((beat.at, beat.token_answers), (at(18), false));
    });
}

#[test]
fn threads_that_revoke_at_once_take_versions_without_gaps() {
    on_both(|database| {
        let certificates: Vec<_> = (0..24).map(|_| issue(&database.store).certificate).collect();
        let mut versions: Vec<u64> = thread::scope(|scope| {
            let threads: Vec<_> = certificates
                .chunks(6)
                .map(|part| {
                    let store = database.store.clone();
                    scope.spawn(move || {
                        part.iter()
                            .map(|id| match change(&store, id, REVOKE) {
                                StatusOutcome::Applied { version } => version,
                                StatusOutcome::Refused(refusal) => panic!("{refusal}"),
                            })
                            .collect::<Vec<_>>()
                    })
                })
                .collect();
            threads.into_iter().flat_map(|thread| thread.join().unwrap()).collect()
        });
        versions.sort_unstable();
        assert_eq!(versions, (1..=24).collect::<Vec<_>>());
    });
}

/// Many together are as many one after the other; one that is refused holds up none.
#[test]
fn changes_in_one_transaction_are_each_for_themselves() {
    on_both(|database| {
        let store = &database.store;
        let certificates: Vec<_> = (0..3).map(|_| issue(store).certificate).collect();
        let never = CertificateId { ca: ca("seal"), serial: serial(fresh()) };
        let changes: Vec<_> = [
            (&certificates[0], OrderKind::Suspend, StatusAction::Suspend),
            (&never, OrderKind::Revoke, REVOKE),
            (&certificates[0], OrderKind::Release, StatusAction::Release),
            (&certificates[1], OrderKind::Revoke, REVOKE),
            (&certificates[1], OrderKind::Suspend, StatusAction::Suspend),
        ]
        .into_iter()
        .map(|(id, kind, action)| status_change(id, queued(store, kind, &id.serial), action))
        .collect();
        let applied = |version| StatusOutcome::Applied { version };
        let refused = |refusal| StatusOutcome::Refused(refusal);
        assert_eq!(
            store.change_statuses(changes.clone()).unwrap(),
            [
                applied(1),
                refused(StatusRefusal::NotIssued),
                applied(2),
                applied(3),
                refused(StatusRefusal::AlreadyRevoked)
            ]
        );
        for (change, refused) in changes.iter().zip([false, true, false, false, true]) {
            let state = store.order(change.order_id).unwrap().unwrap().state;
            assert_eq!(matches!(state, OrderState::Refused { .. }), refused, "{state:?}");
        }

        // Two nodes that found the same orders: each is carried out by one of them.
        let again: Vec<_> = certificates[2..]
            .iter()
            .chain(&(0..20).map(|_| issue(store).certificate).collect::<Vec<_>>())
            .map(|id| status_change(id, queued(store, OrderKind::Revoke, &id.serial), REVOKE))
            .collect();
        let backwards: Vec<_> = again.iter().rev().cloned().collect();
        let count = |outcomes: &[StatusOutcome]| {
            outcomes.iter().filter(|one| matches!(one, StatusOutcome::Applied { .. })).count()
        };
        let done = thread::scope(|scope| {
            let nodes = [again.clone(), backwards].map(|changes| {
                let store = store.clone();
                scope.spawn(move || store.change_statuses(changes).unwrap())
            });
            nodes.map(|node| count(&node.join().unwrap())).iter().sum::<usize>()
        });
        assert_eq!(done, again.len());
        assert_eq!(store.crl_state(&whole("seal")).unwrap().version, 3 + again.len() as u64);
    });
}

/// Where transactions overlap, the later version must not be visible before the earlier one (design §6).
#[test]
fn commit_order_is_version_order() {
    let database = postgres();
    let store = database.store.clone();
    let held = issue(&store).certificate;
    let other = issue(&store).certificate;
    change(&store, &issue(&store).certificate, REVOKE); // makes the CA's row; version 1

    // An earlier transaction has taken version 2 and hesitates.
    let mut earlier = Raw::open(&database.engine);
    earlier.run("BEGIN; UPDATE ca_status SET version = version + 1 WHERE ca = 'seal'").unwrap();

    let (sender, receiver) = mpsc::channel();
    let later = thread::spawn({
        let (store, other) = (store.clone(), other.clone());
        move || sender.send(change(&store, &other, REVOKE)).unwrap()
    });
    assert!(receiver.recv_timeout(Duration::from_millis(500)).is_err(), "the later one waits");
    let records = StatusRecords::new(store.clone(), Dating::Primary, None);
    records.refresh(at(20)).unwrap();
    assert_eq!(
        records.known(&ca("seal")).unwrap().version,
        StatusVersion(1),
        "and nothing is seen of either"
    );
    let hex: String = held.serial.to_string();
    earlier
        .run(&format!(
            "UPDATE certificate_status SET revoked = 1, reason = 'keyCompromise' WHERE serial = '\\x{hex}'; COMMIT"
        ))
        .unwrap();
    assert_eq!(receiver.recv().unwrap(), StatusOutcome::Applied { version: 3 });
    later.join().unwrap();
}

/// Not first at the next refresh: the process may end before it.
#[test]
fn a_change_is_witnessed_before_it_is_answered() {
    on_both(|database| {
        let store = &database.store;
        let certificate = issue(store).certificate;
        change(store, &issue(store).certificate, REVOKE); // makes the CA's row; version 1
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("ocsp.json");
        let witness = Witness::create(&path, HOME, &store.all_marks().unwrap()).unwrap();
        let records = StatusRecords::new(store.clone(), Dating::Primary, Some(witness));
        records.refresh(at(20)).unwrap();
        let witnessed = || Witness::load(&path, HOME).unwrap().marks().authorities;
        change(store, &certificate, REVOKE);
        assert_ne!(witnessed(), store.marks().unwrap());
        let told = records.statuses(&certificate.ca, std::slice::from_ref(&certificate.serial)).unwrap();
        assert!(matches!(told.facts[..], [CertStatusFacts::Revoked { .. }]), "{told:?}");
        assert_eq!(witnessed(), store.marks().unwrap());
    });
}

/// Readers and the watcher compare the database with one witness: none of them takes what he read before another had
/// written for a database that went back.
#[test]
fn many_changes_are_no_rollback() {
    const CHANGES: usize = 60;
    on_both(|database| {
        let store = &database.store;
        let certificates: Vec<_> = (0..CHANGES).map(|_| issue(store).certificate).collect();
        change(store, &issue(store).certificate, REVOKE); // makes the CA's row
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("ocsp.json");
        let witness = Witness::create(&path, HOME, &store.all_marks().unwrap()).unwrap();
        let records = StatusRecords::new(store.clone(), Dating::Primary, Some(witness));
        records.refresh(at(20)).unwrap();
        let over = AtomicBool::new(false);
        thread::scope(|scope| {
            let (records, over, certificates) = (&records, &over, &certificates);
            let watcher = scope.spawn(move || {
                while !over.load(Ordering::Relaxed) {
                    records.refresh(at(20)).unwrap();
                }
            });
            let readers = [0, 1].map(|_| {
                scope.spawn(move || {
                    while !over.load(Ordering::Relaxed) {
                        for id in certificates {
                            records.statuses(&id.ca, std::slice::from_ref(&id.serial)).unwrap();
                        }
                    }
                })
            });
            for id in certificates {
                change(store, id, REVOKE);
            }
            over.store(true, Ordering::Relaxed);
            for thread in readers {
                thread.join().unwrap();
            }
            watcher.join().unwrap();
        });
    });
}

#[test]
fn a_suspension_that_lasted_too_long_becomes_a_revocation_once() {
    on_both(|database| {
        let store = &database.store;
        let [overdue, released, good] = [issue(store), issue(store), issue(store)].map(|one| one.certificate);
        change(store, &overdue, StatusAction::Suspend);
        change(store, &released, StatusAction::Suspend);
        assert_eq!(store.overdue_suspensions(at(-1_000), 10).unwrap(), []);
        let found = store.overdue_suspensions(at(1_000_000), 10).unwrap();
        assert_eq!(found.len(), 2, "{found:?} beside {good:?}");
        assert_eq!(store.overdue_suspensions(at(1_000_000), 1).unwrap().len(), 1);
        change(store, &released, StatusAction::Release);

        let before = store.marks().unwrap();
        let ended: Vec<bool> = found
            .into_iter()
            .map(|suspension| {
                let decided_meanwhile = suspension.certificate == released;
                let end = SuspensionEnd {
                    suspension,
                    reason: RevocationReason::Unspecified,
                    at: at(2_000),
                    event: event(),
                };
                assert_eq!(store.end_suspension(end.clone()).unwrap(), !decided_meanwhile);
                store.end_suspension(end).unwrap()
            })
            .collect();
        assert_eq!(ended, [false, false], "once");
        let after = store.marks().unwrap();
        assert_eq!(after[0].version, before[0].version + 1);
        assert_eq!(store.overdue_suspensions(at(1_000_000), 10).unwrap(), []);
        let mut listed = Vec::new();
        store
            .for_each_revoked(&CrlName::whole(&overdue.ca), &mut |entry| {
                listed.push((entry.serial, entry.revoked_at))
            })
            .unwrap();
        assert_eq!(listed, [(overdue.serial, at(2_000))]);
    });
}

/// With the return of the commit, not with the next look (design §6): on this node nothing older is taken as current.
#[test]
fn a_change_of_this_process_is_known_at_once() {
    on_both(|database| {
        let store = &database.store;
        let id = issue(store).certificate;
        let other = issue(store).certificate;
        change(store, &other, REVOKE);
        let records = StatusRecords::new(store.clone(), Dating::Primary, None);
        records.refresh(at(20)).unwrap();
        let before = records.known(&ca("seal")).unwrap();
        assert_eq!(before.version, StatusVersion(1));
        change(store, &id, REVOKE);
        let after = records.known(&ca("seal")).unwrap();
        assert!(after.version > StatusVersion(2) && after.as_of == before.as_of, "{after:?}");
        records.refresh(at(21)).unwrap();
        assert_eq!(records.known(&ca("seal")).unwrap().version, StatusVersion(2));
    });
}
