use super::Rule;
use crate::der;
use crate::finding::Report;
use crate::ocsp::{OcspContext, Response};
use crate::rules::signature_algorithm;

/// DER throughout, v1 left to its default, errors without a body, a listed algorithm.
pub(super) const RULE: Rule = Rule { id: "ocsp-form", clause: "RFC 6960 §4.2.1; O-04, O-10", check };

fn check(response: &Response<'_>, _: &OcspContext, report: &mut Report<'_>) {
    if let Err(not) = der::strict(&response.whole) {
        report.error(not.why, not.at..not.at + 1);
    }
    match (response.status.small(), &response.basic) {
        (Some(0), Some(basic)) => {
            if let Err(not) = der::strict(&basic.whole) {
                report.error(not.why, not.at..not.at + 1);
            }
            if basic.version_written {
                report.error("version v1 is written out although it is the default", basic.whole.place());
            }
            if let Err(why) = signature_algorithm::judge(&basic.algorithm) {
                report.error(why, basic.algorithm.place());
            }
            if basic.extensions.iter().any(|extension| extension.critical) {
                report.error("a critical response extension", basic.whole.place());
            }
        }
        (Some(1 | 2 | 3 | 5 | 6), None) => {}
        _ => report.error("only a successful answer has a body, and it always", response.status.place()),
    }
}
