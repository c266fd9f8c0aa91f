//! Answers as fresh as asked for; and questions about what was never issued.

use ndoba_ocsp::{CertStatusFacts, FinalIssuer, FinalRecord, HashAlgorithm};
use ndoba_types::{Clock, SerialNumber, Span, UtcTime};

use crate::http::{Reply, exchange, post_ocsp};
use ndoba_x509::Certificate;

use crate::requests::{NULL, cert_id, nonce, request, sha1_id};
use crate::world::{TestRecords, World};

const TRY_LATER: &[u8] = &[0x30, 3, 0x0a, 1, 3];

/// A question with the header `Fresh-After`.
fn fresh(world: &World, asked: &[u8], after: &str) -> Reply {
    let head = format!(
        "POST /ocsp HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Type: application/ocsp-request\r\n\
         Fresh-After: {after}\r\nContent-Length: {}\r\n\r\n",
        asked.len()
    );
    Reply::parse(&exchange(world.address, &[head.as_bytes(), asked].concat()))
}

#[test]
fn an_answer_as_fresh_as_asked_for() {
    let world = World::new();
    let (serial, asked) = world.issue("0b01");
    let kept = post_ocsp(world.address, &asked).body;
    let produced: UtcTime = world.clock.now();
    // Young enough: from memory.
    let earlier = produced.minus(Span::minutes(1)).to_string();
    assert_eq!(fresh(&world, &asked, &earlier).body, kept);
    assert_eq!(world.signed(), 1);
    // Too old: signed anew, from the records, and kept for the others.
    world.clock.advance(Span::minutes(5));
    let moment = world.clock.now().minus(Span::minutes(2)).to_string();
    let newer = fresh(&world, &asked, &moment).body;
    assert_ne!(newer, kept);
    assert_eq!(post_ocsp(world.address, &asked).body, newer);
    assert_eq!(fresh(&world, &asked, &moment).body, newer);
    assert_eq!(world.signed(), 2);
    // A nonce changes nothing in that.
    let with_nonce =
        request(&[sha1_id(&world.pki.ca, &serial.to_der_content())], &[nonce(b"sixteen octets..")]);
    assert_eq!(fresh(&world, &with_nonce, &moment).status, 200);
    assert_eq!(world.signed(), 3);
    // Nobody answers for the future, and within the second of the moment nothing is late enough.
    let future = world.clock.now().plus(Span::hours(1)).to_string();
    let refused = fresh(&world, &asked, &future);
    assert_eq!((refused.status, refused.body.as_slice()), (200, TRY_LATER));
    assert!(refused.header("retry-after").is_some());
    assert!(world.service.trouble().is_none(), "the client's clock is no trouble of ours");
    // What cannot be read is not passed over.
    for bad in ["", "yesterday", "2026-11-27", "1795000000"] {
        assert_eq!(fresh(&world, &asked, bad).status, 400, "{bad}");
    }
}

#[test]
fn a_fresh_answer_is_never_of_yesterdays_knowledge() {
    let world = World::new();
    let (serial, asked) = world.issue("0b02");
    let kept = post_ocsp(world.address, &asked).body;
    let moment = world.clock.now().plus(Span::minutes(1)).to_string();
    world.clock.advance(Span::minutes(2));
    world.records.fail(TestRecords::away());
    assert_eq!(post_ocsp(world.address, &asked).body, kept, "who does not ask for more");
    assert_eq!(fresh(&world, &asked, &moment).body, TRY_LATER);
    world.records.fail(None);
    let since = world.clock.now();
    world.records.set(&serial, CertStatusFacts::Suspended { since, certificate: None });
    assert_ne!(fresh(&world, &asked, &moment).body, kept);
}

#[test]
fn a_ca_that_has_ended_is_answered_for_without_a_key() {
    let world = World::new();
    let (serial, asked) = world.issue("0b04");
    assert!(post_ocsp(world.address, &asked).body.len() > 500);
    let ca = Certificate::from_der(&world.pki.ca).unwrap();
    let finals = [FinalIssuer::new("signature".parse().unwrap(), &ca).unwrap()];
    world.service.activate(vec![], &finals).unwrap();
    // Nothing was recorded about it: nothing is said.
    let unauthorized = [0x30, 3, 0x0a, 1, 6];
    assert_eq!(post_ocsp(world.address, &asked).body, unauthorized);
    let produced_at = world.clock.now().floor_to_second();
    let record = FinalRecord { der: b"the last word".to_vec(), produced_at };
    world.records.finals.lock().unwrap().insert((serial.clone(), HashAlgorithm::Sha1), record);
    let signed = world.signed();
    let last = post_ocsp(world.address, &asked);
    assert_eq!(last.body, b"the last word");
    assert_eq!(last.header("expires"), Some("Fri, 31 Dec 9999 23:59:59 GMT"));
    assert!(
        last.header("cache-control").unwrap().starts_with("max-age=86"),
        "{:?}",
        last.header("cache-control")
    );
    // A nonce cannot be answered, and does no harm (O-14); other hash functions were not answered.
    let with_nonce =
        request(&[sha1_id(&world.pki.ca, &serial.to_der_content())], &[nonce(b"sixteen octets..")]);
    assert_eq!(post_ocsp(world.address, &with_nonce).body, b"the last word");
    // Nor is there one from after a moment: the last one holds for every later moment.
    let later = world.clock.now().plus(Span::minutes(5)).to_string();
    assert_eq!(fresh(&world, &asked, &later).body, b"the last word");
    let sha256 = cert_id(&world.pki.ca, HashAlgorithm::Sha256, NULL, &serial.to_der_content());
    assert_eq!(post_ocsp(world.address, &request(&[sha256], &[])).body, unauthorized);
    world.records.fail(TestRecords::away());
    assert_eq!(post_ocsp(world.address, &asked).body, TRY_LATER);
    assert_eq!(world.signed(), signed);
}

#[test]
fn never_issued_numbers_are_counted_and_known_probes_apart() {
    let world = World::new();
    let ask = |contents: &[&[u8]]| {
        let ids: Vec<_> = contents.iter().map(|content| sha1_id(&world.pki.ca, content)).collect();
        assert_eq!(post_ocsp(world.address, &request(&ids, &[])).status, 200);
    };
    let (issued, _) = world.issue("0b03");
    ask(&[&issued.to_der_content()]);
    assert!(world.service.take_unissued().is_empty());
    // crt.sh's probes begin so; the world knows them.
    ask(&[b"crt.sh and more"]);
    assert!(world.service.take_unissued().is_empty());
    // Asked alone, asked beside others, asked about what no certificate can have.
    ask(&[&[0x21, 0x22]]);
    ask(&[&issued.to_der_content(), &[0x23], &[0x81]]);
    let seen = world.service.take_unissued();
    let of_ca = &seen[&"signature".parse().unwrap()];
    assert_eq!(of_ca.count, 3);
    let example: SerialNumber = "23".parse().unwrap();
    assert_eq!(of_ca.example, Some(example));
    assert!(world.service.take_unissued().is_empty(), "each is told once");
}
