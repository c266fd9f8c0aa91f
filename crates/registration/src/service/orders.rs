//! Orders: read, signed, and drafted about existing certificates.

use std::collections::BTreeMap;

use ndoba_audit::{Actor, Event, EventKind, Word};
use ndoba_order::{Order, OrderContent, Refusal, Release, Revoke, Suspend, accept_signature};
use ndoba_types::{CaName, OrderId, RecordId, SerialNumber, Sha256Digest, UtcTime};
use ndoba_x509::RevocationReason;
use serde_json::json;

use super::reach::Sight;
use super::{Officer, Once, Registration, Separation, ServiceError};
use crate::evidence;
use crate::field_error::{FieldError, Refusals};
use crate::permission::Permission;
use crate::ports::{
    Act, CertificateRecord, CertificateStatus, Conflict, EvidenceRecord, OrderKind, OrderRecord, OrderState,
    RegistryError, RevocationRequestRecord, SignatureRecord,
};
use crate::state::ApplicationState;
use crate::text::{MAX_TEXT, accept};

/// What an officer proposes about a certificate.
#[derive(Clone, PartialEq, Eq)]
pub struct StatusRequest {
    /// [`OrderKind::Revoke`], [`OrderKind::Suspend`] or [`OrderKind::Release`].
    pub kind: OrderKind,
    /// RFC 5280's name; with `revoke` only, and then always.
    pub reason: Option<String>,
    /// When the request reached the provider; now if absent.
    pub received: Option<UtcTime>,
    /// From when, with `revoke` only; at once if absent. The clock of the request begins then (C-101).
    pub effective: Option<UtcTime>,
    /// One of [`CHANNELS`].
    pub channel: String,
    /// Who asked and how that was checked. Personal data: stays with the evidence.
    pub note: String,
    /// What a caller answered, by the names of [`Registration::control_questions`]; on the telephone only, and then always.
    pub control: BTreeMap<String, String>,
}

/// How requests reach the provider (C-107).
pub const CHANNELS: &[&str] = &["authority", "electronic", "in-person", "letter", "own-finding", "telephone"];

/// The reasons that an officer may give (C-107); certificateHold is a suspension.
pub const REASONS: &[RevocationReason] = &[
    RevocationReason::AffiliationChanged,
    RevocationReason::CessationOfOperation,
    RevocationReason::KeyCompromise,
    RevocationReason::PrivilegeWithdrawn,
    RevocationReason::Superseded,
];

impl Registration {
    /// An order with its signatures. The read is an event where the order is about a person's certificate.
    ///
    /// # Errors
    ///
    /// [`ServiceError::Unknown`].
    pub fn order(&self, officer: &Officer, id: OrderId) -> Result<OrderRecord, ServiceError> {
        self.admit(officer, Permission::ReadOrders)?;
        let order = self.load_order(id)?;
        self.within_reach(officer, Sight::Certificates, order.drafted_by, "order")?;
        // One about a certificate that there is leads to its subject as the application does; of a unit's there is none.
        let about = order.application.map(RecordId::from);
        if let Some(record) = about.or_else(|| order.target.is_some().then(|| request_id(id))) {
            self.note_read(officer, record, "order")?;
        }
        Ok(order)
    }

    /// How an order stands, for who waits after signing it: shows nothing that was not shown to sign it.
    ///
    /// # Errors
    ///
    /// [`ServiceError::Unknown`].
    pub fn watch(&self, officer: &Officer, id: OrderId) -> Result<OrderRecord, ServiceError> {
        let order = self.load_order(id)?;
        if order.signatures.iter().any(|signature| signature.officer == officer.id) {
            Ok(order)
        } else {
            Err(ServiceError::Unknown { what: "order" })
        }
    }

