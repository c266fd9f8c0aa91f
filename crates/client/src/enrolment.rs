//! The door for officers-to-be, who have a code and no certificate yet.

use rustls_pki_types::CertificateDer;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use ureq::Agent;

use crate::error::ClientError;
use crate::http::{self, Call, Method};

/// The enrolment address of an installation. Blocking.
#[derive(Clone, Debug)]
pub struct EnrolmentClient {
    agent: Agent,
    base: String,
}

#[derive(Deserialize)]
struct Enrolled {
    officer: String,
}

#[derive(Deserialize)]
struct Certified {
    certificate: String,
}

impl EnrolmentClient {
    /// A client of `base`, such as `https://127.0.0.1:8446`, trusting `roots` only.
    pub fn new(base: &str, roots: &[CertificateDer<'_>]) -> Self {
        let agent = http::agent(roots, None, http::PATIENCE);
        Self { agent, base: format!("{}/api/v1", base.trim_end_matches('/')) }
    }

    /// Presents the key of a request for certification (PEM) with a one-time code; who its holder will be, if appointed.
    ///
    /// # Errors
    ///
    /// [`ClientError`], as for all methods.
    ///
    /// `acceptance` – the key's signature on the [`Acceptance`](ndoba_order::Acceptance) of the roles and the office that are meant.
    pub fn enrol(&self, code: &str, csr: &str, acceptance: Option<&str>) -> Result<String, ClientError> {
        let body = json!({ "code": code, "csr": csr, "acceptance": acceptance });
        let enrolled: Enrolled = self.post("/enrolment", &body)?;
        Ok(enrolled.officer)
    }

    /// The operations CA's certificate for that key, DER in hexadecimal digits.
    ///
    /// # Errors
    ///
    /// [`ClientError`]; a problem `certificate.unknown` where there is none yet.
    pub fn certificate(&self, csr: &str) -> Result<String, ClientError> {
        let certified: Certified = self.post("/enrolment/certificate", &json!({ "csr": csr }))?;
        Ok(certified.certificate)
    }

    fn post<T: DeserializeOwned>(&self, path: &str, body: &Value) -> Result<T, ClientError> {
        let url = format!("{}{path}", self.base);
        let body = body.to_string();
        let call = Call {
            method: Method::Post,
            url: url.clone(),
            body: Some(("application/json", body.as_bytes())),
            headers: Vec::new(),
        };
        let (answer, retry_after) = http::fetch(&self.agent, &call)?;
        let answer = http::successful(&url, answer, retry_after)?;
        serde_json::from_slice(&answer.body)
            .map_err(|error| ClientError::Answer { url, what: error.to_string() })
    }
}
