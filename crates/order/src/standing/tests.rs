//! A standing authorisation lets through what it says and nothing beside it.

use ndoba_types::{InstallationId, SubjectPublicKeyInfo};
use ndoba_x509::{RevocationReason, assemble, certification_request_info};
use p256::ecdsa::signature::Signer as _;
use p256::ecdsa::{DerSignature, SigningKey};
use p256::pkcs8::EncodePublicKey as _;

use super::*;
use crate::test_support::{INSTALLATION, Person, World, now};
use crate::{EndGrant, GrantDocument, RegisterRefusal, RevokeCa, TerminateCa};
use ndoba_types::Span;

const CA: KeyIdentifier = KeyIdentifier::from_bytes([0xca; 20]);

struct Key(SigningKey);

impl Key {
    fn new(seed: u8) -> Self {
        Self(SigningKey::from_slice(&[seed; 32]).unwrap())
    }

    fn spki(&self) -> SubjectPublicKeyInfo {
        let key = p256::PublicKey::from(self.0.verifying_key());
        SubjectPublicKeyInfo::assertion(key.to_public_key_der().unwrap().into_vec())
    }

    fn sign(&self, message: &[u8]) -> Signature {
        let signature: DerSignature = self.0.sign(message);
        Signature::from_bytes(signature.as_bytes().to_vec())
    }

    fn csr(&self) -> Vec<u8> {
        let info = certification_request_info(&self.spki());
        assemble(&info, SignatureAlgorithm::EcdsaP256Sha256, &self.sign(&info))
    }
}

fn authorise(world: &World) -> AuthoriseResponder {
    let name = serde_json::json!({
        "type": "authority", "country": "GE", "organization": "Ndoba",
        "organization_identifier": "NTRGE-404123456", "common_name": "Ndoba OCSP",
    });
    AuthoriseResponder {
        installation: INSTALLATION,
        seq: world.register.next_seq(),
        prev: world.register.head(),
        authorisation: OrderId::from_bytes([1; 16]),
        ca: CA,
        enrolment: Key::new(70).spki(),
        profile: ProfileRef { name: "ocsp-responder".into(), digest: Sha256Digest::of(b"profile") },
        subject: serde_json::from_value(name).unwrap(),
        days: 14,
        count: 60,
        not_before: now().minus(Span::days(1)),
        not_after: now().plus(Span::days(364)),
        created: now().minus(Span::days(1)),
    }
}

fn grant(world: &mut World, change: impl FnOnce(&mut AuthoriseResponder)) -> Result<(), RegisterRefusal> {
    let mut one = authorise(world);
    change(&mut one);
    let document = GrantDocument::AuthoriseResponder(Box::new(one));
    let bytes = document.to_bytes()?;
    let signatures = [world.first.sign_grant(&bytes), world.second.sign_grant(&bytes)];
    world.register.append(&bytes, &signatures).map(drop)
}

fn request(key: &Key) -> ResponderRequest {
    ResponderRequest {
        installation: INSTALLATION,
        ca: CA,
        csr: Sha256Digest::of(&key.csr()),
        spki: key.spki().fingerprint(),
        created: now(),
    }
}

/// What becomes of `request` by `key`, signed by the enrolment key with that seed.
fn judge(world: &World, request: &ResponderRequest, csr: &[u8], enrolment: u8, at: UtcTime) -> &'static str {
    let bytes = request.to_bytes().unwrap();
    let signature = Key::new(enrolment).sign(&bytes);
    let judged = accept_responder_request(&bytes, &signature, csr, &world.register, at);
    judged.map_or_else(|refusal| refusal.code(), |_| "accepted")
}

#[test]
fn what_two_security_officers_let_through() {
    let mut world = World::new();
    let key = Key::new(71);
    let one = request(&key);
    assert_eq!(judge(&world, &one, &key.csr(), 70, now()), "responder-not-authorised");
    grant(&mut world, |_| {}).unwrap();
    assert_eq!(judge(&world, &one, &key.csr(), 70, now()), "accepted");
    let bytes = one.to_bytes().unwrap();
    let signature = Key::new(70).sign(&bytes);
    let csr = key.csr();
    let accepted = accept_responder_request(&bytes, &signature, &csr, &world.register, now()).unwrap();
    assert_eq!(accepted.digest(), Sha256Digest::of(&bytes));
    assert_eq!(accepted.csr().spki(), &key.spki());
    assert_eq!(accepted.authorisation().content().days, 14);
}

