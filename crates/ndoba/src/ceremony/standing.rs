//! Standing authorisations for responders, given by the security officers who were just pinned.

use anyhow::Context as _;
use ndoba_audit::{Actor, Event, EventKind};
use ndoba_client::{GrantDraft, Identity, sign_grant};
use ndoba_order::{AuthoriseResponder, GrantDocument, ProfileRef, Register};
use ndoba_registration::ports::{Act, GrantRecord, Registry as _};
use ndoba_types::{OrderId, Sha256Digest, Span};
use ndoba_x509::{KeyIdentifier, Subject};

use super::Ceremony;
use crate::{files, installation};

/// For how long the first authorisations are given.
const DAYS: u32 = 365;
/// Certificates beyond those that a year of renewals at half their life takes.
const SPARE: u32 = 8;

impl Ceremony {
    pub(super) fn authorise_responder(&mut self, authority: &str) -> anyhow::Result<String> {
        let plan = self.authority_plan(authority)?;
        let now = self.world.clock.now();
        let mut register = Register::from_pins(&installation::pins(&self.settings)?)?;
        for grant in self.store.grants()? {
            register.append(&grant.document, &grant.signatures)?;
        }
        let profile = self.profile("ocsp-responder")?;
        let ca = installation::certificate(&self.configured(authority)?.certificate)?;
        let ski = ca.subject_key_identifier().context("the CA has no key identifier")?;
        let created = now.floor_to_second();
        let document = AuthoriseResponder {
            installation: self.settings.installation,
            seq: register.next_seq(),
            prev: register.head(),
            authorisation: OrderId::generate(&*self.world.random)?,
            ca: KeyIdentifier::try_from(ski)?,
            enrolment: self.public_key(&self.plan.ocsp_token.clone(), &format!("{authority}/enrolment/1"))?,
            profile: ProfileRef { name: profile.name().to_owned(), digest: profile.digest() },
            subject: Subject::Authority(self.authority(&responder_name(&plan.common_name))?),
            days: plan.responder_days,
            count: DAYS.saturating_mul(2) / plan.responder_days.max(1) + SPARE,
            not_before: created,
            not_after: created.plus(Span::days(DAYS)),
            created,
        };
        let (seq, authorisation, count, until) =
            (document.seq, document.authorisation, document.count, document.not_after);
        let bytes = GrantDocument::AuthoriseResponder(Box::new(document)).to_bytes()?;
        let digest = Sha256Digest::of(&bytes);
        let draft = GrantDraft { content: String::from_utf8(bytes.clone())?, digest: digest.to_string() };
        let mut signatures = Vec::new();
        let mut signers = Vec::new();
        for (place, officer) in register.appointments().iter().take(2).enumerate() {
            let pem = files::read(&self.folder.file(&format!("officers/security-{}.pem", place + 1)))?;
            signatures.push(sign_grant(&draft, &Identity::from_pem(&pem)?, now)?);
            signers.push(officer.officer);
        }
        // As the CA will: what does not hold here would stop it.
        register.append(&bytes, &signatures)?;
        let what = EventKind::ResponderAuthorised {
            seq,
            grant: digest,
            authorisation,
            count: count.into(),
            until,
            signers,
        };
        let event = Event::new(&*self.world.random, now, Actor::Ceremony(self.plan.digest()), what)?;
        let record = GrantRecord { seq, document: bytes, signatures, appended: now };
        self.store.append_grant(&record, Act { events: &[event], receipt: None })?;
        Ok(format!("authorisation {authorisation}, {count} certificates until {until}"))
    }
}

/// The commonName of a CA's responders.
pub(super) fn responder_name(ca: &str) -> String {
    format!("{ca} OCSP Responder")
}
