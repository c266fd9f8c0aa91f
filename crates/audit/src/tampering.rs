//! K-P05: whatever is done to an export, the verifier fails, and at the record where it was done.

use ndoba_types::{Sha256Digest, Span, canonical};
use proptest::prelude::*;
use serde_json::Value;

use crate::test_support::{FakeLog, FakeWitness, TestClock, TestKey, any_token, event, p256_holds, settings};
use crate::{Finding, Record, Sequencer, SignedCheckpoint, Verdict, verify_export};

/// Ten records, a checkpoint over 0, 3, 6 and 9 of them; one record unsealed. Lines: the header, checkpoint 0,
/// records 0 to 2, checkpoint 1, records 3 to 5, checkpoint 2, records 6 to 8, checkpoint 3, record 9.
fn log() -> FakeLog {
    let (log, witness, clock) = (FakeLog::default(), FakeWitness::default(), TestClock::new());
    let key = TestKey::new(1);
    let mut sequencer = Sequencer::open(settings(), &log, &witness).unwrap();
    for round in 0..4u8 {
        if round > 0 {
            (0..3).for_each(|n| log.add(event(3 * round + n)));
        }
        clock.forward(Span::seconds(10));
        assert!(sequencer.step(&log, &witness, &key, &clock).unwrap().checkpoint.is_some());
    }
    log.add(event(99));
    assert_eq!(sequencer.step(&log, &witness, &key, &clock).unwrap().checkpoint, None);
    log
}

fn verify(lines: &[Vec<u8>]) -> Result<Verdict, Finding> {
    verify_export(lines, &p256_holds, &any_token, &[], None)
}

/// The line of the export that holds record `index`.
fn line_of(index: usize) -> usize {
    2 + index + index / 3
}

fn records_in(export: &[Vec<u8>]) -> u64 {
    export.iter().skip(1).filter(|line| !line.starts_with(b"{\"algorithm\":")).count() as u64
}

/// The index of the record that a finding names.
fn named(result: Result<Verdict, Finding>) -> Option<u64> {
    match result {
        Err(Finding::BadRecord { index, .. }) => Some(index),
        _ => None,
    }
}

fn altered(record: &[u8]) -> Record {
    let record = Record::from_bytes(record).unwrap();
    let mut event = record.event().clone();
    event["actor"] = "officer:00000000000000000000000000000000".into();
    Record::new(record.index(), &canonical::encode(&event).unwrap(), record.prev()).unwrap()
}

fn checkpoints(log: &FakeLog) -> Vec<SignedCheckpoint> {
    log.snapshot().checkpoints
}

#[test]
fn an_untouched_export_proves_itself_and_what_was_seen() {
    let log = log();
    let lines = log.export();
    assert_eq!(lines.len(), 1 + 4 + 10);
    let verdict = verify(&lines).unwrap();
    assert_eq!((verdict.sealed, verdict.unsealed, verdict.checkpoints, verdict.complete), (9, 1, 4, 0));
    assert!(!verdict.key_pinned);

    let seen = checkpoints(&log);
    let pinned = [TestKey::new(1).spki.fingerprint()];
    let verdict = verify_export(&lines, &p256_holds, &any_token, &seen[..3], Some(&pinned)).unwrap();
    assert_eq!((verdict.complete, verdict.key_pinned), (6, true));
    let other = [TestKey::new(2).spki.fingerprint()];
    assert!(verify_export(&lines, &p256_holds, &any_token, &[], Some(&other)).is_err());
}

#[test]
fn tokens_ride_along_unsigned() {
    use crate::EventLog as _;
    let log = log();
    log.add_token(3, b"token").unwrap();
    let verdict = verify(&log.export()).unwrap();
    assert_eq!(verdict.last.token.as_deref(), Some(&b"token"[..]));
    assert_eq!(SignedCheckpoint::from_bytes(&verdict.last.to_bytes()), Ok(verdict.last.clone()));
    assert_eq!(verdict.stamped, 1);

    // They are judged all the same, over the digest of the checkpoint that they ride on.
    let last = verdict.last.digest();
    let over_it = |token: &[u8], digest: Sha256Digest| token == b"token" && digest == last;
    assert!(verify_export(log.export(), &p256_holds, &over_it, &[], None).is_ok());
    let refused = verify_export(log.export(), &p256_holds, &|_: &[u8], _| false, &[], None);
    assert!(matches!(refused, Err(Finding::BadCheckpoint { number: 3, .. })), "{refused:?}");
}

