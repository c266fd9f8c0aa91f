//! `ndoba root draft` and `give-up`: what an offline CA is to sign, recorded before it travels.

use anyhow::Context as _;
use ndoba_ca::Appointed;
use ndoba_types::{KeyLabel, Sha256Digest};
use ndoba_x509::{Template, VerifiedCsr};

use super::room::links;
use super::{Errand, ErrandList, VERSION, configured, desk, ledger};
use crate::cli::{DraftArgs, OfflineArgs};
use crate::files;
use crate::installation::{self, World};

pub(super) fn run(args: &DraftArgs) -> anyhow::Result<()> {
    let DraftArgs { offline, request, key, profile, days, out } = args;
    let settings = installation::load(&offline.config.config)?;
    let ca = configured(&settings, &offline.ca)?;
    let ocsp =
        ca.ocsp.as_ref().with_context(|| format!("{} has no responder in this configuration", ca.name))?;
    let name = installation::provider_name(&installation::certificate(&ocsp.certificate)?)?;
    let csr = VerifiedCsr::parse(&files::read(request)?)
        .with_context(|| format!("{} cannot be certified", request.display()))?;
    let profile = installation::profiles(&settings)?.into_iter().find(|one| one.name() == profile);
    let profile = profile.with_context(|| format!("there is no profile {}", args.profile))?;
    anyhow::ensure!(
        profile.template() == Template::OcspResponder,
        "{} is no responder's profile",
        profile.name()
    );

    let clock = World::of(&settings)?.clock;
    // The ceremony's plan, in so many words: certificates name it as their warrant.
    let plan = format!("{} {} {} {days} {}", settings.installation, ca.name, csr.digest(), clock.now());
    let key = key.clone().map_or_else(|| KeyLabel::new(ca.name.as_str(), "ca", 1), Ok)?;
    let (store, _) = ledger(&settings)?;
    let register = links(&store)?;
    let (desk, offline_ca) = desk(offline, &settings, store, key, Sha256Digest::of(plan.as_bytes()))?;
    let responder = Appointed { profile: &profile, name, key: csr.spki(), days: *days };
    let awaited = desk.draft(&offline_ca, &responder)?;
    let errand = Errand {
        v: VERSION,
        installation: settings.installation.to_string(),
        ca: ca.name.to_string(),
        key: offline_ca.key.to_string(),
        ca_certificate: installation::certificate(&ca.certificate)?.fingerprint().to_string(),
        // Not before anything in it.
        drafted: clock.now().to_string(),
        certificate: hex::encode(&awaited.certificate),
        list: ErrandList { tbs: hex::encode(&awaited.list.tbs), version: awaited.list.version },
        register,
        session: None,
        signatures: None,
    };
    errand.write(out)?;
    println!("{} is to be signed with {} at a ceremony", out.display(), offline_ca.key);
    Ok(())
}

pub(super) fn give_up(offline: &OfflineArgs) -> anyhow::Result<()> {
    let settings = installation::load(&offline.config.config)?;
    let key = KeyLabel::new(offline.ca.as_str(), "ca", 1)?;
    let warrant = Sha256Digest::of(b"");
    let (store, _) = ledger(&settings)?;
    let (desk, offline_ca) = desk(offline, &settings, store, key, warrant)?;
    let count = desk.give_up(&offline_ca)?;
    println!("{count} signatures of {} are awaited no more", offline.ca);
    Ok(())
}
