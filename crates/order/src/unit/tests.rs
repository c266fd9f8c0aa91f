use ndoba_types::Span;

use super::*;
use crate::test_support::{Person, World, now, order, signed_by_two as sign, unit};
use crate::{GrantDocument, Language, Order, OrderContent, Role, SignerRole, describe};

fn bytes_of(unit: CertifyUnit) -> Result<Vec<u8>, Malformed> {
    order(OrderContent::CertifyUnit(Box::new(unit))).to_bytes()
}

#[test]
fn two_security_officers_and_nobody_else() {
    let world = World::new();
    let bytes = bytes_of(unit()).unwrap();
    let signatures = sign(&world.first, &world.second, &bytes);
    let authorised = world.authorise(&bytes, &signatures).unwrap();
    assert_eq!(authorised.order().content, OrderContent::CertifyUnit(Box::new(unit())));
    assert_eq!(Order::from_bytes(&bytes).unwrap().to_bytes().unwrap(), bytes);

    let refused = |signatures: &[Vec<u8>]| world.authorise(&bytes, signatures).unwrap_err().code();
    assert_eq!(refused(&signatures[..1]), "order-signature-missing");
    assert_eq!(refused(&signatures[1..]), "order-approval-not-covering");
    assert_eq!(refused(&sign(&world.first, &world.first, &bytes)), "order-same-person");
    // Registration officers certify no units.
    assert_eq!(refused(&world.sign(&bytes)), "order-role-not-for-kind");
    assert_eq!(refused(&sign(&world.submitter, &world.approver, &bytes)), "order-signer-role");
    // The second signed, but not over the first one's signature.
    let beside = world.second.sign(&bytes, SignerRole::SecondSecurityOfficer);
    assert_eq!(refused(&[signatures[0].clone(), beside]), "order-approval-not-covering");
    // Nor do two security officers issue to subscribers.
    let issue = crate::test_support::issue_order().to_bytes().unwrap();
    let issued = world.authorise(&issue, &sign(&world.first, &world.second, &issue));
    assert_eq!(issued.unwrap_err().code(), "order-role-not-for-kind");
}

/// Two keys of one security officer are one person still.
#[test]
fn one_person_with_two_keys() {
    let mut world = World::new();
    let again = Person::with_key(7, 17);
    let mut grant = world.grant(&again, &[Role::SecurityOfficer], "GE");
    grant.person = world.first.person;
    if world.append(&GrantDocument::Grant(grant)).is_err() {
        // The register does not let one person be two officers at all.
        return;
    }
    let bytes = bytes_of(unit()).unwrap();
    let refused = world.authorise(&bytes, &sign(&world.first, &again, &bytes)).unwrap_err();
    assert_eq!(refused.code(), "order-same-person");
}

#[test]
fn what_no_unit_asks_for() {
    let malformed = |change: &dyn Fn(&mut CertifyUnit)| {
        let mut changed = unit();
        change(&mut changed);
        bytes_of(changed).unwrap_err().code()
    };
    assert!(bytes_of(unit()).is_ok());
    for change in [
        &(|unit: &mut CertifyUnit| unit.unit = "Tsu".into()) as &dyn Fn(&mut CertifyUnit),
        &|unit| unit.unit = "other".into(),
        &|unit| unit.from = now().minus(Span::days(1)),
        &|unit| unit.from = now().plus(Span::days(400)),
        &|unit| unit.destroys = unit.spki,
        &|unit| unit.days = 0,
        &|unit| unit.profile.name = String::new(),
    ] {
        assert_eq!(malformed(change), "document-members");
    }
    let person = crate::test_support::issue_order();
    let OrderContent::Issue(issue) = person.content else { panic!("it issues") };
    assert_eq!(malformed(&move |unit| unit.subject = issue.subject.clone()), "document-members");
}

#[test]
fn it_is_told_in_words() {
    let bytes = bytes_of(unit()).unwrap();
    for (language, destroys) in [
        (Language::English, "Destroys the key (SHA-256)"),
        (Language::Georgian, "ანადგურებს გასაღებს (SHA-256)"),
    ] {
        let lines = describe(&bytes, language).unwrap();
        let line = format!("  {destroys}: {}", unit().destroys);
        assert!(lines.contains(&line), "{lines:?}");
        assert!(lines.iter().any(|line| line.contains("tsu/tsu/2")));
    }
}
