//! The command line. PINs and keys are never arguments; files are.

mod application;
mod content;
mod fields;
mod next_ca;
mod officer;
mod present;
mod probe;
mod registration;
mod replace_pin;
pub(crate) mod revoke_all;
mod root;
mod tsa;
mod webhook;

use std::path::PathBuf;
use std::str::FromStr;

use clap::builder::PossibleValuesParser;
use clap::{Args, Parser, Subcommand, ValueEnum};
use ndoba_registration::{CHANNELS, REASONS};
use ndoba_types::{CaName, Sha256Digest, UtcTime};

use crate::officer_key::OfficerRef;

pub(crate) use application::{AGREEMENT, ApplicationCommand, ListArgs, NewArgs, PageArgs, SeenArgs};
pub(crate) use fields::FieldArgs;
pub(crate) use next_ca::NextCaArgs;
pub(crate) use officer::{AuthoriseResponderArgs, DoorArgs, EnrolArgs, OfficerCommand, OfficerNewArgs};
pub(crate) use present::PresentArgs;
pub(crate) use probe::{ProbeCommand, WatchArgs};

pub(crate) use content::{DevicesArgs, Law, LintArgs, LintFormat, LintType, ProfileCommand};
pub(crate) use registration::RegistrationCommand;
pub(crate) use replace_pin::ReplacePinArgs;
pub(crate) use root::{DraftArgs, OfflineArgs, RootCommand, SignDraftArgs};
pub(crate) use tsa::{JournalArgs, RenewArgs, SignOrderArgs, SubmitOrderArgs, TsaCommand};
pub(crate) use webhook::WebhookCommand;

/// Ndoba, the backend of a qualified trust-service provider.
#[derive(Debug, Parser)]
#[command(name = "ndoba", version, propagate_version = true)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// A shell that completes.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum Shell {
    /// GNU Bash.
    Bash,
    /// fish.
    Fish,
    /// Zsh.
    Zsh,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Run the configured roles until SIGTERM or Ctrl-C.
    Serve(ConfigArgs),
    /// Key ceremonies.
    #[command(subcommand)]
    Ceremony(CeremonyCommand),
    /// The offline root: its responder's next certificate and its next list, by way of a ceremony.
    #[command(subcommand)]
    Root(RootCommand),
    /// The configuration file: check it, explain it.
    #[command(subcommand)]
    Config(ConfigCommand),
    /// Certificate applications, through the registration API.
    #[command(subcommand)]
    Application(ApplicationCommand),
    /// Certificates and their status, through the registration API.
    #[command(subcommand)]
    Certificate(CertificateCommand),
    /// Orders to the CA, through the registration API.
    #[command(subcommand)]
    Order(OrderCommand),
    /// Officers and their grants, through the registration API.
    #[command(subcommand)]
    Officer(OfficerCommand),
    /// The audit log: take it out, verify it.
    #[command(subcommand)]
    Audit(AuditCommand),
    /// The certificate authorities, on the CA's own machine.
    #[command(subcommand)]
    Ca(CaCommand),
    /// Measure from outside how long a revocation takes to be seen.
    #[command(subcommand)]
    Probe(ProbeCommand),
    /// The records of persons: the key that they are sealed under.
    #[command(subcommand)]
    Registration(RegistrationCommand),
    /// The database beside its rollback witnesses.
    #[command(subcommand)]
    Db(DbCommand),
    /// The programs that are told what happens, on registration's own machine.
    #[command(subcommand)]
    Webhook(WebhookCommand),
    /// The keys in the tokens, and whether they are fit.
    #[command(subcommand)]
    Keys(KeysCommand),
    /// Time-stamping: the units' next keys, the journals, the clock's statement.
    #[command(subcommand)]
    Tsa(TsaCommand),
    /// Certificate profiles: what is on offer, what a file breaks, what a change changes.
    #[command(subcommand)]
    Profile(ProfileCommand),
    /// Print what makes a shell complete this command: `source <(ndoba completions bash)`.
    Completions {
        /// Which shell.
        #[arg(value_enum)]
        shell: Shell,
    },
    /// Judge certificates, CRLs and OCSP answers, ours or anybody's. Exit status: 0 clean, 1 findings, 2 unreadable.
    Lint(LintArgs),
}

