//! The stamper: what fails where, and that nothing leaves without its record.

use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use ndoba_tsa::{
    BadStamper, FailInfo, HighWater, JournalError, Outcome, Rejection, SerialSource, Stamper, StamperParts,
    Verification,
};
use ndoba_types::{SignError, SubjectPublicKeyInfo, TimeUnavailable};

use crate::fixture::{Counting, Key, MemoryJournal, NOW, Service, SetClock, at, query, unit, unit_parts};

fn request() -> Vec<u8> {
    query(tempfile::tempdir().unwrap().path(), "-sha256 -cert")
}

fn rejected(outcome: &Outcome) -> FailInfo {
    match outcome {
        Outcome::Rejected(rejection) => rejection.fail_info(),
        Outcome::Granted(_) | Outcome::Overloaded => panic!("{outcome:?}"),
    }
}

#[test]
fn a_token_is_in_the_journal_and_names_nobody() {
    let service = Service::new(unit_parts());
    let Outcome::Granted(record) = service.stamp(&request()).outcome else { panic!() };
    assert_eq!(*service.journal.records.lock().unwrap(), std::slice::from_ref(&record));
    assert_eq!(record.gen_time.to_string(), "2026-11-23T12:00:00.123Z");
    assert_eq!((record.unit.as_str(), record.bound), ("tsu", at(NOW).bound));
}

#[test]
fn what_fails_and_what_the_client_is_told() {
    let service = Service::new(unit_parts());
    let request = request();
    let unavailable = SignError::Unavailable { reason: "gone".into() };
    let in_doubt = SignError::InDoubt { reason: "silence".into() };
    let refused = SignError::Refused { reason: "no".into() };
    for error in [unavailable, in_doubt, refused] {
        *service.key.failure.lock().unwrap() = Some(error);
        assert_eq!(rejected(&service.stamp(&request).outcome), FailInfo::SystemFailure);
    }
    *service.key.failure.lock().unwrap() = Some(SignError::Busy);
    assert_eq!(service.stamp(&request).outcome, Outcome::Overloaded);
    *service.key.failure.lock().unwrap() = None;

    *service.journal.failure.lock().unwrap() = Some(JournalError::Unwritable { reason: "disk full".into() });
    let reply = service.stamp(&request);
    assert_eq!(rejected(&reply.outcome), FailInfo::SystemFailure);
    assert!(!reply.response.windows(9).any(|window| window == b"disk full"), "the client is not told");
    *service.journal.failure.lock().unwrap() = Some(JournalError::Busy);
    assert_eq!(service.stamp(&request).outcome, Outcome::Overloaded);
    *service.journal.failure.lock().unwrap() = None;

    assert!(service.journal.records.lock().unwrap().is_empty());
    assert!(matches!(service.stamp(&request).outcome, Outcome::Granted(_)), "back by itself");
}

#[test]
fn the_clock_stops_it_and_lets_it_go_on() {
    let service = Service::new(unit_parts());
    let request = request();
    assert_eq!(service.stamper.ready(), Ok(()));
    assert!(matches!(service.stamp(&request).outcome, Outcome::Granted(_)));
    service.clock.set("2026-11-23T11:59:59Z");
    assert_eq!(service.stamp(&request).outcome, Outcome::Rejected(Rejection::Time(TimeUnavailable::Stepped)));
    assert_eq!(service.stamper.ready(), Err(Rejection::Time(TimeUnavailable::Stepped)));
    *service.clock.0.lock().unwrap() = Err(TimeUnavailable::NoQuorum);
    assert_eq!(rejected(&service.stamp(&request).outcome), FailInfo::TimeNotAvailable);
    service.clock.set("2026-11-23T12:00:01Z");
    assert!(matches!(service.stamp(&request).outcome, Outcome::Granted(_)));
}

/// K-T11: the key's end is looked at on every request, not only at the start.
#[test]
fn the_keys_end_stops_it_without_a_restart() {
    let service = Service::new(unit_parts());
    let request = request();
    service.clock.set("2027-12-31T00:00:00Z");
    assert!(matches!(service.stamp(&request).outcome, Outcome::Granted(_)));
    service.clock.set("2027-12-31T00:00:01Z");
    assert_eq!(rejected(&service.stamp(&request).outcome), FailInfo::SystemFailure);
    assert_eq!(service.key.signatures.load(Ordering::Relaxed), 1, "the key was not even asked");
}

/// K-T07 in small: every token its own serial number and record, times never back in the order of answers.
#[test]
fn many_at_once() {
    let service = Service::new(unit_parts());
    let request = request();
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                for _ in 0..50 {
                    assert!(matches!(service.stamp(&request).outcome, Outcome::Granted(_)));
                }
            });
        }
    });
    let records = service.journal.records.lock().unwrap();
    let serials: HashSet<_> = records.iter().map(|record| record.serial).collect();
    assert_eq!((records.len(), serials.len()), (400, 400));
}

fn parts(key: Key) -> StamperParts {
    let random = Arc::new(Counting::default());
    StamperParts {
        unit: unit(),
        key: Arc::new(key),
        clock: Arc::new(SetClock(std::sync::Mutex::new(Ok(at(NOW))))),
        high_water: Arc::new(HighWater::new(None)),
        serials: Arc::new(SerialSource::new(1, random.as_ref()).unwrap()),
        journal: Arc::new(MemoryJournal::default()),
        random,
        verification: Verification::AsLoadAllows,
    }
}

#[test]
fn another_key_is_refused_and_a_bad_signature_does_not_leave() {
    let other = SubjectPublicKeyInfo::assertion(vec![0x30, 0]);
    assert_eq!(Stamper::new(parts(Key::new("tsu", &other))).unwrap_err(), BadStamper::OtherKey);
    // It says that it is the certificate's key, and signs with another.
    for (file, good) in [("tsu", true), ("shared", false)] {
        let stamper = Stamper::new(parts(Key::new(file, unit().public_key()))).unwrap();
        let (sender, receiver) = std::sync::mpsc::channel();
        stamper.stamp(&request(), Box::new(move |reply| sender.send(reply).unwrap()));
        assert_eq!(matches!(receiver.recv().unwrap().outcome, Outcome::Granted(_)), good);
    }
}
