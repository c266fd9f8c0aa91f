//! reasonCode of a CRL entry (RFC 5280 §5.3.1, C-90).

use super::RawExtension;
use crate::{RevocationReason, encode, oid};

/// The extension, never critical; none for `unspecified`, which RFC 5280 wants left out.
pub fn reason_code(reason: RevocationReason) -> Option<RawExtension> {
    match reason {
        RevocationReason::Unspecified => None,
        RevocationReason::KeyCompromise
        | RevocationReason::CaCompromise
        | RevocationReason::AffiliationChanged
        | RevocationReason::Superseded
        | RevocationReason::CessationOfOperation
        | RevocationReason::CertificateHold
        | RevocationReason::PrivilegeWithdrawn => {
            Some(RawExtension::plain(oid::REASON_CODE, encode::enumerated(reason.code())))
        }
    }
}