#[test]
fn nothing_beside_it() {
    let mut world = World::new();
    grant(&mut world, |_| {}).unwrap();
    let (key, other) = (Key::new(71), Key::new(72));
    let one = request(&key);
    let judge_at = |one: &ResponderRequest, at| judge(&world, one, &key.csr(), 70, at);
    // Another enrolment key; another CA; another installation; another time.
    assert_eq!(judge(&world, &one, &key.csr(), 71, now()), "responder-enrolment-signature");
    let elsewhere = ResponderRequest { ca: KeyIdentifier::from_bytes([1; 20]), ..one.clone() };
    assert_eq!(judge_at(&elsewhere, now()), "responder-not-authorised");
    let foreign = ResponderRequest { installation: InstallationId::from_bytes([1; 16]), ..one.clone() };
    assert_eq!(judge_at(&foreign, now()), "responder-other-installation");
    assert_eq!(judge_at(&one, now().plus(Span::days(8))), "responder-not-fresh");
    assert_eq!(judge_at(&one, now().minus(Span::minutes(6))), "responder-not-fresh");
    let late = ResponderRequest { created: now().plus(Span::days(365)), ..one.clone() };
    assert_eq!(judge_at(&late, now().plus(Span::days(365))), "responder-not-authorised");
    // Another key than the one that was signed for, or one whose possession is not proved.
    assert_eq!(judge(&world, &one, &other.csr(), 70, now()), "responder-other-csr");
    let borrowed = ResponderRequest { spki: other.spki().fingerprint(), ..one.clone() };
    assert_eq!(judge_at(&borrowed, now()), "responder-other-csr");
    let info = certification_request_info(&key.spki());
    let forged = assemble(&info, SignatureAlgorithm::EcdsaP256Sha256, &other.sign(&info));
    let unproved = ResponderRequest { csr: Sha256Digest::of(&forged), ..one.clone() };
    assert_eq!(judge(&world, &unproved, &forged, 70, now()), "responder-possession");
    // The enrolment key for itself.
    let enrolment = Key::new(70);
    assert_eq!(judge(&world, &request(&enrolment), &enrolment.csr(), 70, now()), "responder-enrolment-key");
    // Other bytes that mean the same.
    let spaced = String::from_utf8(one.to_bytes().unwrap()).unwrap().replacen(':', ": ", 1);
    let signature = Key::new(70).sign(spaced.as_bytes());
    let judged = accept_responder_request(spaced.as_bytes(), &signature, &key.csr(), &world.register, now());
    assert_eq!(judged.unwrap_err().code(), "document-not-canonical");
}

#[test]
fn ended_by_one_and_replaced_by_two() {
    let mut world = World::new();
    let key = Key::new(71);
    grant(&mut world, |_| {}).unwrap();
    // Its identifier is used up, also for two officers.
    assert_eq!(grant(&mut world, |_| {}), Err(RegisterRefusal::AuthorisationKnown));
    let end = |world: &World, authorisation: u8| {
        GrantDocument::EndResponder(EndResponder {
            installation: INSTALLATION,
            seq: world.register.next_seq(),
            prev: world.register.head(),
            authorisation: OrderId::from_bytes([authorisation; 16]),
            created: now(),
        })
    };
    let by = |world: &mut World, document: &GrantDocument, person: &Person| {
        let bytes = document.to_bytes().unwrap();
        world.register.append(&bytes, &[person.sign_grant(&bytes)]).map(drop)
    };
    let document = end(&world, 2);
    assert_eq!(by(&mut world, &document, &Person::new(1)), Err(RegisterRefusal::NoSuchAuthorisation));
    let document = end(&world, 1);
    assert_eq!(by(&mut world, &document, &Person::new(4)), Err(RegisterRefusal::WrongRole));
    assert_eq!(by(&mut world, &document, &Person::new(1)), Ok(()));
    assert_eq!(judge(&world, &request(&key), &key.csr(), 70, now()), "responder-not-authorised");
    let document = end(&world, 1);
    assert_eq!(by(&mut world, &document, &Person::new(1)), Err(RegisterRefusal::NoSuchAuthorisation));
    assert_eq!(
        grant(&mut world, |one| one.created = now()),
        Err(RegisterRefusal::AuthorisationKnown),
        "an ended authorisation does not come back"
    );
    // A new one takes the place of the one before, with another enrolment key.
    let again = |one: &mut AuthoriseResponder| {
        one.authorisation = OrderId::from_bytes([3; 16]);
        one.enrolment = Key::new(75).spki();
        one.created = now();
    };
    grant(&mut world, again).unwrap();
    assert_eq!(judge(&world, &request(&key), &key.csr(), 70, now()), "responder-enrolment-signature");
    assert_eq!(judge(&world, &request(&key), &key.csr(), 75, now()), "accepted");
    assert_eq!(world.register.responder_authorisations().len(), 2);
}

#[test]
fn given_by_two_security_officers_in_office() {
    let mut world = World::new();
    let bytes = GrantDocument::AuthoriseResponder(Box::new(authorise(&world))).to_bytes().unwrap();
    let sign = |person: &Person| person.sign_grant(&bytes);
    let refused = |signatures: &[Vec<u8>]| world.register.clone().append(&bytes, signatures).err();
    let (first, second) = (sign(&world.first), sign(&world.second));
    assert_eq!(
        refused(std::slice::from_ref(&first)),
        Some(RegisterRefusal::SignatureCount { needed: 2, given: 1 })
    );
    assert_eq!(refused(&[first.clone(), first.clone()]), Some(RegisterRefusal::SamePerson));
    assert_eq!(refused(&[first.clone(), sign(&world.approver)]), Some(RegisterRefusal::WrongRole));
    assert_eq!(refused(&[first.clone(), sign(&Person::new(99))]), Some(RegisterRefusal::UnknownSigner));
    assert_eq!(refused(&[first, second]), None);
    // Who was dismissed gives none.
    let end = EndGrant {
        installation: INSTALLATION,
        seq: world.register.next_seq(),
        prev: world.register.head(),
        officer: world.second.officer,
        created: now().minus(Span::days(1)),
    };
    world.append(&GrantDocument::End(end)).unwrap();
    assert_eq!(grant(&mut world, |_| {}), Err(RegisterRefusal::WrongRole));
}

