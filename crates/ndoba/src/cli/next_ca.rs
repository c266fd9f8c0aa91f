//! `ndoba ceremony next-ca`.

use clap::Args;
use ndoba_types::CaName;

use super::{ConfigArgs, PresentArgs};

#[derive(Debug, Args)]
pub(crate) struct NextCaArgs {
    #[command(flatten)]
    pub(crate) config: ConfigArgs,
    #[command(flatten)]
    pub(crate) present: PresentArgs,
    /// A witness from outside.
    #[arg(long = "witness", value_name = "NAME")]
    pub(crate) witnesses: Vec<String>,
    /// Where the ceremony is held.
    #[arg(long, value_name = "TEXT", default_value = "–")]
    pub(crate) place: String,
    /// Days of validity; as many as the present certificate was given when absent.
    #[arg(long, value_name = "DAYS")]
    pub(crate) days: Option<u32>,
    /// The present CA.
    pub(crate) ca: CaName,
    /// What the next one is called in the configuration and in addresses, such as `signature-2`.
    pub(crate) next: CaName,
}
