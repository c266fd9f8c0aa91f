//! `ndoba tsa adopt`: a unit's next key and certificate, checked against each other and put in place.

use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::Context as _;
use ndoba_audit::{Actor, Event, EventKind, EventSink as _};
use ndoba_order::{CertifyUnit, Order, OrderContent};
use ndoba_settings::{KeyRef, Settings, TsaUnit};
use ndoba_types::Sha256Digest;
use ndoba_x509::{Certificate, PemLabel, Subject, to_pem};

use crate::files;
use crate::installation::{self, World};
use crate::serve::{own_certificates, stamping};
use crate::succession::{self, Successor};
use crate::tokens::Tokens;

/// How long the token may take to be there.
const TOKEN_PATIENCE: Duration = Duration::from_secs(30);

pub(super) fn run(config: &Path, order: &Path, certificate: &Path) -> anyhow::Result<ExitCode> {
    let settings = installation::load(config)?;
    let bytes = files::read(order)?;
    let read = Order::from_bytes(&bytes).with_context(|| format!("{} is no order", order.display()))?;
    let OrderContent::CertifyUnit(ordered) = &read.content else {
        anyhow::bail!("{} is no order for a time-stamping unit", order.display());
    };
    anyhow::ensure!(read.installation == settings.installation, "the order is for another installation");
    let unit = super::unit(&settings, &ordered.unit)?;
    let successors = succession::read(&settings, &ordered.unit)?;
    anyhow::ensure!(
        successors.iter().all(|one| one.order != read.order_id),
        "the order was adopted already: {} follows from {}",
        ordered.key,
        ordered.from
    );
    let (current, before) =
        succession::keys(unit, &successors).pop().context("a unit has at least its first key")?;
    anyhow::ensure!(
        successors.last().is_none_or(|last| last.from < ordered.from),
        "the key that is adopted already is used from a later time on"
    );
    let before = installation::certificate(&before)?;
    let der = installation::certificate(certificate)?;
    let key = current.beside(ordered.key.clone());
    check(&settings, unit, ordered, &before, &der, &key)?;
    in_the_token(&settings, ordered, &key)?;

    let successor = Successor {
        key: ordered.key.clone(),
        certificate: succession::folder(&settings, &unit.name).join(format!(
            "{}-{}.pem",
            unit.name,
            ordered.key.generation()
        )),
        from: ordered.from,
        order: read.order_id,
        destroys: ordered.destroys,
    };
    let pem = to_pem(PemLabel::Certificate, der.as_der());
    let event = EventKind::TsuPrepared {
        tsu: unit.name.parse()?,
        key: ordered.key.clone(),
        certificate: Sha256Digest::of(der.as_der()),
        order: read.order_id,
        from: ordered.from,
    };
    // The record first: what is adopted takes over by itself.
    let (world, store) = (World::real(), installation::open_store(&settings)?);
    let actor = Actor::Operator("tsa-adopt".into());
    store.record(&[Event::new(&*world.random, world.clock.now(), actor, event)?])?;
    succession::append(&settings, &unit.name, &successor, &bytes, pem.as_bytes())?;
    println!("{} signs with {} from {} on", unit.name, ordered.key, ordered.from);
    Ok(ExitCode::SUCCESS)
}

/// Order, certificates and configuration agree (T-34).
fn check(
    settings: &Settings,
    unit: &TsaUnit,
    ordered: &CertifyUnit,
    before: &Certificate,
    certificate: &Certificate,
    key: &KeyRef,
) -> anyhow::Result<()> {
    let Subject::Authority(subject) = &ordered.subject else { anyhow::bail!("the order names no provider") };
    anyhow::ensure!(
        certificate.spki().fingerprint() == ordered.spki,
        "the certificate is for another key than the order"
    );
    anyhow::ensure!(
        *certificate.subject() == subject.distinguished_name() && certificate.subject() == before.subject(),
        "the certificate has another subject than the unit: it is another unit's"
    );
    anyhow::ensure!(
        before.spki().fingerprint() == ordered.destroys,
        "the order destroys another key than the one before: orders are adopted in their order"
    );
    let chain = stamping::chain(settings, unit, certificate)?;
    let issuer = chain.first().context("the unit has no chain")?;
    anyhow::ensure!(
        certificate.issuer() == issuer.subject() && certificate.verify_signed_by(issuer.spki()).is_ok(),
        "the certificate was not issued by the unit's CA"
    );
    own_certificates::judge_unit(settings, certificate)?;
    let ends = super::key_end(settings, unit, key, certificate)?;
    anyhow::ensure!(
        ordered.from < ends,
        "the new key may not sign after {ends}, and would begin at {}",
        ordered.from
    );
    Ok(())
}

/// The key of the certificate is where the order says, and as a key must be.
fn in_the_token(settings: &Settings, ordered: &CertifyUnit, key: &KeyRef) -> anyhow::Result<()> {
    let tokens = Tokens::start(settings, |token| token == key.token)?;
    tokens.wait_ready(TOKEN_PATIENCE)?;
    let found = tokens.get(&key.token)?.inspect(&key.label)?;
    let offending = found.offending();
    anyhow::ensure!(offending.is_empty(), "the key {} must not be used: {}", key.label, offending.join(", "));
    let public = found.public_key.context("the token has no public half of the key")?;
    anyhow::ensure!(
        public.fingerprint() == ordered.spki,
        "the key {} in the token is another one than the order's",
        key.label
    );
    Ok(())
}
