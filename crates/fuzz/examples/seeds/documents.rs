//! What officers sign and enter.

use std::fs;
use std::sync::Arc;

use ndoba_order::{
    AuthoriseResponder, CertifyUnit, EndGrant, EndResponder, FlatJws, Grant, GrantDocument, Header, Issue,
    JwsAlgorithm, MediaType, NewlyPinned, Order, OrderContent, Pin, PinnedOfficer, Pins, ProfileRef, Release,
    ReplacePin, ResponderRequest, Revoke, RevokeCa, Role, Roles, SignerRole, SucceedCa, Suspend, TerminateCa,
    assemble, signing_input,
};
use ndoba_registration::sealed::{DataKeys, Place, RawDataKey, Seal as _};
use ndoba_types::{
    InstallationId, OfficerId, OrderId, Random, RandomUnavailable, Sha256Digest, Span, SubjectPublicKeyInfo,
    UtcTime,
};
use ndoba_x509::{KeyIdentifier, RevocationReason};
use p256::ecdsa::signature::Signer as _;
use p256::ecdsa::{Signature, SigningKey};
use p256::pkcs8::EncodePublicKey as _;

use super::{Outcome, Seeds};

const INSTALLATION: InstallationId = InstallationId::from_bytes([9; 16]);

/// Nonces of the seeds of sealed values.
struct Sevens;

impl Random for Sevens {
    fn fill(&self, octets: &mut [u8]) -> Result<(), RandomUnavailable> {
        octets.fill(7);
        Ok(())
    }
}

