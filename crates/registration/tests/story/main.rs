//! An application's way, and every shortcut that must not exist. Attacks on the approval are named `approval_…`.

#![expect(clippy::unwrap_used, clippy::wildcard_enum_match_arm, reason = "tests")]

mod attachments;
mod copies;
mod desk;
mod identifiers;
mod offices;
mod publication;
mod reads;
mod register;
mod retention;

use std::collections::BTreeMap;

use ndoba_audit::{Event, EventKind};
use ndoba_order::{MediaType, Order, SignerRole};
use ndoba_registration::application::{ApplicationContent, ApplicationId, DeviceContent, SubjectContent};
use ndoba_registration::fake::{World, clerk, municipality, person, with_device};
use ndoba_registration::ports::{
    CertificateStatus, OrderKind, OrderRecord, OrderState, PageRequest, RevocationClock,
};
use ndoba_registration::{
    ApplicationQuery, ApplicationState, Officer, Once, Registration, Separation, ServiceError, StatusRequest,
};
use ndoba_types::{Clock, OrderId, SerialNumber, Sha256Digest, Span};

fn submitted(world: &World, service: &Registration, content: &ApplicationContent) -> OrderRecord {
    let officer = world.officer("registration-officer");
    let caller = officer.as_officer();
    let opened = service.open(&caller, content, None).unwrap();
    assert!(world.agree(service, &caller, opened.application.id));
    let order = service.freeze(&caller, opened.application.id, None).unwrap();
    let jws = officer.sign(MediaType::Order, &order.content, SignerRole::Submitter, None, world.clock.now());
    service.sign(&caller, order.id, &jws, None).unwrap()
}

fn approval(world: &World, order: &OrderRecord, name: &str) -> String {
    let over = Some(order.signatures[0].jws.as_str());
    world.officer(name).sign(MediaType::Order, &order.content, SignerRole::Approver, over, world.clock.now())
}

/// An officer, and an application that they opened.
fn opened(world: &World, service: &Registration) -> (Officer, ApplicationId) {
    let officer = world.officer("registration-officer").as_officer();
    let id = service.open(&officer, &person(), None).unwrap().application.id;
    (officer, id)
}

/// A person's certificate and the order of two officers that made it.
fn issued(world: &World, service: &Registration) -> (OrderRecord, SerialNumber) {
    issued_to(world, service, &person())
}

/// The same for an application with this content.
fn issued_to(
    world: &World,
    service: &Registration,
    content: &ApplicationContent,
) -> (OrderRecord, SerialNumber) {
    let order = submitted(world, service, content);
    let approver = world.officer("approver").as_officer();
    service.sign(&approver, order.id, &approval(world, &order, "approver"), None).unwrap();
    let serial = world.play_ca(order.id, vec![0x30, 0]);
    (order, serial)
}

fn code(error: &ServiceError) -> String {
    match error {
        ServiceError::Invalid(fields) => fields[0].code.into(),
        ServiceError::Conflict { code, .. } => (*code).into(),
        ServiceError::Separation(rule) => rule.code().into(),
        ServiceError::Unknown { what } => (*what).into(),
        other => format!("{other:?}"),
    }
}

#[test]
fn a_person_and_a_municipality() {
    for content in [person(), municipality(), clerk(), with_device()] {
        let world = World::new();
        let service = world.registration();
        let order = submitted(&world, &service, &content);
        assert_eq!(
            (order.kind, &order.state, order.signatures.len()),
            (OrderKind::Issue, &OrderState::Open, 1)
        );
        assert_eq!(Sha256Digest::of(&order.content), order.digest);

        let approver = world.officer("approver").as_officer();
        let order = service.sign(&approver, order.id, &approval(&world, &order, "approver"), None).unwrap();
        assert_eq!(order.state, OrderState::Queued);
        let serial = world.play_ca(order.id, vec![0x30, 0]);
        let officer = world.officer("registration-officer").as_officer();
        let id = order.application.unwrap();
        let shown = service.application(&officer, id).unwrap();
        assert_eq!(shown.order_state, Some(OrderState::Done { serial }));
        let shown = service.deliver(&officer, id, Some("a drill"), None).unwrap();
        assert_eq!(
            ApplicationState::shown(shown.application.state, shown.order_state.as_ref()).name(),
            "delivered"
        );

        // The evidence that the order names is there, and opens to its digests.
        let tables = world.registry.tables();
        assert!(tables.evidence.len() >= 3);
        let text = String::from_utf8(order.content).unwrap();
        for item in &tables.evidence {
            assert_eq!(Sha256Digest::of(&item.content), item.digest);
            assert!(text.contains(&item.digest.to_string()));
        }
        // No personal data in the log (design §11).
        for event in &tables.events {
            let line = String::from_utf8(event.to_bytes()).unwrap();
            for secret in ["01001012345", "01001054321", "404123456", "ნინო", "example.com", "11AB12345"]
            {
                assert!(!line.contains(secret), "{line}");
            }
        }
        let kinds: Vec<&str> = tables.events.iter().map(|event| event.what.name()).collect();
        for kind in [
            "application-changed",
            "evidence-added",
            "order-queued",
            "personal-data-read",
            "certificate-delivered",
        ] {
            assert!(kinds.contains(&kind), "{kind} is missing in {kinds:?}");
        }
    }
}

