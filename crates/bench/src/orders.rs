//! Orders that wait for the CA, written and signed as officers do, through registration's own port.

use ndoba_audit::{Actor, Event, EventKind};
use ndoba_clock::{OsRandom, SystemClock};
use ndoba_order::{FlatJws, Issue, MediaType, Order, OrderContent, ProfileRef, Revoke, SignerRole};
use ndoba_registration::application::{ApplicationContent, ApplicationId, Salt, StoredState};
use ndoba_registration::ports::{
    Act, ApplicationRecord, OrderKind, OrderRecord, OrderState, Registry, RevocationRequestRecord,
    SignatureRecord,
};
use ndoba_store::Store;
use ndoba_types::{CaName, Clock as _, InstallationId, OrderId, SerialNumber, Sha256Digest, Span, UtcTime};
use ndoba_x509::{KeyIdentifier, RevocationReason, VerifiedCsr};
use rcgen::{CertificateParams, KeyPair, PKCS_ECDSA_P256_SHA256};

use crate::officers::{Officer, Officers};

/// Writes orders for one CA.
pub(crate) struct Desk<'a> {
    pub(crate) store: &'a Store,
    pub(crate) officers: &'a Officers,
    pub(crate) installation: InstallationId,
    pub(crate) ca: CaName,
    pub(crate) ski: KeyIdentifier,
}

impl Desk<'_> {
    /// Queues an order for a certificate of the person with this number, who has a new key.
    pub(crate) fn issue(&self, person: u64) -> anyhow::Result<OrderId> {
        let key = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256)?;
        let csr = CertificateParams::default().serialize_request(&key)?;
        let verified = VerifiedCsr::parse(csr.der())?;
        let personal_number = format!("{:011}", 10_000_000_000 + person);
        let content = OrderContent::Issue(Issue {
            profile: ProfileRef {
                name: self.officers.profile.name.clone(),
                digest: self.officers.profile.digest.parse()?,
            },
            subject: serde_json::from_value(serde_json::json!({
                "type": "natural-person", "country": "GE", "given_name": "ნინო", "surname": "ბერიძე",
                "serial_number": format!("PNOGE-{personal_number}"), "common_name": "ნინო ბერიძე",
            }))?,
            csr: verified.digest(),
            spki: verified.spki().fingerprint(),
            evidence: Vec::new(),
            agreement: Some(Sha256Digest::of(b"agreement")),
            person: Some(Sha256Digest::of(personal_number.as_bytes())),
            days: 365,
            device: None,
            replaces: None,
        });
        let (order, now) = self.order(content)?;
        let bytes = order.to_bytes()?;
        let application = ApplicationRecord {
            id: ApplicationId::generate(&OsRandom)?,
            version: 1,
            state: StoredState::Draft,
            content: application(&personal_number, &csr.pem()?, now)?,
            salt: Salt::generate(&OsRandom)?,
            opened_by: self.officers.submitter.id,
            opened: now,
            updated: now,
            order: None,
            remark: None,
            without_code: None,
            replaces: None,
        };
        let events = [event()?];
        let act = Act { events: &events, receipt: None };
        self.store.insert_application(&application, act)?;
        let submitted = ApplicationRecord {
            version: 2,
            state: StoredState::Submitted,
            order: Some(order.order_id),
            ..application.clone()
        };
        let record = OrderRecord {
            csr: Some(csr.der().to_vec()),
            application: Some(application.id),
            ..self.record(&order, OrderKind::Issue, bytes.clone(), now, self.officers.submitter.id)
        };
        self.store.freeze_application(&submitted, &record, &[], act)?;
        let first = self.sign(&record, 0, &self.officers.submitter, SignerRole::Submitter, None, false)?;
        let first = FlatJws::from_bytes(first.as_bytes())?;
        self.sign(&record, 1, &self.officers.approver, SignerRole::Approver, Some(&first), true)?;
        Ok(order.order_id)
    }

    /// Queues an order that ends a certificate.
    pub(crate) fn revoke(&self, serial: &SerialNumber) -> anyhow::Result<OrderId> {
        let content = OrderContent::Revoke(Revoke {
            serial: serial.clone(),
            reason: RevocationReason::Superseded,
            effective: None,
            evidence: Vec::new(),
        });
        let (order, now) = self.order(content)?;
        let bytes = order.to_bytes()?;
        let record = OrderRecord {
            target: Some(serial.clone()),
            ..self.record(&order, OrderKind::Revoke, bytes, now, self.officers.revoker.id)
        };
        let request = RevocationRequestRecord {
            order: order.order_id,
            serial: serial.clone(),
            received: now,
            begins: now,
            decided: None,
            channel: "telephone".into(),
        };
        let events = [event()?];
        self.store.insert_order(&record, &[], &request, Act { events: &events, receipt: None })?;
        self.sign(&record, 0, &self.officers.revoker, SignerRole::RevocationOfficer, None, true)?;
        Ok(order.order_id)
    }

    fn order(&self, content: OrderContent) -> anyhow::Result<(Order, UtcTime)> {
        let now = SystemClock.now();
        let order = Order {
            installation: self.installation,
            order_id: OrderId::generate(&OsRandom)?,
            ca: self.ski,
            created: now.floor_to_second(),
            expires: now.floor_to_second().plus(Span::days(6)),
            content,
        };
        Ok((order, now))
    }

    fn record(
        &self,
        order: &Order,
        kind: OrderKind,
        content: Vec<u8>,
        now: UtcTime,
        drafted_by: ndoba_types::OfficerId,
    ) -> OrderRecord {
        OrderRecord {
            id: order.order_id,
            kind,
            digest: Sha256Digest::of(&content),
            content,
            ca: self.ca.clone(),
            csr: None,
            application: None,
            target: None,
            drafted_by,
            created: now,
            expires: order.expires,
            state: OrderState::Open,
            signatures: Vec::new(),
        }
    }

    fn sign(
        &self,
        order: &OrderRecord,
        already: usize,
        officer: &Officer,
        role: SignerRole,
        over: Option<&FlatJws>,
        complete: bool,
    ) -> anyhow::Result<String> {
        let now = SystemClock.now();
        let jws = officer.identity.sign(MediaType::Order, &order.content, role, over, now)?;
        let signature =
            SignatureRecord { role: role.to_string(), officer: officer.id, jws: jws.clone(), added: now };
        let events = [event()?];
        let act = Act { events: &events, receipt: None };
        self.store.add_signature(order.id, already, &signature, complete, act)?;
        Ok(jws)
    }
}

/// What a registration officer writes of a person.
pub(crate) fn application(
    personal_number: &str,
    csr: &str,
    now: UtcTime,
) -> anyhow::Result<ApplicationContent> {
    Ok(serde_json::from_value(serde_json::json!({
        "profile": "person-signature", "days": 365, "csr": csr, "publication_consent": false,
        "subject": {"type": "natural-person", "given_names": "ნინო", "surname": "ბერიძე",
            "personal_number": personal_number, "email": "n@example.ge"},
        "identity_document": {"type": "identity-card", "number": "12IA34567", "issued_by": "PSDA",
            "validation": "visual-inspection", "copies_at": "archive"},
        "identity_proofing": {"method": "physical-presence", "date": now.to_date_time().date().to_string(), "seen_by": "officer"},
    }))?)
}

/// In place of what registration would record; the CA's own events are its own.
fn event() -> anyhow::Result<Event> {
    let what = EventKind::ServiceStopped {
        role: "registration".into(),
        node: "bench".into(),
        epoch: "bench".into(),
    };
    Ok(Event::new(&OsRandom, SystemClock.now(), Actor::Role("registration".into()), what)?)
}
