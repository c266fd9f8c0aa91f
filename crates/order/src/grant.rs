//! Documents of the register: appointments of officers, standing authorisations of responders, and the ends of both,
//! each linked to the document before it.

use ndoba_types::{InstallationId, OfficerId, Sha256Digest, SubjectPublicKeyInfo, UtcTime};
use ndoba_x509::KeyKind;
use serde::{Deserialize, Serialize};

use crate::describe::is_hidden;
use crate::document::{self, Malformed};
use crate::{
    Acceptance, AuthoriseResponder, EndResponder, Office, ReplacePin, RevokeCa, Role, Roles, SucceedCa,
    TerminateCa, as_text,
};

const GRANT: &str = "grant";
/// The version of grants with the papers of the vetting and the officer's acceptance.
const RECORDED: u64 = 2;
const END_GRANT: &str = "end-grant";
const AUTHORISE_RESPONDER: &str = "authorise-responder";
const END_RESPONDER: &str = "end-responder";
const TERMINATE_CA: &str = "terminate-ca";
const REVOKE_CA: &str = "revoke-ca";
const REPLACE_PIN: &str = "replace-pin";
const SUCCEED_CA: &str = "succeed-ca";

/// A document of the register's chain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum GrantDocument {
    /// A standing authorisation; two security officers sign (design §3, ADR 0007).
    AuthoriseResponder(Box<AuthoriseResponder>),
    /// The end of an officer's appointment; one security officer signs.
    End(EndGrant),
    /// The end of a standing authorisation; one security officer signs.
    EndResponder(EndResponder),
    /// An appointment; two security officers sign (P-02).
    Grant(Grant),
    /// Other pinned security officers, from a ceremony; all of them sign, and two of before where they are there still.
    ReplacePin(ReplacePin),
    /// The revocation of a CA; two security officers sign.
    RevokeCa(RevokeCa),
    /// The next key of a CA, and from when on it issues; two security officers sign.
    SucceedCa(SucceedCa),
    /// The end of a CA; two security officers sign.
    TerminateCa(TerminateCa),
}

/// An appointment. A second one for the same officer takes the first one's place.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Grant {
    /// For which installation.
    #[serde(with = "as_text")]
    pub installation: InstallationId,
    /// Its place in the chain, from 1.
    pub seq: u64,
    /// SHA-256 over the document before it, or the pin's digest.
    #[serde(with = "as_text")]
    pub prev: Sha256Digest,
    /// Who is appointed.
    #[serde(with = "as_text")]
    pub officer: OfficerId,
    /// [`person_commitment`](crate::person_commitment) of the officer.
    #[serde(with = "as_text")]
    pub person: Sha256Digest,
    /// The name that colleagues see, at most 100 characters.
    pub name_shown: Option<String>,
    /// SHA-256 over `key`'s DER.
    #[serde(with = "as_text")]
    pub spki: Sha256Digest,
    /// The officer's public key.
    #[serde(with = "as_text::spki")]
    pub key: SubjectPublicKeyInfo,
    /// What the officer may do.
    pub roles: Roles,
    /// Where.
    #[serde(with = "as_text")]
    pub office: Office,
    /// From when.
    #[serde(with = "as_text")]
    pub not_before: UtcTime,
    /// Until when, inclusive.
    #[serde(with = "as_text")]
    pub not_after: UtcTime,
    /// The papers of the vetting and the appointment by senior management (REQ-7.2-15, -17): where they are to be found, 1 to 200
    /// characters. Grants of the format's first version have none, and no acceptance.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub vetting: Option<String>,
    /// When the officer accepted (REQ-7.2-16); a service accepts nothing.
    #[serde(default, skip_serializing_if = "Option::is_none", with = "as_text::option")]
    pub accepted_at: Option<UtcTime>,
    /// The officer's signature on the [`Acceptance`] of just these roles, in this office, with this key: flattened JWS.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub acceptance: Option<String>,
    /// When it was written.
    #[serde(with = "as_text")]
    pub created: UtcTime,
}

