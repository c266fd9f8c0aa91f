//! HTTP/1.1 as a client under load needs it: one request at a time on a connection, only the parts that are counted.

use std::net::SocketAddr;

use anyhow::Context as _;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

/// A connection to a server on loopback.
pub(crate) struct Connection {
    stream: TcpStream,
    buffer: Vec<u8>,
}

/// An answer; valid until the next request.
#[derive(Debug)]
pub(crate) struct Answer<'a> {
    /// The status code's three digits.
    pub(crate) status: &'a [u8],
    /// Status line and headers, without the empty line.
    pub(crate) head: &'a [u8],
    /// The body.
    pub(crate) body: &'a [u8],
}

impl Connection {
    pub(crate) async fn open(address: SocketAddr) -> anyhow::Result<Self> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        Ok(Self { stream, buffer: Vec::with_capacity(16 * 1024) })
    }

    /// Sends a whole request and reads the whole answer.
    pub(crate) async fn exchange(&mut self, request: &[u8]) -> anyhow::Result<Answer<'_>> {
        self.stream.write_all(request).await?;
        self.buffer.clear();
        let head = loop {
            self.more().await?;
            if let Some(end) = find(&self.buffer, b"\r\n\r\n") {
                break end;
            }
        };
        let body = head + 4;
        match content_length(self.buffer.get(..head).unwrap_or_default())? {
            Some(length) => {
                while self.buffer.len() < body + length {
                    self.more().await?;
                }
            }
            // `openssl ocsp` says nothing of lengths: its answer ends with the connection.
            None => while self.stream.read_buf(&mut self.buffer).await? > 0 {},
        }
        let (head, rest) = self.buffer.split_at(head);
        Ok(Answer {
            status: head.get(9..12).unwrap_or_default(),
            head,
            body: rest.get(4..).unwrap_or_default(),
        })
    }

    async fn more(&mut self) -> anyhow::Result<()> {
        let read = self.stream.read_buf(&mut self.buffer).await?;
        anyhow::ensure!(read > 0, "the server closed the connection in the midst of an answer");
        Ok(())
    }
}

fn find(bytes: &[u8], wanted: &[u8]) -> Option<usize> {
    bytes.windows(wanted.len()).position(|window| window == wanted)
}

fn content_length(head: &[u8]) -> anyhow::Result<Option<usize>> {
    const NAME: &[u8] = b"content-length:";
    for line in head.split(|octet| *octet == b'\n') {
        if line.get(..NAME.len()).is_some_and(|name| name.eq_ignore_ascii_case(NAME)) {
            let value = std::str::from_utf8(line.get(NAME.len()..).unwrap_or_default())?;
            return Ok(Some(value.trim().parse().context("a content-length that is no number")?));
        }
    }
    Ok(None)
}

/// A GET of `path`.
pub(crate) fn get(path: &str) -> Vec<u8> {
    format!("GET {path} HTTP/1.1\r\nhost: 127.0.0.1\r\n\r\n").into_bytes()
}

/// A POST of `body` to `path`.
pub(crate) fn post(path: &str, media_type: &str, body: &[u8]) -> Vec<u8> {
    let length = body.len();
    let head = format!(
        "POST {path} HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-type: {media_type}\r\ncontent-length: {length}\r\n\r\n"
    );
    [head.as_bytes(), body].concat()
}

/// Asks once and gives the answer to `then`.
pub(crate) fn on_answer<T>(
    address: SocketAddr,
    request: &[u8],
    then: impl FnOnce(&Answer<'_>) -> T,
) -> anyhow::Result<T> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async { Ok(then(&Connection::open(address).await?.exchange(request).await?)) })
}
