//! `ndoba root request`: the responder's next key, and a request that it signs.

use std::path::Path;
use std::time::Duration;

use anyhow::Context as _;
use ndoba_types::{ProvePossession, SigningKey as _, ToBeSigned};
use ndoba_x509::{assemble, certification_request_info};

use crate::cli::OfflineArgs;
use crate::files;
use crate::installation::{self, World};
use crate::succession::next_key;
use crate::tokens::Tokens;

/// How long the token may take to be there.
const TOKEN_PATIENCE: Duration = Duration::from_secs(30);

pub(super) fn run(offline: &OfflineArgs, out: &Path) -> anyhow::Result<()> {
    let settings = installation::load(&offline.config.config)?;
    let ca = super::configured(&settings, &offline.ca)?;
    let ocsp = ca.ocsp.as_ref().with_context(|| format!("{} has no responder here", ca.name))?;
    anyhow::ensure!(
        ocsp.enrolment.is_none(),
        "the responder of {} gets its certificates by itself (`cas.ocsp.enrolment`)",
        ca.name
    );
    let (store, world) = (installation::open_store(&settings)?, World::real());
    let tokens = Tokens::start(&settings, |token| token == ocsp.key.token)?;
    tokens.wait_ready(TOKEN_PATIENCE)?;
    let token = tokens.get(&ocsp.key.token)?;
    let (key, spki) = next_key(token, &ocsp.key, &world, &store, "root-request")?;
    let info = certification_request_info(&spki);
    let prover = token.open::<ProvePossession>(&key, ocsp.key.algorithm)?;
    // Made here, from the key that signs it.
    let signature = prover.sign(ToBeSigned::assertion(info.clone()))?;
    files::write(out, &assemble(&info, ocsp.key.algorithm, &signature))?;
    println!("{key} {}", spki.fingerprint());
    Ok(())
}
