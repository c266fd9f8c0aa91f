//! The register of officers: what follows from the pin and the chain of grants, and from nothing else. Standing
//! authorisations of responders are links of the same chain.

mod refusal;
mod switch;

use std::collections::HashMap;

use ndoba_types::{InstallationId, OfficerId, Sha256Digest, Span, SubjectPublicKeyInfo, UtcTime};
use ndoba_x509::{KeyIdentifier, RevocationReason};

use crate::document::Malformed;
use crate::{
    AuthoriseResponder, EndGrant, EndResponder, FlatJws, Grant, GrantDocument, MediaType, Office, Pin, Pins,
    Role, Roles, SignerRole, StandingAuthorisation, SucceedCa,
};
use switch::Awaited;

pub use refusal::RegisterRefusal;

/// Clocks of officers' computers may differ from ours by this much.
pub(crate) const SKEW: Span = Span::minutes(5);
/// A new document of the chain is appended within this time after it was written.
pub(crate) const FRESH: Span = Span::days(7);

/// An officer's appointment.
#[derive(Clone, PartialEq, Eq)]
pub struct Appointment {
    /// Who.
    pub officer: OfficerId,
    /// The commitment to the person; pins may lack it.
    pub person: Option<Sha256Digest>,
    /// The name that colleagues see.
    pub name_shown: Option<String>,
    /// The officer's public key.
    pub spki: SubjectPublicKeyInfo,
    /// What the officer may do.
    pub roles: Roles,
    /// Where; `None` for pinned security officers.
    pub office: Option<Office>,
    /// From when.
    pub not_before: UtcTime,
    /// Until when, inclusive.
    pub not_after: UtcTime,
    /// The grant's place in the chain; 0 for the pin.
    pub seq: u64,
    /// When it was ended, or another took its place.
    pub ended: Option<UtcTime>,
}

impl Appointment {
    /// Whether it is in force at `at`. An ended appointment never is, whatever `at` says.
    pub fn is_active(&self, at: UtcTime) -> bool {
        self.ended.is_none() && self.not_before <= at && at <= self.not_after
    }

    /// Whether both are one person's, as far as is known: pins may lack the person.
    pub(crate) fn is_same_person(&self, other: &Self) -> bool {
        self.officer == other.officer || (self.person.is_some() && self.person == other.person)
    }

    /// Whether it is in force at `at` and has `role`.
    pub fn holds(&self, role: Role, at: UtcTime) -> bool {
        self.is_active(at) && self.roles.contains(role)
    }
}

/// Without the name.
impl std::fmt::Debug for Appointment {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Appointment")
            .field("officer", &self.officer)
            .field("roles", &self.roles)
            .field("seq", &self.seq)
            .field("ended", &self.ended)
            .finish_non_exhaustive()
    }
}

/// All appointments there ever were, replayed from the pin.
#[derive(Clone, Debug)]
pub struct Register {
    installation: InstallationId,
    head: Sha256Digest,
    seq: u64,
    latest: UtcTime,
    /// Pinned first, then in the order of the chain.
    appointments: Vec<Appointment>,
    /// Where each key's latest appointment is.
    by_key: HashMap<Sha256Digest, usize>,
    /// Where each officer's latest appointment is.
    by_officer: HashMap<OfficerId, usize>,
    by_person: HashMap<Sha256Digest, OfficerId>,
    /// In the order of the chain, ended ones too.
    standing: Vec<StandingAuthorisation>,
    terminated: Vec<KeyIdentifier>,
    revoked: Vec<(KeyIdentifier, RevocationReason)>,
    /// One for each key that is followed by another.
    successions: Vec<SucceedCa>,
    /// Whether a grant has the officer's acceptance: none without follows then.
    is_recorded: bool,
    /// The pins that the configuration names and whose documents have not joined the chain.
    awaited: Awaited,
}

impl Register {
    /// The register with the pinned security officers only, where their pin was never replaced.
    ///
    /// # Errors
    ///
    /// [`Malformed`] when the pin breaks a rule of its format.
    pub fn from_pin(pin: &Pin) -> Result<Self, Malformed> {
        Self::pinned(pin, Awaited::default())
    }

