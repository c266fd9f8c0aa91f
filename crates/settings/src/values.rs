//! The checked settings, as the rest of the program reads them.
//!
//! Every struct is `non_exhaustive`: only this crate's checks can make one, anyone may read it.

mod clock;
mod webhook;

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::path::PathBuf;

use ndoba_types::{
    CaName, CrlShards, DeviceModel, InstallationId, KeyLabel, Oid, PinPlace, SignatureAlgorithm, Span,
    UtcTime,
};

use crate::HttpUrl;

pub use clock::{ClockMode, ClockSettings, KernelCheck, NtpServer};
pub use webhook::Webhook;

/// All of it. Made by [`Settings::load`] and [`Settings::from_toml`] only.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Settings {
    /// The file it came from, for messages.
    pub file: PathBuf,
    /// Which installation this is: orders signed for another are refused.
    pub installation: InstallationId,
    /// This process among others of its installation: in claims on orders and in time-stamp serials.
    pub node: u16,
    /// Development or production.
    pub mode: Mode,
    /// What this process does.
    pub roles: Roles,
    /// Folders and files of our own.
    pub paths: Paths,
    /// Where records are kept.
    pub database: Database,
    /// PKCS#11 modules and their tokens.
    pub hsm: Hsm,
    /// The certification authorities, root first or not as written.
    pub cas: Vec<CertificationAuthority>,
    /// Certified models of qualified devices.
    pub devices: Vec<CertifiedDevice>,
    /// Time-stamping.
    pub tsa: Tsa,
    /// What is asked of the clock.
    pub clock: ClockSettings,
    /// Sealing of the audit log; present wherever the `audit` role is.
    pub audit: Option<Audit>,
    /// The key that wraps data keys; there for the role `registration`.
    pub data_key: Option<DataKeyRef>,
    /// The revocation desk's key; absent where subscribers suspend nothing by themselves.
    pub desk: Option<Desk>,
    /// Programs that are told what happens.
    pub webhooks: Vec<Webhook>,
    /// Addresses to listen on.
    pub listen: Listen,
    /// TLS of the public address; present wherever [`Listen::public_tls`] or
    /// [`Listen::subscribers`] is.
    pub public_tls: Option<PublicTls>,
    /// TLS of the officers' address; present wherever [`Listen::officers`] is.
    pub officers_tls: Option<OfficersTls>,
    /// Addresses written into certificates.
    pub urls: Urls,
    /// Bounds on what strangers may send.
    pub limits: Limits,
    /// What the law decides, with its proposed defaults (requirements §1.9).
    pub legal: Legal,
    /// Policy identifiers.
    pub policies: Policies,
    /// Logging.
    pub log: Log,
}

/// A model of qualified devices (QSCD) in the provider's register.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CertifiedDevice {
    /// Its name in orders.
    pub model: DeviceModel,
    /// The certification's number and who gave it.
    pub certificate: String,
    /// When the certification ends.
    pub ends: UtcTime,
}

/// What the installation may be used for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// SoftHSM, one process, names that say TEST.
    Development,
    /// Refuses what is only good for development.
    Production,
}

/// A role a process can take.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Role {
    /// Sequences and seals the log.
    Audit,
    /// Carries out orders, publishes CRLs; listens to no network.
    Ca,
    /// OCSP, time-stamps, CRLs and issuers, for everyone.
    Public,
    /// The officers' API.
    Registration,
}

/// The roles of this process, at least one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Roles(pub(crate) BTreeSet<Role>);

impl Roles {
    /// Whether this process has `role`.
    pub fn has(&self, role: Role) -> bool {
        self.0.contains(&role)
    }

    /// All of them, in the order of their names.
    pub fn iter(&self) -> impl Iterator<Item = Role> + '_ {
        self.0.iter().copied()
    }
}