fn sealed(seeds: &Seeds) -> Outcome {
    let raw = RawDataKey::from_unwrapped(&[7; 32]).ok_or("a data key has 32 octets")?;
    let keys = DataKeys::new(INSTALLATION, &[(1, raw)], Arc::new(Sevens)).ok_or("no data key")?;
    let place = Place { table: "evidence", row: &[1], column: "content" };
    seeds.add("sealed", "nothing", &keys.seal(place, b"")?)?;
    seeds.add("sealed", "evidence", &keys.seal(place, br#"{"content":{},"kind":"device","salt":"00"}"#)?)
}

pub(super) fn make(seeds: &Seeds) -> Outcome {
    sealed(seeds)?;
    let now: UtcTime = "2026-11-24T12:00:00Z".parse()?;
    let (one, two) = (key(1)?, key(2)?);
    let pinned = |seed, key: &SigningKey| -> Outcome<PinnedOfficer> {
        Ok(PinnedOfficer { officer: OfficerId::from_bytes([seed; 16]), person: None, spki: spki(key)? })
    };
    let security_officers = vec![pinned(1, &one)?, pinned(2, &two)?];
    let pin = Pin { installation: INSTALLATION, security_officers, created: now.minus(Span::days(30)) };
    seeds.add("pin", "two-officers", &pin.to_bytes()?)?;

    for (name, content) in contents()? {
        let order = Order {
            installation: INSTALLATION,
            order_id: OrderId::from_bytes([0xaa; 16]),
            ca: KeyIdentifier::from_bytes([0xcc; 20]),
            created: now.minus(Span::minutes(1)),
            expires: now.plus(Span::days(6)),
            content,
        };
        let bytes = order.to_bytes()?;
        seeds.add("order", name, &bytes)?;
        let header = |role, key: &SigningKey, over| -> Outcome<Header> {
            let kid = spki(key)?.fingerprint();
            let iat = u64::try_from(now.unix_seconds())?;
            Ok(Header { alg: JwsAlgorithm::Es256, typ: MediaType::Order, role, kid, iat, over })
        };
        let submitted = sign(&one, &header(SignerRole::Submitter, &one, None)?, &bytes)?;
        seeds.add("jws", &format!("{name}-submitted"), &submitted)?;
        let over = Some(FlatJws::from_bytes(&submitted)?.digest());
        let approved = sign(&two, &header(SignerRole::Approver, &two, over)?, &bytes)?;
        seeds.add("jws", &format!("{name}-approved"), &approved)?;
    }
    grants(seeds, &pin, now)?;
    applications(seeds)
}

fn contents() -> Outcome<Vec<(&'static str, OrderContent)>> {
    let digest = |text: &str| Sha256Digest::of(text.as_bytes());
    let issue = Issue {
        profile: ProfileRef { name: "person-signature".into(), digest: digest("profile") },
        subject: serde_json::from_value(serde_json::json!({
            "type": "natural-person", "country": "GE", "given_name": "ნინო", "surname": "ბერიძე",
            "serial_number": "PNOGE-01001012345", "common_name": "ნინო ბერიძე",
        }))?,
        csr: digest("csr"),
        spki: digest("spki"),
        evidence: vec![digest("evidence")],
        agreement: Some(digest("agreement")),
        person: Some(digest("person")),
        days: 730,
        device: None,
        replaces: None,
    };
    let reissue = Issue { replaces: Some("4a01".parse()?), ..issue.clone() };
    let serial: ndoba_types::SerialNumber = "4a01".parse()?;
    let unit = CertifyUnit {
        unit: "tsu".into(),
        profile: ProfileRef { name: "tsu".into(), digest: digest("profile") },
        subject: serde_json::from_value(serde_json::json!({
            "type": "authority", "country": "GE", "organization": "TEST Ndoba Trust Services",
            "organization_identifier": "NTRGE-404123456", "common_name": "TEST Ndoba Time-Stamping Unit 1",
        }))?,
        key: "tsu/tsu/2".parse()?,
        csr: digest("csr"),
        spki: digest("spki"),
        days: 4383,
        from: "2026-12-24T12:00:00Z".parse()?,
        destroys: digest("key before"),
    };
    Ok(vec![
        ("certify-unit", OrderContent::CertifyUnit(Box::new(unit))),
        ("issue", OrderContent::Issue(issue)),
        ("reissue", OrderContent::Reissue(reissue)),
        ("release", OrderContent::Release(Release { serial: serial.clone(), evidence: Vec::new() })),
        (
            "revoke",
            OrderContent::Revoke(Revoke {
                serial: serial.clone(),
                reason: RevocationReason::KeyCompromise,
                effective: None,
                evidence: vec![digest("letter")],
            }),
        ),
        ("suspend", OrderContent::Suspend(Suspend { serial, evidence: Vec::new() })),
    ])
}

fn grants(seeds: &Seeds, pin: &Pin, now: UtcTime) -> Outcome {
    let key = spki(&key(3)?)?;
    let grant = Grant {
        installation: INSTALLATION,
        seq: 1,
        prev: pin.digest()?,
        officer: OfficerId::from_bytes([3; 16]),
        person: Sha256Digest::of(b"person"),
        name_shown: Some("ნინო".into()),
        spki: key.fingerprint(),
        key: key.clone(),
        roles: Roles::new([Role::RegistrationOfficer, Role::Approver])?,
        office: "GE/Tbilisi/Vake".parse()?,
        vetting: None,
        accepted_at: None,
        acceptance: None,
        not_before: now.minus(Span::days(1)),
        not_after: now.plus(Span::days(365)),
        created: now.minus(Span::days(2)),
    };
    let newly = |seed, key: SubjectPublicKeyInfo| NewlyPinned {
        officer: OfficerId::from_bytes([seed; 16]),
        person: None,
        name_shown: "ნინო".into(),
        spki: key.fingerprint(),
        key,
    };
    let replace = ReplacePin {
        installation: INSTALLATION,
        seq: 1,
        prev: pin.digest()?,
        pin: pin.digest()?,
        security_officers: vec![newly(4, spki(&self::key(4)?)?), newly(5, spki(&self::key(5)?)?)],
        reason: "both cards were lost".into(),
        created: now,
    };
    seeds.add("pin", "replaced", &Pins::from(pin.clone()).with(replace.clone())?.to_bytes()?)?;
    seeds.add("grant", "replace-pin", &GrantDocument::ReplacePin(replace).to_bytes()?)?;
    let accepted = Grant {
        vetting: Some("HR file 12".into()),
        accepted_at: Some(now.minus(Span::days(3))),
        acceptance: Some("{}".into()),
        ..grant.clone()
    };
    seeds.add("grant", "accepted", &GrantDocument::Grant(accepted).to_bytes()?)?;
    let document = GrantDocument::Grant(grant).to_bytes()?;
    seeds.add("grant", "grant", &document)?;
    let end = EndGrant {
        installation: INSTALLATION,
        seq: 2,
        prev: Sha256Digest::of(&document),
        officer: OfficerId::from_bytes([3; 16]),
        created: now,
    };
    seeds.add("grant", "end", &GrantDocument::End(end).to_bytes()?)?;
    let ca = KeyIdentifier::from_bytes([0xca; 20]);
    let (seq, prev) = (3, Sha256Digest::of(&document));
    let name = serde_json::json!({
        "type": "authority", "country": "GE", "organization": "Ndoba",
        "organization_identifier": "NTRGE-404123456", "common_name": "Ndoba OCSP",
    });
    let authorise = AuthoriseResponder {
        installation: INSTALLATION,
        seq,
        prev,
        authorisation: OrderId::from_bytes([1; 16]),
        ca,
        enrolment: key,
        profile: ProfileRef { name: "ocsp-responder".into(), digest: Sha256Digest::of(b"profile") },
        subject: serde_json::from_value(name)?,
        days: 14,
        count: 60,
        not_before: now,
        not_after: now.plus(Span::days(365)),
        created: now,
    };
    let end_responder = EndResponder {
        installation: INSTALLATION,
        seq,
        prev,
        authorisation: OrderId::from_bytes([1; 16]),
        created: now,
    };
    let reason = RevocationReason::CaCompromise;
    let revoke = RevokeCa { installation: INSTALLATION, seq, prev, ca, reason, created: now };
    let next = KeyIdentifier::from_bytes([2; 20]);
    let succeed = SucceedCa { installation: INSTALLATION, seq, prev, ca, next, from: now, created: now };
    let terminate = TerminateCa { installation: INSTALLATION, seq, prev, ca, created: now };
    for (name, document) in [
        ("authorise-responder", GrantDocument::AuthoriseResponder(Box::new(authorise))),
        ("end-responder", GrantDocument::EndResponder(end_responder)),
        ("revoke-ca", GrantDocument::RevokeCa(revoke)),
        ("succeed-ca", GrantDocument::SucceedCa(succeed)),
        ("terminate-ca", GrantDocument::TerminateCa(terminate)),
    ] {
        seeds.add("grant", name, &document.to_bytes()?)?;
    }
    let request = ResponderRequest {
        installation: INSTALLATION,
        ca,
        csr: Sha256Digest::of(b"csr"),
        spki: Sha256Digest::of(b"spki"),
        created: now,
    };
    seeds.add("responder_request", "request", &request.to_bytes()?)?;
    seeds.add("responder_request", "grant", &document)
}

fn applications(seeds: &Seeds) -> Outcome {
    seeds.openssl(
        "req -new -nodes -newkey ec -pkeyopt ec_paramgen_curve:P-256 -keyout k.pem -subj /CN=x -out r.pem",
    )?;
    let csr = fs::read_to_string(seeds.work.join("r.pem"))?;
    let identity = |number: &str| {
        serde_json::json!({"type": "identity-card", "number": number,
            "issued_by": "Public Service Development Agency", "validation": "visual-inspection",
            "copies_at": "Archive, shelf 7"})
    };
    let proofing = serde_json::json!({"method": "physical-presence", "date": "2026-11-24", "seen_by": "Registration officer"});
    let person = serde_json::json!({
        "profile": "person-signature", "days": 730, "csr": csr,
        "subject": {"type": "natural-person", "given_names": "ნინო", "surname": "ბერიძე",
            "personal_number": "01001012345", "email": "nino.beridze@example.ge"},
        "identity_document": identity("12IA34567"), "identity_proofing": proofing, "publication_consent": false,
    });
    let seal = serde_json::json!({
        "profile": "organisation-seal", "days": 730, "csr": csr,
        "subject": {"type": "legal-person", "name": "თელავის მუნიციპალიტეტი", "identification_code": "404123456",
            "email": "office@telavi.example.ge", "contact_address": "Telavi, Erekle II street 16",
            "representative": {"name": "გიორგი მაისურაძე", "personal_number": "01001054321", "position": "Mayor"},
            "authority": {"type": "order-of-appointment", "reference": "Council decision 12-34", "date": "2026-01-15"}},
        "identity_document": identity("12IA76543"), "identity_proofing": proofing, "publication_consent": true,
    });
    let mut foreigner = person.clone();
    foreigner["subject"] = serde_json::json!({"type": "natural-person", "given_names": "Olena", "surname": "Kovalenko",
        "passport": {"country": "UA", "number": "FE123456"}, "country": "UA", "email": "olena@example.com"});
    seeds.add("application", "foreigner", &serde_json::to_vec(&foreigner)?)?;
    seeds.add("application", "person", &serde_json::to_vec(&person)?)?;
    seeds.add("application", "municipality", &serde_json::to_vec(&seal)?)
}

fn key(seed: u8) -> Outcome<SigningKey> {
    Ok(SigningKey::from_slice(&[seed; 32])?)
}

fn spki(key: &SigningKey) -> Outcome<SubjectPublicKeyInfo> {
    let der = p256::PublicKey::from(key.verifying_key()).to_public_key_der()?;
    Ok(SubjectPublicKeyInfo::assertion(der.into_vec()))
}

fn sign(key: &SigningKey, header: &Header, payload: &[u8]) -> Outcome<Vec<u8>> {
    let signature: Signature = key.sign(&signing_input(header, payload)?);
    Ok(assemble(header, &signature.to_bytes())?)
}
