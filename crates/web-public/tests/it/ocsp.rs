//! K-O01, K-O11 and the HTTP rows of the OCSP contract.

use std::fs;
use std::process::Command;

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use ndoba_ocsp::CertStatusFacts;
use ndoba_types::{Clock, SerialNumber, Sha256Digest, Span};
use ndoba_x509::RevocationReason;

use crate::http::{Reply, ask, exchange, get, post, post_ocsp};
use crate::requests::{nonce, request, sha1_id, tlv};
use crate::world::World;

const MALFORMED: &[u8] = &[0x30, 3, 0x0a, 1, 1];
const UNAUTHORIZED: &[u8] = &[0x30, 3, 0x0a, 1, 6];

#[test]
fn openssl_asks() {
    let world = World::new();
    let dir = world.dir.path();
    let serial: SerialNumber = "5bd1ad6ca8c31a6a3d5a1f6d00000001".parse().unwrap();
    let person = world.pki.person(&serial);
    fs::write(dir.join("ca.der"), &world.pki.ca).unwrap();
    fs::write(dir.join("person.der"), &person).unwrap();
    let url = format!("http://{}/ocsp", world.address);
    let openssl = |arguments: &[&str]| {
        let output = Command::new("openssl").args(arguments).current_dir(dir).output().unwrap();
        let text = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
        assert!(output.status.success(), "{text}");
        text
    };
    openssl(&["x509", "-inform", "DER", "-in", "ca.der", "-out", "ca.pem"]);
    openssl(&["x509", "-inform", "DER", "-in", "person.der", "-out", "person.pem"]);
    let check = |extra: &[&str]| {
        let common = ["ocsp", "-issuer", "ca.pem", "-CAfile", "ca.pem", "-url", &url];
        let text = openssl(&[&common[..], extra, &["-cert", "person.pem"]].concat());
        assert!(text.contains("Response verify OK"), "{text}");
        for complaint in ["Status times invalid", "WARNING", "Nonce Verify error"] {
            assert!(!text.contains(complaint), "{text}");
        }
        text
    };

    assert!(check(&[]).contains("person.pem: unknown"));
    let certificate = Sha256Digest::of(&person);
    world.records.set(&serial, CertStatusFacts::Good { certificate });
    for extra in [&[][..], &["-no_nonce"], &["-sha256"], &["-sha512", "-no_nonce"]] {
        assert!(check(extra).contains("person.pem: good"));
    }
    let since = world.clock.now().minus(Span::minutes(1));
    world.records.set(&serial, CertStatusFacts::Suspended { since, certificate: Some(certificate) });
    assert!(check(&["-no_nonce"]).contains("Reason: certificateHold"));
    let reason = RevocationReason::KeyCompromise;
    world
        .records
        .set(&serial, CertStatusFacts::Revoked { at: since, reason, certificate: Some(certificate) });
    for extra in [&[][..], &["-no_nonce"]] {
        let text = check(extra);
        assert!(text.contains("person.pem: revoked") && text.contains("Reason: keyCompromise"), "{text}");
    }
}

#[test]
fn get_in_every_spelling_gives_the_same_octets() {
    let world = World::new();
    // Serials that bring `+`, `/` and `//` into the base64.
    for serial in ["7bfbefbefbefbe000000000000000001", "7fffffffffffffffffffffffffffffff", "01"] {
        let (_, asked) = world.issue(serial);
        let posted = post_ocsp(world.address, &asked);
        assert_eq!(posted.status, 200);
        assert!(posted.body.len() > 500);
        let text = STANDARD.encode(&asked);
        let escaped = text.replace('+', "%2B").replace('/', "%2F").replace('=', "%3D");
        let mut spellings = vec![
            format!("/ocsp/{text}"),
            format!("/ocsp/{escaped}"),
            format!("/ocsp/{}", escaped.to_lowercase().replace(&escaped.to_lowercase(), &escaped)),
            format!("/ocsp//{text}"),
            format!("/ocsp///{escaped}"),
            format!("/ocsp/{}", URL_SAFE_NO_PAD.encode(&asked)),
            format!("/ocsp/{}", text.trim_end_matches('=')),
        ];
        if text.contains("//") {
            spellings.push(format!("/ocsp/{}", text.replacen("//", "/", 1)));
        }
        for path in spellings {
            let got = get(world.address, &path);
            assert_eq!((got.status, &got.body), (200, &posted.body), "{path}");
            assert_eq!(got.header("content-type"), Some("application/ocsp-response"));
        }
    }
    assert_eq!(world.signed(), 3, "each was signed once");
}

