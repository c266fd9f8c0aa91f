//! Who answers, from memory or from the records and a key, within a deadline.

use std::collections::{BTreeMap, HashMap};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock, RwLockReadGuard};
use std::time::Duration;

use metrics::{Counter, Histogram, counter, gauge, histogram};
use ndoba_ocsp::{
    Answer, AnswerCache, CacheKey, CachedFacts, CertId, CertStatusFacts, ErrorStatus, FinalIssuer,
    FinalQuestion, HashAlgorithm, KnownVersion, Query, Refusal, Request, RequestError, RequestLimits,
    Responder, ResponderError, Responders, StatusVersions,
};
use ndoba_types::{AnswerStatus, CaName, Clock, Sha256Digest, SigningKey, Span, UtcTime};
use tokio::time::Instant;

use crate::metric::{OCSP_ALARMS, OCSP_ANSWER_AGE, OCSP_CACHE_OCTETS, OCSP_CERT_ID_HASH, OCSP_RESPONDER_END};
use crate::ocsp::StatusReaders;
use crate::ocsp::heard::{Heard, Memory};
use crate::ocsp::task::{self, Served, Source, Task};
use crate::ocsp::unissued::{UnissuedQueries, UnissuedWatch};

/// Bounds of the service.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OcspLimits {
    /// From a request's arrival to its answer; then `tryLater`. One slow dependency must not hold clients.
    pub deadline: Duration,
    /// Memory for signed answers and for the questions they answer.
    pub cache_octets: usize,
    /// What one request may ask for.
    pub request: RequestLimits,
}

impl Default for OcspLimits {
    /// 2 s, 64 MiB, the limits of `ndoba_ocsp`.
    fn default() -> Self {
        Self { deadline: Duration::from_secs(2), cache_octets: 64 << 20, request: RequestLimits::default() }
    }
}

/// Answers questions about certificate status.
pub struct OcspService {
    desk: RwLock<Arc<Desk>>,
    /// Which desk that is: they are counted.
    duty: AtomicU64,
    records: StatusReaders,
    versions: Arc<dyn StatusVersions>,
    clock: Arc<dyn Clock>,
    cache: Vec<RwLock<AnswerCache<Arc<Served>>>>,
    heard: Memory,
    ages: Histogram,
    deadline: Duration,
    request: RequestLimits,
    /// Unix seconds of the last alarm that was logged; counters have them all.
    last_alarm: AtomicI64,
    /// The last answer that could not be given for a reason of our own, and when.
    trouble: Mutex<Option<(UtcTime, Refusal)>>,
    unissued: UnissuedWatch,
}

/// The responders and keys that answer now; replaced as a whole.
#[derive(Default)]
pub(crate) struct Desk {
    duty: u64,
    responders: Responders,
    keys: HashMap<Sha256Digest, Arc<dyn SigningKey<AnswerStatus>>>,
}

impl Desk {
    pub(crate) fn key(&self, responder: &Responder) -> Option<&Arc<dyn SigningKey<AnswerStatus>>> {
        self.keys.get(&responder.fingerprint())
    }
}

/// A request with those who answered when it came in, until it is answered.
pub(crate) enum Asked {
    /// Of a responder.
    Now { desk: Arc<Desk>, query: Query },
    /// Of a CA that has ended.
    Finally(FinalQuestion),
}

impl OcspService {
    /// A service without responders: everything is `unauthorized` until [`Self::activate`].
    pub fn new(
        records: StatusReaders,
        versions: Arc<dyn StatusVersions>,
        clock: Arc<dyn Clock>,
        limits: OcspLimits,
    ) -> Self {
        // A quarter for the questions: they are shorter than the answers, and several may ask for one.
        let questions = limits.cache_octets / 4;
        let shard = || RwLock::new(AnswerCache::new((limits.cache_octets - questions) / SHARDS));
        Self {
            desk: RwLock::default(),
            duty: AtomicU64::new(0),
            heard: Memory::new(questions),
            ages: histogram!(OCSP_ANSWER_AGE),
            records,
            versions,
            clock,
            cache: std::iter::repeat_with(shard).take(SHARDS).collect(),
            deadline: limits.deadline,
            request: limits.request,
            last_alarm: AtomicI64::new(0),
            trouble: Mutex::new(None),
            unissued: UnissuedWatch::default(),
        }
    }

    /// The same service, which knows whose questions about never issued numbers mean nothing: leading octets of the
    /// serial numbers that they use, per CA.
    #[must_use]
    pub fn with_known_probes(mut self, prefixes: HashMap<CaName, Vec<Vec<u8>>>) -> Self {
        self.unissued = UnissuedWatch::new(prefixes);
        self
    }

    /// What was asked about never issued numbers since the last call, per CA; known probes left out.
    pub fn take_unissued(&self) -> BTreeMap<CaName, UnissuedQueries> {
        self.unissued.take()
    }

    pub(crate) fn unissued(&self) -> &UnissuedWatch {
        &self.unissued
    }

