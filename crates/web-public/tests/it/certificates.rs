//! Certificates that third parties may see, and that all others are one answer.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};

use crate::http::{Reply, ask, get};
use crate::world::{IN_DOUBT, SHOWN, TOO_OFTEN, World};

#[test]
fn one_is_shown_and_all_others_are_one_answer() {
    let world = World::new();
    let of = |serial: &str| get(world.address, &format!("/certificates/{serial}"));
    let shown = of(SHOWN);
    assert_eq!((shown.status, shown.body.as_slice()), (200, &b"DER"[..]));
    assert_eq!(shown.header("content-type"), Some("application/pkix-cert"));
    assert_eq!(shown.header("cache-control"), Some("no-store"));
    let head = ask(world.address, "HEAD", &format!("/certificates/{SHOWN}"), "");
    assert_eq!((head.status, head.body.len()), (200, 0));
    assert_eq!(ask(world.address, "PUT", &format!("/certificates/{SHOWN}"), "").status, 405);

    let told = |reply: &Reply| {
        let members = ["content-type", "content-length", "cache-control"]
            .map(|name| reply.header(name).map(str::to_owned));
        (reply.status, members, reply.body.clone())
    };
    let nothing = told(&of("5f01"));
    assert_eq!(nothing.0, 404);
    // A part of it, more than it, what is no serial number: nothing is searched.
    for other in ["5f", "5f010200", "5f01*", "%2a", "-1", "x", &"7f".repeat(100)] {
        assert_eq!(told(&of(other)), nothing, "{other}");
    }
    let doubt = of(IN_DOUBT);
    assert_eq!((doubt.status, doubt.header("retry-after")), (503, Some("5")));
    for path in ["/certificates", "/certificates/", "/certificates?subject=01001012345"] {
        assert_eq!(get(world.address, path).status, 404, "{path}");
    }
}

#[test]
fn who_asks_too_often_is_told_nothing() {
    let world = World::new();
    for serial in [SHOWN, "5f01", "x"] {
        let mut stream = connect(world.address);
        let head = format!("GET /certificates/{serial} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
        stream.write_all(head.as_bytes()).unwrap();
        let mut raw = Vec::new();
        stream.read_to_end(&mut raw).unwrap();
        let reply = Reply::parse(&raw);
        assert_eq!((reply.status, reply.header("retry-after")), (429, Some("17")), "{serial}");
    }
}

/// A connection from where too often was asked.
fn connect(address: SocketAddr) -> TcpStream {
    let connected = actix_web::rt::System::new().block_on(async {
        let socket = tokio::net::TcpSocket::new_v4().unwrap();
        socket.bind(SocketAddr::new(TOO_OFTEN, 0)).unwrap();
        socket.connect(address).await.unwrap().into_std().unwrap()
    });
    connected.set_nonblocking(false).unwrap();
    connected
}
