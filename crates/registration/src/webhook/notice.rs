//! From an audit event to what programs outside are told.

use ndoba_audit::{Cause, EventKind};
use ndoba_types::{CaName, OrderId, RecordId, SerialNumber};
use serde_json::{Map, Value, json};

/// Every kind of notice, by the name that endpoints subscribe to. Kinds are added, never renamed.
pub const KINDS: [&str; 15] = [
    "application.changed",
    "certificate.accepted",
    "certificate.delivered",
    "certificate.issued",
    "certificate.lost",
    "certificate.released",
    "certificate.revocation-scheduled",
    "certificate.revoked",
    "certificate.suspended",
    "order.queued",
    "order.refused",
    "order.withdrawn",
    "status-request.confirmed",
    "status-request.declined",
    "status-request.received",
];

/// What is told of one act.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notice {
    /// One of [`KINDS`].
    pub kind: &'static str,
    /// What it is about: notices of one object are delivered in the order of the acts.
    pub object: String,
    /// Identifiers, states and serial numbers.
    pub data: Map<String, Value>,
}

/// What is told of this act; `None` where nobody outside is told.
///
/// Certificates of the provider's own (CAs, responders) are not told of: they are in the public's hands anyway.
pub fn notice(what: &EventKind) -> Option<Notice> {
    match what {
        EventKind::ApplicationChanged { application, from, to, content: _ } => {
            // An edited draft is a draft.
            (from.as_ref() != Some(to)).then(|| {
                let from = from.as_ref().map(|state| state.as_str());
                let data = json!({ "application": application.to_string(), "from": from, "to": to.as_str() });
                Notice::of("application.changed", format!("application/{application}"), data)
            })
        }
        EventKind::CertificateAccepted { ca, serial } => {
            Some(of_certificate("certificate.accepted", ca, serial, json!({})))
        }
        EventKind::CertificateDelivered { ca, serial, channel: _ } => {
            Some(of_certificate("certificate.delivered", ca, serial, json!({})))
        }
        EventKind::CertificateIssued { ca, serial, cause: Cause::Order(order), certificate } => {
            let more = json!({ "order": order.to_string(), "sha256": certificate.to_string() });
            Some(of_certificate("certificate.issued", ca, serial, more))
        }
        EventKind::IssuanceLost { ca, serial, cause: Cause::Order(order), tbs: _ } => {
            Some(of_certificate("certificate.lost", ca, serial, json!({ "order": order.to_string() })))
        }
        EventKind::CertificateReleased { ca, serial, order } => {
            Some(of_certificate("certificate.released", ca, serial, json!({ "order": order.to_string() })))
        }
        EventKind::RevocationScheduled { ca, serial, order, effective } => {
            let more = json!({ "order": order.to_string(), "effective": effective.to_string() });
            Some(of_certificate("certificate.revocation-scheduled", ca, serial, more))
        }
        EventKind::CertificateRevoked { ca, serial, order, reason, received: _ } => {
            let more = json!({ "order": order.to_string(), "reason": reason.as_str() });
            Some(of_certificate("certificate.revoked", ca, serial, more))
        }
        EventKind::CertificateRevokedWithCa { ca, serial, reason }
        | EventKind::RevocationRecovered { ca, serial, reason, statement: _ } => {
            Some(of_certificate("certificate.revoked", ca, serial, json!({ "reason": reason.as_str() })))
        }
        // Which reason that gives is the installation's to say; what counts is that it is for ever.
        EventKind::SuspensionLapsed { ca, serial, since: _ } => {
            Some(of_certificate("certificate.revoked", ca, serial, json!({ "lapsed": true })))
        }
        EventKind::CertificateSuspended { ca, serial, order, received: _ } => {
            Some(of_certificate("certificate.suspended", ca, serial, json!({ "order": order.to_string() })))
        }
        EventKind::OrderQueued { order, kind, digest: _, record } => {
            let record = record.as_ref().map(RecordId::to_string);
            Some(of_order("order.queued", order, json!({ "kind": kind.as_str(), "record": record })))
        }
        EventKind::OrderRefused { order, code } => {
            Some(of_order("order.refused", order, json!({ "code": code.as_str() })))
        }
        EventKind::OrderWithdrawn { order } => Some(of_order("order.withdrawn", order, json!({}))),
        EventKind::StatusRequested { request, ca, serial, action, channel: _, received } => {
            let more = json!({
                "ca": ca.as_str(), "serial": serial.to_string(), "action": action.as_str(),
                "received": received.to_string(),
            });
            Some(of_request("status-request.received", request, more))
        }
        EventKind::SuspensionConfirmed { request } => {
            Some(of_request("status-request.confirmed", request, json!({})))
        }
        EventKind::StatusRequestRefused { request, code } => {
            Some(of_request("status-request.declined", request, json!({ "code": code.as_str() })))
        }
        EventKind::AccountsDisagree { .. }
        | EventKind::ActionRefused { .. }
        | EventKind::AgreementAccepted { .. }
        | EventKind::AlarmCleared { .. }
        | EventKind::AlarmRaised { .. }
        | EventKind::AuditExported {}
        | EventKind::AuthorityRegistered { .. }
        | EventKind::CaRevocationDecided { .. }
        | EventKind::CaRevoked { .. }
        | EventKind::CaSuccessionDecided { .. }
        | EventKind::CaTerminated { .. }
        | EventKind::CaTerminationDecided { .. }
        | EventKind::CeremonyFinished { .. }
        | EventKind::CeremonyStarted { .. }
        | EventKind::CeremonyStepDone { .. }
        | EventKind::CertificateIssued { cause: Cause::Ceremony(_) | Cause::Standing(_), .. }
        | EventKind::ClockCompared { .. }
        | EventKind::ClockLost { .. }
        | EventKind::ClockSourceLost { .. }
        | EventKind::ClockSourceTrusted { .. }
        | EventKind::ClockTrusted { .. }
        | EventKind::ConfigurationLoaded { .. }
        | EventKind::CrlIntended { .. }
        | EventKind::CrlIssued { .. }
        | EventKind::CrlLost { .. }
        | EventKind::CrlPublished { .. }
        | EventKind::CrlShardOpened { .. }
        | EventKind::CrlUnsigned { .. }
        | EventKind::DataKeyMade { .. }
        | EventKind::DataKeysDestroyed { .. }
        | EventKind::EnrolmentCompleted { .. }
        | EventKind::EnrolmentOpened { .. }
        | EventKind::DraftSigned { .. }
        | EventKind::DraftWritten { .. }
        | EventKind::EvidenceAdded { .. }
        | EventKind::FinalAnswersIntended { .. }
        | EventKind::FinalAnswersSigned { .. }
        | EventKind::GrantAdded { .. }
        | EventKind::GrantEnded { .. }
        | EventKind::IssuanceIntended { .. }
        | EventKind::IssuanceLost { cause: Cause::Ceremony(_) | Cause::Standing(_), .. }
        | EventKind::IssuanceRepeated { .. }
        | EventKind::KeyDestroyed { .. }
        | EventKind::KeyEpochClosed { .. }
        | EventKind::KeyGenerated { .. }
        | EventKind::KeyOpened { .. }
        | EventKind::KeyPlaced { .. }
        | EventKind::PinReplaced { .. }
        | EventKind::KeyRefused { .. }
        | EventKind::LastCrlIntended { .. }
        | EventKind::LeapSecondPassed { .. }
        | EventKind::LoginRefused { .. }
        | EventKind::OfficerCertified { .. }
        | EventKind::PresenceProved { .. }
        | EventKind::PersonalDataErased { .. }
        | EventKind::PersonalDataRead { .. }
        | EventKind::SignedDocumentsExported { .. }
        | EventKind::RecordsSealed { .. }
        | EventKind::RefusalsCounted { .. }
        | EventKind::ResponderActivated { .. }
        | EventKind::ResponderAuthorisationEnded { .. }
        | EventKind::ResponderAuthorised { .. }
        | EventKind::ResponderRefused { .. }
        | EventKind::ResponderRequested { .. }
        | EventKind::ResponderStopped { .. }
        | EventKind::RestoreAccepted { .. }
        | EventKind::PublicationConsentChanged { .. }
        | EventKind::RevocationCodeGiven { .. }
        | EventKind::RevocationOverdue { .. }
        | EventKind::SchemaMigrated { .. }
        | EventKind::ServiceStarted { .. }
        | EventKind::ServiceStopped { .. }
        | EventKind::StatusRequestTakenOver { .. }
        | EventKind::TsuActivated { .. }
        | EventKind::TsuPrepared { .. }
        | EventKind::TsuSegmentSealed { .. }
        | EventKind::TsuStopped { .. } => None,
    }
}

