//! The API over real mutual TLS, on a registry in memory.

#![expect(clippy::unwrap_used, reason = "tests")]

mod catalogue;
mod http;
mod roles;
mod story;
mod support;
