//! The kinds of event.
//!
//! A kind's name and the names of its fields are part of logs that are kept for decades: kinds are added, never
//! renamed or reused. What must be logged is in EN 319 401 §7.10 and EN 319 411-1 §6.4.5 (requirements P-20, P-21).

use ndoba_types::{
    CaName, KeyLabel, OfficerId, OrderId, RecordId, SerialNumber, Sha256Digest, Span, UtcTime,
};
use serde_json::{Map, Value};

use crate::field::Field;
use crate::{Cause, Word};

mod define;
mod register;

use define::kinds;
use register::with_the_register;

with_the_register! {
    // The system: OVR-6.4.5-02.

    /// A process began to serve in a role.
    ServiceStarted = "service-started" {
        /// Its role.
        role: Word,
        /// Its version.
        version: Word,
        /// Its node's configured name.
        node: Word,
        /// Drawn once per process start.
        epoch: Word,
    }
    /// A process ended in order. A crash shows as a start without one.
    ServiceStopped = "service-stopped" {
        /** Its role. */ role: Word,
        /** Its node's configured name. */ node: Word,
        /** The epoch that ends. */ epoch: Word,
    }
    /// A configuration took effect.
    ConfigurationLoaded = "configuration-loaded" {
        /// Whose.
        role: Word,
        /// SHA-256 over its file: secrets are in files of their own.
        digest: Sha256Digest,
    }
    /// The database's schema changed.
    SchemaMigrated = "schema-migrated" {
        /** The version after it. */ version: Word,
    }
    /// Two security officers accepted a database that is behind its witness.
    RestoreAccepted = "restore-accepted" {
        /** Whose witness: a role, or a CA. */ witness: Word,
        /** What the witness said, as a digest over its file. */ was: Sha256Digest,
        /** Who accepted it. */ officers: Vec<OfficerId>,
        /** SHA-256 over the statement that they signed. */ statement: Sha256Digest,
    }
    /// A revocation that a restored database lacked was taken from a published CRL.
    RevocationRecovered = "revocation-recovered" {
        /// Under which CA.
        ca: CaName,
        /// Which certificate.
        serial: SerialNumber,
        /// The CRLReason's name, as the list has it.
        reason: Word,
        /// SHA-256 over the statement that accepted the restore.
        statement: Sha256Digest,
    }
    /// Something a person must look at.
    AlarmRaised = "alarm-raised" {
        /** Its stable code. */ code: Word,
        /** Which part: a role, a CA, a TSU, a key. */ part: Word,
    }
    /// The cause of an alarm went away.
    AlarmCleared = "alarm-cleared" {
        /** Its stable code. */ code: Word,
        /** Which part. */ part: Word,
    }

    // Access: OVR-6.4.5-02.

    /// Someone was not let in.
    LoginRefused = "login-refused" {
        /// Where: `officers`, `enrolment`, `revocation`.
        door: Word,
        /// Why.
        code: Word,
        /// SHA-256 over the key presented, where there was one.
        spki: Option<Sha256Digest>,
    }
    /// Something was refused to an officer, and nothing was done.
    ActionRefused = "action-refused" { /** What was asked: an operation's stable name. */ operation: Word, /** Why. */ code: Word, }
    /// More refusals of one party within a minute than are written singly.
    RefusalsCounted = "refusals-counted" {
        /** What was asked. */ operation: Word, /** Why it was refused. */ code: Word,
        /** SHA-256 over the key presented, where it is no officer's. */ spki: Option<Sha256Digest>,
        /** How many. */ count: u64, /** When the minute began. */ since: UtcTime,
    }
    /// An officer took the log out, for somebody to verify it.
    AuditExported = "audit-exported" {}
    /// An officer read personal data.
    PersonalDataRead = "personal-data-read" {
        /// Of which record.
        record: RecordId,
        /// Through which operation.
        operation: Word,
    }
    /// An officer took out all that officers signed, for the log to be verified by it: orders are personal data.
    SignedDocumentsExported = "signed-documents-exported" { /** SHA-256 over the pin that they lead back to. */ pin: Sha256Digest, }
    /// Personal data reached the end of its retention and was erased, its salt with it.
    PersonalDataErased = "personal-data-erased" {
        /// Of which record.
        record: RecordId,
    }

    // Keys and ceremonies: GEN-6.4.5-06, REQ-7.10-05.

    /// A key ceremony began.
    CeremonyStarted = "ceremony-started" {
        /** SHA-256 over its plan. */ plan: Sha256Digest,
    }
    /// Two security officers signed that they are there, before a command opened a CA's key (GEN-6.4.3-02, GEN-6.5.4-01).
    PresenceProved = "presence-proved" {
        /** For what: `accept-key`, `ceremony`, `next-ca`, `revoke-ca`, `sign-draft`. */ act: Word, /** SHA-256 over what is decided. */ decided: Sha256Digest,
        /** SHA-256 over the statement that they signed. */ session: Sha256Digest, /** Who. */ officers: Vec<OfficerId>,
    }
    /// What an offline CA is to sign was recorded, to be taken to a ceremony: its certificates need a session of this log.
    DraftWritten = "draft-written" {
        /** Which CA. */ ca: CaName, /** SHA-256 over the plan, which its certificates have as their cause. */ plan: Sha256Digest,
    }
    /// What an offline CA signed came back, and was signed in this session.
    DraftSigned = "draft-signed" {
        /** Which CA. */ ca: CaName, /** SHA-256 over the plan. */ plan: Sha256Digest,
        /** SHA-256 over the session's statement. */ session: Sha256Digest,
    }
    /// A step of a ceremony ended.
    CeremonyStepDone = "ceremony-step-done" {
        /** SHA-256 over the plan. */ plan: Sha256Digest,
        /** The step's name. */ step: Word,
        /** SHA-256 over what it produced. */ result: Option<Sha256Digest>,
    }
    /// A key ceremony ended with a report.
    CeremonyFinished = "ceremony-finished" {
        /** SHA-256 over its plan. */ plan: Sha256Digest,
        /** SHA-256 over its report. */ report: Sha256Digest,
    }
    /// A key pair was generated in a token.
    KeyGenerated = "key-generated" {
        /** Its label. */ key: KeyLabel,
        /** SHA-256 over its SubjectPublicKeyInfo. */ spki: Sha256Digest,
        /** Algorithm and size: `ec-p256`, `rsa-3072`. */ algorithm: Word,
        /** The token's serial number. */ token: Word,
    }
    /// A CA's key is in a token where it may be used from now on: made there, found at the first start, or accepted by two.
    KeyPlaced = "key-placed" {
        /** Its label. */ key: KeyLabel, /** SHA-256 over its SubjectPublicKeyInfo. */ spki: Sha256Digest,
        /** The token's serial number. */ token: Word, /** SHA-256 over the session of those who accepted it. */ session: Option<Sha256Digest>,
    }
    /// A data key was made: what personal data is sealed under at rest, wrapped by a key in a token.
    DataKeyMade = "data-key-made" {
        /** Its number. */ number: u64,
        /** The key that wrapped it. */ wrapped_by: KeyLabel,
        /** The token's serial number. */ token: Word,
    }
    /// Data keys that no record needs any more were destroyed.
    DataKeysDestroyed = "data-keys-destroyed" {
        /** Those with lower numbers. */ before: u64,
    }
    /// Records of persons that were in clear, or under an older data key, were sealed anew.
    RecordsSealed = "records-sealed" {
        /** The data key's number. */ number: u64,
        /** How many rows. */ rows: u64,
    }
    /// A key was found in its token with the attributes it must have, and opened for use.
    KeyOpened = "key-opened" {
        /** Its label. */ key: KeyLabel,
        /** SHA-256 over its SubjectPublicKeyInfo. */ spki: Sha256Digest,
        /** By which role. */ role: Word,
    }
    /// A key was refused for use.
    KeyRefused = "key-refused" {
        /** Its label. */ key: KeyLabel,
        /** Why. */ code: Word,
    }
    /// A key was destroyed.
    KeyDestroyed = "key-destroyed" {
        /** Its label. */ key: KeyLabel,
        /** SHA-256 over its SubjectPublicKeyInfo. */ spki: Sha256Digest,
    }
    /// The use of a key in one process epoch was accounted for.
    KeyEpochClosed = "key-epoch-closed" {
        /** Its label. */ key: KeyLabel,
        /** The epoch. */ epoch: Word,
        /** Signatures that were intended. */ intents: u64,
        /** Of these, recorded as made. */ signed: u64,
        /** Of these, given up as lost. */ lost: u64,
    }

    // Registration: REG-6.4.5-03.

    /// An application changed its state.
    ApplicationChanged = "application-changed" {
        /// Which.
        application: RecordId,
        /// The state before; none for a new one.
        from: Option<Word>,
        /// The state after.
        to: Word,
        /// Salted commitment to its content.
        content: Option<Sha256Digest>,
    }
    /// Evidence was attached to an application.
    EvidenceAdded = "evidence-added" {
        /// To which.
        application: RecordId,
        /// What kind of evidence.
        kind: Word,
        /// Salted commitment to it.
        evidence: Sha256Digest,
    }
    /// The subscriber accepted the agreement.
    AgreementAccepted = "agreement-accepted" {
        /// For which application.
        application: RecordId,
        /// SHA-256 over the agreement.
        agreement: Sha256Digest,
    }
    /// Someone asked for a revocation, suspension or release (REV-6.4.5-09: all requests and what came of them).
    StatusRequested = "status-requested" {
        /// Which request.
        request: RecordId,
        /// Under which CA.
        ca: CaName,
        /// Which certificate.
        serial: SerialNumber,
        /// `revoke`, `suspend`, `release`.
        action: Word,
        /// Through which channel it came.
        channel: Word,
        /// When it was received: the start of the 24 hours (REV-6.2.4-03A).
        received: UtcTime,
    }
    /// A certificate's subscriber was given a revocation code; one before it is void.
    RevocationCodeGiven = "revocation-code-given" {
        /** Under which CA. */ ca: CaName,
        /** Which certificate. */ serial: SerialNumber,
    }
    /// A subscriber lets third parties see a certificate, or no longer (P-14).
    PublicationConsentChanged = "publication-consent-changed" {
        /** Under which CA. */ ca: CaName, /** Which certificate. */ serial: SerialNumber,
        /** `given` or `withdrawn`. */ consent: Word,
    }
    /// An officer confirmed a suspension that a code had brought about.
    SuspensionConfirmed = "suspension-confirmed" { /** Which. */ request: RecordId, }
    /// A status request was turned down by an officer.
    StatusRequestRefused = "status-request-refused" {
        /// Which request.
        request: RecordId,
        /// Why.
        code: Word,
    }
    /// A signed request that was kept outside the database, which could not take it, is in the database now.
    StatusRequestTakenOver = "status-request-taken-over" {
        /** Which request. */ request: RecordId,
        /** When it was kept. */ received: UtcTime,
    }
    /// A signed order was put before the CA.
    OrderQueued = "order-queued" {
        /// Which.
        order: OrderId,
        /// Its kind.
        kind: Word,
        /// SHA-256 over its bytes.
        digest: Sha256Digest,
        /// The application or request it comes from.
        record: Option<RecordId>,
    }
    /// An order was taken back before the CA acted on it.
    OrderWithdrawn = "order-withdrawn" {
        /// Which.
        order: OrderId,
    }
    /// A certificate was handed to its subscriber.
    CertificateDelivered = "certificate-delivered" {
        /// Under which CA.
        ca: CaName,
        /// Which.
        serial: SerialNumber,
        /// How.
        channel: Word,
    }
    /// The subscriber accepted the certificate.
    CertificateAccepted = "certificate-accepted" {
        /// Under which CA.
        ca: CaName,
        /// Which.
        serial: SerialNumber,
    }

    // The certificate's life: OVR-6.4.5-07A, REV-6.4.5-09.

    /// The ceremony made a CA known.
    AuthorityRegistered = "authority-registered" {
        /** Which. */ ca: CaName,
        /** SHA-256 over its certificate. */ certificate: Sha256Digest,
    }
    /// The CA refused an order.
    OrderRefused = "order-refused" { /** Which. */ order: OrderId, /** Why. */ code: Word, }
    /// The CA is about to ask its token for a certificate's signature.
    IssuanceIntended = "issuance-intended" {
        /** Under which CA. */ ca: CaName,
        /** The certificate to be. */ serial: SerialNumber,
        /** Why it may be. */ cause: Cause,
        /** The profile's digest. */ profile: Sha256Digest,
        /** SHA-256 over the TBSCertificate. */ tbs: Sha256Digest,
        /** The key asked. */ key: KeyLabel,
        /** The node asking. */ node: Word,
        /** Its process epoch. */ epoch: Word,
        /** Counts the tries of the epoch. */ attempt: u64,
    }
    /// A certificate was signed, verified and recorded.
    CertificateIssued = "certificate-issued" {
        /** Under which CA. */ ca: CaName,
        /** Which. */ serial: SerialNumber,
        /** Why. */ cause: Cause,
        /** SHA-256 over the certificate. */ certificate: Sha256Digest,
    }
    /// A signature may exist that we do not have; the certificate counts as revoked.
    IssuanceLost = "issuance-lost" {
        /** Under which CA. */ ca: CaName,
        /** Which. */ serial: SerialNumber,
        /** Why it was to be. */ cause: Cause,
        /** SHA-256 over the TBSCertificate. */ tbs: Sha256Digest,
    }
    /// The CA is about to ask its token again for the signature of a certificate in doubt: the same, byte for byte.
    IssuanceRepeated = "issuance-repeated" {
        /** Under which CA. */ ca: CaName,
        /** Which. */ serial: SerialNumber,
        /** SHA-256 over the TBSCertificate. */ tbs: Sha256Digest,
        /** The key asked. */ key: KeyLabel,
        /** The node asking. */ node: Word,
        /** Its process epoch. */ epoch: Word,
        /** Counts the tries of the epoch. */ attempt: u64,
    }
    /// A certificate was revoked.
    CertificateRevoked = "certificate-revoked" {
        /** Under which CA. */ ca: CaName,
        /** Which. */ serial: SerialNumber,
        /** By which order. */ order: OrderId,
        /** The CRLReason's name. */ reason: Word,
        /** When the request was received. */ received: UtcTime,
    }
    /// A CA's certificate was revoked by its issuer: from here on the CA issues nothing (CSS-6.3.9-13).
    CaRevoked = "ca-revoked" {
        /** Which CA. */ ca: CaName,
        /** Under which CA. */ issuer: CaName,
        /** Its certificate. */ serial: SerialNumber,
        /** The CRLReason's name. */ reason: Word,
    }
    /// A certificate was revoked because its CA was.
    CertificateRevokedWithCa = "certificate-revoked-with-ca" {
        /** Under which CA. */ ca: CaName,
        /** Which. */ serial: SerialNumber,
        /** The CRLReason's name. */ reason: Word,
    }
    /// A certificate was suspended (certificateHold).
    CertificateSuspended = "certificate-suspended" {
        /** Under which CA. */ ca: CaName,
        /** Which. */ serial: SerialNumber,
        /** By which order. */ order: OrderId,
        /** When the request was received. */ received: UtcTime,
    }
    /// A suspension that nobody decided about lasted as long as it may; the certificate is revoked.
    SuspensionLapsed = "suspension-lapsed" {
        /** Under which CA. */ ca: CaName,
        /** Which. */ serial: SerialNumber,
        /** Since when it was suspended. */ since: UtcTime,
    }
    /// The date of a revocation was signed: it takes effect then.
    RevocationScheduled = "revocation-scheduled" {
        /// Under which CA.
        ca: CaName,
        /// Which.
        serial: SerialNumber,
        /// By which order.
        order: OrderId,
        /// From when.
        effective: UtcTime,
    }
    /// A request to revoke or suspend took longer than the law's limit (REV-6.2.4-03A). Once for each request.
    RevocationOverdue = "revocation-overdue" {
        /// Under which CA.
        ca: CaName,
        /// Which.
        serial: SerialNumber,
        /// The order that the request led to.
        order: OrderId,
        /// When the clock began: receipt, or the date that the request set.
        since: UtcTime,
        /// The limit, in microseconds.
        limit: Span,
    }
    /// A suspension ended.
    CertificateReleased = "certificate-released" {
        /** Under which CA. */ ca: CaName,
        /** Which. */ serial: SerialNumber,
        /** By which order. */ order: OrderId,
    }
    /// The CA is about to ask its token for a CRL's signature.
    CrlIntended = "crl-intended" {
        /** Whose. */ ca: CaName,
        /** Its cRLNumber. */ number: u64,
        /** SHA-256 over the TBSCertList. */ tbs: Sha256Digest,
        /** The key asked. */ key: KeyLabel,
        /** The node asking. */ node: Word,
        /** Its process epoch. */ epoch: Word,
        /** Counts the tries of the epoch. */ attempt: u64,
    }
    /// Certificates of a CA may name this shard of its list from here on; it is issued for as long as the list is.
    CrlShardOpened = "crl-shard-opened" { /** Whose. */ ca: CaName, /** Its number. */ shard: u64, }
    /// A CA is about to sign its last CRL: from here on it issues nothing, and no list follows (CSS-6.3.9-06).
    LastCrlIntended = "last-crl-intended" {
        /// Whose.
        ca: CaName,
    }
    /// A CRL was signed, verified and recorded.
    CrlIssued = "crl-issued" {
        /** Whose. */ ca: CaName,
        /** Its cRLNumber. */ number: u64,
        /** The status version that it shows. */ version: u64,
        /** SHA-256 over the CRL. */ crl: Sha256Digest,
    }
    /// A CRL's signature may exist that we do not have. Its number is used up; the next list says the same.
    CrlLost = "crl-lost" { /** Whose. */ ca: CaName, /** The number that it had taken. */ number: u64, }
    /// The token did not sign a CRL. Its number is used up.
    CrlUnsigned = "crl-unsigned" { /** Whose. */ ca: CaName, /** The number that it had taken. */ number: u64, }
    /// Signatures and their rows do not agree: the CA issues no more (design §5).
    AccountsDisagree = "accounts-disagree" {
        /** Which rule of the accounting does not hold. */ rule: Word,
        /** Where: a certificate, a CRL, an order, or a key and its epoch. */ row: Word,
    }
    /// A CRL went online.
    CrlPublished = "crl-published" {
        /** Whose. */ ca: CaName,
        /** Its cRLNumber. */ number: u64,
        /** SHA-256 over the CRL. */ crl: Sha256Digest,
    }

    /// A CA that has ended is about to sign final OCSP answers (CSS-6.3.10-11).
    FinalAnswersIntended = "final-answers-intended" {
        /** Whose. */ ca: CaName,
        /** How many. */ count: u64,
        /** The key asked. */ key: KeyLabel,
        /** The process epoch. */ epoch: Word,
        /** Counts the batches of the epoch. */ batch: u64,
    }
    /// Final OCSP answers were signed, verified and recorded.
    FinalAnswersSigned = "final-answers-signed" {
        /** Whose. */ ca: CaName,
        /** How many. */ count: u64,
        /** The process epoch. */ epoch: Word,
        /** Which batch of the epoch. */ batch: u64,
        /** SHA-256 over their SHA-256s, in the order of signing. */ answers: Sha256Digest,
    }
    /// Every certificate of a CA that has ended has its final answers: its key is not needed any more.
    CaTerminated = "ca-terminated" { /** Which. */ ca: CaName, /** How many certificates. */ certificates: u64, }

    // Status and time.

    /// A responder asked its CA for the next certificate.
    ResponderRequested = "responder-requested" {
        /** Which CA. */ ca: CaName,
        /** The new key. */ key: KeyLabel,
        /** SHA-256 over the request. */ request: Sha256Digest,
    }
    /// The CA gave a responder no certificate.
    ResponderRefused = "responder-refused" {
        /** SHA-256 over the request. */ request: Sha256Digest,
        /** Why. */ code: Word,
    }
    /// A responder's certificate took effect.
    ResponderActivated = "responder-activated" {
        /** For which CA. */ ca: CaName,
        /** Its key. */ key: KeyLabel,
        /** SHA-256 over its certificate. */ certificate: Sha256Digest,
    }
    /// A responder stopped answering for a CA.
    ResponderStopped = "responder-stopped" { /** For which CA. */ ca: CaName, /** Why. */ code: Word, }
    /// A time-stamping unit began to stamp.
    TsuActivated = "tsu-activated" {
        /** Which. */ tsu: Word,
        /** Its key. */ key: KeyLabel,
        /** SHA-256 over its certificate. */ certificate: Sha256Digest,
    }
    /// A time-stamping unit stopped.
    TsuStopped = "tsu-stopped" { /** Which. */ tsu: Word, /** Why. */ code: Word, }
    /// A unit's next key and certificate are in place (TIS-7.7.1-07).
    TsuPrepared = "tsu-prepared" {
        /// Which unit.
        tsu: Word,
        /// The next key.
        key: KeyLabel,
        /// SHA-256 over its certificate.
        certificate: Sha256Digest,
        /// By which order.
        order: OrderId,
        /// From when on it signs.
        from: UtcTime,
    }
    /// A segment of a node's journal of time-stamps was closed: all its tokens, as one leaf of this log.
    TsuSegmentSealed = "tsu-segment-sealed" {
        /** The node whose journal it is. */ node: u64,
        /** Which segment of it, from 0. */ segment: u64,
        /** The serial number of its first token. */ first: Word,
        /** The serial number of its last token. */ last: Word,
        /** How many tokens it holds. */ count: u64,
        /** The hash of its last record. */ head: Sha256Digest,
    }
    /// The clock is known well enough (REQ-7.10-05).
    ClockTrusted = "clock-trusted" {
        /** The bound on its error, in microseconds. */ bound: Span,
        /** UTC minus the clock, in microseconds. */ offset: i64,
    }
    /// The clock is not known well enough (TIS-7.7.2).
    ClockLost = "clock-lost" {
        /** Why. */ code: Word,
        /** The bound on its error, in microseconds, where it could be said. */ bound: Option<Span>,
        /** UTC minus the clock, in microseconds, where it could be said. */ offset: Option<i64>,
    }
    /// The clock was compared with its sources, time and again since the last of these (OVR-7.12-04).
    ClockCompared = "clock-compared" {
        /** How often since then. */ times: u64,
        /** The least offset (UTC minus the clock) since then, in microseconds. */ least: i64,
        /** The greatest. */ greatest: i64,
        /** The greatest bound. */ bound: Span,
    }
    /// A source of time is believed: an NTP server, or the kernel's discipline.
    ClockSourceTrusted = "clock-source-trusted" { /** Its address, or `kernel`. */ source: Word, }
    /// A source of time is not believed (OVR-7.12-06).
    ClockSourceLost = "clock-source-lost" { /** Its address, or `kernel`. */ source: Word, /** Why. */ code: Word, }
    /// A leap second has passed (TIS-7.7.2-09).
    LeapSecondPassed = "leap-second-passed" {
        /** The midnight before which it was inserted or left out. */ midnight: UtcTime,
    }
}
