//! The revocation desk: codes given and used, suspensions confirmed, requests with their clocks.
//!
//! A subscriber with a code has the certificate suspended at once, by an order that registration's own key signs: for
//! suspensions only, under a grant of two security officers, and as often within a day as the CA's configuration says
//! (design §3, ADR 0016). Two officers can take it back, and a revocation officer confirms it.

use ndoba_audit::{Actor, Event, EventKind};
use ndoba_order::{
    Header, JwsAlgorithm, MediaType, OrderContent, SignerRole, Suspend, accept_signature, assemble,
    signing_input,
};
use ndoba_types::{OrderId, SerialNumber, Sha256Digest, Span, UtcTime};
use serde_json::json;

use super::orders::request_id;
use super::{Officer, Once, RegisterSight, Registration, ServiceError, StatusRequest};
use crate::application::ApplicationContent;
use crate::control::{self, ControlQuestion};
use crate::evidence;
use crate::field_error::Refusals;
use crate::identifier;
use crate::permission::Permission;
use crate::ports::{
    Act, CertificateRecord, CertificateStatus, DeskKey, DeskRequest, OrderKind, OrderRecord, OrderState,
    Page, PageRequest, RequestFilter, RevocationCodeRecord, RevocationRequestRecord, SignatureRecord,
};
use crate::revocation_code::{CodeHash, RevocationCode};
use crate::text::{MAX_TEXT, accept};

/// How long the service's order may be carried out: an hour at most by its format.
const LIFE: Span = Span::minutes(30);
/// How such requests reached the provider, beside the channels that officers name.
const CHANNEL: &str = "code";

/// The channel of those who are asked back.
const TELEPHONE: &str = "telephone";

/// What came of a code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ByCode {
    /// The certificate was suspended, revoked or at its end before.
    Already,
    /// There is no such certificate, or this is not its code: which of the two is nobody's to know.
    NoMatch,
    /// The order is with the CA.
    Ordered(OrderId),
}

impl Registration {
    /// Gives a certificate another revocation code; the one before is void. The code is shown once and kept nowhere.
    ///
    /// # Errors
    ///
    /// [`ServiceError::Unknown`]; [`ServiceError::Conflict`] for a revoked certificate, and for the repetition of a request
    /// that was answered: the code cannot be shown again.
    pub fn give_revocation_code(
        &self,
        officer: &Officer,
        serial: &SerialNumber,
        once: Option<&Once>,
    ) -> Result<RevocationCode, ServiceError> {
        self.admit(officer, Permission::EditApplications)?;
        self.no_secret_before(officer, once)?;
        let certificate = self.issued_within_reach(officer, serial)?;
        if let CertificateStatus::Revoked { .. } = certificate.status {
            let message = "the certificate is revoked, which is for ever";
            return Err(ServiceError::conflict("certificate.revoked", message));
        }
        let code = RevocationCode::generate(self.random.as_ref())?;
        let record = RevocationCodeRecord {
            serial: certificate.serial.clone(),
            hash: self.hash_of(&code)?,
            given_by: officer.id,
            given: self.clock.now(),
        };
        let given = EventKind::RevocationCodeGiven { ca: certificate.ca.clone(), serial: certificate.serial };
        let event = self.event(officer.id, given)?;
        self.commit_secret(officer, once, serial, &[event], |act| {
            self.registry.put_revocation_code(&record, act)
        })?;
        Ok(code)
    }

    /// Suspends the certificate of who gives its serial number, or the subject's number, with its code.
    ///
    /// One slow hash and the same look-ups whoever asks; each failure is an event without what was typed.
    ///
    /// # Errors
    ///
    /// [`ServiceError::Conflict`] where suspension is not offered; [`ServiceError::Unavailable`] when the database or the
    /// token does not answer, or no grant lets the service sign.
    pub fn suspend_by_code(&self, who: &str, code: &str) -> Result<ByCode, ServiceError> {
        let Some(key) = self.settings.desk.as_deref().filter(|_| self.settings.suspension_allowed) else {
            let message = "this provider suspends nothing by code: ask an officer";
            return Err(ServiceError::conflict("suspension.not-allowed", message));
        };
        let read = RevocationCode::read(code);
        let hash = self.hash_of(&read.clone().unwrap_or_else(RevocationCode::of_nobody))?;
        let found = self.registry.certificate_of_code(&hash)?;
        let named = |serial: &SerialNumber, subject: Option<&str>| {
            who.parse::<SerialNumber>().as_ref() == Ok(serial)
                || subject.is_some_and(|subject| identifier::means(who, subject))
        };
        let found = found.filter(|found| read.is_some() && named(&found.serial, found.subject.as_deref()));
        let Some(found) = found else {
            self.refuse_code("revocation", None)?;
            return Ok(ByCode::NoMatch);
        };
        let certificate = self.issued(&found.serial)?;
        let now = self.clock.now();
        if certificate.status != CertificateStatus::Good || certificate.not_after < now {
            return Ok(ByCode::Already);
        }
        self.order_suspension(key, &certificate.serial, &certificate.ca, now).map(ByCode::Ordered)
    }

