//! An application's states and the acts that move it, as one table.
//!
//! What is stored ([`StoredState`]) and the order's state combine to what is shown: so the CA role never
//! writes to the tables that hold personal data.

use crate::application::StoredState;
use crate::ports::OrderState;

/// What an officer sees.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ApplicationState {
    /// Being written.
    Draft,
    /// Frozen into an order that waits for signatures.
    Submitted,
    /// Given back for correction, by an approver or by the CA's refusal.
    Returned,
    /// Both officers signed; the CA has not taken it yet.
    Approved,
    /// The CA is at work.
    Issuing,
    /// The certificate exists.
    Issued,
    /// The certificate was handed to the subscriber.
    Delivered,
    /// The subscriber accepted it (OVR-6.3.4-01).
    Accepted,
    /// Refused for good.
    Rejected,
    /// The order's time passed before it was fully signed.
    Expired,
    /// Given up.
    Withdrawn,
}

impl ApplicationState {
    /// All of them.
    pub const ALL: [Self; 11] = [
        Self::Draft,
        Self::Submitted,
        Self::Returned,
        Self::Approved,
        Self::Issuing,
        Self::Issued,
        Self::Delivered,
        Self::Accepted,
        Self::Rejected,
        Self::Expired,
        Self::Withdrawn,
    ];

    /// The API's spelling.
    pub fn name(self) -> &'static str {
        match self {
            Self::Draft => "draft",
            Self::Submitted => "submitted",
            Self::Returned => "returned",
            Self::Approved => "approved",
            Self::Issuing => "issuing",
            Self::Issued => "issued",
            Self::Delivered => "delivered",
            Self::Accepted => "accepted",
            Self::Rejected => "rejected",
            Self::Expired => "expired",
            Self::Withdrawn => "withdrawn",
        }
    }

    /// Reads the spelling of [`Self::name`].
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.name() == name)
    }

    /// What is shown of an application stored as `stored` whose latest order stands at `order`.
    pub fn shown(stored: StoredState, order: Option<&OrderState>) -> Self {
        match stored {
            StoredState::Draft => Self::Draft,
            StoredState::Returned => Self::Returned,
            StoredState::Rejected => Self::Rejected,
            StoredState::Withdrawn => Self::Withdrawn,
            StoredState::Delivered => Self::Delivered,
            StoredState::Accepted => Self::Accepted,
            StoredState::Submitted => match order {
                None | Some(OrderState::Open) => Self::Submitted,
                Some(OrderState::Queued) => Self::Approved,
                Some(OrderState::Claimed) => Self::Issuing,
                Some(OrderState::Done { .. }) => Self::Issued,
                Some(OrderState::Refused { .. }) => Self::Returned,
                Some(OrderState::Withdrawn) => Self::Withdrawn,
                Some(OrderState::Expired) => Self::Expired,
            },
        }
    }

    /// The pairs of stored state and order state's name that are shown as this, for filters.
    pub fn stored_as(self) -> &'static [(StoredState, Option<&'static str>)] {
        use StoredState::{Accepted, Delivered, Draft, Rejected, Returned, Submitted, Withdrawn};
        match self {
            Self::Draft => &[(Draft, None)],
            Self::Submitted => &[(Submitted, Some("open"))],
            Self::Returned => &[(Returned, None), (Submitted, Some("refused"))],
            Self::Approved => &[(Submitted, Some("queued"))],
            Self::Issuing => &[(Submitted, Some("claimed"))],
            Self::Issued => &[(Submitted, Some("done"))],
            Self::Delivered => &[(Delivered, None)],
            Self::Accepted => &[(Accepted, None)],
            Self::Rejected => &[(Rejected, None)],
            Self::Expired => &[(Submitted, Some("expired"))],
            Self::Withdrawn => &[(Withdrawn, None), (Submitted, Some("withdrawn"))],
        }
    }
}

/// What moves an application.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Step {
    /// The officer changes the content.
    Edit,
    /// The officer freezes it into an order.
    Submit,
    /// The second signature completes the order.
    Approve,
    /// The approver gives it back.
    Return,
    /// The approver refuses it.
    Reject,
    /// An officer gives it up.
    Withdraw,
    /// The order's time passes.
    Expire,
    /// The CA takes the order.
    Claim,
    /// The CA recorded the certificate.
    Finish,
    /// The CA refuses the order.
    Refuse,
    /// An in-doubt certificate was given up: the order waits again.
    Restart,
    /// The certificate is handed over.
    Deliver,
    /// The subscriber accepts it.
    Accept,
}

impl Step {
    /// All of them.
    pub const ALL: [Self; 13] = [
        Self::Edit,
        Self::Submit,
        Self::Approve,
        Self::Return,
        Self::Reject,
        Self::Withdraw,
        Self::Expire,
        Self::Claim,
        Self::Finish,
        Self::Refuse,
        Self::Restart,
        Self::Deliver,
        Self::Accept,
    ];

