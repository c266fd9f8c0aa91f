//! Signed answers kept for as long as they are true, within a bound of octets.
//!
//! Nothing is ever served past its nextUpdate, nor after the records are known to have changed; what is merely
//! not *known* to be unchanged may be served until then, and is not signed anew (design: a node that cannot know
//! lets its answers end).

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};

use ndoba_types::{Sha256Digest, Span, UtcTime};

use crate::{Answer, CertStatusFacts, KnownVersion, StatusVersion};

/// What an answer answers: the CertID's exact octets, because they are echoed, under one responder certificate.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct CacheKey {
    /// SHA-256 over the responder's certificate.
    pub responder: Sha256Digest,
    /// The CertID's DER.
    pub cert_id: Arc<[u8]>,
}

/// The facts behind an answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CachedFacts {
    /// What was known.
    pub facts: CertStatusFacts,
    /// At which status version of the CA.
    pub version: StatusVersion,
}

/// An answer found in the cache with the facts behind it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Held<V> {
    /// As it was put in.
    pub answer: V,
    /// What it rests on.
    pub facts: CachedFacts,
    /// It should be signed anew.
    pub renewal_due: bool,
}

/// What to do for a question.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Lookup<V> {
    /// Ask the records.
    Ask {
        /// An answer that may be served again if the records confirm its facts and it is not due.
        held: Option<Held<V>>,
        /// Whether `held` may be served when the records cannot be asked: nothing says that they changed.
        unless_asked: bool,
    },
    /// Serve this.
    Hit(V),
    /// Sign anew from these facts, which are current; serve the old answer if that fails. One asker is told so at a
    /// time: the others are served the old answer meanwhile, for it is still true.
    Renew(Held<V>),
}

/// A bounded store of answers. `V` is what the shell serves, encoded as far as possible.
#[derive(Debug)]
pub struct AnswerCache<V> {
    entries: HashMap<CacheKey, Entry<V>>,
    /// Every key of `entries` once, in the order in which they are considered for eviction.
    queue: VecDeque<CacheKey>,
    octets: usize,
    max_octets: usize,
}

#[derive(Debug)]
struct Entry<V> {
    answer: V,
    facts: CachedFacts,
    produced_at: UtcTime,
    renew_at: UtcTime,
    dies_at: UtcTime,
    octets: usize,
    /// Asked for since it was last considered for eviction.
    used: AtomicBool,
    /// When somebody was last told to sign it anew, in microseconds since 1970.
    renewal_begun: AtomicI64,
}

impl<V> Entry<V> {
    /// Whether the one who asks at `now` is to sign anew, rather than somebody who already does.
    fn renewal_is_mine(&self, now: UtcTime) -> bool {
        let (now, begun) = (now.unix_micros(), self.renewal_begun.load(Ordering::Relaxed));
        // A clock that was set back begins anew.
        let under_way = (begun..begun.saturating_add(RENEWAL_TAKES.as_micros())).contains(&now);
        let exchange =
            || self.renewal_begun.compare_exchange(begun, now, Ordering::Relaxed, Ordering::Relaxed);
        !under_way && exchange().is_ok()
    }
}

impl<V: Clone> AnswerCache<V> {
    /// How long before nextUpdate an entry dies, so that no answer is out of date when it arrives.
    pub const DIES_BEFORE: Span = Span::seconds(5);

    /// How recently the status version must have been confirmed to sign anew from remembered facts.
    pub const KNOWN_WITHIN: Span = Span::seconds(3);

    /// An empty cache that keeps at most `max_octets`, keys and bookkeeping included.
    pub fn new(max_octets: usize) -> Self {
        Self { entries: HashMap::new(), queue: VecDeque::new(), octets: 0, max_octets }
    }

    /// What to do for `key` at `now`, with `known` being what this node knows of the CA's status version.
    pub fn look_up(&self, key: &CacheKey, now: UtcTime, known: Option<KnownVersion>) -> Lookup<V> {
        let nothing = Lookup::Ask { held: None, unless_asked: false };
        let (Some(entry), Some(known)) = (self.entries.get(key), known) else { return nothing };
        // An answer of the future means that the clock was set back; it is not served before its time.
        if now >= entry.dies_at || now < entry.produced_at {
            return nothing;
        }
        entry.used.store(true, Ordering::Relaxed);
        let held = || Held {
            answer: entry.answer.clone(),
            facts: entry.facts.clone(),
            renewal_due: now >= entry.renew_at,
        };
        if entry.facts.version < known.version {
            return Lookup::Ask { held: Some(held()), unless_asked: false };
        }
        if now < entry.renew_at {
            return Lookup::Hit(entry.answer.clone());
        }
        if now.since(known.as_of) <= Self::KNOWN_WITHIN {
            return if entry.renewal_is_mine(now) {
                Lookup::Renew(held())
            } else {
                Lookup::Hit(entry.answer.clone())
            };
        }
        Lookup::Ask { held: Some(held()), unless_asked: true }
    }

