//! Arguments of `ndoba officer`.

use std::path::PathBuf;

use clap::builder::PossibleValuesParser;
use clap::{Args, Subcommand};
use ndoba_hsm::KeySpec;
use ndoba_order::RevokeCa;
use ndoba_types::{CardUri, OfficerId, UtcTime};

use super::{ApiArgs, ConfigArgs, Language};
use crate::officer_key::OfficerRef;

#[derive(Debug, Subcommand)]
pub(crate) enum OfficerCommand {
    /// Make a key and a TLS certificate for an officer, both in a file. Development only.
    New(OfficerNewArgs),
    /// Give an officer-to-be a one-time code: one security officer. Appoints nobody.
    Invite {
        #[command(flatten)]
        api: ApiArgs,
        /// Name under which the register will list the officer.
        #[arg(long)]
        name: String,
        /// The roles that are meant, separated by commas.
        #[arg(long, value_delimiter = ',', required = true)]
        roles: Vec<String>,
        /// The office, as a path: GE/Tbilisi.
        #[arg(long, default_value = "GE")]
        office: String,
        /// Write what the officer-to-be accepts, to be handed over with the code: `enrol --terms`.
        #[arg(long, value_name = "FILE")]
        terms: Option<PathBuf>,
    },
    /// List the newest enrolments, with the fingerprints of the keys that were presented.
    Enrolments {
        #[command(flatten)]
        api: ApiArgs,
    },
    /// Present a key of one's own with a one-time code, which is asked for. Makes the key on the card, if it is not there.
    Enrol(EnrolArgs),
    /// Certify the key of an officer who was appointed, for TLS: on the operations CA's machine.
    Certify {
        #[command(flatten)]
        config: ConfigArgs,
        /// The officer's identifier.
        id: OfficerId,
    },
    /// Fetch the certificate that `certify` made for one's key.
    FetchCertificate {
        #[command(flatten)]
        door: DoorArgs,
        /// Where to, unless the key is on a card, which then receives it: certificate and operations CA, PEM. The key before
        /// them makes the file that `--as` takes.
        #[arg(long, value_name = "FILE", required_unless_present = "key", conflicts_with = "key")]
        out: Option<PathBuf>,
    },
    /// Accept roles in an office, with the key that has or will have them: an officer of the register, for a grant that changes.
    Accept {
        #[command(flatten)]
        api: ApiArgs,
        /// The roles, separated by commas.
        #[arg(long, value_delimiter = ',', required = true)]
        roles: Vec<String>,
        /// The office, as a path: GE/Tbilisi.
        #[arg(long, default_value = "GE")]
        office: String,
        /// Where the acceptance goes: `grant --acceptance`.
        #[arg(long, value_name = "FILE")]
        out: PathBuf,
    },
    /// Grant roles: two security officers sign. The officer has accepted them: when the key was enrolled, or in a file.
    Grant {
        #[command(flatten)]
        api: ApiArgs,
        /// The second security officer's key, as for --as.
        #[arg(long, value_name = "KEY")]
        second: OfficerRef,
        /// The officer's certificate or file, PEM.
        #[arg(long = "officer", value_name = "FILE", required_unless_present = "enrolment")]
        appointed: Option<PathBuf>,
        /// The officer's identifier, where the key was presented with a one-time code: see `enrolments`. Name, roles and
        /// office are those of the enrolment.
        #[arg(long, value_name = "ID", conflicts_with_all = ["appointed", "name", "roles", "office"])]
        enrolment: Option<String>,
        /// The officer's identifier in the register, where this is no new officer: another key, other roles, another office
        /// or a longer period. What was granted before ends with it.
        #[arg(long, value_name = "ID")]
        replaces: Option<OfficerId>,
        /// Name under which the register lists the officer.
        #[arg(long, required_unless_present = "enrolment")]
        name: Option<String>,
        /// The officer's personal number: the register keeps a salted commitment to it, so that nobody is two persons.
        #[arg(long)]
        personal_number: String,
        /// Where the papers of the vetting and of the appointment by senior management are to be found.
        #[arg(long, value_name = "TEXT")]
        vetting: String,
        /// The officer's acceptance, where it was not signed when the key was enrolled: what `accept` wrote. A file of development
        /// for --officer has the key that signs it.
        #[arg(long, value_name = "FILE")]
        acceptance: Option<PathBuf>,
        /// Roles, separated by commas: registration-officer, approver, revocation-officer, security-officer, auditor,
        /// operator, administrator.
        #[arg(long, value_delimiter = ',', required_unless_present = "enrolment")]
        roles: Vec<String>,
        /// The office, as a path: GE/Tbilisi.
        #[arg(long, default_value = "GE")]
        office: String,
        /// Days of validity.
        #[arg(long, default_value_t = 365)]
        days: u32,
    },
    /// Have the register take up the pin that a ceremony made, once `ca` and `registration` are configured with it: a newly pinned
    /// security officer does.
    AdoptPin {
        #[command(flatten)]
        api: ApiArgs,
        /// The document that the ceremony wrote.
        #[arg(value_name = "FILE")]
        file: PathBuf,
    },
    /// End an officer's grants: one security officer signs.
    End {
        #[command(flatten)]
        api: ApiArgs,
        /// The officer's id.
        id: String,
    },
    /// Let a CA certify its OCSP responders by itself, within bounds: two security officers sign.
    AuthoriseResponder(AuthoriseResponderArgs),
    /// Make the revocation desk's key in its token, on registration's machine, and write its public half.
    DeskKey(ConfigArgs),
    /// Let the revocation desk's key suspend for subscribers with codes: two security officers sign. `end` ends it.
    AuthoriseDesk {
        #[command(flatten)]
        api: ApiArgs,
        /// The second security officer's key, as for --as.
        #[arg(long, value_name = "KEY")]
        second: OfficerRef,
        /// The key's public half, PEM.
        #[arg(long, value_name = "FILE")]
        key: PathBuf,
        /// Days of validity.
        #[arg(long, default_value_t = 365)]
        days: u32,
    },
    /// End what authorise-responder began: one security officer signs. Certificates issued under it stay.
    EndResponder {
        #[command(flatten)]
        api: ApiArgs,
        /// The CA's name.
        ca: String,
    },
    /// Revoke a CA for ever: two security officers sign. `ndoba ceremony revoke-ca` then carries it out.
    RevokeCa {
        #[command(flatten)]
        api: ApiArgs,
        /// The second security officer's key, as for --as.
        #[arg(long, value_name = "KEY")]
        second: OfficerRef,
        /// Why, by its name in RFC 5280.
        #[arg(long, value_parser = PossibleValuesParser::new(RevokeCa::REASONS.map(|reason| reason.name())))]
        reason: String,
        /// The CA's name.
        ca: String,
    },
    /// Decide from when on the next key of a CA issues, and the present one no more: two security officers sign. Until
    /// that moment they may decide otherwise.
    SucceedCa {
        #[command(flatten)]
        api: ApiArgs,
        /// The second security officer's key, as for --as.
        #[arg(long, value_name = "KEY")]
        second: OfficerRef,
        /// From when, RFC 3339; now when absent.
        #[arg(long, value_name = "TIME")]
        from: Option<UtcTime>,
        /// The present CA's name.
        ca: String,
        /// The name of the next one, which `ndoba ceremony next-ca` made.
        next: String,
    },
    /// End a CA for ever: two security officers sign. `ndoba ca terminate` then makes its final answers.
    TerminateCa {
        #[command(flatten)]
        api: ApiArgs,
        /// The second security officer's key, as for --as.
        #[arg(long, value_name = "KEY")]
        second: OfficerRef,
        /// The CA's name.
        ca: String,
    },
    /// List the officers.
    List {
        #[command(flatten)]
        api: ApiArgs,
    },
    /// Show the register's documents in plain words, in order: every grant and every end of one, with who signed it.
    Grants {
        #[command(flatten)]
        api: ApiArgs,
        /// Only those that name this officer, CA or key.
        #[arg(long, value_name = "ID")]
        of: Option<String>,
    },
    /// Who the API takes me for.
    Whoami {
        #[command(flatten)]
        api: ApiArgs,
    },
}

