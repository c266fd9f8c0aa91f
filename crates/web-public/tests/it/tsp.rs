//! The HTTP rows of the TSP contract.

use crate::http::{ask, post};
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
    let get = ask(world.address, "GET", "/tsa", "");
    assert_eq!((get.status, get.header("allow")), (405, Some("POST")));
}
