//! The issuance ledger: what is claimed once, counted always and never guessed.

use std::thread;

use ndoba_ca::ports::{
    Authority, InDoubt, Intent, IntentOutcome, Issued, Ledger as _, LossCause, Queue, Warrant,
};
use ndoba_registration::ports::{LedgerState, OrderState, Registry as _};
use ndoba_store::Engine;
use ndoba_types::Sha256Digest;

use crate::cluster::on_both;
use crate::fixtures::{
    at, attempt, ca, ceremony, event, fresh, intent, issue, issued, queued_issue, serial, whole,
};
use crate::house::name;
use crate::raw::Raw;

#[test]
fn an_order_becomes_a_certificate() {
    on_both(|database| {
        let store = &database.store;
        let order = queued_issue(store);
        let waiting = store.queued_orders(Queue::Certificates, at(1_000_000), 10).unwrap();
        assert_eq!(waiting.len(), 1);
        assert_eq!(waiting[0].order_id, order);
        assert_eq!(waiting[0].signatures, [b"jws of revocation-officer".to_vec()]);
        assert_eq!((waiting[0].received, waiting[0].lost_before, waiting[0].begun), (at(2), 0, None));
        assert!(store.queued_orders(Queue::Statuses, at(1_000_000), 10).unwrap().is_empty());
        assert_eq!(waiting[0].csr.as_deref(), Some(b"csr".as_slice()));

        let intent = intent(Warrant::Order(order));
        assert_eq!(store.record_intents(vec![intent.clone()]).unwrap(), [IntentOutcome::Recorded]);
        assert!(store.queued_orders(Queue::Certificates, at(1_000_000), 10).unwrap().is_empty());
        assert_eq!(ndoba_ca::ports::Ledger::certificate(store, &intent.certificate).unwrap(), None);
        let view = ndoba_registration::ports::Registry::certificate(store, &intent.certificate.serial);
        assert_eq!(view.unwrap().unwrap().ledger, LedgerState::Signing);

        let done = issued(&intent);
        assert_eq!(store.record_issued(vec![done.clone()]).unwrap(), [true]);
        assert_eq!(store.record_issued(vec![done.clone()]).unwrap(), [false], "once");
        assert_eq!(ndoba_ca::ports::Ledger::certificate(store, &intent.certificate).unwrap(), Some(done.der));
        let state = OrderState::Done { serial: intent.certificate.serial.clone() };
        assert_eq!(store.order(order).unwrap().unwrap().state, state);
        // The TBS is in the certificate now; its digest stays.
        let mut raw = Raw::open(&database.engine);
        assert_eq!(raw.count("certificates WHERE tbs IS NULL AND tbs_digest IS NOT NULL"), 1);
    });
}

#[test]
fn one_refusal_does_not_touch_the_others() {
    on_both(|database| {
        let store = &database.store;
        let there = issue(store);
        let order = queued_issue(store);

        let good = intent(Warrant::Order(order));
        let twice = intent(Warrant::Order(order));
        let mut serial_taken = intent(ceremony());
        serial_taken.certificate = there.certificate.clone();
        let mut name_taken = intent(Warrant::Order(queued_issue(store)));
        name_taken.subject_name = there.subject_name.clone();
        let mut same_owner = intent(ceremony());
        same_owner.subject_name = there.subject_name.clone();
        same_owner.name_owner = there.name_owner;
        let mut same_name_in_batch = intent(ceremony());
        same_name_in_batch.subject_name = good.subject_name.clone();
        let batch = vec![good, twice, serial_taken, name_taken.clone(), same_owner, same_name_in_batch];

        let before = Raw::open(&database.engine).count("audit_events");
        assert_eq!(
            store.record_intents(batch).unwrap(),
            [
                IntentOutcome::Recorded,
                IntentOutcome::OrderTaken,
                IntentOutcome::SerialTaken,
                IntentOutcome::NameTaken,
                IntentOutcome::Recorded,
                IntentOutcome::NameTaken,
            ]
        );
        let mut raw = Raw::open(&database.engine);
        assert_eq!(raw.count("audit_events"), before + 2, "an event for each that was recorded");
        assert_eq!(raw.count("attempts"), 3);
        // A refused intent lets go of its order.
        let waiting = store.queued_orders(Queue::Certificates, at(1_000_000), 10).unwrap();
        assert_eq!(waiting.len(), 1);
        assert_eq!(Warrant::Order(waiting[0].order_id), name_taken.warrant);
        assert!(
            store.refuse_order(waiting[0].order_id, "name-taken", "the name is another's", event()).unwrap()
        );
        assert!(!store.refuse_order(waiting[0].order_id, "name-taken", "again", event()).unwrap());
    });
}

