//! Another certificate for a subject who has one: with the same key (renewal) or a new one (re-key).
//!
//! The subject is proved again: an earlier application only saves typing (P-10, no chains of what was once proved).

use ndoba_types::SerialNumber;
use ndoba_x509::Certificate;
use serde_json::{Map, Value};

use super::reach::Sight;
use super::{Officer, Once, Registration, ServiceError};
use crate::application::ApplicationContent;
use crate::check::CheckedApplication;
use crate::identifier::subject_identifier;
use crate::permission::Permission;
use crate::ports::{ApplicationWithOrder, CertificateRecord, CertificateStatus};

impl Registration {
    /// Opens an application for a certificate that replaces `serial`: the application behind that one, with `changes`
    /// merged into it (RFC 7396). Without a request of its own the key stays.
    ///
    /// # Errors
    ///
    /// [`ServiceError::Unknown`] for a certificate that was never issued or has no application;
    /// [`ServiceError::Invalid`] naming fields, `/identity_proofing` always: it is never taken over;
    /// [`ServiceError::Conflict`] where the same key may not be certified again (C-74).
    pub fn renew(
        &self,
        officer: &Officer,
        serial: &SerialNumber,
        changes: &Map<String, Value>,
        once: Option<&Once>,
    ) -> Result<ApplicationWithOrder, ServiceError> {
        self.admit(officer, Permission::EditApplications)?;
        if let Some(id) = self.repeated(officer, once)? {
            return self.load(id);
        }
        self.issued_within_reach(officer, serial)?;
        let earlier = self.behind(serial)?;
        self.within_reach(officer, Sight::Applications, earlier.application.opened_by, "certificate")?;
        self.note_read(officer, earlier.application.id.into(), "renewal")?;
        let mut content = serde_json::to_value(&earlier.application.content)
            .map_err(|error| ServiceError::internal("reading an application of ours", error))?;
        if let Value::Object(members) = &mut content {
            // Proved and agreed to for the earlier certificate only.
            members.remove("identity_proofing");
            members.remove("agreement");
            members.remove("attachments");
        }
        merge(&mut content, &Value::Object(changes.clone()));
        let refusals = self.refusals(&content);
        if !refusals.is_empty() {
            return Err(ServiceError::Invalid(refusals));
        }
        let content: ApplicationContent = serde_json::from_value(content)
            .map_err(|error| ServiceError::internal("reading an application that keeps its form", error))?;
        let checked = self.vet(officer, &content)?;
        self.may_replace(serial, &checked)?;
        self.open_with(officer, &content, Some(serial.clone()), once)
    }

    /// Whether what was checked may replace the certificate: it is the same subject's, and where the key is the same
    /// nothing speaks against the key (GEN-6.3.6-10). The CA looks at the key again.
    pub(super) fn may_replace(
        &self,
        serial: &SerialNumber,
        checked: &CheckedApplication,
    ) -> Result<(), ServiceError> {
        let earlier = self.behind(serial)?;
        if subject_identifier(&earlier.application.content) != subject_identifier(&checked.content) {
            let message = "must be the subject of the certificate that is replaced";
            return Err(ServiceError::field("/subject", "replaces.other-subject", Some("C-74"), message));
        }
        let certificate = self.issued(serial)?;
        match &certificate.status {
            CertificateStatus::Good => Ok(()),
            CertificateStatus::Revoked { .. } | CertificateStatus::Suspended { .. }
                if same_key(&certificate, checked) =>
            {
                let message = "the key of a certificate that is revoked or suspended is not certified again: make a new key";
                Err(ServiceError::conflict("replaces.key", message))
            }
            CertificateStatus::Revoked { .. } | CertificateStatus::Suspended { .. } => Ok(()),
        }
    }

    /// The application behind a certificate.
    pub(super) fn behind(&self, serial: &SerialNumber) -> Result<ApplicationWithOrder, ServiceError> {
        let application = self.issued(serial)?.application;
        self.load(application.ok_or(ServiceError::Unknown { what: "application" })?)
    }
}

/// A certificate that does not read certifies, for all we know, this very key.
fn same_key(certificate: &CertificateRecord, checked: &CheckedApplication) -> bool {
    let read = certificate.der.as_deref().and_then(|der| Certificate::from_der(der).ok());
    read.is_none_or(|read| read.spki().fingerprint() == checked.csr.spki)
}

/// RFC 7396: members replace members, `null` takes one away.
fn merge(target: &mut Value, changes: &Value) {
    let Value::Object(changes) = changes else {
        *target = changes.clone();
        return;
    };
    if !target.is_object() {
        *target = Value::Object(Map::new());
    }
    let Value::Object(members) = target else { return };
    for (name, change) in changes {
        if change.is_null() {
            members.remove(name);
        } else {
            merge(members.entry(name.clone()).or_insert(Value::Null), change);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    /// The examples of RFC 7396, appendix A, that objects can be.
    #[test]
    fn merging_is_the_rfcs() {
        for (before, changes, after) in [
            (json!({"a":"b"}), json!({"a":"c"}), json!({"a":"c"})),
            (json!({"a":"b"}), json!({"b":"c"}), json!({"a":"b","b":"c"})),
            (json!({"a":"b"}), json!({"a":null}), json!({})),
            (json!({"a":"b","b":"c"}), json!({"a":null}), json!({"b":"c"})),
            (json!({"a":["b"]}), json!({"a":"c"}), json!({"a":"c"})),
            (json!({"a":{"b":"c"}}), json!({"a":{"b":"d","c":null}}), json!({"a":{"b":"d"}})),
            (json!({"e":null}), json!({"a":1}), json!({"e":null,"a":1})),
            (json!({}), json!({"a":{"bb":{"ccc":null}}}), json!({"a":{"bb":{}}})),
        ] {
            let mut merged = before.clone();
            merge(&mut merged, &changes);
            assert_eq!(merged, after, "{before} {changes}");
        }
    }
}
