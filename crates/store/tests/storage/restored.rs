//! A database put back to yesterday's copy (design §3): refused, and nothing revoked is answered good.

use std::fs;

use ndoba_ca::ports::{
    AcceptedState, AuthorityMark, CertificateId, IntentOutcome, Ledger as _, StatusAction,
};
use ndoba_ocsp::{CertStatusFacts, StatusError, StatusSource as _};
use ndoba_store::{AdvanceError, Dating, Engine, RefreshError, StatusRecords, Store, Witness};
use ndoba_types::{SerialNumber, Sha256Digest};
use ndoba_x509::{RevocationReason, RevokedEntry};

use crate::cluster::{Database, HOME, cluster, on_both};
use crate::fixtures::{at, ca, ceremony, change, event, fresh, intent, issue, serial, whole};

const REVOKE: StatusAction = StatusAction::Revoke(RevocationReason::KeyCompromise);

/// A copy of the database as it is now, opened.
pub fn copy(database: &Database) -> Store {
    let engine = match &database.engine {
        Engine::Sqlite { path } => {
            // The log may hold what the file does not yet.
            let mut raw = crate::raw::Raw::open(&database.engine);
            let yesterday = path.with_extension("yesterday");
            raw.run(&format!("VACUUM INTO '{}'", yesterday.display())).unwrap();
            Engine::Sqlite { path: yesterday }
        }
        Engine::Postgres { url } => {
            let name = url.rsplit('=').next().unwrap();
            cluster().psql(
                "postgres",
                &format!("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'"),
            );
            cluster().psql("postgres", &format!("CREATE DATABASE {name}_yesterday TEMPLATE {name}"));
            Engine::Postgres { url: cluster().url(&format!("{name}_yesterday")) }
        }
    };
    Store::open(&engine, 4).unwrap()
}

#[test]
fn yesterdays_copy_is_refused() {
    on_both(|database| {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("ocsp.json");
        let store = &database.store;
        let first = issue(store).certificate;
        let second = issue(store).certificate;
        change(store, &first, REVOKE);
        let witness = Witness::create(&path, HOME, &store.all_marks().unwrap()).unwrap();
        let yesterday = copy(database);
        change(store, &second, REVOKE);
        let records = StatusRecords::new(store.clone(), Dating::Primary, Some(witness));
        records.refresh(at(10)).unwrap();

        // Today: an upgrade goes wrong, and yesterday's copy is put in its place.
        let witness = Witness::load(&path, HOME).unwrap();
        let behind = witness.check(&yesterday.all_marks().unwrap()).unwrap_err();
        assert_eq!(behind.what, "status version of seal");
        let written = fs::read(&path).unwrap();
        let records = StatusRecords::new(yesterday.clone(), Dating::Primary, Some(witness));
        let refused = records.refresh(at(11)).unwrap_err();
        assert!(matches!(refused, RefreshError::Witness(AdvanceError::Behind(_))), "{refused:?}");
        assert_eq!(records.status(&ca("seal"), &second.serial), Err(StatusError::BehindWitness));
        assert_eq!(records.status(&ca("seal"), &first.serial), Err(StatusError::BehindWitness));
        assert_eq!(fs::read(&path).unwrap(), written, "the witness does not follow it back");
    });
}