#[test]
fn nodes_that_claim_one_order_at_once() {
    on_both(|database| {
        let orders: Vec<_> = (0..20).map(|_| queued_issue(&database.store)).collect();
        let outcomes: Vec<IntentOutcome> = thread::scope(|scope| {
            let nodes: Vec<_> = (0..4)
                .map(|node| {
                    let (store, mut orders) = (database.store.clone(), orders.clone());
                    // Each in another order of its own: two batches may wait for each other's rows.
                    orders.rotate_left(node * 5);
                    scope.spawn(move || {
                        let batch = orders.iter().map(|order| intent(Warrant::Order(*order))).collect();
                        store.record_intents(batch).unwrap()
                    })
                })
                .collect();
            nodes.into_iter().flat_map(|node| node.join().unwrap()).collect()
        });
        let recorded = outcomes.iter().filter(|outcome| **outcome == IntentOutcome::Recorded).count();
        let taken = outcomes.iter().filter(|outcome| **outcome == IntentOutcome::OrderTaken).count();
        assert_eq!((recorded, taken), (20, 60));
        assert_eq!(Raw::open(&database.engine).count("certificates"), 20);
    });
}

#[test]
fn nodes_that_draw_one_serial_at_once() {
    on_both(|database| {
        let number = fresh();
        let outcomes: Vec<IntentOutcome> = thread::scope(|scope| {
            let nodes: Vec<_> = (0..8)
                .map(|_| {
                    let store = database.store.clone();
                    scope.spawn(move || {
                        let mut intent = intent(ceremony());
                        intent.certificate.serial = serial(number);
                        store.record_intents(vec![intent]).unwrap()[0]
                    })
                })
                .collect();
            nodes.into_iter().map(|node| node.join().unwrap()).collect()
        });
        assert_eq!(outcomes.iter().filter(|outcome| **outcome == IntentOutcome::Recorded).count(), 1);
        assert_eq!(outcomes.iter().filter(|outcome| **outcome == IntentOutcome::SerialTaken).count(), 7);
        // Unique under its CA, not beyond.
        let mut other = intent(ceremony());
        other.certificate = ndoba_ca::ports::CertificateId { ca: ca("signature"), serial: serial(number) };
        assert_eq!(database.store.record_intents(vec![other]).unwrap(), [IntentOutcome::Recorded]);
    });
}

#[test]
fn the_end_of_an_attempt_is_decided_once() {
    on_both(|database| {
        let store = &database.store;
        for _ in 0..10 {
            let intent = intent(ceremony());
            store.record_intents(vec![intent.clone()]).unwrap();
            let lost = InDoubt {
                certificate: intent.certificate.clone(),
                warrant: intent.warrant.clone(),
                tbs: intent.tbs.clone(),
                attempt: intent.attempt.clone(),
            };
            let (issued, lost) = thread::scope(|scope| {
                let issuer = scope.spawn(|| store.record_issued(vec![issued(&intent)]).unwrap()[0]);
                let reconciler =
                    scope.spawn(|| store.record_lost(&lost, LossCause::Token, at(9), event()).unwrap());
                (issuer.join().unwrap(), reconciler.join().unwrap())
            });
            assert!(issued ^ lost, "one of the two, never both");
        }
    });
}

#[test]
fn another_attempt_cannot_finish_it() {
    on_both(|database| {
        let store = &database.store;
        let intent = intent(ceremony());
        store.record_intents(vec![intent.clone()]).unwrap();
        let mut node = intent.attempt.clone();
        node.node = "node-b".into();
        let mut time = intent.attempt.clone();
        time.at = at(2);
        for wrong in [node, time, attempt("epoch-1"), attempt("epoch-2")] {
            let wrong = Issued { attempt: wrong, ..issued(&intent) };
            assert_eq!(store.record_issued(vec![wrong]).unwrap(), [false]);
        }
        assert_eq!(store.record_issued(vec![issued(&intent)]).unwrap(), [true]);
    });
}

