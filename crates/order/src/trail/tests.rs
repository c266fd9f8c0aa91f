//! A log with everything in order, and what is wrong when one thing of it is otherwise.

use std::sync::LazyLock;

use ndoba_types::{OrderId, Sha256Digest, Span, UtcTime};
use proptest::prelude::*;
use serde_json::{Value, json};

use super::{
    Named, Signed, SignedLine, Trail, TrailFinding, TrailVerdict, read_signed_header, signed_header,
};
use crate::approval::pin::{link, replaced};
use crate::test_support::{Person, World, issue_order, now, order, revoke_order};
use crate::{
    Act, EndGrant, FlatJws, GrantDocument, Header, MediaType, Order, OrderContent, Pin, Pins, Presence, Role,
    SignerRole,
};

mod bounds;
mod window;

type Entry = (Value, Option<Signed>);

static PIN: LazyLock<Pin> = LazyLock::new(|| World::new().pin);

fn event(at: UtcTime, kind: &str, data: Value) -> Value {
    json!({ "actor": "role:ca", "at": at.to_string(), "data": data, "id": "00", "kind": kind })
}

fn signed(document: &[u8], signatures: &[Vec<u8>]) -> Signed {
    Signed { document: Some(document.to_vec()), signatures: signatures.to_vec() }
}

/// The chain of the test's world, as registration logs it.
fn chain(world: &World) -> Vec<Entry> {
    let entry = |(document, signatures): &(Vec<u8>, Vec<Vec<u8>>)| {
        let read = GrantDocument::from_bytes(document).unwrap();
        let kind = if let GrantDocument::ReplacePin(_) = read {
            "pin-replaced"
        } else if let GrantDocument::Grant(_) = read {
            "grant-added"
        } else {
            "grant-ended"
        };
        let data = json!({ "seq": read.seq().to_string(), "grant": Sha256Digest::of(document).to_string() });
        (event(read.created(), kind, data), Some(signed(document, signatures)))
    };
    world.chain.iter().map(entry).collect()
}

/// An order with these signatures, as registration logs it.
fn queued(order: &Order, signatures: &[Vec<u8>]) -> Vec<Entry> {
    let bytes = order.to_bytes().unwrap();
    let made = |signature: &Vec<u8>| {
        let role = FlatJws::from_bytes(signature)
            .map_or("submitter".into(), |jws| jws.header().role.name().to_owned());
        let evidence = Sha256Digest::of(signature).to_string();
        let data = json!({ "application": "ab".repeat(16), "kind": format!("signature-{role}"), "evidence": evidence });
        (event(now(), "evidence-added", data), None)
    };
    let data = json!({
        "order": order.order_id.to_string(),
        "kind": order.kind().name(),
        "digest": Sha256Digest::of(&bytes).to_string(),
        "record": "ab".repeat(16),
    });
    let queued = (event(now(), "order-queued", data), Some(signed(&bytes, signatures)));
    signatures.iter().map(made).chain([queued]).collect()
}

fn intended(order: OrderId, serial: &str) -> Entry {
    let profile = Sha256Digest::of(b"profile").to_string();
    let cause = format!("order:{order}");
    let data = json!({ "ca": "signature", "serial": serial, "cause": cause, "profile": profile });
    (event(now(), "issuance-intended", data), None)
}

fn then(kind: &str, order: OrderId, serial: &str) -> Entry {
    let data = json!({ "ca": "signature", "serial": serial, "cause": format!("order:{order}") });
    (event(now(), kind, data), None)
}

fn revoked(order: OrderId, serial: &str, reason: &str) -> Entry {
    let data = json!({ "ca": "signature", "serial": serial, "order": order.to_string(), "reason": reason });
    (event(now(), "certificate-revoked", data), None)
}

fn revocation() -> Order {
    Order { order_id: OrderId::from_bytes([0xbb; 16]), ..revoke_order() }
}

/// One certificate issued, another revoked.
fn log(world: &World) -> Vec<Entry> {
    let (issue, revoke) = (issue_order(), revocation());
    let by = vec![world.revoker.sign(&revoke.to_bytes().unwrap(), SignerRole::RevocationOfficer)];
    [
        chain(world),
        queued(&issue, &world.sign(&issue.to_bytes().unwrap())),
        vec![intended(issue.order_id, "4b"), then("certificate-issued", issue.order_id, "4b")],
        queued(&revoke, &by),
        vec![revoked(revoke.order_id, "4a01", "keyCompromise")],
    ]
    .concat()
}

