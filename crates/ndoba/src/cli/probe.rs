//! Arguments of `ndoba probe`.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use ndoba_types::{CaName, SerialNumber, UtcTime};

#[derive(Debug, Subcommand)]
pub(crate) enum ProbeCommand {
    /// Ask as relying parties do until a certificate is seen as revoked in OCSP and on the CRL; store that, signed.
    Watch(WatchArgs),
    /// Verify what `watch` stored: its signature, and that the CA signed what it shows.
    Verify {
        /// The file.
        observation: PathBuf,
        /// The CA's certificate, PEM.
        #[arg(long, value_name = "FILE")]
        issuer: PathBuf,
        /// SHA-256 over the probe's public key; printed when absent.
        #[arg(long, value_name = "HEX")]
        key: Option<String>,
    },
}

#[derive(Debug, Args)]
pub(crate) struct WatchArgs {
    /// The serial number, hexadecimal.
    pub(crate) serial: SerialNumber,
    /// The public address.
    #[arg(long, value_name = "URL", default_value = "http://127.0.0.1:8080")]
    pub(crate) url: String,
    /// The CA's name there.
    #[arg(long)]
    pub(crate) ca: CaName,
    /// The CA's certificate, PEM.
    #[arg(long, value_name = "FILE")]
    pub(crate) issuer: PathBuf,
    /// The certificate itself, PEM or DER: the list that it names is watched, which may be a shard; absent, the CA's
    /// whole list.
    #[arg(long, value_name = "FILE")]
    pub(crate) certificate: Option<PathBuf>,
    /// The probe's key and certificate, PEM: any, it gives access to nothing.
    #[arg(long = "as", value_name = "FILE")]
    pub(crate) probe: PathBuf,
    /// When the revocation was asked for, RFC 3339: goes into the observation.
    #[arg(long, value_name = "TIME")]
    pub(crate) asked: Option<UtcTime>,
    /// Give up after so many seconds.
    #[arg(long, default_value_t = 86_400)]
    pub(crate) within: u64,
    /// Milliseconds between two looks.
    #[arg(long, default_value_t = 250)]
    pub(crate) every: u64,
    /// Where the observation goes.
    #[arg(long, value_name = "FILE")]
    pub(crate) out: PathBuf,
}
