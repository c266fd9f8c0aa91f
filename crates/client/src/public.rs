//! The public endpoints: checkpoint, CRLs, issuers, time-stamps, status.

use std::time::Duration;

use ndoba_types::CrlName;
use rustls_pki_types::CertificateDer;
use ureq::Agent;

use crate::error::ClientError;
use crate::http::{self, Answer, Call, Method};

/// The public side of an installation. Blocking.
#[derive(Clone, Debug)]
pub struct PublicClient {
    agent: Agent,
    base: String,
}

impl PublicClient {
    /// A client of `base`, such as `http://127.0.0.1:8080`; over https it trusts `roots` only.
    pub fn new(base: &str, roots: &[CertificateDer<'_>]) -> Self {
        Self::patient(base, roots, http::PATIENCE)
    }

    /// The same, whose calls take `patience` at most.
    pub fn patient(base: &str, roots: &[CertificateDer<'_>], patience: Duration) -> Self {
        Self { agent: http::agent(roots, None, patience), base: base.trim_end_matches('/').into() }
    }

    /// The newest checkpoint of the audit log.
    ///
    /// # Errors
    ///
    /// [`ClientError`], as for all methods.
    pub fn checkpoint(&self) -> Result<Vec<u8>, ClientError> {
        self.get("/audit/checkpoint")
    }

    /// A CRL, DER: a CA's whole list or a shard of it.
    ///
    /// # Errors
    ///
    /// [`ClientError`].
    pub fn crl(&self, list: &CrlName) -> Result<Vec<u8>, ClientError> {
        self.get(&format!("/crl/{list}.crl"))
    }

    /// A CA's certificate, DER.
    ///
    /// # Errors
    ///
    /// [`ClientError`].
    pub fn issuer(&self, ca: &str) -> Result<Vec<u8>, ClientError> {
        self.get(&format!("/issuer/{ca}.cer"))
    }

    /// Sends a TimeStampReq, gives the TimeStampResp (RFC 3161 §3.4); both DER. Nothing of it is believed here.
    ///
    /// # Errors
    ///
    /// [`ClientError`].
    pub fn time_stamp(&self, query: &[u8]) -> Result<Vec<u8>, ClientError> {
        self.time_stamp_at(&format!("{}/tsa", self.base), query)
    }

    /// As [`Self::time_stamp`], of the unit at this address, wherever it is.
    ///
    /// # Errors
    ///
    /// [`ClientError`].
    pub fn time_stamp_at(&self, url: &str, query: &[u8]) -> Result<Vec<u8>, ClientError> {
        self.post(url, "application/timestamp-query", "application/timestamp-reply", query)
    }

    /// Sends an OCSPRequest, gives the OCSPResponse (RFC 6960 appendix A); both DER. Nothing of it is believed here.
    ///
    /// # Errors
    ///
    /// [`ClientError`].
    pub fn ocsp(&self, request: &[u8]) -> Result<Vec<u8>, ClientError> {
        let url = format!("{}/ocsp", self.base);
        self.post(&url, "application/ocsp-request", "application/ocsp-response", request)
    }

    fn get(&self, path: &str) -> Result<Vec<u8>, ClientError> {
        let url = format!("{}{path}", self.base);
        let (answer, _) =
            self.fetch(Call { method: Method::Get, url: url.clone(), body: None, headers: Vec::new() })?;
        if answer.status == 200 { Ok(answer.body) } else { Err(unexpected(url, &answer)) }
    }

    fn post(&self, url: &str, media_type: &str, wanted: &str, body: &[u8]) -> Result<Vec<u8>, ClientError> {
        let url = url.to_owned();
        let call = Call {
            method: Method::Post,
            url: url.clone(),
            body: Some((media_type, body)),
            headers: Vec::new(),
        };
        let (answer, _) = self.fetch(call)?;
        if answer.status == 200 && answer.media_type == wanted {
            Ok(answer.body)
        } else {
            Err(unexpected(url, &answer))
        }
    }

    fn fetch(&self, call: Call<'_>) -> Result<(Answer, Option<u64>), ClientError> {
        http::fetch(&self.agent, &call)
    }
}

fn unexpected(url: String, answer: &Answer) -> ClientError {
    ClientError::Answer { url, what: format!("status {} of type {:?}", answer.status, answer.media_type) }
}
