//! An installation with a register of officers, for tests.

use ndoba_types::{InstallationId, OfficerId, OrderId, Sha256Digest, Span, SubjectPublicKeyInfo, UtcTime};
use ndoba_x509::{KeyIdentifier, RevocationReason};
use p256::ecdsa::signature::Signer as _;
use p256::pkcs8::EncodePublicKey as _;

use crate::{
    AuthorisedOrder, CertifyUnit, FlatJws, Grant, GrantDocument, Header, Issue, JwsAlgorithm, MediaType,
    Order, OrderContent, Pin, PinnedOfficer, ProfileRef, Refusal, Register, Revoke, Role, Roles, SignerRole,
    assemble, authorise, person_commitment, signing_input,
};

pub(crate) const INSTALLATION: InstallationId = InstallationId::from_bytes([9; 16]);

pub(crate) fn now() -> UtcTime {
    "2026-11-23T12:00:00Z".parse().unwrap()
}

/// A person with a key.
pub(crate) struct Person {
    pub(crate) officer: OfficerId,
    pub(crate) person: Sha256Digest,
    pub(crate) spki: SubjectPublicKeyInfo,
    key: p256::ecdsa::SigningKey,
}

impl Person {
    pub(crate) fn new(seed: u8) -> Self {
        Self::with_key(seed, seed)
    }

    pub(crate) fn with_key(seed: u8, key: u8) -> Self {
        let key = p256::ecdsa::SigningKey::from_slice(&[key; 32]).unwrap();
        let der = p256::PublicKey::from(key.verifying_key()).to_public_key_der().unwrap().into_vec();
        Self {
            officer: OfficerId::from_bytes([seed; 16]),
            person: person_commitment(INSTALLATION, b"salt", &format!("PNOGE-{seed:011}")),
            spki: SubjectPublicKeyInfo::assertion(der),
            key,
        }
    }

    pub(crate) fn header(&self, typ: MediaType, role: SignerRole) -> Header {
        let iat = u64::try_from(now().unix_seconds()).unwrap();
        Header { alg: JwsAlgorithm::Es256, typ, role, kid: self.spki.fingerprint(), iat, over: None }
    }

    pub(crate) fn sign_with(&self, header: &Header, payload: &[u8]) -> Vec<u8> {
        let signature: p256::ecdsa::Signature = self.key.sign(&signing_input(header, payload).unwrap());
        assemble(header, &signature.to_bytes()).unwrap()
    }

    pub(crate) fn sign(&self, payload: &[u8], role: SignerRole) -> Vec<u8> {
        self.sign_with(&self.header(MediaType::Order, role), payload)
    }

    pub(crate) fn approve(&self, payload: &[u8], submitted: &[u8]) -> Vec<u8> {
        let over = Some(FlatJws::from_bytes(submitted).unwrap().digest());
        self.sign_with(&Header { over, ..self.header(MediaType::Order, SignerRole::Approver) }, payload)
    }

    pub(crate) fn sign_grant(&self, payload: &[u8]) -> Vec<u8> {
        self.sign_with(&self.header(MediaType::Grant, SignerRole::SecurityOfficer), payload)
    }
}

/// Two pinned security officers, and officers appointed by them.
pub(crate) struct World {
    pub(crate) first: Person,
    pub(crate) second: Person,
    pub(crate) submitter: Person,
    pub(crate) approver: Person,
    pub(crate) both: Person,
    pub(crate) revoker: Person,
    pub(crate) pin: Pin,
    pub(crate) register: Register,
    pub(crate) chain: Vec<(Vec<u8>, Vec<Vec<u8>>)>,
}

/// The next key of a time-stamping unit.
pub(crate) fn unit() -> CertifyUnit {
    let subject = serde_json::json!({
        "type": "authority",
        "country": "GE",
        "organization": "TEST Ndoba Trust Services",
        "organization_identifier": "NTRGE-404123456",
        "common_name": "TEST Ndoba Time-Stamping Unit 1",
    });
    let digest = |text: &str| Sha256Digest::of(text.as_bytes());
    CertifyUnit {
        unit: "tsu".into(),
        profile: ProfileRef { name: "tsu".into(), digest: digest("profile") },
        subject: serde_json::from_value(subject).unwrap(),
        key: "tsu/tsu/2".parse().unwrap(),
        csr: digest("csr"),
        spki: digest("spki"),
        days: 4383,
        from: now().plus(Span::days(30)),
        destroys: digest("key before"),
    }
}

/// An order, signed as the first security officer, and over that as the second.
pub(crate) fn signed_by_two(first: &Person, second: &Person, bytes: &[u8]) -> Vec<Vec<u8>> {
    let signed = first.sign(bytes, SignerRole::SecurityOfficer);
    let over = Some(FlatJws::from_bytes(&signed).unwrap().digest());
    let header = second.header(MediaType::Order, SignerRole::SecondSecurityOfficer);
    let second = second.sign_with(&Header { over, ..header }, bytes);
    vec![signed, second]
}

