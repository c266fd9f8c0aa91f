//! From what an officer entered to what may become an order: every rule that can refuse does so here, at once,
//! and names its field. The rules of fields are the form's, which clients are given too.

use ndoba_order::DeviceEvidence;
use ndoba_types::{DeviceModel, Sha256Digest, UtcTime};
use ndoba_x509::Subject;
use serde_json::Value;
use unicode_normalization::UnicodeNormalization;

use crate::application::{AffiliationContent, ApplicationContent, DeviceContent, SubjectContent};
use crate::csr::{CheckedCsr, check_csr};
use crate::field_error::{FieldError, Refusals};
use crate::form;
use crate::identifier::person_of;
use crate::profile::{DeviceOffer, ProfileOffer};
use crate::subject::certificate_subject;

/// What the checks measure against.
#[derive(Clone, Copy, Debug)]
pub struct Rules<'a> {
    /// The profiles on offer.
    pub profiles: &'a [ProfileOffer],
    /// The certified models of qualified devices.
    pub devices: &'a [DeviceOffer],
    /// The most days between identity proofing and application (C-72, `identity.max_age_days`).
    pub proofing_max_age_days: u32,
    /// Now.
    pub now: UtcTime,
}

/// An application that keeps every rule. Texts are NFC.
#[derive(Clone, PartialEq, Eq)]
pub struct CheckedApplication {
    /// The content with its texts normalised: what is stored.
    pub content: ApplicationContent,
    /// The profile.
    pub profile: ProfileOffer,
    /// Exactly what the certificate will show.
    pub subject: Subject,
    /// The request.
    pub csr: CheckedCsr,
    /// The device's model and the kind of evidence, where the profile wants one.
    pub device: Option<(DeviceModel, DeviceEvidence)>,
    /// The digest of the agreement.
    pub agreement: Option<Sha256Digest>,
}

impl CheckedApplication {
    /// The identifier, such as `PNOGE-01001012345`, of the natural person who stands before the officer: the subject, or
    /// the legal person's representative. An officer who is this person must not take part (C-75).
    pub fn person(&self) -> String {
        person_of(&self.content)
    }
}

/// Checks everything that can be known without the database: the content before its [`Form`], then what becomes of it.
///
/// # Errors
///
/// All refusals, in the order of the form; never empty.
pub fn check(content: &ApplicationContent, rules: Rules<'_>) -> Result<CheckedApplication, Vec<FieldError>> {
    let profile = rules.profiles.iter().find(|offer| offer.name == content.profile).cloned();
    let Some(profile) = profile else { return Err(vec![unknown_profile()]) };
    // Noted, not entered: `agree` and `attach` look at them.
    let mut content = content.clone();
    let agreement = content.agreement.take();
    let attachments = std::mem::take(&mut content.attachments);
    let written = serde_json::to_value(&content).map(normalised).map_err(|_| vec![not_ours()])?;
    let mut found: Vec<FieldError> =
        form::effective(&profile, rules).judge(&written).into_iter().map(Into::into).collect();
    let mut content: ApplicationContent = serde_json::from_value(written).map_err(|_| vec![not_ours()])?;
    (content.agreement, content.attachments) = (agreement, attachments);

    let about_subject = found.iter().any(|one| one.field.starts_with("/subject"));
    let mut root = Refusals::at(&mut found, "");
    let csr = check_csr(&mut root, "csr", &content.csr);
    // What the form lets through makes a name; where it does not, the officer has been told already.
    let subject = match about_subject {
        true => None,
        false => certificate_subject(&mut root.within("subject"), &content.subject),
    };
    let device = content.device.as_ref().and_then(evidenced);
    if found.is_empty() && device.is_some() != profile.device {
        found.push(not_ours());
    }
    let agreement = content.agreement.as_ref().and_then(|agreement| agreement.sha256.parse().ok());
    match (subject, csr) {
        (Some(subject), Some(csr)) if found.is_empty() => {
            Ok(CheckedApplication { content, profile, subject, csr, device, agreement })
        }
        (_, _) => Err(found),
    }
}

/// What is wrong with an application that came as JSON and does not read: the fields, as [`check`] names them.
pub(crate) fn refusals(application: &Value, rules: Rules<'_>) -> Vec<FieldError> {
    let named = application.get("profile").and_then(Value::as_str);
    let profile = rules.profiles.iter().find(|offer| Some(offer.name.as_str()) == named);
    let Some(profile) = profile else { return vec![unknown_profile()] };
    let mut found: Vec<FieldError> =
        form::effective(profile, rules).judge(application).into_iter().map(Into::into).collect();
    if let Some(request) = application.get("csr").and_then(Value::as_str) {
        check_csr(&mut Refusals::at(&mut found, ""), "csr", request);
    }
    found
}

fn unknown_profile() -> FieldError {
    refusal("/profile", "profile.unknown", "must be one of the profiles on offer")
}

/// The form and the structure of applications tell two stories: a fault of ours, told where it is.
fn not_ours() -> FieldError {
    refusal("", "json.structure", "has another structure than an application")
}

fn refusal(field: &str, code: &'static str, message: &str) -> FieldError {
    FieldError { field: field.into(), code, clause: None, message: message.into() }
}

/// Every text in NFC (design §3). A request in PEM has only ASCII.
fn normalised(value: Value) -> Value {
    match value {
        Value::String(text) => Value::String(text.nfc().collect()),
        Value::Array(items) => items.into_iter().map(normalised).collect(),
        Value::Object(members) => {
            members.into_iter().map(|(name, value)| (name, normalised(value))).collect()
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => value,
    }
}

/// The model and the kind of evidence, as the form allows them.
fn evidenced(device: &DeviceContent) -> Option<(DeviceModel, DeviceEvidence)> {
    Some((device.model.parse().ok()?, DeviceEvidence::from_name(&device.kind)?))
}

/// The organisation beside a person.
pub(crate) fn organisation(subject: &SubjectContent) -> Option<&AffiliationContent> {
    match subject {
        SubjectContent::NaturalPerson(person) => person.organisation.as_ref(),
        SubjectContent::LegalPerson(_) => None,
    }
}

/// Whether `text` is a personal number by form (G-40).
pub fn is_personal_number(text: &str) -> bool {
    digits(text, 11)
}

fn digits(text: &str, count: usize) -> bool {
    text.len() == count && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// Kinds of identity documents (P-12: document types).
pub const DOCUMENT_KINDS: &[&str] = &["identity-card", "neutral-document", "passport", "residence-card"];

/// Ways to prove an identity (P-10; TS 119 461 use cases).
pub const PROOFING_METHODS: &[&str] =
    &["electronic-identification", "physical-presence", "qualified-certificate", "remote-video"];

/// Kinds of proof that a representative may act (REG-6.2.2-19, -20).
pub const AUTHORITY_KINDS: &[&str] =
    &["order-of-appointment", "other", "power-of-attorney", "registry-extract"];

/// Ways to find a document genuine (REG-6.4.5-04: the method used to validate identification documents).
pub const VALIDATION_METHODS: &[&str] = &["chip-read", "register-check", "visual-inspection"];
