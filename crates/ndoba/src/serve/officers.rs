//! The `registration` role: the officers' API behind mutual TLS, and the page for subscribers.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use actix_web::dev::Server;
use anyhow::Context as _;
use ndoba_agreement::Templates;
use ndoba_order::ProfileRef;
use ndoba_registration::ports::RevocationLimits;
use ndoba_registration::{DeviceOffer, ProfileOffer, Registration, RegistrationSettings, SubjectKind};
use ndoba_settings::{CertificationAuthority, Mode, Settings};
use ndoba_types::{CaName, Span};
use ndoba_web_officer::{Api, ServerLimits, mutual_tls};
use ndoba_x509::{KeyIdentifier, Template};
use rustls_pki_types::CertificateDer;

use super::background::{Background, Next};
use super::{Process, desk, enrolment, kept, listen, tls, vault, webhooks};
use crate::operations_ca::any_of_development;
use crate::{files, installation};

/// Event loops of the officers' server; its work waits on the database, not on the processor.
const WORKERS: usize = 2;
/// How long an order may be signed: the most that the format allows.
const ORDER_LIFE: Span = Span::days(7);
/// Five heartbeats of the `ca` role missed: it counts as absent.
const CA_SILENCE: Span = Span::seconds(5);
/// Between two looks for orders whose time has passed.
const EXPIRY_INTERVAL: Duration = Duration::from_secs(60);
/// How many of them one look ends.
const EXPIRY_BATCH: u32 = 500;

/// Between two looks for refusals whose minute is over.
const REFUSALS_INTERVAL: Duration = Duration::from_secs(10);

/// Between two looks for records whose retention has ended.
const ERASURE_INTERVAL: Duration = Duration::from_secs(3600);
/// How many of them one look erases.
const ERASURE_BATCH: u32 = 500;

/// Starts the role.
pub(super) fn start(process: &Arc<Process>, background: &mut Background) -> anyhow::Result<Vec<Server>> {
    let settings = &process.settings;
    let address = settings.listen.officers.context("listen.officers is missing")?;
    let files = settings.officers_tls.as_ref().context("tls.officers_* is missing")?;
    let authorities = tls::certificates(&files.client_ca)?;
    believe(settings.mode, &authorities)?;
    let tls = mutual_tls(tls::certificates(&files.certificate)?, tls::key(&files.key)?, &authorities)?;
    let api = Arc::new(Api {
        registration: registration(process)?.with_spool(kept::folder(settings)?),
        chains: chains(settings)?,
        longest_body: settings.limits.api_body,
    });
    // Before anybody comes.
    vault::watch(process, background)?;
    let listener = listen(address, "officers")?;
    kept::watch(process, &api, background)?;
    webhooks::start(process, background)?;
    let lapsing = Arc::clone(&api);
    background.run("order-expiry", move || {
        match lapsing.registration.expire_due(EXPIRY_BATCH) {
            Ok(0) => {}
            Ok(expired) => tracing::info!(expired, "orders lapsed before they were fully signed"),
            Err(error) => tracing::warn!("lapsed orders could not be ended: {}", crate::chain(&error)),
        }
        Next::After(EXPIRY_INTERVAL)
    })?;
    let erasing = Arc::clone(&api);
    background.run("retention", move || {
        match erasing.registration.erase_due(ERASURE_BATCH) {
            Ok(0) => {}
            Ok(erased) => tracing::info!(erased, "records whose retention has ended were erased"),
            Err(error) => tracing::warn!("records could not be erased: {}", crate::chain(&error)),
        }
        Next::After(ERASURE_INTERVAL)
    })?;
    let (telling, last) = (Arc::clone(&api), Arc::clone(&api));
    let tell = |api: &Api, all: bool| match api.registration.tell_refusals(all) {
        Ok(0) => {}
        Ok(parties) => tracing::info!(parties, "more was refused than is written singly: it was counted"),
        Err(error) => tracing::warn!("counted refusals could not be recorded: {}", crate::chain(&error)),
    };
    background.run("refusals", move || {
        tell(&telling, false);
        Next::After(REFUSALS_INTERVAL)
    })?;
    background.at_the_end(move || tell(&last, true));
    let mut servers = vec![ndoba_web_officer::serve(Arc::clone(&api), listener, tls, limits(settings))?];
    servers.extend(enrolment::start(process, Arc::clone(&api), limits(settings))?);
    servers.extend(desk::start(process, api, limits(settings))?);
    Ok(servers)
}

