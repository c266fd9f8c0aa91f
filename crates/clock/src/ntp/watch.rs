//! All sources under watch, and what they agree on.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use ndoba_types::{Random, Span, TimeUnavailable};

use super::sample::{distance, micros, strayed};
use super::source::{Source, SourceReport, Verdict};
use super::{Interval, ServerAddress, agreement, ask};
use crate::{ClockSource, Leap, Measured, Reading};

/// Whom to ask, how often, whom to believe.
#[derive(Clone, Debug)]
pub struct NtpSettings {
    /// The sources.
    pub servers: Vec<ServerAddress>,
    /// How many of them must agree: more than half.
    pub quorum: usize,
    /// How often each is asked.
    pub poll: Span,
    /// How long an answer is waited for.
    pub timeout: Span,
    /// How long an answer counts, growing less certain by `drift`.
    pub max_age: Span,
    /// How far this machine's clock may stray, in parts per million.
    pub drift: u32,
}

/// A source began or ceased to count (T-43).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SourceChange {
    /// Which.
    pub server: String,
    /// What it counts for from now on.
    pub verdict: Verdict,
}

/// The sources under watch. It reads a clock and asks the network in [`Self::look`]; everything else is memory.
pub struct NtpWatch {
    settings: NtpSettings,
    clock: Arc<dyn ClockSource>,
    random: Arc<dyn Random>,
    on_change: Box<dyn Fn(&SourceChange) + Send + Sync>,
    state: Mutex<State>,
}

struct State {
    sources: Vec<Source>,
    agreed: Option<Agreed>,
}

/// What a quorum agreed on.
#[derive(Clone, Copy)]
struct Agreed {
    /// UTC minus the monotonic clock, in microseconds.
    interval: Interval,
    /// When that was judged, by the monotonic clock.
    at: Duration,
    /// What a quorum announces.
    leap: Leap,
}

/// The most between two looks at a source, whether it is asked or not: ageing is noticed within this.
const LOOK: Duration = Duration::from_secs(1);

impl fmt::Debug for NtpWatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "NtpWatch({} of {})", self.settings.quorum, self.settings.servers.len())
    }
}

impl NtpWatch {
    /// Watches the servers of `settings` by `clock`; `on_change` is called from [`Self::look`] and must not block.
    pub fn new(
        settings: NtpSettings,
        clock: Arc<dyn ClockSource>,
        random: Arc<dyn Random>,
        on_change: Box<dyn Fn(&SourceChange) + Send + Sync>,
    ) -> Self {
        let sources = settings.servers.iter().cloned().map(Source::new).collect();
        Self { settings, clock, random, on_change, state: Mutex::new(State { sources, agreed: None }) }
    }

    /// How many sources there are; each wants a thread that calls [`Self::look`].
    pub fn sources(&self) -> usize {
        self.settings.servers.len()
    }

    /// Asks source number `index` if it is due, which blocks as long as the answer takes, and judges anew. When to
    /// call again: within a second.
    pub fn look(&self, index: usize) -> Duration {
        let now = self.clock.read().monotonic;
        let due = {
            let state = self.state();
            let Some(source) = state.sources.get(index) else { return LOOK };
            source.due.is_some_and(|due| due <= now).then(|| (source.server.clone(), source.address))
        };
        if let Some((server, address)) = due {
            // A slow resolver or server holds up nobody else: the lock is free.
            let address = address.map_or_else(|| server.resolve(), Ok);
            let outcome = match &address {
                Ok(address) => ask(*address, self.settings.timeout.to_std(), &*self.clock, &*self.random),
                Err(_) => Err(super::Unanswered::NoAddress),
            };
            match &outcome {
                Ok(sample) => tracing::debug!(
                    %server,
                    offset_us = sample.offset,
                    bound_us = sample.half_width.as_micros(),
                    "a time source answered"
                ),
                Err(error) => tracing::debug!(%server, %error, "a time source gave no time"),
            }
            let asked = self.clock.read().monotonic;
            let mut state = self.state();
            if let Some(source) = state.sources.get_mut(index) {
                source.address = address.ok();
                source.take(outcome, asked, self.settings.poll.to_std());
                source.told.get_or_insert(Verdict::Alone);
            }
        }
        let now = self.clock.read().monotonic;
        let mut state = self.state();
        let changes = self.judge(&mut state, now);
        let due = state.sources.get(index).and_then(|source| source.due);
        drop(state);
        for change in &changes {
            (self.on_change)(change);
        }
        due.map_or(LOOK, |due| due.saturating_sub(now).min(LOOK))
    }

