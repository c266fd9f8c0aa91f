//! The API over real mutual TLS, on a registry in memory.

#![expect(clippy::unwrap_used, clippy::wildcard_enum_match_arm, reason = "tests")]

mod catalogue;
mod connections;
mod http;
mod offices;
mod reads;
mod refusals;
mod roles;
mod scene;
mod story;
mod support;
