//! How an officer's client calls: paths, idempotency keys, versions, one more try.

use std::thread;
use std::time::{Duration, Instant};

use ndoba_types::Sha256Digest;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::error::ClientError;
use crate::http::{self, Answer, Call, Method};
use crate::officer::OfficerClient;
use crate::resource::Page;

/// A call that changes something and broke within this time is sent once more, with its idempotency key.
const SOON: Duration = Duration::from_secs(10);
/// The pause before.
const PAUSE: Duration = Duration::from_millis(500);

impl OfficerClient {
    pub(crate) fn get<T: DeserializeOwned>(&self, path: &str) -> Result<T, ClientError> {
        let answer = self.call(Method::Get, path, None, Vec::new())?;
        self.read(path, &answer)
    }

    /// Every item of a list that is not searched.
    pub(crate) fn all<T: DeserializeOwned>(&self, list: &str) -> Result<Vec<T>, ClientError> {
        let mut items = Vec::new();
        let mut path = format!("{list}?limit=200");
        loop {
            let page: Page<T> = self.get(&path)?;
            items.extend(page.items);
            match page.next {
                // An identifier or a place of ours.
                Some(next) => path = format!("{list}?limit=200&after={next}"),
                None => return Ok(items),
            }
        }
    }

    pub(crate) fn post<T: DeserializeOwned>(
        &self,
        path: &str,
        body: &impl Serialize,
        key: Option<&str>,
    ) -> Result<T, ClientError> {
        let headers = key.map(|key| (IDEMPOTENCY_KEY, key.to_owned())).into_iter().collect();
        self.send(Method::Post, path, body, headers)
    }

    /// Acts upon an application, in the version that was seen.
    pub(crate) fn act<T: DeserializeOwned>(
        &self,
        path: &str,
        body: &impl Serialize,
        version: Option<u32>,
    ) -> Result<T, ClientError> {
        self.send(Method::Post, path, body, if_match(version))
    }

    pub(crate) fn send<T: DeserializeOwned>(
        &self,
        method: Method,
        path: &str,
        body: &impl Serialize,
        mut headers: Vec<(&'static str, String)>,
    ) -> Result<T, ClientError> {
        let bytes = serde_json::to_vec(body).map_err(|error| self.not_understood(path, error.to_string()))?;
        let keyed = headers.iter().any(|(name, _)| *name == IDEMPOTENCY_KEY);
        // A draft changes nothing.
        if let Some(invocation) = self.invocation.as_deref().filter(|_| !keyed && !path.ends_with("/draft")) {
            headers.push((IDEMPOTENCY_KEY, key_of(invocation, method, path, &bytes)));
        }
        let answer = self.call(method, path, Some(&bytes), headers)?;
        self.read(path, &answer)
    }

    pub(crate) fn call(
        &self,
        method: Method,
        path: &str,
        body: Option<&[u8]>,
        headers: Vec<(&'static str, String)>,
    ) -> Result<Answer, ClientError> {
        let call = self.request(method, path, body, headers);
        let begun = Instant::now();
        let keyed = call.headers.iter().any(|(name, _)| *name == IDEMPOTENCY_KEY);
        let (answer, retry_after) = match http::fetch(&self.agent, &call) {
            // Whether it was done nobody knows; with its key it is done once.
            Err(ClientError::Transport { .. }) if keyed && begun.elapsed() < SOON => {
                thread::sleep(PAUSE);
                http::fetch(&self.agent, &call)?
            }
            fetched => fetched?,
        };
        http::successful(&call.url, answer, retry_after)
    }

    pub(crate) fn request<'a>(
        &self,
        method: Method,
        path: &str,
        body: Option<&'a [u8]>,
        headers: Vec<(&'static str, String)>,
    ) -> Call<'a> {
        let body = body.map(|bytes| ("application/json", bytes));
        Call { method, url: format!("{}{path}", self.base), body, headers }
    }

    fn read<T: DeserializeOwned>(&self, path: &str, answer: &Answer) -> Result<T, ClientError> {
        // Category and place only: the message could quote personal data.
        serde_json::from_slice(&answer.body).map_err(|error| {
            self.not_understood(
                path,
                format!("line {}, column {} is not as expected", error.line(), error.column()),
            )
        })
    }

    fn not_understood(&self, path: &str, what: String) -> ClientError {
        ClientError::Answer { url: format!("{}{path}", self.base), what }
    }
}

/// The header of a call's key.
pub(crate) const IDEMPOTENCY_KEY: &str = "idempotency-key";

pub(crate) fn if_match(version: Option<u32>) -> Vec<(&'static str, String)> {
    version.map(|version| ("if-match", format!("\"{version}\""))).into_iter().collect()
}

/// The key of a call: another for another call, and for another invocation.
fn key_of(invocation: &str, method: Method, path: &str, body: &[u8]) -> String {
    let head = format!("{invocation} {method:?} {path}\n");
    Sha256Digest::of(&[head.as_bytes(), body].concat()).to_string()
}

/// Text as one segment of a path, or as one value of a query (RFC 3986 §2.1).
pub(crate) fn segment(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
    out
}

pub(crate) fn query_string(query: &[(&str, &str)]) -> String {
    let pairs: Vec<String> =
        query.iter().map(|(name, value)| format!("{}={}", segment(name), segment(value))).collect();
    if pairs.is_empty() { String::new() } else { format!("?{}", pairs.join("&")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_call_has_its_own_key() {
        let key = |invocation, path, body: &str| key_of(invocation, Method::Post, path, body.as_bytes());
        let one = key("a", "/applications", "{}");
        assert_eq!(one, key("a", "/applications", "{}"));
        for other in
            [key("b", "/applications", "{}"), key("a", "/enrolments", "{}"), key("a", "/applications", "[]")]
        {
            assert_ne!(one, other);
        }
    }

    #[test]
    fn text_stays_in_its_segment() {
        assert_eq!(segment("a/../b?c#d"), "a%2F..%2Fb%3Fc%23d");
        assert_eq!(query_string(&[("subject", "01 ნ")]), "?subject=01%20%E1%83%9C");
        assert_eq!(query_string(&[]), "");
    }
}
