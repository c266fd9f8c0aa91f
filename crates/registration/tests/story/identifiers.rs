//! By what subjects are known: passports, cards, tax and VAT numbers, local schemes, and a foreigner's own country.

use ndoba_order::{Order, OrderContent};
use ndoba_registration::application::ApplicationContent;
use ndoba_registration::fake::{World, association, foreigner, municipality, person};
use ndoba_registration::ports::{OrderRecord, PageRequest};
use ndoba_registration::{ApplicationQuery, ByCode, Separation, ServiceError, subject_identifier};
use serde_json::{Value, json};

use super::{code, issued_to, submitted};

/// The application with a member of its subject replaced, as the API takes it.
fn with(content: &ApplicationContent, change: Value) -> ApplicationContent {
    let mut value = serde_json::to_value(content).unwrap();
    for (member, value_of) in change.as_object().unwrap() {
        value["subject"][member] = value_of.clone();
    }
    serde_json::from_value(value).unwrap()
}

/// The name that the order has the CA certify.
fn named(order: &OrderRecord) -> String {
    match Order::from_bytes(&order.content).unwrap().content {
        OrderContent::Issue(issue) => issue.subject.distinguished_name().to_string(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn every_kind_stands_in_the_order_with_its_country() {
    let numbered = |country: &str, number: &str| json!({ "country": country, "number": number });
    let nobody = with(&foreigner(), json!({ "passport": null }));
    for (content, change, wanted) in [
        (foreigner(), json!({}), ["C=UA, ", "serialNumber=PASUA-FE123456"]),
        (
            nobody.clone(),
            json!({ "identity_card": numbered("TR", "A12F34567") }),
            ["C=TR, ", "=IDCTR-A12F34567"],
        ),
        (
            nobody.clone(),
            json!({ "foreign_number": numbered("LV", "010101-12345") }),
            ["C=LV, ", "=PNOLV-010101-12345"],
        ),
        (nobody.clone(), json!({ "tax_number": "123456789" }), ["C=GE, ", "=TINGE-123456789"]),
        // A foreigner by a Georgian number, and a Georgian who does not show the personal number.
        (nobody, json!({ "tax_number": "123456789", "country": "UA" }), ["C=UA, ", "=TINGE-123456789"]),
        (person(), json!({ "identity_card": numbered("GE", "12IA34567") }), ["C=GE, ", "=IDCGE-12IA34567"]),
        (person(), json!({ "country": "TR" }), ["C=TR, ", "=PNOGE-01001012345"]),
        (association(), json!({}), ["C=GE, ", "organizationIdentifier=AO:GE-77"]),
        (
            municipality(),
            json!({ "identification_code": null, "vat_number": "404123456" }),
            ["C=GE, ", "organizationIdentifier=VATGE-404123456"],
        ),
    ] {
        let world = World::new();
        let order = submitted(&world, &world.registration(), &with(&content, change));
        let name = named(&order);
        assert!(wanted.iter().all(|part| name.contains(part)), "{name}: {wanted:?}");
    }
}

#[test]
fn what_is_no_identifier_is_refused_at_its_field() {
    let world = World::new();
    let service = world.registration();
    let officer = world.officer("registration-officer").as_officer();
    let refused = |content: &ApplicationContent, change: Value| match service.open(
        &officer,
        &with(content, change),
        None,
    ) {
        Err(ServiceError::Invalid(errors)) => {
            let told = |one: &ndoba_registration::FieldError| (one.field.clone(), one.code, one.clause);
            errors.iter().map(told).collect::<Vec<_>>()
        }
        other => panic!("{other:?}"),
    };
    let passport =
        |country: &str, number: &str| json!({ "passport": { "country": country, "number": number } });
    for (change, field, code, clause) in [
        (passport("ua", "FE1"), "/subject/passport/country", "country.form", "C-41"),
        (passport("XX", "FE1"), "/subject/passport/country", "country.form", "C-41"),
        (passport("UA", "fe123456"), "/subject/passport/number", "identifier.number", "C-41"),
        (passport("UA", "FE 12"), "/subject/passport/number", "identifier.number", "C-41"),
        (passport("UA", "-"), "/subject/passport/number", "identifier.number", "C-41"),
        (passport("UA", &"1".repeat(31)), "/subject/passport/number", "identifier.number", "C-41"),
        (json!({ "passport": null }), "/subject/personal_number", "field.missing", "P-11"),
        (json!({ "tax_number": "123456789" }), "/subject/tax_number", "identifier.twice", "C-41"),
        (json!({ "country": "Ukraine" }), "/subject/country", "country.form", "C-41"),
        (
            json!({ "passport": null, "tax_number": "12345678" }),
            "/subject/tax_number",
            "tax-number.form",
            "G-41",
        ),
        (
            json!({ "passport": null, "foreign_number": { "country": "GE", "number": "01001012345" } }),
            "/subject/foreign_number/country",
            "country.form",
            "C-41",
        ),
    ] {
        assert_eq!(refused(&foreigner(), change.clone()), [(field.into(), code, Some(clause))], "{change}");
    }
    let local = |scheme: &str, number: &str, registry: &str| json!({ "local_number": { "scheme": scheme, "number": number, "registry": registry } });
    let registry = "https://registry.example.ge";
    for (change, field, code, clause) in [
        (local("A", "77", registry), "/subject/local_number/scheme", "local-scheme.form", "C-42"),
        (local("AO", "a", registry), "/subject/local_number/number", "identifier.number", "C-41"),
        (local("AO", "77", "http://x.ge"), "/subject/local_number/registry", "registry.form", "C-43"),
        (json!({ "local_number": null }), "/subject/identification_code", "field.missing", "P-11"),
        (json!({ "vat_number": "404123456" }), "/subject/local_number", "identifier.twice", "C-41"),
        (
            json!({ "local_number": null, "vat_number": "4041" }),
            "/subject/vat_number",
            "vat-number.form",
            "G-41",
        ),
        (json!({ "name": "AO:GE-77" }), "/subject/name", "name.number", "C-33"),
    ] {
        assert_eq!(refused(&association(), change.clone()), [(field.into(), code, Some(clause))], "{change}");
    }
}

/// A profile that names persons by passports only: its form has nothing else to show, and the number that officers are
/// known by may still be noted.
#[test]
fn a_profile_narrows_the_kinds() {
    let world = World::new();
    let service = world.registration();
    let form = service.form("sign-by-passport").unwrap();
    let has = |pointer: &str| form.field(pointer).is_some();
    assert!(form.field("/subject/passport").unwrap().required && form.alternatives.is_empty());
    assert!(has("/subject/personal_number") && !has("/subject/identity_card") && !has("/subject/tax_number"));
    let officer = world.officer("registration-officer").as_officer();
    let by = |content: ApplicationContent| {
        service.open(&officer, &ApplicationContent { profile: "sign-by-passport".into(), ..content }, None)
    };
    assert!(by(foreigner()).is_ok());
    assert_eq!(code(&by(person()).unwrap_err()), "field.missing");
}

/// The number that is shown is another; who the person is stays the same.
#[test]
fn a_passport_hides_no_officer_from_the_separation_of_duties() {
    let world = World::new();
    let service = world.registration();
    let officer = world.officer("registration-officer");
    let own = with(&foreigner(), json!({ "personal_number": officer.personal_number }));
    let error = service.open(&officer.as_officer(), &own, None).unwrap_err();
    assert!(matches!(error, ServiceError::Separation(Separation::OfficerIsSubject)));
}

/// Lists, renewals and the desk know them by the whole identifier: one number may be two countries'.
#[test]
fn they_are_found_by_the_whole_identifier() {
    let world = World::new();
    let service = world.registration();
    let officer = world.officer("registration-officer").as_officer();
    let (_, serial) = issued_to(&world, &service, &foreigner());
    let other = with(&foreigner(), json!({ "passport": { "country": "TR", "number": "FE123456" } }));
    let other = ApplicationContent { csr: ndoba_registration::fake::csr(), ..other };
    issued_to(&world, &service, &other);
    issued_to(&world, &service, &person());
    let found = |subject: &str| {
        let query = ApplicationQuery { subject: Some(subject.into()), ..ApplicationQuery::default() };
        let page = service.applications(&officer, &query, &PageRequest { limit: 10, after: None }).unwrap();
        page.items
            .iter()
            .map(|one| subject_identifier(&one.application.content).into_owned())
            .collect::<Vec<_>>()
    };
    assert_eq!(found("PASUA-FE123456"), ["PASUA-FE123456"]);
    assert_eq!(found("PNOGE-01001012345"), ["01001012345"]);
    assert_eq!(found("01001012345"), ["01001012345"]);
    assert!(found("FE123456").is_empty());

    // The other country's passport is another person.
    let proofing = serde_json::to_value(&foreigner().identity_proofing).unwrap();
    let renewal = |subject: Value| {
        let changes = json!({ "identity_proofing": proofing, "subject": subject });
        service.renew(&officer, &serial, changes.as_object().unwrap(), None)
    };
    assert_eq!(
        code(&renewal(json!({ "passport": { "country": "TR" } })).unwrap_err()),
        "replaces.other-subject"
    );
    assert!(renewal(json!({})).is_ok());

    // Documents are asked for by number once, and three questions are left that a caller can answer.
    let revoker = world.officer("revocation-officer").as_officer();
    let asked = service.control_questions(&revoker, &serial).unwrap();
    let names: Vec<&str> = asked.iter().map(|question| question.name).collect();
    assert_eq!(names, ["document-number", "document-issuer", "email"]);
    let secret = service.give_revocation_code(&officer, &serial, None).unwrap().shown();
    assert_eq!(service.suspend_by_code("PASTR-FE123456", &secret).unwrap(), ByCode::NoMatch);
    assert!(matches!(service.suspend_by_code("FE 123456", &secret).unwrap(), ByCode::Ordered(_)));
}