/// Folders and files of our own; all absolute, or relative to the process if the file's own folder is.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Paths {
    /// The state folder; the defaults of the others lie in it.
    pub state: PathBuf,
    /// Rollback witnesses (design §3): outside the database on purpose.
    pub witness: PathBuf,
    /// What the public role serves as files: `crl/<ca>.crl`, `issuer/<ca>.cer`.
    pub published: PathBuf,
    /// The journals of time-stamps.
    pub journal: PathBuf,
    /// The pinned first security officers.
    pub officers_pin: PathBuf,
    /// Certificate profiles that replace the built-in ones.
    pub profiles: Option<PathBuf>,
    /// Public keys that nobody is certified for.
    pub blocked_keys: Option<PathBuf>,
}

/// The engine and where it is: chosen here, never guessed.
#[derive(Clone, Debug)]
pub enum Database {
    /// One file.
    Sqlite {
        /// The file.
        path: PathBuf,
    },
    /// A server, by a connection string kept in a file of its own, since it may hold a password.
    PostgresqlUrl {
        /// The file; its first line is the connection string.
        url_file: PathBuf,
    },
    /// A server, by its parts.
    Postgresql {
        /// A host name, or the folder of its socket.
        host: String,
        /// The port.
        port: u16,
        /// The database's name.
        name: String,
        /// The role to connect as.
        user: String,
        /// The file whose first line is the password.
        password_file: Option<PathBuf>,
        /// libpq's `sslmode`, for example `verify-full`.
        sslmode: String,
    },
}

/// PKCS#11.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Hsm {
    /// The modules, each with its tokens.
    pub modules: Vec<Module>,
}

impl Hsm {
    /// The token called `name` in this file, and its module.
    pub fn token(&self, name: &str) -> Option<(&Module, &Token)> {
        self.modules.iter().find_map(|module| {
            module.tokens.iter().find(|token| token.name == name).map(|token| (module, token))
        })
    }
}

/// A PKCS#11 library.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Module {
    /// The shared library.
    pub path: PathBuf,
    /// Environment variables that the module reads when it is loaded.
    pub environment: BTreeMap<String, String>,
    /// The tokens used.
    pub tokens: Vec<Token>,
}

/// A token and how to work it.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Token {
    /// What other sections call it.
    pub name: String,
    /// How to find it.
    pub selector: TokenSelector,
    /// Where its PIN is.
    pub pin: PinPlace,
    /// Sessions that sign at once.
    pub sessions: u16,
    /// Requests that may wait.
    pub queue_depth: u32,
    /// How long a request may take, waiting included.
    pub deadline: Span,
}

/// How a token is found in its module.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TokenSelector {
    /// By its label.
    Label(String),
    /// By its slot's number, for modules whose labels do not tell tokens apart.
    Slot(u64),
}

/// A key by its place.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct KeyRef {
    /// The token, by [`Token::name`].
    pub token: String,
    /// The key's label in it.
    pub label: KeyLabel,
    /// What it signs with.
    pub algorithm: SignatureAlgorithm,
}

impl KeyRef {
    /// Another key of the same kind in the same token.
    pub fn beside(&self, label: KeyLabel) -> Self {
        Self { label, ..self.clone() }
    }
}

/// A certification authority.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct CertificationAuthority {
    /// Its short name.
    pub name: CaName,
    /// Its key; absent for a CA whose key this process does not reach (the offline root; every CA elsewhere).
    pub key: Option<KeyRef>,
    /// Its certificate, PEM or DER.
    pub certificate: PathBuf,
    /// How its CRLs are published.
    pub crl: Crl,
    /// Its OCSP responder.
    pub ocsp: Option<Ocsp>,
}

/// Publication of CRLs (C-90…).
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Crl {
    /// nextUpdate is this long after thisUpdate.
    pub next_update: Span,
    /// A new one at least this often; shorter than `next_update`.
    pub publish_every: Span,
    /// Into how many shards new certificates are dealt; none: they name the whole list.
    pub shards: Option<CrlShards>,
}

/// A delegated OCSP responder.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Ocsp {
    /// Its own key.
    pub key: KeyRef,
    /// Its certificate, issued by the CA it answers for.
    pub certificate: PathBuf,
    /// The key that signs this node's requests for the next certificates.
    pub enrolment: Option<KeyRef>,
    /// How long an answer may be believed.
    pub next_update: Span,
    /// What is said of a serial number never issued.
    pub unissued: UnknownAnswer,
    /// How answers name the responder.
    pub responder_id: ResponderId,
    /// Leading octets of the serial numbers that known probes ask about.
    pub known_probes: Vec<Vec<u8>>,
}

