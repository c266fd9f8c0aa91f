//! Attacks on approvals: each of them is refused, for its own reason (K-P01, K-P02).

mod desk;
pub(crate) mod pin;

use std::sync::LazyLock;

use ndoba_types::{InstallationId, OfficerId, Sha256Digest, Span, UtcTime};
use proptest::prelude::*;
use serde_json::Value;

use crate::test_support::{INSTALLATION, Person, World, issue_order, now, order, revoke_order};
use crate::{
    EndGrant, FlatJws, GrantDocument, Header, JwsAlgorithm, Malformed, MediaType, Order, OrderContent, Pin,
    Refusal, Register, RegisterRefusal, Release, Role, SignerRole, Suspend, accept_signature, authorise,
    authorise_again,
};

fn refused(result: Result<crate::AuthorisedOrder, Refusal>) -> &'static str {
    result.err().map_or("authorised", |refusal| refusal.code())
}

#[test]
fn approval_by_the_right_two() {
    let world = World::new();
    let bytes = issue_order().to_bytes().unwrap();
    let mut signatures = world.sign(&bytes);
    let authorised = world.authorise(&bytes, &signatures).unwrap();
    assert_eq!(authorised.order(), &issue_order());
    assert_eq!(authorised.digest(), Sha256Digest::of(&bytes));
    // In whatever order they are stored.
    signatures.reverse();
    let authorised = world.authorise(&bytes, &signatures).unwrap();
    let signers: Vec<_> = authorised.signers().iter().map(|signer| (signer.officer, signer.role)).collect();
    assert_eq!(signers[0], (world.submitter.officer, SignerRole::Submitter));
    assert_eq!(signers[1], (world.approver.officer, SignerRole::Approver));
}

#[test]
fn approval_of_every_kind_by_every_set_of_officers() {
    let world = World::new();
    let serial = || "4a01".parse().unwrap();
    let release = Release { serial: serial(), evidence: vec![] };
    let suspend = Suspend { serial: serial(), evidence: vec![] };
    for (order, two) in [
        (issue_order(), true),
        (order(OrderContent::Release(release)), true),
        (order(OrderContent::Suspend(suspend)), false),
        (revoke_order(), false),
    ] {
        let bytes = order.to_bytes().unwrap();
        let both = world.sign(&bytes);
        let one = vec![world.revoker.sign(&bytes, SignerRole::RevocationOfficer)];
        assert_eq!(world.authorise(&bytes, &both).is_ok(), two);
        assert_eq!(world.authorise(&bytes, &one).is_ok(), !two);
        assert!(world.authorise(&bytes, &[]).is_err());
        assert!(world.authorise(&bytes, &both[..1]).is_err());
    }
}

/// A certificate that was lost in a crash may be made after the order's expiry, when it was begun before, and not for ever.
#[test]
fn approval_of_what_was_begun_in_time() {
    let world = World::new();
    let order = issue_order();
    let bytes = order.to_bytes().unwrap();
    let signatures = world.sign(&bytes);
    let after = |days| order.expires.plus(Span::days(days)).plus(Span::seconds(1));
    let again =
        |begun, now| refused(authorise_again(&bytes, &signatures, &world.register, INSTALLATION, begun, now));
    let late = authorise(&bytes, &signatures, &world.register, INSTALLATION, after(0));
    assert_eq!(refused(late), "order-expired");
    assert_eq!(again(order.expires, after(0)), "authorised");
    assert_eq!(again(order.expires, after(6)), "authorised");
    assert_eq!(again(order.expires, after(7)), "order-expired");
    assert_eq!(again(after(0), after(0)), "order-expired", "begun too late");
    let one = &signatures[..1];
    let result = authorise_again(&bytes, one, &world.register, INSTALLATION, order.expires, after(0));
    assert_eq!(refused(result), "order-signature-missing");
}

