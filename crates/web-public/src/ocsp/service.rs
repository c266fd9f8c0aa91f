//! Who answers, from memory or from the records and a key, within a deadline.

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard};
use std::time::Duration;

use actix_web::http::header::HeaderValue;
use actix_web::web::Bytes;
use metrics::{counter, gauge};
use ndoba_ocsp::{
    Answer, AnswerCache, CacheKey, CachedFacts, CertId, CertStatusFacts, Held, Lookup, Query, Refusal,
    Request, RequestError, Responder, ResponderError, Responders, Said, StatusError, StatusSnapshot,
    StatusVersions,
};
use ndoba_types::{AnswerStatus, CaName, Clock, Sha256Digest, SignError, SigningKey, Span, UtcTime};
use tokio::sync::oneshot;
use tokio::time::{Instant, timeout_at};

use crate::conditional::{Validators, http_date, system_time};
use crate::metric::{OCSP_ALARMS, OCSP_CACHE_OCTETS, OCSP_CERT_ID_HASH, OCSP_RESPONDER_END, OCSP_UNISSUED};
use crate::ocsp::StatusRecords;

/// Bounds of the service.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OcspLimits {
    /// From a request's arrival to its answer; then `tryLater`. One slow dependency must not hold clients.
    pub deadline: Duration,
    /// Memory for signed answers.
    pub cache_octets: usize,
}

impl Default for OcspLimits {
    /// 2 s, 64 MiB.
    fn default() -> Self {
        Self { deadline: Duration::from_secs(2), cache_octets: 64 << 20 }
    }
}

/// Answers questions about certificate status.
pub struct OcspService {
    desk: RwLock<Arc<Desk>>,
    records: StatusRecords,
    versions: Arc<dyn StatusVersions>,
    clock: Arc<dyn Clock>,
    cache: Vec<RwLock<AnswerCache<Arc<Served>>>>,
    deadline: Duration,
    /// Unix seconds of the last alarm that was logged; counters have them all.
    last_alarm: AtomicI64,
}

/// The responders and keys that answer now; replaced as a whole.
#[derive(Default)]
struct Desk {
    responders: Responders,
    keys: HashMap<Sha256Digest, Arc<dyn SigningKey<AnswerStatus>>>,
}

/// A request with those who answered when it came in, until it is answered.
pub(crate) struct Asked {
    desk: Arc<Desk>,
    query: Query,
}

/// A signed answer, encoded as far as it can be before it is asked for.
#[derive(Debug)]
pub(crate) struct Served {
    pub(crate) body: Bytes,
    pub(crate) validators: Validators,
    pub(crate) expires: HeaderValue,
    pub(crate) produced_at: UtcTime,
    /// max-age ends here: from then on a newer answer can be had.
    pub(crate) renew_at: UtcTime,
    pub(crate) outcome: &'static str,
    /// Made for one asker's nonce: nobody else's.
    pub(crate) private: bool,
}

/// Where an answer came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Source {
    Cache,
    Signed,
}

impl OcspService {
    /// A service without responders: everything is `unauthorized` until [`Self::activate`].
    pub fn new(
        records: StatusRecords,
        versions: Arc<dyn StatusVersions>,
        clock: Arc<dyn Clock>,
        limits: OcspLimits,
    ) -> Self {
        let shard = || RwLock::new(AnswerCache::new(limits.cache_octets / SHARDS));
        Self {
            desk: RwLock::default(),
            records,
            versions,
            clock,
            cache: std::iter::repeat_with(shard).take(SHARDS).collect(),
            deadline: limits.deadline,
            last_alarm: AtomicI64::new(0),
        }
    }

    /// Lets these responders, and only these, answer from now on, each with its key. The caller has verified that
    /// each certificate is for its key and has judged a sample answer.
    ///
    /// # Errors
    ///
    /// [`ResponderError`] when two answer for the same issuer; the old ones then stay.
    pub fn activate(
        &self,
        responders: Vec<(Responder, Arc<dyn SigningKey<AnswerStatus>>)>,
    ) -> Result<(), ResponderError> {
        let keys =
            responders.iter().map(|(responder, key)| (responder.fingerprint(), Arc::clone(key))).collect();
        let responders = Responders::new(responders.into_iter().map(|(responder, _)| responder))?;
        for responder in responders.iter() {
            let end = responder.not_after().unix_seconds();
            #[expect(clippy::cast_precision_loss, reason = "seconds of the calendar are far below 2^53")]
            gauge!(OCSP_RESPONDER_END, "ca" => responder.ca().to_string()).set(end as f64);
        }
        *self.desk.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(Desk { responders, keys });
        Ok(())
    }

