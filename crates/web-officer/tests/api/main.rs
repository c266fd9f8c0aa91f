//! The API over real mutual TLS, on a registry in memory.

mod http;
mod roles;
mod story;
mod support;
