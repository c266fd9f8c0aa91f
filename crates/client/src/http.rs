//! HTTP with bounded answers; TLS by aws-lc, the officer's certificate where there is one.

use std::time::Duration;

use rustls_pki_types::CertificateDer;
use ureq::unversioned::resolver::DefaultResolver;
use ureq::unversioned::transport::{Connector as _, TcpConnector};
use ureq::{Agent, Body};

use crate::error::{ClientError, Problem};
use crate::identity::Identity;
use crate::tls;
use crate::transport::TlsConnector;

/// The longest answer that is read into memory; exports of the audit log are streamed instead.
pub(crate) const MAX_ANSWER: u64 = 64 * 1024 * 1024;

/// An answer, read whole.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// The HTTP status.
    pub status: u16,
    /// The media type, parameters and all; empty if absent.
    pub media_type: String,
    /// The body.
    pub body: Vec<u8>,
}

/// How long a call may take, unless said otherwise: an order is waited for meanwhile.
pub(crate) const PATIENCE: Duration = Duration::from_secs(90);

/// An agent that trusts `roots` for TLS and nothing else, showing `officer`'s certificate if given, whose calls take
/// `patience` at most.
pub(crate) fn agent(roots: &[CertificateDer<'_>], officer: Option<&Identity>, patience: Duration) -> Agent {
    let config = Agent::config_builder()
        .http_status_as_error(false)
        .max_redirects(0)
        .proxy(None)
        .timeout_connect(Some(patience.min(Duration::from_secs(10))))
        .timeout_global(Some(patience))
        .build();
    let connector = ().chain(TcpConnector::default()).chain(TlsConnector(tls::client(roots, officer)));
    Agent::with_parts(config, connector, DefaultResolver::default())
}

/// What to ask.
pub(crate) struct Call<'a> {
    pub(crate) method: Method,
    pub(crate) url: String,
    /// Media type and bytes; `None` for GET.
    pub(crate) body: Option<(&'a str, &'a [u8])>,
    pub(crate) headers: Vec<(&'static str, String)>,
}

/// The methods of our APIs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Method {
    Get,
    Post,
    Put,
}

/// Asks, and gives the answer with its body unread.
pub(crate) fn call(agent: &Agent, call: &Call<'_>) -> Result<ureq::http::Response<Body>, ClientError> {
    let method = match call.method {
        Method::Get => "GET",
        Method::Post => "POST",
        Method::Put => "PUT",
    };
    let mut request = ureq::http::Request::builder().method(method).uri(&call.url);
    for (name, value) in &call.headers {
        request = request.header(*name, value);
    }
    let broken = |error: Box<dyn std::error::Error + Send + Sync>| ClientError::Transport {
        url: call.url.clone(),
        source: error,
    };
    let outcome = match call.body {
        Some((media_type, bytes)) => {
            let request =
                request.header("content-type", media_type).body(bytes).map_err(|e| broken(e.into()))?;
            agent.run(request)
        }
        None => agent.run(request.body(()).map_err(|e| broken(e.into()))?),
    };
    outcome.map_err(|error| broken(error.into()))
}

/// Asks, and reads the answer whole.
pub(crate) fn fetch(agent: &Agent, asked: &Call<'_>) -> Result<(Answer, Option<u64>), ClientError> {
    let mut response = call(agent, asked)?;
    let header = |name: &str| response.headers().get(name).and_then(|value| value.to_str().ok());
    let retry_after = header("retry-after").and_then(|value| value.parse().ok());
    let media_type = header("content-type").unwrap_or_default().to_owned();
    let status = response.status().as_u16();
    let body = response.body_mut().with_config().limit(MAX_ANSWER).read_to_vec();
    let body =
        body.map_err(|error| ClientError::Transport { url: asked.url.clone(), source: error.into() })?;
    Ok((Answer { status, media_type, body }, retry_after))
}

/// The body of a success, or the problem that came instead.
pub(crate) fn successful(url: &str, answer: Answer, retry_after: Option<u64>) -> Result<Answer, ClientError> {
    if (200..300).contains(&answer.status) {
        return Ok(answer);
    }
    if !answer.media_type.starts_with("application/problem+json") {
        let what = format!("status {} without a problem document", answer.status);
        return Err(ClientError::Answer { url: url.into(), what });
    }
    match (serde_json::from_slice::<Problem>(&answer.body), retry_after) {
        (Ok(problem), Some(seconds)) => Err(ClientError::Later { problem: Box::new(problem), seconds }),
        (Ok(problem), None) => Err(ClientError::Problem(Box::new(problem))),
        (Err(_), _) => {
            Err(ClientError::Answer { url: url.into(), what: "the problem document does not read".into() })
        }
    }
}
