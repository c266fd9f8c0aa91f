//! The operations of registration: who may, whether the state allows it, what is recorded.

mod agreements;
mod applications;
mod attachments;
mod begun;
mod certificates;
mod copies;
mod copy_signatures;
mod decline;
mod delivery;
mod desk;
mod enrolment;
mod error;
mod kept;
mod officers;
mod orders;
mod proofing;
mod publication;
mod reach;
mod records;
mod refused;
mod register;
mod renewal;
mod responder;
mod signed_copies;

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use ndoba_audit::{Actor, Event, EventKind};
use ndoba_order::{OrderKind, Pins, Register};
use ndoba_types::{CaName, Clock, InstallationId, OfficerId, Random, RecordId, Sha256Digest, Span, UtcTime};

use crate::check::Rules;
use crate::field_error::FieldError;
use crate::form::{self, Form};
use crate::permission::{Permission, allows};
use crate::ports::{
    Act, AgreementMaker, Conflict, DeskKey, Receipt, Registry, RegistryError, RevocationLimits,
};
use crate::profile::{DeviceOffer, ProfileOffer};
use crate::refusals::Refusals;
use crate::spool::Spool;

pub use agreements::Acceptance;
pub use applications::{ApplicationQuery, Seen};
pub use attachments::{ATTACHMENT_KINDS, Attachment};
pub use copies::MAX_COPY;
pub use desk::ByCode;
pub use enrolment::{Enrolled, Enrolment, EnrolmentRequest};
pub use error::{Separation, ServiceError};
pub use kept::{HandedIn, KeptReceipt, RegisterSight, StatusDraft, TakenOver};
pub use officers::Officer;
pub use orders::{CHANNELS, REASONS, StatusRequest};
pub use publication::Publication;
pub use records::{CaseRecord, SubjectRecord};
pub use register::{EndGrantRequest, GrantDraft, GrantRequest, NewGrantRequest, RegisteredOfficer};
pub use responder::{
    AuthoriseResponderRequest, EndResponderRequest, RevokeCaRequest, SucceedCaRequest, TerminateCaRequest,
};

/// How this installation registers.
pub struct RegistrationSettings {
    /// Which installation.
    pub installation: InstallationId,
    /// Where the register of officers begins; from the role's own configuration, not from the database.
    pub pins: Pins,
    /// The installation's secret salt for commitments to persons, at least 16 random octets.
    pub person_salt: Vec<u8>,
    /// The profiles on offer.
    pub profiles: Vec<ProfileOffer>,
    /// The certified models of qualified devices.
    pub devices: Vec<DeviceOffer>,
    /// The issuing CAs by name, with the subject key identifier that orders name.
    pub authorities: Vec<(CaName, ndoba_x509::KeyIdentifier)>,
    /// The responder profiles, as standing authorisations name them.
    pub responder_profiles: Vec<ndoba_order::ProfileRef>,
    /// How many years records are kept after the certificate's end (OVR-6.4.6-01).
    pub retention_years: u8,
    /// `identity.max_age_days` (C-72).
    pub proofing_max_age_days: u32,
    /// `legal.identity_max_uses`: how many certificates one proof of identity is good for (REG-6.3.1-00E).
    pub proofing_max_uses: u32,
    /// Whether the copy of the agreement that the subscriber signed must be attached before anything is signed (REG-6.3.4-08:
    /// an act that can be proved).
    pub signed_copy_required: bool,
    /// How long an order may be signed and carried out; at most 7 days.
    pub order_life: Span,
    /// Whether certificates may be suspended (G-31); the CA refuses such orders too.
    pub suspension_allowed: bool,
    /// How long a request to revoke or suspend may take (G-30).
    pub revocation: RevocationLimits,
    /// A `ca` node silent for longer than this counts as absent.
    pub ca_silence: Span,
    /// The key that suspends for subscribers with codes; absent where nobody may.
    pub desk: Option<Arc<dyn DeskKey>>,
}

/// The service. All its methods may block; none holds a lock while it does.
pub struct Registration {
    settings: RegistrationSettings,
    registry: Arc<dyn Registry>,
    clock: Arc<dyn Clock>,
    random: Arc<dyn Random>,
    agreements: Arc<dyn AgreementMaker>,
    /// The register as replayed from so many documents: replayed again when there are more.
    replayed: Mutex<Option<(u64, Arc<Register>)>>,
    /// For what the database cannot take.
    spool: Option<Arc<dyn Spool>>,
    /// What is not written singly.
    refusals: Refusals,
    /// Whether the register was found not to follow from the pin, and the log has it.
    broken: AtomicBool,
}

/// An idempotency key and the request it was sent with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Once {
    /// The key: 1 to 255 octets of printable ASCII.
    pub key: String,
    /// SHA-256 over operation, path and body.
    pub request: Sha256Digest,
}

