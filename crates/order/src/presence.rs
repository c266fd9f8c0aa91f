//! The statement by which two security officers are there when a CA's key is used (EN 319 411-1 GEN-6.4.3-02, GEN-6.5.2-06,
//! GEN-6.5.4-01; P-04, ADR 0023).
//!
//! A command writes it when it begins, about exactly what it is to do; the session is drawn anew each time. So a signature fits
//! one run of one command, and none that was made before it.

use ndoba_types::{InstallationId, OfficerId, SessionId, Sha256Digest, Span, UtcTime};
use serde::{Deserialize, Serialize};

use crate::document::{self, Malformed};
use crate::{Appointment, BadJws, FlatJws, MediaType, Register, Role, SignerRole, as_text};

const KIND: &str = "presence";

/// What is done with a CA's key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Act {
    /// The first CAs are made.
    Ceremony,
    /// The next key of a CA is made and certified.
    NextCa,
    /// A CA that two security officers revoked goes on its issuer's list.
    RevokeCa,
    /// An offline CA signs what was drafted for it.
    SignDraft,
}

impl Act {
    /// The name in statements and in the audit log.
    pub fn name(self) -> &'static str {
        match self {
            Self::Ceremony => "ceremony",
            Self::NextCa => "next-ca",
            Self::RevokeCa => "revoke-ca",
            Self::SignDraft => "sign-draft",
        }
    }
}

/// What two security officers sign. It claims; the proof is [`Attended`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Presence {
    /// For which installation.
    #[serde(with = "as_text")]
    pub installation: InstallationId,
    /// What is done.
    pub act: Act,
    /// SHA-256 over what is decided: a plan, a draft.
    #[serde(with = "as_text")]
    pub decided: Sha256Digest,
    /// The serial numbers of the tokens whose keys are used or made.
    pub tokens: Vec<String>,
    /// Drawn when the session was opened.
    #[serde(with = "as_text")]
    pub session: SessionId,
    /// When it was opened.
    #[serde(with = "as_text")]
    pub opened: UtcTime,
}

impl Presence {
    /// How long the officers have to sign: time to fetch a card, not to leave the room.
    pub const LIFE: Span = Span::minutes(15);

    /// The canonical bytes: what the officers sign. What this gives, [`Self::from_bytes`] takes.
    ///
    /// # Errors
    ///
    /// [`Malformed`] when it breaks a rule of the format.
    pub fn to_bytes(&self) -> Result<Vec<u8>, Malformed> {
        if self.tokens.is_empty() {
            return Err(Malformed::rule("a session names the tokens whose keys are used"));
        }
        document::write(KIND, self)
    }

    /// Reads bytes that officers signed or are to sign.
    ///
    /// # Errors
    ///
    /// [`Malformed`] for everything but the canonical bytes of a statement that keeps the format's rules.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, Malformed> {
        document::parse(KIND, bytes, Self::to_bytes)
    }
}

/// Two security officers are there, for one act. Made by [`attend`] only: who opens a CA's key for such an act asks for it.
#[derive(Debug)]
pub struct Attended {
    presence: Presence,
    bytes: Vec<u8>,
    signatures: Vec<Vec<u8>>,
    officers: [OfficerId; 2],
}

impl Attended {
    /// What they signed.
    pub fn presence(&self) -> &Presence {
        &self.presence
    }

    /// Its canonical bytes.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// SHA-256 over them.
    pub fn digest(&self) -> Sha256Digest {
        Sha256Digest::of(&self.bytes)
    }

    /// Their signatures, flattened JWS.
    pub fn signatures(&self) -> &[Vec<u8>] {
        &self.signatures
    }

    /// Who they are.
    pub fn officers(&self) -> &[OfficerId; 2] {
        &self.officers
    }
}

/// Checks the two signatures on a statement.
///
/// # Inputs
///
/// - `presence` – as the command that opened the session wrote it, not as anybody brings it.
/// - `signatures` – flattened JWS, two of them.
/// - `register` – replayed from the pin.
/// - `now` – by the clock that said when the session was opened.
///
/// # Errors
///
/// [`PresenceRefusal`].
pub fn attend<S: AsRef<[u8]>>(
    presence: &Presence,
    signatures: &[S],
    register: &Register,
    now: UtcTime,
) -> Result<Attended, PresenceRefusal> {
    if presence.installation != register.installation() {
        return Err(PresenceRefusal::OtherInstallation);
    }
    if now < presence.opened {
        return Err(PresenceRefusal::ClockWentBack);
    }
    if now.since(presence.opened) > Presence::LIFE {
        return Err(PresenceRefusal::Over);
    }
    let bytes = presence.to_bytes()?;
    let mut signers = Vec::with_capacity(2);
    for signature in signatures {
        signers.push(signer(presence, &bytes, signature.as_ref(), register, now)?);
    }
    let [first, second] = signers[..] else {
        return Err(PresenceRefusal::SignatureCount(signers.len()));
    };
    if first.is_same_person(second) {
        return Err(PresenceRefusal::SamePerson);
    }
    Ok(Attended {
        presence: presence.clone(),
        bytes,
        signatures: signatures.iter().map(|one| one.as_ref().to_vec()).collect(),
        officers: [first.officer, second.officer],
    })
}

fn signer<'r>(
    presence: &Presence,
    bytes: &[u8],
    signature: &[u8],
    register: &'r Register,
    now: UtcTime,
) -> Result<&'r Appointment, PresenceRefusal> {
    let jws = FlatJws::from_bytes(signature)?;
    let header = jws.header();
    let signer = register.by_key(header.kid).ok_or(PresenceRefusal::UnknownSigner)?;
    let as_officer = header.role == SignerRole::SecurityOfficer && header.over.is_none();
    if !as_officer || !signer.holds(Role::SecurityOfficer, now) {
        return Err(PresenceRefusal::NotSecurityOfficer(signer.officer));
    }
    jws.verify(MediaType::Presence, bytes, &signer.spki)?;
    // A signature's time has whole seconds. Of the same clock as the session: there is nothing to allow for.
    if jws.signed_between(presence.opened.floor_to_second(), now) {
        Ok(signer)
    } else {
        Err(PresenceRefusal::SignatureTime)
    }
}

/// Why a session is not attended: nothing is signed then. Call the command again to open another.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PresenceRefusal {
    /// By the clock it has not begun.
    #[error("the clock went back since the session was opened; set it right and open another")]
    ClockWentBack,
    /// Not a statement.
    #[error("the session's statement is malformed")]
    Malformed(#[from] Malformed),
    /// Appointed as something else, or not any more.
    #[error("the officer {0} is not a security officer now: two who are must be there")]
    NotSecurityOfficer(OfficerId),
    /// For another installation.
    #[error("the session is of another installation than the register of officers")]
    OtherInstallation,
    /// Its time has passed.
    #[error("the session is over after 15 minutes; open another")]
    Over,
    /// Both signatures are of one person.
    #[error("both signatures are of the same officer: a second one must be there (GEN-6.4.3-02)")]
    SamePerson,
    /// Malformed, or over something else: another session, another plan.
    #[error("a signature is not one over this session")]
    Signature(#[from] BadJws),
    /// Too few or too many.
    #[error("two security officers must be there; {0} signed")]
    SignatureCount(usize),
    /// Signed before the session was opened, or in the future.
    #[error("a signature was not made in this session's time")]
    SignatureTime,
    /// No officer has that key.
    #[error("no officer of the register has a key that signed: is the register older than the appointment?")]
    UnknownSigner,
}

#[cfg(test)]
mod tests;
