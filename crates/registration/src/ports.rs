//! What registration asks of the database: one trait, [`Registry`], and the records it moves.
//!
//! Every change takes an [`Act`]: the audit events and the idempotency receipt that commit in the same
//! transaction as the change itself (design §11: no log, no act). Implementations hold no rules; who may do
//! what, and when, is decided in [`service`](crate::service) before a record gets here. Records carry personal
//! data: their rows live in tables that the `ca`, `ocsp` and `tsa` database users cannot read, except
//! `orders`, `order_signatures` and `certificates`.

mod copies;
mod desk;
mod enrolment;
mod lists;
mod publication;
mod vault;

use ndoba_audit::Event;
pub use ndoba_order::OrderKind;
use ndoba_types::{CaName, OfficerId, OrderId, SerialNumber, Sha256Digest, Span, UtcTime};

pub use crate::agreement::{AgreementError, AgreementMaker, AgreementOf};
pub use copies::{CopyRecord, CopyRegistry, KeptCopy};
pub use lists::{ApplicationFilter, CertificateFilter, Page, PageRequest};
pub use publication::{PublicationRegistry, ShownCertificate};
pub use vault::{DataKeyRegistry, Sealing, Vault, WrappedDataKey};

use crate::application::{ApplicationContent, ApplicationId, Salt, StoredState};

pub use desk::{
    CodeOwner, DeskKey, DeskRegistry, DeskRequest, RequestFilter, RevocationCodeRecord,
    RevocationRequestRecord,
};
pub use enrolment::{EnrolmentRecord, EnrolmentRegistry, PresentedKey};

/// What commits together with a change.
#[derive(Clone, Copy, Debug)]
pub struct Act<'a> {
    /// Appended to `audit_events`, unsequenced, in this order. Never empty for a change.
    pub events: &'a [Event],
    /// Inserted into `idempotency` under UNIQUE (officer, key); a violation is [`Conflict::Idempotency`] and undoes the change.
    pub receipt: Option<&'a Receipt>,
}

/// One use of an `Idempotency-Key`: which request it was, and which resource that made.
///
/// Keeps no answer and so no personal data: a repeated request is answered with the resource as it is now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Receipt {
    /// Who sent it; two officers' keys never meet.
    pub officer: OfficerId,
    /// The header's text, 1 to 255 octets of printable ASCII.
    pub key: String,
    /// SHA-256 over operation, path and body.
    pub request: Sha256Digest,
    /// The text of the resource's identifier (an application's or an order's).
    pub resource: String,
    /// When.
    pub created: UtcTime,
}

/// A document of the register of officers with its signatures, as stored and exported. `order` judges it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GrantRecord {
    /// Position in the chain, from 1, without gaps; UNIQUE.
    pub seq: u64,
    /// The canonical bytes.
    pub document: Vec<u8>,
    /// Flattened JWS, canonical JSON, in the order in which they were given.
    pub signatures: Vec<String>,
    /// When it entered the register.
    pub appended: UtcTime,
}

/// An application's row. `state` is what registration decided; [`ApplicationState::shown`](crate::ApplicationState::shown)
/// combines it with the order's state, so that the CA never writes to this table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ApplicationRecord {
    /// Random, in paths and audit events.
    pub id: ApplicationId,
    /// Counts changes from 1: compare-and-swap and ETag.
    pub version: u32,
    /// What registration decided last.
    pub state: StoredState,
    /// What the officer entered; stored as its JSON.
    pub content: ApplicationContent,
    /// Salts the commitments and evidence digests of this application; dies with the record (design §11).
    pub salt: Salt,
    /// Who opened it (P-12: identity of who accepted the application).
    pub opened_by: OfficerId,
    /// When.
    pub opened: UtcTime,
    /// Last change.
    pub updated: UtcTime,
    /// The order made of it: the latest one.
    pub order: Option<OrderId>,
    /// Why it was returned or rejected, or how the subscriber accepted the certificate, in the officer's words.
    pub remark: Option<String>,
    /// Why the subscriber was given no revocation code with the certificate, in the officer's words.
    pub without_code: Option<String>,
    /// The certificate that the new one replaces: a renewal, or a new key.
    pub replaces: Option<SerialNumber>,
}

