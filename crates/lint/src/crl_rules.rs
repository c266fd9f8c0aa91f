//! The rules for CRLs, a file each.

mod entries;
mod extensions;
mod form;
mod times;

use crate::crl::{Crl, CrlContext};
use crate::finding::{Finding, Report};

/// A rule for CRLs.
struct Rule {
    id: &'static str,
    clause: &'static str,
    check: fn(&Crl<'_>, &CrlContext<'_>, &mut Report<'_>),
}

const RULES: &[Rule] = &[form::RULE, times::RULE, extensions::RULE, entries::RULE];

/// Lets every rule judge.
pub(crate) fn apply(crl: &Crl<'_>, context: &CrlContext<'_>, findings: &mut Vec<Finding>) {
    for rule in RULES {
        (rule.check)(crl, context, &mut Report::of(rule.id, rule.clause, findings).within(context.scope));
    }
}
