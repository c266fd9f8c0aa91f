//! What was done: each act by an order that waits, an authorisation in force, a session, or a rule.

use ndoba_types::{OrderId, Sha256Digest};

use super::{About, Asked, Event, Trail, TrailFinding};
use crate::{Order, OrderContent, OrderKind, StandingAuthorisation, authorise, authorise_again};

impl Trail {
    pub(super) fn act(&mut self, event: &Event<'_>) -> Result<(), TrailFinding> {
        match event.kind {
            "issuance-intended" => self.intended(event),
            "issuance-lost" => self.lost(event),
            "certificate-issued" => self.issued(event),
            "certificate-released" | "certificate-revoked" | "certificate-suspended" => self.changed(event),
            "suspension-lapsed" => self.lapsed(event),
            "ca-revoked" => self.ca_revoked(event),
            "certificate-revoked-with-ca" => self.revoked_with_ca(event),
            "revocation-recovered" => self.recovered(event),
            _ => Ok(()),
        }
    }

    /// The CA is about to ask its token: here it is decided.
    fn intended(&mut self, event: &Event<'_>) -> Result<(), TrailFinding> {
        let certificate = event.certificate()?;
        let about = About::Certificate(certificate.0.clone(), certificate.1.clone());
        let cause = event.text("cause")?;
        match cause.split_once(':') {
            Some(("order", id)) => {
                let id = id.parse().map_err(|_| super::malformed(event.record))?;
                self.asked_by_order(event, id)?;
            }
            Some(("authorisation", id)) => {
                let id = id.parse().map_err(|_| super::malformed(event.record))?;
                self.asked_under(event, &about, id)?;
            }
            // The session of an offline CA is held between this and the certificate.
            Some(("ceremony", _)) => {}
            Some(_) | None => return Err(super::malformed(event.record)),
        }
        let offline = event.text("node").is_ok_and(|node| node.starts_with("offline-"));
        let is_of_before = offline && self.drafted.is_empty();
        let asked = Asked { cause: cause.into(), is_of_before, offline };
        if self.asked.insert(certificate, asked).is_some() {
            return Err(event.finding(about, "issuance-intended-twice", "the token is asked for it already"));
        }
        Ok(())
    }

    fn asked_by_order(&mut self, event: &Event<'_>, id: OrderId) -> Result<(), TrailFinding> {
        let about = About::Order(id);
        let Some(waiting) = self.waiting.get_mut(&id) else { return Err(not_waiting(event, about)) };
        let wanted = match waiting.kind {
            OrderKind::CertifyUnit | OrderKind::Issue | OrderKind::Reissue => !waiting.is_asked,
            OrderKind::Release | OrderKind::Revoke | OrderKind::Suspend | OrderKind::SuspendByCode => false,
        };
        if !wanted {
            let why = "it does not ask for this certificate, or for no second one";
            return Err(event.finding(about, "order-asks-otherwise", why));
        }
        if let Some((order, bytes, signatures)) = &waiting.papers {
            let begun = waiting.begun;
            self.register
                .judged(event.at, |register, at| match begun {
                    None => authorise(bytes, signatures, register, register.installation(), at),
                    Some(begun) => {
                        authorise_again(bytes, signatures, register, register.installation(), begun, at)
                    }
                })
                .map_err(|refusal| event.finding(about.clone(), refusal.code(), refusal.to_string()))?;
            if profile_of(order).is_none_or(|profile| Ok(profile.as_str()) != event.text("profile")) {
                let why = "the certificate is of another profile than the officers signed";
                return Err(event.finding(about, "order-asks-otherwise", why));
            }
        }
        waiting.begun = waiting.begun.or(Some(event.at));
        waiting.is_asked = true;
        Ok(())
    }

    /// Those that are lost count too.
    fn asked_under(&mut self, event: &Event<'_>, about: &About, id: OrderId) -> Result<(), TrailFinding> {
        let profile = event.text("profile")?;
        let (key, count) = self
            .register
            .judged(event.at, |register, at| {
                let found = register.responder_authorisations().iter().find(|one| one.id() == id);
                let content = found.filter(|one| one.is_active(at)).map(StandingAuthorisation::content);
                let content = content.filter(|one| one.profile.digest.to_string() == profile);
                content.map(|one| (one.ca, one.count)).ok_or(())
            })
            .map_err(|()| {
                let why = "no authorisation of two security officers for it is in force";
                event.finding(about.clone(), "responder-not-authorised", why)
            })?;
        // The log has the CA's name, the officers signed its key: a key has one name.
        let name = event.text("ca")?;
        if self.named.entry(key).or_insert_with(|| name.into()) != name {
            let why = "the authorisation is for the key of another CA";
            return Err(event.finding(about.clone(), "responder-not-authorised", why));
        }
        let number = self.under.entry(id).or_default();
        *number += 1;
        if *number > u64::from(count) {
            let why = "there are more certificates under the authorisation than two officers signed";
            return Err(event.finding(about.clone(), "responder-count-used-up", why));
        }
        Ok(())
    }

    /// The order waits again.
    fn lost(&mut self, event: &Event<'_>) -> Result<(), TrailFinding> {
        self.asked.remove(&event.certificate()?);
        if let Some(("order", id)) = event.text("cause")?.split_once(':') {
            let id = id.parse().map_err(|_| super::malformed(event.record))?;
            if let Some(waiting) = self.waiting.get_mut(&id) {
                waiting.is_asked = false;
            }
        }
        Ok(())
    }

