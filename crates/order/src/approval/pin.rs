//! Attacks on the pin: other pinned officers come by the configuration, and by nothing that lies in a database (ADR 0026).

use ndoba_types::{OfficerId, Sha256Digest, Span};

use crate::test_support::{INSTALLATION, Person, World, now};
use crate::{
    EndGrant, GrantDocument, MediaType, NewlyPinned, Pins, Register, RegisterRefusal, ReplacePin, Role,
    SignerRole,
};

type Link = (Vec<u8>, Vec<Vec<u8>>);

const THIRD: u8 = 61;
const FOURTH: u8 = 62;

fn newly(person: &Person) -> NewlyPinned {
    NewlyPinned {
        officer: person.officer,
        person: None,
        name_shown: "ნინო".into(),
        spki: person.spki.fingerprint(),
        key: person.spki.clone(),
    }
}

/// What a ceremony writes now, for two officers of whom the register knows nothing.
pub(crate) fn replaced(world: &World) -> ReplacePin {
    ReplacePin {
        installation: INSTALLATION,
        seq: world.register.next_seq(),
        prev: world.register.head(),
        pin: world.pin.digest().unwrap(),
        security_officers: vec![newly(&Person::new(THIRD)), newly(&Person::new(FOURTH))],
        reason: "both cards were lost".into(),
        created: now().minus(Span::minutes(1)),
    }
}

fn accepted(person: &Person, bytes: &[u8]) -> Vec<u8> {
    person.sign_with(&person.header(MediaType::Grant, SignerRole::Appointed), bytes)
}

/// The document with the signatures of the newly pinned, and of those of before.
pub(crate) fn link(replace: &ReplacePin, before: &[&Person]) -> Link {
    let bytes = GrantDocument::ReplacePin(replace.clone()).to_bytes().unwrap();
    let mut signatures: Vec<_> =
        [THIRD, FOURTH].map(Person::new).iter().map(|person| accepted(person, &bytes)).collect();
    signatures.extend(before.iter().map(|person| person.sign_grant(&bytes)));
    (bytes, signatures)
}

fn pins(world: &World, replace: &ReplacePin) -> Pins {
    Pins::from(world.pin.clone()).with(replace.clone()).unwrap()
}

fn replay(pins: &Pins, chain: &[Link]) -> Result<Register, (u64, RegisterRefusal)> {
    Register::replay(pins, chain.iter().cloned())
}

/// An end of an officer's appointment by `by`, which takes one signature.
fn end(register: &Register, officer: OfficerId, by: &Person) -> Link {
    let end = EndGrant {
        installation: INSTALLATION,
        seq: register.next_seq(),
        prev: register.head(),
        officer,
        created: now(),
    };
    let bytes = GrantDocument::End(end).to_bytes().unwrap();
    let signatures = vec![by.sign_grant(&bytes)];
    (bytes, signatures)
}

#[test]
fn approval_by_a_pin_that_is_in_the_database_only() {
    let world = World::new();
    let replace = replaced(&world);
    let seq = replace.seq;
    // Even with the signatures of both pinned officers: nobody configured it.
    for before in [vec![], vec![&world.first, &world.second]] {
        let chain = [&world.chain[..], &[link(&replace, &before)]].concat();
        let refused = replay(&world.pin.clone().into(), &chain).unwrap_err();
        assert_eq!(refused, (seq, RegisterRefusal::PinUnknown));
    }
    // Nor is another than the configured one believed.
    let other = ReplacePin { reason: "another".into(), ..replace.clone() };
    let chain = [&world.chain[..], &[link(&other, &[&world.first, &world.second])]].concat();
    assert_eq!(replay(&pins(&world, &replace), &chain).unwrap_err(), (seq, RegisterRefusal::PinUnknown));
}

#[test]
fn approval_by_officers_of_the_pin_before() {
    let world = World::new();
    let replace = replaced(&world);
    let pins = pins(&world, &replace);
    // Configured, and the document has not joined the chain: they are out of office at once, and nothing else may come first.
    let register = replay(&pins, &world.chain).unwrap();
    assert!(!register.has_newest_pin());
    for gone in [&world.first, &world.second] {
        assert!(!register.officer(gone.officer).unwrap().holds(Role::SecurityOfficer, now()));
    }
    for by in [&world.first, &Person::new(THIRD)] {
        let (bytes, signatures) = end(&register, world.approver.officer, by);
        assert_eq!(register.clone().append(&bytes, &signatures).unwrap_err(), RegisterRefusal::PinAwaited);
    }
    // Everybody else's appointment goes on, and the orders that they signed with it.
    let bytes = crate::test_support::issue_order().to_bytes().unwrap();
    assert!(crate::authorise(&bytes, &world.sign(&bytes), &register, INSTALLATION, now()).is_ok());

    // It has joined: the chain goes on with the new ones, and with them only.
    let mut register = register;
    let (document, signatures) = link(&replace, &[]);
    register.append_new(&document, &signatures, now()).unwrap();
    assert!(register.has_newest_pin() && register.is_whole());
    assert_eq!(register.head(), pins.digest().unwrap());
    let (bytes, signatures) = end(&register, world.approver.officer, &world.first);
    assert_eq!(register.clone().append(&bytes, &signatures).unwrap_err(), RegisterRefusal::WrongRole);
    let (bytes, signatures) = end(&register, world.approver.officer, &Person::new(THIRD));
    register.append_new(&bytes, &signatures, now()).unwrap();
    assert_eq!(register.by_key(world.approver.spki.fingerprint()).unwrap().ended, Some(now()));
}

