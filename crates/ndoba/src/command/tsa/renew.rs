//! `ndoba tsa renew`: a unit's next key in its token, and the order by which it is certified.

use std::process::ExitCode;
use std::time::Duration;

use anyhow::Context as _;
use ndoba_audit::{Actor, Event, EventKind, EventSink as _, Word};
use ndoba_hsm::{KeyAttributes, Token};
use ndoba_order::{CertifyUnit, Language, Order, OrderContent, ProfileRef, describe};
use ndoba_settings::{KeyRef, Settings};
use ndoba_store::Store;
use ndoba_types::{
    AskForUnit, KeyLabel, OrderId, Sha256Digest, SigningKey as _, Span, SubjectPublicKeyInfo, ToBeSigned,
};
use ndoba_x509::{
    Authority, AuthorityDraft, Certificate, KeyIdentifier, Profile, Subject, Template, assemble,
    certification_request_info, oid,
};

use crate::cli::RenewArgs;
use crate::installation::{self, World};
use crate::tokens::Tokens;
use crate::{files, succession};

/// How long officers have to sign: the most that an order lives.
const ORDER_LIFE: Span = Span::days(7);
/// How long the token may take to be there.
const TOKEN_PATIENCE: Duration = Duration::from_secs(30);

/// Writes `order.json` and `request.der`. A key that an earlier try left is used, none is made twice.
pub(super) fn run(args: &RenewArgs) -> anyhow::Result<ExitCode> {
    let RenewArgs { config, unit: name, from, profile, days, out } = args;
    let settings = installation::load(&config.config)?;
    let unit = super::unit(&settings, name)?;
    let world = World::real();
    let now = world.clock.now();
    let successors = succession::read(&settings, name)?;
    anyhow::ensure!(
        successors.last().is_none_or(|last| last.from <= now),
        "the next key of {name} is made already, and not in use yet"
    );
    let (current, certificate) =
        succession::keys(unit, &successors).pop().context("a unit has at least its first key")?;
    let certificate = installation::certificate(&certificate)?;
    let ends = super::key_end(unit, &current, &certificate)?;
    anyhow::ensure!(
        now < *from && *from <= ends,
        "--from must lie between now and {ends}, when the present key ends: until then it signs, and no token is missed"
    );
    let profile = unit_profile(&settings, profile)?;
    let store = installation::open_store(&settings)?;
    let tokens = Tokens::start(&settings, |token| token == unit.key.token)?;
    tokens.wait_ready(TOKEN_PATIENCE)?;
    let token = tokens.get(&unit.key.token)?;

    let (key, spki) = next_key(token, &current, &world, &store)?;
    let info = certification_request_info(&spki);
    let prover = token.open::<AskForUnit>(&key, current.algorithm)?;
    // Made here, from the key that signs it.
    let signature = prover.sign(ToBeSigned::assertion(info.clone()))?;
    let request = assemble(&info, current.algorithm, &signature);
    let issuer = installation::certificate(unit.chain.first().context("the unit has no chain")?)?;
    let ski = issuer.subject_key_identifier().context("the unit's CA has no key identifier")?;
    let created = now.floor_to_second();
    let order = Order {
        installation: settings.installation,
        order_id: OrderId::generate(&*world.random)?,
        ca: KeyIdentifier::try_from(ski)?,
        created,
        expires: created.plus(ORDER_LIFE),
        content: OrderContent::CertifyUnit(Box::new(CertifyUnit {
            unit: name.clone(),
            profile: ProfileRef { name: profile.name().to_owned(), digest: profile.digest() },
            subject: Subject::Authority(authority(&certificate)?),
            key: key.clone(),
            csr: Sha256Digest::of(&request),
            spki: spki.fingerprint(),
            days: days.unwrap_or(profile.default_days()),
            from: from.floor_to_second(),
            destroys: certificate.spki().fingerprint(),
        })),
    };
    let bytes = order.to_bytes().context("this is no order that officers could sign")?;
    files::write(&out.join("request.der"), &request)?;
    files::write(&out.join("order.json"), &bytes)?;
    for line in describe(&bytes, Language::English)? {
        println!("{line}");
    }
    println!("{} is to be signed by two security officers", out.join("order.json").display());
    Ok(ExitCode::SUCCESS)
}

/// The key after `current`: the newest that is there already, or a new one of the same kind.
fn next_key(
    token: &Token,
    current: &KeyRef,
    world: &World,
    store: &Store,
) -> anyhow::Result<(KeyLabel, SubjectPublicKeyInfo)> {
    let (authority, purpose) = (current.label.authority(), current.label.purpose());
    let label = KeyLabel::new(authority, purpose, current.label.generation().saturating_add(1))?;
    let there = token.list()?.into_iter().any(|listed| listed.label.as_ref() == Some(&label));
    if !there {
        let spec =
            token.inspect(&current.label)?.spec.context("the present key is of no kind that is made here")?;
        let made = token.generate(&label, spec)?;
        let event = EventKind::KeyGenerated {
            key: label.clone(),
            spki: public_half(&made)?.fingerprint(),
            algorithm: Word::from(spec.name()),
            token: current.token.parse().unwrap_or_else(|_| Word::from("token")),
        };
        let actor = Actor::Operator("tsa-renew".into());
        store.record(&[Event::new(&*world.random, world.clock.now(), actor, event)?])?;
    }
    // Read back, whoever made it (requirements P-41).
    let found = token.inspect(&label)?;
    let offending = found.offending();
    anyhow::ensure!(offending.is_empty(), "the key {label} must not be used: {}", offending.join(", "));
    Ok((label, public_half(&found)?))
}

fn public_half(key: &KeyAttributes) -> anyhow::Result<SubjectPublicKeyInfo> {
    key.public_key.clone().context("the token has no public half of the key")
}

fn unit_profile(settings: &Settings, name: &str) -> anyhow::Result<Profile> {
    let profile = installation::profiles(settings)?.into_iter().find(|profile| profile.name() == name);
    let profile = profile.with_context(|| format!("there is no profile {name}"))?;
    anyhow::ensure!(profile.template() == Template::Tsu, "the profile {name} is no time-stamping unit's");
    Ok(profile)
}

/// The provider's name as the present certificate has it: a successor is the same unit.
fn authority(certificate: &Certificate) -> anyhow::Result<Authority> {
    let attributes = certificate.subject().attributes();
    let value = |id| {
        let found = attributes.iter().find(|(one, _)| *one == id);
        found.map(|(_, value)| value.clone()).unwrap_or_default()
    };
    let authority = Authority::try_from(AuthorityDraft {
        country: value(oid::COUNTRY_NAME),
        organization: value(oid::ORGANIZATION_NAME),
        organization_identifier: value(oid::ORGANIZATION_IDENTIFIER),
        common_name: value(oid::COMMON_NAME),
    })?;
    anyhow::ensure!(
        authority.distinguished_name() == *certificate.subject(),
        "the unit's present certificate has another subject than this program gives"
    );
    Ok(authority)
}
