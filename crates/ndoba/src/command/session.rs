//! A connection to the registration API as an officer, and the officer's consent to a signature.

use std::io::{BufRead as _, Write as _};
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use ndoba_client::{Identity, OfficerClient};
use ndoba_order::SignerRole;
use rustls_pki_types::CertificateDer;
use serde::Serialize;

use crate::cli::{ApiArgs, Language};
use crate::files;
use crate::installation::World;
use crate::serve::tls;

/// An officer at the API.
pub(super) struct Session {
    pub(super) api: OfficerClient,
    pub(super) officer: Identity,
    pub(super) world: World,
    pub(super) language: ndoba_order::Language,
    address: String,
    roots: Vec<CertificateDer<'static>>,
    json: bool,
    yes: bool,
}

impl Session {
    /// Reads the officer's file and the operations CA; connects with the first call.
    pub(super) fn open(args: &ApiArgs) -> anyhow::Result<Self> {
        tls::install_provider()?;
        let authority = args.api_ca.clone().unwrap_or_else(|| beside(&args.officer));
        let officer = identity(&args.officer)?;
        let roots = tls::certificates(&authority)?;
        Ok(Self {
            api: OfficerClient::new(&args.api, &roots, &officer),
            address: args.api.clone(),
            roots,
            officer,
            world: World::real(),
            language: match args.language {
                Language::En => ndoba_order::Language::English,
                Language::Ka => ndoba_order::Language::Georgian,
            },
            json: args.json,
            yes: args.yes,
        })
    }

    /// The same API as another officer.
    pub(super) fn api_as(&self, officer: &Identity) -> OfficerClient {
        OfficerClient::new(&self.address, &self.roots, officer)
    }

    /// Prints `words`, or `value` when JSON was asked for.
    pub(super) fn print(&self, value: &impl Serialize, words: impl FnOnce() -> String) -> anyhow::Result<()> {
        if self.json {
            println!("{}", serde_json::to_string_pretty(value)?);
        } else {
            println!("{}", words());
        }
        Ok(())
    }

    /// Shows what is to be signed and asks.
    pub(super) fn consent(&self, lines: &[String], role: SignerRole) -> bool {
        // On standard error, so that standard output stays the result's.
        eprintln!("You sign as {}:", role.name());
        for line in lines {
            eprintln!("  {line}");
        }
        self.yes || asked("Sign this? [y/N] ")
    }
}

/// An officer's file.
pub(super) fn identity(path: &Path) -> anyhow::Result<Identity> {
    let pem = files::read(path)?;
    Identity::from_pem(&pem).with_context(|| format!("{} is no officer's file", path.display()))
}

fn beside(officer: &Path) -> PathBuf {
    officer.with_file_name("operations-ca.pem")
}

fn asked(question: &str) -> bool {
    eprint!("{question}");
    let _ = std::io::stderr().flush();
    let mut answer = String::new();
    std::io::stdin().lock().read_line(&mut answer).is_ok() && matches!(answer.trim(), "y" | "Y" | "yes")
}
