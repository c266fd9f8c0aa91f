//! `ndoba tsa …`: units' keys, journals, the clock's statement.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use ndoba_types::UtcTime;

use super::{ConfigArgs, Language};
use crate::officer_key::OfficerRef;

/// Which journals of time-stamps.
#[derive(Debug, Args)]
pub(crate) struct JournalArgs {
    /// A journal's folder, or a copy of it; several are allowed.
    #[arg(long, value_name = "FOLDER")]
    pub(crate) journal: Vec<PathBuf>,
    /// The configuration file, for the journal of this process.
    #[arg(long, value_name = "FILE", conflicts_with = "journal")]
    pub(crate) config: Option<PathBuf>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum TsaCommand {
    /// Find the record of a token; verifies the whole journal on the way.
    Find {
        #[command(flatten)]
        journal: JournalArgs,
        /// The token's serial number, hexadecimal.
        #[arg(long, value_name = "HEX", required_unless_present = "imprint")]
        serial: Option<String>,
        /// What was stamped: the hash of the document, hexadecimal.
        #[arg(long, value_name = "HEX")]
        imprint: Option<String>,
        /// Print one JSON object per record found.
        #[arg(long)]
        json: bool,
    },
    /// Make a unit's next key in its token, and write the order by which two security officers have it certified. On the
    /// machine of the role `public`.
    Renew(RenewArgs),
    /// Show such an order to a security officer and sign it. Needs nothing but files.
    SignOrder(SignOrderArgs),
    /// Put an order with both signatures before the CA, and fetch the certificate. On the machine of the role
    /// `registration`.
    SubmitOrder(SubmitOrderArgs),
    /// Give a unit its next key and certificate: the running process takes over at the time that the order names. On the
    /// machine of the role `public`.
    Adopt {
        #[command(flatten)]
        config: ConfigArgs,
        /// The order.
        #[arg(long, value_name = "FILE")]
        order: PathBuf,
        /// The certificate that was issued by it, PEM or DER.
        #[arg(long, value_name = "FILE")]
        certificate: PathBuf,
    },
    /// Verify a clock's statement, as /tsa/clock served it; needs nothing but files. Exit status 0: it is signed with
    /// the key and of the present.
    VerifyClock {
        /// The statement.
        statement: PathBuf,
        /// The statement key's public half, PEM: pki/clock.pub.pem of the ceremony.
        #[arg(long, value_name = "FILE")]
        key: PathBuf,
        /// Judge it as of this time, RFC 3339; now when absent.
        #[arg(long, value_name = "TIME")]
        at: Option<UtcTime>,
        /// Print the statement as JSON.
        #[arg(long)]
        json: bool,
    },
    /// Compare journals with an export of the audit log: every sealed segment is there as it is, and no other.
    VerifyJournal {
        #[command(flatten)]
        journal: JournalArgs,
        /// The export of the audit log.
        #[arg(long, value_name = "FILE")]
        export: PathBuf,
        /// Checkpoints seen elsewhere, JSON.
        #[arg(long, value_name = "FILE")]
        seen: Vec<PathBuf>,
        /// SHA-256 of the audit key as the ceremony report lists it; the export's own word is taken when absent.
        #[arg(long, value_name = "HEX")]
        key: Option<String>,
    },
}

/// What the next key is to be.
#[derive(Debug, Args)]
pub(crate) struct RenewArgs {
    #[command(flatten)]
    pub(crate) config: ConfigArgs,
    /// The unit.
    #[arg(long, value_name = "NAME")]
    pub(crate) unit: String,
    /// From when on it signs with the next key, RFC 3339; before the present key ends.
    #[arg(long, value_name = "TIME")]
    pub(crate) from: UtcTime,
    /// The certificate's profile.
    #[arg(long, value_name = "NAME", default_value = "tsu")]
    pub(crate) profile: String,
    /// Days of validity of the certificate; the profile's when absent.
    #[arg(long)]
    pub(crate) days: Option<u32>,
    /// The folder that receives `order.json` and `request.der`.
    #[arg(long, value_name = "FOLDER")]
    pub(crate) out: PathBuf,
}

/// Whose signature, over what.
#[derive(Debug, Args)]
pub(crate) struct SignOrderArgs {
    /// The order.
    #[arg(long, value_name = "FILE")]
    pub(crate) order: PathBuf,
    /// The officer's key: `pkcs11:token=…;object=…` on a card; in development also a file with key, certificate and chain.
    #[arg(long = "as", value_name = "KEY", env = "NDOBACTL_OFFICER")]
    pub(crate) officer: OfficerRef,
    /// The first officer's signature, for the second one: it covers both.
    #[arg(long, value_name = "FILE")]
    pub(crate) over: Option<PathBuf>,
    /// Where the signature goes.
    #[arg(long, value_name = "FILE")]
    pub(crate) out: PathBuf,
    /// Sign without asking, after showing what is signed.
    #[arg(long)]
    pub(crate) yes: bool,
    /// The language in which the order is told before it is signed.
    #[arg(long, value_enum, default_value_t = Language::En)]
    pub(crate) language: Language,
}

/// An order with everything that belongs to it.
#[derive(Debug, Args)]
pub(crate) struct SubmitOrderArgs {
    #[command(flatten)]
    pub(crate) config: ConfigArgs,
    /// The order.
    #[arg(long, value_name = "FILE")]
    pub(crate) order: PathBuf,
    /// The request of the new key, DER.
    #[arg(long, value_name = "FILE")]
    pub(crate) request: PathBuf,
    /// A signature; given twice, the first officer's first.
    #[arg(long = "signature", value_name = "FILE", required = true)]
    pub(crate) signatures: Vec<PathBuf>,
    /// Where the certificate goes, PEM.
    #[arg(long, value_name = "FILE")]
    pub(crate) out: PathBuf,
}
