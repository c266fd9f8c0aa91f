//! `ndoba probe`: how long a revocation takes to be seen from outside.

use std::time::Duration;

use anyhow::Context as _;
use ndoba_client::{Probe, PublicClient, SignedObservation};

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

fn watch(args: &WatchArgs) -> anyhow::Result<()> {
    let issuer = installation::certificate(&args.issuer)?;
    let key = officer_key::from_file(&args.probe)?;
    let world = World::real();
    let probe = Probe {
        public: &PublicClient::new(&args.url, &[]),
        url: &args.url,
        ca: args.ca.clone(),
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
