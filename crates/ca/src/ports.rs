//! What the CA asks of its database: the issuance ledger, the status of certificates, CRLs and the register.
//!
//! Every method is one durable transaction, and the audit events it takes commit with it: no log, no act.
//! Values here are the domain's; how rows look is the store's business.

mod crls;

use ndoba_audit::Event;
use ndoba_types::{CaName, CrlName, CrlShard, KeyLabel, OrderId, SerialNumber, Sha256Digest, UtcTime};
use ndoba_x509::{RevocationReason, RevokedEntry};

use crate::accounting::{AttemptKey, AttemptRow, Extent, KeyUse, TokenCount, Violation};
use crate::clocks::{ClockChange, OpenRequest};
use crate::ending::{AuthorityEnd, LastCrlIntent};
use crate::world::Octets;

pub use crls::{CrlFailure, CrlInDoubt, CrlIntent, CrlIssued, CrlState, CrlSummary, NewShard, OwedCrl};

/// A certificate by its issuer and serial number.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct CertificateId {
    /// The issuing CA.
    pub ca: CaName,
    /// Unique under that CA.
    pub serial: SerialNumber,
}

/// An order as it lies in the database: bytes to be verified, nothing believed.
#[derive(Clone, Debug)]
pub struct QueuedOrder {
    /// Whether the ledger shows what it made or changed already: it waits again by nobody's right.
    pub carried_out: bool,
    /// The row's key; the bytes must name the same.
    pub order_id: OrderId,
    /// The canonical bytes that officers signed.
    pub bytes: Vec<u8>,
    /// Flattened JWS objects, in the order in which they were made.
    pub signatures: Vec<Vec<u8>>,
    /// The PKCS#10 request of an issuing order, DER.
    pub csr: Option<Vec<u8>>,
    /// When registration queued it: the start of the 24 h clock of a revocation (REV-6.2.4-03A).
    pub received: UtcTime,
    /// How many certificates the token lost under this order: it did not say whether it signed. Crashes do not count.
    pub lost_before: u32,
    /// When the CA first began to carry it out, where a certificate was lost under it (`issued_lost`): what was begun
    /// in time may be ended after the order's expiry.
    pub begun: Option<UtcTime>,
}

/// Which orders are asked for. Those that need no token never wait behind those that do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Queue {
    /// Orders for certificates.
    Certificates,
    /// Orders that change a status.
    Statuses,
}

/// What entitles the CA to issue: an order, or a step of a key ceremony.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Warrant {
    /// The digest of the ceremony's plan, witnessed in its report.
    Ceremony(Sha256Digest),
    /// A verified order.
    Order(OrderId),
    /// A responder's request under a standing authorisation of two security officers.
    Standing(StandingWarrant),
}

/// One certificate of a standing authorisation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StandingWarrant {
    /// Which authorisation.
    pub authorisation: OrderId,
    /// SHA-256 over the responder's request; answered once.
    pub request: Sha256Digest,
    /// The certificate's number under the authorisation, from 1; taken once.
    pub number: u32,
}

/// A responder's request as it lies in the database: bytes to be verified, nothing believed.
#[derive(Clone, Debug)]
pub struct StoredResponderRequest {
    /// The row's key; must be the digest of the bytes.
    pub id: Sha256Digest,
    /// The canonical bytes that the enrolment key signed.
    pub bytes: Vec<u8>,
    /// Its signature, as in a signatureValue.
    pub signature: Vec<u8>,
    /// The PKCS#10 request of the new key, DER.
    pub csr: Vec<u8>,
    /// How many certificates were lost in doubt under this request before.
    pub lost_before: u32,
}

/// What a certificate is for; stored beside it for accounting and search.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CertificateKind {
    /// Of a certification authority.
    Authority,
    /// Of a delegated OCSP responder.
    Responder,
    /// Of a legal person, for seals.
    Seal,
    /// Of a natural person, for signatures.
    Signature,
    /// Of a time-stamping unit.
    TimeStamping,
}

/// One try at a signature: which process, and which try of it. States change by comparing with this.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attempt {
    /// The key asked to sign.
    pub key: KeyLabel,
    /// The node's configured name.
    pub node: String,
    /// Drawn once per process start, 32 hexadecimal digits: the accounting period.
    pub epoch: String,
    /// Counts the tries of this epoch.
    pub number: u64,
    /// When the intent was recorded.
    pub at: UtcTime,
    /// The hash that the token is asked to sign ([`SignatureAlgorithm::digest`](ndoba_types::SignatureAlgorithm::digest)
    /// over the TBS): by it a signature finds its row.
    pub digest: Vec<u8>,
    /// How many signatures the token had made with the key in this epoch before this try, as the process counts.
    pub signatures: u64,
}

