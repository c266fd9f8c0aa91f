//! Revocations and suspensions handed in whole, kept while the database cannot take them, and taken over when it can
//! (P-22, ADR 0013). Never a release: nothing that was taken back comes into force without the database.

use std::sync::Arc;

use ndoba_audit::{Actor, Event, EventKind};
use ndoba_order::{AcceptedSignature, Order, OrderKind, Refusal, Register, accept_signature};
use ndoba_types::{CaName, OrderId, SerialNumber, Sha256Digest, UtcTime};

use super::orders::{check_request, request_id, status_allows, word};
use super::{Officer, Registration, ServiceError, StatusRequest};
use crate::evidence::{self, ToldRequest};
use crate::permission::{Permission, allows};
use crate::ports::{Act, EvidenceRecord, OrderRecord, OrderState, RevocationRequestRecord, SignatureRecord};
use crate::spool::{KeptOrder, Spool, SpoolCounts, SpoolError, StatusHandIn};

/// Whether the register of officers was asked, or remembered because the database does not answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RegisterSight {
    /// As it is now.
    Current,
    /// As it was when it was last read.
    LastRead,
}

/// An order to revoke or suspend as it is to be signed. Nothing of it is recorded.
#[derive(Clone, PartialEq, Eq)]
pub struct StatusDraft {
    /// The canonical bytes.
    pub content: Vec<u8>,
    /// SHA-256 over them.
    pub digest: Sha256Digest,
    /// The evidence whose digest the order names, canonical bytes; to be handed in with it.
    pub evidence: Vec<u8>,
}

/// What became of an order that was handed in.
#[derive(Clone, PartialEq, Eq)]
pub enum HandedIn {
    /// Kept here, and not in force.
    Kept(KeptReceipt),
    /// The database has it, and the CA will find it there.
    Recorded(OrderRecord),
}

/// What an officer may rely on when an order is kept here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeptReceipt {
    /// The order.
    pub order: OrderId,
    /// What it asks.
    pub kind: OrderKind,
    /// SHA-256 over its bytes.
    pub digest: Sha256Digest,
    /// When it was received.
    pub received: UtcTime,
    /// Until when it must be in force (REV-6.2.4-03A).
    pub due: UtcTime,
}

/// What a round of taking over did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TakenOver {
    /// Orders that the database has now.
    pub recorded: usize,
    /// Orders that were turned down.
    pub refused: usize,
}

/// What was handed in, read and found to be in form.
struct Checked {
    order: Order,
    told: Option<(ToldRequest, EvidenceRecord)>,
}

impl Registration {
    /// The same service with a place for what the database cannot take.
    #[must_use]
    pub fn with_spool(self, spool: Arc<dyn Spool>) -> Self {
        Self { spool: Some(spool), ..self }
    }

    /// Reads the register, so that it is remembered when the database does not answer.
    ///
    /// # Errors
    ///
    /// [`ServiceError::Unavailable`]; what was read before stays remembered.
    pub fn remember_register(&self) -> Result<(), ServiceError> {
        self.register().map(drop)
    }

    /// As [`Self::authenticate`] and [`Self::admit`] together; while the database does not answer, by the register as it
    /// was last read, and then a refusal is no event.
    ///
    /// # Errors
    ///
    /// [`ServiceError::NotAnOfficer`], [`ServiceError::Forbidden`]; [`ServiceError::Unavailable`] when the register
    /// was never read.
    pub fn authenticate_in_outage(
        &self,
        key: Sha256Digest,
        permission: Permission,
    ) -> Result<(Officer, RegisterSight), ServiceError> {
        let admitted = self.authenticate(key).and_then(|officer| {
            self.admit(&officer, permission)?;
            Ok(officer)
        });
        let why = match admitted {
            Ok(officer) => return Ok((officer, RegisterSight::Current)),
            Err(ServiceError::Unavailable(why)) => why,
            Err(other) => return Err(other),
        };
        let Some(register) = self.last_read() else { return Err(ServiceError::Unavailable(why)) };
        let officer = self.officer_by(&register, key).ok_or(ServiceError::NotAnOfficer)?;
        if officer.roles.iter().any(|role| allows(*role, permission)) {
            Ok((officer, RegisterSight::LastRead))
        } else {
            Err(ServiceError::Forbidden(permission))
        }
    }

