//! Orders: what the CA is to do, as canonical bytes that officers sign (design §3).

use std::fmt;
use std::str::FromStr;

use ndoba_types::{InstallationId, OrderId, SerialNumber, Sha256Digest, Span, UtcTime};
use ndoba_x509::{KeyIdentifier, RevocationReason, Subject};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::device::Device;
use crate::document::{self, Malformed};
use crate::{CertifyUnit, SignerRole, as_text};

/// An order lives no longer than this, counted from the date that it sets where it sets one.
pub(crate) const MAX_LIFE: Span = Span::days(7);
/// The most evidence digests of an order.
const MAX_EVIDENCE: usize = 32;
/// The most days of validity that an order may ask for; the profile's limit is lower.
const MAX_DAYS: u32 = 36_525;
/// An order of the service's lives no longer: it is carried out at once or not at all, and one that was made and kept is
/// worth nothing soon.
const MAX_LIFE_BY_CODE: Span = Span::hours(1);

/// What the CA is to do, once. The fields are public because an order claims something and proves nothing: the proof
/// is [`AuthorisedOrder`](crate::AuthorisedOrder).
#[derive(Clone, PartialEq, Eq)]
pub struct Order {
    /// For which installation; any other refuses it.
    pub installation: InstallationId,
    /// Random; the ledger takes each once.
    pub order_id: OrderId,
    /// The issuing CA, by its subject key identifier.
    pub ca: KeyIdentifier,
    /// When it was written.
    pub created: UtcTime,
    /// When it lapses, at most 7 days after `created`; of a revocation with a date, after that date.
    pub expires: UtcTime,
    /// What to do.
    pub content: OrderContent,
}

/// What an order asks for.
#[derive(Clone, PartialEq, Eq)]
pub enum OrderContent {
    /// A time-stamping unit's next certificate.
    CertifyUnit(Box<CertifyUnit>),
    /// A certificate.
    Issue(Issue),
    /// A certificate that replaces another of the same subject.
    Reissue(Issue),
    /// The end of a suspension.
    Release(Release),
    /// The end of a certificate, for ever.
    Revoke(Revoke),
    /// A suspension (certificateHold).
    Suspend(Suspend),
    /// A suspension that the subscriber asked for with the code (design §3).
    SuspendByCode(Suspend),
}

/// A certificate to be.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Issue {
    /// By which profile.
    pub profile: ProfileRef,
    /// Whom it names: exactly what it will show. Personal data.
    pub subject: Subject,
    /// SHA-256 over the PKCS#10 request, DER.
    #[serde(with = "as_text")]
    pub csr: Sha256Digest,
    /// SHA-256 over the request's SubjectPublicKeyInfo.
    #[serde(with = "as_text")]
    pub spki: Sha256Digest,
    /// Salted digests of the evidence, at most 32.
    #[serde(with = "as_text::list")]
    pub evidence: Vec<Sha256Digest>,
    /// SHA-256 over the agreement.
    #[serde(with = "as_text::option")]
    pub agreement: Option<Sha256Digest>,
    /// [`person_commitment`](crate::person_commitment) of the person who stands before the officer: the subject or
    /// the representative. No signer may be that person (C-75).
    #[serde(with = "as_text::option")]
    pub person: Option<Sha256Digest>,
    /// For how long; the dates are the CA's.
    pub days: u32,
    /// The qualified device that the key is in; absent where it may be anywhere.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub device: Option<Device>,
    /// The certificate that this one replaces: there in `reissue`, absent in `issue`.
    #[serde(default, skip_serializing_if = "Option::is_none", with = "as_text::option")]
    pub replaces: Option<SerialNumber>,
}

/// A profile by its name, and by what it said when the officers saw it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ProfileRef {
    /// Its name.
    pub name: String,
    /// Its digest.
    #[serde(with = "as_text")]
    pub digest: Sha256Digest,
}