/// Everything that is known before the token is asked; recorded whole, with the order claimed, in one transaction.
#[derive(Clone, Debug)]
pub struct Intent {
    /// The certificate to be.
    pub certificate: CertificateId,
    /// Why it may be.
    pub warrant: Warrant,
    /// What it is for.
    pub kind: CertificateKind,
    /// The whole TBSCertificate, DER.
    pub tbs: Vec<u8>,
    /// The profile's name and digest.
    pub profile: (String, Sha256Digest),
    /// The lint's verdict in one line, with its rule set's version.
    pub lint: String,
    /// The subject name, DER.
    pub subject_name: Vec<u8>,
    /// Whose name that is: no other subject ever gets it (EN 319 411-1 GEN-6.3.3-10, C-29). Not personal data:
    /// a digest over the subject's identifier.
    pub name_owner: Sha256Digest,
    /// SHA-256 over the subject's SubjectPublicKeyInfo.
    pub spki: Sha256Digest,
    /// Start of validity.
    pub not_before: UtcTime,
    /// End of validity, inclusive.
    pub not_after: UtcTime,
    /// The shard of the CA's list that it names; none: the whole list.
    pub shard: Option<CrlShard>,
    /// The try at the signature.
    pub attempt: Attempt,
    /// Committed with it.
    pub event: Event,
}

/// What became of one intent of a batch. One refusal does not touch the others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IntentOutcome {
    /// The CA has ended: its last CRL is intended or out.
    CaEnded,
    /// A certificate with this public key was revoked because the private key is compromised.
    KeyCompromised,
    /// The public key is certified for another subject; one whose signature may be lost counts too.
    KeyTaken,
    /// The subject name belongs to another subject.
    NameTaken,
    /// The order or request is not (or no longer) waiting: another node took it, or it was withdrawn.
    OrderTaken,
    /// Durable. The token may be asked.
    Recorded,
    /// The serial number exists; draw another.
    SerialTaken,
}

/// A finished certificate: signature verified, TBS compared with what was recorded.
#[derive(Clone, Debug)]
pub struct Issued {
    /// Which.
    pub certificate: CertificateId,
    /// Must equal the recorded attempt.
    pub attempt: Attempt,
    /// How many signatures the token has made with the key in this epoch, this one included.
    pub signatures: u64,
    /// The certificate, DER. The recorded TBS may be dropped with this commit.
    pub der: Vec<u8>,
    /// When it was recorded.
    pub at: UtcTime,
    /// Committed with it.
    pub event: Event,
}

/// A certificate whose signature may exist but is not known.
#[derive(Clone, Debug)]
pub struct InDoubt {
    /// Which.
    pub certificate: CertificateId,
    /// Why it was to be.
    pub warrant: Warrant,
    /// The recorded TBSCertificate, DER.
    pub tbs: Vec<u8>,
    /// The try that did not end.
    pub attempt: Attempt,
}

/// Why a certificate was given up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LossCause {
    /// The process or its database went away before the outcome was recorded: the order is not to blame.
    Interrupted,
    /// The token did not say whether it signed; counted, so that an order that makes it fail is not tried for ever.
    Token,
}

/// A change of status asked by a verified order.
#[derive(Clone, Debug)]
pub struct StatusChange {
    /// Which certificate.
    pub certificate: CertificateId,
    /// By which order; it is finished in the same transaction.
    pub order_id: OrderId,
    /// What to do.
    pub action: StatusAction,
    /// When registration received the request.
    pub received: UtcTime,
    /// When it takes effect: now.
    pub at: UtcTime,
    /// Committed with it.
    pub event: Event,
}

/// What an order does to a certificate's status.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StatusAction {
    /// Ends a suspension.
    Release,
    /// For ever.
    Revoke(RevocationReason),
    /// Until released or revoked (certificateHold).
    Suspend,
}

/// What became of a status change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StatusOutcome {
    /// Done; the CA's status version after it.
    Applied {
        /// Counts the changes of this CA's statuses; commit order is version order.
        version: u64,
    },
    /// The certificate's state does not allow it; the order was finished as refused.
    Refused(StatusRefusal),
}