fn of_certificate(kind: &'static str, ca: &CaName, serial: &SerialNumber, more: Value) -> Notice {
    let mut notice = Notice::of(kind, format!("certificate/{ca}/{serial}"), more);
    notice.data.insert("ca".into(), ca.as_str().into());
    notice.data.insert("serial".into(), serial.to_string().into());
    notice
}

fn of_order(kind: &'static str, order: &OrderId, more: Value) -> Notice {
    let mut notice = Notice::of(kind, format!("order/{order}"), more);
    notice.data.insert("order".into(), order.to_string().into());
    notice
}

fn of_request(kind: &'static str, request: &RecordId, more: Value) -> Notice {
    let mut notice = Notice::of(kind, format!("status-request/{request}"), more);
    notice.data.insert("request".into(), request.to_string().into());
    notice
}

impl Notice {
    fn of(kind: &'static str, object: String, data: Value) -> Self {
        let data = match data {
            Value::Object(data) => data,
            Value::Array(_) | Value::Bool(_) | Value::Null | Value::Number(_) | Value::String(_) => {
                Map::new()
            }
        };
        Self { kind, object, data }
    }
}

#[cfg(test)]
mod tests {
    use ndoba_types::Sha256Digest;

    use super::*;

    /// The only texts that come from outside are words of our own: nothing of an application's content is told.
    #[test]
    fn an_application_is_told_of_by_its_identifier_and_states() {
        let application = RecordId::from_bytes([7; 16]);
        let changed = |from: Option<&'static str>, to: &'static str| EventKind::ApplicationChanged {
            application,
            from: from.map(Into::into),
            to: to.into(),
            content: Some(Sha256Digest::of(b"a name")),
        };
        let told = notice(&changed(Some("draft"), "submitted")).unwrap();
        assert_eq!(told.object, format!("application/{application}"));
        let expected = json!({ "application": application.to_string(), "from": "draft", "to": "submitted" });
        assert_eq!(Value::Object(told.data), expected);
        assert!(notice(&changed(None, "draft")).is_some());
        assert!(notice(&changed(Some("draft"), "draft")).is_none(), "an edited draft is a draft");
    }

    #[test]
    fn the_providers_own_certificates_are_not_told_of() {
        let issued = |cause| EventKind::CertificateIssued {
            ca: "signature".parse().unwrap(),
            serial: "0a".parse().unwrap(),
            cause,
            certificate: Sha256Digest::of(b""),
        };
        assert!(notice(&issued(Cause::Ceremony(Sha256Digest::of(b"")))).is_none());
        let told = notice(&issued(Cause::Order(OrderId::from_bytes([1; 16])))).unwrap();
        assert!(KINDS.contains(&told.kind) && told.object.starts_with("certificate/signature/"), "{told:?}");
    }

    #[test]
    fn kinds_are_sorted_and_unique() {
        assert!(KINDS.windows(2).all(|pair| pair[0] < pair[1]));
    }
}
