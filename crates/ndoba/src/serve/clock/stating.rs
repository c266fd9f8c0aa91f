//! The clock's statement: signed in the background, so that no request of a stranger makes a token sign.

use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, Instant};

use actix_web::web::Bytes;
use anyhow::Context as _;
use ndoba_clock::{ClockReport, HostClock, NtpWatch, SourceReport};
use ndoba_settings::KeyRef;
use ndoba_tsa::{ClockStatement, StatedAnswer, StatedMeasure, StatedSource};
use ndoba_types::{SigningKey, Span, StateClock};
use ndoba_web_public::ClockStatements;

use super::events::code;
use crate::installation;
use crate::serve::Process;
use crate::serve::background::{Background, Next};

/// How long a statement may be taken for the present.
const LIFE: Duration = Duration::from_secs(60);
/// How old it gets while nothing changes.
const RENEWED_AFTER: Duration = Duration::from_secs(5);
/// How often it is looked whether something has changed.
const LOOK: Duration = Duration::from_millis(500);

/// The newest statement.
#[derive(Default)]
pub(super) struct Board(RwLock<Option<Stated>>);

struct Stated {
    jws: Bytes,
    at: Instant,
}

impl ClockStatements for Board {
    fn current(&self) -> Option<Bytes> {
        // Replaced whole; whoever panicked left none half-written.
        let stated = self.0.read().unwrap_or_else(PoisonError::into_inner);
        // By the monotonic clock: a wall clock that was set back must not lengthen a statement's life.
        stated.as_ref().filter(|stated| stated.at.elapsed() < LIFE).map(|stated| stated.jws.clone())
    }
}

/// Starts stating; `key` is the statement's.
pub(super) fn start(
    process: &Arc<Process>,
    key: &KeyRef,
    host: Arc<HostClock>,
    watch: Option<Arc<NtpWatch>>,
    background: &mut Background,
) -> anyhow::Result<Arc<dyn ClockStatements>> {
    let public_key = installation::clock_public_key(&process.settings)?;
    let key = process
        .tokens
        .open::<StateClock>(key, &public_key)
        .context("the key of the clock's statement cannot be used")?;
    let board = Arc::new(Board::default());
    let (served, process) = (Arc::clone(&board), Arc::clone(process));
    let mut last: Option<(Instant, Vec<&'static str>)> = None;
    let mut failing = false;
    background.run("clock-statement", move || {
        let report = host.report();
        let sources = watch.as_ref().map(|watch| watch.report(&report.reading)).unwrap_or_default();
        let verdicts: Vec<_> = (report.time.as_ref().err().map(code).into_iter())
            .chain(sources.iter().map(|source| source.verdict.code()))
            .collect();
        if last.as_ref().is_some_and(|(at, said)| *said == verdicts && at.elapsed() < RENEWED_AFTER) {
            return Next::After(LOOK);
        }
        let at = Instant::now();
        match sign(&statement(&process, &report, &sources), &key) {
            Ok(jws) => {
                *board.0.write().unwrap_or_else(PoisonError::into_inner) =
                    Some(Stated { jws: jws.into(), at });
                last = Some((at, verdicts));
                if std::mem::take(&mut failing) {
                    tracing::info!("the clock's statement is signed again");
                }
            }
            Err(error) => {
                if !std::mem::replace(&mut failing, true) {
                    tracing::error!("the clock's statement cannot be signed: {error:#}");
                }
            }
        }
        Next::After(LOOK)
    })?;
    Ok(served)
}

fn sign(statement: &ClockStatement, key: &dyn SigningKey<StateClock>) -> anyhow::Result<Vec<u8>> {
    let unsigned = statement.prepare(key.algorithm(), key.public_key())?;
    Ok(unsigned.finish(&key.sign(unsigned.message())?)?)
}

fn statement(process: &Process, report: &ClockReport, sources: &[SourceReport]) -> ClockStatement {
    let ClockReport { reading, time, measured, mode } = report;
    let source = |source: &SourceReport| StatedSource {
        server: source.server.clone(),
        verdict: source.verdict.code().into(),
        answer: source.sample.map(|sample| StatedAnswer {
            offset_us: sample.offset_from(reading),
            bound_us: sample.half_width.as_micros(),
            age_us: source.age.as_micros(),
            stratum: sample.stratum,
        }),
    };
    ClockStatement {
        installation: process.settings.installation,
        node: process.settings.node,
        at: reading.wall,
        expires: reading.wall.plus(Span::seconds(u32::try_from(LIFE.as_secs()).unwrap_or_default())),
        mode: (*mode).into(),
        distrusted: time.as_ref().err().map(|reason| code(reason).to_owned()),
        measured: measured.as_ref().ok().map(|measured| StatedMeasure {
            offset_us: measured.offset,
            bound_us: measured.bound.as_micros(),
        }),
        sources: sources.iter().map(source).collect(),
    }
}
