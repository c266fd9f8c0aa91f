//! What is refused is in the log, and cannot fill it.

use ndoba_audit::{Actor, Event, EventKind};
use ndoba_order::{MediaType, SignerRole};
use ndoba_registration::fake::{World, person};
use ndoba_registration::ports::GrantRecord;
use ndoba_types::Clock as _;
use serde_json::{Value, json};

use crate::story::submitted;
use crate::support::Served;

const JSON: (&str, &str) = ("content-type", "application/json");
const OFFICER: &str = "registration-officer";

/// An attack: its name, who, the request, and how it is refused.
struct Attack<'a> {
    what: &'a str,
    who: &'a str,
    request: (&'a str, String, Vec<(&'a str, &'a str)>, Vec<u8>),
    /// The operation and the code in the log; the problem's status.
    refused: (&'a str, &'a str, u16),
    /// The rule's own code, where a rule of the register or of orders refuses it.
    rule: Option<&'a str>,
}

#[test]
fn each_hostile_request_is_refused_and_in_the_log() {
    let served = Served::start();
    let world = &served.world;
    let [first, second] = [submitted(&served), submitted(&served)];
    let order = |order: &Value| order["order_id"].as_str().unwrap().to_owned();
    let now = world.clock.now();
    let approval = |order: &Value, name: &str| {
        let content = order["content"].as_str().unwrap().as_bytes();
        let over = order["signatures"][0]["jws"].as_str().unwrap();
        let officer = world.officer(name);
        let jws = officer.sign(MediaType::Order, content, SignerRole::Approver, Some(over), now);
        json!({ "jws": jws }).to_string().into_bytes()
    };
    let forged = {
        let stranger = World::stranger();
        let security = world.officer("security-officer");
        let request = json!({ "kind": "end-grant", "officer": world.officer("auditor").id.to_string() });
        let draft = served.ask(security, "POST", "/grants/draft", Some(&request)).json();
        let content = draft["content"].as_str().unwrap();
        let role = SignerRole::SecurityOfficer;
        let jws = stranger.sign(MediaType::Grant, content.as_bytes(), role, None, now);
        json!({ "content": content, "signatures": [jws] }).to_string().into_bytes()
    };
    let named = |name: &str| {
        let mut content = serde_json::to_value(person()).unwrap();
        content["subject"]["given_names"] = name.into();
        content.to_string().into_bytes()
    };
    let twice =
        serde_json::to_string(&person()).unwrap().replacen("{\"profile\"", "{\"days\":1,\"profile\"", 1);
    let applications = || ("POST", "/applications".to_owned(), vec![JSON]);
    let open = |body: Vec<u8>, code: &'static str, status: u16, what: &'static str| {
        let (method, path, headers) = applications();
        let refused = ("post-applications", code, status);
        Attack { what, who: OFFICER, request: (method, path, headers, body), refused, rule: None }
    };
    let sign = |what: &'static str,
                who: &'static str,
                on: &Value,
                body: Vec<u8>,
                refused: (&'static str, u16),
                rule| {
        let path = format!("/orders/{}/signatures", order(on));
        let refused = ("post-orders-id-signatures", refused.0, refused.1);
        Attack { what, who, request: ("POST", path, vec![JSON], body), refused, rule }
    };
    let plain = |what: &'static str, method: &'static str, path: &str, headers, operation, code, status| {
        let body = if method == "GET" { Vec::new() } else { b"{}".to_vec() };
        let request = (method, path.to_owned(), headers, body);
        Attack { what, who: OFFICER, request, refused: (operation, code, status), rule: None }
    };
    let deep = [&b"{\"profile\":"[..], &b"[".repeat(60_000)].concat();
    let invalid = ("request.invalid", 422);
    let attacks = [
        open(b"{".to_vec(), "json.malformed", 400, "no JSON"),
        open(deep, "request.invalid", 422, "JSON sixty thousand deep"),
        open(b" ".repeat(70_000), "body.too-large", 413, "a body too long"),
        open(twice.into_bytes(), "request.invalid", 422, "a member twice"),
        open(named("ნინო\u{202e}ოინ"), "request.invalid", 422, "a name that turns around"),
        open(named("ნინ\u{200b}ო"), "request.invalid", 422, "a name with what nobody sees"),
        open(named("../../etc/passwd\u{0}"), "request.invalid", 422, "a name that is a path"),
        plain(
            "a form of a page",
            "POST",
            "/applications",
            vec![("content-type", "text/plain")],
            "post-applications",
            "body.media-type",
            415,
        ),
        plain(
            "a page of another origin",
            "POST",
            "/applications",
            vec![JSON, ("origin", "https://evil.example")],
            "post-applications",
            "origin.foreign",
            403,
        ),
        plain(
            "a key of spaces",
            "POST",
            "/applications",
            vec![JSON, ("idempotency-key", "a b")],
            "post-applications",
            "idempotency.key",
            400,
        ),
        plain(
            "two keys",
            "POST",
            "/applications",
            vec![JSON, ("idempotency-key", "a"), ("idempotency-key", "b")],
            "post-applications",
            "idempotency.key",
            400,
        ),
        plain(
            "a path upwards",
            "GET",
            "/applications/..%2f..%2fgrants",
            vec![],
            "get-applications-id",
            "application.unknown",
            404,
        ),
        plain(
            "a path of a file",
            "GET",
            "/applications/../../../ndoba.toml",
            vec![],
            "no-operation",
            "path.unknown",
            404,
        ),
        plain(
            "a name of a device",
            "GET",
            "/certificates/con/certificate.der",
            vec![],
            "get-certificates-serial-certificate-der",
            "certificate.unknown",
            404,
        ),
        plain(
            "another method",
            "DELETE",
            "/applications",
            vec![JSON],
            "no-operation",
            "method.not-allowed",
            405,
        ),
        plain(
            "somebody's application",
            "GET",
            "/applications/00000000000000000000000000000000",
            vec![],
            "get-applications-id",
            "application.unknown",
            404,
        ),
        sign(
            "no signature",
            "approver",
            &second,
            b"{\"jws\":\"x\"}".to_vec(),
            invalid,
            Some("order-signature-invalid"),
        ),
        sign(
            "an approval of another order",
            "approver",
            &second,
            approval(&first, "approver"),
            invalid,
            Some("order-signature-invalid"),
        ),
        sign(
            "a colleague's approval",
            "both",
            &second,
            approval(&second, "approver"),
            invalid,
            Some("order-signer-other"),
        ),
        sign(
            "another office's approval",
            "approver-in-batumi",
            &second,
            approval(&second, "approver-in-batumi"),
            ("order.unknown", 404),
            Some("other-office"),
        ),
        Attack {
            what: "a forged grant",
            who: "security-officer",
            request: ("POST", "/grants".into(), vec![JSON], forged),
            refused: ("post-grants", "request.invalid", 422),
            rule: Some("grant-signer-unknown"),
        },
    ];
    for Attack {
        what,
        who,
        request: (method, path, headers, body),
        refused: (operation, code, status),
        rule,
    } in attacks
    {
        world.registry.tables().events.clear();
        let officer = world.officer(who);
        let reply = served.send(Some(officer), method, &path, &headers, &body).unwrap();
        assert_eq!((reply.status, reply.code().as_str()), (status, code), "{what}: {reply:?}");
        let tables = world.registry.tables();
        let told: Vec<(&str, &str)> = tables.events.iter().map(|event| told(event, officer.id)).collect();
        let (by_rule, by_door) = told.split_at(told.len().saturating_sub(1));
        assert_eq!(by_door, [(operation, code)], "{what}");
        assert_eq!(by_rule.iter().map(|(_, code)| *code).collect::<Vec<_>>(), Vec::from_iter(rule), "{what}");
        // No event has what was sent.
        let log = format!("{:?}", tables.events);
        for personal in ["01001012345", "ნინ", "passwd", "evil"] {
            assert!(!log.contains(personal), "{what}: {log}");
        }
    }
    assert_eq!(world.registry.tables().applications.len(), 2);
    let waits = |order: &Value| {
        served.world.registry.tables().orders[&order["order_id"].as_str().unwrap().parse().unwrap()]
            .signatures
            .len()
    };
    assert_eq!((waits(&first), waits(&second)), (1, 1));
}

fn told(event: &Event, officer: ndoba_types::OfficerId) -> (&str, &str) {
    assert_eq!(event.actor, Actor::Officer(officer));
    match &event.what {
        EventKind::ActionRefused { operation, code } => (operation.as_str(), code.as_str()),
        other => panic!("{other:?}"),
    }
}

/// However many an officer sends, a minute of the log has sixty of them and a count.
#[test]
fn an_officer_cannot_fill_the_log() {
    let served = Served::start();
    let officer = served.world.officer(OFFICER);
    for _ in 0..300 {
        assert_eq!(served.send(Some(officer), "POST", "/applications", &[JSON], b"{").unwrap().status, 400);
    }
    assert_eq!(served.api.registration.tell_refusals(true).unwrap(), 1);
    let tables = served.world.registry.tables();
    let [singly @ .., last] = &tables.events[..] else { panic!("events") };
    assert_eq!(singly.len(), 60);
    assert_eq!(last.actor, Actor::Officer(officer.id));
    let EventKind::RefusalsCounted { operation, code, spki: None, count: 240, .. } = &last.what else {
        panic!("{last:?}")
    };
    assert_eq!((operation.as_str(), code.as_str()), ("post-applications", "json.malformed"));
}

/// A key that is no officer's: a few are looked at, then none, and the log has an event and a count of each.
#[test]
fn a_strangers_logins_are_limited_and_cannot_fill_the_log() {
    let served = Served::of(World::new(), 5);
    let (stranger, approver) = (World::stranger(), served.world.officer("approver"));
    let ask = |officer| served.ask(officer, "GET", "/whoami", None);
    for _ in 0..5 {
        assert_eq!(ask(&stranger).code(), "auth.not-an-officer");
    }
    for _ in 0..20 {
        let refused = ask(&stranger);
        assert_eq!((refused.status, refused.code().as_str()), (429, "auth.too-many"));
        let seconds: u32 = refused.headers["retry-after"].parse().unwrap();
        assert!((1..=601).contains(&seconds), "{seconds}");
        // What is no operation is told to everybody, and is no way around.
        assert_eq!(served.ask(&stranger, "GET", "/nothing", None).code(), "path.unknown");
    }
    // Nobody in office is hindered, from the same network; another stranger is.
    assert_eq!(ask(approver).status, 200);
    served.world.dismiss("auditor");
    assert_eq!(ask(served.world.officer("auditor")).status, 429);
    assert_eq!(ask(approver).status, 200);

    served.api.registration.tell_refusals(true).unwrap();
    let tables = served.world.registry.tables();
    let names = |name: &str| tables.events.iter().filter(|event| event.what.name() == name).count();
    // One for each of the two keys.
    assert_eq!(names("login-refused"), 2);
    let key = stranger.spki().fingerprint();
    let mut counts: Vec<(&str, u64)> = tables
        .events
        .iter()
        .filter_map(|event| match &event.what {
            EventKind::RefusalsCounted { operation, code, spki, count, .. } => {
                assert_eq!((operation.as_str(), *spki), ("login", Some(key)));
                Some((code.as_str(), *count))
            }
            _ => None,
        })
        .collect();
    counts.sort_unstable();
    assert_eq!(counts, [("too-many", 40), ("unknown-key", 4)]);
}

/// A register that somebody changed beside its officers appoints nobody, and is an alarm, once.
#[test]
fn a_register_changed_by_hand_is_refused_and_in_the_log() {
    let served = Served::start();
    let approver = served.world.officer("approver");
    let whole = served.world.registry.tables().grants.clone();
    let mut last = GrantRecord { seq: whole.len() as u64 + 1, ..whole[0].clone() };
    last.document.push(b' ');
    served.world.registry.tables().grants.push(last);
    for _ in 0..3 {
        let reply = served.ask(approver, "GET", "/whoami", None);
        assert_eq!((reply.status, reply.code().as_str()), (500, "internal"));
    }
    served.world.registry.tables().grants = whole;
    assert_eq!(served.ask(approver, "GET", "/whoami", None).status, 200);
    let tables = served.world.registry.tables();
    let alarms: Vec<(&str, &str)> = tables
        .events
        .iter()
        .filter_map(|event| match &event.what {
            EventKind::AlarmRaised { code, .. } | EventKind::AlarmCleared { code, .. } => {
                Some((event.what.name(), code.as_str()))
            }
            _ => None,
        })
        .collect();
    assert_eq!(alarms, [("alarm-raised", "register-broken"), ("alarm-cleared", "register-broken")]);
}
