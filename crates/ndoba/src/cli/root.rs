//! `ndoba root …`: an offline CA's responder and its list, renewed at a ceremony.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use ndoba_types::{CaName, KeyLabel};

use super::{ConfigArgs, PresentArgs};

/// Which offline CA.
#[derive(Debug, Args)]
pub(crate) struct OfflineArgs {
    #[command(flatten)]
    pub(crate) config: ConfigArgs,
    /// The offline CA.
    #[arg(long, value_name = "NAME", default_value = "root")]
    pub(crate) ca: CaName,
}

#[derive(Debug, Subcommand)]
pub(crate) enum RootCommand {
    /// Make the next key of the CA's OCSP responder in its token, and a request that this key signs. On the machine of the
    /// role `public`.
    Request {
        #[command(flatten)]
        offline: OfflineArgs,
        /// Where the request goes, DER.
        #[arg(long, value_name = "FILE")]
        out: PathBuf,
    },
    /// Record what the CA is to sign at the next ceremony, its responder's certificate and its list, and write it down. On
    /// the machine of the role `ca`.
    Draft(DraftArgs),
    /// At the ceremony: show a draft, judge it, sign it. Two security officers are there. Needs the CA's token and files, and the
    /// officers' pin.
    Sign(SignDraftArgs),
    /// Take what was signed: verify it, record it, publish the list, write the certificate. On the machine of the role `ca`.
    Import {
        #[command(flatten)]
        offline: OfflineArgs,
        /// What the ceremony wrote.
        #[arg(long, value_name = "FILE")]
        signed: PathBuf,
        /// Where the responder's certificate goes, PEM.
        #[arg(long, value_name = "FILE")]
        out: PathBuf,
    },
    /// Give up a draft whose ceremony was not held: its serial number counts as revoked, its list's number as used. On the
    /// machine of the role `ca`.
    GiveUp(OfflineArgs),
}

#[derive(Debug, Args)]
pub(crate) struct DraftArgs {
    #[command(flatten)]
    pub(crate) offline: OfflineArgs,
    /// The request of the responder's next key.
    #[arg(long, value_name = "FILE")]
    pub(crate) request: PathBuf,
    /// How the CA's key is called in its token; `<ca>/ca/1` when absent.
    #[arg(long, value_name = "LABEL")]
    pub(crate) key: Option<KeyLabel>,
    /// The responder's profile.
    #[arg(long, value_name = "NAME", default_value = "root-ocsp-responder")]
    pub(crate) profile: String,
    /// For how many days both are good.
    #[arg(long, value_name = "DAYS", default_value_t = 365)]
    pub(crate) days: u32,
    /// Where the draft goes.
    #[arg(long, value_name = "FILE")]
    pub(crate) out: PathBuf,
}

#[derive(Debug, Args)]
pub(crate) struct SignDraftArgs {
    #[command(flatten)]
    pub(crate) config: ConfigArgs,
    /// The draft.
    #[arg(long, value_name = "FILE")]
    pub(crate) draft: PathBuf,
    /// Where what was signed goes; nothing may be there, since a draft is signed once.
    #[arg(long, value_name = "FILE")]
    pub(crate) out: PathBuf,
    /// Where the report goes, to be signed by those who were there.
    #[arg(long, value_name = "FILE")]
    pub(crate) report: PathBuf,
    #[command(flatten)]
    pub(crate) present: PresentArgs,
}
