//! Records live exactly as long as they must: until the retention after the last of change and certificate's end.

use ndoba_registration::ServiceError;
use ndoba_registration::fake::{World, person};
use ndoba_types::Span;

use super::issued;

#[test]
fn nothing_is_erased_before_the_retention_after_the_certificates_end() {
    let world = World::new();
    let service = world.registration();
    issued(&world, &service);
    let officer = world.officer("registration-officer").as_officer();
    let draft = service.open(&officer, &person(), None).unwrap().application.id;
    assert_eq!(service.subject_record(&officer, "01001012345").unwrap().cases.len(), 2);
    // Ten years of 366 days, a second before and after; the draft has no certificate, the other one of 365 days.
    world.clock.advance(Span::seconds(3660 * 86_400 - 1));
    assert_eq!(service.erase_due(10).unwrap(), 0);
    world.clock.advance(Span::seconds(2));
    assert_eq!(service.erase_due(10).unwrap(), 1);
    assert!(matches!(service.application(&officer, draft), Err(ServiceError::Unknown { .. })));
    world.clock.advance(Span::seconds(365 * 86_400 - 2));
    assert_eq!(service.erase_due(10).unwrap(), 0);
    assert!(!world.registry.tables().evidence.is_empty());
    world.clock.advance(Span::seconds(2));
    assert_eq!(service.erase_due(10).unwrap(), 1);
    assert_eq!(service.erase_due(10).unwrap(), 0);

    let tables = world.registry.tables();
    assert!(tables.applications.is_empty() && tables.evidence.is_empty());
    // The proofs are there still, and each erasure is an event.
    assert_eq!((tables.certificates.len(), tables.orders.len()), (1, 1));
    let erased = tables.events.iter().filter(|event| event.what.name() == "personal-data-erased").count();
    assert_eq!(erased, 2);
    drop(tables);
    assert!(matches!(service.subject_record(&officer, "01001012345"), Err(ServiceError::Unknown { .. })));
}
