//! The API's resources as the client reads them. Members that a newer server adds are passed over.

use std::collections::BTreeMap;

use ndoba_order::SignerRole;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// The officer who asks.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WhoAmI {
    /// The officer's identifier.
    pub officer: String,
    /// SHA-256 over the officer's SubjectPublicKeyInfo.
    pub key: String,
    /// The roles in force.
    pub roles: Vec<String>,
    /// What they allow.
    pub permissions: Vec<String>,
    /// The installation; absent in the answers of servers before this was there.
    #[serde(default)]
    pub installation: String,
}

/// A certificate profile on offer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Profile {
    /// Its name.
    pub name: String,
    /// SHA-256 over its description.
    pub digest: String,
    /// `natural-person` or `legal-person`.
    pub subject: String,
    /// The CA that issues it.
    pub ca: String,
    /// The most days of validity.
    pub max_days: u32,
}

/// How a certificate stands with third parties.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Publication {
    /// Its serial number, hexadecimal.
    pub serial: String,
    /// Since when they are shown it; absent where they are not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shown_since: Option<String>,
}

/// A copy of evidence that is attached to an application. Its name may be personal data.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attachment {
    /// What it is a copy of.
    #[serde(rename = "type")]
    pub kind: String,
    /// What the officer called it; no name to write a file under.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// SHA-256 over the file, hexadecimal.
    pub sha256: String,
    /// What the file is.
    pub media_type: String,
    /// How many octets it has.
    pub size: u64,
    /// When it was attached.
    pub added: String,
    /// The officer who attached it.
    pub added_by: String,
}

impl std::fmt::Debug for Attachment {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { kind, sha256, .. } = self;
        f.debug_struct("Attachment").field("kind", kind).field("sha256", sha256).finish_non_exhaustive()
    }
}

/// An application. Personal data: `Debug` shows identifier and state only.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Application {
    /// Its identifier.
    pub id: String,
    /// Counts changes.
    pub version: u32,
    /// Its state.
    pub state: String,
    /// The officer who opened it.
    pub opened_by: String,
    /// When.
    pub opened: String,
    /// Last change.
    pub updated: String,
    /// What was entered.
    pub content: Value,
    /// That the agreement was accepted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub agreement: Option<Value>,
    /// The copies of evidence that are attached.
    #[serde(default)]
    pub attachments: Vec<Attachment>,
    /// The order made of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub order: Option<String>,
    /// The certificate's serial number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub certificate: Option<String>,
    /// Why the CA refused the order.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refusal: Option<Refusal>,
    /// Why it was returned or rejected, or how the certificate was accepted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub remark: Option<String>,
    /// Why the subscriber was given no revocation code with the certificate.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub without_code: Option<String>,
    /// The certificate that the new one replaces.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub replaces: Option<String>,
}

impl std::fmt::Debug for Application {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Application({} {})", self.id, self.state)
    }
}

/// An application in a list. Personal data.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ApplicationSummary {
    /// Its identifier.
    pub id: String,
    /// Its state.
    pub state: String,
    /// The profile's name.
    pub profile: String,
    /// Whom the certificate will name.
    pub subject: String,
    /// The subject's personal number or identification code.
    pub identifier: String,
    /// When it was opened.
    pub opened: String,
    /// Last change.
    pub updated: String,
}

/// Why the CA refused.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refusal {
    /// Stable code.
    pub code: String,
    /// The CA's words.
    pub message: String,
}

/// An order. `content` is personal data: `Debug` shows identifier and state only.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Order {
    /// Its identifier.
    pub order_id: String,
    /// `issue`, `revoke`, `suspend`, `release`.
    pub kind: String,
    /// What the server says is the SHA-256 of `content`; checked before signing.
    pub digest: String,
    /// The canonical text.
    pub content: String,
    /// `open`, `queued`, `claimed`, `done`, `refused`, `withdrawn`, `expired`.
    pub state: String,
    /// The CA.
    pub ca: String,
    /// The application it was made of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub application: Option<String>,
    /// The certificate it is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target: Option<String>,
    /// The certificate that was made or changed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub certificate: Option<String>,
    /// Why the CA refused.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refusal: Option<Refusal>,
    /// When it was made.
    pub created: String,
    /// When it lapses.
    pub expires: String,
    /// The signatures so far.
    pub signatures: Vec<OrderSignature>,
}

impl Order {
    /// Whether nothing will change any more.
    pub fn is_final(&self) -> bool {
        matches!(self.state.as_str(), "done" | "refused" | "withdrawn" | "expired")
    }

    /// Whether somebody has signed it as `role`.
    pub fn signed_as(&self, role: SignerRole) -> bool {
        self.signatures.iter().any(|one| one.role == role.name())
    }
}

impl std::fmt::Debug for Order {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Order({} {} {})", self.kind, self.order_id, self.state)
    }
}

/// A signature on an order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrderSignature {
    /// As what the officer signed.
    pub role: String,
    /// Whose.
    pub officer: String,
    /// Flattened JWS.
    pub jws: String,
    /// When it was received.
    pub added: String,
}

/// A certificate's status with the clocks of every request about it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CertificateStatus {
    /// Lower-case hexadecimal.
    pub serial: String,
    /// The issuing CA.
    pub ca: String,
    /// The profile's name.
    pub profile: String,
    /// SHA-256 over the profile, as the officers' order named it.
    pub profile_digest: String,
    /// How it passed the lint before it was signed, in words.
    pub lint: String,
    /// `issued` or `issued-lost`.
    pub ledger: String,
    /// `good`, `suspended` or `revoked`.
    pub status: String,
    /// Since when it is suspended or revoked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since: Option<String>,
    /// Why it is revoked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// The order that made it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub order: Option<String>,
    /// The application behind it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub application: Option<String>,
    /// Start of validity.
    pub not_before: String,
    /// End of validity.
    pub not_after: String,
    /// When it was recorded.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub issued: Option<String>,
    /// The clocks.
    pub clocks: Vec<Clock>,
}

