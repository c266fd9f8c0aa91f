//! What REG-6.4.5-04 wants kept of an application is there before anybody can sign it (K-P07), each item by itself.

#![expect(clippy::unwrap_used, clippy::wildcard_enum_match_arm, reason = "tests")]

use ndoba_order::{MediaType, SignerRole};
use ndoba_registration::application::ApplicationContent;
use ndoba_registration::fake::{World, clerk, municipality, person, with_device};
use ndoba_registration::{Acceptance, Attachment, Separation, ServiceError};
use ndoba_types::{Clock, Sha256Digest, Span};
use serde_json::{Value, json};

fn natural() -> Value {
    serde_json::to_value(person()).unwrap()
}

fn legal() -> Value {
    serde_json::to_value(municipality()).unwrap()
}

fn affiliated() -> Value {
    serde_json::to_value(clerk()).unwrap()
}

fn in_a_device() -> Value {
    serde_json::to_value(with_device()).unwrap()
}

/// Clause, application, and the member without which nothing is opened.
type Item = (&'static str, fn() -> Value, &'static str);

const ITEMS: &[Item] = &[
    // P-11: who it is.
    ("REG-6.2.2-06 full name", natural, "/subject/given_names"),
    ("REG-6.2.2-06 full name", natural, "/subject/surname"),
    ("REG-6.2.2-06 distinguishing attribute", natural, "/subject/personal_number"),
    ("REG-6.2.2-12 full name", legal, "/subject/name"),
    ("REG-6.2.2-12 registration", legal, "/subject/identification_code"),
    ("REG-6.2.2-19 representative", legal, "/subject/representative"),
    ("REG-6.2.2-19 representative's name", legal, "/subject/representative/name"),
    ("REG-6.2.2-19 representative's number", legal, "/subject/representative/personal_number"),
    ("REG-6.2.2-20 authorisation", legal, "/subject/authority"),
    ("REG-6.2.2-20 kind of authorisation", legal, "/subject/authority/type"),
    ("REG-6.2.2-20 its reference", legal, "/subject/authority/reference"),
    ("REG-6.2.2-20 its date", legal, "/subject/authority/date"),
    ("REG-6.2.2-21 contact address", legal, "/subject/contact_address"),
    ("REG-6.2.2-21 contact", natural, "/subject/email"),
    ("REG-6.2.2-09 organisation", affiliated, "/subject/organisation"),
    ("REG-6.2.2-09 its name", affiliated, "/subject/organisation/name"),
    ("REG-6.2.2-09 its registration", affiliated, "/subject/organisation/identification_code"),
    ("REG-6.2.2-09 affiliation and approval", affiliated, "/subject/organisation/authority"),
    ("SDP-6.5.1-04 key in a device", in_a_device, "/device"),
    ("SDP-6.5.1-02 certified model", in_a_device, "/device/model"),
    ("SDP-6.5.1-04 what shows it", in_a_device, "/device/reference"),
    // P-12: the record itself.
    ("REG-6.4.5-04 a: document", natural, "/identity_document"),
    ("REG-6.4.5-04 a: its type", natural, "/identity_document/type"),
    ("REG-6.4.5-04 b: its number", natural, "/identity_document/number"),
    ("REG-6.4.5-04 b: who issued it", natural, "/identity_document/issued_by"),
    ("REG-6.4.5-04 c: where copies are", natural, "/identity_document/copies_at"),
    ("REG-6.4.5-04 d: choices in the agreement", natural, "/publication_consent"),
    ("REG-6.4.5-04 e: who saw the person", natural, "/identity_proofing/seen_by"),
    ("REG-6.4.5-04 f: validation of documents", natural, "/identity_document/validation"),
    ("REG-6.4.5-04 f: proof of identity", natural, "/identity_proofing"),
    ("REG-6.4.5-04 f: its method", natural, "/identity_proofing/method"),
    ("REG-6.3.1-00D: its day", natural, "/identity_proofing/date"),
    ("REG-6.3.1-01: proof of possession", natural, "/csr"),
];

