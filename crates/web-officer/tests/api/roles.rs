//! Every operation as nobody, as who is not in office, as every wrong role, and as a right one; and a check that none is
//! missing.

use std::collections::BTreeSet;

use ndoba_audit::{Event, EventKind};
use ndoba_order::Role;
use ndoba_registration::Permission;
use ndoba_registration::fake::World;
use ndoba_testkit::{OPERATIONS, Operation, ROLES};
use ndoba_types::Span;
use ndoba_web_officer::{BASE, ROUTES, openapi};
use serde_json::json;

use crate::support::Served;

fn path_of(operation: &Operation) -> String {
    let path = operation.path.replace("{id}", &"ab".repeat(16)).replace("{serial}", "7f0102");
    let path = path.replace("{sha256}", &"cd".repeat(32));
    path.replace("{name}", "sign").replace("{identifier}", "00000000000")
}

#[test]
fn every_operation_and_every_role() {
    let served = Served::start();
    let (mut wrong, mut logins) = (0, 0);
    for operation in &OPERATIONS {
        let path = path_of(operation);
        let body = (operation.method != "GET").then(|| json!({}));
        // A minute each, so that nothing is counted together.
        served.world.clock.advance(Span::minutes(1));
        let stranger = served.ask(&World::stranger(), operation.method, &path, body.as_ref());
        assert_eq!(
            (stranger.status, stranger.code().as_str()),
            (403, "auth.not-an-officer"),
            "{operation:?}"
        );
        logins += 1;
        // Without a certificate there is not even a connection.
        let headers = [("content-type", "application/json")];
        assert!(served.send(None, operation.method, &path, &headers, b"{}").is_err(), "{operation:?}");

        assert!(operation.may.chars().all(|letter| ROLES.iter().any(|(known, _)| *known == letter)));
        for (letter, name) in ROLES.into_iter().chain([('B', "both")]) {
            let may = if letter == 'B' {
                operation.may.contains(['R', 'A'])
            } else {
                operation.may.contains(letter)
            };
            let reply = served.ask(served.world.officer(name), operation.method, &path, body.as_ref());
            if may {
                // Let in: an answer about the resource or the body, which here are made up.
                let expected: &[u16] = if operation.method == "GET" { &[200, 404] } else { &[404, 422] };
                assert!(expected.contains(&reply.status), "{name} {operation:?} {reply:?}");
            } else {
                assert_eq!((reply.status, reply.code().as_str()), (403, "auth.role"), "{name} {operation:?}");
                wrong += 1;
            }
        }
    }
    // Each refusal of a known officer, and of each unknown key, is an event (OVR-6.4.5-02).
    let events = &served.world.registry.tables().events;
    let count = |is: &dyn Fn(&&Event) -> bool| events.iter().filter(is).count();
    assert_eq!(count(&|event| event.what.name() == "login-refused"), logins);
    let role = |event: &&Event| matches!(&event.what, EventKind::ActionRefused { code, .. } if code.as_str() == "role");
    assert_eq!(count(&role), wrong);
}

/// Whatever role it was: an appointment that was ended, one whose time has passed, one whose time has not come.
#[test]
fn every_operation_by_who_is_not_in_office() {
    for way in ["dismissed", "lapsed", "to come"] {
        let mut world = World::new();
        // Who is pinned has no end but the pin's.
        world.appoint_too(13, "security-officer-three", &[Role::SecurityOfficer], "GE");
        let names =
            ROLES.map(|(_, name)| if name == "security-officer" { "security-officer-three" } else { name });
        let served = Served::of(world, 100_000);
        for name in names {
            assert_eq!(served.ask(served.world.officer(name), "GET", "/whoami", None).status, 200, "{name}");
        }
        match way {
            "dismissed" => names.iter().for_each(|name| served.world.dismiss(name)),
            "lapsed" => served.world.clock.advance(Span::days(366)),
            _ => served.world.clock.set_back(Span::days(2)),
        }
        for operation in &OPERATIONS {
            let body = (operation.method != "GET").then(|| json!({}));
            for name in names {
                let officer = served.world.officer(name);
                let reply = served.ask(officer, operation.method, &path_of(operation), body.as_ref());
                let expected = (403, "auth.not-an-officer".to_owned());
                assert_eq!((reply.status, reply.code()), expected, "{way} {name} {operation:?}");
            }
        }
    }
}

#[test]
fn an_ended_appointment_ends_the_session() {
    let served = Served::start();
    let approver = served.world.officer("approver");
    assert_eq!(served.ask(approver, "GET", "/whoami", None).status, 200);
    let security = served.world.officer("security-officer");
    let request = json!({"kind": "end-grant", "officer": approver.id.to_string()});
    let draft = served.ask(security, "POST", "/grants/draft", Some(&request)).json();
    let content = draft["content"].as_str().unwrap();
    let signatures = served.world.sign_grant(content.as_bytes());
    let body = json!({"content": content, "signatures": signatures[..1]});
    let reply = served.ask(security, "POST", "/grants", Some(&body));
    assert_eq!(reply.status, 201, "{reply:?}");
    assert_eq!(served.ask(approver, "GET", "/whoami", None).code(), "auth.not-an-officer");
    let again = served.ask(security, "POST", "/grants", Some(&body));
    assert_eq!((again.status, again.code().as_str()), (409, "grant-not-next"));
}

/// The table by hand, the router's, the description and the server name the same operations.
#[test]
fn the_table_is_complete() {
    let by_hand: BTreeSet<(String, String)> = OPERATIONS
        .iter()
        .map(|operation| (operation.method.to_lowercase(), format!("{BASE}{}", operation.path)))
        .collect();
    assert_eq!(by_hand.len(), OPERATIONS.len(), "a row is there twice");
    let routed: BTreeSet<(String, String)> =
        ROUTES.iter().map(|route| (route.method.to_lowercase(), format!("{BASE}{}", route.path))).collect();
    assert_eq!(by_hand, routed);
    assert_eq!(routed.len(), ROUTES.len(), "a route is there twice");
    let document = openapi();
    assert_eq!(document["openapi"], "3.1.0");
    // It does not describe itself.
    let mut described = BTreeSet::from([("get".to_owned(), format!("{BASE}/openapi.json"))]);
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            described.insert((method.clone(), path.clone()));
            assert!(operation["security"][0].get("officer").is_some(), "{method} {path}");
            for refusal in ["403", "429"] {
                assert!(operation["responses"].get(refusal).is_some(), "{method} {path} {refusal}");
            }
            assert!(operation["responses"].get("default").is_none(), "{method} {path}: any answer would do");
        }
    }
    assert_eq!(routed, described);
    for permission in Permission::ALL {
        // Depends on the body of one operation; the service asks for it.
        if permission != Permission::DraftReleases {
            assert!(
                ROUTES.iter().any(|route| route.permission == permission),
                "{permission:?} opens nothing"
            );
        }
    }
}