    fn pinned(pin: &Pin, awaited: Awaited) -> Result<Self, Malformed> {
        let mut register = Self {
            installation: pin.installation,
            head: pin.digest()?,
            seq: 0,
            latest: pin.created,
            appointments: Vec::new(),
            by_key: HashMap::new(),
            by_officer: HashMap::new(),
            by_person: HashMap::new(),
            standing: Vec::new(),
            terminated: Vec::new(),
            revoked: Vec::new(),
            successions: Vec::new(),
            is_recorded: false,
            awaited,
        };
        let roles = security_officer()?;
        for one in &pin.security_officers {
            register.insert(Appointment {
                officer: one.officer,
                person: one.person,
                name_shown: None,
                spki: one.spki.clone(),
                roles: roles.clone(),
                office: None,
                not_before: pin.created,
                not_after: UtcTime::NO_END,
                seq: 0,
                ended: None,
            });
        }
        Ok(register)
    }

    /// The register after all documents of the chain, each with its signatures, in order; the configuration's newest pin is in
    /// force in it.
    ///
    /// # Errors
    ///
    /// [`RegisterRefusal`] with the place of the first document that does not follow: nothing of the register may be
    /// used then.
    pub fn replay<D, S>(
        pins: &Pins,
        chain: impl IntoIterator<Item = (D, Vec<S>)>,
    ) -> Result<Self, (u64, RegisterRefusal)>
    where
        D: AsRef<[u8]>,
        S: AsRef<[u8]>,
    {
        let register = Self::replay_so_far(pins, chain)?;
        if register.is_whole() { Ok(register) } else { Err((register.seq, RegisterRefusal::PinNotReached)) }
    }

    /// The same where the chain may have lost documents, and the newest pin's with them: see [`Self::under_newest_pin`].
    ///
    /// # Errors
    ///
    /// As for [`Self::replay`].
    pub fn replay_so_far<D, S>(
        pins: &Pins,
        chain: impl IntoIterator<Item = (D, Vec<S>)>,
    ) -> Result<Self, (u64, RegisterRefusal)>
    where
        D: AsRef<[u8]>,
        S: AsRef<[u8]>,
    {
        let mut register = Self::from_pins(pins).map_err(|error| (0, error.into()))?;
        for (document, signatures) in chain {
            let place = register.next_seq();
            register.append(document.as_ref(), &signatures).map_err(|refusal| (place, refusal))?;
        }
        Ok(register)
    }

    /// Adds a new document, as [`Self::append`], after checking that it was written just now.
    ///
    /// # Errors
    ///
    /// [`RegisterRefusal`]; the register is unchanged then.
    pub fn append_new<S: AsRef<[u8]>>(
        &mut self,
        bytes: &[u8],
        signatures: &[S],
        now: UtcTime,
    ) -> Result<GrantDocument, RegisterRefusal> {
        let document = GrantDocument::from_bytes(bytes)?;
        // What makes a new pin hold is the configuration: its document may join the chain whenever all machines have it.
        let fresh = if let GrantDocument::ReplacePin(_) = document { None } else { Some(FRESH) };
        check_fresh(&document, fresh, now)?;
        self.append(bytes, signatures)
    }

    /// Adds the next document of the chain: its link, its signers and its rules hold, or the register is unchanged.
    ///
    /// Signers are judged by the register before the document, at the time the document says it was written; that
    /// time never goes back along the chain.
    ///
    /// # Errors
    ///
    /// [`RegisterRefusal`]; the register is unchanged then.
    pub fn append<S: AsRef<[u8]>>(
        &mut self,
        bytes: &[u8],
        signatures: &[S],
    ) -> Result<GrantDocument, RegisterRefusal> {
        let document = self.check(bytes)?;
        if let GrantDocument::ReplacePin(replace) = &document {
            self.replace_pin(replace, bytes, signatures)?;
            return Ok(document);
        }
        let mut signers: Vec<OfficerId> = Vec::new();
        for signature in signatures {
            let signer = self.signer(&document, bytes, signature.as_ref())?;
            if signers.contains(&signer) {
                return Err(RegisterRefusal::SamePerson);
            }
            signers.push(signer);
        }
        let needed = document.signatures();
        if signers.len() != needed {
            return Err(RegisterRefusal::SignatureCount { needed, given: signers.len() });
        }
        self.head = Sha256Digest::of(bytes);
        self.apply(&document);
        self.seq = document.seq();
        self.latest = document.created();
        self.switch();
        Ok(document)
    }

