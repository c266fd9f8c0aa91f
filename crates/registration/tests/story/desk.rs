//! The revocation desk: callers and codes.

use ndoba_audit::EventKind;
use ndoba_order::Order;
use ndoba_registration::application::SubjectContent;
use ndoba_registration::fake::{World, person};
use ndoba_registration::ports::{
    Act, CertificateStatus, OrderKind, OrderState, PageRequest, Registry as _, RequestFilter,
};
use ndoba_registration::{ByCode, Once, RegisterSight, ServiceError, StatusRequest};
use ndoba_types::{Clock, Sha256Digest, Span};

use super::{code, issued};

/// Who calls answers three questions rightly and none wrongly; nobody is told which was wrong.
#[test]
fn approval_of_a_caller_needs_right_answers() {
    let world = World::new();
    let service = world.registration();
    let (_, serial) = issued(&world, &service);
    let revoker = world.officer("revocation-officer").as_officer();
    let asked = service.control_questions(&revoker, &serial).unwrap();
    let names: Vec<&str> = asked.iter().map(|question| question.name).collect();
    assert_eq!(names, ["document-number", "document-issuer", "personal-number", "email"]);
    let content = person();
    let SubjectContent::NaturalPerson(subject) = &content.subject else { panic!("a person") };
    let right = [
        ("document-number", content.identity_document.number.to_lowercase()),
        ("personal-number", "010 010 12345".to_owned()),
        ("email", subject.email.to_uppercase()),
    ];
    let request = |channel: &str, answers: &[(&str, String)]| StatusRequest {
        kind: OrderKind::Suspend,
        reason: None,
        received: None,
        effective: None,
        channel: channel.into(),
        note: "x".into(),
        control: answers.iter().map(|(name, answer)| ((*name).to_owned(), answer.clone())).collect(),
    };
    let propose = |channel: &str, answers: &[(&str, String)]| {
        service.propose(&revoker, &serial, &request(channel, answers), None).map_err(|error| code(&error))
    };
    // The way that stays open in an outage asks too, wherever the record can be read.
    let draft = |sight, channel: &str, answers: &[(&str, String)]| {
        let ca = "signature".parse().unwrap();
        service
            .draft_status_order(&revoker, sight, &serial, &ca, &request(channel, answers))
            .map(|draft| String::from_utf8(draft.evidence).unwrap())
            .map_err(|error| code(&error))
    };
    use RegisterSight::{Current, LastRead};
    let no_match = Err("control.no-match".to_owned());
    let with = |name: &'static str, answer: &str| [&right[..2], &[(name, answer.to_owned())]].concat();
    for wrong in [
        Vec::new(),
        right[..2].to_vec(),
        with("email", "someone@example.com"),
        with("email", ""),
        with("mother's name", "x"),
        [&right[..], &[("document-issuer", "nobody".to_owned())]].concat(),
    ] {
        assert_eq!(propose("telephone", &wrong).map(drop), no_match, "{wrong:?}");
        assert_eq!(draft(Current, "telephone", &wrong).map(drop), no_match, "{wrong:?}");
    }
    for refused in [propose("in-person", &right).map(drop), draft(LastRead, "in-person", &right).map(drop)] {
        assert_eq!(refused, Err("control.superfluous".to_owned()));
    }
    let order = propose("telephone", &right).unwrap();
    let tables = world.registry.tables();
    let kept = tables.evidence.iter().find(|item| item.order == order.id).unwrap();
    let kept = String::from_utf8(kept.content.clone()).unwrap();
    // Which questions were answered stays, the answers do not.
    assert!(kept.contains("\"document-number\"") && !kept.contains("01001012345"), "{kept}");
    let refused = tables.events.iter().filter(|event| {
        matches!(&event.what, EventKind::ActionRefused { operation, .. } if operation.as_str() == "control-questions")
    });
    assert_eq!(refused.count(), 12);
    drop(tables);

    let named =
        |evidence: &str| evidence.contains("\"control\":[\"document-number\",\"email\",\"personal-number\"]");
    // Nothing can be written: right answers are judged and told, wrong ones are wrong still.
    world.registry.tables().full = true;
    let told = draft(Current, "telephone", &right).unwrap();
    assert!(named(&told) && !told.contains("01001012345"), "{told}");
    assert_eq!(draft(Current, "telephone", &right[..2]).map(drop), no_match);
    // Nothing can be read: nobody can judge, and nothing is told of it.
    world.registry.tables().gone = true;
    for (sight, answers) in [(Current, &right[..]), (LastRead, &right), (LastRead, &[])] {
        assert!(!draft(sight, "telephone", answers).unwrap().contains("\"control\""));
    }
}