/// The end of a suspension.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Release {
    /// Which certificate.
    #[serde(with = "as_text")]
    pub serial: SerialNumber,
    /// Salted digests of the evidence.
    #[serde(with = "as_text::list")]
    pub evidence: Vec<Sha256Digest>,
}

/// The end of a certificate.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Revoke {
    /// Which certificate.
    #[serde(with = "as_text")]
    pub serial: SerialNumber,
    /// Why; never certificateHold.
    pub reason: RevocationReason,
    /// From when, where not at once: that date counts as the receipt of the request (REV-6.2.4-05A, C-101).
    #[serde(default, skip_serializing_if = "Option::is_none", with = "as_text::option")]
    pub effective: Option<UtcTime>,
    /// Salted digests of the evidence.
    #[serde(with = "as_text::list")]
    pub evidence: Vec<Sha256Digest>,
}

/// A suspension.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Suspend {
    /// Which certificate.
    #[serde(with = "as_text")]
    pub serial: SerialNumber,
    /// Salted digests of the evidence.
    #[serde(with = "as_text::list")]
    pub evidence: Vec<Sha256Digest>,
}

/// A kind of order. Responders have standing authorisations instead.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum OrderKind {
    /// See [`OrderContent::CertifyUnit`].
    CertifyUnit,
    /// See [`OrderContent::Issue`].
    Issue,
    /// See [`OrderContent::Reissue`].
    Reissue,
    /// See [`OrderContent::Release`].
    Release,
    /// See [`OrderContent::Revoke`].
    Revoke,
    /// See [`OrderContent::Suspend`].
    Suspend,
    /// See [`OrderContent::SuspendByCode`].
    SuspendByCode,
}

impl OrderKind {
    const ALL: [Self; 7] = [
        Self::CertifyUnit,
        Self::Issue,
        Self::Reissue,
        Self::Release,
        Self::Revoke,
        Self::Suspend,
        Self::SuspendByCode,
    ];

    /// The name in documents.
    pub fn name(self) -> &'static str {
        match self {
            Self::CertifyUnit => "certify-unit",
            Self::Issue => "issue",
            Self::Reissue => "reissue",
            Self::Release => "release",
            Self::Revoke => "revoke",
            Self::Suspend => "suspend",
            Self::SuspendByCode => "suspend-by-code",
        }
    }

    /// Who must sign it, in this order.
    pub fn signers(self) -> &'static [SignerRole] {
        match self {
            // Keys are no registration matter: who vets subscribers could otherwise make a unit of a key of their own.
            Self::CertifyUnit => &[SignerRole::SecurityOfficer, SignerRole::SecondSecurityOfficer],
            Self::Issue | Self::Reissue | Self::Release => &[SignerRole::Submitter, SignerRole::Approver],
            Self::Revoke | Self::Suspend => &[SignerRole::RevocationOfficer],
            // Nobody is awake at three in the morning. What two officers can take back, a service may do (ADR 0016).
            Self::SuspendByCode => &[SignerRole::Desk],
        }
    }
}

impl fmt::Display for OrderKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for OrderKind {
    type Err = Malformed;

    fn from_str(text: &str) -> Result<Self, Malformed> {
        Self::ALL.into_iter().find(|kind| kind.name() == text).ok_or(Malformed::UnknownKind)
    }
}

/// The members that every kind has, beside `v` and `kind`.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Head {
    #[serde(with = "as_text")]
    installation: InstallationId,
    #[serde(with = "as_text")]
    order_id: OrderId,
    #[serde(with = "as_text")]
    ca: KeyIdentifier,
    #[serde(with = "as_text")]
    created: UtcTime,
    #[serde(with = "as_text")]
    expires: UtcTime,
}

const HEAD_MEMBERS: [&str; 5] = ["installation", "order_id", "ca", "created", "expires"];

impl Order {
    /// The kind.
    pub fn kind(&self) -> OrderKind {
        match self.content {
            OrderContent::CertifyUnit(_) => OrderKind::CertifyUnit,
            OrderContent::Issue(_) => OrderKind::Issue,
            OrderContent::Reissue(_) => OrderKind::Reissue,
            OrderContent::Release(_) => OrderKind::Release,
            OrderContent::Revoke(_) => OrderKind::Revoke,
            OrderContent::Suspend(_) => OrderKind::Suspend,
            OrderContent::SuspendByCode(_) => OrderKind::SuspendByCode,
        }
    }

