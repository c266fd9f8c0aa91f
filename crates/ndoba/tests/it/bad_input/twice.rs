//! The same idempotency key from two clients at once, at every step of the way: one application, one order, one
//! certificate.

use std::thread;

use ndoba_client::{Identity, Order, Review};
use ndoba_types::UtcTime;
use serde_json::{Value, json};

use super::officers::content;
use crate::api::Call;
use crate::http::Reply;
use crate::installation::{Installation, Subject};

pub(super) fn one_key_of_two_clients_is_one_certificate(here: &Installation) {
    here.prepare(Subject::Person("01001054321"));
    let body = content(here, "01001054321", &here.read_text("person.csr")).to_string();
    let application = both(here, "registration-officer", "/applications", &body);
    let id = application["id"].as_str().unwrap().to_owned();
    here.agree(&id, &["--as", "officers/registration-officer.pem"]);
    let order = both(here, "registration-officer", &format!("/applications/{id}/order"), "{}");
    let order_id = order["order_id"].as_str().unwrap().to_owned();
    let signatures = format!("/orders/{order_id}/signatures");

    let submitted =
        both(here, "registration-officer", &signatures, &jws(here, "registration-officer", order));
    both(here, "approver", &signatures, &jws(here, "approver", submitted));
    let serial = here.await_certificate(&id);

    let one = |table: &str, column: &str| {
        let count = here.sql(&format!("SELECT count(*) FROM {table} WHERE {column}"));
        assert_eq!(count, "1", "{table}");
    };
    one("applications", "1 = 1");
    one("orders", "1 = 1");
    one("certificates", "order_id IS NOT NULL");
    // Said once more, much later, it is the same answer still; with another body it is refused.
    let again = post(here, "registration-officer", "/applications", &body).json();
    assert_eq!(again["id"], id.as_str());
    let other = post(here, "registration-officer", "/applications", &body.replace("365", "300"));
    assert_eq!(other.problem(), (422, "idempotency.key-reused".to_owned()));
    assert!(here.shown(&serial).contains("good"));
}

/// Two clients say the same at once; what both were answered.
fn both(here: &Installation, officer: &str, path: &str, body: &str) -> Value {
    let [first, second] = thread::scope(|scope| {
        let clients = [(); 2].map(|()| scope.spawn(|| post(here, officer, path, body)));
        clients.map(|client| client.join().unwrap())
    });
    for reply in [&first, &second] {
        assert!((200..300).contains(&reply.status), "{path}: {reply:?}");
    }
    let [first, second] = [first.json(), second.json()];
    for member in ["id", "order_id", "digest"] {
        assert_eq!(first[member], second[member], "{path}");
    }
    first
}

fn post(here: &Installation, officer: &str, path: &str, body: &str) -> Reply {
    // A key for each request: the officer's own, and both clients have it.
    let key = format!("Idempotency-Key: once{path}");
    let headers = &["Content-Type: application/json", &key];
    here.ask(Call { officer: Some(officer), method: "POST", path, headers, body: body.as_bytes() })
}

/// The officer's signature over an order, as the command makes it.
fn jws(here: &Installation, officer: &str, order: Value) -> String {
    let order: Order = serde_json::from_value(order).unwrap();
    let identity = Identity::from_pem(&here.read(&format!("officers/{officer}.pem"))).unwrap();
    let now: UtcTime = order_time(&order);
    let jws = Review::of(&order).unwrap().sign(&identity, now).unwrap();
    json!({ "jws": jws }).to_string()
}

/// A time at which the order may be signed: when it was written.
fn order_time(order: &Order) -> UtcTime {
    let content: Value = serde_json::from_str(&order.content).unwrap();
    content["created"].as_str().unwrap().parse().unwrap()
}