#[test]
fn each_item_of_the_record_is_missed_by_name() {
    let world = World::new();
    let service = world.registration();
    let officer = world.officer("registration-officer").as_officer();
    for (clause, application, pointer) in ITEMS {
        let mut without = application();
        let (parent, name) = pointer.rsplit_once('/').unwrap();
        without.pointer_mut(parent).unwrap().as_object_mut().unwrap().remove(name).unwrap();
        let refusals = match serde_json::from_value::<ApplicationContent>(without.clone()) {
            Ok(content) => match service.open(&officer, &content, None) {
                Err(ServiceError::Invalid(refusals)) => refusals,
                other => panic!("{clause} {pointer}: {other:?}"),
            },
            Err(_) => service.refusals(&without),
        };
        let fields: Vec<&str> = refusals.iter().map(|refusal| refusal.field.as_str()).collect();
        assert_eq!(fields, [*pointer], "{clause}");
        assert_eq!(refusals[0].code, "field.missing", "{clause}");
        assert!(refusals[0].clause.is_some(), "{clause}");
    }
    assert!(world.registry.tables().applications.is_empty());
}

/// Items that nobody enters: the provider, who accepted the application and when, who submitted it.
#[test]
fn who_took_it_in_is_evidence() {
    let world = World::new();
    let service = world.registration();
    let (first, second) = (world.officer("registration-officer"), world.officer("both"));
    let opened = service.open(&first.as_officer(), &person(), None).unwrap();
    assert!(world.agree(&service, &first.as_officer(), opened.application.id));
    let order = service.freeze(&second.as_officer(), opened.application.id, None).unwrap();
    let tables = world.registry.tables();
    let item = tables.evidence.iter().find(|item| item.order == order.id && item.kind == "intake").unwrap();
    let told: Value = serde_json::from_slice(&item.content).unwrap();
    assert_eq!(told["content"]["accepted_by"], first.id.to_string());
    assert_eq!(told["content"]["submitted_by"], second.id.to_string());
    assert_eq!(told["content"]["accepted"], "2026-11-23T12:00:00Z");
    assert_eq!(told["content"]["provider"], ndoba_registration::fake::INSTALLATION.to_string());
    // The order, which both officers sign, names it.
    let digest = Sha256Digest::of(&item.content).to_string();
    assert!(String::from_utf8(order.content).unwrap().contains(&digest));
}

/// C-72 at both signatures: an identity proved too long ago, or a document that has ended since, is signed by nobody.
#[test]
fn what_was_true_at_the_submission_is_looked_at_again_at_the_approval() {
    for (change, field) in [
        (json!({"/identity_proofing/date": "2026-10-25"}), "/identity_proofing/date"),
        (json!({"/identity_document/expires": "2026-11-24"}), "/identity_document/expires"),
    ] {
        let world = World::new();
        let service = world.registration();
        let mut application = natural();
        for (pointer, value) in change.as_object().unwrap() {
            *application.pointer_mut(pointer).unwrap() = value.clone();
        }
        let content: ApplicationContent = serde_json::from_value(application).unwrap();
        let (officer, approver) = (world.officer("registration-officer"), world.officer("approver"));
        let opened = service.open(&officer.as_officer(), &content, None).unwrap();
        assert!(world.agree(&service, &officer.as_officer(), opened.application.id));
        let order = service.freeze(&officer.as_officer(), opened.application.id, None).unwrap();
        let sign = |who: &ndoba_registration::fake::TestOfficer, role, over: Option<&str>| {
            let jws = who.sign(MediaType::Order, &order.content, role, over, world.clock.now());
            service.sign(&who.as_officer(), order.id, &jws, None)
        };
        let submitted = sign(officer, SignerRole::Submitter, None).unwrap();
        world.clock.advance(Span::days(2));
        let refused = sign(approver, SignerRole::Approver, Some(submitted.signatures[0].jws.as_str()));
        match refused {
            Err(ServiceError::Invalid(refusals)) => assert_eq!(refusals[0].field, field),
            other => panic!("{other:?}"),
        }
    }
}