#[test]
fn approval_replayed_to_another_installation() {
    let world = World::new();
    let bytes = issue_order().to_bytes().unwrap();
    let other = InstallationId::from_bytes([8; 16]);
    let result = authorise(&bytes, &world.sign(&bytes), &world.register, other, now());
    assert_eq!(refused(result), "order-other-installation");
}

#[test]
fn approval_retargeted_to_another_order() {
    let world = World::new();
    let bytes = issue_order().to_bytes().unwrap();
    let signatures = world.sign(&bytes);
    let other = Order { order_id: ndoba_types::OrderId::from_bytes([1; 16]), ..issue_order() };
    let result = world.authorise(&other.to_bytes().unwrap(), &signatures);
    assert_eq!(refused(result), "order-signature-invalid");
}

#[test]
fn approval_by_the_same_person_twice() {
    let world = World::new();
    let bytes = issue_order().to_bytes().unwrap();
    let submitted = world.both.sign(&bytes, SignerRole::Submitter);
    let approved = world.both.approve(&bytes, &submitted);
    assert_eq!(refused(world.authorise(&bytes, &[submitted, approved])), "order-same-person");
}

#[test]
fn approval_in_one_role_twice_or_in_too_many() {
    let world = World::new();
    let bytes = issue_order().to_bytes().unwrap();
    let submitted = world.submitter.sign(&bytes, SignerRole::Submitter);
    let again = world.both.sign(&bytes, SignerRole::Submitter);
    assert_eq!(refused(world.authorise(&bytes, &[submitted.clone(), again])), "order-role-twice");
    let mut three = world.sign(&bytes);
    three.push(world.revoker.sign(&bytes, SignerRole::RevocationOfficer));
    assert_eq!(refused(world.authorise(&bytes, &three)), "order-role-twice");
    let foreign = world.revoker.sign(&bytes, SignerRole::RevocationOfficer);
    assert_eq!(refused(world.authorise(&bytes, &[submitted, foreign])), "order-role-not-for-kind");
}

#[test]
fn approval_without_the_role() {
    let world = World::new();
    let bytes = issue_order().to_bytes().unwrap();
    for approver in [&world.revoker, &world.first] {
        let submitted = world.submitter.sign(&bytes, SignerRole::Submitter);
        let approved = approver.approve(&bytes, &submitted);
        assert_eq!(refused(world.authorise(&bytes, &[submitted, approved])), "order-signer-role");
    }
    let bytes = revoke_order().to_bytes().unwrap();
    let signature = world.approver.sign(&bytes, SignerRole::RevocationOfficer);
    assert_eq!(refused(world.authorise(&bytes, &[signature])), "order-signer-role");
}

#[test]
fn approval_with_swapped_roles() {
    let world = World::new();
    let bytes = issue_order().to_bytes().unwrap();
    let submitted = world.approver.sign(&bytes, SignerRole::Submitter);
    let approved = world.submitter.approve(&bytes, &submitted);
    assert_eq!(refused(world.authorise(&bytes, &[submitted, approved])), "order-signer-role");
}

#[test]
fn approval_by_a_stranger() {
    let world = World::new();
    let bytes = issue_order().to_bytes().unwrap();
    let submitted = world.submitter.sign(&bytes, SignerRole::Submitter);
    let approved = Person::new(77).approve(&bytes, &submitted);
    assert_eq!(refused(world.authorise(&bytes, &[submitted, approved])), "order-signer-unknown");
}

#[test]
fn approval_under_a_borrowed_key_identifier() {
    let world = World::new();
    let bytes = issue_order().to_bytes().unwrap();
    let submitted = world.submitter.sign(&bytes, SignerRole::Submitter);
    let over = Some(FlatJws::from_bytes(&submitted).unwrap().digest());
    let header = Header { over, ..world.approver.header(MediaType::Order, SignerRole::Approver) };
    let forged = Person::new(77).sign_with(&header, &bytes);
    assert_eq!(refused(world.authorise(&bytes, &[submitted, forged])), "order-signature-invalid");
}