/// Where the configuration is.
#[derive(Debug, Args)]
pub(crate) struct ConfigArgs {
    /// The configuration file.
    #[arg(long, env = "NDOBACTL_CONFIG", value_name = "FILE")]
    pub(crate) config: PathBuf,
}

#[derive(Debug, Subcommand)]
pub(crate) enum CeremonyCommand {
    /// Print the development plan, to be edited.
    Plan,
    /// Hold a ceremony: keys, certificates, first CRLs, pinned officers, report.
    Run(CeremonyArgs),
    /// Make the next key and certificate of a CA, under the same name: a CA with a list and addresses of its own, which
    /// issues from when two security officers decide with `ndoba officer succeed-ca`. Two of them are there. The roles may run.
    NextCa(NextCaArgs),
    /// Pin other security officers in the place of all that there are: their keys are lost or stolen, or they leave. Writes what
    /// two operators then put into the configuration; nothing is believed before. Two security officers of before sign, or
    /// witnesses alone stand for it. The roles may run.
    ReplacePin(ReplacePinArgs),
    /// Accept a CA's key in the token where it turned up, restored from a backup by the HSM's own means. Two security officers are
    /// there. The roles may run: until then they sign nothing with it.
    AcceptKey {
        #[command(flatten)]
        config: ConfigArgs,
        #[command(flatten)]
        present: PresentArgs,
        /// The CA's name.
        ca: CaName,
    },
    /// Carry out the revocation of a CA that two security officers decided: its issuer's CRL, and whatever it certified.
    /// Two security officers are there. Goes on where it was interrupted. The roles may run.
    RevokeCa {
        #[command(flatten)]
        config: ConfigArgs,
        #[command(flatten)]
        present: PresentArgs,
        /// The CA's name.
        ca: CaName,
    },
}

#[derive(Clone, Debug, Args)]
pub(crate) struct CeremonyArgs {
    /// The folder that receives configuration, tokens, certificates and report; must not hold a ceremony yet.
    #[arg(long, value_name = "FOLDER")]
    pub(crate) dir: PathBuf,
    /// The ceremony's plan; the development plan when absent.
    #[arg(long, value_name = "FILE")]
    pub(crate) plan: Option<PathBuf>,
    /// The PKCS#11 module.
    #[arg(long, value_name = "FILE", default_value = "/usr/lib/softhsm/libsofthsm2.so")]
    pub(crate) module: PathBuf,
    /// Use PostgreSQL at this address instead of SQLite; the file holds the connection string.
    #[arg(long, value_name = "FILE")]
    pub(crate) postgresql_url_file: Option<PathBuf>,
    /// The address of the public endpoints, as certificates carry it; http://127.0.0.1:A when absent.
    #[arg(long, value_name = "URL")]
    pub(crate) public_url: Option<String>,
    /// The https address under which the disclosure statements lie.
    #[arg(long, value_name = "URL", default_value = "https://pki.example.com")]
    pub(crate) pds_url: String,
    /// Listen on 127.0.0.1 at these ports: public, public TLS, officers, operator.
    #[arg(long, value_name = "A,B,C,D", default_value = "8080,8444,8443,9090")]
    pub(crate) ports: Ports,
    /// Hold a development ceremony: nothing it makes may be relied on.
    #[arg(long, required = true)]
    pub(crate) development: bool,
}

/// Four ports: public, public TLS, officers, operator.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Ports(pub(crate) [u16; 4]);

impl FromStr for Ports {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        const WANTED: &str = "four port numbers, separated by commas";
        let ports: Vec<u16> =
            text.split(',').map(str::parse).collect::<Result<_, _>>().map_err(|_| WANTED)?;
        ports.try_into().map(Self).map_err(|_| WANTED)
    }
}

#[derive(Debug, Subcommand)]
pub(crate) enum ConfigCommand {
    /// Read the file as `serve` would, and name file, key and reason where it is wrong. Nothing is started.
    Check(ConfigArgs),
    /// Print the commented reference of every key.
    Reference,
}

