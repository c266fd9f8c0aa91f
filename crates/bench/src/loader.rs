//! Fills a database with certificates, through the ledger's own port or by copies of what that wrote: every row, index
//! and audit event is as the product makes it. The DER is whole and planned by the real profile; its signature is a key's of the loader, for
//! the CA's token would take hours, and all certificates share one subject key.

mod copies;
mod rows;

use anyhow::Context as _;
use ndoba_audit::{Actor, Cause, Event, EventKind};
use ndoba_ca::ports::{
    Attempt, CertificateId, CertificateKind, Intent, IntentOutcome, Issued, Ledger as _, Warrant,
};
use ndoba_clock::{OsRandom, SystemClock};
use ndoba_store::Store;
use ndoba_types::{CaName, Clock as _, KeyLabel, SerialNumber, Sha256Digest, Signature, SignatureAlgorithm};
use ndoba_x509::{
    Certificate, CertificatePlan, HttpUrl, HttpsUrl, IssueRequest, IssuerFacts, PemLabel, Profile,
    PublicUrls, Subject, SubjectKey, VerifiedCsr, assemble, from_pem,
};
use rcgen::{CertificateParams, KeyPair, PKCS_ECDSA_P256_SHA256, PKCS_ECDSA_P384_SHA384, SigningKey as _};

use crate::installation::{Installation, loaded_ca};

/// From here on only the status table grows ([`rows`]).
const WHOLE: u64 = 100_000;
/// Certificates per transaction.
const BATCH: u64 = 500;

pub(crate) struct Loader {
    store: Store,
    ca: CaName,
    label: KeyLabel,
    facts: IssuerFacts,
    documents: HttpsUrl,
    profile: Profile,
    csr: VerifiedCsr,
    key: KeyPair,
    loaded: u64,
}

/// The CA's certificate, as configured.
pub(crate) fn ca_certificate(installation: &Installation) -> anyhow::Result<Certificate> {
    let settings = installation.settings()?;
    let ca =
        settings.cas.iter().find(|ca| ca.name.as_str() == loaded_ca()).context("the CA is not configured")?;
    let pem = std::fs::read(&ca.certificate)?;
    Ok(Certificate::from_der(&from_pem(PemLabel::Certificate, &pem)?)?)
}

/// The serial number of the certificate that is loaded as the one of this number: spread over the index as random
/// ones are.
pub(crate) fn serial(number: u64) -> anyhow::Result<SerialNumber> {
    let digest = Sha256Digest::of(&number.to_be_bytes());
    let mut bytes = [0x41; 16];
    bytes[1..].copy_from_slice(&digest.as_bytes()[..15]);
    Ok(SerialNumber::from_unsigned(&bytes)?)
}

impl Loader {
    pub(crate) fn new(installation: &Installation) -> anyhow::Result<Self> {
        let settings = installation.settings()?;
        let configured = settings.cas.iter().find(|ca| ca.name.as_str() == loaded_ca());
        let configured = configured.context("the CA is not configured")?;
        let key = configured.key.as_ref().context("the CA has no key")?;
        let base: HttpUrl = settings.urls.public.to_string().parse()?;
        let documents: HttpsUrl = settings.urls.documents.to_string().parse()?;
        let urls = PublicUrls { base, documents: documents.clone() }.of_issuer(loaded_ca())?;
        let facts = IssuerFacts::from_certificate(&ca_certificate(installation)?, key.algorithm, urls)?;
        let profile = Profile::preset("person-signature");
        // Of the kind that the certificates' algorithm says.
        let own = KeyPair::generate_for(if key.algorithm == SignatureAlgorithm::EcdsaP256Sha256 {
            &PKCS_ECDSA_P256_SHA256
        } else {
            &PKCS_ECDSA_P384_SHA384
        })?;
        let csr = CertificateParams::default().serialize_request(&own)?;
        Ok(Self {
            store: installation.store()?,
            ca: configured.name.clone(),
            label: key.label.clone(),
            facts,
            documents,
            profile: profile.context("there is no profile for persons")?,
            csr: VerifiedCsr::parse(csr.der())?,
            key: own,
            loaded: 0,
        })
    }

    /// Makes it `count` certificates in all.
    pub(crate) fn load_up_to(&mut self, count: u64) -> anyhow::Result<()> {
        while self.loaded < count {
            let end = count.min(self.loaded + BATCH);
            let mut intents = Vec::new();
            for number in self.loaded..end {
                intents.push(self.intent(number)?);
            }
            let issued =
                intents.iter().map(|intent| self.issued(intent)).collect::<anyhow::Result<Vec<_>>>()?;
            let outcomes = self.store.record_intents(intents)?;
            anyhow::ensure!(
                outcomes.iter().all(|one| *one == IntentOutcome::Recorded),
                "an intent was refused"
            );
            anyhow::ensure!(
                self.store.record_issued(issued)?.iter().all(|done| *done),
                "a row was not in signing"
            );
            self.loaded = end;
        }
        Ok(())
    }

