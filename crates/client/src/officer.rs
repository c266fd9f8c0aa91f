//! The registration API, an operation a method.

use std::io;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ndoba_registration::Form;
use rustls_pki_types::CertificateDer;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use ureq::Agent;

use crate::error::ClientError;
use crate::http::{self, Answer, Call, Method};
use crate::identity::Identity;
use crate::resource::{
    Application, ApplicationSummary, CertificateStatus, ControlQuestion, DeskRequest, Enrolment,
    EnrolmentCode, Grant, GrantDraft, HandedIn, Order, Page, Profile, RegisteredOfficer, RevocationCode,
    StatusDraft, StatusOrder, WhoAmI,
};

/// A certificate's form for download.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CertificateForm {
    /// DER.
    Der,
    /// PKCS#7 with the chain, DER.
    P7c,
    /// PEM.
    Pem,
}

impl CertificateForm {
    fn extension(self) -> &'static str {
        match self {
            Self::Der => "der",
            Self::P7c => "p7c",
            Self::Pem => "pem",
        }
    }
}

/// The registration API as one officer sees it. Blocking.
#[derive(Clone, Debug)]
pub struct OfficerClient {
    agent: Agent,
    base: String,
}

impl OfficerClient {
    /// A client of the API at `base` (such as `https://127.0.0.1:8443`), trusting `roots` only.
    pub fn new(base: &str, roots: &[CertificateDer<'_>], officer: &Identity) -> Self {
        let agent = http::agent(roots, Some(officer), http::PATIENCE);
        Self { agent, base: format!("{}/api/v1", base.trim_end_matches('/')) }
    }

    /// The officer by the register.
    ///
    /// # Errors
    ///
    /// [`ClientError`], as for all methods.
    pub fn whoami(&self) -> Result<WhoAmI, ClientError> {
        self.get("/whoami")
    }

    /// The API's description.
    ///
    /// # Errors
    ///
    /// [`ClientError`].
    pub fn openapi(&self) -> Result<Value, ClientError> {
        self.get("/openapi.json")
    }

    /// The profiles on offer.
    ///
    /// # Errors
    ///
    /// [`ClientError`].
    pub fn profiles(&self) -> Result<Vec<Profile>, ClientError> {
        self.get("/profiles")
    }

    /// The fields of an application by a profile, with their rules.
    ///
    /// # Errors
    ///
    /// [`ClientError`].
    pub fn form(&self, profile: &str) -> Result<Form, ClientError> {
        self.get(&format!("/profiles/{}/form", segment(profile)))
    }

    /// Opens an application; with `key` a repetition gives the same one.
    ///
    /// # Errors
    ///
    /// [`ClientError`].
    pub fn open_application(
        &self,
        content: &impl Serialize,
        key: Option<&str>,
    ) -> Result<Application, ClientError> {
        self.post("/applications", content, key)
    }

    /// Replaces the content of version `version`.
    ///
    /// # Errors
    ///
    /// [`ClientError`].
    pub fn edit_application(
        &self,
        id: &str,
        version: u32,
        content: &impl Serialize,
    ) -> Result<Application, ClientError> {
        let path = format!("/applications/{}", segment(id));
        self.send(Method::Put, &path, content, vec![("if-match", format!("\"{version}\""))])
    }

    /// An application.
    ///
    /// # Errors
    ///
    /// [`ClientError`].
    pub fn application(&self, id: &str) -> Result<Application, ClientError> {
        self.get(&format!("/applications/{}", segment(id)))
    }

    /// Everything that is kept about a subject, by personal number or identification code.
    ///
    /// # Errors
    ///
    /// [`ClientError`].
    pub fn subject_record(&self, subject: &str) -> Result<Value, ClientError> {
        self.get(&format!("/subjects/{}/record", segment(subject)))
    }

    /// A page of applications; `query` holds `state`, `subject`, `limit`, `after`.
    ///
    /// # Errors
    ///
    /// [`ClientError`].
    pub fn applications(&self, query: &[(&str, &str)]) -> Result<Page<ApplicationSummary>, ClientError> {
        self.get(&format!("/applications{}", query_string(query)))
    }

    /// The agreement of an application, PDF.
    ///
    /// # Errors
    ///
    /// [`ClientError`].
    pub fn agreement(&self, id: &str) -> Result<Vec<u8>, ClientError> {
        let path = format!("/applications/{}/agreement.pdf", segment(id));
        Ok(self.call(Method::Get, &path, None, Vec::new())?.body)
    }

    /// Notes that the agreement with this SHA-256 was accepted.
    ///
    /// # Errors
    ///
    /// [`ClientError`].
    pub fn agree(
        &self,
        id: &str,
        sha256: &str,
        accepted: &str,
        subject_accepted: Option<&str>,
    ) -> Result<Application, ClientError> {
        let mut body = json!({ "sha256": sha256, "accepted": accepted });
        if let Some(day) = subject_accepted {
            body["subject_accepted"] = day.into();
        }
        self.post(&format!("/applications/{}/agreement", segment(id)), &body, None)
    }

    /// Attaches the copy of the agreement that the subscriber signed: PDF, PNG, JPEG or a detached signature.
    ///
    /// # Errors
    ///
    /// [`ClientError`].
    pub fn attach_copy(&self, id: &str, copy: &[u8]) -> Result<Application, ClientError> {
        let body = json!({ "content": STANDARD.encode(copy) });
        self.post(&format!("/applications/{}/agreement/copy", segment(id)), &body, None)
    }

    /// The copy of the agreement that the subscriber signed, as it was attached.
    ///
    /// # Errors
    ///
    /// [`ClientError`].
    pub fn signed_copy(&self, id: &str) -> Result<Vec<u8>, ClientError> {
        let path = format!("/applications/{}/agreement/copy", segment(id));
        Ok(self.call(Method::Get, &path, None, Vec::new())?.body)
    }

    /// Freezes an application into an order.
    ///
    /// # Errors
    ///
    /// [`ClientError`].
    pub fn freeze(&self, id: &str, key: Option<&str>) -> Result<Order, ClientError> {
        self.post(&format!("/applications/{}/order", segment(id)), &json!({}), key)
    }

    /// Gives an application up.
    ///
    /// # Errors
    ///
    /// [`ClientError`].
    pub fn withdraw(&self, id: &str) -> Result<Application, ClientError> {
        self.post(&format!("/applications/{}/withdraw", segment(id)), &json!({}), None)
    }

    /// Notes that the certificate was handed over.
    ///
    /// # Errors
    ///
    /// [`ClientError`].
    pub fn deliver(&self, id: &str) -> Result<Application, ClientError> {
        self.post(&format!("/applications/{}/deliver", segment(id)), &json!({}), None)
    }

    /// Notes that the subscriber accepted the certificate, and how.
    ///
    /// # Errors
    ///
    /// [`ClientError`].
    pub fn accept(&self, id: &str, remark: &str) -> Result<Application, ClientError> {
        self.post(&format!("/applications/{}/accept", segment(id)), &json!({ "remark": remark }), None)
    }

    /// Opens an application for a certificate that replaces another; `changes` are merged into the application behind it.
    ///
    /// # Errors
    ///
    /// [`ClientError`].
    pub fn renew(&self, serial: &str, changes: &impl Serialize) -> Result<Application, ClientError> {
        self.post(&format!("/certificates/{}/renewal", segment(serial)), changes, None)
    }

    /// Gives an application back for correction.
    ///
    /// # Errors
    ///
    /// [`ClientError`].
    pub fn send_back(&self, id: &str, remark: &str) -> Result<Application, ClientError> {
        self.post(&format!("/applications/{}/return", segment(id)), &json!({ "remark": remark }), None)
    }

    /// Refuses an application for good.
    ///
    /// # Errors
    ///
    /// [`ClientError`].
    pub fn reject(&self, id: &str, remark: &str) -> Result<Application, ClientError> {
        self.post(&format!("/applications/{}/reject", segment(id)), &json!({ "remark": remark }), None)
    }

    /// An order.
    ///
    /// # Errors
    ///
    /// [`ClientError`].
    pub fn order(&self, id: &str) -> Result<Order, ClientError> {
        self.get(&format!("/orders/{}", segment(id)))
    }

    /// Adds a signature; with `wait` the server waits so many seconds for the CA.
    ///
    /// # Errors
    ///
    /// [`ClientError`]; [`ClientError::Later`] when the order is fully signed and the CA does not answer.
    pub fn add_signature(&self, id: &str, jws: &str, wait: Option<u32>) -> Result<Order, ClientError> {
        let headers = wait.map(|seconds| ("prefer", format!("wait={seconds}"))).into_iter().collect();
        self.send(
            Method::Post,
            &format!("/orders/{}/signatures", segment(id)),
            &json!({ "jws": jws }),
            headers,
        )
    }

    /// Turns a request about a certificate down, with the reason.
    ///
    /// # Errors
    ///
    /// [`ClientError`].
    pub fn decline(&self, id: &str, note: &str) -> Result<Order, ClientError> {
        self.post(&format!("/orders/{}/decline", segment(id)), &json!({ "note": note }), None)
    }

    /// Confirms a suspension that a code had brought about, with the reason.
    ///
    /// # Errors
    ///
    /// [`ClientError`].
    pub fn confirm(&self, id: &str, note: &str) -> Result<Order, ClientError> {
        self.post(&format!("/orders/{}/confirm", segment(id)), &json!({ "note": note }), None)
    }

    /// What a caller is asked before something is done to the certificate on the telephone.
    ///
    /// # Errors
    ///
    /// [`ClientError`].
    pub fn control_questions(&self, serial: &str) -> Result<Vec<ControlQuestion>, ClientError> {
        self.get(&format!("/certificates/{}/control-questions", segment(serial)))
    }

    /// Gives a certificate another revocation code; the answer is its only copy.
    ///
    /// # Errors
    ///
    /// [`ClientError`].
    pub fn give_revocation_code(&self, serial: &str) -> Result<RevocationCode, ClientError> {
        self.post(&format!("/certificates/{}/revocation-code", segment(serial)), &json!({}), None)
    }

    /// A page of requests about certificates; `query` holds `state`, `limit`, `after`.
    ///
    /// # Errors
    ///
    /// [`ClientError`].
    pub fn requests(&self, query: &[(&str, &str)]) -> Result<Page<DeskRequest>, ClientError> {
        self.get(&format!("/requests{}", query_string(query)))
    }

    /// A certificate's status and clocks.
    ///
    /// # Errors
    ///
    /// [`ClientError`].
    pub fn certificate(&self, serial: &str) -> Result<CertificateStatus, ClientError> {
        self.get(&format!("/certificates/{}", segment(serial)))
    }

    /// A page of certificates; `query` holds `subject`, `profile`, `key`, `status`, `limit`, `after`.
    ///
    /// # Errors
    ///
    /// [`ClientError`].
    pub fn certificates(&self, query: &[(&str, &str)]) -> Result<Page<CertificateStatus>, ClientError> {
        self.get(&format!("/certificates{}", query_string(query)))
    }

    /// A certificate's bytes.
    ///
    /// # Errors
    ///
    /// [`ClientError`].
    pub fn download(&self, serial: &str, form: CertificateForm) -> Result<Vec<u8>, ClientError> {
        let path = format!("/certificates/{}/certificate.{}", segment(serial), form.extension());
        Ok(self.call(Method::Get, &path, None, Vec::new())?.body)
    }

    /// Drafts an order about a certificate.
    ///
    /// # Errors
    ///
    /// [`ClientError`].
    pub fn propose(
        &self,
        serial: &str,
        order: &StatusOrder<'_>,
        key: Option<&str>,
    ) -> Result<Order, ClientError> {
        self.post(&format!("/certificates/{}/orders", segment(serial)), order, key)
    }

    /// Writes an order to revoke or suspend a certificate of `ca` without asking the database.
    ///
    /// # Errors
    ///
    /// [`ClientError`].
    pub fn draft_status_order(
        &self,
        serial: &str,
        ca: &str,
        order: &StatusOrder<'_>,
    ) -> Result<StatusDraft, ClientError> {
        #[derive(Serialize)]
        struct Asked<'a> {
            serial: &'a str,
            ca: &'a str,
            #[serde(flatten)]
            order: &'a StatusOrder<'a>,
        }
        self.post("/status-orders/draft", &Asked { serial, ca, order }, None)
    }

