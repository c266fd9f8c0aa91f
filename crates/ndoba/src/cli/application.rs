//! `ndoba application`.

use std::path::PathBuf;

use clap::Subcommand;

use super::ApiArgs;

#[derive(Debug, Subcommand)]
pub(crate) enum ApplicationCommand {
    /// Check an application by its profile's form, as the server will; nothing is opened.
    Check {
        #[command(flatten)]
        api: ApiArgs,
        /// The application's content without the request, JSON or TOML by its ending.
        #[arg(long, value_name = "FILE")]
        file: PathBuf,
        /// The PKCS#10 request, PEM; without it everything else is checked.
        #[arg(long, value_name = "FILE")]
        csr: Option<PathBuf>,
    },
    /// Tell a profile's form: the fields of its applications and their rules today.
    Form {
        #[command(flatten)]
        api: ApiArgs,
        /// The profile's name.
        profile: String,
    },
    /// Open an application from a file and a PKCS#10 request; every rule is checked at once.
    New {
        #[command(flatten)]
        api: ApiArgs,
        /// The application's content without the request, JSON or TOML by its ending.
        #[arg(long, value_name = "FILE")]
        file: PathBuf,
        /// The PKCS#10 request, PEM.
        #[arg(long, value_name = "FILE")]
        csr: PathBuf,
    },
    /// Show an application.
    Show {
        #[command(flatten)]
        api: ApiArgs,
        /// Its id.
        id: String,
    },
    /// Write everything that is kept about a subject into a file, JSON: applications, orders, evidence, certificates.
    Record {
        #[command(flatten)]
        api: ApiArgs,
        /// The personal number or identification code; another identifier as the certificate shows it, such as PASUA-FE123456.
        subject: String,
        /// The file that receives it; only its owner can read it.
        #[arg(long, value_name = "FILE")]
        out: PathBuf,
    },
    /// List applications.
    List {
        #[command(flatten)]
        api: ApiArgs,
    },
    /// Fetch the agreement of an application: PDF, in Georgian and English, to be signed by the subscriber.
    Agreement {
        #[command(flatten)]
        api: ApiArgs,
        /// Its id.
        id: String,
        /// The file that receives it.
        #[arg(long, value_name = "FILE")]
        out: PathBuf,
    },
    /// Note that the subscriber accepted the agreement.
    Agree {
        #[command(flatten)]
        api: ApiArgs,
        /// Its id.
        id: String,
        /// The document that was signed, as `agreement` fetched it.
        #[arg(long, value_name = "FILE")]
        file: PathBuf,
        /// The day on which the subscriber signed.
        #[arg(long, value_name = "DAY")]
        accepted: String,
        /// The day on which the subject signed the second part, where the subscriber is an organisation.
        #[arg(long, value_name = "DAY")]
        subject_accepted: Option<String>,
    },
    /// Attach the copy of the agreement that the subscriber signed: PDF, PNG, JPEG or a detached signature (.p7s), at
    /// most 2 MiB.
    ///
    /// Electronic signatures with certificates of this provider are checked.
    Attach {
        #[command(flatten)]
        api: ApiArgs,
        /// Its id.
        id: String,
        /// The signed copy.
        #[arg(long, value_name = "FILE")]
        file: PathBuf,
    },
    /// Fetch the copy of the agreement that the subscriber signed.
    Attached {
        #[command(flatten)]
        api: ApiArgs,
        /// Its id.
        id: String,
        /// The file that receives it; only its owner can read it.
        #[arg(long, value_name = "FILE")]
        out: PathBuf,
    },
    /// Freeze an application into an order and sign it as submitter.
    Submit {
        #[command(flatten)]
        api: ApiArgs,
        /// Its id.
        id: String,
    },
    /// Sign an application's order as approver, and wait for the certificate.
    Approve {
        #[command(flatten)]
        api: ApiArgs,
        /// Its id.
        id: String,
    },
    /// Replace the content of a draft or returned application.
    Edit {
        #[command(flatten)]
        api: ApiArgs,
        /// Its id.
        id: String,
        /// The whole content anew, without the request, JSON or TOML by its ending.
        #[arg(long, value_name = "FILE")]
        file: PathBuf,
        /// Another PKCS#10 request, PEM; the one before stays when absent.
        #[arg(long, value_name = "FILE")]
        csr: Option<PathBuf>,
    },
    /// Give a submitted application back for correction, as approver.
    Return {
        #[command(flatten)]
        api: ApiArgs,
        /// Its id.
        id: String,
        /// What is to be corrected.
        #[arg(long, value_name = "TEXT")]
        remark: String,
    },
    /// Refuse an application for good, as approver.
    Reject {
        #[command(flatten)]
        api: ApiArgs,
        /// Its id.
        id: String,
        /// Why.
        #[arg(long, value_name = "TEXT")]
        remark: String,
    },
    /// Give an application up before it is fully signed.
    Withdraw {
        #[command(flatten)]
        api: ApiArgs,
        /// Its id.
        id: String,
    },
    /// Note that the subscriber accepted the certificate.
    Accept {
        #[command(flatten)]
        api: ApiArgs,
        /// Its id.
        id: String,
        /// How: by a signed receipt, by use, by the period of the terms.
        #[arg(long, value_name = "TEXT")]
        remark: String,
    },
    /// Open an application for a certificate that replaces another of the same subject.
    Renew {
        #[command(flatten)]
        api: ApiArgs,
        /// The serial number of the certificate to be replaced.
        serial: String,
        /// What is new beside what was entered then, JSON or TOML by its ending: [identity_proofing] at least.
        #[arg(long, value_name = "FILE")]
        file: PathBuf,
        /// The PKCS#10 request of a new key, PEM; without it the key stays.
        #[arg(long, value_name = "FILE")]
        csr: Option<PathBuf>,
    },
    /// Note that the certificate was handed to its subscriber.
    Deliver {
        #[command(flatten)]
        api: ApiArgs,
        /// Its id.
        id: String,
    },
}