    /// Its name in documents, and who takes it.
    pub fn name_and_actor(self) -> (&'static str, &'static str) {
        match self {
            Self::Edit => ("edit", "registration officer"),
            Self::Submit => ("submit", "registration officer"),
            Self::Approve => ("approve", "approver"),
            Self::Return => ("return", "approver"),
            Self::Reject => ("reject", "approver"),
            Self::Withdraw => ("withdraw", "registration officer"),
            Self::Expire => ("expire", "time"),
            Self::Claim => ("claim", "CA"),
            Self::Finish => ("finish", "CA"),
            Self::Refuse => ("refuse", "CA"),
            Self::Restart => ("restart", "CA"),
            Self::Deliver => ("deliver", "registration officer"),
            Self::Accept => ("accept", "subscriber, noted by the registration officer"),
        }
    }
}

/// The whole table: from, step, to. What is not here does not happen.
pub const TRANSITIONS: &[(ApplicationState, Step, ApplicationState)] = {
    use ApplicationState::{
        Accepted, Approved, Delivered, Draft, Expired, Issued, Issuing, Rejected, Returned, Submitted,
        Withdrawn,
    };
    &[
        (Draft, Step::Edit, Draft),
        (Draft, Step::Submit, Submitted),
        (Draft, Step::Withdraw, Withdrawn),
        (Submitted, Step::Approve, Approved),
        (Submitted, Step::Return, Returned),
        (Submitted, Step::Reject, Rejected),
        (Submitted, Step::Withdraw, Withdrawn),
        (Submitted, Step::Expire, Expired),
        (Returned, Step::Edit, Draft),
        (Returned, Step::Reject, Rejected),
        (Returned, Step::Withdraw, Withdrawn),
        (Expired, Step::Edit, Draft),
        (Expired, Step::Withdraw, Withdrawn),
        (Approved, Step::Claim, Issuing),
        (Approved, Step::Refuse, Returned),
        (Issuing, Step::Finish, Issued),
        (Issuing, Step::Refuse, Returned),
        (Issuing, Step::Restart, Approved),
        (Issued, Step::Deliver, Delivered),
        (Delivered, Step::Accept, Accepted),
    ]
};

/// Where `step` leads from `state`; `None` where it is not allowed.
pub fn next(state: ApplicationState, step: Step) -> Option<ApplicationState> {
    TRANSITIONS.iter().find(|(from, by, _)| *from == state && *by == step).map(|(_, _, to)| *to)
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndoba_types::SerialNumber;
    use proptest::prelude::*;

    fn steps() -> impl Strategy<Value = Vec<Step>> {
        proptest::collection::vec(proptest::sample::select(Step::ALL.to_vec()), 0..40)
    }

    proptest! {
        /// Whatever is tried in whatever order: issued only through submitted, approved and issuing; what is over stays over.
        #[test]
        fn no_way_around_the_approval(tried in steps()) {
            let mut state = ApplicationState::Draft;
            let (mut submitted, mut approved, mut claimed) = (false, false, false);
            for step in tried {
                let Some(to) = next(state, step) else { continue };
                prop_assert!(!matches!(state, ApplicationState::Rejected | ApplicationState::Withdrawn | ApplicationState::Accepted));
                match to {
                    ApplicationState::Draft | ApplicationState::Returned => (submitted, approved, claimed) = (false, false, false),
                    ApplicationState::Submitted => submitted = true,
                    ApplicationState::Approved => { prop_assert!(submitted); approved = true }
                    ApplicationState::Issuing => { prop_assert!(approved); claimed = true }
                    ApplicationState::Issued => prop_assert!(submitted && approved && claimed),
                    ApplicationState::Delivered | ApplicationState::Accepted => prop_assert!(claimed),
                    ApplicationState::Rejected | ApplicationState::Expired | ApplicationState::Withdrawn => {}
                }
                // After the second signature no officer can change or stop it: the CA may be signing.
                if matches!(state, ApplicationState::Approved | ApplicationState::Issuing) {
                    prop_assert!(matches!(step, Step::Claim | Step::Finish | Step::Refuse | Step::Restart));
                }
                state = to;
            }
        }
    }

    #[test]
    fn the_table_is_a_function() {
        for (index, (from, step, _)) in TRANSITIONS.iter().enumerate() {
            assert!(
                !TRANSITIONS[..index].iter().any(|(f, s, _)| f == from && s == step),
                "{from:?} {step:?} twice"
            );
        }
    }

    #[test]
    fn every_state_is_reachable_and_named_once() {
        for state in ApplicationState::ALL {
            assert!(state == ApplicationState::Draft || TRANSITIONS.iter().any(|(_, _, to)| *to == state));
            assert_eq!(ApplicationState::from_name(state.name()), Some(state));
        }
    }

    #[test]
    fn filters_say_what_is_shown() {
        let serial: SerialNumber = "01".parse().unwrap();
        let orders = [
            OrderState::Open,
            OrderState::Queued,
            OrderState::Claimed,
            OrderState::Done { serial },
            OrderState::Refused { code: String::new(), message: String::new() },
            OrderState::Withdrawn,
            OrderState::Expired,
        ];
        for stored in StoredState::ALL {
            for order in &orders {
                let shown = ApplicationState::shown(stored, Some(order));
                let matching = |state: ApplicationState| {
                    state
                        .stored_as()
                        .iter()
                        .any(|(s, o)| *s == stored && o.is_none_or(|name| name == order.name()))
                };
                assert_eq!(
                    ApplicationState::ALL.into_iter().filter(|s| matching(*s)).collect::<Vec<_>>(),
                    [shown]
                );
            }
        }
    }
}
