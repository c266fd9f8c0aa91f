//! The registration API, an operation a method.

use std::io;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ndoba_registration::Form;
use rustls_pki_types::CertificateDer;
use serde::Serialize;
use serde_json::{Value, json};
use ureq::Agent;

use crate::calls::{IDEMPOTENCY_KEY, if_match, query_string, segment};
use crate::error::ClientError;
use crate::http::{self, Method};
use crate::identity::Identity;
use crate::resource::{
    Application, ApplicationSummary, CertificateStatus, ControlQuestion, DeskRequest, Enrolment,
    EnrolmentCode, Grant, GrantDraft, HandedIn, Order, Page, Profile, Publication, RegisteredOfficer,
    RevocationCode, StatusDraft, StatusOrder, WhoAmI,
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
    pub(crate) agent: Agent,
    pub(crate) base: String,
    pub(crate) invocation: Option<String>,
}

impl OfficerClient {
    /// A client of the API at `base` (such as `https://127.0.0.1:8443`), trusting `roots` only.
    pub fn new(base: &str, roots: &[CertificateDer<'_>], officer: &Identity) -> Self {
        let agent = http::agent(roots, Some(officer), http::PATIENCE);
        Self { agent, base: format!("{}/api/v1", base.trim_end_matches('/')), invocation: None }
    }

    /// The same with idempotency keys: every call that changes something carries one, made of `invocation` (random, the
    /// caller's for what it does now) and of the call, so that the same call again is known to be the same.
    #[must_use]
    pub fn with_invocation(self, invocation: &str) -> Self {
        Self { invocation: Some(invocation.into()), ..self }
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
        self.send(Method::Put, &path, content, if_match(Some(version)))
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
        version: Option<u32>,
        sha256: &str,
        accepted: &str,
        subject_accepted: Option<&str>,
    ) -> Result<Application, ClientError> {
        let mut body = json!({ "sha256": sha256, "accepted": accepted });
        if let Some(day) = subject_accepted {
            body["subject_accepted"] = day.into();
        }
        self.act(&format!("/applications/{}/agreement", segment(id)), &body, version)
    }

    /// Attaches the copy of the agreement that the subscriber signed: PDF, PNG, JPEG or a detached signature.
    ///
    /// # Errors
    ///
    /// [`ClientError`].
    pub fn attach_copy(
        &self,
        id: &str,
        version: Option<u32>,
        copy: &[u8],
    ) -> Result<Application, ClientError> {
        let body = json!({ "content": STANDARD.encode(copy) });
        self.act(&format!("/applications/{}/agreement/copy", segment(id)), &body, version)
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

    /// Attaches a copy of evidence: PDF, PNG or JPEG.
    ///
    /// # Errors
    ///
    /// [`ClientError`].
    pub fn attach(
        &self,
        id: &str,
        version: Option<u32>,
        kind: &str,
        name: Option<&str>,
        copy: &[u8],
    ) -> Result<Application, ClientError> {
        let mut body = json!({ "type": kind, "content": STANDARD.encode(copy) });
        if let Some(name) = name {
            body["name"] = name.into();
        }
        self.act(&format!("/applications/{}/attachments", segment(id)), &body, version)
    }

    /// Takes a copy of evidence away.
    ///
    /// # Errors
    ///
    /// [`ClientError`].
    pub fn detach(&self, id: &str, version: Option<u32>, sha256: &str) -> Result<Application, ClientError> {
        let path = format!("/applications/{}/attachments/{}/detach", segment(id), segment(sha256));
        self.act(&path, &json!({}), version)
    }

    /// A copy of evidence, as it was attached.
    ///
    /// # Errors
    ///
    /// [`ClientError`].
    pub fn attachment(&self, id: &str, sha256: &str) -> Result<Vec<u8>, ClientError> {
        let path = format!("/applications/{}/attachments/{}", segment(id), segment(sha256));
        Ok(self.call(Method::Get, &path, None, Vec::new())?.body)
    }

    /// Freezes an application into an order.
    ///
    /// # Errors
    ///
    /// [`ClientError`].
    pub fn freeze(&self, id: &str, version: Option<u32>, key: Option<&str>) -> Result<Order, ClientError> {
        let key = key.map(|key| (IDEMPOTENCY_KEY, key.to_owned()));
        let headers = if_match(version).into_iter().chain(key).collect();
        self.send(Method::Post, &format!("/applications/{}/order", segment(id)), &json!({}), headers)
    }

    /// Gives an application up.
    ///
    /// # Errors
    ///
    /// [`ClientError`].
    pub fn withdraw(&self, id: &str, version: Option<u32>) -> Result<Application, ClientError> {
        self.act(&format!("/applications/{}/withdraw", segment(id)), &json!({}), version)
    }

    /// Notes that the certificate was handed over, with its revocation code or without one for this reason.
    ///
    /// # Errors
    ///
    /// [`ClientError`].
    pub fn deliver(
        &self,
        id: &str,
        version: Option<u32>,
        without_code: Option<&str>,
    ) -> Result<Application, ClientError> {
        let body = without_code.map_or_else(|| json!({}), |reason| json!({ "without_code": reason }));
        self.act(&format!("/applications/{}/deliver", segment(id)), &body, version)
    }

    /// Notes that the subscriber accepted the certificate, and how.
    ///
    /// # Errors
    ///
    /// [`ClientError`].
    pub fn accept(&self, id: &str, version: Option<u32>, remark: &str) -> Result<Application, ClientError> {
        self.act(&format!("/applications/{}/accept", segment(id)), &json!({ "remark": remark }), version)
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
    pub fn send_back(
        &self,
        id: &str,
        version: Option<u32>,
        remark: &str,
    ) -> Result<Application, ClientError> {
        self.act(&format!("/applications/{}/return", segment(id)), &json!({ "remark": remark }), version)
    }

    /// Refuses an application for good.
    ///
    /// # Errors
    ///
    /// [`ClientError`].
    pub fn reject(&self, id: &str, version: Option<u32>, remark: &str) -> Result<Application, ClientError> {
        self.act(&format!("/applications/{}/reject", segment(id)), &json!({ "remark": remark }), version)
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

    /// Whether third parties are shown a certificate.
    ///
    /// # Errors
    ///
    /// [`ClientError`].
    pub fn publication(&self, serial: &str) -> Result<Publication, ClientError> {
        self.get(&format!("/certificates/{}/publication", segment(serial)))
    }

    /// Notes that its subscriber lets third parties see a certificate, or no longer.
    ///
    /// # Errors
    ///
    /// [`ClientError`].
    pub fn consent_to_publication(&self, serial: &str, consent: bool) -> Result<Publication, ClientError> {
        let path = format!("/certificates/{}/publication", segment(serial));
        self.post(&path, &json!({ "consent": consent }), None)
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

    /// The officers as the register has them, page after page.
    ///
    /// # Errors
    ///
    /// [`ClientError`].
    pub fn officers(&self) -> Result<Vec<RegisteredOfficer>, ClientError> {
        self.all("/officers")
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

    /// All enrolments, newest first, page after page.
    ///
    /// # Errors
    ///
    /// [`ClientError`].
    pub fn enrolments(&self) -> Result<Vec<Enrolment>, ClientError> {
        self.all("/enrolments")
    }

    /// The register, page after page.
    ///
    /// # Errors
    ///
    /// [`ClientError`].
    pub fn grants(&self) -> Result<Vec<Grant>, ClientError> {
        self.all("/grants")
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
}
