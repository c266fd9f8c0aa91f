//! The register of officers: drafted, signed by security officers, appended; replayed from the pin; shown.

mod shown;

use std::sync::Arc;

use ndoba_audit::EventKind;
use ndoba_order::{
    Acceptance, EndGrant, FlatJws, Grant, GrantDocument, Office, Pins, Register, RegisterRefusal, Role,
    Roles, SignerRole,
};
use ndoba_types::{OfficerId, RecordId, Sha256Digest, SubjectPublicKeyInfo, UtcTime};
use serde::{Deserialize, Serialize};

use super::{
    AuthoriseResponderRequest, EndResponderRequest, Officer, Once, Registration, RevokeCaRequest,
    ServiceError, SucceedCaRequest, TerminateCaRequest,
};
use crate::check::is_personal_number;
use crate::field_error::{FieldError, Refusals};
use crate::permission::Permission;
use crate::ports::GrantRecord;
use crate::text::accept;

pub use shown::RegisteredOfficer;

/// What the next document of the register is to say.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
pub enum GrantRequest {
    /// Lets a CA certify its responders again and again, within bounds.
    AuthoriseResponder(AuthoriseResponderRequest),
    /// Ends an appointment at once.
    EndGrant(EndGrantRequest),
    /// Ends a standing authorisation at once.
    EndResponder(EndResponderRequest),
    /// Appoints an officer, or changes an appointment.
    Grant(NewGrantRequest),
    /// Revokes a CA for ever.
    RevokeCa(RevokeCaRequest),
    /// Lets the next key of a CA issue from a moment on.
    SucceedCa(SucceedCaRequest),
    /// Ends a CA for ever.
    TerminateCa(TerminateCaRequest),
}

/// The end of an appointment.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct EndGrantRequest {
    /// Whose, 32 hexadecimal digits.
    pub officer: String,
}

/// An appointment.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct NewGrantRequest {
    /// The officer, 32 hexadecimal digits; absent for a new one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub officer: Option<String>,
    /// The officer's personal number; the register keeps a salted commitment only. Absent for a service.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub personal_number: Option<String>,
    /// The service's name, such as `desk`, where no person but a service is appointed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub service: Option<String>,
    /// The name that colleagues see.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name_shown: Option<String>,
    /// The officer's SubjectPublicKeyInfo, DER, hexadecimal.
    pub spki: String,
    /// Names of roles.
    pub roles: Vec<String>,
    /// The office's path, such as `GE/Tbilisi`.
    pub office: String,
    /// Where the papers of the vetting and of the appointment by senior management are to be found. Absent for a service.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub vetting: Option<String>,
    /// The officer's acceptance of these roles in this office with this key: flattened JWS with detached payload, a JSON text.
    /// Absent where the key was presented with a one-time code and its holder accepted then, and for a service.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub acceptance: Option<String>,
    /// From when, RFC 3339; now if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub not_before: Option<String>,
    /// Until when, RFC 3339.
    pub not_after: String,
}

/// A document of the register to be signed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GrantDraft {
    /// The canonical bytes.
    pub content: Vec<u8>,
    /// SHA-256 over them.
    pub digest: Sha256Digest,
}

/// The register as the documents make it.
pub(super) fn replay(pins: &Pins, grants: &[GrantRecord]) -> Result<Register, ServiceError> {
    let chain = grants.iter().map(|grant| (grant.document.as_slice(), signatures(&grant.signatures)));
    // The register proves itself or is not used at all: a changed row must not appoint anyone.
    Register::replay(pins, chain).map_err(|(seq, refusal)| {
        ServiceError::internal(format!("replaying the register: document {seq} does not follow"), refusal)
    })
}

fn signatures(texts: &[String]) -> Vec<&[u8]> {
    texts.iter().map(String::as_bytes).collect()
}