    /// Adds the officer's signature, which must hold by the register now. The last one puts the order before the CA.
    ///
    /// # Inputs
    ///
    /// - `jws` – flattened, detached, canonical: as `order` reads it.
    ///
    /// # Errors
    ///
    /// [`ServiceError::Separation`] for the subject or the same person; [`ServiceError::Invalid`] naming `/jws` and
    /// `order`'s code for every other signature that does not hold; [`ServiceError::Conflict`] when the order takes
    /// no signatures any more.
    pub fn sign(
        &self,
        officer: &Officer,
        id: OrderId,
        jws: &str,
        once: Option<&Once>,
    ) -> Result<OrderRecord, ServiceError> {
        self.admit(officer, Permission::SignOrders)?;
        if let Some(id) = self.repeated(officer, once)? {
            return self.load_order(id);
        }
        let order = self.load_order(id)?;
        self.within_reach(officer, Sight::Certificates, order.drafted_by, "order")?;
        // The same bytes again, from a client that did not hear our answer.
        if order.signatures.iter().any(|signature| signature.officer == officer.id && signature.jws == jws) {
            return Ok(order);
        }
        if order.state == OrderState::Open && self.expire_if_due(id)? {
            return Err(ServiceError::conflict("order.expired", "the order has expired"));
        }
        if order.state != OrderState::Open {
            return Err(ServiceError::conflict(
                "order.state",
                format!("the order is {}", order.state.name()),
            ));
        }
        if let Some(application) = order.application {
            // As accurate at the signature as at the submission (REG-6.3.1-00B): dates may have passed since.
            let record = self.load(application)?.application;
            self.vet(officer, &record.content)?;
            self.agreed(&record)?;
        }
        let now = self.clock.now();
        let earlier: Vec<&[u8]> = order.signatures.iter().map(|signature| signature.jws.as_bytes()).collect();
        let register = self.register()?;
        let accepted = accept_signature(
            &order.content,
            &earlier,
            jws.as_bytes(),
            &register,
            self.settings.installation,
            now,
        );
        let accepted = match accepted {
            Ok(accepted) => accepted,
            Err(refusal) => return self.refused(officer, &refusal),
        };
        // Who is connected and who signed are one: nobody hands in another's signature.
        if accepted.signer.officer != officer.id {
            self.refuse(officer.id, "sign-order".into(), "order-signer-other".into())?;
            return Err(ServiceError::field(
                "/jws",
                "order-signer-other",
                None,
                "must be the sending officer's own",
            ));
        }
        let signature = SignatureRecord {
            role: accepted.signer.role.name().into(),
            officer: officer.id,
            jws: jws.into(),
            added: now,
        };
        let events = self.signing_events(officer, &order, &signature, accepted.complete)?;
        let already = order.signatures.len();
        let id = self.commit(officer, once, id, &events, |act| {
            self.registry.add_signature(id, already, &signature, accepted.complete, act)
        })?;
        self.load_order(id)
    }

