//! Suspensions that nobody decided about: they end as configured (requirements §1.9, G-31), never by silent reinstatement.

use ndoba_audit::EventKind;
use ndoba_types::Span;
use ndoba_x509::RevocationReason;

use crate::error::CaError;
use crate::node::Node;
use crate::ports::{Ledger, SuspensionEnd};

/// How many overdue suspensions are looked at in one step.
const BATCH: usize = 100;

/// What the law allows of suspensions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SuspensionRule {
    /// Whether certificates may be suspended at all.
    pub allowed: bool,
    /// How long a suspension may last.
    pub max: Span,
    /// What becomes of one that lasted longer.
    pub overdue: Overdue,
    /// How many the service may order for subscribers with codes, in any 24 hours: what its key is worth to a thief.
    pub by_code: u32,
}

/// What becomes of a suspension that lasted longer than it may.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Overdue {
    /// It stays, and is counted.
    Keep,
    /// It becomes a revocation.
    Revoke,
}

/// What was found and done.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Outcome {
    /// Suspensions that became revocations.
    pub(crate) revoked: usize,
    /// Suspensions that wait for an officer although their time has passed; at most one step's.
    pub(crate) waiting: usize,
}

/// Ends what is overdue, or counts it.
///
/// No order stands behind such a revocation: the provider's own rule does, published in its practice statement. The
/// reason is `unspecified`, since nobody gave one.
pub(crate) fn settle(node: &Node, ledger: &dyn Ledger, rule: SuspensionRule) -> Result<Outcome, CaError> {
    let now = node.now();
    let overdue = ledger.overdue_suspensions(now.minus(rule.max), BATCH)?;
    let mut outcome = Outcome::default();
    match rule.overdue {
        Overdue::Keep => outcome.waiting = overdue.len(),
        Overdue::Revoke => {
            for suspension in overdue {
                let event = node.event(EventKind::SuspensionLapsed {
                    ca: suspension.certificate.ca.clone(),
                    serial: suspension.certificate.serial.clone(),
                    since: suspension.since,
                })?;
                let serial = suspension.certificate.serial.clone();
                let end = SuspensionEnd { suspension, reason: RevocationReason::Unspecified, at: now, event };
                if ledger.end_suspension(end)? {
                    tracing::warn!(%serial, "a suspension that nobody decided about became a revocation");
                    outcome.revoked += 1;
                }
            }
        }
    }
    Ok(outcome)
}
