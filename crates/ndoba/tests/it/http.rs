//! A client that sends exactly what it is told.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

/// An answer.
#[derive(Clone)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    head: String,
    pub(crate) body: Vec<u8>,
}

impl std::fmt::Debug for Reply {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}\n{}", self.head, String::from_utf8_lossy(&self.body))
    }
}

impl Reply {
    /// Reads an answer as it came over the wire.
    pub(crate) fn parse(raw: &[u8]) -> Option<Self> {
        let end = raw.windows(4).position(|window| window == b"\r\n\r\n")?;
        let head = String::from_utf8(raw[..end].to_vec()).ok()?;
        let status = head.split(' ').nth(1)?.parse().ok()?;
        Some(Self { status, head, body: raw[end + 4..].to_vec() })
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.head.lines().skip(1).find_map(|line| {
            let (key, value) = line.split_once(':')?;
            key.eq_ignore_ascii_case(name).then_some(value.trim())
        })
    }
}

/// One request on a connection of its own; `headers` end with a line end each. Nothing when there is no answer.
pub(crate) fn try_send(
    address: SocketAddr,
    method: &str,
    path: &str,
    headers: &str,
    body: &[u8],
) -> Option<Reply> {
    let length = body.len();
    let head = format!(
        "{method} {path} HTTP/1.1\r\nHost: ndoba\r\nConnection: close\r\n{headers}Content-Length: {length}\r\n\r\n"
    );
    raw(address, &[head.as_bytes(), body].concat())
}

/// Sends octets and reads until the server closes.
pub(crate) fn raw(address: SocketAddr, octets: &[u8]) -> Option<Reply> {
    let mut stream = TcpStream::connect(address).ok()?;
    stream.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
    // The server may refuse and close before everything is sent.
    let _ = stream.write_all(octets);
    let mut raw = Vec::new();
    let _ = stream.read_to_end(&mut raw);
    Reply::parse(&raw)
}

pub(crate) fn send(address: SocketAddr, method: &str, path: &str, headers: &str, body: &[u8]) -> Reply {
    try_send(address, method, path, headers, body).expect("an answer")
}

pub(crate) fn try_stamp(address: SocketAddr, path: &str, request: &[u8]) -> Option<Reply> {
    try_send(address, "POST", path, "Content-Type: application/timestamp-query\r\n", request)
}

/// A TimeStampReq to the address of a unit.
pub(crate) fn stamp(address: SocketAddr, path: &str, request: &[u8]) -> Reply {
    try_stamp(address, path, request).expect("an answer")
}

/// A GET of the public's.
pub(crate) fn get(address: SocketAddr, path: &str) -> Reply {
    send(address, "GET", path, "", b"")
}
