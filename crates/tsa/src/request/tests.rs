use super::*;
use crate::encode::{sequence, tag, tlv};

/// AlgorithmIdentifier by the last octet of its hash's identifier, with NULL parameters.
fn hash(last: u8) -> Vec<u8> {
    sequence(&[&[0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, last], &[0x05, 0x00]])
}

fn imprint(algorithm: &[u8], length: usize) -> Vec<u8> {
    sequence(&[algorithm, &tlv(tag::OCTET_STRING, &[&vec![0xaa; length]])])
}

const V1: [u8; 3] = [2, 1, 1];
const EXTENSIONS: [u8; 9] = [0xa0, 7, 0x30, 5, 0x06, 1, 0x2a, 0x04, 0];

fn parse(fields: &[&[u8]]) -> Result<Request, Rejection> {
    Request::parse(&sequence(fields))
}

#[test]
fn every_accepted_hash_and_its_length() {
    for (last, length) in [(1, 32), (2, 48), (3, 64), (8, 32), (9, 48), (10, 64)] {
        let request = parse(&[&V1, &imprint(&hash(last), length)]).unwrap();
        assert_eq!(
            (request.hash.digest_len(), request.digest.len(), request.cert_req),
            (length, length, false)
        );
        assert_eq!(parse(&[&V1, &imprint(&hash(last), length - 1)]), Err(IMPRINT_LENGTH));
        assert_eq!(parse(&[&V1, &imprint(&hash(last), length + 1)]), Err(IMPRINT_LENGTH));
    }
}

#[test]
fn weak_and_unknown_hashes() {
    // SHA-224, SHA-512/256, SHA3-224, SHAKE128; SHA-1 (1.3.14.3.2.26); MD5 (1.2.840.113549.2.5).
    for last in [4, 6, 7, 11] {
        assert_eq!(parse(&[&V1, &imprint(&hash(last), 28)]), Err(Rejection::Algorithm), "{last}");
    }
    let sha1 = sequence(&[&[0x06, 0x05, 0x2b, 0x0e, 0x03, 0x02, 0x1a], &[0x05, 0x00]]);
    let md5 = sequence(&[&[0x06, 0x08, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x02, 0x05]]);
    for (algorithm, length) in [(&sha1, 20), (&md5, 16), (&sha1, 3)] {
        assert_eq!(parse(&[&V1, &imprint(algorithm, length)]), Err(Rejection::Algorithm));
    }
    // A hash has no parameters but NULL or none.
    let odd = sequence(&[&[0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 1], &[2, 1, 1]]);
    assert_eq!(parse(&[&V1, &imprint(&odd, 32)]), Err(Rejection::Algorithm));
    let bare = sequence(&[&[0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 1]]);
    let request = parse(&[&V1, &imprint(&bare, 32)]).unwrap();
    assert_eq!(request.imprint_der, imprint(&bare, 32), "absent parameters stay absent");
}

#[test]
fn version_nonce_and_extensions() {
    let sha256 = imprint(&hash(1), 32);
    assert_eq!(parse(&[&[2, 1, 2], &sha256]), Err(VERSION));
    assert_eq!(parse(&[&[2, 1, 0], &[5, 0]]), Err(VERSION), "before anything that follows");
    assert_eq!(parse(&[&V1, &sha256, &EXTENSIONS]), Err(Rejection::Extension));
    assert_eq!(parse(&[&V1, &sha256, &[0xa0, 0]]), Err(MALFORMED));

    for content in [&[0x00][..], &[0xff], &[0x80, 0x00], &[0x00, 0x80], &[0x7f; 20], &[0x7f; 64]] {
        let request = parse(&[&V1, &sha256, &tlv(tag::INTEGER, &[content])]).unwrap();
        assert_eq!(request.nonce.unwrap().as_der_content(), content);
    }
    assert_eq!(parse(&[&V1, &sha256, &tlv(tag::INTEGER, &[&[0x7f; 65]])]), Err(NONCE_LENGTH));
    for padded in [&[0x00, 0x01][..], &[0xff, 0x80], &[]] {
        assert_eq!(parse(&[&V1, &sha256, &tlv(tag::INTEGER, &[padded])]), Err(MALFORMED));
    }
}

#[test]
fn cert_req_and_policy() {
    let sha256 = imprint(&hash(1), 32);
    for (octet, wanted) in [(0x00, Ok(false)), (0xff, Ok(true)), (0x01, Err(MALFORMED))] {
        assert_eq!(parse(&[&V1, &sha256, &[1, 1, octet]]).map(|request| request.cert_req), wanted);
    }
    let policy: Oid = "2.999.1.5".parse().unwrap();
    let request = parse(&[&V1, &sha256, &policy.to_der(), &[2, 1, 7], &[1, 1, 0xff]]).unwrap();
    assert_eq!(request.policy, Some(policy));
    let long = tlv(0x06, &[&[0x2a; 200]]);
    assert_eq!(parse(&[&V1, &sha256, &long]), Err(Rejection::Policy));
    assert_eq!(parse(&[&V1, &sha256, &[0x06, 2, 0x2a, 0x80]]), Err(MALFORMED));
}

#[test]
fn bad_form() {
    let sha256 = imprint(&hash(1), 32);
    let right = sequence(&[&V1, &sha256]);
    for end in 0..right.len() {
        assert_eq!(Request::parse(&right[..end]), Err(MALFORMED), "cut at {end}");
    }
    let trailing = [right.as_slice(), &[0]].concat();
    assert_eq!(Request::parse(&trailing), Err(MALFORMED));
    // Indefinite length; a length that lies; a length with its top bit set; nesting.
    let mut indefinite = right.clone();
    indefinite[1] = 0x80;
    indefinite.extend([0, 0]);
    for bad in [
        indefinite,
        vec![0x30, 0x84, 0x7f, 0xff, 0xff, 0xff],
        vec![0x30, 0x84, 0xff, 0xff, 0xff, 0xff],
        [0x30, 0x80].repeat(512 * 1024),
        vec![0; 1 << 20],
    ] {
        assert_eq!(Request::parse(&bad), Err(MALFORMED));
    }
    // Out of order, twice, or of the wrong type.
    for fields in [
        &[&V1[..], &sha256, &[1, 1, 0xff], &[2, 1, 7]][..],
        &[&V1, &sha256, &[2, 1, 7], &[2, 1, 7]],
        &[&V1, &sha256, &[5, 0]],
        &[&sha256, &V1],
        &[&V1],
        &[&[2, 2, 0, 1], &sha256],
        &[&V1, &sequence(&[&hash(1)])],
        &[&V1, &sequence(&[&hash(1), &[5, 0]])],
        &[&V1, &sequence(&[&sequence(&[]), &[4, 0]])],
    ] {
        assert_eq!(parse(fields), Err(MALFORMED), "{fields:02x?}");
    }
    assert_eq!(Request::parse(&sequence(&[&[5, 0].repeat(1000)])), Err(MALFORMED));
}

proptest::proptest! {
    #[test]
    fn any_octets_are_read_or_refused(bytes in proptest::collection::vec(proptest::num::u8::ANY, 0..120)) {
        let _ = Request::parse(&bytes);
    }

    #[test]
    fn any_change_of_one_octet_is_read_or_refused(at in 0usize..60, octet in proptest::num::u8::ANY) {
        let mut bytes = sequence(&[&V1, &imprint(&hash(1), 32), &[2, 1, 7], &[1, 1, 0xff]]);
        let at = at % bytes.len();
        bytes[at] = octet;
        let _ = Request::parse(&bytes);
    }
}
