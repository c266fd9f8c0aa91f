//! CRL numbers, CRLs, CAs.

use std::thread;

use ndoba_ca::ports::{Authority, Ledger as _, LedgerError, StatusAction};

use crate::cluster::on_both;
use crate::fixtures::{at, attempt, ca, change, crl_intent, crl_issued, crl_octets, event, issue, whole};
use crate::raw::Raw;

#[test]
fn a_number_is_taken_once_and_none_is_skipped() {
    on_both(|database| {
        let store = &database.store;
        assert!(!store.record_crl_intent(crl_intent(2)).unwrap(), "1 comes first");
        assert!(!store.record_crl_intent(crl_intent(0)).unwrap());
        for number in 1..=5 {
            let taken: usize = thread::scope(|scope| {
                let nodes: Vec<_> = (0..4)
                    .map(|_| scope.spawn(|| store.record_crl_intent(crl_intent(number)).unwrap()))
                    .collect();
                nodes.into_iter().map(|node| usize::from(node.join().unwrap())).sum()
            });
            assert_eq!(taken, 1, "number {number}");
        }
        assert_eq!(store.crl_state(&whole("seal")).unwrap().highest_number, 5);
        assert_eq!(Raw::open(&database.engine).count("crls"), 5);
        assert_eq!(store.marks().unwrap()[0].crl_number, 5);
    });
}

#[test]
fn a_lower_number_is_not_recorded_after_a_higher() {
    on_both(|database| {
        let store = &database.store;
        let seal = ca("seal");
        change(store, &issue(store).certificate, StatusAction::Suspend);
        let (first, second) = (crl_intent(1), crl_intent(2));
        assert!(store.record_crl_intent(first.clone()).unwrap());
        assert!(store.record_crl_intent(second.clone()).unwrap());
        assert_eq!(store.crl_part(&seal, 2, 0).unwrap(), None);
        let mut wrong = crl_issued(&second, 1);
        wrong.attempt = attempt("epoch-1");
        assert!(!store.record_crl(wrong, &crl_octets(&second)).unwrap(), "another attempt");
        assert!(store.record_crl(crl_issued(&second, 1), &crl_octets(&second)).unwrap());
        assert!(!store.record_crl(crl_issued(&second, 1), &crl_octets(&second)).unwrap(), "once");
        assert!(!store.record_crl(crl_issued(&first, 1), &crl_octets(&first)).unwrap());
        assert_eq!(store.crl_part(&seal, 2, 0).unwrap().unwrap(), b"crl 2");
        assert_eq!(store.crl_part(&seal, 2, 1).unwrap(), None);
        assert_eq!(store.crl_part(&seal, 1, 0).unwrap(), None);
        let state = store.crl_state(&whole("seal")).unwrap();
        assert_eq!((state.version, state.highest_number), (1, 2));
        assert_eq!(state.last.unwrap().number, 2);
        // The one that was overtaken stays counted, as an intent without a signature.
        let uses = store.key_uses().unwrap();
        assert_eq!((uses[0].intents, uses[0].signed, uses[0].lost), (3, 2, 0));
    });
}

#[test]
fn that_a_list_went_online_is_recorded_once_with_its_event() {
    on_both(|database| {
        let (store, seal) = (&database.store, ca("seal"));
        let events = || Raw::open(&database.engine).count("audit_events");
        let list = crl_intent(1);
        assert!(store.record_crl_intent(list.clone()).unwrap());
        assert!(!store.record_crl_published(&seal, 1, event()).unwrap(), "it is not signed");
        assert!(store.record_crl(crl_issued(&list, 0), &crl_octets(&list)).unwrap());
        assert!(!store.crl_state(&whole("seal")).unwrap().published);
        let before = events();

        Raw::open(&database.engine).break_inserts("audit_events");
        assert!(matches!(store.record_crl_published(&seal, 1, event()), Err(LedgerError::Unavailable(_))));
        assert!(!store.crl_state(&whole("seal")).unwrap().published, "no event, no act");
        Raw::open(&database.engine).mend_inserts("audit_events");
        assert!(store.record_crl_published(&seal, 1, event()).unwrap());
        assert!(!store.record_crl_published(&seal, 1, event()).unwrap());
        assert!(store.crl_state(&whole("seal")).unwrap().published);
        assert_eq!(events(), before + 1);
        // The next one has its own.
        let list = crl_intent(2);
        assert!(store.record_crl_intent(list.clone()).unwrap());
        assert!(store.record_crl(crl_issued(&list, 0), &crl_octets(&list)).unwrap());
        assert!(!store.crl_state(&whole("seal")).unwrap().published);
    });
}

