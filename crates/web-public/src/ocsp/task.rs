//! The work on one request: memory, records, key, in that order and as little of it as truth allows.

use std::sync::Arc;

use actix_web::http::header::HeaderValue;
use actix_web::web::Bytes;
use metrics::{Counter, counter};
use ndoba_ocsp::{
    Answer, CacheKey, CachedFacts, CertStatusFacts, FinalQuestion, FinalRecord, Held, Lookup, Query, Refusal,
    Said, StatusError, StatusSnapshot,
};
use ndoba_types::{SignError, Span, UtcTime};
use tokio::sync::oneshot;
use tokio::time::{Instant, timeout_at};

use crate::conditional::{Validators, http_date, system_time};
use crate::metric::OCSP_ANSWERS;
use crate::ocsp::service::{Desk, OcspService};

/// A signed answer, encoded as far as it can be before it is asked for.
pub(crate) struct Served {
    pub(crate) body: Bytes,
    pub(crate) validators: Validators,
    pub(crate) last_modified: HeaderValue,
    pub(crate) expires: HeaderValue,
    pub(crate) produced_at: UtcTime,
    /// max-age ends here: from then on a newer answer can be had.
    pub(crate) renew_at: UtcTime,
    pub(crate) outcome: &'static str,
    /// Counts how often it is served from memory.
    pub(crate) from_cache: Counter,
    /// Made for one asker's nonce: nobody else's.
    pub(crate) private: bool,
}

/// Where an answer came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Source {
    Cache,
    Signed,
}

/// Work on one request.
#[derive(Clone, Copy)]
pub(crate) struct Task<'a> {
    pub(crate) service: &'a OcspService,
    pub(crate) desk: &'a Desk,
    /// When the client is told to come back, whatever is still going on.
    pub(crate) deadline: Instant,
    /// The answer must have been produced then or later.
    pub(crate) fresh_after: Option<UtcTime>,
}

impl Task<'_> {
    /// A question about one certificate.
    pub(crate) async fn one(&self, query: &Query, key: CacheKey) -> Result<(Arc<Served>, Source), Refusal> {
        let (now, known) = (self.service.now(), self.service.known(query.ca()));
        if let Some(moment) = self.fresh_after {
            return self.fresh(query, key, moment).await;
        }
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
            self.service.confirm(&key, &facts);
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

    /// An answer produced at `moment` or later: from memory, where it is that young; else from the records, whatever
    /// this node remembers of them.
    async fn fresh(
        &self,
        query: &Query,
        key: CacheKey,
        moment: UtcTime,
    ) -> Result<(Arc<Served>, Source), Refusal> {
        let (now, known) = (self.service.now(), self.service.known(query.ca()));
        let of_nobody = query.request().nonce().is_none();
        if of_nobody
            && let Lookup::Hit(served) = self.service.read_shard(&key).look_up(&key, now, known)
            && served.produced_at >= moment
        {
            return Ok((served, Source::Cache));
        }
        let facts = self.ask(query).await.and_then(only)?;
        let (answer, served) = self.sign(query, std::slice::from_ref(&facts.facts)).await?;
        if of_nobody {
            self.service.keep(key, &answer, &served, facts);
        }
        Ok((served, Source::Signed))
    }

    /// A question about several certificates, or one that no certificate can be.
    pub(crate) async fn uncached(&self, query: &Query) -> Result<Arc<Served>, Refusal> {
        let facts = if query.serials().is_empty() { Vec::new() } else { self.ask(query).await?.facts };
        Ok(self.sign(query, &facts).await?.1)
    }

    async fn ask(&self, query: &Query) -> Result<StatusSnapshot, Refusal> {
        let asked = self.service.records().ask(query.ca(), query.serials());
        let outcome = timeout_at(self.deadline, asked).await.unwrap_or(Err(Refusal::Overloaded));
        if outcome.is_err() {
            self.service.note(&outcome);
        }
        outcome
    }

    async fn sign(&self, query: &Query, facts: &[CertStatusFacts]) -> Result<(Answer, Arc<Served>), Refusal> {
        let outcome = self.try_to_sign(query, facts).await;
        self.service.note(&outcome);
        outcome
    }

    async fn try_to_sign(
        &self,
        query: &Query,
        facts: &[CertStatusFacts],
    ) -> Result<(Answer, Arc<Served>), Refusal> {
        let key = self.desk.key(query.responder()).ok_or(Refusal::Bug)?;
        let now = self.service.now();
        // producedAt has whole seconds: within the second of the moment there is no answer that is late enough.
        if self.fresh_after.is_some_and(|moment| now.floor_to_second() < moment) {
            return Err(Refusal::NotYet);
        }
        let (pending, to_be_signed) = query.answer(facts, now)?;
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
        self.service.unissued().note(query, &answer.said);
        let outcome = outcome(&answer.said);
        let served = Served {
            validators: Validators::new(&body, system_time(answer.produced_at)),
            body,
            last_modified: http_date(answer.produced_at),
            expires: http_date(answer.next_update),
            produced_at: answer.produced_at,
            renew_at: answer.renew_at,
            outcome,
            from_cache: from_cache(outcome),
            private: query.request().nonce().is_some(),
        };
        Ok((answer, Arc::new(served)))
    }
}

/// The final answer of a CA that has ended, as it was recorded: no key is asked, and no nonce answered (O-14, O-16).
/// Of a certificate that has none, nothing is known here.
pub(crate) async fn last_word(
    service: &OcspService,
    question: FinalQuestion,
) -> Result<(Arc<Served>, Source), Refusal> {
    let asked = service.records().ask_final(question);
    let outcome = timeout_at(service.deadline(), asked).await.unwrap_or(Err(Refusal::Overloaded));
    service.note(&outcome);
    let FinalRecord { der, produced_at } = outcome?.ok_or(Refusal::ForeignIssuer)?;
    let body = Bytes::from(der);
    let served = Served {
        validators: Validators::new(&body, system_time(produced_at)),
        body,
        last_modified: http_date(produced_at),
        expires: http_date(UtcTime::NO_END.floor_to_second()),
        produced_at,
        renew_at: service.now().plus(FINAL_AGE),
        outcome: "final",
        from_cache: from_cache("final"),
        private: false,
    };
    Ok((Arc::new(served), Source::Cache))
}

/// How long caches keep a final answer: it never changes, and somebody may want to take it out of them.
const FINAL_AGE: Span = Span::days(1);

fn only(snapshot: StatusSnapshot) -> Result<CachedFacts, Refusal> {
    let StatusSnapshot { version, facts } = snapshot;
    match <[CertStatusFacts; 1]>::try_from(facts) {
        Ok([facts]) => Ok(CachedFacts { facts, version }),
        Err(_) => Err(Refusal::Bug),
    }
}

fn from_cache(outcome: &'static str) -> Counter {
    counter!(OCSP_ANSWERS, "outcome" => outcome, "source" => "cache")
}

fn outcome(said: &[Said]) -> &'static str {
    match said {
        [Said::Good] => "good",
        [Said::Revoked] => "revoked",
        [Said::Suspended] => "suspended",
        [Said::Unissued] => "unissued",
        _ => "several",
    }
}

const BEHIND_WITNESS: Refusal = Refusal::Status(StatusError::BehindWitness);
