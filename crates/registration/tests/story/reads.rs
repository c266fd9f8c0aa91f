//! What officers see of persons, and how the log tells it.

use std::collections::BTreeMap;

use ndoba_audit::EventKind;
use ndoba_registration::fake::World;
use ndoba_registration::ports::{CertificateFilter, OrderKind, PageRequest};
use ndoba_registration::{ApplicationQuery, ServiceError, StatusRequest};
use ndoba_types::RecordId;

use super::{issued, submitted};

/// Whatever shows an officer something of a subscriber is an event with the officer, the record and the operation; a page
/// of a list is one for each record on it. What shows nothing is none.
#[test]
fn every_read_is_an_event() {
    let world = World::new();
    let service = world.registration();
    let (order, serial) = issued(&world, &service);
    let application = order.application.unwrap();
    let own = world.officer("registration-officer").as_officer();
    let (page, all) = (PageRequest { limit: 10, after: None }, CertificateFilter::default());

    let told = |operation: &str, act: &dyn Fn() -> Result<(), ServiceError>| {
        world.registry.tables().events.clear();
        act().unwrap();
        let tables = world.registry.tables();
        let read = tables.events.iter().filter_map(|event| match &event.what {
            EventKind::PersonalDataRead { record, operation } => Some((event, *record, operation)),
            _ => None,
        });
        let records: Vec<RecordId> = read
            .map(|(event, record, of)| {
                assert_eq!(of.as_str(), operation);
                assert_eq!(event.actor, ndoba_audit::Actor::Officer(own.id), "{operation}");
                record
            })
            .collect();
        records
    };
    let this = vec![RecordId::from(application)];
    assert_eq!(told("application", &|| service.application(&own, application).map(drop)), this);
    assert_eq!(told("agreement", &|| service.agreement(&own, application).map(drop)), this);
    assert_eq!(told("order", &|| service.order(&own, order.id).map(drop)), this);
    assert_eq!(told("certificate", &|| service.certificate(&own, &serial).map(drop)), this);
    assert_eq!(told("control-questions", &|| service.control_questions(&own, &serial).map(drop)), this);
    assert_eq!(told("record", &|| service.subject_record(&own, "01001012345").map(drop)), this);
    let applications = || service.applications(&own, &ApplicationQuery::default(), &page).map(drop);
    let certificates = |filter: &CertificateFilter| service.certificates(&own, filter, &page).map(drop);
    assert_eq!(told("applications", &applications), this);
    assert_eq!(told("certificates", &|| certificates(&all)), this);
    // What is asked about a certificate leads to its subject, too: under the request's own name.
    let suspend = StatusRequest {
        kind: OrderKind::Suspend,
        reason: None,
        received: None,
        effective: None,
        channel: "in-person".into(),
        note: "x".into(),
        control: BTreeMap::new(),
    };
    let revoker = world.officer("revocation-officer").as_officer();
    let asked = service.propose(&revoker, &serial, &suspend, None).unwrap().id;
    assert_eq!(
        told("order", &|| service.order(&own, asked).map(drop)),
        [RecordId::from_bytes(*asked.as_bytes())]
    );
    let nobody = CertificateFilter { subject: Some("01001099999".into()), ..all.clone() };
    assert_eq!(told("certificates", &|| certificates(&nobody)), []);
    assert_eq!(told("whoami", &|| service.admit(&own, ndoba_registration::Permission::ReadApplications)), []);

    submitted(&world, &service, &ndoba_registration::fake::municipality());
    issued(&world, &service);
    assert_eq!(told("applications", &applications).len(), 3);
    assert_eq!(told("certificates", &|| certificates(&all)).len(), 2);
}
