//! Every wrong pair, and every wrong session.

use super::*;
use crate::test_support::{INSTALLATION, Person, World, now};
use crate::{EndGrant, GrantDocument, Language, describe};

fn session(seed: u8) -> Presence {
    Presence {
        installation: INSTALLATION,
        act: Act::SignDraft,
        decided: Sha256Digest::of(b"draft"),
        tokens: vec!["5f3c9a01".into()],
        session: SessionId::from_bytes([seed; 16]),
        opened: now().minus(Span::minutes(1)),
    }
}

fn sign(person: &Person, presence: &Presence) -> Vec<u8> {
    let header = person.header(MediaType::Presence, SignerRole::SecurityOfficer);
    person.sign_with(&header, &presence.to_bytes().unwrap())
}

fn judge(world: &World, signers: &[&Person]) -> Result<[OfficerId; 2], PresenceRefusal> {
    let presence = session(1);
    let signatures: Vec<_> = signers.iter().map(|person| sign(person, &presence)).collect();
    attend(&presence, &signatures, &world.register, now()).map(|attended| *attended.officers())
}

#[test]
fn presence_of_two_security_officers_and_nobody_else() {
    let mut world = World::new();
    // A third, who got another key since, and a fourth, who was dismissed.
    let (third, replaced, fourth) = (Person::with_key(7, 8), Person::with_key(7, 7), Person::new(9));
    for officer in [&replaced, &third, &fourth] {
        let grant = world.grant(officer, &[Role::SecurityOfficer], "GE");
        world.append(&GrantDocument::Grant(grant)).unwrap();
    }
    let end = EndGrant {
        installation: INSTALLATION,
        seq: world.register.next_seq(),
        prev: world.register.head(),
        officer: fourth.officer,
        created: now().minus(Span::hours(1)),
    };
    world.append(&GrantDocument::End(end)).unwrap();
    let (first, second) = (&world.first, &world.second);

    assert_eq!(judge(&world, &[first, second]), Ok([first.officer, second.officer]));
    assert_eq!(judge(&world, &[&third, first]), Ok([third.officer, first.officer]));
    let not = |officer: &Person| PresenceRefusal::NotSecurityOfficer(officer.officer);
    let stranger = Person::new(99);
    let table: [(&str, &[&Person], PresenceRefusal); 10] = [
        ("nobody", &[], PresenceRefusal::SignatureCount(0)),
        ("one officer", &[first], PresenceRefusal::SignatureCount(1)),
        ("three", &[first, second, &third], PresenceRefusal::SignatureCount(3)),
        ("one officer twice", &[first, first], PresenceRefusal::SamePerson),
        ("two keys of one person", &[&third, &replaced], not(&replaced)),
        ("an officer of registration", &[first, &world.submitter], not(&world.submitter)),
        ("the same in front", &[&world.both, second], not(&world.both)),
        ("a revocation officer", &[first, &world.revoker], not(&world.revoker)),
        ("a dismissed officer", &[first, &fourth], not(&fourth)),
        ("a stranger", &[first, &stranger], PresenceRefusal::UnknownSigner),
    ];
    for (who, signers, refusal) in table {
        assert_eq!(judge(&world, signers), Err(refusal), "{who}");
    }
}

#[test]
fn presence_in_another_session_is_none() {
    let world = World::new();
    let here = session(1);
    let (first, second) = (&world.first, &world.second);
    let good = [sign(first, &here), sign(second, &here)];
    let judge = |presence: &Presence, signatures: &[Vec<u8>], at| {
        attend(presence, signatures, &world.register, at).map(|attended| attended.digest())
    };
    assert_eq!(judge(&here, &good, now()), Ok(Sha256Digest::of(&here.to_bytes().unwrap())));

    // Both signed, but something else: one signature of another session spoils it as both do.
    let invalid = Err(PresenceRefusal::Signature(BadJws::Invalid));
    for (what, other) in [
        ("an earlier run", session(2)),
        ("another plan", Presence { decided: Sha256Digest::of(b"other"), ..here.clone() }),
        ("another act", Presence { act: Act::RevokeCa, ..here.clone() }),
        ("another token", Presence { tokens: vec!["5f3c9a02".into()], ..here.clone() }),
        ("another moment", Presence { opened: now().minus(Span::minutes(2)), ..here.clone() }),
        (
            "another installation",
            Presence { installation: InstallationId::from_bytes([1; 16]), ..here.clone() },
        ),
    ] {
        let both = [sign(first, &other), sign(second, &other)];
        assert_eq!(judge(&here, &both, now()), invalid, "{what}");
        assert_eq!(judge(&here, &[good[0].clone(), both[1].clone()], now()), invalid, "{what}");
    }
    let elsewhere = Presence { installation: InstallationId::from_bytes([1; 16]), ..here.clone() };
    let both = [sign(first, &elsewhere), sign(second, &elsewhere)];
    assert_eq!(judge(&elsewhere, &both, now()), Err(PresenceRefusal::OtherInstallation));

    // Not before it and not long after.
    let over = here.opened.plus(Presence::LIFE).plus(Span::seconds(1));
    assert_eq!(judge(&here, &good, over), Err(PresenceRefusal::Over));
    let before = here.opened.minus(Span::seconds(1));
    assert_eq!(judge(&here, &good, before), Err(PresenceRefusal::ClockWentBack));
    // By their own word both signed a minute after it was opened.
    assert_eq!(judge(&here, &good, here.opened), Err(PresenceRefusal::SignatureTime));
    let later = Presence { opened: now().plus(Span::seconds(1)), ..here.clone() };
    let both = [sign(first, &later), sign(second, &later)];
    assert_eq!(judge(&later, &both, now().plus(Span::minutes(1))), Err(PresenceRefusal::SignatureTime));

    // A signature on the same bytes as another kind of document, or as somebody else, is none.
    let bytes = here.to_bytes().unwrap();
    let as_restore = first.sign_with(&first.header(MediaType::Restore, SignerRole::SecurityOfficer), &bytes);
    let refused = judge(&here, &[as_restore, good[1].clone()], now());
    assert_eq!(refused, Err(PresenceRefusal::Signature(BadJws::OtherMediaType)));
    let as_approver = first.sign_with(&first.header(MediaType::Presence, SignerRole::Approver), &bytes);
    let refused = judge(&here, &[as_approver, good[1].clone()], now());
    assert_eq!(refused, Err(PresenceRefusal::NotSecurityOfficer(first.officer)));
    let refused = judge(&here, &[b"{}".to_vec(), good[1].clone()], now());
    assert_eq!(refused, Err(PresenceRefusal::Signature(BadJws::Malformed)));
}

#[test]
fn presence_is_told_before_it_is_signed() {
    let here = session(1);
    let bytes = here.to_bytes().unwrap();
    assert_eq!(Presence::from_bytes(&bytes), Ok(here.clone()));
    let lines = describe(&bytes, Language::English).unwrap();
    assert_eq!(lines[0], "Be there with a second security officer while a CA's key is used");
    for line in ["  What is done: sign-draft", "  Token (serial number): 5f3c9a01"] {
        assert!(lines.iter().any(|one| one == line), "{line}: {lines:?}");
    }
    assert_eq!(describe(&bytes, Language::Georgian).unwrap().len(), lines.len());
    assert!(Presence { tokens: Vec::new(), ..here }.to_bytes().is_err());
}
