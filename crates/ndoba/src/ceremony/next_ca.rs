//! `ndoba ceremony next-ca`: the next key and certificate of a CA, under the same name (EN 319 411-1 GEN-6.5.1-08, -09;
//! P-33; ADR 0017).
//!
//! Afterwards the ledger knows another CA: the same subject, a key, a list and addresses of its own. It issues from when
//! two security officers decide. Each step is taken once, so the command goes on where it was interrupted.

mod plan;
mod section;

use std::path::Path;
use std::sync::Arc;
use std::thread::sleep;
use std::time::Duration;

use anyhow::Context as _;
use ndoba_audit::{Actor, Event, EventKind, EventSink as _, Word};
use ndoba_ca::ports::Ledger as _;
use ndoba_ca::{Appointed, CeremonyDesk, Epoch, IssuingCa, NoFailpoints, Node};
use ndoba_ceremony::{Attendance, Mode, Phase, Report, SessionEntry, StepRecord};
use ndoba_order::{Act, Attended};
use ndoba_settings::{KeyRef, Settings};
use ndoba_store::Store;
use ndoba_types::{CaName, CrlName, Sha256Digest, SubjectPublicKeyInfo};
use ndoba_x509::{Certificate, PemLabel, Profile, to_pem};

use plan::{Files, NextCa};

use super::certificates::certificate_entry;
use super::keys::{described, hsm_entry, key_entry};
use crate::cli::NextCaArgs;
use crate::command::terminate::{TOKEN_PATIENCE, register};
use crate::files;
use crate::installation::{self, World};
use crate::places;
use crate::presence::{Opening, There, open_ca, proved};
use crate::succession::{key_like, public_half};
use crate::tokens::Tokens;

/// Makes what is missing.
pub(crate) fn run(args: &NextCaArgs) -> anyhow::Result<()> {
    let settings = installation::load(&args.config.config)?;
    let (store, world) = (installation::open_store(&settings)?, World::of(&settings)?);
    // A database that went back may know another CA under the name.
    let register = register(&settings, &store)?;
    let next = NextCa::plan(args, &settings)?;
    let files = Files::of(&settings, &next.present, &args.next);
    anyhow::ensure!(
        !files.report.exists(),
        "{} was made already: {} tells how",
        args.next,
        files.report.display()
    );

    let tokens = [&next.issuer_key.token, &next.key.token, &next.ocsp.key.token];
    let tokens = Tokens::start(&settings, |token| tokens.iter().any(|one| *one == token))?;
    tokens.wait_ready(TOKEN_PATIENCE)?;
    let mode = match settings.mode {
        ndoba_settings::Mode::Development => Mode::Development,
        ndoba_settings::Mode::Production => Mode::Production,
    };
    let opening = Opening {
        settings: &settings,
        register: &register,
        world: &world,
        tokens: &tokens,
        act: Act::NextCa,
        decided: next.digest(),
    };
    let There { attended, names } = opening.by(&args.present, &next.told())?;
    let attendance = Attendance {
        mode,
        place: args.place.clone(),
        security_officers: names,
        witnesses: args.witnesses.clone(),
    };
    let software = concat!("ndoba ", env!("CARGO_PKG_VERSION"));
    let mut report =
        Report::attended(&attendance, next.digest(), &settings.installation.to_string(), software);
    report.session = Some(SessionEntry::from(&attended));
    // A node of its own: a running `ca` role takes open attempts of its own node's other processes for lost.
    let name = format!("next-ca-{}", settings.node);
    let node =
        Node::begin(&name, Epoch::draw(&*world.random)?, Arc::clone(&world.clock), Arc::clone(&world.random));
    let section = section::text(&files::read_text(&args.config.config)?, &next.present.name, &args.next)?;
    let node = Arc::new(node);
    let mut ceremony = Ceremony { settings, store, world, tokens, node, next, attended, files, report };
    ceremony.walk()?;
    ceremony.finish(&section)
}