/// The clock of one request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Clock {
    /// The order.
    pub order: String,
    /// `revoke`, `suspend` or `release`.
    pub kind: String,
    /// When the request reached the provider.
    pub received: String,
    /// The date that the request set, where it set one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub effective: Option<String>,
    /// When an officer signed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub decided: Option<String>,
    /// When the CA carried it out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub carried_out: Option<String>,
    /// When the first CRL with it was published.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub published: Option<String>,
    /// That CRL's number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub crl_number: Option<u64>,
    /// Seconds left of the law's limit while the change is owed; negative when it has passed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub left_seconds: Option<i64>,
    /// Seconds left of the provider's own aim while the change is owed; negative when it has passed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub left_of_aim_seconds: Option<i64>,
}

/// A request about a certificate, as the desk works on it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeskRequest {
    /// The certificate.
    pub serial: String,
    /// Its CA.
    pub ca: String,
    /// How it came: an officer's channel, or `code`.
    pub channel: String,
    /// Where its order stands.
    pub state: String,
    /// When an officer confirmed what a code had brought about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub confirmed: Option<String>,
    /// Its clock.
    pub clock: Clock,
}

/// A certificate's revocation code: shown once, kept nowhere.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RevocationCode {
    /// The certificate.
    pub serial: String,
    /// The code, in groups of four.
    pub code: String,
}

/// A one-time code for an officer-to-be: shown once, kept nowhere.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EnrolmentCode {
    /// Who they will be in the register, if they are appointed.
    pub officer: String,
    /// The code, in groups of four.
    pub code: String,
    /// Until when it may be used.
    pub expires: String,
}

/// An enrolment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Enrolment {
    /// Who they will be in the register, if they are appointed.
    pub officer: String,
    /// The name that colleagues will see.
    pub name: String,
    /// The roles that are meant.
    pub roles: Vec<String>,
    /// The office's path.
    pub office: String,
    /// `open`, `expired`, `presented` or `appointed`.
    pub state: String,
    /// SHA-256 over the key that was presented.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
    /// That key: SubjectPublicKeyInfo, DER, hexadecimal.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub spki: Option<String>,
    /// Whether the operations CA has certified it.
    pub certified: bool,
}

/// An officer of the register.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RegisteredOfficer {
    /// The officer's identifier.
    pub officer: String,
    /// The name to show.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// SHA-256 over the officer's SubjectPublicKeyInfo.
    pub key: String,
    /// The granted roles.
    pub roles: Vec<String>,
    /// Where.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub office: Option<String>,
    /// From when.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub not_before: Option<String>,
    /// Until when.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub not_after: Option<String>,
    /// Whether it is in force.
    pub active: bool,
}

/// A document of the register.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Grant {
    /// Its place in the chain.
    pub seq: u64,
    /// The canonical text.
    pub content: String,
    /// Flattened JWS.
    pub signatures: Vec<String>,
    /// When it entered the register.
    pub appended: String,
}

/// A document of the register to be signed.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GrantDraft {
    /// The canonical text.
    pub content: String,
    /// What the server says is its SHA-256.
    pub digest: String,
}

/// What to ask about a certificate.
#[derive(Clone, PartialEq, Eq, Serialize)]
pub struct StatusOrder<'a> {
    /// `revoke`, `suspend` or `release`.
    pub kind: &'a str,
    /// For `revoke`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<&'a str>,
    /// When the request reached the provider, RFC 3339; now if absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub received: Option<&'a str>,
    /// For `revoke`: from when, RFC 3339; at once if absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub effective: Option<&'a str>,
    /// How it came.
    pub channel: &'a str,
    /// Who asked and how that was checked.
    pub note: &'a str,
    /// On the telephone: what the caller answered, by the questions' names.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub control: BTreeMap<&'a str, &'a str>,
}

/// A control question, to be read out to who calls.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ControlQuestion {
    /// Answers are given under this name.
    pub name: String,
    /// In English.
    pub en: String,
    /// In Georgian.
    pub ka: String,
}

/// An order to revoke or suspend as it is to be signed; the server has recorded nothing of it.
#[derive(Clone, PartialEq, Eq, Deserialize)]
pub struct StatusDraft {
    /// The canonical text.
    pub content: String,
    /// What the server says is the SHA-256 of `content`; checked before signing.
    pub digest: String,
    /// The evidence that the order names.
    pub evidence: String,
}

/// The receipt for an order that is kept beside the database, which cannot take it: not in force.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeptOrder {
    /// The order.
    pub order_id: String,
    /// `revoke` or `suspend`.
    pub kind: String,
    /// SHA-256 over its octets.
    pub digest: String,
    /// `recorded-locally`.
    pub state: String,
    /// Always false.
    pub in_force: bool,
    /// When it was received.
    pub received: String,
    /// Until when it must be in force.
    pub due: String,
    /// What to rely on.
    pub title: String,
}

/// What became of an order that was handed in whole.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum HandedIn {
    /// Kept, and not in force.
    Kept(KeptOrder),
    /// Recorded.
    Recorded(Box<Order>),
}

/// A page of a list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Page<T> {
    /// The items.
    pub items: Vec<T>,
    /// Where the next page starts.
    #[serde(default = "none", skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
}

fn none() -> Option<String> {
    None
}