#[test]
fn refusals_name_their_fields() {
    let world = World::new();
    let service = world.registration();
    let officer = world.officer("registration-officer").as_officer();
    let refused = |change: fn(&mut ApplicationContent)| -> Vec<String> {
        let mut content = person();
        change(&mut content);
        match service.open(&officer, &content, None) {
            Err(ServiceError::Invalid(fields)) => fields.into_iter().map(|one| one.field).collect(),
            other => panic!("not refused: {other:?}"),
        }
    };
    assert_eq!(refused(|c| c.profile = "tls".into()), ["/profile"]);
    assert_eq!(refused(|c| c.profile = "seal".into()), ["/subject/type"]);
    assert_eq!(refused(|c| c.days = 1097), ["/days"]);
    // A device: where the profile wants one, a model that is certified today, and a kind of evidence (C-52, C-73).
    assert_eq!(refused(|c| c.profile = "sign-qscd".into()), ["/device"]);
    assert_eq!(refused(|c| c.device = with_device().device), ["/device"]);
    let device = |change: fn(&mut DeviceContent)| {
        let mut content = with_device();
        change(content.device.as_mut().unwrap());
        match service.open(&officer, &content, None) {
            Err(ServiceError::Invalid(fields)) => (fields[0].field.clone(), fields[0].code),
            other => panic!("not refused: {other:?}"),
        }
    };
    assert_eq!(device(|d| d.model = "card-9".into()), ("/device/model".into(), "device.unknown"));
    assert_eq!(device(|d| d.model = "card-2".into()), ("/device/model".into(), "device.certification-ended"));
    assert_eq!(device(|d| d.kind = "hearsay".into()), ("/device/type".into(), "choice.unknown"));
    assert_eq!(device(|d| d.date = "2027-01-01".into()), ("/device/date".into(), "date.future"));
    // An organisation beside the person: where the profile names one, and only there (C-24).
    assert_eq!(refused(|c| c.profile = "sign-in-organisation".into()), ["/subject/organisation"]);
    assert_eq!(refused(|c| c.subject = clerk().subject), ["/subject/organisation"]);
    assert_eq!(
        refused(|c| {
            *c = clerk();
            natural(c, |p| p.organisation.as_mut().unwrap().identification_code = "1".into());
        }),
        ["/subject/organisation/identification_code"]
    );
    assert_eq!(
        refused(|c| {
            *c = clerk();
            natural(c, |p| p.organisation.as_mut().unwrap().authority.date = "2027-01-01".into());
        }),
        ["/subject/organisation/authority/date"]
    );
    assert_eq!(refused(|c| c.csr = "no request".into()), ["/csr"]);
    assert_eq!(refused(|c| c.identity_document.kind = "library-card".into()), ["/identity_document/type"]);
    assert_eq!(
        refused(|c| c.identity_document.expires = Some("2026-11-22".into())),
        ["/identity_document/expires"]
    );
    assert_eq!(refused(|c| c.identity_proofing.date = "2026-10-01".into()), ["/identity_proofing/date"]);
    assert_eq!(refused(|c| c.identity_proofing.date = "2026-11-24".into()), ["/identity_proofing/date"]);
    assert_eq!(
        refused(|c| c.identity_proofing.seen_by = "a\u{202e}b".into()),
        ["/identity_proofing/seen_by"]
    );
    fn natural(
        content: &mut ApplicationContent,
        change: fn(&mut ndoba_registration::application::NaturalPersonContent),
    ) {
        match &mut content.subject {
            SubjectContent::NaturalPerson(person) => change(person),
            SubjectContent::LegalPerson(_) => unreachable!(),
        }
    }
    assert!(
        refused(|c| natural(c, |p| p.personal_number = Some("0100101234".into())))
            .contains(&"/subject/personal_number".into())
    );
    assert_eq!(refused(|c| natural(c, |p| p.email = "nino".into())), ["/subject/email"]);
    assert!(
        refused(|c| natural(c, |p| p.surname = "Beridze".into())).iter().all(|f| f.starts_with("/subject/"))
    );
    assert!(
        refused(|c| natural(c, |p| p.given_names = "ᲜᲘᲜᲝ".into())).contains(&"/subject/given_names".into())
    );
    // Several at once.
    let both = refused(|c| {
        c.days = 0;
        c.csr = String::new();
    });
    assert_eq!(both, ["/days", "/csr"]);
    assert!(world.registry.tables().applications.is_empty());
}

