//! The OCSP responders of this process: which certificate each answers with, and how it gets the next one.
//!
//! Every second each responder looks at its certificate and at the ledger. In the second half of its life it makes a
//! key in its token and asks the CA, both keys signing (`request`); what the CA issues is tried out, put in service
//! and the old key destroyed once nothing that it signed is believed any more. Nothing is kept between two looks that
//! the ledger does not have.

mod request;

use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use ndoba_audit::{EventKind, Word};
use ndoba_lint::{OcspContext, Scope, Severity, lint_ocsp_response};
use ndoba_ocsp::{
    AnswerPolicy, Asked, CertStatusFacts, FinalIssuer, HashAlgorithm, Identity, Query, RenewalAlarm,
    Responder, Tenure, Unissued,
};
use ndoba_settings::{CertificationAuthority, KeyRef, Ocsp, ResponderId, UnknownAnswer};
use ndoba_store::{ResponderOutcome, ResponderRecord};
use ndoba_types::{AnswerStatus, SigningKey, Span, UtcTime};
use ndoba_web_public::OcspService;
use ndoba_x509::{Certificate, verify_signature};

use super::background::{Background, Next};
use super::{Process, own_certificates, record_one};
use crate::installation;

/// Between two looks.
const LOOK: Duration = Duration::from_secs(1);

/// For how long a node has the turn to make a CA's next key: more than a token takes for one and clocks differ by, less
/// than anybody would miss when it dies meanwhile.
const TURN: Span = Span::minutes(10);

/// How long after its certificate a key may come to a token that another node made it in.
const KEY_ARRIVES: Span = Span::seconds(30);

type WorkingResponder = (Responder, Arc<dyn SigningKey<AnswerStatus>>);

/// One responder: its configuration, and the certificate that it answers with.
struct Desk {
    ca: CertificationAuthority,
    ocsp: Ocsp,
    ca_certificate: Certificate,
    in_service: InService,
    alarm: Option<RenewalAlarm>,
    /// Why the renewal does not go on, as last reported.
    trouble: Option<String>,
    /// Since when the next certificate has been there and does not work here.
    waiting_since: Option<UtcTime>,
    /// The generation whose predecessors are known to be gone.
    retired_up_to: u32,
}

struct InService {
    key: KeyRef,
    certificate: Certificate,
    working: WorkingResponder,
}

impl InService {
    fn tenure(&self) -> Tenure {
        Tenure { not_before: self.certificate.not_before(), not_after: self.certificate.not_after() }
    }
}

/// The responders of this process, and the CAs that need none any more.
#[derive(Default)]
struct Desks {
    working: Vec<Desk>,
    ended: Vec<FinalIssuer>,
}

/// Puts every configured responder in service with its newest certificate, and watches over their renewal. A CA that
/// has ended has its final answers instead.
pub(super) fn start(
    process: &Arc<Process>,
    ocsp: &Arc<OcspService>,
    background: &mut Background,
) -> anyhow::Result<()> {
    let ended = process.store.finished_cas()?;
    let mut desks = Desks::default();
    for ca in &process.settings.cas {
        let Some(configured) = &ca.ocsp else { continue };
        if ended.contains(&ca.name) {
            let certificate = installation::certificate(&ca.certificate)?;
            desks.ended.push(FinalIssuer::new(ca.name.clone(), &certificate)?);
        } else {
            desks.working.push(Desk::open(process, ca, configured)?);
        }
    }
    activate(ocsp, &desks)?;
    let (process, ocsp) = (Arc::clone(process), Arc::clone(ocsp));
    background.run("responders", move || {
        if let Err(error) = close_ended(&process, &ocsp, &mut desks) {
            tracing::warn!("whether CAs have ended is not known: {error:#}");
        }
        for place in 0..desks.working.len() {
            if let Err(error) = look(&process, &ocsp, &mut desks, place) {
                desks.working[place].report(&process, &error);
            }
        }
        Next::After(LOOK)
    })
}

fn activate(ocsp: &OcspService, desks: &Desks) -> anyhow::Result<()> {
    let working = desks.working.iter().map(|desk| {
        let (responder, key) = &desk.in_service.working;
        (responder.clone(), Arc::clone(key))
    });
    Ok(ocsp.activate(working.collect(), &desks.ended)?)
}

