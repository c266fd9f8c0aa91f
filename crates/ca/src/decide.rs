//! From an order as it lies in the database to a certificate that may be recorded: every check that can refuse.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use ndoba_lint::second_encoder::{self, CrossCheck};
use ndoba_lint::{Context, Issuer, Jurisdiction, LintedTbs, Scope};
use ndoba_order::{CertifyUnit, Device, Issue, OrderContent, ProfileRef};
use ndoba_types::{CrlName, CrlShard, DeviceModel, SerialNumber, Sha256Digest, UtcTime};
use ndoba_x509::{
    BadUrl, CertificatePlan, IssueRequest, IssuerFacts, Legislation, Profile, PublicUrls, Subject,
    SubjectKey, Template, VerifiedCsr,
};

use crate::authority::IssuingCa;
use crate::error::CaError;
use crate::issue::Prepared;
use crate::node::Node;
use crate::ports::{CertificateKind, Warrant};

/// Why an order is not carried out. Shown to the officer and kept with the order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OrderRefusal {
    /// Stable, for programs.
    pub code: String,
    /// One sentence, for the officer. No personal data.
    pub message: String,
}

impl OrderRefusal {
    pub(crate) fn new(code: &str, message: impl ToString) -> Self {
        Self { code: code.into(), message: message.to_string() }
    }
}

/// The refusal of whatever is asked of a CA that has ended (ADR 0010).
pub(crate) fn ca_ended() -> OrderRefusal {
    OrderRefusal::new("ca-terminated", "the CA has ended: it issues nothing and changes no status")
}

/// A refusal of this order, or the end of the step.
#[derive(Debug)]
pub(crate) enum Stop {
    Refuse(OrderRefusal),
    Fail(CaError),
}

impl<E: Into<CaError>> From<E> for Stop {
    fn from(error: E) -> Self {
        Self::Fail(error.into())
    }
}

fn refuse<T>(code: &str, message: impl ToString) -> Result<T, Stop> {
    Err(Stop::Refuse(OrderRefusal::new(code, message)))
}

/// What deciding needs beside the order.
pub(crate) struct Decider<'a> {
    pub(crate) node: &'a Node,
    pub(crate) profiles: &'a BTreeMap<String, Profile>,
    pub(crate) urls: &'a PublicUrls,
    /// Certified models of qualified devices, with the ends of their certifications.
    pub(crate) devices: &'a BTreeMap<DeviceModel, UtcTime>,
    /// Public keys that nobody is certified for.
    pub(crate) blocked_keys: &'a BTreeSet<Sha256Digest>,
}

impl Decider<'_> {
    /// Plans, encodes and lints the certificate that a verified issuing order asks for.
    pub(crate) fn prepare(
        &self,
        ca: &IssuingCa,
        warrant: Warrant,
        issue: &Wanted<'_>,
        csr: Option<&[u8]>,
    ) -> Result<Prepared, Stop> {
        let now = self.node.now();

        // 1. The profile, as the officers saw it.
        let Some(profile) = self.profiles.get(&issue.profile.name) else {
            return refuse("profile-unknown", format!("there is no profile {}", issue.profile.name));
        };
        if profile.digest() != issue.profile.digest {
            return refuse(
                "profile-changed",
                "the profile has changed since the officers signed; make a new order",
            );
        }
        // Each kind of order has officers of its own: neither makes the other's certificates.
        if issue.is_unit != (profile.template() == Template::Tsu) {
            return refuse("profile-unfit", "a profile of this template is not for this kind of order");
        }

        // Accepted before issuance, and whoever queued the order (REG-6.3.4-08).
        if !issue.is_agreed {
            return refuse("agreement-missing", "the order names no agreement that the subscriber accepted");
        }

        // 2. The request, as the officers saw it, and its proof of possession once more (REG-6.3.1-01).
        let Some(csr) = csr else {
            return refuse("csr-missing", "the certificate request is missing");
        };
        if Sha256Digest::of(csr) != issue.csr {
            return refuse("csr-differs", "the certificate request is not the one that the officers signed");
        }
        let csr = match VerifiedCsr::parse(csr) {
            Ok(csr) => csr,
            Err(error) => return refuse(error.code(), error.sentence()),
        };
        if csr.spki().fingerprint() != issue.spki {
            return refuse("key-differs", "the request's key is not the one that the officers signed");
        }
        // Known to be in other hands before anybody is certified for it (REG-6.3.1-01).
        if self.blocked_keys.contains(&issue.spki) {
            return refuse(
                "key-blocked",
                "this public key is on the list of those that nobody is certified for",
            );
        }

        // 3. The device, by the officers' evidence and the register (C-52: no statement without either).
        let device_evidence = self.device(profile, issue, now)?;

        // 4. The plan: dates, RSA dates, issuer's end, everything the profile narrows.
        let serial = SerialNumber::generate(self.node.random())?;
        let shard = ca.shards.filter(|_| profile.is_asked_about()).map(|shards| shards.of(&serial));
        let issuer =
            self.listing(ca, shard).map_err(|error| CaError::Misconfigured { what: error.to_string() })?;
        let request = IssueRequest {
            profile,
            subject: issue.subject,
            key: SubjectKey::Requested(&csr),
            issuer: &issuer,
            documents: &self.urls.documents,
            device_evidence,
            serial: &serial,
            now,
            days: issue.days,
        };
        let plan = match CertificatePlan::new(&request) {
            Ok(plan) => plan,
            Err(error) => return refuse(error.code(), error),
        };
        // Whose name and key it is, the ledger decides where it records the intent.
        let listed = Listed { shard, address: issuer.urls.crl.as_str() };
        judge(&plan, profile, ca.as_lint_issuer(), listed, warrant, name_owner(issue.subject), now)
    }
}