#[test]
fn what_is_in_doubt_is_found_and_its_order_starts_again() {
    on_both(|database| {
        let store = &database.store;
        let order = queued_issue(store);
        let first = intent(Warrant::Order(order));
        let finished = intent(ceremony());
        store.record_intents(vec![first.clone(), finished.clone()]).unwrap();
        store.record_issued(vec![issued(&finished)]).unwrap();
        // Attempts are of epoch-1 of node-a, at(1).
        assert!(store.in_doubt("node-a", "epoch-1", at(1)).unwrap().is_empty(), "its own and young");
        assert!(store.in_doubt("node-b", "epoch-2", at(1)).unwrap().is_empty(), "another's and young");
        assert_eq!(store.in_doubt("node-b", "epoch-2", at(2)).unwrap().len(), 1, "another's and old");
        let doubts = store.in_doubt("node-a", "epoch-2", at(0)).unwrap();
        assert_eq!(doubts.len(), 1, "its own from before the restart");
        assert_eq!(doubts[0].tbs, first.tbs);
        assert_eq!(doubts[0].attempt, first.attempt);
        assert_eq!(doubts[0].warrant, first.warrant);

        assert!(store.record_lost(&doubts[0], LossCause::Token, at(9), event()).unwrap());
        assert!(!store.record_lost(&doubts[0], LossCause::Token, at(9), event()).unwrap());
        assert!(store.in_doubt("node-a", "epoch-2", at(2)).unwrap().is_empty());
        let waiting = store.queued_orders(Queue::Certificates, at(1_000_000), 10).unwrap();
        assert_eq!((waiting[0].order_id, waiting[0].lost_before), (order, 1));
        assert_eq!(waiting[0].begun, Some(at(1)));
        assert_eq!(store.crl_state(&whole("seal")).unwrap().version, 1, "lost counts as revoked");

        let second = intent(Warrant::Order(order));
        assert_eq!(store.record_intents(vec![second.clone()]).unwrap(), [IntentOutcome::Recorded]);
        assert_eq!(store.record_issued(vec![issued(&second)]).unwrap(), [true]);

        let uses = store.key_uses().unwrap();
        assert_eq!(uses.len(), 1);
        assert_eq!((uses[0].intents, uses[0].signed, uses[0].lost), (3, 2, 1));
    });
}

/// C-29, as names are compared by RFC 5280 §7.1.
#[test]
fn a_name_in_other_letters_or_at_another_ca_is_the_same() {
    on_both(|database| {
        let store = &database.store;
        let named = |text: &str| Intent {
            subject_name: name(text).distinguished_name().as_der().to_vec(),
            ..intent(ceremony())
        };
        let record =
            |intents: &[&Intent]| store.record_intents(intents.iter().copied().cloned().collect()).unwrap();
        let first = named("TEST Gia");
        assert_eq!(record(&[&first]), [IntentOutcome::Recorded]);
        let own = || Intent { name_owner: first.name_owner, ..named("TEST GIA") };
        assert_eq!(record(&[&named("test gia")]), [IntentOutcome::NameTaken]);
        assert_eq!(
            record(&[&named("TEST Gio"), &named("Test Gia"), &own()]),
            [IntentOutcome::Recorded, IntentOutcome::NameTaken, IntentOutcome::Recorded]
        );
        // One after the other in one batch.
        assert_eq!(
            record(&[&named("TEST Guram"), &named("test guram")]),
            [IntentOutcome::Recorded, IntentOutcome::NameTaken]
        );

        let seal = Authority {
            name: ca("seal"),
            certificate: b"certificate".to_vec(),
            ski: b"ski".to_vec(),
            not_before: at(0),
        };
        store.register_authority(seal, event()).unwrap();
        let elsewhere = |mut intent: Intent| {
            intent.certificate.ca = ca("signature");
            intent
        };
        assert_eq!(record(&[&elsewhere(named("TEST Gia"))]), [IntentOutcome::NameTaken]);
        assert_eq!(record(&[&elsewhere(own())]), [IntentOutcome::Recorded]);

        // One that was taken when names were compared octet by octet.
        let old = named("TEST Tamar");
        let (key, owner) = (Sha256Digest::of(&old.subject_name), Sha256Digest::of(b"somebody"));
        let blob = |digest: Sha256Digest| match database.engine {
            Engine::Postgres { .. } => format!("'\\x{digest}'"),
            Engine::Sqlite { .. } => format!("x'{digest}'"),
        };
        let insert = format!("INSERT INTO dn_owners VALUES ('seal', {}, {})", blob(key), blob(owner));
        Raw::open(&database.engine).run(&insert).unwrap();
        assert_eq!(record(&[&old]), [IntentOutcome::NameTaken]);
        assert_eq!(record(&[&named("TEST Ana"), &old]), [IntentOutcome::Recorded, IntentOutcome::NameTaken]);
    });
}
