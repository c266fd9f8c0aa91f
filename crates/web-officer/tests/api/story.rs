//! From application to certificate, revocation and audit, over HTTP.

use std::time::Duration;

use ndoba_order::{MediaType, SignerRole};
use ndoba_registration::fake::person;
use ndoba_registration::ports::{CaHeartbeat, CertificateStatus};
use ndoba_types::{Clock, Sha256Digest};
use serde_json::{Value, json};

use crate::support::{Reply, Served};

/// Signs what the API shows, as an officer would.
pub(crate) fn sign(
    served: &Served,
    name: &str,
    order: &Value,
    role: SignerRole,
    headers: &[(&str, &str)],
) -> Reply {
    let officer = served.world.officer(name);
    let content = order["content"].as_str().unwrap();
    assert_eq!(Sha256Digest::of(content.as_bytes()).to_string(), order["digest"].as_str().unwrap());
    let over = (role == SignerRole::Approver).then(|| order["signatures"][0]["jws"].as_str().unwrap());
    let jws = officer.sign(MediaType::Order, content.as_bytes(), role, over, served.world.clock.now());
    let path = format!("/orders/{}/signatures", order["order_id"].as_str().unwrap());
    let headers: Vec<(&str, &str)> =
        headers.iter().copied().chain([("content-type", "application/json")]).collect();
    let body = json!({ "jws": jws }).to_string();
    served.send(Some(officer), "POST", &path, &headers, body.as_bytes()).unwrap()
}

pub(crate) fn submitted(served: &Served) -> Value {
    let officer = served.world.officer("registration-officer");
    let content = serde_json::to_value(person()).unwrap();
    let application = served.ask(officer, "POST", "/applications", Some(&content)).json();
    assert_eq!((&application["state"], &application["version"]), (&json!("draft"), &json!(1)));
    let agreement = format!("/applications/{}/agreement", application["id"].as_str().unwrap());
    let document = served.ask(officer, "GET", &format!("{agreement}.pdf"), None);
    assert_eq!((document.status, document.headers["content-type"].as_str()), (200, "application/pdf"));
    let accepted = json!({"sha256": Sha256Digest::of(&document.body).to_string(), "accepted": "2026-11-23"});
    assert_eq!(served.ask(officer, "POST", &agreement, Some(&accepted)).status, 200);
    // The beginning of a JPEG.
    let copy = json!({ "content": "/9j/4CBhIHNjYW4=" });
    assert_eq!(served.ask(officer, "POST", &format!("{agreement}/copy"), Some(&copy)).status, 200);
    let path = format!("/applications/{}/order", application["id"].as_str().unwrap());
    let order = served.ask(officer, "POST", &path, Some(&json!({})));
    assert_eq!(order.status, 201, "{order:?}");
    let signed = sign(served, "registration-officer", &order.json(), SignerRole::Submitter, &[]);
    assert_eq!(signed.status, 200, "{signed:?}");
    signed.json()
}

