//! The state folder: what lies where.

use std::path::{Path, PathBuf};

use anyhow::Context as _;
use ndoba_settings::Settings;
use serde_json::json;

use crate::files;

/// A state folder; its path is absolute.
pub(crate) struct Folder(PathBuf);

impl Folder {
    /// The folder at `dir`, made if need be.
    pub(crate) fn at(dir: &Path) -> anyhow::Result<Self> {
        files::private_folder(dir)?;
        let path = dir.canonicalize().with_context(|| format!("cannot use the folder {}", dir.display()))?;
        Ok(Self(path))
    }

    /// A file in it.
    pub(crate) fn file(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    /// The configuration.
    pub(crate) fn configuration(&self) -> PathBuf {
        self.file("ndoba.toml")
    }

    /// The report, written last of all.
    pub(crate) fn report(&self) -> PathBuf {
        self.file("ceremony/report.json")
    }

    /// SoftHSM's configuration.
    pub(crate) fn softhsm_configuration(&self) -> String {
        self.file("softhsm2.conf").display().to_string()
    }

    /// Refuses a folder with a ceremony, held or begun, and one that SoftHSM's configuration cannot name.
    pub(crate) fn must_be_free(&self) -> anyhow::Result<()> {
        anyhow::ensure!(
            !self.softhsm_configuration().contains(['#', '\n']),
            "{} cannot be a state folder: in SoftHSM's configuration a comment begins at `#`; choose another name",
            self.0.display()
        );
        anyhow::ensure!(!self.report().exists(), "a ceremony was held in {} already", self.0.display());
        // The first and the last of what is written before any key is made.
        let begun = [self.file("softhsm2.conf"), self.configuration()];
        anyhow::ensure!(
            !begun.iter().any(|file| file.exists()),
            "{} holds a ceremony that was not finished; move it away and begin anew",
            self.0.display()
        );
        Ok(())
    }

    /// Makes the folders and SoftHSM's configuration.
    pub(crate) fn prepare(&self) -> anyhow::Result<()> {
        for private in ["pins", "tokens", "officers", "operations", "tls", "witness", "journal", "hsm"] {
            files::private_folder(&self.file(private))?;
        }
        let configuration = format!(
            "directories.tokendir = {}\nobjectstore.backend = file\nlog.level = ERROR\nslots.removable = false\n",
            self.file("tokens").display()
        );
        files::write(&self.file("softhsm2.conf"), configuration.as_bytes())
    }

    /// What is where, for programs.
    pub(crate) fn endpoints(&self, settings: &Settings) -> Vec<u8> {
        let at = |scheme: &str, address: Option<std::net::SocketAddr>, path: &str| {
            address.map(|address| format!("{scheme}://{address}{path}"))
        };
        let listen = &settings.listen;
        let per_ca = |folder: &str, ending: &str| -> serde_json::Value {
            let entries = settings.cas.iter().filter_map(|ca| {
                let url = at("http", listen.public, &format!("/{folder}/{}.{ending}", ca.name))?;
                Some((ca.name.to_string(), url.into()))
            });
            serde_json::Value::Object(entries.collect())
        };
        let files = |names: &[&str]| -> serde_json::Value {
            names
                .iter()
                .map(|name| ((*name).to_owned(), self.file(name).display().to_string().into()))
                .collect::<serde_json::Map<_, _>>()
                .into()
        };
        let endpoints = json!({
            "ocsp": at("http", listen.public, "/ocsp"),
            "tsa": at("http", listen.public, "/tsa"),
            "tsa_tls": at("https", listen.public_tls, "/tsa"),
            "clock": at("http", listen.public, "/tsa/clock"),
            "crl": per_ca("crl", "crl"),
            "issuer": per_ca("issuer", "cer"),
            "checkpoint": at("http", listen.public, "/audit/checkpoint"),
            "pki": at("http", listen.public, "/pki"),
            "officers_api": at("https", listen.officers, "/api/v1"),
            "operator": at("http", listen.operator, ""),
            "config": self.configuration().display().to_string(),
            "files": files(&[
                "pki/root.pem", "pki/signature.pem", "pki/seal.pem", "pki/time-stamping.pem", "pki/tsu.pem",
                "pki/audit.pub.pem", "pki/clock.pub.pem",
                "demo/person.key", "demo/person.pem", "demo/person.chain.pem",
                "demo/municipality.key", "demo/municipality.pem", "demo/municipality.chain.pem",
                "officers/operations-ca.pem", "officers/security-1.pem", "officers/security-2.pem",
                "officers/registration.pem", "officers/approver.pem", "officers/revocation.pem", "officers/auditor.pem",
                "officers/operator.pem", "officers/administrator.pem",
                "ceremony/report.json", "ceremony/report.txt",
            ]),
        });
        let mut text = serde_json::to_vec_pretty(&endpoints).unwrap_or_default();
        text.push(b'\n');
        text
    }
}
