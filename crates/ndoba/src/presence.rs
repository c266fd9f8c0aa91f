//! Two security officers in one session, before a command opens a CA's key (EN 319 411-1 GEN-6.4.3-02, GEN-6.5.2-06,
//! GEN-6.5.4-01; P-04; ADR 0023).
//!
//! The functions that open such a key for a command take the proof, so none of them can be reached without it.

use anyhow::Context as _;
use ndoba_audit::{Actor, Event, EventKind, EventSink as _};
use ndoba_ca::IssuingCa;
use ndoba_client::Identity;
use ndoba_hsm::Key;
use ndoba_order::{Act, Attended, MediaType, Presence, Register, SignerRole, attend, describe};
use ndoba_settings::{KeyRef, Settings};
use ndoba_store::Store;
use ndoba_types::{CaName, IssueCertificates, PublishCrls, SessionId, Sha256Digest, SubjectPublicKeyInfo};
use ndoba_x509::{Certificate, oid};

use crate::cli::PresentArgs;
use crate::command::session::consent;
use crate::files;
use crate::installation::World;
use crate::serve::ca::issuing_cas;
use crate::tokens::Tokens;
use crate::words::Words;

/// A session about to be opened.
pub(crate) struct Opening<'a> {
    pub(crate) settings: &'a Settings,
    pub(crate) register: &'a Register,
    pub(crate) world: &'a World,
    /// Those whose keys are made or used, and no others.
    pub(crate) tokens: &'a Tokens,
    pub(crate) act: Act,
    pub(crate) decided: Sha256Digest,
}

/// Those who are there.
pub(crate) struct There {
    pub(crate) attended: Attended,
    /// As the register shows them; who was pinned as the certificate of the key has it.
    pub(crate) names: Vec<String>,
}

impl Opening<'_> {
    /// Shows each of the two what is done, asks, and has the officer's key sign; one after the other, since they may have one
    /// reader for their cards. Verified, and kept as evidence, when it returns.
    pub(crate) fn by(&self, present: &PresentArgs, told: &[String]) -> anyhow::Result<There> {
        Words(present.language.into()).speak();
        let presence = self.presence()?;
        let mut lines = told.to_vec();
        lines.extend(describe(&presence.to_bytes()?, present.language.into())?);
        let (mut signatures, mut names) = (Vec::new(), Vec::new());
        for officer in [&present.officer, &present.second] {
            anyhow::ensure!(
                consent(Words(present.language.into()), &lines, SignerRole::SecurityOfficer, present.yes),
                "the officer said no; nothing was signed with a CA's key"
            );
            let identity = officer.identity()?;
            signatures.push(self.sign(&presence, &identity)?);
            names.push(self.name(&identity)?);
        }
        Ok(There { attended: self.attended(&presence, &signatures)?, names })
    }

    /// The same with both keys at hand: a development ceremony, which made them.
    pub(crate) fn with(&self, officers: &[Identity; 2]) -> anyhow::Result<Attended> {
        let presence = self.presence()?;
        let signatures = officers.iter().map(|officer| self.sign(&presence, officer));
        self.attended(&presence, &signatures.collect::<anyhow::Result<Vec<_>>>()?)
    }

    fn presence(&self) -> anyhow::Result<Presence> {
        let mut tokens = Vec::new();
        for (name, token) in self.tokens.iter() {
            let info = token.info().with_context(|| format!("the token {name} says nothing of itself"))?;
            tokens.push(info.serial.clone());
        }
        tokens.sort();
        Ok(Presence {
            installation: self.settings.installation,
            act: self.act,
            decided: self.decided,
            tokens,
            session: SessionId::generate(&*self.world.random)?,
            opened: self.world.clock.now(),
        })
    }

    fn sign(&self, presence: &Presence, officer: &Identity) -> anyhow::Result<String> {
        let (bytes, now) = (presence.to_bytes()?, self.world.clock.now());
        Ok(officer.sign(MediaType::Presence, &bytes, SignerRole::SecurityOfficer, None, now)?)
    }

    fn name(&self, officer: &Identity) -> anyhow::Result<String> {
        let appointment = self.register.by_key(officer.fingerprint());
        if let Some(name) = appointment.and_then(|one| one.name_shown.clone()) {
            return Ok(name);
        }
        let own = officer.chain().first().context("no certificate")?;
        let subject = Certificate::from_der(own)?.subject().attributes();
        let name = subject.into_iter().find(|(id, _)| *id == oid::COMMON_NAME);
        Ok(name.context("the officer's certificate names nobody")?.1)
    }

    fn attended(&self, presence: &Presence, signatures: &[String]) -> anyhow::Result<Attended> {
        let attended = attend(presence, signatures, self.register, self.world.clock.now())?;
        kept(self.settings, &attended)?;
        Ok(attended)
    }
}

/// Keeps the evidence, before the audit log names it by its digest: it must be there to be looked at.
pub(crate) fn kept(settings: &Settings, there: &Attended) -> anyhow::Result<()> {
    let kept = settings.paths.state.join("sessions").join(there.digest().to_string());
    files::write(&kept.join("statement.json"), there.bytes())?;
    for (number, jws) in (1..).zip(there.signatures()) {
        files::write(&kept.join(format!("signature-{number}.json")), jws)?;
    }
    Ok(())
}

/// For the audit log.
pub(crate) fn proved(there: &Attended) -> EventKind {
    EventKind::PresenceProved {
        act: there.presence().act.name().into(),
        decided: there.presence().decided,
        session: there.digest(),
        officers: there.officers().to_vec(),
    }
}

/// Records who is there; the actor of what is done in their presence.
pub(crate) fn recorded(store: &Store, world: &World, there: &Attended) -> anyhow::Result<Actor> {
    let actor = Actor::Ceremony(there.presence().decided);
    store.record(&[Event::new(&*world.random, world.clock.now(), actor.clone(), proved(there))?])?;
    Ok(actor)
}

/// A configured CA with its key, for those who are there.
pub(crate) fn open_ca(
    _there: &Attended,
    settings: &Settings,
    store: &Store,
    tokens: &Tokens,
    name: &CaName,
) -> anyhow::Result<IssuingCa> {
    let found = issuing_cas(settings, store, tokens, |one| one.name == *name)?.pop();
    let found = found.with_context(|| format!("the CA {name} is not configured"))?;
    // Refused before anything is recorded as intended.
    match found.watch.away() {
        Some(reason) => anyhow::bail!(reason),
        None => Ok(found),
    }
}

/// An offline CA's key, for those who are there.
pub(crate) fn open_offline(
    _there: &Attended,
    tokens: &Tokens,
    key: &KeyRef,
    public_key: &SubjectPublicKeyInfo,
) -> anyhow::Result<(Key<IssueCertificates>, Key<PublishCrls>)> {
    Ok((tokens.open(key, public_key)?, tokens.open(key, public_key)?))
}
