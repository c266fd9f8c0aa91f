//! The statement by which two security officers accept a database that is behind its witnesses (design §3, rollback).
//!
//! It names the state of the database and of every witness file it is to replace, so it fits one moment of one
//! installation and no other: once it was carried out, or the database was put back once more, it fits nothing.

use ndoba_types::{CaName, InstallationId, OfficerId, Sha256Digest, Span, UtcTime};
use serde::{Deserialize, Serialize};

use crate::document::{self, Malformed};
use crate::register::SKEW;
use crate::{Appointment, BadJws, FlatJws, MediaType, Register, Role, SignerRole, as_text};

const KIND: &str = "accept-restore";
/// A statement lives no longer than this: the services stand still meanwhile.
const MAX_LIFE: Span = Span::days(1);

/// What two security officers sign. It claims; the proof is [`AcceptedRestore`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AcceptRestore {
    /// For which installation.
    #[serde(with = "as_text")]
    pub installation: InstallationId,
    /// When it was written.
    #[serde(with = "as_text")]
    pub created: UtcTime,
    /// When it lapses, at most a day after `created`.
    #[serde(with = "as_text")]
    pub expires: UtcTime,
    /// The restored database as it is.
    pub database: RestoreMarks,
    /// The witness files that end with it.
    pub witnesses: Vec<WitnessedMarks>,
    /// Where each CA goes on: above everything that was witnessed or is online, so that no number comes twice.
    pub resume: Vec<AuthorityMarks>,
    /// Revocations and suspensions that published CRLs prove and the database lacks: they are taken back up.
    pub revocations: u64,
}

/// How far a database, or a witness of it, had come.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RestoreMarks {
    /// Each CA.
    pub authorities: Vec<AuthorityMarks>,
    /// The place of the last document of the register of officers.
    pub grant: u64,
    /// The records of the audit log.
    pub log_size: u64,
    /// The root of the audit log's tree at its last checkpoint (a database) or now (a witness).
    #[serde(with = "as_text::option")]
    pub log_root: Option<Sha256Digest>,
}

/// How far a CA had come.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AuthorityMarks {
    /// Which.
    #[serde(with = "as_text")]
    pub name: CaName,
    /// Its status version.
    pub version: u64,
    /// Its highest CRL number.
    pub crl_number: u64,
}

/// A witness file that ends.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WitnessedMarks {
    /// Whose: `ca`, `ocsp`, `audit`.
    pub role: String,
    /// SHA-256 over the file.
    #[serde(with = "as_text")]
    pub file: Sha256Digest,
    /// What it says.
    pub marks: RestoreMarks,
}

impl AcceptRestore {
    /// The canonical bytes: what the officers sign. What this gives, [`Self::from_bytes`] takes.
    ///
    /// # Errors
    ///
    /// [`Malformed`] when it breaks a rule of the format.
    pub fn to_bytes(&self) -> Result<Vec<u8>, Malformed> {
        self.check()?;
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

    /// The last document of the register that any witness saw.
    pub fn witnessed_grant(&self) -> u64 {
        self.witnesses.iter().map(|witness| witness.marks.grant).max().unwrap_or(0)
    }

    fn check(&self) -> Result<(), Malformed> {
        if self.expires <= self.created || self.expires.since(self.created) > MAX_LIFE {
            return Err(Malformed::rule("a statement lapses after it is made, and within a day"));
        }
        if self.witnesses.is_empty() {
            return Err(Malformed::rule("a statement names the witnesses that it ends"));
        }
        Ok(())
    }
}

/// A statement that two security officers were entitled to make. Made by [`accept_restore`] only.
#[derive(Debug)]
pub struct AcceptedRestore {
    statement: AcceptRestore,
    digest: Sha256Digest,
    officers: Vec<OfficerId>,
}

impl AcceptedRestore {
    /// What they accepted.
    pub fn statement(&self) -> &AcceptRestore {
        &self.statement
    }

    /// SHA-256 over its canonical bytes.
    pub fn digest(&self) -> Sha256Digest {
        self.digest
    }