impl World {
    pub(crate) fn new() -> Self {
        let (first, second) = (Person::new(1), Person::new(2));
        let pinned = |one: &Person| PinnedOfficer {
            officer: one.officer,
            person: Some(one.person),
            spki: one.spki.clone(),
        };
        let pin = Pin {
            installation: INSTALLATION,
            security_officers: vec![pinned(&first), pinned(&second)],
            created: now().minus(Span::days(30)),
        };
        let register = Register::from_pin(&pin).unwrap();
        let mut world = Self {
            first,
            second,
            submitter: Person::new(3),
            approver: Person::new(4),
            both: Person::new(5),
            revoker: Person::new(6),
            pin,
            register,
            chain: Vec::new(),
        };
        for (seed, roles, office) in [
            (3, vec![Role::RegistrationOfficer], "GE/Tbilisi/Vake"),
            (4, vec![Role::Approver], "GE/Tbilisi"),
            (5, vec![Role::RegistrationOfficer, Role::Approver], "GE"),
            (6, vec![Role::RevocationOfficer], "GE"),
        ] {
            let grant = world.grant(&Person::new(seed), &roles, office);
            world.append(&GrantDocument::Grant(grant)).unwrap();
        }
        world
    }

    pub(crate) fn grant(&self, person: &Person, roles: &[Role], office: &str) -> Grant {
        Grant {
            installation: INSTALLATION,
            seq: self.register.next_seq(),
            prev: self.register.head(),
            officer: person.officer,
            person: person.person,
            name_shown: Some("ნინო".into()),
            spki: person.spki.fingerprint(),
            key: person.spki.clone(),
            roles: Roles::new(roles.iter().copied()).unwrap(),
            office: office.parse().unwrap(),
            vetting: None,
            accepted_at: None,
            acceptance: None,
            not_before: now().minus(Span::days(1)),
            not_after: now().plus(Span::days(365)),
            created: now().minus(Span::days(2)),
        }
    }

    /// Signs with both pinned officers and appends.
    pub(crate) fn append(&mut self, document: &GrantDocument) -> Result<(), crate::RegisterRefusal> {
        let bytes = document.to_bytes().unwrap();
        let mut signatures = vec![self.first.sign_grant(&bytes)];
        if let GrantDocument::Grant(_) = document {
            signatures.push(self.second.sign_grant(&bytes));
        }
        self.register.append(&bytes, &signatures)?;
        self.chain.push((bytes, signatures));
        Ok(())
    }

    pub(crate) fn authorise(&self, bytes: &[u8], signatures: &[Vec<u8>]) -> Result<AuthorisedOrder, Refusal> {
        authorise(bytes, signatures, &self.register, INSTALLATION, now())
    }

    /// Both signatures as they should be.
    pub(crate) fn sign(&self, bytes: &[u8]) -> Vec<Vec<u8>> {
        let submitted = self.submitter.sign(bytes, SignerRole::Submitter);
        let approved = self.approver.approve(bytes, &submitted);
        vec![submitted, approved]
    }
}

pub(crate) fn issue_order() -> Order {
    let subject = serde_json::json!({
        "type": "natural-person",
        "country": "GE",
        "given_name": "ნინო",
        "surname": "ბერიძე",
        "serial_number": "PNOGE-01001012345",
        "common_name": "ნინო ბერიძე",
    });
    let digest = |text: &str| Sha256Digest::of(text.as_bytes());
    order(OrderContent::Issue(Issue {
        profile: ProfileRef { name: "natural-sign-qscd".into(), digest: digest("profile") },
        subject: serde_json::from_value(subject).unwrap(),
        csr: digest("csr"),
        spki: digest("spki"),
        evidence: vec![digest("evidence")],
        agreement: Some(digest("agreement")),
        person: Some(person_commitment(INSTALLATION, b"salt", "PNOGE-01001012345")),
        days: 730,
        device: None,
        replaces: None,
    }))
}

pub(crate) fn revoke_order() -> Order {
    order(OrderContent::Revoke(Revoke {
        serial: "4a01".parse().unwrap(),
        reason: RevocationReason::KeyCompromise,
        effective: None,
        evidence: Vec::new(),
    }))
}

pub(crate) fn order(content: OrderContent) -> Order {
    Order {
        installation: INSTALLATION,
        order_id: OrderId::from_bytes([0xaa; 16]),
        ca: KeyIdentifier::from_bytes([0xcc; 20]),
        created: now().minus(Span::minutes(1)),
        expires: now().plus(Span::days(6)),
        content,
    }
}

impl World {
    /// What would become of `document`, signed by both pinned officers; the world stays as it is.
    pub(crate) fn clone_register_with(&self, document: &GrantDocument) -> Result<(), crate::RegisterRefusal> {
        let bytes = document.to_bytes().unwrap();
        let mut signatures = vec![self.first.sign_grant(&bytes)];
        if let GrantDocument::Grant(_) = document {
            signatures.push(self.second.sign_grant(&bytes));
        }
        self.register.clone().append(&bytes, &signatures).map(drop)
    }
}
