//! Who is there when a CA's key is used.

use clap::Args;

use super::Language;
use crate::officer_key::OfficerRef;

/// Two security officers, each with a key.
#[derive(Debug, Args)]
pub(crate) struct PresentArgs {
    /// A security officer's key: `pkcs11:token=…;object=…` on a card; in development also a file with key, certificate and
    /// chain.
    #[arg(long = "as", value_name = "KEY", env = "NDOBACTL_OFFICER")]
    pub(crate) officer: OfficerRef,
    /// The second security officer's key, as for --as.
    #[arg(long, value_name = "KEY")]
    pub(crate) second: OfficerRef,
    /// Sign without asking, after showing what is signed.
    #[arg(long)]
    pub(crate) yes: bool,
    /// The language in which the session is told before it is signed.
    #[arg(long, value_enum, default_value_t = Language::En)]
    pub(crate) language: Language,
}
