//! The form that clients are given and what the server takes are one: what it allows is accepted, what it forbids is
//! refused at the very field.

#![expect(clippy::unwrap_used, clippy::wildcard_enum_match_arm, reason = "tests")]

use std::collections::BTreeSet;
use std::sync::LazyLock;

use ndoba_registration::application::ApplicationContent;
use ndoba_registration::fake::{World, association, clerk, foreigner, municipality, person, with_device};
use ndoba_registration::form::{Field, Form, Kind, Test};
use ndoba_registration::{Officer, Registration, ServiceError};
use proptest::prelude::*;
use serde_json::{Value, json};
use unicode_normalization::UnicodeNormalization;

/// A service and an officer of it, with an application of each kind.
struct Desk {
    service: Registration,
    officer: Officer,
    applications: Vec<Value>,
}

static DESK: LazyLock<Desk> = LazyLock::new(|| {
    let world = World::new();
    let whole = |content: ApplicationContent| {
        let mut value = serde_json::to_value(content).unwrap();
        // With everything that may be there.
        match value["subject"]["type"].as_str() {
            Some("natural-person") => {
                // In another script than the name.
                value["subject"]["latin"] = match value["subject"]["given_names"].as_str() {
                    Some("Olena") => Value::Null,
                    _ => json!({"given_names": "Nino", "surname": "Beridze"}),
                };
            }
            _ => {
                value["subject"]["common_name"] = json!("სატესტოს მერია");
                value["subject"]["latin_name"] = json!("Satesto City Hall");
            }
        }
        value
    };
    Desk {
        service: world.registration(),
        officer: world.officer("registration-officer").as_officer(),
        applications: [person(), municipality(), clerk(), with_device(), foreigner(), association()]
            .map(whole)
            .into(),
    }
});

impl Desk {
    /// The form as a client has it: written and read.
    fn form(&self, application: &Value) -> Form {
        let form = self.service.form(application["profile"].as_str().unwrap()).unwrap();
        serde_json::from_str(&serde_json::to_string(&form).unwrap()).unwrap()
    }

    /// The fields that the server refuses, as the API asks it.
    fn refused(&self, application: &Value) -> BTreeSet<String> {
        let mut refusals = self.service.refusals(application);
        match serde_json::from_value::<ApplicationContent>(application.clone()) {
            Ok(content) => match self.service.open(&self.officer, &content, None) {
                Ok(_) => {}
                Err(ServiceError::Invalid(more)) => refusals.extend(more),
                Err(other) => panic!("{other:?}"),
            },
            Err(error) => assert!(!refusals.is_empty(), "{error}: the refusal names no field"),
        }
        refusals.into_iter().map(|refusal| refusal.field).collect()
    }
}

/// The fields that the form refuses.
fn forbidden(form: &Form, application: &Value) -> BTreeSet<String> {
    form.judge(application).into_iter().map(|finding| finding.field).collect()
}

/// Texts that an expression describes, by proptest's own reading of it, brought to the form that counts.
fn matching(pattern: &str) -> BoxedStrategy<String> {
    let inside = pattern.trim_start_matches('^').trim_end_matches('$');
    let texts = proptest::string::string_regex(inside).unwrap();
    texts.prop_map(|text| text.nfc().collect::<String>()).boxed()
}

