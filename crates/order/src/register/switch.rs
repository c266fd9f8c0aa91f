//! Other pinned security officers from a document on (ADR 0026).
//!
//! The configuration names the document; with it those who were pinned before are out of office at once, whether the document
//! has joined the chain or not. A document of the chain that the configuration does not name is refused whoever signed it.

use std::collections::VecDeque;

use ndoba_types::{OfficerId, Sha256Digest, UtcTime};

use super::{Appointment, Register, RegisterRefusal, security_officer};
use crate::document::Malformed;
use crate::{FlatJws, GrantDocument, MediaType, Pins, ReplacePin, Role, SignerRole};

/// The configuration's pins whose documents have not joined the chain.
#[derive(Clone, Debug, Default)]
pub(super) struct Awaited {
    pins: VecDeque<ReplacePin>,
    /// Whether the next one holds as soon as the chain has what it leaves in force: everywhere but where the past is judged.
    is_ahead: bool,
    /// Once the next one holds: the keys of those who were security officers until then.
    outgoing: Option<Vec<Sha256Digest>>,
}

impl Register {
    /// The register at its beginning, by all pins of a configuration. The newest is in force once the chain has come to it.
    ///
    /// # Errors
    ///
    /// [`Malformed`] when a pin breaks a rule of its format.
    pub fn from_pins(pins: &Pins) -> Result<Self, Malformed> {
        let awaited = Awaited { pins: pins.replaced().to_vec().into(), is_ahead: true, outgoing: None };
        let mut register = Self::pinned(pins.first(), awaited)?;
        register.switch();
        Ok(register)
    }

    /// The same for judging the past: a pin holds from when its document joined the chain.
    pub(crate) fn as_it_was(pins: &Pins) -> Result<Self, Malformed> {
        let awaited = Awaited { pins: pins.replaced().to_vec().into(), is_ahead: false, outgoing: None };
        Self::pinned(pins.first(), awaited)
    }

    /// Whether the chain has all that the configuration's newest pin leaves in force, so that this pin holds.
    pub fn is_whole(&self) -> bool {
        match self.awaited.pins.len() {
            0 => true,
            1 => self.awaited.outgoing.is_some(),
            _ => false,
        }
    }

    /// Whether the document of the configuration's newest pin has joined the chain.
    pub fn has_newest_pin(&self) -> bool {
        self.awaited.pins.is_empty()
    }

    /// The register where the chain has lost documents: who was pinned before the newest pin is no security officer in it, nor is
    /// whom they appointed.
    #[must_use]
    pub fn under_newest_pin(mut self) -> Self {
        let awaited = std::mem::take(&mut self.awaited);
        for pin in awaited.pins.iter().skip(usize::from(awaited.outgoing.is_some())) {
            self.pin_instead(pin);
        }
        self.awaited = awaited;
        self
    }

    /// How many pins the configuration has beyond those whose documents joined the chain.
    pub(crate) fn pins_awaited(&self) -> usize {
        self.awaited.pins.len()
    }

    /// Of the past: the register of a machine that had the next pin in its configuration, before its document joined the chain.
    /// None where the chain has not come to that document's place.
    pub(crate) fn with_next_pin(&self) -> Option<Self> {
        self.awaited.pins.front()?;
        let mut next = self.clone();
        next.awaited.is_ahead = true;
        next.switch();
        next.awaited.outgoing.is_some().then_some(next)
    }

    /// The next pin takes effect, if the chain has come to it.
    pub(super) fn switch(&mut self) {
        let Some(next) = self.awaited.pins.front().cloned() else { return };
        let is_due = next.seq == self.next_seq() && next.prev == self.head && next.created >= self.latest;
        if !self.awaited.is_ahead || self.awaited.outgoing.is_some() || !is_due {
            return;
        }
        // One that breaks a rule of the register holds never: the register is not whole.
        if self.check_pinned(&next).is_ok() {
            self.awaited.outgoing = Some(self.outgoing(next.created));
            self.pin_instead(&next);
        }
    }

    /// Whether the configuration lets that document join the chain now.
    pub(super) fn check_awaited(&self, document: &GrantDocument) -> Result<(), RegisterRefusal> {
        let next = self.awaited.pins.front();
        if let GrantDocument::ReplacePin(replace) = document {
            return if next == Some(replace) { Ok(()) } else { Err(RegisterRefusal::PinUnknown) };
        }
        match next {
            Some(next) if next.seq <= document.seq() => Err(RegisterRefusal::PinAwaited),
            Some(_) | None => Ok(()),
        }
    }