/// Keys in files are for development (ADR 0021). Where a key lies no server can see, but the command asks who certified it.
fn believe(mode: Mode, authorities: &[CertificateDer<'_>]) -> anyhow::Result<()> {
    anyhow::ensure!(
        mode == Mode::Development || !any_of_development(authorities)?,
        "tls.officers_client_ca is an operations CA of development, whose officers may have their keys in files: \
         production refuses it"
    );
    Ok(())
}

fn limits(settings: &Settings) -> ServerLimits {
    let limits = &settings.limits;
    ServerLimits {
        workers: WORKERS,
        connections_per_worker: (limits.connections as usize).div_ceil(WORKERS),
        client_timeout: limits.header_timeout.to_std(),
        keep_alive: limits.keep_alive.to_std(),
        shutdown: limits.shutdown.to_std(),
        refused_logins: limits.refused_logins,
        code_tries: limits.code_tries,
    }
}

fn registration(process: &Process) -> anyhow::Result<Registration> {
    let settings = &process.settings;
    let mut authorities = Vec::new();
    for ca in &settings.cas {
        let certificate = installation::certificate(&ca.certificate)?;
        let ski = certificate.subject_key_identifier().context("a CA's certificate has no key identifier")?;
        authorities.push((ca.name.clone(), KeyIdentifier::try_from(ski)?));
    }
    let salt_file = settings.paths.state.join("person.salt");
    let registration = RegistrationSettings {
        installation: settings.installation,
        pins: installation::pins(settings)?,
        person_salt: files::read(&salt_file)?,
        profiles: offers(settings)?,
        devices: settings
            .devices
            .iter()
            .map(|device| DeviceOffer { model: device.model.clone(), ends: device.ends })
            .collect(),
        authorities,
        responder_profiles: installation::profiles(settings)?
            .into_iter()
            .filter(|profile| profile.template() == Template::OcspResponder)
            .map(|profile| ProfileRef { name: profile.name().to_owned(), digest: profile.digest() })
            .collect(),
        retention_years: settings.legal.retention_years,
        proofing_max_age_days: settings.legal.identity_max_age_days,
        proofing_max_uses: settings.legal.identity_max_uses,
        signed_copy_required: settings.legal.agreement_copy_required,
        order_life: ORDER_LIFE,
        suspension_allowed: settings.legal.suspension_allowed,
        revocation: RevocationLimits {
            aim: settings.legal.revocation_slo,
            limit: settings.legal.revocation_max,
        },
        ca_silence: CA_SILENCE,
        desk: desk::key(process)?,
    };
    Ok(Registration::new(
        registration,
        Arc::new(process.store.clone()),
        Arc::clone(&process.world.clock),
        Arc::clone(&process.world.random),
        Arc::new(agreements(settings)?),
    ))
}

/// The templates of agreements, in the provider's name: as its CAs' certificates have it.
fn agreements(settings: &Settings) -> anyhow::Result<Templates> {
    let ca = settings.cas.first().context("no CA is configured")?;
    let subject = installation::certificate(&ca.certificate)?.subject().attributes();
    let provider = subject.into_iter().find(|(id, _)| *id == ndoba_x509::oid::ORGANIZATION_NAME);
    let (_, provider) = provider.context("the CA's certificate names no organisation")?;
    Ok(Templates { provider, retention_years: settings.legal.retention_years })
}

/// The profiles for subscribers, each with the CA that issues by it.
fn offers(settings: &Settings) -> anyhow::Result<Vec<ProfileOffer>> {
    let mut offers = Vec::new();
    for profile in installation::profiles(settings)? {
        let (subject, ca) = match profile.template() {
            Template::PersonSignature => (SubjectKind::Natural, "signature"),
            Template::OrganisationSeal => (SubjectKind::Legal, "seal"),
            Template::Root | Template::IssuingCa | Template::OcspResponder | Template::Tsu => continue,
        };
        let ca: CaName = ca.parse()?;
        if settings.cas.iter().any(|configured| configured.name == ca) {
            offers.push(ProfileOffer {
                name: profile.name().to_owned(),
                digest: profile.digest(),
                subject,
                organisation: profile.names_organisation(),
                identifiers: profile.identifiers().to_vec(),
                device: profile.requires_device_evidence(),
                ca,
                max_days: profile.max_days(),
            });
        }
    }
    Ok(offers)
}

/// For each CA its own certificate and those above it.
fn chains(settings: &Settings) -> anyhow::Result<BTreeMap<CaName, Vec<Vec<u8>>>> {
    let mut chains = BTreeMap::new();
    for ca in &settings.cas {
        chains.insert(ca.name.clone(), chain(settings, ca)?);
    }
    Ok(chains)
}

fn chain(settings: &Settings, ca: &CertificationAuthority) -> anyhow::Result<Vec<Vec<u8>>> {
    let mut chain = Vec::new();
    let mut next = Some(ca);
    while let Some(ca) = next {
        let certificate = installation::certificate(&ca.certificate)?;
        chain.push(certificate.as_der().to_vec());
        let is_root = certificate.issuer() == certificate.subject();
        next = if is_root { None } else { installation::issuer(settings, &certificate)? };
    }
    Ok(chain)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::operations_ca::OperationsCa;

    #[test]
    fn production_believes_in_no_operations_ca_of_development() {
        let of = |made: ndoba_ceremony::Mode| {
            let folder = tempfile::tempdir().unwrap();
            OperationsCa::at(folder.path()).create(made, "2026-11-27T12:00:00Z".parse().unwrap()).unwrap();
            tls::certificates(&folder.path().join("officers/operations-ca.pem")).unwrap()
        };
        let (development, production) =
            (of(ndoba_ceremony::Mode::Development), of(ndoba_ceremony::Mode::Production));
        assert!(believe(Mode::Development, &development).is_ok());
        assert!(believe(Mode::Production, &production).is_ok());
        let refused = believe(Mode::Production, &development).unwrap_err().to_string();
        assert!(refused.starts_with("tls.officers_client_ca is "), "{refused}");
    }
}