    /// Forgets all answers and asks anew: after a leap second, when nobody knows which servers had taken it in.
    pub fn forget(&self) {
        let now = self.clock.read().monotonic;
        let mut state = self.state();
        state.agreed = None;
        for source in &mut state.sources {
            source.sample = None;
            source.due = source.due.map(|due| due.min(now));
        }
    }

    /// Where UTC is, seen from the wall clock of `reading`.
    ///
    /// # Errors
    ///
    /// [`TimeUnavailable::NoQuorum`] while no quorum agrees, or has agreed lately.
    pub fn measured(&self, reading: &Reading) -> Result<Measured, TimeUnavailable> {
        let agreed = self.state().agreed.ok_or(TimeUnavailable::NoQuorum)?;
        let age = reading.monotonic.saturating_sub(agreed.at);
        if age > self.settings.max_age.to_std() {
            return Err(TimeUnavailable::NoQuorum);
        }
        // Beside the age's drift: the two clocks were not read at once, and are read in whole microseconds.
        let margin = strayed(age, self.settings.drift) + reading.spread.as_micros() + 1;
        let Interval { low, high } = agreed.interval.widened(margin);
        let wall = distance(reading.wall, reading.monotonic);
        let (low, high) = (low.saturating_sub(wall), high.saturating_sub(wall));
        let bound = low.unsigned_abs().max(high.unsigned_abs());
        Ok(Measured {
            offset: low.midpoint(high),
            bound: Span::micros(u32::try_from(bound).unwrap_or(u32::MAX)),
        })
    }

    /// The leap second that a quorum announces, on the last day of a month: the only days that may end with one
    /// (ITU-R TF.460).
    pub fn leap(&self, reading: &Reading) -> Leap {
        let tomorrow = reading.wall.plus(Span::days(1)).to_date_time();
        match self.state().agreed {
            Some(agreed) if tomorrow.day() == 1 => agreed.leap,
            Some(_) | None => Leap::None,
        }
    }

    /// Every source, in the order of the settings.
    pub fn report(&self, reading: &Reading) -> Vec<SourceReport> {
        let now = reading.monotonic;
        let state = self.state();
        let report = |source: &Source| {
            let sample = source.fresh(now, self.settings.max_age.to_std());
            let age = sample.map_or(Duration::ZERO, |sample| now.saturating_sub(sample.at));
            SourceReport {
                server: source.server.to_string(),
                verdict: source.verdict,
                sample,
                age: Span::micros(u32::try_from(micros(age)).unwrap_or(u32::MAX)),
            }
        };
        state.sources.iter().map(report).collect()
    }

    /// Judges all by what they said last, aged to `now`. Who has changed in a way that others should hear of.
    fn judge(&self, state: &mut State, now: Duration) -> Vec<SourceChange> {
        let (max_age, drift, quorum) =
            (self.settings.max_age.to_std(), self.settings.drift, self.settings.quorum);
        let said: Vec<_> = state
            .sources
            .iter()
            .map(|source| source.fresh(now, max_age).map(|sample| (sample.interval(now, drift), sample.leap)))
            .collect();
        let intervals: Vec<Interval> = said.iter().flatten().map(|(interval, _)| *interval).collect();
        let interval = agreement(&intervals, quorum);
        let announced = |leap| {
            let announcing = said.iter().flatten().filter(|(one, announced)| {
                *announced == leap && interval.is_some_and(|interval| one.meets(interval))
            });
            announcing.count() >= quorum
        };
        let leap = [Leap::Insert, Leap::Delete].into_iter().find(|leap| announced(*leap));
        state.agreed =
            interval.map(|interval| Agreed { interval, at: now, leap: leap.unwrap_or(Leap::None) });

        let mut changes = Vec::new();
        for (source, said) in state.sources.iter_mut().zip(&said) {
            source.verdict = match (said, interval, source.refusal) {
                (Some((one, _)), Some(interval), _) if one.meets(interval) => Verdict::Agrees,
                (Some(_), Some(_), _) => Verdict::Disagrees,
                (Some(_), None, _) => Verdict::Alone,
                (None, _, Some(refusal)) => Verdict::Refused(refusal),
                (None, _, None) => Verdict::Silent,
            };
            // Whether there is a quorum is not the single source's change.
            if source.verdict != Verdict::Alone && source.told.is_some_and(|told| told != source.verdict) {
                source.told = Some(source.verdict);
                changes.push(SourceChange { server: source.server.to_string(), verdict: source.verdict });
            }
        }
        changes
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // Changed by plain values only: whole whatever happened to the thread that held it.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