#[test]
fn a_long_list_is_recorded_in_parts() {
    on_both(|database| {
        let (store, seal) = (&database.store, ca("seal"));
        const PART: usize = 1 << 20;
        for (number, length) in [(1, PART), (2, PART + 1), (3, 2 * PART), (4, 2 * PART + 7)] {
            let intent = crl_intent(number);
            assert!(store.record_crl_intent(intent.clone()).unwrap());
            let whole: Vec<u8> = (0..=250_u8).cycle().take(length).collect();
            assert!(store.record_crl(crl_issued(&intent, 1), &whole).unwrap());
            let parts: Vec<_> =
                (0..).map_while(|part| store.crl_part(&seal, number, part).unwrap()).collect();
            assert_eq!(parts.len(), length.div_ceil(PART));
            assert!(parts.iter().all(|part| part.len() <= PART));
            assert!(parts.concat() == whole, "{length}");
            // Who accounts for the signature sees all of it.
            let attempts = store.attempts_after(None, 100).unwrap();
            let made = attempts.iter().filter_map(|attempt| attempt.made.as_ref());
            assert_eq!(made.max_by_key(|made| made.len()).unwrap().len(), length);
        }
    });
}

#[test]
fn a_list_that_shows_every_change_is_no_longer_due() {
    on_both(|database| {
        let store = &database.store;
        let due = || store.errands(100).unwrap().len();
        let [first, second] = [issue(store), issue(store)].map(|one| one.certificate);
        change(store, &first, StatusAction::Suspend);
        let list = crl_intent(1);
        assert!(store.record_crl_intent(list.clone()).unwrap());
        // Planned before the second change, recorded after it.
        change(store, &second, StatusAction::Suspend);
        assert!(store.record_crl(crl_issued(&list, 1), &crl_octets(&list)).unwrap());
        assert_eq!(due(), 2);
        let list = crl_intent(2);
        assert!(store.record_crl_intent(list.clone()).unwrap());
        assert!(store.record_crl(crl_issued(&list, 2), &crl_octets(&list)).unwrap());
        assert_eq!(due(), 0);
    });
}

#[test]
fn many_pages_are_one_snapshot() {
    on_both(|database| {
        let store = &database.store;
        // More than two pages, put in past the store: 5 000 orders would take a while.
        let numbers = match Raw::open(&database.engine) {
            Raw::Postgres(_) => {
                "SELECT i, decode(lpad(to_hex(4096 + i), 32, '4'), 'hex') AS serial FROM generate_series(1, 4500) AS i"
            }
            Raw::Sqlite(_) => {
                "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 4500)
                 SELECT i, unhex('44444444444444444444444444' || printf('%06x', 4096 + i)) AS serial FROM n"
            }
        };
        let digest = match Raw::open(&database.engine) {
            Raw::Postgres(_) => "'\\x00'::bytea",
            Raw::Sqlite(_) => "x'00'",
        };
        let mut raw = Raw::open(&database.engine);
        raw.run(&format!(
            "INSERT INTO certificates (ca, serial, ceremony, kind, tbs, tbs_digest, profile, profile_digest, lint,
                 subject_name, name_owner, spki, not_before, not_after, recorded)
             SELECT 'seal', serial, {digest}, 'seal', {digest}, {digest}, 'p', {digest}, 'l', {digest}, {digest}, {digest}, 1, 2, 3
             FROM ({numbers}) AS numbers;
             INSERT INTO certificate_status (ca, serial, state, revoked, reason)
             SELECT ca, serial, 'issued_lost', 5, 'superseded' FROM certificates;"
        ))
        .unwrap();
        let mut serials = Vec::new();
        let mut disturbed = false;
        store
            .for_each_revoked(&whole("seal"), &mut |entry| {
                serials.push(entry.serial);
                if !std::mem::replace(&mut disturbed, true) {
                    // What commits meanwhile is not of this snapshot.
                    change(store, &issue(store).certificate, StatusAction::Suspend);
                }
            })
            .unwrap();
        assert_eq!(serials.len(), 4500);
        assert!(serials.windows(2).all(|pair| pair[0].as_unsigned() < pair[1].as_unsigned()));
        let mut count = 0;
        store.for_each_revoked(&whole("seal"), &mut |_| count += 1).unwrap();
        assert_eq!(count, 4501);
    });
}

#[test]
fn a_ca_is_registered_once() {
    on_both(|database| {
        let store = &database.store;
        let authority = Authority {
            name: ca("seal"),
            certificate: b"der".to_vec(),
            ski: b"ski".to_vec(),
            not_before: at(0),
        };
        store.register_authority(authority.clone(), event()).unwrap();
        store.register_authority(authority.clone(), event()).unwrap();
        assert_eq!(Raw::open(&database.engine).count("audit_events"), 1);
        let other = Authority { certificate: b"other".to_vec(), ..authority.clone() };
        assert!(matches!(store.register_authority(other, event()), Err(LedgerError::Corrupt { .. })));
        let same_key = Authority { name: ca("signature"), ..authority };
        assert!(matches!(store.register_authority(same_key, event()), Err(LedgerError::Corrupt { .. })));
        assert_eq!(store.authorities().unwrap().len(), 1);
    });
}
