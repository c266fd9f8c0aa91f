//! Enrolment: an officer-to-be makes a key on a machine of their own and presents it with a one-time code (design §3).
//!
//! Gives nobody anything. A presented key is a proposal: two security officers compare its fingerprint with what the
//! officer-to-be reads out, and sign a grant over it, or do not (ADR 0019).

use ndoba_audit::{Actor, Event, EventKind};
use ndoba_order::{Acceptance, Office, Role, Roles};
use ndoba_types::{OfficerId, Span, SubjectPublicKeyInfo};
use ndoba_x509::{KeyKind, VerifiedCsr};
use serde::{Deserialize, Serialize};

use super::register::person_of;
use super::{Officer, Once, Registration, ServiceError};
use crate::field_error::Refusals;
use crate::permission::Permission;
use crate::ports::{Act, Conflict, EnrolmentRecord, Page, PageRequest, PresentedKey, RegistryError};
use crate::revocation_code::{CodeHash, RevocationCode};
use crate::text::{MAX_NAME, accept};

/// How long a code may be used.
const CODE_LIFE: Span = Span::days(3);

/// Whom a code is for.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct EnrolmentRequest {
    /// The name that colleagues will see.
    pub name: String,
    /// Names of the roles that are meant; what the grant says counts.
    pub roles: Vec<String>,
    /// The office's path, such as `GE/Tbilisi`.
    pub office: String,
}

/// What came of a code.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Enrolled {
    /// No such code, or used, or too late: which of them is nobody's to know.
    NoMatch,
    /// The key is before the security officers.
    Presented(OfficerId),
}

/// An enrolment as security officers see it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Enrolment {
    /// As it is kept.
    pub record: EnrolmentRecord,
    /// `open`, `expired`, `presented` or `appointed`.
    pub state: &'static str,
}

impl Registration {
    /// Opens an enrolment; the code is shown once and kept nowhere.
    ///
    /// # Errors
    ///
    /// [`ServiceError::Invalid`] naming fields; [`ServiceError::Conflict`] for the repetition of a request that was answered.
    pub fn open_enrolment(
        &self,
        officer: &Officer,
        request: &EnrolmentRequest,
        once: Option<&Once>,
    ) -> Result<(EnrolmentRecord, RevocationCode), ServiceError> {
        self.admit(officer, Permission::Grant)?;
        self.no_secret_before(officer, once)?;
        let (name, roles, office) = check(request)?;
        let code = RevocationCode::generate(self.random.as_ref())?;
        let opened = self.clock.now();
        let record = EnrolmentRecord {
            officer: OfficerId::generate(self.random.as_ref())?,
            name,
            roles: roles.iter().map(|role| role.name().to_owned()).collect(),
            office: office.as_str().to_owned(),
            hash: self.enrolment_hash(&code)?,
            opened_by: officer.id,
            opened,
            expires: opened.plus(CODE_LIFE).floor_to_second(),
            presented: None,
            certificate: None,
        };
        let event = self.event(officer.id, EventKind::EnrolmentOpened { officer: record.officer })?;
        self.commit_secret(officer, once, &record.officer, &[event], |act| {
            self.registry.open_enrolment(&record, act)
        })?;
        Ok((record, code))
    }

    /// Lists enrolments, newest first. Every one shown is an event: they name officers-to-be.
    ///
    /// # Errors
    ///
    /// [`ServiceError`].
    pub fn enrolments(&self, officer: &Officer, page: &PageRequest) -> Result<Page<Enrolment>, ServiceError> {
        self.admit(officer, Permission::ReadRegister)?;
        let (register, now) = (self.register()?, self.clock.now());
        let state = |record: &EnrolmentRecord| match &record.presented {
            Some(presented) if register.by_key(presented.key.fingerprint()).is_some() => "appointed",
            Some(_) => "presented",
            None if record.expires <= now => "expired",
            None => "open",
        };
        let Page { items, next } = self.registry.enrolments(page)?;
        self.note_reads(officer, items.iter().map(|one| person_of(one.officer)), "enrolments")?;
        let items = items.into_iter().map(|record| Enrolment { state: state(&record), record }).collect();
        Ok(Page { items, next })
    }