#[test]
fn approval_by_the_submitter_is_refused() {
    let world = World::new();
    let service = world.registration();
    let both = world.officer("both");
    let opened = service.open(&both.as_officer(), &person(), None).unwrap();
    assert!(world.agree(&service, &both.as_officer(), opened.application.id));
    let order = service.freeze(&both.as_officer(), opened.application.id, None).unwrap();
    let now = world.clock.now();
    let jws = both.sign(MediaType::Order, &order.content, SignerRole::Submitter, None, now);
    let order = service.sign(&both.as_officer(), order.id, &jws, None).unwrap();
    let error =
        service.sign(&both.as_officer(), order.id, &approval(&world, &order, "both"), None).unwrap_err();
    assert!(matches!(error, ServiceError::Separation(Separation::SamePerson)));
    assert_eq!(service.order(&both.as_officer(), order.id).unwrap().state, OrderState::Open);
}

#[test]
fn approval_replayed_retargeted_or_borrowed_is_refused() {
    let world = World::new();
    let service = world.registration();
    let (first, second) =
        (submitted(&world, &service, &person()), submitted(&world, &service, &municipality()));
    let approver = world.officer("approver").as_officer();
    let jws = approval(&world, &first, "approver");
    // Another order's approval; one over another's submission; the submitter's own bytes as an approval.
    let error = service.sign(&approver, second.id, &jws, None).unwrap_err();
    assert_eq!(code(&error), "order-signature-invalid");
    let over = Some(second.signatures[0].jws.as_str());
    let elsewhere = world.officer("approver").sign(
        MediaType::Order,
        &first.content,
        SignerRole::Approver,
        over,
        world.clock.now(),
    );
    assert_eq!(
        code(&service.sign(&approver, first.id, &elsewhere, None).unwrap_err()),
        "order-approval-not-covering"
    );
    let grant = world.officer("approver").sign(
        MediaType::Grant,
        &first.content,
        SignerRole::Approver,
        None,
        world.clock.now(),
    );
    assert_eq!(
        code(&service.sign(&approver, first.id, &grant, None).unwrap_err()),
        "order-signature-invalid"
    );
    // Somebody hands in the approver's signature.
    let both = world.officer("both").as_officer();
    assert_eq!(code(&service.sign(&both, first.id, &jws, None).unwrap_err()), "order-signer-other");
    // A stranger's key.
    let over = Some(first.signatures[0].jws.as_str());
    let forged = World::stranger().sign(
        MediaType::Order,
        &first.content,
        SignerRole::Approver,
        over,
        world.clock.now(),
    );
    assert_eq!(code(&service.sign(&approver, first.id, &forged, None).unwrap_err()), "order-signer-unknown");
    // The right one still fits, and twice the same is the same.
    assert_eq!(service.sign(&approver, first.id, &jws, None).unwrap().state, OrderState::Queued);
    assert_eq!(service.sign(&approver, first.id, &jws, None).unwrap().signatures.len(), 2);
}