fn judge(world: &World, log: &[Entry]) -> Result<TrailVerdict, TrailFinding> {
    judge_by(&world.pin.clone().into(), log, None)
}

/// The same with these pins, of which somebody knows one that has so many behind it.
fn judge_by(pins: &Pins, log: &[Entry], known: Option<usize>) -> Result<TrailVerdict, TrailFinding> {
    let mut trail = Trail::new(pins).unwrap();
    if let Some(known) = known {
        trail = trail.knowing_pins_to(known);
    }
    for (record, (event, signed)) in (0..).zip(log) {
        trail.event(record, event, signed.as_ref())?;
    }
    trail.finish()
}

#[track_caller]
fn found(world: &World, log: &[Entry], about: &str, code: &str) {
    let finding = judge(world, log).unwrap_err();
    assert_eq!((finding.about.to_string().as_str(), finding.code), (about, code), "{finding}");
}

fn issue_id() -> String {
    format!("order {}", issue_order().order_id)
}

/// Where the log names that order.
fn place(log: &[Entry], order: &Order) -> usize {
    let id = order.order_id.to_string();
    log.iter()
        .position(|(event, _)| event["kind"] == "order-queued" && event["data"]["order"] == *id)
        .unwrap()
}

#[test]
fn everything_is_in_order() {
    let world = World::new();
    let verdict = judge(&world, &log(&world)).unwrap();
    let expected = TrailVerdict {
        orders: 2,
        grants: 4,
        signatures: 11,
        certificates: 1,
        changes: 1,
        ..TrailVerdict::default()
    };
    assert_eq!(verdict, expected);
}

#[test]
fn a_signature_is_another() {
    let world = World::new();
    let issue = issue_order();
    let bytes = issue.to_bytes().unwrap();
    let with = |signatures: Vec<Vec<u8>>| {
        let rest = vec![intended(issue.order_id, "4b"), then("certificate-issued", issue.order_id, "4b")];
        [chain(&world), queued(&issue, &signatures), rest].concat()
    };
    let [submitted, approved] = <[Vec<u8>; 2]>::try_from(world.sign(&bytes)).unwrap();
    let mut flipped = approved.clone();
    let at = flipped.len() - 10;
    flipped[at] = if flipped[at] == b'A' { b'B' } else { b'A' };
    for (signatures, code) in [
        (vec![submitted.clone(), flipped], "order-signature-invalid"),
        // The submitter once more in the approver's place.
        (vec![submitted.clone(), submitted.clone()], "order-role-twice"),
        (vec![submitted.clone(), world.submitter.approve(&bytes, &submitted)], "order-signer-role"),
        (vec![submitted.clone()], "order-signature-missing"),
        (vec![], "order-signature-missing"),
        (vec![submitted.clone(), Person::new(77).approve(&bytes, &submitted)], "order-signer-unknown"),
    ] {
        found(&world, &with(signatures), &issue_id(), code);
    }
    // One that holds, and was made when the order had long been in the log.
    let again = world.both.approve(&bytes, &submitted);
    let mut log = with(vec![submitted, approved]);
    let queued = place(&log, &issue);
    log[queued].1.as_mut().unwrap().signatures[1] = again;
    found(&world, &log, &issue_id(), "order-signature-not-logged");
}