/// The end of an officer's appointment, at once, whatever it said; of a pinned security officer too.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EndGrant {
    /// For which installation.
    #[serde(with = "as_text")]
    pub installation: InstallationId,
    /// Its place in the chain, from 1.
    pub seq: u64,
    /// SHA-256 over the document before it, or the pin's digest.
    #[serde(with = "as_text")]
    pub prev: Sha256Digest,
    /// Whose appointment ends.
    #[serde(with = "as_text")]
    pub officer: OfficerId,
    /// When it was written.
    #[serde(with = "as_text")]
    pub created: UtcTime,
}

impl GrantDocument {
    /// The canonical bytes: what security officers sign. What this gives, [`Self::from_bytes`] takes.
    ///
    /// # Errors
    ///
    /// [`Malformed`] when a field breaks a rule of the format.
    pub fn to_bytes(&self) -> Result<Vec<u8>, Malformed> {
        let bytes = self.encode()?;
        Self::from_bytes(&bytes)?;
        Ok(bytes)
    }

    fn encode(&self) -> Result<Vec<u8>, Malformed> {
        match self {
            Self::AuthoriseResponder(authorise) => document::write(AUTHORISE_RESPONDER, authorise),
            Self::End(end) => document::write(END_GRANT, end),
            Self::EndResponder(end) => document::write(END_RESPONDER, end),
            Self::Grant(grant) => document::write_versioned(GRANT, grant.version(), grant),
            Self::ReplacePin(replace) => document::write(REPLACE_PIN, replace),
            Self::RevokeCa(revoke) => document::write(REVOKE_CA, revoke),
            Self::SucceedCa(succeed) => document::write(SUCCEED_CA, succeed),
            Self::TerminateCa(end) => document::write(TERMINATE_CA, end),
        }
    }

    /// Reads bytes that security officers signed or are to sign.
    ///
    /// # Errors
    ///
    /// [`Malformed`] for everything but the canonical bytes of a grant that keeps the format's rules.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, Malformed> {
        let (version, kind, members) = document::open_versioned(bytes)?;
        if version != document::VERSION && (version, kind.as_str()) != (RECORDED, GRANT) {
            return Err(Malformed::OtherVersion);
        }
        let document = match kind.as_str() {
            GRANT => {
                let grant: Grant = document::read(members)?;
                grant.check()?;
                Self::Grant(grant)
            }
            END_GRANT => Self::End(document::read(members)?),
            AUTHORISE_RESPONDER => {
                let authorise: AuthoriseResponder = document::read(members)?;
                authorise.check()?;
                Self::AuthoriseResponder(Box::new(authorise))
            }
            END_RESPONDER => Self::EndResponder(document::read(members)?),
            REPLACE_PIN => {
                let replace: ReplacePin = document::read(members)?;
                replace.check()?;
                Self::ReplacePin(replace)
            }
            REVOKE_CA => {
                let revoke: RevokeCa = document::read(members)?;
                revoke.check()?;
                Self::RevokeCa(revoke)
            }
            SUCCEED_CA => {
                let succeed: SucceedCa = document::read(members)?;
                succeed.check()?;
                Self::SucceedCa(succeed)
            }
            TERMINATE_CA => Self::TerminateCa(document::read(members)?),
            _ => return Err(Malformed::UnknownKind),
        };
        document::require_same(document.encode(), bytes)?;
        Ok(document)
    }

    /// For which installation.
    pub fn installation(&self) -> InstallationId {
        self.link().0
    }

    /// Its place in the chain, from 1.
    pub fn seq(&self) -> u64 {
        self.link().1
    }

    /// SHA-256 over the document before it, or the pin's digest.
    pub fn prev(&self) -> Sha256Digest {
        self.link().2
    }

    /// When it was written.
    pub fn created(&self) -> UtcTime {
        self.link().3
    }

    /// The officer that it appoints or dismisses.
    pub fn officer(&self) -> Option<OfficerId> {
        match self {
            Self::AuthoriseResponder(_)
            | Self::EndResponder(_)
            | Self::ReplacePin(_)
            | Self::RevokeCa(_)
            | Self::SucceedCa(_)
            | Self::TerminateCa(_) => None,
            Self::End(end) => Some(end.officer),
            Self::Grant(grant) => Some(grant.officer),
        }
    }

    /// How many sign it; of a pin those who are pinned, and two security officers of before where there are any.
    pub fn signatures(&self) -> usize {
        match self {
            Self::ReplacePin(replace) => replace.security_officers.len() + 2,
            Self::End(_) | Self::EndResponder(_) => 1,
            Self::AuthoriseResponder(_)
            | Self::Grant(_)
            | Self::RevokeCa(_)
            | Self::SucceedCa(_)
            | Self::TerminateCa(_) => 2,
        }
    }

    /// What every document has: installation, place, the document before, time.
    fn link(&self) -> (InstallationId, u64, Sha256Digest, UtcTime) {
        match self {
            Self::AuthoriseResponder(one) => (one.installation, one.seq, one.prev, one.created),
            Self::End(one) => (one.installation, one.seq, one.prev, one.created),
            Self::EndResponder(one) => (one.installation, one.seq, one.prev, one.created),
            Self::Grant(one) => (one.installation, one.seq, one.prev, one.created),
            Self::ReplacePin(one) => (one.installation, one.seq, one.prev, one.created),
            Self::RevokeCa(one) => (one.installation, one.seq, one.prev, one.created),
            Self::SucceedCa(one) => (one.installation, one.seq, one.prev, one.created),
            Self::TerminateCa(one) => (one.installation, one.seq, one.prev, one.created),
        }
    }
}

