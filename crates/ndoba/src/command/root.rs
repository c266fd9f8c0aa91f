//! `ndoba root`: the offline root's responder and list, renewed at a ceremony (C-93, O-26; design §7).
//!
//! The work goes by files between three machines: the responder's key is made where it answers, what is to be signed is
//! recorded where the ledger is, and signed where the root is. Nothing that comes back is believed without the root's
//! signature over what was recorded.

mod draft;
mod import;
mod request;
mod room;
mod sign;

use std::path::Path;
use std::sync::Arc;

use anyhow::Context as _;
use ndoba_ca::{CeremonyDesk, Epoch, NoFailpoints, Node, OfflineCa, OfflineDesk};
use ndoba_ceremony::SessionEntry;
use ndoba_order::Register;
use ndoba_settings::{CertificationAuthority, Settings};
use ndoba_store::Store;
use ndoba_types::{CaName, KeyLabel, Sha256Digest, UtcTime};
use ndoba_x509::{Certificate, IssuerFacts, KeyKind, signature_algorithm};
use serde::{Deserialize, Serialize};

use crate::cli::{OfflineArgs, RootCommand};
use crate::files;
use crate::installation::{self, World};
use room::Link;

pub(crate) fn run(command: &RootCommand) -> anyhow::Result<()> {
    match command {
        RootCommand::Request { offline, out } => request::run(offline, out),
        RootCommand::Draft(args) => draft::run(args),
        RootCommand::Sign(args) => sign::run(args),
        RootCommand::Import { offline, signed, out } => import::run(offline, signed, out),
        RootCommand::GiveUp(offline) => draft::give_up(offline),
    }
}

/// What goes to the ceremony and comes back. Believed by neither side: the one judges it anew and shows it, the other
/// compares it with the ledger.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Errand {
    v: u8,
    installation: String,
    ca: String,
    /// The CA's key, as its token calls it.
    key: String,
    /// SHA-256 over the CA's certificate.
    ca_certificate: String,
    drafted: String,
    /// TBSCertificate, hexadecimal.
    certificate: String,
    list: ErrandList,
    /// The register of officers after the pin, in order: the room has no database.
    register: Vec<Link>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    session: Option<SessionEntry>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    signatures: Option<Signatures>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct ErrandList {
    /// TBSCertList, hexadecimal.
    tbs: String,
    /// The status version that it shows.
    version: u64,
}

/// Hexadecimal, as in a signatureValue.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Signatures {
    certificate: String,
    list: String,
}

const VERSION: u8 = 2;

impl Errand {
    fn read(path: &Path) -> anyhow::Result<Self> {
        let errand: Self = serde_json::from_slice(&files::read(path)?)
            .with_context(|| format!("{} is no draft for an offline CA", path.display()))?;
        anyhow::ensure!(errand.v == VERSION, "{} is of another version of this program", path.display());
        Ok(errand)
    }

    fn write(&self, path: &Path) -> anyhow::Result<()> {
        let mut text = serde_json::to_vec_pretty(self)?;
        text.push(b'\n');
        files::write(path, &text)
    }

    fn drafted(&self) -> anyhow::Result<UtcTime> {
        self.drafted.parse().map_err(|_| anyhow::anyhow!("{:?} is no time", self.drafted))
    }

    fn key(&self) -> anyhow::Result<KeyLabel> {
        Ok(self.key.parse()?)
    }

    /// Whether it is for this CA of this installation.
    fn must_be_for(&self, settings: &Settings, ca: &CertificationAuthority) -> anyhow::Result<()> {
        anyhow::ensure!(
            self.installation == settings.installation.to_string(),
            "the draft is of another installation"
        );
        let certificate = installation::certificate(&ca.certificate)?;
        anyhow::ensure!(
            self.ca == ca.name.as_str() && self.ca_certificate == certificate.fingerprint().to_string(),
            "the draft is for another CA than the configuration's {}",
            ca.name
        );
        Ok(())
    }
}

fn configured<'s>(settings: &'s Settings, name: &CaName) -> anyhow::Result<&'s CertificationAuthority> {
    let ca = settings.cas.iter().find(|ca| ca.name == *name);
    ca.with_context(|| format!("the CA {name} is not configured"))
}

/// The CA that certified itself, without its key.
fn offline_ca(settings: &Settings, ca: &CertificationAuthority, key: KeyLabel) -> anyhow::Result<OfflineCa> {
    let certificate = installation::certificate(&ca.certificate)?;
    anyhow::ensure!(
        certificate.issuer() == certificate.subject(),
        "{} is no root: only a root is kept offline and renewed so",
        ca.name
    );
    // What it certified itself with is what its key signs with.
    let kind: KeyKind = certificate.key_kind().context("the CA's key is of no known kind")?;
    let algorithm = signature_algorithm(certificate.algorithm_der(), kind)?;
    let urls = installation::public_urls(settings)?.of_issuer(ca.name.as_str())?;
    let facts = IssuerFacts::from_certificate(&certificate, algorithm, urls)?;
    Ok(OfflineCa { name: ca.name.clone(), facts, key })
}

/// The ledger and the register. A database that went back may lack revocations: no list is made from it.
fn ledger(settings: &Settings) -> anyhow::Result<(Store, Register)> {
    let store = installation::open_store(settings)?;
    let register = super::terminate::register(settings, &store)?;
    Ok((store, register))
}

/// The desk on the machine of the role `ca`, and the CA whose key is not there.
fn desk(
    offline: &OfflineArgs,
    settings: &Settings,
    store: Store,
    key: KeyLabel,
    warrant: Sha256Digest,
) -> anyhow::Result<(OfflineDesk, OfflineCa)> {
    let ca = configured(settings, &offline.ca)?;
    anyhow::ensure!(
        ca.key.is_none(),
        "the key of {} is configured here, so that the role `ca` signs its lists itself: take `token`, `key` and \
         `algorithm` out of its section for an offline CA",
        ca.name
    );
    let world = World::of(settings)?;
    // A node of its own: what it leaves open is nothing that a crash left.
    let node = format!("offline-{}", settings.node);
    let node =
        Node::begin(&node, Epoch::draw(&*world.random)?, Arc::clone(&world.clock), Arc::clone(&world.random));
    let desk = CeremonyDesk {
        node: Arc::new(node),
        ledger: Arc::new(store),
        sink: Arc::new(installation::published(settings)?),
        failpoints: Arc::new(NoFailpoints),
        urls: installation::public_urls(settings)?,
        plan: warrant,
    };
    Ok((OfflineDesk(desk), offline_ca(settings, ca, key)?))
}

/// The serial number in hexadecimal, and the end of a certificate.
fn in_words(certificate: &Certificate) -> String {
    format!("serial {}, until {}", certificate.serial(), certificate.not_after())
}
