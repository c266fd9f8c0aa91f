//! Shards of a CA's list in the ledger: opened for ever, each with its own certificates, due by its own changes (ADR 0029).

use ndoba_ca::clocks::Stage;
use ndoba_ca::ending::{AuthorityEnd, LastCrlIntent};
use ndoba_ca::ports::{
    CertificateId, CrlIntent, IntentOutcome, Ledger as _, NewShard, OwedCrl, StatusAction,
};
use ndoba_store::Store;
use ndoba_types::{CrlName, CrlShard};
use ndoba_x509::RevocationReason;

use crate::cluster::on_both;
use crate::fixtures::{
    at, ca, ceremony, change, crl_intent, crl_issued, crl_octets, event, intent, issued, whole,
};
use crate::raw::Raw;

const REVOKE: StatusAction = StatusAction::Revoke(RevocationReason::KeyCompromise);
const NEW: &str = "http://pki.example/crl";
const OLD: &str = "http://old.example/crl";

fn open(store: &Store, base: &str, shards: &[u8]) {
    let new = shards.iter().map(|number| NewShard {
        shard: CrlShard::new(*number).unwrap(),
        address: format!("{base}/seal.{number}.crl").parse().unwrap(),
        event: event(),
    });
    store.open_shards(&ca("seal"), new.collect()).unwrap();
}

/// Issues a certificate that names this shard; 0: none.
fn issue_into(store: &Store, shard: u8) -> CertificateId {
    let mut intent = intent(ceremony());
    intent.shard = CrlShard::new(shard);
    assert_eq!(store.record_intents(vec![intent.clone()]).unwrap(), [IntentOutcome::Recorded]);
    assert_eq!(store.record_issued(vec![issued(&intent)]).unwrap(), [true]);
    intent.certificate
}

fn intent_of(list: &str, number: u64) -> CrlIntent {
    CrlIntent { list: whole(list), ..crl_intent(number) }
}

/// The next issue of the list, as the snapshot shows it.
fn make(store: &Store, list: &str) -> u64 {
    let (name, number) = (whole(list), store.crl_state(&whole(list)).unwrap().highest_number + 1);
    let version = store.for_each_revoked(&name, &mut |_| {}).unwrap();
    let intent = intent_of(list, number);
    assert!(store.record_crl_intent(intent.clone()).unwrap());
    assert!(store.record_crl(crl_issued(&intent, version), &crl_octets(&intent)).unwrap());
    number
}

/// Whether the list's last issue lacks a change, or there is none.
fn is_behind(store: &Store, list: &str) -> bool {
    let state = store.crl_state(&whole(list)).unwrap();
    state.last.is_none_or(|last| last.version < state.version)
}

fn owed(store: &Store) -> Vec<OwedCrl> {
    store.owed_crls(&ca("seal")).unwrap()
}

#[test]
fn a_shard_is_opened_once_and_keeps_every_address() {
    on_both(|database| {
        let store = &database.store;
        let events = || Raw::open(&database.engine).count("audit_events");
        assert_eq!(owed(store), [OwedCrl::whole(&ca("seal"))]);
        open(store, OLD, &[2, 1]);
        open(store, OLD, &[1, 2]);
        assert_eq!(events(), 2);
        let names: Vec<_> = owed(store).iter().map(|list| list.name.to_string()).collect();
        assert_eq!(names, ["seal.1", "seal.2", "seal"]);
        for list in ["seal.1", "seal.2", "seal"] {
            make(store, list);
        }
        assert!(!is_behind(store, "seal.1") && !is_behind(store, "seal"));

        // The provider moves: certificates of before name the old address still, and the next list says both.
        open(store, NEW, &[1]);
        let addresses: Vec<_> = owed(store)[0].addresses.iter().map(ToString::to_string).collect();
        assert_eq!(addresses, [format!("{OLD}/seal.1.crl"), format!("{NEW}/seal.1.crl")]);
        assert!(is_behind(store, "seal.1") && !is_behind(store, "seal.2"));

        // Two processes that start at once.
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| open(store, NEW, &[3, 4]));
            }
        });
        assert_eq!(
            (owed(store).len(), events()),
            (5, 11),
            "two of the lists, two shards, one address; a list is two events"
        );
        let mut raw = Raw::open(&database.engine);
        assert!(raw.run("DELETE FROM crl_shards").unwrap_err().contains("never deleted"));
        assert!(raw.run("UPDATE crl_shards SET shard = 9").unwrap_err().contains("never change"));
    });
}

