//! An officer at the API: every call timed, and a pause to think after it.

use std::collections::BTreeMap;
use std::thread;
use std::time::{Duration, Instant};

use ndoba_client::{ClientError, OfficerClient};
use rand::RngExt as _;

use crate::installation::Installation;
use crate::officers::{self, Officer};

/// Messages that are kept; the first say what went wrong.
const ERRORS: usize = 5;

pub(super) struct Clerk<'a> {
    pub(super) api: OfficerClient,
    pub(super) officer: &'a Officer,
    pub(super) tally: Tally,
    think: f64,
}

impl<'a> Clerk<'a> {
    pub(super) fn new(installation: &Installation, officer: &'a Officer, think: f64) -> anyhow::Result<Self> {
        let api = officers::api(installation, &officer.identity)?;
        Ok(Self { api, officer, tally: Tally::default(), think })
    }

    /// Makes a call of this kind; `None` when it failed, which is in the tally.
    pub(super) fn call<T>(
        &mut self,
        kind: &'static str,
        call: impl FnOnce(&OfficerClient) -> Result<T, ClientError>,
    ) -> Option<T> {
        let start = Instant::now();
        let answer = call(&self.api);
        let took = start.elapsed();
        self.pause();
        match answer {
            Ok(answer) => {
                self.tally.count(kind, took);
                Some(answer)
            }
            Err(error) => {
                self.tally.failed(kind, &error);
                None
            }
        }
    }

    /// Looks certificates up by the beginning of a name.
    pub(super) fn looks_up(&mut self, begins: &str) -> anyhow::Result<()> {
        let found = self.call("search", |api| api.certificates(&[("name", begins), ("limit", "20")]));
        let found = found.ok_or_else(|| anyhow::anyhow!("{}", self.tally.errors.join("; ")))?;
        anyhow::ensure!(!found.items.is_empty(), "nobody is found by a name that is there");
        Ok(())
    }

    /// Thinks, more or less long.
    pub(super) fn pause(&self) {
        if self.think > 0.0 {
            thread::sleep(Duration::from_secs_f64(self.think * rand::rng().random_range(0.5..1.5)));
        }
    }
}

/// Latencies of calls, in microseconds.
#[derive(Clone, Debug, Default)]
pub(super) struct Latencies(Vec<u32>);

impl Latencies {
    pub(super) fn calls(&self) -> u32 {
        u32::try_from(self.0.len()).unwrap_or(u32::MAX)
    }

    /// The latency in milliseconds that `part` of a hundred do not exceed.
    pub(super) fn percentile(&self, part: usize) -> f64 {
        let mut sorted = self.0.clone();
        sorted.sort_unstable();
        let rank = (sorted.len() * part).div_ceil(100).max(1);
        sorted.get(rank - 1).map_or(0.0, |micros| f64::from(*micros) / 1000.0)
    }
}

/// What an officer's calls showed.
#[derive(Debug, Default)]
pub(super) struct Tally {
    kinds: BTreeMap<&'static str, Latencies>,
    pub(super) errors: Vec<String>,
}

impl Tally {
    fn count(&mut self, kind: &'static str, took: Duration) {
        let micros = u32::try_from(took.as_micros()).unwrap_or(u32::MAX);
        self.kinds.entry(kind).or_default().0.push(micros);
    }

    /// Notes what failed.
    pub(super) fn failed(&mut self, kind: &str, error: &ClientError) {
        if self.errors.len() < ERRORS {
            self.errors.push(format!("{kind}: {error}"));
        }
    }

    pub(super) fn add(&mut self, other: Self) {
        for (kind, latencies) in other.kinds {
            self.kinds.entry(kind).or_default().0.extend(latencies.0);
        }
        let left = ERRORS.saturating_sub(self.errors.len());
        self.errors.extend(other.errors.into_iter().take(left));
    }

    pub(super) fn kinds(&self) -> impl Iterator<Item = (&'static str, &Latencies)> {
        self.kinds.iter().map(|(kind, latencies)| (*kind, latencies))
    }

    pub(super) fn counted(&self, kind: &str) -> u32 {
        self.kinds.get(kind).map_or(0, Latencies::calls)
    }

    pub(super) fn all(&self) -> Latencies {
        Latencies(self.kinds.values().flat_map(|latencies| latencies.0.iter().copied()).collect())
    }
}