    /// The order, signed and put before the CA in one transaction.
    fn order_suspension(
        &self,
        key: &dyn DeskKey,
        serial: &SerialNumber,
        ca: &ndoba_types::CaName,
        now: UtcTime,
    ) -> Result<OrderId, ServiceError> {
        let register = self.register()?;
        let kid = key.public_key().fingerprint();
        let Some(service) = register.by_key(kid).filter(|one| one.is_active(now)) else {
            return Err(ServiceError::Unavailable(
                "no grant in force lets the desk's key sign: ndoba officer authorise-desk".into(),
            ));
        };
        let id = OrderId::generate(self.random.as_ref())?;
        let told = json!({ "channel": CHANNEL, "received": now.to_string(), "serial": serial.to_string() });
        let item = evidence::item("revocation-request", &told, id, self.random.as_ref())?;
        let content = Suspend { serial: serial.clone(), evidence: vec![item.digest] };
        let mut order = self.order_of(id, ca, OrderContent::SuspendByCode(content))?;
        order.expires = order.created.plus(LIFE);
        let bytes = order.to_bytes().map_err(|error| ServiceError::internal("writing an order", error))?;
        let header = Header {
            alg: JwsAlgorithm::Es256,
            typ: MediaType::Order,
            role: SignerRole::Desk,
            kid,
            iat: now.unix_seconds().unsigned_abs(),
            over: None,
        };
        let unwritten = |error| ServiceError::internal("writing a signature", error);
        let input = signing_input(&header, &bytes).map_err(unwritten)?;
        let raw = key.sign(input).map_err(ServiceError::Unavailable)?;
        let jws = assemble(&header, &raw).map_err(unwritten)?;
        // As the CA will: what it would refuse is not put before it.
        let none: [&[u8]; 0] = [];
        accept_signature(&bytes, &none, &jws, &register, self.settings.installation, now)
            .map_err(|refusal| ServiceError::internal("signing as the desk", refusal))?;
        let jws =
            String::from_utf8(jws).map_err(|error| ServiceError::internal("writing a signature", error))?;
        let record = OrderRecord {
            id,
            kind: OrderKind::SuspendByCode,
            digest: Sha256Digest::of(&bytes),
            content: bytes,
            ca: ca.clone(),
            csr: None,
            application: None,
            target: Some(serial.clone()),
            drafted_by: service.officer,
            created: order.created,
            expires: order.expires,
            state: OrderState::Open,
            signatures: Vec::new(),
        };
        let signature = SignatureRecord {
            role: SignerRole::Desk.name().into(),
            officer: service.officer,
            jws,
            added: now,
        };
        let request = RevocationRequestRecord {
            order: id,
            serial: serial.clone(),
            received: now,
            begins: now,
            decided: None,
            channel: CHANNEL.into(),
        };
        let events = [
            self.own_event(EventKind::StatusRequested {
                request: request_id(id),
                ca: ca.clone(),
                serial: serial.clone(),
                action: "suspend".into(),
                channel: CHANNEL.into(),
                received: now,
            })?,
            self.own_event(EventKind::OrderQueued {
                order: id,
                kind: record.kind.name().into(),
                digest: record.digest,
                record: Some(request_id(id)),
            })?,
        ];
        let act = Act { events: &events, receipt: None };
        self.registry.insert_signed_order(&record, &signature, &[item], &request, act)?;
        Ok(id)
    }

    /// Confirms a suspension by code, with what the officer found out; the note is kept as evidence.
    ///
    /// # Errors
    ///
    /// [`ServiceError::Invalid`] naming `/note`; [`ServiceError::Conflict`] for an order of another kind, one that was not
    /// carried out, or one that was confirmed before.
    pub fn confirm(
        &self,
        officer: &Officer,
        id: OrderId,
        note: &str,
        once: Option<&Once>,
    ) -> Result<OrderRecord, ServiceError> {
        self.admit(officer, Permission::DraftRevocations)?;
        if let Some(id) = self.repeated(officer, once)? {
            return self.load_order(id);
        }
        let order = self.load_order(id)?;
        if order.kind != OrderKind::SuspendByCode {
            let message = "only a suspension by code is confirmed: officers signed the others themselves";
            return Err(ServiceError::conflict("order.not-by-code", message));
        }
        if !matches!(order.state, OrderState::Done { .. }) {
            let message = format!("the order is {}", order.state.name());
            return Err(ServiceError::conflict("order.state", message));
        }
        let mut found = Vec::new();
        let Some(note) = accept(&mut Refusals::at(&mut found, ""), "note", note, MAX_TEXT) else {
            return Err(ServiceError::Invalid(found));
        };
        let told = json!({ "note": note, "confirmed_by": officer.id.to_string() });
        let item = evidence::item("revocation-confirmation", &told, id, self.random.as_ref())?;
        let event = self.event(officer.id, EventKind::SuspensionConfirmed { request: request_id(id) })?;
        let now = self.clock.now();
        let id = self
            .commit(officer, once, id, &[event], |act| self.registry.confirm_request(id, &item, now, act))?;
        self.load_order(id)
    }

