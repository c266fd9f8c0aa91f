//! Ports nobody listens on.

use std::io;
use std::net::TcpListener;
use std::sync::atomic::{AtomicU16, Ordering};

/// Below the kernel's own range (`net.ipv4.ip_local_port_range`): no client's connection, of which tests and load
/// generators have thousands, takes for its own end what a server is about to listen on.
const FIRST: u16 = 10_000;
const COUNT: u16 = 20_000;

/// A port of 127.0.0.1 that nobody listens on; another one at each call.
///
/// # Errors
///
/// [`io::ErrorKind::AddrInUse`] when somebody listens on every port that is tried.
pub fn free_port() -> io::Result<u16> {
    static NEXT: AtomicU16 = AtomicU16::new(0);
    // Another process begins elsewhere.
    let begin = std::process::id().wrapping_mul(61);
    for _ in 0..COUNT {
        let turn = u32::from(NEXT.fetch_add(1, Ordering::Relaxed));
        let place = begin.wrapping_add(turn) % u32::from(COUNT);
        let port = FIRST + u16::try_from(place).unwrap_or(0);
        if TcpListener::bind(("127.0.0.1", port)).is_ok() {
            return Ok(port);
        }
    }
    Err(io::Error::new(io::ErrorKind::AddrInUse, "somebody listens on every port that was tried"))
}
