//! Time-stamping units, each at an address of its own.

mod lines;
mod running;

use std::sync::Arc;

use anyhow::Context as _;
use ndoba_settings::{KeyRef, Settings, TsaUnit, VerifySignatures};
use ndoba_store::TokenJournal;
use ndoba_tsa::{HighWater, SerialSource, Stamper, StamperParts, Unit, UnitParts, Verification};
use ndoba_types::{StampTime, TrustedClock};
use ndoba_web_public::{ClockStatements, TimeStamping};
use ndoba_x509::Certificate;

use super::background::{Background, Next};
use super::{Process, clock, journal};
use crate::{installation, succession};
use running::Running;

/// What is served under `/tsa`.
#[derive(Default)]
pub(super) struct Served {
    pub(super) units: Vec<TimeStamping>,
    pub(super) clock: Option<Arc<dyn ClockStatements>>,
}

/// Starts the units; none where none is configured.
pub(super) fn start(process: &Arc<Process>, background: &mut Background) -> anyhow::Result<Served> {
    let settings = &process.settings;
    if settings.tsa.units.is_empty() {
        return Ok(Served::default());
    }
    check_units(settings)?;
    running::describe();
    let journal = journal::open(process, background)?;
    let clock = clock::start(process, background)?;
    let shared = Arc::new(Shared {
        clock: clock.clock,
        high_water: Arc::new(HighWater::new(journal.mark())),
        serials: Arc::new(SerialSource::new(settings.node, &*process.world.random)?),
        journal,
    });
    let mut units = Vec::new();
    for unit in &settings.tsa.units {
        let running = Arc::new(Running::start(process, &shared, unit)?);
        let watched = Arc::clone(&running);
        background.run("tsu-health", move || {
            watched.look();
            Next::After(running::LOOK)
        })?;
        units.push(TimeStamping {
            name: unit.name.clone(),
            longest_request: settings.limits.tsp_request,
            stamper: running,
        });
    }
    Ok(Served { units, clock: clock.statements })
}

/// What needs the certificates to be seen: qualified units and others have different subjects (T-23), and a
/// successor is the same unit with another key. A configuration may be checked before its certificates are made:
/// those that are not there are not judged, and no unit starts without them.
pub(crate) fn check_units(settings: &Settings) -> anyhow::Result<()> {
    let mut judged: Vec<(&TsaUnit, Certificate)> = Vec::new();
    for unit in settings.tsa.units.iter().filter(|unit| unit.certificate.exists()) {
        let certificate = installation::certificate(&unit.certificate)?;
        for (other, others) in &judged {
            anyhow::ensure!(
                other.qualified == unit.qualified || others.subject() != certificate.subject(),
                "the units {} and {} have one subject, but only one of them is qualified: certify another name \
                 (EN 319 421 TIS-8.2-02)",
                other.name,
                unit.name
            );
        }
        for successor in succession::read(settings, &unit.name)? {
            let next = installation::certificate(&successor.certificate)?;
            anyhow::ensure!(
                next.issuer() == certificate.issuer() && next.subject() == certificate.subject(),
                "the certificate of {} has another issuer or subject than the unit {}: it is another unit's",
                successor.key,
                unit.name
            );
        }
        judged.push((unit, certificate));
    }
    Ok(())
}

/// What all units of the process have together.
struct Shared {
    clock: Arc<dyn TrustedClock>,
    high_water: Arc<HighWater>,
    serials: Arc<SerialSource>,
    journal: Arc<TokenJournal>,
}

/// What leads from a unit's certificate to the root: the configured chain, beginning with the generation of the unit's CA
/// that certified this one.
pub(crate) fn chain(
    settings: &Settings,
    unit: &TsaUnit,
    certificate: &Certificate,
) -> anyhow::Result<Vec<Certificate>> {
    let chain = unit.chain.iter().map(|path| installation::certificate(path));
    let mut chain = chain.collect::<anyhow::Result<Vec<_>>>()?;
    if let Some(first) = chain.first_mut()
        && !installation::certified(first, certificate)
        && let Some(ca) = installation::issuer(settings, certificate)?
    {
        let other = installation::certificate(&ca.certificate)?;
        if other.subject() == first.subject() {
            *first = other;
        }
    }
    Ok(chain)
}

/// The unit with this key and certificate, checked against each other.
pub(crate) fn unit(
    settings: &Settings,
    unit: &TsaUnit,
    key: &KeyRef,
    certificate: &Certificate,
) -> anyhow::Result<Unit> {
    let chain = chain(settings, unit, certificate)?;
    let chain = chain.iter().map(|one| one.as_der().to_vec()).collect();
    Ok(Unit::new(UnitParts {
        name: unit.name.clone(),
        certificate: certificate.as_der().to_vec(),
        chain,
        algorithm: key.algorithm,
        policy: unit.policy.clone(),
        accepted_policies: unit.accepted_policies.clone(),
        accuracy: unit.accuracy,
        measured_accuracy: unit.measured_accuracy,
        claim_eu_qtst: unit.claim_eu_qtst,
    })?)
}

fn stamper(
    process: &Process,
    shared: &Shared,
    configured: &TsaUnit,
    key: &KeyRef,
    certificate: &Certificate,
) -> anyhow::Result<Stamper> {
    let stamper = || {
        anyhow::Ok(Stamper::new(StamperParts {
            unit: Arc::new(unit(&process.settings, configured, key, certificate)?),
            key: Arc::new(process.tokens.open::<StampTime>(key, certificate.spki())?),
            clock: Arc::clone(&shared.clock),
            high_water: Arc::clone(&shared.high_water),
            serials: Arc::clone(&shared.serials),
            journal: Arc::clone(&shared.journal) as _,
            random: Arc::clone(&process.world.random),
            verification: match configured.verify {
                VerifySignatures::AsLoadAllows => Verification::AsLoadAllows,
                VerifySignatures::Every => Verification::Every,
            },
        })?)
    };
    stamper().with_context(|| format!("the time-stamping unit {} cannot be used", configured.name))
}
