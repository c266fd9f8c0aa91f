//! Orders to revoke or suspend outside the database: as drafted, and as kept.

use ndoba_registration::{KeptReceipt, StatusDraft};
use serde::Serialize;
use utoipa::ToSchema;

/// An order as it is to be signed. Nothing of it is recorded.
#[derive(Serialize, ToSchema)]
pub(crate) struct StatusDraftView {
    /// The canonical JSON text, exactly as it is to be signed.
    content: String,
    /// SHA-256 over its octets.
    digest: String,
    /// The evidence that it names: to be handed in with it as it is.
    evidence: String,
}

/// The receipt for an order that is kept here because the database cannot take it.
#[derive(Serialize, ToSchema)]
pub(crate) struct KeptView {
    /// The order.
    order_id: String,
    /// `revoke` or `suspend`.
    kind: &'static str,
    /// SHA-256 over its octets.
    digest: String,
    /// Always `recorded-locally`.
    state: &'static str,
    /// Always false: relying parties see no change.
    in_force: bool,
    /// When it was received.
    received: String,
    /// Until when it must be in force (C-100).
    due: String,
    /// What to rely on, for people.
    title: &'static str,
}

/// Said with every receipt.
const TITLE: &str = "recorded here, and not in force: the database cannot take it now. The signature holds by the register of \
                     officers as it was last read, and is judged again, with everything else, when the database takes the order over";

impl From<StatusDraft> for StatusDraftView {
    fn from(draft: StatusDraft) -> Self {
        let StatusDraft { content, digest, evidence } = draft;
        // Canonical JSON is UTF-8.
        let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
        Self { content: text(content), digest: digest.to_string(), evidence: text(evidence) }
    }
}

impl From<KeptReceipt> for KeptView {
    fn from(receipt: KeptReceipt) -> Self {
        let KeptReceipt { order, kind, digest, received, due } = receipt;
        Self {
            order_id: order.to_string(),
            kind: kind.name(),
            digest: digest.to_string(),
            state: "recorded-locally",
            in_force: false,
            received: received.to_string(),
            due: due.to_string(),
            title: TITLE,
        }
    }
}
