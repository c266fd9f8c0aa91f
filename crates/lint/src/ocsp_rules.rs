//! The rules for OCSP answers, a file each.

mod form;
mod responder;
mod singles;

use crate::finding::{Finding, Report};
use crate::ocsp::{OcspContext, Response};

/// A rule for OCSP answers.
struct Rule {
    id: &'static str,
    clause: &'static str,
    check: fn(&Response<'_>, &OcspContext, &mut Report<'_>),
}

const RULES: &[Rule] = &[form::RULE, responder::RULE, singles::RULE];

/// Lets every rule judge.
pub(crate) fn apply(response: &Response<'_>, context: &OcspContext, findings: &mut Vec<Finding>) {
    for rule in RULES {
        (rule.check)(
            response,
            context,
            &mut Report::of(rule.id, rule.clause, findings).within(context.scope),
        );
    }
}
