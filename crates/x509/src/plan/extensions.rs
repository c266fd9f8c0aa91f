//! The extensions of each template, in their order (requirements §2.6).

use super::{PlanError, Validity};
use crate::extension::{self as ext, AccessLocations, KeyUsage, QcStatement, RawExtension, Semantics};
use crate::name::Subject;
use crate::profile::{KeyUsageType, QcStatements, QcType};
use crate::url::HttpsUrl;
use crate::{IssuerFacts, KeyIdentifier, Profile, Template, oid};

/// A root's: no AKI, which RFC 5280 §4.2.1.1 lets a self-signed certificate leave out.
pub(super) fn of_root(ski: &KeyIdentifier) -> Vec<RawExtension> {
    vec![ext::subject_key_identifier(ski), ext::basic_constraints_ca(None), ext::key_usage(KeyUsage::Ca)]
}

/// Everybody else's.
pub(super) fn of(
    profile: &Profile,
    subject: &Subject,
    ski: &KeyIdentifier,
    issuer: &IssuerFacts,
    documents: &HttpsUrl,
    validity: Validity,
) -> Result<Vec<RawExtension>, PlanError> {
    let template = profile.template();
    let mut extensions = vec![ext::authority_key_identifier(&issuer.ski), ext::subject_key_identifier(ski)];
    if template.is_ca() {
        extensions.push(ext::basic_constraints_ca(Some(0)));
    }
    extensions.push(ext::key_usage(key_usage(profile)));
    if let Some(days) = profile.private_key_days() {
        let key = Validity::starting(validity.not_before, days);
        extensions.push(ext::private_key_usage_period(key.not_before, key.not_after));
    }
    let join = |path: &str| documents.join(path).map_err(PlanError::Address);
    let cps = profile.cps().map(join).transpose()?;
    extensions.push(ext::certificate_policies(profile.policies(), cps.as_ref()));
    extensions.extend(ext::subject_alt_name(&subject.alternative_names()));
    match template {
        Template::OcspResponder => extensions.push(ext::ocsp_signing()),
        Template::Tsu => extensions.push(ext::time_stamping()),
        Template::Root | Template::IssuingCa | Template::PersonSignature | Template::OrganisationSeal => {}
    }
    let is_asked_about = profile.is_asked_about();
    if is_asked_about {
        extensions.push(ext::crl_distribution_points(&issuer.urls.crl));
    }
    let ocsp = is_asked_about.then_some(&issuer.urls.ocsp);
    extensions
        .push(ext::authority_info_access(&AccessLocations { ca_issuers: &issuer.urls.ca_issuers, ocsp }));
    if let Some(qc) = profile.qc() {
        extensions.push(ext::qc_statements(&qc_statements(qc, subject, documents)?));
    }
    if template == Template::OcspResponder {
        extensions.push(ext::ocsp_nocheck());
    }
    // Instead of list and responder (RFC 9608, C-112).
    if profile.is_short_term() {
        extensions.extend([ext::no_rev_avail(), ext::validity_assured_short_term()]);
    }
    Ok(extensions)
}

fn key_usage(profile: &Profile) -> KeyUsage {
    match profile.template() {
        Template::Root | Template::IssuingCa => KeyUsage::Ca,
        Template::OcspResponder | Template::Tsu => KeyUsage::C,
        Template::PersonSignature | Template::OrganisationSeal => match profile.key_usage() {
            KeyUsageType::A => KeyUsage::A,
            KeyUsageType::B => KeyUsage::B,
            KeyUsageType::F => KeyUsage::F,
        },
    }
}

/// The statements in the order of C-54.
fn qc_statements(
    qc: &QcStatements,
    subject: &Subject,
    documents: &HttpsUrl,
) -> Result<Vec<QcStatement>, PlanError> {
    let QcStatements { compliance, cc_legislation, qc_type, pds, retention_years, sscd, qscd_legislation } =
        qc;
    let mut statements = Vec::new();
    if *compliance {
        statements.push(QcStatement::Compliance);
    }
    if !cc_legislation.is_empty() {
        statements.push(QcStatement::CcLegislation(cc_legislation.clone()));
    }
    statements.push(QcStatement::Type(match qc_type {
        QcType::Esign => oid::QCT_ESIGN,
        QcType::Eseal => oid::QCT_ESEAL,
    }));
    let locations: Result<Vec<_>, PlanError> = pds
        .iter()
        .map(|entry| Ok((documents.join(&entry.path).map_err(PlanError::Address)?, entry.language.clone())))
        .collect();
    statements.push(QcStatement::Pds(locations?));
    statements.extend(retention_years.map(QcStatement::RetentionPeriod));
    statements.push(QcStatement::Semantics(Semantics {
        identifier: match subject {
            Subject::NaturalPerson(_) => oid::SEMANTICS_NATURAL,
            Subject::LegalPerson(_) | Subject::Authority(_) => oid::SEMANTICS_LEGAL,
        },
        registration_authorities: subject.registration_authorities().to_vec(),
    }));
    if *sscd {
        statements.push(QcStatement::Sscd);
    }
    if !qscd_legislation.is_empty() {
        statements.push(QcStatement::QscdLegislation(qscd_legislation.clone()));
    }
    Ok(statements)
}
