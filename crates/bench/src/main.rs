//! `ndoba-bench`: how fast the built `ndoba` is, with durable commits, audit and everything else on.
//!
//! Every bench holds a ceremony of its own, starts the real program as it is installed, and measures it from outside
//! over loopback. What counts are ratios inside one run: to the token's own rate, to the same server computing
//! nothing, to `openssl`. Figures of two machines, or of one at two times, are not comparable.
//!
//! Started by `cargo xtask bench`.

mod ca;
mod constant_server;
mod database;
mod http;
mod installation;
mod issuing_key;
mod load;
mod loader;
mod metrics;
mod ocsp;
mod ocsp_request;
mod officers;
mod openssl;
mod orders;
mod postgres;
mod process;
mod raw_token;
mod registration;
mod report;
mod tsa;
mod zipf;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Parser, Subcommand};

/// Benchmarks of Ndoba.
#[derive(Debug, Parser)]
#[command(name = "ndoba-bench", version)]
struct Cli {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// The OCSP responder.
    Ocsp(ocsp::Options),
    /// The time-stamp authority.
    Tsa(tsa::Options),
    /// The certification authority.
    Ca(ca::Options),
    /// Officers at work.
    Registration(registration::Options),
    /// A P-256 key for the issuing CA.
    #[command(hide = true)]
    IssuingKey(issuing_key::Options),
    /// How often a token signs, without us. (A process of its own: a module may be initialised once per process.)
    #[command(hide = true)]
    RawToken(raw_token::Options),
    /// The public server with one answer for everything.
    #[command(hide = true)]
    ConstantServer(constant_server::Options),
}

/// What all benches take.
#[derive(Args, Clone, Debug)]
pub(crate) struct Common {
    /// The program to measure; the one beside this when absent.
    #[arg(long, value_name = "FILE")]
    ndoba: Option<PathBuf>,
    /// Print JSON, and nothing else, on standard output.
    #[arg(long)]
    json: bool,
    /// How long each measurement lasts.
    #[arg(long, value_name = "SECONDS", default_value_t = 10.0)]
    seconds: f64,
    /// Where the installations under test are made: decides which disk is measured.
    #[arg(long, value_name = "FOLDER")]
    dir: Option<PathBuf>,
}

impl Common {
    fn ndoba(&self) -> anyhow::Result<PathBuf> {
        let beside = || Ok::<_, std::io::Error>(std::env::current_exe()?.with_file_name("ndoba"));
        let program = self.ndoba.clone().map_or_else(beside, Ok)?;
        anyhow::ensure!(program.is_file(), "there is no program {}; build it first", program.display());
        Ok(program)
    }
}

fn main() -> ExitCode {
    let outcome = match Cli::parse().what {
        What::Ocsp(options) => ocsp::run(&options),
        What::Tsa(options) => tsa::run(&options),
        What::Ca(options) => ca::run(&options),
        What::Registration(options) => registration::run(&options),
        What::IssuingKey(options) => issuing_key::run(&options),
        What::RawToken(options) => raw_token::run(&options),
        What::ConstantServer(options) => constant_server::run(&options),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("ndoba-bench: {error:#}");
            ExitCode::FAILURE
        }
    }
}
