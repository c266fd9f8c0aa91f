//! What is no request, or one that must not be answered (K-O04, K-O05).

use std::time::{Duration, Instant};

use ndoba_ocsp::{HashAlgorithm, Request, RequestError, RequestLimits};
use proptest::prelude::*;

use crate::pki::Pki;
use crate::requests::{NULL, cert_id, extension, hash_oid, nonce, ocsp_oid, request, sha1_id, tlv};

fn ca() -> Vec<u8> {
    Pki::at("2026-11-23T12:00:00Z".parse().unwrap()).ca
}

fn one(ca: &[u8]) -> Vec<Vec<u8>> {
    vec![sha1_id(ca, &[0x12, 0x34])]
}

#[track_caller]
fn der_error(bytes: &[u8]) {
    assert!(matches!(Request::parse(bytes), Err(RequestError::Der(_))), "{:?}", Request::parse(bytes));
}

#[test]
fn structure() {
    let ca = ca();
    let good = request(&one(&ca), &[]);
    assert_eq!(Request::parse(&good).unwrap().cert_ids().len(), 1);
    der_error(&[]);
    der_error(b"GET / HTTP/1.0");
    der_error(&[good.clone(), vec![0]].concat());
    for end in 0..good.len() {
        assert!(Request::parse(&good[..end]).is_err(), "{end}");
    }
    // Trailing octets inside, too.
    der_error(&tlv(0x30, &[&good[2..], &[0x05, 0x00]]));
    assert_eq!(Request::parse(&request(&[], &[])), Err(RequestError::NoCertIds));
    assert_eq!(Request::parse(&vec![0x30; RequestLimits::default().octets + 1]), Err(RequestError::TooLong));
}

#[test]
fn lengths_that_lie() {
    der_error(&[0x30, 0x84, 0x7f, 0xff, 0xff, 0xff, 0x30, 0x03]);
    der_error(&[0x30, 0x84, 0xff, 0xff, 0xff, 0xff]);
    der_error(&[0x30, 0x88, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]);
    der_error(&[0x30, 0x81, 0x03, 0x30, 0x01, 0x00]);
    // BER's indefinite lengths, alone and by the thousand.
    der_error(&[0x30, 0x80, 0x00, 0x00]);
    let start = Instant::now();
    der_error(&[0x30, 0x80].repeat(RequestLimits::default().octets / 2));
    assert_eq!(Request::parse(&[0x30, 0x80].repeat(1 << 19)), Err(RequestError::TooLong));
    // Deeply nested definite lengths where nothing looks inside: requestorName, and where something does.
    let mut nested = vec![];
    while nested.len() < 20_000 {
        nested = tlv(0x30, &[&nested]);
    }
    der_error(&nested);
    assert!(start.elapsed() < Duration::from_secs(1));
}

#[test]
fn more_than_twenty() {
    let ca = ca();
    let ids: Vec<_> = (1..=21u8).map(|n| sha1_id(&ca, &[n])).collect();
    assert_eq!(Request::parse(&request(&ids[..20], &[])).unwrap().cert_ids().len(), 20);
    assert_eq!(Request::parse(&request(&ids, &[])), Err(RequestError::TooManyCertIds));
    let ids: Vec<_> = (1..=200u8).map(|n| sha1_id(&ca, &[1, n])).collect();
    let many = request(&ids, &[]);
    assert_eq!(Request::parse(&many), Err(RequestError::TooManyCertIds));
    // By configuration more or fewer, and a shorter or longer request.
    let within = |octets, cert_ids| Request::parse_within(&many, RequestLimits { octets, cert_ids });
    assert_eq!(within(many.len(), 200).unwrap().cert_ids().len(), 200);
    assert_eq!(within(many.len(), 199), Err(RequestError::TooManyCertIds));
    assert_eq!(within(many.len() - 1, 200), Err(RequestError::TooLong));
}

#[test]
fn cert_ids_of_the_wrong_shape() {
    let ca = ca();
    // INTEGERs that DER does not have.
    for serial in [&[][..], &[0x00, 0x01], &[0xff, 0x80]] {
        let parsed = Request::parse(&request(&[sha1_id(&ca, serial)], &[]));
        assert_eq!(parsed, Err(RequestError::Structure), "{serial:?}");
    }
    // The serial is no INTEGER at all.
    let id = tlv(0x30, &[&tlv(0x30, &[hash_oid(HashAlgorithm::Sha1)]), &tlv(4, &[]), &tlv(4, &[]), NULL]);
    assert_eq!(Request::parse(&request(&[id], &[])), Err(RequestError::Structure));
}

#[test]
fn nonces() {
    let ca = ca();
    for len in [1, 15, 16, 32, 33, 128] {
        let parsed = Request::parse(&request(&one(&ca), &[nonce(&vec![7; len])])).unwrap();
        let echoed = parsed.nonce().unwrap().extension_value();
        assert_eq!(echoed, tlv(0x04, &[&vec![7; len]]), "{len}");
    }
    for len in [0, 129, 4000] {
        let parsed = Request::parse(&request(&one(&ca), &[nonce(&vec![7; len])]));
        assert_eq!(parsed, Err(RequestError::Nonce), "{len}");
    }
    // Without the inner OCTET STRING: the octets themselves, as they came.
    for raw in [&[0xab_u8; 20][..], &[0x04, 0x30, 0x01], &[0x55]] {
        let parsed = Request::parse(&request(&one(&ca), &[extension(&ocsp_oid(2), false, raw)])).unwrap();
        assert_eq!(parsed.nonce().unwrap().extension_value(), raw);
    }
    for raw in [&[][..], &[0xab; 129], &[0x04, 0x00]] {
        let parsed = Request::parse(&request(&one(&ca), &[extension(&ocsp_oid(2), false, raw)]));
        assert_eq!(parsed, Err(RequestError::Nonce), "{raw:?}");
    }
    // A critical nonce is understood; two nonces are not.
    let critical = extension(&ocsp_oid(2), true, &tlv(0x04, &[b"nonce"]));
    assert!(Request::parse(&request(&one(&ca), std::slice::from_ref(&critical))).is_ok());
    assert_eq!(Request::parse(&request(&one(&ca), &[critical, nonce(b"n")])), Err(RequestError::Nonce));
}