    /// Who they are.
    pub fn officers(&self) -> &[OfficerId] {
        &self.officers
    }
}

/// Checks a statement against the state as it is found now, and its two signatures.
///
/// # Inputs
///
/// - `found` – what the same statement would say if it were written from the database, witnesses and CRLs as they
///   are now; its times do not matter.
/// - `signatures` – flattened JWS, two of them.
/// - `register` – replayed from the pin over the restored database's grants. Where it is shorter than a witness
///   saw, nobody knows whom the missing documents appointed or dismissed: then only the officers of the pin count,
///   which lies outside the database, and of them only those whom no known document ended.
///
/// # Errors
///
/// [`RestoreRefusal`].
pub fn accept_restore<S: AsRef<[u8]>>(
    bytes: &[u8],
    signatures: &[S],
    found: &AcceptRestore,
    register: &Register,
    now: UtcTime,
) -> Result<AcceptedRestore, RestoreRefusal> {
    let statement = AcceptRestore::from_bytes(bytes)?;
    if statement.installation != found.installation || statement.installation != register.installation() {
        return Err(RestoreRefusal::OtherInstallation);
    }
    if statement.created > now.plus(SKEW) {
        return Err(RestoreRefusal::FromTheFuture);
    }
    if now > statement.expires {
        return Err(RestoreRefusal::Expired);
    }
    if (AcceptRestore { created: statement.created, expires: statement.expires, ..found.clone() })
        != statement
    {
        return Err(RestoreRefusal::OtherState);
    }
    // Of what was found, not of what the statement says: they are equal now, and this does not depend on it.
    let only_pinned = register.seq() < found.witnessed_grant();
    let mut signers: Vec<&Appointment> = Vec::new();
    for signature in signatures {
        let signer = signer(&statement, bytes, signature.as_ref(), register, now)?;
        if only_pinned && signer.seq != 0 {
            return Err(RestoreRefusal::NotPinned);
        }
        if signers.iter().any(|other| other.is_same_person(signer)) {
            return Err(RestoreRefusal::SamePerson);
        }
        signers.push(signer);
    }
    if signers.len() != 2 {
        return Err(RestoreRefusal::SignatureCount(signers.len()));
    }
    let officers = signers.iter().map(|signer| signer.officer).collect();
    Ok(AcceptedRestore { statement, digest: Sha256Digest::of(bytes), officers })
}

fn signer<'r>(
    statement: &AcceptRestore,
    bytes: &[u8],
    signature: &[u8],
    register: &'r Register,
    now: UtcTime,
) -> Result<&'r Appointment, RestoreRefusal> {
    let jws = FlatJws::from_bytes(signature)?;
    let header = jws.header();
    if header.role != SignerRole::SecurityOfficer || header.over.is_some() {
        return Err(RestoreRefusal::WrongRole);
    }
    let signer = register.by_key(header.kid).ok_or(RestoreRefusal::UnknownSigner)?;
    if !signer.holds(Role::SecurityOfficer, now) {
        return Err(RestoreRefusal::WrongRole);
    }
    jws.verify(MediaType::Restore, bytes, &signer.spki)?;
    if jws.signed_between(statement.created.minus(SKEW), now.plus(SKEW)) {
        Ok(signer)
    } else {
        Err(RestoreRefusal::SignatureTime)
    }
}

