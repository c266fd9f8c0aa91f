//! The signed copy of an agreement: what may be one, when, and what both officers sign of it.

use ndoba_registration::application::ApplicationId;
use ndoba_registration::fake::{World, person};
use ndoba_registration::{MAX_COPY, Officer, Registration};
use ndoba_types::{Sha256Digest, Span};

use super::{code, opened};

/// A draft whose agreement is accepted.
fn agreed(world: &World, service: &Registration) -> (Officer, ApplicationId) {
    let (officer, id) = opened(world, service);
    assert!(world.accept_agreement(service, &officer, id));
    (officer, id)
}

#[test]
fn what_was_signed_is_in_the_record() {
    let world = World::new();
    let service = world.registration();
    let (officer, id) = opened(&world, &service);
    let attach = |octets: &[u8]| service.attach_copy(&officer, id, octets.to_vec(), None);
    let scan: &[u8] = b"\xff\xd8\xff\xe0 a scan";
    assert_eq!(code(&attach(scan).unwrap_err()), "agreement.missing");
    assert_eq!(code(&service.signed_copy(&officer, id).unwrap_err()), "copy");

    assert!(world.accept_agreement(&service, &officer, id));
    let attached = attach(scan).unwrap();
    let digest = Sha256Digest::of(scan).to_string();
    let copy = attached.application.content.agreement.unwrap().copy.unwrap();
    assert_eq!((copy.sha256.as_str(), copy.media_type.as_str()), (digest.as_str(), "image/jpeg"));
    assert_eq!(service.signed_copy(&officer, id).unwrap().content, scan);
    // Once more is the same copy; another one takes its place.
    attach(scan).unwrap();
    assert_eq!(world.registry.tables().copies.len(), 1);
    attach(b"%PDF-1.7 signed").unwrap();
    assert_eq!(service.signed_copy(&officer, id).unwrap().media_type, "application/pdf");
    attach(scan).unwrap();
    assert_eq!(service.signed_copy(&officer, id).unwrap().content, scan);
    let tables = world.registry.tables();
    let names: Vec<&str> = tables.events.iter().map(|event| event.what.name()).collect();
    // The scan took the other's place: each that took a place is an event, the one that was there already is none.
    assert_eq!(names.iter().filter(|name| **name == "evidence-added").count(), 3, "{names:?}");
    drop(tables);

    // The order names the evidence, and the evidence the copy.
    let order = service.freeze(&officer, id, None).unwrap();
    let tables = world.registry.tables();
    let names_it = |content: &[u8]| String::from_utf8_lossy(content).contains(&digest);
    let item = tables.evidence.iter().find(|item| item.kind == "application").unwrap();
    assert!(names_it(&item.content));
    assert!(String::from_utf8_lossy(&order.content).contains(&item.digest.to_string()));
    drop(tables);
    assert_eq!(code(&attach(scan).unwrap_err()), "application.state");
}

/// By what the octets are, not by what they are called.
#[test]
fn no_other_files() {
    let world = World::new();
    let service = world.registration();
    let (officer, id) = agreed(&world, &service);
    let attach = |octets: Vec<u8>| {
        service.attach_copy(&officer, id, octets, None).map(drop).map_err(|error| code(&error))
    };
    for other in ["", "%PD", " %PDF-1.7", "<html>", "PK\u{3}\u{4}", "GIF89a", "MZ", "#!/bin/sh"] {
        assert_eq!(attach(other.as_bytes().to_vec()), Err("copy.type".into()), "{other}");
    }
    let mut longest = b"%PDF-1.7".to_vec();
    longest.resize(MAX_COPY, b' ');
    assert_eq!(attach([&longest[..], b" "].concat()), Err("copy.too-long".into()));
    assert_eq!(attach(longest), Ok(()));
    for number in 1..24 {
        assert_eq!(attach(format!("%PDF-{number}").into_bytes()), Ok(()));
    }
    assert_eq!(attach(b"%PDF-24".to_vec()), Err("copy.too-many".into()));
    assert_eq!(attach(b"%PDF-7".to_vec()), Ok(()));
    let batumi = world.officer("registration-officer-in-batumi").as_officer();
    assert_eq!(
        service.attach_copy(&batumi, id, b"%PDF-1".to_vec(), None).map_err(|error| code(&error)).err(),
        Some("application".into())
    );
    assert_eq!(
        service.signed_copy(&batumi, id).map_err(|error| code(&error)).err(),
        Some("application".into())
    );
}

#[test]
fn a_copy_lives_as_long_as_its_application() {
    let world = World::new();
    let service = world.registration();
    let (officer, id) = agreed(&world, &service);
    service.attach_copy(&officer, id, b"%PDF-1.7".to_vec(), None).unwrap();
    // Another content is another agreement, and its copy another one.
    service.edit(&officer, id, None, &person(), None).unwrap();
    assert_eq!(code(&service.signed_copy(&officer, id).unwrap_err()), "copy");
    assert_eq!(world.registry.tables().copies.len(), 1);
    world.clock.advance(Span::days(3661));
    assert_eq!(service.erase_due(10).unwrap(), 1);
    assert!(world.registry.tables().copies.is_empty());
}

/// Strangers' signatures are kept, and said not to be checked; what is over another document, or over none, is no copy.
#[test]
fn signatures_of_strangers_are_not_checked() {
    let world = World::new();
    let service = world.registration();
    let (officer, id) = agreed(&world, &service);
    let found = |octets: &[u8]| {
        let attached =
            service.attach_copy(&officer, id, octets.to_vec(), None).map_err(|error| code(&error))?;
        let copy = attached.application.content.agreement.unwrap().copy.unwrap();
        assert!(copy.signatures.iter().all(|one| one.outcome == "not-checked" && one.signer.is_none()));
        let reasons: Vec<String> = copy.signatures.into_iter().map(|one| one.reason.unwrap()).collect();
        Ok::<_, String>((copy.media_type, reasons.join(" ")))
    };
    let is = |media_type: &str, reasons: &str| Ok((media_type.to_owned(), reasons.to_owned()));
    let detached: &[u8] = include_bytes!("../../../../fuzz/seeds/signed_data/p256-detached");
    let with_content: &[u8] = include_bytes!("../../../../fuzz/seeds/signed_data/p256-cades");
    assert_eq!(found(detached), is("application/pkcs7-signature", "issuer"));
    assert_eq!(found(with_content), Err("copy.type".into()));
    assert_eq!(found(&detached[..detached.len() - 1]), Err("copy.type".into()));

    let within = |cms: &[u8]| {
        let digits = hex(cms);
        let (begin, end) = (48, 48 + digits.len() + 2);
        format!("{:48}<{digits}>", format!("%PDF-1.7 /ByteRange [0 {begin} {end} 0]"))
    };
    assert_eq!(found(within(detached).as_bytes()), is("application/pdf", "issuer"));
    assert_eq!(found(within(with_content).as_bytes()), is("application/pdf", "form"));
    let both = format!("{} /ByteRange [0 0 0 0]", within(detached));
    assert_eq!(found(both.as_bytes()), is("application/pdf", "issuer form"));
    assert_eq!(found(b"%PDF-1.7"), is("application/pdf", ""));
    let kinds: Vec<String> =
        world.registry.tables().events.iter().map(|event| format!("{:?}", event.what)).collect();
    assert!(kinds.iter().any(|kind| kind.contains("agreement-copy")), "{kinds:?}");
    assert!(!kinds.iter().any(|kind| kind.contains("agreement-copy-signed")), "{kinds:?}");
}

fn hex(octets: &[u8]) -> String {
    octets.iter().map(|octet| format!("{octet:02x}")).collect()
}