#[test]
fn headers_of_what_may_be_cached() {
    let world = World::new();
    let (_, asked) = world.issue("0a");
    let path = format!("/ocsp/{}", URL_SAFE_NO_PAD.encode(&asked));
    let first = get(world.address, &path);
    let etag = format!("\"{}\"", Sha256Digest::of(&first.body));
    assert_eq!(first.header("etag"), Some(etag.as_str()));
    assert_eq!(first.header("content-length"), Some(first.body.len().to_string().as_str()));
    for name in ["last-modified", "expires", "date"] {
        assert!(first.header(name).is_some_and(|value| value.ends_with(" GMT")), "{name}");
    }
    assert!(first.header("pragma").is_none());
    let cache_control = first.header("cache-control").unwrap();
    let (max_age, rest) = cache_control.split_once(',').unwrap();
    assert_eq!(rest, "public,no-transform,must-revalidate");
    // Half of the answer's hour, or up to a tenth of it less, less what has passed.
    let max_age: u32 = max_age.strip_prefix("max-age=").unwrap().parse().unwrap();
    assert!((1430..=1800).contains(&max_age), "{max_age}");

    let conditional = |headers: &str| ask(world.address, "GET", &path, headers);
    for headers in [
        format!("If-None-Match: {etag}\r\n"),
        format!("If-None-Match: \"x\", W/{etag}\r\n"),
        format!("If-Modified-Since: {}\r\n", first.header("last-modified").unwrap()),
    ] {
        let reply = conditional(&headers);
        assert_eq!((reply.status, reply.body.len()), (304, 0), "{headers}");
        assert_eq!(reply.header("etag"), Some(etag.as_str()));
        assert!(reply.header("expires").is_some());
    }
    assert_eq!(conditional("If-None-Match: \"other\"\r\n").status, 200);

    let head = ask(world.address, "HEAD", &path, "");
    assert_eq!((head.status, head.body.len()), (200, 0));
    assert_eq!(head.header("etag"), Some(etag.as_str()));

    // A nonce: one asker's answer (RFC 9919 §7.2 forbids no-store here).
    let cert_id = sha1_id(&world.pki.ca, &[0x0a]);
    let own = post_ocsp(world.address, &request(&[cert_id], &[nonce(b"sixteen octets..")]));
    assert_eq!(own.header("cache-control"), Some("private, max-age=0"));
    assert_eq!((own.header("expires"), own.header("etag")), (None, None));
    assert!(own.body.windows(16).any(|window| window == b"sixteen octets.."));

    // No authority, no caching.
    let foreign = post_ocsp(world.address, &request(&[sha1_id(&world.pki.responder, &[1])], &[]));
    assert_eq!((foreign.status, foreign.body.as_slice()), (200, UNAUTHORIZED));
    assert_eq!(foreign.header("cache-control"), Some("no-cache, no-store"));
}