#[test]
fn approval_by_an_officer_whose_appointment_ended() {
    let mut world = World::new();
    let bytes = issue_order().to_bytes().unwrap();
    let signatures = world.sign(&bytes);
    assert!(world.authorise(&bytes, &signatures).is_ok());
    let end = EndGrant {
        installation: INSTALLATION,
        seq: world.register.next_seq(),
        prev: world.register.head(),
        officer: world.approver.officer,
        created: now(),
    };
    world.append(&GrantDocument::End(end)).unwrap();
    // Although the signature was made before.
    assert_eq!(refused(world.authorise(&bytes, &signatures)), "order-signer-not-in-office");

    let late = now().plus(Span::days(400));
    let order =
        Order { created: late.minus(Span::minutes(1)), expires: late.plus(Span::days(1)), ..issue_order() };
    let bytes = order.to_bytes().unwrap();
    let result = authorise(&bytes, &world.sign(&bytes), &world.register, INSTALLATION, late);
    assert_eq!(refused(result), "order-signer-not-in-office");
}

#[test]
fn approval_with_a_key_that_was_replaced() {
    let mut world = World::new();
    let bytes = issue_order().to_bytes().unwrap();
    let old = world.sign(&bytes);
    let renewed = Person::with_key(4, 44);
    let grant = world.grant(&renewed, &[Role::Approver], "GE");
    world.append(&GrantDocument::Grant(grant)).unwrap();
    assert_eq!(refused(world.authorise(&bytes, &old)), "order-signer-not-in-office");
    let approved = renewed.approve(&bytes, &old[0]);
    assert!(world.authorise(&bytes, &[old[0].clone(), approved]).is_ok());
    // And back again: a key that was given up stays so.
    let grant = world.grant(&Person::new(4), &[Role::Approver], "GE");
    assert_eq!(world.append(&GrantDocument::Grant(grant)), Err(RegisterRefusal::KeyKnown));
}

#[test]
fn approval_not_covering_the_submitters_signature() {
    let world = World::new();
    let bytes = issue_order().to_bytes().unwrap();
    let submitted = world.submitter.sign(&bytes, SignerRole::Submitter);
    let bare = world.approver.sign(&bytes, SignerRole::Approver);
    assert_eq!(refused(world.authorise(&bytes, &[submitted.clone(), bare])), "order-approval-not-covering");
    // Over another officer's submission of the same order.
    let elsewhere = world.both.sign(&bytes, SignerRole::Submitter);
    let approved = world.approver.approve(&bytes, &elsewhere);
    assert_eq!(
        refused(world.authorise(&bytes, &[submitted.clone(), approved])),
        "order-approval-not-covering"
    );
    // And nobody else may claim to cover anything.
    let over = Some(FlatJws::from_bytes(&submitted).unwrap().digest());
    let header = Header { over, ..world.submitter.header(MediaType::Order, SignerRole::Submitter) };
    let claims = world.submitter.sign_with(&header, &bytes);
    let approved = world.approver.approve(&bytes, &claims);
    assert_eq!(refused(world.authorise(&bytes, &[claims, approved])), "order-approval-not-covering");
}

#[test]
fn approval_of_ones_own_certificate() {
    let world = World::new();
    for officer in [&world.submitter, &world.approver] {
        let mut order = issue_order();
        if let OrderContent::Issue(issue) = &mut order.content {
            issue.person = Some(officer.person);
        }
        let bytes = order.to_bytes().unwrap();
        assert_eq!(refused(world.authorise(&bytes, &world.sign(&bytes))), "order-officer-is-subject");
    }
}

