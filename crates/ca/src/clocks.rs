//! The clocks of requests to end or suspend a certificate: from the receipt, or the date that the request sets, until
//! every relying party can see the answer (EN 319 411-1 REV-6.2.4-03A, -03C, -05A; C-100, C-101).
//!
//! A clock stops with the first CRL that shows the change; OCSP has told of it since the change itself. A request that
//! was refused, or whose order nobody signed in time, is owed still: somebody must write another order, or turn the
//! request down.

use ndoba_audit::{Event, EventKind};
use ndoba_types::{OrderId, Span, UtcTime};

use crate::error::CaError;
use crate::node::Node;
use crate::ports::{CertificateId, Ledger};

/// How many requests one look judges.
const PAGE: usize = 500;

/// How long a request may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RevocationRule {
    /// The provider's own aim.
    pub aim: Span,
    /// The law's limit: 24 hours.
    pub limit: Span,
}

/// A request whose clock runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OpenRequest {
    /// The order that it led to.
    pub order: OrderId,
    /// About which certificate.
    pub certificate: CertificateId,
    /// When its clock began.
    pub begins: UtcTime,
    /// Whether it is in the log that its limit passed.
    pub overdue: bool,
    /// How far it has come.
    pub stage: Stage,
}

/// How far a request has come: whom it waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// The CA has not carried out the signed order.
    AtCa,
    /// No order that the CA may carry out is signed.
    AtOfficers,
    /// A CRL shows it, made at that time.
    Seen(UtcTime),
    /// Carried out; no CRL shows it yet.
    Unpublished,
    /// Nothing is owed: turned down, carried out under another order, or the certificate has expired.
    Void,
}

impl Stage {
    /// Whom a request waits for, in words for an operator.
    pub fn words(self) -> &'static str {
        match self {
            Self::AtCa => "it waits for the CA",
            Self::AtOfficers => "it waits for a revocation officer",
            Self::Seen(_) | Self::Void => "nothing is owed",
            Self::Unpublished => "it is in force, and no CRL shows it yet",
        }
    }
}

/// What is recorded of a clock.
#[derive(Clone, Debug)]
pub enum ClockChange {
    /// The limit has passed.
    Overdue {
        /// Of which request.
        order: OrderId,
        /// When that was noticed.
        at: UtcTime,
        /// Committed with it.
        event: Box<Event>,
    },
    /// Nothing is owed any more.
    Settled {
        /// Of which request.
        order: OrderId,
        /// Since when.
        at: UtcTime,
    },
}

/// Where the clocks stand after a look.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ClockReport {
    /// Requests whose clocks run.
    pub open: u64,
    /// The one whose clock has run for longest.
    pub oldest: Option<OpenRequest>,
    /// How long each took that reached the relying parties since the last look.
    pub seen_after: Vec<Span>,
    /// Requests found to be past the limit since the last look.
    pub newly_overdue: usize,
}

/// What is to be done about a request now.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Verdict {
    settled: Option<UtcTime>,
    overdue: bool,
    seen_after: Option<Span>,
}

/// Judges one request.
fn judge(request: &OpenRequest, rule: RevocationRule, now: UtcTime) -> Verdict {
    let OpenRequest { order: _, certificate: _, begins, overdue, stage } = request;
    // The time of a CRL is in whole seconds and may be a moment before the request's.
    let after = |end: UtcTime| end.max(*begins).since(*begins);
    let (settled, ran) = match stage {
        Stage::AtCa | Stage::AtOfficers | Stage::Unpublished => (None, Some(after(now))),
        Stage::Seen(at) => (Some(*at), Some(after(*at))),
        Stage::Void => (Some(now), None),
    };
    Verdict {
        settled,
        overdue: !overdue && ran.is_some_and(|ran| ran > rule.limit),
        seen_after: settled.and(ran),
    }
}

/// The looks at the clocks, one after the other: a page of requests each, so that a mass revocation does not hold up
/// the CA.
#[derive(Debug)]
pub(crate) struct Clocks {
    rule: RevocationRule,
    after: Option<(UtcTime, OrderId)>,
}

impl Clocks {
    pub(crate) fn new(rule: RevocationRule) -> Self {
        Self { rule, after: None }
    }

