//! `ndoba application`.

use std::path::PathBuf;

use clap::builder::PossibleValuesParser;
use clap::{Args, Subcommand};
use ndoba_registration::{ATTACHMENT_KINDS, ApplicationState};
use ndoba_types::{OfficerId, UtcTime};

use super::{ApiArgs, FieldArgs};

/// What `attach` attaches when nothing else is said.
pub(crate) const AGREEMENT: &str = "agreement";

/// An application to act upon.
#[derive(Debug, Args)]
pub(crate) struct SeenArgs {
    /// Its id.
    pub(crate) id: String,
    /// Only if the application is still in this version, as `show --json` told it.
    #[arg(long, value_name = "N")]
    pub(crate) if_version: Option<u32>,
}

/// How much of a list.
#[derive(Debug, Args)]
pub(crate) struct PageArgs {
    /// At most this many, 1 to 200.
    #[arg(long, value_name = "N", default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..=200))]
    pub(crate) limit: u32,
    /// Go on after a page: what the page before said.
    #[arg(long, value_name = "CURSOR")]
    pub(crate) after: Option<String>,
    /// List all of them, page after page.
    #[arg(long, conflicts_with = "limit")]
    pub(crate) all: bool,
}

/// Which applications.
#[derive(Debug, Args)]
pub(crate) struct ListArgs {
    #[command(flatten)]
    pub(crate) api: ApiArgs,
    /// Only these in this state.
    #[arg(long, value_parser = PossibleValuesParser::new(ApplicationState::ALL.map(ApplicationState::name)))]
    pub(crate) state: Option<String>,
    /// Only one's own.
    #[arg(long, conflicts_with = "opened_by")]
    pub(crate) mine: bool,
    /// Only those that this officer opened.
    #[arg(long, value_name = "ID")]
    pub(crate) opened_by: Option<OfficerId>,
    /// Only those of this office and those beneath it, such as GE/Tbilisi.
    #[arg(long, value_name = "PATH")]
    pub(crate) office: Option<String>,
    /// Only by this profile.
    #[arg(long, value_name = "NAME")]
    pub(crate) profile: Option<String>,
    /// Only of this personal number or identification code, or another identifier as certificates show it.
    #[arg(long, value_name = "IDENTIFIER")]
    pub(crate) subject: Option<String>,
    /// Only those opened since: a day in Georgia, or RFC 3339.
    #[arg(long, value_name = "TIME", value_parser = moment)]
    pub(crate) since: Option<UtcTime>,
    /// Only those opened before: the same.
    #[arg(long, value_name = "TIME", value_parser = moment)]
    pub(crate) until: Option<UtcTime>,
    #[command(flatten)]
    pub(crate) page: PageArgs,
}

/// A time, or the beginning of a day in Georgia, which is UTC+4 all year.
fn moment(text: &str) -> Result<UtcTime, &'static str> {
    let day = format!("{text}T00:00:00+04:00");
    text.parse().or_else(|_| day.parse()).map_err(|_| "a day such as 2026-11-25, or RFC 3339")
}