    /// Hands a signed order to revoke or suspend in; `evidence` as it was drafted, absent for an order that the database has.
    ///
    /// # Errors
    ///
    /// [`ClientError`].
    pub fn hand_in(&self, content: &str, evidence: Option<&str>, jws: &str) -> Result<HandedIn, ClientError> {
        let mut body = json!({ "content": content, "jws": jws });
        if let Some(evidence) = evidence {
            body["evidence"] = evidence.into();
        }
        self.post("/status-orders", &body, None)
    }

    /// The officers as the register has them.
    ///
    /// # Errors
    ///
    /// [`ClientError`].
    pub fn officers(&self) -> Result<Vec<RegisteredOfficer>, ClientError> {
        self.get("/officers")
    }

    /// Opens an enrolment; `roles` by name.
    ///
    /// # Errors
    ///
    /// [`ClientError`].
    pub fn open_enrolment(
        &self,
        name: &str,
        roles: &[String],
        office: &str,
    ) -> Result<EnrolmentCode, ClientError> {
        self.post("/enrolments", &json!({ "name": name, "roles": roles, "office": office }), None)
    }

    /// The newest enrolments.
    ///
    /// # Errors
    ///
    /// [`ClientError`].
    pub fn enrolments(&self) -> Result<Vec<Enrolment>, ClientError> {
        self.get("/enrolments")
    }

