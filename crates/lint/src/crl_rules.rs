//! The rules for CRLs, a file each.

mod distribution_point;
mod entries;
mod extensions;
mod form;
mod times;

use crate::crl::{Crl, CrlContext};
use crate::der::NotDer;
use crate::finding::{Finding, Report};

pub(crate) use entries::EntryJudge;

/// A rule for CRLs. That for entries sees them as they pass ([`EntryJudge`]).
struct Rule {
    id: &'static str,
    clause: &'static str,
    check: fn(&Crl<'_>, &CrlContext<'_>, &mut Report<'_>),
}

const RULES: &[Rule] = &[times::RULE, extensions::RULE, distribution_point::RULE];

/// Lets every rule judge. `strict` is the first place where the octets, entries included, are no DER.
pub(crate) fn apply(
    crl: &Crl<'_>,
    strict: Result<(), NotDer>,
    context: &CrlContext<'_>,
    findings: &mut Vec<Finding>,
) {
    form::check(crl, strict, context, findings);
    for rule in RULES {
        (rule.check)(crl, context, &mut Report::of(rule.id, rule.clause, findings).within(context.scope));
    }
}