#[test]
fn a_serial_that_vanished_from_the_database_is_not_answered() {
    on_both(|database| {
        let store = &database.store;
        let seal = ca("seal");
        let revoked = issue(store).certificate;
        let released = issue(store).certificate;
        let good = issue(store).certificate;
        change(store, &revoked, REVOKE);
        change(store, &released, StatusAction::Suspend);
        let mut listed = Vec::new();
        let shown = store.for_each_revoked(&whole("seal"), &mut |entry| listed.push(entry.serial)).unwrap();
        change(store, &released, StatusAction::Release);

        let records = StatusRecords::new(store.clone(), Dating::Primary, None);
        assert!(
            records.compare_with_crl(&whole("seal"), shown, listed.clone()).unwrap().is_empty(),
            "released after it"
        );
        // The release is older than a CRL that lists it again: the suspension in between is gone.
        let gone = records.compare_with_crl(&whole("seal"), shown + 1, listed.clone()).unwrap();
        assert_eq!(gone, std::slice::from_ref(&released.serial));
        assert_eq!(records.status(&seal, &released.serial), Err(StatusError::BehindWitness));
        assert!(records.status(&seal, &good.serial).is_ok(), "the others are answered");
        // A CRL that lists what was never revoked here.
        let gone = records.compare_with_crl(&whole("seal"), shown, [good.serial.clone()]).unwrap();
        assert_eq!(gone, std::slice::from_ref(&good.serial));
        assert_eq!(records.status(&seal, &good.serial), Err(StatusError::BehindWitness));
    });
}

#[test]
fn an_accepted_copy_goes_on_above_what_was_and_forgets_no_revocation() {
    on_both(|database| {
        let store = &database.store;
        let seal = ca("seal");
        let [revoked, held, good] = [issue(store), issue(store), issue(store)].map(|one| one.certificate);
        change(store, &held, StatusAction::Suspend);
        let listed = |serial: &SerialNumber, reason| RevokedEntry {
            serial: serial.clone(),
            revoked_at: at(50),
            invalidity_date: None,
            reason,
        };
        let unknown = serial(fresh());
        let accepted = AcceptedState {
            expected: store.marks().unwrap(),
            resume: vec![AuthorityMark { ca: seal.clone(), version: 40, crl_number: 7 }],
            revoked: vec![
                (whole("seal"), listed(&revoked.serial, RevocationReason::Superseded)),
                (whole("seal"), listed(&held.serial, RevocationReason::KeyCompromise)),
                (whole("seal"), listed(&unknown, RevocationReason::CertificateHold)),
            ],
            shards: Vec::new(),
            statement: Sha256Digest::of(b"statement"),
            at: at(60),
            events: vec![event()],
        };
        // Not the state that was accepted.
        let mut other = accepted.clone();
        other.expected[0].version += 1;
        assert!(!store.accept_state(other).unwrap());
        // Nor may a counter fall.
        let mut lower = accepted.clone();
        lower.resume[0].version = 0;
        assert!(!store.accept_state(lower).unwrap());

        assert!(store.accept_state(accepted.clone()).unwrap());
        assert!(!store.accept_state(accepted).unwrap(), "once");
        let mark = store.marks().unwrap().remove(0);
        assert_eq!((mark.version, mark.crl_number), (43, 7), "three changes above 40");
        let mut after = Vec::new();
        store
            .for_each_revoked(&whole("seal"), &mut |entry| {
                after.push((entry.serial, entry.revoked_at, entry.reason))
            })
            .unwrap();
        after.sort();
        let mut wanted = vec![
            (revoked.serial.clone(), at(50), RevocationReason::Superseded),
            (held.serial.clone(), at(50), RevocationReason::KeyCompromise),
            (unknown.clone(), at(50), RevocationReason::Unspecified),
        ];
        wanted.sort();
        assert_eq!(after, wanted);
        // Its number is taken: a certificate that would get it is refused.
        let mut again = intent(ceremony());
        again.certificate.serial = unknown.clone();
        assert_eq!(store.record_intents(vec![again]).unwrap(), [IntentOutcome::SerialTaken]);
        let records = StatusRecords::new(store.clone(), Dating::Primary, None);
        assert!(matches!(records.status(&seal, &unknown).unwrap(), CertStatusFacts::Revoked { .. }));
        assert!(matches!(records.status(&seal, &good.serial).unwrap(), CertStatusFacts::Good { .. }));
        assert_eq!(store.certificate(&CertificateId { ca: seal, serial: unknown }).unwrap(), None);
    });
}