/// Number and code suspend; nothing less does, and every failure looks the same.
#[test]
fn approval_by_code_suspends_and_nothing_else() {
    let world = World::new();
    let service = world.registration();
    let (order, serial) = issued(&world, &service);
    let officer = world.officer("registration-officer").as_officer();
    // Twice the same request gives one code, which the second answer cannot have.
    let once = Once { key: "one".into(), request: Sha256Digest::of(b"one") };
    let void = service.give_revocation_code(&officer, &serial, Some(&once)).unwrap().shown();
    let again = service.give_revocation_code(&officer, &serial, Some(&once)).map(drop);
    assert!(matches!(again, Err(ServiceError::Conflict { code: "code.shown-once", .. })));
    let other = Once { request: Sha256Digest::of(b"other"), ..once };
    let reused = service.give_revocation_code(&officer, &serial, Some(&other)).map(drop);
    assert!(matches!(reused, Err(ServiceError::KeyReused)));
    assert_eq!(world.registry.tables().codes.len(), 1);
    let code = service.give_revocation_code(&officer, &serial, None).unwrap().shown();
    let batumi = world.officer("registration-officer-in-batumi").as_officer();
    assert!(matches!(
        service.give_revocation_code(&batumi, &serial, None),
        Err(ServiceError::Unknown { .. })
    ));
    // Only the hash is kept.
    assert!(!format!("{:?}", world.registry.tables().codes).contains(&code));
    let number = "01001012345";
    for (who, tried) in [
        (number, void.as_str()),
        (number, "0000-0000-0000-0000"),
        (number, "no code"),
        ("01001099999", code.as_str()),
        ("4a01", code.as_str()),
        ("", code.as_str()),
    ] {
        assert_eq!(service.suspend_by_code(who, tried).unwrap(), ByCode::NoMatch, "{who} {tried}");
    }
    let refused = |world: &World| {
        let tables = world.registry.tables();
        tables.events.iter().filter(|event| event.what.name() == "login-refused").count()
    };
    assert_eq!(refused(&world), 6);
    let ByCode::Ordered(id) = service.suspend_by_code(" 0100 1012-345 ", &code.to_lowercase()).unwrap()
    else {
        panic!("not ordered");
    };
    let ordered = service.order(&world.officer("revocation-officer").as_officer(), id).unwrap();
    assert_eq!((ordered.kind, &ordered.state), (OrderKind::SuspendByCode, &OrderState::Queued));
    assert_eq!(ordered.target, Some(serial.clone()));
    assert_eq!(ordered.signatures[0].role, "desk");
    let signed = Order::from_bytes(&ordered.content).unwrap();
    assert_eq!(signed.expires.since(signed.created), Span::minutes(30));

    // An officer confirms it, once; nothing else can be confirmed.
    let revoker = world.officer("revocation-officer").as_officer();
    assert_eq!(code_of(&service.confirm(&revoker, id, "x", None)), "order.state");
    world.registry.tables().orders.get_mut(&id).unwrap().state = OrderState::Done { serial: serial.clone() };
    assert_eq!(code_of(&service.confirm(&revoker, order.id, "x", None)), "order.not-by-code");
    assert_eq!(code_of(&service.confirm(&revoker, id, "x\u{202e}", None)), "text.invisible");
    service.confirm(&revoker, id, "called back at the number on file", None).unwrap();
    assert_eq!(code_of(&service.confirm(&revoker, id, "again", None)), "state.changed");
    let page = PageRequest { limit: 10, after: None };
    assert_eq!(service.requests(&revoker, &RequestFilter::default(), &page).unwrap().items.len(), 1);

    // What is suspended already is said to be so, to who has the code.
    let now = world.clock.now();
    world.registry.tables().certificates[0].status = CertificateStatus::Suspended { since: now };
    assert_eq!(service.suspend_by_code(&serial.to_string(), &code).unwrap(), ByCode::Already);
}

fn code_of<T>(result: &Result<T, ServiceError>) -> String {
    result.as_ref().err().map_or_else(|| "done".into(), code)
}

/// A certificate is handed over with its code, or for a reason that the record and the log have.
#[test]
fn no_certificate_is_handed_over_without_its_code() {
    let world = World::new();
    let service = world.registration();
    let officer = world.officer("registration-officer").as_officer();
    let (order, serial) = issued(&world, &service);
    let id = order.application.unwrap();
    let deliver =
        |reason: Option<&str>| service.deliver(&officer, id, reason, None).map_err(|error| code(&error));
    let channels = || -> Vec<String> {
        let tables = world.registry.tables();
        let channel = |what: &EventKind| match what {
            EventKind::CertificateDelivered { channel, .. } => Some(channel.to_string()),
            _ => None,
        };
        tables.events.iter().filter_map(|event| channel(&event.what)).collect()
    };
    assert_eq!(deliver(None).map(drop), Err("revocation-code.missing".into()));
    assert_eq!(deliver(Some(" ")).map(drop), Err("text.blank".into()));
    assert!(channels().is_empty());
    service.give_revocation_code(&officer, &serial, None).unwrap();
    assert_eq!(deliver(Some("she wants none")).map(drop), Err("revocation-code.given".into()));
    assert_eq!(deliver(None).unwrap().application.without_code, None);
    assert_eq!(channels(), ["officer"]);

    let world = World::new();
    let service = world.registration();
    let (order, _) = issued(&world, &service);
    let id = order.application.unwrap();
    let told = service.deliver(&officer, id, Some("she wants none"), None).unwrap();
    assert_eq!(
        (told.application.without_code.as_deref(), told.application.remark),
        (Some("she wants none"), None)
    );
    let told = service.accept(&officer, id, "signed receipt 5", None).unwrap();
    let told = told.application;
    assert_eq!(told.remark.as_deref(), Some("signed receipt 5"));
    assert_eq!(told.without_code.as_deref(), Some("she wants none"), "the reason outlives the acceptance");

    // A delivery of before has the reason in its remark.
    let world = World::new();
    let service = world.registration();
    let (order, _) = issued(&world, &service);
    let id = order.application.unwrap();
    let mut delivered = service.deliver(&officer, id, Some("lost on the way"), None).unwrap().application;
    delivered.version += 1;
    delivered.remark = delivered.without_code.take();
    world.registry.update_application(&delivered, Act { events: &[], receipt: None }).unwrap();
    let told = service.accept(&officer, id, "signed receipt 6", None).unwrap().application;
    assert_eq!(
        (told.remark.as_deref(), told.without_code.as_deref()),
        (Some("signed receipt 6"), Some("lost on the way"))
    );
    let tables = world.registry.tables();
    let without = |what: &EventKind| matches!(what, EventKind::CertificateDelivered { channel, .. } if channel.as_str() == "officer-without-code");
    assert_eq!(tables.events.iter().filter(|event| without(&event.what)).count(), 1);
}
