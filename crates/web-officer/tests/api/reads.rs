//! Every operation that shows something, and what the log has of it.

use ndoba_audit::{Actor, EventKind};
use ndoba_testkit::{OPERATIONS, Read};

use crate::scene::Scene;

/// Whoever may look: personal data shown is an event with the officer and the operation; what shows none is said why.
#[test]
fn every_read_is_an_event_or_has_a_reason() {
    let scene = Scene::new();
    let mut events = 0;
    for operation in OPERATIONS.iter().filter(|operation| operation.method == "GET") {
        for letter in operation.may.chars() {
            let officer = scene.officer(letter);
            scene.served.world.registry.tables().events.clear();
            let reply = scene.served.ask(officer, "GET", &scene.path(operation), None);
            assert_eq!(reply.status, 200, "{letter} {operation:?} {reply:?}");
            let tables = scene.served.world.registry.tables();
            let read: Vec<&str> = tables
                .events
                .iter()
                .filter_map(|event| match &event.what {
                    EventKind::PersonalDataRead { operation, .. } => {
                        assert_eq!(event.actor, Actor::Officer(officer.id));
                        Some(operation.as_str())
                    }
                    _ => None,
                })
                .collect();
            match operation.read {
                Read::Event(name) => {
                    assert!(
                        !read.is_empty() && read.iter().all(|one| *one == name),
                        "{operation:?} {read:?}"
                    );
                    events += 1;
                }
                Read::Nothing(why) => assert!(!why.is_empty() && read.is_empty(), "{operation:?} {read:?}"),
                Read::Own(kind) => {
                    let own = tables.events.iter().filter(|event| event.what.name() == kind).count();
                    assert!(own == 1 && read.is_empty(), "{operation:?} {own} {read:?}");
                }
                Read::Act => panic!("{operation:?} changes nothing"),
            }
        }
    }
    assert!(events > 20);
    for operation in OPERATIONS.iter().filter(|operation| operation.method != "GET") {
        assert_eq!(operation.read, Read::Act, "{operation:?}");
    }
}

/// A page of the lists of officers shows as many as were asked for, and the next one goes on.
#[test]
fn lists_of_officers_come_in_pages() {
    let scene = Scene::new();
    let security = scene.officer('S');
    let served = &scene.served;
    for body in
        ["Ana", "Dato"].map(|name| serde_json::json!({ "name": name, "roles": ["approver"], "office": "GE" }))
    {
        assert_eq!(served.ask(security, "POST", "/enrolments", Some(&body)).status, 201);
    }
    for list in ["/officers", "/grants", "/enrolments"] {
        let whole = served.ask(security, "GET", list, None).json();
        let whole = whole["items"].as_array().unwrap().clone();
        let (mut walked, mut path) = (Vec::new(), format!("{list}?limit=2"));
        loop {
            let page = served.ask(security, "GET", &path, None).json();
            let items = page["items"].as_array().unwrap().clone();
            assert!(!items.is_empty() && items.len() <= 2, "{path} {page}");
            walked.extend(items);
            let Some(next) = page["next"].as_str() else { break };
            path = format!("{list}?limit=2&after={next}");
        }
        assert!(whole.len() > 2, "{list}");
        assert_eq!(walked, whole, "{list}");
        let beyond = served.ask(security, "GET", &format!("{list}?after=nowhere"), None).json();
        assert_eq!(beyond["items"], serde_json::json!([]), "{list}");
        for (query, code) in
            [("limit=0", "query.limit"), ("limit=201", "query.limit"), ("x=1", "query.unknown")]
        {
            assert_eq!(served.ask(security, "GET", &format!("{list}?{query}"), None).code(), code, "{list}");
        }
    }
}
