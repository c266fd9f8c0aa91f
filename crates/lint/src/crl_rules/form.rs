use crate::crl::{Crl, CrlContext};
use crate::der::NotDer;
use crate::finding::{Finding, Report};
use crate::rules::signature_algorithm;

/// v2, DER throughout, a listed algorithm, the CA's own name byte for byte.
pub(super) fn check(
    crl: &Crl<'_>,
    strict: Result<(), NotDer>,
    context: &CrlContext<'_>,
    findings: &mut Vec<Finding>,
) {
    let mut report = Report::of("crl-form", "RFC 5280 §5.1.2; C-01, C-90", findings).within(context.scope);
    if crl.version.and_then(|version| version.small()) != Some(1) {
        report.error("the version is not v2", crl.version.map(|version| version.place()));
    }
    if let Err(not) = strict {
        report.error(not.why, not.at..not.at + 1);
    }
    if let Err(why) = signature_algorithm::judge(&crl.signature) {
        report.error(why, crl.signature.place());
    }
    if context.issuer.is_some_and(|issuer| crl.issuer_der != issuer.name) {
        report.error("the issuer is not the CA's subject, byte for byte", crl.issuer.place());
    }
}