#[test]
fn approval_from_another_office() {
    let mut world = World::new();
    let elsewhere = Person::new(40);
    let grant = world.grant(&elsewhere, &[Role::Approver], "GE/Batumi");
    world.append(&GrantDocument::Grant(grant)).unwrap();
    let bytes = issue_order().to_bytes().unwrap();
    let submitted = world.submitter.sign(&bytes, SignerRole::Submitter);
    let approved = elsewhere.approve(&bytes, &submitted);
    assert_eq!(refused(world.authorise(&bytes, &[submitted.clone(), approved])), "order-other-office");
    // A central one may.
    let approved = world.both.approve(&bytes, &submitted);
    assert!(world.authorise(&bytes, &[submitted, approved]).is_ok());
}

#[test]
fn approval_too_late_or_too_early() {
    let world = World::new();
    let order = issue_order();
    let bytes = order.to_bytes().unwrap();
    let signatures = world.sign(&bytes);
    let at = |time| refused(authorise(&bytes, &signatures, &world.register, INSTALLATION, time));
    assert_eq!(at(order.expires), "authorised");
    assert_eq!(at(order.expires.plus(Span::micros(1))), "order-expired");
    assert_eq!(at(order.created.minus(Span::minutes(6))), "order-from-the-future");
    // Signed in the future, or before the order was written.
    for iat in [now().plus(Span::hours(1)), order.created.minus(Span::hours(1))] {
        let iat = u64::try_from(iat.unix_seconds()).unwrap();
        let header = Header { iat, ..world.submitter.header(MediaType::Order, SignerRole::Submitter) };
        let submitted = world.submitter.sign_with(&header, &bytes);
        let approved = world.approver.approve(&bytes, &submitted);
        assert_eq!(refused(world.authorise(&bytes, &[submitted, approved])), "order-signature-time");
    }
    let long = Order { expires: order.created.plus(Span::days(7)).plus(Span::micros(1)), ..issue_order() };
    assert!(matches!(long.to_bytes(), Err(Malformed::Members(_))));
}

/// A revocation with a date lives until a week after it, and is as little as any other for officers who are gone by then.
#[test]
fn approval_of_a_revocation_with_a_date() {
    let mut world = World::new();
    let date = now().plus(Span::days(90));
    let dated = |effective: UtcTime, expires: UtcTime| {
        let mut order = revoke_order();
        if let OrderContent::Revoke(revoke) = &mut order.content {
            revoke.effective = Some(effective);
        }
        order.expires = expires;
        order.to_bytes()
    };
    // In the past it would be no date, and without an end within the week no end.
    for (effective, expires) in [
        (now().minus(Span::hours(1)), now().plus(Span::days(1))),
        (date, date),
        (date, date.plus(Span::days(8))),
    ] {
        assert!(matches!(dated(effective, expires), Err(Malformed::Members(_))));
    }
    let bytes = dated(date, date.plus(Span::days(7))).unwrap();
    assert_eq!(Order::from_bytes(&bytes).unwrap().effective(), Some(date));
    let shown = crate::describe(&bytes, crate::Language::English).unwrap().join("\n");
    assert!(shown.contains(&format!("Not before: {date}")), "{shown}");
    let signed = [world.revoker.sign(&bytes, SignerRole::RevocationOfficer)];
    let at = |world: &World, now| authorise(&bytes, &signed, &world.register, INSTALLATION, now);
    for good in [now(), date, date.plus(Span::days(7))] {
        assert!(at(&world, good).is_ok(), "{good}");
    }
    assert_eq!(refused(at(&world, date.plus(Span::days(7)).plus(Span::seconds(1)))), "order-expired");
    let end = EndGrant {
        installation: INSTALLATION,
        seq: world.register.next_seq(),
        prev: world.register.head(),
        officer: world.revoker.officer,
        created: now(),
    };
    world.append(&GrantDocument::End(end)).unwrap();
    assert_eq!(refused(at(&world, date)), "order-signer-not-in-office");
}

