//! certificatePolicies (RFC 5280 §4.2.1.4; EN 319 412-2 GEN-4.3.3, C-31, C-61).

use ndoba_types::Oid;

use super::RawExtension;
use crate::url::HttpsUrl;
use crate::{encode, oid};

/// The extension, never critical.
///
/// - `policies` – at least one, in this order, none twice.
/// - `cps` – the address of the practice statement; a qualifier of the first policy, the provider's own.
pub fn certificate_policies(policies: &[Oid], cps: Option<&HttpsUrl>) -> RawExtension {
    let qualifiers = cps.map(|cps| {
        let info = encode::sequence(&[&encode::oid(&oid::QT_CPS), &encode::ia5(cps.as_str())]);
        encode::sequence(&[&info])
    });
    let information: Vec<Vec<u8>> = policies
        .iter()
        .enumerate()
        .map(|(index, policy)| match &qualifiers {
            Some(qualifiers) if index == 0 => encode::sequence(&[&policy.to_der(), qualifiers]),
            Some(_) | None => encode::sequence(&[&policy.to_der()]),
        })
        .collect();
    RawExtension::plain(oid::CERTIFICATE_POLICIES, encode::sequence_of(&information))
}
