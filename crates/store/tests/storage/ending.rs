//! The end of a CA: refused while anything lives, and then nothing is issued and no list follows the last.

use std::thread;

use ndoba_ca::ending::{AuthorityEnd, LastCrlIntent};
use ndoba_ca::ports::{Authority, CrlIssued, CrlSummary, IntentOutcome, Ledger as _, StatusAction};
use ndoba_store::Store;
use ndoba_types::UtcTime;
use ndoba_x509::RevocationReason;

use crate::cluster::on_both;
use crate::fixtures::{
    at, ca, ceremony, change, crl_intent, crl_issued, crl_octets, event, intent, issue, issued, whole,
};
use crate::raw::Raw;

const REVOKE: StatusAction = StatusAction::Revoke(RevocationReason::CessationOfOperation);

fn end(store: &Store, number: u64, now: UtcTime) -> LastCrlIntent {
    let end = AuthorityEnd { at: now, event: event() };
    store.record_last_crl_intent(crl_intent(number), end).unwrap()
}

#[test]
fn a_ca_does_not_end_while_a_certificate_lives() {
    on_both(|database| {
        let store = &database.store;
        let alive = |certificates| LastCrlIntent::Alive { certificates, until: at(1_000_000) };
        let (first, second) = (issue(store).certificate, issue(store).certificate);
        assert_eq!(end(store, 1, at(50)), alive(2));
        change(store, &first, REVOKE);
        assert_eq!(end(store, 1, at(50)), alive(1));
        // Suspended may come back, and what is being signed may exist.
        change(store, &second, StatusAction::Suspend);
        assert_eq!(end(store, 1, at(50)), alive(1));
        change(store, &second, REVOKE);
        let signing = intent(ceremony());
        store.record_intents(vec![signing.clone()]).unwrap();
        assert_eq!(end(store, 1, at(50)), alive(1));
        // To the last microsecond of its validity.
        assert_eq!(end(store, 1, at(1_000_000)), alive(1));
        assert_eq!(store.crl_state(&whole("seal")).unwrap().highest_number, 0, "no number was taken");
        let events = Raw::open(&database.engine).count("audit_events");
        assert_eq!(end(store, 1, at(1_000_001)), LastCrlIntent::Recorded, "expired");
        assert_eq!(Raw::open(&database.engine).count("audit_events"), events + 2, "intended, ended");
    });
}

#[test]
fn the_cas_own_certificate_does_not_count() {
    on_both(|database| {
        let store = &database.store;
        let own = intent(ceremony());
        store.record_intents(vec![own.clone()]).unwrap();
        store.record_issued(vec![issued(&own)]).unwrap();
        let name = ca("seal");
        let authority =
            Authority { name, certificate: issued(&own).der, ski: b"ski".to_vec(), not_before: at(0) };
        store.register_authority(authority, event()).unwrap();
        assert_eq!(end(store, 1, at(50)), LastCrlIntent::Recorded);
    });
}

#[test]
fn after_the_end_nothing_is_issued_and_after_the_last_list_none_is_made() {
    on_both(|database| {
        let store = &database.store;
        let before = issue(store);
        change(store, &before.certificate, REVOKE);
        assert_eq!(end(store, 1, at(50)), LastCrlIntent::Recorded);
        assert_eq!(store.record_intents(vec![intent(ceremony())]).unwrap(), [IntentOutcome::CaEnded]);
        // The signature failed: lists go on, and the last is tried again, with one event in all.
        assert!(store.record_crl_intent(crl_intent(2)).unwrap());
        let events = Raw::open(&database.engine).count("audit_events");
        assert_eq!(end(store, 2, at(51)), LastCrlIntent::NumberTaken);
        let last = crl_intent(3);
        let once = AuthorityEnd { at: at(52), event: event() };
        assert_eq!(store.record_last_crl_intent(last.clone(), once).unwrap(), LastCrlIntent::Recorded);
        assert_eq!(Raw::open(&database.engine).count("audit_events"), events + 1);
        let summary = CrlSummary { number: 3, version: 1, this_update: at(52), next_update: UtcTime::NO_END };
        assert!(store.record_crl(CrlIssued { summary, ..crl_issued(&last, 1) }, &crl_octets(&last)).unwrap());
        assert!(store.crl_state(&whole("seal")).unwrap().last.unwrap().is_last());
        assert!(!store.record_crl_intent(crl_intent(4)).unwrap(), "no list after the last");
        assert_eq!(end(store, 4, at(60)), LastCrlIntent::NumberTaken);
    });
}

/// However the two meet, never both: a certificate under a CA that has signed its last list.
#[test]
fn an_end_and_an_issue_at_once() {
    on_both(|database| {
        let store = &database.store;
        for round in 0..8 {
            let name = ca(&format!("seal-{round}"));
            // The row is there before both, as after any ceremony.
            let authority = Authority {
                name: name.clone(),
                certificate: format!("der {round}").into_bytes(),
                ski: format!("ski {round}").into_bytes(),
                not_before: at(0),
            };
            store.register_authority(authority, event()).unwrap();
            let mut wanted = intent(ceremony());
            wanted.certificate.ca = name.clone();
            let mut list = crl_intent(1);
            list.list.ca = name.clone();
            let end = AuthorityEnd { at: at(50), event: event() };
            let (issuing, ending) = thread::scope(|scope| {
                let issuing = scope.spawn(|| store.record_intents(vec![wanted]).unwrap().remove(0));
                let ending = scope.spawn(|| store.record_last_crl_intent(list, end).unwrap());
                (issuing.join().unwrap(), ending.join().unwrap())
            });
            match (issuing, ending) {
                (IntentOutcome::Recorded, LastCrlIntent::Alive { certificates: 1, .. })
                | (IntentOutcome::CaEnded, LastCrlIntent::Recorded) => {}
                other => panic!("{other:?}"),
            }
        }
    });
}
