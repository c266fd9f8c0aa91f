//! Tokens judged by others: openssl's `ts` command and the `cms` parser; and the service around them with fakes.

#![expect(clippy::unwrap_used, reason = "tests: a panic is the report")]

#[path = "all/contract.rs"]
mod contract;
#[path = "all/fixture.rs"]
mod fixture;
#[path = "all/openssl.rs"]
mod openssl;
#[path = "all/service.rs"]
mod service;
#[path = "all/vectors.rs"]
mod vectors;
#[path = "all/verify.rs"]
mod verify;
