//! A client that sends exactly what it is told.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

pub(crate) struct Reply {
    pub(crate) status: u16,
    head: String,
    pub(crate) body: Vec<u8>,
}

impl Reply {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.head.lines().skip(1).find_map(|line| {
            let (key, value) = line.split_once(':')?;
            key.eq_ignore_ascii_case(name).then_some(value.trim())
        })
    }

    pub(crate) fn parse(raw: &[u8]) -> Self {
        let end = raw.windows(4).position(|window| window == b"\r\n\r\n").unwrap();
        let head = String::from_utf8(raw[..end].to_vec()).unwrap();
        let status = head.split(' ').nth(1).unwrap().parse().unwrap();
        Self { status, head, body: raw[end + 4..].to_vec() }
    }
}

/// Sends octets and reads until the server closes.
pub(crate) fn exchange(address: SocketAddr, octets: &[u8]) -> Vec<u8> {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
    // The server may refuse and close before everything is sent.
    let _ = stream.write_all(octets);
    let mut raw = Vec::new();
    let _ = stream.read_to_end(&mut raw);
    raw
}

/// One request without a body.
pub(crate) fn ask(address: SocketAddr, method: &str, path: &str, headers: &str) -> Reply {
    let head = format!("{method} {path} HTTP/1.1\r\nHost: ndoba\r\nConnection: close\r\n{headers}\r\n");
    Reply::parse(&exchange(address, head.as_bytes()))
}

pub(crate) fn get(address: SocketAddr, path: &str) -> Reply {
    ask(address, "GET", path, "")
}

/// One request with a body; `media_type` empty sends no Content-Type.
pub(crate) fn post(address: SocketAddr, path: &str, media_type: &str, body: &[u8]) -> Reply {
    let media_type =
        if media_type.is_empty() { String::new() } else { format!("Content-Type: {media_type}\r\n") };
    let length = body.len();
    let head = format!(
        "POST {path} HTTP/1.1\r\nHost: ndoba\r\nConnection: close\r\n{media_type}Content-Length: {length}\r\n\r\n"
    );
    Reply::parse(&exchange(address, &[head.as_bytes(), body].concat()))
}

pub(crate) fn post_ocsp(address: SocketAddr, body: &[u8]) -> Reply {
    post(address, "/ocsp", "application/ocsp-request", body)
}
