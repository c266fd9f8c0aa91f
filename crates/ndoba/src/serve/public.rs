//! The `public` role: OCSP, time-stamps, CRLs, issuers.

use std::sync::Arc;
use std::time::Duration;

use actix_web::dev::Server;
use anyhow::Context as _;
use ndoba_ca::ports::Ledger as _;
use ndoba_ocsp::{RequestLimits, StatusVersions};
use ndoba_settings::Settings;
use ndoba_store::{Dating, StatusRecords};
use ndoba_web_public::{
    OcspLimits, OcspService, PageFacts, PublicServer, PublicServices, PublishedFiles, ServerLimits,
    StatusReaders,
};
use ndoba_x509::CrlReader;

use super::background::{Background, Next};
use super::shown::Shown;
use super::{Process, responders, stamping, tls, unissued};
use crate::installation;

/// How often the status versions are looked at (design §6).
const STATUS_POLL: Duration = Duration::from_millis(250);
/// How often the published CRLs are compared with the database.
const CRL_COMPARISON: Duration = Duration::from_secs(30);
/// The same while they do not agree: that it is over is seen soon.
const CRL_COMPARISON_IN_DOUBT: Duration = Duration::from_secs(1);
/// Threads that read status records.
const STATUS_READERS: usize = 2;
/// Look-ups that may wait for them.
const STATUS_QUEUE: usize = 4096;

/// Starts the role.
pub(super) fn start(process: &Arc<Process>, background: &mut Background) -> anyhow::Result<Server> {
    let settings = &process.settings;
    let records = Arc::new(StatusRecords::new(
        process.store.clone(),
        Dating::Primary,
        Some(installation::witness(settings, "ocsp")?),
    ));
    // Once before anything is answered: a database behind its witness is found here.
    records.refresh(process.world.clock.now()).context("the status records cannot be used")?;
    compare_with_crls(process, &records)?;
    watch_records(process, &records, background)?;

    let ocsp = Arc::new(
        OcspService::new(
            StatusReaders::start(Arc::clone(&records) as _, STATUS_READERS, STATUS_QUEUE)?,
            records as Arc<dyn StatusVersions>,
            Arc::clone(&process.world.clock),
            ocsp_limits(process),
        )
        .with_known_probes(unissued::known_probes(settings)),
    );
    responders::start(process, &ocsp, background)?;
    unissued::watch(process, &ocsp, background)?;
    let stamping = stamping::start(process, background)?;
    let services = PublicServices {
        ocsp: Some(ocsp),
        time_stamping: stamping.units,
        clock: stamping.clock,
        certificates: Some(Arc::new(Shown::new(process.store.clone(), settings.limits.certificate_requests))),
        published: PublishedFiles::new(settings.paths.published.clone()),
        page: page(settings)?,
    };
    let https = match (settings.listen.public_tls, &settings.public_tls) {
        (Some(address), Some(files)) => Some((address, tls::server(&files.certificate, &files.key)?)),
        (Some(_), None) => anyhow::bail!("listen.public_tls is set, but tls.public_certificate is not"),
        (None, _) => None,
    };
    let http: Vec<_> = settings.listen.public.into_iter().collect();
    Ok(PublicServer::bind(services, limits(process), &http, https)?.into_server())
}

/// The page for people. Its commands begin with a root: the CA that certified itself.
fn page(settings: &Settings) -> anyhow::Result<PageFacts> {
    let mut root = None;
    for ca in &settings.cas {
        let certificate = installation::certificate(&ca.certificate)?;
        if certificate.issuer() == certificate.subject() {
            root.get_or_insert(ca.name.clone());
        }
    }
    let authorities: Vec<_> = settings.cas.iter().map(|ca| (ca.name.clone(), ca.crl.shards)).collect();
    let root =
        root.or_else(|| authorities.first().map(|(ca, _)| ca.clone())).context("no CA is configured")?;
    let base = settings.urls.public.as_str().trim_end_matches('/').to_owned();
    Ok(PageFacts { base, root, authorities })
}

fn ocsp_limits(process: &Process) -> OcspLimits {
    let limits = &process.settings.limits;
    OcspLimits {
        request: RequestLimits {
            octets: limits.ocsp_request,
            cert_ids: usize::from(limits.ocsp_certificates),
        },
        cache_octets: limits.ocsp_cache,
        ..OcspLimits::default()
    }
}