impl Registration {
    /// Puts the service together.
    pub fn new(
        settings: RegistrationSettings,
        registry: Arc<dyn Registry>,
        clock: Arc<dyn Clock>,
        random: Arc<dyn Random>,
        agreements: Arc<dyn AgreementMaker>,
    ) -> Self {
        Self {
            settings,
            registry,
            clock,
            random,
            agreements,
            replayed: Mutex::new(None),
            spool: None,
            refusals: Refusals::default(),
            broken: AtomicBool::new(false),
        }
    }

    /// Which installation.
    pub fn installation(&self) -> InstallationId {
        self.settings.installation
    }

    /// The profiles on offer.
    pub fn profiles(&self) -> &[ProfileOffer] {
        &self.settings.profiles
    }

    /// The form of a profile's applications today.
    ///
    /// # Errors
    ///
    /// [`ServiceError::Unknown`] for a profile that is not on offer.
    pub fn form(&self, profile: &str) -> Result<Form, ServiceError> {
        let offer = self.settings.profiles.iter().find(|offer| offer.name == profile);
        let offer = offer.ok_or(ServiceError::Unknown { what: "profile" })?;
        Ok(form::effective(offer, self.rules(self.clock.now())))
    }

    /// The fields of an application that came as JSON and does not read, for a refusal that names them.
    pub fn refusals(&self, application: &serde_json::Value) -> Vec<FieldError> {
        crate::check::refusals(application, self.rules(self.clock.now()))
    }

    /// Whether an order of this kind will be carried out soon: a `ca` node was seen lately and, where the order takes a
    /// signature, its token answered. A change of status takes none (design §3).
    ///
    /// # Errors
    ///
    /// [`ServiceError::Unavailable`] when the database does not answer.
    pub fn ca_answers(&self, kind: OrderKind) -> Result<bool, ServiceError> {
        let signs = match kind {
            OrderKind::CertifyUnit | OrderKind::Issue | OrderKind::Reissue => true,
            OrderKind::Release | OrderKind::Revoke | OrderKind::Suspend | OrderKind::SuspendByCode => false,
        };
        let seen = self.registry.ca_heartbeat()?;
        let recent = self.clock.now().minus(self.settings.ca_silence);
        Ok(seen.is_some_and(|beat| beat.at >= recent && (beat.token_answers || !signs)))
    }

    /// Refuses an officer whose roles do not have `permission`, and records that (OVR-6.4.5-02).
    ///
    /// # Errors
    ///
    /// [`ServiceError::Forbidden`].
    pub fn admit(&self, officer: &Officer, permission: Permission) -> Result<(), ServiceError> {
        if officer.roles.iter().any(|role| allows(*role, permission)) {
            return Ok(());
        }
        self.refuse(officer.id, permission.name().into(), "role".into())?;
        Err(ServiceError::Forbidden(permission))
    }

    /// The register, replayed from the pin; asked of the database on every request, replayed only when it grew.
    fn register(&self) -> Result<Arc<Register>, ServiceError> {
        let head = self.registry.grant_head()?;
        if let Ok(replayed) = self.replayed.lock()
            && let Some((seq, register)) = &*replayed
            && *seq == head
        {
            let register = Arc::clone(register);
            self.note_register(true)?;
            return Ok(register);
        }
        let grants = self.registry.grants()?;
        let replayed = register::replay(&self.settings.pins, &grants);
        self.note_register(replayed.is_ok())?;
        let register = Arc::new(replayed?);
        let seq = grants.last().map_or(0, |grant| grant.seq);
        if let Ok(mut replayed) = self.replayed.lock() {
            *replayed = Some((seq, Arc::clone(&register)));
        }
        Ok(register)
    }

    /// That somebody changed the register beside its officers is told once, and that it is whole again.
    fn note_register(&self, whole: bool) -> Result<(), ServiceError> {
        if self.broken.swap(!whole, Ordering::AcqRel) != whole {
            return Ok(());
        }
        let (code, part) = ("register-broken".into(), "registration".into());
        let what = if whole {
            EventKind::AlarmCleared { code, part }
        } else {
            EventKind::AlarmRaised { code, part }
        };
        let actor = Actor::Role("registration".into());
        let event = Event::new(self.random.as_ref(), self.clock.now(), actor, what)?;
        if let Err(error) = self.registry.record(&[event]) {
            // To be tried again at the next request.
            self.broken.store(whole, Ordering::Release);
            return Err(error.into());
        }
        Ok(())
    }