    /// Lets these responders, and only these, answer from now on, each with its key; about certificates of `finals` the
    /// records have the last word. The caller has verified that
    /// each certificate is for its key and has judged a sample answer.
    ///
    /// # Errors
    ///
    /// [`ResponderError`] when two answer for the same issuer; the old ones then stay.
    pub fn activate(
        &self,
        responders: Vec<(Responder, Arc<dyn SigningKey<AnswerStatus>>)>,
        finals: &[FinalIssuer],
    ) -> Result<(), ResponderError> {
        let keys =
            responders.iter().map(|(responder, key)| (responder.fingerprint(), Arc::clone(key))).collect();
        let responders = Responders::new(responders.into_iter().map(|(responder, _)| responder))?;
        let responders = responders.with_finals(finals);
        for responder in responders.iter() {
            let end = responder.not_after().unix_seconds();
            #[expect(clippy::cast_precision_loss, reason = "seconds of the calendar are far below 2^53")]
            gauge!(OCSP_RESPONDER_END, "ca" => responder.ca().to_string()).set(end as f64);
        }
        let mut desk = self.desk.write().unwrap_or_else(PoisonError::into_inner);
        let duty = desk.duty + 1;
        *desk = Arc::new(Desk { duty, responders, keys });
        self.duty.store(duty, Ordering::Release);
        drop(desk);
        Ok(())
    }

    /// The CAs that are answered for, with the end of their responder's certificate: for health.
    pub fn responders(&self) -> Vec<(CaName, UtcTime)> {
        let desk = self.desk();
        let mut all: Vec<_> = desk.responders.iter().map(|one| (one.ca().clone(), one.not_after())).collect();
        all.sort();
        all
    }

    /// Why answers could not be given, or renewed, within the last half minute; `None` as soon as one was signed
    /// again. For health: says nothing of what nobody asked for.
    pub fn trouble(&self) -> Option<Refusal> {
        let trouble = self.trouble.lock().unwrap_or_else(PoisonError::into_inner);
        let (since, refusal) = trouble.as_ref()?;
        (self.now().since(*since) <= TROUBLE_LASTS).then(|| refusal.clone())
    }

    /// Notes what became of an attempt to sign an answer.
    pub(crate) fn note<T>(&self, outcome: &Result<T, Refusal>) {
        let trouble = match outcome {
            Ok(_) => None,
            // The client's own clock, or its impatience.
            Err(Refusal::NotYet) => return,
            Err(refusal) => match refusal.status() {
                // The client's own doing.
                ErrorStatus::MalformedRequest | ErrorStatus::Unauthorized => return,
                ErrorStatus::InternalError | ErrorStatus::TryLater => Some((self.now(), refusal.clone())),
            },
        };
        *self.trouble.lock().unwrap_or_else(PoisonError::into_inner) = trouble;
    }

    /// The most octets of a request.
    pub(crate) fn longest_request(&self) -> usize {
        self.request.octets
    }

    pub(crate) fn deadline(&self) -> Instant {
        Instant::now() + self.deadline
    }

    pub(crate) fn now(&self) -> UtcTime {
        self.clock.now()
    }

    /// Takes a request in.
    ///
    /// # Errors
    ///
    /// [`Refusal::Malformed`] or [`Refusal::ForeignIssuer`].
    pub(crate) fn take(&self, der: &[u8]) -> Result<Asked, Refusal> {
        let request = Request::parse_within(der, self.request).map_err(Refusal::Malformed)?;
        let desk = self.desk();
        if let Some(question) = desk.responders.final_question(&request) {
            return Ok(Asked::Finally(question?));
        }
        let query = desk.responders.begin(request)?;
        Ok(Asked::Now { desk, query })
    }

    /// Takes that one of several readings of a GET's path which is a request for one of our CAs.
    ///
    /// # Errors
    ///
    /// As [`Self::take`]; where no reading fits, what is wrong with the first that is a request at all.
    pub(crate) fn take_likeliest(&self, readings: impl Iterator<Item = Vec<u8>>) -> Result<Asked, Refusal> {
        let mut refused = Refusal::Malformed(RequestError::Structure);
        for reading in readings {
            match self.take(&reading) {
                Ok(asked) => return Ok(asked),
                Err(refusal) if matches!(refused, Refusal::Malformed(_)) => refused = refusal,
                Err(_) => {}
            }
        }
        Err(refused)
    }

    /// The kept answer to a request that was heard before in the same words, where it may be given as it is.
    pub(crate) fn recall(&self, words: &[u8]) -> Option<Arc<Served>> {
        let heard = self.heard.recall(words)?;
        if heard.duty != self.duty.load(Ordering::Acquire) {
            return None;
        }
        let (now, known) = (self.now(), self.known(&heard.ca));
        let shard = self.cache.get(heard.shard)?.read().unwrap_or_else(PoisonError::into_inner);
        let served = shard.current(&heard.key, now, known)?;
        drop(shard);
        heard.hash.increment(1);
        Some(served)
    }