/// An application together with its latest order's state (a join on `orders`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ApplicationWithOrder {
    /// The row.
    pub application: ApplicationRecord,
    /// The state of `application.order`, read in the same transaction.
    pub order_state: Option<OrderState>,
}

/// Where an order stands. `Claimed`, `Done` and `Refused` are written by the `ca` role only.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OrderState {
    /// Waits for signatures.
    Open,
    /// Fully signed; the CA has not taken it.
    Queued,
    /// The CA is at work on it.
    Claimed,
    /// Carried out.
    Done {
        /// The certificate that was made or changed.
        serial: SerialNumber,
    },
    /// The CA refused, for good.
    Refused {
        /// The CA's stable code.
        code: String,
        /// The CA's words for the officer.
        message: String,
    },
    /// Given up by an officer before it was fully signed.
    Withdrawn,
    /// Its `expires` passed before it was fully signed.
    Expired,
}

impl OrderState {
    /// The database's and the API's spelling.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Queued => "queued",
            Self::Claimed => "claimed",
            Self::Done { .. } => "done",
            Self::Refused { .. } => "refused",
            Self::Withdrawn => "withdrawn",
            Self::Expired => "expired",
        }
    }

    /// Whether the state can still change.
    pub fn is_final(&self) -> bool {
        match self {
            Self::Open | Self::Queued | Self::Claimed => false,
            Self::Done { .. } | Self::Refused { .. } | Self::Withdrawn | Self::Expired => true,
        }
    }
}

/// A signature on an order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignatureRecord {
    /// `submitter`, `approver` or `revocation-officer`; UNIQUE (order, role).
    pub role: String,
    /// Whose key it is, by the register at the time.
    pub officer: OfficerId,
    /// Flattened JWS, canonical JSON.
    pub jws: String,
    /// When it was received.
    pub added: UtcTime,
}

/// An order's row with its signatures.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OrderRecord {
    /// As in the content; UNIQUE.
    pub id: OrderId,
    /// As in the content.
    pub kind: OrderKind,
    /// SHA-256 over `content`; UNIQUE.
    pub digest: Sha256Digest,
    /// The canonical bytes: what is signed, and all that the CA believes.
    pub content: Vec<u8>,
    /// The CA it is addressed to; the content names its subject key identifier.
    pub ca: CaName,
    /// DER of the PKCS#10 request of an `issue` order; the content binds its digest.
    pub csr: Option<Vec<u8>>,
    /// The application it was made of.
    pub application: Option<ApplicationId>,
    /// The certificate that `revoke`, `suspend` and `release` are about.
    pub target: Option<SerialNumber>,
    /// Who drafted it.
    pub drafted_by: OfficerId,
    /// As in the content.
    pub created: UtcTime,
    /// As in the content.
    pub expires: UtcTime,
    /// Where it stands.
    pub state: OrderState,
    /// In the order in which they were added.
    pub signatures: Vec<SignatureRecord>,
}

/// One item of evidence behind an order: `digest` is in the order, `content` and salt stay with registration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EvidenceRecord {
    /// SHA-256 over `content`; UNIQUE.
    pub digest: Sha256Digest,
    /// The order that names the digest.
    pub order: OrderId,
    /// What it is: `identity-document`, `identity-proofing`, `authority`, `revocation-request`.
    pub kind: String,
    /// Canonical JSON, the salt within.
    pub content: Vec<u8>,
}

/// How far a certificate's ledger row has come (design §5).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum LedgerState {
    /// The serial is taken.
    Reserved,
    /// The to-be-signed bytes are recorded.
    Prepared,
    /// A signature may exist.
    Signing,
    /// Made, checked, recorded.
    Issued,
    /// A signature may exist and is lost: counts as revoked.
    IssuedLost,
}