#[test]
fn each_record_altered() {
    let lines = log().export();
    for index in 0..10 {
        let mut changed = lines.clone();
        let line = &mut changed[line_of(index)];
        let mut value: Value = serde_json::from_slice(line).unwrap();
        value["event"]["actor"] = "role:nobody".into();
        *line = canonical::encode(&value).unwrap();
        assert_eq!(named(verify(&changed)), Some(index as u64));
    }
}

#[test]
fn each_record_altered_and_hashed_again() {
    let lines = log().export();
    for index in 0..10 {
        let mut changed = lines.clone();
        changed[line_of(index)] = altered(&lines[line_of(index)]).to_bytes();
        let result = verify(&changed);
        match index {
            // The last before a checkpoint: only the root shows it, which names the interval.
            2 | 5 | 8 => {
                let from = index as u64 - 2;
                assert_eq!(result, Err(Finding::Rewritten { from, to: index as u64 }));
            }
            // Behind the last checkpoint nothing is proved, and the verdict says so.
            9 => assert_eq!(result.unwrap().unsealed, 1),
            _ => assert_eq!(named(result), Some(index as u64)),
        }
    }
}

#[test]
fn the_whole_chain_hashed_again_names_the_interval() {
    let lines = log().export();
    for index in 0..9 {
        let mut changed = lines.clone();
        changed[line_of(index)] = altered(&lines[line_of(index)]).to_bytes();
        for next in index + 1..10 {
            let prev = Record::from_bytes(&changed[line_of(next - 1)]).unwrap().hash();
            let record = Record::from_bytes(&lines[line_of(next)]).unwrap();
            let event = canonical::encode(record.event()).unwrap();
            changed[line_of(next)] = Record::new(next as u64, &event, Some(prev)).unwrap().to_bytes();
        }
        let from = index as u64 / 3 * 3;
        assert_eq!(verify(&changed), Err(Finding::Rewritten { from, to: from + 2 }));
    }
}

#[test]
fn each_record_deleted_doubled_or_swapped() {
    let lines = log().export();
    for index in 0..9 {
        let mut changed = lines.clone();
        changed.remove(line_of(index));
        assert_eq!(named(verify(&changed)), Some(index as u64), "deleted");

        let mut changed = lines.clone();
        changed.insert(line_of(index), lines[line_of(index)].clone());
        assert_eq!(named(verify(&changed)), Some(index as u64 + 1), "doubled");

        let mut changed = lines.clone();
        changed.swap(line_of(index), line_of(index + 1));
        assert_eq!(named(verify(&changed)), Some(index as u64), "swapped");
    }
}

#[test]
fn each_truncation() {
    let log = log();
    let lines = log.export();
    let seen = checkpoints(&log);
    for keep in 0..lines.len() {
        let cut = &lines[..keep];
        let whole = keep == lines.len() - 1;
        match verify(cut) {
            Err(Finding::BadHeader) => assert_eq!(keep, 0),
            Err(Finding::Unsealed) => assert_eq!(keep, 1),
            // What is left is sound; that something is missing, only a checkpoint held elsewhere can show.
            Ok(verdict) => assert!(verdict.sealed <= 9 && keep > 1),
            Err(other) => panic!("{keep}: {other}"),
        }
        let against_seen = verify_export(cut, &p256_holds, &any_token, &seen, None);
        match against_seen {
            Ok(verdict) => assert!(whole && verdict.complete == 9),
            // The first that is missing: a record, or only the checkpoint over those that are there.
            Err(Finding::Cut { have, need: 9 }) => assert_eq!(have, records_in(cut)),
            Err(Finding::BadCheckpoint { number: 3, .. }) => assert_eq!(records_in(cut), 9),
            Err(Finding::BadHeader) => assert_eq!(keep, 0),
            Err(other) => panic!("{keep}: {other}"),
        }
    }
}

