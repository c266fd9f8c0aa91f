//! Published files.

use ndoba_types::Sha256Digest;

use crate::http::{ask, get};
use crate::world::World;

#[test]
fn crls_issuers_and_the_checkpoint() {
    let world = World::new();
    world.write("crl/signature.crl", b"a CRL");
    world.write("crl/signature.3.crl", b"a shard");
    world.write("crl/signature.03.crl", b"called as no list is");
    world.write("issuer/time-stamping.cer", b"a certificate");
    world.write("audit/checkpoint", b"a checkpoint\n");
    world.write("secret.crl", b"not published");
    for (path, media_type, content) in [
        ("/crl/signature.crl", "application/pkix-crl", &b"a CRL"[..]),
        ("/crl/signature.3.crl", "application/pkix-crl", b"a shard"),
        ("/issuer/time-stamping.cer", "application/pkix-cert", b"a certificate"),
        ("/audit/checkpoint", "text/plain; charset=utf-8", b"a checkpoint\n"),
    ] {
        let reply = get(world.address, path);
        assert_eq!((reply.status, reply.body.as_slice()), (200, content), "{path}");
        assert_eq!(reply.header("content-type"), Some(media_type));
        let etag = reply.header("etag").unwrap();
        let again = ask(world.address, "GET", path, &format!("If-None-Match: {etag}\r\n"));
        assert_eq!((again.status, again.body.len()), (304, 0));
        let since = format!("If-Modified-Since: {}\r\n", reply.header("last-modified").unwrap());
        assert_eq!(ask(world.address, "GET", path, &since).status, 304);
        let head = ask(world.address, "HEAD", path, "");
        let length = content.len().to_string();
        assert_eq!((head.status, head.header("content-length")), (200, Some(length.as_str())));
        assert_eq!(ask(world.address, "PUT", path, "").status, 405);
    }
    // A long one comes whole, from its file.
    let long: Vec<u8> = (0..3_000_001).map(|at: u32| (at % 251) as u8).collect();
    world.write("crl/signature.crl", &long);
    for _ in 0..2 {
        let reply = get(world.address, "/crl/signature.crl");
        assert!(reply.body == long, "{} octets", reply.body.len());
        assert_eq!(reply.header("etag").unwrap(), format!("\"{}\"", Sha256Digest::of(&long)));
    }
    // A new CRL is served with the next request.
    world.write("crl/signature.crl", b"a newer CRL");
    assert_eq!(get(world.address, "/crl/signature.crl").body, b"a newer CRL");
    for path in [
        "/crl/seal.crl",
        "/crl/.crl",
        "/crl/signature",
        "/crl/../secret.crl",
        "/crl/..%2fsecret.crl",
        "/crl/%2e%2e/secret.crl",
        "/crl/Signature.crl",
        "/crl/signature.2.crl",
        "/crl/signature.03.crl",
        "/crl/signature.0.crl",
        "/issuer/signature.crl",
    ] {
        assert_eq!(get(world.address, path).status, 404, "{path}");
    }
}