/// What a relying party is told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CertificateStatus {
    /// Usable.
    Good,
    /// On hold.
    Suspended {
        /// Since when.
        since: UtcTime,
    },
    /// Over, for good (C-95).
    Revoked {
        /// Since when.
        at: UtcTime,
        /// RFC 5280 name of the reason, such as `keyCompromise`.
        reason: String,
    },
}

/// A certificate as registration may see it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CertificateRecord {
    /// Its serial number.
    pub serial: SerialNumber,
    /// The issuing CA.
    pub ca: CaName,
    /// The profile's name.
    pub profile: String,
    /// SHA-256 over the profile, as the officers' order named it.
    pub profile_digest: Sha256Digest,
    /// How it passed the lint before it was signed, in words.
    pub lint: String,
    /// The order that made it; absent where a ceremony did.
    pub order: Option<OrderId>,
    /// The application behind that order.
    pub application: Option<ApplicationId>,
    /// Who opened that application.
    pub opened_by: Option<OfficerId>,
    /// How far the ledger has come.
    pub ledger: LedgerState,
    /// The certificate; absent until `Issued`.
    pub der: Option<Vec<u8>>,
    /// Start of validity.
    pub not_before: UtcTime,
    /// End of validity.
    pub not_after: UtcTime,
    /// When the `issued` row committed.
    pub issued: Option<UtcTime>,
    /// What relying parties are told.
    pub status: CertificateStatus,
    /// The clocks of every request about it, oldest first.
    pub clocks: Vec<RevocationClock>,
}

/// Every request has a clock (design §6): received, decided, published.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RevocationClock {
    /// The order.
    pub order: OrderId,
    /// What it asked.
    pub kind: OrderKind,
    /// When the request reached the provider.
    pub received: UtcTime,
    /// When its clock starts: `received`, or the date that the request sets.
    pub begins: UtcTime,
    /// When an officer signed.
    pub decided: Option<UtcTime>,
    /// When the CA carried it out: from then OCSP says so.
    pub carried_out: Option<UtcTime>,
    /// The first CRL that shows it, with its publication time.
    pub published: Option<(u64, UtcTime)>,
    /// When nothing was owed any more; a release owes nothing from the start.
    pub settled: Option<UtcTime>,
}

/// How long a request to revoke or suspend may take (requirements §1.9).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RevocationLimits {
    /// The provider's own aim.
    pub aim: Span,
    /// The law's limit (REV-6.2.4-03A).
    pub limit: Span,
}

/// How long a clock may still run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TimeLeft {
    /// Seconds up to the provider's aim; negative when that has passed.
    pub aim: i64,
    /// Seconds up to the law's limit; negative when that has passed.
    pub limit: i64,
}

impl RevocationClock {
    /// What is left of it at `now`; nothing once the change is on a list or nothing is owed.
    pub fn left(&self, limits: RevocationLimits, now: UtcTime) -> Option<TimeLeft> {
        if self.published.is_some() || self.settled.is_some() {
            return None;
        }
        let until = |span| self.begins.plus(span).unix_seconds() - now.unix_seconds();
        Some(TimeLeft { aim: until(limits.aim), limit: until(limits.limit) })
    }
}

/// A `ca` node's sign of life.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CaHeartbeat {
    /// When it was written.
    pub at: UtcTime,
    /// Whether its issuing token answered then.
    pub token_answers: bool,
}

