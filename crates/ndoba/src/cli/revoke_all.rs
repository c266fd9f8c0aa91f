//! `ndoba certificate revoke-all`: which certificates, and why.

use clap::{Args, ValueEnum};

use super::{ApiArgs, RequestArgs, reasons};

#[derive(Debug, Args)]
pub(crate) struct RevokeAllArgs {
    #[command(flatten)]
    pub(crate) api: ApiArgs,
    /// By what the certificates are chosen.
    #[arg(long, value_enum)]
    pub(crate) by: Choice,
    /// Which they are: the digest, the model, the profile's name, the number, or the file.
    #[arg(long = "of", value_name = "WHICH")]
    pub(crate) of: String,
    /// Why, by its name in RFC 5280; the same for all.
    #[arg(long, value_parser = reasons())]
    pub(crate) reason: String,
    #[command(flatten)]
    pub(crate) request: RequestArgs,
    /// Show which certificates would be revoked, and stop there.
    #[arg(long)]
    pub(crate) preview: bool,
}

/// By what certificates are chosen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Choice {
    /// SHA-256 over the public key (SubjectPublicKeyInfo), hexadecimal: a key that others know.
    KeyDigest,
    /// A model of qualified device, by its name in the register: one that lost its certification.
    DeviceModel,
    /// The name of the profile that they were issued by.
    Profile,
    /// A file of serial numbers, one on each line; what follows a number sign is left out.
    List,
    /// The personal number or identification code of the subject; another identifier as the certificate shows it.
    Subject,
}