fn limits(process: &Process) -> ServerLimits {
    let limits = &process.settings.limits;
    let default = ServerLimits::default();
    ServerLimits {
        connections: connections(limits.connections),
        client_timeout: limits.header_timeout.to_std(),
        keep_alive: limits.keep_alive.to_std(),
        shutdown: limits.shutdown.to_std(),
        ..default
    }
}

/// As many connections as are configured, and as this process can have: each takes two of its open files, and what the
/// rest of it needs is kept apart.
fn connections(configured: u32) -> usize {
    const KEPT: usize = 512;
    let configured = configured as usize;
    let possible = open_files().map_or(usize::MAX, |files| files.saturating_sub(KEPT).max(KEPT) / 2);
    if possible < configured {
        tracing::warn!(
            configured,
            possible,
            "limits.connections is more than this process may have open: raise its limit of open files (LimitNOFILE)"
        );
    }
    configured.min(possible)
}

/// The soft limit of open files; `None` where there is none, or the system does not tell.
fn open_files() -> Option<usize> {
    let limits = std::fs::read_to_string("/proc/self/limits").ok()?;
    let line = limits.lines().find_map(|line| line.strip_prefix("Max open files"))?;
    line.split_whitespace().next()?.parse().ok()
}

fn watch_records(
    process: &Arc<Process>,
    records: &Arc<StatusRecords>,
    background: &mut Background,
) -> anyhow::Result<()> {
    let (watched, watcher) = (Arc::clone(records), Arc::clone(process));
    background.run("status", move || {
        match watched.refresh(watcher.world.clock.now()) {
            Ok(()) => watcher.health.set_ok("status records"),
            Err(error) => {
                let chain = crate::chain(&error);
                tracing::error!("{chain}");
                watcher.health.set_failed("status records", chain);
            }
        }
        Next::After(STATUS_POLL)
    })?;
    let (compared, comparer) = (Arc::clone(records), Arc::clone(process));
    background.run("crl-comparison", move || match compare_with_crls(&comparer, &compared) {
        Ok(true) => Next::After(CRL_COMPARISON),
        Ok(false) => Next::After(CRL_COMPARISON_IN_DOUBT),
        Err(error) => {
            tracing::warn!("the published CRLs could not be compared: {error:#}");
            Next::After(CRL_COMPARISON)
        }
    })
}

/// A serial number on a published CRL whose row is not revoked is not answered any more (design §3, rollback);
/// whether there is none.
fn compare_with_crls(process: &Process, records: &StatusRecords) -> anyhow::Result<bool> {
    let mut agree = true;
    let published = installation::published(&process.settings)?;
    let mut lists = Vec::new();
    for ca in &process.settings.cas {
        lists.extend(published.crls_of(&ca.name)?);
    }
    for list in &lists {
        let Some(file) = published.open_crl(list)? else { continue };
        let mut crl = CrlReader::open(file)?;
        // All of it is looked at, or nothing: an entry that does not read must not hide those behind it.
        crl.entries()?.try_for_each(|entry| entry.map(drop))?;
        let number = crl.number();
        let serials = crl.entries()?.map_while(Result::ok).map(|entry| entry.serial);
        let version = match process.store.crl_state(list)?.last {
            Some(last) if last.number == number.get() => last.version,
            // The next one is recorded and not online yet: it will be compared.
            Some(last) if last.number > number.get() => continue,
            // Published after the copy that this database is was made: nothing on it may have been released since.
            Some(_) | None => {
                let found = format!("the database does not know CRL {number} of {list}, which is online");
                tracing::error!("{found}");
                process.health.set_failed("published CRLs", found);
                agree = false;
                records.compare_with_crl(list, u64::MAX >> 1, serials)?;
                continue;
            }
        };
        let doubted = records.compare_with_crl(list, version, serials)?;
        if !doubted.is_empty() {
            let found = format!(
                "{} certificates on the CRL of {list} are not revoked in the database",
                doubted.len()
            );
            tracing::error!("{found}");
            process.health.set_failed("published CRLs", found);
            agree = false;
        }
    }
    if agree {
        process.health.set_ok("published CRLs");
    }
    Ok(agree)
}
