use super::{Rule, oid};
use crate::certificate::Certificate;
use crate::context::{CertificateKind, Context, Jurisdiction};
use crate::der::{self, Tlv};
use crate::edition;
use crate::finding::Report;

pub(super) const RULE: Rule = Rule {
    id: "policies",
    clause: "EN 319 412-2 GEN-4.3.3-1, EN 319 411-2 GEN-6.6.1; RFC 5280 §4.2.1.4; C-31, C-60, decision 3",
    about: "at least one policy, none twice, no anyPolicy in end entities; QCP policies in EU qualified certificates only",
    effective: edition::FIRST_NORMS,
    check,
};

fn check(certificate: &Certificate<'_>, context: &Context<'_>, report: &mut Report<'_>) {
    let Some(extension) = certificate.extension(oid::CERTIFICATE_POLICIES) else {
        match context.kind {
            CertificateKind::Root => {}
            CertificateKind::IssuingCa | CertificateKind::OcspResponder => {
                report.decision("no certificatePolicies", None);
            }
            CertificateKind::NaturalPerson
            | CertificateKind::LegalPerson
            | CertificateKind::TimeStampingUnit
            | CertificateKind::Website => report.error("no certificatePolicies", None),
        }
        return;
    };
    let place = extension.place.clone();
    let information =
        extension.der().ok().and_then(|value| value.children_of(der::SEQUENCE)).unwrap_or_default();
    let policies: Vec<String> = information.iter().filter_map(policy).collect();
    if policies.is_empty() || policies.len() != information.len() {
        report.error("malformed or empty certificatePolicies", place.clone());
    }
    for (at, policy) in policies.iter().enumerate() {
        if policies[..at].contains(policy) {
            report.error(format!("policy {policy} occurs again"), place.clone());
        }
        if policy == oid::ANY_POLICY && !context.kind.is_ca() {
            report.error("an end entity's certificate is not under any policy whatever", place.clone());
        }
        // Their definition says EU; a Georgian certificate would claim what it is not.
        if policy.starts_with(oid::ETSI_QCP)
            && context.jurisdiction != Jurisdiction::EuropeanUnion
            && context.kind.is_subscriber()
        {
            report.error(format!("policy {policy} is for EU qualified certificates"), place.clone());
        }
    }
}

/// PolicyInformation: an identifier, and qualifiers if any, a SEQUENCE that is not empty.
fn policy(information: &Tlv<'_>) -> Option<String> {
    let parts = information.children_of(der::SEQUENCE)?;
    match &parts[..] {
        [policy] => policy.oid(),
        [policy, qualifiers] if !qualifiers.children_of(der::SEQUENCE)?.is_empty() => policy.oid(),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::{Jurisdiction, oid};
    use crate::tests::{Sample, policies, tlv};

    #[test]
    fn none_empty_twice_any_and_foreign() {
        for bad in [
            tlv(0x30, &[]),
            policies(&["2.999.1.1", "2.999.1.1"]),
            policies(&[oid::ANY_POLICY]),
            policies(&["0.4.0.194112.1.2"]),
        ] {
            let mut sample = Sample::person();
            sample.replace_extension(oid::CERTIFICATE_POLICIES, false, bad);
            sample.must_find("policies");
        }
        let mut sample = Sample::person();
        sample.remove_extension(oid::CERTIFICATE_POLICIES);
        sample.must_find("policies");
    }

    #[test]
    fn qcp_in_the_union() {
        let mut sample = Sample::person();
        sample.jurisdiction = Jurisdiction::EuropeanUnion;
        sample.replace_extension(oid::CERTIFICATE_POLICIES, false, policies(&["0.4.0.194112.1.2"]));
        sample.must_not_find("policies");
    }
}