/// How to reach the registration API, and as whom.
#[derive(Debug, Args)]
pub(crate) struct ApiArgs {
    /// The officer's key: `pkcs11:token=…;object=…` on a card; in development also a file with key, certificate and chain.
    #[arg(long = "as", value_name = "KEY", env = "NDOBACTL_OFFICER")]
    pub(crate) officer: OfficerRef,
    /// The registration API.
    #[arg(long, value_name = "URL", env = "NDOBACTL_API", default_value = "https://127.0.0.1:8443")]
    pub(crate) api: String,
    /// The certificate of the internal operations CA, PEM; `operations-ca.pem` beside the officer's file when absent, and
    /// needed with a card.
    #[arg(long, value_name = "FILE", env = "NDOBACTL_API_CA")]
    pub(crate) api_ca: Option<PathBuf>,
    /// Print JSON.
    #[arg(long)]
    pub(crate) json: bool,
    /// Sign without asking, after showing what is signed.
    #[arg(long)]
    pub(crate) yes: bool,
    /// The language of what is told and asked.
    #[arg(long, value_enum, env = "NDOBACTL_LANGUAGE", default_value_t = Language::En)]
    pub(crate) language: Language,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum Language {
    /// English.
    En,
    /// Georgian.
    Ka,
}

impl From<Language> for ndoba_order::Language {
    fn from(language: Language) -> Self {
        match language {
            Language::En => Self::English,
            Language::Ka => Self::Georgian,
        }
    }
}

#[derive(Debug, Subcommand)]
pub(crate) enum OrderCommand {
    /// Show an order: what it says in plain words, who signed it and when, and what became of it.
    Show {
        #[command(flatten)]
        api: ApiArgs,
        /// Its id.
        id: String,
    },
}

#[derive(Debug, Subcommand)]
pub(crate) enum CertificateCommand {
    /// Find certificates by name, personal number, identification code, another identifier or serial number.
    Search {
        #[command(flatten)]
        api: ApiArgs,
        /// How a name begins; a number of 11 or 9 digits; an identifier as the certificate shows it, such as PASUA-FE123456; or a serial number, hexadecimal or after `dec:`.
        #[arg(required_unless_present_any = ["profile", "key", "device"])]
        what: Option<String>,
        /// Only `good`, `suspended` or `revoked` ones.
        #[arg(long, value_parser = ["good", "suspended", "revoked"])]
        status: Option<String>,
        /// Only of this profile.
        #[arg(long, value_name = "NAME")]
        profile: Option<String>,
        /// Only of the public key with this SHA-256 over its SubjectPublicKeyInfo, hexadecimal.
        #[arg(long, value_name = "HEX")]
        key: Option<String>,
        /// Only of keys in this model of qualified device.
        #[arg(long, value_name = "MODEL")]
        device: Option<String>,
        #[command(flatten)]
        page: PageArgs,
    },
    /// Show a certificate's status.
    Show {
        #[command(flatten)]
        api: ApiArgs,
        /// Serial number, hexadecimal.
        serial: String,
    },
    /// Fetch a certificate.
    Download {
        #[command(flatten)]
        api: ApiArgs,
        /// Serial number, hexadecimal.
        serial: String,
        /// Where to; `.pem`, `.der` or `.p7c` decides the form.
        #[arg(long, value_name = "FILE")]
        out: PathBuf,
    },
    /// Revoke a certificate, for ever.
    Revoke {
        #[command(flatten)]
        api: ApiArgs,
        /// Serial number, hexadecimal.
        serial: String,
        /// Why, by its name in RFC 5280.
        #[arg(long, value_parser = reasons())]
        reason: String,
        /// From when, RFC 3339; at once when absent. Signed now, it takes effect then although nobody is there.
        #[arg(long, value_name = "TIME")]
        effective: Option<UtcTime>,
        /// The CA that issued it; needed only while the database is away: the request is then kept, and not in force.
        #[arg(long, value_name = "NAME")]
        ca: Option<String>,
        #[command(flatten)]
        request: RequestArgs,
    },
    /// Revoke many certificates, for ever: shown first, then ordered one by one. Begun again, it goes on.
    RevokeAll(revoke_all::RevokeAllArgs),
    /// Turn a request about a certificate down, as revocation officer: its order is withdrawn, its clock stops.
    Decline {
        #[command(flatten)]
        api: ApiArgs,
        /// The order that the request led to.
        order: String,
        /// Why; kept as evidence.
        #[arg(long, value_name = "TEXT")]
        note: String,
    },
    /// Confirm, as revocation officer, a suspension that a subscriber's code had brought about.
    Confirm {
        #[command(flatten)]
        api: ApiArgs,
        /// The order.
        order: String,
        /// With whom it was confirmed, and how; kept as evidence.
        #[arg(long, value_name = "TEXT")]
        note: String,
    },
    /// Show the control questions for who calls about a certificate on the telephone.
    ControlQuestions {
        #[command(flatten)]
        api: ApiArgs,
        /// Serial number, hexadecimal.
        serial: String,
    },
    /// List requests about certificates with their clocks, newest first.
    Requests {
        #[command(flatten)]
        api: ApiArgs,
        /// Only what owes something still, or what a code suspended and no officer has confirmed.
        #[arg(long, value_parser = ["open", "unconfirmed"])]
        state: Option<String>,
    },
    /// Tell whether third parties are shown a certificate, or note that its subscriber lets them see it or no longer does.
    Publication {
        #[command(flatten)]
        api: ApiArgs,
        /// Serial number, hexadecimal.
        serial: String,
        /// What the subscriber says now.
        #[arg(long, value_name = "WORD", value_parser = ["given", "withdrawn"])]
        consent: Option<String>,
    },
    /// Give a certificate another revocation code, for its subscriber. The one before is void.
    RevocationCode {
        #[command(flatten)]
        api: ApiArgs,
        /// Serial number, hexadecimal.
        serial: String,
    },
    /// Suspend a certificate.
    Suspend {
        #[command(flatten)]
        api: ApiArgs,
        /// Serial number, hexadecimal.
        serial: String,
        /// The CA that issued it; needed only while the database is away: the request is then kept, and not in force.
        #[arg(long, value_name = "NAME")]
        ca: Option<String>,
        #[command(flatten)]
        request: RequestArgs,
    },
    /// Release a certificate from suspension: two officers sign.
    Release {
        #[command(flatten)]
        api: ApiArgs,
        /// Serial number, hexadecimal.
        serial: String,
        /// The second officer's key, as for --as.
        #[arg(long, value_name = "KEY")]
        approver: OfficerRef,
        #[command(flatten)]
        request: RequestArgs,
    },
}

/// How a request about a certificate came: evidence, so there is no default for what only the officer knows (C-107).
#[derive(Debug, Args)]
pub(crate) struct RequestArgs {
    /// How the request reached the provider.
    #[arg(long, value_parser = PossibleValuesParser::new(CHANNELS))]
    pub(crate) channel: String,
    /// Who asked and how that was checked, in a sentence; kept as evidence.
    #[arg(long, value_name = "TEXT")]
    pub(crate) note: String,
    /// When the request reached the provider, RFC 3339; now when absent. The 24 hours run from here.
    #[arg(long, value_name = "TIME")]
    pub(crate) received_at: Option<UtcTime>,
    /// On the telephone: what the caller answered to a control question, NAME=ANSWER; three of them at least.
    #[arg(long = "answer", value_name = "NAME=ANSWER", value_parser = answer)]
    pub(crate) answers: Vec<(String, String)>,
}

fn answer(text: &str) -> Result<(String, String), &'static str> {
    let (name, answer) = text.split_once('=').ok_or("NAME=ANSWER, such as document-number=12AB34567")?;
    Ok((name.into(), answer.into()))
}

