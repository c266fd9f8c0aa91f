//! The door for officers-to-be.

use std::sync::Arc;

use actix_web::dev::Server;
use anyhow::Context as _;
use ndoba_web_officer::{Api, ServerLimits, serve_enrolment, server_tls};

use super::{Process, listen, tls};

/// Opens it, where an address is configured for it.
pub(super) fn start(
    process: &Process,
    api: Arc<Api>,
    limits: ServerLimits,
) -> anyhow::Result<Option<Server>> {
    let settings = &process.settings;
    let Some(address) = settings.listen.enrolment else { return Ok(None) };
    let files = settings.officers_tls.as_ref().context("tls.officers_* is missing")?;
    let tls = server_tls(tls::certificates(&files.certificate)?, tls::key(&files.key)?)?;
    let listener = listen(address, "enrolment")?;
    Ok(Some(serve_enrolment(api, listener, tls, limits)?))
}
