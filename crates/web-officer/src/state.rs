//! What the handlers share.

use std::collections::BTreeMap;
use std::time::Duration;

use actix_web::http::StatusCode;
use actix_web::web;
use ndoba_registration::{Once, Registration, ServiceError};
use ndoba_types::CaName;

use crate::problem::Problem;
use crate::submission::Submission;

/// What the API needs of the installation.
pub struct Api {
    /// The service behind it.
    pub registration: Registration,
    /// For each issuing CA its certificate and those above it, DER, for PKCS#7 chains.
    pub chains: BTreeMap<CaName, Vec<Vec<u8>>>,
    /// The most octets of a body; a longer one is answered 413.
    pub longest_body: usize,
}

/// Bounds on what clients may take.
#[derive(Clone, Copy, Debug)]
pub struct ServerLimits {
    /// Event loops; their work waits on the database, not on the processor.
    pub workers: usize,
    /// Connections at once, per event loop.
    pub connections_per_worker: usize,
    /// How long a client may take to send its headers.
    pub client_timeout: Duration,
    /// How long an idle connection stays open.
    pub keep_alive: Duration,
    /// How long stopping waits for requests in flight.
    pub shutdown: Duration,
    /// Logins that are refused within ten minutes, to one key and from one network; then all of that key are, unseen.
    pub refused_logins: u32,
    /// Codes that may be tried within ten minutes from one network.
    pub code_tries: u32,
}

/// Runs an act that a repeated request does not do twice, where it may block.
pub(crate) async fn once<T: Send + 'static>(
    api: &web::Data<Api>,
    submission: Submission,
    act: impl FnOnce(&Registration, Option<&Once>) -> Result<T, ServiceError> + Send + 'static,
) -> Result<T, Problem> {
    blocking(api, move |registration| act(registration, submission.once.as_ref())).await
}

/// Runs `act` where it may block.
pub(crate) async fn blocking<T: Send + 'static>(
    api: &web::Data<Api>,
    act: impl FnOnce(&Registration) -> Result<T, ServiceError> + Send + 'static,
) -> Result<T, Problem> {
    let api = api.clone();
    match web::block(move || act(&api.registration)).await {
        Ok(outcome) => outcome.map_err(Problem::from),
        // The pool is gone only while the process stops.
        Err(_) => Err(Problem::new(StatusCode::SERVICE_UNAVAILABLE, "stopping", "the service is stopping")
            .retry_after(5)),
    }
}
