//! The door: from bytes and signatures to an order that the CA may carry out.

use ndoba_types::{InstallationId, OfficerId, Sha256Digest, UtcTime};

use crate::document::Malformed;
use crate::order::MAX_LIFE;
use crate::register::SKEW;
use crate::{Appointment, BadJws, FlatJws, MediaType, Order, OrderContent, Register, SignerRole};

/// An order whose signers were entitled to give it, at the time it was checked. Made by [`authorise`] only.
#[derive(Debug)]
pub struct AuthorisedOrder {
    order: Order,
    digest: Sha256Digest,
    signers: Vec<Signer>,
    at: UtcTime,
}

impl AuthorisedOrder {
    /// What to do.
    pub fn order(&self) -> &Order {
        &self.order
    }

    /// SHA-256 over its canonical bytes.
    pub fn digest(&self) -> Sha256Digest {
        self.digest
    }

    /// Who gave it, in the order of [`OrderKind::signers`](crate::OrderKind::signers).
    pub fn signers(&self) -> &[Signer] {
        &self.signers
    }

    /// When it was checked.
    pub fn at(&self) -> UtcTime {
        self.at
    }
}

/// An officer who signed, by the register.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Signer {
    /// Who.
    pub officer: OfficerId,
    /// As what.
    pub role: SignerRole,
}

/// A signature that holds, on an order that may still lack others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AcceptedSignature {
    /// Who signed, as what.
    pub signer: Signer,
    /// Whether the order now has all its signatures.
    pub complete: bool,
}

/// Checks an order with all its signatures.
///
/// # Inputs
///
/// - `bytes` – as stored; nothing is believed of them.
/// - `signatures` – flattened JWS, in any order.
/// - `register` – replayed from the pin up to now.
/// - `installation` – this one, from configuration.
/// - `now` – when the CA is about to act: officers must be in office *now*, not only when they signed.
///
/// # Result
///
/// The proof that the CA's planning demands. That the order was not carried out before is the ledger's to say.
///
/// # Errors
///
/// [`Refusal`]: the order is over; officers must write another. None of them is worth a second try with the same
/// bytes, except that missing signatures may still come.
pub fn authorise<S: AsRef<[u8]>>(
    bytes: &[u8],
    signatures: &[S],
    register: &Register,
    installation: InstallationId,
    now: UtcTime,
) -> Result<AuthorisedOrder, Refusal> {
    let order = open(bytes, register, installation, now)?;
    entitled(order, bytes, signatures, register, now)
}

/// The order with all its signatures checked.
fn entitled<S: AsRef<[u8]>>(
    order: Order,
    bytes: &[u8],
    signatures: &[S],
    register: &Register,
    now: UtcTime,
) -> Result<AuthorisedOrder, Refusal> {
    let mut signers = check_signatures(&order, bytes, signatures, register, now)?;
    for role in order.kind().signers() {
        if !signers.iter().any(|signer| signer.role == *role) {
            return Err(Refusal::SignatureMissing(*role));
        }
    }
    signers.sort_by_key(|signer| order.kind().signers().iter().position(|role| *role == signer.role));
    Ok(AuthorisedOrder { order, digest: Sha256Digest::of(bytes), signers, at: now })
}

/// As [`authorise`], for an order that the CA began to carry out at `begun` and whose certificate was lost before anybody
/// had it: a crash, a token that did not say whether it signed. What was begun in time may be ended after the order's
/// expiry, for as long again as an order may live; who is in office is judged as of `now`.
///
/// `begun` is the ledger's word, as it is the ledger's word that the order may be acted on again at all.
///
/// # Errors
///
/// [`Refusal`] as for [`authorise`].
pub fn authorise_again<S: AsRef<[u8]>>(
    bytes: &[u8],
    signatures: &[S],
    register: &Register,
    installation: InstallationId,
    begun: UtcTime,
    now: UtcTime,
) -> Result<AuthorisedOrder, Refusal> {
    let order = open_begun(bytes, register, installation, begun, now)?;
    entitled(order, bytes, signatures, register, now)
}