    /// Takes the key of who has a code: from a request for certification, which proves that they hold it. The code is
    /// used up. Nobody has logged in: one slow hash and one look-up whoever asks; each failure is an event.
    ///
    /// # Errors
    ///
    /// [`ServiceError::Invalid`] naming `/csr`, which is judged before the code, or `/acceptance`, after it: neither uses the
    /// code up.
    pub fn enrol(&self, code: &str, csr: &str, acceptance: Option<&str>) -> Result<Enrolled, ServiceError> {
        let key = officers_key(csr)?;
        if self.register()?.by_key(key.fingerprint()).is_some() {
            return Err(ServiceError::field("/csr", "key-known", Some("P-02"), "make a new key for this"));
        }
        let read = RevocationCode::read(code);
        let hash = self.enrolment_hash(&read.clone().unwrap_or_else(RevocationCode::of_nobody))?;
        let now = self.clock.now();
        let found = self.registry.enrolment_of_code(&hash)?;
        let found = found.filter(|one| read.is_some() && one.presented.is_none() && one.expires > now);
        let Some(found) = found else { return self.no_match(&key) };
        if let Some(jws) = acceptance
            && !self.accepts(&found, &key, jws)
        {
            let message =
                "is not the key's signature on what the security officers mean: these roles, this office";
            let code = "grant-not-accepted";
            return Err(ServiceError::field("/acceptance", code, Some("P-02"), message));
        }
        let presented = PresentedKey { key, at: now, acceptance: acceptance.map(str::to_owned) };
        let completed =
            EventKind::EnrolmentCompleted { officer: found.officer, spki: presented.key.fingerprint() };
        let events = [self.event_of_service(completed)?];
        match self.registry.present_key(found.officer, &presented, Act { events: &events, receipt: None }) {
            Ok(()) => Ok(Enrolled::Presented(found.officer)),
            // Another was there first with the same code.
            Err(RegistryError::Conflict(Conflict::Stale)) => self.no_match(&presented.key),
            Err(error) => Err(error.into()),
        }
    }

    /// The operations CA's certificate for a key whose holder asks, where it has made one.
    ///
    /// # Errors
    ///
    /// [`ServiceError::Invalid`] naming `/csr`; [`ServiceError::Unknown`].
    pub fn enrolled_certificate(&self, csr: &str) -> Result<Vec<u8>, ServiceError> {
        let key = officers_key(csr)?;
        let found = self.registry.enrolment_of_key(&key)?;
        found.and_then(|one| one.certificate).ok_or(ServiceError::Unknown { what: "certificate" })
    }

    /// Whether the key's holder accepted just what this enrolment means.
    fn accepts(&self, meant: &EnrolmentRecord, key: &SubjectPublicKeyInfo, jws: &str) -> bool {
        let roles: Option<Vec<Role>> = meant.roles.iter().map(|name| name.parse().ok()).collect();
        let (Some(Ok(roles)), Ok(office)) = (roles.map(Roles::new), meant.office.parse()) else {
            return false;
        };
        let installation = self.settings.installation;
        let accepts = Acceptance { installation, spki: key.fingerprint(), roles, office };
        accepts.accepted(jws.as_bytes(), key, self.clock.now()).is_some()
    }

    fn no_match(&self, key: &SubjectPublicKeyInfo) -> Result<Enrolled, ServiceError> {
        self.refuse_code("enrolment", Some(key.fingerprint()))?;
        Ok(Enrolled::NoMatch)
    }

    fn enrolment_hash(&self, code: &RevocationCode) -> Result<CodeHash, ServiceError> {
        CodeHash::of_enrolment(code, self.settings.installation, &self.settings.person_salt)
            .map_err(|error| ServiceError::internal("hashing an enrolment code", error))
    }

    fn event_of_service(&self, what: EventKind) -> Result<Event, ServiceError> {
        let actor = Actor::Role("registration".into());
        Ok(Event::new(self.random.as_ref(), self.clock.now(), actor, what)?)
    }
}

/// The key of a request for certification, if it is one that officers sign with: ECDSA on P-256 or P-384.
fn officers_key(csr: &str) -> Result<SubjectPublicKeyInfo, ServiceError> {
    let refused = |code, message: String| ServiceError::field("/csr", code, Some("P-02"), message);
    let csr = VerifiedCsr::parse(csr.as_bytes()).map_err(|error| refused(error.code(), error.sentence()))?;
    match csr.key_kind() {
        KeyKind::EcP256 | KeyKind::EcP384 => Ok(csr.spki().clone()),
        KeyKind::EcP521 | KeyKind::Rsa { .. } | KeyKind::Ed25519 => {
            Err(refused("key-not-officers", "an officer's key is ECDSA on P-256 or P-384".into()))
        }
    }
}

fn check(request: &EnrolmentRequest) -> Result<(String, Roles, Office), ServiceError> {
    let mut found = Vec::new();
    let mut at = Refusals::at(&mut found, "");
    let name = accept(&mut at, "name", &request.name, MAX_NAME);
    let roles: Option<Vec<Role>> = request.roles.iter().map(|name| name.parse().ok()).collect();
    let roles = match roles.map(Roles::new) {
        // A service makes its key in a token of its own and enrols nowhere.
        Some(Ok(roles)) if !roles.iter().any(|role| role == Role::Desk) => Some(roles),
        Some(Err(error)) => at.refuse("roles", "roles.incompatible", Some("P-03"), error.to_string()),
        Some(Ok(_)) | None => {
            at.refuse("roles", "choice.unknown", Some("P-01"), "must be names of officers' roles")
        }
    };
    let office = match request.office.parse::<Office>() {
        Ok(office) => Some(office),
        Err(error) => at.refuse("office", "office.form", None, error.to_string()),
    };
    match (name, roles, office) {
        (Some(name), Some(roles), Some(office)) if found.is_empty() => Ok((name, roles, office)),
        (_, _, _) => Err(ServiceError::Invalid(found)),
    }
}