    /// The register.
    ///
    /// # Errors
    ///
    /// [`ClientError`].
    pub fn grants(&self) -> Result<Vec<Grant>, ClientError> {
        self.get("/grants")
    }

    /// The next document of the register, to be signed; `request` as the API's description has it.
    ///
    /// # Errors
    ///
    /// [`ClientError`].
    pub fn draft_grant(&self, request: &impl Serialize) -> Result<GrantDraft, ClientError> {
        self.post("/grants/draft", request, None)
    }

    /// Appends a signed document to the register.
    ///
    /// # Errors
    ///
    /// [`ClientError`].
    pub fn append_grant(&self, content: &str, signatures: &[String]) -> Result<Grant, ClientError> {
        self.post("/grants", &json!({ "content": content, "signatures": signatures }), None)
    }

    /// Streams the audit log's export into `out`; gives the number of octets.
    ///
    /// # Errors
    ///
    /// [`ClientError`]; what was written before is then not the whole log.
    pub fn export_audit(&self, out: &mut dyn io::Write) -> Result<u64, ClientError> {
        self.stream("/audit/export", out)
    }

    /// Streams what officers signed, as the audit log names it, into `out`; gives the number of octets.
    ///
    /// # Errors
    ///
    /// [`ClientError`]; what was written before is then not all of it.
    pub fn export_signed(&self, out: &mut dyn io::Write) -> Result<u64, ClientError> {
        self.stream("/audit/signed", out)
    }