    /// Drafts an order about a certificate: revocation, suspension, or release from suspension.
    ///
    /// # Errors
    ///
    /// [`ServiceError::Invalid`] naming fields, [`ServiceError::Unknown`] for a certificate never issued,
    /// [`ServiceError::Conflict`] when its status does not allow it (C-95).
    pub fn propose(
        &self,
        officer: &Officer,
        serial: &SerialNumber,
        request: &StatusRequest,
        once: Option<&Once>,
    ) -> Result<OrderRecord, ServiceError> {
        let permission = match request.kind {
            OrderKind::Release => Permission::DraftReleases,
            OrderKind::Revoke | OrderKind::Suspend => Permission::DraftRevocations,
            OrderKind::CertifyUnit | OrderKind::Issue | OrderKind::Reissue | OrderKind::SuspendByCode => {
                let message = "must be revoke, suspend or release";
                return Err(ServiceError::field("/kind", "choice.unknown", None, message));
            }
        };
        self.admit(officer, permission)?;
        if request.kind == OrderKind::Suspend && !self.settings.suspension_allowed {
            let message = "this provider does not suspend certificates: revoke, or leave it";
            return Err(ServiceError::conflict("suspension.not-allowed", message));
        }
        if let Some(id) = self.repeated(officer, once)? {
            return self.load_order(id);
        }
        let now = self.clock.now();
        let asked = check_request(request, now).map_err(ServiceError::Invalid)?;
        let certificate = self.issued_within_reach(officer, serial)?;
        status_allows(&certificate, request.kind)?;
        let asked = Asked { control: self.ask_back(officer, &certificate, request)?, ..asked };
        if asked.effective.is_some_and(|date| date > certificate.not_after) {
            let message = "must not be after the end of the certificate's validity";
            return Err(ServiceError::field("/effective", "time.after-validity", Some("C-101"), message));
        }

        let (order, item) = self.status_order(officer, &certificate.ca, serial, request.kind, &asked)?;
        let (id, serial) = (order.order_id, certificate.serial.clone());
        let bytes = order.to_bytes().map_err(|error| ServiceError::internal("writing an order", error))?;
        let record = OrderRecord {
            id,
            kind: request.kind,
            digest: Sha256Digest::of(&bytes),
            content: bytes,
            ca: certificate.ca.clone(),
            csr: None,
            application: None,
            target: Some(serial.clone()),
            drafted_by: officer.id,
            created: order.created,
            expires: order.expires,
            state: OrderState::Open,
            signatures: Vec::new(),
        };
        let kept = RevocationRequestRecord {
            order: id,
            serial: serial.clone(),
            received: asked.received,
            begins: asked.effective.unwrap_or(asked.received),
            decided: None,
            channel: asked.channel.clone(),
        };
        let asked_for = EventKind::StatusRequested {
            request: request_id(id),
            ca: certificate.ca,
            serial,
            action: request.kind.name().into(),
            channel: word(&asked.channel),
            received: asked.received,
        };
        let events = [self.event(officer.id, asked_for)?];
        let id = self.commit(officer, once, id, &events, |act| {
            self.registry.insert_order(&record, std::slice::from_ref(&item), &kept, act)
        })?;
        self.load_order(id)
    }

    /// The order that an officer's request leads to, with the evidence that it names.
    pub(super) fn status_order(
        &self,
        officer: &Officer,
        ca: &CaName,
        serial: &SerialNumber,
        kind: OrderKind,
        asked: &Asked,
    ) -> Result<(Order, EvidenceRecord), ServiceError> {
        let id = OrderId::generate(self.random.as_ref())?;
        let mut told = json!({
            "channel": asked.channel,
            "note": asked.note,
            "received": asked.received.to_string(),
            "serial": serial.to_string(),
            "taken_by": officer.id.to_string(),
        });
        if !asked.control.is_empty() {
            told["control"] = json!(asked.control);
        }
        let item = evidence::item(evidence::REQUEST, &told, id, self.random.as_ref())?;
        let (serial, evidence) = (serial.clone(), vec![item.digest]);
        let content = match (kind, asked.reason) {
            (OrderKind::Revoke, Some(reason)) => {
                OrderContent::Revoke(Revoke { serial, reason, effective: asked.effective, evidence })
            }
            (OrderKind::Release, _) => OrderContent::Release(Release { serial, evidence }),
            (
                OrderKind::CertifyUnit
                | OrderKind::Suspend
                | OrderKind::SuspendByCode
                | OrderKind::Revoke
                | OrderKind::Issue
                | OrderKind::Reissue,
                _,
            ) => OrderContent::Suspend(Suspend { serial, evidence }),
        };
        let mut order = self.order_of(id, ca, content)?;
        if let Some(date) = asked.effective {
            order.expires = date.plus(self.settings.order_life);
        }
        Ok((order, item))
    }

    /// Ends orders whose time passed before they were fully signed, at most `limit`; gives how many. For a timer.
    ///
    /// # Errors
    ///
    /// [`ServiceError::Unavailable`]; what was ended before stays so.
    pub fn expire_due(&self, limit: u32) -> Result<usize, ServiceError> {
        let due = self.registry.orders_due(self.clock.now(), limit)?;
        let mut ended = 0;
        for id in due {
            ended += usize::from(self.expire_if_due(id)?);
        }
        Ok(ended)
    }

