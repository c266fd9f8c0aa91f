//! `ndoba probe`: how long a revocation takes to be seen from outside.

use std::time::Duration;

use anyhow::Context as _;
use ndoba_client::{Probe, PublicClient, SignedObservation};
use ndoba_types::CrlName;

use crate::cli::{ProbeCommand, WatchArgs};
use crate::installation::{self, World};
use crate::{files, officer_key};

/// Carries one out.
pub(crate) fn run(command: &ProbeCommand) -> anyhow::Result<()> {
    match command {
        ProbeCommand::Watch(args) => watch(args),
        ProbeCommand::Verify { observation, issuer, key } => {
            let stored: SignedObservation = serde_json::from_slice(&files::read(observation)?)
                .with_context(|| format!("{} is no observation", observation.display()))?;
            let (seen, by) = stored.verify(&installation::certificate(issuer)?)?;
            if let Some(key) = key {
                anyhow::ensure!(*key == by.to_string(), "the observation is signed by another key: {by}");
            }
            println!("signed by the key {by}");
            println!("{} was revoked at {}", seen.serial, seen.ocsp.revoked);
            println!("seen in OCSP at {}, after {} ms", seen.ocsp.seen, seen.ocsp.milliseconds);
            println!("seen on the CRL at {}, after {} ms", seen.crl.seen, seen.crl.milliseconds);
            Ok(())
        }
    }
}

/// The list that the certificate names, where it is at hand. The address may be another on the way that this probe goes:
/// the name of the list is the same.
fn watched_list(args: &WatchArgs) -> anyhow::Result<CrlName> {
    let Some(file) = &args.certificate else { return Ok(CrlName::whole(&args.ca)) };
    let certificate = installation::certificate(file)?;
    anyhow::ensure!(
        *certificate.serial() == args.serial,
        "{} has another serial number: {}",
        file.display(),
        certificate.serial()
    );
    let address = certificate.crl_address();
    let list = address.as_ref().and_then(|address| {
        let (_, file) = address.as_str().rsplit_once("/crl/")?;
        file.strip_suffix(".crl")?.parse::<CrlName>().ok()
    });
    list.filter(|list| list.ca == args.ca)
        .with_context(|| format!("{} names no list of the CA {}", file.display(), args.ca))
}

fn watch(args: &WatchArgs) -> anyhow::Result<()> {
    let issuer = installation::certificate(&args.issuer)?;
    let key = officer_key::from_file(&args.probe)?;
    let world = World::real();
    let probe = Probe {
        public: &PublicClient::new(&args.url, &[]),
        url: &args.url,
        list: watched_list(args)?,
        issuer: &issuer,
        serial: args.serial.clone(),
        asked: args.asked,
    };
    let (every, within) = (Duration::from_millis(args.every), Duration::from_secs(args.within));
    let seen = probe.watch(&*world.clock, every, within)?;
    let signed = seen.sign(&key, world.clock.now())?;
    files::write(&args.out, &serde_json::to_vec_pretty(&signed)?)?;
    println!(
        "seen in OCSP after {} ms, on the CRL after {} ms",
        seen.ocsp.milliseconds, seen.crl.milliseconds
    );
    Ok(())
}