    /// The CAs that are answered for, with the end of their responder's certificate: for health.
    pub fn responders(&self) -> Vec<(CaName, UtcTime)> {
        let desk = self.desk();
        let mut all: Vec<_> = desk.responders.iter().map(|one| (one.ca().clone(), one.not_after())).collect();
        all.sort();
        all
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
        let request = Request::parse(der).map_err(Refusal::Malformed)?;
        let desk = self.desk();
        let query = desk.responders.begin(request)?;
        Ok(Asked { desk, query })
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

    /// Answers a request.
    ///
    /// # Errors
    ///
    /// [`Refusal`], counted and logged if an operator must act.
    pub(crate) async fn answer(&self, asked: Asked) -> Result<(Arc<Served>, Source), Refusal> {
        let outcome = self.find(asked).await;
        if let Err(refusal) = &outcome
            && refusal.is_alarm()
        {
            counter!(OCSP_ALARMS, "status" => refusal.status().name()).increment(1);
            self.log_alarm(refusal);
        }
        outcome
    }

    async fn find(&self, asked: Asked) -> Result<(Arc<Served>, Source), Refusal> {
        let Asked { desk, query } = asked;
        for issuer in query.request().cert_ids().iter().filter_map(CertId::issuer) {
            counter!(OCSP_CERT_ID_HASH, "hash" => issuer.algorithm.name()).increment(1);
        }
        let task = Task { service: self, desk: &desk, deadline: Instant::now() + self.deadline };
        let served = match query.request().cert_ids() {
            [cert_id] if cert_id.serial().is_some() => {
                let responder = query.responder().fingerprint();
                let key = CacheKey { responder, cert_id: Arc::clone(cert_id.as_der()) };
                task.one(&query, key).await?
            }
            _ => (task.uncached(&query).await?, Source::Signed),
        };
        if served.0.outcome == UNISSUED {
            counter!(OCSP_UNISSUED, "ca" => query.ca().to_string()).increment(1);
        }
        Ok(served)
    }

    fn desk(&self) -> Arc<Desk> {
        Arc::clone(&self.desk.read().unwrap_or_else(PoisonError::into_inner))
    }

    fn shard(&self, key: &CacheKey) -> &RwLock<AnswerCache<Arc<Served>>> {
        let mut hasher = DefaultHasher::new();
        key.cert_id.hash(&mut hasher);
        // The remainder is below SHARDS, whatever the hash was cut to.
        #[expect(clippy::cast_possible_truncation, reason = "only the low bits count")]
        &self.cache[hasher.finish() as usize % SHARDS]
    }

    fn read_shard(&self, key: &CacheKey) -> RwLockReadGuard<'_, AnswerCache<Arc<Served>>> {
        self.shard(key).read().unwrap_or_else(PoisonError::into_inner)
    }

    fn keep(&self, key: CacheKey, answer: &Answer, served: &Arc<Served>, facts: CachedFacts) {
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

/// Work on one request.
#[derive(Clone, Copy)]
struct Task<'a> {
    service: &'a OcspService,
    desk: &'a Desk,
    deadline: Instant,
}

impl Task<'_> {
    /// A question about one certificate.
    async fn one(&self, query: &Query, key: CacheKey) -> Result<(Arc<Served>, Source), Refusal> {
        let (now, known) = (self.service.now(), self.service.versions.known(query.ca()));
        if query.request().nonce().is_some() {
            // A nonce needs a signature of its own; the facts may be remembered.
            let remembered = self.service.read_shard(&key).facts(&key, now, known);
            let facts = match remembered {
                Some(current) => current.facts,
                None => only(self.ask(query).await?)?.facts,
            };
            let (_, served) = self.sign(query, &[facts]).await?;
            return Ok((served, Source::Signed));
        }

        let found = self.service.read_shard(&key).look_up(&key, now, known);
        let (held, facts, unless_asked) = match found {
            Lookup::Hit(served) => return Ok((served, Source::Cache)),
            Lookup::Renew(held) => {
                let facts = held.facts.clone();
                (Some(held), Ok(facts), true)
            }
            Lookup::Ask { held, unless_asked } => (held, self.ask(query).await.and_then(only), unless_asked),
        };
        let facts = match (facts, &held) {
            (Ok(facts), _) => facts,
            // Nothing says that the status changed: what was signed is true until its nextUpdate. Records that
            // are behind their witness do say something.
            (Err(refusal), Some(held)) if unless_asked && refusal != BEHIND_WITNESS => {
                tracing::debug!(
                    error = &refusal as &dyn std::error::Error,
                    "an older answer is served again"
                );
                return Ok((Arc::clone(&held.answer), Source::Cache));
            }
            (Err(refusal), _) => return Err(refusal),
        };
        let unchanged = held.filter(|held| held.facts.facts == facts.facts);
        if let Some(Held { answer, renewal_due: false, .. }) = unchanged {
            self.service.shard(&key).write().unwrap_or_else(PoisonError::into_inner).confirm(&key, &facts);
            return Ok((answer, Source::Cache));
        }
        match (self.sign(query, std::slice::from_ref(&facts.facts)).await, unchanged) {
            (Ok((answer, served)), _) => {
                self.service.keep(key, &answer, &served, facts);
                Ok((served, Source::Signed))
            }
            (Err(_), Some(held)) => Ok((held.answer, Source::Cache)),
            (Err(refusal), None) => Err(refusal),
        }
    }