    /// The certificate that the order is about, unless it asks for a new one only.
    pub fn serial(&self) -> Option<&SerialNumber> {
        match &self.content {
            OrderContent::CertifyUnit(_) => None,
            OrderContent::Issue(issue) | OrderContent::Reissue(issue) => issue.replaces.as_ref(),
            OrderContent::Release(release) => Some(&release.serial),
            OrderContent::Revoke(revoke) => Some(&revoke.serial),
            OrderContent::Suspend(suspend) | OrderContent::SuspendByCode(suspend) => Some(&suspend.serial),
        }
    }

    /// The salted digests of the evidence behind it.
    pub fn evidence(&self) -> &[Sha256Digest] {
        match &self.content {
            OrderContent::CertifyUnit(_) => &[],
            OrderContent::Issue(issue) | OrderContent::Reissue(issue) => &issue.evidence,
            OrderContent::Release(release) => &release.evidence,
            OrderContent::Revoke(revoke) => &revoke.evidence,
            OrderContent::Suspend(suspend) | OrderContent::SuspendByCode(suspend) => &suspend.evidence,
        }
    }

    /// The date before which the order is not carried out, if it sets one.
    pub fn effective(&self) -> Option<UtcTime> {
        match &self.content {
            OrderContent::Revoke(revoke) => revoke.effective,
            OrderContent::CertifyUnit(_)
            | OrderContent::Issue(_)
            | OrderContent::Reissue(_)
            | OrderContent::Release(_)
            | OrderContent::Suspend(_)
            | OrderContent::SuspendByCode(_) => None,
        }
    }

    /// The canonical bytes: what officers sign. What this gives, [`Self::from_bytes`] takes.
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
        let Self { installation, order_id, ca, created, expires, content } = self;
        let head = Head {
            installation: *installation,
            order_id: *order_id,
            ca: *ca,
            created: *created,
            expires: *expires,
        };
        let content = match content {
            OrderContent::CertifyUnit(unit) => members(unit)?,
            OrderContent::Issue(issue) | OrderContent::Reissue(issue) => members(issue)?,
            OrderContent::Release(release) => members(release)?,
            OrderContent::Revoke(revoke) => members(revoke)?,
            OrderContent::Suspend(suspend) | OrderContent::SuspendByCode(suspend) => members(suspend)?,
        };
        let mut all = members(&head)?;
        all.extend(content);
        document::write(self.kind().name(), &all)
    }

    /// Reads bytes that officers signed or are to sign.
    ///
    /// # Errors
    ///
    /// [`Malformed`] for everything but the canonical bytes of an order that keeps the format's rules.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, Malformed> {
        let (kind, mut rest) = document::open(bytes)?;
        let kind: OrderKind = kind.parse()?;
        let head: Map<String, Value> =
            HEAD_MEMBERS.iter().filter_map(|name| rest.remove_entry(*name)).collect();
        let Head { installation, order_id, ca, created, expires } = document::read(head)?;
        let content = match kind {
            OrderKind::CertifyUnit => OrderContent::CertifyUnit(document::read(rest)?),
            OrderKind::Issue => OrderContent::Issue(document::read(rest)?),
            OrderKind::Reissue => OrderContent::Reissue(document::read(rest)?),
            OrderKind::Release => OrderContent::Release(document::read(rest)?),
            OrderKind::Revoke => OrderContent::Revoke(document::read(rest)?),
            OrderKind::Suspend => OrderContent::Suspend(document::read(rest)?),
            OrderKind::SuspendByCode => OrderContent::SuspendByCode(document::read(rest)?),
        };
        let order = Self { installation, order_id, ca, created, expires, content };
        order.check()?;
        document::require_same(order.encode(), bytes)?;
        Ok(order)
    }

    fn check(&self) -> Result<(), Malformed> {
        let effective = self.effective();
        if effective.is_some_and(|date| date <= self.created) {
            return Err(Malformed::rule("the date of a revocation lies after the order's"));
        }
        let begins = effective.unwrap_or(self.created);
        if self.expires <= begins || self.expires.since(begins) > MAX_LIFE {
            return Err(Malformed::rule("an order lapses after it is made, and within 7 days"));
        }
        let evidence = match &self.content {
            OrderContent::SuspendByCode(_) if self.expires.since(self.created) > MAX_LIFE_BY_CODE => {
                return Err(Malformed::rule("a suspension by code lapses within the hour"));
            }
            OrderContent::CertifyUnit(unit) => {
                check_profile(&unit.profile, unit.days)?;
                return unit.check(self.created);
            }
            OrderContent::Issue(issue) if issue.replaces.is_some() => {
                return Err(Malformed::rule("only a reissue replaces a certificate"));
            }
            OrderContent::Reissue(issue) if issue.replaces.is_none() => {
                return Err(Malformed::rule("a reissue names the certificate that it replaces"));
            }
            OrderContent::Issue(issue) | OrderContent::Reissue(issue) => {
                check_issue(issue)?;
                &issue.evidence
            }
            OrderContent::Revoke(revoke) if revoke.reason == RevocationReason::CertificateHold => {
                return Err(Malformed::rule("certificateHold is a suspension, not a revocation"));
            }
            OrderContent::Release(release) => &release.evidence,
            OrderContent::Revoke(revoke) => &revoke.evidence,
            OrderContent::Suspend(suspend) | OrderContent::SuspendByCode(suspend) => &suspend.evidence,
        };
        if evidence.len() > MAX_EVIDENCE {
            return Err(Malformed::rule("an order names at most 32 pieces of evidence"));
        }
        Ok(())
    }
}

