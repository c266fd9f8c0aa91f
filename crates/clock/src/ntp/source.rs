//! What is known of one source, between questions.

use std::net::SocketAddr;
use std::time::Duration;

use ndoba_types::Span;

use super::{Kiss, Refusal, Sample, ServerAddress, Unanswered};

/// What a source counts for at the moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It is among those who agree.
    Agrees,
    /// It says something else than those who agree.
    Disagrees,
    /// It has not answered for too long, or never.
    Silent,
    /// It answered, and not with a time to be used.
    Refused(Refusal),
    /// It answers, but too few others do.
    Alone,
}

impl Verdict {
    /// A stable word for it: `agrees`, `disagrees`, `silent`, `alone`, or why it was refused.
    pub fn code(self) -> &'static str {
        match self {
            Self::Agrees => "agrees",
            Self::Disagrees => "disagrees",
            Self::Silent => "silent",
            Self::Alone => "alone",
            Self::Refused(Refusal::Impossible) => "impossible-times",
            Self::Refused(Refusal::Kiss(Kiss::Deny)) => "kiss-deny",
            Self::Refused(Refusal::Kiss(Kiss::Other)) => "kiss",
            Self::Refused(Refusal::Kiss(Kiss::Rate)) => "kiss-rate",
            Self::Refused(Refusal::Malformed) => "malformed",
            Self::Refused(Refusal::TooFar) => "too-far",
            Self::Refused(Refusal::Unsynchronised) => "unsynchronised",
            Self::Refused(Refusal::WrongOrigin) => "wrong-origin",
        }
    }
}

/// A source as others are told of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SourceReport {
    /// Which.
    pub server: String,
    /// What it counts for.
    pub verdict: Verdict,
    /// Its latest answer that counts, where it is fresh.
    pub sample: Option<Sample>,
    /// How old that is.
    pub age: Span,
}

/// A source under watch.
pub(super) struct Source {
    pub(super) server: ServerAddress,
    /// Resolved, until it stops answering there.
    pub(super) address: Option<SocketAddr>,
    /// The latest answer that counts. It stays when later questions go unanswered, and ages.
    pub(super) sample: Option<Sample>,
    /// Why the latest question has no such answer.
    pub(super) refusal: Option<Refusal>,
    /// When it is asked next, by the monotonic clock; `None`: never again.
    pub(super) due: Option<Duration>,
    /// How many times longer than set the pause is, because it asked for that. For the life of the process: who would
    /// go back would be told off again.
    slower: u32,
    pub(super) verdict: Verdict,
    /// The last verdict that others heard of.
    pub(super) told: Option<Verdict>,
}

/// RFC 5905 §7.4: with RATE the pause grows; at most to this many times the one that was set.
const SLOWEST: u32 = 32;

impl Source {
    pub(super) fn new(server: ServerAddress) -> Self {
        Self {
            server,
            address: None,
            sample: None,
            refusal: None,
            due: Some(Duration::ZERO),
            slower: 1,
            verdict: Verdict::Silent,
            told: None,
        }
    }

    /// Takes in what came of a question; the next is due after `pause`.
    pub(super) fn take(&mut self, outcome: Result<Sample, Unanswered>, now: Duration, pause: Duration) {
        self.due = Some(now + pause * self.slower);
        let refusal = match outcome {
            Ok(sample) => {
                self.sample = Some(sample);
                self.refusal = None;
                return;
            }
            Err(Unanswered::NoAddress | Unanswered::Silent | Unanswered::Unreachable(_)) => {
                self.refusal = None;
                self.address = None;
                return;
            }
            Err(Unanswered::NoRandomness(_)) => return,
            Err(Unanswered::Refused(refusal)) => refusal,
        };
        self.refusal = Some(refusal);
        match refusal {
            // It knows better than its earlier answer.
            Refusal::Impossible | Refusal::TooFar | Refusal::Unsynchronised | Refusal::Kiss(Kiss::Other) => {
                self.sample = None;
            }
            Refusal::Kiss(Kiss::Deny) => {
                self.sample = None;
                self.due = None;
            }
            Refusal::Kiss(Kiss::Rate) => {
                self.slower = (self.slower * 2).min(SLOWEST);
                self.due = Some(now + pause * self.slower);
            }
            // Anybody can send these; they take nothing from what the server itself said before.
            Refusal::Malformed | Refusal::WrongOrigin => {}
        }
    }

    /// The sample, unless it is older than `max_age`.
    pub(super) fn fresh(&self, now: Duration, max_age: Duration) -> Option<Sample> {
        self.sample.filter(|sample| now.saturating_sub(sample.at) <= max_age)
    }
}