/// A CA whose final answers are complete needs no responder any more.
fn close_ended(process: &Process, ocsp: &OcspService, desks: &mut Desks) -> anyhow::Result<()> {
    let ended = process.store.finished_cas()?;
    while let Some(place) = desks.working.iter().position(|desk| ended.contains(&desk.ca.name)) {
        let desk = &desks.working[place];
        let name = desk.ca.name.clone();
        record_one(
            process,
            "public",
            EventKind::ResponderStopped { ca: name.clone(), code: "ca-terminated".into() },
        )?;
        tracing::info!(ca = %name, "the CA has ended: its final answers are served");
        desks.ended.push(FinalIssuer::new(name.clone(), &desk.ca_certificate)?);
        desks.working.remove(place);
        activate(ocsp, desks)?;
        process.health.set_ok(&format!("OCSP responder {name}"));
    }
    Ok(())
}

/// One look at one responder.
fn look(process: &Process, ocsp: &OcspService, desks: &mut Desks, place: usize) -> anyhow::Result<()> {
    let now = process.world.clock.now();
    desks.working[place].watch_the_end(process, now)?;
    let name = desks.working[place].ca.name.clone();
    let record = process.store.responder_record(&name).context("the renewal's state cannot be read")?;
    let next = match desks.working[place].successor(process, &record, now) {
        Err(error) if desks.working[place].may_wait(now, &error) => return Ok(()),
        next => next?,
    };
    desks.working[place].waiting_since = None;
    if let Some(next) = next {
        let event = EventKind::ResponderActivated {
            ca: name.clone(),
            key: next.key.label.clone(),
            certificate: next.certificate.fingerprint(),
        };
        // No log, no act.
        record_one(process, "public", event)?;
        tracing::info!(ca = %name, until = %next.certificate.not_after(), "a new responder certificate is in service");
        desks.working[place].in_service = next;
        activate(ocsp, desks)?;
        metrics::counter!("ndoba_ocsp_responder_renewals_total", "ca" => name.to_string()).increment(1);
    }
    let desk = &mut desks.working[place];
    if desk.ocsp.enrolment.is_some() {
        let (due, retires) = (desk.in_service.tenure().should_ask(now, asked(&record)), desk.retires(now));
        if (due || retires) && !desk.has_the_turn(process, now)? {
            return Ok(());
        }
        // What another node did in its turn is seen now.
        let record = if due { process.store.responder_record(&name)? } else { record };
        if retires {
            desk.retire_older_keys(process)?;
        }
        if let Some((_, _, ResponderOutcome::Refused { code, message, .. })) = &record.request
            && desk.in_service.tenure().is_due(now)
        {
            // Said before a new request is made: else the reason would never be seen.
            desk.report(process, &anyhow::anyhow!("the CA refused the next certificate ({code}): {message}"));
        }
        if desk.in_service.tenure().should_ask(now, asked(&record)) {
            return desk.ask(process, now);
        }
    }
    if desk.in_service.tenure().is_due(now) { Ok(()) } else { desk.clear(process) }
}

fn asked(record: &ResponderRecord) -> Asked {
    match &record.request {
        None => Asked::Never,
        Some((_, since, ResponderOutcome::Issued)) => Asked::Answered { since: *since },
        Some((_, _, ResponderOutcome::Refused { at, .. })) => Asked::Refused { at: *at },
        Some((_, since, ResponderOutcome::Waiting)) => Asked::Waiting { since: *since },
    }
}

impl Desk {
    /// The newest certificate that there is: the ledger's, or the configured one of the ceremony.
    fn open(process: &Process, ca: &CertificationAuthority, ocsp: &Ocsp) -> anyhow::Result<Self> {
        let ca_certificate = installation::certificate(&ca.certificate)?;
        let configured = installation::certificate(&ocsp.certificate)?;
        let issued = process.store.responder_record(&ca.name)?.certificate;
        let newest = match issued {
            Some((label, der)) => {
                let certificate = Certificate::from_der(&der).with_context(|| {
                    format!("the ledger's responder certificate of {} cannot be read", ca.name)
                })?;
                let key = ocsp.key.beside(label);
                (certificate.not_after() > configured.not_after()).then_some((key, certificate))
            }
            None => None,
        };
        let (key, certificate) = newest.unwrap_or_else(|| (ocsp.key.clone(), configured));
        let in_service = put_together(process, ca, ocsp, &ca_certificate, key, certificate)?;
        Ok(Self {
            ca: ca.clone(),
            ocsp: ocsp.clone(),
            ca_certificate,
            in_service,
            alarm: None,
            trouble: None,
            waiting_since: None,
            retired_up_to: 0,
        })
    }

