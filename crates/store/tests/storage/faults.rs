//! Things that break in the midst of an act.

use ndoba_ca::ports::{IntentOutcome, Ledger as _, Queue, StatusAction};
use ndoba_ocsp::{CertStatusFacts, StatusSource as _};
use ndoba_registration::ports::{OrderKind, Registry as _};
use ndoba_store::{Dating, Engine, StatusRecords};
use ndoba_x509::RevocationReason;

use crate::cluster::{cluster, on_both, postgres};
use crate::fixtures::{
    at, ca, ceremony, change_status, crl_intent, intent, issue, issued, queued, status_change, whole,
};
use crate::raw::Raw;

/// K-P06: no log, no act.
#[test]
fn an_act_commits_with_its_event_or_not_at_all() {
    on_both(|database| {
        let store = &database.store;
        let certificate = issue(store).certificate;
        let revoke = queued(store, OrderKind::Revoke, &certificate.serial);
        let change =
            status_change(&certificate, revoke, StatusAction::Revoke(RevocationReason::KeyCompromise));
        let open = intent(ceremony());
        store.record_intents(vec![open.clone()]).unwrap();

        let mut raw = Raw::open(&database.engine);
        raw.break_inserts("audit_events");
        let new = intent(ceremony());
        store.record_intents(vec![new.clone()]).unwrap_err();
        store.record_issued(vec![issued(&open)]).unwrap_err();
        change_status(store, change.clone()).unwrap_err();
        store.record_crl_intent(crl_intent(1)).unwrap_err();
        assert_eq!(raw.count("certificates"), 2);
        assert_eq!(raw.count("attempts"), 2);
        assert_eq!(raw.count("crls"), 0);
        assert_eq!(raw.count("revocation_records"), 0);
        let records = StatusRecords::new(store.clone(), Dating::Primary, None);
        let status = records.status(&ca("seal"), &certificate.serial).unwrap();
        assert!(matches!(status, CertStatusFacts::Good { .. }));
        assert_eq!(
            store.queued_orders(Queue::Statuses, at(1_000_000), 10).unwrap().len(),
            1,
            "the order waits still"
        );

        raw.mend_inserts("audit_events");
        assert_eq!(store.record_intents(vec![new]).unwrap(), [IntentOutcome::Recorded]);
        assert_eq!(store.record_issued(vec![issued(&open)]).unwrap(), [true]);
        change_status(store, change).unwrap();
        assert!(store.record_crl_intent(crl_intent(1)).unwrap());
    });
}

/// A process that dies in the midst of a transaction, as the engine sees it: the connection goes.
#[test]
fn a_dropped_connection_leaves_nothing() {
    on_both(|database| {
        let before = intent(ceremony());
        database.store.record_intents(vec![before.clone()]).unwrap();
        let mut raw = Raw::open(&database.engine);
        raw.run("BEGIN; UPDATE attempts SET outcome = 'lost'; UPDATE certificate_status SET state = 'issued_lost', revoked = 1, reason = 'superseded'")
            .unwrap();
        drop(raw);
        assert_eq!(database.store.record_issued(vec![issued(&before)]).unwrap(), [true]);
        assert_eq!(database.store.key_uses().unwrap()[0].lost, 0);
    });
}

#[test]
fn a_panic_in_the_midst_of_a_snapshot_frees_the_connection() {
    on_both(|database| {
        let certificate = issue(&database.store).certificate;
        crate::fixtures::change(&database.store, &certificate, StatusAction::Suspend);
        for _ in 0..12 {
            // More often than there are connections.
            let store = database.store.clone();
            let panicked = std::thread::spawn(move || {
                let _ = store.for_each_revoked(&whole("seal"), &mut |_| panic!("on purpose"));
            });
            assert!(panicked.join().is_err());
        }
        issue(&database.store);
    });
}

/// The server restarts: connections in the pool are dead, and nobody notices.
#[test]
fn dead_connections_are_replaced() {
    let database = postgres();
    let store = &database.store;
    let certificate = issue(store).certificate;
    let Engine::Postgres { url } = &database.engine else { unreachable!() };
    let name = url.rsplit('=').next().unwrap();
    // With a timeout it waits until they have ended; without one it only sends the signal.
    let kill =
        format!("SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = '{name}'");
    cluster().psql("postgres", &kill);
    issue(store);
    cluster().psql("postgres", &kill);
    assert!(ndoba_ca::ports::Ledger::certificate(store, &certificate).unwrap().is_some());
    cluster().psql("postgres", &kill);
    assert_eq!(store.for_each_revoked(&whole("seal"), &mut |_| {}).unwrap(), 0);
}

#[test]
fn a_database_that_is_gone_is_said_to_be() {
    let database = postgres();
    let Engine::Postgres { url } = &database.engine else { unreachable!() };
    let name = url.rsplit('=').next().unwrap();
    cluster().psql("postgres", &format!("ALTER DATABASE {name} ALLOW_CONNECTIONS false"));
    cluster().psql(
        "postgres",
        &format!("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'"),
    );
    let error = database.store.marks().unwrap_err();
    assert!(matches!(error, ndoba_ca::ports::LedgerError::Unavailable(_)), "{error:?}");
    assert!(database.store.grant_head().is_err());
    let records = StatusRecords::new(database.store.clone(), Dating::Primary, None);
    assert!(records.refresh(at(1)).is_err());
}