/// A security officer whom those of before appointed goes with them: who stole their keys appoints accomplices first.
#[test]
fn approval_by_a_security_officer_whom_the_pin_before_appointed() {
    let mut world = World::new();
    let accomplice = Person::new(7);
    let grant = world.grant(&accomplice, &[Role::SecurityOfficer], "GE");
    world.append(&GrantDocument::Grant(grant)).unwrap();
    assert!(world.register.officer(accomplice.officer).unwrap().holds(Role::SecurityOfficer, now()));
    let replace = replaced(&world);
    let chain = [&world.chain[..], &[link(&replace, &[])]].concat();
    let register = replay(&pins(&world, &replace), &chain).unwrap();
    assert!(!register.officer(accomplice.officer).unwrap().is_active(now()));
    let (bytes, signatures) = end(&register, world.approver.officer, &accomplice);
    assert_eq!(register.clone().append(&bytes, &signatures).unwrap_err(), RegisterRefusal::WrongRole);
}

#[test]
fn approval_of_a_pin_that_lacks_signatures() {
    let world = World::new();
    let replace = replaced(&world);
    let pins = pins(&world, &replace);
    let bytes = GrantDocument::ReplacePin(replace.clone()).to_bytes().unwrap();
    let (third, fourth) = (Person::new(THIRD), Person::new(FOURTH));
    let refused = |signatures: Vec<Vec<u8>>| {
        let refused = replay(&pins, &[&world.chain[..], &[(bytes.clone(), signatures)]].concat());
        refused.err().map(|(_, refusal)| refusal.code())
    };
    let new = || vec![accepted(&third, &bytes), accepted(&fourth, &bytes)];
    let with = |more: Vec<Vec<u8>>| refused([new(), more].concat());
    assert_eq!(refused(new()), None);
    assert_eq!(with(vec![world.first.sign_grant(&bytes), world.second.sign_grant(&bytes)]), None);
    // One of the new keys is not there, or another's is; one of before, or one of them twice.
    assert_eq!(refused(vec![accepted(&third, &bytes)]), Some("grant-signature-count"));
    assert_eq!(refused(vec![accepted(&third, &bytes); 2]), Some("grant-signature-count"));
    assert_eq!(with(vec![accepted(&third, &bytes)]), Some("grant-signature-count"));
    assert_eq!(with(vec![accepted(&world.approver, &bytes)]), Some("grant-signer-unknown"));
    assert_eq!(with(vec![world.first.sign_grant(&bytes)]), Some("grant-signature-count"));
    assert_eq!(with(vec![world.first.sign_grant(&bytes); 2]), Some("grant-same-person"));
    // Nobody of before but security officers, and a new one is none of before.
    assert_eq!(with(vec![world.approver.sign_grant(&bytes)]), Some("grant-signer-role"));
    let of_new = vec![third.sign_grant(&bytes), fourth.sign_grant(&bytes)];
    assert_eq!(with(of_new), Some("grant-signer-role"));
    let forged = {
        let header = fourth.header(MediaType::Grant, SignerRole::Appointed);
        vec![accepted(&third, &bytes), Person::new(77).sign_with(&header, &bytes)]
    };
    assert_eq!(refused(forged), Some("grant-signature-invalid"));
}

/// The pin says what of the chain stays; a chain that is shorter, or went on by itself, is not used.
#[test]
fn approval_after_the_chain_is_not_as_the_pin_says() {
    let mut world = World::new();
    let replace = replaced(&world);
    let pins = pins(&world, &replace);
    let shorter = &world.chain[..3];
    assert_eq!(replay(&pins, shorter).unwrap_err(), (3, RegisterRefusal::PinNotReached));
    // To accept such a database only those count whom the configuration pins now.
    let behind = Register::replay_so_far(&pins, shorter.iter().cloned()).unwrap().under_newest_pin();
    assert!(!behind.officer(world.first.officer).unwrap().is_active(now()));
    assert_eq!(behind.officer(Person::new(THIRD).officer).unwrap().seq, 0);
    // Those of before went on meanwhile.
    let (document, signatures) = end(&world.register, world.revoker.officer, &world.first);
    world.register.append(&document, &signatures).unwrap();
    world.chain.push((document, signatures));
    assert_eq!(replay(&pins, &world.chain).unwrap_err(), (replace.seq, RegisterRefusal::PinAwaited));
}

