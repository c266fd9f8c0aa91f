//! What the audit log hears of the clock: every loss, return and comparison (OVR-7.12-04 to -06, T-43).

use std::sync::{Arc, mpsc};
use std::thread;

use ndoba_audit::{EventKind, Word};
use ndoba_clock::{Measured, SourceChange, Transition, Verdict};
use ndoba_types::TimeUnavailable;

use crate::serve::{Process, record_one};

/// Takes events from threads that must not wait for the database, and records them on one that may.
pub(super) struct Recorder(mpsc::Sender<EventKind>);

impl Recorder {
    /// Starts its thread, which lives as long as the process.
    pub(super) fn start(process: &Arc<Process>) -> anyhow::Result<Self> {
        let (sender, receiver) = mpsc::channel::<EventKind>();
        let process = Arc::clone(process);
        thread::Builder::new().name("clock-events".into()).spawn(move || {
            for what in receiver {
                if let Err(error) = record_one(&process, "clock", what) {
                    tracing::error!("a change of the clock is not in the audit log: {error:#}");
                }
            }
        })?;
        Ok(Self(sender))
    }

    pub(super) fn record(&self, what: EventKind) {
        // The receiver lives as long as the process.
        let _ = self.0.send(what);
    }

    pub(super) fn transition(&self, transition: &Transition) {
        self.record(match transition {
            Transition::Trusted { measured: Measured { offset, bound } } => {
                EventKind::ClockTrusted { bound: *bound, offset: *offset }
            }
            Transition::Stopped { reason, measured } => {
                metrics::counter!(super::watching::STOPS, "reason" => code(reason)).increment(1);
                EventKind::ClockLost {
                    code: code(reason).into(),
                    bound: measured.map(|measured| measured.bound),
                    offset: measured.map(|measured| measured.offset),
                }
            }
            Transition::LeapPassed { midnight } => EventKind::LeapSecondPassed { midnight: *midnight },
            Transition::Kernel { synchronised: true } => {
                EventKind::ClockSourceTrusted { source: "kernel".into() }
            }
            Transition::Kernel { synchronised: false } => {
                EventKind::ClockSourceLost { source: "kernel".into(), code: "not-synchronised".into() }
            }
        });
    }

    pub(super) fn source(&self, change: &SourceChange) {
        let SourceChange { server, verdict } = change;
        let source = word(server);
        let code = verdict.code();
        if *verdict == Verdict::Agrees {
            tracing::info!(%server, "a time source is believed");
            self.record(EventKind::ClockSourceTrusted { source });
        } else {
            tracing::warn!(%server, code, "a time source is not believed");
            self.record(EventKind::ClockSourceLost { source, code: code.into() });
        }
    }
}

/// Why there is no time, as a stable word.
pub(super) fn code(reason: &TimeUnavailable) -> &'static str {
    match reason {
        TimeUnavailable::BoundTooWide { .. } => "bound-too-wide",
        TimeUnavailable::LeapSecond => "leap-second",
        TimeUnavailable::NoQuorum => "no-quorum",
        TimeUnavailable::NotSynchronised => "not-synchronised",
        TimeUnavailable::Stepped => "stepped",
    }
}

/// A server's address as a word: brackets have no place in one, and a long name keeps its end.
fn word(server: &str) -> Word {
    let text: String = server.chars().filter(|c| !"[]".contains(*c)).collect();
    let from = text.len().saturating_sub(Word::MAX_LEN);
    text.get(from..).and_then(|end| end.parse().ok()).unwrap_or_else(|| "server".into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_server_has_a_word() {
        assert_eq!(word("ntp1.example:123").as_str(), "ntp1.example:123");
        assert_eq!(word("[2001:db8::1]:123").as_str(), "2001:db8::1:123");
        assert_eq!(word(&format!("{}.example:123", "a".repeat(80))).as_str().len(), Word::MAX_LEN);
        assert_eq!(word("ნტპ.example:123").as_str(), "server");
    }
}
