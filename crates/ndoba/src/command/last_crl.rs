//! `ndoba ca last-crl`: the last list of a CA that two security officers ended (EN 319 411-1 CSS-6.3.9-06; C-92).

use std::path::Path;
use std::sync::Arc;

use anyhow::Context as _;
use ndoba_ca::ending::Ending;
use ndoba_ca::{Epoch, NoFailpoints, Node};
use ndoba_types::CaName;

use super::terminate::{TOKEN_PATIENCE, register};
use crate::installation::{self, World};
use crate::serve::ca::issuing_cas;
use crate::tokens::Tokens;

/// Signs and publishes it.
pub(crate) fn run(config: &Path, ca: &CaName) -> anyhow::Result<()> {
    let settings = installation::load(config)?;
    let (store, world) = (installation::open_store(&settings)?, World::of(&settings)?);
    let register = register(&settings, &store)?;
    let key = settings.cas.iter().find(|one| one.name == *ca).and_then(|one| one.key.as_ref());
    let key = key.with_context(|| format!("the key of the CA {ca} is not configured here"))?;
    let tokens = Tokens::start(&settings, |token| token == key.token)?;
    tokens.wait_ready(TOKEN_PATIENCE)?;
    let issuing = issuing_cas(&settings, &store, &tokens, |one| one.name == *ca)?.pop();
    let issuing = issuing.with_context(|| format!("the CA {ca} is not configured"))?;
    // A node of its own: a running `ca` role takes open attempts of its own node's other processes for lost.
    let node = format!("end-{}", settings.node);
    let ending = Ending {
        node: Node::begin(
            &node,
            Epoch::draw(&*world.random)?,
            Arc::clone(&world.clock),
            Arc::clone(&world.random),
        ),
        ledger: Arc::new(store),
        sink: Arc::new(installation::published(&settings)?),
        failpoints: Arc::new(NoFailpoints),
    };
    for (list, last) in ending.end(&issuing, &register)? {
        println!("CRL {} of {list} is its last: there is no later one, and it never lapses", last.number);
    }
    Ok(())
}
