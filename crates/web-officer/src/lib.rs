//! The registration API: `/api/v1` over mutual TLS, for officers; and `/revocation`, without login, for subscribers.
//!
//! A shell: it reads requests, lets [`Registration`](ndoba_registration::Registration) decide, and shows the
//! resource. It holds no rule but those of HTTP. Deny by default: a request passes the gate only for an operation of
//! [`ROUTES`], from an officer whom the register knows at that moment, whose roles have the route's permission.
//! Everything that is not a success is a [`Problem`] document with a stable code.
//!
//! Enter at [`serve`] with an [`Api`] and [`mutual_tls`]; [`openapi`] describes the whole. [`serve_subscribers`] and
//! [`serve_enrolment`] have addresses of their own, where no operation of the API is.

mod enrolment;
mod guard;
mod login;
mod openapi;
mod operations;
mod peer;
mod problem;
mod route;
mod server;
mod state;
mod submission;
mod subscribers;
mod tls;
mod tries;
mod version;
mod view;

pub use enrolment::serve_enrolment;
pub use openapi::{enrolment_openapi, openapi};
pub use peer::{PeerKey, note_peer};
pub use problem::{Problem, ProblemDocument, ProblemField};
pub use route::{BASE, ROUTES, Route};
pub use server::serve;
pub use state::{Api, ServerLimits};
pub use subscribers::serve_subscribers;
pub use tls::{TlsError, mutual_tls, server_tls};
pub use tries::{TooMany, Tries, network};
