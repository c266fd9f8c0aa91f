//! Delivery: what is due to an endpoint is sent, and what came of it is recorded.

use ndoba_types::{Clock, Span, UtcTime};

use crate::ports::RegistryError;

/// How many events are put before the endpoints in one transaction.
const SPREAD_AT_ONCE: u32 = 500;
/// How many deliveries are fetched at once.
const DUE_AT_ONCE: u32 = 50;
/// Between two tries at most.
const LONGEST_PAUSE: Span = Span::hours(1);
/// An endpoint's turn is prolonged before each call, by the longest that it may take and this: what the commit of its
/// outcome may take. A process that is killed holds nobody up for longer.
const MARGIN: Span = Span::seconds(5);
/// How long what was delivered is remembered.
const KEEP_DELIVERED: Span = Span::days(7);
/// How long anything else is: an endpoint that is configured no more among them.
const KEEP_ANY: Span = Span::days(90);

/// Which kinds an endpoint is told of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wanted(Vec<String>);

impl Wanted {
    /// Kinds by name, or all of a family: `certificate.*`; none named is all.
    ///
    /// # Errors
    ///
    /// The first that names no kind.
    pub fn parse(texts: &[String]) -> Result<Self, String> {
        let wanted = Self(texts.to_vec());
        match texts.iter().find(|text| !super::KINDS.iter().any(|kind| matches(text, kind))) {
            Some(unknown) => Err(unknown.clone()),
            None => Ok(wanted),
        }
    }

    /// Whether notices of this kind are wanted.
    pub fn wants(&self, kind: &str) -> bool {
        self.0.is_empty() || self.0.iter().any(|text| matches(text, kind))
    }
}

fn matches(text: &str, kind: &str) -> bool {
    match text.strip_suffix('*') {
        Some(family) => family.ends_with('.') && kind.starts_with(family),
        None => text == kind,
    }
}

/// Who is told.
#[derive(Clone, Debug)]
pub struct Endpoint {
    /// Its name in the configuration.
    pub name: String,
    /// What it is told of.
    pub wanted: Wanted,
    /// From the first try to the second; the pause grows from there.
    pub first_pause: Span,
    /// How long after the act delivery is given up.
    pub give_up_after: Span,
    /// How long a call takes at the most.
    pub longest_call: Span,
}

/// What a message is made of: the same at every try.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MessageParts {
    /// Of two about one object the later has the higher.
    pub sequence: u64,
    /// The event's identifier in the audit log.
    pub event: String,
    /// One of [`KINDS`](super::KINDS).
    pub kind: String,
    /// What it is about.
    pub object: String,
    /// JSON.
    pub content: String,
    /// When it happened.
    pub created: UtcTime,
}

/// Where a delivery stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DeliveryState {
    /// The endpoint said that it has it.
    Delivered,
    /// Given up.
    Failed,
    /// To be sent, for the first time or again.
    Waiting,
}

/// One event for one endpoint.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Delivery {
    /// For whom.
    pub endpoint: String,
    /// What.
    pub message: MessageParts,
    /// Whether it came there.
    pub state: DeliveryState,
    /// How often it was sent.
    pub tries: u32,
    /// When it is sent next, where it waits.
    pub due: UtcTime,
    /// What came of the last try, in a few words.
    pub answer: Option<String>,
}

/// What has not come to an endpoint.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Backlog {
    /// How many wait.
    pub waiting: u64,
    /// When the oldest of them happened.
    pub oldest: Option<UtcTime>,
    /// How many were given up.
    pub failed: u64,
}

/// What delivery asks of the database: each method a transaction.
pub trait Outbox: Send + Sync {
    /// Puts new events before the endpoints that want them, oldest first; how many events. Where there is no endpoint they
    /// are forgotten.
    ///
    /// # Errors
    ///
    /// [`RegistryError`], as for all methods.
    fn spread(&self, endpoints: &[Endpoint], now: UtcTime, limit: u32) -> Result<u32, RegistryError>;

    /// Takes or prolongs the turn to deliver to an endpoint, unless another process has it; whether it has it.
    ///
    /// # Errors
    ///
    /// [`RegistryError`].
    fn take_turn(
        &self,
        endpoint: &str,
        holder: &str,
        now: UtcTime,
        until: UtcTime,
    ) -> Result<bool, RegistryError>;

    /// What is due, oldest first: of each object only the oldest that waits.
    ///
    /// # Errors
    ///
    /// [`RegistryError`].
    fn due(&self, endpoint: &str, now: UtcTime, limit: u32) -> Result<Vec<Delivery>, RegistryError>;

    /// Records what came of a try at a delivery that waits.
    ///
    /// # Errors
    ///
    /// [`RegistryError`].
    fn tried(&self, delivery: &Delivery) -> Result<(), RegistryError>;

    /// What an endpoint has not got.
    ///
    /// # Errors
    ///
    /// [`RegistryError`].
    fn backlog(&self, endpoint: &str) -> Result<Backlog, RegistryError>;

    /// Deletes deliveries of events before `delivered` that came there, of any before `any`, and events of which no
    /// delivery is left.
    ///
    /// # Errors
    ///
    /// [`RegistryError`].
    fn forget(&self, delivered: UtcTime, any: UtcTime) -> Result<(), RegistryError>;
}