/// Why a certificate's status cannot change so.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StatusRefusal {
    /// Revocation is for ever (REV-6.3.9-04).
    #[error("the certificate is revoked, and a revoked certificate never becomes valid again")]
    AlreadyRevoked,
    /// Suspending twice says nothing new.
    #[error("the certificate is suspended already")]
    AlreadySuspended,
    /// No such certificate under this CA.
    #[error("this CA issued no certificate with that serial number")]
    NotIssued,
    /// Nothing to release.
    #[error("the certificate is not suspended")]
    NotSuspended,
}

/// A suspension that has lasted longer than it may.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OverdueSuspension {
    /// Of which certificate.
    pub certificate: CertificateId,
    /// Since when.
    pub since: UtcTime,
}

/// The end of an overdue suspension: a revocation that no order asked for.
#[derive(Clone, Debug)]
pub struct SuspensionEnd {
    /// Must still be as it was found.
    pub suspension: OverdueSuspension,
    /// Why it is revoked.
    pub reason: RevocationReason,
    /// When it takes effect: now.
    pub at: UtcTime,
    /// Committed with it.
    pub event: Event,
}

/// The revocation of a CA's certificate.
#[derive(Clone, Debug)]
pub struct AuthorityRevocation {
    /// The CA.
    pub ca: CaName,
    /// Its certificate, under its issuer.
    pub certificate: CertificateId,
    /// Why.
    pub reason: RevocationReason,
    /// When it takes effect: now.
    pub at: UtcTime,
    /// Committed with it.
    pub event: Event,
}

/// A CA as the ceremony made it.
#[derive(Clone, Debug)]
pub struct Authority {
    /// Its name.
    pub name: CaName,
    /// Its certificate, DER.
    pub certificate: Vec<u8>,
    /// Its subject key identifier, as orders name it.
    pub ski: Vec<u8>,
    /// The start of its validity: archiveCutoff and expiredCertsOnCRL.
    pub not_before: UtcTime,
}

/// A grant as it lies in the database.
#[derive(Clone, Debug)]
pub struct StoredGrant {
    /// Position in the chain, from 1.
    pub seq: u64,
    /// Canonical bytes.
    pub bytes: Vec<u8>,
    /// Flattened JWS objects.
    pub signatures: Vec<Vec<u8>>,
}

/// What the witness file keeps about a CA, as the database has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuthorityMark {
    /// Which.
    pub ca: CaName,
    /// Its status version.
    pub version: u64,
    /// The highest CRL number reserved.
    pub crl_number: u64,
}

/// A restored database as two security officers accepted it.
#[derive(Clone, Debug)]
pub struct AcceptedState {
    /// How far it had come when they looked; anything else refuses.
    pub expected: Vec<AuthorityMark>,
    /// What each CA's counters rise to. None falls.
    pub resume: Vec<AuthorityMark>,
    /// Revocations to be taken back up, each with the list that proves it: its shard, where it is on one. A certificate
    /// that the database does not know is recorded as lost (`issued_lost`), for good: a signature exists that we do not
    /// have.
    pub revoked: Vec<(CrlName, RevokedEntry)>,
    /// The shards that are online, with their addresses: certificates name them, whether the database knows or not.
    pub shards: Vec<OwedCrl>,
    /// SHA-256 over what the officers signed: the warrant of what is recorded here.
    pub statement: Sha256Digest,
    /// When.
    pub at: UtcTime,
    /// Committed with it.
    pub events: Vec<Event>,
}

/// The CA's database. Implementations commit durably before they return.
#[expect(
    clippy::missing_errors_doc,
    reason = "every method fails with `LedgerError` only, whose variants say all"
)]
pub trait Ledger: Send + Sync {
    /// Orders that wait, oldest first, at most `limit`. Reads only; claiming happens with the intent. In which queue an
    /// order waits is the database's word: it decides when the order is looked at, never what it does. What is to be
    /// done at a date after `until` only is left out.
    fn queued_orders(
        &self,
        queue: Queue,
        until: UtcTime,
        limit: usize,
    ) -> Result<Vec<QueuedOrder>, LedgerError>;

    /// Ends a waiting order as refused. `code` is stable, `message` is for the officer.
    /// Returns whether the order was still waiting.
    fn refuse_order(&self, id: OrderId, code: &str, message: &str, event: Event)
    -> Result<bool, LedgerError>;

    /// Requests of responders that wait, oldest first, at most `limit`.
    fn responder_requests(&self, limit: usize) -> Result<Vec<StoredResponderRequest>, LedgerError>;

