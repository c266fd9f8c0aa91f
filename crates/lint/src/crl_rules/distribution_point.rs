use super::Rule;
use crate::context::Scope;
use crate::crl::{Crl, CrlContext};
use crate::der::{self, Tlv};
use crate::finding::Report;
use crate::rules::authority_info_access::{URI, is_url};
use crate::rules::oid;

/// A list that is not whole says so, critically, by the addresses that the certificates in its scope name; a whole list
/// of ours says nothing.
pub(super) const RULE: Rule =
    Rule { id: "crl-distribution-point", clause: "RFC 5280 §5.2.5, §6.3.3; C-96", check };

/// distributionPoint, onlyContainsUserCerts, onlyContainsCACerts, onlySomeReasons, indirectCRL, onlyContainsAttributeCerts.
const FIELDS: [u8; 6] = [0xa0, 0x81, 0x82, 0x83, 0x84, 0x85];
/// Of which at most one is true.
const KINDS: [u8; 3] = [0x81, 0x82, 0x85];
const REASONS: u8 = 0x83;

fn check(crl: &Crl<'_>, context: &CrlContext<'_>, report: &mut Report<'_>) {
    let Some(extension) = crl.extension(oid::ISSUING_DISTRIBUTION_POINT) else {
        if !context.addresses.is_empty() {
            report.error("a shard without issuingDistributionPoint passes for the whole list", None);
        }
        return;
    };
    let place = || extension.place.clone();
    if !extension.critical {
        report.error("issuingDistributionPoint is critical, or a shard passes for the whole list", place());
    }
    let fields = extension.der().ok().and_then(|value| value.children_of(der::SEQUENCE)).unwrap_or_default();
    if fields.is_empty() || !der::are_fields(&fields, &FIELDS) || !fields.iter().all(is_well_formed) {
        return report.error("malformed issuingDistributionPoint", place());
    }
    if fields.iter().filter(|field| KINDS.contains(&field.tag)).count() > 1 {
        report.error("a list of one kind of certificate alone is not of another kind alone", place());
    }
    if context.scope == Scope::Ours {
        let named = addresses(&fields);
        let ours: Vec<&[u8]> = context.addresses.iter().map(|address| address.as_str().as_bytes()).collect();
        if named != ours || fields.len() != 1 {
            report.error(
                "issuingDistributionPoint is not exactly what the certificates in its scope name",
                place(),
            );
        }
    }
}

/// A name that is one of the two choices, with URLs where it has URIs; a flag that is true; reasons.
fn is_well_formed(field: &Tlv<'_>) -> bool {
    match field.tag {
        0xa0 => {
            let Some(choices) = field.children_of(0xa0) else { return false };
            let [name] = &choices[..] else { return false };
            let general = name.children().unwrap_or_default();
            !general.is_empty() && general.iter().all(|one| one.tag != URI || is_url(one.content))
        }
        REASONS => field.content.len() >= 2,
        _ => field.content == [0xff],
    }
}

/// DistributionPointName { fullName [0] { uniformResourceIdentifier [6], … } }.
fn addresses<'a>(fields: &[Tlv<'a>]) -> Vec<&'a [u8]> {
    let name = fields.first().and_then(|field| field.children_of(0xa0));
    let full = name.and_then(|choices| choices.first().and_then(|choice| choice.children_of(0xa0)));
    full.unwrap_or_default().iter().filter(|one| one.tag == URI).map(|one| one.content).collect()
}
