//! From what an officer entered to what may become an order: every rule that can refuse does so here, at once,
//! and names its field.

use ndoba_order::DeviceEvidence;
use ndoba_types::{DeviceModel, Sha256Digest, Span, UtcTime};
use ndoba_x509::Subject;
use time::Date;
use time::macros::format_description;
use unicode_normalization::UnicodeNormalization;

use crate::application::{
    AffiliationContent, ApplicationContent, AuthorityProof, DeviceContent, IdentityDocument,
    IdentityProofing, LegalPersonContent, NaturalPersonContent, Representative, SubjectContent,
};
use crate::csr::{CheckedCsr, check_csr};
use crate::field_error::{FieldError, Refusals};
use crate::profile::{DeviceOffer, ProfileOffer, SubjectKind};
use crate::subject::certificate_subject;
use crate::text::{MAX_NAME, MAX_TEXT, accept};

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
    /// The personal number of the natural person who stands before the officer: the subject, or the legal
    /// person's representative. An officer with this number must not take part (C-75).
    pub fn person(&self) -> &str {
        person_of(&self.content)
    }
}

/// See [`CheckedApplication::person`].
pub(crate) fn person_of(content: &ApplicationContent) -> &str {
    match &content.subject {
        SubjectContent::NaturalPerson(person) => &person.personal_number,
        SubjectContent::LegalPerson(person) => &person.representative.personal_number,
    }
}

/// The subject's own identifier: personal number or identification code, as lists are searched by it.
pub fn subject_identifier(content: &ApplicationContent) -> &str {
    match &content.subject {
        SubjectContent::NaturalPerson(person) => &person.personal_number,
        SubjectContent::LegalPerson(person) => &person.identification_code,
    }
}

/// Checks everything that can be known without the database.
///
/// # Errors
///
/// All refusals, in the order of the fields; never empty.
pub fn check(content: &ApplicationContent, rules: Rules<'_>) -> Result<CheckedApplication, Vec<FieldError>> {
    let mut found = Vec::new();
    let mut root = Refusals::at(&mut found, "");
    let mut content = content.clone();

    let profile = rules.profiles.iter().find(|offer| offer.name == content.profile).cloned();
    match &profile {
        None => {
            root.refuse::<()>("profile", "profile.unknown", None, "must be one of the profiles on offer");
        }
        Some(offer) if offer.subject != subject_kind(&content.subject) => {
            let message = format!("is a profile for a {}", offer.subject.name());
            root.refuse::<()>("profile", "profile.other-subject", None, message);
        }
        Some(offer) if offer.organisation != organisation(&content.subject).is_some() => {
            let message = if offer.organisation {
                "is a profile whose certificates name the person's organisation: give it"
            } else {
                "is a profile whose certificates name no organisation beside the person"
            };
            root.refuse::<()>("subject/organisation", "organisation.profile", Some("C-24"), message);
        }
        Some(offer) if offer.device != content.device.is_some() => {
            let message = if offer.device {
                "is a profile for keys in a qualified device: say which, and what shows it"
            } else {
                "is a profile that says nothing of a device"
            };
            root.refuse::<()>("device", "device.profile", Some("C-52"), message);
        }
        Some(offer) if content.days == 0 || content.days > offer.max_days => {
            let message = format!("must be between 1 and {}", offer.max_days);
            root.refuse::<()>("days", "days.range", Some("C-71"), message);
        }
        Some(_) => {}
    }
    match &mut content.subject {
        SubjectContent::NaturalPerson(person) => natural(&mut root.within("subject"), person, rules.now),
        SubjectContent::LegalPerson(person) => legal(&mut root.within("subject"), person, rules.now),
    }
    let subject = certificate_subject(&mut root.within("subject"), &content.subject);
    document(&mut root.within("identity_document"), &mut content.identity_document, rules.now);
    proofing(&mut root.within("identity_proofing"), &mut content.identity_proofing, rules);
    let csr = check_csr(&mut root, "csr", &content.csr);
    let device = match &mut content.device {
        Some(entered) => device(&mut root.within("device"), entered, rules),
        None => None,
    };
    let mut agreement = None;
    if let Some(entered) = &mut content.agreement {
        let mut at = root.within("agreement");
        agreement = entered.sha256.parse().ok();
        if agreement.is_none() {
            at.refuse::<()>(
                "sha256",
                "digest.form",
                Some("P-13"),
                "must be 64 lower-case hexadecimal digits",
            );
        }
        replace(&mut at, "terms", &mut entered.terms, MAX_TEXT);
        past_day(&mut at, "accepted", &entered.accepted, rules.now, Some("P-13"));
    }

    match (profile, subject, csr) {
        (Some(profile), Some(subject), Some(csr)) if found.is_empty() => {
            Ok(CheckedApplication { content, profile, subject, csr, device, agreement })
        }
        (_, _, _) => Err(found),
    }
}