    /// The same rules for whoever is pinned as for whoever is granted something: a key speaks for one officer for ever.
    pub(super) fn check_pinned(&self, replace: &ReplacePin) -> Result<(), RegisterRefusal> {
        for one in &replace.security_officers {
            if let Some(person) = one.person
                && self.by_person.get(&person).is_some_and(|other| *other != one.officer)
            {
                return Err(RegisterRefusal::PersonKnown);
            }
            let before = self.officer(one.officer).and_then(|before| before.person);
            if before.is_some() && before != one.person {
                return Err(RegisterRefusal::OtherPerson);
            }
            match self.by_key(one.spki) {
                Some(owner) if owner.officer != one.officer || owner.ended.is_some() => {
                    return Err(RegisterRefusal::KeyKnown);
                }
                Some(_) | None => {}
            }
        }
        Ok(())
    }

    /// All security officers go, and the newly pinned come.
    pub(super) fn pin_instead(&mut self, replace: &ReplacePin) {
        let Ok(roles) = security_officer() else { return };
        let pinned = |officer: OfficerId| replace.security_officers.iter().any(|one| one.officer == officer);
        for before in &mut self.appointments {
            if before.ended.is_none()
                && (before.roles.contains(Role::SecurityOfficer) || pinned(before.officer))
            {
                before.ended = Some(replace.created);
            }
        }
        for one in &replace.security_officers {
            self.insert(Appointment {
                officer: one.officer,
                person: one.person,
                name_shown: Some(one.name_shown.clone()),
                spki: one.key.clone(),
                roles: roles.clone(),
                office: None,
                not_before: replace.created,
                not_after: UtcTime::NO_END,
                seq: 0,
                ended: None,
            });
        }
    }

    /// The document joins the chain: signed by every newly pinned officer, which proves that their keys are there and that they
    /// accept, and by two security officers of before, or by none of them.
    pub(super) fn replace_pin<S: AsRef<[u8]>>(
        &mut self,
        replace: &ReplacePin,
        bytes: &[u8],
        signatures: &[S],
    ) -> Result<(), RegisterRefusal> {
        let outgoing = self.awaited.outgoing.clone().unwrap_or_else(|| self.outgoing(replace.created));
        let (mut old, mut new): (Vec<&Appointment>, Vec<Sha256Digest>) = (Vec::new(), Vec::new());
        for signature in signatures {
            let jws = FlatJws::from_bytes(signature.as_ref())?;
            let header = jws.header();
            if header.over.is_some() {
                return Err(RegisterRefusal::WrongRole);
            }
            let key = match header.role {
                SignerRole::Appointed => {
                    let one = replace.security_officers.iter().find(|one| one.spki == header.kid);
                    new.push(header.kid);
                    &one.ok_or(RegisterRefusal::UnknownSigner)?.key
                }
                SignerRole::SecurityOfficer => {
                    let signer = self.by_key(header.kid).ok_or(RegisterRefusal::UnknownSigner)?;
                    if !outgoing.contains(&header.kid) {
                        return Err(RegisterRefusal::WrongRole);
                    }
                    if old.iter().any(|other| other.is_same_person(signer)) {
                        return Err(RegisterRefusal::SamePerson);
                    }
                    old.push(signer);
                    &signer.spki
                }
                SignerRole::Approver
                | SignerRole::Desk
                | SignerRole::Observer
                | SignerRole::RevocationOfficer
                | SignerRole::SecondSecurityOfficer
                | SignerRole::Submitter => return Err(RegisterRefusal::WrongRole),
            };
            jws.verify(MediaType::Grant, bytes, key)?;
        }
        let (count, given) = (replace.security_officers.len(), new.len() + old.len());
        new.sort_unstable();
        new.dedup();
        if new.len() != count || !matches!(old.len(), 0 | 2) || given != count + old.len() {
            return Err(RegisterRefusal::SignatureCount { needed: count + 2, given });
        }
        if self.awaited.outgoing.take().is_none() {
            self.pin_instead(replace);
        }
        self.awaited.pins.pop_front();
        self.head = Sha256Digest::of(bytes);
        self.seq = replace.seq;
        self.latest = replace.created;
        self.switch();
        Ok(())
    }

    /// The keys of who is a security officer at that time.
    fn outgoing(&self, at: UtcTime) -> Vec<Sha256Digest> {
        let in_office = self.appointments.iter().filter(|one| one.holds(Role::SecurityOfficer, at));
        in_office.map(|one| one.spki.fingerprint()).collect()
    }
}