/// Where a new application comes from.
#[derive(Debug, Args)]
pub(crate) struct NewArgs {
    #[command(flatten)]
    pub(crate) api: ApiArgs,
    /// The application's content without the request, JSON or TOML by its ending.
    #[arg(long, value_name = "FILE")]
    pub(crate) file: Option<PathBuf>,
    /// The PKCS#10 request, PEM.
    #[arg(long, value_name = "FILE")]
    pub(crate) csr: Option<PathBuf>,
    /// Keep what is answered in this file, JSON or TOML by its ending, and go on from it; removed when the application is open.
    #[arg(long, value_name = "FILE")]
    pub(crate) draft: Option<PathBuf>,
    /// Ask for what is missing, also where there is no terminal: an answer a line.
    #[arg(long)]
    pub(crate) ask: bool,
    #[command(flatten)]
    pub(crate) fields: FieldArgs,
}

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
    /// Open an application: from a file, from fields given as options, or by being asked field by field.
    ///
    /// A terminal with neither is asked. Every rule is checked at once. Options go before a draft, a draft before a file.
    New(Box<NewArgs>),
    /// List the profiles by which applications are made.
    Profiles {
        #[command(flatten)]
        api: ApiArgs,
    },
    /// Show an application.
    Show {
        #[command(flatten)]
        api: ApiArgs,
        /// Its id.
        id: String,
    },
    /// Write everything that is kept about a subject into a folder: applications, orders, evidence, requests, agreements, copies, certificates.
    ///
    /// `record.json` has it all but the files, which lie beside it; `sha256sum -c SHA256SUMS` checks them. Of a person also
    /// what they did as an organisation's representative.
    Record {
        #[command(flatten)]
        api: ApiArgs,
        /// The personal number or identification code; another identifier as the certificate shows it, such as PASUA-FE123456.
        subject: String,
        /// The folder that receives it, new or empty; only its owner can read it.
        #[arg(long, value_name = "FOLDER")]
        out: PathBuf,
    },
    /// List applications, newest first.
    List(Box<ListArgs>),
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
        #[command(flatten)]
        seen: SeenArgs,
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
    /// Attach a copy, at most 2 MiB: of the agreement that the subscriber signed, or of evidence.
    ///
    /// Copies are PDF, PNG or JPEG; of the agreement a detached signature (.p7s) too. Electronic signatures on it with
    /// certificates of this provider are checked.
    Attach {
        #[command(flatten)]
        api: ApiArgs,
        #[command(flatten)]
        seen: SeenArgs,
        /// The copy.
        #[arg(long, value_name = "FILE")]
        file: PathBuf,
        /// What it is a copy of.
        #[arg(long, value_name = "WHAT", default_value = AGREEMENT,
            value_parser = PossibleValuesParser::new([AGREEMENT].iter().chain(ATTACHMENT_KINDS)))]
        of: String,
        /// What to call a copy of evidence; the file's own name when absent.
        #[arg(long, value_name = "NAME")]
        name: Option<String>,
    },
    /// List the copies of evidence that are attached to an application, and fetch them.
    Attachments {
        #[command(flatten)]
        api: ApiArgs,
        /// Its id.
        id: String,
        /// A folder that receives them, by what they are copies of; only its owner can read them.
        #[arg(long, value_name = "FOLDER")]
        out: Option<PathBuf>,
    },
    /// Take a copy of evidence away from an application that is not submitted.
    Detach {
        #[command(flatten)]
        api: ApiArgs,
        #[command(flatten)]
        seen: SeenArgs,
        /// SHA-256 over the copy, as `attachments` tells it.
        #[arg(long, value_name = "HEX")]
        sha256: String,
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
        #[command(flatten)]
        seen: SeenArgs,
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
        #[command(flatten)]
        seen: SeenArgs,
        /// What is to be corrected.
        #[arg(long, value_name = "TEXT")]
        remark: String,
    },
    /// Refuse an application for good, as approver.
    Reject {
        #[command(flatten)]
        api: ApiArgs,
        #[command(flatten)]
        seen: SeenArgs,
        /// Why.
        #[arg(long, value_name = "TEXT")]
        remark: String,
    },
    /// Give an application up before it is fully signed.
    Withdraw {
        #[command(flatten)]
        api: ApiArgs,
        #[command(flatten)]
        seen: SeenArgs,
    },
    /// Note that the subscriber accepted the certificate.
    Accept {
        #[command(flatten)]
        api: ApiArgs,
        #[command(flatten)]
        seen: SeenArgs,
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
    /// Note that the certificate was handed to its subscriber, with its revocation code.
    Deliver {
        #[command(flatten)]
        api: ApiArgs,
        #[command(flatten)]
        seen: SeenArgs,
        /// Why the subscriber was given no revocation code; where they were not, nothing else lets the step pass.
        #[arg(long, value_name = "REASON")]
        without_code: Option<String>,
    },
}
