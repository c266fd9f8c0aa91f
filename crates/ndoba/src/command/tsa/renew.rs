//! `ndoba tsa renew`: a unit's next key in its token, and the order by which it is certified.

use std::process::ExitCode;
use std::time::Duration;

use anyhow::Context as _;
use ndoba_order::{CertifyUnit, Language, Order, OrderContent, ProfileRef, describe};
use ndoba_settings::Settings;
use ndoba_types::{AskForUnit, OrderId, Sha256Digest, SigningKey as _, Span, ToBeSigned};
use ndoba_x509::{KeyIdentifier, Profile, Subject, Template, assemble, certification_request_info};

use crate::cli::RenewArgs;
use crate::files;
use crate::installation::{self, World};
use crate::succession::{self, next_key};
use crate::tokens::Tokens;

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
    let ends = super::key_end(&settings, unit, &current, &certificate)?;
    anyhow::ensure!(
        now < *from && *from <= ends,
        "--from must lie between now and {ends}, when the present key ends: until then it signs, and no token is missed"
    );
    let profile = unit_profile(&settings, profile)?;
    let store = installation::open_store(&settings)?;
    let tokens = Tokens::start(&settings, |token| token == unit.key.token)?;
    tokens.wait_ready(TOKEN_PATIENCE)?;
    let token = tokens.get(&unit.key.token)?;

    let (key, spki) = next_key(token, &current, &world, &store, "tsa-renew")?;
    let info = certification_request_info(&spki);
    let prover = token.open::<AskForUnit>(&key, current.algorithm)?;
    // Made here, from the key that signs it.
    let signature = prover.sign(ToBeSigned::assertion(info.clone()))?;
    let request = assemble(&info, current.algorithm, &signature);
    let issuer = installation::certificate(unit.chain.first().context("the unit has no chain")?)?;
    let ski = issuer.subject_key_identifier().context("the unit's CA has no key identifier")?;
    // Of the CA's generations the one that issues now.
    let ca = super::register(&settings, &store)?.generation_at(KeyIdentifier::try_from(ski)?, now);
    let created = now.floor_to_second();
    let order = Order {
        installation: settings.installation,
        order_id: OrderId::generate(&*world.random)?,
        ca,
        created,
        expires: created.plus(ORDER_LIFE),
        content: OrderContent::CertifyUnit(Box::new(CertifyUnit {
            unit: name.clone(),
            profile: ProfileRef { name: profile.name().to_owned(), digest: profile.digest() },
            subject: Subject::Authority(installation::provider_name(&certificate)?),
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

fn unit_profile(settings: &Settings, name: &str) -> anyhow::Result<Profile> {
    let profile = installation::profiles(settings)?.into_iter().find(|profile| profile.name() == name);
    let profile = profile.with_context(|| format!("there is no profile {name}"))?;
    anyhow::ensure!(profile.template() == Template::Tsu, "the profile {name} is no time-stamping unit's");
    Ok(profile)
}
