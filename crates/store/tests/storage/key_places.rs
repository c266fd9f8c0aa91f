//! Where keys may be used: remembered once each, with an event.

use ndoba_types::Sha256Digest;

use crate::cluster::on_both;
use crate::fixtures::{at, event};
use crate::raw::Raw;

#[test]
fn a_key_has_the_places_it_was_given_and_each_has_one_event() {
    on_both(|database| {
        let store = &database.store;
        let (key, other) = (Sha256Digest::of(b"key"), Sha256Digest::of(b"other"));
        let label = "seal/ca/1".parse().unwrap();
        let mut raw = Raw::open(&database.engine);
        let mut events = || {
            raw.lines("SELECT CAST(count(*) AS TEXT) AS line FROM audit_events")[0].parse::<u64>().unwrap()
        };
        assert!(store.key_places(key).unwrap().is_empty());
        let before = events();
        assert!(store.place_key(key, &label, "b1", at(1), &event()).unwrap());
        assert!(store.place_key(key, &label, "a2", at(2), &event()).unwrap());
        assert!(!store.place_key(key, &label, "b1", at(3), &event()).unwrap());
        assert_eq!(store.key_places(key).unwrap(), ["a2", "b1"]);
        assert!(store.key_places(other).unwrap().is_empty());
        assert_eq!(events() - before, 2);
    });
}
