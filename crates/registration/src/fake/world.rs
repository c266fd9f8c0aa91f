//! An installation for tests: a pin, officers of every role with their keys, a clock that is set by hand.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};

use ndoba_order::{
    EndGrant, FlatJws, Grant, GrantDocument, Header, JwsAlgorithm, MediaType, Pin, PinnedOfficer, Register,
    Role, Roles, SignerRole, assemble, signing_input,
};
use ndoba_types::{
    CaName, Clock, InstallationId, OfficerId, OrderId, Random, RandomUnavailable, SerialNumber, Sha256Digest,
    Span, SubjectPublicKeyInfo, UtcTime,
};
use ndoba_x509::{IdentifierScheme, KeyIdentifier};
use p256::ecdsa::SigningKey;
use p256::ecdsa::signature::Signer;
use p256::pkcs8::{EncodePrivateKey, EncodePublicKey, LineEnding};

use super::{FakeRegistry, MemorySpool};
use crate::application::{
    AffiliationContent, ApplicationContent, ApplicationId, AuthorityProof, DeviceContent, IdentityDocument,
    IdentityProofing, LegalPersonContent, NaturalPersonContent, Representative, SubjectContent,
};
use crate::identifier::{CountryNumber, LocalNumber};
use crate::ports::{
    AgreementError, AgreementMaker, AgreementOf, CertificateRecord, CertificateStatus, DeskKey, GrantRecord,
    LedgerState, OrderState, RevocationLimits,
};
use crate::profile::{DeviceOffer, ProfileOffer, SubjectKind};
use crate::service::{Acceptance, Officer, Registration, RegistrationSettings, person_of_number};

/// The installation of all worlds.
pub const INSTALLATION: InstallationId = InstallationId::from_bytes([0x11; 16]);

const SALT: &[u8] = b"a salt of a test installation";

/// A clock that is set by hand.
#[derive(Debug)]
pub struct HandClock(AtomicI64);

impl HandClock {
    /// Moves it on.
    pub fn advance(&self, span: Span) {
        self.0.fetch_add(span.as_micros(), Ordering::SeqCst);
    }

    /// Moves it back.
    pub fn set_back(&self, span: Span) {
        self.0.fetch_sub(span.as_micros(), Ordering::SeqCst);
    }
}

impl Clock for HandClock {
    fn now(&self) -> UtcTime {
        UtcTime::from_unix_micros(self.0.load(Ordering::SeqCst)).unwrap_or(UtcTime::NO_END)
    }
}

/// Different octets at every call, the same in every run.
#[derive(Debug, Default)]
pub struct CountingRandom(AtomicU64);

impl Random for CountingRandom {
    fn fill(&self, buffer: &mut [u8]) -> Result<(), RandomUnavailable> {
        for chunk in buffer.chunks_mut(32) {
            let count = self.0.fetch_add(1, Ordering::SeqCst);
            chunk.copy_from_slice(&Sha256Digest::of(&count.to_be_bytes()).as_bytes()[..chunk.len()]);
        }
        Ok(())
    }
}

/// Agreements that are the application's JSON under a heading.
#[derive(Debug)]
pub(crate) struct PlainAgreements;

impl AgreementMaker for PlainAgreements {
    fn terms(&self) -> &'static str {
        "test-1"
    }

    fn in_force_since(&self) -> &'static str {
        "2026-11-22"
    }

    fn render(&self, of: &AgreementOf<'_>) -> Result<Vec<u8>, AgreementError> {
        let content = ApplicationContent { agreement: None, attachments: Vec::new(), ..of.content.clone() };
        let content = serde_json::to_string(&content).expect("content is JSON");
        Ok(format!("{} {}\n{content}", of.application, of.terms).into_bytes())
    }
}

/// An officer with a key in memory.
#[derive(Clone, Debug)]
pub struct TestOfficer {
    /// By which tests call them: the role's name, or `approver-too`, `nobody`.
    pub name: &'static str,
    /// In the register.
    pub id: OfficerId,
    /// 11 digits.
    pub personal_number: String,
    /// What the register grants.
    pub roles: Vec<Role>,
    /// Where.
    pub office: &'static str,
    key: SigningKey,
    spki: SubjectPublicKeyInfo,
}

impl DeskKey for TestOfficer {
    fn public_key(&self) -> &SubjectPublicKeyInfo {
        &self.spki
    }

