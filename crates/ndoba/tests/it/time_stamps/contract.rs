//! The contract for time-stamps over HTTP, on the real server: every request of `tests/vectors/tsp`, and what HTTP
//! itself may get wrong (T-10, K-T02 to K-T06).

use std::fs;
use std::path::Path;

use serde_json::Value;

use super::House;
use crate::http::{Reply, send, stamp};

const QUERY: &str = "Content-Type: application/timestamp-query\r\n";

/// The bits of T-09 as DER, by name.
const FAIL_INFO: [(&str, &[u8]); 7] = [
    ("badAlg", &[0x03, 0x02, 0x07, 0x80]),
    ("badRequest", &[0x03, 0x02, 0x05, 0x20]),
    ("badDataFormat", &[0x03, 0x02, 0x02, 0x04]),
    ("timeNotAvailable", &[0x03, 0x03, 0x01, 0x00, 0x02]),
    ("unacceptedPolicy", &[0x03, 0x03, 0x00, 0x00, 0x01]),
    ("unacceptedExtension", &[0x03, 0x04, 0x07, 0x00, 0x00, 0x80]),
    ("systemFailure", &[0x03, 0x05, 0x06, 0x00, 0x00, 0x00, 0x40]),
];

#[test]
fn every_request_of_the_corpus_is_answered_as_it_says() {
    let house = House::shared();
    let _open = house.open();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/vectors/tsp");
    let index: Vec<Value> = serde_json::from_slice(&fs::read(folder.join("index.json")).unwrap()).unwrap();
    assert!(index.len() > 50);
    for case in &index {
        let file = case["file"].as_str().unwrap();
        let request = fs::read(folder.join(file)).unwrap();
        let reply = stamp(house.here.public(), "/tsa", &request);
        assert_eq!(u64::from(reply.status), case["http"].as_u64().unwrap(), "{file}");
        if reply.status != 200 {
            assert_ne!(reply.header("content-type"), Some("application/timestamp-reply"), "{file}");
            continue;
        }
        assert_eq!(reply.header("content-type"), Some("application/timestamp-reply"), "{file}");
        assert_eq!(reply.header("cache-control"), Some("no-store"), "{file}");
        match case["status"].as_str().unwrap() {
            "granted" => is_granted(file, case, &reply),
            _ => is_rejected(file, case["failInfo"].as_str().unwrap(), &reply),
        }
    }
}

/// PKIStatusInfo with `granted` and nothing else; the nonce as it was; certificates exactly when asked for.
fn is_granted(file: &str, case: &Value, reply: &Reply) {
    let content = content(&reply.body);
    assert!(content.starts_with(&[0x30, 3, 2, 1, 0]), "{file}: granted, without statusString");
    let contains = |part: &[u8]| content.windows(part.len()).any(|window| window == part);
    if let Some(nonce) = case["nonce"].as_str() {
        let nonce = hex::decode(nonce).unwrap();
        let element = [&[2, u8::try_from(nonce.len()).unwrap()], nonce.as_slice()].concat();
        assert!(contains(&element), "{file}: the nonce");
    }
    let issuers = contains(b"TEST Ndoba CA for Time-Stamping");
    assert!(issuers, "{file}: sid and issuerSerial name the issuer");
    // The issuer's own certificate names the root, a token without certificates does not.
    let wanted = case["certificates"].as_bool().unwrap();
    assert_eq!(contains(b"TEST Ndoba Root CA"), wanted, "{file}: certificates");
}

/// `rejection`, a sentence for people, one bit, and nothing behind it (K-T06).
fn is_rejected(file: &str, info: &str, reply: &Reply) {
    let (_, bits) = FAIL_INFO.into_iter().find(|(name, _)| *name == info).unwrap();
    let status = content(content(&reply.body));
    assert!(status.starts_with(&[2, 1, 2, 0x30]), "{file}: rejection and a statusString");
    assert!(status.ends_with(bits), "{file}: {info}: {}", hex::encode(status));
    let text = String::from_utf8_lossy(status);
    let says = match info {
        "badAlg" => "SHA-256",
        "unacceptedPolicy" => "0.4.0.2023.1.1",
        "unacceptedExtension" => "without any",
        _ => " ",
    };
    assert!(text.contains(says), "{file}: it says what is accepted: {text}");
    assert_eq!(
        content(&reply.body).len(),
        element(content(&reply.body)),
        "{file}: a token beside a rejection"
    );
}

#[test]
fn what_http_itself_may_get_wrong() {
    let house = House::shared();
    let _open = house.open();
    let at = house.here.public();
    let good =
        fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/vectors/tsp/sha256.tsq")).unwrap();
    let granted =
        |reply: &Reply| reply.status == 200 && content(&reply.body).starts_with(&[0x30, 3, 2, 1, 0]);
    for headers in [
        "Content-Type: application/timestamp-query; charset=utf-8\r\n",
        "Content-Type: Application/Timestamp-Query\r\n",
        "Content-Type: application/timestamp-query\r\nAccept: application/json\r\n",
        "Content-Type: application/timestamp-query\r\nAccept: application/timestamp-reply\r\nUser-Agent:\r\n",
        "",
    ] {
        assert!(granted(&send(at, "POST", "/tsa", headers, &good)), "{headers}");
    }
    let wrong = send(at, "POST", "/tsa", "Content-Type: application/json\r\n", &good);
    assert_eq!(wrong.status, 415);
    assert!(
        String::from_utf8_lossy(&wrong.body).contains("application/timestamp-query"),
        "says what is wanted"
    );
    for method in ["GET", "PUT", "DELETE", "HEAD"] {
        let refused = send(at, method, "/tsa", QUERY, b"");
        assert_eq!((refused.status, refused.header("allow")), (405, Some("POST")), "{method}");
    }
    for nobody in ["/tsa/none", "/tsa/tsu/more", "/tsa/../tsa/none"] {
        assert_eq!(send(at, "POST", nobody, QUERY, &good).status, 404, "{nobody}");
    }
    // The framing of HTTP/1.1 that clients may choose.
    let chunked = format!("{:x}\r\n", good.len()).into_bytes();
    let body = [&chunked[..], &good, b"\r\n0\r\n\r\n"].concat();
    let raw = crate::http::raw(
        at,
        &[&b"POST /tsa HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Type: application/timestamp-query\r\nTransfer-Encoding: chunked\r\n\r\n"[..], &body].concat(),
    );
    assert!(granted(&raw.expect("an answer")));
}

/// The length of the element that `der` begins with, header included.
fn element(der: &[u8]) -> usize {
    let header = header(der);
    let length = der[2..header].iter().fold(0, |length, octet| length << 8 | usize::from(*octet));
    header + if header == 2 { usize::from(der[1]) } else { length }
}

fn header(der: &[u8]) -> usize {
    2 + if der[1] < 0x80 { 0 } else { usize::from(der[1] & 0x7f) }
}

/// What is within the element that `der` begins with.
fn content(der: &[u8]) -> &[u8] {
    &der[header(der)..element(der)]
}