    /// Verifies one security officer's signature on a document that is to be the next of the chain, while others are
    /// still missing. Gives who signed.
    ///
    /// # Errors
    ///
    /// [`RegisterRefusal`].
    pub fn check_signature(
        &self,
        bytes: &[u8],
        signature: &[u8],
        now: UtcTime,
    ) -> Result<OfficerId, RegisterRefusal> {
        let document = self.check(bytes)?;
        check_fresh(&document, Some(FRESH), now)?;
        self.signer(&document, bytes, signature)
    }

    /// Whether `bytes` could be the next document, its signatures apart.
    fn check(&self, bytes: &[u8]) -> Result<GrantDocument, RegisterRefusal> {
        let document = GrantDocument::from_bytes(bytes)?;
        if document.installation() != self.installation {
            return Err(RegisterRefusal::OtherInstallation);
        }
        if document.seq() != self.next_seq() || document.prev() != self.head {
            return Err(RegisterRefusal::NotNext);
        }
        if document.created() < self.latest {
            return Err(RegisterRefusal::TimeWentBack);
        }
        self.check_awaited(&document)?;
        match &document {
            GrantDocument::AuthoriseResponder(authorise) => self.check_authorise(authorise)?,
            GrantDocument::End(end) => self.check_end(end)?,
            GrantDocument::EndResponder(end) => self.check_end_responder(end)?,
            GrantDocument::Grant(grant) => self.check_grant(grant)?,
            GrantDocument::ReplacePin(replace) => self.check_pinned(replace)?,
            GrantDocument::RevokeCa(revoke) if self.ca_revocation(revoke.ca).is_some() => {
                return Err(RegisterRefusal::CaRevoked);
            }
            GrantDocument::RevokeCa(_) => {}
            GrantDocument::SucceedCa(succeed) => self.check_succession(succeed)?,
            GrantDocument::TerminateCa(end) if self.is_terminated(end.ca) => {
                return Err(RegisterRefusal::CaTerminated);
            }
            GrantDocument::TerminateCa(_) => {}
        }
        Ok(document)
    }

    fn check_end(&self, end: &EndGrant) -> Result<(), RegisterRefusal> {
        match self.officer(end.officer) {
            Some(appointment) if appointment.ended.is_none() => Ok(()),
            Some(_) | None => Err(RegisterRefusal::NoSuchOfficer),
        }
    }

    fn check_authorise(&self, authorise: &AuthoriseResponder) -> Result<(), RegisterRefusal> {
        if self.is_terminated(authorise.ca) {
            return Err(RegisterRefusal::CaTerminated);
        }
        if self.ca_revocation(authorise.ca).is_some() {
            return Err(RegisterRefusal::CaRevoked);
        }
        // An identifier stands for one authorisation for ever: what was ended does not come back under its name.
        match self.authorisation(|one| one.id() == authorise.authorisation) {
            Some(_) => Err(RegisterRefusal::AuthorisationKnown),
            None => Ok(()),
        }
    }

    fn check_end_responder(&self, end: &EndResponder) -> Result<(), RegisterRefusal> {
        match self.authorisation(|one| one.id() == end.authorisation) {
            Some(one) if one.ended().is_none() => Ok(()),
            Some(_) | None => Err(RegisterRefusal::NoSuchAuthorisation),
        }
    }

    fn authorisation(
        &self,
        is_it: impl Fn(&StandingAuthorisation) -> bool,
    ) -> Option<&StandingAuthorisation> {
        self.standing.iter().rfind(|one| is_it(one))
    }