#[test]
fn approval_of_other_bytes_that_mean_the_same() {
    let world = World::new();
    let good = String::from_utf8(issue_order().to_bytes().unwrap()).unwrap();
    let edited = |from: &str, to: &str| {
        assert!(good.contains(from), "{from}");
        let bytes = good.replacen(from, to, 1).into_bytes();
        refused(world.authorise(&bytes, &world.sign(&bytes)))
    };
    // White space, an escape, a doubled key, another spelling of a time, an unknown member, null for absent.
    assert_eq!(edited("\"days\":730", "\"days\": 730"), "document-not-canonical");
    assert_eq!(edited("natural-sign", "natural\\u002dsign"), "document-not-canonical");
    assert_eq!(edited("\"days\":730", "\"days\":730,\"days\":730"), "document-not-canonical");
    assert_eq!(edited("\"days\":730", "\"days\":3650,\"days\":730"), "document-not-canonical");
    assert_eq!(edited("T12:00:00Z", "T12:00:00.0Z"), "document-not-canonical");
    assert_eq!(edited("T12:00:00Z", "T12:00:00+00:00"), "document-not-canonical");
    assert_eq!(edited("\"days\":730", "\"days\":730,\"dayz\":1"), "document-members");
    assert_eq!(edited("\"days\":730", "\"days\":730.0"), "document-not-canonical");
    assert_eq!(edited("\"days\":730", "\"days\":0"), "document-members");
    assert_eq!(edited("\"v\":1", "\"v\":2"), "document-version");
    assert_eq!(edited("\"kind\":\"issue\"", "\"kind\":\"tsu-certificate\""), "document-kind-unknown");
    assert_eq!(edited("\"kind\":\"issue\"", "\"kind\":\"reissue\""), "document-members");
    assert_eq!(edited("\"spki\"", "\"replaces\":null,\"spki\""), "document-not-canonical");
    // é as e and an accent: not NFC.
    assert_eq!(edited("natural-sign-qscd", "e\u{301}"), "document-not-nfc");
}

#[test]
fn approval_of_what_no_order_may_ask() {
    let authority = serde_json::json!({
        "type": "authority", "country": "GE", "organization": "Ndoba",
        "organization_identifier": "NTRGE-404123456", "common_name": "Ndoba Root CA",
    });
    let mut order = issue_order();
    if let OrderContent::Issue(issue) = &mut order.content {
        issue.subject = serde_json::from_value(authority).unwrap();
    }
    assert!(matches!(order.to_bytes(), Err(Malformed::Members(_))));
    let mut order = revoke_order();
    if let OrderContent::Revoke(revoke) = &mut order.content {
        revoke.reason = ndoba_x509::RevocationReason::CertificateHold;
    }
    assert!(matches!(order.to_bytes(), Err(Malformed::Members(_))));
}

