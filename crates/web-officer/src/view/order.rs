//! Orders as the API shows them: the exact bytes that are signed, so that a client can recompute the digest.

use ndoba_registration::ports::{OrderRecord, SignatureRecord};
use serde::Serialize;
use utoipa::ToSchema;

use super::application::{RefusalView, outcome};

/// An order.
#[derive(Serialize, ToSchema)]
pub(crate) struct OrderView {
    /// Its identifier.
    order_id: String,
    /// `issue`, `revoke`, `suspend`, `suspend-by-code` or `release`.
    kind: &'static str,
    /// SHA-256 over the octets of `content`.
    digest: String,
    /// The canonical JSON text, exactly as it is signed.
    content: String,
    /// `open`, `queued`, `claimed`, `done`, `refused`, `withdrawn` or `expired`.
    state: &'static str,
    /// The CA it is addressed to.
    ca: String,
    /// The application it was made of.
    #[serde(skip_serializing_if = "Option::is_none")]
    application: Option<String>,
    /// The certificate it is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    target: Option<String>,
    /// The certificate that was made or changed.
    #[serde(skip_serializing_if = "Option::is_none")]
    certificate: Option<String>,
    /// Why the CA refused it.
    #[serde(skip_serializing_if = "Option::is_none")]
    refusal: Option<RefusalView>,
    /// When it was made.
    created: String,
    /// When it can no longer be signed or carried out.
    expires: String,
    /// The signatures so far.
    signatures: Vec<SignatureView>,
}

/// A signature on an order.
#[derive(Serialize, ToSchema)]
pub(crate) struct SignatureView {
    /// `submitter`, `approver`, `revocation-officer` or `desk`.
    role: String,
    /// Whose.
    officer: String,
    /// Flattened JWS with detached payload, JSON text.
    jws: String,
    /// When it was received.
    added: String,
}

impl From<OrderRecord> for OrderView {
    fn from(order: OrderRecord) -> Self {
        let OrderRecord {
            id,
            kind,
            digest,
            content,
            ca,
            csr: _,
            application,
            target,
            drafted_by: _,
            created,
            expires,
            state,
            signatures,
        } = order;
        let name = state.name();
        let (certificate, refusal) = outcome(Some(state));
        Self {
            order_id: id.to_string(),
            kind: kind.name(),
            digest: digest.to_string(),
            // Canonical JSON is UTF-8; were it damaged, the digest would not match and nobody would sign it.
            content: String::from_utf8_lossy(&content).into_owned(),
            state: name,
            ca: ca.to_string(),
            application: application.map(|id| id.to_string()),
            target: target.map(|serial| serial.to_string()),
            certificate,
            refusal,
            created: created.to_string(),
            expires: expires.to_string(),
            signatures: signatures.into_iter().map(Into::into).collect(),
        }
    }
}

impl From<SignatureRecord> for SignatureView {
    fn from(signature: SignatureRecord) -> Self {
        let SignatureRecord { role, officer, jws, added } = signature;
        Self { role, officer: officer.to_string(), jws, added: added.to_string() }
    }
}