#[test]
fn approval_of_a_withdrawn_or_expired_order_is_refused() {
    let world = World::new();
    let service = world.registration();
    let officer = world.officer("registration-officer").as_officer();
    let approver = world.officer("approver").as_officer();
    let order = submitted(&world, &service, &person());
    let jws = approval(&world, &order, "approver");
    service.withdraw(&officer, order.application.unwrap(), None).unwrap();
    assert_eq!(code(&service.sign(&approver, order.id, &jws, None).unwrap_err()), "order.state");

    let order = submitted(&world, &service, &person());
    world.clock.advance(Span::days(8));
    let jws = approval(&world, &order, "approver");
    assert_eq!(code(&service.sign(&approver, order.id, &jws, None).unwrap_err()), "order.expired");
    let shown = service.application(&officer, order.application.unwrap()).unwrap();
    assert_eq!(
        ApplicationState::shown(shown.application.state, shown.order_state.as_ref()),
        ApplicationState::Expired
    );
}

#[test]
fn what_is_fully_signed_cannot_be_stopped_or_changed() {
    let world = World::new();
    let service = world.registration();
    let order = submitted(&world, &service, &person());
    let (officer, approver) =
        (world.officer("registration-officer").as_officer(), world.officer("approver").as_officer());
    service.sign(&approver, order.id, &approval(&world, &order, "approver"), None).unwrap();
    let id = order.application.unwrap();
    assert_eq!(code(&service.withdraw(&officer, id, None).unwrap_err()), "application.state");
    assert_eq!(code(&service.edit(&officer, id, None, &person(), None).unwrap_err()), "application.state");
    assert_eq!(code(&service.freeze(&officer, id, None).unwrap_err()), "application.state");
    assert_eq!(code(&service.reject(&approver, id, "no", None).unwrap_err()), "application.state");
}

#[test]
fn an_officer_is_not_the_subject() {
    let world = World::new();
    let service = world.registration();
    let with_number = |number: &str| {
        let mut content = person();
        if let SubjectContent::NaturalPerson(person) = &mut content.subject {
            person.personal_number = Some(number.into());
        }
        content
    };
    let officer = world.officer("registration-officer");
    let error =
        service.open(&officer.as_officer(), &with_number(&officer.personal_number), None).unwrap_err();
    assert!(matches!(error, ServiceError::Separation(Separation::OfficerIsSubject)));
    // Nor does the approver approve their own certificate.
    let approver = world.officer("approver");
    let order = submitted(&world, &service, &with_number(&approver.personal_number));
    let error = service
        .sign(&approver.as_officer(), order.id, &approval(&world, &order, "approver"), None)
        .unwrap_err();
    assert!(matches!(error, ServiceError::Separation(Separation::OfficerIsSubject)));
}

#[test]
fn correction_and_versions() {
    let world = World::new();
    let service = world.registration();
    let (officer, approver) =
        (world.officer("registration-officer").as_officer(), world.officer("approver").as_officer());
    let order = submitted(&world, &service, &person());
    let id = order.application.unwrap();
    let returned = service.send_back(&approver, id, "The photograph is missing", None).unwrap();
    assert_eq!(returned.order_state, Some(OrderState::Withdrawn));
    let version = returned.application.version;
    assert_eq!(
        code(&service.edit(&officer, id, Some(version - 1), &person(), None).unwrap_err()),
        "version.other"
    );
    let edited = service.edit(&officer, id, Some(version), &person(), None).unwrap();
    assert_eq!((edited.application.version, edited.order_state), (version + 1, None));
    assert!(world.agree(&service, &officer, id));
    let again = service.freeze(&officer, id, None).unwrap();
    assert_ne!(again.id, order.id);
    assert_ne!(again.digest, order.digest);

    let state = Some(ApplicationState::Submitted);
    let query =
        ApplicationQuery { state, subject: Some("01001012345".into()), ..ApplicationQuery::default() };
    let page = service.applications(&approver, &query, &PageRequest { limit: 10, after: None }).unwrap();
    assert_eq!(page.items.len(), 1);
}