    /// Makes it `count` certificates in all, as fast as can be: [`copies`].
    pub(crate) fn load_many_up_to(&mut self, installation: &Installation, count: u64) -> anyhow::Result<()> {
        if installation.postgres().is_some() {
            return self.load_up_to(count);
        }
        // One to copy.
        self.load_up_to(count.min(1))?;
        if self.loaded < count {
            copies::add(self, installation, count)?;
            self.loaded = count;
        }
        Ok(())
    }

    /// Makes what the responder reads of them `count` certificates in all; the first hundred thousand are whole.
    pub(crate) fn load_status_up_to(
        &mut self,
        installation: &Installation,
        count: u64,
    ) -> anyhow::Result<()> {
        self.load_up_to(count.min(WHOLE))?;
        if self.loaded < count {
            rows::add(installation, self.loaded, count)?;
            self.loaded = count;
        }
        Ok(())
    }

    fn intent(&self, number: u64) -> anyhow::Result<Intent> {
        let now = SystemClock.now();
        let serial = serial(number)?;
        // Eleven digits, as personal numbers have; far from those of the officers.
        let personal_number = format!("PNOGE-{:011}", 20_000_000_000 + number);
        let subject: Subject = serde_json::from_value(serde_json::json!({
            "type": "natural-person", "country": "GE", "given_name": "ნინო", "surname": "ბერიძე",
            "serial_number": personal_number, "common_name": "ნინო ბერიძე",
        }))?;
        let plan = CertificatePlan::new(&IssueRequest {
            profile: &self.profile,
            subject: &subject,
            key: SubjectKey::Requested(&self.csr),
            issuer: &self.facts,
            documents: &self.documents,
            device_evidence: None,
            serial: &serial,
            now,
            days: 365,
        })?;
        let tbs = plan.to_tbs();
        let attempt = Attempt {
            key: self.label.clone(),
            node: "loader".into(),
            epoch: "loader".into(),
            number: number + 1,
            at: now,
            digest: self.facts.algorithm.digest(&tbs),
            // No token signs for the loader.
            signatures: 0,
        };
        let event = self.event(EventKind::IssuanceIntended {
            ca: self.ca.clone(),
            serial: serial.clone(),
            cause: Cause::Ceremony(warrant()),
            profile: self.profile.digest(),
            tbs: Sha256Digest::of(&tbs),
            key: self.label.clone(),
            node: "loader".into(),
            epoch: "loader".into(),
            attempt: attempt.number,
        })?;
        Ok(Intent {
            certificate: CertificateId { ca: self.ca.clone(), serial },
            warrant: Warrant::Ceremony(warrant()),
            kind: CertificateKind::Signature,
            tbs,
            profile: (self.profile.name().into(), self.profile.digest()),
            lint: "loaded".into(),
            subject_name: plan.subject().as_der().to_vec(),
            name_owner: Sha256Digest::of(personal_number.as_bytes()),
            // Of the number: the index over keys has the entries that it would have.
            spki: Sha256Digest::of(&number.to_le_bytes()),
            not_before: plan.validity().not_before,
            not_after: plan.validity().not_after,
            shard: None,
            attempt,
            event,
        })
    }

    fn issued(&self, intent: &Intent) -> anyhow::Result<Issued> {
        let signature = Signature::from_bytes(self.key.sign(&intent.tbs)?);
        let der = assemble(&intent.tbs, self.facts.algorithm, &signature);
        let event = self.event(EventKind::CertificateIssued {
            ca: self.ca.clone(),
            serial: intent.certificate.serial.clone(),
            cause: Cause::Ceremony(warrant()),
            certificate: Sha256Digest::of(&der),
        })?;
        Ok(Issued {
            certificate: intent.certificate.clone(),
            attempt: intent.attempt.clone(),
            signatures: 0,
            der,
            at: SystemClock.now(),
            event,
        })
    }

    fn event(&self, what: EventKind) -> anyhow::Result<Event> {
        Ok(Event::new(&OsRandom, SystemClock.now(), Actor::Role("ca".into()), what)?)
    }
}

fn warrant() -> Sha256Digest {
    Sha256Digest::of(b"rows for a benchmark")
}
