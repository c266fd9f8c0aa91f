//! What officers of one office see and do of another's.

use std::collections::BTreeMap;

use ndoba_audit::{Event, EventKind};
use ndoba_registration::application::ApplicationId;
use ndoba_registration::fake::{World, person};
use ndoba_registration::ports::{CertificateFilter, OrderKind, PageRequest};
use ndoba_registration::{ApplicationQuery, Officer, ServiceError, StatusRequest};
use ndoba_types::Span;

use super::{approval, issued};

/// What an office did is not there for another one, and central officers see the whole country (design §3).
#[test]
fn approval_across_offices() {
    let world = World::new();
    let service = world.registration();
    let unknown = |error: ServiceError| matches!(error, ServiceError::Unknown { .. });
    let [batumi, approver] =
        ["registration-officer-in-batumi", "approver-in-batumi"].map(|name| world.officer(name).as_officer());
    // Of the head office: nothing of it is to be had beneath it.
    let (order, serial) = issued(&world, &service);
    let application = order.application.unwrap();
    let draft = service.open(&world.officer("both").as_officer(), &person(), None).unwrap();
    let draft = draft.application.id;
    assert!(unknown(service.application(&batumi, application).unwrap_err()));
    assert!(unknown(service.application(&approver, draft).unwrap_err()));
    assert!(unknown(service.edit(&batumi, draft, None, &person(), None).unwrap_err()));
    assert!(unknown(service.freeze(&batumi, draft, None).unwrap_err()));
    assert!(unknown(service.withdraw(&batumi, draft, None).unwrap_err()));
    assert!(unknown(service.deliver(&batumi, application, None, None).unwrap_err()));
    assert!(unknown(service.send_back(&approver, draft, "x", None).unwrap_err()));
    assert!(unknown(service.reject(&approver, draft, "x", None).unwrap_err()));
    assert!(unknown(service.agreement(&batumi, draft).unwrap_err()));
    assert!(unknown(service.renew(&batumi, &serial, &serde_json::Map::new(), None).unwrap_err()));
    assert!(unknown(service.order(&batumi, order.id).unwrap_err()));
    assert!(unknown(service.certificate(&approver, &serial).unwrap_err()));
    let release = StatusRequest {
        kind: OrderKind::Release,
        reason: None,
        received: None,
        effective: None,
        channel: "in-person".into(),
        note: "x".into(),
        control: BTreeMap::new(),
    };
    assert!(unknown(service.propose(&batumi, &serial, &release, None).unwrap_err()));
    let jws = approval(&world, &order, "approver-in-batumi");
    assert!(unknown(service.sign(&approver, order.id, &jws, None).unwrap_err()));
    let page = PageRequest { limit: 10, after: None };
    let listed = |officer: &Officer| {
        let applications = service.applications(officer, &ApplicationQuery::default(), &page).unwrap();
        let everything = CertificateFilter::default();
        let certificates = service.certificates(officer, &everything, &page).unwrap();
        (applications.items.len(), certificates.items.len())
    };
    assert_eq!(listed(&batumi), (0, 0));
    let refused = |code: &str| {
        let tables = world.registry.tables();
        let is_it = |event: &&Event| matches!(&event.what, EventKind::ActionRefused { code: told, .. } if told.as_str() == code);
        tables.events.iter().filter(is_it).count()
    };
    assert_eq!(refused("other-office"), 14);

    // Their own they see, and so does who is above; who is on duty for revocations sees certificates everywhere.
    let own = service.open(&batumi, &person(), None).unwrap().application.id;
    assert!(service.application(&approver, own).is_ok());
    assert!(service.application(&world.officer("approver").as_officer(), own).is_ok());
    assert_eq!(listed(&batumi), (1, 0));
    assert_eq!(listed(&world.officer("registration-officer").as_officer()), (3, 1));
    assert!(service.certificate(&world.officer("revocation-officer").as_officer(), &serial).is_ok());
    assert!(service.certificate(&world.officer("auditor").as_officer(), &serial).is_ok());
}

/// Lists are of whom, where, when and by what was asked; what an officer does not see is in none.
#[test]
fn applications_by_officer_office_and_time() {
    let world = World::new();
    let service = world.registration();
    let [central, batumi] =
        ["both", "registration-officer-in-batumi"].map(|name| world.officer(name).as_officer());
    let of_central = service.open(&central, &person(), None).unwrap().application;
    let of_batumi = service.open(&batumi, &person(), None).unwrap().application;
    let listed = |officer: &Officer, query: ApplicationQuery| -> Vec<ApplicationId> {
        let page = PageRequest { limit: 10, after: None };
        let found = service.applications(officer, &query, &page).unwrap();
        found.items.into_iter().map(|one| one.application.id).collect()
    };
    let all = ApplicationQuery::default;
    assert_eq!(listed(&central, all()), [of_batumi.id, of_central.id]);
    assert_eq!(listed(&central, ApplicationQuery { opened_by: Some(central.id), ..all() }), [of_central.id]);
    let office = |path: &str| ApplicationQuery { office: Some(path.parse().unwrap()), ..all() };
    assert_eq!(listed(&central, office("GE/Batumi")), [of_batumi.id]);
    assert_eq!(listed(&central, office("GE/Nowhere")), []);
    assert_eq!(listed(&batumi, office("GE")), [of_batumi.id]);
    let later = of_batumi.opened.plus(Span::days(1));
    assert_eq!(listed(&central, ApplicationQuery { since: Some(later), ..all() }), []);
    assert_eq!(listed(&central, ApplicationQuery { until: Some(later), ..all() }).len(), 2);
    assert_eq!(listed(&central, ApplicationQuery { until: Some(of_central.opened), ..all() }), []);
}

/// However many others there are.
#[test]
fn a_page_by_profile_is_as_long_as_asked_for() {
    let world = World::new();
    let service = world.registration();
    let officer = world.officer("registration-officer").as_officer();
    let first = service.open(&officer, &person(), None).unwrap().application;
    for number in 0..2500_u128 {
        let mut other = first.clone();
        other.id = ApplicationId::from_bytes(number.to_be_bytes());
        other.content.profile = "another".into();
        world.registry.tables().applications.push(other);
    }
    let query =
        ApplicationQuery { profile: Some(first.content.profile.clone()), ..ApplicationQuery::default() };
    let page = service.applications(&officer, &query, &PageRequest { limit: 50, after: None }).unwrap();
    assert_eq!((page.items.len(), page.items[0].application.id, page.next), (1, first.id, None));
}