#[test]
fn an_order_is_missing_or_another() {
    let world = World::new();
    let whole = log(&world);
    let at = place(&whole, &issue_order());
    let with = |change: &dyn Fn(&mut Vec<Entry>)| {
        let mut copy = whole.clone();
        change(&mut copy);
        copy
    };
    found(&world, &with(&|log| log[at].1 = None), &issue_id(), "document-missing");
    let erased = with(&|log| log[at].1.as_mut().unwrap().document = None);
    found(&world, &erased, &issue_id(), "document-missing");
    // Erased by law, and the log says so.
    let record = json!({ "record": "ab".repeat(16) });
    let said = [erased, vec![(event(now(), "personal-data-erased", record), None)]].concat();
    let verdict = judge(&world, &said).unwrap();
    assert_eq!((verdict.erased, verdict.orders, verdict.certificates), (1, 1, 1));

    let other = Order { expires: now().plus(Span::days(1)), ..issue_order() }.to_bytes().unwrap();
    let replaced = with(&|log| log[at].1 = Some(signed(&other, &world.sign(&other))));
    found(&world, &replaced, &issue_id(), "document-differs");
    // Nobody put it before the CA.
    found(&world, &with(&|log| drop(log.remove(at))), &issue_id(), "order-not-waiting");
    let twice = with(&|log| log.insert(at + 1, whole[at].clone()));
    found(&world, &twice, &issue_id(), "order-queued-twice");
    let withdrawn = json!({ "order": issue_order().order_id.to_string() });
    let withdrawn = with(&|log| {
        log.insert(at + 1, (event(now(), "order-withdrawn", withdrawn.clone()), None));
    });
    found(&world, &withdrawn, &issue_id(), "order-not-waiting");
}

#[test]
fn what_was_done_is_not_what_was_signed() {
    let world = World::new();
    let whole = log(&world);
    let (issue, revoke) = (issue_order().order_id, revocation().order_id);
    let of = |id: OrderId| format!("order {id}");
    let end = whole.len() - 1;
    for (serial, reason) in [("4a02", "keyCompromise"), ("4a01", "superseded")] {
        let mut copy = whole.clone();
        copy[end] = revoked(revoke, serial, reason);
        found(&world, &copy, &of(revoke), "order-asks-otherwise");
    }
    // Twice by one order.
    let twice = [whole.clone(), vec![revoked(revoke, "4a01", "keyCompromise")]].concat();
    found(&world, &twice, &of(revoke), "order-not-waiting");
    let second = vec![intended(issue, "4c"), then("certificate-issued", issue, "4c")];
    found(&world, &[whole.clone(), second.clone()].concat(), &of(issue), "order-not-waiting");
    // Another certificate while the first is being signed, and after it was lost.
    let asked = place(&whole, &issue_order()) + 1;
    let before = whole[..=asked].to_vec();
    found(&world, &[before.clone(), second.clone()].concat(), &of(issue), "order-asks-otherwise");
    let lost = vec![then("issuance-lost", issue, "4b")];
    let verdict = judge(&world, &[before.clone(), lost, second].concat()).unwrap();
    assert_eq!(verdict.certificates, 1);
    // A certificate of which nothing was said before.
    let other = vec![then("certificate-issued", issue, "4c")];
    found(&world, &[before.clone(), other].concat(), "certificate 4c of signature", "issuance-not-intended");
    // A certificate by an order that revokes.
    let by = vec![world.revoker.sign(&revocation().to_bytes().unwrap(), SignerRole::RevocationOfficer)];
    let log = [chain(&world), queued(&revocation(), &by), vec![intended(revoke, "4b")]].concat();
    found(&world, &log, &of(revoke), "order-asks-otherwise");
    let mut other = whole.clone();
    other[asked].0["data"]["profile"] = Sha256Digest::of(b"another").to_string().into();
    found(&world, &other, &of(issue), "order-asks-otherwise");
    // Nobody decided any of it.
    for (kind, about, code) in [
        ("suspension-lapsed", "certificate 4b of signature", "suspension-unknown"),
        ("certificate-revoked-with-ca", "certificate 4b of signature", "ca-revocation-undecided"),
        ("ca-revoked", "ca signature", "ca-revocation-undecided"),
        ("revocation-recovered", "certificate 4b of signature", "restore-unknown"),
    ] {
        let data = json!({ "ca": "signature", "serial": "4b", "reason": "keyCompromise", "statement": "ab".repeat(32) });
        found(&world, &[whole.clone(), vec![(event(now(), kind, data), None)]].concat(), about, code);
    }
    let mut alone = intended(issue, "4d");
    alone.0["data"]["cause"] = format!("authorisation:{}", "ab".repeat(16)).into();
    let log = [whole.clone(), vec![alone]].concat();
    found(&world, &log, "certificate 4d of signature", "responder-not-authorised");
}