/// C-75: neither the submitter nor the approver is the person, whoever opened the application.
#[test]
fn neither_officer_is_the_person() {
    let world = World::new();
    let service = world.registration();
    let (officer, approver) = (world.officer("registration-officer"), world.officer("approver"));
    let mut application = natural();
    application["subject"]["personal_number"] = json!(approver.personal_number);
    let content: ApplicationContent = serde_json::from_value(application).unwrap();
    let opened = service.open(&officer.as_officer(), &content, None).unwrap();
    assert!(world.agree(&service, &officer.as_officer(), opened.application.id));
    let order = service.freeze(&officer.as_officer(), opened.application.id, None).unwrap();
    let now = world.clock.now();
    let jws = officer.sign(MediaType::Order, &order.content, SignerRole::Submitter, None, now);
    let order = service.sign(&officer.as_officer(), order.id, &jws, None).unwrap();
    let over = Some(order.signatures[0].jws.as_str());
    let jws = approver.sign(MediaType::Order, &order.content, SignerRole::Approver, over, now);
    let refused = service.sign(&approver.as_officer(), order.id, &jws, None).unwrap_err();
    assert!(matches!(refused, ServiceError::Separation(Separation::OfficerIsSubject)), "{refused:?}");
}

/// P-13: the digest of the application's own agreement, when it was accepted and who noted it, before any signature.
#[test]
fn nothing_is_submitted_without_its_own_agreement() {
    let world = World::new();
    let service = world.registration();
    let officer = world.officer("registration-officer").as_officer();
    let id = service.open(&officer, &person(), None).unwrap().application.id;
    let code = |error: ServiceError| match error {
        ServiceError::Invalid(refusals) => (refusals[0].field.clone(), refusals[0].code),
        other => panic!("{other:?}"),
    };
    let missing = service.freeze(&officer, id, None).unwrap_err();
    assert_eq!(code(missing), ("/agreement".into(), "agreement.missing"));
    let document = service.agreement(&officer, id).unwrap();
    let accepted = |sha256: &str, day: &str, second: Option<&str>| Acceptance {
        sha256: sha256.into(),
        accepted: day.into(),
        subject_accepted: second.map(Into::into),
    };
    let digest = Sha256Digest::of(&document).to_string();
    for (acceptance, field) in [
        (accepted(&"ab".repeat(32), "2026-11-23", None), "/sha256"),
        (accepted(&digest, "2026-11-24", None), "/accepted"),
        (accepted(&digest, "2026-11-22", None), "/accepted"),
        (accepted(&digest, "yesterday", None), "/accepted"),
        (accepted(&digest, "2026-11-23", Some("2026-11-23")), "/subject_accepted"),
    ] {
        assert_eq!(code(service.agree(&officer, id, &acceptance, None).unwrap_err()).0, field);
    }
    let noted = service.agree(&officer, id, &accepted(&digest, "2026-11-23", None), None).unwrap();
    let agreement = noted.application.content.agreement.unwrap();
    assert_eq!((agreement.sha256.as_str(), agreement.terms.as_str()), (digest.as_str(), "test-1"));
    assert_eq!(
        (agreement.accepted.as_str(), agreement.noted.as_str()),
        ("2026-11-23", "2026-11-23T12:00:00Z")
    );
    assert_eq!(agreement.noted_by, officer.id.to_string());
    assert!(world.registry.tables().events.iter().any(|event| event.what.name() == "agreement-accepted"));

    // Accepted is not enough: the act must be provable (REG-6.3.4-08).
    assert_eq!(
        code(service.freeze(&officer, id, None).unwrap_err()),
        ("/agreement/copy".into(), "agreement.copy-missing")
    );

    // Another content is another agreement; what was accepted is forgotten.
    let mut changed = person();
    changed.publication_consent = Some(true);
    let edited = service.edit(&officer, id, None, &changed, None).unwrap();
    assert_eq!(edited.application.content.agreement, None);
    assert_eq!(code(service.freeze(&officer, id, None).unwrap_err()).1, "agreement.missing");
    assert_ne!(service.agreement(&officer, id).unwrap(), document);
    // And a row that somebody changed in the database is not what was agreed to.
    assert!(world.agree(&service, &officer, id));
    let record = |change: &dyn Fn(&mut ApplicationContent)| {
        change(&mut world.registry.tables().applications[0].content);
    };
    record(&|content| content.days = 7);
    assert_eq!(code(service.freeze(&officer, id, None).unwrap_err()).1, "agreement.other");
    record(&|content| content.days = 730);
    let order = service.freeze(&officer, id, None).unwrap();
    let accepted = world.registry.tables().applications[0].content.agreement.clone().unwrap().sha256;
    assert!(String::from_utf8(order.content).unwrap().contains(&accepted));
}