/// A grant's signature is none on an order, and a JWS brings neither its algorithm nor its key along.
#[test]
fn approval_with_a_confused_signature() {
    let world = World::new();
    let bytes = revoke_order().to_bytes().unwrap();
    let good = world.revoker.sign(&bytes, SignerRole::RevocationOfficer);
    assert!(world.authorise(&bytes, std::slice::from_ref(&good)).is_ok());

    let header = world.revoker.header(MediaType::Grant, SignerRole::RevocationOfficer);
    let other = world.revoker.sign_with(&header, &bytes);
    assert_eq!(refused(world.authorise(&bytes, &[other])), "order-signature-invalid");
    for alg in [JwsAlgorithm::Es384, JwsAlgorithm::Rs256, JwsAlgorithm::Ps256] {
        let header = Header { alg, ..world.revoker.header(MediaType::Order, SignerRole::RevocationOfficer) };
        let other = world.revoker.sign_with(&header, &bytes);
        assert_eq!(refused(world.authorise(&bytes, &[other])), "order-signature-invalid");
    }

    use base64::Engine as _;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64URL;
    let value: Value = serde_json::from_slice(&good).unwrap();
    let header = BASE64URL.decode(value["protected"].as_str().unwrap()).unwrap();
    let header = String::from_utf8(header).unwrap();
    let with_header = |header: String| {
        let mut value = value.clone();
        value["protected"] = BASE64URL.encode(header).into();
        refused(world.authorise(&bytes, &[serde_json::to_vec(&value).unwrap()]))
    };
    for member in ["\"crit\":[\"b64\"]", "\"jwk\":{}", "\"x5c\":[]", "\"over\":null", "\"alg\":\"none\""] {
        let first = header.replacen('{', &format!("{{{member},"), 1);
        assert_eq!(with_header(first), "order-signature-invalid", "{member}");
    }
    assert_eq!(with_header(header.replace("ES256", "none")), "order-signature-invalid");
    assert_eq!(with_header(header.replace("ES256", "HS256")), "order-signature-invalid");
    assert_eq!(with_header(header.replace(':', ": ")), "order-signature-invalid");
    assert_eq!(with_header(header), "authorised");

    for (from, to) in [("{", "{\"payload\":\"\","), ("{", "{\"header\":{},"), ("\"}", "=\"}"), (":", ": ")] {
        let other = String::from_utf8(good.clone()).unwrap().replacen(from, to, 1).into_bytes();
        assert_eq!(refused(world.authorise(&bytes, &[other])), "order-signature-invalid");
    }
}

#[test]
fn approval_in_steps() {
    let world = World::new();
    let bytes = issue_order().to_bytes().unwrap();
    let signatures = world.sign(&bytes);
    let accept = |earlier: &[Vec<u8>], new: &[u8]| {
        accept_signature(&bytes, earlier, new, &world.register, INSTALLATION, now())
    };
    let first = accept(&[], &signatures[0]).unwrap();
    assert_eq!((first.signer.officer, first.complete), (world.submitter.officer, false));
    let second = accept(&signatures[..1], &signatures[1]).unwrap();
    assert_eq!((second.signer.role, second.complete), (SignerRole::Approver, true));
    assert_eq!(accept(&[], &signatures[1]), Err(Refusal::NotCovering));
    assert_eq!(accept(&signatures[..1], &signatures[0]), Err(Refusal::RoleTwice));
}

#[test]
fn approval_after_a_forged_grant() {
    let world = World::new();
    let mallory = Person::new(66);
    let grant = GrantDocument::Grant(world.grant(&mallory, &[Role::Approver], "GE"));
    let bytes = grant.to_bytes().unwrap();
    let (first, second) = (world.first.sign_grant(&bytes), world.second.sign_grant(&bytes));
    let append = |signatures: &[Vec<u8>]| world.register.clone().append(&bytes, signatures).err();

    let count = |given| Some(RegisterRefusal::SignatureCount { needed: 2, given });
    assert_eq!(append(&[]), count(0));
    assert_eq!(append(std::slice::from_ref(&first)), count(1));
    assert_eq!(append(&[first.clone(), first.clone()]), Some(RegisterRefusal::SamePerson));
    assert_eq!(append(&[first.clone(), mallory.sign_grant(&bytes)]), Some(RegisterRefusal::UnknownSigner));
    assert_eq!(append(&[first.clone(), world.both.sign_grant(&bytes)]), Some(RegisterRefusal::WrongRole));
    let header = world.second.header(MediaType::Grant, SignerRole::SecurityOfficer);
    let forged = mallory.sign_with(&header, &bytes);
    assert!(matches!(append(&[first.clone(), forged]), Some(RegisterRefusal::Signature(_))));
    let as_order = world.second.sign(&bytes, SignerRole::SecurityOfficer);
    assert!(matches!(append(&[first.clone(), as_order]), Some(RegisterRefusal::Signature(_))));
    assert_eq!(append(&[first, second]), None);
}

