//! Issuing under a ceremony's warrant: the root, the CAs beneath it, responders and time-stamping units.
//!
//! The same ledger, lint and comparison as for subscribers; only the warrant differs.

use std::sync::Arc;

use ndoba_audit::EventKind;
use ndoba_lint::Issuer;
use ndoba_types::{SerialNumber, Sha256Digest, SubjectPublicKeyInfo};
use ndoba_x509::{
    Authority, CertificatePlan, IssueRequest, Profile, PublicUrls, RootRequest, Subject, SubjectKey,
};

use crate::authority::IssuingCa;
use crate::crl::CrlPublication;
use crate::decide::{Listed, Stop, judge};
use crate::error::CaError;
use crate::issue::{Issuance, IssueOutcome, Prepared};
use crate::node::Node;
use crate::ports::{self, Ledger, OwedCrl, Warrant};
use crate::world::{CrlSink, Failpoints};

/// What the ceremony's runner signs with.
pub struct CeremonyDesk {
    /// This process: one for the whole ceremony, since the token's count runs through it.
    pub node: Arc<Node>,
    /// The database.
    pub ledger: Arc<dyn Ledger>,
    /// Where CRLs go.
    pub sink: Arc<dyn CrlSink>,
    /// For tests.
    pub failpoints: Arc<dyn Failpoints>,
    /// Addresses that certificates carry.
    pub urls: PublicUrls,
    /// The plan's digest, which certificates name as their warrant.
    pub plan: Sha256Digest,
}

/// Somebody that a ceremony certifies: a CA, a responder, a time-stamping unit.
pub struct Appointed<'a> {
    /// By which profile.
    pub profile: &'a Profile,
    /// Its name.
    pub name: Authority,
    /// Its public key, as the token has it.
    pub key: &'a SubjectPublicKeyInfo,
    /// Days of validity.
    pub days: u32,
}

impl CeremonyDesk {
    /// The root certifies itself. `root` carries the root's planned facts; its certificate does not exist yet.
    ///
    /// # Errors
    ///
    /// [`CaError`].
    pub fn certify_root(&self, root: &IssuingCa, appointed: &Appointed<'_>) -> Result<Vec<u8>, CaError> {
        let serial = SerialNumber::generate(self.node.random())?;
        let now = self.node.now();
        let plan = CertificatePlan::root(&RootRequest {
            profile: appointed.profile,
            subject: &appointed.name,
            key: appointed.key,
            algorithm: root.facts.algorithm,
            serial: &serial,
            now,
            days: appointed.days,
        })
        .map_err(|error| misconfigured(&error))?;
        let issuer = Issuer {
            name: plan.subject().as_der(),
            key_identifier: root.facts.ski.as_bytes(),
            not_after: plan.validity().not_after,
        };
        let listed = Listed::on_the_whole_of(root);
        let prepared =
            judge(&plan, appointed.profile, issuer, listed, self.warrant(), self.owner(appointed), now);
        issued(&self.issue(root, prepared)?)
    }

    /// A CA certifies another CA, a responder or a time-stamping unit.
    ///
    /// # Errors
    ///
    /// [`CaError`].
    pub fn certify(&self, ca: &IssuingCa, appointed: &Appointed<'_>) -> Result<Vec<u8>, CaError> {
        issued(&self.try_certify(ca, appointed)?)
    }

    fn try_certify(&self, ca: &IssuingCa, appointed: &Appointed<'_>) -> Result<IssueOutcome, CaError> {
        let serial = SerialNumber::generate(self.node.random())?;
        let now = self.node.now();
        let plan = CertificatePlan::new(&IssueRequest {
            profile: appointed.profile,
            subject: &Subject::Authority(appointed.name.clone()),
            key: SubjectKey::Token(appointed.key),
            issuer: &ca.facts,
            documents: &self.urls.documents,
            device_evidence: None,
            serial: &serial,
            now,
            days: appointed.days,
        })
        .map_err(|error| misconfigured(&error))?;
        let issuer = ca.as_lint_issuer();
        let listed = Listed::on_the_whole_of(ca);
        let prepared =
            judge(&plan, appointed.profile, issuer, listed, self.warrant(), self.owner(appointed), now);
        self.issue(ca, prepared)
    }