impl Decider<'_> {
    /// The CA as the issuer of a certificate that will be on that shard of its list.
    fn listing<'a>(
        &self,
        ca: &'a IssuingCa,
        shard: Option<CrlShard>,
    ) -> Result<Cow<'a, IssuerFacts>, BadUrl> {
        if shard.is_none() {
            return Ok(Cow::Borrowed(&ca.facts));
        }
        let address = self.urls.of_crl(&CrlName { ca: ca.name.clone(), shard })?;
        Ok(Cow::Owned(ca.facts.listing_at(address)))
    }

    /// The digest of the evidence that the key is in a certified device; none where the profile wants none.
    fn device(
        &self,
        profile: &Profile,
        issue: &Wanted<'_>,
        now: UtcTime,
    ) -> Result<Option<Sha256Digest>, Stop> {
        match (issue.device, profile.requires_device_evidence()) {
            (None, false) => Ok(None),
            (None, true) => {
                refuse("device-evidence-missing", "the order does not say which device the key is in")
            }
            (Some(_), false) => {
                refuse("device-not-stated", "the profile's certificates say nothing of a device")
            }
            (Some(device), true) => match self.devices.get(&device.model) {
                None => refuse(
                    "device-unknown",
                    format!("{} is no certified model of this provider's register", device.model),
                ),
                Some(ends) if *ends <= now => refuse(
                    "device-certification-ended",
                    format!("the certification of the model {} ended {ends}", device.model),
                ),
                Some(_) => Ok(Some(device.evidence)),
            },
        }
    }
}

/// Where a certificate will be listed.
#[derive(Clone, Copy)]
pub(crate) struct Listed<'a> {
    /// On which shard of its CA's list; none: on the whole list alone.
    pub(crate) shard: Option<CrlShard>,
    /// Where that list is.
    pub(crate) address: &'a str,
}

impl<'a> Listed<'a> {
    /// On the whole list alone.
    pub(crate) fn on_the_whole_of(ca: &'a IssuingCa) -> Self {
        Self { shard: None, address: ca.facts.urls.crl.as_str() }
    }
}

/// Encodes twice, compares, lints: what comes out may be recorded.
pub(crate) fn judge(
    plan: &CertificatePlan,
    profile: &Profile,
    issuer: Issuer<'_>,
    listed: Listed<'_>,
    warrant: Warrant,
    name_owner: Sha256Digest,
    now: UtcTime,
) -> Result<Prepared, Stop> {
    let (kind, lint_kind) = kinds(profile.template());
    let tbs = plan.to_tbs();
    let cross = second_opinion(plan, &tbs)?;
    let context = Context {
        kind: lint_kind,
        scope: Scope::Ours,
        jurisdiction: jurisdiction(profile),
        issued_at: now,
        issuer: Some(issuer),
        crl: Some(listed.address),
        qscd: Some(profile.requires_device_evidence()),
    };
    let tbs = match LintedTbs::check(tbs, &context) {
        Ok(tbs) => tbs,
        Err(findings) => return refuse("lint", findings),
    };
    let lint = format!("{}; second encoder: {cross}", tbs.verdict());
    Ok(Prepared {
        serial: plan.serial().clone(),
        warrant,
        kind,
        lint,
        tbs,
        profile: (profile.name().to_owned(), profile.digest()),
        subject_name: plan.subject().as_der().to_vec(),
        name_owner,
        spki: plan.spki().fingerprint(),
        not_before: plan.validity().not_before,
        not_after: plan.validity().not_after,
        shard: listed.shard,
    })
}