/// Values that the field's rules describe. The strictest comes first or last, by what it is about.
fn allowed(field: &Field) -> BoxedStrategy<Value> {
    let rules: Vec<&Test> = field.rules.iter().map(|rule| &rule.test).collect();
    let longest = rules.iter().find_map(|test| match test {
        Test::MaxLength { maximum } => Some(*maximum),
        _ => None,
    });
    match field.kind {
        Kind::Choice => {
            let Some(Test::OneOf { values }) = rules.last() else { panic!("{field:?}") };
            proptest::sample::select(values.iter().map(|one| json!(one.value)).collect::<Vec<_>>()).boxed()
        }
        Kind::Number => {
            let Some(Test::Between { minimum, maximum }) = rules.last() else { panic!("{field:?}") };
            (*minimum..=*maximum).prop_map(|number| json!(number)).boxed()
        }
        Kind::Flag => any::<bool>().prop_map(|flag| json!(flag)).boxed(),
        Kind::Day => {
            let bound = rules.iter().rev().find_map(|test| match test {
                Test::NotAfter { day } | Test::NotBefore { day } => Some(day.clone()),
                _ => None,
            });
            Just(json!(bound.unwrap())).boxed()
        }
        Kind::Text => {
            let Some(Test::Pattern { pattern }) = rules.last() else { panic!("{field:?}") };
            let texts = matching(pattern.as_str()).prop_map(move |text| {
                let short: String = text.chars().take(longest.unwrap_or(usize::MAX)).collect();
                json!(short.trim())
            });
            let rules = field.rules.clone();
            let keeps = move |value: &Value| {
                // What cutting and trimming broke is not described by the rules.
                let text = value.as_str().unwrap_or_default();
                rules.iter().all(|rule| match &rule.test {
                    Test::Pattern { pattern } => pattern.matches(text),
                    _ => true,
                }) && text.nfc().eq(text.chars())
            };
            texts.prop_filter("cut short", keeps).boxed()
        }
        Kind::CertificateRequest | Kind::Group => Just(Value::Null).boxed(),
    }
}

/// Values that people, programs and attackers send.
fn anything() -> BoxedStrategy<Value> {
    let texts = [
        "",
        " ",
        "ნინო ",
        "ნინო  ნინო",
        "Ნინო",
        "Ⴌინო",
        "ნინoა",
        "нино",
        "Nino",
        "ნინ\u{202e}ო",
        "ნინ\u{200b}ო",
        "e\u{301}",
        "\u{301}",
        "0100101234",
        "010010123456",
        "٠١٠٠١٠١٢٣٤٥",
        "404123456",
        "NTRGE-404123456",
        "FE123456",
        "UA",
        "GE",
        "https://registry.example.ge",
        "VATGE-404123456",
        "a@b",
        "a@b.ge",
        "ა@b.ge",
        "a b@c.ge",
        "2026-02-30",
        "2026-11-24",
        "2027-01-01",
        "1899-12-31",
        "+2026-11-01",
        "2026-1-1",
        "2020-01-01",
        "natural-person",
        "legal-person",
        "passport",
        "card-2",
        "card-9",
        "AB",
        "ab/cd",
        "true",
        "1",
        "{}",
    ];
    let long = (100_usize..600).prop_map(|count| json!("ა".repeat(count)));
    prop_oneof![
        6 => proptest::sample::select(texts.to_vec()).prop_map(|text| json!(text)),
        2 => "\\PC{0,12}".prop_map(|text| json!(text)),
        2 => long,
        1 => any::<i64>().prop_map(|number| json!(number)),
        1 => (0_u32..2000).prop_map(|number| json!(number)),
        1 => Just(Value::Null),
        1 => Just(json!([])),
        1 => Just(json!({"more": 1})),
        1 => any::<bool>().prop_map(|flag| json!(flag)),
    ]
    .boxed()
}

fn replace(application: &mut Value, pointer: &str, value: Option<Value>) {
    let (parent, name) = pointer.rsplit_once('/').unwrap();
    let Some(Value::Object(members)) = application.pointer_mut(parent) else { return };
    match value {
        Some(value) => members.insert(name.into(), value),
        None => members.remove(name),
    };
}

/// Everything that has a rule in the form of one of the applications, with a value that its rules describe.
fn one_allowed() -> impl Strategy<Value = (usize, String, Value)> {
    (0..DESK.applications.len()).prop_flat_map(|which| {
        let form = DESK.form(&DESK.applications[which]);
        let ruled = |field: &&Field| !matches!(field.kind, Kind::Group | Kind::CertificateRequest);
        let fields: Vec<Field> = form.fields.iter().filter(ruled).cloned().collect();
        proptest::sample::select(fields).prop_flat_map(move |field| {
            let pointer = field.field.to_string();
            allowed(&field).prop_map(move |value| (which, pointer.clone(), value))
        })
    })
}

