//! Third parties see a certificate as its subscriber said, from its delivery on, and until they take it back (P-14).

use ndoba_audit::EventKind;
use ndoba_registration::application::{ApplicationContent, ApplicationId};
use ndoba_registration::fake::{World, person};
use ndoba_registration::{Once, Registration, ServiceError};
use ndoba_types::{SerialNumber, Sha256Digest};

use super::issued_to;

fn issued(world: &World, service: &Registration, consent: bool) -> (ApplicationId, SerialNumber) {
    let (order, serial) =
        issued_to(world, service, &ApplicationContent { publication_consent: Some(consent), ..person() });
    (order.application.unwrap(), serial)
}

fn consents(world: &World) -> Vec<String> {
    let tables = world.registry.tables();
    let consent = |what: &EventKind| match what {
        EventKind::PublicationConsentChanged { consent, .. } => Some(consent.to_string()),
        _ => None,
    };
    tables.events.iter().filter_map(|event| consent(&event.what)).collect()
}

#[test]
fn what_the_agreement_says_takes_effect_with_the_delivery() {
    for consent in [true, false] {
        let world = World::new();
        let service = world.registration();
        let officer = world.officer("registration-officer").as_officer();
        let (id, serial) = issued(&world, &service, consent);
        let shown = || service.publication(&officer, &serial).unwrap().shown_since.is_some();
        assert!(!shown(), "before it is handed over");
        service.deliver(&officer, id, Some("a drill"), None).unwrap();
        assert_eq!(shown(), consent);
        assert_eq!(world.registry.tables().shown.len(), usize::from(consent));
        assert_eq!(consents(&world).len(), usize::from(consent));
    }
}

/// Nothing is told as withdrawn that the delivery shows nevertheless.
#[test]
fn what_the_agreement_says_is_not_withdrawn_before_the_delivery() {
    let world = World::new();
    let service = world.registration();
    let officer = world.officer("registration-officer").as_officer();
    let (id, serial) = issued(&world, &service, true);
    let withdraw = || service.consent_to_publication(&officer, &serial, false, None);
    match withdraw().unwrap_err() {
        ServiceError::Conflict { code, .. } => assert_eq!(code, "application.state"),
        other => panic!("{other:?}"),
    }
    assert!(consents(&world).is_empty(), "nothing was withdrawn");
    service.deliver(&officer, id, Some("a drill"), None).unwrap();
    assert_eq!(withdraw().unwrap().shown_since, None);
    assert_eq!(consents(&world), ["given", "withdrawn"]);
}

#[test]
fn consent_is_given_and_taken_back_by_an_officer() {
    let world = World::new();
    let service = world.registration();
    let officer = world.officer("registration-officer").as_officer();
    let (id, serial) = issued(&world, &service, false);
    let say = |consent, once: Option<&Once>| service.consent_to_publication(&officer, &serial, consent, once);
    for early in [true, false] {
        match say(early, None).unwrap_err() {
            ServiceError::Conflict { code, .. } => assert_eq!(code, "application.state"),
            other => panic!("{other:?}"),
        }
    }
    service.deliver(&officer, id, Some("a drill"), None).unwrap();
    let once = Once { key: "one".into(), request: Sha256Digest::of(b"request") };
    for _ in 0..2 {
        assert!(say(true, Some(&once)).unwrap().shown_since.is_some());
    }
    assert_eq!(consents(&world), ["given"], "a repetition is no other act");
    assert_eq!(say(false, None).unwrap().shown_since, None);
    assert!(world.registry.tables().shown.is_empty());
    assert_eq!(consents(&world), ["given", "withdrawn"]);

    let batumi = world.officer("registration-officer-in-batumi").as_officer();
    assert!(matches!(service.publication(&batumi, &serial), Err(ServiceError::Unknown { .. })));
    let refused = service.consent_to_publication(&batumi, &serial, true, None);
    assert!(matches!(refused, Err(ServiceError::Unknown { .. })));
    let approver = world.officer("approver").as_officer();
    let refused = service.consent_to_publication(&approver, &serial, true, None);
    assert!(matches!(refused, Err(ServiceError::Forbidden(_))));
}