/// Checks one more signature on an order that has `earlier` ones, as registration does before it stores it.
///
/// # Errors
///
/// [`Refusal`] as for [`authorise`], missing signatures apart.
pub fn accept_signature<S: AsRef<[u8]>>(
    bytes: &[u8],
    earlier: &[S],
    signature: &[u8],
    register: &Register,
    installation: InstallationId,
    now: UtcTime,
) -> Result<AcceptedSignature, Refusal> {
    let order = open(bytes, register, installation, now)?;
    let all: Vec<&[u8]> = earlier.iter().map(AsRef::as_ref).chain([signature]).collect();
    let signers = check_signatures(&order, bytes, &all, register, now)?;
    let complete = signers.len() == order.kind().signers().len();
    let signer = signers.last().copied().ok_or(Refusal::Signature(BadJws::Malformed))?;
    Ok(AcceptedSignature { signer, complete })
}

fn open(
    bytes: &[u8],
    register: &Register,
    installation: InstallationId,
    now: UtcTime,
) -> Result<Order, Refusal> {
    let order = open_at_home(bytes, register, installation, now)?;
    if now > order.expires { Err(Refusal::Expired) } else { Ok(order) }
}

fn open_begun(
    bytes: &[u8],
    register: &Register,
    installation: InstallationId,
    begun: UtcTime,
    now: UtcTime,
) -> Result<Order, Refusal> {
    let order = open_at_home(bytes, register, installation, now)?;
    let in_time = begun <= order.expires && now <= order.expires.plus(MAX_LIFE);
    if in_time { Ok(order) } else { Err(Refusal::Expired) }
}

fn open_at_home(
    bytes: &[u8],
    register: &Register,
    installation: InstallationId,
    now: UtcTime,
) -> Result<Order, Refusal> {
    let order = Order::from_bytes(bytes)?;
    if order.installation != installation || register.installation() != installation {
        return Err(Refusal::OtherInstallation);
    }
    if order.created > now.plus(SKEW) {
        return Err(Refusal::FromTheFuture);
    }
    Ok(order)
}

/// All given signatures hold, each by an officer in office with the right role, no role and no person twice, the
/// approver's over the submitter's. In the order given.
fn check_signatures<S: AsRef<[u8]>>(
    order: &Order,
    bytes: &[u8],
    signatures: &[S],
    register: &Register,
    now: UtcTime,
) -> Result<Vec<Signer>, Refusal> {
    let needed = order.kind().signers();
    // Before any verification: a thousand signatures would be a thousand verifications.
    if signatures.len() > needed.len() {
        return Err(Refusal::RoleTwice);
    }
    let mut found: Vec<(FlatJws, &Appointment)> = Vec::new();
    for signature in signatures {
        let jws = FlatJws::from_bytes(signature.as_ref())?;
        let role = jws.header().role;
        if !needed.contains(&role) {
            return Err(Refusal::RoleNotForKind);
        }
        if found.iter().any(|(other, _)| other.header().role == role) {
            return Err(Refusal::RoleTwice);
        }
        let officer = check_signature(order, bytes, &jws, register, now)?;
        if found.iter().any(|(_, other)| other.is_same_person(officer)) {
            return Err(Refusal::SamePerson);
        }
        found.push((jws, officer));
    }
    let by_role = |role| found.iter().find(|(jws, _)| jws.header().role == role);
    for (jws, _) in &found {
        let over = |first| by_role(first).is_some_and(|(first, _)| jws.header().over == Some(first.digest()));
        let covers = match jws.header().role {
            SignerRole::Approver => over(SignerRole::Submitter),
            SignerRole::SecondSecurityOfficer => over(SignerRole::SecurityOfficer),
            SignerRole::Appointed
            | SignerRole::Desk
            | SignerRole::Observer
            | SignerRole::RevocationOfficer
            | SignerRole::SecurityOfficer
            | SignerRole::Submitter => jws.header().over.is_none(),
        };
        if !covers {
            return Err(Refusal::NotCovering);
        }
    }
    if let (Some((_, submitter)), Some((_, approver))) =
        (by_role(SignerRole::Submitter), by_role(SignerRole::Approver))
    {
        check_offices(submitter, approver)?;
    }
    Ok(found
        .iter()
        .map(|(jws, officer)| Signer { officer: officer.officer, role: jws.header().role })
        .collect())
}

