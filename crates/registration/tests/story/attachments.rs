//! Copies of evidence: what may be attached, when and by whom, what both officers sign of it, and how long it lives.

use ndoba_audit::EventKind;
use ndoba_registration::fake::{World, municipality, person};
use ndoba_registration::{Attachment, MAX_COPY, Once, ServiceError};
use ndoba_types::{Sha256Digest, Span};

use super::{code, opened};

const SCAN: &[u8] = b"\xff\xd8\xff\xe0 an identity card";

fn of(kind: &str, octets: &[u8]) -> Attachment {
    Attachment { kind: kind.into(), name: None, octets: octets.to_vec() }
}

#[test]
fn both_officers_sign_what_is_attached() {
    let world = World::new();
    let service = world.registration();
    let (officer, id) = opened(&world, &service);
    assert!(world.agree(&service, &officer, id));
    let named = Attachment { name: Some("ID card, front.jpg".into()), ..of("identity-document", SCAN) };
    let before = service.application(&officer, id).unwrap().application;
    let after = service.attach(&officer, id, named, None).unwrap().application;
    assert_eq!(after.version, before.version + 1);
    // The agreement says nothing of copies: it stays accepted.
    assert!(after.content.agreement.is_some());
    let digest = Sha256Digest::of(SCAN);
    let kept = &after.content.attachments[0];
    assert_eq!((kept.sha256.as_str(), kept.size), (digest.to_string().as_str(), 21));
    assert_eq!((kept.media_type.as_str(), kept.name.as_deref()), ("image/jpeg", Some("ID card, front.jpg")));
    assert_eq!(kept.added_by, officer.id.to_string());
    let approver = world.officer("approver").as_officer();
    assert_eq!(service.attachment(&approver, id, digest).unwrap().content, SCAN);

    let order = service.freeze(&officer, id, None).unwrap();
    let tables = world.registry.tables();
    let item = tables.evidence.iter().find(|item| item.kind == "attachment").unwrap();
    let text = String::from_utf8_lossy(&item.content);
    assert!(text.contains(&digest.to_string()) && text.contains("\"type\":\"identity-document\""), "{text}");
    assert!(String::from_utf8_lossy(&order.content).contains(&item.digest.to_string()));
    // The log has the kind, and a commitment that says nothing without the application's salt; each read is there.
    let events: Vec<String> = tables.events.iter().map(|event| format!("{:?}", event.what)).collect();
    let added = events.iter().filter(|event| event.contains("attachment-identity-document")).count();
    let read =
        events.iter().filter(|event| event.contains("PersonalDataRead") && event.contains("attachment"));
    assert_eq!((added, read.count()), (1, 1), "{events:?}");
    assert!(!events.iter().any(|event| event.contains(&digest.to_string())), "{events:?}");
    drop(tables);
    let frozen = service.attach(&officer, id, of("authority", SCAN), None);
    assert_eq!(code(&frozen.unwrap_err()), "application.state");
    assert_eq!(code(&service.detach(&officer, id, digest, None).unwrap_err()), "application.state");

    // Given back it can be corrected, and is a draft with that.
    service.send_back(&approver, id, "the card's other side is missing", None).unwrap();
    let other = service.attach(&officer, id, of("identity-document", b"%PDF-1.7 back"), None).unwrap();
    assert_eq!(other.application.content.attachments.len(), 2);
    assert!(other.application.order.is_none() && other.application.remark.is_none());
    service.detach(&officer, id, digest, None).unwrap();
    // It is part of the record still, and attached no more.
    assert_eq!(service.attachment(&officer, id, digest).unwrap().content, SCAN);
    assert_eq!(code(&service.detach(&officer, id, digest, None).unwrap_err()), "attachment");
    // A change of the application leaves the copies.
    let edited = service.edit(&officer, id, None, &person(), None).unwrap();
    assert_eq!(edited.application.content.attachments.len(), 1);
    assert!(edited.application.content.agreement.is_none());
}

/// A key used again attaches nothing again; another version than was seen is a conflict.
#[test]
fn a_repetition_attaches_once() {
    let world = World::new();
    let service = world.registration();
    let (officer, id) = opened(&world, &service);
    let once = Once { key: "one".into(), request: Sha256Digest::of(b"request") };
    let first = service.attach(&officer, id, of("authority", SCAN), Some(&once)).unwrap();
    assert_eq!(service.attach(&officer, id, of("authority", SCAN), Some(&once)).unwrap(), first);
    let seen = ndoba_registration::Seen { id, version: Some(1) };
    assert_eq!(
        code(&service.attach(&officer, seen, of("authority", SCAN), None).unwrap_err()),
        "version.other"
    );
    // The same copy of the same thing is there once; of another thing it is another attachment of one file.
    service.attach(&officer, id, of("authority", SCAN), None).unwrap();
    let both = service.attach(&officer, id, of("register-extract", SCAN), None).unwrap();
    assert_eq!(both.application.content.attachments.len(), 2);
    assert_eq!(world.registry.tables().copies.len(), 1);
    // Each thing that it shows is an event, and so is its being attached again after it was taken away.
    let added = |kind: &str| {
        let tables = world.registry.tables();
        let is = |what: &EventKind| matches!(what, EventKind::EvidenceAdded { kind: it, .. } if it.as_str() == kind);
        tables.events.iter().filter(|event| is(&event.what)).count()
    };
    assert_eq!((added("attachment-authority"), added("attachment-register-extract")), (1, 1));
    service.detach(&officer, id, Sha256Digest::of(SCAN), None).unwrap();
    service.attach(&officer, id, of("authority", SCAN), None).unwrap();
    assert_eq!((added("attachment-authority"), added("attachment-register-extract")), (2, 1));
}

