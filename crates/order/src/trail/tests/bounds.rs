//! What officers let happen without asking them again, and no further: responders' renewals, a restored database.

use super::window::restore;
use super::*;
use crate::test_support::{INSTALLATION, unit};
use crate::{AuthoriseResponder, EndResponder, ProfileRef};
use ndoba_x509::KeyIdentifier;

fn authorisation(id: u8, count: u32, world: &World) -> AuthoriseResponder {
    let unit = unit();
    AuthoriseResponder {
        installation: INSTALLATION,
        seq: world.register.next_seq(),
        prev: world.register.head(),
        authorisation: OrderId::from_bytes([id; 16]),
        ca: KeyIdentifier::from_bytes([0xca; 20]),
        enrolment: Person::new(70).spki,
        profile: ProfileRef { name: "ocsp-responder".into(), digest: Sha256Digest::of(b"profile") },
        subject: unit.subject,
        days: 14,
        count,
        not_before: now().minus(Span::days(1)),
        not_after: now().plus(Span::days(364)),
        created: now(),
    }
}

/// The document joins the chain, as registration logs it.
fn joins(world: &mut World, document: &GrantDocument, signers: &[&Person]) -> Entry {
    let bytes = document.to_bytes().unwrap();
    let signatures: Vec<_> = signers.iter().map(|one| one.sign_grant(&bytes)).collect();
    world.register.append(&bytes, &signatures).unwrap();
    let mut data = json!({
        "seq": document.seq().to_string(),
        "grant": Sha256Digest::of(&bytes).to_string(),
        "signers": signers.iter().map(|one| one.officer.to_string()).collect::<Vec<_>>(),
    });
    let kind = match document {
        GrantDocument::AuthoriseResponder(one) => {
            data["authorisation"] = one.authorisation.to_string().into();
            data["count"] = one.count.to_string().into();
            data["until"] = one.not_after.to_string().into();
            "responder-authorised"
        }
        GrantDocument::EndResponder(one) => {
            data["authorisation"] = one.authorisation.to_string().into();
            "responder-authorisation-ended"
        }
        GrantDocument::End(_)
        | GrantDocument::Grant(_)
        | GrantDocument::ReplacePin(_)
        | GrantDocument::RevokeCa(_)
        | GrantDocument::SucceedCa(_)
        | GrantDocument::TerminateCa(_) => panic!("{} authorises no responder", document.seq()),
    };
    (event(now(), kind, data), Some(signed(&bytes, &signatures)))
}

fn authorised(count: u32) -> (World, Vec<Entry>) {
    let mut world = World::new();
    let before = chain(&world);
    let [first, second] = [Person::new(1), Person::new(2)];
    let document = GrantDocument::AuthoriseResponder(Box::new(authorisation(1, count, &world)));
    let entry = joins(&mut world, &document, &[&first, &second]);
    (world, [before, vec![entry]].concat())
}

fn of(kind: &str, ca: &str, serial: &str) -> Entry {
    let profile = Sha256Digest::of(b"profile").to_string();
    let cause = format!("authorisation:{}", OrderId::from_bytes([1; 16]));
    let data = json!({ "ca": ca, "serial": serial, "cause": cause, "profile": profile });
    (event(now(), kind, data), None)
}

#[test]
fn responders_are_certified_within_what_was_signed() {
    let (mut world, joined) = authorised(2);
    let asked = |serial: &str| of("issuance-intended", "signature", serial);
    let whole = |serial: &str| vec![asked(serial), of("certificate-issued", "signature", serial)];
    let log = [joined.clone(), whole("4a"), whole("4b")].concat();
    assert_eq!(judge(&world, &log).unwrap().responders, 2);
    let third = [log.clone(), vec![asked("4c")]].concat();
    found(&world, &third, "certificate 4c of signature", "responder-count-used-up");
    // One that was lost is one of them.
    let lost =
        [joined.clone(), vec![asked("49"), of("issuance-lost", "signature", "49")], whole("4a")].concat();
    assert_eq!(judge(&world, &lost).unwrap().responders, 1);
    let third = [lost, vec![asked("4c")]].concat();
    found(&world, &third, "certificate 4c of signature", "responder-count-used-up");
    // The officers signed one key, and a key is one CA's.
    let other = [joined.clone(), whole("4a"), vec![of("issuance-intended", "seal", "4b")]].concat();
    found(&world, &other, "certificate 4b of seal", "responder-not-authorised");
    // Nor is it in force after its end.
    let end = EndResponder {
        installation: INSTALLATION,
        seq: world.register.next_seq(),
        prev: world.register.head(),
        authorisation: OrderId::from_bytes([1; 16]),
        created: now(),
    };
    let first = Person::new(1);
    let mut ended = joins(&mut world, &GrantDocument::EndResponder(end), &[&first]);
    let mut late = asked("4b");
    late.0["at"] = now().plus(Span::minutes(6)).to_string().into();
    let log = [joined.clone(), whole("4a"), vec![ended.clone(), late]].concat();
    found(&world, &log, "certificate 4b of signature", "responder-not-authorised");
    ended.0["data"]["signers"] = json!([Person::new(2).officer.to_string()]);
    found(&world, &[joined, vec![ended]].concat(), "grant 6", "grant-differs");
}

#[test]
fn the_log_says_what_was_signed_of_an_authorisation() {
    let (world, joined) = authorised(2);
    for (name, other) in [
        ("count", json!("3")),
        ("until", json!(now().plus(Span::days(700)).to_string())),
        ("authorisation", json!("ab".repeat(16))),
        ("signers", json!([Person::new(1).officer.to_string()])),
    ] {
        let mut log = joined.clone();
        log.last_mut().unwrap().0["data"][name] = other;
        found(&world, &log, "grant 5", "grant-differs");
    }
}

#[test]
fn a_restore_is_carried_out_as_it_was_signed_and_once() {
    let world = World::new();
    let accepted = restore(&[Person::new(1), Person::new(2)], 4, 4);
    let about = format!("statement {}", accepted.0["data"]["statement"].as_str().unwrap());
    let recovered = |serial: &str| {
        let data = json!({
            "ca": "signature", "serial": serial, "reason": "keyCompromise",
            "statement": accepted.0["data"]["statement"],
        });
        (event(now(), "revocation-recovered", data), None)
    };
    let whole = [chain(&world), vec![accepted.clone(), recovered("4a")]].concat();
    assert_eq!(judge(&world, &whole).unwrap().statements, 1);
    let more = [whole.clone(), vec![recovered("4b")]].concat();
    found(&world, &more, "certificate 4b of signature", "restore-differs");
    found(&world, &[whole.clone(), vec![accepted.clone()]].concat(), &about, "restore-differs");
    for (name, other) in [
        ("witness", json!("ocsp")),
        ("was", json!(Sha256Digest::of(b"another file").to_string())),
        ("officers", json!([Person::new(1).officer.to_string(), Person::new(3).officer.to_string()])),
    ] {
        let mut log = whole.clone();
        log[4].0["data"][name] = other;
        found(&world, &log, &about, "restore-differs");
    }
    // Without the statement nothing can be said of it, and that is counted.
    let mut unseen = [whole, vec![recovered("4b")]].concat();
    unseen[4].1 = None;
    assert_eq!(judge(&world, &unseen).unwrap().statements_unseen, 1);
}
