//! Many orders at once: each ends as it would alone, whatever fails in the midst of the batch, and when.

mod disk;
mod generations;
mod halt;
mod rows;
mod shards;

use std::collections::BTreeSet;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use ndoba_ca::{Arrow, CaError, Failpoints, NoFailpoints};
use ndoba_order::{Issue, OrderContent, ProfileRef};
use ndoba_registration::fake::HandClock;
use ndoba_registration::ports::{OrderState, Registry as _};
use ndoba_types::{OrderId, Sha256Digest, Span};
use ndoba_x509::{Profile, VerifiedCsr};

use crate::cluster::{Database, on_both};
use crate::fixtures::order_id;
use crate::house::{BLOCKED, House, SoftKey};
use crate::raw::Raw;

/// More than one thread's batch, and more than a multiple of it.
const MANY: u64 = 19;

impl House<'_> {
    /// Queues an order for the person with this number, and this key.
    fn queue(&self, number: u64, person: u64, key: u64) -> OrderId {
        let profile = Profile::preset("person-signature").unwrap();
        let csr = SoftKey::numbered(key).csr();
        let verified = VerifiedCsr::parse(&csr).unwrap();
        let subject = serde_json::json!({
            "type": "natural-person", "country": "GE", "given_name": "ნინო", "surname": "ბერიძე",
            "serial_number": format!("PNOGE-{person:011}"), "common_name": "ნინო ბერიძე",
        });
        let content = OrderContent::Issue(Issue {
            profile: ProfileRef { name: profile.name().into(), digest: profile.digest() },
            subject: serde_json::from_value(subject).unwrap(),
            csr: verified.digest(),
            spki: verified.spki().fingerprint(),
            device: None,
            evidence: Vec::new(),
            agreement: Some(Sha256Digest::of(b"agreement")),
            person: None,
            days: 30,
            replaces: None,
        });
        let id = order_id(number);
        self.put(id, content, csr, ["registration-officer", "approver"]);
        id
    }

    /// Queues orders of persons with keys of their own.
    fn queue_many(&self) -> Vec<OrderId> {
        (1000..1000 + MANY).map(|number| self.queue(number, number, number)).collect()
    }

    fn state(&self, order: OrderId) -> OrderState {
        self.store.order(order).unwrap().unwrap().state
    }

    /// Whatever happened: each order has one certificate of its own, and each signature of the token its row.
    fn must_be_settled(&self, database: &Database, orders: &[OrderId]) {
        let mut serials = BTreeSet::new();
        for order in orders {
            let state = self.state(*order);
            let OrderState::Done { serial } = state else { panic!("{order} is {state:?}") };
            assert!(serials.insert(serial), "a serial number twice");
        }
        let mut raw = Raw::open(&database.engine);
        let issued = "certificates WHERE order_id IS NOT NULL AND der IS NOT NULL";
        assert_eq!(raw.count(issued), u64::try_from(orders.len()).unwrap(), "one for each order");
        assert_eq!(raw.count("attempts WHERE outcome = 'open'"), 0);
        let hexadecimal = match raw {
            Raw::Postgres(_) => "encode(digest, 'hex')",
            Raw::Sqlite(_) => "lower(hex(digest))",
        };
        let rows = raw.lines(&format!("SELECT {hexadecimal} AS line FROM attempts"));
        for digest in self.ca_key.signed.lock().unwrap().iter() {
            let digest: String = digest.iter().map(|octet| format!("{octet:02x}")).collect();
            assert_eq!(rows.iter().filter(|row| **row == digest).count(), 1, "a signature without its row");
        }
        assert!(self.service.violations().is_empty());
    }
}

#[test]
fn each_order_of_a_batch_ends_as_it_would_alone() {
    on_both(|database| {
        let mut house = House::new(database);
        let orders = house.queue_many();
        // In the same batch, and in that of another thread.
        let thief = house.queue(1, 77, 1000 + MANY - 1);
        let again = house.queue(2, 1000, 1000);
        house.steps();
        assert!(matches!(house.state(again), OrderState::Done { .. }), "the same person, the same key");
        // One key, two subjects: whichever came first has it.
        let (first, second) = (house.state(orders[orders.len() - 1]), house.state(thief));
        let refused =
            |state: &OrderState| matches!(state, OrderState::Refused { code, .. } if code == "key-in-use");
        assert!(refused(&first) ^ refused(&second), "{first:?} {second:?}");
        let last = if refused(&first) { thief } else { orders[orders.len() - 1] };
        let done: Vec<_> = orders[..orders.len() - 1].iter().copied().chain([last, again]).collect();
        house.must_be_settled(database, &done);
    });
}

#[test]
fn a_blocked_key_is_certified_for_nobody() {
    on_both(|database| {
        let mut house = House::new(database);
        let signed = house.ca_key.signed.lock().unwrap().len();
        let refused = house.queue(1, 1, BLOCKED);
        house.steps();
        let state = house.state(refused);
        assert!(matches!(&state, OrderState::Refused { code, .. } if code == "key-blocked"), "{state:?}");
        assert_eq!(house.ca_key.signed.lock().unwrap().len(), signed);
        // The same person with another key is served.
        let order = house.queue(2, 1, 2);
        house.steps();
        house.must_be_settled(database, &[order]);
    });
}