    fn sign(&self, message: Vec<u8>) -> Result<Vec<u8>, Box<dyn std::error::Error + Send + Sync>> {
        let signature: p256::ecdsa::Signature = self.key.sign(&message);
        Ok(signature.to_bytes().to_vec())
    }
}

impl TestOfficer {
    fn new(number: u8, name: &'static str, roles: &[Role]) -> Self {
        let key = SigningKey::from_slice(&[number; 32]).expect("a small number is a scalar of P-256");
        let (id, personal_number) = (OfficerId::from_bytes([number; 16]), format!("{number:011}"));
        let der = p256::PublicKey::from(key.verifying_key()).to_public_key_der().expect("a key encodes");
        let spki = SubjectPublicKeyInfo::assertion(der.into_vec());
        Self { name, id, personal_number, roles: roles.to_vec(), office: "GE", key, spki }
    }

    /// The same in another office.
    fn of(self, office: &'static str) -> Self {
        Self { office, ..self }
    }

    /// The public key.
    pub fn spki(&self) -> SubjectPublicKeyInfo {
        self.spki.clone()
    }

    /// The private key, PKCS#8 PEM.
    pub fn key_pem(&self) -> String {
        let secret = p256::SecretKey::from(&self.key);
        secret.to_pkcs8_pem(LineEnding::LF).expect("a key encodes").to_string()
    }

    /// Signs as `role`; an approver over `over`, the submitter's signature.
    pub fn sign(
        &self,
        typ: MediaType,
        content: &[u8],
        role: SignerRole,
        over: Option<&str>,
        now: UtcTime,
    ) -> String {
        let over = over.map(|jws| FlatJws::from_bytes(jws.as_bytes()).expect("a JWS of ours").digest());
        let iat = now.unix_seconds().unsigned_abs();
        let header =
            Header { alg: JwsAlgorithm::Es256, typ, role, kid: self.spki().fingerprint(), iat, over };
        let signature: p256::ecdsa::Signature =
            self.key.sign(&signing_input(&header, content).expect("a date"));
        String::from_utf8(assemble(&header, &signature.to_bytes()).expect("a date")).expect("JSON is UTF-8")
    }

    /// As the service sees them, without asking the register.
    pub fn as_officer(&self) -> Officer {
        Officer {
            id: self.id,
            key: self.spki().fingerprint(),
            person: Some(person_of_number(INSTALLATION, SALT, &self.personal_number)),
            roles: self.roles.clone(),
            office: Some(self.office.parse().expect("an office")),
        }
    }
}

/// The installation with its people.
pub struct World {
    /// The database.
    pub registry: Arc<FakeRegistry>,
    /// What its folder of kept orders holds.
    pub spool: Arc<MemorySpool>,
    /// 2026-11-23 noon, until moved.
    pub clock: Arc<HandClock>,
    /// Everyone whom the register knows.
    pub officers: Vec<TestOfficer>,
}

impl World {
    /// Two pinned security officers; one officer for each other role, `approver-too` besides.
    pub fn new() -> Self {
        let start: UtcTime = "2026-11-23T12:00:00Z".parse().expect("a date");
        let world = Self {
            registry: Arc::new(FakeRegistry::default()),
            spool: Arc::new(MemorySpool::default()),
            clock: Arc::new(HandClock(AtomicI64::new(start.unix_micros()))),
            officers: vec![
                TestOfficer::new(1, "security-officer", &[Role::SecurityOfficer]),
                TestOfficer::new(2, "security-officer-too", &[Role::SecurityOfficer]),
                TestOfficer::new(3, "registration-officer", &[Role::RegistrationOfficer]),
                TestOfficer::new(4, "approver", &[Role::Approver]),
                TestOfficer::new(5, "revocation-officer", &[Role::RevocationOfficer]),
                TestOfficer::new(6, "auditor", &[Role::Auditor]),
                TestOfficer::new(7, "operator", &[Role::Operator]),
                TestOfficer::new(8, "administrator", &[Role::Administrator]),
                TestOfficer::new(9, "both", &[Role::RegistrationOfficer, Role::Approver]),
                TestOfficer::new(10, "registration-officer-in-batumi", &[Role::RegistrationOfficer])
                    .of("GE/Batumi"),
                TestOfficer::new(11, "approver-in-batumi", &[Role::Approver]).of("GE/Batumi"),
                TestOfficer::new(12, "desk", &[Role::Desk]),
            ],
        };
        for officer in &world.officers[2..] {
            world.appoint(officer);
        }
        world
    }

