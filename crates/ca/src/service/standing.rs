//! Responders' certificates under standing authorisations: verified whole before anything is reserved, then issued
//! through the same ledger as every other certificate (design §3, ADR 0007).

use ndoba_audit::EventKind;
use ndoba_order::accept_responder_request;
use ndoba_types::{CaName, SerialNumber, Signature, Span, UtcTime};
use ndoba_x509::{CertificatePlan, IssueRequest, SubjectKey, Template};

use super::{BATCH, CaService, MAX_LOST, Progress, refusal};
use crate::decide::{Listed, OrderRefusal, Stop, judge, name_owner};
use crate::error::CaError;
use crate::issue::{IssueOutcome, Prepared};
use crate::node::word;
use crate::ports::{StandingWarrant, StoredResponderRequest, Warrant};

impl CaService {
    /// Answers the requests of this process's CAs' responders, each with a certificate or a refusal.
    pub(super) fn certify_responders(&mut self, progress: &mut Progress) -> Result<(), CaError> {
        for stored in self.ledger.responder_requests(BATCH)? {
            match self.prepare_responder(&stored) {
                Ok(None) => {}
                Ok(Some((name, prepared))) => self.certify_responder(&name, prepared, &stored, progress)?,
                Err(Stop::Refuse(refusal)) => self.refuse_responder(&stored, &refusal, progress)?,
                Err(Stop::Fail(error)) => return Err(error),
            }
        }
        Ok(())
    }

    fn certify_responder(
        &mut self,
        name: &CaName,
        prepared: Prepared,
        stored: &StoredResponderRequest,
        progress: &mut Progress,
    ) -> Result<(), CaError> {
        let Some(ca) = self.authorities.get(name) else { return Ok(()) };
        let outcomes = self.issuance(ca).issue(vec![prepared])?;
        if let Some(refusal) = outcomes.iter().find_map(IssueOutcome::refusal) {
            self.refuse_responder(stored, &refusal, progress)?;
        }
        self.settle(name, outcomes, progress);
        Ok(())
    }

    /// Every check that can refuse. `None`: the request is for a CA of another process, or must wait for the token.
    fn prepare_responder(&self, stored: &StoredResponderRequest) -> Result<Option<(CaName, Prepared)>, Stop> {
        let now = self.node.now();

        // 1. The request, its two signatures, and an authorisation that leads back to the pin.
        let signature = Signature::from_bytes(stored.signature.clone());
        let accepted = accept_responder_request(&stored.bytes, &signature, &stored.csr, &self.register, now)
            .map_err(|error| refusal(error.code(), error))?;
        if accepted.digest() != stored.id {
            return Err(refusal("responder-id-differs", "the request's bytes have another digest"));
        }
        let authorisation = accepted.authorisation().content();
        let Some(ca) = self.authorities.values().find(|ca| ca.facts.ski == authorisation.ca) else {
            return Ok(None);
        };
        // As for orders: while the token is away nothing new is recorded that it would have to sign.
        if !self.may_issue(ca) || self.parked.iter().any(|(name, _)| *name == ca.name) {
            return Ok(None);
        }

        // 2. The bounds.
        if stored.lost_before >= MAX_LOST {
            let message = "the token failed several times; ask the operator";
            return Err(refusal("issuance-lost-repeatedly", message));
        }
        let number = self.ledger.responders_under(authorisation.authorisation)?.saturating_add(1);
        if number > authorisation.count {
            return Err(refusal(
                "responder-count-used-up",
                "all certificates of the standing authorisation are used up; two security officers give another",
            ));
        }
        let Some(profile) = self.profiles.get(&authorisation.profile.name) else {
            return Err(refusal("profile-unknown", "the authorisation's profile does not exist here"));
        };
        if profile.digest() != authorisation.profile.digest {
            return Err(refusal(
                "profile-changed",
                "the profile has changed since the officers signed; give another authorisation",
            ));
        }
        if profile.template() != Template::OcspResponder {
            return Err(refusal("profile-unfit", "the authorisation's profile is not a responder's"));
        }

        // 3. The plan. The CA's own end comes before the days that were authorised.
        let serial = SerialNumber::generate(self.node.random())?;
        let plan = CertificatePlan::new(&IssueRequest {
            profile,
            subject: &authorisation.subject,
            key: SubjectKey::Requested(accepted.csr()),
            issuer: &ca.facts,
            documents: &self.urls.documents,
            device_evidence: None,
            serial: &serial,
            now,
            days: authorisation.days.min(whole_days(now, ca.facts.not_after)),
        })
        .map_err(|error| refusal(error.code(), error))?;
        let warrant = Warrant::Standing(StandingWarrant {
            authorisation: authorisation.authorisation,
            request: stored.id,
            number,
        });
        let owner = name_owner(&authorisation.subject);
        let prepared =
            judge(&plan, profile, ca.as_lint_issuer(), Listed::on_the_whole_of(ca), warrant, owner, now)?;
        Ok(Some((ca.name.clone(), prepared)))
    }

    fn refuse_responder(
        &self,
        stored: &StoredResponderRequest,
        refusal: &OrderRefusal,
        progress: &mut Progress,
    ) -> Result<(), CaError> {
        let request = stored.id;
        tracing::warn!(%request, code = refusal.code, "a responder's request is refused: {}", refusal.message);
        let event = self.node.event(EventKind::ResponderRefused { request, code: word(&refusal.code) })?;
        self.ledger.refuse_responder(request, &refusal.code, &refusal.message, event)?;
        progress.refused += 1;
        Ok(())
    }
}

/// Days of 24 hours from `now` to `end`.
fn whole_days(now: UtcTime, end: UtcTime) -> u32 {
    let day = Span::days(1).as_micros();
    u32::try_from(end.since(now).as_micros() / day).unwrap_or(0)
}
