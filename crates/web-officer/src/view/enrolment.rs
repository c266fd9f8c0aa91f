//! Enrolments as the API shows them.

use ndoba_registration::ports::EnrolmentRecord;
use ndoba_registration::{Enrolment, RevocationCode};
use serde::Serialize;
use utoipa::ToSchema;

/// A one-time code for an officer-to-be, shown this once.
#[derive(Serialize, ToSchema)]
pub(crate) struct EnrolmentCodeView {
    /// Who they will be in the register, if they are appointed.
    officer: String,
    /// The code, in groups of four.
    code: String,
    /// Until when it may be used, RFC 3339.
    expires: String,
}

impl EnrolmentCodeView {
    pub(crate) fn of(record: &EnrolmentRecord, code: &RevocationCode) -> Self {
        Self { officer: record.officer.to_string(), code: code.shown(), expires: record.expires.to_string() }
    }
}

/// An enrolment.
#[derive(Serialize, ToSchema)]
pub(crate) struct EnrolmentView {
    /// Who they will be in the register, if they are appointed.
    officer: String,
    /// The name that colleagues will see.
    name: String,
    /// The roles that are meant.
    roles: Vec<String>,
    /// The office's path.
    office: String,
    /// `open`, `expired`, `presented` (a key waits for two security officers) or `appointed`.
    state: &'static str,
    /// The security officer who opened it.
    opened_by: String,
    /// When, RFC 3339.
    opened: String,
    /// Until when the code may be used, RFC 3339.
    expires: String,
    /// SHA-256 over the key that was presented: compare it with what the officer-to-be reads out.
    #[serde(skip_serializing_if = "Option::is_none")]
    key: Option<String>,
    /// That key: SubjectPublicKeyInfo, DER, hexadecimal.
    #[serde(skip_serializing_if = "Option::is_none")]
    spki: Option<String>,
    /// When it was presented, RFC 3339.
    #[serde(skip_serializing_if = "Option::is_none")]
    presented: Option<String>,
    /// Whether the operations CA has certified it.
    certified: bool,
}

impl From<Enrolment> for EnrolmentView {
    fn from(enrolment: Enrolment) -> Self {
        let Enrolment { record, state } = enrolment;
        // The hash of the code is nobody's.
        let EnrolmentRecord {
            officer,
            name,
            roles,
            office,
            hash: _,
            opened_by,
            opened,
            expires,
            presented,
            certificate,
        } = record;
        Self {
            officer: officer.to_string(),
            name,
            roles,
            office,
            state,
            opened_by: opened_by.to_string(),
            opened: opened.to_string(),
            expires: expires.to_string(),
            key: presented.as_ref().map(|presented| presented.key.fingerprint().to_string()),
            spki: presented.as_ref().map(|presented| hex::encode(presented.key.as_der())),
            presented: presented.map(|presented| presented.at.to_string()),
            certified: certificate.is_some(),
        }
    }
}