/// REG-6.3.4-09: who is named with an organisation accepts a part of their own, beside the organisation's.
#[test]
fn two_parts_are_accepted_where_the_subscriber_is_somebody_else() {
    let world = World::new();
    let service = world.registration();
    let officer = world.officer("registration-officer").as_officer();
    let id = service.open(&officer, &clerk(), None).unwrap().application.id;
    let sha256 = Sha256Digest::of(&service.agreement(&officer, id).unwrap()).to_string();
    let one = Acceptance { sha256, accepted: "2026-11-23".into(), subject_accepted: None };
    match service.agree(&officer, id, &one, None).unwrap_err() {
        ServiceError::Invalid(refusals) => assert_eq!(refusals[0].field, "/subject_accepted"),
        other => panic!("{other:?}"),
    }
    let early = Acceptance { subject_accepted: Some("2026-11-22".into()), ..one.clone() };
    match service.agree(&officer, id, &early, None).unwrap_err() {
        ServiceError::Invalid(refusals) => assert_eq!(refusals[0].code, "date.before-agreement"),
        other => panic!("{other:?}"),
    }
    let both = Acceptance { subject_accepted: Some("2026-11-23".into()), ..one };
    let noted = service.agree(&officer, id, &both, None).unwrap();
    assert_eq!(noted.application.content.agreement.unwrap().subject_accepted.as_deref(), Some("2026-11-23"));
    service.attach_copy(&officer, id, b"%PDF-1.7 both signed".to_vec(), None).unwrap();
    assert!(service.freeze(&officer, id, None).is_ok());
}

/// A record does not say that a copy is with it which is not (REG-6.4.5-04 c).
#[test]
fn what_is_said_to_be_attached_is_attached() {
    let world = World::new();
    let service = world.registration();
    let officer = world.officer("registration-officer").as_officer();
    let mut content = person();
    content.identity_document.copies_at = Some("attached".into());
    let id = service.open(&officer, &content, None).unwrap().application.id;
    assert!(world.agree(&service, &officer, id));
    let attach = |kind: &str| {
        let octets = b"%PDF-1.7 a copy".to_vec();
        service.attach(&officer, id, Attachment { kind: kind.into(), name: None, octets }, None).unwrap();
    };
    attach("authority");
    match service.freeze(&officer, id, None).unwrap_err() {
        ServiceError::Invalid(refusals) => {
            let said = (refusals[0].field.as_str(), refusals[0].code, refusals[0].clause);
            assert_eq!(said, ("/identity_document/copies_at", "copies.not-attached", Some("REG-6.4.5-04")));
        }
        other => panic!("{other:?}"),
    }
    attach("identity-document");
    service.freeze(&officer, id, None).unwrap();
}

/// REG-6.3.1-00E: how often one proof of identity may be used, counted in the record.
#[test]
fn one_proof_of_identity_is_used_so_often_and_no_more() {
    let world = World::new();
    let service = world.registration();
    let officer = world.officer("registration-officer").as_officer();
    let draft = || {
        let id = service.open(&officer, &person(), None).unwrap().application.id;
        assert!(world.agree(&service, &officer, id));
        id
    };
    // What came to nothing is no use of it.
    let given_up = draft();
    service.freeze(&officer, given_up, None).unwrap();
    service.withdraw(&officer, given_up, None).unwrap();
    for number in 1..=10 {
        let order = service.freeze(&officer, draft(), None).unwrap();
        let tables = world.registry.tables();
        let intake = |item: &&ndoba_registration::ports::EvidenceRecord| {
            item.order == order.id && item.kind == "intake"
        };
        let content = tables.evidence.iter().find(intake).unwrap().content.clone();
        let content = String::from_utf8(content).unwrap();
        assert!(content.contains(&format!("\"proofing_use\":{number}")), "{content}");
    }
    let one_more = draft();
    match service.freeze(&officer, one_more, None).unwrap_err() {
        ServiceError::Invalid(refusals) => {
            let said = (refusals[0].field.as_str(), refusals[0].code, refusals[0].clause);
            assert_eq!(said, ("/identity_proofing", "proofing.used-up", Some("REG-6.3.1-00E")));
        }
        other => panic!("{other:?}"),
    }
    // Proved again, on another day.
    let mut again = person();
    again.identity_proofing.date = "2026-11-21".into();
    service.edit(&officer, one_more, None, &again, None).unwrap();
    assert!(world.agree(&service, &officer, one_more));
    service.freeze(&officer, one_more, None).unwrap();
}