    /// Judges the next page of requests and records what became of them.
    pub(crate) fn look(&mut self, node: &Node, ledger: &dyn Ledger) -> Result<ClockReport, CaError> {
        let now = node.now();
        let page = ledger.open_requests(now, self.after, PAGE)?;
        self.after = match page.last() {
            Some(last) if page.len() == PAGE => Some((last.begins, last.order)),
            Some(_) | None => None,
        };
        let mut changes = Vec::new();
        let mut took = Vec::new();
        for request in &page {
            let verdict = judge(request, self.rule, now);
            if verdict.overdue {
                let event = Box::new(node.event(self.overdue(request))?);
                changes.push(ClockChange::Overdue { order: request.order, at: now, event });
                took.push(None);
            }
            if let Some(at) = verdict.settled {
                changes.push(ClockChange::Settled { order: request.order, at });
                took.push(verdict.seen_after);
            }
        }
        let overdue = |change: &ClockChange| matches!(change, ClockChange::Overdue { .. });
        let kinds: Vec<bool> = changes.iter().map(overdue).collect();
        let recorded = if changes.is_empty() { Vec::new() } else { ledger.record_clocks(changes)? };
        let mut report = ClockReport::default();
        for ((recorded, overdue), took) in recorded.into_iter().zip(kinds).zip(took) {
            // What another node recorded is in that node's report.
            if recorded {
                report.newly_overdue += usize::from(overdue);
                report.seen_after.extend(took);
            }
        }
        report.open = ledger.open_request_count(now)?;
        report.oldest = ledger.open_requests(now, None, 1)?.pop();
        Ok(report)
    }

    fn overdue(&self, request: &OpenRequest) -> EventKind {
        let OpenRequest { order, certificate, begins, overdue: _, stage } = request;
        tracing::error!(%order, since = %begins, "the limit of a revocation has passed: {}", stage.words());
        EventKind::RevocationOverdue {
            ca: certificate.ca.clone(),
            serial: certificate.serial.clone(),
            order: *order,
            since: *begins,
            limit: self.rule.limit,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RULE: RevocationRule = RevocationRule { aim: Span::minutes(60), limit: Span::hours(24) };

    fn begun() -> UtcTime {
        UtcTime::from_unix_seconds(1_795_000_000).unwrap()
    }

    fn request(stage: Stage) -> OpenRequest {
        OpenRequest {
            order: OrderId::from_bytes([7; 16]),
            certificate: CertificateId { ca: "seal".parse().unwrap(), serial: "4a01".parse().unwrap() },
            begins: begun(),
            overdue: false,
            stage,
        }
    }

    #[test]
    fn the_limit_is_passed_a_microsecond_after_it() {
        let limit = begun().plus(RULE.limit);
        for stage in [Stage::AtCa, Stage::AtOfficers, Stage::Unpublished] {
            assert_eq!(judge(&request(stage), RULE, limit), Verdict::default(), "{stage:?}");
            let late = judge(&request(stage), RULE, limit.plus(Span::micros(1)));
            assert_eq!(late, Verdict { overdue: true, ..Verdict::default() }, "{stage:?}");
            let told = OpenRequest { overdue: true, ..request(stage) };
            assert_eq!(judge(&told, RULE, limit.plus(Span::days(9))), Verdict::default(), "{stage:?}: once");
        }
    }

    #[test]
    fn a_clock_stops_with_the_list_that_shows_it() {
        let at = begun().plus(Span::minutes(3));
        let late = begun().plus(Span::days(2));
        // Looked at much later: the list's time counts.
        let seen = judge(&request(Stage::Seen(at)), RULE, late);
        assert_eq!(seen, Verdict { settled: Some(at), overdue: false, seen_after: Some(Span::minutes(3)) });
        let seen = judge(&request(Stage::Seen(late)), RULE, late);
        assert_eq!(seen, Verdict { settled: Some(late), overdue: true, seen_after: Some(Span::days(2)) });
        // A list's time has no fraction.
        let before = judge(&request(Stage::Seen(begun().minus(Span::millis(400)))), RULE, late);
        assert_eq!(before.seen_after, Some(Span::ZERO));
    }

    #[test]
    fn nothing_is_late_where_nothing_is_owed() {
        let late = begun().plus(Span::days(2));
        assert_eq!(
            judge(&request(Stage::Void), RULE, late),
            Verdict { settled: Some(late), overdue: false, seen_after: None }
        );
    }
}