/// Two encoders that share no code must agree on every octet before a signature makes it final. Returns what is
/// recorded of it.
fn second_opinion(plan: &CertificatePlan, tbs: &[u8]) -> Result<&'static str, Stop> {
    match second_encoder::compare_plan(tbs, plan) {
        Ok(CrossCheck::Equal) => Ok("equal"),
        Ok(CrossCheck::NotCrossChecked(reason)) => Ok(reason),
        // Not the officer's fault and not mended by another order: stop before anything is signed.
        Err(disagreement) => Err(Stop::Fail(CaError::Halted { what: disagreement.to_string() })),
    }
}

/// Under whose law the profile makes a certificate qualified; the provider's own are not.
fn jurisdiction(profile: &Profile) -> Jurisdiction {
    match (profile.qc().is_some_and(|statements| statements.compliance), profile.legislation()) {
        (true, Legislation::Georgia) => Jurisdiction::GEORGIA,
        (true, Legislation::EuropeanUnion) => Jurisdiction::EuropeanUnion,
        (false, _) => Jurisdiction::NotQualified,
    }
}

fn kinds(template: Template) -> (CertificateKind, ndoba_lint::CertificateKind) {
    use ndoba_lint::CertificateKind as Lint;
    match template {
        Template::Root => (CertificateKind::Authority, Lint::Root),
        Template::IssuingCa => (CertificateKind::Authority, Lint::IssuingCa),
        Template::PersonSignature => (CertificateKind::Signature, Lint::NaturalPerson),
        Template::OrganisationSeal => (CertificateKind::Seal, Lint::LegalPerson),
        Template::OcspResponder => (CertificateKind::Responder, Lint::OcspResponder),
        Template::Tsu => (CertificateKind::TimeStamping, Lint::TimeStampingUnit),
    }
}

/// Whose name a subject's is: a digest over the identifier that the certificate shows (C-29). Two subjects with the
/// same identifier are one.
pub(crate) fn name_owner(subject: &Subject) -> Sha256Digest {
    match subject {
        Subject::NaturalPerson(person) => Sha256Digest::of(person.serial_number().as_str().as_bytes()),
        Subject::LegalPerson(person) => {
            Sha256Digest::of(person.organization_identifier().as_str().as_bytes())
        }
        // The provider's own names say in full whose they are.
        Subject::Authority(authority) => Sha256Digest::of(authority.distinguished_name().as_der()),
    }
}

/// What an order asks for that makes a certificate, whatever its kind.
pub(crate) struct Wanted<'a> {
    profile: &'a ProfileRef,
    subject: &'a Subject,
    csr: Sha256Digest,
    spki: Sha256Digest,
    days: u32,
    device: Option<&'a Device>,
    /// For a time-stamping unit, by order of security officers.
    is_unit: bool,
    /// Names an agreement, or needs none: a unit is the provider's own.
    is_agreed: bool,
}

impl<'a> From<&'a Issue> for Wanted<'a> {
    fn from(issue: &'a Issue) -> Self {
        let Issue {
            profile,
            subject,
            csr,
            spki,
            days,
            device,
            agreement,
            evidence: _,
            person: _,
            replaces: _,
        } = issue;
        let (device, is_agreed) = (device.as_ref(), agreement.is_some());
        Self { profile, subject, csr: *csr, spki: *spki, days: *days, device, is_unit: false, is_agreed }
    }
}

impl<'a> From<&'a CertifyUnit> for Wanted<'a> {
    fn from(unit: &'a CertifyUnit) -> Self {
        // When the key is used and which one ends is the unit's business.
        let CertifyUnit { profile, subject, csr, spki, days, unit: _, key: _, from: _, destroys: _ } = unit;
        let (csr, spki, days) = (*csr, *spki, *days);
        Self { profile, subject, csr, spki, days, device: None, is_unit: true, is_agreed: true }
    }
}

/// The issuing part of an order's content, where there is one.
pub(crate) fn issuing(content: &OrderContent) -> Option<Wanted<'_>> {
    match content {
        OrderContent::CertifyUnit(unit) => Some((&**unit).into()),
        OrderContent::Issue(issue) | OrderContent::Reissue(issue) => Some(issue.into()),
        OrderContent::Release(_)
        | OrderContent::Revoke(_)
        | OrderContent::Suspend(_)
        | OrderContent::SuspendByCode(_) => None,
    }
}
