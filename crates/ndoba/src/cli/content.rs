//! What certificates hold, and whether it is right: `ndoba profile`, `ndoba lint`.

use std::path::PathBuf;
use std::str::FromStr;

use clap::{Args, Subcommand, ValueEnum};
use ndoba_lint::{CountryCode, Jurisdiction};

use super::ConfigArgs;

#[derive(Debug, Subcommand)]
pub(crate) enum ProfileCommand {
    /// List the profiles that the configured installation issues by, each with its version and digest.
    List(ConfigArgs),
    /// Print a profile's file: one of the configured installation's, its own policies in it.
    Show {
        #[command(flatten)]
        config: ConfigArgs,
        /// The profile's name.
        name: String,
    },
    /// Judge profile files: every rule that one breaks, with the clause.
    Check {
        /// Files of TOML.
        #[arg(required = true, value_name = "FILE")]
        files: Vec<PathBuf>,
    },
    /// Tell what one profile file changes in another.
    Diff {
        /// The profile as it is: a file, or the name of one that ships with the product.
        #[arg(value_name = "OLD")]
        old: PathBuf,
        /// The profile as it would be: the same.
        #[arg(value_name = "NEW")]
        new: PathBuf,
    },
}

#[derive(Debug, Args)]
pub(crate) struct DevicesArgs {
    #[command(flatten)]
    pub(crate) config: ConfigArgs,
    /// Write JSON.
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct LintArgs {
    /// PEM files, with any number of blocks, or DER files.
    #[arg(required = true, value_name = "FILE")]
    pub(crate) files: Vec<PathBuf>,
    /// What they are meant to be; what they seem to be when absent.
    #[arg(long = "type", value_name = "T")]
    pub(crate) as_type: Option<LintType>,
    /// Whose law makes a certificate qualified: a country's two letters, EU, or none; what it claims itself when absent.
    #[arg(long, value_name = "LAW")]
    pub(crate) law: Option<Law>,
    /// Leave out what is against recommendations or our own decisions only.
    #[arg(long)]
    pub(crate) errors_only: bool,
    /// How to print.
    #[arg(long, value_enum, default_value = "text")]
    pub(crate) format: LintFormat,
}

/// What a document is meant to be.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum LintType {
    Root,
    Ca,
    Person,
    Organisation,
    Website,
    OcspResponder,
    Tsu,
    Crl,
    Carl,
    OcspResponse,
}

/// How findings are printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum LintFormat {
    /// A line each.
    Text,
    /// One JSON object for each document, on a line.
    Json,
}

/// Whose law makes a certificate qualified.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Law(pub(crate) Jurisdiction);

impl FromStr for Law {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "EU" => Ok(Self(Jurisdiction::EuropeanUnion)),
            "none" => Ok(Self(Jurisdiction::NotQualified)),
            country => CountryCode::new(country)
                .map(|code| Self(Jurisdiction::Country(code)))
                .ok_or("two upper-case letters of a country such as GE, or EU, or none"),
        }
    }
}