    /// Appoints one more, who holds these roles in this office.
    pub fn appoint_too(&mut self, number: u8, name: &'static str, roles: &[Role], office: &'static str) {
        let officer = TestOfficer::new(number, name, roles).of(office);
        self.appoint(&officer);
        self.officers.push(officer);
    }

    /// Ends an officer's appointment.
    pub fn dismiss(&self, name: &str) {
        let mut tables = self.registry.tables();
        let chain = tables.grants.iter().map(|grant| (grant.document.clone(), grant.signatures.clone()));
        let register = Register::replay(&self.pin().into(), chain).expect("our own chain");
        let now = self.clock.now();
        let end = GrantDocument::End(EndGrant {
            installation: INSTALLATION,
            seq: register.next_seq(),
            prev: register.head(),
            officer: self.officer(name).id,
            created: now,
        });
        let document = end.to_bytes().expect("an end");
        let signatures = self.sign_grant(&document)[..1].to_vec();
        tables.grants.push(GrantRecord { seq: register.next_seq(), document, signatures, appended: now });
    }

    /// An officer by name.
    pub fn officer(&self, name: &str) -> &TestOfficer {
        self.officers.iter().find(|officer| officer.name == name).expect("an officer of this world")
    }

    /// One whom the register does not know.
    pub fn stranger() -> TestOfficer {
        TestOfficer::new(99, "nobody", &[])
    }

    /// The pin with the two security officers.
    pub fn pin(&self) -> Pin {
        let security_officers = self.officers[..2]
            .iter()
            .map(|one| PinnedOfficer { officer: one.id, person: None, spki: one.spki() })
            .collect();
        let created = "2026-11-01T00:00:00Z".parse().expect("a date");
        Pin { installation: INSTALLATION, security_officers, created }
    }

    /// Appends a grant, signed by both security officers.
    fn appoint(&self, officer: &TestOfficer) {
        let mut tables = self.registry.tables();
        let chain = tables.grants.iter().map(|grant| (grant.document.clone(), grant.signatures.clone()));
        let register = Register::replay(&self.pin().into(), chain).expect("our own chain");
        let now = self.clock.now();
        let document = GrantDocument::Grant(Grant {
            installation: INSTALLATION,
            seq: register.next_seq(),
            prev: register.head(),
            officer: officer.id,
            person: person_of_number(INSTALLATION, SALT, &officer.personal_number),
            name_shown: None,
            spki: officer.spki().fingerprint(),
            key: officer.spki(),
            roles: Roles::new(officer.roles.clone()).expect("roles that go together"),
            office: officer.office.parse().expect("an office"),
            vetting: None,
            accepted_at: None,
            acceptance: None,
            not_before: now.minus(Span::days(1)),
            not_after: now.plus(Span::days(365)),
            created: now,
        });
        let document = document.to_bytes().expect("a grant");
        let signatures = self.sign_grant(&document);
        tables.grants.push(GrantRecord { seq: register.next_seq(), document, signatures, appended: now });
    }

    /// Both security officers' signatures on a document of the register.
    pub fn sign_grant(&self, document: &[u8]) -> Vec<String> {
        let now = self.clock.now();
        let sign =
            |one: &TestOfficer| one.sign(MediaType::Grant, document, SignerRole::SecurityOfficer, None, now);
        self.officers[..2].iter().map(sign).collect()
    }