impl Grant {
    /// The format's version: 1, or 2 with the papers and the acceptance.
    pub fn version(&self) -> u64 {
        let Self { vetting, accepted_at, acceptance, .. } = self;
        if vetting.is_none() && accepted_at.is_none() && acceptance.is_none() {
            document::VERSION
        } else {
            RECORDED
        }
    }

    /// Whether no person but a service is appointed.
    pub fn is_of_a_service(&self) -> bool {
        self.roles.contains(Role::Desk)
    }

    /// Whether the officer accepted just this, by the signature in it.
    pub(crate) fn is_accepted(&self) -> bool {
        let Self { installation, spki, key, roles, office, accepted_at, acceptance, created, .. } = self;
        let accepts = Acceptance {
            installation: *installation,
            spki: *spki,
            roles: roles.clone(),
            office: office.clone(),
        };
        let signed = acceptance.as_ref().and_then(|jws| accepts.accepted(jws.as_bytes(), key, *created));
        signed.is_some() && signed == *accepted_at
    }

    fn check(&self) -> Result<(), Malformed> {
        if self.not_after <= self.not_before {
            return Err(Malformed::rule("an appointment ends after it begins"));
        }
        if self.key.fingerprint() != self.spki {
            return Err(Malformed::rule("spki is the digest of key"));
        }
        if KeyKind::of(&self.key).is_err() {
            return Err(Malformed::rule("an officer's public key is a key of a known kind"));
        }
        if self.version() == RECORDED {
            let papers = self.vetting.as_deref().unwrap_or_default();
            if !(1..=200).contains(&papers.chars().count()) || papers.chars().any(is_hidden) {
                return Err(Malformed::rule(
                    "a reference of vetting has 1 to 200 characters, none of them hidden or a control",
                ));
            }
            let is_of_a_person = !self.is_of_a_service();
            if self.accepted_at.is_some() != is_of_a_person || self.acceptance.is_some() != is_of_a_person {
                return Err(Malformed::rule(
                    "an officer's appointment has the officer's acceptance, a service's none",
                ));
            }
        }
        let shown = self.name_shown.as_deref().unwrap_or("-");
        if !(1..=100).contains(&shown.chars().count()) || shown.chars().any(is_hidden) {
            return Err(Malformed::rule(
                "a shown name has 1 to 100 characters, none of them hidden or a control",
            ));
        }
        Ok(())
    }
}

/// Without the name.
impl std::fmt::Debug for Grant {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Grant")
            .field("seq", &self.seq)
            .field("officer", &self.officer)
            .field("roles", &self.roles)
            .finish_non_exhaustive()
    }
}