#[derive(Debug, Args)]
pub(crate) struct AuthoriseResponderArgs {
    #[command(flatten)]
    pub(crate) api: ApiArgs,
    /// The second security officer's key, as for --as.
    #[arg(long, value_name = "KEY")]
    pub(crate) second: OfficerRef,
    /// The CA's name.
    pub(crate) ca: String,
    /// A certificate of the CA's responder, PEM: the next ones bear its name.
    #[arg(long, value_name = "FILE")]
    pub(crate) responder: PathBuf,
    /// The enrolment key that signs the responder's requests, PEM.
    #[arg(long, value_name = "FILE")]
    pub(crate) enrolment: PathBuf,
    /// The profile.
    #[arg(long, default_value = "ocsp-responder")]
    pub(crate) profile: String,
    /// Days of validity of each certificate.
    #[arg(long, default_value_t = 14)]
    pub(crate) days: u32,
    /// How many certificates at most.
    #[arg(long, default_value_t = 60)]
    pub(crate) count: u32,
    /// For how many days from now.
    #[arg(long, default_value_t = 365)]
    pub(crate) until_days: u32,
}

/// Where officers-to-be present their keys.
#[derive(Debug, Args)]
pub(crate) struct DoorArgs {
    /// The enrolment address.
    #[arg(long, value_name = "URL")]
    pub(crate) url: String,
    /// The certificate of the internal operations CA, PEM, as it was handed over with the code.
    #[arg(long, value_name = "FILE")]
    pub(crate) api_ca: PathBuf,
    /// One's key on a card, `pkcs11:token=…;object=…`.
    #[arg(long, value_name = "URI", required_unless_present = "csr")]
    pub(crate) key: Option<CardUri>,
    /// The request for certification by a key in a file, PEM. Development only.
    #[arg(long, value_name = "FILE", conflicts_with = "key")]
    pub(crate) csr: Option<PathBuf>,
    /// The language in which the command tells and asks.
    #[arg(long, value_enum, env = "NDOBACTL_LANGUAGE", default_value_t = Language::En)]
    pub(crate) language: Language,
}

