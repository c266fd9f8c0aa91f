//! `ndoba ceremony revoke-ca`: a CA that two security officers revoked, on its issuer's list (EN 319 411-1 CSS-6.3.9-13; C-93).

use std::path::Path;
use std::sync::Arc;

use anyhow::Context as _;
use ndoba_ca::ports::CertificateId;
use ndoba_ca::{Epoch, NoFailpoints, Node, RevokeCaError, Revoked, Revoking};
use ndoba_order::Act;
use ndoba_types::{CaName, Sha256Digest};
use ndoba_x509::KeyIdentifier;

use super::terminate::{TOKEN_PATIENCE, register};
use crate::cli::PresentArgs;
use crate::installation::{self, World};
use crate::presence::{Opening, open_ca, recorded};
use crate::tokens::Tokens;

/// Progress is told after so many.
const TOLD: usize = 1000;

/// Revokes it, publishes its issuer's list, and revokes what it certified.
pub(crate) fn run(config: &Path, present: &PresentArgs, ca: &CaName) -> anyhow::Result<()> {
    let settings = installation::load(config)?;
    let (store, world) = (installation::open_store(&settings)?, World::of(&settings)?);
    let register = register(&settings, &store)?;
    let configured = settings.cas.iter().find(|one| one.name == *ca);
    let configured = configured.with_context(|| format!("the CA {ca} is not configured"))?;
    let certificate = installation::certificate(&configured.certificate)?;
    anyhow::ensure!(
        certificate.issuer() != certificate.subject(),
        "{ca} has no issuer whose list could name it: who trusts a root is told by other means"
    );
    let issuer = installation::issuer(&settings, &certificate)?;
    let issuer = issuer.with_context(|| format!("the issuer of {ca} is not configured"))?;
    let key = issuer.key.as_ref();
    let key = key.with_context(|| format!("the key of the CA {} is not configured here", issuer.name))?;
    let ski = certificate.subject_key_identifier().context("the CA has no key identifier")?;
    let revoked = Revoked {
        ca,
        key: KeyIdentifier::try_from(ski)?,
        certificate: CertificateId { ca: issuer.name.clone(), serial: certificate.serial().clone() },
    };

    // Before anybody fetches a card: what is carried out is in the chain of grants.
    let reason = register.ca_revocation(revoked.key);
    let reason = reason.ok_or_else(|| RevokeCaError::NotDecided { ca: ca.clone() })?;

    let tokens = Tokens::start(&settings, |token| token == key.token)?;
    tokens.wait_ready(TOKEN_PATIENCE)?;
    let told = format!(
        "{} revokes the CA {ca} ({}), certificate's SHA-256 {}, and with it whatever {ca} certified",
        issuer.name,
        reason.name(),
        certificate.fingerprint()
    );
    let opening = Opening {
        settings: &settings,
        register: &register,
        world: &world,
        tokens: &tokens,
        act: Act::RevokeCa,
        decided: Sha256Digest::of(told.as_bytes()),
    };
    let there = opening.by(present, &[told])?.attended;
    recorded(&store, &world, &there)?;
    let issuing = open_ca(&there, &settings, &store, &tokens, &issuer.name)?;
    // A node of its own: a running `ca` role takes open attempts of its own node's other processes for lost.
    let name = format!("revoke-{}", settings.node);
    let epoch = Epoch::draw(&*world.random)?;
    let revoking = Revoking {
        node: Node::begin(&name, epoch, Arc::clone(&world.clock), Arc::clone(&world.random)),
        ledger: Arc::new(store),
        sink: Arc::new(installation::published(&settings)?),
        failpoints: Arc::new(NoFailpoints),
    };
    let mut count = 0;
    let number = revoking.revoke(&issuing, revoked, &register, &mut |now| {
        if now / TOLD > count / TOLD {
            eprintln!("{now} certificates revoked");
        }
        count = now;
    })?;
    println!(
        "{ca} is revoked, on CRL {number} of {}; with it {count} certificates that it issued",
        issuer.name
    );
    Ok(())
}