/// How OCSP answers name their responder (O-10).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ResponderId {
    /// By the hash of its key.
    ByKey,
    /// By its subject name.
    ByName,
}

/// What is answered about certificates that were never issued (requirements §0.7): never `good`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UnknownAnswer {
    /// `revoked` with the extended-revoked extension.
    ExtendedRevoked,
    /// `unknown`.
    Unknown,
}

/// Time-stamping.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Tsa {
    /// The units; the first is at `/tsa`, each also at `/tsa/<name>`.
    pub units: Vec<TsaUnit>,
    /// Tokens per sealed segment of a journal.
    pub segment_records: u32,
    /// How long after its first token a segment is sealed, full or not.
    pub seal_after: Span,
    /// Tokens that may wait to be in the audit log.
    pub backlog_records: u32,
    /// When a token may leave.
    pub journal: JournalMode,
    /// Requests that may wait for the journal.
    pub queue_depth: u32,
    /// How long before a unit's key ends its successor is asked for (TIS-7.7.1-07).
    pub renew_before: Span,
    /// How long a key that was succeeded stays in its token (TIS-7.6.7-08).
    pub destroy_after: Span,
}

/// A time-stamping unit.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct TsaUnit {
    /// Its name: 1 to 32 lower-case letters, digits and hyphens; part of its address.
    pub name: String,
    /// Its key.
    pub key: KeyRef,
    /// Its certificate.
    pub certificate: PathBuf,
    /// The certificates above it, its issuer first, without the root.
    pub chain: Vec<PathBuf>,
    /// The policy of a token when the request names none.
    pub policy: Oid,
    /// The other policies a request may name.
    pub accepted_policies: Vec<Oid>,
    /// The declared accuracy, at most one second (T-03).
    pub accuracy: Span,
    /// Whether each token states its measured bound instead of the declared accuracy.
    pub measured_accuracy: bool,
    /// Which signatures are verified before their tokens leave.
    pub verify: VerifySignatures,
    /// Whether tokens carry esi4-qtstStatement-1, which claims status under Regulation 910/2014 (T-20, T-22).
    pub claim_eu_qtst: bool,
    /// Whether its tokens are offered as qualified (T-23).
    pub qualified: bool,
}

/// Which of a unit's signatures are verified before their tokens leave.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum VerifySignatures {
    /// Each one while the key keeps up with the requests, else a sample.
    AsLoadAllows,
    /// Each one.
    Every,
}

/// When the record of a token counts as written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum JournalMode {
    /// When it is on disk.
    OnDisk,
    /// When the system has it; on disk within a second. Not where a unit is qualified.
    Relaxed,
}

/// Sealing of the audit log.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Audit {
    /// The key that signs checkpoints.
    pub key: KeyRef,
    /// How often a checkpoint is made when something happened.
    pub checkpoint_every: Span,
    /// Where checkpoints are time-stamped.
    pub tsa_url: Option<HttpUrl>,
}

/// Addresses to listen on.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Listen {
    /// OCSP, time-stamps, CRLs over http.
    pub public: Option<SocketAddr>,
    /// The same over https.
    pub public_tls: Option<SocketAddr>,
    /// The officers' API, https with client certificates.
    pub officers: Option<SocketAddr>,
    /// The page for subscribers.
    pub subscribers: Option<SocketAddr>,
    /// Where officers-to-be present their keys.
    pub enrolment: Option<SocketAddr>,
    /// Metrics and health.
    pub operator: Option<SocketAddr>,
}

/// A key that wraps data keys.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DataKeyRef {
    /// The token.
    pub token: String,
    /// The key's label.
    pub label: KeyLabel,
}

/// The key that suspends for subscribers with codes.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Desk {
    /// In which token, by which label: ECDSA on P-256.
    pub key: KeyRef,
    /// The file of its public half.
    pub public_key: PathBuf,
}

/// TLS of the public address.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct PublicTls {
    /// Its certificate and chain, PEM.
    pub certificate: PathBuf,
    /// Its key, PEM.
    pub key: PathBuf,
}