    /// The answer for `key` where it may be given at `now` and nothing else is to be done: what [`Self::look_up`] would
    /// call a hit, except while somebody signs it anew.
    pub fn current(&self, key: &CacheKey, now: UtcTime, known: Option<KnownVersion>) -> Option<V> {
        let (entry, known) = (self.entries.get(key)?, known?);
        let current =
            entry.facts.version >= known.version && now >= entry.produced_at && now < entry.renew_at;
        current.then(|| {
            entry.used.store(true, Ordering::Relaxed);
            entry.answer.clone()
        })
    }

    /// Facts about `key` that are known to be current, whatever became of the answer made from them: for
    /// questions with a nonce, which need a signature of their own.
    pub fn facts(&self, key: &CacheKey, now: UtcTime, known: Option<KnownVersion>) -> Option<CachedFacts> {
        let (entry, known) = (self.entries.get(key)?, known?);
        let current = entry.facts.version >= known.version && now.since(known.as_of) <= Self::KNOWN_WITHIN;
        current.then(|| entry.facts.clone())
    }

    /// Keeps `served`, the encoded form of `answer`, `octets` long.
    pub fn insert(&mut self, key: CacheKey, answer: &Answer, served: V, octets: usize, facts: CachedFacts) {
        let octets = octets + 2 * key.cert_id.len() + OVERHEAD;
        if octets > self.max_octets {
            return;
        }
        // A slower look-up must not put older facts in the place of newer ones.
        if self.entries.get(&key).is_some_and(|entry| entry.facts.version > facts.version) {
            return;
        }
        let entry = Entry {
            answer: served,
            facts,
            produced_at: answer.produced_at,
            renew_at: answer.renew_at,
            dies_at: answer.next_update.minus(Self::DIES_BEFORE),
            octets,
            used: AtomicBool::new(false),
            renewal_begun: AtomicI64::new(i64::MIN),
        };
        self.octets += octets;
        match self.entries.insert(key.clone(), entry) {
            Some(old) => self.octets -= old.octets,
            None => self.queue.push_back(key),
        }
        self.evict();
    }

    /// Notes that the records still said the same at `version`.
    pub fn confirm(&mut self, key: &CacheKey, facts: &CachedFacts) {
        if let Some(entry) = self.entries.get_mut(key)
            && entry.facts.facts == facts.facts
        {
            entry.facts.version = entry.facts.version.max(facts.version);
        }
    }

    /// Octets kept now.
    pub fn octets(&self) -> usize {
        self.octets
    }

    /// Entries kept now, dead ones included.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether nothing is kept.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Second chance: what was asked for since the last round stays for another.
    fn evict(&mut self) {
        while self.octets > self.max_octets {
            let Some(key) = self.queue.pop_front() else { return };
            match self.entries.get(&key) {
                Some(entry) if entry.used.swap(false, Ordering::Relaxed) => self.queue.push_back(key),
                Some(_) => {
                    if let Some(entry) = self.entries.remove(&key) {
                        self.octets -= entry.octets;
                    }
                }
                None => {}
            }
        }
    }
}

/// How long a renewal may be under way before somebody else tries: a token that does not answer is not asked by all.
const RENEWAL_TAKES: Span = Span::seconds(2);