    fn issued(&mut self, event: &Event<'_>) -> Result<(), TrailFinding> {
        let certificate = event.certificate()?;
        let about = About::Certificate(certificate.0.clone(), certificate.1.clone());
        let cause = event.text("cause")?;
        // It was judged when the token was about to be asked.
        let Some(asked) = self.asked.remove(&certificate).filter(|asked| asked.cause == cause) else {
            let why = "the log does not say before that the token was to be asked for it, and why";
            return Err(event.finding(about, "issuance-not-intended", why));
        };
        let (kind, id) = cause.split_once(':').ok_or_else(|| super::malformed(event.record))?;
        if kind == "ceremony" {
            let plan = id.parse().map_err(|_| super::malformed(event.record))?;
            return self.of_a_ceremony(event, about, plan, &asked);
        }
        let id: OrderId = id.parse().map_err(|_| super::malformed(event.record))?;
        if kind == "order" {
            self.waiting.remove(&id).ok_or_else(|| not_waiting(event, About::Order(id)))?;
            self.verdict.certificates += 1;
            return Ok(());
        }
        self.verdict.responders += 1;
        Ok(())
    }

    /// Two were there. From before the log had sessions, or said of any draft that one has to follow, it cannot be said.
    fn of_a_ceremony(
        &mut self,
        event: &Event<'_>,
        about: About,
        plan: Sha256Digest,
        asked: &Asked,
    ) -> Result<(), TrailFinding> {
        let is_of_before = if asked.offline { asked.is_of_before } else { self.sessions.is_empty() };
        if self.attended.contains(&plan) {
            self.verdict.ceremonies += 1;
        } else if is_of_before {
            self.verdict.unattended += 1;
        } else {
            let why = "it is a ceremony's, and the log does not have the session in which it was made";
            return Err(event.finding(about, "ceremony-unattended", why));
        }
        Ok(())
    }

    /// A revocation, suspension or release: decided and done at once.
    fn changed(&mut self, event: &Event<'_>) -> Result<(), TrailFinding> {
        let id: OrderId = event.get("order")?;
        let certificate = event.certificate()?;
        let about = About::Order(id);
        let Some(waiting) = self.waiting.remove(&id) else { return Err(not_waiting(event, about)) };
        let done = match waiting.kind {
            OrderKind::Release => "certificate-released",
            OrderKind::Revoke => "certificate-revoked",
            OrderKind::Suspend | OrderKind::SuspendByCode => "certificate-suspended",
            OrderKind::CertifyUnit | OrderKind::Issue | OrderKind::Reissue => "",
        };
        let mut is_as_signed = done == event.kind;
        if let Some((order, bytes, signatures)) = &waiting.papers {
            self.register
                .judged(event.at, |register, at| {
                    authorise(bytes, signatures, register, register.installation(), at)
                })
                .map_err(|refusal| event.finding(about.clone(), refusal.code(), refusal.to_string()))?;
            is_as_signed &= order.serial().is_some_and(|serial| serial.to_string() == certificate.1);
            if let OrderContent::Revoke(revoke) = &order.content {
                is_as_signed &= event.text("reason")? == revoke.reason.name();
                is_as_signed &= revoke.effective.is_none_or(|date| date <= event.at);
            }
        }
        if !is_as_signed {
            let why = "what was done is not what the officers signed: act, certificate, reason or date";
            return Err(event.finding(about, "order-asks-otherwise", why));
        }
        if event.kind == "certificate-suspended" {
            self.suspended.insert(certificate);
        } else {
            self.suspended.remove(&certificate);
        }
        self.verdict.changes += 1;
        Ok(())
    }

    /// The provider's own rule ends what nobody decided about; somebody did begin it.
    fn lapsed(&mut self, event: &Event<'_>) -> Result<(), TrailFinding> {
        let certificate = event.certificate()?;
        if self.suspended.remove(&certificate) {
            return Ok(());
        }
        let about = About::Certificate(certificate.0, certificate.1);
        Err(event.finding(about, "suspension-unknown", "it was not suspended"))
    }

    fn ca_revoked(&mut self, event: &Event<'_>) -> Result<(), TrailFinding> {
        let (ca, reason) = (event.text("ca")?, event.text("reason")?);
        // The log has the CA's name, the officers signed its key: which key had which name, certificates say.
        if !self.register.now.revocation_reasons().any(|decided| decided.name() == reason) {
            let why = "no two security officers decided to revoke a CA for that reason";
            return Err(event.finding(About::Ca(ca.into()), "ca-revocation-undecided", why));
        }
        self.revoked_cas.insert(ca.into());
        Ok(())
    }

    fn revoked_with_ca(&mut self, event: &Event<'_>) -> Result<(), TrailFinding> {
        let (ca, serial) = event.certificate()?;
        self.suspended.remove(&(ca.clone(), serial.clone()));
        if self.revoked_cas.contains(&ca) {
            return Ok(());
        }
        let about = About::Certificate(ca, serial);
        Err(event.finding(about, "ca-revocation-undecided", "its CA was not revoked"))
    }
}

fn profile_of(order: &Order) -> Option<String> {
    match &order.content {
        OrderContent::CertifyUnit(unit) => Some(unit.profile.digest.to_string()),
        OrderContent::Issue(issue) | OrderContent::Reissue(issue) => Some(issue.profile.digest.to_string()),
        OrderContent::Release(_)
        | OrderContent::Revoke(_)
        | OrderContent::Suspend(_)
        | OrderContent::SuspendByCode(_) => None,
    }
}

fn not_waiting(event: &Event<'_>, about: About) -> TrailFinding {
    let why = "no such order waits: none was put before the CA, or it was carried out, refused or taken back";
    event.finding(about, "order-not-waiting", why)
}

impl Event<'_> {
    /// The CA's name and the serial number.
    pub(super) fn certificate(&self) -> Result<(String, String), TrailFinding> {
        Ok((self.text("ca")?.into(), self.text("serial")?.into()))
    }
}