fn reasons() -> PossibleValuesParser {
    PossibleValuesParser::new(REASONS.iter().map(|reason| reason.name()))
}

#[derive(Debug, Subcommand)]
pub(crate) enum AuditCommand {
    /// Export the log through the API.
    Export {
        #[command(flatten)]
        api: ApiArgs,
        /// Where to.
        #[arg(long, value_name = "FILE")]
        out: PathBuf,
        /// Where to write what officers signed, with their signatures: personal data, for its owner's eyes only.
        #[arg(long, value_name = "FILE")]
        signed: Option<PathBuf>,
    },
    /// Verify an export; needs nothing but files.
    Verify(VerifyArgs),
}

#[derive(Debug, Args)]
pub(crate) struct VerifyArgs {
    /// The export, as `ndoba audit export` wrote it.
    pub(crate) export: PathBuf,
    /// A checkpoint seen elsewhere, JSON, as /audit/checkpoint served it; may be given more than once.
    #[arg(long, value_name = "FILE")]
    pub(crate) seen: Vec<PathBuf>,
    /// SHA-256 of the audit key as the ceremony report lists it; the export's own word is taken when absent.
    #[arg(long, value_name = "HEX")]
    pub(crate) key: Option<String>,
    /// What officers signed, as `ndoba audit export --signed` wrote it: every signature is verified again.
    #[arg(long, value_name = "FILE")]
    pub(crate) signed: Option<PathBuf>,
    /// SHA-256 of the pin as the ceremony report lists it; the file's own word is taken when absent.
    #[arg(long, value_name = "HEX", requires = "signed")]
    pub(crate) pin: Option<Sha256Digest>,
    /// A folder of statements with their signatures, the operator's `sessions` or `restores`; may be given more than once.
    #[arg(long, value_name = "DIR", requires = "signed")]
    pub(crate) statements: Vec<PathBuf>,
    /// Write JSON, findings too.
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Subcommand)]
pub(crate) enum CaCommand {
    /// Account for every signature of the CAs' keys; exit status 1 where signatures and rows do not agree.
    Reconcile(ReconcileArgs),
    /// The register of qualified devices and the certificates that depend on it; exit status 1 where a certificate that
    /// is in use depends on a model whose certification has ended.
    Devices(DevicesArgs),
    /// Make what stays of a CA that two security officers ended. Goes on where it was interrupted.
    Terminate(TerminateArgs),
    /// Sign and publish the last CRL of a CA that two security officers ended; refused while a certificate of it is
    /// valid. The roles may run.
    LastCrl {
        #[command(flatten)]
        config: ConfigArgs,
        /// The CA's name.
        ca: CaName,
    },
}