/// What came of a call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It has it: an answer of the 200s.
    Taken,
    /// It answered otherwise: that is about this message.
    Refused(String),
    /// It did not answer, or not in time: that is about the endpoint.
    Unreached(String),
}

/// An endpoint's address, with the secret that messages to it are signed with.
pub trait Receiver: Send {
    /// Sends one message and waits for the answer, a bounded time.
    fn send(&self, message: &MessageParts) -> Outcome;
}

/// What a round did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Round {
    /// Another process delivers to this endpoint.
    NotOurs,
    /// So many came there, and more may be due.
    Delivered(u32),
    /// Nothing is due.
    Idle,
    /// The endpoint does not answer.
    Unreached,
}

/// Delivers to one endpoint.
pub struct Dispatcher<'a> {
    /// Where deliveries are kept.
    pub outbox: &'a dyn Outbox,
    /// For when they are due again.
    pub clock: &'a dyn Clock,
    /// This process among others.
    pub holder: String,
}

impl Dispatcher<'_> {
    /// Puts new events before the endpoints; whether there may be more.
    ///
    /// # Errors
    ///
    /// [`RegistryError`].
    pub fn spread(&self, endpoints: &[Endpoint]) -> Result<bool, RegistryError> {
        let spread = self.outbox.spread(endpoints, self.clock.now(), SPREAD_AT_ONCE)?;
        Ok(spread == SPREAD_AT_ONCE)
    }

    /// Forgets what is old.
    ///
    /// # Errors
    ///
    /// [`RegistryError`].
    pub fn forget(&self) -> Result<(), RegistryError> {
        let now = self.clock.now();
        self.outbox.forget(now.minus(KEEP_DELIVERED), now.minus(KEEP_ANY))
    }

    /// Sends what is due to an endpoint. A message that it refuses holds up those about the same object and no others; an
    /// endpoint that does not answer is left in peace.
    ///
    /// # Errors
    ///
    /// [`RegistryError`]; a message that was sent meanwhile is sent again.
    pub fn deliver(&self, endpoint: &Endpoint, receiver: &dyn Receiver) -> Result<Round, RegistryError> {
        if self.outbox.due(&endpoint.name, self.clock.now(), 1)?.is_empty() {
            return Ok(Round::Idle);
        }
        if !self.take_turn(endpoint)? {
            return Ok(Round::NotOurs);
        }
        let mut delivered = 0;
        // Asked within the turn: before it, another process may have delivered what was due.
        for delivery in self.outbox.due(&endpoint.name, self.clock.now(), DUE_AT_ONCE)? {
            if !self.take_turn(endpoint)? {
                return Ok(Round::NotOurs);
            }
            let outcome = receiver.send(&delivery.message);
            let unreached = matches!(outcome, Outcome::Unreached(_));
            let taken = outcome == Outcome::Taken;
            self.outbox.tried(&after(delivery, endpoint, outcome, self.clock.now()))?;
            if unreached {
                return Ok(Round::Unreached);
            }
            delivered += u32::from(taken);
        }
        Ok(Round::Delivered(delivered))
    }

    fn take_turn(&self, endpoint: &Endpoint) -> Result<bool, RegistryError> {
        let now = self.clock.now();
        let until = now.plus(endpoint.longest_call).plus(MARGIN);
        self.outbox.take_turn(&endpoint.name, &self.holder, now, until)
    }
}

/// The delivery as it stands after a try.
fn after(delivery: Delivery, endpoint: &Endpoint, outcome: Outcome, now: UtcTime) -> Delivery {
    let tries = delivery.tries.saturating_add(1);
    let (state, answer) = match outcome {
        Outcome::Taken => (DeliveryState::Delivered, None),
        Outcome::Refused(answer) | Outcome::Unreached(answer) => {
            let over = now >= delivery.message.created.plus(endpoint.give_up_after);
            (if over { DeliveryState::Failed } else { DeliveryState::Waiting }, Some(answer))
        }
    };
    Delivery { tries, state, answer, due: now.plus(pause(endpoint.first_pause, tries)), ..delivery }
}

/// Four times longer each time, an hour at the most.
fn pause(first: Span, tries: u32) -> Span {
    let longest = LONGEST_PAUSE.as_micros();
    let micros = (1..tries.min(64)).fold(first.as_micros().min(longest), |pause, _| (pause * 4).min(longest));
    // An hour in microseconds fits.
    Span::micros(u32::try_from(micros).unwrap_or(u32::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_pause_grows_to_an_hour() {
        let pauses: Vec<_> = (1..=7).map(|tries| pause(Span::seconds(5), tries).as_seconds()).collect();
        assert_eq!(pauses, [5, 20, 80, 320, 1280, 3600, 3600]);
        assert_eq!(pause(Span::millis(50), u32::MAX >> 8), Span::hours(1));
    }

    #[test]
    fn kinds_are_named_or_of_a_family() {
        let wanted = Wanted::parse(&["certificate.*".into(), "order.refused".into()]).unwrap();
        assert!(wanted.wants("certificate.revoked") && wanted.wants("order.refused"));
        assert!(!wanted.wants("order.queued") && !wanted.wants("application.changed"));
        assert!(Wanted::parse(&[]).unwrap().wants("application.changed"));
        for unknown in ["certificate", "cert*", "*", "certificate.revoke"] {
            assert_eq!(Wanted::parse(&[unknown.into()]), Err(unknown.into()));
        }
    }
}