/// Up to four fields, known and unknown, replaced or taken away.
fn some_changed() -> impl Strategy<Value = (usize, Vec<(String, Option<Value>)>)> {
    (0..DESK.applications.len()).prop_flat_map(|which| {
        let form = DESK.form(&DESK.applications[which]);
        let mut pointers: Vec<String> = form.fields.iter().map(|field| field.field.to_string()).collect();
        // Another profile has another form, and a request has rules of its own.
        pointers.retain(|pointer| pointer != "/profile" && pointer != "/csr");
        pointers.extend([
            "/more".into(),
            "/agreement".into(),
            "/subject/more".into(),
            "/subject/organisation".into(),
            "/device".into(),
        ]);
        let change = (proptest::sample::select(pointers), proptest::option::weighted(0.85, anything()));
        (Just(which), proptest::collection::vec(change, 1..5))
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(150))]

    #[test]
    fn what_the_form_allows_the_server_accepts((which, pointer, value) in one_allowed()) {
        let mut application = DESK.applications[which].clone();
        replace(&mut application, &pointer, Some(value.clone()));
        // Relations to fields that were not changed with it may be broken: then the form says so, at the fields of such rules.
        let forbidden = forbidden(&DESK.form(&application), &application);
        let form = DESK.form(&application);
        let among = form.alternatives.iter().flat_map(|one| &one.fields);
        let related: BTreeSet<&str> = form.relations.iter().map(|one| &*one.field).chain(among.map(|one| &**one)).collect();
        prop_assert!(forbidden.iter().all(|field| related.contains(field.as_str())), "{:?}", forbidden);
        prop_assert_eq!(DESK.refused(&application), forbidden, "{} = {}", pointer, value);
    }

    #[test]
    fn what_the_form_forbids_the_server_refuses_at_that_field((which, changes) in some_changed()) {
        let mut application = DESK.applications[which].clone();
        for (pointer, value) in &changes {
            replace(&mut application, pointer, value.clone());
        }
        let form = DESK.form(&DESK.applications[which]);
        prop_assert_eq!(DESK.refused(&application), forbidden(&form, &application), "{:?}", changes);
    }
}

/// Each of these is refused by its form and at the server, with the code and the clause of the rule.
#[test]
fn every_rule_has_its_code_its_clause_and_both_languages() {
    for application in &DESK.applications {
        let form = DESK.form(application);
        assert_eq!(forbidden(&form, application), BTreeSet::new());
        assert_eq!(DESK.refused(application), BTreeSet::new());
        for message in form.alternatives.iter().map(|one| &one.message) {
            assert!(is_georgian(&message.ka) && !is_georgian(&message.en), "{message:?}");
        }
        let mut seen = BTreeSet::new();
        for field in &form.fields {
            assert!(seen.insert(&field.field), "{} twice", field.field);
            assert!(is_georgian(&field.label.ka) && field.label.en.is_ascii(), "{field:?}");
            for rule in &field.rules {
                assert!(is_georgian(&rule.message.ka) && !is_georgian(&rule.message.en), "{rule:?}");
            }
            // Whatever is required is missed by name, where the group that it is in is given.
            let group = field.field.rsplit_once('/').map_or("", |(group, _)| group);
            if field.required && application.pointer(group).is_some_and(Value::is_object) {
                let mut without = application.clone();
                replace(&mut without, &field.field, None);
                let found = form.judge(&without);
                assert_eq!(found.len(), 1, "{}: {found:?}", field.field);
                assert_eq!((found[0].field.as_str(), &*found[0].code), (&*field.field, "field.missing"));
            }
        }
    }
}

fn is_georgian(text: &str) -> bool {
    text.chars().any(|c| ('\u{10d0}'..='\u{10ff}').contains(&c))
}