    fn check_grant(&self, grant: &Grant) -> Result<(), RegisterRefusal> {
        if grant.version() == 1 && self.is_recorded {
            return Err(RegisterRefusal::OldForm);
        }
        if grant.version() > 1 && !grant.is_of_a_service() && !grant.is_accepted() {
            return Err(RegisterRefusal::NotAccepted);
        }
        if self.by_person.get(&grant.person).is_some_and(|other| *other != grant.officer) {
            return Err(RegisterRefusal::PersonKnown);
        }
        let before = self.officer(grant.officer);
        if before.is_some_and(|before| before.seq == 0) {
            return Err(RegisterRefusal::Pinned);
        }
        if before.is_some_and(|before| before.person != Some(grant.person)) {
            return Err(RegisterRefusal::OtherPerson);
        }
        // A key speaks for one officer for ever; one whose appointment was ended may have been lost, and one that
        // was replaced was replaced for a reason. Only a change of roles, office or period keeps the key.
        match self.by_key(grant.spki) {
            Some(owner) if owner.officer != grant.officer || owner.ended.is_some() => {
                Err(RegisterRefusal::KeyKnown)
            }
            Some(_) | None => Ok(()),
        }
    }

    fn signer(
        &self,
        document: &GrantDocument,
        bytes: &[u8],
        signature: &[u8],
    ) -> Result<OfficerId, RegisterRefusal> {
        let jws = FlatJws::from_bytes(signature)?;
        let header = jws.header();
        if header.role != SignerRole::SecurityOfficer || header.over.is_some() {
            return Err(RegisterRefusal::WrongRole);
        }
        let signer = self.by_key(header.kid).ok_or(RegisterRefusal::UnknownSigner)?;
        if !signer.holds(Role::SecurityOfficer, document.created()) {
            return Err(RegisterRefusal::WrongRole);
        }
        let own = match document {
            // Stepping down is anyone's right; a responder is nobody's own.
            GrantDocument::AuthoriseResponder(_)
            | GrantDocument::End(_)
            | GrantDocument::EndResponder(_)
            | GrantDocument::ReplacePin(_)
            | GrantDocument::RevokeCa(_)
            | GrantDocument::SucceedCa(_)
            | GrantDocument::TerminateCa(_) => false,
            GrantDocument::Grant(grant) => {
                signer.officer == grant.officer || signer.person == Some(grant.person)
            }
        };
        if own {
            return Err(RegisterRefusal::OwnGrant);
        }
        jws.verify(MediaType::Grant, bytes, &signer.spki)?;
        Ok(signer.officer)
    }

    fn apply(&mut self, document: &GrantDocument) {
        if let Some(before) = document.officer().and_then(|officer| self.by_officer.get(&officer)) {
            self.appointments[*before].ended = Some(document.created());
        }
        match document {
            GrantDocument::AuthoriseResponder(authorise) => {
                // One in force for each CA key, as one appointment for each officer.
                for before in self.standing.iter_mut().filter(|one| one.content().ca == authorise.ca) {
                    before.end(authorise.created);
                }
                self.standing.push(StandingAuthorisation::signed(authorise, self.head));
            }
            GrantDocument::End(_) => {}
            GrantDocument::ReplacePin(replace) => self.pin_instead(replace),
            GrantDocument::RevokeCa(revoke) => {
                self.end_standing(revoke.ca, revoke.created);
                self.revoked.push((revoke.ca, revoke.reason));
            }
            GrantDocument::SucceedCa(succeed) => {
                self.successions.retain(|before| before.ca != succeed.ca);
                self.successions.push(succeed.clone());
            }
            GrantDocument::TerminateCa(end) => {
                self.end_standing(end.ca, end.created);
                self.terminated.push(end.ca);
            }
            GrantDocument::EndResponder(end) => {
                for ended in self.standing.iter_mut().filter(|one| one.id() == end.authorisation) {
                    ended.end(end.created);
                }
            }
            GrantDocument::Grant(grant) => {
                self.is_recorded |= grant.version() > 1;
                self.appoint(grant);
            }
        }
    }

