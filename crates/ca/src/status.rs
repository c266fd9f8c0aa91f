//! Revocation, suspension and release. None of them needs the token: revoking works with the HSM dead (design §3).

use ndoba_audit::EventKind;
use ndoba_order::{AuthorisedOrder, OrderContent};
use ndoba_types::{CaName, OrderId, SerialNumber, UtcTime};
use ndoba_x509::Certificate;

use crate::error::CaError;
use crate::node::{Node, word};
use crate::ports::{CertificateId, Ledger, StatusAction, StatusChange, StatusOutcome, StatusRefusal};

/// What an order does to a certificate's status; `None` when it asks for a certificate.
pub(crate) fn action(order: &AuthorisedOrder) -> Option<(SerialNumber, StatusAction)> {
    match &order.order().content {
        OrderContent::CertifyUnit(_) | OrderContent::Issue(_) | OrderContent::Reissue(_) => None,
        OrderContent::Release(release) => Some((release.serial.clone(), StatusAction::Release)),
        OrderContent::Revoke(revoke) => Some((revoke.serial.clone(), StatusAction::Revoke(revoke.reason))),
        OrderContent::Suspend(suspend) | OrderContent::SuspendByCode(suspend) => {
            Some((suspend.serial.clone(), StatusAction::Suspend))
        }
    }
}

/// What a verified order asks of the ledger.
pub(crate) fn change(
    node: &Node,
    ca: &CaName,
    order: OrderId,
    received: UtcTime,
    (serial, action): (SerialNumber, StatusAction),
) -> Result<StatusChange, CaError> {
    let what = match action {
        StatusAction::Release => {
            EventKind::CertificateReleased { ca: ca.clone(), serial: serial.clone(), order }
        }
        StatusAction::Revoke(reason) => EventKind::CertificateRevoked {
            ca: ca.clone(),
            serial: serial.clone(),
            order,
            reason: word(reason.name()),
            received,
        },
        StatusAction::Suspend => {
            EventKind::CertificateSuspended { ca: ca.clone(), serial: serial.clone(), order, received }
        }
    };
    Ok(StatusChange {
        certificate: CertificateId { ca: ca.clone(), serial },
        order_id: order,
        action,
        received,
        at: node.now(),
        event: node.event(what)?,
    })
}

/// Has the ledger make the changes of one CA's statuses: together, or one by one where one of them holds up the others.
pub(crate) fn apply(ledger: &dyn Ledger, changes: Vec<StatusChange>) -> Result<Vec<StatusOutcome>, CaError> {
    match ledger.change_statuses(changes.clone()) {
        Err(_) if changes.len() > 1 => {
            let mut outcomes = Vec::new();
            for change in changes {
                outcomes.extend(ledger.change_statuses(vec![change])?);
            }
            Ok(outcomes)
        }
        outcomes => Ok(outcomes?),
    }
}

/// Whether the certificate promises its holders and their partners that it is never revoked (EN 319 411-1
/// GEN-6.6.1-04): a list or an answer that said otherwise would reach nobody who looked for neither.
pub(crate) fn is_validity_assured(ledger: &dyn Ledger, id: &CertificateId) -> Result<bool, CaError> {
    let der = ledger.certificate(id)?;
    Ok(der.and_then(|der| Certificate::from_der(&der).ok()).is_some_and(|found| found.is_validity_assured()))
}

/// The stable code of a refusal, for the API.
pub(crate) fn refusal_code(refusal: StatusRefusal) -> &'static str {
    match refusal {
        StatusRefusal::AlreadyRevoked => "already-revoked",
        StatusRefusal::AlreadySuspended => "already-suspended",
        StatusRefusal::NotIssued => "not-issued",
        StatusRefusal::NotSuspended => "not-suspended",
    }
}