/// Why a restored database is not accepted.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RestoreRefusal {
    /// Its time has passed.
    #[error("the statement has expired; write another")]
    Expired,
    /// Written later than now.
    #[error("the statement was written in the future")]
    FromTheFuture,
    /// Not a statement.
    #[error("the statement is malformed")]
    Malformed(#[from] Malformed),
    /// The database lost documents of the register, and a signer's appointment is not the pin's.
    #[error(
        "the database lost a part of the register of officers, so only officers of the ceremony's pin may accept it"
    )]
    NotPinned,
    /// For another installation.
    #[error("the statement is for another installation")]
    OtherInstallation,
    /// The database, a witness or what is online is not what the officers saw.
    #[error("the database, a witness or a published CRL is not as the statement says; write another")]
    OtherState,
    /// Both signatures are of one person.
    #[error("the signatures are of the same person")]
    SamePerson,
    /// Malformed, or does not hold.
    #[error("a signature is not valid")]
    Signature(#[from] BadJws),
    /// Too few or too many.
    #[error("two security officers must sign; {0} did")]
    SignatureCount(usize),
    /// Signed before the statement was written, or in the future.
    #[error("a signature's time is not between the statement's and now")]
    SignatureTime,
    /// No officer has that key.
    #[error("no officer has a key that signed")]
    UnknownSigner,
    /// The signer is not a security officer now, or signed as something else.
    #[error("a signer is not a security officer now")]
    WrongRole,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::test_support::{INSTALLATION, Person, World, now};
    use crate::{EndGrant, GrantDocument};

    fn marks(version: u64, grant: u64) -> RestoreMarks {
        let authority = AuthorityMarks { name: "seal".parse().unwrap(), version, crl_number: 3 };
        RestoreMarks { authorities: vec![authority], grant, log_size: 40, log_root: None }
    }

    fn statement(grant: u64, witnessed: u64) -> AcceptRestore {
        AcceptRestore {
            installation: INSTALLATION,
            created: now().minus(Span::minutes(1)),
            expires: now().plus(Span::hours(1)),
            database: marks(1, grant),
            witnesses: vec![WitnessedMarks {
                role: "ca".into(),
                file: Sha256Digest::of(b"file"),
                marks: marks(2, witnessed),
            }],
            resume: vec![AuthorityMarks { name: "seal".parse().unwrap(), version: 3, crl_number: 3 }],
            revocations: 1,
        }
    }

    fn sign(person: &Person, bytes: &[u8]) -> Vec<u8> {
        person.sign_with(&person.header(MediaType::Restore, SignerRole::SecurityOfficer), bytes)
    }

    /// What becomes of `statement` signed by `signers`, in a world where it says how things are.
    fn judge(world: &World, statement: &AcceptRestore, signers: &[&Person]) -> Result<usize, RestoreRefusal> {
        let bytes = statement.to_bytes().unwrap();
        let signatures: Vec<_> = signers.iter().map(|person| sign(person, &bytes)).collect();
        accept_restore(&bytes, &signatures, statement, &world.register, now()).map(|one| one.officers().len())
    }

    #[test]
    fn two_security_officers_and_nobody_else() {
        let world = World::new();
        let statement = statement(4, 4);
        let judge = |signers: &[&Person]| judge(&world, &statement, signers);
        assert_eq!(judge(&[&world.first, &world.second]), Ok(2));
        assert_eq!(judge(&[&world.second, &world.first]), Ok(2));
        assert_eq!(judge(&[]), Err(RestoreRefusal::SignatureCount(0)));
        assert_eq!(judge(&[&world.first]), Err(RestoreRefusal::SignatureCount(1)));
        assert_eq!(judge(&[&world.first, &world.first]), Err(RestoreRefusal::SamePerson));
        assert_eq!(judge(&[&world.first, &world.approver]), Err(RestoreRefusal::WrongRole));
        assert_eq!(judge(&[&world.first, &Person::new(99)]), Err(RestoreRefusal::UnknownSigner));
    }

    #[test]
    fn for_one_state_of_one_installation_and_not_for_long() {
        let world = World::new();
        let statement = statement(4, 4);
        let bytes = statement.to_bytes().unwrap();
        let signatures = [sign(&world.first, &bytes), sign(&world.second, &bytes)];
        let judge = |found: &AcceptRestore, at| {
            accept_restore(&bytes, &signatures, found, &world.register, at).map(|one| one.digest())
        };
        assert_eq!(judge(&statement, now()), Ok(Sha256Digest::of(&bytes)));
        // Drafted again a little later, nothing else changed.
        let later = AcceptRestore { created: now(), ..statement.clone() };
        assert_eq!(judge(&later, now()), Ok(Sha256Digest::of(&bytes)));

        let mut other = statement.clone();
        other.database.authorities[0].version += 1;
        assert_eq!(judge(&other, now()), Err(RestoreRefusal::OtherState));
        let mut other = statement.clone();
        other.witnesses[0].file = Sha256Digest::of(b"another file");
        assert_eq!(judge(&other, now()), Err(RestoreRefusal::OtherState));
        let other = AcceptRestore { revocations: 0, ..statement.clone() };
        assert_eq!(judge(&other, now()), Err(RestoreRefusal::OtherState));
        let other = AcceptRestore { installation: InstallationId::from_bytes([1; 16]), ..statement.clone() };
        assert_eq!(judge(&other, now()), Err(RestoreRefusal::OtherInstallation));
        assert_eq!(judge(&statement, now().plus(Span::hours(2))), Err(RestoreRefusal::Expired));
        assert_eq!(judge(&statement, now().minus(Span::hours(2))), Err(RestoreRefusal::FromTheFuture));
        // A signature for another kind of document is none for this one.
        let grants = [world.first.sign_grant(&bytes), world.second.sign_grant(&bytes)];
        let refused = accept_restore(&bytes, &grants, &statement, &world.register, now()).unwrap_err();
        assert_eq!(refused, RestoreRefusal::Signature(BadJws::OtherMediaType));
    }

    #[test]
    fn where_the_register_lost_documents_only_the_pin_counts() {
        let mut world = World::new();
        let third = Person::new(7);
        let grant = world.grant(&third, &[Role::SecurityOfficer], "GE");
        world.append(&GrantDocument::Grant(grant)).unwrap();
        assert_eq!(judge(&world, &statement(5, 5), &[&world.first, &third]), Ok(2));
        // Document 6 is lost: it may have ended the third officer's appointment.
        let behind = statement(5, 6);
        assert_eq!(judge(&world, &behind, &[&world.first, &third]), Err(RestoreRefusal::NotPinned));
        assert_eq!(judge(&world, &behind, &[&world.first, &world.second]), Ok(2));
        // An end that is known holds for the pinned too.
        let end = EndGrant {
            installation: INSTALLATION,
            seq: world.register.next_seq(),
            prev: world.register.head(),
            officer: world.second.officer,
            created: now().minus(Span::hours(1)),
        };
        world.append(&GrantDocument::End(end)).unwrap();
        let refused = judge(&world, &statement(6, 7), &[&world.first, &world.second]);
        assert_eq!(refused, Err(RestoreRefusal::WrongRole));
    }

    #[test]
    fn what_is_signed_is_shown() {
        let bytes = statement(4, 5).to_bytes().unwrap();
        let lines = crate::describe(&bytes, crate::Language::English).unwrap();
        assert_eq!(lines[0], "Accept a restored database that is behind its witnesses");
        assert!(
            lines.iter().any(|line| line.trim() == "Revocations taken from published lists: 1"),
            "{lines:?}"
        );
        let mut none = statement(4, 5);
        none.witnesses.clear();
        assert!(none.to_bytes().is_err());
        none = AcceptRestore { expires: now().plus(Span::days(2)), ..statement(4, 5) };
        assert!(none.to_bytes().is_err());
    }
}
