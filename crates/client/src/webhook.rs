//! Messages to a program that is told what happens: signed as Standard Webhooks has it (ADR 0018).

use std::time::Duration;

use aws_lc_rs::hmac;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ndoba_registration::webhook::{MessageParts, Outcome, Receiver};
use ndoba_types::Clock;
use rustls_pki_types::CertificateDer;
use ureq::Agent;

use crate::http::{self, Call, Method};

/// What a secret begins with in its file.
const PREFIX: &str = "whsec_";
/// As Standard Webhooks recommends; shorter ones can be guessed.
const LENGTHS: std::ops::RangeInclusive<usize> = 24..=64;
/// The secret, and the one before it.
const MOST_SECRETS: usize = 2;

/// The secrets of an endpoint: messages carry a signature by each. Never shown.
pub struct WebhookSecrets(Vec<hmac::Key>);

impl std::fmt::Debug for WebhookSecrets {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("WebhookSecrets(…)")
    }
}

/// Why a file holds no secrets. Quotes none of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "a secret is a line of {PREFIX} and 24 to 64 octets in base64, such as `echo {PREFIX}$(openssl rand -base64 32)` gives; one or two lines"
)]
pub struct BadSecret;

impl WebhookSecrets {
    /// Reads a file's text.
    ///
    /// # Errors
    ///
    /// [`BadSecret`].
    pub fn parse(text: &str) -> Result<Self, BadSecret> {
        let keys: Result<Vec<_>, _> =
            text.lines().map(str::trim).filter(|line| !line.is_empty()).map(key).collect();
        let keys = keys?;
        if (1..=MOST_SECRETS).contains(&keys.len()) { Ok(Self(keys)) } else { Err(BadSecret) }
    }

    /// `webhook-signature`: over identifier, time and body.
    fn sign(&self, id: &str, seconds: i64, body: &str) -> String {
        let signed = format!("{id}.{seconds}.{body}");
        let one = |key: &hmac::Key| format!("v1,{}", STANDARD.encode(hmac::sign(key, signed.as_bytes())));
        self.0.iter().map(one).collect::<Vec<_>>().join(" ")
    }
}

fn key(line: &str) -> Result<hmac::Key, BadSecret> {
    let octets = STANDARD.decode(line.strip_prefix(PREFIX).ok_or(BadSecret)?).map_err(|_| BadSecret)?;
    if !LENGTHS.contains(&octets.len()) {
        return Err(BadSecret);
    }
    Ok(hmac::Key::new(hmac::HMAC_SHA256, &octets))
}

/// A program that is told. Blocking; follows no redirect, uses no proxy, reads no body.
pub struct WebhookClient {
    agent: Agent,
    url: String,
    secrets: WebhookSecrets,
    clock: std::sync::Arc<dyn Clock>,
}

impl WebhookClient {
    /// One at `url`; over https it is believed by `roots` only. A call takes `patience` at most.
    pub fn new(
        url: &str,
        roots: &[CertificateDer<'_>],
        secrets: WebhookSecrets,
        clock: std::sync::Arc<dyn Clock>,
        patience: Duration,
    ) -> Self {
        Self { agent: http::agent(roots, None, patience), url: url.into(), secrets, clock }
    }
}

impl Receiver for WebhookClient {
    fn send(&self, message: &MessageParts) -> Outcome {
        let body = body(message);
        let seconds = self.clock.now().unix_seconds();
        let headers = vec![
            ("webhook-id", message.event.clone()),
            ("webhook-timestamp", seconds.to_string()),
            ("webhook-signature", self.secrets.sign(&message.event, seconds, &body)),
        ];
        let call = Call {
            method: Method::Post,
            url: self.url.clone(),
            body: Some(("application/json", body.as_bytes())),
            headers,
        };
        match http::call(&self.agent, &call) {
            // Its body says nothing that we need, and may be endless.
            Ok(answer) if answer.status().is_success() => Outcome::Taken,
            Ok(answer) => Outcome::Refused(format!("status {}", answer.status().as_u16())),
            Err(error) => Outcome::Unreached(reason(&error)),
        }
    }
}

/// The same octets at every try: what is repeated is known by its identifier, and by being the same.
fn body(message: &MessageParts) -> String {
    let MessageParts { sequence, event: _, kind, object, content, created } = message;
    // What the database holds was JSON when it was written; what is none any more is told as nothing.
    let data: serde_json::Value = serde_json::from_str(content).unwrap_or_default();
    serde_json::json!({
        "type": kind, "timestamp": created.to_string(), "object": object, "sequence": sequence, "data": data,
    })
    .to_string()
}

/// The innermost cause: kept beside the delivery and shown to the operator.
fn reason(error: &dyn std::error::Error) -> String {
    let mut cause = error;
    while let Some(inner) = cause.source() {
        cause = inner;
    }
    cause.to_string().chars().take(200).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example that the specification's libraries are tested with.
    #[test]
    fn signatures_are_those_of_standard_webhooks() {
        let secrets = WebhookSecrets::parse("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw\n").unwrap();
        let signature = secrets.sign("msg_p5jXN8AQM9LWM0D4loKWxJek", 1_614_265_330, "{\"test\": 2432232314}");
        assert_eq!(signature, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
    }

    #[test]
    fn a_file_holds_the_secret_and_perhaps_the_one_before_it() {
        let line = |octets: usize| format!("whsec_{}\n", STANDARD.encode(vec![7; octets]));
        let two = WebhookSecrets::parse(&(line(24) + "\n" + &line(64))).unwrap();
        assert_eq!(two.sign("a", 1, "b").split(' ').count(), 2);
        for bad in ["", "secret", "whsec_", &line(23), &line(65), &line(32).repeat(3), &line(32)[6..]] {
            let refused = WebhookSecrets::parse(bad).unwrap_err().to_string();
            assert!(refused.contains("24 to 64"), "{refused}");
        }
    }
}
