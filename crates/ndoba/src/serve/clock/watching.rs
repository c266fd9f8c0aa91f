//! Looks at the clock all the time, whether anybody asks for a time-stamp or not: health, metrics, the record of
//! comparisons.

use std::sync::Arc;
use std::time::Duration;

use metrics::{describe_counter, describe_gauge, gauge};
use ndoba_audit::EventKind;
use ndoba_clock::{ClockReport, HostClock, Measured, NtpWatch, SourceReport, Verdict};
use ndoba_settings::ClockMode;
use ndoba_types::{Span, UtcTime};

use super::events::Recorder;
use crate::serve::Process;
use crate::serve::background::{Background, Next};

/// A failure is seen within a second (TIS-7.7.2-06), asked for or not.
const LOOK: Duration = Duration::from_millis(500);
/// How often the comparisons since then become one event.
const RECORD_EVERY: Span = Span::hours(1);

/// 1 while the clock is believed.
const TRUSTED: &str = "ndoba_clock_trusted";
/// UTC minus the clock.
const OFFSET: &str = "ndoba_clock_offset_seconds";
/// How far off it may be.
const BOUND: &str = "ndoba_clock_bound_seconds";
/// Servers by what they count for.
const SOURCES: &str = "ndoba_clock_sources";
/// By `reason`.
pub(super) const STOPS: &str = "ndoba_clock_stops_total";

/// Starts the thread.
pub(super) fn start(
    process: &Arc<Process>,
    host: Arc<HostClock>,
    watch: Option<Arc<NtpWatch>>,
    recorder: Arc<Recorder>,
    background: &mut Background,
) -> anyhow::Result<()> {
    describe_gauge!(TRUSTED, "1 while the clock of time-stamps is believed");
    describe_gauge!(OFFSET, "UTC minus the clock, as measured");
    describe_gauge!(BOUND, "How far the clock may be off");
    describe_gauge!(SOURCES, "Time sources by whether they agree");
    describe_counter!(STOPS, "How often the clock ceased to be believed");
    let process = Arc::clone(process);
    let mut comparisons = Comparisons::default();
    background.run("clock", move || {
        let report = host.report();
        let sources = watch.as_ref().map(|watch| watch.report(&report.reading)).unwrap_or_default();
        measure(&report, &sources);
        tell_health(&process, &report);
        if let Some(event) = comparisons.take_in(&report) {
            recorder.record(event);
        }
        Next::After(LOOK)
    })
}

fn measure(report: &ClockReport, sources: &[SourceReport]) {
    gauge!(TRUSTED).set(if report.time.is_ok() { 1.0 } else { 0.0 });
    if let Ok(Measured { offset, bound }) = report.measured {
        gauge!(OFFSET).set(seconds(offset));
        gauge!(BOUND).set(seconds(bound.as_micros()));
    }
    let agreeing = sources.iter().filter(|source| source.verdict == Verdict::Agrees).count();
    for (state, count) in [("agreeing", agreeing), ("other", sources.len() - agreeing)] {
        gauge!(SOURCES, "state" => state).set(u32::try_from(count).unwrap_or(u32::MAX));
    }
}

#[expect(clippy::cast_precision_loss, reason = "exact up to 285 years of microseconds")]
fn seconds(micros: i64) -> f64 {
    micros as f64 / 1e6
}

fn tell_health(process: &Process, report: &ClockReport) {
    match &report.time {
        // "Trusted unchecked: development only" stays on the board from the start.
        Ok(_) if process.settings.clock.mode == ClockMode::TrustedHostClock => {
            process.health.set_trusted_host_clock();
        }
        Ok(_) => process.health.set_ok("clock"),
        Err(reason) => process.health.set_failed("clock", format!("{}: {reason}", report.mode)),
    }
}

/// The comparisons of the clock with its sources since the last record.
#[derive(Default)]
struct Comparisons {
    since: Option<UtcTime>,
    times: u64,
    offsets: Option<(i64, i64)>,
    bound: Span,
}

impl Comparisons {
    /// Counts one in; the record, when it is due.
    fn take_in(&mut self, report: &ClockReport) -> Option<EventKind> {
        let now = report.reading.wall;
        let since = *self.since.get_or_insert(now);
        if let Ok(Measured { offset, bound }) = report.measured {
            let (least, greatest) = self.offsets.unwrap_or((offset, offset));
            self.offsets = Some((least.min(offset), greatest.max(offset)));
            self.bound = self.bound.max(bound);
            self.times += 1;
        }
        if now.since(since) < RECORD_EVERY {
            return None;
        }
        let Self { times, offsets, bound, .. } = std::mem::take(self);
        let (least, greatest) = offsets?;
        Some(EventKind::ClockCompared { times, least, greatest, bound })
    }
}

#[cfg(test)]
mod tests {
    use ndoba_clock::Reading;
    use ndoba_types::TimeUnavailable;

    use super::*;

    fn report(at: &str, measured: Result<Measured, TimeUnavailable>) -> ClockReport {
        let reading = Reading {
            wall: at.parse().unwrap(),
            monotonic: Duration::ZERO,
            kernel: None,
            spread: Span::ZERO,
        };
        ClockReport { reading, time: Err(TimeUnavailable::NoQuorum), measured, mode: "quorum" }
    }

    #[test]
    fn an_hour_of_comparisons_is_one_record() {
        let measured = |offset| Ok(Measured { offset, bound: Span::micros(900) });
        let mut comparisons = Comparisons::default();
        assert_eq!(comparisons.take_in(&report("2026-11-25T12:00:00Z", measured(-40))), None);
        assert_eq!(comparisons.take_in(&report("2026-11-25T12:30:00Z", measured(70))), None);
        let none = Err(TimeUnavailable::NoQuorum);
        assert_eq!(comparisons.take_in(&report("2026-11-25T12:40:00Z", none.clone())), None);
        let record =
            EventKind::ClockCompared { times: 3, least: -40, greatest: 70, bound: Span::micros(900) };
        assert_eq!(comparisons.take_in(&report("2026-11-25T13:00:00Z", measured(5))), Some(record));
        assert_eq!(comparisons.take_in(&report("2026-11-25T13:00:01Z", none.clone())), None);
        assert_eq!(comparisons.take_in(&report("2026-11-25T14:00:01Z", none)), None, "nothing to record");
    }
}
