//! An officer-to-be presents a key with a one-time code; nobody becomes an officer by it.

#![expect(clippy::unwrap_used, clippy::wildcard_enum_match_arm, reason = "tests")]

use ndoba_audit::EventKind;
use ndoba_registration::fake::{World, csr};
use ndoba_registration::ports::PageRequest;
use ndoba_registration::{Enrolled, EnrolmentRequest, Registration, ServiceError};
use ndoba_types::Span;
use ndoba_x509::VerifiedCsr;

fn request() -> EnrolmentRequest {
    EnrolmentRequest {
        name: "ნინო ბერიძე".into(),
        roles: vec!["approver".into()],
        office: "GE/Tbilisi".into(),
    }
}

fn opened(world: &World, service: &Registration) -> String {
    let officer = world.officer("security-officer").as_officer();
    service.open_enrolment(&officer, &request(), None).unwrap().1.shown()
}

fn count(world: &World, kind: &str) -> usize {
    world.registry.tables().events.iter().filter(|event| event.what.name() == kind).count()
}

fn field(error: ServiceError) -> String {
    match error {
        ServiceError::Invalid(fields) => format!("{} {}", fields[0].field, fields[0].code),
        other => format!("{other:?}"),
    }
}

fn page() -> PageRequest {
    PageRequest { limit: 10, after: None }
}

#[test]
fn a_code_takes_one_key_once_and_appoints_nobody() {
    let world = World::new();
    let service = world.registration();
    let code = opened(&world, &service);
    let own = csr();
    let key = VerifiedCsr::parse(own.as_bytes()).unwrap().spki().clone();
    let Enrolled::Presented(officer) = service.enrol(&code.to_lowercase(), &own, None).unwrap() else {
        panic!("refused")
    };
    // Replayed, by the same and by another: one answer, and the key stays the first one's.
    for again in [own.as_str(), &csr()] {
        assert_eq!(service.enrol(&code, again, None).unwrap(), Enrolled::NoMatch);
    }
    let security = world.officer("security-officer").as_officer();
    let [seen] = &service.enrolments(&security, &page()).unwrap().items[..] else { panic!("one") };
    assert_eq!((seen.state, seen.record.officer), ("presented", officer));
    assert_eq!(seen.record.presented.as_ref().unwrap().key, key);
    // It is no officer's key: neither before the grant, nor by one signature.
    assert!(matches!(service.authenticate(key.fingerprint()), Err(ServiceError::NotAnOfficer)));
    assert!(matches!(service.enrolled_certificate(&own), Err(ServiceError::Unknown { .. })));
    assert_eq!((count(&world, "enrolment-opened"), count(&world, "enrolment-completed")), (1, 1));
    assert_eq!(count(&world, "grant-added"), 0);
    let completed = EventKind::EnrolmentCompleted { officer, spki: key.fingerprint() };
    assert!(world.registry.tables().events.iter().any(|event| event.what == completed));
    // Only the hash of the code is kept.
    assert!(!format!("{:?}", world.registry.tables().enrolments).contains(&code));
}

#[test]
fn a_code_ends_and_every_failure_is_one_answer_and_an_event() {
    let world = World::new();
    let service = world.registration();
    let code = opened(&world, &service);
    for wrong in ["", "no code", "0000-0000-0000-0000", &code[1..], &format!("{code}0")] {
        assert_eq!(service.enrol(wrong, &csr(), None).unwrap(), Enrolled::NoMatch, "{wrong}");
    }
    world.clock.advance(Span::days(3));
    assert_eq!(service.enrol(&code, &csr(), None).unwrap(), Enrolled::NoMatch, "too late");
    let tables = world.registry.tables();
    let refused = tables.events.iter().filter(|event| {
        matches!(&event.what, EventKind::LoginRefused { door, spki: Some(_), .. } if door.as_str() == "enrolment")
    });
    assert_eq!(refused.count(), 6);
    assert!(tables.enrolments[0].presented.is_none());
    drop(tables);
    let security = world.officer("security-officer").as_officer();
    assert_eq!(service.enrolments(&security, &page()).unwrap().items[0].state, "expired");
}

/// What is wrong with the key is said before the code is looked at, and does not use it up.
#[test]
fn a_key_that_officers_cannot_have_is_refused_by_name() {
    let world = World::new();
    let service = world.registration();
    let code = opened(&world, &service);
    let rsa = include_str!("rsa.csr");
    let broken = csr().replacen("MI", "MJ", 1);
    let refused = |csr: &str| field(service.enrol(&code, csr, None).unwrap_err());
    assert_eq!(refused(rsa), "/csr key-not-officers");
    assert!(refused(&broken).starts_with("/csr csr-"), "{}", refused(&broken));
    assert!(refused("").starts_with("/csr csr-"));
    assert!(matches!(service.enrol(&code, &csr(), None).unwrap(), Enrolled::Presented(_)));
}

#[test]
fn an_enrolment_is_opened_for_roles_that_go_together() {
    let world = World::new();
    let service = world.registration();
    let security = world.officer("security-officer").as_officer();
    let refused = |change: fn(&mut EnrolmentRequest)| {
        let mut request = request();
        change(&mut request);
        field(service.open_enrolment(&security, &request, None).map(drop).unwrap_err())
    };
    assert_eq!(refused(|request| request.roles = vec!["king".into()]), "/roles choice.unknown");
    assert_eq!(refused(|request| request.roles = vec!["desk".into()]), "/roles choice.unknown");
    assert_eq!(refused(|request| request.roles.push("auditor".into())), "/roles roles.incompatible");
    assert_eq!(refused(|request| request.office = "ge//x".into()), "/office office.form");
    assert!(refused(|request| request.name = "x\u{202e}".into()).starts_with("/name "));
    let approver = world.officer("approver").as_officer();
    let forbidden = service.open_enrolment(&approver, &request(), None).map(drop);
    assert!(matches!(forbidden, Err(ServiceError::Forbidden(_))));
    assert!(matches!(service.enrolments(&approver, &page()), Err(ServiceError::Forbidden(_))));
    assert_eq!(world.registry.tables().enrolments.len(), 0);
}
