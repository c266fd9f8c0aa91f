//! Revocation, suspension and release. None of them needs the token: revoking works with the HSM dead (design §3).

use ndoba_audit::EventKind;
use ndoba_order::{AuthorisedOrder, OrderContent};
use ndoba_types::{CaName, OrderId, SerialNumber, UtcTime};
use ndoba_x509::Certificate;

use crate::error::CaError;
use crate::node::{Node, word};
use crate::ports::{
    CertificateId, Ledger, LedgerError, StatusAction, StatusChange, StatusOutcome, StatusRefusal,
};

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

/// Makes changes of one CA's statuses: together, or each by itself where one of them cannot be made. What became of those
/// that were made, in their order, and the first failure.
pub(crate) fn apply(
    changes: Vec<StatusChange>,
    make: impl Fn(Vec<StatusChange>) -> Result<Vec<StatusOutcome>, LedgerError>,
) -> (Vec<(OrderId, StatusOutcome)>, Result<(), LedgerError>) {
    let orders: Vec<_> = changes.iter().map(|change| change.order_id).collect();
    match make(changes.clone()) {
        Ok(outcomes) => (orders.into_iter().zip(outcomes).collect(), Ok(())),
        Err(error) if changes.len() < 2 => (Vec::new(), Err(error)),
        Err(_) => {
            let (mut made, mut failed) = (Vec::new(), Ok(()));
            for (order, change) in orders.into_iter().zip(changes) {
                match make(vec![change]) {
                    Ok(outcomes) => made.extend(outcomes.into_iter().map(|outcome| (order, outcome))),
                    Err(error) => failed = failed.and(Err(error)),
                }
            }
            (made, failed)
        }
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

#[cfg(test)]
mod tests {
    use ndoba_audit::{Actor, Event};
    use ndoba_types::EventId;

    use super::*;

    fn change(number: u8) -> StatusChange {
        let (ca, order): (CaName, _) = ("seal".parse().unwrap(), OrderId::from_bytes([number; 16]));
        let serial = SerialNumber::from_unsigned(&[number]).unwrap();
        let at = UtcTime::from_unix_seconds(1_800_000_000).unwrap();
        let what = EventKind::CertificateReleased { ca: ca.clone(), serial: serial.clone(), order };
        StatusChange {
            certificate: CertificateId { ca, serial },
            order_id: order,
            action: StatusAction::Release,
            received: at,
            at,
            event: Event { id: EventId::from_bytes([number; 16]), at, actor: Actor::Role("ca".into()), what },
        }
    }

    /// One row that the database takes never does not hold up the revocations beside it.
    #[test]
    fn one_that_cannot_be_made_holds_up_none() {
        let broken = OrderId::from_bytes([2; 16]);
        let make = |changes: Vec<StatusChange>| {
            if changes.iter().any(|change| change.order_id == broken) {
                return Err(LedgerError::Unavailable("no room".into()));
            }
            Ok(changes.iter().map(|_| StatusOutcome::Applied { version: 7 }).collect())
        };
        let (made, failed) = apply([1, 2, 3].map(change).to_vec(), make);
        assert_eq!(
            made.iter().map(|(order, _)| *order).collect::<Vec<_>>(),
            [1, 3].map(|n| OrderId::from_bytes([n; 16]))
        );
        assert!(failed.is_err());
        let (made, failed) = apply([1, 3].map(change).to_vec(), make);
        assert_eq!((made.len(), failed.is_ok()), (2, true));
    }
}
