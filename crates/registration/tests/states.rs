//! An application's states: the service does what the table says and nothing else, in whatever order things are tried;
//! and the table in the documents is the table in the code.

#![expect(clippy::unwrap_used, reason = "tests")]

use ndoba_order::{MediaType, SignerRole};
use ndoba_registration::application::{ApplicationContent, ApplicationId};
use ndoba_registration::fake::{World, person};
use ndoba_registration::ports::{ApplicationWithOrder, OrderRecord, OrderState};
use ndoba_registration::{ApplicationState, Registration, ServiceError, Step, TRANSITIONS, next};
use ndoba_types::{Clock, Span};
use proptest::prelude::*;
use std::sync::LazyLock;

/// One, so that no key is made for each of a thousand cases.
static PERSON: LazyLock<ApplicationContent> = LazyLock::new(person);

/// An application, and everybody who can do something about it.
struct Case {
    world: World,
    service: Registration,
    id: ApplicationId,
}

impl Case {
    fn new() -> Self {
        let world = World::new();
        let service = world.registration();
        let officer = world.officer("registration-officer").as_officer();
        let id = service.open(&officer, &PERSON, None).unwrap().application.id;
        Self { world, service, id }
    }

    fn state(&self) -> ApplicationState {
        let officer = self.world.officer("registration-officer").as_officer();
        let shown = self.service.application(&officer, self.id).unwrap();
        ApplicationState::shown(shown.application.state, shown.order_state.as_ref())
    }

    fn order(&self) -> Option<OrderRecord> {
        let tables = self.world.registry.tables();
        let order = tables.applications.iter().find(|row| row.id == self.id).unwrap().order?;
        tables.orders.get(&order).cloned()
    }

    /// Tries the step; whether it was done.
    fn attempt(&self, step: Step) -> bool {
        let (clerk, approver) = (self.world.officer("registration-officer"), self.world.officer("approver"));
        let (officer, service, id) = (clerk.as_officer(), &self.service, self.id);
        let done = |outcome: Result<ApplicationWithOrder, ServiceError>| outcome.is_ok();
        match step {
            Step::Edit => done(service.edit(&officer, id, None, &PERSON, None)),
            Step::Submit => {
                self.world.agree(service, &officer, id);
                let Ok(order) = service.freeze(&officer, id, None) else { return false };
                let now = self.world.clock.now();
                let jws = clerk.sign(MediaType::Order, &order.content, SignerRole::Submitter, None, now);
                service.sign(&officer, order.id, &jws, None).is_ok()
            }
            Step::Approve => {
                let Some(order) = self.order() else { return false };
                let over = order.signatures.first().map(|one| one.jws.as_str());
                let now = self.world.clock.now();
                let jws = approver.sign(MediaType::Order, &order.content, SignerRole::Approver, over, now);
                let before = order.state;
                let signed = service.sign(&approver.as_officer(), order.id, &jws, None);
                // The same bytes again are answered and change nothing.
                before == OrderState::Open && signed.is_ok()
            }
            Step::Return => done(service.send_back(&approver.as_officer(), id, "again", None)),
            Step::Reject => done(service.reject(&approver.as_officer(), id, "never", None)),
            Step::Withdraw => done(service.withdraw(&officer, id, None)),
            Step::Deliver => done(service.deliver(&officer, id, Some("a drill"), None)),
            Step::Accept => done(service.accept(&officer, id, "signed a receipt", None)),
            Step::Expire => {
                let open = self.order().filter(|order| order.state == OrderState::Open);
                self.world.clock.advance(Span::days(8));
                service.expire_due(10).unwrap();
                // The clock is turned back, so that what the officer saw is not too old for the next attempt.
                open.is_some_and(|order| {
                    self.order().is_some_and(|now| now.id == order.id && now.state == OrderState::Expired)
                })
            }
            Step::Claim => self.ca(&[OrderState::Queued], OrderState::Claimed),
            Step::Restart => self.ca(&[OrderState::Claimed], OrderState::Queued),
            Step::Finish => {
                self.ca(&[OrderState::Claimed], OrderState::Done { serial: "7f01".parse().unwrap() })
            }
            Step::Refuse => {
                let refused = OrderState::Refused { code: "profile".into(), message: "no".into() };
                self.ca(&[OrderState::Queued, OrderState::Claimed], refused)
            }
        }
    }

