//! The register of officers: who is in it is asked at every request, and who comes into it two security officers sign.

use ndoba_order::{Acceptance, MediaType, Roles, SignerRole};
use ndoba_registration::fake::{TestOfficer, World};
use ndoba_registration::ports::PageRequest;
use ndoba_registration::{EndGrantRequest, GrantRequest, NewGrantRequest, ServiceError};

use ndoba_types::Clock as _;

use super::code;

/// What an officer-to-be signs for a role in the head office.
fn accepted(world: &World, officer: &TestOfficer, role: &str) -> String {
    let acceptance = Acceptance {
        installation: world.pin().installation,
        spki: officer.spki().fingerprint(),
        roles: Roles::new([role.parse().unwrap()]).unwrap(),
        office: "GE".parse().unwrap(),
    };
    let content = acceptance.to_bytes().unwrap();
    officer.sign(MediaType::Acceptance, &content, SignerRole::Appointed, None, world.clock.now())
}

#[test]
fn the_register_is_asked_every_time() {
    let world = World::new();
    let service = world.registration();
    let security = world.officer("security-officer").as_officer();
    let approver = world.officer("approver");
    let key = approver.spki().fingerprint();
    assert_eq!(service.authenticate(key).unwrap(), approver.as_officer());

    // Ended a moment ago: out at the next request, by one security officer's signature.
    let end = GrantRequest::EndGrant(EndGrantRequest { officer: approver.id.to_string() });
    let draft = service.draft_grant(&security, &end).unwrap();
    let signatures = world.sign_grant(&draft.content);
    service.append_grant(&security, &draft.content, &signatures[..1], None).unwrap();
    assert!(matches!(service.authenticate(key), Err(ServiceError::NotAnOfficer)));
    assert!(matches!(
        service.authenticate(World::stranger().spki().fingerprint()),
        Err(ServiceError::NotAnOfficer)
    ));

    // Appointing takes two.
    let stranger = World::stranger();
    let request = GrantRequest::Grant(NewGrantRequest {
        officer: None,
        personal_number: Some(stranger.personal_number.clone()),
        service: None,
        name_shown: Some("სტუმარი".into()),
        vetting: Some("HR file 12, order 7 of the director".into()),
        acceptance: Some(accepted(&world, &stranger, "auditor")),
        spki: hex::encode(stranger.spki().as_der()),
        roles: vec!["auditor".into()],
        office: "GE".into(),
        not_before: None,
        not_after: "2027-11-23T00:00:00Z".into(),
    });
    let draft = service.draft_grant(&security, &request).unwrap();
    let signatures = world.sign_grant(&draft.content);
    let error = service.append_grant(&security, &draft.content, &signatures[..1], None).unwrap_err();
    assert_eq!(code(&error), "grant-signature-count");
    let twice = [signatures[0].clone(), signatures[0].clone()];
    assert_eq!(
        code(&service.append_grant(&security, &draft.content, &twice, None).unwrap_err()),
        "grant-same-person"
    );
    service.append_grant(&security, &draft.content, &signatures, None).unwrap();
    let found = service.authenticate(stranger.spki().fingerprint()).unwrap();
    assert_eq!(found.roles, ["auditor".parse().unwrap()]);
    let listed = service.officers(&security, &PageRequest { limit: 200, after: None }).unwrap().items;
    assert_eq!(listed.iter().filter(|one| !one.active).count(), 1);
    // A row put there by hand: nobody is an officer any more, rather than somebody wrongly.
    let mut forged = world.registry.tables().grants[0].clone();
    forged.seq = 99;
    world.registry.tables().grants.push(forged);
    assert!(matches!(service.authenticate(key), Err(ServiceError::Internal { .. })));
}