    /// Writes an order to revoke or suspend without needing the database, and records nothing. Whether there is such a
    /// certificate, and whether its status allows the change, is judged when the order is recorded. Who calls on the
    /// telephone is asked back as for [`Self::propose`], wherever the record can be read.
    ///
    /// # Errors
    ///
    /// [`ServiceError::Invalid`] naming fields; [`ServiceError::Conflict`] where this provider does not suspend, or no
    /// application stands behind the certificate that a caller names; [`ServiceError::Unknown`] for one never issued.
    pub fn draft_status_order(
        &self,
        officer: &Officer,
        sight: RegisterSight,
        serial: &SerialNumber,
        ca: &CaName,
        request: &StatusRequest,
    ) -> Result<StatusDraft, ServiceError> {
        self.is_kept(request.kind, "/kind")?;
        if !self.settings.authorities.iter().any(|(name, _)| name == ca) {
            let names: Vec<_> = self.settings.authorities.iter().map(|(name, _)| name.as_str()).collect();
            let message = format!("must be the CA that issued the certificate, one of: {}", names.join(", "));
            return Err(ServiceError::field("/ca", "choice.unknown", None, message));
        }
        let mut asked = check_request(request, self.clock.now()).map_err(ServiceError::Invalid)?;
        asked.control = self.ask_back_if_it_can_be(officer, sight, serial, request)?;
        let (order, item) = self.status_order(officer, ca, serial, request.kind, &asked)?;
        let content = order.to_bytes().map_err(|error| ServiceError::internal("writing an order", error))?;
        Ok(StatusDraft { digest: Sha256Digest::of(&content), content, evidence: item.content })
    }

    /// Takes a signed order to revoke or suspend: into the database, or, where that cannot take it, into the spool. The
    /// same order again changes nothing.
    ///
    /// # Errors
    ///
    /// As for [`Self::sign`] and [`Self::propose`]; [`ServiceError::NotKept`] when neither took it.
    pub fn hand_in(
        &self,
        officer: &Officer,
        sight: RegisterSight,
        hand_in: StatusHandIn,
    ) -> Result<HandedIn, ServiceError> {
        let now = self.clock.now();
        let checked = self.check(&hand_in, officer.id, now)?;
        let register = match sight {
            RegisterSight::Current => self.register()?,
            RegisterSight::LastRead => self.last_read().ok_or(ServiceError::NotAnOfficer)?,
        };
        let accepted = match self.judge(&hand_in, &register, now) {
            Ok(accepted) => accepted,
            Err(refusal) => return Err(self.refused_here(officer, sight, &refusal)),
        };
        // Who is connected and who signed are one, as for every signature.
        if accepted.signer.officer != officer.id {
            if sight == RegisterSight::Current {
                self.refuse(officer.id, "sign-order".into(), "order-signer-other".into())?;
            }
            let message = "must be the sending officer's own";
            return Err(ServiceError::field("/jws", "order-signer-other", None, message));
        }
        let (order, kind) = (checked.order.order_id, checked.order.kind());
        let digest = Sha256Digest::of(&hand_in.content);
        // The clock of the law begins where it would have begun (C-100, C-101).
        let told = checked.told.map(|(told, _)| told.received);
        let begins = checked.order.effective().or(told);
        let kept = KeptOrder { order, received: now, hand_in };
        if sight == RegisterSight::Current {
            match self.record_kept(&kept, false) {
                Ok(order) => return Ok(HandedIn::Recorded(order)),
                // Neither is the request's own fault: it must not be lost by ours.
                Err(ServiceError::Unavailable(_) | ServiceError::Locked | ServiceError::Internal { .. }) => {}
                Err(refused) => return Err(refused),
            }
        }
        let spool = self.spool.as_ref().ok_or_else(|| ServiceError::NotKept(Box::new(NoSpool)))?;
        let received = match spool.keep(&kept) {
            Ok(received) => received,
            Err(SpoolError::OtherOrder) => {
                return Err(ServiceError::conflict("order.other", SpoolError::OtherOrder.to_string()));
            }
            Err(error @ (SpoolError::Full { .. } | SpoolError::Unusable(_))) => {
                return Err(ServiceError::NotKept(Box::new(error)));
            }
        };
        let due = begins.unwrap_or(received).plus(self.settings.revocation.limit);
        Ok(HandedIn::Kept(KeptReceipt { order, kind, digest, received, due }))
    }