    /// The service on this world's database.
    pub fn registration(&self) -> Registration {
        let offer = |name: &str, subject, ca: &str| ProfileOffer {
            name: name.into(),
            digest: Sha256Digest::of(name.as_bytes()),
            subject,
            organisation: name.ends_with("in-organisation"),
            identifiers: match subject {
                SubjectKind::Natural if name.ends_with("by-passport") => vec![IdentifierScheme::Pas],
                SubjectKind::Natural => IdentifierScheme::OF_PERSONS.to_vec(),
                SubjectKind::Legal => IdentifierScheme::OF_ORGANISATIONS.to_vec(),
            },
            device: name.ends_with("qscd"),
            ca: ca.parse().expect("a CA's name"),
            max_days: 1096,
        };
        let settings = RegistrationSettings {
            installation: INSTALLATION,
            pins: self.pin().into(),
            person_salt: SALT.to_vec(),
            profiles: vec![
                offer("sign", SubjectKind::Natural, "signature"),
                offer("seal", SubjectKind::Legal, "seal"),
                offer("sign-in-organisation", SubjectKind::Natural, "signature"),
                offer("sign-qscd", SubjectKind::Natural, "signature"),
                offer("sign-by-passport", SubjectKind::Natural, "signature"),
            ],
            devices: [("card-2", "2026-11-01T00:00:00Z"), ("card-3", "2029-12-31T00:00:00Z")]
                .map(|(model, ends)| DeviceOffer {
                    model: model.parse().expect("a model's name"),
                    ends: ends.parse().expect("a time"),
                })
                .into(),
            authorities: vec![
                ("signature".parse().expect("a CA's name"), KeyIdentifier::from_bytes([1; 20])),
                ("seal".parse().expect("a CA's name"), KeyIdentifier::from_bytes([2; 20])),
            ],
            responder_profiles: vec![ndoba_order::ProfileRef {
                name: "ocsp-responder".into(),
                digest: Sha256Digest::of(b"ocsp-responder"),
            }],
            retention_years: 10,
            proofing_max_age_days: 30,
            proofing_max_uses: 10,
            signed_copy_required: true,
            order_life: Span::days(7),
            suspension_allowed: true,
            revocation: RevocationLimits { aim: Span::minutes(60), limit: Span::hours(24) },
            ca_silence: Span::seconds(10),
            desk: Some(Arc::new(self.officer("desk").clone())),
        };
        let random = Arc::new(CountingRandom::default());
        Registration::new(
            settings,
            self.registry.clone(),
            self.clock.clone(),
            random,
            Arc::new(PlainAgreements),
        )
        .with_spool(self.spool.clone())
    }

    /// Has the subscriber accept the agreement of an application.
    pub fn agree(&self, service: &Registration, officer: &Officer, id: ApplicationId) -> bool {
        self.accept_agreement(service, officer, id)
            && service.attach_copy(officer, id, b"%PDF-1.7 signed on paper".to_vec(), None).is_ok()
    }

    /// The same without the copy of what was signed.
    pub fn accept_agreement(&self, service: &Registration, officer: &Officer, id: ApplicationId) -> bool {
        let Ok(document) = service.agreement(officer, id) else { return false };
        let clerk = service.application(officer, id).is_ok_and(|found| {
            matches!(&found.application.content.subject, SubjectContent::NaturalPerson(person) if person.organisation.is_some())
        });
        let today = self.clock.now().to_string()[..10].to_owned();
        let acceptance = Acceptance {
            sha256: Sha256Digest::of(&document).to_string(),
            accepted: today.clone(),
            subject_accepted: clerk.then_some(today),
        };
        service.agree(officer, id, &acceptance, None).is_ok()
    }

    /// What the CA would do with a queued order for a certificate: the serial number that it gives.
    pub fn play_ca(&self, order: OrderId, der: Vec<u8>) -> SerialNumber {
        let mut tables = self.registry.tables();
        let row = tables.orders.get_mut(&order).expect("an order");
        assert_eq!(row.state, OrderState::Queued, "the CA takes only what is fully signed");
        let serial = SerialNumber::from_unsigned(&row.id.as_bytes()[1..])
            .unwrap_or_else(|_| "7f".parse().expect("a serial"));
        row.state = OrderState::Done { serial: serial.clone() };
        let (ca, application): (CaName, _) = (row.ca.clone(), row.application);
        let now = self.clock.now();
        let opened_by =
            tables.applications.iter().find(|one| Some(one.id) == application).map(|one| one.opened_by);
        tables.certificates.push(CertificateRecord {
            serial: serial.clone(),
            ca,
            profile: "sign".into(),
            profile_digest: Sha256Digest::of(b"sign"),
            lint: "37 rules, clean; second encoder: equal".into(),
            order: Some(order),
            application,
            opened_by,
            ledger: LedgerState::Issued,
            der: Some(der),
            not_before: now,
            not_after: now.plus(Span::days(365)),
            issued: Some(now),
            status: CertificateStatus::Good,
            clocks: Vec::new(),
        });
        serial
    }
}

impl Default for World {
    fn default() -> Self {
        Self::new()
    }
}

/// A request with a fresh key, PEM.
pub fn csr() -> String {
    let key = rcgen::KeyPair::generate().expect("a key");
    let request = rcgen::CertificateParams::default().serialize_request(&key).expect("a request");
    request.pem().expect("PEM")
}