#[test]
fn approval_by_a_key_that_was_given_up_or_is_anothers() {
    let mut world = World::new();
    let (document, signatures) = end(&world.register, world.revoker.officer, &world.first);
    world.register.append(&document, &signatures).unwrap();
    world.chain.push((document, signatures));
    for key in [&world.revoker.spki, &world.approver.spki] {
        let mut replace = ReplacePin { created: now(), ..replaced(&world) };
        replace.security_officers[0].key = key.clone();
        replace.security_officers[0].spki = key.fingerprint();
        let refused = replay(&pins(&world, &replace), &world.chain).unwrap_err();
        assert_eq!(refused.1, RegisterRefusal::PinNotReached);
    }
}

/// One of two stays, with a new card or the one from before.
#[test]
fn an_officer_of_before_is_pinned_again() {
    let world = World::new();
    for stays in [Person::new(1), Person::with_key(1, 91)] {
        let mut replace = replaced(&world);
        replace.security_officers[0] = NewlyPinned { person: Some(stays.person), ..newly(&stays) };
        let bytes = GrantDocument::ReplacePin(replace.clone()).to_bytes().unwrap();
        let mut signatures = vec![accepted(&stays, &bytes), accepted(&Person::new(FOURTH), &bytes)];
        signatures.extend([&world.first, &world.second].map(|person| person.sign_grant(&bytes)));
        let register =
            replay(&pins(&world, &replace), &[&world.chain[..], &[(bytes, signatures)]].concat()).unwrap();
        assert!(register.by_key(stays.spki.fingerprint()).unwrap().is_active(now()));
        assert!(!register.officer(world.second.officer).unwrap().is_active(now()));
        assert_eq!(
            register.by_key(world.first.spki.fingerprint()).unwrap().is_active(now()),
            stays.spki == world.first.spki
        );
    }
}

/// Security officers hold nothing else (P-03): who was an approver, and is pinned with a new card, is none with the old one.
#[test]
fn an_approver_is_pinned_with_a_new_card() {
    let world = World::new();
    let stays = Person::with_key(4, 94);
    let with = |newly: NewlyPinned| {
        let mut replace = replaced(&world);
        replace.security_officers[0] = newly;
        replay(&pins(&world, &replace), &world.chain)
    };
    let register = with(NewlyPinned { person: Some(stays.person), ..newly(&stays) }).unwrap();
    assert!(!register.by_key(world.approver.spki.fingerprint()).unwrap().is_active(now()));
    assert!(register.by_key(stays.spki.fingerprint()).unwrap().holds(Role::SecurityOfficer, now()));
    // As the same officer and another person, or the same person and another officer, they are not pinned.
    for bad in [
        newly(&stays),
        NewlyPinned { person: Some(stays.person), officer: OfficerId::from_bytes([95; 16]), ..newly(&stays) },
    ] {
        assert_eq!(with(bad).unwrap_err().1, RegisterRefusal::PinNotReached);
    }
}

#[test]
fn pins_are_read_as_they_were_written() {
    let world = World::new();
    let replace = replaced(&world);
    let one = Pins::from(world.pin.clone());
    let two = pins(&world, &replace);
    // The file of a configuration that never had another is the pin's, as it always was.
    assert_eq!(one.to_bytes().unwrap(), world.pin.to_bytes().unwrap());
    for pins in [&one, &two] {
        assert_eq!(&Pins::from_bytes(&pins.to_bytes().unwrap()).unwrap(), pins);
    }
    assert_eq!(two.place_of(world.pin.digest().unwrap()), Ok(Some(0)));
    assert_eq!(two.place_of(two.digest().unwrap()), Ok(Some(1)));
    assert_eq!(two.place_of(Sha256Digest::of(b"")), Ok(None));
    for (what, bad) in [
        ("of another pin", ReplacePin { pin: Sha256Digest::of(b"another"), ..replace.clone() }),
        ("no officers", ReplacePin { security_officers: vec![], ..replace.clone() }),
        ("no reason", ReplacePin { reason: String::new(), ..replace.clone() }),
        ("hidden", ReplacePin { reason: "a\u{202e}b".into(), ..replace.clone() }),
    ] {
        assert!(one.clone().with(bad).is_err(), "{what}");
    }
    assert!(two.clone().with(replace).is_err(), "twice");
    let text = [&two.to_bytes().unwrap()[..], b"\n"].concat();
    assert!(Pins::from_bytes(&text).is_err());
    let (grant, _) = &world.chain[0];
    let text = [&one.to_bytes().unwrap()[..], b"\n", grant].concat();
    assert!(Pins::from_bytes(&text).is_err());
}
