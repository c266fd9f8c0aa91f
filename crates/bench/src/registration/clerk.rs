//! An officer at the API: every call timed, and a pause to think after it.

use std::collections::BTreeMap;
use std::thread;
use std::time::{Duration, Instant};

use ndoba_client::{ClientError, OfficerClient};
use rand::RngExt as _;

use crate::installation::Installation;
use crate::load::{Outcome, Verdict};
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

/// What an officer's calls showed.
#[derive(Debug, Default)]
pub(super) struct Tally {
    kinds: BTreeMap<&'static str, Outcome>,
    pub(super) errors: Vec<String>,
}

impl Tally {
    fn count(&mut self, kind: &'static str, took: Duration) {
        self.kinds.entry(kind).or_insert(Outcome::NONE).count(Verdict::Served, took);
    }

    /// Notes what failed.
    pub(super) fn failed(&mut self, kind: &str, error: &ClientError) {
        if self.errors.len() < ERRORS {
            self.errors.push(format!("{kind}: {error}"));
        }
    }

    pub(super) fn add(&mut self, other: Self) {
        for (kind, calls) in other.kinds {
            self.kinds.entry(kind).or_insert(Outcome::NONE).add(&calls);
        }
        let left = ERRORS.saturating_sub(self.errors.len());
        self.errors.extend(other.errors.into_iter().take(left));
    }

    /// Each kind of call.
    pub(super) fn kinds(&self) -> impl Iterator<Item = (&'static str, &Outcome)> {
        self.kinds.iter().map(|(kind, calls)| (*kind, calls))
    }

    /// How many calls of a kind there were.
    pub(super) fn counted(&self, kind: &str) -> u64 {
        self.kinds.get(kind).map_or(0, |calls| calls.served)
    }

    /// All calls, of whatever kind.
    pub(super) fn all(&self) -> Outcome {
        let mut all = Outcome::NONE;
        self.kinds.values().for_each(|calls| all.add(calls));
        all
    }
}