/// The ceremony under way.
struct Ceremony {
    settings: Settings,
    store: Store,
    world: World,
    tokens: Tokens,
    node: Arc<Node>,
    next: NextCa,
    attended: Attended,
    files: Files,
    report: Report,
}

impl Ceremony {
    fn walk(&mut self) -> anyhow::Result<()> {
        self.log(EventKind::CeremonyStarted { plan: self.next.digest() })?;
        self.log(proved(&self.attended))?;
        let (key, responder) = (self.next.key.clone(), self.next.ocsp.key.clone());
        let present = self.next.present.clone();
        let (present_key, present_ocsp) = present.key.zip(present.ocsp).context("planned without keys")?;
        // Its issuer's key first: where that must not be used, no other is made.
        let issuer = self.ca_of(&self.settings, &self.next.issuer)?;
        let ca_key = self.make_key(&present_key, &key)?;
        let responder_key = self.make_key(&present_ocsp.key, &responder)?;
        if let Some(enrolment) = self.next.ocsp.enrolment.clone() {
            let spki = self.make_key(&present_ocsp.enrolment.unwrap_or(present_ocsp.key), &enrolment)?;
            // Security officers who authorise it need its public half.
            files::write(&self.files.enrolment, to_pem(PemLabel::PublicKey, spki.as_der()).as_bytes())?;
        }

        let name = installation::provider_name(&self.next.certificate)?;
        let profile = self.profile("issuing-ca")?;
        let appointed = Appointed { profile: &profile, name, key: &ca_key, days: self.next.days };
        // By its beginning the next one is told from the one before.
        while self.world.clock.now().floor_to_second() <= self.next.certificate.not_before() {
            sleep(Duration::from_millis(100));
        }
        let file = self.files.certificate.clone();
        let certificate = self.certify(&file, &issuer, &appointed)?;

        let ca = self.next_ca()?;
        self.desk()?.register(&ca, certificate.as_der())?;
        installation::published(&self.settings)?.put_issuer(&ca.name, certificate.as_der())?;
        let present_responder = installation::certificate(&present_ocsp.certificate)?;
        let name = installation::provider_name(&present_responder)?;
        let profile = self.profile("ocsp-responder")?;
        let days = profile.default_days();
        let appointed = Appointed { profile: &profile, name, key: &responder_key, days };
        let file = self.files.responder.clone();
        self.certify(&file, &ca, &appointed)?;

        let number = match self.store.crl_state(&CrlName::whole(&ca.name))?.last {
            Some(last) => last.number,
            None => self.desk()?.publish_crl(&ca)?,
        };
        self.step(
            Phase::Publication,
            format!("Publish the first CRL of {}", ca.name),
            format!("CRL number {number}"),
        )
    }

    /// The key that is to be, of the kind of the one that is.
    fn make_key(&mut self, present: &KeyRef, key: &KeyRef) -> anyhow::Result<SubjectPublicKeyInfo> {
        let token = self.tokens.get(&key.token)?;
        let info = token.info().context("the token says nothing of itself")?;
        let made = key_like(token, present, &key.label, &self.world, &self.store, "ceremony-next-ca")?;
        let spki = public_half(&made)?;
        let actor = Actor::Ceremony(self.next.digest());
        places::made(&self.store, &self.world, actor, (&key.label, &spki), token)?;
        if !self.report.hsms.iter().any(|entry| entry.token == key.token) {
            self.report.hsms.push(hsm_entry(&key.token, info));
        }
        let kind = described(made.spec.context("the key is of no kind that is made here")?);
        self.report.keys.push(key_entry(&key.token, kind, &made, &spki));
        let evidence = format!("sha256 {}", spki.fingerprint());
        self.step(Phase::KeyGeneration, format!("Generate {} in {}", key.label, key.token), evidence)?;
        Ok(spki)
    }