#[test]
fn a_batch_may_be_longer_than_the_tokens_queue() {
    on_both(|database| {
        let mut house = House::new(database);
        let orders = house.queue_many();
        let before = house.ca_key.signatures.load(Ordering::SeqCst);
        // No place for any of them: recorded, kept, and signed when there is.
        house.ca_key.patience.store(0, Ordering::SeqCst);
        assert_eq!(house.service.step().unwrap().parked, orders.len());
        assert_eq!(house.ca_key.signatures.load(Ordering::SeqCst), before);
        house.ca_key.patience.store(u64::MAX, Ordering::SeqCst);
        house.world.clock.advance(Span::seconds(2));
        house.steps();
        house.must_be_settled(database, &orders);
        assert_eq!(Raw::open(&database.engine).count("attempts WHERE outcome = 'lost'"), 0);
    });
}

/// The process as a failpoint leaves it: gone, in the midst of several batches.
struct Killed {
    at: Arrow,
    /// After so many times that it came there.
    left: AtomicU64,
}

impl Failpoints for Killed {
    fn reached(&self, arrow: Arrow) {
        if arrow == self.at && self.left.fetch_sub(1, Ordering::SeqCst) == 1 {
            panic!("killed on purpose at {}", arrow.name());
        }
    }
}

#[test]
fn killed_in_the_midst_of_several_batches() {
    on_both(|database| {
        let mut house = House::new(database);
        let mut all = Vec::new();
        let mut number = 0;
        for at in [Arrow::BeforeIntent, Arrow::AfterIntent, Arrow::AfterSign, Arrow::AfterIssued] {
            // The first thread that comes there, the second, the last.
            for left in 1..=3 {
                let orders: Vec<_> = (0..MANY)
                    .map(|_| {
                        number += 1;
                        house.queue(number, number, number)
                    })
                    .collect();
                house.restart(Arc::new(Killed { at, left: left.into() }));
                let killed = catch_unwind(AssertUnwindSafe(|| house.service.step()));
                assert!(killed.is_err(), "{} was not reached", at.name());
                house.restart(Arc::new(NoFailpoints));
                house.world.clock.advance(Span::seconds(6));
                house.steps();
                all.extend(orders);
                house.must_be_settled(database, &all);
            }
        }
    });
}

/// Every table that issuing writes to, broken in turn: what is not recorded is not signed, and what was signed and could
/// not be recorded is given up.
#[test]
fn an_insert_that_fails_loses_nothing() {
    let tables = [
        "attempts",
        "audit_events",
        "certificate_status",
        "certificates",
        "dn_owners",
        "key_counts",
        "webhook_events",
    ];
    on_both(|database| {
        let mut house = House::new(database);
        let mut all = Vec::new();
        for (place, table) in (0..).zip(tables) {
            let orders: Vec<_> = (0..MANY)
                .map(|one| house.queue(place * 100 + one, place * 100 + one, place * 100 + one))
                .collect();
            // A row for each process is inserted once.
            house.restart(Arc::new(NoFailpoints));
            let signed = house.ca_key.signed.lock().unwrap().len();
            let mut raw = Raw::open(&database.engine);
            raw.break_inserts(table);
            assert!(matches!(house.service.step(), Err(CaError::Ledger(_))), "{table}");
            let now = house.ca_key.signed.lock().unwrap().len();
            // What an issued certificate leaves to be done is the one row that comes after the signature.
            assert_eq!(now > signed, table == "webhook_events", "{table}");
            raw.mend_inserts(table);
            house.restart(Arc::new(NoFailpoints));
            house.world.clock.advance(Span::seconds(6));
            house.steps();
            all.extend(orders);
            house.must_be_settled(database, &all);
        }
    });
}

/// Turns the clock when its arrow is first reached.
struct Turned {
    clock: Arc<HandClock>,
    at: Arrow,
    turn: fn(&HandClock),
    turned: AtomicBool,
}

impl Failpoints for Turned {
    fn reached(&self, arrow: Arrow) {
        if arrow == self.at && !self.turned.swap(true, Ordering::SeqCst) {
            (self.turn)(&self.clock);
        }
    }
}

#[test]
fn a_clock_that_jumps_neither_loses_nor_doubles() {
    on_both(|database| {
        let mut house = House::new(database);
        let mut all = Vec::new();
        let mut number = 0;
        let turns: [fn(&HandClock); 2] =
            [|clock| clock.set_back(Span::minutes(3)), |clock| clock.advance(Span::minutes(50))];
        for at in [Arrow::BeforeIntent, Arrow::AfterIntent, Arrow::AfterSign, Arrow::AfterIssued] {
            for turn in turns {
                let orders: Vec<_> = (0..MANY)
                    .map(|_| {
                        number += 1;
                        house.queue(number, number, number)
                    })
                    .collect();
                let clock = Arc::clone(&house.world.clock);
                house.restart(Arc::new(Turned { clock, at, turn, turned: AtomicBool::new(false) }));
                house.steps();
                all.extend(orders);
                house.must_be_settled(database, &all);
            }
        }
        assert_eq!(Raw::open(&database.engine).count("attempts WHERE outcome = 'lost'"), 0);
    });
}

/// A clock that was a day ahead when the token failed: it is asked again a second later, not a day.
#[test]
fn a_clock_that_is_set_back_does_not_keep_the_token_at_rest() {
    let database = crate::cluster::sqlite();
    let mut house = House::new(&database);
    house.world.clock.advance(Span::hours(20));
    let order = house.queue(1, 1, 1);
    house.ca_key.patience.store(0, Ordering::SeqCst);
    assert_eq!(house.service.step().unwrap().parked, 1);
    house.ca_key.patience.store(u64::MAX, Ordering::SeqCst);
    house.world.clock.set_back(Span::hours(20));
    house.steps();
    house.must_be_settled(&database, &[order]);
}
