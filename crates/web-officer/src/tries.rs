//! How often somebody may be wrong: codes that open nothing, keys that are no officer's.

use std::collections::HashMap;
use std::hash::Hash;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use actix_web::HttpRequest;

/// Tries are counted for so long.
const WINDOW: Duration = Duration::from_secs(600);
/// All together have so many times one's tries: beyond them somebody is guessing from many places.
const ALL: u32 = 60;
/// Where nothing can be guessed, so many are told apart: a few megabytes.
const TOLD_APART: usize = 65_536;

/// The tries of the window that runs, by whoever they are told apart by.
#[derive(Debug)]
pub struct Tries<K> {
    window: Mutex<Window<K>>,
    each: u32,
    all: All,
}

/// What bounds all of them, and by that the memory.
#[derive(Clone, Copy, Debug)]
enum All {
    /// So many tries are refused whoever makes the next.
    Tries(u32),
    /// So many are told apart, and forgotten when one more comes: many together shut out nobody else.
    Places(usize),
}

#[derive(Debug)]
struct Window<K> {
    began: Option<Instant>,
    all: u32,
    each: HashMap<K, u32>,
}

/// Too many; seconds after which the next window begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TooMany(pub u32);

impl<K: Eq + Hash> Tries<K> {
    /// So many tries for each, within ten minutes.
    pub fn new(each: u32) -> Self {
        Self::bounded(each, All::Tries(each.saturating_mul(ALL)))
    }

    /// The same for what anybody may ask, where there is nothing to guess: how many ask from elsewhere hinders nobody.
    pub fn of_anybody(each: u32) -> Self {
        Self::bounded(each, All::Places(TOLD_APART))
    }

    fn bounded(each: u32, all: All) -> Self {
        Self { window: Mutex::new(Window { began: None, all: 0, each: HashMap::new() }), each, all }
    }

    /// Counts a try; whether it may be made.
    ///
    /// # Errors
    ///
    /// [`TooMany`].
    pub fn admit(&self, by: K, now: Instant) -> Result<(), TooMany> {
        let mut window = self.window();
        if window.began.is_none_or(|began| now.saturating_duration_since(began) >= WINDOW) {
            *window = Window { began: Some(now), all: 0, each: HashMap::new() };
        }
        match self.all {
            All::Tries(most) if window.all >= most => return Err(window.too_many(now)),
            All::Places(most) if window.each.len() >= most && !window.each.contains_key(&by) => {
                window.each.clear();
            }
            All::Tries(_) | All::Places(_) => {}
        }
        let each = self.each;
        let tries = window.each.entry(by).or_default();
        if *tries >= each {
            return Err(window.too_many(now));
        }
        *tries += 1;
        window.all = window.all.saturating_add(1);
        Ok(())
    }

    /// Whether this one has no try left; counts nothing.
    pub(crate) fn spent(&self, by: &K, now: Instant) -> Result<(), TooMany> {
        let window = self.window();
        let runs = window.began.is_some_and(|began| now.saturating_duration_since(began) < WINDOW);
        let spent = window.each.get(by).is_some_and(|tries| *tries >= self.each);
        if runs && spent { Err(window.too_many(now)) } else { Ok(()) }
    }

    fn window(&self) -> MutexGuard<'_, Window<K>> {
        self.window.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<K> Window<K> {
    fn too_many(&self, now: Instant) -> TooMany {
        let gone = self.began.map_or(Duration::ZERO, |began| now.saturating_duration_since(began));
        let left = WINDOW.saturating_sub(gone).as_secs().saturating_add(1);
        TooMany(u32::try_from(left).unwrap_or(u32::MAX))
    }
}

/// From where a request comes: who is connected; what a header says of it is anybody's word.
pub(crate) fn network_of(request: &HttpRequest) -> IpAddr {
    network(request.peer_addr().map_or(IpAddr::from([0, 0, 0, 0]), |address| address.ip()))
}

/// Of IPv6 the first 64 bits: one customer has all that follow.
pub fn network(address: IpAddr) -> IpAddr {
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

    const EACH: u32 = 10;

    #[test]
    fn ten_in_ten_minutes_from_one_network() {
        let (tries, now) = (Tries::new(EACH), Instant::now());
        let admit = |address: &str, after: u64| {
            tries.admit(network(address.parse().unwrap()), now + Duration::from_secs(after))
        };
        let spent = |address: &str, after: u64| {
            tries.spent(&network(address.parse().unwrap()), now + Duration::from_secs(after))
        };
        for _ in 0..EACH {
            assert_eq!(spent("192.0.2.1", 0), Ok(()));
            assert_eq!((admit("192.0.2.1", 0), admit("2001:db8::1", 0)), (Ok(()), Ok(())));
        }
        for refused in ["192.0.2.1", "::ffff:192.0.2.1", "2001:db8::ffff:2"] {
            assert_eq!(admit(refused, 599), Err(TooMany(2)), "{refused}");
            assert_eq!(spent(refused, 0), Err(TooMany(601)), "{refused}");
            assert_eq!(spent(refused, 600), Ok(()), "{refused}");
        }
        assert_eq!((admit("192.0.2.2", 0), admit("2001:db8:0:1::1", 0)), (Ok(()), Ok(())));
        assert_eq!(admit("192.0.2.1", 600), Ok(()));
    }

    #[test]
    fn six_hundred_from_everywhere() {
        let (tries, now) = (Tries::new(EACH), Instant::now());
        for place in 0..EACH * ALL {
            assert_eq!(tries.admit(IpAddr::from((0x0a00_0000 + place).to_be_bytes()), now), Ok(()));
        }
        assert!(tries.admit("192.0.2.1".parse().unwrap(), now).is_err());
        // Who was not wrong is not hindered.
        assert_eq!(tries.spent(&"192.0.2.1".parse().unwrap(), now), Ok(()));
    }

    #[test]
    fn where_anybody_may_ask_many_networks_shut_out_nobody() {
        let (tries, now) = (Tries::of_anybody(EACH), Instant::now());
        let place = |number: u32| IpAddr::from((0x0a00_0000 + number).to_be_bytes());
        for number in 0..ALL + 1 {
            for _ in 0..EACH {
                assert_eq!(tries.admit(place(number), now), Ok(()), "{number}");
            }
            assert!(tries.admit(place(number), now).is_err(), "{number}: each has its own bound");
        }
        assert_eq!(tries.admit("192.0.2.1".parse().unwrap(), now), Ok(()));
    }

    #[test]
    fn memory_is_bounded_where_anybody_may_ask() {
        let (tries, now) = (Tries::bounded(1, All::Places(3)), Instant::now());
        let admit = |place: u8| tries.admit(place, now).is_ok();
        assert_eq!([1, 2, 3, 1, 3].map(admit), [true, true, true, false, false]);
        assert!(admit(4), "one more than are told apart");
        assert_eq!(tries.window().each.len(), 1);
        assert!(!admit(4) && admit(1));
    }
}