#[test]
fn a_grant_is_forged_or_missing() {
    let world = World::new();
    let whole = log(&world);
    let mut forged = whole.clone();
    let own = forged[1].1.as_mut().unwrap();
    let document = own.document.clone().unwrap();
    own.signatures = vec![Person::new(78).sign_grant(&document), Person::new(79).sign_grant(&document)];
    found(&world, &forged, "grant 2", "grant-signer-unknown");
    let mut alone = whole.clone();
    alone[1].1.as_mut().unwrap().signatures.pop();
    found(&world, &alone, "grant 2", "grant-signature-count");
    let mut missing = whole.clone();
    missing[0].1 = None;
    found(&world, &missing, "grant 1", "document-missing");
    let mut without = whole.clone();
    without.remove(0);
    found(&world, &without, "grant 2", "grant-not-next");
    // Another pin is another register.
    let mut pin = world.pin.clone();
    pin.security_officers[0].spki = Person::new(80).spki;
    let mut trail = Trail::new(&pin.into()).unwrap();
    let (event, signed) = &whole[0];
    assert_eq!(trail.event(0, event, signed.as_ref()).unwrap_err().code, "grant-not-next");
}

/// Before the document the officers of the pin before count, after it those of the new one; and who knows an older pin only
/// believes what officers of before signed.
#[test]
fn a_pin_took_anothers_place() {
    let mut world = World::new();
    let replace = replaced(&world);
    let pins = Pins::from(world.pin.clone()).with(replace.clone()).unwrap();
    let judge = |log: &[Entry], known: Option<usize>| {
        let mut trail = Trail::new(&pins).unwrap();
        if let Some(known) = known {
            trail = trail.knowing_pins_to(known);
        }
        for (record, (event, signed)) in (0..).zip(log) {
            trail.event(record, event, signed.as_ref())?;
        }
        trail.finish()
    };
    let before = log(&world);
    assert_eq!(judge(&before, Some(1)).unwrap().grants, 4, "it has not joined the chain yet");
    for signers in [vec![], vec![&world.first, &world.second]] {
        let (signed, witnessed) = (u64::from(signers.len() == 2), u64::from(signers.is_empty()));
        world.chain.push(link(&replace, &signers));
        let whole = [&before[..], &chain(&world)[4..]].concat();
        world.chain.pop();
        for known in [None, Some(0), Some(1)] {
            match judge(&whole, known) {
                Ok(found) => {
                    assert_eq!(
                        (found.grants, found.pins_signed, found.pins_witnessed),
                        (5, signed, witnessed)
                    );
                }
                Err(finding) => {
                    assert_eq!((finding.code, known, witnessed), ("pin-not-signed", Some(0), 1));
                }
            }
        }
        // Of another pin than the file's header has, or by the one before alone.
        let mut trail = Trail::new(&world.pin.clone().into()).unwrap();
        let found =
            (0..).zip(&whole).find_map(|(at, (event, signed))| trail.event(at, event, signed.as_ref()).err());
        assert_eq!(found.unwrap().code, "grant-pin-unknown");
    }
    // What officers of before sign afterwards.
    world.chain.push(link(&replace, &[]));
    let end = EndGrant {
        installation: crate::test_support::INSTALLATION,
        seq: replace.seq + 1,
        prev: pins.digest().unwrap(),
        officer: world.approver.officer,
        created: now(),
    };
    let bytes = GrantDocument::End(end).to_bytes().unwrap();
    world.chain.push((bytes.clone(), vec![world.first.sign_grant(&bytes)]));
    let finding = judge(&chain(&world), Some(1)).unwrap_err();
    assert_eq!((finding.about.to_string().as_str(), finding.code), ("grant 6", "grant-signer-role"));
}