    /// Whether the order was open past its time; it is then `expired`.
    pub(super) fn expire_if_due(&self, id: OrderId) -> Result<bool, ServiceError> {
        let order = self.load_order(id)?;
        if order.state != OrderState::Open || self.clock.now() <= order.expires {
            return Ok(false);
        }
        let what = match order.application {
            Some(application) => EventKind::ApplicationChanged {
                application: application.into(),
                from: Some(ApplicationState::Submitted.name().into()),
                to: ApplicationState::Expired.name().into(),
                content: None,
            },
            None => EventKind::StatusRequestRefused { request: request_id(id), code: "expired".into() },
        };
        let actor = Actor::Role("registration".into());
        let event = Event::new(self.random.as_ref(), self.clock.now(), actor, what)?;
        let act = Act { events: &[event], receipt: None };
        match self.registry.close_order(id, &OrderState::Expired, act) {
            Ok(()) => Ok(true),
            // Somebody signed, withdrew or expired it at this very moment.
            Err(RegistryError::Conflict(Conflict::Stale | Conflict::Idempotency)) => Ok(false),
            Err(error) => Err(error.into()),
        }
    }

    pub(super) fn load_order(&self, id: OrderId) -> Result<OrderRecord, ServiceError> {
        self.registry.order(id)?.ok_or(ServiceError::Unknown { what: "order" })
    }

    pub(super) fn signing_events(
        &self,
        officer: &Officer,
        order: &OrderRecord,
        signature: &SignatureRecord,
        complete: bool,
    ) -> Result<Vec<Event>, ServiceError> {
        let record = order.application.map_or_else(|| request_id(order.id), RecordId::from);
        // A signature is evidence: the log keeps its digest, the order keeps its bytes.
        let mut events = vec![self.event(
            officer.id,
            EventKind::EvidenceAdded {
                application: record,
                kind: word(&format!("signature-{}", signature.role)),
                evidence: Sha256Digest::of(signature.jws.as_bytes()),
            },
        )?];
        if complete {
            if order.application.is_some() {
                let approved = EventKind::ApplicationChanged {
                    application: record,
                    from: Some(ApplicationState::Submitted.name().into()),
                    to: ApplicationState::Approved.name().into(),
                    content: None,
                };
                events.push(self.event(officer.id, approved)?);
            }
            let queued = EventKind::OrderQueued {
                order: order.id,
                kind: order.kind.name().into(),
                digest: order.digest,
                record: Some(record),
            };
            events.push(self.event(officer.id, queued)?);
            events.extend(self.scheduled(officer, order)?);
        }
        Ok(events)
    }

    /// The event of a revocation that waits for its date, where the order is one.
    fn scheduled(&self, officer: &Officer, order: &OrderRecord) -> Result<Option<Event>, ServiceError> {
        let signed = Order::from_bytes(&order.content)
            .map_err(|error| ServiceError::internal("reading an order of ours", error))?;
        let (Some(effective), Some(serial)) = (signed.effective(), signed.serial()) else { return Ok(None) };
        let what = EventKind::RevocationScheduled {
            ca: order.ca.clone(),
            serial: serial.clone(),
            order: order.id,
            effective,
        };
        Ok(Some(self.event(officer.id, what)?))
    }

    /// Records the refusal of a signature and says which rule it broke.
    pub(super) fn refused<T>(&self, officer: &Officer, refusal: &Refusal) -> Result<T, ServiceError> {
        self.refuse(officer.id, "sign-order".into(), refusal.code().into())?;
        Err(refusal_error(refusal))
    }
}

/// The refusal of a signature as a client is told of it.
pub(super) fn refusal_error(refusal: &Refusal) -> ServiceError {
    match refusal {
        Refusal::OfficerIsSubject => ServiceError::Separation(Separation::OfficerIsSubject),
        Refusal::SamePerson => ServiceError::Separation(Separation::SamePerson),
        Refusal::Expired => ServiceError::conflict("order.expired", "the order has expired"),
        Refusal::FromTheFuture
        | Refusal::Malformed(_)
        | Refusal::NotCovering
        | Refusal::OtherInstallation
        | Refusal::OtherOffice
        | Refusal::RoleNotForKind
        | Refusal::RoleTwice
        | Refusal::Signature(_)
        | Refusal::SignatureMissing(_)
        | Refusal::SignatureTime
        | Refusal::SignerNotInOffice
        | Refusal::SignerUnknown
        | Refusal::WrongRole => ServiceError::field("/jws", refusal.code(), None, refusal.to_string()),
    }
}