#[test]
fn from_application_to_revocation() {
    let served = Served::start();
    let order = submitted(&served);
    // Not by oneself.
    let error = sign(&served, "registration-officer", &order, SignerRole::Approver, &[]);
    assert_eq!(error.json()["errors"][0]["code"], "order-signer-role");
    let error = sign(&served, "approver", &order, SignerRole::Submitter, &[]);
    assert_eq!(error.json()["errors"][0]["code"], "order-role-twice");

    // The CA acts while the approver waits.
    served.world.registry.tables().heartbeat =
        Some(CaHeartbeat { at: served.world.clock.now(), token_answers: true });
    let id = order["order_id"].as_str().unwrap().parse().unwrap();
    let serial = std::thread::scope(|scope| {
        let ca = scope.spawn(|| {
            while served.world.registry.tables().orders[&id].signatures.len() < 2 {
                std::thread::sleep(Duration::from_millis(10));
            }
            std::thread::sleep(Duration::from_millis(150));
            served.world.play_ca(id, vec![0x30, 0x00])
        });
        let done =
            sign(&served, "approver", &order, SignerRole::Approver, &[("prefer", "respond-async, wait=10")]);
        assert_eq!(done.status, 200, "{done:?}");
        assert_eq!(done.headers["preference-applied"], "wait");
        assert_eq!(done.json()["state"], "done");
        let serial = ca.join().unwrap();
        assert_eq!(done.json()["certificate"], serial.to_string());
        serial
    });

    let officer = served.world.officer("registration-officer");
    let application = served.ask(
        officer,
        "GET",
        &format!("/applications/{}", order["application"].as_str().unwrap()),
        None,
    );
    assert_eq!(
        (application.json()["state"].clone(), application.json()["certificate"].clone()),
        (json!("issued"), json!(serial.to_string()))
    );
    assert!(!String::from_utf8_lossy(&application.body).contains("salt"));
    for (form, kind) in [
        ("pem", "application/pem-certificate-chain"),
        ("der", "application/pkix-cert"),
        ("p7c", "application/pkcs7-mime; smime-type=certs-only"),
    ] {
        let reply = served.ask(officer, "GET", &format!("/certificates/{serial}/certificate.{form}"), None);
        assert_eq!((reply.status, reply.headers["content-type"].as_str()), (200, kind));
    }
    // As people write serials.
    let spaced = format!("00:{}", serial.to_string().to_uppercase());
    assert_eq!(served.ask(officer, "GET", &format!("/certificates/{spaced}"), None).json()["status"], "good");
    let page = served.ask(officer, "GET", "/certificates?subject=01001012345&status=good", None).json();
    assert_eq!(page["items"].as_array().unwrap().len(), 1);

    let revoke = json!({"kind": "revoke", "reason": "keyCompromise", "channel": "in-person", "note": "card lost",
        "received": "2026-11-23T10:00:00Z"});
    let path = format!("/certificates/{serial}/orders");
    assert_eq!(served.ask(officer, "POST", &path, Some(&revoke)).code(), "auth.role");
    let order = served.ask(served.world.officer("revocation-officer"), "POST", &path, Some(&revoke));
    assert_eq!(order.status, 201, "{order:?}");
    let signed = sign(&served, "revocation-officer", &order.json(), SignerRole::RevocationOfficer, &[]);
    assert_eq!((signed.status, signed.json()["state"].clone()), (202, json!("queued")));
    served.world.registry.tables().certificates[0].status =
        CertificateStatus::Revoked { at: served.world.clock.now(), reason: "keyCompromise".into() };
    assert_eq!(
        served.ask(officer, "GET", &format!("/certificates/{serial}"), None).json()["reason"],
        "keyCompromise"
    );

    let export = served.ask(served.world.officer("auditor"), "GET", "/audit/export", None);
    assert_eq!((export.status, export.headers["content-type"].as_str()), (200, "text/plain; charset=utf-8"));
    let lines = export.body.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()).count();
    assert!(lines >= 10 && lines <= served.world.registry.tables().events.len());
    let signed = served.ask(served.world.officer("auditor"), "GET", "/audit/signed", None);
    assert_eq!((signed.status, signed.headers["cache-control"].as_str()), (200, "no-store"));
    let lines = signed.body.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()).count();
    assert_eq!(lines, 3, "the pin, and the two orders");
    let last = served.world.registry.tables().events.last().unwrap().what.name();
    assert_eq!(last, "signed-documents-exported");
}

#[test]
fn a_dead_token_is_said_so() {
    let served = Served::start();
    let order = submitted(&served);
    let reply = sign(&served, "approver", &order, SignerRole::Approver, &[("prefer", "wait=0")]);
    assert_eq!((reply.status, reply.code().as_str()), (503, "ca.unavailable"));
    assert_eq!(reply.headers["retry-after"], "30");
    // The signature is kept: the order waits for the CA.
    let path = format!("/orders/{}", order["order_id"].as_str().unwrap());
    assert_eq!(served.ask(served.world.officer("approver"), "GET", &path, None).json()["state"], "queued");
    served.world.registry.tables().heartbeat =
        Some(CaHeartbeat { at: served.world.clock.now(), token_answers: true });
    let order = submitted(&served);
    assert_eq!(sign(&served, "approver", &order, SignerRole::Approver, &[("prefer", "wait=0")]).status, 202);
}

#[test]
fn a_revocation_needs_no_token() {
    let served = Served::start();
    let order = submitted(&served);
    sign(&served, "approver", &order, SignerRole::Approver, &[]);
    let id = order["order_id"].as_str().unwrap().parse().unwrap();
    let certificate = served.world.play_ca(id, vec![0x30, 0x00]);
    let revoke = json!({"kind": "revoke", "reason": "superseded", "channel": "in-person", "note": "x",
        "received": "2026-11-23T10:00:00Z"});
    let path = format!("/certificates/{certificate}/orders");
    let mut answers = Vec::new();
    for token_answers in [None, Some(false), Some(true)] {
        served.world.registry.tables().heartbeat =
            token_answers.map(|token_answers| CaHeartbeat { at: served.world.clock.now(), token_answers });
        let order =
            served.ask(served.world.officer("revocation-officer"), "POST", &path, Some(&revoke)).json();
        let role = SignerRole::RevocationOfficer;
        answers.push(sign(&served, "revocation-officer", &order, role, &[("prefer", "wait=0")]).status);
    }
    assert_eq!(answers, [503, 202, 202]);
}

#[test]
fn who_am_i_and_what_is_on_offer() {
    let served = Served::start();
    let me = served.ask(served.world.officer("both"), "GET", "/whoami", None).json();
    assert_eq!(me["roles"], json!(["approver", "registration-officer"]));
    assert!(me["permissions"].as_array().unwrap().contains(&json!("edit-applications")));
    let offers = served.ask(served.world.officer("approver"), "GET", "/profiles", None).json();
    assert_eq!(offers[0]["name"], "sign");
    let officers = served.ask(served.world.officer("security-officer"), "GET", "/officers", None).json();
    assert_eq!(officers["items"].as_array().unwrap().len(), 12);
    let grants = served.ask(served.world.officer("auditor"), "GET", "/grants", None).json();
    assert_eq!(grants["items"].as_array().unwrap().len(), 10);
}