#[test]
fn types_methods_and_sizes() {
    let world = World::new();
    let (_, asked) = world.issue("0b");
    for media_type in ["", "application/ocsp-request; charset=binary", "Application/OCSP-Request"] {
        assert_eq!(post(world.address, "/ocsp", media_type, &asked).status, 200, "{media_type}");
    }
    assert_eq!(post(world.address, "/ocsp/", "application/ocsp-request", &asked).status, 200);
    for media_type in ["text/plain", "application/x-www-form-urlencoded", "\u{fffd}"] {
        assert_eq!(post(world.address, "/ocsp", media_type, &asked).status, 415, "{media_type}");
    }
    assert_eq!(post(world.address, "/ocsp/elsewhere", "application/ocsp-request", &asked).status, 404);
    for method in ["PUT", "DELETE", "OPTIONS", "PATCH"] {
        let reply = ask(world.address, method, "/ocsp", "");
        assert_eq!((reply.status, reply.header("allow")), (405, Some("GET, HEAD, POST")));
    }

    // K-O05, and too much of it: a mebibyte of BER's indefinite lengths, announced and in chunks.
    let octets = [0x30, 0x80].repeat(1 << 19);
    let announced = post_ocsp(world.address, &octets);
    let head = "POST /ocsp HTTP/1.1\r\nHost: x\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n";
    let chunks = [format!("{head}{:x}\r\n", octets.len()).as_bytes(), &octets, b"\r\n0\r\n\r\n"].concat();
    let chunked = Reply::parse(&exchange(world.address, &chunks));
    for reply in [announced, chunked] {
        assert_eq!((reply.status, reply.body.len()), (413, 0));
    }
    assert_eq!(post(world.address, "/tsa", "application/timestamp-query", &octets).status, 413);

    for page in ["/", "/pki", "/ocsp", "/ocsp/", "/ocsp//"] {
        let reply = get(world.address, page);
        assert_eq!(reply.status, 200, "{page}");
        assert_eq!(reply.header("content-type"), Some("text/html; charset=utf-8"));
        assert_eq!(reply.header("x-content-type-options"), Some("nosniff"));
        let page = String::from_utf8_lossy(&reply.body);
        assert!(page.contains("/crl/signature.crl") && page.contains("/crl/signature.16.crl"), "{page}");
        assert!(!page.contains("/crl/root.1.crl"), "{page}");
    }
    assert_eq!(ask(world.address, "POST", "/pki", "Content-Length: 0\r\n").status, 405);
    for path in ["/elsewhere", "/ocspx", "/ocspx/MAA", "/%6fcsp/MAA", "/OCSP"] {
        assert_eq!(get(world.address, path).status, 404, "{path}");
    }
}

#[test]
fn what_is_no_request() {
    let world = World::new();
    let (_, asked) = world.issue("0c");
    for body in
        [&[][..], b"garbage", &asked[..20], &[asked.clone(), vec![0]].concat(), &[0x30, 0x80].repeat(9000)]
    {
        let reply = post_ocsp(world.address, body);
        assert_eq!((reply.status, reply.body.as_slice()), (200, MALFORMED));
        assert_eq!(reply.header("content-type"), Some("application/ocsp-response"));
    }
    for path in ["/ocsp/not*base64", "/ocsp/%", "/ocsp/MAA=", "/ocsp/%0a", "/ocsp/favicon.ico"] {
        let reply = get(world.address, path);
        assert_eq!((reply.status, reply.body.as_slice()), (200, MALFORMED), "{path}");
    }
    // More than the router would take for a path: 400 or the protocol's own word, and no panic.
    let long = format!("/ocsp/{}", "M".repeat(60_000));
    assert!([200, 400, 414, 431].contains(&get(world.address, &long).status));
    assert_eq!(post_ocsp(world.address, &asked).status, 200);
}

#[test]
fn several_at_once_and_serials_that_cannot_be() {
    let world = World::new();
    world.issue("11");
    let id = |serial: &[u8]| sha1_id(&world.pki.ca, serial);
    let both = post_ocsp(world.address, &request(&[id(&[0x12]), id(&[0x11])], &[]));
    assert_eq!(both.body.windows(2).filter(|pair| *pair == [0x82, 0x00]).count(), 1);
    let long = [0x7f; 600];
    for serial in [&[0x00][..], &[0xff], &long] {
        let reply = post_ocsp(world.address, &request(&[id(serial)], &[]));
        let echoed = tlv(0x02, &[serial]);
        assert!(reply.body.windows(echoed.len()).any(|window| window == echoed));
        assert!(reply.body.windows(2).any(|pair| pair == [0x82, 0x00]));
    }
}
