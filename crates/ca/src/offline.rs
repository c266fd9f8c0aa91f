//! A CA whose key lies in a safe: what it is to sign is recorded here, signed at a ceremony elsewhere, and recorded as
//! signed when that comes back (design §7, C-93).
//!
//! The same ledger and the same steps as for every signature; only that between the intent and the signature there are
//! days, and a walk. Such an intent is none that a crash left: the role `ca` settles those of the keys that it has.

use std::sync::Arc;

use ndoba_audit::{Event, EventKind};
use ndoba_lint::{
    CertificateKind, Context, CrlContext, Issuer, Jurisdiction, LintedTbs, Scope, Severity, lint_crl,
};
use ndoba_types::{
    CaName, CrlName, IssueCertificates, KeyLabel, PublishCrls, Purpose, Sha256Digest, SignError, SignReply,
    Signature, SignatureAlgorithm, SigningKey, Span, SubjectPublicKeyInfo, ToBeSigned, UtcTime,
};
use ndoba_x509::{Certificate, CrlView, IssuerFacts, assemble};

use crate::authority::{CrlTiming, IssuingCa, KeyWatch};
use crate::ceremony::{Appointed, CeremonyDesk};
use crate::crl::{CrlPublication, IntendedCrl};
use crate::error::CaError;
use crate::issue::{Issuance, IssueOutcome, RecordedIntent};
use crate::ports::{CertificateId, CrlFailure, CrlInDoubt, CrlSummary, InDoubt, LossCause, OwedCrl, Warrant};

/// A CA without its key.
#[derive(Clone)]
pub struct OfflineCa {
    /// Its short name.
    pub name: CaName,
    /// What its certificates carry.
    pub facts: IssuerFacts,
    /// How its key is called where it is.
    pub key: KeyLabel,
}

/// What waits for the key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Awaited {
    /// The responder's TBSCertificate, DER.
    pub certificate: Vec<u8>,
    /// The next list.
    pub list: AwaitedList,
}

/// A list that waits for the key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AwaitedList {
    /// The TBSCertList, DER.
    pub tbs: Vec<u8>,
    /// The status version that it shows.
    pub version: u64,
}

/// What came back, recorded and published.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Brought {
    /// The responder's certificate, DER.
    pub certificate: Vec<u8>,
    /// The list that is online now.
    pub list: CrlSummary,
}

/// Sends work to an offline CA's key, and takes it back.
pub struct OfflineDesk(
    /// How it records: the same way as a ceremony.
    pub CeremonyDesk,
);

impl OfflineDesk {
    /// Records what is to be signed: a responder's certificate and a list that both live for `days`.
    ///
    /// # Errors
    ///
    /// [`OfflineError`]; after [`OfflineError::Ca`] a part may be recorded, and wait until it is given up.
    pub fn draft(&self, ca: &OfflineCa, responder: &Appointed<'_>) -> Result<Awaited, OfflineError> {
        let (certificates, lists) = self.awaited(ca)?;
        if !certificates.is_empty() || !lists.is_empty() {
            return Err(OfflineError::Waits { ca: ca.name.clone() });
        }
        let issuing = ca.with_key(&Arc::new(ElsewhereKey::new(ca, Vec::new())), Span::days(responder.days));
        // From here on the log says that a session has to follow.
        self.record(vec![EventKind::DraftWritten { ca: ca.name.clone(), plan: self.0.plan }])?;
        let certificate = self.0.intend(&issuing, responder)?;
        let (state, next_update) =
            (self.0.ledger.crl_state(&CrlName::whole(&ca.name)).map_err(CaError::from)?, {
                let end = self.0.node.now().floor_to_second().plus(Span::days(responder.days));
                end.min(ca.facts.not_after)
            });
        let record = &mut |intent| Ok(self.0.ledger.record_crl_intent(intent)?);
        let intended = self.publication(&issuing).intend(&state, next_update, record)?;
        let Some(intended) = intended else {
            return Err(OfflineError::Overtaken { ca: ca.name.clone() });
        };
        let (tbs, version) = (intended.to_tbs().map_err(CaError::from)?, intended.summary.version);
        Ok(Awaited { certificate, list: AwaitedList { tbs, version } })
    }