/// TLS of the officers' address.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct OfficersTls {
    /// The server's certificate and chain, PEM.
    pub certificate: PathBuf,
    /// Its key, PEM.
    pub key: PathBuf,
    /// The authorities whose client certificates give access (never authority), PEM.
    pub client_ca: PathBuf,
}

/// Addresses written into certificates; kept stable for as long as the certificates live.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Urls {
    /// Under which OCSP, CRLs and issuers are found.
    pub public: HttpUrl,
    /// The folder of disclosure statements (QcPDS) and practice statement, https.
    pub documents: HttpUrl,
}

/// Bounds on what strangers may send and how long they may take.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Limits {
    /// The most octets of an OCSP request.
    pub ocsp_request: usize,
    /// The most certificates asked about in one OCSP request.
    pub ocsp_certificates: u16,
    /// The most octets of memory for signed OCSP answers.
    pub ocsp_cache: usize,
    /// The most octets of a time-stamp request.
    pub tsp_request: usize,
    /// The most octets of a body sent to the officers' API.
    pub api_body: usize,
    /// Connections at once, per listening address.
    pub connections: u32,
    /// How long a client may take to send its headers.
    pub header_timeout: Span,
    /// How long an idle connection stays open.
    pub keep_alive: Span,
    /// How long the process waits for requests in flight when it stops.
    pub shutdown: Span,
    /// Refused logins at the officers' API within ten minutes, by key and by network.
    pub refused_logins: u32,
    /// Codes tried within ten minutes, by network.
    pub code_tries: u32,
    /// Certificates asked for at the public address within ten minutes, by network.
    pub certificate_requests: u32,
}

/// What the law decides (requirements §1.9).
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Legal {
    /// From the receipt of a request to the visible status, at most (G-30).
    pub revocation_max: Span,
    /// The internal aim for the same.
    pub revocation_slo: Span,
    /// Whether certificates may be suspended.
    pub suspension_allowed: bool,
    /// How long a suspension may last.
    pub suspension_max: Span,
    /// How many certificates may be suspended by codes in 24 hours.
    pub suspensions_by_code: u32,
    /// What happens then.
    pub suspension_on_timeout: OnTimeout,
    /// How long records are kept, in years.
    pub retention_years: u8,
    /// How long ago an identity may have been proved when the application is signed, in days (C-72).
    pub identity_max_age_days: u32,
    /// How many certificates one proof of identity may be the base of (REG-6.3.1-00E).
    pub identity_max_uses: u32,
    /// Whether the signed copy of the agreement must be attached before an application is submitted (REG-6.3.4-08).
    pub agreement_copy_required: bool,
    /// Under whose law certificates are qualified.
    pub legislation: QualifiedUnder,
}

/// Under whose law certificates are qualified.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum QualifiedUnder {
    /// Georgia's: QcCompliance with QcCClegislation.
    Georgia,
    /// The European Union's: QcCompliance alone, QCP policies.
    EuropeanUnion,
}

/// What becomes of a suspension nobody decided about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OnTimeout {
    /// It stays, and an officer is told.
    Keep,
    /// It becomes a revocation.
    Revoke,
}

/// Policy identifiers; the arc 2.999 of the defaults is for examples and refused in production.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Policies {
    /// Natural persons, key in a QSCD.
    pub sign_qscd: Oid,
    /// Legal persons, key in a QSCD.
    pub seal_qscd: Oid,
    /// Natural persons.
    pub sign: Oid,
    /// Legal persons.
    pub seal: Oid,
    /// Time-stamp tokens.
    pub time_stamp: Oid,
    /// OCSP responder certificates.
    pub ocsp: Oid,
    /// TSU certificates.
    pub tsu: Oid,
    /// Issuing CA certificates.
    pub issuing_ca: Oid,
}

/// Logging.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Log {
    /// For people or for machines.
    pub format: LogFormat,
    /// `tracing`'s filter, for example `info,ndoba_hsm=debug`.
    pub filter: String,
}

/// The form of log lines.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogFormat {
    /// Lines for people.
    Human,
    /// One JSON object a line.
    Json,
}
