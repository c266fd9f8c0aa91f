//! What a batch writes by a few statements is what one by one would have written.

use std::thread;
use std::time::Duration;

use ndoba_ca::ports::{Intent, IntentOutcome, Issued, Ledger as _, StatusAction, StatusOutcome, Warrant};
use ndoba_registration::ports::{Act, OrderKind, Registry as _, RevocationRequestRecord};
use ndoba_store::Engine;
use ndoba_types::Sha256Digest;
use ndoba_x509::RevocationReason;

use crate::cluster::{Database, on_both, postgres, sqlite};
use crate::fixtures::{at, ceremony, change, event, intent, issue, issued, order, signature};
use crate::raw::Raw;

/// What issuing writes, without numbers that the engine gives.
const TABLES: [(&str, &[&str]); 8] = [
    ("orders", &["order_id", "state", "result", "refusal_code", "lost_before"]),
    ("dn_owners", &["ca", "name", "owner"]),
    (
        "certificates",
        &[
            "ca",
            "serial",
            "order_id",
            "ceremony",
            "kind",
            "tbs",
            "tbs_digest",
            "profile",
            "profile_digest",
            "lint",
            "subject_name",
            "name_owner",
            "spki",
            "not_before",
            "not_after",
            "recorded",
            "der",
            "issued",
        ],
    ),
    ("certificate_status", &["ca", "serial", "state", "certificate", "revoked", "reason"]),
    (
        "attempts",
        &["key_label", "epoch", "number", "node", "at", "ca", "serial", "repetition", "digest", "outcome"],
    ),
    ("key_counts", &["key_label", "epoch", "node", "signatures", "at"]),
    ("webhook_events", &["event", "kind", "object", "content", "created", "spread"]),
    ("audit_events", &["event", "leaf"]),
];

fn rows(database: &Database) -> Vec<Vec<String>> {
    let mut raw = Raw::open(&database.engine);
    let line = |columns: &[&str]| match raw {
        Raw::Postgres(_) => format!(
            "concat_ws('|', {})",
            columns.iter().map(|one| format!("coalesce({one}::text, '-')")).collect::<Vec<_>>().join(", ")
        ),
        Raw::Sqlite(_) => {
            columns.iter().map(|one| format!("quote({one})")).collect::<Vec<_>>().join(" || '|' || ")
        }
    };
    let queries =
        TABLES.map(|(table, columns)| format!("SELECT {} AS line FROM {table} ORDER BY 1", line(columns)));
    queries.iter().map(|query| raw.lines(query)).collect()
}

#[test]
fn a_batch_leaves_the_rows_that_one_by_one_leaves() {
    for make in [sqlite, postgres] {
        let (together, apart) = (make(), make());
        let intents: Vec<Intent> =
            (0..9).map(|_| intent(Warrant::Order(queued_in([&together, &apart])))).collect();
        let mut same = vec![intent(ceremony()), intent(ceremony())];
        // One name and one key of one owner, twice in the batch.
        same[1].subject_name = same[0].subject_name.clone();
        (same[1].name_owner, same[1].spki) = (same[0].name_owner, same[0].spki);
        let intents = [intents, same].concat();

        let recorded = together.store.record_intents(intents.clone()).unwrap();
        assert!(recorded.iter().all(|outcome| *outcome == IntentOutcome::Recorded), "{recorded:?}");
        for intent in &intents {
            assert_eq!(apart.store.record_intents(vec![intent.clone()]).unwrap(), [IntentOutcome::Recorded]);
        }
        assert_eq!(rows(&together), rows(&apart));

        let finished: Vec<Issued> = intents.iter().map(issued).collect();
        assert!(together.store.record_issued(finished.clone()).unwrap().iter().all(|done| *done));
        for one in &finished {
            assert_eq!(apart.store.record_issued(vec![one.clone()]).unwrap(), [true]);
        }
        assert_eq!(rows(&together), rows(&apart));
        // Once more, and one of them not in `signing`: nothing changes.
        let before = rows(&together);
        assert!(together.store.record_issued(finished).unwrap().iter().all(|done| !done));
        assert_eq!(rows(&together), before);
    }
}

#[test]
fn one_that_is_not_in_signing_does_not_touch_the_others() {
    on_both(|database| {
        let store = &database.store;
        let (there, here) = (issue(store), intent(ceremony()));
        store.record_intents(vec![here.clone()]).unwrap();
        let batch = vec![issued(&there), issued(&here)];
        assert_eq!(store.record_issued(batch).unwrap(), [false, true]);
    });
}