    /// Records what an offline CA is to sign for somebody, and hands it out; the ceremony comes later.
    ///
    /// # Errors
    ///
    /// [`CaError`].
    pub(crate) fn intend(&self, ca: &IssuingCa, appointed: &Appointed<'_>) -> Result<Vec<u8>, CaError> {
        let outcome = self.try_certify(ca, appointed)?;
        if let IssueOutcome::Parked(intent) = &outcome {
            return Ok(intent.tbs().to_vec());
        }
        Err(refused(&outcome))
    }

    /// Makes a CA known to the ledger and to the status service.
    ///
    /// # Errors
    ///
    /// [`CaError`].
    pub fn register(&self, ca: &IssuingCa, certificate: &[u8]) -> Result<(), CaError> {
        let event = self.node.event(EventKind::AuthorityRegistered {
            ca: ca.name.clone(),
            certificate: Sha256Digest::of(certificate),
        })?;
        let authority = ports::Authority {
            name: ca.name.clone(),
            certificate: certificate.to_vec(),
            ski: ca.facts.ski.as_bytes().to_vec(),
            not_before: ca.facts.not_before,
        };
        Ok(self.ledger.register_authority(authority, event)?)
    }

    /// A CA signs its next CRL and publishes it.
    ///
    /// # Errors
    ///
    /// [`CaError`].
    pub fn publish_crl(&self, ca: &IssuingCa) -> Result<u64, CaError> {
        let publication = CrlPublication {
            node: &self.node,
            ledger: &*self.ledger,
            sink: &*self.sink,
            failpoints: &*self.failpoints,
            ca,
            list: OwedCrl::whole(&ca.name),
        };
        let state = self.ledger.crl_state(&publication.list.name)?;
        match publication.publish(&state)? {
            Some(summary) => Ok(summary.number),
            None => Err(CaError::Misconfigured {
                what: "another process publishes CRLs during the ceremony".into(),
            }),
        }
    }

    fn warrant(&self) -> Warrant {
        Warrant::Ceremony(self.plan)
    }

    fn owner(&self, appointed: &Appointed<'_>) -> Sha256Digest {
        Sha256Digest::of(appointed.name.distinguished_name().as_der())
    }

    fn issue(&self, ca: &IssuingCa, prepared: Result<Prepared, Stop>) -> Result<IssueOutcome, CaError> {
        let prepared = match prepared {
            Ok(prepared) => prepared,
            Err(Stop::Refuse(refusal)) => return Err(CaError::Misconfigured { what: refusal.message }),
            Err(Stop::Fail(error)) => return Err(error),
        };
        let issuance =
            Issuance { node: &self.node, ledger: &*self.ledger, failpoints: &*self.failpoints, ca };
        // One outcome for the one that was asked for.
        Ok(issuance.issue(vec![prepared])?.pop().unwrap_or(IssueOutcome::OrderTaken))
    }
}

fn issued(outcome: &IssueOutcome) -> Result<Vec<u8>, CaError> {
    if let IssueOutcome::Issued { der, .. } = outcome { Ok(der.clone()) } else { Err(refused(outcome)) }
}

fn refused(outcome: &IssueOutcome) -> CaError {
    let what = match outcome {
        IssueOutcome::CaEnded => "the CA has ended",
        IssueOutcome::Issued { .. } => "the key signed, which is to be offline",
        IssueOutcome::KeyCompromised | IssueOutcome::KeyTaken => {
            "the key is another subject's, or compromised"
        }
        IssueOutcome::Lost(_) => "the token failed while signing",
        IssueOutcome::NameTaken => "the name belongs to another subject",
        IssueOutcome::OrderTaken | IssueOutcome::SerialTaken => "the ledger refused the intent",
        IssueOutcome::Parked(_) => "the token does not sign",
    };
    CaError::Misconfigured { what: what.into() }
}

fn misconfigured(error: &ndoba_x509::PlanError) -> CaError {
    CaError::Misconfigured { what: error.to_string() }
}