    fn stream(&self, path: &str, out: &mut dyn io::Write) -> Result<u64, ClientError> {
        let call = self.request(Method::Get, path, None, Vec::new());
        let mut response = http::call(&self.agent, &call)?;
        if response.status().as_u16() != 200 {
            // Asked again to read the problem whole; the answer's head does not say it.
            let (answer, retry_after) = http::fetch(&self.agent, &call)?;
            http::successful(&call.url, answer, retry_after)?;
        }
        let broken =
            |error: io::Error| ClientError::Transport { url: call.url.clone(), source: error.into() };
        io::copy(&mut response.body_mut().as_reader(), out).map_err(broken)
    }

    fn get<T: DeserializeOwned>(&self, path: &str) -> Result<T, ClientError> {
        let answer = self.call(Method::Get, path, None, Vec::new())?;
        self.read(path, &answer)
    }

    fn post<T: DeserializeOwned>(
        &self,
        path: &str,
        body: &impl Serialize,
        key: Option<&str>,
    ) -> Result<T, ClientError> {
        let headers = key.map(|key| ("idempotency-key", key.to_owned())).into_iter().collect();
        self.send(Method::Post, path, body, headers)
    }

    fn send<T: DeserializeOwned>(
        &self,
        method: Method,
        path: &str,
        body: &impl Serialize,
        headers: Vec<(&'static str, String)>,
    ) -> Result<T, ClientError> {
        let bytes = serde_json::to_vec(body).map_err(|error| self.not_understood(path, error.to_string()))?;
        let answer = self.call(method, path, Some(&bytes), headers)?;
        self.read(path, &answer)
    }

    fn call(
        &self,
        method: Method,
        path: &str,
        body: Option<&[u8]>,
        headers: Vec<(&'static str, String)>,
    ) -> Result<Answer, ClientError> {
        let call = self.request(method, path, body, headers);
        let (answer, retry_after) = http::fetch(&self.agent, &call)?;
        http::successful(&call.url, answer, retry_after)
    }

    fn request<'a>(
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

/// Text as one segment of a path, or as one value of a query (RFC 3986 §2.1).
fn segment(text: &str) -> String {
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

fn query_string(query: &[(&str, &str)]) -> String {
    let pairs: Vec<String> =
        query.iter().map(|(name, value)| format!("{}={}", segment(name), segment(value))).collect();
    if pairs.is_empty() { String::new() } else { format!("?{}", pairs.join("&")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_stays_in_its_segment() {
        assert_eq!(segment("a/../b?c#d"), "a%2F..%2Fb%3Fc%23d");
        assert_eq!(query_string(&[("subject", "01 ნ")]), "?subject=01%20%E1%83%9C");
        assert_eq!(query_string(&[]), "");
    }
}