fn subject_kind(subject: &SubjectContent) -> SubjectKind {
    match subject {
        SubjectContent::NaturalPerson(_) => SubjectKind::Natural,
        SubjectContent::LegalPerson(_) => SubjectKind::Legal,
    }
}

/// The organisation beside a person.
pub(crate) fn organisation(subject: &SubjectContent) -> Option<&AffiliationContent> {
    match subject {
        SubjectContent::NaturalPerson(person) => person.organisation.as_ref(),
        SubjectContent::LegalPerson(_) => None,
    }
}

fn natural(at: &mut Refusals<'_>, person: &mut NaturalPersonContent, now: UtcTime) {
    normalise(&mut person.given_names);
    normalise(&mut person.surname);
    if let Some(latin) = &mut person.latin {
        normalise(&mut latin.given_names);
        normalise(&mut latin.surname);
    }
    personal_number(at, "personal_number", &person.personal_number);
    email(at, "email", &person.email);
    if let Some(AffiliationContent { name, identification_code, authority: proof }) = &mut person.organisation
    {
        let mut at = at.within("organisation");
        normalise(name);
        organisation_code(&mut at, identification_code);
        authority(&mut at.within("authority"), proof, now);
    }
}

fn legal(at: &mut Refusals<'_>, person: &mut LegalPersonContent, now: UtcTime) {
    normalise(&mut person.name);
    person.common_name.as_mut().map(normalise);
    person.latin_name.as_mut().map(normalise);
    organisation_code(at, &person.identification_code);
    email(at, "email", &person.email);
    replace(at, "contact_address", &mut person.contact_address, MAX_TEXT);
    {
        let mut at = at.within("representative");
        let Representative { name, personal_number: number, position } = &mut person.representative;
        replace(&mut at, "name", name, MAX_NAME);
        personal_number(&mut at, "personal_number", number);
        replace(&mut at, "position", position, MAX_TEXT);
    }
    authority(&mut at.within("authority"), &mut person.authority, now);
}

fn organisation_code(at: &mut Refusals<'_>, text: &str) {
    if !digits(text, 9) {
        let message = "must be the identification code of 9 digits";
        at.refuse::<()>("identification_code", "identification-code.form", Some("G-41"), message);
    }
}

fn authority(at: &mut Refusals<'_>, proof: &mut AuthorityProof, now: UtcTime) {
    one_of(at, "type", &proof.kind, AUTHORITY_KINDS, Some("P-11"));
    replace(at, "reference", &mut proof.reference, MAX_TEXT);
    past_day(at, "date", &proof.date, now, Some("P-11"));
}

fn document(at: &mut Refusals<'_>, document: &mut IdentityDocument, now: UtcTime) {
    one_of(at, "type", &document.kind, DOCUMENT_KINDS, Some("P-12"));
    let number = &document.number;
    if number.is_empty()
        || number.len() > 30
        || !number.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
    {
        let message = "must be 1 to 30 letters, digits and hyphens, as printed";
        at.refuse::<()>("number", "document.number", Some("P-12"), message);
    }
    replace(at, "issued_by", &mut document.issued_by, MAX_TEXT);
    let issued = document.issued.as_deref().and_then(|day| past_day(at, "issued", day, now, Some("P-11")));
    let Some(expires) = document.expires.as_deref() else { return };
    let Some(expires) = day(at, "expires", expires) else { return };
    if expires < today(now) {
        at.refuse::<()>("expires", "document.expired", Some("P-11"), "the document's validity has ended");
    } else if issued.is_some_and(|issued| issued > expires) {
        at.refuse::<()>("expires", "document.dates", Some("P-11"), "must not be before the day of issue");
    }
}

fn device(
    at: &mut Refusals<'_>,
    entered: &mut DeviceContent,
    rules: Rules<'_>,
) -> Option<(DeviceModel, DeviceEvidence)> {
    let DeviceContent { model, kind, reference, date } = entered;
    one_of(at, "type", kind, &DeviceEvidence::ALL.map(DeviceEvidence::name), Some("C-73"));
    replace(at, "reference", reference, MAX_TEXT);
    past_day(at, "date", date, rules.now, Some("C-73"));
    let offer = rules.devices.iter().find(|offer| offer.model.as_str() == model);
    match offer {
        None => {
            let known: Vec<&str> = rules.devices.iter().map(|offer| offer.model.as_str()).collect();
            let message =
                format!("must be a certified model of the provider's register: {}", known.join(", "));
            at.refuse("model", "device.unknown", Some("C-52"), message)
        }
        Some(offer) if offer.ends <= rules.now => {
            let message = format!("is a model whose certification ended {}", offer.ends);
            at.refuse("model", "device.certification-ended", Some("C-52"), message)
        }
        Some(offer) => Some((offer.model.clone(), DeviceEvidence::from_name(kind)?)),
    }
}

