//! How often an address may try a code.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// Within this time,
const WINDOW: Duration = Duration::from_secs(600);
/// an address has so many tries,
const EACH: u32 = 10;
/// and all together so many: beyond them somebody is guessing from many places.
const ALL: u32 = 600;

/// The tries of the window that runs.
#[derive(Debug, Default)]
pub(crate) struct Tries(Mutex<Window>);

#[derive(Debug, Default)]
struct Window {
    began: Option<Instant>,
    all: u32,
    each: HashMap<IpAddr, u32>,
}

impl Tries {
    /// Counts a try; whether it may be made.
    pub(crate) fn admit(&self, from: IpAddr, now: Instant) -> bool {
        let mut window = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if window.began.is_none_or(|began| now.saturating_duration_since(began) >= WINDOW) {
            *window = Window { began: Some(now), ..Window::default() };
        }
        // Bounded by `ALL`, and so is the map.
        if window.all >= ALL {
            return false;
        }
        let tries = window.each.entry(network(from)).or_default();
        if *tries >= EACH {
            return false;
        }
        *tries += 1;
        window.all += 1;
        true
    }
}

/// Of IPv6 the first 64 bits: one customer has all that follow.
fn network(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V4(_) => address,
        IpAddr::V6(address) => match address.to_ipv4_mapped() {
            Some(mapped) => mapped.into(),
            None => Ipv6Addr::from(u128::from(address) & !u128::from(u64::MAX)).into(),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ten_in_ten_minutes_from_one_network() {
        let (tries, now) = (Tries::default(), Instant::now());
        let admit = |address: &str, after: u64| {
            tries.admit(address.parse().unwrap(), now + Duration::from_secs(after))
        };
        for _ in 0..EACH {
            assert!(admit("192.0.2.1", 0) && admit("2001:db8::1", 0));
        }
        for refused in ["192.0.2.1", "::ffff:192.0.2.1", "2001:db8::ffff:2"] {
            assert!(!admit(refused, 599), "{refused}");
        }
        assert!(admit("192.0.2.2", 0) && admit("2001:db8:0:1::1", 0));
        assert!(admit("192.0.2.1", 600));
    }

    #[test]
    fn six_hundred_from_everywhere() {
        let (tries, now) = (Tries::default(), Instant::now());
        for place in 0..ALL {
            assert!(tries.admit(IpAddr::from((0x0a00_0000 + place).to_be_bytes()), now));
        }
        assert!(!tries.admit("192.0.2.1".parse().unwrap(), now));
    }
}
