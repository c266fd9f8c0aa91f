//! The log: nothing is skipped, nothing is sequenced twice.

use std::thread;

use ndoba_audit::{Checkpoint, EventLog as _, Leaf, PendingEvent, SignedCheckpoint};
use ndoba_registration::ports::Registry as _;
use ndoba_types::{Sha256Digest, Signature, SignatureAlgorithm, SubjectPublicKeyInfo};

use crate::cluster::{HOME, on_both, postgres};
use crate::fixtures::{at, event};
use crate::raw::Raw;

fn leaves(pending: &[PendingEvent], from: u64) -> Vec<Leaf> {
    pending
        .iter()
        .zip(from..)
        .map(|(event, index)| Leaf { row: event.row, index, bytes: format!("leaf {index}").into_bytes() })
        .collect()
}

fn checkpoint(number: u64, size: u64) -> SignedCheckpoint {
    SignedCheckpoint {
        checkpoint: Checkpoint {
            installation: HOME,
            number,
            size,
            root: Sha256Digest::of(b"root"),
            at: at(0),
            previous: (number > 0).then(|| Sha256Digest::of(b"previous")),
        },
        key: Sha256Digest::of(b"key"),
        algorithm: SignatureAlgorithm::EcdsaP256Sha256,
        signature: Signature::from_bytes(b"signature".to_vec()),
        token: None,
    }
}

#[test]
fn events_get_their_place_once() {
    on_both(|database| {
        let store = &database.store;
        let events: Vec<_> = (0..5).map(|_| event()).collect();
        ndoba_audit::EventSink::record(store, &events).unwrap();
        let pending = store.pending(3).unwrap();
        let bytes: Vec<_> = pending.iter().map(|event| event.bytes.clone()).collect();
        assert_eq!(bytes, events[..3].iter().map(|event| event.to_bytes()).collect::<Vec<_>>());

        assert!(!store.append(1, &leaves(&pending, 1)).unwrap(), "the log is empty");
        assert!(store.append(0, &leaves(&pending, 0)).unwrap());
        assert_eq!(store.size().unwrap(), 3);
        assert!(!store.append(0, &leaves(&pending, 0)).unwrap(), "it was at 0");
        // The whole batch or nothing: the last of it has a place already.
        let mut mixed = store.pending(10).unwrap();
        assert_eq!(mixed.len(), 2);
        mixed.push(pending[0].clone());
        assert!(!store.append(3, &leaves(&mixed, 3)).unwrap());
        assert_eq!((store.size().unwrap(), store.pending(10).unwrap().len()), (3, 2));
        mixed.pop();
        assert!(store.append(3, &leaves(&mixed, 3)).unwrap());
        assert!(store.pending(10).unwrap().is_empty());
        assert_eq!(store.leaves(3, 10).unwrap(), [b"leaf 3".to_vec(), b"leaf 4".to_vec()]);
        assert_eq!(store.leaves(5, 10).unwrap(), Vec::<Vec<u8>>::new());
    });
}

#[test]
fn of_two_sequencers_one_stands_back() {
    on_both(|database| {
        let store = &database.store;
        for round in 0..10 {
            let events: Vec<_> = (0..4).map(|_| event()).collect();
            store.log_events(&events);
            let pending = store.pending(10).unwrap();
            let appended: usize = thread::scope(|scope| {
                let both: Vec<_> = (0..2)
                    .map(|_| scope.spawn(|| store.append(round * 4, &leaves(&pending, round * 4)).unwrap()))
                    .collect();
                both.into_iter().map(|one| usize::from(one.join().unwrap())).sum()
            });
            assert_eq!(appended, 1);
            assert_eq!(store.size().unwrap(), (round + 1) * 4);
        }
    });
}

/// A transaction that took its row's id early and commits late must not be passed by.
#[test]
fn late_committers_are_not_skipped() {
    let database = postgres();
    let store = &database.store;
    let mut late = Raw::open(&database.engine);
    late.run("BEGIN; INSERT INTO audit_events (event) VALUES ('late')").unwrap();
    store.log_events(&[event(), event()]);
    let early = store.pending(10).unwrap();
    assert_eq!(early.len(), 2);
    assert!(store.append(0, &leaves(&early, 0)).unwrap());
    late.run("COMMIT").unwrap();
    let pending = store.pending(10).unwrap();
    assert_eq!(pending.len(), 1);
    assert_eq!(pending[0].bytes, b"late");
    assert!(pending[0].row < early[0].row, "inserted before those that are sequenced");
    assert!(store.append(2, &leaves(&pending, 2)).unwrap());
}

#[test]
fn checkpoints_are_numbered_once_and_stamped_once() {
    on_both(|database| {
        let store = &database.store;
        assert_eq!(store.latest_checkpoint().unwrap(), None);
        assert!(store.add_checkpoint(&checkpoint(0, 3)).unwrap());
        assert!(!store.add_checkpoint(&checkpoint(0, 4)).unwrap());
        assert!(store.add_checkpoint(&checkpoint(1, 5)).unwrap());
        store.add_token(1, b"token").unwrap();
        assert!(store.add_token(1, b"another token").is_err());
        assert!(store.add_token(7, b"token").is_err());
        let stamped = SignedCheckpoint { token: Some(b"token".to_vec()), ..checkpoint(1, 5) };
        assert_eq!(store.latest_checkpoint().unwrap(), Some(stamped.clone()));
        assert_eq!(store.checkpoints(0, 10).unwrap(), [checkpoint(0, 3), stamped]);
        let marks = store.all_marks().unwrap();
        assert_eq!(marks.checkpoint.unwrap().size, 5);
    });
}

#[test]
fn the_export_names_the_keys() {
    on_both(|database| {
        let store = &database.store;
        let key = SubjectPublicKeyInfo::assertion(b"spki".to_vec());
        store.register_audit_key(&key, at(0)).unwrap();
        store.register_audit_key(&key, at(1)).unwrap();
        assert_eq!(store.audit_keys().unwrap(), [key]);
        store.log_events(&[event()]);
        let pending = store.pending(1).unwrap();
        store.append(0, &leaves(&pending, 0)).unwrap();
        store.add_checkpoint(&checkpoint(0, 1)).unwrap();
        let mut out = Vec::new();
        store.export_audit(&mut out).unwrap();
        let text = String::from_utf8(out).unwrap();
        let lines: Vec<_> = text.lines().collect();
        assert_eq!(lines.len(), 3);
        assert!(lines[0].contains(&HOME.to_string()));
        assert_eq!(lines[1], "leaf 0");
    });
}

/// Two of the store's ports have a `record`; tests mean the one of the log.
trait LogEvents {
    fn log_events(&self, events: &[ndoba_audit::Event]);
}

impl LogEvents for ndoba_store::Store {
    fn log_events(&self, events: &[ndoba_audit::Event]) {
        ndoba_audit::EventSink::record(self, events).unwrap();
    }
}