/// The database as registration uses it. Blocking; one method is one transaction, durable when it returns.
pub trait Registry:
    CopyRegistry + DeskRegistry + EnrolmentRegistry + PublicationRegistry + Send + Sync
{
    /// The highest `seq` of the register, 0 while it is empty. Asked on every request; must be cheap.
    ///
    /// # Errors
    ///
    /// [`RegistryError`], as for all methods.
    fn grant_head(&self) -> Result<u64, RegistryError>;

    /// The whole register in order of `seq`.
    ///
    /// # Errors
    ///
    /// [`RegistryError`].
    fn grants(&self) -> Result<Vec<GrantRecord>, RegistryError>;

    /// Appends to the register; [`Conflict::Stale`] when `seq` is not the head plus one.
    ///
    /// # Errors
    ///
    /// [`RegistryError`].
    fn append_grant(&self, grant: &GrantRecord, act: Act<'_>) -> Result<(), RegistryError>;

    /// Looks up a use of an idempotency key.
    ///
    /// # Errors
    ///
    /// [`RegistryError`].
    fn receipt(&self, officer: OfficerId, key: &str) -> Result<Option<Receipt>, RegistryError>;

    /// Inserts a new application (`version` 1, no order).
    ///
    /// # Errors
    ///
    /// [`RegistryError`].
    fn insert_application(&self, application: &ApplicationRecord, act: Act<'_>) -> Result<(), RegistryError>;

    /// Reads an application.
    ///
    /// # Errors
    ///
    /// [`RegistryError`].
    fn application(&self, id: ApplicationId) -> Result<Option<ApplicationWithOrder>, RegistryError>;

    /// Lists applications, newest first.
    ///
    /// # Errors
    ///
    /// [`RegistryError`].
    fn applications(
        &self,
        filter: &ApplicationFilter,
        page: &PageRequest,
    ) -> Result<Page<ApplicationWithOrder>, RegistryError>;

    /// Replaces an application's row where its version is `application.version - 1`, else [`Conflict::Stale`].
    /// An order of it that is still `open` becomes `withdrawn` in the same transaction; one that is `queued`
    /// or `claimed` is [`Conflict::Stale`] too: the CA may be at work.
    ///
    /// # Errors
    ///
    /// [`RegistryError`].
    fn update_application(&self, application: &ApplicationRecord, act: Act<'_>) -> Result<(), RegistryError>;

    /// Replaces the application's row as [`Self::update_application`] does, and inserts order and evidence.
    ///
    /// # Errors
    ///
    /// [`RegistryError`].
    fn freeze_application(
        &self,
        application: &ApplicationRecord,
        order: &OrderRecord,
        evidence: &[EvidenceRecord],
        act: Act<'_>,
    ) -> Result<(), RegistryError>;

    /// Applications whose last change and whose certificates' ends all lie before `before`, at most `limit`.
    ///
    /// # Errors
    ///
    /// [`RegistryError`].
    fn erasable(&self, before: UtcTime, limit: u32) -> Result<Vec<ApplicationId>, RegistryError>;

    /// Deletes an application, its copies and the evidence behind its orders, and behind the requests about its certificates, their
    /// salts with them; [`Conflict::Stale`] where it is not erasable (as above). Orders, signatures and certificates stay.
    ///
    /// # Errors
    ///
    /// [`RegistryError`].
    fn erase_application(
        &self,
        application: ApplicationId,
        before: UtcTime,
        act: Act<'_>,
    ) -> Result<(), RegistryError>;

    /// The orders made of an application and those about its certificates, oldest first.
    ///
    /// # Errors
    ///
    /// [`RegistryError`].
    fn orders_of(&self, application: ApplicationId) -> Result<Vec<OrderRecord>, RegistryError>;

    /// Inserts an order about a certificate, with the request behind it.
    ///
    /// # Errors
    ///
    /// [`RegistryError`].
    fn insert_order(
        &self,
        order: &OrderRecord,
        evidence: &[EvidenceRecord],
        request: &RevocationRequestRecord,
        act: Act<'_>,
    ) -> Result<(), RegistryError>;

    /// Reads an order with its signatures.
    ///
    /// # Errors
    ///
    /// [`RegistryError`].
    fn order(&self, id: OrderId) -> Result<Option<OrderRecord>, RegistryError>;

    /// Reads the evidence behind an order.
    ///
    /// # Errors
    ///
    /// [`RegistryError`].
    fn evidence(&self, order: OrderId) -> Result<Vec<EvidenceRecord>, RegistryError>;

    /// Adds a signature to an order that is `open` and has exactly `already` signatures, else [`Conflict::Stale`];
    /// with `complete` the order becomes `queued`, the CA is notified, and `decided` of a revocation request
    /// becomes `signature.added`.
    ///
    /// # Errors
    ///
    /// [`RegistryError`].
    fn add_signature(
        &self,
        order: OrderId,
        already: usize,
        signature: &SignatureRecord,
        complete: bool,
        act: Act<'_>,
    ) -> Result<(), RegistryError>;

    /// Ends an `open` order: to [`OrderState::Withdrawn`] or [`OrderState::Expired`]; else [`Conflict::Stale`].
    ///
    /// # Errors
    ///
    /// [`RegistryError`].
    fn close_order(&self, order: OrderId, to: &OrderState, act: Act<'_>) -> Result<(), RegistryError>;

    /// Turns a request about a certificate down: its order, where it is `open` or `queued`, becomes `withdrawn`, its
    /// clock stops at `at`, and the reason is kept; [`Conflict::Stale`] where the CA was first.
    ///
    /// # Errors
    ///
    /// [`RegistryError`].
    fn decline_request(
        &self,
        order: OrderId,
        reason: &EvidenceRecord,
        at: UtcTime,
        act: Act<'_>,
    ) -> Result<(), RegistryError>;

    /// `open` orders whose `expires` is not after `now`, at most `limit`.
    ///
    /// # Errors
    ///
    /// [`RegistryError`].
    fn orders_due(&self, now: UtcTime, limit: u32) -> Result<Vec<OrderId>, RegistryError>;

    /// Reads a certificate.
    ///
    /// # Errors
    ///
    /// [`RegistryError`].
    fn certificate(&self, serial: &SerialNumber) -> Result<Option<CertificateRecord>, RegistryError>;

    /// Lists certificates (`Issued` and `IssuedLost`), newest first.
    ///
    /// # Errors
    ///
    /// [`RegistryError`].
    fn certificates(
        &self,
        filter: &CertificateFilter,
        page: &PageRequest,
    ) -> Result<Page<CertificateRecord>, RegistryError>;

    /// The newest sign of life of a `ca` node, from `heartbeat`; `None` before the first.
    ///
    /// # Errors
    ///
    /// [`RegistryError`].
    fn ca_heartbeat(&self) -> Result<Option<CaHeartbeat>, RegistryError>;

    /// Commits events without a change: reads of personal data, refused attempts (P-20).
    ///
    /// # Errors
    ///
    /// [`RegistryError`].
    fn record(&self, events: &[Event]) -> Result<(), RegistryError>;

    /// Writes the sealed part of the audit log in `audit`'s export format, in bounded memory.
    ///
    /// # Errors
    ///
    /// [`RegistryError`]; what was written before is then incomplete and the reader's connection is cut.
    fn export_audit(&self, out: &mut dyn std::io::Write) -> Result<(), RegistryError>;

    /// Writes `header` and behind it what the log's records name of what officers signed, a line each, in the format of
    /// [`SignedLine`](ndoba_order::SignedLine), in bounded memory.
    ///
    /// # Errors
    ///
    /// [`RegistryError`]; what was written before is then incomplete and the reader's connection is cut.
    fn export_signed(&self, header: &[u8], out: &mut dyn std::io::Write) -> Result<(), RegistryError>;
}

/// What another transaction or an earlier act took first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Conflict {
    /// The idempotency key is used: read the receipt and compare.
    Idempotency,
    /// The row is not as the caller last saw it: read again and decide again.
    Stale,
}

/// Why the database did not do it, by what the caller must do.
#[derive(Debug, thiserror::Error)]
pub enum RegistryError {
    /// Lost to another act: see [`Conflict`].
    #[error("the change conflicts with another")]
    Conflict(Conflict),
    /// Personal data cannot be read or written: the token of the data key is away. Nothing was changed.
    #[error("the records are locked: the token of the data key is away")]
    Locked,
    /// Nothing was changed; ask again later.
    #[error("the database cannot be reached or is busy")]
    Unavailable(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// A stored row does not read: page someone.
    #[error("a stored record is damaged: {what}")]
    Damaged {
        /// Which table and key; no personal data.
        what: String,
    },
}