    /// Answers a request, in whose `words` it was asked; where `fresh_after` is given, with an answer produced at that
    /// moment or later.
    ///
    /// # Errors
    ///
    /// [`Refusal`], counted and logged if an operator must act.
    pub(crate) async fn answer(
        &self,
        asked: Asked,
        words: &[u8],
        fresh_after: Option<UtcTime>,
    ) -> Result<(Arc<Served>, Source), Refusal> {
        let outcome = self.find(asked, words, fresh_after).await;
        if let Err(refusal) = &outcome
            && refusal.is_alarm()
        {
            counter!(OCSP_ALARMS, "status" => refusal.status().name()).increment(1);
            self.log_alarm(refusal);
        }
        outcome
    }

    async fn find(
        &self,
        asked: Asked,
        words: &[u8],
        fresh_after: Option<UtcTime>,
    ) -> Result<(Arc<Served>, Source), Refusal> {
        let (desk, query) = match asked {
            Asked::Now { desk, query } => (desk, query),
            Asked::Finally(question) => return task::last_word(self, question).await,
        };
        for issuer in query.request().cert_ids().iter().filter_map(CertId::issuer) {
            hash_counter(issuer.algorithm).increment(1);
        }
        let task = Task { service: self, desk: &desk, deadline: self.deadline(), fresh_after };
        match query.request().cert_ids() {
            [cert_id] if cert_id.serial().is_some() => {
                let responder = query.responder().fingerprint();
                let key = CacheKey { responder, cert_id: Arc::clone(cert_id.as_der()) };
                let (served, source) = task.one(&query, key.clone()).await?;
                // Asked twice already; most are asked once.
                if let (Source::Cache, Some(issuer)) = (source, cert_id.issuer()) {
                    let hash = hash_counter(issuer.algorithm);
                    let (duty, ca, shard) = (desk.duty, query.ca().clone(), shard(&key));
                    self.heard.keep(words, Heard { duty, ca, key, shard, hash });
                }
                Ok((served, source))
            }
            _ => Ok((task.uncached(&query).await?, Source::Signed)),
        }
    }

    fn desk(&self) -> Arc<Desk> {
        Arc::clone(&self.desk.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Notes how old an answer is that is sent.
    pub(crate) fn note_age(&self, produced_at: UtcTime, now: UtcTime) {
        self.ages.record(now.since(produced_at).to_std().as_secs_f64());
    }

    pub(crate) fn known(&self, ca: &CaName) -> Option<KnownVersion> {
        self.versions.known(ca)
    }

    pub(crate) fn records(&self) -> &StatusReaders {
        &self.records
    }

    fn shard(&self, key: &CacheKey) -> &RwLock<AnswerCache<Arc<Served>>> {
        &self.cache[shard(key)]
    }

    pub(crate) fn read_shard(&self, key: &CacheKey) -> RwLockReadGuard<'_, AnswerCache<Arc<Served>>> {
        self.shard(key).read().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn keep(&self, key: CacheKey, answer: &Answer, served: &Arc<Served>, facts: CachedFacts) {
        // What was never issued may be tomorrow, and nothing would tell the cache.
        if facts.facts == CertStatusFacts::NotIssued {
            return;
        }
        let mut shard = self.shard(&key).write().unwrap_or_else(PoisonError::into_inner);
        let before = shard.octets();
        shard.insert(key, answer, Arc::clone(served), served.body.len() + HEADERS, facts);
        let after = shard.octets();
        drop(shard);
        #[expect(clippy::cast_precision_loss, reason = "octets of memory are far below 2^53")]
        gauge!(OCSP_CACHE_OCTETS).increment(after as f64 - before as f64);
    }

    pub(crate) fn confirm(&self, key: &CacheKey, facts: &CachedFacts) {
        self.shard(key).write().unwrap_or_else(PoisonError::into_inner).confirm(key, facts);
    }

    fn log_alarm(&self, refusal: &Refusal) {
        let now = self.clock.now().unix_seconds();
        let last = self.last_alarm.swap(now, Ordering::Relaxed);
        if now - last >= ALARM_EVERY_SECONDS || now < last {
            tracing::error!(
                error = refusal as &dyn std::error::Error,
                "OCSP cannot answer until an operator acts"
            );
        } else {
            self.last_alarm.store(last, Ordering::Relaxed);
        }
    }
}

/// Which of the [`SHARDS`] keeps the answer.
#[expect(
    clippy::cast_possible_truncation,
    reason = "the remainder is below SHARDS, whatever the hash was cut to"
)]
fn shard(key: &CacheKey) -> usize {
    let mut hasher = DefaultHasher::new();
    key.cert_id.hash(&mut hasher);
    hasher.finish() as usize % SHARDS
}

fn hash_counter(algorithm: HashAlgorithm) -> Counter {
    counter!(OCSP_CERT_ID_HASH, "hash" => algorithm.name())
}

/// Locks are held for a look into a map; this many make waiting for one another rare.
const SHARDS: usize = 16;

/// Octets of encoded headers beside a body.
const HEADERS: usize = 256;

/// Long enough for a health check to see it, short enough for a node without traffic to be tried again.
const TROUBLE_LASTS: Span = Span::seconds(30);

/// How often an alarm is logged while it lasts.
const ALARM_EVERY_SECONDS: i64 = 10;

/// How soon a client that was told `tryLater` should come back.
pub(crate) const RETRY_AFTER: Span = Span::seconds(2);
