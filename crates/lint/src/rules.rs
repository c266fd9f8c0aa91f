//! The rules for certificates, a file each, and their list.

pub(crate) mod oid;

pub(crate) mod authority_info_access;
mod authority_key_identifier;
mod basic_constraints;
mod criticality;
mod crl_distribution_points;
mod der_strict;
mod duplicate_extensions;
mod extended_key_usage;
mod forbidden_extensions;
mod identifier_numbers;
mod issuer_name;
mod key_usage;
mod name_encoding;
mod name_scripts;
mod ocsp_nocheck;
mod policies;
mod private_key_usage_period;
mod public_key;
mod qc_device;
mod qc_form;
mod qc_legislation;
mod qc_pds;
mod qc_semantics;
mod qc_type;
mod readable;
mod rsa_dates;
mod serial_number;
mod short_term;
pub(crate) mod signature_algorithm;
mod subject_key_identifier;
mod subject_organisation;
mod subject_own;
mod subject_person;
mod validity_encoding;
mod validity_span;
mod version;
mod website;

use crate::certificate::Certificate;
use crate::context::Context;
use crate::edition;
use crate::finding::{Finding, Report};
use crate::moment::Moment;

/// A rule for certificates.
pub(crate) struct Rule {
    /// Stable name, lower-case with hyphens.
    id: &'static str,
    /// What it stands on.
    clause: &'static str,
    /// What it asks, in a sentence.
    about: &'static str,
    /// Certificates issued before are not judged by it.
    effective: Moment,
    check: fn(&Certificate<'_>, &Context<'_>, &mut Report<'_>),
}

/// In the order in which findings are listed: form first, then content.
const RULES: &[Rule] = &[
    readable::RULE,
    der_strict::RULE,
    version::RULE,
    serial_number::RULE,
    signature_algorithm::RULE,
    issuer_name::RULE,
    validity_encoding::RULE,
    validity_span::RULE,
    name_encoding::RULE,
    name_scripts::RULE,
    subject_person::RULE,
    subject_organisation::RULE,
    subject_own::RULE,
    identifier_numbers::RULE,
    public_key::RULE,
    rsa_dates::RULE,
    duplicate_extensions::RULE,
    forbidden_extensions::RULE,
    criticality::RULE,
    basic_constraints::RULE,
    key_usage::RULE,
    extended_key_usage::RULE,
    policies::RULE,
    authority_info_access::RULE,
    crl_distribution_points::RULE,
    subject_key_identifier::RULE,
    authority_key_identifier::RULE,
    ocsp_nocheck::RULE,
    private_key_usage_period::RULE,
    short_term::RULE,
    qc_form::RULE,
    qc_legislation::RULE,
    qc_type::RULE,
    qc_pds::RULE,
    qc_semantics::RULE,
    qc_device::RULE,
    website::RULE,
];

/// A rule as shown to people.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RuleDescription {
    /// Its name, as findings carry it.
    pub id: &'static str,
    /// The clause it stands on.
    pub clause: &'static str,
    /// What it asks.
    pub about: &'static str,
    /// Since when: the first second of this date, `YYYY-MM-DD` in UTC; `None` where it was never otherwise.
    pub effective: Option<String>,
}

/// Every rule for certificates, in the order in which they are applied.
pub fn rules() -> impl Iterator<Item = RuleDescription> {
    RULES.iter().map(|Rule { id, clause, about, effective, .. }| RuleDescription {
        id,
        clause,
        about,
        effective: (*effective != edition::ALWAYS).then(|| effective.day()),
    })
}

/// Lets every rule judge.
pub(crate) fn apply(certificate: &Certificate<'_>, context: &Context<'_>, findings: &mut Vec<Finding>) {
    let issued = Moment::at(context.issued_at);
    for rule in RULES {
        if rule.effective <= issued {
            let mut report = Report::of(rule.id, rule.clause, findings).within(context.scope);
            (rule.check)(certificate, context, &mut report);
        }
    }
}