#[test]
fn a_key_is_certified_for_one_subject() {
    on_both(|database| {
        let store = &database.store;
        let first = intent(ceremony());
        let with_its_key =
            |owner: &Intent| Intent { spki: first.spki, name_owner: owner.name_owner, ..intent(ceremony()) };
        let (own, others) = (with_its_key(&first), with_its_key(&intent(ceremony())));
        // In one batch, and after it: in doubt counts as much as issued.
        let batch = vec![first.clone(), others.clone(), own];
        let outcomes = [IntentOutcome::Recorded, IntentOutcome::KeyTaken, IntentOutcome::Recorded];
        assert_eq!(store.record_intents(batch).unwrap(), outcomes);
        assert_eq!(store.record_intents(vec![others]).unwrap(), [IntentOutcome::KeyTaken]);
        assert_eq!(store.record_intents(vec![with_its_key(&first)]).unwrap(), [IntentOutcome::Recorded]);
    });
}

#[test]
fn a_key_that_was_given_up_is_certified_for_nobody() {
    on_both(|database| {
        let store = &database.store;
        let (given_up, superseded) = (issue(store), issue(store));
        change(store, &given_up.certificate, StatusAction::Revoke(RevocationReason::KeyCompromise));
        change(store, &superseded.certificate, StatusAction::Revoke(RevocationReason::Superseded));
        let again = |before: &Intent| Intent {
            spki: before.spki,
            name_owner: before.name_owner,
            ..intent(ceremony())
        };
        let outcomes = [IntentOutcome::KeyCompromised, IntentOutcome::Recorded];
        assert_eq!(store.record_intents(vec![again(&given_up), again(&superseded)]).unwrap(), outcomes);
    });
}

#[test]
fn nodes_that_certify_one_key_for_many_subjects_at_once() {
    on_both(|database| {
        let spki = Sha256Digest::of(b"everybody's");
        let outcomes: Vec<IntentOutcome> = thread::scope(|scope| {
            let nodes: Vec<_> = (0..8)
                .map(|_| {
                    let store = database.store.clone();
                    scope.spawn(move || {
                        // Beside others, in the midst of the batch.
                        let batch = vec![
                            intent(ceremony()),
                            Intent { spki, ..intent(ceremony()) },
                            intent(ceremony()),
                        ];
                        store.record_intents(batch).unwrap()[1]
                    })
                })
                .collect();
            nodes.into_iter().map(|node| node.join().unwrap()).collect()
        });
        let count = |wanted| outcomes.iter().filter(|outcome| **outcome == wanted).count();
        assert_eq!((count(IntentOutcome::Recorded), count(IntentOutcome::KeyTaken)), (1, 7), "{outcomes:?}");
    });
}

/// Another node issues while one revokes: it waits for what that one decided.
#[test]
fn a_key_that_is_being_given_up_is_certified_for_nobody() {
    on_both(|database| {
        let store = &database.store;
        let given_up = issue(store);
        let again = Intent { spki: given_up.spki, name_owner: given_up.name_owner, ..intent(ceremony()) };
        // On SQLite there is one writer at a time, and nothing to be slowed.
        if let Engine::Postgres { .. } = database.engine {
            let slow = "CREATE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql AS
                $$ BEGIN PERFORM pg_sleep(0.6); RETURN NEW; END $$;
                CREATE TRIGGER slow BEFORE INSERT ON revocation_records FOR EACH ROW EXECUTE FUNCTION slow();";
            Raw::open(&database.engine).run(slow).unwrap();
        }
        let compromised = StatusAction::Revoke(RevocationReason::KeyCompromise);
        thread::scope(|scope| {
            let revoking = scope.spawn(|| change(store, &given_up.certificate, compromised));
            // In the midst of it.
            thread::sleep(Duration::from_millis(300));
            assert_eq!(store.record_intents(vec![again]).unwrap(), [IntentOutcome::KeyCompromised]);
            assert!(matches!(revoking.join().unwrap(), StatusOutcome::Applied { .. }));
        });
    });
}

/// One order that waits in both.
fn queued_in(databases: [&Database; 2]) -> ndoba_types::OrderId {
    let record = order(OrderKind::Issue, None);
    let request = RevocationRequestRecord {
        order: record.id,
        serial: crate::fixtures::serial(crate::fixtures::fresh()),
        received: at(2),
        begins: at(2),
        decided: None,
        channel: "telephone".into(),
    };
    let events = [event()];
    let act = Act { events: &events, receipt: None };
    for database in databases {
        let store = &database.store;
        store.insert_order(&record, &[], &request, act).unwrap();
        store.add_signature(record.id, 0, &signature("approver", 3), true, act).unwrap();
    }
    record.id
}
