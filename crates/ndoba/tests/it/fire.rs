//! Under fire: slow and half-open connections, bodies that lie about their length, a megabyte of `30 80`, for OCSP and
//! for time-stamps. Memory stays bounded, nothing panics, and everybody else is served meanwhile.

use std::fs;
use std::io::Write as _;
use std::net::{Shutdown, TcpStream};

use crate::http::{raw, stamp, try_send};
use crate::installation::{Engine, Installation, Serving};
use crate::program::eventually;

/// The OCSPResponse malformedRequest.
const MALFORMED: [u8; 5] = [0x30, 3, 0x0a, 1, 1];
/// The failInfo `badDataFormat` (T-09).
const BAD_DATA_FORMAT: [u8; 4] = [0x03, 0x02, 0x02, 0x04];
/// What a connection may cost: buffers of the socket, the parser's, the future's.
const PER_CONNECTION: u64 = 64 * 1024;
/// What the process may grow by beside them: allocator's leftovers of bodies that were refused.
const SLACK: u64 = 64 << 20;

#[test]
fn others_are_served_and_memory_is_bounded() {
    under_fire(300, 100);
}

#[test]
#[ignore = "ten thousand connections: cargo test -p ndoba --test it -- --ignored fire"]
fn at_length() {
    // As it is shipped.
    under_fire(10_000, 10_000);
}

/// `connections` are opened and held, more than the `limit` of those that may be open.
fn under_fire(connections: usize, limit: usize) {
    let here = Installation::on(Engine::Sqlite);
    let text = here.read_text("ndoba.toml");
    fs::write(here.file("ndoba.toml"), format!("{text}\n[limits]\nconnections = {limit}\n")).unwrap();
    let serving = here.serve(None);
    let serial = here.issue("01001000801");
    let serial = format!("0x{serial}");
    let ask = ["ocsp", "-no_nonce", "-issuer", "pki/signature.pem", "-serial", &serial, "-reqout", "q.der"];
    here.openssl(&ask);
    let question = here.read("q.der");
    let good = served(&here, &question);
    eventually(|| is_stamped(&here), || here.health());
    let before = resident(&serving);

    let mut held = Vec::new();
    for number in 0..connections {
        let mut stream = TcpStream::connect(here.public()).unwrap();
        match number % 4 {
            0 => {}
            1 => stream.write_all(b"POST /ocsp HTTP/1.1\r\nHost: x\r\nContent-").unwrap(),
            // The head of a long request, and never its body.
            2 => {
                let (path, length) = [("ocsp", 60_000), ("tsa", 16_000)][number / 4 % 2];
                write!(stream, "POST /{path} HTTP/1.1\r\nHost: x\r\nContent-Length: {length}\r\n\r\n0")
                    .unwrap();
            }
            // Half open.
            _ => {
                stream.write_all(b"GET /ocsp/MA").unwrap();
                stream.shutdown(Shutdown::Write).unwrap();
            }
        }
        held.push(stream);
        if number % (connections / 20) == 0 {
            lies(&here);
            assert_eq!(served(&here, &question), good, "others are served, from memory");
            assert!(is_stamped(&here), "others are stamped: {}", here.log());
        }
    }
    let grown = resident(&serving).saturating_sub(before);
    let allowed = SLACK + PER_CONNECTION * connections as u64;
    assert!(grown < allowed, "{} KiB more for {connections} connections", grown / 1024);
    for _ in 0..50 {
        assert_eq!(served(&here, &question), good);
    }
    drop(held);
    assert!(!here.log().contains("panicked"), "{}", here.log());
    here.await_that("health", || here.health().contains("\"ready\":true"));
    drop(serving);
}

/// Requests that are none; each is refused, and soon.
fn lies(here: &Installation) {
    let address = here.public();
    let kind = "Content-Type: application/ocsp-request\r\n";
    let query = "Content-Type: application/timestamp-query\r\n";
    let indefinite = [0x30, 0x80].repeat(512 * 1024);
    for body in [&[0x30, 0x84, 0x7f, 0xff, 0xff, 0xff][..], &[0x30, 0x84, 0x80, 0, 0, 0], &[0x30, 0x80]] {
        let reply = try_send(address, "POST", "/ocsp", kind, body).unwrap();
        assert_eq!((reply.status, reply.body.as_slice()), (200, &MALFORMED[..]), "{body:02x?}");
        let reply = try_send(address, "POST", "/tsa", query, body).unwrap();
        assert!(reply.status == 200 && reply.body.ends_with(&BAD_DATA_FORMAT), "{body:02x?}: {reply:?}");
    }
    // Longer than any request: HTTP's own word for it. Where the server closed before all was sent the answer may be
    // lost; it must not be another.
    for (path, kind) in [("/ocsp", kind), ("/tsa", query)] {
        if let Some(reply) = try_send(address, "POST", path, kind, &indefinite) {
            assert_eq!((reply.status, reply.body.len()), (413, 0), "{path}");
        }
        let head = format!("POST {path} HTTP/1.1\r\nHost: x\r\n{kind}");
        // A length that nobody will send, in both ways HTTP has of saying it: no room is made for it.
        let chunked = format!("{head}Connection: close\r\nTransfer-Encoding: chunked\r\n\r\nffffffffff\r\n");
        let vast = format!("{head}Content-Length: 9223372036854775807\r\n\r\n0");
        for octets in [chunked, vast] {
            let mut stream = TcpStream::connect(address).unwrap();
            let _ = stream.write_all(octets.as_bytes());
        }
    }
    // No HTTP at all.
    let _ = raw(address, b"\x16\x03\x01\x00\xff\x00\r\n\r\n");
}

/// Whether a time-stamp is granted.
fn is_stamped(here: &Installation) -> bool {
    let reply = stamp(here.public(), "/tsa", include_bytes!("../../../../tests/vectors/tsp/sha256.tsq"));
    // PKIStatusInfo with `granted`, after the header of an answer of some length.
    reply.status == 200 && reply.body.get(4..9) == Some(&[0x30, 3, 2, 1, 0])
}

fn served(here: &Installation, question: &[u8]) -> Vec<u8> {
    let kind = "Content-Type: application/ocsp-request\r\n";
    let reply = try_send(here.public(), "POST", "/ocsp", kind, question);
    let reply = reply.unwrap_or_else(|| panic!("no answer\n{}", here.log()));
    assert!(reply.status == 200 && reply.body.len() > 500, "{reply:?}");
    reply.body
}

/// Octets of memory that the process has.
fn resident(serving: &Serving) -> u64 {
    let status = fs::read_to_string(format!("/proc/{}/status", serving.id())).unwrap();
    let line = status.lines().find(|line| line.starts_with("VmRSS:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse::<u64>().unwrap() * 1024
}
