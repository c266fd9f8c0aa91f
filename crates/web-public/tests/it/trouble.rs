//! Truth and availability: what is answered when things change and when they break.

use std::sync::atomic::Ordering::SeqCst;
use std::thread;
use std::time::{Duration, Instant};

use ndoba_ocsp::{CertStatusFacts, Refusal, StatusError};
use ndoba_types::{Clock, SignError, Span};
use ndoba_web_public::{OcspLimits, ServerLimits};
use ndoba_x509::RevocationReason;

use crate::http::{Reply, post_ocsp};
use crate::requests::{nonce, request, sha1_id};
use crate::world::{TestRecords, World};

const INTERNAL_ERROR: &[u8] = &[0x30, 3, 0x0a, 1, 2];
const TRY_LATER: &[u8] = &[0x30, 3, 0x0a, 1, 3];

#[track_caller]
fn assert_try_later(reply: &Reply) {
    assert_eq!((reply.status, reply.body.as_slice()), (200, TRY_LATER));
    assert!(reply.header("retry-after").is_some());
}

fn with_nonce(world: &World, serial: u8) -> Vec<u8> {
    request(&[sha1_id(&world.pki.ca, &[serial])], &[nonce(b"sixteen octets..")])
}

#[test]
fn a_revocation_is_seen_at_once_and_costs_others_no_signature() {
    let world = World::new();
    let (first, asked) = world.issue("01");
    let (_, other) = world.issue("02");
    let good = post_ocsp(world.address, &asked).body;
    let other_good = post_ocsp(world.address, &other).body;
    assert_eq!(post_ocsp(world.address, &asked).body, good);
    assert_eq!(world.signed(), 2);

    let reason = RevocationReason::Superseded;
    let at = world.clock.now();
    world.records.set(&first, CertStatusFacts::Revoked { at, reason, certificate: None });
    assert_ne!(post_ocsp(world.address, &asked).body, good);
    assert_eq!(world.signed(), 3);
    let looked_up = world.records.asked.load(SeqCst);
    assert_eq!(
        post_ocsp(world.address, &other).body,
        other_good,
        "the same octets, confirmed by the records"
    );
    assert_eq!(post_ocsp(world.address, &other).body, other_good);
    assert_eq!((world.signed(), world.records.asked.load(SeqCst)), (3, looked_up + 1));
}

#[test]
fn what_was_never_issued_is_not_remembered() {
    let world = World::new();
    let asked = request(&[sha1_id(&world.pki.ca, &[0x21])], &[]);
    let unknown = post_ocsp(world.address, &asked);
    assert!(unknown.body.windows(2).any(|pair| pair == [0x82, 0x00]));
    let (_, same) = world.issue("21");
    assert_eq!(asked, same);
    assert!(post_ocsp(world.address, &asked).body.windows(2).any(|pair| pair == [0x80, 0x00]));
}

#[test]
fn answers_are_signed_anew_by_half_their_life() {
    let world = World::new();
    let (_, asked) = world.issue("31");
    let first = post_ocsp(world.address, &asked).body;
    // An hour's tenth before the half, at the earliest.
    world.clock.advance(Span::minutes(23));
    assert_eq!(post_ocsp(world.address, &asked).body, first);
    world.clock.advance(Span::minutes(8));
    assert_ne!(post_ocsp(world.address, &asked).body, first);
    assert_eq!(world.signed(), 2);
}

#[test]
fn database_away() {
    let world = World::new();
    let (_, asked) = world.issue("41");
    let good = post_ocsp(world.address, &asked).body;
    world.records.fail(TestRecords::away());
    // What is signed is served until its nextUpdate, beyond its renewal, and then no more.
    assert_eq!(post_ocsp(world.address, &asked).body, good);
    world.clock.advance(Span::minutes(59));
    let late = post_ocsp(world.address, &asked);
    assert_eq!(late.body, good);
    assert!(late.header("cache-control").unwrap().starts_with("max-age=0,"));
    assert_try_later(&post_ocsp(world.address, &with_nonce(&world, 0x41)));
    world.clock.advance(Span::minutes(1));
    assert_try_later(&post_ocsp(world.address, &asked));
    world.records.fail(None);
    assert!(post_ocsp(world.address, &asked).body.len() > 500, "back without a restart");
}