#[test]
fn one_key_one_application() {
    let world = World::new();
    let service = world.registration();
    let officer = world.officer("registration-officer").as_officer();
    let once = Once { key: "k".into(), request: Sha256Digest::of(b"one") };
    let first = service.open(&officer, &person(), Some(&once)).unwrap();
    let second = service.open(&officer, &person(), Some(&once)).unwrap();
    assert_eq!(first.application.id, second.application.id);
    assert_eq!(world.registry.tables().applications.len(), 1);
    let other = Once { request: Sha256Digest::of(b"other"), ..once.clone() };
    assert!(matches!(service.open(&officer, &person(), Some(&other)), Err(ServiceError::KeyReused)));
    // Another officer's keys are their own.
    assert!(service.open(&world.officer("both").as_officer(), &person(), Some(&other)).is_ok());
    // Two at the very same moment: one makes it, the other gets what it made.
    let once = Once { key: "race".into(), request: Sha256Digest::of(b"race") };
    let ids: Vec<_> = std::thread::scope(|scope| {
        let open = || service.open(&officer, &person(), Some(&once)).unwrap().application.id;
        let racers: Vec<_> = (0..8).map(|_| scope.spawn(open)).collect();
        racers.into_iter().map(|racer| racer.join().unwrap()).collect()
    });
    assert!(ids.iter().all(|id| *id == ids[0]));
}

#[test]
fn revocation_suspension_release() {
    let world = World::new();
    let service = world.registration();
    let (_, serial) = issued(&world, &service);
    let approver = world.officer("approver");
    let request = |kind, reason: Option<&str>| StatusRequest {
        kind,
        reason: reason.map(Into::into),
        received: None,
        effective: None,
        channel: "in-person".into(),
        note: "control questions answered".into(),
        control: BTreeMap::new(),
    };
    let revoker = world.officer("revocation-officer");
    let propose =
        |kind, reason| service.propose(&revoker.as_officer(), &serial, &request(kind, reason), None);
    assert_eq!(code(&propose(OrderKind::Revoke, None).unwrap_err()), "reason.missing");
    assert_eq!(code(&propose(OrderKind::Suspend, Some("keyCompromise")).unwrap_err()), "reason.superfluous");
    assert_eq!(code(&propose(OrderKind::Revoke, Some("certificateHold")).unwrap_err()), "choice.unknown");
    assert!(matches!(propose(OrderKind::Release, None).unwrap_err(), ServiceError::Forbidden(_)));
    let unknown = "0badbad0".parse().unwrap();
    let error = service
        .propose(&revoker.as_officer(), &unknown, &request(OrderKind::Suspend, None), None)
        .unwrap_err();
    assert!(matches!(error, ServiceError::Unknown { .. }));

    // One signature is enough to suspend.
    let order = propose(OrderKind::Suspend, None).unwrap();
    let jws = revoker.sign(
        MediaType::Order,
        &order.content,
        SignerRole::RevocationOfficer,
        None,
        world.clock.now(),
    );
    assert_eq!(service.sign(&revoker.as_officer(), order.id, &jws, None).unwrap().state, OrderState::Queued);
    assert!(world.registry.tables().requests[0].decided.is_some());

    // Release takes two, like issuing.
    let since = world.clock.now();
    world.registry.tables().certificates[0].status = CertificateStatus::Suspended { since };
    let officer = world.officer("registration-officer");
    let order =
        service.propose(&officer.as_officer(), &serial, &request(OrderKind::Release, None), None).unwrap();
    let jws = officer.sign(MediaType::Order, &order.content, SignerRole::Submitter, None, since);
    let order = service.sign(&officer.as_officer(), order.id, &jws, None).unwrap();
    assert_eq!(order.state, OrderState::Open);
    let order =
        service.sign(&approver.as_officer(), order.id, &approval(&world, &order, "approver"), None).unwrap();
    assert_eq!(order.state, OrderState::Queued);

    // C-95: over is over.
    world.registry.tables().certificates[0].status =
        CertificateStatus::Revoked { at: since, reason: "keyCompromise".into() };
    assert_eq!(code(&propose(OrderKind::Revoke, Some("superseded")).unwrap_err()), "certificate.revoked");
    let error = service
        .propose(&officer.as_officer(), &serial, &request(OrderKind::Release, None), None)
        .unwrap_err();
    assert_eq!(code(&error), "certificate.revoked");
}