/// An application that keeps every rule, for a person.
pub fn person() -> ApplicationContent {
    ApplicationContent {
        profile: "sign".into(),
        days: 730,
        subject: SubjectContent::NaturalPerson(NaturalPersonContent {
            given_names: "ნინო".into(),
            surname: "ბერიძე".into(),
            latin: None,
            country: None,
            personal_number: Some("01001012345".into()),
            foreign_number: None,
            passport: None,
            identity_card: None,
            tax_number: None,
            email: "nino@example.com".into(),
            organisation: None,
        }),
        identity_document: document(),
        identity_proofing: proofing(),
        csr: csr(),
        device: None,
        agreement: None,
        attachments: Vec::new(),
        publication_consent: Some(false),
    }
}

/// An application that keeps every rule, for a foreigner who is known by a passport.
pub fn foreigner() -> ApplicationContent {
    let mut content = person();
    content.identity_document.kind = "passport".into();
    content.identity_document.number = "FE123456".into();
    if let SubjectContent::NaturalPerson(person) = &mut content.subject {
        (person.given_names, person.surname) = ("Olena".into(), "Kovalenko".into());
        person.personal_number = None;
        person.passport = Some(CountryNumber { country: "UA".into(), number: "FE123456".into() });
    }
    content
}

/// An application that keeps every rule, for a body that no register of organisations has (G-11).
pub fn association() -> ApplicationContent {
    let mut content = municipality();
    if let SubjectContent::LegalPerson(body) = &mut content.subject {
        body.identification_code = None;
        body.local_number = Some(LocalNumber {
            scheme: "AO".into(),
            number: "77".into(),
            registry: "https://registry.example.ge/associations".into(),
        });
    }
    content
}

/// An application that keeps every rule, for a person whose certificate names a municipality too.
pub fn clerk() -> ApplicationContent {
    let mut content = person();
    content.profile = "sign-in-organisation".into();
    if let SubjectContent::NaturalPerson(person) = &mut content.subject {
        person.organisation = Some(AffiliationContent {
            name: "ქალაქ სატესტოს მერია".into(),
            identification_code: "404123456".into(),
            authority: AuthorityProof {
                kind: "order-of-appointment".into(),
                reference: "N 13".into(),
                date: "2025-11-02".into(),
            },
        });
    }
    content
}

/// An application that keeps every rule, for a person whose key is in a qualified device.
pub fn with_device() -> ApplicationContent {
    ApplicationContent {
        profile: "sign-qscd".into(),
        device: Some(DeviceContent {
            model: "card-3".into(),
            kind: "personalisation-record".into(),
            reference: "batch 7, card 000123".into(),
            date: "2026-11-20".into(),
        }),
        ..person()
    }
}

/// An application that keeps every rule, for a municipality.
pub fn municipality() -> ApplicationContent {
    ApplicationContent {
        profile: "seal".into(),
        subject: SubjectContent::LegalPerson(LegalPersonContent {
            name: "ქალაქ სატესტოს მერია".into(),
            common_name: None,
            latin_name: None,
            identification_code: Some("404123456".into()),
            vat_number: None,
            local_number: None,
            email: "office@example.com".into(),
            contact_address: "სატესტო, თავისუფლების მოედანი 1".into(),
            representative: Representative {
                name: "გიორგი მაისურაძე".into(),
                personal_number: Some("01001054321".into()),
                foreign_number: None,
                passport: None,
                identity_card: None,
                tax_number: None,
                position: "მერი".into(),
            },
            authority: AuthorityProof {
                kind: "order-of-appointment".into(),
                reference: "N 12".into(),
                date: "2025-11-01".into(),
            },
        }),
        ..person()
    }
}

fn document() -> IdentityDocument {
    IdentityDocument {
        kind: "identity-card".into(),
        number: "11AB12345".into(),
        issued_by: "PSDA".into(),
        validation: Some("visual-inspection".into()),
        copies_at: Some("archive, shelf 7".into()),
        issued: Some("2024-01-31".into()),
        expires: Some("2034-01-31".into()),
    }
}

fn proofing() -> IdentityProofing {
    IdentityProofing {
        method: "physical-presence".into(),
        date: "2026-11-20".into(),
        seen_by: "03".repeat(16),
    }
}