impl Registration {
    /// Writes the next document of the register, for security officers to sign. Changes nothing.
    ///
    /// # Errors
    ///
    /// [`ServiceError::Invalid`] naming fields.
    pub fn draft_grant(&self, officer: &Officer, request: &GrantRequest) -> Result<GrantDraft, ServiceError> {
        self.admit(officer, Permission::Grant)?;
        let register = self.register()?;
        let document = match request {
            GrantRequest::AuthoriseResponder(request) => self.authorisation_of(&register, request)?,
            GrantRequest::EndGrant(end) => self.end_of(&register, end)?,
            GrantRequest::EndResponder(end) => self.end_of_authorisation(&register, end)?,
            GrantRequest::Grant(grant) => self.grant_of(&register, grant)?,
            GrantRequest::RevokeCa(revoke) => self.revocation_of_ca(&register, revoke)?,
            GrantRequest::SucceedCa(succeed) => self.succession_of_ca(&register, succeed)?,
            GrantRequest::TerminateCa(end) => self.end_of_ca(&register, end)?,
        };
        let content = document.to_bytes().map_err(|error| {
            ServiceError::field("", error.code(), None, format!("these values make no document: {error}"))
        })?;
        Ok(GrantDraft { digest: Sha256Digest::of(&content), content })
    }

    /// Appends a signed document to the register, if it follows from it.
    ///
    /// # Errors
    ///
    /// [`ServiceError::Invalid`] with `order`'s code when the document, a signature or a signer does not hold;
    /// [`ServiceError::Conflict`] `grant-not-next` when another document came first.
    pub fn append_grant(
        &self,
        officer: &Officer,
        content: &[u8],
        jws: &[String],
        once: Option<&Once>,
    ) -> Result<GrantRecord, ServiceError> {
        self.admit(officer, Permission::Grant)?;
        if let Some(seq) = self.repeated(officer, once)? {
            return self.load_grant(seq);
        }
        let now = self.clock.now();
        let mut register = Register::clone(&*self.register()?);
        // The register reads what was granted of old; nobody is appointed so any more.
        if let Ok(GrantDocument::Grant(grant)) = GrantDocument::from_bytes(content)
            && grant.version() == 1
        {
            return self.grant_refused(officer, &RegisterRefusal::OldForm);
        }
        let document = match register.append_new(content, &signatures(jws), now) {
            Ok(document) => document,
            Err(refusal) => return self.grant_refused(officer, &refusal),
        };
        let record = GrantRecord {
            seq: document.seq(),
            document: content.to_vec(),
            signatures: jws.to_vec(),
            appended: now,
        };
        let event = self.event(officer.id, appended(&document, &register, jws, content))?;
        let seq =
            self.commit(officer, once, record.seq, &[event], |act| self.registry.append_grant(&record, act))?;
        self.load_grant(seq)
    }

    fn load_grant(&self, seq: u64) -> Result<GrantRecord, ServiceError> {
        let found = self.registry.grants()?.into_iter().find(|grant| grant.seq == seq);
        found.ok_or(ServiceError::Unknown { what: "grant" })
    }

    fn end_of(&self, register: &Arc<Register>, end: &EndGrantRequest) -> Result<GrantDocument, ServiceError> {
        let Ok(officer) = end.officer.parse() else {
            return Err(ServiceError::field(
                "/officer",
                "officer.form",
                None,
                "must be an officer's identifier",
            ));
        };
        Ok(GrantDocument::End(EndGrant {
            installation: self.settings.installation,
            seq: register.next_seq(),
            prev: register.head(),
            officer,
            created: self.clock.now().floor_to_second(),
        }))
    }

    fn grant_of(
        &self,
        register: &Arc<Register>,
        grant: &NewGrantRequest,
    ) -> Result<GrantDocument, ServiceError> {
        let created = self.clock.now().floor_to_second();
        let checked = check_grant(grant, created).map_err(ServiceError::Invalid)?;
        let CheckedGrant { officer, holder, vetting, key, roles, office, not_before, not_after } = checked;
        let acceptance = match (&holder, &grant.acceptance) {
            (Holder::Service(_), _) => None,
            (Holder::Person(_), Some(jws)) => Some(jws.clone()),
            (Holder::Person(_), None) => self.accepted_when_enrolled(&key)?,
        };
        let accepts = Acceptance {
            installation: self.settings.installation,
            spki: key.fingerprint(),
            roles: roles.clone(),
            office: office.clone(),
        };
        let accepted_at = acceptance.as_ref().and_then(|jws| accepts.accepted(jws.as_bytes(), &key, created));
        if let (Holder::Person(_), None) = (&holder, accepted_at) {
            let code = RegisterRefusal::NotAccepted.code();
            let message = "the officer signs first that just these roles in this office are accepted: `ndoba officer accept`";
            return Err(ServiceError::field("/acceptance", code, Some("P-02"), message));
        }
        Ok(GrantDocument::Grant(Grant {
            installation: self.settings.installation,
            seq: register.next_seq(),
            prev: register.head(),
            officer: match officer {
                Some(officer) => officer,
                None => OfficerId::generate(self.random.as_ref())?,
            },
            person: match holder {
                Holder::Person(number) => self.person(&format!("PNOGE-{number}")),
                Holder::Service(name) => self.service(name),
            },
            name_shown: grant.name_shown.clone(),
            spki: key.fingerprint(),
            key,
            roles,
            office,
            vetting: Some(vetting),
            accepted_at,
            acceptance,
            not_before,
            not_after,
            created,
        }))
    }

