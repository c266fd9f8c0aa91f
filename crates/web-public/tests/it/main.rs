//! The public server as its clients meet it: over TCP, with openssl where it has an opinion.

#![expect(clippy::unwrap_used, reason = "helpers of tests panic as tests do")]

mod asked_for;
mod certificates;
mod files;
mod http;
mod ocsp;
mod operator;
#[path = "../../../ocsp/tests/it/pki.rs"]
mod pki;
#[path = "../../../ocsp/tests/it/requests.rs"]
mod requests;
mod server;
mod trouble;
mod tsp;
mod world;
