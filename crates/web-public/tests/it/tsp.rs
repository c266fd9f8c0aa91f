//! The HTTP rows of the TSP contract.

use actix_web::web::Bytes;

use crate::http::{Reply, ask, exchange, post};
use crate::world::World;

const QUERY: &str = "application/timestamp-query";

#[test]
fn contract() {
    let world = World::new();
    for media_type in [QUERY, "application/timestamp-query; charset=utf-8", ""] {
        let reply = post(world.address, "/tsa", media_type, b"a request");
        assert_eq!((reply.status, reply.body.as_slice()), (200, &b"a request"[..]));
        assert_eq!(reply.header("content-type"), Some("application/timestamp-reply"));
    }
    assert_eq!(post(world.address, "/tsa", "text/plain", b"a request").status, 415);
    assert_eq!(post(world.address, "/tsa", QUERY, b"").status, 400);
    assert_eq!(post(world.address, "/tsa", QUERY, &vec![0x30; 65 * 1024]).status, 413);
    let busy = post(world.address, "/tsa", QUERY, b"busy");
    assert_eq!((busy.status, busy.header("retry-after")), (503, Some("3")));
    assert!(String::from_utf8(busy.body).unwrap().contains("try again in 3 s"));
    // Whatever the client says it would take.
    let accepting = b"POST /tsa HTTP/1.1\r\nHost: ndoba\r\nAccept: application/json\r\nContent-Type: application/timestamp-query\r\n\
        Content-Length: 1\r\nConnection: close\r\n\r\nx";
    assert_eq!(Reply::parse(&exchange(world.address, accepting)).status, 200);
    for (path, body) in [("/tsa/tsu", &b"x"[..]), ("/tsa/other", b"x to the other")] {
        assert_eq!(post(world.address, path, QUERY, b"x").body, body);
    }
    for nobody in ["/tsa/none", "/tsa/", "/tsa/other/more"] {
        assert_eq!(post(world.address, nobody, QUERY, b"x").status, 404, "{nobody}");
    }
    let chain = ask(world.address, "GET", "/tsa/other/certificates", "");
    assert_eq!((chain.status, chain.body.as_slice()), (200, &b"certificates to the other"[..]));
    assert_eq!(chain.header("content-type"), Some("application/pkcs7-mime; smime-type=certs-only"));
    assert_eq!(post(world.address, "/tsa/other/certificates", QUERY, b"x").status, 405);
    let get = ask(world.address, "GET", "/tsa", "");
    assert_eq!((get.status, get.header("allow")), (405, Some("POST")));
}

#[test]
fn the_clocks_statement_is_served_while_there_is_one() {
    let world = World::new();
    let away = ask(world.address, "GET", "/tsa/clock", "");
    assert_eq!((away.status, away.header("retry-after")), (503, Some("5")));
    *world.statement.0.lock().unwrap() = Some(Bytes::from_static(b"{}"));
    let there = ask(world.address, "GET", "/tsa/clock", "");
    assert_eq!((there.status, there.body.as_slice()), (200, &b"{}"[..]));
    assert_eq!(there.header("content-type"), Some("application/jose+json"));
    assert_eq!(there.header("cache-control"), Some("no-store"));
    let posted = post(world.address, "/tsa/clock", QUERY, b"x");
    assert_eq!((posted.status, posted.header("allow")), (405, Some("GET, HEAD")));
}