#[test]
fn what_no_authorisation_may_say() {
    let mut world = World::new();
    let person = serde_json::json!({
        "type": "natural-person", "country": "GE", "given_name": "ნინო", "surname": "ბერიძე",
        "serial_number": "PNOGE-01001012345", "common_name": "ნინო ბერიძე",
    });
    let person: Subject = serde_json::from_value(person).unwrap();
    let changes: [&dyn Fn(&mut AuthoriseResponder); 7] = [
        &|one| one.days = 0,
        &|one| one.days = 400,
        &|one| one.count = 0,
        &|one| one.count = 10_001,
        &|one| one.not_after = one.not_before,
        &|one| one.enrolment = SubjectPublicKeyInfo::assertion(vec![0x30, 0]),
        &|one| one.subject = person.clone(),
    ];
    for change in changes {
        assert!(matches!(grant(&mut world, change), Err(RegisterRefusal::Malformed(Malformed::Members(_)))));
    }
}

#[test]
fn a_ca_ends_by_two_and_for_ever() {
    let mut world = World::new();
    grant(&mut world, |_| {}).unwrap();
    let end = |world: &World| {
        GrantDocument::TerminateCa(TerminateCa {
            installation: INSTALLATION,
            seq: world.register.next_seq(),
            prev: world.register.head(),
            ca: CA,
            created: now(),
        })
    };
    let bytes = end(&world).to_bytes().unwrap();
    let (first, second) = (world.first.sign_grant(&bytes), world.second.sign_grant(&bytes));
    let refused = world.register.clone().append(&bytes, std::slice::from_ref(&first)).unwrap_err();
    assert_eq!(refused, RegisterRefusal::SignatureCount { needed: 2, given: 1 });
    assert!(!world.register.is_terminated(CA));
    world.register.append(&bytes, &[first, second]).unwrap();
    assert!(world.register.is_terminated(CA));
    assert!(!world.register.is_terminated(KeyIdentifier::from_bytes([1; 20])));
    // Its responders are not certified any more, nor authorised anew; and it ends once.
    let key = Key::new(71);
    assert_eq!(judge(&world, &request(&key), &key.csr(), 70, now()), "responder-not-authorised");
    let again = |one: &mut AuthoriseResponder| {
        one.authorisation = OrderId::from_bytes([3; 16]);
        one.created = now();
    };
    assert_eq!(grant(&mut world, again), Err(RegisterRefusal::CaTerminated));
    let bytes = end(&world).to_bytes().unwrap();
    let signatures = [world.first.sign_grant(&bytes), world.second.sign_grant(&bytes)];
    assert_eq!(world.register.append(&bytes, &signatures), Err(RegisterRefusal::CaTerminated));
}

#[test]
fn a_ca_is_revoked_by_two_and_for_ever() {
    let mut world = World::new();
    grant(&mut world, |_| {}).unwrap();
    let revoke = |world: &World, reason| {
        GrantDocument::RevokeCa(RevokeCa {
            installation: INSTALLATION,
            seq: world.register.next_seq(),
            prev: world.register.head(),
            ca: CA,
            reason,
            created: now(),
        })
    };
    for reason in RevocationReason::ALL {
        let written = revoke(&world, reason).to_bytes();
        assert_eq!(written.is_ok(), RevokeCa::REASONS.contains(&reason), "{reason:?}: {written:?}");
    }
    let bytes = revoke(&world, RevocationReason::CaCompromise).to_bytes().unwrap();
    let (first, second) = (world.first.sign_grant(&bytes), world.second.sign_grant(&bytes));
    let refused = world.register.clone().append(&bytes, std::slice::from_ref(&first)).unwrap_err();
    assert_eq!(refused, RegisterRefusal::SignatureCount { needed: 2, given: 1 });
    assert_eq!(world.register.ca_revocation(CA), None);
    world.register.append(&bytes, &[first, second]).unwrap();
    assert_eq!(world.register.ca_revocation(CA), Some(RevocationReason::CaCompromise));
    assert_eq!(world.register.ca_revocation(KeyIdentifier::from_bytes([1; 20])), None);
    // Its responders are not certified any more; and it is revoked once.
    let key = Key::new(71);
    assert_eq!(judge(&world, &request(&key), &key.csr(), 70, now()), "responder-not-authorised");
    let bytes = revoke(&world, RevocationReason::Superseded).to_bytes().unwrap();
    let signatures = [world.first.sign_grant(&bytes), world.second.sign_grant(&bytes)];
    assert_eq!(world.register.append(&bytes, &signatures), Err(RegisterRefusal::CaRevoked));
}