    fn appoint(&mut self, grant: &Grant) {
        self.insert(Appointment {
            officer: grant.officer,
            person: Some(grant.person),
            name_shown: grant.name_shown.clone(),
            spki: grant.key.clone(),
            roles: grant.roles.clone(),
            office: Some(grant.office.clone()),
            not_before: grant.not_before,
            not_after: grant.not_after,
            seq: grant.seq,
            ended: None,
        });
    }

    fn insert(&mut self, appointment: Appointment) {
        let place = self.appointments.len();
        self.by_key.insert(appointment.spki.fingerprint(), place);
        self.by_officer.insert(appointment.officer, place);
        if let Some(person) = appointment.person {
            self.by_person.insert(person, appointment.officer);
        }
        self.appointments.push(appointment);
    }

    /// For which installation.
    pub fn installation(&self) -> InstallationId {
        self.installation
    }

    /// SHA-256 over the last document, or the pin's digest: `prev` of the next one.
    pub fn head(&self) -> Sha256Digest {
        self.head
    }

    /// The place of the last document in the chain; 0 when there is the pin only.
    pub fn seq(&self) -> u64 {
        self.seq
    }

    /// The place of the next document in the chain.
    pub fn next_seq(&self) -> u64 {
        self.seq + 1
    }

    /// The latest appointment with that key, in force or not.
    pub fn by_key(&self, spki: Sha256Digest) -> Option<&Appointment> {
        self.by_key.get(&spki).and_then(|place| self.appointments.get(*place))
    }

    /// The latest appointment of that officer, in force or not.
    pub fn officer(&self, officer: OfficerId) -> Option<&Appointment> {
        self.by_officer.get(&officer).and_then(|place| self.appointments.get(*place))
    }

    /// The latest standing authorisation for a CA's responders, in force or not.
    pub fn responder_authorisation(&self, ca: KeyIdentifier) -> Option<&StandingAuthorisation> {
        self.authorisation(|one| one.content().ca == ca)
    }

    /// Whether two security officers ended that CA.
    pub fn is_terminated(&self, ca: KeyIdentifier) -> bool {
        self.terminated.contains(&ca)
    }

    /// Why two security officers revoked that CA; none while they have not.
    pub fn ca_revocation(&self, ca: KeyIdentifier) -> Option<RevocationReason> {
        self.revoked.iter().find(|(revoked, _)| *revoked == ca).map(|(_, reason)| *reason)
    }

    /// Why CAs were revoked.
    pub(crate) fn revocation_reasons(&self) -> impl Iterator<Item = RevocationReason> {
        self.revoked.iter().map(|(_, reason)| *reason)
    }

    /// Which keys follow which.
    pub(crate) fn successions(&self) -> &[SucceedCa] {
        &self.successions
    }

    fn end_standing(&mut self, ca: KeyIdentifier, at: UtcTime) {
        for ended in self.standing.iter_mut().filter(|one| one.content().ca == ca) {
            ended.end(at);
        }
    }

    /// All standing authorisations there ever were, in the order of the chain.
    pub fn responder_authorisations(&self) -> &[StandingAuthorisation] {
        &self.standing
    }

    /// All appointments there ever were: pinned first, then in the order of the chain.
    pub fn appointments(&self) -> &[Appointment] {
        &self.appointments
    }
}

/// What pinned officers are, and nothing else.
fn security_officer() -> Result<Roles, Malformed> {
    Roles::new([Role::SecurityOfficer]).map_err(|_| Malformed::rule("a role stands alone"))
}

/// `age` is how long ago it may have been written.
fn check_fresh(document: &GrantDocument, age: Option<Span>, now: UtcTime) -> Result<(), RegisterRefusal> {
    let created = document.created();
    if created > now.plus(SKEW) || age.is_some_and(|age| now.since(created) > age) {
        Err(RegisterRefusal::NotFresh)
    } else {
        Ok(())
    }
}