#[test]
fn approval_after_a_grant_out_of_place() {
    let mut world = World::new();
    let appoint = |world: &World, change: &dyn Fn(&mut crate::Grant)| {
        let mut grant = world.grant(&Person::new(66), &[Role::Approver], "GE");
        change(&mut grant);
        world.clone_register_with(&GrantDocument::Grant(grant))
    };
    assert_eq!(appoint(&world, &|_| {}), Ok(()));
    assert_eq!(appoint(&world, &|grant| grant.seq += 1), Err(RegisterRefusal::NotNext));
    assert_eq!(appoint(&world, &|grant| grant.prev = Sha256Digest::of(b"")), Err(RegisterRefusal::NotNext));
    let other = InstallationId::from_bytes([1; 16]);
    assert_eq!(appoint(&world, &|grant| grant.installation = other), Err(RegisterRefusal::OtherInstallation));
    let early = now().minus(Span::days(3));
    assert_eq!(appoint(&world, &|grant| grant.created = early), Err(RegisterRefusal::TimeWentBack));
    // One person under two identifiers; another person under a known one; a key of another officer.
    let known = world.approver.person;
    assert_eq!(appoint(&world, &|grant| grant.person = known), Err(RegisterRefusal::PersonKnown));
    let pinned = world.second.person;
    assert_eq!(appoint(&world, &|grant| grant.person = pinned), Err(RegisterRefusal::PersonKnown));
    let id = world.approver.officer;
    assert_eq!(appoint(&world, &|grant| grant.officer = id), Err(RegisterRefusal::OtherPerson));
    let id = world.first.officer;
    assert_eq!(appoint(&world, &|grant| grant.officer = id), Err(RegisterRefusal::Pinned));
    let key = world.approver.spki.clone();
    let borrow = |grant: &mut crate::Grant| {
        grant.spki = key.fingerprint();
        grant.key = key.clone();
    };
    assert_eq!(appoint(&world, &borrow), Err(RegisterRefusal::KeyKnown));
    // A third security officer cannot sign the own second appointment.
    let third = Person::new(33);
    let grant = world.grant(&third, &[Role::SecurityOfficer], "GE");
    world.append(&GrantDocument::Grant(grant)).unwrap();
    let bytes = GrantDocument::Grant(world.grant(&third, &[Role::SecurityOfficer], "GE")).to_bytes().unwrap();
    let signatures = [world.first.sign_grant(&bytes), third.sign_grant(&bytes)];
    // Not yet in office at the time of writing, which is as good a reason.
    assert!(world.register.clone().append(&bytes, &signatures).is_err());
}

#[test]
fn approval_by_a_replayed_register() {
    let mut world = World::new();
    let end = EndGrant {
        installation: INSTALLATION,
        seq: world.register.next_seq(),
        prev: world.register.head(),
        officer: world.second.officer,
        created: now(),
    };
    world.append(&GrantDocument::End(end.clone())).unwrap();
    let replayed = Register::replay(&world.pin.clone().into(), world.chain.clone()).unwrap();
    assert_eq!(replayed.appointments(), world.register.appointments());
    assert_eq!((replayed.head(), replayed.seq()), (world.register.head(), 5));
    // A pinned officer who was ended signs no more; ending what has ended, or nobody, is refused.
    let grant = GrantDocument::Grant(world.grant(&Person::new(66), &[Role::Auditor], "GE"));
    assert!(matches!(world.clone_register_with(&grant), Err(RegisterRefusal::TimeWentBack)));
    let mut late = world.grant(&Person::new(66), &[Role::Auditor], "GE");
    late.created = now();
    assert_eq!(world.clone_register_with(&GrantDocument::Grant(late)), Err(RegisterRefusal::WrongRole));
    for officer in [world.second.officer, OfficerId::from_bytes([0xee; 16])] {
        let next = EndGrant { seq: 6, prev: world.register.head(), officer, ..end.clone() };
        let result = world.clone_register_with(&GrantDocument::End(next));
        assert_eq!(result, Err(RegisterRefusal::NoSuchOfficer));
    }
    // A link missing from the chain.
    let mut broken = world.chain.clone();
    broken.remove(1);
    assert_eq!(
        Register::replay(&world.pin.clone().into(), broken).unwrap_err(),
        (2, RegisterRefusal::NotNext)
    );
    // Another pin.
    let other = Pin { created: now(), ..world.pin.clone() };
    assert_eq!(Register::replay(&other.into(), world.chain.clone()).unwrap_err().0, 1);
}

