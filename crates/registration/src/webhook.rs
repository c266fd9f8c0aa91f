//! What programs outside are told of an act, and how it reaches them: at least once, and in order for each object.
//!
//! Nothing is told that the audit log does not say: a [`Notice`] is made of the act's own [`EventKind`] and written in the
//! act's transaction. It names states, identifiers and serial numbers, and no person.
//!
//! Enter at [`notice`] (what is told) and [`Dispatcher`] (how it is delivered).

mod deliver;
mod notice;

pub use deliver::{
    Backlog, Delivery, DeliveryState, Dispatcher, Endpoint, MessageParts, Outbox, Outcome, Receiver, Round,
    Wanted,
};
pub use notice::{KINDS, Notice, notice};