/// An appointment that ran out or was ended: an act within the clocks' difference counts, none after it.
#[test]
fn an_officer_is_not_in_office() {
    let mut world = World::new();
    let mut grant = world.grant(&world.submitter, &[Role::RegistrationOfficer], "GE/Tbilisi/Vake");
    grant.not_after = now().minus(Span::hours(1));
    world.append(&GrantDocument::Grant(grant)).unwrap();
    found(&world, &log(&world), &issue_id(), "order-signer-not-in-office");

    for (ago, is_in_office) in [(Span::minutes(2), true), (Span::minutes(6), false)] {
        let mut world = World::new();
        let end = EndGrant {
            installation: crate::test_support::INSTALLATION,
            seq: world.register.next_seq(),
            prev: world.register.head(),
            officer: world.approver.officer,
            created: now().minus(ago),
        };
        world.append(&GrantDocument::End(end)).unwrap();
        let log = log(&world);
        if is_in_office {
            assert_eq!(judge(&world, &log).unwrap().grants, 5);
        } else {
            found(&world, &log, &issue_id(), "order-signer-not-in-office");
        }
    }
}

#[test]
fn two_were_there_or_not() {
    let world = World::new();
    let presence = Presence {
        installation: crate::test_support::INSTALLATION,
        act: Act::NextCa,
        decided: Sha256Digest::of(b"plan"),
        tokens: vec!["0123".into()],
        session: ndoba_types::SessionId::from_bytes([7; 16]),
        opened: now().minus(Span::minutes(1)),
    };
    let bytes = presence.to_bytes().unwrap();
    let sign = |person: &Person| {
        let iat = u64::try_from(now().unix_seconds()).unwrap();
        let header = person.header(MediaType::Presence, SignerRole::SecurityOfficer);
        person.sign_with(&Header { iat, ..header }, &bytes)
    };
    let proved = |act: &str| {
        let officers = [world.second.officer.to_string(), world.first.officer.to_string()];
        let decided = presence.decided.to_string();
        let session = Sha256Digest::of(&bytes).to_string();
        let data = json!({ "act": act, "decided": decided, "session": session, "officers": officers });
        event(now().plus(Span::hours(2)), "presence-proved", data)
    };
    let mut root = then("issuance-intended", issue_order().order_id, "4d");
    root.0["data"]["cause"] = format!("ceremony:{}", presence.decided).into();
    root.0["data"]["profile"] = Sha256Digest::of(b"profile").to_string().into();
    let mut issued = root.clone();
    issued.0["kind"] = "certificate-issued".into();
    let with = |act: &str, signatures: Option<Vec<Vec<u8>>>| {
        let signed = signatures.map(|signatures| signed(&bytes, &signatures));
        vec![(proved(act), signed), root.clone(), issued.clone()]
    };
    let both = vec![sign(&world.first), sign(&world.second)];
    let verdict = judge(&world, &with("next-ca", Some(both.clone()))).unwrap();
    assert_eq!((verdict.statements, verdict.statements_unseen, verdict.ceremonies), (1, 0, 1));
    let unseen = judge(&world, &with("next-ca", None)).unwrap();
    assert_eq!((unseen.statements, unseen.statements_unseen, unseen.ceremonies), (0, 1, 1));
    // From before there were sessions in the log; once there are, a certificate without is a finding.
    let without = judge(&world, &[root.clone(), issued.clone()]).unwrap();
    assert_eq!((without.ceremonies, without.unattended), (0, 1));
    let mut later = with("next-ca", None);
    for entry in &mut later[1..] {
        entry.0["data"]["cause"] = format!("ceremony:{}", Sha256Digest::of(b"another plan")).into();
    }
    found(&world, &later, "certificate 4d of signature", "ceremony-unattended");

    // An offline CA's: its draft is in the log, then the session that was held elsewhere, over the draft and not over the plan.
    let plan = Sha256Digest::of(b"a draft's plan").to_string();
    let mut offline = [root.clone(), issued.clone()];
    for entry in &mut offline {
        entry.0["data"]["cause"] = format!("ceremony:{plan}").into();
        entry.0["data"]["node"] = "offline-1".into();
    }
    let [intended, issued_offline] = offline;
    let say = |kind: &str, session: Sha256Digest| {
        (event(now(), kind, json!({ "ca": "root", "plan": plan, "session": session.to_string() })), None)
    };
    let written_of = |plan: &str| {
        let plan = Sha256Digest::of(plan.as_bytes()).to_string();
        (event(now(), "draft-written", json!({ "ca": "root", "plan": plan })), None)
    };
    let session = Sha256Digest::of(&bytes);
    let attended = || (proved("next-ca"), Some(signed(&bytes, &both)));
    let (written, came) = (say("draft-written", session), say("draft-signed", session));
    let whole = [written.clone(), intended.clone(), attended(), came.clone(), issued_offline.clone()];
    let verdict = judge(&world, &whole).unwrap();
    assert_eq!((verdict.ceremonies, verdict.unattended, verdict.statements), (1, 0, 1));
    let unsigned = [written.clone(), intended.clone(), attended(), issued_offline.clone()];
    found(&world, &unsigned, "certificate 4d of signature", "ceremony-unattended");
    let other = say("draft-signed", Sha256Digest::of(b"another session"));
    let about = format!("statement {}", Sha256Digest::of(b"another session"));
    found(&world, &[written.clone(), intended.clone(), attended(), other], &about, "session-unknown");
    let undrafted = [attended(), came];
    found(&world, &undrafted, &format!("statement {session}"), "session-unknown");
    // Drafted before the log named drafts: counted apart, whatever sessions there are.
    let before = judge(&world, &[attended(), intended.clone(), issued_offline.clone()]).unwrap();
    assert_eq!((before.ceremonies, before.unattended), (0, 1));
    let late = [intended.clone(), written_of("another"), issued_offline.clone()];
    assert_eq!(judge(&world, &late).unwrap().unattended, 1);
    // Once the log names drafts, the name of a node excuses none that it does not name.
    let later = [written_of("another"), intended, issued_offline];
    found(&world, &later, "certificate 4d of signature", "ceremony-unattended");
    let about = format!("statement {}", Sha256Digest::of(&bytes));
    found(&world, &with("ceremony", Some(both)), &about, "session-differs");
    let alone = vec![sign(&world.first), sign(&world.first)];
    found(&world, &with("next-ca", Some(alone)), &about, "session-not-attended");
}