    /// What the holder of the key signed when presenting it with a one-time code.
    fn accepted_when_enrolled(&self, key: &SubjectPublicKeyInfo) -> Result<Option<String>, ServiceError> {
        let enrolled = self.registry.enrolment_of_key(key)?;
        Ok(enrolled.and_then(|one| one.presented).and_then(|presented| presented.acceptance))
    }

    fn grant_refused<T>(&self, officer: &Officer, refusal: &RegisterRefusal) -> Result<T, ServiceError> {
        self.refuse(officer.id, "append-grant".into(), refusal.code().into())?;
        let field = match refusal {
            RegisterRefusal::NotNext => {
                return Err(ServiceError::conflict(refusal.code(), refusal.to_string()));
            }
            RegisterRefusal::SamePerson
            | RegisterRefusal::Signature(_)
            | RegisterRefusal::SignatureCount { .. }
            | RegisterRefusal::UnknownSigner
            | RegisterRefusal::WrongRole => "/signatures",
            RegisterRefusal::AuthorisationKnown
            | RegisterRefusal::CaRevoked
            | RegisterRefusal::CaSucceeded
            | RegisterRefusal::CaTerminated
            | RegisterRefusal::KeyKnown
            | RegisterRefusal::Malformed(_)
            | RegisterRefusal::NoSuchAuthorisation
            | RegisterRefusal::NoSuchOfficer
            | RegisterRefusal::NotAccepted
            | RegisterRefusal::NotFresh
            | RegisterRefusal::OldForm
            | RegisterRefusal::OtherInstallation
            | RegisterRefusal::OtherPerson
            | RegisterRefusal::OwnGrant
            | RegisterRefusal::PersonKnown
            | RegisterRefusal::PinAwaited
            | RegisterRefusal::PinNotReached
            | RegisterRefusal::PinUnknown
            | RegisterRefusal::Pinned
            | RegisterRefusal::SuccessorUnfit
            | RegisterRefusal::TimeWentBack => "/content",
        };
        Err(ServiceError::field(field, refusal.code(), Some("P-02"), refusal.to_string()))
    }
}

/// The event of a document that the register accepted.
fn appended(document: &GrantDocument, register: &Register, jws: &[String], content: &[u8]) -> EventKind {
    let signer = |jws: &String| {
        let kid = FlatJws::from_bytes(jws.as_bytes()).ok()?.header().kid;
        Some(register.by_key(kid)?.officer)
    };
    let signs_as =
        |jws: &String, role| FlatJws::from_bytes(jws.as_bytes()).is_ok_and(|jws| jws.header().role == role);
    let signers = jws.iter().filter_map(signer).collect();
    let (seq, grant) = (document.seq(), Sha256Digest::of(content));
    match document {
        GrantDocument::AuthoriseResponder(new) => EventKind::ResponderAuthorised {
            seq,
            grant,
            authorisation: new.authorisation,
            count: new.count.into(),
            until: new.not_after,
            signers,
        },
        GrantDocument::End(end) => EventKind::GrantEnded { seq, grant, officer: end.officer, signers },
        GrantDocument::EndResponder(end) => {
            let authorisation = end.authorisation;
            EventKind::ResponderAuthorisationEnded { seq, grant, authorisation, signers }
        }
        GrantDocument::Grant(new) => {
            let roles = new.roles.iter().map(|role| role.name().into()).collect();
            EventKind::GrantAdded { seq, grant, officer: new.officer, roles, signers }
        }
        GrantDocument::ReplacePin(replace) => EventKind::PinReplaced {
            seq,
            grant,
            pin: replace.pin,
            officers: replace.security_officers.iter().map(|one| one.officer).collect(),
            signers: jws
                .iter()
                .filter(|jws| signs_as(jws, SignerRole::SecurityOfficer))
                .filter_map(signer)
                .collect(),
        },
        GrantDocument::RevokeCa(revoke) => {
            EventKind::CaRevocationDecided { seq, grant, reason: revoke.reason.name().into(), signers }
        }
        GrantDocument::SucceedCa(succeed) => {
            EventKind::CaSuccessionDecided { seq, grant, from: succeed.from, signers }
        }
        GrantDocument::TerminateCa(_) => EventKind::CaTerminationDecided { seq, grant, signers },
    }
}