    /// The certificate in that file, which is made if it is not there.
    fn certify(
        &mut self,
        file: &Path,
        issuer: &IssuingCa,
        appointed: &Appointed<'_>,
    ) -> anyhow::Result<Certificate> {
        let certificate = if file.exists() {
            installation::certificate(file)?
        } else {
            let der = self.desk()?.certify(issuer, appointed)?;
            files::write(file, to_pem(PemLabel::Certificate, &der).as_bytes())?;
            Certificate::from_der(&der)?
        };
        anyhow::ensure!(
            certificate.spki() == appointed.key && certificate.verify_signed_by(&issuer.facts.spki).is_ok(),
            "{} is another ceremony's; put it aside",
            file.display()
        );
        let entry = certificate_entry(&certificate, issuer.name.as_str());
        let evidence = format!("serial {}, sha256 {}", entry.serial, entry.sha256);
        let description = format!("{} certifies {}", issuer.name, entry.subject);
        self.report.certificates.push(entry);
        self.step(Phase::Certification, description, evidence)?;
        Ok(certificate)
    }

    fn step(&mut self, phase: Phase, description: String, evidence: String) -> anyhow::Result<()> {
        let number = self.report.steps.len() + 1;
        let step: Word = format!("step-{number}").parse().unwrap_or_else(|_| "step".into());
        let result = Some(Sha256Digest::of(evidence.as_bytes()));
        self.log(EventKind::CeremonyStepDone { plan: self.next.digest(), step, result })?;
        println!("[{number}] {description}");
        let at = self.world.clock.now().to_string();
        self.report.steps.push(StepRecord { number, phase, description, at, evidence });
        Ok(())
    }

    fn finish(mut self, section: &str) -> anyhow::Result<()> {
        self.report.date = self.world.clock.now().to_string();
        let json = self.report.to_json();
        let (plan, report) = (self.next.digest(), Sha256Digest::of(&json));
        self.log(EventKind::CeremonyFinished { plan, report })?;
        files::write(&self.files.section, section.as_bytes())?;
        files::write(&self.files.report_text, self.report.to_text().as_bytes())?;
        // Last: its presence says that the ceremony was held to its end.
        files::write(&self.files.report, &json)?;
        println!("The report is in {}", self.files.report_text.display());
        println!("Append {} to the configuration and restart", self.files.section.display());
        Ok(())
    }

    /// The next CA as one that is configured.
    fn next_ca(&self) -> anyhow::Result<IssuingCa> {
        let mut settings = self.settings.clone();
        let mut next = self.next.present.clone();
        next.name = self.next.name.clone();
        next.key = Some(self.next.key.clone());
        next.certificate.clone_from(&self.files.certificate);
        settings.cas.push(next);
        self.ca_of(&settings, &self.next.name)
    }

    fn ca_of(&self, settings: &Settings, name: &CaName) -> anyhow::Result<IssuingCa> {
        open_ca(&self.attended, settings, &self.store, &self.tokens, name)
    }

    fn profile(&self, name: &str) -> anyhow::Result<Profile> {
        let found = installation::profiles(&self.settings)?.into_iter().find(|one| one.name() == name);
        found.with_context(|| format!("there is no profile {name}"))
    }

    fn desk(&self) -> anyhow::Result<CeremonyDesk> {
        Ok(CeremonyDesk {
            node: Arc::clone(&self.node),
            ledger: Arc::new(self.store.clone()),
            sink: Arc::new(installation::published(&self.settings)?),
            failpoints: Arc::new(NoFailpoints),
            urls: installation::public_urls(&self.settings)?,
            plan: self.next.digest(),
        })
    }

    fn log(&self, what: EventKind) -> anyhow::Result<()> {
        let actor = Actor::Ceremony(self.next.digest());
        let event = Event::new(&*self.world.random, self.world.clock.now(), actor, what)?;
        Ok(self.store.record(&[event])?)
    }
}
