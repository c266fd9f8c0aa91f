use super::Rule;
use super::subject_organisation::organisation;
use crate::certificate::Certificate;
use crate::context::Context;
use crate::edition;
use crate::finding::Report;

pub(super) const RULE: Rule = Rule {
    id: "subject-own",
    clause: "EN 319 412-2 GEN-4.2.3.1, EN 319 422 §6.2; C-21, T-31, requirements §2.6",
    about: "CAs, responders and TSUs bear the provider's C, O, organizationIdentifier and a CN of their own",
    effective: edition::TIME_STAMPING_NORMS,
    check,
};

fn check(certificate: &Certificate<'_>, context: &Context<'_>, report: &mut Report<'_>) {
    if !context.kind.is_subscriber() {
        organisation(certificate, |message, place| report.decision(message, place));
    }
}

#[cfg(test)]
mod tests {
    use super::super::oid;
    use crate::tests::{Sample, name};

    #[test]
    fn a_bare_common_name() {
        for mut sample in [Sample::issuing_ca(), Sample::responder(), Sample::tsu()] {
            sample.subject = name(&[(oid::COMMON_NAME, 0x0c, "TSU 1")]);
            sample.must_find("subject-own");
        }
    }
}