    /// Puts what is kept into the database, in the order of receipt. What is turned down is an event, and laid aside.
    ///
    /// # Errors
    ///
    /// [`ServiceError::Unavailable`] and the like: the rest is kept, and comes with the next round.
    pub fn take_over_kept(&self) -> Result<TakenOver, ServiceError> {
        let Some(spool) = &self.spool else { return Ok(TakenOver::default()) };
        let unusable = |error| ServiceError::internal("using the folder of kept status orders", error);
        let (mut done, mut fault) = (TakenOver::default(), None);
        for kept in spool.waiting().map_err(unusable)? {
            match self.record_kept(&kept, true) {
                Ok(_) => {
                    spool.taken_over(kept.order).map_err(unusable)?;
                    done.recorded += 1;
                }
                Err(error @ (ServiceError::Unavailable(_) | ServiceError::Locked)) => return Err(error),
                // A fault that one order meets must not hold up the others.
                Err(error @ ServiceError::Internal { .. }) => fault = Some(error),
                Err(refused) => {
                    self.note_refusal(&kept, &refused)?;
                    spool.lay_aside(kept.order).map_err(unusable)?;
                    done.refused += 1;
                }
            }
        }
        fault.map_or(Ok(done), Err)
    }

    /// How full the spool is.
    ///
    /// # Errors
    ///
    /// [`ServiceError::Internal`] when it cannot be read.
    pub fn kept(&self) -> Result<SpoolCounts, ServiceError> {
        let counts = self.spool.as_ref().map_or_else(|| Ok(SpoolCounts::default()), |spool| spool.counts());
        counts.map_err(|error| ServiceError::internal("reading the folder of kept status orders", error))
    }

    /// Records an order as if it had just come, but for its time of receipt. What was recorded before, by a process that
    /// was killed before it could forget it, is found by the order's identifier and not recorded again.
    fn record_kept(&self, kept: &KeptOrder, was_kept: bool) -> Result<OrderRecord, ServiceError> {
        let KeptOrder { order: id, received, hand_in } = kept;
        let register = self.register()?;
        let accepted = self
            .judge(hand_in, &register, self.clock.now())
            .map_err(|refusal| super::orders::refusal_error(&refusal))?;
        let officer = accepted.signer.officer;
        let signer =
            register.officer(officer).and_then(|found| self.officer_by(&register, found.spki.fingerprint()));
        let signer = signer.ok_or(ServiceError::NotAnOfficer)?;
        let Checked { order, told } = self.check(hand_in, officer, *received)?;
        if order.order_id != *id {
            return Err(ServiceError::conflict("order.other", "it is kept under another order's name"));
        }
        let record = match self.registry.order(*id)? {
            Some(record) => record,
            None => self.insert_kept(&signer, &order, hand_in, told)?,
        };
        if record.content != hand_in.content {
            return Err(ServiceError::conflict("order.other", "another order has this identifier"));
        }
        if record.signatures.iter().any(|signature| signature.officer == officer) {
            return Ok(record);
        }
        if record.state != OrderState::Open {
            let message = format!("the order is {}", record.state.name());
            return Err(ServiceError::conflict("order.state", message));
        }
        let signature = SignatureRecord {
            role: accepted.signer.role.name().into(),
            officer,
            jws: hand_in.jws.clone(),
            added: *received,
        };
        let mut events = self.signing_events(&signer, &record, &signature, accepted.complete)?;
        if was_kept {
            let what = EventKind::StatusRequestTakenOver { request: request_id(*id), received: *received };
            events.push(self.event_of_role(what)?);
        }
        let act = Act { events: &events, receipt: None };
        self.registry.add_signature(*id, record.signatures.len(), &signature, accepted.complete, act)?;
        self.load_order(*id)
    }

    fn insert_kept(
        &self,
        signer: &Officer,
        order: &Order,
        hand_in: &StatusHandIn,
        told: Option<(ToldRequest, EvidenceRecord)>,
    ) -> Result<OrderRecord, ServiceError> {
        let Some((told, item)) = told else {
            let message = "must be there: the order was not drafted in the database";
            return Err(ServiceError::field("/evidence", "evidence.missing", Some("C-107"), message));
        };
        let certificate = self.issued_within_reach(signer, &told.serial)?;
        let issuer = self.settings.authorities.iter().find(|(name, _)| *name == certificate.ca);
        if issuer.is_none_or(|(_, key)| *key != order.ca) {
            return Err(ServiceError::Unknown { what: "certificate" });
        }
        status_allows(&certificate, order.kind())?;
        if order.effective().is_some_and(|date| date > certificate.not_after) {
            let message = "must not be after the end of the certificate's validity";
            return Err(ServiceError::field("/effective", "time.after-validity", Some("C-101"), message));
        }
        let record = OrderRecord {
            id: order.order_id,
            kind: order.kind(),
            digest: Sha256Digest::of(&hand_in.content),
            content: hand_in.content.clone(),
            ca: certificate.ca.clone(),
            csr: None,
            application: None,
            target: Some(told.serial.clone()),
            drafted_by: signer.id,
            created: order.created,
            expires: order.expires,
            state: OrderState::Open,
            signatures: Vec::new(),
        };
        let request = RevocationRequestRecord {
            order: record.id,
            serial: told.serial.clone(),
            received: told.received,
            begins: order.effective().unwrap_or(told.received),
            decided: None,
            channel: told.channel.clone(),
        };
        let asked_for = EventKind::StatusRequested {
            request: request_id(record.id),
            ca: certificate.ca,
            serial: told.serial,
            action: record.kind.name().into(),
            channel: word(&told.channel),
            received: told.received,
        };
        let events = [self.event(signer.id, asked_for)?];
        let act = Act { events: &events, receipt: None };
        self.registry.insert_order(&record, &[item], &request, act)?;
        Ok(record)
    }

