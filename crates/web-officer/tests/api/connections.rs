//! What is asked on every request, not once for a connection; and requests that two readers would read differently.

mod h2;

use std::io::{Read as _, Write as _};

use crate::support::{Served, read_one};

/// One connection, kept open: good a moment ago, and no more when the grant has ended.
#[test]
fn the_register_is_asked_on_every_request_of_a_connection() {
    let served = Served::start();
    let mut stream = served.connect(Some(served.world.officer("approver"))).unwrap();
    let mut ask = || {
        stream.write_all(b"GET /api/v1/whoami HTTP/1.1\r\nhost: localhost\r\n\r\n").unwrap();
        read_one(&mut stream).unwrap()
    };
    assert_eq!((ask().status, ask().status), (200, 200));
    served.world.dismiss("approver");
    let refused = ask();
    assert_eq!((refused.status, refused.code().as_str()), (403, "auth.not-an-officer"));
    assert_eq!(ask().status, 403);
}

/// The same for requests that share a connection of HTTP/2.
#[test]
fn the_register_is_asked_on_every_request_of_an_h2_connection() {
    let served = Served::start();
    let mut connection = h2::Connection::open(&served, "approver");
    assert_eq!((connection.whoami(), connection.whoami()), (h2::Answer::Ok, h2::Answer::Ok));
    served.world.dismiss("approver");
    for _ in 0..2 {
        let h2::Answer::Refused(body) = connection.whoami() else { panic!("an answer") };
        assert!(body.contains("auth.not-an-officer"), "{body}");
    }
}

/// Two readers of one message must not see two messages: at most one answer, a refusal, and nothing behind it is read.
#[test]
fn a_message_with_two_readings_has_none() {
    let served = Served::start();
    let officer = served.world.officer("registration-officer");
    let hidden = "GET /api/v1/whoami HTTP/1.1\r\nhost: localhost\r\n\r\n";
    let length = hidden.len();
    let start = "POST /api/v1/applications HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n";
    let tries = [
        (
            "both lengths",
            format!("content-length: {length}\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n{hidden}"),
        ),
        (
            "both, turned around",
            format!("transfer-encoding: chunked\r\ncontent-length: 4\r\n\r\n0\r\n\r\n{hidden}"),
        ),
        ("two lengths", format!("content-length: 0\r\ncontent-length: {length}\r\n\r\n{hidden}")),
        ("two lengths in one", format!("content-length: 0, {length}\r\n\r\n{hidden}")),
        ("a length with a sign", format!("content-length: +0\r\n\r\n{hidden}")),
        ("a length in hexadecimal", format!("content-length: 0x0\r\n\r\n{hidden}")),
        ("a negative length", format!("content-length: -1\r\n\r\n{hidden}")),
        ("a space before the colon", format!("content-length : 0\r\n\r\n{hidden}")),
        (
            "a space before the name",
            format!("x: a\r\n content-length: 0\r\ncontent-length: {length}\r\n\r\n{hidden}"),
        ),
        ("a folded line", format!("transfer-encoding:\r\n chunked\r\n\r\n0\r\n\r\n{hidden}")),
        ("a coding that is none", format!("transfer-encoding: xchunked\r\n\r\n0\r\n\r\n{hidden}")),
        ("chunked not last", format!("transfer-encoding: chunked, identity\r\n\r\n0\r\n\r\n{hidden}")),
        (
            "two codings",
            format!("transfer-encoding: chunked\r\ntransfer-encoding: identity\r\n\r\n0\r\n\r\n{hidden}"),
        ),
        ("a chunk of less than nothing", format!("transfer-encoding: chunked\r\n\r\n-1\r\n\r\n{hidden}")),
        (
            "a chunk of more than there is",
            format!("transfer-encoding: chunked\r\n\r\nfffffffffffffffff\r\n\r\n{hidden}"),
        ),
        ("NUL in a value", format!("x: a\u{0}b\r\ncontent-length: 0\r\n\r\n{hidden}")),
        (
            "a bare CR in a value",
            format!("x: a\rcontent-length: {length}\r\ncontent-length: 0\r\n\r\n{hidden}"),
        ),
        ("a name with a space", format!("x y: a\r\ncontent-length: 0\r\n\r\n{hidden}")),
    ];
    for (what, rest) in tries {
        let mut stream = served.connect(Some(officer)).unwrap();
        stream.write_all(format!("{start}{rest}").as_bytes()).unwrap();
        // Whoever waits for more than comes waits in vain.
        stream.conn.send_close_notify();
        let _ = stream.flush();
        let _ = stream.sock.shutdown(std::net::Shutdown::Write);
        let mut said = Vec::new();
        let _ = stream.read_to_end(&mut said);
        let said = String::from_utf8_lossy(&said);
        let status = |rest: &str| rest.get(..3).and_then(|digits| digits.parse::<u16>().ok());
        let answers: Vec<u16> = said.split("HTTP/1.1 ").skip(1).filter_map(status).collect();
        assert!(answers.len() <= 1 && answers.iter().all(|status| *status >= 400), "{what}: {said}");
    }
    assert_eq!(served.world.registry.tables().applications.len(), 0);
    // Without a lie both are answered.
    let mut stream = served.connect(Some(officer)).unwrap();
    stream.write_all(format!("{start}content-length: 2\r\n\r\n{{}}{hidden}").as_bytes()).unwrap();
    assert_eq!((read_one(&mut stream).unwrap().status, read_one(&mut stream).unwrap().status), (422, 200));
}

