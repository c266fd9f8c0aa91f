//! How often the token signs when nobody stands in front of it: bare cryptoki sessions in a loop, no queue, no
//! database, no network.

use std::path::PathBuf;
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::Context as _;
use clap::Args;
use cryptoki::context::{CInitializeArgs, CInitializeFlags, Pkcs11};
use cryptoki::mechanism::Mechanism;
use cryptoki::object::{Attribute, ObjectClass};
use cryptoki::session::UserType;
use cryptoki::slot::Slot;
use ndoba_settings::{KeyRef, TokenSelector};
use ndoba_types::{PinPlace, SignatureAlgorithm};
use secrecy::SecretString;

use crate::installation::Installation;

/// The child's command line.
#[derive(Args, Debug)]
pub(crate) struct Options {
    #[arg(long)]
    module: PathBuf,
    #[arg(long)]
    token: String,
    #[arg(long)]
    pin_file: PathBuf,
    #[arg(long)]
    key: String,
    #[arg(long)]
    digest_octets: usize,
    #[arg(long)]
    sessions: usize,
    #[arg(long)]
    seconds: f64,
}

/// Signatures per second with `key`, in as many sessions as the product uses, for about `seconds`.
pub(crate) fn rate(installation: &Installation, key: &KeyRef, seconds: f64) -> anyhow::Result<f64> {
    let settings = installation.settings()?;
    let found = settings.hsm.modules.iter().find_map(|module| {
        let token = module.tokens.iter().find(|token| token.name == key.token)?;
        Some((module, token))
    });
    let (module, token) = found.with_context(|| format!("no token is named {}", key.token))?;
    let (TokenSelector::Label(label), PinPlace::File(pin)) = (&token.selector, &token.pin) else {
        anyhow::bail!("a ceremony's token is found by its label and has its PIN in a file");
    };
    let digest = if key.algorithm == SignatureAlgorithm::EcdsaP256Sha256 {
        "32"
    } else if key.algorithm == SignatureAlgorithm::EcdsaP384Sha384 {
        "48"
    } else {
        anyhow::bail!("keys of {:?} are not measured", key.algorithm)
    };
    let output = Command::new(std::env::current_exe()?)
        .args(["raw-token", "--module"])
        .arg(&module.path)
        .args(["--token", label, "--key", &key.label.to_string(), "--digest-octets", digest, "--pin-file"])
        .arg(pin)
        .args(["--sessions", &token.sessions.to_string(), "--seconds", &seconds.to_string()])
        .envs(&module.environment)
        .output()?;
    let said = String::from_utf8_lossy(&output.stderr);
    anyhow::ensure!(output.status.success(), "the token's own rate cannot be measured: {said}");
    Ok(String::from_utf8(output.stdout)?.trim().parse()?)
}

/// The child: prints signatures per second.
pub(crate) fn run(options: &Options) -> anyhow::Result<()> {
    let pkcs11 = Pkcs11::new(&options.module)?;
    pkcs11.initialize(CInitializeArgs::new(CInitializeFlags::OS_LOCKING_OK))?;
    let mut slot = None;
    for candidate in pkcs11.get_slots_with_token()? {
        if pkcs11.get_token_info(candidate)?.label() == options.token {
            slot = Some(candidate);
        }
    }
    let slot = slot.context("there is no such token")?;
    let pin = std::fs::read_to_string(&options.pin_file)?;
    // The login holds for every session as long as this one is open.
    let keeper = pkcs11.open_ro_session(slot)?;
    keeper.login(UserType::User, Some(&SecretString::from(pin.trim_end_matches('\n'))))?;
    let length = Duration::from_secs_f64(options.seconds);
    let start = Instant::now();
    let counts = std::thread::scope(|scope| {
        let sessions: Vec<_> = (0..options.sessions)
            .map(|_| scope.spawn(|| sign(&pkcs11, slot, options, start + length)))
            .collect();
        sessions
            .into_iter()
            .map(|session| session.join().map_err(|_| anyhow::anyhow!("a session's thread panicked"))?)
            .collect::<anyhow::Result<Vec<u32>>>()
    })?;
    let signed: f64 = counts.into_iter().map(f64::from).sum();
    println!("{}", signed / start.elapsed().as_secs_f64());
    Ok(())
}

fn sign(pkcs11: &Pkcs11, slot: Slot, options: &Options, end: Instant) -> anyhow::Result<u32> {
    let session = pkcs11.open_ro_session(slot)?;
    let label = Attribute::Label(options.key.clone().into_bytes());
    let found = session.find_objects(&[Attribute::Class(ObjectClass::PRIVATE_KEY), label])?;
    let key = *found.first().context("there is no such key")?;
    let mut digest = vec![0x5a; options.digest_octets];
    let mut signed = 0_u32;
    while Instant::now() < end {
        digest[..4].copy_from_slice(&signed.to_be_bytes());
        session.sign(&Mechanism::Ecdsa, key, &digest)?;
        signed += 1;
    }
    Ok(signed)
}