/// Octets of bookkeeping per entry: two keys, the entry, its share of the table. Rounded up.
const OVERHEAD: usize = 384;

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> UtcTime {
        UtcTime::from_unix_seconds(1_800_000_000 + seconds).unwrap()
    }

    fn key(name: u8) -> CacheKey {
        CacheKey { responder: Sha256Digest::of(b"responder"), cert_id: Arc::from([name; 40]) }
    }

    fn answer() -> Answer {
        Answer { der: vec![], produced_at: at(0), renew_at: at(1800), next_update: at(3600), said: vec![] }
    }

    fn facts(version: u64) -> CachedFacts {
        let facts = CertStatusFacts::Good { certificate: Sha256Digest::of(b"certificate") };
        CachedFacts { facts, version: StatusVersion(version) }
    }

    fn known(version: u64, as_of: i64) -> Option<KnownVersion> {
        Some(KnownVersion { version: StatusVersion(version), as_of: at(as_of) })
    }

    fn filled() -> AnswerCache<&'static str> {
        let mut cache = AnswerCache::new(10_000);
        cache.insert(key(1), &answer(), "signed", 6, facts(7));
        cache
    }

    #[test]
    fn life_of_an_answer() {
        let cache = filled();
        assert_eq!(cache.look_up(&key(1), at(1), known(7, 1)), Lookup::Hit("signed"));
        // The watcher lags behind the look-up: still current.
        assert_eq!(cache.look_up(&key(1), at(1), known(6, 1)), Lookup::Hit("signed"));
        // Old knowledge is no reason not to serve what is current by its own words …
        assert_eq!(cache.look_up(&key(1), at(1799), known(7, 1)), Lookup::Hit("signed"));
        assert_eq!(cache.current(&key(1), at(1799), known(7, 1)), Some("signed"));
        for (now, known) in [(1800, known(7, 1800)), (1, known(8, 1)), (-1, known(7, 1)), (1, None)] {
            assert_eq!(cache.current(&key(1), at(now), known), None, "{now} {known:?}");
        }
        assert_eq!(cache.current(&key(2), at(1), known(7, 1)), None);
        // … but is a reason not to sign it again unasked.
        let held = Held { answer: "signed", facts: facts(7), renewal_due: true };
        assert_eq!(cache.look_up(&key(1), at(1800), known(7, 1799)), Lookup::Renew(held.clone()));
        // … by one asker: while he is at it the others are served what is still true.
        assert_eq!(cache.look_up(&key(1), at(1800), known(7, 1799)), Lookup::Hit("signed"));
        assert_eq!(cache.look_up(&key(1), at(1801), known(7, 1799)), Lookup::Hit("signed"));
        assert_eq!(cache.look_up(&key(1), at(1802), known(7, 1801)), Lookup::Renew(held.clone()));
        assert_eq!(cache.look_up(&key(1), at(1801), known(7, 1801)), Lookup::Renew(held.clone()), "set back");
        let ask = Lookup::Ask { held: Some(held), unless_asked: true };
        assert_eq!(cache.look_up(&key(1), at(1800), known(7, 1)), ask);
        assert_eq!(cache.look_up(&key(1), at(3594), known(7, 1)), ask);
        let nothing = Lookup::Ask { held: None, unless_asked: false };
        assert_eq!(cache.look_up(&key(1), at(3595), known(7, 1)), nothing);
        assert_eq!(cache.look_up(&key(1), at(-1), known(7, 1)), nothing);
        assert_eq!(cache.look_up(&key(2), at(1), known(7, 1)), nothing);
        assert_eq!(cache.look_up(&key(1), at(1), None), nothing);
    }

    #[test]
    fn a_change_of_status_ends_it() {
        let mut cache = filled();
        let held = Held { answer: "signed", facts: facts(7), renewal_due: false };
        let ask = Lookup::Ask { held: Some(held), unless_asked: false };
        assert_eq!(cache.look_up(&key(1), at(1), known(8, 1)), ask);
        assert_eq!(cache.facts(&key(1), at(1), known(8, 1)), None);
        // The change was another certificate's.
        cache.confirm(&key(1), &facts(8));
        assert_eq!(cache.look_up(&key(1), at(1), known(8, 1)), Lookup::Hit("signed"));
        assert_eq!(cache.facts(&key(1), at(1), known(8, 1)), Some(facts(8)));
        assert_eq!(cache.facts(&key(1), at(9), known(8, 1)), None);
        // It was this one's.
        let revoked = CertStatusFacts::NotIssued;
        cache.confirm(&key(1), &CachedFacts { facts: revoked, version: StatusVersion(9) });
        assert!(matches!(cache.look_up(&key(1), at(1), known(9, 1)), Lookup::Ask { .. }));
    }

    #[test]
    fn slower_and_older_facts_do_not_replace_newer() {
        let mut cache = filled();
        cache.insert(key(1), &answer(), "older", 5, facts(6));
        assert_eq!(cache.look_up(&key(1), at(1), known(6, 1)), Lookup::Hit("signed"));
    }

    #[test]
    fn bounded_and_keeps_what_is_asked_for() {
        let mut cache = filled();
        for name in 2..200 {
            cache.look_up(&key(1), at(1), known(7, 1));
            cache.insert(key(name), &answer(), "other", 1000, facts(7));
            assert!(cache.octets() <= 10_000);
        }
        assert_eq!(cache.look_up(&key(1), at(1), known(7, 1)), Lookup::Hit("signed"));
        assert!(cache.len() < 9);
        cache.insert(key(250), &answer(), "huge", 20_000, facts(7));
        assert!(matches!(cache.look_up(&key(250), at(1), known(7, 1)), Lookup::Ask { held: None, .. }));
    }
}
