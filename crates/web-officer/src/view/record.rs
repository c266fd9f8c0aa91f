//! A subject's whole record as the API shows it.

use ndoba_registration::ports::{EvidenceRecord, KeptCopy};
use ndoba_registration::{CaseRecord, Registration, SubjectRecord};
use serde::Serialize;
use utoipa::ToSchema;

use super::{ApplicationView, CertificateView, DeskRequestView, OrderView};

/// Everything kept about a subject.
#[derive(Serialize, ToSchema)]
pub(crate) struct SubjectRecordView {
    /// The personal number or identification code; another identifier with its scheme and country.
    subject: String,
    /// When it was put together, RFC 3339.
    at: String,
    /// Each application with what belongs to it, newest first.
    cases: Vec<CaseView>,
}

/// An application with all that belongs to it.
#[derive(Serialize, ToSchema)]
pub(crate) struct CaseView {
    /// The application.
    application: ApplicationView,
    /// The orders made of it and those about its certificates, oldest first.
    orders: Vec<OrderView>,
    /// The evidence behind those orders.
    evidence: Vec<EvidenceView>,
    /// The certificates.
    certificates: Vec<CertificateView>,
    /// The requests to change their status, with their clocks, newest first.
    requests: Vec<DeskRequestView>,
    /// The files that belong to the application, signed copies and copies of evidence, those among them that it no longer
    /// names: `GET /applications/{id}/attachments/{sha256}` gives each.
    copies: Vec<KeptCopyView>,
}

/// A file that belongs to an application.
#[derive(Serialize, ToSchema)]
pub(crate) struct KeptCopyView {
    /// SHA-256 over its octets.
    sha256: String,
    /// What it is.
    media_type: String,
    /// Who attached it.
    added_by: String,
    /// When.
    added: String,
}

/// An item of evidence.
#[derive(Serialize, ToSchema)]
pub(crate) struct EvidenceView {
    /// SHA-256 over the octets of `content`: the order names it.
    digest: String,
    /// The order.
    order: String,
    /// What it is.
    kind: String,
    /// The canonical JSON text, its salt within.
    content: String,
}

impl SubjectRecordView {
    pub(crate) fn of(record: SubjectRecord, registration: &Registration) -> Self {
        let SubjectRecord { subject, at, cases } = record;
        let cases = cases.into_iter().map(|case| CaseView::of(case, registration)).collect();
        Self { subject, at: at.to_string(), cases }
    }
}

impl CaseView {
    fn of(case: CaseRecord, registration: &Registration) -> Self {
        let CaseRecord { application, orders, evidence, certificates, requests, copies } = case;
        let requests = requests.into_iter().map(|one| DeskRequestView::of(one, registration));
        let certificates = certificates.into_iter().map(|one| CertificateView::of(one, registration));
        Self {
            application: application.into(),
            orders: orders.into_iter().map(Into::into).collect(),
            evidence: evidence.into_iter().map(Into::into).collect(),
            certificates: certificates.collect(),
            requests: requests.collect(),
            copies: copies.into_iter().map(Into::into).collect(),
        }
    }
}

impl From<KeptCopy> for KeptCopyView {
    fn from(copy: KeptCopy) -> Self {
        let KeptCopy { sha256, media_type, added_by, added } = copy;
        Self {
            sha256: sha256.to_string(),
            media_type,
            added_by: added_by.to_string(),
            added: added.to_string(),
        }
    }
}

impl From<EvidenceRecord> for EvidenceView {
    fn from(item: EvidenceRecord) -> Self {
        let EvidenceRecord { digest, order, kind, content } = item;
        Self {
            digest: digest.to_string(),
            order: order.to_string(),
            kind,
            content: String::from_utf8_lossy(&content).into_owned(),
        }
    }
}
