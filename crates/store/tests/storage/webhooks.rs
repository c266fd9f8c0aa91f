//! What programs outside are told: written with the act, delivered in order for each object.

use ndoba_audit::{Cause, Event, EventKind};
use ndoba_ca::ports::{IntentOutcome, Ledger as _, Warrant};
use ndoba_registration::ports::Registry as _;
use ndoba_registration::webhook::{Delivery, DeliveryState, Endpoint, Outbox as _, Wanted};
use ndoba_store::Store;
use ndoba_types::{RecordId, Span};

use crate::cluster::on_both;
use crate::fixtures::{at, event, intent, issued, queued_issue};
use crate::raw::Raw;

const MANY: u32 = 100;

fn endpoint(name: &str, events: &[&str]) -> Endpoint {
    let events: Vec<String> = events.iter().map(|one| (*one).to_owned()).collect();
    Endpoint {
        name: name.into(),
        wanted: Wanted::parse(&events).unwrap(),
        first_pause: Span::seconds(5),
        give_up_after: Span::days(3),
        longest_call: Span::seconds(10),
    }
}

fn moved(application: u8, to: &'static str) -> Event {
    let application = RecordId::from_bytes([application; 16]);
    let what = EventKind::ApplicationChanged { application, from: None, to: to.into(), content: None };
    Event { what, ..event() }
}

/// The objects' first digit and the state that is told of.
fn told(deliveries: &[Delivery]) -> Vec<String> {
    let short = |one: &Delivery| {
        let object = one.message.object.trim_start_matches("application/");
        let data: serde_json::Value = serde_json::from_str(&one.message.content).unwrap();
        format!("{} {}", &object[..2], data["to"].as_str().unwrap())
    };
    deliveries.iter().map(short).collect()
}

fn end(store: &Store, delivery: &Delivery, state: DeliveryState) {
    store
        .tried(&Delivery {
            state,
            tries: 1,
            due: at(100),
            answer: Some("status 500".into()),
            ..delivery.clone()
        })
        .unwrap();
}

#[test]
fn an_act_and_what_is_told_of_it_are_one_commit() {
    on_both(|database| {
        let store = &database.store;
        let mut raw = Raw::open(&database.engine);
        raw.break_inserts("webhook_events");
        assert!(store.record(&[moved(1, "submitted")]).is_err());
        assert_eq!(raw.count("audit_events"), 0, "not even in the log");
        // What nobody is told of needs no such row.
        store.record(&[event()]).unwrap();
        raw.mend_inserts("webhook_events");
        store.record(&[moved(1, "submitted")]).unwrap();
        assert_eq!(raw.count("webhook_events"), 1);

        // The CA's acts likewise, and it is told of an order's certificate only.
        let order = queued_issue(store);
        let intent = intent(Warrant::Order(order));
        assert_eq!(store.record_intents(vec![intent.clone()]).unwrap(), [IntentOutcome::Recorded]);
        let done = issued(&intent);
        assert!(matches!(&done.event.what, EventKind::CertificateIssued { cause: Cause::Order(_), .. }));
        raw.break_inserts("webhook_events");
        assert!(store.record_issued(vec![done.clone()]).is_err());
        raw.mend_inserts("webhook_events");
        assert_eq!(store.record_issued(vec![done.clone()]).unwrap(), [true]);
        assert_eq!(store.spread(&[endpoint("a", &["certificate.*"])], at(1), MANY).unwrap(), 2);
        let due = store.due("a", at(50), MANY).unwrap();
        assert_eq!(due.len(), 1);
        assert_eq!(due[0].message.event, done.event.id.to_string());
        assert_eq!(due[0].message.kind, "certificate.issued");
    });
}