    /// Takes what was signed: verified, recorded, published. Done again it changes nothing and says the same.
    ///
    /// # Inputs
    ///
    /// - `session` – what the log is told of the session in which both were signed, before the certificate: `presence-proved`.
    /// - `proved` – SHA-256 over that session's statement.
    ///
    /// # Errors
    ///
    /// [`OfflineError`]; the same call goes on where it ended.
    pub fn take(
        &self,
        ca: &OfflineCa,
        awaited: &Awaited,
        [on_certificate, on_list]: [&Signature; 2],
        (session, proved): (EventKind, Sha256Digest),
    ) -> Result<Brought, OfflineError> {
        let signed = vec![
            (awaited.certificate.clone(), on_certificate.clone()),
            (awaited.list.tbs.clone(), on_list.clone()),
        ];
        let key = Arc::new(ElsewhereKey::new(ca, signed));
        // Both, before anything is recorded of either.
        for (tbs, signature) in &key.signed {
            ndoba_x509::verify_signature(&ca.facts.spki, ca.facts.algorithm, tbs, signature.as_bytes())
                .map_err(|_| OfflineError::Signature { ca: ca.name.clone() })?;
        }
        let issuing = ca.with_key(&key, Span::days(1));
        let (certificates, lists) = self.awaited(ca)?;
        // The list first: one that is outdated leaves everything as it is.
        let list = self.take_list(&issuing, &awaited.list, on_list, lists)?;
        let waiting = certificates.iter().find(|row| row.tbs == awaited.certificate);
        if let Some(Warrant::Ceremony(plan)) = waiting.map(|row| &row.warrant) {
            let signed = EventKind::DraftSigned { ca: ca.name.clone(), plan: *plan, session: proved };
            self.record(vec![session, signed])?;
        }
        let certificate =
            self.take_certificate(&issuing, &awaited.certificate, on_certificate, certificates)?;
        Ok(Brought { certificate, list })
    }

    /// Gives up what waits: the ceremony will not be held, or was not. A signature may exist: the serial number counts as
    /// revoked, the list's number as used.
    ///
    /// # Errors
    ///
    /// [`CaError`].
    pub fn give_up(&self, ca: &OfflineCa) -> Result<usize, CaError> {
        let issuing = ca.with_key(&Arc::new(ElsewhereKey::new(ca, Vec::new())), Span::days(1));
        let (certificates, lists) = self.awaited(ca)?;
        let count = certificates.len() + lists.len();
        for row in certificates {
            self.issuance(&issuing).give_up(RecordedIntent::awaited(row), LossCause::Interrupted)?;
        }
        for list in &lists {
            self.publication(&issuing).fail(list, CrlFailure::Lost)?;
        }
        Ok(count)
    }

    fn take_certificate(
        &self,
        ca: &IssuingCa,
        tbs: &[u8],
        signature: &Signature,
        waiting: Vec<InDoubt>,
    ) -> Result<Vec<u8>, OfflineError> {
        let der = assemble(tbs, ca.facts.algorithm, signature);
        let Some(row) = waiting.into_iter().find(|row| row.tbs == tbs) else {
            // Taken before, or never sent from here.
            let read = Certificate::from_der(&der).map_err(|_| OfflineError::not_sent(&ca.name))?;
            let id = CertificateId { ca: ca.name.clone(), serial: read.serial().clone() };
            let known = self.0.ledger.certificate(&id).map_err(CaError::from)?;
            return known.filter(|known| *known == der).ok_or_else(|| OfflineError::not_sent(&ca.name));
        };
        match self.issuance(ca).sign_and_record(vec![RecordedIntent::awaited(row)])?.pop() {
            Some(IssueOutcome::Issued { der, .. }) => Ok(der),
            Some(_) | None => Err(OfflineError::Overtaken { ca: ca.name.clone() }),
        }
    }