#[test]
fn each_checkpoint_removed_changed_or_moved() {
    let lines = log().export();
    for number in 0..4usize {
        let place = if number == 0 { 1 } else { line_of(3 * number) - 1 };
        let mut changed = lines.clone();
        changed.remove(place);
        // The next one does not follow; the last one's absence shows only against a checkpoint held elsewhere.
        match verify(&changed) {
            Err(Finding::BadCheckpoint { number: named, .. }) => assert_eq!(named, number as u64),
            Ok(verdict) => assert!(number == 3 && verdict.sealed == 6),
            Err(other) => panic!("{other}"),
        }

        let mut signed = SignedCheckpoint::from_bytes(&lines[place]).unwrap();
        signed.checkpoint.root = Sha256Digest::of(b"another root");
        let mut changed = lines.clone();
        changed[place] = signed.to_bytes();
        assert!(
            matches!(verify(&changed), Err(Finding::BadCheckpoint { number: n, .. }) if n == number as u64)
        );

        let mut changed = lines.clone();
        changed.swap(place, place + 1);
        assert!(verify(&changed).is_err());
    }
}

/// Another log of the same key, made anew: sound in itself.
fn another_log() -> FakeLog {
    let (log, witness, clock) = (FakeLog::default(), FakeWitness::default(), TestClock::new());
    let mut sequencer = Sequencer::open(settings(), &log, &witness).unwrap();
    for round in 0..4 {
        log.add(event(round));
        clock.forward(Span::seconds(10));
        sequencer.step(&log, &witness, &TestKey::new(1), &clock).unwrap();
    }
    log
}

#[test]
fn a_log_made_anew_is_a_fork() {
    let seen = checkpoints(&log());
    let log = another_log();
    assert!(verify(&log.export()).is_ok());
    let result = verify_export(log.export(), &p256_holds, &any_token, &seen[2..3], None);
    assert_eq!(result, Err(Finding::Forked { number: 2 }));
}

/// Two auditors who compare notes: whichever log is exported, it is not the only one.
#[test]
fn two_seen_checkpoints_of_one_number_are_a_fork() {
    let (log, other) = (log(), another_log());
    let [seen, foreign] = [&log, &other].map(|log| checkpoints(log)[2].clone());
    for (export, seen) in [
        (log.export(), vec![seen.clone(), foreign.clone()]),
        (log.export(), vec![foreign.clone(), seen.clone()]),
        (other.export(), vec![seen.clone(), foreign]),
    ] {
        let result = verify_export(export, &p256_holds, &any_token, &seen, None);
        assert_eq!(result, Err(Finding::Forked { number: 2 }));
    }
    let twice = [seen.clone(), seen];
    assert_eq!(verify_export(log.export(), &p256_holds, &any_token, &twice, None).unwrap().complete, 6);
}

#[test]
fn a_seen_checkpoint_whose_time_stamp_does_not_hold_is_refused() {
    let log = log();
    let mut seen = checkpoints(&log);
    seen[3].token = Some(b"token".to_vec());
    let result = verify_export(log.export(), &p256_holds, &|_: &[u8], _| false, &seen[3..], None);
    assert_eq!(result, Err(Finding::SeenIsForeign));
}

#[test]
fn a_seen_checkpoint_of_another_key_is_refused() {
    let log = log();
    let mut seen = checkpoints(&log);
    seen[3].key = TestKey::new(2).spki.fingerprint();
    let result = verify_export(log.export(), &p256_holds, &any_token, &seen[3..], None);
    assert_eq!(result, Err(Finding::SeenIsForeign));
}

proptest! {
    #[test]
    fn no_line_panics(lines in proptest::collection::vec(any::<Vec<u8>>(), 0..5)) {
        prop_assert!(verify(&lines).is_err());
        let whole = log().export();
        let with_header: Vec<Vec<u8>> = whole[..2].iter().cloned().chain(lines.clone()).collect();
        prop_assert_eq!(verify(&with_header).is_ok(), lines.is_empty());
    }

    /// Any one bit of any sealed line.
    #[test]
    fn any_flipped_bit_is_found(place in 1usize..14, at in any::<prop::sample::Index>(), bit in 0u8..8) {
        let mut lines = log().export();
        let line = &mut lines[place];
        let at = at.index(line.len());
        line[at] ^= 1 << bit;
        prop_assert!(verify(&lines).is_err());
    }
}
