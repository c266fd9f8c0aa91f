//! A client of HTTP/2 that sends what no library would: frames and fields as they are given (RFC 9113, RFC 7541).

use std::io::{Read as _, Write as _};

use crate::support::{Served, Stream};

const DATA: u8 = 0;
const HEADERS: u8 = 1;
const RST_STREAM: u8 = 3;
const SETTINGS: u8 = 4;
const GOAWAY: u8 = 7;
const END_STREAM: u8 = 1;
const END_HEADERS: u8 = 4;
const ACK: u8 = 1;

/// What came of a request.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Answer {
    /// 200.
    Ok,
    /// Another status, with this body.
    Refused(String),
    /// The stream or the connection was ended.
    Reset,
}

/// A connection of one officer.
pub(super) struct Connection {
    stream: Stream,
    next: u32,
}

/// The fields of an honest request.
pub(super) fn whoami_fields() -> Vec<(String, String)> {
    [(":method", "GET"), (":scheme", "https"), (":authority", "localhost"), (":path", "/api/v1/whoami")]
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .into()
}

impl Connection {
    pub(super) fn open(served: &Served, officer: &str) -> Self {
        let mut stream = served.connect_for(Some(served.world.officer(officer)), &[b"h2"]).unwrap();
        stream.write_all(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n").unwrap();
        assert_eq!(stream.conn.alpn_protocol(), Some(&b"h2"[..]), "the server speaks HTTP/2");
        let mut connection = Self { stream, next: 1 };
        connection.send(SETTINGS, 0, 0, &[]);
        connection
    }

    pub(super) fn whoami(&mut self) -> Answer {
        self.ask(&whoami_fields())
    }

    /// A request without a body, with these fields in this order.
    pub(super) fn ask(&mut self, fields: &[(String, String)]) -> Answer {
        self.exchange(fields, None)
    }

    /// The same with a body.
    pub(super) fn post(&mut self, fields: &[(String, String)], body: &[u8]) -> Answer {
        self.exchange(fields, Some(body))
    }

    fn exchange(&mut self, fields: &[(String, String)], sent: Option<&[u8]>) -> Answer {
        let stream = self.next;
        self.next += 2;
        // Each a literal that is never indexed, with a new name, without Huffman's code.
        let block: Vec<u8> = fields
            .iter()
            .flat_map(|(name, value)| {
                let text = |text: &str| [&[u8::try_from(text.len()).unwrap()], text.as_bytes()].concat();
                [vec![0x10], text(name), text(value)].concat()
            })
            .collect();
        let ends = if sent.is_none() { END_STREAM } else { 0 };
        self.send(HEADERS, ends | END_HEADERS, stream, &block);
        if let Some(sent) = sent {
            self.send(DATA, END_STREAM, stream, sent);
        }
        let mut body = Vec::new();
        loop {
            let Some((kind, flags, of, payload)) = self.receive() else { return Answer::Reset };
            match kind {
                SETTINGS if flags & ACK == 0 => self.send(SETTINGS, ACK, 0, &[]),
                GOAWAY => return Answer::Reset,
                RST_STREAM if of == stream => return Answer::Reset,
                // `:status 200` is one octet of the static table.
                HEADERS if of == stream && payload.first() == Some(&0x88) => return self.rest(stream, flags),
                DATA if of == stream => body.extend(payload),
                _ => {}
            }
            if of == stream && matches!(kind, DATA | HEADERS) && flags & END_STREAM != 0 {
                return Answer::Refused(String::from_utf8_lossy(&body).into_owned());
            }
        }
    }

    /// Reads a good answer to its end.
    fn rest(&mut self, stream: u32, mut flags: u8) -> Answer {
        while flags & END_STREAM == 0 {
            match self.receive() {
                Some((DATA, more, of, _)) if of == stream => flags = more,
                Some((RST_STREAM, _, of, _)) if of == stream => return Answer::Reset,
                Some(_) => {}
                None => return Answer::Reset,
            }
        }
        Answer::Ok
    }

    fn send(&mut self, kind: u8, flags: u8, stream: u32, payload: &[u8]) {
        let length = u32::try_from(payload.len()).unwrap().to_be_bytes();
        let head = [&length[1..], &[kind, flags], &stream.to_be_bytes()].concat();
        // A server that refuses early may have closed.
        let _ = self.stream.write_all(&[&head, payload].concat());
    }

    fn receive(&mut self) -> Option<(u8, u8, u32, Vec<u8>)> {
        let mut head = [0; 9];
        self.stream.read_exact(&mut head).ok()?;
        let [a, b, c, kind, flags, stream @ ..] = head;
        let mut payload = vec![0; usize::try_from(u32::from_be_bytes([0, a, b, c])).unwrap()];
        self.stream.read_exact(&mut payload).ok()?;
        Some((kind, flags, u32::from_be_bytes(stream), payload))
    }
}