#[test]
fn each_object_has_its_order_and_holds_up_no_other() {
    on_both(|database| {
        let store = &database.store;
        for (application, to) in
            [(1, "draft"), (2, "draft"), (1, "submitted"), (2, "withdrawn"), (1, "returned")]
        {
            store.record(&[moved(application, to)]).unwrap();
        }
        let endpoints = [endpoint("a", &[]), endpoint("b", &["order.*"])];
        assert_eq!(store.spread(&endpoints, at(1), 2).unwrap(), 2);
        assert_eq!(store.spread(&endpoints, at(1), MANY).unwrap(), 3);
        assert_eq!(store.spread(&endpoints, at(1), MANY).unwrap(), 0);
        let due = || store.due("a", at(50), MANY).unwrap();
        assert!(store.due("b", at(50), MANY).unwrap().is_empty(), "it wants none of these");

        let first = due();
        assert_eq!(told(&first), ["01 draft", "02 draft"]);
        // Refused for now: what follows about the same object waits behind it.
        end(store, &first[0], DeliveryState::Waiting);
        end(store, &first[1], DeliveryState::Delivered);
        assert_eq!(told(&due()), ["02 withdrawn"]);
        let later = store.due("a", at(100), MANY).unwrap();
        assert_eq!(told(&later), ["01 draft", "02 withdrawn"]);
        assert_eq!(later[0].message, first[0].message, "a repeat is the same message");
        assert_eq!((later[0].tries, later[0].answer.as_deref()), (1, Some("status 500")));

        // Given up: what follows goes on, and it can be told later.
        end(store, &later[0], DeliveryState::Failed);
        assert_eq!(told(&due()), ["01 submitted", "02 withdrawn"]);
        let backlog = store.backlog("a").unwrap();
        assert_eq!((backlog.waiting, backlog.oldest, backlog.failed), (3, Some(at(0)), 1));
        assert_eq!(told(&store.webhook_deliveries(true, MANY).unwrap()), ["01 draft"]);
        assert_eq!(store.webhook_deliveries(false, MANY).unwrap().len(), 4);
        assert_eq!(store.retry_webhook("b", None, at(60)).unwrap(), 0);
        assert_eq!(store.retry_webhook("a", Some(later[1].message.sequence), at(60)).unwrap(), 0);
        assert_eq!(store.retry_webhook("a", None, at(60)).unwrap(), 1);
        assert_eq!(told(&store.due("a", at(60), MANY).unwrap()), ["01 draft", "02 withdrawn"]);
    });
}

#[test]
fn one_process_at_a_time_delivers_to_an_endpoint() {
    on_both(|database| {
        let turn = |holder, now, until| database.store.take_turn("a", holder, at(now), at(until)).unwrap();
        assert!(turn("first", 0, 60));
        assert!(!turn("second", 10, 70));
        assert!(turn("first", 20, 80), "who has it prolongs it");
        assert!(turn("second", 80, 140));
        assert!(database.store.take_turn("b", "first", at(80), at(140)).unwrap(), "of another endpoint");
    });
}

#[test]
fn nothing_is_kept_for_longer_than_somebody_needs_it() {
    on_both(|database| {
        let store = &database.store;
        let mut raw = Raw::open(&database.engine);
        store.record(&[moved(1, "draft"), moved(2, "draft")]).unwrap();
        assert_eq!(store.spread(&[], at(1), MANY).unwrap(), 2);
        assert_eq!(raw.count("webhook_events"), 0, "nobody is configured to be told");
        store.record(&[moved(1, "submitted"), moved(2, "submitted")]).unwrap();
        assert_eq!(store.spread(&[endpoint("a", &[])], at(1), MANY).unwrap(), 2);
        let due = store.due("a", at(1), MANY).unwrap();
        end(store, &due[0], DeliveryState::Delivered);
        store.forget(at(0), at(0)).unwrap();
        assert_eq!(raw.count("webhook_deliveries"), 2);
        store.forget(at(1), at(0)).unwrap();
        assert_eq!(told(&store.due("a", at(1), MANY).unwrap()), ["02 submitted"]);
        assert_eq!(raw.count("webhook_events"), 1);
        store.forget(at(1), at(1)).unwrap();
        assert_eq!((raw.count("webhook_deliveries"), raw.count("webhook_events")), (0, 0));
    });
}