fn check_profile(profile: &ProfileRef, days: u32) -> Result<(), Malformed> {
    if days == 0 || days > MAX_DAYS {
        return Err(Malformed::rule("a certificate is valid for at least a day"));
    }
    if !(1..=64).contains(&profile.name.len()) {
        return Err(Malformed::rule("a profile's name has 1 to 64 octets"));
    }
    Ok(())
}

fn check_issue(issue: &Issue) -> Result<(), Malformed> {
    check_profile(&issue.profile, issue.days)?;
    if issue.device.as_ref().is_some_and(|device| !issue.evidence.contains(&device.evidence)) {
        return Err(Malformed::rule("what shows the device is one of the order's pieces of evidence"));
    }
    match issue.subject {
        Subject::NaturalPerson(_) | Subject::LegalPerson(_) => Ok(()),
        // The provider's own names come from ceremonies only.
        Subject::Authority(_) => Err(Malformed::rule("an order's subject is a natural or a legal person")),
    }
}

fn members<T: Serialize>(value: &T) -> Result<Map<String, Value>, Malformed> {
    match serde_json::to_value(value) {
        Ok(Value::Object(members)) => Ok(members),
        Ok(_) | Err(_) => Err(Malformed::rule("a document is a JSON object")),
    }
}

/// Kind and identifier only: the rest is personal data.
impl fmt::Debug for Order {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Order({} {})", self.kind(), self.order_id)
    }
}

/// The kind only.
impl fmt::Debug for OrderContent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::CertifyUnit(_) => "CertifyUnit(..)",
            Self::Issue(_) => "Issue(..)",
            Self::Reissue(_) => "Reissue(..)",
            Self::Release(_) => "Release(..)",
            Self::Revoke(_) => "Revoke(..)",
            Self::Suspend(_) => "Suspend(..)",
            Self::SuspendByCode(_) => "SuspendByCode(..)",
        })
    }
}

/// Without the subject.
impl fmt::Debug for Issue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Issue")
            .field("profile", &self.profile.name)
            .field("csr", &self.csr)
            .finish_non_exhaustive()
    }
}