/// Characters of a reference to papers.
const MAX_VETTING: usize = 200;

/// An officer as a record that is read: its identifier is the officer's.
pub(super) fn person_of(officer: OfficerId) -> RecordId {
    RecordId::from_bytes(*officer.as_bytes())
}

/// Who is appointed.
enum Holder<'a> {
    Person(&'a str),
    Service(&'a str),
}

struct CheckedGrant<'a> {
    officer: Option<OfficerId>,
    holder: Holder<'a>,
    vetting: String,
    key: SubjectPublicKeyInfo,
    roles: Roles,
    office: Office,
    not_before: UtcTime,
    not_after: UtcTime,
}

fn check_grant(grant: &NewGrantRequest, now: UtcTime) -> Result<CheckedGrant<'_>, Vec<FieldError>> {
    let mut found = Vec::new();
    let mut at = Refusals::at(&mut found, "");
    let officer = match grant.officer.as_deref().map(str::parse) {
        None => None,
        Some(Ok(id)) => Some(id),
        Some(Err(_)) => at.refuse("officer", "officer.form", None, "must be an officer's identifier"),
    };
    let is_service = grant.roles == [Role::Desk.name()];
    let holder = match (grant.personal_number.as_deref(), grant.service.as_deref()) {
        (Some(number), None) if is_personal_number(number) && !is_service => Some(Holder::Person(number)),
        (None, Some(name)) if is_service && is_service_name(name) => Some(Holder::Service(name)),
        (_, Some(_)) | (None, None) if is_service => {
            let message = "a service has a name of 1 to 32 lower-case letters, and no personal number";
            at.refuse("service", "service.form", Some("P-02"), message)
        }
        (_, _) => {
            let message = "must be the personal number of 11 digits; a service has the role desk alone";
            at.refuse("personal_number", "personal-number.form", Some("G-40"), message)
        }
    };
    let vetting = match (&holder, &grant.vetting) {
        (Some(Holder::Service(name)), _) => Some(format!("service {name}")),
        (_, Some(text)) => accept(&mut at, "vetting", text, MAX_VETTING),
        (_, None) => {
            let message = "must say where the papers of the vetting and the appointment are to be found";
            at.refuse("vetting", "field.missing", Some("P-02"), message)
        }
    };
    let key = match hex::decode(&grant.spki) {
        Ok(der) => Some(SubjectPublicKeyInfo::assertion(der)),
        Err(_) => at.refuse("spki", "key.form", None, "must be a SubjectPublicKeyInfo in hexadecimal digits"),
    };
    let roles: Option<Vec<Role>> = grant.roles.iter().map(|name| name.parse().ok()).collect();
    let roles = match roles.map(Roles::new) {
        Some(Ok(roles)) => Some(roles),
        Some(Err(error)) => at.refuse("roles", "roles.incompatible", Some("P-03"), error.to_string()),
        None => at.refuse("roles", "choice.unknown", Some("P-01"), "must be names of roles"),
    };
    let office = match grant.office.parse::<Office>() {
        Ok(office) => Some(office),
        Err(error) => at.refuse("office", "office.form", None, error.to_string()),
    };
    let mut time = |member: &str, text: &str| match text.parse::<UtcTime>() {
        Ok(time) => Some(time),
        Err(error) => at.refuse(member, "time.form", None, error.to_string()),
    };
    let not_before = grant.not_before.as_deref().map_or(Some(now), |text| time("not_before", text));
    let not_after = time("not_after", &grant.not_after);
    let whom = holder.zip(vetting).zip(key);
    match (whom, roles, office, not_before, not_after) {
        (Some(((holder, vetting), key)), Some(roles), Some(office), Some(not_before), Some(not_after))
            if found.is_empty() =>
        {
            Ok(CheckedGrant { officer, holder, vetting, key, roles, office, not_before, not_after })
        }
        (_, _, _, _, _) => Err(found),
    }
}

fn is_service_name(name: &str) -> bool {
    (1..=32).contains(&name.len()) && name.bytes().all(|octet| octet.is_ascii_lowercase())
}