    /// The ledger's certificate, where it is newer than the one in service, and works.
    fn successor(
        &self,
        process: &Process,
        record: &ResponderRecord,
        now: UtcTime,
    ) -> anyhow::Result<Option<InService>> {
        let Some((label, der)) = &record.certificate else { return Ok(None) };
        if *der == self.in_service.certificate.as_der() {
            return Ok(None);
        }
        let certificate = Certificate::from_der(der)?;
        if certificate.not_after() <= self.in_service.certificate.not_after()
            || certificate.not_before() > now
        {
            return Ok(None);
        }
        own_certificates::judge_responder(&certificate, &self.ca_certificate)?;
        let key = self.ocsp.key.beside(label.clone());
        let next = put_together(process, &self.ca, &self.ocsp, &self.ca_certificate, key, certificate)?;
        try_out(&next, self.ocsp.responder_id, now)
            .context("the new responder certificate does not work here; the old one stays")?;
        Ok(Some(next))
    }

    /// Whether a next certificate that does not work here may do so in a moment: the node that made its key has told the
    /// ledger of it, and this node's token, or its view of the same token, may learn of the key later.
    fn may_wait(&mut self, now: UtcTime, error: &anyhow::Error) -> bool {
        let since = *self.waiting_since.get_or_insert_with(|| {
            tracing::info!(ca = %self.ca.name, "the next responder certificate is not taken up yet: {error:#}");
            now
        });
        self.alarm.is_none() && now < since.plus(KEY_ARRIVES)
    }

    /// Raises and clears the alarms about the end of the certificate in service.
    fn watch_the_end(&mut self, process: &Process, now: UtcTime) -> anyhow::Result<()> {
        let alarm = self.in_service.tenure().alarm(now);
        let name = self.ca.name.to_string();
        let until = self.in_service.certificate.not_after();
        let part = format!("OCSP responder {name}");
        match alarm {
            None if self.trouble.is_none() => process.health.set_ok(&part),
            None => {}
            Some(RenewalAlarm::LastDay) => {
                process
                    .health
                    .set_degraded(&part, format!("its certificate ends at {until}, and there is no other"));
            }
            Some(RenewalAlarm::Ended) => {
                process.health.set_failed(&part, format!("its certificate ended at {until}: no answers"));
            }
        }
        let level = match alarm {
            None => 0.0,
            Some(RenewalAlarm::LastDay) => 1.0,
            Some(RenewalAlarm::Ended) => 2.0,
        };
        metrics::gauge!("ndoba_ocsp_responder_alarm", "ca" => name.clone()).set(level);
        if alarm == self.alarm {
            return Ok(());
        }
        let before = self.alarm;
        if let Some(alarm) = alarm {
            tracing::error!(ca = name, %until, code = alarm.code(), "a responder's certificate ends");
            self.record_alarm(process, |part| EventKind::AlarmRaised { code: alarm.code().into(), part })?;
        } else if let Some(before) = before {
            self.record_alarm(process, |part| EventKind::AlarmCleared { code: before.code().into(), part })?;
        }
        self.alarm = alarm;
        Ok(())
    }

    /// Whether this node may make and destroy keys now. Others with the same token wait for their turn.
    fn has_the_turn(&self, process: &Process, now: UtcTime) -> anyhow::Result<bool> {
        let holder = process.epoch.word();
        process
            .store
            .take_responder_turn(&self.ca.name, holder.as_str(), now, now.plus(TURN))
            .context("whose turn it is cannot be found out")
    }

    /// Whether keys of earlier certificates may go: nothing that they signed is believed any more.
    fn retires(&self, now: UtcTime) -> bool {
        self.retired_up_to != self.in_service.key.label.generation()
            && self.in_service.tenure().may_retire_older(now, self.ocsp.next_update)
    }