#[test]
fn extensions() {
    let ca = ca();
    let unknown = [0x2a, 0x03, 0x04];
    let with = |extension: Vec<u8>| Request::parse(&request(&one(&ca), &[extension]));
    assert!(with(extension(&unknown, false, b"anything")).is_ok());
    assert_eq!(with(extension(&unknown, true, b"anything")), Err(RequestError::CriticalExtension));
    // FALSE written out is no DER, and everywhere.
    let written = tlv(0x30, &[&tlv(0x06, &[&unknown]), &[1, 1, 0], &tlv(4, &[b"x"])]);
    assert!(with(written).is_ok());

    let basic = tlv(0x06, &[&ocsp_oid(1)]);
    let other = tlv(0x06, &[&unknown]);
    assert!(with(extension(&ocsp_oid(4), false, &tlv(0x30, &[&other, &basic]))).is_ok());
    let without = with(extension(&ocsp_oid(4), false, &tlv(0x30, &[&other])));
    assert_eq!(without, Err(RequestError::ResponseType));
    assert!(with(extension(&ocsp_oid(4), false, b"\x30")).is_err());
    assert!(with(extension(&ocsp_oid(8), true, b"preferred algorithms")).is_ok());

    // In a single request: ignored, even a nonce, unless critical.
    let single = |extension: Vec<u8>| {
        let item = tlv(0x30, &[&one(&ca)[0], &tlv(0xa0, &[&tlv(0x30, &[&extension])])]);
        Request::parse(&tlv(0x30, &[&tlv(0x30, &[&tlv(0x30, &[&item])])]))
    };
    assert_eq!(single(nonce(b"misplaced")).unwrap().nonce(), None);
    let critical = single(extension(&unknown, true, b"x"));
    assert_eq!(critical, Err(RequestError::CriticalExtension));
}

#[test]
fn versions_names_and_signatures() {
    let ca = ca();
    let list = tlv(0x30, &[&tlv(0x30, &[&one(&ca)[0]])]);
    let version = |n: u8| tlv(0xa0, &[&[0x02, 0x01, n]]);
    let ask = |parts: &[&[u8]]| Request::parse(&tlv(0x30, &[&tlv(0x30, parts)]));
    assert!(ask(&[&version(0), &list]).is_ok());
    assert_eq!(ask(&[&version(1), &list]), Err(RequestError::Version));
    // K-O12: the requestor's name is ignored, whatever it is.
    let name = tlv(0xa1, &[&tlv(0x86, &[b"http://requestor.example"])]);
    assert!(ask(&[&name, &list]).is_ok());
    // A signature is ignored, bad or good.
    let tbs = tlv(0x30, &[&list]);
    let signature = tlv(
        0xa0,
        &[&tlv(0x30, &[&tlv(0x30, &[hash_oid(HashAlgorithm::Sha256)]), &tlv(3, &[&[0, 1, 2, 3]])])],
    );
    assert!(Request::parse(&tlv(0x30, &[&tbs, &signature])).is_ok());
    let nonsense = tlv(0xa0, &[NULL]);
    assert_eq!(Request::parse(&tlv(0x30, &[&tbs, &nonsense])), Err(RequestError::Structure));
}

#[test]
fn asked_twice_is_asked_once() {
    let ca = ca();
    let ids = [sha1_id(&ca, &[1]), sha1_id(&ca, &[2]), sha1_id(&ca, &[1])];
    let parsed = Request::parse(&request(&ids, &[])).unwrap();
    assert_eq!(parsed.cert_ids().len(), 2);
    // Another spelling of the same certificate is another CertID and gets its own entry.
    let ids = [sha1_id(&ca, &[1]), cert_id(&ca, HashAlgorithm::Sha1, &[], &[1])];
    assert_eq!(Request::parse(&request(&ids, &[])).unwrap().cert_ids().len(), 2);
}

proptest! {
    #[test]
    fn garbage_never_panics(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        let _ = Request::parse(&bytes);
    }

    #[test]
    fn damage_never_panics(position in 0usize..400, octet: u8, cut in 0usize..400) {
        let ca = ca_once();
        let extensions = [nonce(b"a nonce of some length"), extension(&ocsp_oid(4), false, &tlv(0x30, &[&tlv(6, &[&ocsp_oid(1)])]))];
        let mut bytes = request(&[sha1_id(ca, &[1, 2, 3]), sha1_id(ca, &[4])], &extensions);
        let len = bytes.len();
        bytes[position % len] = octet;
        let _ = Request::parse(&bytes);
        let _ = Request::parse(&bytes[..cut % len]);
    }
}

fn ca_once() -> &'static [u8] {
    static CA: std::sync::OnceLock<Vec<u8>> = std::sync::OnceLock::new();
    CA.get_or_init(ca)
}