#[test]
fn lines_are_read_as_they_were_written() {
    let pins = Pins::from(World::new().pin);
    assert_eq!(read_signed_header(&signed_header(&pins).unwrap()).unwrap(), pins);
    let whole = signed(b"what was signed", &[b"one".to_vec(), b"two".to_vec()]);
    for signed in [whole, Signed { document: None, signatures: Vec::new() }] {
        let line = SignedLine { record: 7, signed };
        let bytes = line.to_bytes().unwrap();
        assert!(SignedLine::from_bytes(&bytes).unwrap() == line);
        assert!(SignedLine::from_bytes(&[b" ", &bytes[..]].concat()).is_err());
        assert!(read_signed_header(&bytes).is_err());
    }
    let order = queued(
        &order(OrderContent::Release(crate::Release { serial: "4a".parse().unwrap(), evidence: vec![] })),
        &[],
    );
    assert_eq!(Named::by(&order[0].0), Some(Named::Order(issue_order().order_id)));
}

proptest! {
    /// Nothing that a log or a file may hold stops the program.
    #[test]
    fn nothing_panics(octets in proptest::collection::vec(any::<u8>(), 0..200), kind in 0_usize..14, text in ".*") {
        let kinds = [
            "evidence-added", "order-queued", "order-refused", "personal-data-erased", "presence-proved",
            "restore-accepted", "grant-added", "issuance-intended", "issuance-lost", "certificate-issued",
            "certificate-revoked", "suspension-lapsed", "ca-revoked", "revocation-recovered",
        ];
        let _ = SignedLine::from_bytes(&octets);
        let _ = read_signed_header(&octets);
        let id = "ab".repeat(16);
        let digest = Sha256Digest::of(&octets).to_string();
        let data = json!({
            "order": id, "digest": digest, "kind": "issue", "record": null, "seq": "1", "grant": digest,
            "session": digest, "decided": digest, "act": text, "statement": digest, "ca": text, "serial": text,
            "cause": text, "reason": text, "profile": text, "evidence": digest,
        });
        let event = event(now(), kinds[kind], data);
        let _ = Named::by(&event);
        let signed = Signed { document: Some(octets.clone()), signatures: vec![octets] };
        let mut trail = Trail::new(&PIN.clone().into()).unwrap();
        let _ = trail.event(0, &event, Some(&signed));
        let _ = trail.event(1, &event, None);
    }
}