#[derive(Debug, Args)]
pub(crate) struct TerminateArgs {
    #[command(flatten)]
    pub(crate) config: ConfigArgs,
    /// The CA's name.
    pub(crate) ca: CaName,
    /// Sign a last OCSP answer for every certificate, valid for ever.
    #[arg(long, required = true)]
    pub(crate) final_ocsp: bool,
}

#[derive(Args, Debug)]
pub(crate) struct ReconcileArgs {
    #[command(flatten)]
    pub(crate) config: ConfigArgs,
    /// Write JSON.
    #[arg(long)]
    pub(crate) json: bool,
    /// List every attempt at a signature, with the hash that the token was asked to sign.
    #[arg(long)]
    pub(crate) rows: bool,
    /// Look into every certificate and CRL too: that it is what was intended, and that the CA's key signed it.
    #[arg(long)]
    pub(crate) signatures: bool,
}

#[derive(Debug, Subcommand)]
pub(crate) enum DbCommand {
    /// How far database, witnesses and published CRLs have come; exit status 1 where the database is behind.
    Status(ConfigArgs),
    /// Bring the tables of an older version up to this program's, as the database's owner. Stop all roles and back up first.
    Upgrade(ConfigArgs),
    /// Write the statement by which two security officers may accept a restored database. All roles are stopped.
    DraftRestore {
        #[command(flatten)]
        config: ConfigArgs,
        /// Where to.
        #[arg(long, value_name = "FILE")]
        out: PathBuf,
    },
    /// Show such a statement to a security officer and sign it. Needs nothing but the two files.
    SignRestore(SignRestoreArgs),
    /// Accept a restored database: what it lost stays lost, but no revocation and no number is taken back.
    AcceptRestore {
        #[command(flatten)]
        config: ConfigArgs,
        /// The statement.
        #[arg(long, value_name = "FILE")]
        statement: PathBuf,
        /// A signature over it; given twice, since two officers sign.
        #[arg(long = "signature", value_name = "FILE", required = true)]
        signatures: Vec<PathBuf>,
    },
}

#[derive(Debug, Args)]
pub(crate) struct SignRestoreArgs {
    /// The statement.
    #[arg(long, value_name = "FILE")]
    pub(crate) statement: PathBuf,
    /// The officer's key: `pkcs11:token=…;object=…` on a card; in development also a file with key, certificate and chain.
    #[arg(long = "as", value_name = "KEY", env = "NDOBACTL_OFFICER")]
    pub(crate) officer: OfficerRef,
    /// Where the signature goes.
    #[arg(long, value_name = "FILE")]
    pub(crate) out: PathBuf,
    /// Sign without asking, after showing what is signed.
    #[arg(long)]
    pub(crate) yes: bool,
    /// The language in which the statement is told before it is signed.
    #[arg(long, value_enum, default_value_t = Language::En)]
    pub(crate) language: Language,
}

#[derive(Debug, Subcommand)]
pub(crate) enum KeysCommand {
    /// List the keys of every token and judge their attributes as read back; exit status 1 where a key is unfit.
    List(ConfigArgs),
}