fn check_signature<'r>(
    order: &Order,
    bytes: &[u8],
    jws: &FlatJws,
    register: &'r Register,
    now: UtcTime,
) -> Result<&'r Appointment, Refusal> {
    let header = jws.header();
    let officer = register.by_key(header.kid).ok_or(Refusal::SignerUnknown)?;
    if !officer.is_active(now) {
        return Err(Refusal::SignerNotInOffice);
    }
    if header.role.required().is_none_or(|role| !officer.roles.contains(role)) {
        return Err(Refusal::WrongRole);
    }
    let person = match &order.content {
        OrderContent::Issue(issue) | OrderContent::Reissue(issue) => issue.person,
        OrderContent::CertifyUnit(_)
        | OrderContent::Release(_)
        | OrderContent::Revoke(_)
        | OrderContent::Suspend(_)
        | OrderContent::SuspendByCode(_) => None,
    };
    if person.is_some() && person == officer.person {
        return Err(Refusal::OfficerIsSubject);
    }
    jws.verify(MediaType::Order, bytes, &officer.spki)?;
    // After the signature, so that the time is the signer's own word.
    if jws.signed_between(order.created.minus(SKEW), now.plus(SKEW)) {
        Ok(officer)
    } else {
        Err(Refusal::SignatureTime)
    }
}

/// An approver sits in the submitter's office or above it: in the capital for the whole country, say.
fn check_offices(submitter: &Appointment, approver: &Appointment) -> Result<(), Refusal> {
    match (&submitter.office, &approver.office) {
        (Some(lower), Some(upper)) if upper.covers(lower) => Ok(()),
        (_, _) => Err(Refusal::OtherOffice),
    }
}

/// Why the CA does not act on an order.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// Its time has passed.
    #[error("the order has expired")]
    Expired,
    /// Written later than now.
    #[error("the order was written in the future")]
    FromTheFuture,
    /// Not an order.
    #[error("the order is malformed")]
    Malformed(#[from] Malformed),
    /// The approver did not sign over the submitter's signature, or someone else claims to have.
    #[error("the approval does not cover the submitter's signature")]
    NotCovering,
    /// A signer is the person whom the certificate is about (C-75).
    #[error("an officer must not take part in an order about the officer's own certificate")]
    OfficerIsSubject,
    /// For another installation.
    #[error("the order is for another installation")]
    OtherInstallation,
    /// The approver's office is not above the submitter's.
    #[error("the approver's office does not cover the submitter's")]
    OtherOffice,
    /// A signature in a role that such orders do not have.
    #[error("a signature was made in a role that this kind of order does not have")]
    RoleNotForKind,
    /// More than one signature in a role.
    #[error("the order is signed twice in one role")]
    RoleTwice,
    /// Submitter and approver are one person.
    #[error("submitter and approver are the same person")]
    SamePerson,
    /// Malformed, or does not hold.
    #[error("a signature is not valid")]
    Signature(#[from] BadJws),
    /// Not signed in this role yet.
    #[error("the signature of the {0} is missing")]
    SignatureMissing(SignerRole),
    /// Signed before the order was written, or in the future.
    #[error("a signature's time is not between the order's and now")]
    SignatureTime,
    /// Not appointed now: ended, replaced, not begun or run out.
    #[error("a signer is not in office")]
    SignerNotInOffice,
    /// No officer has that key.
    #[error("no officer has a key that signed")]
    SignerUnknown,
    /// The officer does not hold the role of the signature.
    #[error("a signer does not hold the role of the signature")]
    WrongRole,
}

impl Refusal {
    /// A stable name for programs, the audit log and the API.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Expired => "order-expired",
            Self::FromTheFuture => "order-from-the-future",
            Self::Malformed(malformed) => malformed.code(),
            Self::NotCovering => "order-approval-not-covering",
            Self::OfficerIsSubject => "order-officer-is-subject",
            Self::OtherInstallation => "order-other-installation",
            Self::OtherOffice => "order-other-office",
            Self::RoleNotForKind => "order-role-not-for-kind",
            Self::RoleTwice => "order-role-twice",
            Self::SamePerson => "order-same-person",
            Self::Signature(_) => "order-signature-invalid",
            Self::SignatureMissing(_) => "order-signature-missing",
            Self::SignatureTime => "order-signature-time",
            Self::SignerNotInOffice => "order-signer-not-in-office",
            Self::SignerUnknown => "order-signer-unknown",
            Self::WrongRole => "order-signer-role",
        }
    }
}