#[test]
fn approval_of_new_grants_needs_new_grants() {
    let world = World::new();
    let bytes =
        GrantDocument::Grant(world.grant(&Person::new(66), &[Role::Auditor], "GE")).to_bytes().unwrap();
    let signatures = [world.first.sign_grant(&bytes), world.second.sign_grant(&bytes)];
    assert_eq!(world.register.check_signature(&bytes, &signatures[0], now()), Ok(world.first.officer));
    let old = now().plus(Span::days(10));
    assert_eq!(world.register.clone().append_new(&bytes, &signatures, old), Err(RegisterRefusal::NotFresh));
    let early = now().minus(Span::days(3));
    assert_eq!(world.register.clone().append_new(&bytes, &signatures, early), Err(RegisterRefusal::NotFresh));
    assert!(world.register.clone().append_new(&bytes, &signatures, now()).is_ok());
}

#[test]
fn approval_pin_round_trips_and_refuses() {
    let world = World::new();
    let bytes = world.pin.to_bytes().unwrap();
    assert_eq!(Pin::from_bytes(&bytes), Ok(world.pin.clone()));
    let mut one = world.pin.clone();
    one.security_officers.pop();
    assert!(one.to_bytes().is_err());
    let mut same = world.pin.clone();
    same.security_officers[1].spki = same.security_officers[0].spki.clone();
    assert!(same.to_bytes().is_err());
}

/// Names, numbers and texts of people do not reach logs through `Debug` or `Display`.
#[test]
fn approval_says_nothing_personal() {
    let world = World::new();
    let order = issue_order();
    let grant = world.grant(&world.approver, &[Role::Approver], "GE");
    let broken =
        String::from_utf8(order.to_bytes().unwrap()).unwrap().replace("ბერიძე", "ბერიძe").into_bytes();
    let refusal = world.authorise(&broken, &world.sign(&broken)).unwrap_err();
    let refusal = std::error::Error::source(&refusal).map_or(String::new(), |source| format!("{source:?}"));
    let texts = [format!("{order:?}"), format!("{:?}", order.content), format!("{grant:?}"), refusal];
    for text in texts {
        assert!(!text.is_empty() && !text.contains("01001012345") && !text.contains("ნინო"), "{text}");
        assert!(!text.contains("ბერიძ"), "{text}");
    }
}

static WORLD: LazyLock<World> = LazyLock::new(World::new);

proptest! {
    #[test]
    fn no_bytes_panic(bytes in any::<Vec<u8>>(), signature in any::<Vec<u8>>()) {
        let world = &*WORLD;
        prop_assert!(world.authorise(&bytes, std::slice::from_ref(&signature)).is_err());
        prop_assert!(world.register.clone().append(&bytes, &[signature]).is_err());
        prop_assert!(Pin::from_bytes(&bytes).is_err());
    }

    /// Any one octet of order or signatures changed: refused.
    #[test]
    fn any_changed_octet_is_refused(which in 0usize..3, at in any::<prop::sample::Index>(), to in any::<u8>()) {
        let world = &*WORLD;
        let bytes = issue_order().to_bytes().unwrap();
        let mut all = vec![bytes.clone()];
        all.extend(world.sign(&bytes));
        let at = at.index(all[which].len());
        prop_assume!(all[which][at] != to);
        all[which][at] = to;
        prop_assert!(world.authorise(&all[0], &all[1..]).is_err());
    }
}
