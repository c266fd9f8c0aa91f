//! Between the file in the configuration and the document in the chain: the newly pinned are in office, and the log says so
//! only afterwards (ADR 0026).

use super::*;
use crate::test_support::{signed_by_two, unit};
use crate::{AcceptRestore, AuthorityMarks, ReplacePin, RestoreMarks, WitnessedMarks};

/// The two whom [`replaced`] pins.
fn newly() -> [Person; 2] {
    [Person::new(61), Person::new(62)]
}

fn session(by: &[Person; 2]) -> Entry {
    let presence = Presence {
        installation: crate::test_support::INSTALLATION,
        act: Act::NextCa,
        decided: Sha256Digest::of(b"plan"),
        tokens: vec!["0123".into()],
        session: ndoba_types::SessionId::from_bytes([7; 16]),
        opened: now().minus(Span::seconds(10)),
    };
    let bytes = presence.to_bytes().unwrap();
    let sign =
        |one: &Person| one.sign_with(&one.header(MediaType::Presence, SignerRole::SecurityOfficer), &bytes);
    let data = json!({
        "act": "next-ca",
        "decided": presence.decided.to_string(),
        "session": Sha256Digest::of(&bytes).to_string(),
        "officers": by.each_ref().map(|one| one.officer.to_string()),
    });
    (event(now(), "presence-proved", data), Some(signed(&bytes, &by.each_ref().map(sign))))
}

fn order_for_a_unit(by: &[Person; 2]) -> Vec<Entry> {
    let unit = order(OrderContent::CertifyUnit(Box::new(unit())));
    let unit = Order { order_id: OrderId::from_bytes([0xcc; 16]), ..unit };
    let bytes = unit.to_bytes().unwrap();
    let signatures = signed_by_two(&by[0], &by[1], &bytes);
    let done = vec![intended(unit.order_id, "4b"), then("certificate-issued", unit.order_id, "4b")];
    [queued(&unit, &signatures), done].concat()
}

pub(super) fn restore(by: &[Person; 2], grant: u64, witnessed: u64) -> Entry {
    let authority = |version| AuthorityMarks { name: "seal".parse().unwrap(), version, crl_number: 3 };
    let marks = |version, grant| RestoreMarks {
        authorities: vec![authority(version)],
        grant,
        log_size: 40,
        log_root: None,
    };
    let file = Sha256Digest::of(b"file");
    let statement = AcceptRestore {
        installation: crate::test_support::INSTALLATION,
        created: now().minus(Span::seconds(30)),
        expires: now().plus(Span::hours(1)),
        database: marks(1, grant),
        witnesses: vec![WitnessedMarks { role: "ca".into(), file, marks: marks(2, witnessed) }],
        resume: vec![authority(3)],
        revocations: 1,
    };
    let bytes = statement.to_bytes().unwrap();
    let sign =
        |one: &Person| one.sign_with(&one.header(MediaType::Restore, SignerRole::SecurityOfficer), &bytes);
    let data = json!({
        "statement": Sha256Digest::of(&bytes).to_string(),
        "witness": "ca",
        "was": file.to_string(),
        "officers": by.each_ref().map(|one| one.officer.to_string()),
    });
    (event(now(), "restore-accepted", data), Some(signed(&bytes, &by.each_ref().map(sign))))
}

fn with_pin(mut world: World, replace: &ReplacePin, before: bool) -> Vec<Entry> {
    let before = if before { vec![&world.first, &world.second] } else { vec![] };
    let document = link(replace, &before);
    world.chain.push(document);
    chain(&world)
}

#[test]
fn the_newly_pinned_act_before_their_document_has_joined() {
    let replace = replaced(&World::new());
    let pins = Pins::from(World::new().pin).with(replace.clone()).unwrap();
    for (acts, statements, orders) in [
        (vec![session(&newly())], 1, 0),
        (order_for_a_unit(&newly()), 0, 1),
        (vec![restore(&newly(), 4, 5)], 1, 0),
    ] {
        for before in [true, false] {
            let whole = with_pin(World::new(), &replace, before);
            let joined = [&whole[..4], &acts, &whole[4..]].concat();
            for known in [None, Some(1)] {
                let found = judge_by(&pins, &joined, known).unwrap();
                assert_eq!(
                    (found.statements, found.orders, found.certificates),
                    (statements, orders, orders)
                );
                // An export of before it joined.
                assert!(judge_by(&pins, &joined[..joined.len() - 1], known).is_ok());
            }
            // Who knows the pin of before believes the signatures of two of before, and those have to come.
            let known = judge_by(&pins, &joined, Some(0));
            assert_eq!(known.map_err(|found| found.code).err(), (!before).then_some("pin-not-signed"));
            let cut = judge_by(&pins, &joined[..joined.len() - 1], Some(0)).unwrap_err();
            assert_eq!((cut.code, cut.record), ("pin-not-signed", if orders > 0 { 6 } else { 4 }));
        }
    }
}

/// Nor does it help anybody else, or before the chain has what the pin leaves in force.
#[test]
fn nobody_else_acts_by_a_pin_that_has_not_joined() {
    let world = World::new();
    let replace = replaced(&world);
    let pins = Pins::from(world.pin.clone()).with(replace.clone()).unwrap();
    let whole = with_pin(World::new(), &replace, true);
    let code = |log: &[Entry]| judge_by(&pins, log, None).unwrap_err().code;
    let [third, fourth] = newly();
    let strangers = [Person::new(71), Person::new(72)];
    let mixed = [Person::new(1), third];
    assert_eq!(mixed[0].spki, world.first.spki);
    for by in [&strangers, &mixed] {
        assert_eq!(code(&[&whole[..4], &[session(by)]].concat()), "session-not-attended");
        assert_eq!(code(&[&whole[..4], &[restore(by, 4, 5)]].concat()), "restore-not-accepted");
        assert!(judge_by(&pins, &[&whole[..4], &order_for_a_unit(by)].concat(), None).is_err());
    }
    let [third, _] = newly();
    assert_eq!(code(&[&whole[..3], &[session(&newly())]].concat()), "session-not-attended");
    // No log says when the configuration has it: those of before count too until it has joined.
    let of_before = [Person::new(1), Person::new(2)];
    assert_eq!(of_before[1].spki, world.second.spki);
    assert!(judge_by(&pins, &[&whole[..4], &[session(&of_before)]].concat(), None).is_ok());
    // To accept a database that is behind, those of the newest pin count: not before they were pinned.
    assert!(judge_by(&pins, &[&whole[..3], &[restore(&[third, fourth], 3, 5)]].concat(), None).is_ok());
    let mut early = restore(&newly(), 3, 5);
    early.0["at"] = replace.created.minus(Span::seconds(1)).to_string().into();
    assert_eq!(code(&[&whole[..3], &[early]].concat()), "restore-not-accepted");
}