    /// What was handed in, if it is in form; `received` is when it was.
    fn check(
        &self,
        hand_in: &StatusHandIn,
        officer: ndoba_types::OfficerId,
        received: UtcTime,
    ) -> Result<Checked, ServiceError> {
        let order = Order::from_bytes(&hand_in.content)
            .map_err(|error| ServiceError::field("/content", error.code(), None, error.to_string()))?;
        self.is_kept(order.kind(), "/content")?;
        let told = match &hand_in.evidence {
            None => None,
            Some(bytes) => {
                let told =
                    evidence::read_request(bytes).ok_or_else(|| wrong_evidence("must be as drafted"))?;
                let digest = Sha256Digest::of(bytes);
                if order.evidence() != [digest] || order.serial() != Some(&told.serial) {
                    return Err(wrong_evidence("must be the evidence that the order names"));
                }
                if told.taken_by != officer || told.received > received {
                    return Err(wrong_evidence("must be taken by the signing officer, and not later"));
                }
                let kind = evidence::REQUEST.into();
                Some((told, EvidenceRecord { digest, order: order.order_id, kind, content: bytes.clone() }))
            }
        };
        Ok(Checked { order, told })
    }

    fn is_kept(&self, kind: OrderKind, field: &str) -> Result<(), ServiceError> {
        match kind {
            OrderKind::Revoke => Ok(()),
            OrderKind::Suspend if self.settings.suspension_allowed => Ok(()),
            OrderKind::Suspend => {
                let message = "this provider does not suspend certificates: revoke, or leave it";
                Err(ServiceError::conflict("suspension.not-allowed", message))
            }
            OrderKind::CertifyUnit
            | OrderKind::Issue
            | OrderKind::Reissue
            | OrderKind::Release
            | OrderKind::SuspendByCode => {
                let message = "must be a revocation or a suspension";
                Err(ServiceError::field(field, "choice.unknown", None, message))
            }
        }
    }

    fn judge(
        &self,
        hand_in: &StatusHandIn,
        register: &Register,
        now: UtcTime,
    ) -> Result<AcceptedSignature, Refusal> {
        let none: [&[u8]; 0] = [];
        let installation = self.settings.installation;
        accept_signature(&hand_in.content, &none, hand_in.jws.as_bytes(), register, installation, now)
    }

    /// The refusal of a signature, an event where events can be written.
    fn refused_here(&self, officer: &Officer, sight: RegisterSight, refusal: &Refusal) -> ServiceError {
        if sight == RegisterSight::Current
            && let Err(error) = self.refused::<()>(officer, refusal)
            && !matches!(error, ServiceError::Unavailable(_))
        {
            return error;
        }
        super::orders::refusal_error(refusal)
    }

    fn note_refusal(&self, kept: &KeptOrder, refused: &ServiceError) -> Result<(), ServiceError> {
        let code = word(&refused.code());
        let what = EventKind::StatusRequestRefused { request: request_id(kept.order), code };
        Ok(self.registry.record(&[self.event_of_role(what)?])?)
    }

    fn event_of_role(&self, what: EventKind) -> Result<Event, ServiceError> {
        let actor = Actor::Role("registration".into());
        Ok(Event::new(self.random.as_ref(), self.clock.now(), actor, what)?)
    }

    fn last_read(&self) -> Option<Arc<Register>> {
        let replayed = self.replayed.lock().ok()?;
        replayed.as_ref().map(|(_, register)| Arc::clone(register))
    }
}

fn wrong_evidence(message: &str) -> ServiceError {
    ServiceError::field("/evidence", "evidence.other", Some("C-107"), message)
}

/// This process was given no place to keep anything.
#[derive(Debug, thiserror::Error)]
#[error("there is no folder for status orders")]
struct NoSpool;
