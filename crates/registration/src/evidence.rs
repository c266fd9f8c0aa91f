//! Evidence behind an order: what stays with registration, and the salted digests that the order names.

use ndoba_types::canonical::{self, NotCanonical};
use ndoba_types::{InstallationId, OfficerId, OrderId, Random, SerialNumber, Sha256Digest, UtcTime};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use crate::application::{ApplicationContent, AttachmentContent, Salt, SubjectContent};
use crate::check::organisation;
use crate::field_error::Refusals;
use crate::ports::EvidenceRecord;
use crate::service::{CHANNELS, ServiceError};
use crate::text::{MAX_TEXT, accept};

/// The kind of the item that shows the key to be in a qualified device.
pub(crate) const DEVICE: &str = "device";

/// The kind of the items that name copies of evidence.
pub(crate) const ATTACHMENT: &str = "attachment";

/// The kind of the item that tells of a request about a certificate.
pub(crate) const REQUEST: &str = "revocation-request";

/// What an item of that kind tells.
#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct ToldText {
    channel: String,
    /// The control questions that a caller answered.
    #[serde(default)]
    control: Vec<String>,
    note: String,
    received: String,
    serial: String,
    taken_by: String,
}

/// An item as [`item`] writes it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RequestItem {
    content: ToldText,
    kind: String,
    salt: String,
}

/// What a request about a certificate tells, but for who asked.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct ToldRequest {
    pub(crate) channel: String,
    pub(crate) received: UtcTime,
    pub(crate) serial: SerialNumber,
    pub(crate) taken_by: OfficerId,
}

/// Reads an item about a request that has been with an officer meanwhile; nothing where it is not as [`item`] writes it.
pub(crate) fn read_request(bytes: &[u8]) -> Option<ToldRequest> {
    let value = canonical::decode(bytes).ok()?;
    let RequestItem { content, kind, salt } = serde_json::from_value(value).ok()?;
    let ToldText { channel, control, note, received, serial, taken_by } = content;
    let mut refused = Vec::new();
    let as_entered = accept(&mut Refusals::at(&mut refused, ""), "note", &note, MAX_TEXT)?;
    let salted = salt.len() == 64 && salt.bytes().all(|octet| octet.is_ascii_hexdigit());
    let asked =
        control.iter().all(|name| name.bytes().all(|octet| octet.is_ascii_lowercase() || octet == b'-'));
    let in_form =
        asked && kind == REQUEST && salted && as_entered == note && CHANNELS.contains(&channel.as_str());
    in_form.then_some(())?;
    Some(ToldRequest {
        channel,
        received: received.parse().ok()?,
        serial: serial.parse().ok()?,
        taken_by: taken_by.parse().ok()?,
    })
}

/// Who took the application in: the provider's installation, and the officers (REG-6.4.5-04).
pub(crate) struct Intake {
    pub(crate) installation: InstallationId,
    pub(crate) accepted_by: OfficerId,
    pub(crate) accepted: UtcTime,
    pub(crate) submitted_by: OfficerId,
    /// Which order it is, counted from 1, for the same subject on the same proof of identity (REG-6.3.1-00E).
    pub(crate) proofing_use: u32,
}

/// The items of an application (P-11, P-12), each with a salt of its own: one can be opened in court without the others.
pub(crate) fn of_application(
    content: &ApplicationContent,
    intake: &Intake,
    order: OrderId,
    random: &dyn Random,
) -> Result<Vec<EvidenceRecord>, ServiceError> {
    let Intake { installation, accepted_by, accepted, submitted_by, proofing_use } = intake;
    let taken_in = json!({
        "accepted": accepted.to_string(),
        "accepted_by": accepted_by.to_string(),
        "proofing_use": proofing_use,
        "provider": installation.to_string(),
        "submitted_by": submitted_by.to_string(),
    });
    let mut items = vec![
        item("identity-document", &content.identity_document, order, random)?,
        item("identity-proofing", &content.identity_proofing, order, random)?,
        item("intake", &taken_in, order, random)?,
    ];
    if let SubjectContent::LegalPerson(person) = &content.subject {
        let authority = json!({ "authority": person.authority, "representative": person.representative });
        items.push(item("authority", &authority, order, random)?);
    }
    if let Some(organisation) = organisation(&content.subject) {
        items.push(item("affiliation", organisation, order, random)?);
    }
    if let Some(device) = &content.device {
        items.push(item(DEVICE, device, order, random)?);
    }
    for copy in &content.attachments {
        items.push(item(ATTACHMENT, copy, order, random)?);
    }
    // What was applied for and where notices go, so that the record is whole in itself.
    items.push(item("application", content, order, random)?);
    Ok(items)
}

/// One item: `{"content":…,"kind":…,"salt":…}` in canonical form.
pub(crate) fn item(
    kind: &'static str,
    content: &impl Serialize,
    order: OrderId,
    random: &dyn Random,
) -> Result<EvidenceRecord, ServiceError> {
    let salt = Salt::generate(random)?;
    let bytes =
        encode(kind, content, &salt).map_err(|error| ServiceError::internal("writing evidence", error))?;
    Ok(EvidenceRecord { digest: Sha256Digest::of(&bytes), order, kind: kind.into(), content: bytes })
}

fn encode(kind: &str, content: &impl Serialize, salt: &Salt) -> Result<Vec<u8>, EvidenceError> {
    let mut members = Map::new();
    members.insert("content".into(), serde_json::to_value(content).map_err(|_| EvidenceError::Value)?);
    members.insert("kind".into(), kind.into());
    members.insert("salt".into(), hex::encode(salt.as_bytes()).into());
    canonical::encode(&Value::Object(members)).map_err(EvidenceError::Canonical)
}

/// The salted commitment to an application's content that audit events carry.
pub(crate) fn commitment(content: &ApplicationContent, salt: &Salt) -> Result<Sha256Digest, ServiceError> {
    let bytes = encode("application", content, salt)
        .map_err(|error| ServiceError::internal("committing to content", error))?;
    Ok(Sha256Digest::of(&bytes))
}

/// The same to a copy that is attached to it: a copy of a public register's extract, say, would be found by its digest.
pub(crate) fn commitment_to_copy(
    copy: &AttachmentContent,
    salt: &Salt,
) -> Result<Sha256Digest, ServiceError> {
    let bytes = encode(ATTACHMENT, copy, salt)
        .map_err(|error| ServiceError::internal("committing to a copy", error))?;
    Ok(Sha256Digest::of(&bytes))
}

/// Content of ours that JSON cannot hold: a fault of ours.
#[derive(Debug, thiserror::Error)]
enum EvidenceError {
    #[error("the content is not JSON")]
    Value,
    #[error("the content has no canonical form")]
    Canonical(#[source] NotCanonical),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_salt_hides_and_the_content_opens() {
        let salt = Salt::from_bytes([7; 32]);
        let bytes = encode("authority", &json!({"b": 1, "a": "ნ"}), &salt).unwrap();
        let text =
            format!(r#"{{"content":{{"a":"ნ","b":1}},"kind":"authority","salt":"{}"}}"#, "07".repeat(32));
        assert_eq!(String::from_utf8(bytes).unwrap(), text);
    }
}