#[derive(Debug, Args)]
pub(crate) struct EnrolArgs {
    #[command(flatten)]
    pub(crate) door: DoorArgs,
    /// What is accepted, as it was handed over with the code: it is shown, and the new key signs it.
    #[arg(long, value_name = "FILE")]
    pub(crate) terms: Option<PathBuf>,
    /// The key that made the request in a file, PEM, to sign the acceptance. Development only.
    #[arg(long, value_name = "FILE", requires = "csr")]
    pub(crate) csr_key: Option<PathBuf>,
    /// Sign without asking, after showing what is signed.
    #[arg(long)]
    pub(crate) yes: bool,
    /// A file with the code, instead of asking for it.
    #[arg(long, value_name = "FILE")]
    pub(crate) code_file: Option<PathBuf>,
    /// What kind of key is made on the card, if there is none under that name.
    #[arg(long, value_name = "KIND", default_value = "p-256", value_parser = officers_kind)]
    pub(crate) kind: KeySpec,
}

/// The kinds that officers' keys may be of.
fn officers_kind(name: &str) -> Result<KeySpec, &'static str> {
    let kinds = [KeySpec::P256, KeySpec::P384];
    kinds.into_iter().find(|kind| kind.name() == name).ok_or("an officer's key is p-256 or p-384")
}

#[derive(Debug, Args)]
pub(crate) struct OfficerNewArgs {
    #[command(flatten)]
    pub(crate) config: ConfigArgs,
    /// Name in the TLS certificate.
    #[arg(long)]
    pub(crate) name: String,
    /// Where to: key, certificate and chain, PEM.
    #[arg(long, value_name = "FILE")]
    pub(crate) out: PathBuf,
}
