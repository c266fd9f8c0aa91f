//! Attacks on what the revocation desk's key signs.

use ndoba_types::Span;

use super::refused;
use crate::test_support::{INSTALLATION, Person, World, issue_order, now, order, revoke_order};
use crate::{EndGrant, GrantDocument, Malformed, Order, OrderContent, Release, Role, SignerRole, Suspend};

/// What the service of the desk may: suspend, for an hour's worth; nothing that cannot be taken back.
#[test]
fn approval_by_the_desk_is_for_suspensions_only() {
    let mut world = World::new();
    let desk = Person::new(20);
    let grant = world.grant(&desk, &[Role::Desk], "GE");
    world.append(&GrantDocument::Grant(grant)).unwrap();
    let suspend = Suspend { serial: "4a01".parse().unwrap(), evidence: vec![] };
    let by_code = Order {
        created: now(),
        expires: now().plus(Span::hours(1)),
        ..order(OrderContent::SuspendByCode(suspend.clone()))
    };
    let bytes = by_code.to_bytes().unwrap();
    let signed = desk.sign(&bytes, SignerRole::Desk);
    let authorised = world.authorise(&bytes, std::slice::from_ref(&signed)).unwrap();
    assert_eq!(authorised.signers()[0].role, SignerRole::Desk);
    let long = Order { expires: now().plus(Span::hours(1)).plus(Span::micros(1)), ..by_code.clone() };
    assert!(matches!(long.to_bytes(), Err(Malformed::Members(_))));
    // Not by officers, in whatever role, and not by the desk as an officer.
    let officers = world.revoker.sign(&bytes, SignerRole::RevocationOfficer);
    assert_eq!(refused(world.authorise(&bytes, &[officers])), "order-role-not-for-kind");
    let as_desk = world.revoker.sign(&bytes, SignerRole::Desk);
    assert_eq!(refused(world.authorise(&bytes, &[as_desk])), "order-signer-role");
    let release = Release { serial: "4a01".parse().unwrap(), evidence: vec![] };
    for other in [
        order(OrderContent::Suspend(suspend)),
        revoke_order(),
        order(OrderContent::Release(release)),
        issue_order(),
    ] {
        let bytes = other.to_bytes().unwrap();
        let as_desk = desk.sign(&bytes, SignerRole::Desk);
        assert_eq!(refused(world.authorise(&bytes, &[as_desk])), "order-role-not-for-kind");
        for role in other.kind().signers() {
            let as_officer = desk.sign(&bytes, *role);
            assert_eq!(refused(world.authorise(&bytes, &[as_officer])), "order-signer-role");
        }
    }
    // One security officer ends it.
    let end = EndGrant {
        installation: INSTALLATION,
        seq: world.register.next_seq(),
        prev: world.register.head(),
        officer: desk.officer,
        created: now(),
    };
    world.append(&GrantDocument::End(end)).unwrap();
    assert_eq!(refused(world.authorise(&bytes, &[signed])), "order-signer-not-in-office");
}