#[test]
fn a_change_makes_its_own_lists_due_and_no_other() {
    on_both(|database| {
        let store = &database.store;
        open(store, NEW, &[1, 2]);
        let [none, first, second] = [0, 1, 2].map(|shard| issue_into(store, shard));
        let lists = ["seal.1", "seal.2", "seal"];
        for list in lists {
            make(store, list);
        }
        assert_eq!(lists.map(|list| is_behind(store, list)), [false; 3]);
        for (id, expected) in
            [(&none, [false, false, true]), (&first, [true, false, true]), (&second, [false, true, true])]
        {
            change(store, id, REVOKE);
            assert_eq!(lists.map(|list| is_behind(store, list)), expected);
            assert_eq!(store.errands(10).unwrap().len(), 1);
            // The whole list alone shows a certificate of a shard to half of those who ask.
            make(store, "seal");
            let is_owed = expected[0] || expected[1];
            assert_eq!(store.errands(10).unwrap().len(), usize::from(is_owed));
            for list in lists.into_iter().filter(|list| is_behind(store, list)) {
                make(store, list);
            }
            assert_eq!(store.errands(10).unwrap().len(), 0);
        }
        let listed = |list: &str| {
            let mut serials = Vec::new();
            store.for_each_revoked(&whole(list), &mut |entry| serials.push(entry.serial)).unwrap();
            serials
        };
        assert_eq!(listed("seal"), [&none, &first, &second].map(|id| id.serial.clone()));
        assert_eq!(listed("seal.1"), [first.serial]);
        assert_eq!(listed("seal.2"), [second.serial]);
        // One that was opened and has no list yet shows nothing, whatever the others do.
        open(store, NEW, &[3]);
        let third = issue_into(store, 3);
        change(store, &third, REVOKE);
        for (list, owed) in [("seal.1", 1), ("seal.2", 1), ("seal", 1), ("seal.3", 0)] {
            make(store, list);
            assert_eq!(store.errands(10).unwrap().len(), owed, "{list}");
        }
        // For as long as the certificate is there.
        let moved =
            Raw::open(&database.engine).run("UPDATE certificate_status SET shard = 2 WHERE shard = 1");
        assert!(moved.unwrap_err().contains("never change"));
    });
}

#[test]
fn numbers_rise_on_each_list_and_none_comes_twice() {
    on_both(|database| {
        let store = &database.store;
        open(store, NEW, &[1]);
        assert_eq!(["seal", "seal.1", "seal.1", "seal"].map(|list| make(store, list)), [1, 2, 3, 4]);
        assert!(!store.record_crl_intent(intent_of("seal.1", 4)).unwrap(), "taken by the whole list");
        let last = |list: &str| store.crl_state(&whole(list)).unwrap().last.unwrap().number;
        assert_eq!((last("seal"), last("seal.1")), (4, 3));
        // A higher number of another list is no newer issue of this one.
        let (older, newer) = (intent_of("seal", 5), intent_of("seal.1", 6));
        assert!(store.record_crl_intent(older.clone()).unwrap());
        assert!(store.record_crl_intent(newer.clone()).unwrap());
        assert!(store.record_crl(crl_issued(&newer, 1), &crl_octets(&newer)).unwrap());
        assert!(store.record_crl(crl_issued(&older, 1), &crl_octets(&older)).unwrap());
        assert_eq!((last("seal"), last("seal.1")), (5, 6));
        assert_eq!(store.marks().unwrap()[0].crl_number, 6, "one number for the witness");
    });
}

#[test]
fn a_request_is_owed_until_both_of_its_lists_show_it() {
    on_both(|database| {
        let store = &database.store;
        open(store, NEW, &[1]);
        let id = issue_into(store, 1);
        change(store, &id, REVOKE);
        let stage = || store.open_requests(at(50), None, 10).unwrap().remove(0).stage;
        make(store, "seal");
        assert_eq!(stage(), Stage::Unpublished);
        let number = make(store, "seal.1");
        assert_eq!(stage(), Stage::Seen(at(7)));
        // What officers are shown is the list that the certificate names.
        let shown = ndoba_registration::ports::Registry::certificate(store, &id.serial).unwrap().unwrap();
        assert_eq!(shown.clocks[0].published, Some((number, at(7))));
    });
}

#[test]
fn each_list_has_a_last_issue_and_an_ended_ca_opens_no_shard() {
    on_both(|database| {
        let store = &database.store;
        open(store, NEW, &[1]);
        let end = |list: &str, number| {
            let end = AuthorityEnd { at: at(50), event: event() };
            store.record_last_crl_intent(intent_of(list, number), end).unwrap()
        };
        let id = issue_into(store, 1);
        assert!(matches!(end("seal.1", 1), LastCrlIntent::Alive { certificates: 1, .. }));
        change(store, &id, REVOKE);
        assert_eq!(end("seal.1", 1), LastCrlIntent::Recorded);
        let last = intent_of("seal.1", 2);
        let once = AuthorityEnd { at: at(51), event: event() };
        assert_eq!(store.record_last_crl_intent(last.clone(), once).unwrap(), LastCrlIntent::Recorded);
        let mut issued = crl_issued(&last, 2);
        issued.summary.next_update = ndoba_types::UtcTime::NO_END;
        assert!(store.record_crl(issued, &crl_octets(&last)).unwrap());
        assert_eq!(end("seal.1", 3), LastCrlIntent::NumberTaken, "it is out");
        assert_eq!(end("seal", 3), LastCrlIntent::Recorded, "the whole list's is not");
        open(store, NEW, &[2]);
        let lists: Vec<CrlName> = owed(store).into_iter().map(|list| list.name).collect();
        assert_eq!(lists, ["seal.1", "seal"].map(whole));
    });
}
