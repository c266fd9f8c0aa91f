//! `ndoba ceremony replace-pin`.

use std::path::PathBuf;
use std::str::FromStr;

use clap::Args;
use ndoba_types::{BadId, OfficerId};

use super::{ConfigArgs, Language};
use crate::officer_key::OfficerRef;

/// An officer's identifier in the register, or `-` for nobody's.
#[derive(Clone, Copy, Debug)]
pub(crate) struct KnownAs(pub(crate) Option<OfficerId>);

impl FromStr for KnownAs {
    type Err = BadId;

    fn from_str(text: &str) -> Result<Self, BadId> {
        Ok(Self(if text == "-" { None } else { Some(text.parse()?) }))
    }
}

#[derive(Debug, Args)]
pub(crate) struct ReplacePinArgs {
    #[command(flatten)]
    pub(crate) config: ConfigArgs,
    /// The key of a security officer to be pinned, for each of them once: `pkcs11:token=…;object=…` on a card, where it is made
    /// if it is not there; in development also a file with key, certificate and chain.
    #[arg(long = "officer", value_name = "KEY", required = true)]
    pub(crate) officers: Vec<OfficerRef>,
    /// The names under which the register lists them, in the same order.
    #[arg(long = "name", value_name = "NAME", required = true)]
    pub(crate) names: Vec<String>,
    /// For each of them, in the same order, the identifier that the register has of this person, or `-` for who is new, or brings
    /// the card of before. Who is known and not named becomes a second officer, whose other roles go on beside: two signatures
    /// would be one person's.
    #[arg(long = "known-as", value_name = "OFFICER", required = true)]
    pub(crate) known_as: Vec<KnownAs>,
    /// Why the pin is replaced.
    #[arg(long, value_name = "TEXT")]
    pub(crate) reason: String,
    /// The key of a security officer of before, as for --officer.
    #[arg(long = "as", value_name = "KEY", requires = "second", required_unless_present = "lost")]
    pub(crate) before: Option<OfficerRef>,
    /// The second security officer of before.
    #[arg(long, value_name = "KEY", requires = "before")]
    pub(crate) second: Option<OfficerRef>,
    /// No two security officers of before can sign, or none should be asked: the ceremony's witnesses alone stand for it.
    #[arg(long, conflicts_with = "before", requires = "witnesses")]
    pub(crate) lost: bool,
    /// A witness from outside.
    #[arg(long = "witness", value_name = "NAME")]
    pub(crate) witnesses: Vec<String>,
    /// Where the ceremony is held.
    #[arg(long, value_name = "TEXT", default_value = "–")]
    pub(crate) place: String,
    /// The folder that receives the pins for the configuration, the document for the register and the report; must not be
    /// there yet.
    #[arg(long, value_name = "FOLDER")]
    pub(crate) out: PathBuf,
    /// Sign without asking, after showing what is signed.
    #[arg(long)]
    pub(crate) yes: bool,
    /// The language in which the document is told before it is signed.
    #[arg(long, value_enum, default_value_t = Language::En)]
    pub(crate) language: Language,
}
