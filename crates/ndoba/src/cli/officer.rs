//! Arguments of `ndoba officer`.

use std::path::PathBuf;

use clap::builder::PossibleValuesParser;
use clap::{Args, Subcommand};
use ndoba_order::RevokeCa;
use ndoba_types::UtcTime;

use super::{ApiArgs, ConfigArgs};

#[derive(Debug, Subcommand)]
pub(crate) enum OfficerCommand {
    /// Make a key and a TLS certificate for an officer, both in a file. Development only.
    New(OfficerNewArgs),
    /// Grant roles: two security officers sign.
    Grant {
        #[command(flatten)]
        api: ApiArgs,
        /// The second security officer's file.
        #[arg(long, value_name = "FILE")]
        second: PathBuf,
        /// The officer's certificate or file, PEM.
        #[arg(long = "officer", value_name = "FILE")]
        appointed: PathBuf,
        /// Name under which the register lists the officer.
        #[arg(long)]
        name: String,
        /// The officer's personal number: the register keeps a salted commitment to it, so that nobody is two persons.
        #[arg(long)]
        personal_number: String,
        /// Roles, separated by commas: registration-officer, approver, revocation-officer, security-officer, auditor,
        /// operator, administrator.
        #[arg(long, value_delimiter = ',', required = true)]
        roles: Vec<String>,
        /// The office, as a path: GE/Tbilisi.
        #[arg(long, default_value = "GE")]
        office: String,
        /// Days of validity.
        #[arg(long, default_value_t = 365)]
        days: u32,
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
        /// The second security officer's file.
        #[arg(long, value_name = "FILE")]
        second: PathBuf,
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
        /// The second security officer's file.
        #[arg(long, value_name = "FILE")]
        second: PathBuf,
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
        /// The second security officer's file.
        #[arg(long, value_name = "FILE")]
        second: PathBuf,
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
        /// The second security officer's file.
        #[arg(long, value_name = "FILE")]
        second: PathBuf,
        /// The CA's name.
        ca: String,
    },
    /// List the officers.
    List {
        #[command(flatten)]
        api: ApiArgs,
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
    /// The second security officer's file.
    #[arg(long, value_name = "FILE")]
    pub(crate) second: PathBuf,
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