/// HTTP/2 has lengths of its own, and no lines: what would be another message where it is written as HTTP/1.1 is refused.
#[test]
fn what_would_be_another_message_elsewhere_is_refused_in_h2() {
    let served = Served::start();
    let honest = h2::whoami_fields();
    let with = |name: &str, value: &str| {
        let mut fields = honest.clone();
        fields.push((name.to_owned(), value.to_owned()));
        fields
    };
    let changed = |name: &str, value: &str| {
        let mut fields = honest.clone();
        fields.iter_mut().filter(|field| field.0 == name).for_each(|field| value.clone_into(&mut field.1));
        fields
    };
    let without = |name: &str| -> Vec<(String, String)> {
        honest.iter().filter(|field| field.0 != name).cloned().collect()
    };
    let mut late = with("x", "y");
    late.rotate_right(1);
    let tries = [
        ("a coding of HTTP/1.1", with("transfer-encoding", "chunked")),
        ("a connection's field", with("connection", "keep-alive")),
        ("upper case", with("Content-Length", "0")),
        ("a line end in a value", with("x", "a\r\ntransfer-encoding: chunked")),
        ("a line feed in a value", with("x", "a\nb")),
        ("NUL in a value", with("x", "a\u{0}b")),
        ("a line end in a name", with("x\r\ny", "a")),
        ("a colon in a name", with("x:y", "a")),
        ("a second path", with(":path", "/api/v1/grants")),
        ("a pseudo-header that is none", with(":evil", "x")),
        ("an answer's pseudo-header", with(":status", "200")),
        ("a pseudo-header after a field", late),
        ("a line end in the path", changed(":path", "/api/v1/whoami HTTP/1.1\r\nx: y")),
        ("a space in the path", changed(":path", "/api/v1/whoami x")),
        ("a line end in the method", changed(":method", "GET / HTTP/1.1\r\nx:")),
        ("no method", without(":method")),
        ("no path", without(":path")),
    ];
    for (what, fields) in tries {
        let mut connection = h2::Connection::open(&served, "registration-officer");
        assert_eq!(connection.whoami(), h2::Answer::Ok);
        let answer = connection.ask(&fields);
        assert!(!matches!(answer, h2::Answer::Ok), "{what}: {answer:?}");
    }
    // A body that is longer, or shorter, than its length.
    let mut post = changed(":method", "POST");
    post[3].1 = "/api/v1/applications".into();
    post.push(("content-type".into(), "application/json".into()));
    for (length, reset) in [("1", true), ("5", true), ("2", false)] {
        let fields = [&post[..], &[("content-length".into(), length.into())]].concat();
        let answer = h2::Connection::open(&served, "registration-officer").post(&fields, b"{}");
        assert_eq!(matches!(answer, h2::Answer::Reset), reset, "{length}: {answer:?}");
    }
}