/// A request of an officer that keeps the rules.
pub(super) struct Asked {
    reason: Option<RevocationReason>,
    received: UtcTime,
    effective: Option<UtcTime>,
    channel: String,
    note: String,
    /// The control questions that the caller answered.
    pub(super) control: Vec<&'static str>,
}

pub(super) fn check_request(request: &StatusRequest, now: UtcTime) -> Result<Asked, Vec<FieldError>> {
    let mut found = Vec::new();
    let mut at = Refusals::at(&mut found, "");
    let reason = match (request.kind, request.reason.as_deref()) {
        (OrderKind::Revoke, Some(name)) => {
            let known = REASONS.iter().find(|reason| reason.name() == name).copied();
            known.or_else(|| {
                let names: Vec<&str> = REASONS.iter().map(|reason| reason.name()).collect();
                let message = format!("must be one of: {}", names.join(", "));
                at.refuse("reason", "choice.unknown", Some("C-107"), message)
            })
        }
        (OrderKind::Revoke, None) => {
            at.refuse("reason", "reason.missing", Some("C-107"), "a revocation has a reason")
        }
        (_, Some(_)) => {
            at.refuse("reason", "reason.superfluous", Some("C-107"), "only a revocation has a reason")
        }
        (_, None) => None,
    };
    let received = request.received.unwrap_or(now);
    if received > now {
        at.refuse::<()>("received", "time.future", Some("C-101"), "must not be in the future");
    }
    // Whole seconds: people read it, and the order's own time has no more.
    let effective = request.effective.map(UtcTime::floor_to_second);
    match effective {
        Some(_) if request.kind != OrderKind::Revoke => {
            at.refuse::<()>("effective", "date.superfluous", Some("C-101"), "only a revocation has a date");
        }
        Some(date) if date <= now => {
            at.refuse::<()>("effective", "time.past", Some("C-101"), "must be in the future");
        }
        Some(_) | None => {}
    }
    if !CHANNELS.contains(&request.channel.as_str()) {
        let message = format!("must be one of: {}", CHANNELS.join(", "));
        at.refuse::<()>("channel", "choice.unknown", Some("C-107"), message);
    }
    match accept(&mut at, "note", &request.note, MAX_TEXT) {
        Some(note) if found.is_empty() => Ok(Asked {
            reason,
            received,
            effective,
            channel: request.channel.clone(),
            note,
            control: Vec::new(),
        }),
        Some(_) | None => Err(found),
    }
}

/// Once revoked, never reinstated; only hold and good change places (C-95). The CA decides again.
pub(super) fn status_allows(certificate: &CertificateRecord, kind: OrderKind) -> Result<(), ServiceError> {
    let conflict = |code, message: &str| Err(ServiceError::conflict(code, message));
    match (&certificate.status, kind) {
        (CertificateStatus::Revoked { .. }, _) => {
            conflict("certificate.revoked", "the certificate is revoked, which is for ever")
        }
        (CertificateStatus::Suspended { .. }, OrderKind::Suspend) => {
            conflict("certificate.suspended", "the certificate is suspended already")
        }
        (CertificateStatus::Good, OrderKind::Release) => {
            conflict("certificate.not-suspended", "the certificate is not suspended")
        }
        (CertificateStatus::Good | CertificateStatus::Suspended { .. }, _) => Ok(()),
    }
}

/// A request about a certificate is named like the order it led to.
pub(super) fn request_id(order: OrderId) -> RecordId {
    RecordId::from_bytes(*order.as_bytes())
}

/// Our own short texts; what does not fit a word is a fault of ours, and shows.
pub(super) fn word(text: &str) -> Word {
    text.parse().unwrap_or_else(|_| "unreadable".into())
}
