//! Every operation as nobody, as every wrong role, and as a right one; and a check that none is missing.

use std::collections::BTreeSet;

use ndoba_registration::fake::World;
use ndoba_registration::{Permission, allows};
use ndoba_web_officer::{BASE, ROUTES, Route, openapi};
use serde_json::json;

use crate::support::Served;

const PEOPLE: [&str; 8] = [
    "security-officer",
    "registration-officer",
    "approver",
    "revocation-officer",
    "auditor",
    "operator",
    "administrator",
    "both",
];

fn path_of(route: &Route) -> String {
    route
        .path
        .replace("{id}", &"ab".repeat(16))
        .replace("{serial}", "7f0102")
        .replace("{name}", "sign")
        .replace("{identifier}", "00000000000")
}

#[test]
fn every_operation_and_every_role() {
    let served = Served::start();
    let mut admitted = 0;
    for route in ROUTES {
        let path = path_of(route);
        let body = (route.method != "GET").then(|| json!({}));
        let stranger = served.ask(&World::stranger(), route.method, &path, body.as_ref());
        assert_eq!((stranger.status, stranger.code().as_str()), (403, "auth.not-an-officer"), "{route:?}");
        // Without a certificate there is not even a connection.
        let headers = [("content-type", "application/json")];
        assert!(served.send(None, route.method, &path, &headers, b"{}").is_err(), "{route:?}");

        let mut right = 0;
        for name in PEOPLE {
            let officer = served.world.officer(name);
            let may = officer.roles.iter().any(|role| allows(*role, route.permission));
            let reply = served.ask(officer, route.method, &path, body.as_ref());
            if may {
                right += 1;
                // Let in: an answer about the resource or the body, which here are made up.
                let expected: &[u16] = if route.method == "GET" { &[200, 404] } else { &[404, 422] };
                assert!(expected.contains(&reply.status), "{name} {route:?} {reply:?}");
            } else {
                assert_eq!((reply.status, reply.code().as_str()), (403, "auth.role"), "{name} {route:?}");
            }
        }
        assert!(right > 0, "nobody may {route:?}");
        admitted += right;
    }
    assert!(admitted > ROUTES.len());
    // Each refusal of a known officer, and of each unknown key, is an event (OVR-6.4.5-02).
    let events = &served.world.registry.tables().events;
    let count = |kind: &str| events.iter().filter(|event| event.what.name() == kind).count();
    assert_eq!(count("login-refused"), ROUTES.len());
    assert_eq!(count("action-refused"), ROUTES.len() * PEOPLE.len() - admitted);
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

/// The table, the description and the server name the same operations.
#[test]
fn the_table_is_complete() {
    let table: BTreeSet<(String, String)> = ROUTES
        .iter()
        .filter(|route| route.path != "/openapi.json")
        .map(|route| (route.method.to_lowercase(), format!("{BASE}{}", route.path)))
        .collect();
    let document = openapi();
    assert_eq!(document["openapi"], "3.1.0");
    let mut described = BTreeSet::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            described.insert((method.clone(), path.clone()));
            assert!(operation["security"][0].get("officer").is_some(), "{method} {path}");
            assert!(operation["responses"].get("403").is_some(), "{method} {path}");
            assert!(operation["responses"].get("default").is_none(), "{method} {path}: any answer would do");
        }
    }
    assert_eq!(table, described);
    assert_eq!(table.len(), ROUTES.len() - 1);
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