    /// Ends a responder's request as refused. Returns whether it was still waiting.
    fn refuse_responder(
        &self,
        id: Sha256Digest,
        code: &str,
        message: &str,
        event: Event,
    ) -> Result<bool, LedgerError>;

    /// The highest number of a certificate under a standing authorisation; 0 before the first.
    fn responders_under(&self, authorisation: OrderId) -> Result<u32, LedgerError>;

    /// Whether an order waits that is to be done by `until`: the cheap question, asked often.
    fn is_order_queued(&self, until: UtcTime) -> Result<bool, LedgerError>;

    /// Records the intents in one commit and claims their orders. One outcome per intent, in order. Whose name and key
    /// it is, is decided here: of two that are recorded at once, one comes second.
    fn record_intents(&self, intents: Vec<Intent>) -> Result<Vec<IntentOutcome>, LedgerError>;

    /// Records finished certificates in one commit, finishing their orders with an outbox entry each.
    /// `false` where the row was not in `signing` with that attempt: then the caller must not hand it out.
    fn record_issued(&self, issued: Vec<Issued>) -> Result<Vec<bool>, LedgerError>;

    /// Rows in `signing`: those of other epochs of `node`, and any whose attempt is older than `before`.
    fn in_doubt(&self, node: &str, epoch: &str, before: UtcTime) -> Result<Vec<InDoubt>, LedgerError>;

    /// Turns a row in `signing` with that attempt into `issued_lost` (answered revoked from then on), puts its
    /// order back in the queue, increments the CA's status version. `false` where the state was another.
    fn record_lost(
        &self,
        lost: &InDoubt,
        cause: LossCause,
        at: UtcTime,
        event: Event,
    ) -> Result<bool, LedgerError>;

    /// Before a deterministic signature is made again: ends the attempt in doubt as repeated and opens `attempt` for
    /// the same certificate, so that the signature is accounted for in the epoch that makes it. `false` where the
    /// state was another.
    fn record_again(&self, doubt: &InDoubt, attempt: Attempt, event: Event) -> Result<bool, LedgerError>;

    /// A finished certificate, DER; `None` when never issued.
    fn certificate(&self, id: &CertificateId) -> Result<Option<Vec<u8>>, LedgerError>;

    /// Applies changes of one CA's statuses, in their order: each increments the status version and finishes its order; one
    /// transaction for all. One outcome for each; one that is refused holds up none of the others.
    fn change_statuses(&self, changes: Vec<StatusChange>) -> Result<Vec<StatusOutcome>, LedgerError>;

    /// Suspensions that began before `before`, oldest first, at most `limit`.
    fn overdue_suspensions(
        &self,
        before: UtcTime,
        limit: usize,
    ) -> Result<Vec<OverdueSuspension>, LedgerError>;

    /// Revokes a certificate whose suspension is overdue. `false` where an officer decided meanwhile.
    fn end_suspension(&self, end: SuspensionEnd) -> Result<bool, LedgerError>;

    /// Requests to revoke or suspend whose clocks had begun by `now` and run still, after `after`, by their beginning,
    /// at most `limit`.
    fn open_requests(
        &self,
        now: UtcTime,
        after: Option<(UtcTime, OrderId)>,
        limit: usize,
    ) -> Result<Vec<OpenRequest>, LedgerError>;

    /// How many there are of them.
    fn open_request_count(&self, now: UtcTime) -> Result<u64, LedgerError>;

    /// Records what became of clocks, in one commit; whether each was recorded, or had been before.
    fn record_clocks(&self, changes: Vec<ClockChange>) -> Result<Vec<bool>, LedgerError>;

    /// The lists that the CA owes: every shard that was ever opened, in order, and the whole list at the end.
    fn owed_crls(&self, ca: &CaName) -> Result<Vec<OwedCrl>, LedgerError>;

    /// Opens shards of the CA's list, for ever; one that has that address already stays as it is, and under a CA that has
    /// ended nothing is opened. What is new is a change that the CA's next lists show.
    fn open_shards(&self, ca: &CaName, shards: Vec<NewShard>) -> Result<(), LedgerError>;

    /// Where a list stands.
    fn crl_state(&self, list: &CrlName) -> Result<CrlState, LedgerError>;

    /// Calls `each` for every revoked, suspended or lost certificate that the list shows, by serial number, in one
    /// snapshot; returns the CA's status version that the snapshot shows.
    fn for_each_revoked(
        &self,
        list: &CrlName,
        each: &mut dyn FnMut(RevokedEntry),
    ) -> Result<u64, LedgerError>;

