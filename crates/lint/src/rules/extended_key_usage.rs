use super::{Rule, oid};
use crate::certificate::Certificate;
use crate::context::{CertificateKind, Context};
use crate::edition;
use crate::finding::Report;

pub(super) const RULE: Rule = Rule {
    id: "extended-key-usage",
    clause: "RFC 3161 §2.3, RFC 6960 §4.2.2.2; T-30, requirements §2.6",
    about: "timeStamping alone for TSUs, OCSPSigning alone for responders, neither for anyone else",
    effective: edition::RFC_3161,
    check,
};

fn check(certificate: &Certificate<'_>, context: &Context<'_>, report: &mut Report<'_>) {
    let place = certificate.extension(oid::EXT_KEY_USAGE).map(|extension| extension.place.clone());
    let usages = certificate.extended_key_usage();
    let only = match context.kind {
        CertificateKind::TimeStampingUnit => Some(oid::EKU_TIME_STAMPING),
        CertificateKind::OcspResponder => Some(oid::EKU_OCSP_SIGNING),
        CertificateKind::Root
        | CertificateKind::IssuingCa
        | CertificateKind::NaturalPerson
        | CertificateKind::LegalPerson
        | CertificateKind::Website => None,
    };
    match only {
        // RFC 6960 wants OCSPSigning there; that nothing else is beside it is ours.
        Some(only) if only == oid::EKU_OCSP_SIGNING && usages.iter().any(|usage| usage == only) => {
            if usages.len() > 1 {
                report.decision(format!("the only extended key usage is {only}"), place);
            }
        }
        Some(only) if usages != [only] => {
            report.error(format!("the only extended key usage is {only}"), place)
        }
        Some(_) => {}
        None if place.is_some() && usages.is_empty() => report.error("an empty extKeyUsage", place),
        None => {
            // A CA constrained to time-stamping has TSUs beneath it; a subscriber must not pass for one of our services.
            let service = [oid::EKU_TIME_STAMPING, oid::EKU_OCSP_SIGNING];
            if !context.kind.is_ca() && usages.iter().any(|usage| service.contains(&usage.as_str())) {
                report.error("a subscriber's key neither stamps time nor answers for certificates", place);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::oid;
    use crate::tests::{Sample, oid as oid_der, seq};

    #[test]
    fn both_missing_and_borrowed() {
        let mut tsu = Sample::tsu();
        tsu.replace_extension(
            oid::EXT_KEY_USAGE,
            true,
            seq(&[oid_der(oid::EKU_TIME_STAMPING), oid_der(oid::EKU_OCSP_SIGNING)]),
        );
        tsu.must_find("extended-key-usage");
        let mut responder = Sample::responder();
        responder.remove_extension(oid::EXT_KEY_USAGE);
        responder.must_find("extended-key-usage");
        let mut person = Sample::person();
        person.add_extension(oid::EXT_KEY_USAGE, false, seq(&[oid_der(oid::EKU_TIME_STAMPING)]));
        person.must_find("extended-key-usage");
    }
}