#[test]
fn no_other_files_kinds_or_names() {
    let world = World::new();
    let service = world.registration();
    let (officer, id) = opened(&world, &service);
    let attach = |attachment: Attachment| {
        service.attach(&officer, id, attachment, None).map(drop).map_err(|error| code(&error))
    };
    // A signature beside a document is a copy of the agreement only.
    let detached: &[u8] = include_bytes!("../../../../fuzz/seeds/signed_data/p256-detached");
    for other in [&b""[..], b"<svg/>", b"PK\x03\x04", b"MZ", b" %PDF-1.7", detached] {
        assert_eq!(attach(of("device", other)), Err("copy.type".into()), "{other:?}");
    }
    let long = [&b"%PDF-"[..], &vec![b' '; MAX_COPY]].concat();
    assert_eq!(attach(of("device", &long)), Err("copy.too-long".into()));
    for kind in ["", "passport", "Identity-Document", "agreement"] {
        assert_eq!(attach(of(kind, SCAN)), Err("attachment.type".into()), "{kind}");
    }
    let named = |name: &str| Attachment { name: Some(name.into()), ..of("device", SCAN) };
    for hostile in ["../../etc/passwd", "/etc/passwd", "a\\b", "C:x", ".bashrc", ".."] {
        assert_eq!(attach(named(hostile)), Err("attachment.name".into()), "{hostile}");
    }
    for (hostile, why) in [
        ("", "text.blank"),
        (" x", "text.blank"),
        ("x\r\nSet-Cookie: a", "text.invisible"),
        ("\u{202e}gpj.exe", "text.invisible"),
        ("x\0.pdf", "text.invisible"),
        (&"x".repeat(101), "text.too-long"),
    ] {
        assert_eq!(attach(named(hostile)), Err(why.into()), "{hostile:?}");
    }
    assert!(world.registry.tables().copies.is_empty(), "nothing that was refused is kept");
    assert_eq!(attach(named("პირადობის მოწმობა.pdf")), Ok(()));
    for number in 1..16 {
        assert_eq!(attach(of("device", format!("%PDF-{number}").as_bytes())), Ok(()), "{number}");
    }
    assert_eq!(attach(of("device", b"%PDF-16")), Err("copy.too-many".into()));
}

#[test]
fn other_offices_and_roles_have_no_part_in_it() {
    let world = World::new();
    let service = world.registration();
    let (officer, id) = opened(&world, &service);
    service.attach(&officer, id, of("authority", SCAN), None).unwrap();
    let digest = Sha256Digest::of(SCAN);
    let batumi = world.officer("registration-officer-in-batumi").as_officer();
    assert_eq!(code(&service.attach(&batumi, id, of("authority", SCAN), None).unwrap_err()), "application");
    assert_eq!(code(&service.attachment(&batumi, id, digest).unwrap_err()), "application");
    assert_eq!(code(&service.detach(&batumi, id, digest, None).unwrap_err()), "application");
    for name in ["approver", "auditor", "revocation-officer"] {
        let other = world.officer(name).as_officer();
        let refused = service.attach(&other, id, of("authority", SCAN), None);
        assert!(matches!(refused, Err(ServiceError::Forbidden(_))), "{name}");
    }
    // Another application knows nothing of it.
    let other = service.open(&officer, &municipality(), None).unwrap().application.id;
    assert_eq!(code(&service.attachment(&officer, other, digest).unwrap_err()), "attachment");
}

#[test]
fn copies_end_with_their_application() {
    let world = World::new();
    let service = world.registration();
    let (officer, id) = opened(&world, &service);
    service.attach(&officer, id, of("authority", SCAN), None).unwrap();
    service.detach(&officer, id, Sha256Digest::of(SCAN), None).unwrap();
    assert_eq!(world.registry.tables().copies.len(), 1);
    world.clock.advance(Span::days(3661));
    assert_eq!(service.erase_due(10).unwrap(), 1);
    assert!(world.registry.tables().copies.is_empty());
}
