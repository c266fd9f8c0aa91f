//! How enumerations are spelled on disk.
//!
//! These texts are in databases and in the CHECKs and indexes of the migrations. **Changing one needs a
//! migration**, however much prettier a log line would become; adding one may need one too.

use ndoba_ca::accounting::Outcome;
use ndoba_ca::ports::CertificateKind;
use ndoba_registration::ports::{LedgerState, OrderKind};
use ndoba_x509::RevocationReason;

use crate::error::StoreError;

/// States of `orders`.
pub(crate) mod order {
    pub(crate) const OPEN: &str = "open";
    pub(crate) const QUEUED: &str = "queued";
    pub(crate) const CLAIMED: &str = "claimed";
    pub(crate) const DONE: &str = "done";
    pub(crate) const REFUSED: &str = "refused";
    pub(crate) const WITHDRAWN: &str = "withdrawn";
    pub(crate) const EXPIRED: &str = "expired";
}

/// States of `certificate_status`.
pub(crate) mod state {
    pub(crate) const SIGNING: &str = "signing";
    pub(crate) const ISSUED: &str = "issued";
    pub(crate) const ISSUED_LOST: &str = "issued_lost";
}

/// Outcomes of `attempts`.
pub(crate) mod outcome {
    pub(crate) const OPEN: &str = "open";
    pub(crate) const SIGNED: &str = "signed";
    pub(crate) const LOST: &str = "lost";
    pub(crate) const REPEATED: &str = "repeated";
    pub(crate) const UNSIGNED: &str = "unsigned";
}

/// Actions of `revocation_records`.
pub(crate) mod action {
    pub(crate) const LOST: &str = "lost";
    pub(crate) const RELEASE: &str = "release";
    pub(crate) const REVOKE: &str = "revoke";
    pub(crate) const SUSPEND: &str = "suspend";
}

/// States of `responder_certificates`.
pub(crate) mod responder {
    pub(crate) const SIGNING: &str = "signing";
    pub(crate) const ISSUED: &str = "issued";
    pub(crate) const LOST: &str = "lost";
    pub(crate) const REFUSED: &str = "refused";
}

/// The kind of `outbox` that is written: an earlier version left notices there too.
pub(crate) const CRL_DUE: &str = "crl-due";

/// States of `webhook_deliveries`.
pub(crate) mod delivery {
    pub(crate) const DELIVERED: &str = "delivered";
    pub(crate) const FAILED: &str = "failed";
    pub(crate) const WAITING: &str = "waiting";
}

/// Kind, profile and lint of a certificate of which only a published CRL tells.
pub(crate) const UNKNOWN: &str = "unknown";

/// The reason that is a suspension, in `certificate_status.reason`.
pub(crate) const HOLD: &str = "certificateHold";

/// RFC 5280's own names, written here again: the database must not follow a change of `Display`.
pub(crate) fn reason_to_row(reason: RevocationReason) -> &'static str {
    match reason {
        RevocationReason::Unspecified => "unspecified",
        RevocationReason::KeyCompromise => "keyCompromise",
        RevocationReason::CaCompromise => "cACompromise",
        RevocationReason::AffiliationChanged => "affiliationChanged",
        RevocationReason::Superseded => "superseded",
        RevocationReason::CessationOfOperation => "cessationOfOperation",
        RevocationReason::CertificateHold => HOLD,
        RevocationReason::PrivilegeWithdrawn => "privilegeWithdrawn",
    }
}

pub(crate) fn reason(text: &str) -> Result<RevocationReason, StoreError> {
    RevocationReason::ALL
        .into_iter()
        .find(|reason| reason_to_row(*reason) == text)
        .ok_or_else(|| StoreError::corrupt("certificate_status.reason"))
}

/// The kind of order that a subscriber's code brought about.
pub(crate) const SUSPEND_BY_CODE: &str = "suspend-by-code";
/// The kinds of order that make a certificate.
pub(crate) const CERTIFICATE_ORDERS: [OrderKind; 3] =
    [OrderKind::CertifyUnit, OrderKind::Issue, OrderKind::Reissue];
/// The kinds of order that change a status.
pub(crate) const STATUS_ORDERS: [OrderKind; 4] =
    [OrderKind::Release, OrderKind::Revoke, OrderKind::Suspend, OrderKind::SuspendByCode];

pub(crate) fn order_kind_to_row(kind: OrderKind) -> &'static str {
    match kind {
        OrderKind::CertifyUnit => "certify-unit",
        OrderKind::Issue => "issue",
        OrderKind::Reissue => "reissue",
        OrderKind::Release => "release",
        OrderKind::Revoke => "revoke",
        OrderKind::Suspend => "suspend",
        OrderKind::SuspendByCode => SUSPEND_BY_CODE,
    }
}

pub(crate) fn order_kind(text: &str) -> Result<OrderKind, StoreError> {
    CERTIFICATE_ORDERS
        .into_iter()
        .chain(STATUS_ORDERS)
        .find(|kind| order_kind_to_row(*kind) == text)
        .ok_or_else(|| StoreError::corrupt("orders.kind"))
}

pub(crate) fn kind_to_row(kind: CertificateKind) -> &'static str {
    match kind {
        CertificateKind::Authority => "authority",
        CertificateKind::Responder => "responder",
        CertificateKind::Seal => "seal",
        CertificateKind::Signature => "signature",
        CertificateKind::TimeStamping => "time-stamping",
    }
}

pub(crate) fn ledger_state(text: &str) -> Result<LedgerState, StoreError> {
    // `reserved` and `prepared` are steps within the transaction that ends in `signing`; no one else sees them.
    match text {
        state::SIGNING => Ok(LedgerState::Signing),
        state::ISSUED => Ok(LedgerState::Issued),
        state::ISSUED_LOST => Ok(LedgerState::IssuedLost),
        _ => Err(StoreError::corrupt("certificate_status.state")),
    }
}

pub(crate) fn attempt_outcome(text: &str) -> Result<Outcome, StoreError> {
    match text {
        outcome::LOST => Ok(Outcome::Lost),
        outcome::OPEN => Ok(Outcome::Open),
        outcome::REPEATED => Ok(Outcome::Repeated),
        outcome::SIGNED => Ok(Outcome::Signed),
        outcome::UNSIGNED => Ok(Outcome::Unsigned),
        _ => Err(StoreError::corrupt("attempts.outcome")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reasons_round_trip() {
        for one in RevocationReason::ALL {
            assert_eq!(reason(reason_to_row(one)).unwrap(), one);
        }
        assert!(reason("removeFromCRL").is_err());
    }
}
