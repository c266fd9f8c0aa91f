use super::Rule;
use crate::crl::{Crl, CrlContext};
use crate::der;
use crate::finding::Report;
use crate::moment::Moment;
use crate::rules::oid;

/// AKI and cRLNumber always; expiredCertsOnCRL a time; nothing critical but a distribution point, nothing twice.
pub(super) const RULE: Rule =
    Rule { id: "crl-extensions", clause: "RFC 5280 §5.2; EN 319 411-2 CSS-6.3.10-05; C-90, C-94", check };

fn check(crl: &Crl<'_>, context: &CrlContext<'_>, report: &mut Report<'_>) {
    let key_identifier = crl.extension(oid::AUTHORITY_KEY_IDENTIFIER).and_then(|extension| {
        let fields = extension.der().ok()?.children_of(der::SEQUENCE)?;
        fields.into_iter().find(|field| field.tag == 0x80)
    });
    match key_identifier {
        None => report.error("no authorityKeyIdentifier with a keyIdentifier", None),
        // Encoders are known to copy the CA's own AKI here instead of its SKI.
        Some(identifier)
            if context.issuer.is_some_and(|issuer| issuer.key_identifier != identifier.content) =>
        {
            report.error("authorityKeyIdentifier is not the CA's subjectKeyIdentifier", identifier.place());
        }
        Some(_) => {}
    }
    match crl.extension(oid::CRL_NUMBER).and_then(|extension| extension.der().ok()) {
        Some(number)
            if number.tag == der::INTEGER
                && number.content.len() <= 20
                && number.content.first().is_some_and(|first| first & 0x80 == 0) => {}
        _ => report.error("no cRLNumber of at most 20 octets", None),
    }
    if let Some(extension) = crl.extension(oid::EXPIRED_CERTS_ON_CRL) {
        let since = extension.der().ok().filter(|value| value.tag == der::GENERALIZED_TIME);
        if since.as_ref().and_then(Moment::of).is_none() {
            report.error("expiredCertsOnCRL is a GeneralizedTime in whole seconds", extension.place.clone());
        }
    }
    for (at, extension) in crl.extensions.iter().enumerate() {
        if crl.extensions[..at].iter().any(|earlier| earlier.oid == extension.oid) {
            report.error(format!("extension {} occurs again", extension.oid), extension.place.clone());
        }
        // Which one is critical has a rule of its own.
        let may_be_critical = extension.oid == oid::ISSUING_DISTRIBUTION_POINT;
        if (extension.critical && !may_be_critical) || extension.default_written {
            report.error(
                format!("extension {} has the wrong criticality", extension.oid),
                extension.place.clone(),
            );
        }
        if let Err(not) = extension.der().and_then(|value| der::strict(&value)) {
            report.error(format!("extension {}: {}", extension.oid, not.why), not.at..not.at + 1);
        }
    }
}
