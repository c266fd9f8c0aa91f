//! Every operation by officers of another office, on what the head office did.

use ndoba_audit::EventKind;
use ndoba_registration::fake::person;
use ndoba_testkit::{CONTENT, Elsewhere, OPERATIONS};
use serde_json::{Value, json};

use crate::scene::Scene;

#[test]
fn every_operation_by_another_office() {
    let scene = Scene::new();
    let world = &scene.served.world;
    let ask = |letter: char, method: &str, path: &str, body: Option<&Value>| {
        scene.served.ask(scene.in_batumi(letter), method, path, body)
    };
    for operation in OPERATIONS {
        let (path, shown) = (scene.path(&operation), format!("{operation:?}"));
        match operation.elsewhere {
            Elsewhere::NoOffice => {}
            Elsewhere::Everywhere if operation.method == "GET" => {
                for letter in operation.may.chars() {
                    assert_eq!(ask(letter, "GET", &path, None).status, 200, "{letter} {shown}");
                }
            }
            // With a body for nothing: let in, and refused for that.
            Elsewhere::Everywhere => {
                for letter in operation.may.chars() {
                    let reply = ask(letter, operation.method, &path, Some(&json!({})));
                    assert_eq!(
                        (reply.status, reply.code().as_str()),
                        (422, "request.invalid"),
                        "{letter} {shown}"
                    );
                }
            }
            Elsewhere::Filtered => {
                for letter in operation.may.chars().filter(|letter| matches!(letter, 'R' | 'A')) {
                    let reply = ask(letter, "GET", &path, None);
                    let empty = reply.status == 200 && reply.json()["items"] == json!([]);
                    assert!(empty || reply.code() == "subject.unknown", "{letter} {shown} {reply:?}");
                }
            }
            Elsewhere::Hidden { to, what, body } => {
                let body: Option<Value> = match body {
                    "" => None,
                    CONTENT => Some(serde_json::to_value(person()).unwrap()),
                    body => Some(serde_json::from_str(body).unwrap()),
                };
                for letter in to.chars() {
                    world.registry.tables().events.clear();
                    let reply = ask(letter, operation.method, &path, body.as_ref());
                    let expected = (404, format!("{what}.unknown"));
                    assert_eq!((reply.status, reply.code()), expected, "{letter} {shown}");
                    let codes: Vec<String> = refused(&scene, letter);
                    assert_eq!(codes, ["other-office".to_owned(), expected.1], "{letter} {shown}");
                }
                for letter in operation.may.chars().filter(|one| !to.contains(*one) && *one != 'A') {
                    let reply = ask(letter, operation.method, &path, body.as_ref());
                    assert_ne!(reply.status, 404, "{letter} {shown} {reply:?}");
                }
            }
        }
    }
}

/// The codes of what was refused to that officer, and nothing else is in the log.
fn refused(scene: &Scene, letter: char) -> Vec<String> {
    let tables = scene.served.world.registry.tables();
    let code = |event: &ndoba_audit::Event| match &event.what {
        EventKind::ActionRefused { code, .. } => {
            assert_eq!(event.actor, ndoba_audit::Actor::Officer(scene.in_batumi(letter).id));
            code.to_string()
        }
        other => panic!("{other:?}"),
    };
    tables.events.iter().map(code).collect()
}