fn proofing(at: &mut Refusals<'_>, proofing: &mut IdentityProofing, rules: Rules<'_>) {
    one_of(at, "method", &proofing.method, PROOFING_METHODS, Some("P-10"));
    replace(at, "seen_by", &mut proofing.seen_by, MAX_NAME);
    let Some(seen) = past_day(at, "date", &proofing.date, rules.now, Some("C-72")) else { return };
    if seen < today(rules.now.minus(Span::days(rules.proofing_max_age_days))) {
        let message = format!("must not be more than {} days ago", rules.proofing_max_age_days);
        at.refuse::<()>("date", "proofing.too-old", Some("C-72"), message);
    }
}

/// Names are judged by `x509`; here they only get their one spelling.
fn normalise(text: &mut String) {
    *text = text.nfc().collect();
}

fn replace(at: &mut Refusals<'_>, member: &str, text: &mut String, max: usize) {
    if let Some(accepted) = accept(at, member, text, max) {
        *text = accepted;
    }
}

/// No checksum and no birth date in it: there is none (G-40).
fn personal_number(at: &mut Refusals<'_>, member: &str, text: &str) {
    if !digits(text, 11) {
        at.refuse::<()>(
            member,
            "personal-number.form",
            Some("G-40"),
            "must be the personal number of 11 digits",
        );
    }
}

/// Whether `text` is a personal number by form (G-40).
pub fn is_personal_number(text: &str) -> bool {
    digits(text, 11)
}

fn digits(text: &str, count: usize) -> bool {
    text.len() == count && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// A form that mail can have, no more: that it is read by the right person, only a message can show.
fn email(at: &mut Refusals<'_>, member: &str, text: &str) {
    let plain = |part: &str| {
        !part.is_empty() && part.bytes().all(|b| b.is_ascii_graphic() && !br#"@,;:<>()[]\""#.contains(&b))
    };
    let fits = text.split_once('@').is_some_and(|(local, domain)| {
        plain(local)
            && local.len() <= 64
            && text.len() <= 254
            && domain.contains('.')
            && domain.split('.').all(|label| {
                !label.is_empty() && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
            })
    });
    if !fits {
        at.refuse::<()>(member, "email.form", None, "must be an e-mail address, its domain in ASCII");
    }
}

fn one_of(at: &mut Refusals<'_>, member: &str, text: &str, allowed: &[&str], clause: Option<&'static str>) {
    if !allowed.contains(&text) {
        at.refuse::<()>(member, "choice.unknown", clause, format!("must be one of: {}", allowed.join(", ")));
    }
}

fn day(at: &mut Refusals<'_>, member: &str, text: &str) -> Option<Date> {
    match Date::parse(text, format_description!("[year]-[month]-[day]")) {
        // The parser takes a sign and more digits in front; a date on a document has neither.
        Ok(date) if text.len() == 10 && date.year() >= 1900 => Some(date),
        Ok(_) | Err(_) => at.refuse(member, "date.form", None, "must be a date such as 2026-11-23"),
    }
}

fn past_day(
    at: &mut Refusals<'_>,
    member: &str,
    text: &str,
    now: UtcTime,
    clause: Option<&'static str>,
) -> Option<Date> {
    let date = day(at, member, text)?;
    if date > today(now) {
        return at.refuse(member, "date.future", clause, "must not be in the future");
    }
    Some(date)
}

/// The calendar day in Georgia, which is UTC+4 all year: officers enter the date on their wall.
fn today(now: UtcTime) -> Date {
    now.plus(Span::hours(4)).to_date_time().date()
}

/// Kinds of identity documents (P-12: document types).
pub const DOCUMENT_KINDS: &[&str] = &["identity-card", "neutral-document", "passport", "residence-card"];

/// Ways to prove an identity (P-10; TS 119 461 use cases).
pub const PROOFING_METHODS: &[&str] =
    &["electronic-identification", "physical-presence", "qualified-certificate", "remote-video"];

/// Kinds of proof that a representative may act (REG-6.2.2-19, -20).
pub const AUTHORITY_KINDS: &[&str] =
    &["order-of-appointment", "other", "power-of-attorney", "registry-extract"];