    /// What a caller is asked before something is done to the certificate on the telephone. The read is an event: the
    /// questions say what the record has.
    ///
    /// # Errors
    ///
    /// [`ServiceError::Unknown`]; [`ServiceError::Conflict`] where no application stands behind the certificate.
    pub fn control_questions(
        &self,
        officer: &Officer,
        serial: &SerialNumber,
    ) -> Result<Vec<ControlQuestion>, ServiceError> {
        self.admit(officer, Permission::SignOrders)?;
        let certificate = self.issued_within_reach(officer, serial)?;
        let content = self.record_behind(&certificate)?;
        if let Some(application) = certificate.application {
            self.note_read(officer, application.into(), "control-questions")?;
        }
        Ok(control::questions(&content))
    }

    /// Judges a caller's answers, where the request came on the telephone; the names of the questions. What was wrong is
    /// said to nobody, and that something was is an event.
    pub(super) fn ask_back(
        &self,
        officer: &Officer,
        certificate: &CertificateRecord,
        request: &StatusRequest,
    ) -> Result<Vec<&'static str>, ServiceError> {
        if request.channel != TELEPHONE {
            return no_answers(request);
        }
        let content = self.record_behind(certificate)?;
        if let Ok(right) = control::judge(&content, &request.control) {
            return Ok(right);
        }
        self.note_wrong_answers(officer)?;
        Err(wrong_answers())
    }

    /// As [`Self::ask_back`], where the database may be away: the record is asked wherever it can be read. Nothing is told
    /// of answers that nobody can judge; the officer's note then says how the caller was recognised.
    pub(super) fn ask_back_if_it_can_be(
        &self,
        officer: &Officer,
        sight: RegisterSight,
        serial: &SerialNumber,
        request: &StatusRequest,
    ) -> Result<Vec<&'static str>, ServiceError> {
        if request.channel != TELEPHONE {
            return no_answers(request);
        }
        if sight == RegisterSight::LastRead {
            return Ok(Vec::new());
        }
        let content = self.issued_within_reach(officer, serial).and_then(|found| self.record_behind(&found));
        let content = match content {
            Ok(content) => content,
            Err(ServiceError::Unavailable(_)) => return Ok(Vec::new()),
            Err(refused) => return Err(refused),
        };
        if let Ok(right) = control::judge(&content, &request.control) {
            return Ok(right);
        }
        // Wrong they are, whether or not that can be written down.
        match self.note_wrong_answers(officer) {
            Ok(()) | Err(ServiceError::Unavailable(_)) => Err(wrong_answers()),
            Err(fault) => Err(fault),
        }
    }

    fn note_wrong_answers(&self, officer: &Officer) -> Result<(), ServiceError> {
        self.refuse(officer.id, "control-questions".into(), "no-match".into())
    }

    fn record_behind(&self, certificate: &CertificateRecord) -> Result<ApplicationContent, ServiceError> {
        let Some(application) = certificate.application else {
            let message =
                "no application stands behind the certificate: nothing is done to it on the telephone";
            return Err(ServiceError::conflict("certificate.no-application", message));
        };
        Ok(self.load(application)?.application.content)
    }

    /// Requests about certificates with their clocks, newest first. Every one shown is an event.
    ///
    /// # Errors
    ///
    /// [`ServiceError`].
    pub fn requests(
        &self,
        officer: &Officer,
        filter: &RequestFilter,
        page: &PageRequest,
    ) -> Result<Page<DeskRequest>, ServiceError> {
        self.admit(officer, Permission::ReadRequests)?;
        let page = self.registry.requests(filter, page)?;
        let shown = page.items.iter().map(|item| request_id(item.clock.order));
        self.note_reads(officer, shown, "requests")?;
        Ok(page)
    }

    fn hash_of(&self, code: &RevocationCode) -> Result<CodeHash, ServiceError> {
        let (home, salt) = (self.settings.installation, &self.settings.person_salt);
        CodeHash::of(code, home, salt).map_err(|error| ServiceError::internal("hashing a code", error))
    }

    /// An event of the service's own: no officer acts.
    fn own_event(&self, what: EventKind) -> Result<Event, ServiceError> {
        let actor = Actor::Role("registration".into());
        Ok(Event::new(self.random.as_ref(), self.clock.now(), actor, what)?)
    }
}

/// Only who calls on the telephone is asked.
fn no_answers(request: &StatusRequest) -> Result<Vec<&'static str>, ServiceError> {
    if request.control.is_empty() {
        return Ok(Vec::new());
    }
    let message = "only who calls on the telephone is asked control questions";
    Err(ServiceError::field("/control", "control.superfluous", Some("C-107"), message))
}

fn wrong_answers() -> ServiceError {
    let message = format!("needs {} right answers of the caller's, and none that is wrong", control::ENOUGH);
    ServiceError::field("/control", "control.no-match", Some("C-107"), message)
}