    /// Takes a CRL number. `false` when another took it first, or the last issue of that list is out.
    fn record_crl_intent(&self, intent: CrlIntent) -> Result<bool, LedgerError>;

    /// Takes the number of a list's last issue where none of the CA's certificates lives, the CA's own apart; ends the CA.
    fn record_last_crl_intent(
        &self,
        intent: CrlIntent,
        end: AuthorityEnd,
    ) -> Result<LastCrlIntent, LedgerError>;

    /// Records a signed CRL, `der`, part by part. `false` when a higher number of the same list is recorded already.
    fn record_crl(&self, crl: CrlIssued, der: &dyn Octets) -> Result<bool, LedgerError>;

    /// Records that a CRL went online, once: `false` when that was recorded before.
    fn record_crl_published(&self, ca: &CaName, number: u64, event: Event) -> Result<bool, LedgerError>;

    /// Revokes a CA's certificate under its issuer, and ends the CA. `false`, and nothing changed, where it was revoked.
    fn revoke_authority(&self, revocation: AuthorityRevocation) -> Result<bool, LedgerError>;

    /// Certificates of a CA that are not revoked for ever, by serial number; its responders' apart, whose answers tell of
    /// the revocation.
    fn unrevoked(&self, ca: &CaName, limit: usize) -> Result<Vec<CertificateId>, LedgerError>;

    /// Revokes each with its event; who was revoked meanwhile stays as it is. How many were.
    fn revoke_with_ca(
        &self,
        certificates: Vec<(CertificateId, Event)>,
        reason: RevocationReason,
        at: UtcTime,
    ) -> Result<usize, LedgerError>;

    /// CRL numbers without a CRL whose attempt has not ended; which, as for [`Self::in_doubt`].
    fn crls_in_doubt(&self, node: &str, epoch: &str, before: UtcTime)
    -> Result<Vec<CrlInDoubt>, LedgerError>;

    /// Ends a CRL's attempt without a CRL. `false` where it had ended.
    fn record_crl_failure(
        &self,
        crl: &CrlInDoubt,
        failure: CrlFailure,
        event: Event,
    ) -> Result<bool, LedgerError>;

    /// A part, counted from 0, of the CRL that was recorded as signed with that number; none behind the last.
    fn crl_part(&self, ca: &CaName, number: u64, part: u32) -> Result<Option<Vec<u8>>, LedgerError>;

    /// Makes a CA known. Doing it again with the same certificate changes nothing.
    fn register_authority(&self, authority: Authority, event: Event) -> Result<(), LedgerError>;

    /// All CAs.
    fn authorities(&self) -> Result<Vec<Authority>, LedgerError>;

    /// The register's grants after `seq`, in order.
    fn grants_after(&self, seq: u64) -> Result<Vec<StoredGrant>, LedgerError>;

    /// How many certificates were suspended by code since `since`.
    fn suspensions_by_code(&self, since: UtcTime) -> Result<u32, LedgerError>;

    /// Key uses, by key and epoch.
    fn key_uses(&self) -> Result<Vec<KeyUse>, LedgerError>;

    /// Rows that do not agree with each other, at most a hundred for each rule.
    fn violations(&self, extent: Extent) -> Result<Vec<Violation>, LedgerError>;

    /// Every attempt at a signature after `after`, by key, epoch and number, at most `limit`; with what it made.
    fn attempts_after(
        &self,
        after: Option<&AttemptKey>,
        limit: usize,
    ) -> Result<Vec<AttemptRow>, LedgerError>;

    /// Records what the token counted with a key, and the alarm about it.
    fn record_alarm(&self, count: Option<TokenCount>, events: Vec<Event>) -> Result<(), LedgerError>;

    /// Makes a restored database fit to go on from. `false`, and nothing changed, where it is not as expected.
    fn accept_state(&self, accepted: AcceptedState) -> Result<bool, LedgerError>;

    /// What the witness must not be ahead of.
    fn marks(&self) -> Result<Vec<AuthorityMark>, LedgerError>;
}

/// Why the database did not do it, by what the caller must do.
#[derive(Debug, thiserror::Error)]
pub enum LedgerError {
    /// What is stored contradicts itself: stop and call an operator.
    #[error("the database holds something impossible: {what}")]
    Corrupt {
        /// Which row or value.
        what: String,
    },
    /// Nothing was changed; try again later.
    #[error("the database is unavailable")]
    Unavailable(#[source] Box<dyn std::error::Error + Send + Sync>),
}
