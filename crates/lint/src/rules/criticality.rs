use super::{Rule, oid};
use crate::certificate::Certificate;
use crate::context::{CertificateKind, Context};
use crate::edition;
use crate::finding::Report;

pub(super) const RULE: Rule = Rule {
    id: "criticality",
    clause: "EN 319 412-2 GEN-4.1-2, GEN-4.3.5, -6, -10, -11; RFC 5280 §4.2; RFC 3161 §2.3; C-20, C-31, C-112, T-30",
    about: "keyUsage and a CA's basicConstraints are critical, and a TSU's extended key usage; nothing else is",
    effective: edition::FIRST_NORMS,
    check,
};

/// Never critical by RFC 5280 §4.2 or EN 319 412-5 QCS-4.1; of the others some profile may say so, and ours do not.
const FIXED: [&str; 5] = [
    oid::AUTHORITY_KEY_IDENTIFIER,
    oid::SUBJECT_KEY_IDENTIFIER,
    oid::AUTHORITY_INFO_ACCESS,
    oid::FRESHEST_CRL,
    oid::QC_STATEMENTS,
];

fn check(certificate: &Certificate<'_>, context: &Context<'_>, report: &mut Report<'_>) {
    for extension in &certificate.extensions {
        let wanted = match extension.oid.as_str() {
            oid::KEY_USAGE => true,
            oid::BASIC_CONSTRAINTS => context.kind.is_ca(),
            oid::EXT_KEY_USAGE => context.kind == CertificateKind::TimeStampingUnit,
            // RFC 5280 wants these critical in CAs (§4.2.1.10, §4.2.1.11, §4.2.1.14); end entities have none.
            oid::NAME_CONSTRAINTS | oid::POLICY_CONSTRAINTS | oid::INHIBIT_ANY_POLICY => true,
            _ => false,
        };
        if extension.critical != wanted {
            let must = if wanted { "must be critical" } else { "must not be critical" };
            let message = format!("extension {} {must}", extension.oid);
            if FIXED.contains(&extension.oid.as_str()) || wanted {
                report.error(message, extension.place.clone());
            } else {
                report.decision(message, extension.place.clone());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::oid;
    use crate::tests::Sample;

    #[test]
    fn the_wrong_way_round() {
        for (mut sample, oid, critical) in [
            (Sample::person(), oid::KEY_USAGE, false),
            (Sample::person(), oid::QC_STATEMENTS, true),
            (Sample::person(), oid::CERTIFICATE_POLICIES, true),
            (Sample::person(), oid::CRL_DISTRIBUTION_POINTS, true),
            (Sample::issuing_ca(), oid::BASIC_CONSTRAINTS, false),
            (Sample::tsu(), oid::EXT_KEY_USAGE, false),
            (Sample::responder(), oid::EXT_KEY_USAGE, true),
        ] {
            sample.set_critical(oid, critical);
            sample.must_find("criticality");
        }
    }
}