    fn take_list(
        &self,
        ca: &IssuingCa,
        list: &AwaitedList,
        signature: &Signature,
        waiting: Vec<CrlInDoubt>,
    ) -> Result<CrlSummary, OfflineError> {
        let der = assemble(&list.tbs, ca.facts.algorithm, signature);
        let view = CrlView::from_der(&der).map_err(|_| OfflineError::not_sent(&ca.name))?;
        let number = view.number().get();
        let digest = ca.facts.algorithm.digest(&list.tbs);
        let publication = self.publication(ca);
        let state = self.0.ledger.crl_state(&CrlName::whole(&ca.name)).map_err(CaError::from)?;
        let row = waiting.into_iter().find(|row| row.number == number && row.attempt.digest == digest);
        let Some(row) = row else {
            let not_sent = || OfflineError::not_sent(&ca.name);
            let last = state.last.clone().ok_or_else(not_sent)?;
            if !publication.is_recorded(last.number, &der)? {
                return Err(not_sent());
            }
            publication.catch_up(&state)?;
            return Ok(last);
        };
        // A list that hides a revocation made since must not look newer than that.
        if state.version != list.version {
            return Err(OfflineError::Outdated { ca: ca.name.clone() });
        }
        let summary = CrlSummary {
            number,
            version: list.version,
            this_update: view.this_update(),
            next_update: view.next_update(),
        };
        let intended = IntendedCrl::held(list.tbs.clone(), ca.facts.algorithm, row.attempt, summary);
        let published = publication.complete(intended, signature)?;
        published.ok_or_else(|| OfflineError::Overtaken { ca: ca.name.clone() })
    }

    fn record(&self, what: Vec<EventKind>) -> Result<(), CaError> {
        let node = &self.0.node;
        let events: Result<Vec<Event>, _> = what.into_iter().map(|kind| node.event(kind)).collect();
        Ok(self.0.ledger.record_alarm(None, events?)?)
    }

    /// Everything of this CA that nobody has signed: whatever process recorded it.
    fn awaited(&self, ca: &OfflineCa) -> Result<(Vec<InDoubt>, Vec<CrlInDoubt>), CaError> {
        let (ledger, ever) = (&self.0.ledger, UtcTime::NO_END);
        let mut certificates = ledger.in_doubt("", "", ever)?;
        certificates.retain(|row| row.certificate.ca == ca.name);
        let mut lists = ledger.crls_in_doubt("", "", ever)?;
        lists.retain(|row| row.ca == ca.name);
        Ok((certificates, lists))
    }

    fn issuance<'a>(&'a self, ca: &'a IssuingCa) -> Issuance<'a> {
        let CeremonyDesk { node, ledger, failpoints, sink: _, urls: _, plan: _ } = &self.0;
        Issuance { node, ledger: &**ledger, failpoints: &**failpoints, ca }
    }

    fn publication<'a>(&'a self, ca: &'a IssuingCa) -> CrlPublication<'a> {
        let CeremonyDesk { node, ledger, failpoints, sink, urls: _, plan: _ } = &self.0;
        let list = OwedCrl::whole(&ca.name);
        CrlPublication { node, ledger: &**ledger, sink: &**sink, failpoints: &**failpoints, ca, list }
    }
}

impl OfflineCa {
    fn with_key(&self, key: &Arc<ElsewhereKey>, validity: Span) -> IssuingCa {
        IssuingCa {
            name: self.name.clone(),
            facts: self.facts.clone(),
            certify: Arc::clone(key) as Arc<dyn SigningKey<IssueCertificates>>,
            revoke: Arc::clone(key) as Arc<dyn SigningKey<PublishCrls>>,
            watch: Arc::clone(key) as Arc<dyn KeyWatch>,
            certifies_cas: true,
            shards: None,
            crl: CrlTiming { validity, interval: validity },
        }
    }

    fn as_lint_issuer(&self) -> Issuer<'_> {
        Issuer {
            name: self.facts.name.as_der(),
            key_identifier: self.facts.ski.as_bytes(),
            not_after: self.facts.not_after,
        }
    }
}

/// A key that is not here: it signs nothing but what it has signed elsewhere.
struct ElsewhereKey {
    label: KeyLabel,
    algorithm: SignatureAlgorithm,
    spki: SubjectPublicKeyInfo,
    signed: Vec<(Vec<u8>, Signature)>,
}

impl ElsewhereKey {
    fn new(ca: &OfflineCa, signed: Vec<(Vec<u8>, Signature)>) -> Self {
        let OfflineCa { name: _, facts, key } = ca;
        Self { label: key.clone(), algorithm: facts.algorithm, spki: facts.spki.clone(), signed }
    }
}

impl<P: Purpose> SigningKey<P> for ElsewhereKey {
    fn label(&self) -> &KeyLabel {
        &self.label
    }