    fn rules(&self, now: UtcTime) -> Rules<'_> {
        Rules {
            profiles: &self.settings.profiles,
            devices: &self.settings.devices,
            proofing_max_age_days: self.settings.proofing_max_age_days,
            now,
        }
    }

    fn event(&self, officer: OfficerId, what: EventKind) -> Result<Event, ServiceError> {
        Ok(Event::new(self.random.as_ref(), self.clock.now(), Actor::Officer(officer), what)?)
    }

    /// The resource that an earlier request with this key made, if it was the same request.
    fn repeated<T: std::str::FromStr>(
        &self,
        officer: &Officer,
        once: Option<&Once>,
    ) -> Result<Option<T>, ServiceError> {
        let Some(once) = once else { return Ok(None) };
        let Some(receipt) = self.registry.receipt(officer.id, &once.key)? else { return Ok(None) };
        if receipt.request != once.request {
            return Err(ServiceError::KeyReused);
        }
        match receipt.resource.parse() {
            Ok(id) => Ok(Some(id)),
            Err(_) => {
                Err(ServiceError::Internal { what: "reading an idempotency receipt".into(), source: None })
            }
        }
    }

    /// The resource that an act makes: done now, or before by the same request, or beside this one by
    /// the same request, which shows as a conflict with what that one has just changed.
    fn once<T: std::str::FromStr>(
        &self,
        officer: &Officer,
        once: Option<&Once>,
        act: impl FnOnce() -> Result<T, ServiceError>,
    ) -> Result<T, ServiceError> {
        if let Some(resource) = self.repeated(officer, once)? {
            return Ok(resource);
        }
        match act() {
            Err(conflict @ ServiceError::Conflict { .. }) => self.repeated(officer, once)?.ok_or(conflict),
            done => done,
        }
    }

    /// Commits a change with its events and receipt; where another request with the same key came first, gives
    /// the resource which that one made.
    fn commit<T: std::str::FromStr + std::fmt::Display>(
        &self,
        officer: &Officer,
        once: Option<&Once>,
        resource: T,
        events: &[Event],
        change: impl FnOnce(Act<'_>) -> Result<(), RegistryError>,
    ) -> Result<T, ServiceError> {
        let receipt = self.receipt(officer, once, &resource);
        match change(Act { events, receipt: receipt.as_ref() }) {
            Ok(()) => Ok(resource),
            Err(RegistryError::Conflict(Conflict::Idempotency)) => {
                let earlier = self.repeated(officer, once)?;
                earlier.ok_or_else(|| RegistryError::Conflict(Conflict::Stale).into())
            }
            Err(error) => Err(error.into()),
        }
    }

    /// The same for what is answered with a secret that is kept nowhere: a repetition gives nothing new, and cannot give the
    /// same again.
    fn commit_secret(
        &self,
        officer: &Officer,
        once: Option<&Once>,
        resource: &impl std::fmt::Display,
        events: &[Event],
        change: impl FnOnce(Act<'_>) -> Result<(), RegistryError>,
    ) -> Result<(), ServiceError> {
        let receipt = self.receipt(officer, once, resource);
        match change(Act { events, receipt: receipt.as_ref() }) {
            Err(RegistryError::Conflict(Conflict::Idempotency)) => self.no_secret_before(officer, once),
            done => Ok(done?),
        }
    }

    /// Refuses the repetition of a request that was answered with a secret.
    fn no_secret_before(&self, officer: &Officer, once: Option<&Once>) -> Result<(), ServiceError> {
        match self.repeated::<String>(officer, once)? {
            None => Ok(()),
            Some(_) => Err(ServiceError::conflict(
                "code.shown-once",
                "a code was given for this very request, and none is shown twice: ask for another with a new key",
            )),
        }
    }

    fn receipt(
        &self,
        officer: &Officer,
        once: Option<&Once>,
        resource: &impl std::fmt::Display,
    ) -> Option<Receipt> {
        once.map(|once| Receipt {
            officer: officer.id,
            key: once.key.clone(),
            request: once.request,
            resource: resource.to_string(),
            created: self.clock.now(),
        })
    }

    /// The commitment to the natural person with this identifier, as grants and orders carry it.
    fn person(&self, identifier: &str) -> Sha256Digest {
        ndoba_order::person_commitment(self.settings.installation, &self.settings.person_salt, identifier)
    }

    /// The commitment to a service of this installation, as grants carry it: no person's.
    fn service(&self, name: &str) -> Sha256Digest {
        let (home, salt) = (self.settings.installation, &self.settings.person_salt);
        ndoba_order::person_commitment(home, salt, &format!("SERVICE-{name}"))
    }

    /// A record that reading needs no change for: personal data was seen (design §11).
    fn note_read(
        &self,
        officer: &Officer,
        record: RecordId,
        operation: &'static str,
    ) -> Result<(), ServiceError> {
        self.note_reads(officer, [record], operation)
    }

    /// The same for a page of a list: an event for each record that it shows, so that a search for one of them finds it.
    fn note_reads(
        &self,
        officer: &Officer,
        records: impl IntoIterator<Item = RecordId>,
        operation: &'static str,
    ) -> Result<(), ServiceError> {
        let read = |record| EventKind::PersonalDataRead { record, operation: operation.into() };
        let events: Result<Vec<Event>, ServiceError> =
            records.into_iter().map(|record| self.event(officer.id, read(record))).collect();
        let events = events?;
        if events.is_empty() { Ok(()) } else { Ok(self.registry.record(&events)?) }
    }
}

/// The commitment that grants and orders carry for the natural person with this personal number.
pub fn person_of_number(installation: InstallationId, salt: &[u8], personal_number: &str) -> Sha256Digest {
    ndoba_order::person_commitment(installation, salt, &format!("PNOGE-{personal_number}"))
}
