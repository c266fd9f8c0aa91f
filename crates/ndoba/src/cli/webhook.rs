//! `ndoba webhook`.

use clap::Subcommand;

use super::ConfigArgs;

#[derive(Debug, Subcommand)]
pub(crate) enum WebhookCommand {
    /// List what waits to be delivered and what was given up, of each endpoint the oldest first.
    List {
        #[command(flatten)]
        config: ConfigArgs,
        /// Only what was given up.
        #[arg(long)]
        failed: bool,
        /// Write JSON.
        #[arg(long)]
        json: bool,
    },
    /// Send again what was given up: all that an endpoint lacks, or one message. It comes after later ones about its object.
    Retry {
        #[command(flatten)]
        config: ConfigArgs,
        /// The endpoint's name.
        endpoint: String,
        /// The message's number, as listed.
        #[arg(long)]
        sequence: Option<u64>,
    },
}
