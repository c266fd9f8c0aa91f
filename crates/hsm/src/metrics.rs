//! What a key has done: the accounting that is compared with intents (design §5), and numbers for operators.
//!
//! Exported, with the labels `token` and `key`: `ndoba_hsm_requests_total` (and `outcome`: signed, busy, in-doubt,
//! refused, unavailable), `ndoba_hsm_sign_calls_total`, `ndoba_hsm_seconds` (submission to answer).

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use ndoba_types::{KeyLabel, SignError, Signature};

/// One key's counts since the process started. They never go back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyMetrics {
    /// The key.
    pub label: KeyLabel,
    /// Calls of C_Sign that returned a signature or may have made one: an upper bound of the signatures made.
    pub sign_calls: u64,
    /// Requests answered with a signature.
    pub signed: u64,
    /// Requests answered `Busy`.
    pub busy: u64,
    /// Requests answered `InDoubt`.
    pub in_doubt: u64,
    /// Requests answered `Refused`.
    pub refused: u64,
    /// Requests answered `Unavailable`.
    pub unavailable: u64,
    /// Time from submission to answer, over all answered requests.
    pub latency_total: Duration,
    /// The longest of them.
    pub latency_max: Duration,
}

/// A token's numbers now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Metrics {
    /// Requests that wait.
    pub queue_depth: usize,
    /// Calls into the module that have not returned.
    pub calls_in_flight: usize,
    /// Times the token was connected, the first included.
    pub connections: u64,
    /// Each opened key's counts.
    pub keys: Vec<KeyMetrics>,
}

#[derive(Default)]
pub(crate) struct Counters {
    sign_calls: AtomicU64,
    signed: AtomicU64,
    busy: AtomicU64,
    in_doubt: AtomicU64,
    refused: AtomicU64,
    unavailable: AtomicU64,
    latency_micros: AtomicU64,
    latency_max_micros: AtomicU64,
    exported: std::sync::OnceLock<Exported>,
}

/// Handles into the process's recorder, taken when a key is opened.
struct Exported {
    sign_calls: ::metrics::Counter,
    signed: ::metrics::Counter,
    busy: ::metrics::Counter,
    in_doubt: ::metrics::Counter,
    refused: ::metrics::Counter,
    unavailable: ::metrics::Counter,
    latency: ::metrics::Histogram,
}

impl Counters {
    pub(crate) fn for_key(token: &str, label: &KeyLabel) -> Self {
        let (token, key) = (token.to_owned(), label.to_string());
        let outcome = |outcome: &'static str| ::metrics::counter!("ndoba_hsm_requests_total", "token" => token.clone(), "key" => key.clone(), "outcome" => outcome);
        let exported = Exported {
            sign_calls: ::metrics::counter!("ndoba_hsm_sign_calls_total", "token" => token.clone(), "key" => key.clone()),
            signed: outcome("signed"),
            busy: outcome("busy"),
            in_doubt: outcome("in-doubt"),
            refused: outcome("refused"),
            unavailable: outcome("unavailable"),
            latency: ::metrics::histogram!("ndoba_hsm_seconds", "token" => token.clone(), "key" => key.clone()),
        };
        Self { exported: exported.into(), ..Self::default() }
    }

    /// C_Sign returned a signature, or may have made one.
    pub(crate) fn sign_called(&self) {
        self.sign_calls.fetch_add(1, Ordering::Relaxed);
        if let Some(exported) = self.exported.get() {
            exported.sign_calls.increment(1);
        }
    }

    pub(crate) fn answered(&self, outcome: &Result<Signature, SignError>, latency: Duration) {
        let exported = self.exported.get();
        let (own, exported_counter) = match outcome {
            Ok(_) => (&self.signed, exported.map(|e| &e.signed)),
            Err(SignError::Busy) => (&self.busy, exported.map(|e| &e.busy)),
            Err(SignError::InDoubt { .. }) => (&self.in_doubt, exported.map(|e| &e.in_doubt)),
            Err(SignError::Refused { .. }) => (&self.refused, exported.map(|e| &e.refused)),
            Err(SignError::Unavailable { .. }) => (&self.unavailable, exported.map(|e| &e.unavailable)),
        };
        own.fetch_add(1, Ordering::Relaxed);
        let micros = u64::try_from(latency.as_micros()).unwrap_or(u64::MAX);
        self.latency_micros.fetch_add(micros, Ordering::Relaxed);
        self.latency_max_micros.fetch_max(micros, Ordering::Relaxed);
        if let Some(counter) = exported_counter {
            counter.increment(1);
        }
        if let Some(exported) = exported {
            exported.latency.record(latency.as_secs_f64());
        }
    }

    pub(crate) fn snapshot(&self, label: &KeyLabel) -> KeyMetrics {
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        KeyMetrics {
            label: label.clone(),
            sign_calls: read(&self.sign_calls),
            signed: read(&self.signed),
            busy: read(&self.busy),
            in_doubt: read(&self.in_doubt),
            refused: read(&self.refused),
            unavailable: read(&self.unavailable),
            latency_total: Duration::from_micros(read(&self.latency_micros)),
            latency_max: Duration::from_micros(read(&self.latency_max_micros)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_outcome_has_its_count() {
        let counters = Counters::default();
        counters.sign_called();
        counters.answered(&Ok(Signature::from_bytes(vec![1])), Duration::from_millis(3));
        counters.answered(&Err(SignError::Busy), Duration::from_millis(1));
        let label = "signature/ca/1".parse().unwrap();
        let found = counters.snapshot(&label);
        assert_eq!((found.sign_calls, found.signed, found.busy, found.in_doubt), (1, 1, 1, 0));
        assert_eq!(
            (found.latency_total, found.latency_max),
            (Duration::from_millis(4), Duration::from_millis(3))
        );
    }
}