#[test]
fn a_known_change_that_cannot_be_read_is_no_good() {
    let world = World::new();
    let (_, asked) = world.issue("42");
    post_ocsp(world.address, &asked);
    // Another certificate's change moves the version, and then the records fail.
    world.issue("43");
    world.records.fail(TestRecords::away());
    assert_try_later(&post_ocsp(world.address, &asked));
}

#[test]
fn records_behind_their_witness() {
    let world = World::new();
    let (_, asked) = world.issue("44");
    post_ocsp(world.address, &asked);
    world.records.fail(StatusError::BehindWitness);
    world.clock.advance(Span::minutes(31));
    assert_try_later(&post_ocsp(world.address, &asked));
}

#[test]
fn token_away() {
    let world = World::new();
    let (_, asked) = world.issue("51");
    let good = post_ocsp(world.address, &asked).body;
    *world.key.error.lock().unwrap() = Some(SignError::Unavailable { reason: "removed".into() });
    assert_eq!(post_ocsp(world.address, &asked).body, good);
    world.clock.advance(Span::minutes(45));
    assert_eq!(world.service.trouble(), None);
    assert_eq!(post_ocsp(world.address, &asked).body, good, "renewal failed, the answer still holds");
    assert!(matches!(world.service.trouble(), Some(Refusal::Signing(_))), "and health knows");
    world.clock.advance(Span::seconds(31));
    assert_eq!(world.service.trouble(), None);
    assert_try_later(&post_ocsp(world.address, &with_nonce(&world, 0x51)));
    world.clock.advance(Span::minutes(15));
    assert_try_later(&post_ocsp(world.address, &asked));
    *world.key.error.lock().unwrap() = Some(SignError::Refused { reason: "no such key".into() });
    assert_eq!(post_ocsp(world.address, &asked).body, INTERNAL_ERROR);
    assert!(world.service.trouble().is_some());
    *world.key.error.lock().unwrap() = None;
    assert!(post_ocsp(world.address, &asked).body.len() > 500, "back without a restart");
    assert_eq!(world.service.trouble(), None);
}

#[test]
fn responder_expired() {
    let world = World::new();
    let (_, asked) = world.issue("52");
    world.clock.advance(Span::days(14));
    assert_try_later(&post_ocsp(world.address, &asked));
}

#[test]
fn deadline_and_overload() {
    let limits = OcspLimits { deadline: Duration::from_millis(300), ..OcspLimits::default() };
    let world = World::with(limits, ServerLimits::default(), None);
    let (_, asked) = world.issue("61");
    post_ocsp(world.address, &asked);
    // A token that hangs holds nobody longer than the deadline.
    world.key.hangs.store(true, SeqCst);
    let start = Instant::now();
    assert_try_later(&post_ocsp(world.address, &with_nonce(&world, 0x61)));
    assert!(start.elapsed() < Duration::from_secs(2));
    world.key.hangs.store(false, SeqCst);

    // Records that hang: two threads take a question each, four wait, the rest is told at once; and what is in
    // memory goes on being served.
    let gate = world.records.gate.lock().unwrap();
    let start = Instant::now();
    thread::scope(|scope| {
        for serial in 0x70..0x80 {
            let body = request(&[sha1_id(&world.pki.ca, &[serial])], &[]);
            let address = world.address;
            scope.spawn(move || assert_try_later(&post_ocsp(address, &body)));
        }
        assert!(post_ocsp(world.address, &asked).body.len() > 500);
    });
    assert!(start.elapsed() < Duration::from_secs(3));
    drop(gate);
    thread::sleep(Duration::from_millis(50));
    assert!(post_ocsp(world.address, &with_nonce(&world, 0x61)).body.len() > 500);
}