    /// What the CA does to an order, where it stands at one of these.
    fn ca(&self, from: &[OrderState], to: OrderState) -> bool {
        let Some(order) = self.order() else { return false };
        if !from.contains(&order.state) {
            return false;
        }
        self.world.registry.tables().orders.get_mut(&order.id).unwrap().state = to;
        true
    }
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    // Mostly what leads on, so that the long ways are walked too.
    let onwards =
        [Step::Submit, Step::Approve, Step::Claim, Step::Finish, Step::Deliver, Step::Accept, Step::Edit];
    let one = prop_oneof![
        2 => proptest::sample::select(onwards.to_vec()),
        1 => proptest::sample::select(Step::ALL.to_vec()),
    ];
    proptest::collection::vec(one, 1..25)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn the_service_does_what_the_table_says(tried in steps()) {
        let case = Case::new();
        let mut expired = false;
        for step in tried {
            // Time passes once: the proof of identity would be too old afterwards.
            if step == Step::Expire && std::mem::replace(&mut expired, true) {
                continue;
            }
            let before = case.state();
            let done = case.attempt(step);
            let after = case.state();
            match next(before, step) {
                Some(to) => {
                    prop_assert!(done, "{before:?} {step:?}");
                    prop_assert_eq!(after, to, "{:?} {:?}", before, step);
                }
                None => {
                    prop_assert!(!done, "{before:?} {step:?}");
                    prop_assert_eq!(after, before, "{:?} {:?}", before, step);
                }
            }
        }
        // Every change of state that registration made is an event, from the state before to the one after.
        let tables = case.world.registry.tables();
        let changes: Vec<(String, String)> = tables.events.iter().filter_map(|event| {
            let line: serde_json::Value = serde_json::from_slice(&event.to_bytes()).unwrap();
            let text = line.to_string();
            text.contains("application-changed").then(|| (field(&line, "from"), field(&line, "to")))
        }).collect();
        prop_assert_eq!(&changes[0], &(String::new(), "draft".to_owned()));
        for (from, to) in &changes[1..] {
            let allowed = TRANSITIONS.iter().any(|(before, _, after)| before.name() == from && after.name() == to);
            prop_assert!(allowed, "{from} to {to}");
        }
    }
}

/// A member of the event, wherever its encoding has it.
fn field(event: &serde_json::Value, name: &str) -> String {
    fn find<'a>(value: &'a serde_json::Value, name: &str) -> Option<&'a str> {
        let members = value.as_object()?;
        let own = members.get(name).and_then(serde_json::Value::as_str);
        own.or_else(|| members.values().find_map(|value| find(value, name)))
    }
    find(event, name).unwrap_or_default().to_owned()
}

#[test]
fn the_documents_have_the_table() {
    let page = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/reference/application-states.md");
    let page = std::fs::read_to_string(page).unwrap();
    let lines: Vec<&str> = page.lines().filter(|line| line.starts_with("| ")).collect();
    let table: Vec<String> = TRANSITIONS
        .iter()
        .map(|(from, step, to)| {
            let (name, actor) = step.name_and_actor();
            format!("| {} | {name} | {actor} | {} |", from.name(), to.name())
        })
        .collect();
    assert_eq!(lines[lines.len() - table.len()..], table, "\n{}", table.join("\n"));
    for state in ApplicationState::ALL {
        assert!(page.contains(&format!("| `{}` |", state.name())), "{} is not explained", state.name());
    }
}
