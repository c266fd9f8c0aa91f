//! The revocation desk's key, in a token, and the page for subscribers.

use std::sync::Arc;

use actix_web::dev::Server;
use anyhow::Context as _;
use ndoba_hsm::Key;
use ndoba_registration::ports::DeskKey;
use ndoba_types::{SigningKey as _, SubjectPublicKeyInfo, SuspendByCode, ToBeSigned};
use ndoba_web_officer::{Api, ServerLimits, serve_subscribers, server_tls};
use ndoba_x509::ecdsa_raw_from_der;

use super::{Process, listen, tls};
use crate::installation;

/// Octets of r and of s on P-256.
const WIDTH: usize = 32;

struct TokenKey(Key<SuspendByCode>);

impl DeskKey for TokenKey {
    fn public_key(&self) -> &SubjectPublicKeyInfo {
        self.0.public_key()
    }

    fn sign(&self, message: Vec<u8>) -> Result<Vec<u8>, Box<dyn std::error::Error + Send + Sync>> {
        // Registration made the order and checked the code before it asked.
        let signature = self.0.sign(ToBeSigned::assertion(message))?;
        ecdsa_raw_from_der(signature.as_bytes(), WIDTH)
            .ok_or_else(|| "the token's signature does not read".into())
    }
}

/// The key, where one is configured; its token may be away still.
pub(super) fn key(process: &Process) -> anyhow::Result<Option<Arc<dyn DeskKey>>> {
    let Some(desk) = &process.settings.desk else { return Ok(None) };
    let public_key = installation::public_key(&desk.public_key)
        .context("the revocation desk's key is not there: make it with `ndoba officer desk-key`")?;
    let key = process.tokens.open::<SuspendByCode>(&desk.key, &public_key)?;
    Ok(Some(Arc::new(TokenKey(key))))
}

/// Starts the page, where an address is configured for it.
pub(super) fn start(
    process: &Process,
    api: Arc<Api>,
    limits: ServerLimits,
) -> anyhow::Result<Option<Server>> {
    let settings = &process.settings;
    let Some(address) = settings.listen.subscribers else { return Ok(None) };
    let files = settings.public_tls.as_ref().context("tls.public_* is missing")?;
    let tls = server_tls(tls::certificates(&files.certificate)?, tls::key(&files.key)?)?;
    let listener = listen(address, "subscribers")?;
    Ok(Some(serve_subscribers(api, listener, tls, limits)?))
}