    /// Destroys the keys of earlier certificates.
    fn retire_older_keys(&mut self, process: &Process) -> anyhow::Result<()> {
        let current = &self.in_service.key;
        let token = process.tokens.get(&current.token)?;
        for listed in token.list()? {
            let Some(label) = listed.label else { continue };
            if label.authority() != current.label.authority()
                || label.purpose() != current.label.purpose()
                || label.generation() >= current.label.generation()
            {
                continue;
            }
            let spki = token.inspect(&label)?.public_key.context("a key without its public half")?;
            token.destroy(&label)?;
            tracing::info!(key = %label, "a responder's old key is destroyed");
            record_one(process, "public", EventKind::KeyDestroyed { key: label, spki: spki.fingerprint() })?;
        }
        self.retired_up_to = current.label.generation();
        Ok(())
    }

    /// Says what keeps the renewal from going on, once until something else does; one alarm until it goes on.
    fn report(&mut self, process: &Process, error: &anyhow::Error) {
        let what = format!("{error:#}");
        if self.trouble.as_ref() == Some(&what) {
            return;
        }
        let name = self.ca.name.to_string();
        tracing::error!(ca = name, "a responder is not renewed: {what}");
        metrics::counter!("ndoba_ocsp_responder_failures_total", "ca" => name.clone()).increment(1);
        if self.alarm.is_none() {
            process.health.set_degraded(&format!("OCSP responder {name}"), what.clone());
        }
        if self.trouble.replace(what).is_none() {
            let raised =
                self.record_alarm(process, |part| EventKind::AlarmRaised { code: NOT_RENEWED.into(), part });
            if let Err(error) = raised {
                tracing::warn!("the alarm could not be recorded: {error:#}");
            }
        }
    }

    /// The renewal goes on, or is not due.
    fn clear(&mut self, process: &Process) -> anyhow::Result<()> {
        if self.trouble.is_some() {
            self.record_alarm(process, |part| EventKind::AlarmCleared { code: NOT_RENEWED.into(), part })?;
            self.trouble = None;
        }
        Ok(())
    }

    fn record_alarm(&self, process: &Process, event: impl FnOnce(Word) -> EventKind) -> anyhow::Result<()> {
        record_one(process, "public", event(self.ca.name.as_str().parse()?))
    }
}

/// The alarm's code.
const NOT_RENEWED: &str = "responder-not-renewed";

fn put_together(
    process: &Process,
    ca: &CertificationAuthority,
    ocsp: &Ocsp,
    ca_certificate: &Certificate,
    key: KeyRef,
    certificate: Certificate,
) -> anyhow::Result<InService> {
    let policy = AnswerPolicy {
        validity: ocsp.next_update,
        unissued: match ocsp.unissued {
            UnknownAnswer::ExtendedRevoked => Unissued::ExtendedRevoked,
            UnknownAnswer::Unknown => Unissued::Unknown,
        },
        identity: match ocsp.responder_id {
            ResponderId::ByKey => Identity::ByKey,
            ResponderId::ByName => Identity::ByName,
        },
        ..AnswerPolicy::default()
    };
    let responder = Responder::new(ca.name.clone(), ca_certificate, &certificate, key.algorithm, policy)?;
    let opened = process
        .tokens
        .open::<AnswerStatus>(&key, certificate.spki())
        .with_context(|| format!("the OCSP responder of {} cannot sign", ca.name))?;
    Ok(InService { key, certificate, working: (responder, Arc::new(opened)) })
}

/// A sample, signed and judged before anybody is answered: about the responder's own certificate.
fn try_out(next: &InService, id: ResponderId, now: UtcTime) -> anyhow::Result<()> {
    let scope = match id {
        ResponderId::ByKey => Scope::Ours,
        // Configured against our own decision; what the standards ask still holds.
        ResponderId::ByName => Scope::Anyone,
    };
    let (responder, key) = &next.working;
    let query = Query::about(&Arc::new(responder.clone()), HashAlgorithm::Sha256, next.certificate.serial())?;
    let good = CertStatusFacts::Good { certificate: next.certificate.fingerprint() };
    let (pending, to_be_signed) = query.answer(&[good], now)?;
    let message = to_be_signed.as_bytes().to_vec();
    let signature = key.sign(to_be_signed)?;
    verify_signature(next.certificate.spki(), key.algorithm(), &message, signature.as_bytes())
        .context("the key in the token is not the certificate's")?;
    let answer = pending.finish(&signature)?;
    let findings = lint_ocsp_response(&answer.der, &OcspContext { scope, now });
    match findings.into_iter().find(|finding| finding.severity == Severity::Error) {
        None => Ok(()),
        Some(error) => Err(anyhow::anyhow!("a sample answer is not fit: {error}")),
    }
}