    fn algorithm(&self) -> SignatureAlgorithm {
        self.algorithm
    }

    fn public_key(&self) -> &SubjectPublicKeyInfo {
        &self.spki
    }

    fn submit(&self, message: ToBeSigned<P>, reply: SignReply) {
        let signed = self.signed.iter().find(|(tbs, _)| tbs == message.as_bytes());
        let away = || SignError::Unavailable { reason: "the key is offline".into() };
        reply(signed.map(|(_, signature)| signature.clone()).ok_or_else(away));
    }
}

impl KeyWatch for ElsewhereKey {
    fn away(&self) -> Option<String> {
        Some("the key is offline".into())
    }

    fn signatures(&self) -> u64 {
        // Counted where the key is; here none is made.
        0
    }
}

/// Judges a certificate that an offline CA is asked to sign, by those who will sign it: nothing but an OCSP responder's,
/// fit for its issuer. `at` is the time of the draft.
///
/// # Errors
///
/// [`OfflineError::Unfit`] with what the lint says.
pub fn judge_responder(
    ca: &OfflineCa,
    tbs: &[u8],
    at: UtcTime,
) -> Result<ToBeSigned<IssueCertificates>, OfflineError> {
    let context = Context {
        kind: CertificateKind::OcspResponder,
        scope: Scope::Ours,
        jurisdiction: Jurisdiction::NotQualified,
        issued_at: at,
        issuer: Some(ca.as_lint_issuer()),
        crl: None,
        qscd: Some(false),
    };
    match LintedTbs::check(tbs.to_vec(), &context) {
        // Linted here, recorded where it was drafted.
        Ok(linted) => Ok(ToBeSigned::assertion(linted.into_der())),
        Err(findings) => Err(OfflineError::Unfit { what: "certificate", why: findings.to_string() }),
    }
}

/// The same of a list.
///
/// # Errors
///
/// [`OfflineError::Unfit`] with what the lint says.
pub fn judge_list(ca: &OfflineCa, tbs: &[u8], at: UtcTime) -> Result<ToBeSigned<PublishCrls>, OfflineError> {
    let context = CrlContext {
        scope: Scope::Ours,
        issuer: Some(ca.as_lint_issuer()),
        now: at,
        lists_cas: true,
        is_last: false,
        addresses: &[],
    };
    match lint_crl(tbs, &context).into_iter().find(|finding| finding.severity == Severity::Error) {
        // Linted here, recorded where it was drafted.
        None => Ok(ToBeSigned::assertion(tbs.to_vec())),
        Some(finding) => Err(OfflineError::Unfit { what: "list", why: finding.to_string() }),
    }
}

/// Why an offline CA's work does not go on.
#[derive(Debug, thiserror::Error)]
pub enum OfflineError {
    /// As for every CA.
    #[error("the ledger did not take it")]
    Ca(#[from] CaError),
    /// Nothing that waits: signed from another draft, changed on the way, or given up.
    #[error("{ca} was not asked to sign this here, or no longer")]
    NotSent {
        /// Which CA.
        ca: CaName,
    },
    /// A status changed after the draft.
    #[error(
        "a certificate of {ca} was revoked since the draft, and the list does not show it: give the draft up, and draft anew"
    )]
    Outdated {
        /// Which CA.
        ca: CaName,
    },
    /// Somebody else recorded something of the same CA meanwhile.
    #[error(
        "another process recorded something of {ca} meanwhile: look at `ndoba ca reconcile`, and repeat the command"
    )]
    Overtaken {
        /// Which CA.
        ca: CaName,
    },
    /// Not the CA's signature, or not on this.
    #[error("a signature does not verify with the key of {ca}")]
    Signature {
        /// Which CA.
        ca: CaName,
    },
    /// It is none of those things that an offline CA signs for its responder, or has a fault.
    #[error("the {what} is not fit to be signed: {why}")]
    Unfit {
        /// Certificate or list.
        what: &'static str,
        /// What the lint says.
        why: String,
    },
    /// One draft at a time.
    #[error(
        "a draft of {ca} waits already: have it signed and import it, or give it up with `ndoba root give-up`"
    )]
    Waits {
        /// Which CA.
        ca: CaName,
    },
}

impl OfflineError {
    fn not_sent(ca: &CaName) -> Self {
        Self::NotSent { ca: ca.clone() }
    }
}