/// C-101: the date counts as the receipt, one officer signs it like any revocation, and it lies within the validity.
#[test]
fn a_revocation_with_a_date() {
    let world = World::new();
    let service = world.registration();
    let (_, serial) = issued(&world, &service);
    let (now, end) = (world.clock.now(), world.registry.tables().certificates[0].not_after);
    let revoker = world.officer("revocation-officer");
    let propose = |kind, effective| {
        let request = StatusRequest {
            kind,
            reason: (kind == OrderKind::Revoke).then(|| "cessationOfOperation".into()),
            received: Some(now),
            effective: Some(effective),
            channel: "letter".into(),
            note: "closes at the end of the quarter".into(),
            control: BTreeMap::new(),
        };
        service.propose(&revoker.as_officer(), &serial, &request, None)
    };
    let date = now.plus(Span::days(30)).floor_to_second();
    assert_eq!(code(&propose(OrderKind::Suspend, date).unwrap_err()), "date.superfluous");
    assert_eq!(code(&propose(OrderKind::Revoke, now).unwrap_err()), "time.past");
    let after = end.plus(Span::seconds(1));
    assert_eq!(code(&propose(OrderKind::Revoke, after).unwrap_err()), "time.after-validity");

    let order = propose(OrderKind::Revoke, date).unwrap();
    let signed = Order::from_bytes(&order.content).unwrap();
    assert_eq!((signed.effective(), order.expires), (Some(date), date.plus(Span::days(7))));
    assert_eq!(world.registry.tables().requests[0].begins, date);
    let jws = revoker.sign(
        MediaType::Order,
        &order.content,
        SignerRole::RevocationOfficer,
        None,
        world.clock.now(),
    );
    service.sign(&revoker.as_officer(), order.id, &jws, None).unwrap();
    let scheduled = |event: &Event| matches!(event.what, EventKind::RevocationScheduled { effective, .. } if effective == date);
    assert!(world.registry.tables().events.iter().any(scheduled));
}

/// REV-6.2.4-03BB: what is not done is turned down with its reason, while the CA has not begun.
#[test]
fn a_request_that_is_turned_down() {
    let world = World::new();
    let service = world.registration();
    let (order, serial) = issued(&world, &service);
    let approver = world.officer("approver");
    let revoker = world.officer("revocation-officer");
    let request = StatusRequest {
        kind: OrderKind::Suspend,
        reason: None,
        received: None,
        effective: None,
        channel: "in-person".into(),
        note: "a voice that nobody knows".into(),
        control: BTreeMap::new(),
    };
    let asked = service.propose(&revoker.as_officer(), &serial, &request, None).unwrap();
    let decline = |officer: &Officer, id, note: &str| service.decline(officer, id, note, None);
    let denied = decline(&approver.as_officer(), asked.id, "no").unwrap_err();
    assert!(matches!(denied, ServiceError::Forbidden(_)));
    assert!(matches!(decline(&revoker.as_officer(), asked.id, "").unwrap_err(), ServiceError::Invalid(_)));
    let of_application = decline(&revoker.as_officer(), order.id, "no").unwrap_err();
    assert_eq!(code(&of_application), "order.of-application");
    let declined = decline(&revoker.as_officer(), asked.id, "the subscriber knew nothing of it").unwrap();
    assert_eq!(declined.state, OrderState::Withdrawn);
    let tables = world.registry.tables();
    let kept = tables.evidence.iter().find(|item| item.kind == "revocation-refusal").unwrap();
    assert!(String::from_utf8_lossy(&kept.content).contains("knew nothing"));
    let refused = |event: &Event| matches!(&event.what, EventKind::StatusRequestRefused { code, .. } if code.as_str() == "declined");
    assert!(tables.events.iter().any(refused));
}

/// G-30: what the API says of the 24 hours.
#[test]
fn a_clock_tells_what_is_left() {
    let world = World::new();
    let (service, now) = (world.registration(), world.clock.now());
    let clock = RevocationClock {
        order: OrderId::from_bytes([1; 16]),
        kind: OrderKind::Revoke,
        received: now.minus(Span::days(9)),
        begins: now,
        decided: None,
        carried_out: None,
        published: None,
        settled: None,
    };
    let left = |clock: &RevocationClock| service.time_left(clock).map(|left| (left.aim, left.limit));
    assert_eq!(left(&clock), Some((3600, 24 * 3600)));
    world.clock.advance(Span::hours(25));
    let (aim, limit) = left(&clock).unwrap();
    assert_eq!((aim, limit), (-24 * 3600, -3600));
    assert_eq!(left(&RevocationClock { carried_out: Some(now), ..clock.clone() }), Some((aim, limit)));
    assert_eq!(left(&RevocationClock { published: Some((7, now)), ..clock.clone() }), None);
    assert_eq!(left(&RevocationClock { settled: Some(now), ..clock }), None);
}
