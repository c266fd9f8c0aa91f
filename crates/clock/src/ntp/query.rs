//! One question over UDP.

use std::io;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr, ToSocketAddrs as _, UdpSocket};
use std::time::{Duration, Instant};

use ndoba_types::Random;

use super::{Answer, NtpTimestamp, PACKET_LEN, Refusal, Sample, request};
use crate::ClockSource;

/// A server by name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServerAddress {
    /// Host name or IP address.
    pub host: String,
    /// UDP port.
    pub port: u16,
}

impl std::fmt::Display for ServerAddress {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if self.host.contains(':') {
            write!(f, "[{}]:{}", self.host, self.port)
        } else {
            write!(f, "{}:{}", self.host, self.port)
        }
    }
}

impl ServerAddress {
    /// Its addresses. Blocks as long as the system's resolver does.
    pub(crate) fn resolve(&self) -> Result<SocketAddr, Unanswered> {
        let mut addresses =
            (self.host.as_str(), self.port).to_socket_addrs().map_err(|_| Unanswered::NoAddress)?;
        addresses.next().ok_or(Unanswered::NoAddress)
    }
}

/// Why a question has no answer that counts.
#[derive(Debug, thiserror::Error)]
pub enum Unanswered {
    /// Its name does not resolve.
    #[error("its name has no address")]
    NoAddress,
    /// No nonce could be drawn.
    #[error(transparent)]
    NoRandomness(#[from] ndoba_types::RandomUnavailable),
    /// It answered, and the answer was refused.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// Nothing came in time.
    #[error("it does not answer")]
    Silent,
    /// The network said so.
    #[error("it cannot be reached")]
    Unreachable(#[source] io::Error),
}

/// Asks the server at `address`, once; waits `timeout` at most.
///
/// A socket, port and nonce of its own for each question. Packets that do not repeat the nonce are passed over, so
/// that a forger who is quicker than the server gains nothing.
///
/// # Errors
///
/// [`Unanswered`].
pub fn ask(
    address: SocketAddr,
    timeout: Duration,
    clock: &dyn ClockSource,
    random: &dyn Random,
) -> Result<Sample, Unanswered> {
    let mut nonce = [0; 8];
    random.fill(&mut nonce)?;
    let nonce = NtpTimestamp::from_bits(u64::from_be_bytes(nonce));
    let local: SocketAddr = match address {
        SocketAddr::V4(_) => (Ipv4Addr::UNSPECIFIED, 0).into(),
        SocketAddr::V6(_) => (Ipv6Addr::UNSPECIFIED, 0).into(),
    };
    let socket = UdpSocket::bind(local).map_err(Unanswered::Unreachable)?;
    socket.connect(address).map_err(Unanswered::Unreachable)?;

    let deadline = Instant::now() + timeout;
    let sent = clock.read();
    socket.send(&request(nonce)).map_err(Unanswered::Unreachable)?;
    let mut outcome = Unanswered::Silent;
    // Longer packets are cut: only their beginning counts.
    let mut packet = [0; PACKET_LEN];
    loop {
        let left = deadline.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Err(outcome);
        }
        socket.set_read_timeout(Some(left)).map_err(Unanswered::Unreachable)?;
        let length = match socket.recv(&mut packet) {
            Ok(length) => length,
            Err(error) if [io::ErrorKind::WouldBlock, io::ErrorKind::TimedOut].contains(&error.kind()) => {
                return Err(outcome);
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(Unanswered::Unreachable(error)),
        };
        let came = clock.read();
        match Answer::read(&packet[..length], nonce) {
            Ok(answer) => return Ok(Sample::of(&answer, &sent, &came)?),
            Err(refusal @ (Refusal::WrongOrigin | Refusal::Malformed)) => outcome = refusal.into(),
            Err(
                refusal
                @ (Refusal::Impossible | Refusal::Kiss(_) | Refusal::TooFar | Refusal::Unsynchronised),
            ) => return Err(refusal.into()),
        }
    }
}
