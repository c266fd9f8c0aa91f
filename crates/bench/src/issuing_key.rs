//! A P-256 key for the CA that issues. The product's own ceremonies refuse one (CAs have P-384 or stronger), but it is
//! the key that other products' figures are made with, and the token is several times faster with it. So key and
//! certificate are put beside those of the ceremony, and everything after is the product's.

use std::fs;
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::Context as _;
use clap::Args;
use ndoba_hsm::{
    Key, KeySpec, Module, ModuleConfig, PinSource, QueueLimits, Recovery, TokenConfig, TokenSelector,
    subject_key_identifier,
};
use ndoba_settings::Settings;
use ndoba_types::{IssueCertificates, KeyLabel, PinPlace, SignatureAlgorithm, SigningKey as _, ToBeSigned};
use rcgen::{
    BasicConstraints, CertificateParams, DnType, DnValue, IsCa, KeyIdMethod, KeyUsagePurpose,
    PKCS_ECDSA_P256_SHA256,
};

use crate::installation::{Installation, loaded_ca};

/// The child's command line. (The module must be loaded with its environment set.)
#[derive(Args, Debug)]
pub(crate) struct Options {
    /// The ceremony's folder.
    #[arg(long)]
    folder: PathBuf,
}

/// The certificate's file, relative to the folder.
const CERTIFICATE: &str = "pki/bench-p256.pem";
/// The generation after the ceremony's.
const GENERATION: u32 = 2;

/// Makes the key and has the configuration name it.
pub(crate) fn install(installation: &Installation) -> anyhow::Result<()> {
    let settings = installation.settings()?;
    let environment = settings.hsm.modules.iter().flat_map(|module| &module.environment);
    let output = Command::new(std::env::current_exe()?)
        .args(["issuing-key", "--folder"])
        .arg(installation.file(""))
        .envs(environment)
        .output()?;
    let said = String::from_utf8_lossy(&output.stderr);
    anyhow::ensure!(output.status.success(), "the P-256 issuing key cannot be made: {said}");
    installation.configure(|configuration| {
        let cas = configuration.get_mut("cas").and_then(toml::Value::as_array_mut);
        let ca = cas
            .into_iter()
            .flatten()
            .filter_map(toml::Value::as_table_mut)
            .find(|ca| ca.get("name").and_then(toml::Value::as_str) == Some(loaded_ca()))
            .context("the CA is not configured")?;
        ca.insert("key".into(), label()?.to_string().into());
        ca.insert("algorithm".into(), "ecdsa-p256-sha256".into());
        ca.insert("certificate".into(), CERTIFICATE.into());
        Ok(())
    })
}

fn label() -> anyhow::Result<KeyLabel> {
    Ok(KeyLabel::new(loaded_ca(), "ca", GENERATION)?)
}

/// The child.
pub(crate) fn run(options: &Options) -> anyhow::Result<()> {
    let settings = Settings::load(&options.folder.join("ndoba.toml"))?;
    let key = settings.cas.iter().find(|ca| ca.name.as_str() == loaded_ca()).and_then(|ca| ca.key.as_ref());
    let name = &key.context("the CA has no key")?.token;
    let module = start(&settings, name, &options.folder)?;
    let token = module.token(name).context("the token is not configured")?;
    anyhow::ensure!(token.wait_ready(Duration::from_secs(20)), "the token is not there");
    token.generate(&label()?, KeySpec::P256)?;
    let key = token.open::<IssueCertificates>(&label()?, SignatureAlgorithm::EcdsaP256Sha256)?;
    fs::write(options.folder.join(CERTIFICATE), certificate(&key)?)?;
    module.stop();
    Ok(())
}

fn start(settings: &Settings, name: &str, folder: &Path) -> anyhow::Result<Module> {
    let holds = |module: &&ndoba_settings::Module| module.tokens.iter().any(|token| token.name == name);
    let module = settings.hsm.modules.iter().find(holds).context("no module holds the token")?;
    let token = module.tokens.iter().find(|token| token.name == name).context("see above")?;
    let PinPlace::File(pin) = &token.pin else {
        anyhow::bail!("a ceremony's PINs are in files");
    };
    Ok(Module::start(ModuleConfig {
        path: module.path.clone(),
        state_dir: folder.join("hsm"),
        tokens: vec![TokenConfig {
            name: name.to_owned(),
            selector: match &token.selector {
                ndoba_settings::TokenSelector::Label(label) => TokenSelector::Label(label.clone()),
                ndoba_settings::TokenSelector::Slot(slot) => TokenSelector::Slot(*slot),
            },
            pin: PinSource::File(pin.clone()),
            limits: QueueLimits { sessions: NonZeroUsize::MIN, ..QueueLimits::default() },
            canary: KeyLabel::new("canary", "canary", 1)?,
        }],
        recovery: Recovery::default(),
    })?)
}

/// A CA certificate that the key signs itself.
fn certificate(key: &Key<IssueCertificates>) -> anyhow::Result<String> {
    let mut params = CertificateParams::default();
    let organization_identifier = DnType::CustomDnType(vec![2, 5, 4, 97]);
    for (kind, value) in [
        (DnType::CountryName, DnValue::PrintableString("GE".try_into()?)),
        (DnType::OrganizationName, "TEST Ndoba Trust Services".into()),
        (organization_identifier, "NTRGE-404123456".into()),
        (DnType::CommonName, "TEST Ndoba CA for benchmarks".into()),
    ] {
        params.distinguished_name.push(kind, value);
    }
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    let identifier = subject_key_identifier(key.public_key()).context("the key has no identifier")?;
    params.key_identifier_method = KeyIdMethod::PreSpecified(identifier.to_vec());
    Ok(params.self_signed(&InToken(key))?.pem())
}

/// The key as rcgen wants it.
struct InToken<'a>(&'a Key<IssueCertificates>);

impl rcgen::PublicKeyData for InToken<'_> {
    fn der_bytes(&self) -> &[u8] {
        // The uncompressed point ends the SubjectPublicKeyInfo.
        const POINT: usize = 65;
        let spki = self.0.public_key().as_der();
        spki.get(spki.len().saturating_sub(POINT)..).unwrap_or_default()
    }

    fn algorithm(&self) -> &'static rcgen::SignatureAlgorithm {
        &PKCS_ECDSA_P256_SHA256
    }
}

impl rcgen::SigningKey for InToken<'_> {
    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, rcgen::Error> {
        let signed = self.0.sign(ToBeSigned::assertion(message.to_vec()));
        Ok(signed.map_err(|_| rcgen::Error::RemoteKeyError)?.as_bytes().to_vec())
    }
}
