//! An NTP server on loopback that tells the time, or lies in a chosen way.

use std::net::{SocketAddr, UdpSocket};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Duration;

/// What the server says. The default is a good server with a short way to its reference clock.
#[derive(Clone, Debug)]
pub struct NtpBehaviour {
    /// Its clock minus the true time, in microseconds.
    pub ahead: i64,
    /// Its stratum; 0 with a `kiss`.
    pub stratum: u8,
    /// Its leap indicator: 0 none, 1 a second more, 2 one less, 3 not synchronised.
    pub leap: u8,
    /// In microseconds.
    pub root_delay: u32,
    /// In microseconds.
    pub root_dispersion: u32,
    /// A kiss of death with this code instead of the time.
    pub kiss: Option<[u8; 4]>,
    /// Whether it answers at all.
    pub silent: bool,
    /// Whether it repeats another origin than it was asked with.
    pub wrong_origin: bool,
}

impl Default for NtpBehaviour {
    fn default() -> Self {
        Self {
            ahead: 0,
            stratum: 2,
            leap: 0,
            root_delay: 2_000,
            root_dispersion: 1_000,
            kiss: None,
            silent: false,
            wrong_origin: false,
        }
    }
}

/// Microseconds since 1970, truly.
pub type TrueTime = Arc<dyn Fn() -> i64 + Send + Sync>;

/// A server on a port of its own; stops when dropped.
pub struct NtpServer {
    address: SocketAddr,
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

struct Shared {
    behaviour: Mutex<NtpBehaviour>,
    questions: AtomicUsize,
    stop: AtomicBool,
}

impl NtpServer {
    /// Starts a good server whose time is this machine's.
    ///
    /// # Panics
    ///
    /// Where loopback has no free UDP port.
    pub fn of_this_machine() -> Self {
        Self::start(Arc::new(|| {
            #[expect(clippy::disallowed_methods, reason = "this server stands for the world outside")]
            let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
            since.map_or(0, |since| i64::try_from(since.as_micros()).unwrap_or(i64::MAX))
        }))
    }

    /// Starts a good server whose time is `truth`.
    ///
    /// # Panics
    ///
    /// Where loopback has no free UDP port.
    #[expect(clippy::expect_used, reason = "a test without its server cannot go on")]
    pub fn start(truth: TrueTime) -> Self {
        let socket = UdpSocket::bind("127.0.0.1:0").expect("loopback has a free port");
        let address = socket.local_addr().expect("a bound socket has an address");
        socket.set_read_timeout(Some(Duration::from_millis(50))).expect("a timeout can be set");
        let shared = Arc::new(Shared {
            behaviour: Mutex::default(),
            questions: AtomicUsize::new(0),
            stop: AtomicBool::new(false),
        });
        let served = Arc::clone(&shared);
        let thread = thread::spawn(move || {
            let mut question = [0; 128];
            while !served.stop.load(Ordering::Relaxed) {
                let Ok((length, client)) = socket.recv_from(&mut question) else { continue };
                served.questions.fetch_add(1, Ordering::Relaxed);
                let behaviour = lock(&served.behaviour).clone();
                if behaviour.silent || length < 48 {
                    continue;
                }
                // The client may be gone.
                let _ = socket.send_to(&answer(&behaviour, &question, truth()), client);
            }
        });
        Self { address, shared, thread: Some(thread) }
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Makes it behave otherwise from now on.
    pub fn behave(&self, change: impl FnOnce(&mut NtpBehaviour)) {
        change(&mut lock(&self.shared.behaviour));
    }

    /// How often it was asked.
    pub fn questions(&self) -> usize {
        self.shared.questions.load(Ordering::Relaxed)
    }
}

impl Drop for NtpServer {
    fn drop(&mut self) {
        self.shared.stop.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

fn lock(behaviour: &Mutex<NtpBehaviour>) -> MutexGuard<'_, NtpBehaviour> {
    behaviour.lock().unwrap_or_else(PoisonError::into_inner)
}

/// RFC 5905 §7.3, written down here a second time so that the client is not judged by its own encoder.
fn answer(behaviour: &NtpBehaviour, question: &[u8], truth: i64) -> Vec<u8> {
    let NtpBehaviour { ahead, stratum, leap, root_delay, root_dispersion, kiss, silent: _, wrong_origin } =
        behaviour;
    let mut origin = question[40..48].to_vec();
    origin[7] ^= u8::from(*wrong_origin);
    let (stratum, reference) = match kiss {
        Some(code) => (0, *code),
        None => (*stratum, [127, 127, 1, 1]),
    };
    let now = timestamp(truth + ahead);
    let mut packet = vec![(leap << 6) | (4 << 3) | 4, stratum, 6, 0xec];
    packet.extend(short(*root_delay));
    packet.extend(short(*root_dispersion));
    packet.extend(reference);
    packet.extend(timestamp(truth + ahead - 10_000_000));
    packet.extend(origin);
    packet.extend(now);
    packet.extend(now);
    packet
}

fn timestamp(unix_micros: i64) -> [u8; 8] {
    let micros = i128::from(unix_micros) + 2_208_988_800_000_000;
    let bits = (micros << 32) / 1_000_000;
    let octets = bits.to_be_bytes();
    let mut low = [0; 8];
    low.copy_from_slice(&octets[8..]);
    low
}

fn short(micros: u32) -> [u8; 4] {
    let bits = (u64::from(micros) << 16).div_ceil(1_000_000).to_be_bytes();
    [bits[4], bits[5], bits[6], bits[7]]
}