    /// A question about several certificates, or one that no certificate can be.
    async fn uncached(&self, query: &Query) -> Result<Arc<Served>, Refusal> {
        let facts = if query.serials().is_empty() { Vec::new() } else { self.ask(query).await?.facts };
        Ok(self.sign(query, &facts).await?.1)
    }

    async fn ask(&self, query: &Query) -> Result<StatusSnapshot, Refusal> {
        let asked = self.service.records.ask(query.ca(), query.serials());
        timeout_at(self.deadline, asked).await.unwrap_or(Err(Refusal::Overloaded))
    }

    async fn sign(&self, query: &Query, facts: &[CertStatusFacts]) -> Result<(Answer, Arc<Served>), Refusal> {
        let key = self.desk.keys.get(&query.responder().fingerprint()).ok_or(Refusal::Bug)?;
        let (pending, to_be_signed) = query.answer(facts, self.service.now())?;
        let (reply, signature) = oneshot::channel();
        key.submit(
            to_be_signed,
            Box::new(move |outcome| {
                // The client may have gone, and the deadline passed: then nobody wants it.
                let _ = reply.send(outcome);
            }),
        );
        let signature = match timeout_at(self.deadline, signature).await {
            Ok(Ok(outcome)) => outcome.map_err(Refusal::Signing)?,
            Ok(Err(_)) => {
                let reason = "the signer dropped the request".into();
                return Err(Refusal::Signing(SignError::Unavailable { reason }));
            }
            Err(_) => return Err(Refusal::Overloaded),
        };
        let mut answer = pending.finish(&signature)?;
        let body = Bytes::from(std::mem::take(&mut answer.der));
        let served = Served {
            validators: Validators::new(&body, system_time(answer.produced_at)),
            body,
            expires: http_date(answer.next_update),
            produced_at: answer.produced_at,
            renew_at: AnswerCache::<Arc<Served>>::renew_at(&answer),
            outcome: outcome(&answer.said),
            private: query.request().nonce().is_some(),
        };
        Ok((answer, Arc::new(served)))
    }
}

fn only(snapshot: StatusSnapshot) -> Result<CachedFacts, Refusal> {
    let StatusSnapshot { version, facts } = snapshot;
    match <[CertStatusFacts; 1]>::try_from(facts) {
        Ok([facts]) => Ok(CachedFacts { facts, version }),
        Err(_) => Err(Refusal::Bug),
    }
}

fn outcome(said: &[Said]) -> &'static str {
    match said {
        [Said::Good] => "good",
        [Said::Revoked] => "revoked",
        [Said::Suspended] => "suspended",
        [Said::Unissued] => UNISSUED,
        _ => "several",
    }
}

const UNISSUED: &str = "unissued";
const BEHIND_WITNESS: Refusal = Refusal::Status(StatusError::BehindWitness);

/// Locks are held for a look into a map; this many make waiting for one another rare.
const SHARDS: usize = 16;

/// Octets of encoded headers beside a body.
const HEADERS: usize = 256;

/// How often an alarm is logged while it lasts.
const ALARM_EVERY_SECONDS: i64 = 10;

/// How soon a client that was told `tryLater` should come back.
pub(crate) const RETRY_AFTER: Span = Span::seconds(2);
