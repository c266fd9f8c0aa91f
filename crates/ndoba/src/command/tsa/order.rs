//! `ndoba tsa sign-order` and `submit-order`: two security officers, then the CA.

use std::process::ExitCode;
use std::thread::sleep;
use std::time::{Duration, Instant};

use anyhow::Context as _;
use ndoba_audit::{Actor, Event, EventKind};
use ndoba_order::{
    AuthorisedOrder, FlatJws, MediaType, Order, OrderContent, SignerRole, authorise, describe,
};
use ndoba_registration::ports::{OrderRecord, OrderState, Registry, SignatureRecord};
use ndoba_settings::Settings;
use ndoba_store::Store;
use ndoba_types::{CaName, OrderId, UtcTime};
use ndoba_x509::{PemLabel, to_pem};

use crate::cli::{SignOrderArgs, SubmitOrderArgs};
use crate::command::session::consent;
use crate::files;
use crate::installation::{self, World};
use crate::words::Words;

/// How long the command waits for the CA.
const PATIENCE: Duration = Duration::from_secs(60);
const LOOK: Duration = Duration::from_millis(200);

/// Shows an order to an officer, asks and signs. Needs neither the database nor the API.
pub(super) fn sign(args: &SignOrderArgs) -> anyhow::Result<ExitCode> {
    let SignOrderArgs { order, officer, over, out, yes, language } = args;
    let bytes = files::read(order)?;
    let read = Order::from_bytes(&bytes).with_context(|| format!("{} is no order", order.display()))?;
    anyhow::ensure!(
        matches!(read.content, OrderContent::CertifyUnit(_)),
        "{} is no order for a time-stamping unit: those of applications are signed through the API",
        order.display()
    );
    let first = over
        .as_ref()
        .map(|path| {
            FlatJws::from_bytes(&files::read(path)?)
                .with_context(|| format!("{} is no signature", path.display()))
        })
        .transpose()?;
    let role = match &first {
        None => SignerRole::SecurityOfficer,
        Some(_) => SignerRole::SecondSecurityOfficer,
    };
    let lines = describe(&bytes, (*language).into())?;
    let words = Words((*language).into());
    anyhow::ensure!(consent(words, &lines, role, *yes), words.officer_said_no());
    let now = World::real().clock.now();
    let jws = officer.identity()?.sign(MediaType::Order, &bytes, role, first.as_ref(), now)?;
    files::write(out, jws.as_bytes())?;
    println!("{}", out.display());
    Ok(ExitCode::SUCCESS)
}

/// Verifies an order as the CA will, puts it before it, waits, and writes the certificate.
pub(super) fn submit(args: &SubmitOrderArgs) -> anyhow::Result<ExitCode> {
    let SubmitOrderArgs { config, order, request, signatures, out } = args;
    let settings = installation::load(&config.config)?;
    let store = installation::open_store(&settings)?;
    let world = World::real();
    let bytes = files::read(order)?;
    let signatures = signatures.iter().map(|path| files::read(path)).collect::<anyhow::Result<Vec<_>>>()?;
    let now = world.clock.now();
    let authorised = judged(&settings, &store, &bytes, &signatures, now)?;
    let id = authorised.order().order_id;
    if store.order(id)?.is_none() {
        let record = record(&settings, &authorised, &bytes, &signatures, files::read(request)?)?;
        let event = EventKind::OrderQueued {
            order: id,
            kind: record.kind.name().into(),
            digest: record.digest,
            record: None,
        };
        let actor = Actor::Operator("tsa-submit-order".into());
        let event = Event::new(&*world.random, now, actor, event)?;
        let (first, second) = split(record)?;
        store.queue_unit_order(&first, &second, &event)?;
    }
    let certificate = await_certificate(&store, id)?;
    files::write(out, to_pem(PemLabel::Certificate, &certificate).as_bytes())?;
    println!("{}", out.display());
    Ok(ExitCode::SUCCESS)
}

fn judged(
    settings: &Settings,
    store: &Store,
    bytes: &[u8],
    signatures: &[Vec<u8>],
    now: UtcTime,
) -> anyhow::Result<AuthorisedOrder> {
    let register = super::register(settings, store)?;
    authorise(bytes, signatures, &register, settings.installation, now)
        .map_err(|refusal| anyhow::anyhow!("the order is refused ({}): {refusal}", refusal.code()))
}

fn record(
    settings: &Settings,
    authorised: &AuthorisedOrder,
    bytes: &[u8],
    signatures: &[Vec<u8>],
    csr: Vec<u8>,
) -> anyhow::Result<OrderRecord> {
    let order = authorised.order();
    let mut signed = Vec::new();
    // In the order of the roles, as the CA's rules have it.
    for signer in authorised.signers() {
        let jws = signatures
            .iter()
            .find(|jws| FlatJws::from_bytes(jws).is_ok_and(|jws| jws.header().role == signer.role))
            .context("a signature is missing")?;
        signed.push(SignatureRecord {
            role: signer.role.name().into(),
            officer: signer.officer,
            jws: String::from_utf8(jws.clone())?,
            added: authorised.at(),
        });
    }
    let drafted_by = authorised.signers().first().context("nobody signed")?.officer;
    Ok(OrderRecord {
        id: order.order_id,
        kind: order.kind(),
        digest: authorised.digest(),
        content: bytes.to_vec(),
        ca: issuing_ca(settings, order)?,
        csr: Some(csr),
        application: None,
        target: None,
        drafted_by,
        created: order.created,
        expires: order.expires,
        state: OrderState::Open,
        signatures: signed,
    })
}

/// The order with its first signature, and the second one.
fn split(mut record: OrderRecord) -> anyhow::Result<(OrderRecord, SignatureRecord)> {
    let second = record.signatures.pop().context("the second signature is missing")?;
    Ok((record, second))
}

fn issuing_ca(settings: &Settings, order: &Order) -> anyhow::Result<CaName> {
    for ca in &settings.cas {
        let certificate = installation::certificate(&ca.certificate)?;
        if certificate.subject_key_identifier() == Some(order.ca.as_bytes().as_slice()) {
            return Ok(ca.name.clone());
        }
    }
    anyhow::bail!("the order is for a CA that this configuration does not have")
}

fn await_certificate(store: &Store, id: OrderId) -> anyhow::Result<Vec<u8>> {
    let start = Instant::now();
    loop {
        let order = store.order(id)?.context("the order is gone")?;
        match order.state {
            OrderState::Done { serial } => {
                let found = Registry::certificate(store, &serial)?.and_then(|certificate| certificate.der);
                return found.context("the CA carried the order out, and the certificate is not there");
            }
            OrderState::Refused { code, message } => anyhow::bail!("the CA refused ({code}): {message}"),
            OrderState::Withdrawn | OrderState::Expired => {
                anyhow::bail!("nothing was done: the order is {}", order.state.name())
            }
            OrderState::Open | OrderState::Queued | OrderState::Claimed => {}
        }
        anyhow::ensure!(
            start.elapsed() < PATIENCE,
            "the order waits for the CA; the same command goes on where this one ends"
        );
        sleep(LOOK);
    }
}
